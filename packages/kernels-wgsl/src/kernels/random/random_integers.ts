import { ArgumentError } from "../../errors.js";
import { defineKernel, divideUp, type ParamValues, spread } from "../../kernel.js";
import { CIPHER, randomGeometry } from "./random.js";
import randomIntegersWgsl from "./random_integers.wgsl";
import { type RandomKey, threefry2x32 } from "./threefry.js";

const params = {
  high0: "u32",
  high1: "u32",
  low0: "u32",
  low1: "u32",
  count: "u32",
  span: "u32",
  multiplier: "u32",
  low: "i32",
} as const;

export type RandomIntegersParams = ParamValues<typeof params>;

/** y[i] an integer from `low` on, `high` not among them. See random_integers.wgsl. */
export const randomIntegers = defineKernel({
  name: "random_integers",
  wgsl: randomIntegersWgsl,
  bindings: { y: { access: "read_write", dtype: "i32" } },
  params,
  variants: [{ name: "four", order: "elementwise", workgroups: (p) => spread(divideUp(p.count, 256)) }],
  // Twice the cipher of the other fills.
  cost: (p) => ({ flops: 0, integers: (2 * CIPHER + 5) * p.count, bytes: 4 * p.count }),
});

/**
 * Params of `randomIntegers`. Throws ShapeError, or ArgumentError when the key is none, the range is empty, or no range of int32:
 * `low` is at least -2^31, `high` at most 2^31.
 */
export function randomIntegersGeometry(
  shape: readonly number[],
  key: RandomKey,
  low: number,
  high: number,
): { shape: number[]; params: RandomIntegersParams } {
  const op = "randint";
  const base = randomGeometry(shape, key, {}, op);
  const inRange = (x: number) => Number.isInteger(x) && x >= -(2 ** 31) && x <= 2 ** 31;
  if (!(inRange(low) && inRange(high) && low < high))
    throw new ArgumentError({
      op,
      argument: "high",
      expected: "integers low < high of int32",
      given: `${low}, ${high}`,
    });
  const [high0, high1] = threefry2x32(key, [0, 0]);
  const [low0, low1] = threefry2x32(key, [0, 1]);
  const span = high - low;
  // Products wrap at 32 bits, as they do in the original.
  const half = 2 ** 16 % span;
  const multiplier = (Math.imul(half, half) >>> 0) % span;
  const { count } = base.params;
  return { shape: base.shape, params: { high0, high1, low0, low1, count, span: span % 2 ** 32, multiplier, low } };
}
