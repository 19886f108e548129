// Losses of numbers, element by element. Predictions and targets broadcast.

import { softplus } from "../ops/activations.js";
import { add, div, greater, less, maximum, minimum, mul, sub, where } from "../ops/elementwise.js";
import { abs, square } from "../ops/elementwise_unary.js";
import { exp, log, log1p } from "../ops/powers.js";
import { sinh } from "../ops/trigonometric.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { expectNumber } from "./reduction.js";

/** (prediction - target)^2. */
export const squaredError = (prediction: Tensor, target: Tensor): Tensor => square(sub(prediction, target));
/** |prediction - target|. */
export const absoluteError = (prediction: Tensor, target: Tensor): Tensor => abs(sub(prediction, target));

/** Half the square of an error of size up to delta, beyond delta (size - delta / 2). */
export function huberLoss(prediction: Tensor, target: Tensor, delta = 1): Tensor {
  expectNumber("huber_loss", "delta", delta, delta > 0, "a number above 0");
  const size = abs(sub(prediction, target));
  const near = minimum(size, delta);
  // The part beyond delta is linear; both parts have the slope of the whole.
  return add(mul(square(near), 0.5), mul(sub(size, near), delta));
}

/** huberLoss over beta: size^2 / (2 beta) below beta, size - beta / 2 from there on; with a beta of 0 the size. */
export function smoothL1Loss(prediction: Tensor, target: Tensor, beta = 1): Tensor {
  expectNumber("smooth_l1_loss", "beta", beta, beta >= 0, "a number of 0 or more");
  const size = abs(sub(prediction, target));
  if (beta === 0) return size;
  return where(less(size, beta), div(mul(square(size), 0.5), beta), sub(size, 0.5 * beta));
}

/** log(cosh(prediction - target)), of small and large errors too. */
export function logCoshLoss(prediction: Tensor, target: Tensor): Tensor {
  const size = abs(sub(prediction, target));
  const small = less(size, 1);
  // cosh(x) = 1 + 2 sinh(x / 2)^2
  const near = log1p(mul(square(sinh(mul(where(small, size, 0), 0.5))), 2));
  const far = where(small, 1, size);
  return where(small, near, sub(add(far, softplus(mul(far, -2))), Math.LN2));
}

/** 100 |target - prediction| / max(|target|, epsilon). */
export const absolutePercentageError = (prediction: Tensor, target: Tensor, epsilon = 1e-7): Tensor =>
  mul(abs(div(sub(target, prediction), maximum(abs(target), epsilon))), 100);

/** (log(prediction + 1) - log(target + 1))^2, both moved to epsilon first where they are below. */
export function squaredLogarithmicError(prediction: Tensor, target: Tensor, epsilon = 1e-7): Tensor {
  const logOf = (x: Tensor): Tensor => log(add(maximum(x, epsilon), 1));
  return square(sub(logOf(prediction), logOf(target)));
}

export interface PoissonOptions {
  /** Whether the prediction is the logarithm of the rate. Default true. */
  readonly logInput?: boolean;
  /** Whether Stirling's approximation of log(target!) is added, of targets above 1. Default false. */
  readonly full?: boolean;
  /** Added to a rate before its logarithm. Default 1e-8. */
  readonly epsilon?: number;
}
/** -log of the probability of a count under Poisson's distribution, without or with the part that the target alone has. */
export function poissonNllLoss(
  prediction: Tensor,
  target: Tensor,
  { logInput = true, full = false, epsilon = 1e-8 }: PoissonOptions = {},
): Tensor {
  const loss = logInput
    ? sub(exp(prediction), mul(target, prediction))
    : sub(prediction, mul(target, log(add(prediction, epsilon))));
  if (!full) return loss;
  const counted = greater(target, 1);
  const t = where(counted, target, 1);
  const stirling = add(sub(mul(t, log(t)), t), mul(log(mul(t, 2 * Math.PI)), 0.5));
  return add(loss, where(counted, stirling, 0));
}

export interface GaussianOptions {
  /** Whether log(2 pi) / 2 is added. Default false. */
  readonly full?: boolean;
  /** Variances below it count as it; their gradient passes all the same, as in PyTorch. Default 1e-6. */
  readonly epsilon?: number;
}
/** -log of the density of a target under a normal distribution with this mean and variance. */
export function gaussianNllLoss(
  mean: Tensor,
  target: Tensor,
  variance: Tensor,
  { full = false, epsilon = 1e-6 }: GaussianOptions = {},
): Tensor {
  expectNumber("gaussian_nll_loss", "epsilon", epsilon, epsilon > 0, "a number above 0");
  const lacking = noGrad(() => sub(maximum(variance, epsilon), variance));
  const moved = add(variance, lacking);
  const loss = mul(add(log(moved), div(square(sub(mean, target)), moved)), 0.5);
  return full ? add(loss, 0.5 * Math.log(2 * Math.PI)) : loss;
}
