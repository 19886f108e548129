import type { BindingArrays } from "../../cases.js";
import type { RandomIntegersParams } from "./random_integers.js";
import { threefry2x32 } from "./threefry.js";

/** Two words each, the first times a power of two, reduced to the span. */
export function randomIntegersReference(_: BindingArrays, given: object): BindingArrays {
  const p = given as RandomIntegersParams;
  const word = (key: readonly [number, number], i: number): bigint => {
    const [x0, x1] = threefry2x32(key, [0, i]);
    return BigInt((x0 ^ x1) >>> 0);
  };
  const [span, multiplier] = [BigInt(p.span === 0 ? 2 ** 32 : p.span), BigInt(p.multiplier)];
  const offset = (i: number): bigint => {
    const [a, b] = [word([p.high0, p.high1], i), word([p.low0, p.low1], i)];
    return BigInt.asUintN(32, (a % span) * multiplier + (b % span)) % span;
  };
  return { y: Int32Array.from({ length: p.count }, (_, i) => p.low + Number(offset(i))) };
}
