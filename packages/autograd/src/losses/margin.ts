// Losses that ask for a margin: hinges, rankings, distances.
import { formatShape, ShapeError } from "@facet/kernels-wgsl";
import { logSigmoid, softplus } from "../ops/activations.js";
import { arange } from "../ops/create.js";
import { add, cast, div, equal, less, logicalAnd, maximum, minimum, mul, pow, sub, where } from "../ops/elementwise.js";
import { abs, clamp, logicalNot, neg, sqrt, square } from "../ops/elementwise_unary.js";
import { gather, gatherElements } from "../ops/gather.js";
import { oneHot } from "../ops/one_hot.js";
import { any, max, mean, sum } from "../ops/reduce.js";
import { reshape } from "../ops/shape.js";
import type { Tensor } from "../tensor.js";
import { expectNumber, expectSameShape } from "./reduction.js";

/** max(x, 0) whose gradient passes at 0, as PyTorch's clamp. */
const atLeastZero = (x: Tensor): Tensor => clamp(x, 0, Number.POSITIVE_INFINITY);

/** max(1 - target prediction, 0) of targets -1 and 1. */
export const hingeLoss = (prediction: Tensor, target: Tensor): Tensor => maximum(sub(1, mul(target, prediction)), 0);
/** Its square. */
export const squaredHingeLoss = (prediction: Tensor, target: Tensor): Tensor => square(hingeLoss(prediction, target));
/** max(1 + the largest prediction of another class - that of the target's, 0) over the last axis, of one-hot targets. */
export function categoricalHingeLoss(prediction: Tensor, target: Tensor): Tensor {
  const positive = sum(mul(target, prediction), { axes: -1 });
  const negative = max(mul(sub(1, target), prediction), { axes: -1 });
  return maximum(add(sub(negative, positive), 1), 0);
}
/** Where the target is 1 the distance itself, where it is -1 what it lacks of the margin. */
export function hingeEmbeddingLoss(distance: Tensor, target: Tensor, margin = 1): Tensor {
  const near = where(equal(target, 1), distance, 0);
  return add(near, where(equal(target, -1), atLeastZero(sub(margin, distance)), 0));
}
/** log(1 + e^(-target prediction)) of targets -1 and 1. */
export const softMarginLoss = (prediction: Tensor, target: Tensor): Tensor => softplus(neg(mul(target, prediction)));
/** max(-target (first - second) + margin, 0): a target of 1 asks for the first to be the larger one. */
export const marginRankingLoss = (first: Tensor, second: Tensor, target: Tensor, margin = 0): Tensor =>
  atLeastZero(add(mul(neg(target), sub(first, second)), margin));

/** Mean over the last axis of the binary cross entropies of sigmoid(prediction), [classes] weights. */
export function multilabelSoftMarginLoss(prediction: Tensor, target: Tensor, weight?: Tensor): Tensor {
  const each = neg(add(mul(target, logSigmoid(prediction)), mul(sub(1, target), logSigmoid(neg(prediction)))));
  return mean(weight ? mul(each, weight) : each, { axes: -1 });
}

export interface MultiMarginOptions {
  /** Power of each hinge, 1 or 2. Default 1. */
  readonly p?: number;
  /** Default 1. */
  readonly margin?: number;
  /** Factor of each class, [classes], by the label. Default: 1. */
  readonly weight?: Tensor | undefined;
}
/**
 * Mean over classes of max(margin - x[label] + x[class], 0)^p, without the label's own: x [examples, classes], labels [examples] of int32.
 * A label that is no class raises at the next read.
 */
export function multiMarginLoss(x: Tensor, labels: Tensor, options: MultiMarginOptions = {}): Tensor {
  const op = "multi_margin_loss";
  const { p = 1, margin = 1, weight } = options;
  expectNumber(op, "p", p, p === 1 || p === 2, "1 or 2");
  const [examples, classes] = rows(op, x, labels);
  const own = gatherElements(x, reshape(labels, [examples, 1]), { axis: 1, negative: false });
  const hinge = atLeastZero(add(sub(x, own), margin));
  const powered = p === 2 ? square(hinge) : hinge;
  const others = where(equal(oneHot(labels, classes), 1), 0, powered);
  const losses = div(sum(others, { axes: 1 }), classes);
  return weight ? mul(losses, gather(weight, labels)) : losses;
}

function rows(op: string, x: Tensor, labels: Tensor): [examples: number, classes: number] {
  const [examples, classes] = x.shape;
  if (examples !== undefined && classes !== undefined && x.rank === 2 && `${labels.shape}` === `${[examples]}`)
    return [examples, classes];
  const given = `${formatShape(x.shape)} and ${formatShape(labels.shape)}`;
  throw new ShapeError({ op, argument: "labels", expected: "x [examples, classes] and labels [examples]", given });
}

/**
 * Sum over labels and other classes of max(1 - (x[label] - x[class]), 0), by the number of classes. `labels` [examples, classes]
 * of int32 lists each example's up to the first -1. A label beyond the classes raises at the next read.
 */
