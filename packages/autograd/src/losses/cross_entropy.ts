// Cross entropies of two classes and of many, element by element or row by row; their focal forms, and divergences.
import { formatShape, ShapeError } from "@facet/kernels-wgsl";
import { sigmoid, softplus } from "../ops/activations.js";
import { ones } from "../ops/create.js";
import { add, div, equal, mul, notEqual, pow, sub, where } from "../ops/elementwise.js";
import { clamp, neg } from "../ops/elementwise_unary.js";
import { gather } from "../ops/gather.js";
import { oneHot } from "../ops/one_hot.js";
import { exp, log, xlogy } from "../ops/powers.js";
import { sum } from "../ops/reduce.js";
import type { Tensor } from "../tensor.js";
import { expectNumber } from "./reduction.js";

export interface LogitsOptions {
  /** Factor of the positive part, broadcast. Default 1. */
  readonly posWeight?: Tensor | undefined;
  /**
   * `one` softplus, (1 - t) x + (1 + (p - 1) t) softplus(-x), as PyTorch; or `two`, p t softplus(-x) + (1 - t) softplus(x),
   * as Keras and optax. They differ in the last bits. Default one.
   */
  readonly softpluses?: "one" | "two";
}
/** Binary cross entropy of sigmoid(logits) and targets in [0, 1], of any size. */
export function bceWithLogitsLoss(
  logits: Tensor,
  target: Tensor,
  { posWeight, softpluses = "one" }: LogitsOptions = {},
): Tensor {
  const tail = softplus(neg(logits));
  if (softpluses === "two") {
    const positive = mul(target, tail);
    return add(posWeight ? mul(positive, posWeight) : positive, mul(sub(1, target), softplus(logits)));
  }
  const weighted = posWeight ? mul(tail, add(mul(sub(posWeight, 1), target), 1)) : tail;
  return add(mul(sub(1, target), logits), weighted);
}

export interface ProbabilityOptions {
  /** Probabilities are moved into [clip, 1 - clip] first, as in Keras (1e-7). Default: no. */
  readonly clip?: number;
  /** Logarithms below it count as it, as in PyTorch. Default -100; with `clip` none are. */
  readonly leastLog?: number;
}
/** Binary cross entropy of probabilities and targets in [0, 1]. */
export function bceLoss(probability: Tensor, target: Tensor, { clip, leastLog }: ProbabilityOptions = {}): Tensor {
  const p = clip === undefined ? probability : clamp(probability, clip, 1 - clip);
  const least = leastLog ?? (clip === undefined ? -100 : undefined);
  const logOf = (x: Tensor): Tensor => (least === undefined ? log(x) : clamp(log(x), least, Number.POSITIVE_INFINITY));
  return neg(add(mul(target, logOf(p)), mul(sub(1, target), logOf(sub(1, p)))));
}

export interface FocalOptions {
  /** Exponent of the probability that is missed. Default 2. */
  readonly gamma?: number;
  /** Weight of positive elements; negative ones have 1 - alpha. Default: none. */
  readonly alpha?: number | undefined;
}
/** Losses of two classes, each times (1 - the probability of its class)^gamma; Lin et al. (2017). */
export function focalLoss(loss: Tensor, probability: Tensor, target: Tensor, options: FocalOptions = {}): Tensor {
  const { gamma = 2, alpha } = options;
  expectNumber("focal_loss", "gamma", gamma, gamma >= 0, "a number of 0 or more");
  const other = sub(1, target);
  const hit = add(mul(probability, target), mul(sub(1, probability), other));
  const focal = mul(loss, pow(sub(1, hit), gamma));
  return alpha === undefined ? focal : mul(add(mul(target, alpha), mul(other, 1 - alpha)), focal);
}
/** focalLoss of logits. */
export const sigmoidFocalLoss = (logits: Tensor, target: Tensor, options: FocalOptions = {}): Tensor =>
  focalLoss(bceWithLogitsLoss(logits, target, { softpluses: "two" }), sigmoid(logits), target, options);
/** focalLoss of probabilities, moved into [clip, 1 - clip]. */
export function binaryFocalLoss(probability: Tensor, target: Tensor, clip: number, options: FocalOptions = {}): Tensor {
  return focalLoss(bceLoss(probability, target, { clip }), clamp(probability, clip, 1 - clip), target, options);
}
export interface CategoricalFocalOptions extends FocalOptions {
  /** Probabilities are moved into [clip, 1 - clip]. Default 1e-7. */
  readonly clip?: number;
}
/** Sum over the last axis of alpha (1 - p)^gamma (-target log p), of distributions over classes. */
export function categoricalFocalLoss(
  probability: Tensor,
  target: Tensor,
  { gamma = 2, alpha = 0.25, clip = 1e-7 }: CategoricalFocalOptions = {},
): Tensor {
  expectNumber("categorical_focal_loss", "gamma", gamma, gamma >= 0, "a number of 0 or more");
  const p = clamp(probability, clip, 1 - clip);
  const entropy = mul(neg(target), log(p));
  return sum(mul(mul(pow(sub(1, p), gamma), alpha), entropy), { axes: -1 });
}

export interface NllOptions {
  /** Factor of each class, [classes]. Default: 1. */
  readonly weight?: Tensor | undefined;
  /** Examples with this label do not count. */
  readonly ignoreIndex?: number | undefined;
}
/**
 * -score of each example's class, times its weight: scores [examples, classes] (log-probabilities), labels [examples] of int32.
 * Also the weights, 0 of what is ignored, which a mean is over. A label that is no class raises at the next read.
 */
export function nllLoss(
  scores: Tensor,
  labels: Tensor,
  { weight, ignoreIndex }: NllOptions = {},
): { losses: Tensor; weights: Tensor } {
  const [examples, classes] = scores.shape;
  if (scores.rank !== 2 || `${labels.shape}` !== `${[examples]}`)
    throw new ShapeError({
      op: "nll_loss",
      argument: "labels",
      expected: "scores [examples, classes] and labels [examples]",
      given: `${formatShape(scores.shape)} and ${formatShape(labels.shape)}`,
    });
  const kept = ignoreIndex === undefined ? equal(labels, labels) : notEqual(labels, ignoreIndex);
  const safe = where(kept, labels, 0);
  // Looking the weights up also finds labels that are no class.
  const weights = where(kept, gather(weight ?? ones([classes as number]), safe), 0);
  const chosen = equal(oneHot(safe, classes as number), 1);
  const rows = sum(where(chosen, scores, 0), { axes: 1 });
  return { losses: where(kept, neg(mul(rows, weights)), 0), weights };
}

/** target (log(target) - logProbability), 0 for a target of 0; with `logTarget` the target is its own logarithm. */
export function klDivergenceLoss(logProbability: Tensor, target: Tensor, logTarget = false): Tensor {
  if (logTarget) return mul(exp(target), sub(target, logProbability));
  return sub(xlogy(target, target), mul(target, logProbability));
}
/** Sum over the last axis of target log(target / probability), both moved into [clip, 1] first, as in Keras. */
export function klDivergenceOfProbabilities(probability: Tensor, target: Tensor, clip = 1e-7): Tensor {
  const [t, p] = [clamp(target, clip, 1), clamp(probability, clip, 1)];
  return sum(mul(t, log(div(t, p))), { axes: -1 });
}
/** prediction - target log(prediction + epsilon), as Keras' poisson before its mean. */
export const poissonLoss = (prediction: Tensor, target: Tensor, epsilon = 1e-7): Tensor =>
  sub(prediction, mul(target, log(add(prediction, epsilon))));
