// torch.nn.functional: layers as functions.
import "../start.js";
import * as core from "@facet/autograd";
import { type Args, define, int } from "@facet/dialect";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { type Tensor, wrap } from "../tensor.js";

export { linear } from "../ops/linalg.js";
export { pdist } from "../ops/products.js";
export {
  dropout,
  elu,
  gelu,
  leaky_relu,
  log_softmax,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from "./functional_activation.js";
export { multi_head_attention_forward, scaled_dot_product_attention } from "./functional_attention.js";
export { batch_norm, instance_norm } from "./functional_batch_norm.js";
export * from "./functional_distance_loss.js";
export { embedding, embedding_bag } from "./functional_embedding.js";
export {
  cosine_embedding_loss,
  ctc_loss,
  multi_margin_loss,
  multilabel_margin_loss,
  multilabel_soft_margin_loss,
  triplet_margin_with_distance_loss,
} from "./functional_label_loss.js";
export {
  binary_cross_entropy_with_logits,
  cross_entropy,
  l1_loss,
  mse_loss,
  nll_loss,
} from "./functional_loss.js";
export { bilinear, gumbel_softmax } from "./functional_mixed.js";
export * from "./functional_norm.js";
export * from "./functional_pointwise.js";
export * from "./spatial_functions.js";

/** 1 at each class number along a new last dimension, int64. `num_classes` must be given: counting would need a read. */
export const one_hot: (tensor: Tensor, ...args: Args<[num_classes: number], { num_classes: number }>) => Tensor =
  define("torch.nn.functional.one_hot", { tensor, num_classes: int.or(-1) }, ({ tensor: labels, num_classes }) => {
    if (labels.core.dtype !== "int32")
      complain(core.DtypeError, "one_hot is only applicable to index tensor of type LongTensor.", {
        op: "one_hot",
        argument: "tensor",
        expected: "torch.int64",
        given: `${labels.dtype}`,
      });
    if (num_classes === -1)
      throw new core.UnsupportedError({
        op: "one_hot",
        argument: "num_classes",
        expected: "the number of classes (counting them would need a read)",
        given: "-1",
      });
    if (num_classes < 1)
      complain(core.ArgumentError, "Class values must be smaller than num_classes.", {
        op: "one_hot",
        argument: "num_classes",
        expected: "1 or more",
        given: `${num_classes}`,
      });
    return core.scope(() => {
      const flat = core.reshape(labels.core, [labels.core.size]);
      // Looked up in a table of the classes, so that one that is not there is caught at the next read.
      const checked = core.gather(core.arange(0, num_classes, 1, "int32"), flat);
      return wrap(core.cast(core.reshape(core.oneHot(checked, num_classes), [...labels.shape, num_classes]), "int32"));
    });
  });