export function multilabelMarginLoss(x: Tensor, labels: Tensor): Tensor {
  const op = "multilabel_margin_loss";
  expectSameShape(op, "labels", labels, x);
  if (x.rank !== 2)
    throw new ShapeError({ op, argument: "x", expected: "[examples, classes]", given: formatShape(x.shape) });
  const [examples, classes] = x.shape as [number, number];
  const place = arange(0, classes, 1, "int32");
  const stop = minimumAlong(where(less(labels, 0), place, classes));
  const counts = less(place, stop);
  const safe = where(counts, labels, 0);
  // [examples, labels, classes]
  const listed = logicalAnd(reshape(counts, [examples, classes, 1]), equal(oneHot(safe, classes), 1));
  const isTarget = any(listed, { axes: 1, keepdims: true });
  const own = reshape(gatherElements(x, safe, { axis: 1 }), [examples, classes, 1]);
  const hinge = atLeastZero(sub(1, sub(own, reshape(x, [examples, 1, classes]))));
  const pairs = logicalAnd(reshape(counts, [examples, classes, 1]), logicalNot(isTarget));
  return div(sum(where(pairs, hinge, 0), { axes: [1, 2] }), classes);
}

const minimumAlong = (x: Tensor): Tensor =>
  cast(neg(max(neg(cast(x, "float32")), { axes: 1, keepdims: true })), "int32");

export interface CosineOptions {
  readonly axis?: number;
  /** Least norm that is divided by. Default 1e-8. */
  readonly epsilon?: number;
  /**
   * Whether the product is divided by each norm, at least epsilon (`norms`: PyTorch's cosine_similarity, Keras, optax), or by
   * the root of the product of the squares, each with epsilon added (`squares`: PyTorch's cosine_embedding_loss).
   */
  readonly by?: "norms" | "squares";
}
/** Cosine of the angle between two vectors along an axis; the operands broadcast. */
export function cosineSimilarity(a: Tensor, b: Tensor, options: CosineOptions = {}): Tensor {
  const { axis = -1, epsilon = 1e-8, by = "norms" } = options;
  const over = { axes: axis, keepdims: true };
  const total = (x: Tensor): Tensor => sum(square(x), over);
  if (by === "squares") {
    const product = sum(mul(a, b), { axes: axis });
    const squares = mul(add(sum(square(a), { axes: axis }), epsilon), add(sum(square(b), { axes: axis }), epsilon));
    return div(product, sqrt(squares));
  }
  // A norm below epsilon counts as it; its own slope, which is infinite at 0, is not asked for.
  const unit = (x: Tensor): Tensor => {
    const squares = total(x);
    const short = less(squares, epsilon * epsilon);
    return div(x, where(short, epsilon, sqrt(where(short, 1, squares))));
  };
  return sum(mul(unit(a), unit(b)), { axes: axis });
}
/** 1 - cosine where the target is 1, what the cosine is above the margin where it is -1. */
export function cosineEmbeddingLoss(a: Tensor, b: Tensor, target: Tensor, margin = 0): Tensor {
  const cosine = cosineSimilarity(a, b, { epsilon: 1e-12, by: "squares" });
  const near = where(equal(target, 1), sub(1, cosine), 0);
  return add(near, where(equal(target, -1), atLeastZero(sub(cosine, margin)), 0));
}

export interface DistanceOptions {
  /** Order of the norm, above 0, infinity included. Default 2. */
  readonly p?: number;
  /** Added to each difference. Default 1e-6. */
  readonly epsilon?: number;
}
/** Norm along the last axis of a - b + epsilon. At a distance of 0 the gradient is 0. */
export function pairwiseDistance(a: Tensor, b: Tensor, { p = 2, epsilon = 1e-6 }: DistanceOptions = {}): Tensor {
  expectNumber("pairwise_distance", "p", p, p > 0, "a number above 0");
  const size = abs(add(sub(a, b), epsilon));
  if (p === 1) return sum(size, { axes: -1 });
  if (p === Number.POSITIVE_INFINITY) return max(size, { axes: -1 });
  const total = sum(p === 2 ? square(size) : pow(size, p), { axes: -1 });
  const zero = equal(total, 0);
  const safe = where(zero, 1, total);
  return where(zero, 0, p === 2 ? sqrt(safe) : pow(safe, 1 / p));
}

export interface TripletOptions extends DistanceOptions {
  /** Default 1. */
  readonly margin?: number;
  /** Whether the negative's distance to the positive counts where it is the smaller one. Default false. */
  readonly swap?: boolean;
  /** Instead of pairwiseDistance. */
  readonly distance?: (a: Tensor, b: Tensor) => Tensor;
}
/** max(d(anchor, positive) - d(anchor, negative) + margin, 0). */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletOptions = {},
): Tensor {
  const { margin = 1, swap = false, distance = (a, b) => pairwiseDistance(a, b, options) } = options;
  expectNumber("triplet_margin_loss", "margin", margin, margin > 0, "a number above 0");
  const far = distance(anchor, negative);
  const farther = swap ? minimum(far, distance(positive, negative)) : far;
  return atLeastZero(add(sub(distance(anchor, positive), farther), margin));
}
