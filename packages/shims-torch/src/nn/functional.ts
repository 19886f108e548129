// torch.nn.functional: layers as functions.
import * as core from "@facet/autograd";
import { complain } from "../errors.js";
import { type Args, only, required, signature } from "../signature.js";
import { type Tensor, wrap } from "../tensor.js";

export { linear } from "../ops/linalg.js";
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
export { avg_pool2d, conv2d, max_pool2d } from "./functional_conv.js";
export {
  binary_cross_entropy_with_logits,
  cross_entropy,
  l1_loss,
  mse_loss,
  nll_loss,
} from "./functional_loss.js";

const readOneHot = signature<{ tensor: Tensor; num_classes: number }>("one_hot", {
  tensor: required,
  num_classes: required,
});

/** 1 at each class number along a new last dimension, int64. `num_classes` must be given: counting would need a read. */
export function one_hot(...args: [tensor: Tensor, ...Args<[num_classes: number], { num_classes: number }>]): Tensor {
  const { tensor, num_classes } = readOneHot(args);
  return core.scope(() => {
    const flat = core.reshape(tensor.core, [tensor.core.size]);
    // Looked up in a table of the classes, so that one that is not there is caught at the next read.
    const checked = core.gather(core.arange(0, num_classes, 1, "int32"), flat);
    return wrap(core.cast(core.reshape(core.oneHot(checked, num_classes), [...tensor.shape, num_classes]), "int32"));
  });
}

interface PadArguments {
  mode: string;
  value: number | null;
}
const readPad = signature<{ input: Tensor; pad: readonly number[] } & PadArguments>("pad", {
  input: required,
  pad: required,
  mode: only("constant"),
  value: null,
});

/** Pads with a constant: [left, right, top, bottom, ...], last dimension first. */
export function pad(
  ...args: [input: Tensor, pad: readonly number[], ...Args<[mode: string, value: number], PadArguments>]
): Tensor {
  const { input, pad: amounts, value } = readPad(args);
  if (amounts.length % 2 !== 0 || amounts.length / 2 > input.rank)
    complain(
      core.ArgumentError,
      "Padding length must be divisible by 2 and at most twice the number of dimensions of the input",
      {
        op: "pad",
        argument: "pad",
        expected: `an even number of amounts, at most ${2 * input.rank}`,
        given: `${amounts.length}`,
      },
    );
  if (!amounts.every((amount) => Number.isInteger(amount) && amount >= 0))
    throw new core.UnsupportedError({
      op: "pad",
      argument: "pad",
      expected: "non-negative integers",
      given: `[${amounts.join(", ")}]`,
    });
  const padding = input.shape.map((_, axis): [number, number] => {
    const at = 2 * (input.rank - 1 - axis);
    return [amounts[at] ?? 0, amounts[at + 1] ?? 0];
  });
  return wrap(core.pad(input.core, padding, value ?? 0));
}
