// Dropout of several elements together, and the one that keeps mean and variance (for SELU).
import { ArgumentError } from "@facet/kernels-wgsl";
import { ones } from "./ops/create.js";
import { add, cast, mul, sub } from "./ops/elementwise.js";
import { bernoulli, dropout } from "./random.js";
import type { Tensor } from "./tensor.js";
import type { AnyKey } from "./vmap/keys.js";

/** One element for each channel of x [n, c, ...]. */
const channels = (x: Tensor): number[] => x.shape.map((extent, d) => (d < 2 ? extent : 1));

/** Dropout with one draw for all elements along extents of 1 in `noise`, a shape that broadcasts to x's. */
export const sharedDropout = (x: Tensor, noise: readonly number[], rate: number, key: AnyKey): Tensor =>
  mul(x, dropout(ones(noise, x.dtype), rate, key));

/** Zeroes each channel of x [n, c, ...] with probability `rate` (below 1) and scales the others by 1 / (1 - rate). */
export const featureDropout = (x: Tensor, rate: number, key: AnyKey): Tensor =>
  rate === 0 ? x : sharedDropout(x, channels(x), rate, key);

/** What SELU gives for large negative numbers: -scale alpha. */
const SATURATION = 1.7580993408473766;

/**
 * Sets each element (`byChannel`: each channel of x [n, c, ...]) to SELU's lower limit with probability `rate` (below 1), then
 * scales and shifts all so that zero mean and unit variance stay: PyTorch's alpha_dropout. Throws ArgumentError for other rates.
 */
export function alphaDropout(x: Tensor, rate: number, key: AnyKey, byChannel = false): Tensor {
  if (!(rate >= 0 && rate < 1))
    throw new ArgumentError({
      op: "alpha_dropout",
      argument: "rate",
      expected: "a probability below 1",
      given: `${rate}`,
    });
  if (rate === 0) return x;
  const scale = 1 / Math.sqrt((SATURATION ** 2 * rate + 1) * (1 - rate));
  const kept = cast(bernoulli(key, byChannel ? channels(x) : x.shape, 1 - rate), "float32");
  const shift = add(mul(sub(kept, 1), SATURATION * scale), SATURATION * scale * rate);
  return add(mul(x, mul(kept, scale)), shift);
}
