// Losses by how far sets overlap, and of similarities between all examples of a batch.
import { formatShape, ShapeError } from "@facet/kernels-wgsl";
import { softplus } from "../ops/activations.js";
import { eye } from "../ops/create.js";
import { add, cast, div, equal, logicalAnd, maximum, minimum, mul, sub, where } from "../ops/elementwise.js";
import { logicalNot } from "../ops/elementwise_unary.js";
import { logsumexp } from "../ops/logsumexp.js";
import { matmul } from "../ops/matmul.js";
import { any, sum } from "../ops/reduce.js";
import { reshape, transpose } from "../ops/shape.js";
import type { Tensor } from "../tensor.js";
import { expectSameShape } from "./reduction.js";

export interface OverlapOptions {
  /** Axes that are summed over. Default: all. */
  readonly axes?: readonly number[];
  /** Added below the line, of dice above it too. Default 1e-7. */
  readonly epsilon?: number;
}

/** 1 - 2 sum(t p) / (sum(t) + sum(p)). */
export function diceLoss(prediction: Tensor, target: Tensor, { axes, epsilon = 1e-7 }: OverlapOptions = {}): Tensor {
  expectSameShape("dice_loss", "target", target, prediction);
  const over = axes ? { axes } : {};
  const both = sum(mul(target, prediction), over);
  const each = add(sum(target, over), sum(prediction, over));
  return sub(1, div(add(mul(both, 2), epsilon), add(each, epsilon)));
}

export interface TverskyOptions extends OverlapOptions {
  /** Weight of what is predicted and is not. Default 0.5. */
  readonly alpha?: number;
  /** Weight of what is and is not predicted. Default 0.5. */
  readonly beta?: number;
}
/** 1 - sum(t p) / (sum(t p) + alpha sum((1 - t) p) + beta sum(t (1 - p))). Keras' alpha and beta are the other way round. */
export function tverskyLoss(prediction: Tensor, target: Tensor, options: TverskyOptions = {}): Tensor {
  const { axes, epsilon = 1e-7, alpha = 0.5, beta = 0.5 } = options;
  expectSameShape("tversky_loss", "target", target, prediction);
  const over = axes ? { axes } : {};
  const both = sum(mul(target, prediction), over);
  const wrong = sum(mul(sub(1, target), prediction), over);
  const missed = sum(mul(target, sub(1, prediction)), over);
  const below = add(add(add(both, mul(wrong, alpha)), mul(missed, beta)), epsilon);
  return sub(1, div(both, below));
}

export interface CircleOptions {
  /** Labels and embeddings that are compared with. Default: those of the batch. */
  readonly refLabels?: Tensor;
  readonly refEmbeddings?: Tensor;
  /** Whether an example's similarity to the reference of its own number does not count. Default true. */
  readonly removeDiagonal?: boolean;
  /** Scale. Default 80. */
  readonly gamma?: number;
  /** Default 0.4. */
  readonly margin?: number;
}
/**
 * softplus of the log of the sum over negative references, plus that over positive ones, of e^(gamma weight (similarity - goal)):
 * Sun et al. (2020). labels [examples] of int32, embeddings [examples, features] of length 1; a loss for each example.
 */
export function circleLoss(labels: Tensor, embeddings: Tensor, options: CircleOptions = {}): Tensor {
  const op = "circle_loss";
  const { refLabels = labels, refEmbeddings = embeddings, removeDiagonal = true, gamma = 80, margin = 0.4 } = options;
  const [examples, references] = [embeddings.shape[0] as number, refEmbeddings.shape[0] as number];
  if (embeddings.rank !== 2 || labels.size !== examples || refLabels.size !== references)
    throw new ShapeError({
      op,
      argument: "labels",
      expected: "labels [examples] and embeddings [examples, features]",
      given: `${formatShape(labels.shape)} and ${formatShape(embeddings.shape)}`,
    });
  const similarity = minimum(matmul(embeddings, transpose(refEmbeddings)), 1);
  const same = equal(reshape(labels, [examples, 1]), reshape(refLabels, [1, references]));
  const other = logicalNot(same);
  const positive = removeDiagonal ? logicalAnd(same, logicalNot(cast(eye(examples, references), "bool"))) : same;
  // Similarities weigh by how far they are from their goals; as in Keras the gradient goes through the weights too.
  const pull = maximum(sub(1 + margin, similarity), 0);
  const push = maximum(add(similarity, margin), 0);
  const near = mul(mul(sub(1 - margin, similarity), pull), gamma);
  const far = mul(mul(sub(similarity, margin), push), gamma);
  return softplus(add(logTotal(near, positive), logTotal(far, other)));
}

/** log of the sum of e^term over the places of a mask in each row, -infinity where it has none. */
function logTotal(terms: Tensor, mask: Tensor): Tensor {
  const none = logicalNot(any(mask, { axes: [1], keepdims: true }));
  const held = where(none, 0, where(mask, terms, Number.NEGATIVE_INFINITY));
  return where(reshape(none, [none.size]), Number.NEGATIVE_INFINITY, logsumexp(held, { axes: [1] }));
}
