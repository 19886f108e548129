// log of sums of exponentials over axes, composed of ops.

import { inFloat32 } from "../halves.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { add, less, mul, sub, where } from "./elementwise.js";
import { abs } from "./elementwise_unary.js";
import { exp, log } from "./powers.js";
import { max, type ReduceOptions, sum } from "./reduce.js";
import { reshape } from "./shape.js";

/** What a sum of exponentials takes beside its axes. */
export interface LogSumExpOptions extends ReduceOptions {
  /** Factor of every exponential: log sum w e^x. Broadcasts with x. Default 1. */
  weights?: Tensor;
}

/**
 * log of the sum of e^x over axes (default all), without overflow; of no elements -Infinity. Where the weighted sum is
 * negative NaN.
 */
export const logsumexp = inFloat32((x: Tensor, { weights, ...options }: LogSumExpOptions = {}): Tensor => {
  const axes = options.axes === undefined ? x.shape.map((_, d) => d) : [options.axes].flat();
  if (axes.some((axis) => x.shape.at(axis) === 0)) return log(sum(x, options));
  // The shift changes nothing but the rounding, so no gradient flows through it; an infinite one would make NaN of inf - inf.
  const kept = noGrad(() => {
    const largest = max(x, { axes, keepdims: true });
    return where(less(abs(largest), Number.POSITIVE_INFINITY), largest, 0);
  });
  const terms = exp(sub(x, kept));
  const total = sum(weights ? mul(terms, weights) : terms, { ...options, axes });
  return add(log(total), reshape(kept, total.shape));
});
