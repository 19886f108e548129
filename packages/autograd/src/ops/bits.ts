// Tests of what a number is, logic and bits.
import { elementwiseBinarySpecial } from "@facet/kernels-wgsl";
import { nonDifferentiable } from "../define_op.js";
import { isFloating } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { full } from "./create.js";
import { add, cast, equal, greater, less, logicalOr, mul, sub, where } from "./elementwise.js";
import { ofOne, ofTwo, type TensorLike } from "./elementwise_op.js";
import { logicalNot } from "./elementwise_unary.js";

const BOOL = { result: "bool" } as const;
const test = (name: "is_nan" | "is_inf" | "is_pos_inf" | "is_neg_inf" | "is_finite") =>
  ofOne(name, nonDifferentiable, BOOL);

export const isNan = test("is_nan");
export const isInf = test("is_inf");
export const isPosInf = test("is_pos_inf");
export const isNegInf = test("is_neg_inf");
// biome-ignore lint/suspicious/noShadowRestrictedNames: the name that every framework has for it.
export const isFinite = test("is_finite");
/** Whether the sign bit is set: of -0 too. Of integers whether they are negative. */
export const signbit = ofOne("signbit", nonDifferentiable, BOOL);

export interface NanToNumOptions {
  /** Instead of NaN. Default 0. */
  readonly nan?: number;
  /** Instead of infinity. Default the largest float32. */
  readonly posinf?: number;
  /** Instead of -infinity. Default the smallest float32. */
  readonly neginf?: number;
}
const LARGEST = (2 - 2 ** -23) * 2 ** 127;
/** x with numbers for NaN and infinities, through which no gradient flows. */
export function nanToNum(x: Tensor, { nan = 0, posinf = LARGEST, neginf = -LARGEST }: NanToNumOptions = {}): Tensor {
  const finite = where(isPosInf(x), posinf, where(isNegInf(x), neginf, x));
  return where(isNan(x), nan, finite);
}

/**
 * x where neither bound holds it back; a bound that is left out does not. NaN on either side wins; where low is above high,
 * high. Gradients go to x or to the bound; at a bound to x, as in PyTorch.
 */
export function clampBetween(x: Tensor, low: TensorLike | undefined, high: TensorLike | undefined): Tensor {
  const above = low === undefined ? x : bounded(x, low, less);
  return high === undefined ? above : bounded(above, high, greater);
}

function bounded(x: Tensor, bound: TensorLike, beyond: typeof less): Tensor {
  const held = beyond(x, bound);
  if (typeof bound === "number") return where(Number.isNaN(bound) ? equal(x, x) : held, bound, x);
  return where(isFloating(bound.dtype) ? logicalOr(held, isNan(bound)) : held, bound, x);
}

/** 0 below 0, 1 above, b at 0; 0 of NaN, as in PyTorch. */
export const heaviside = (a: Tensor, b: Tensor): Tensor => where(equal(a, 0), b, cast(greater(a, 0), b.dtype));

export const logicalXor = ofTwo("logical_xor", nonDifferentiable, nonDifferentiable, BOOL);
/** Bit by bit; of bools logically. */
export const bitwiseAnd = ofTwo("bitwise_and", nonDifferentiable, nonDifferentiable);
export const bitwiseOr = ofTwo("bitwise_or", nonDifferentiable, nonDifferentiable);
export const bitwiseXor = ofTwo("bitwise_xor", nonDifferentiable, nonDifferentiable);
const inverted = ofOne("bitwise_not", nonDifferentiable, { noBools: true });
export const bitwiseNot = (x: Tensor): Tensor => (x.dtype === "bool" ? logicalNot(x) : inverted(x));

const NO_BOOLS = { noBools: true } as const;
/** a 2^b of integers. A shift by a negative number or by 32 and more gives 0. */
export const shiftLeft = ofTwo("shift_left", nonDifferentiable, nonDifferentiable, NO_BOOLS);
/** Of int32 with the sign, of uint32 with zeros. A shift by a negative number or by 32 and more gives 0, of a negative a -1. */
export const shiftRight = ofTwo("shift_right", nonDifferentiable, nonDifferentiable, NO_BOOLS);
/** Zeros come in from above, of int32 too. */
export const shiftRightLogical = ofTwo("shift_right_logical", nonDifferentiable, nonDifferentiable, NO_BOOLS);

const OF_INTEGERS = { noBools: true, kernel: elementwiseBinarySpecial } as const;
/** Greatest common divisor of integers; of two zeros 0. */
export const gcd = ofTwo("gcd", nonDifferentiable, nonDifferentiable, OF_INTEGERS);
/** Least common multiple of integers, wrapping; 0 where one is 0. */
export const lcm = ofTwo("lcm", nonDifferentiable, nonDifferentiable, OF_INTEGERS);

const masked = (x: Tensor, shift: number, mask: number): Tensor =>
  bitwiseAnd(shiftRightLogical(x, word(shift)), word(mask));
const word = (value: number): Tensor => full([], value, "uint32");

/** How many bits of an integer are set, in its dtype. */
export function populationCount(x: Tensor): Tensor {
  const bits = cast(x, "uint32");
  const pairs = sub(bits, masked(bits, 1, 0x55555555));
  const fours = add(masked(pairs, 0, 0x33333333), masked(pairs, 2, 0x33333333));
  const bytes = bitwiseAnd(add(fours, shiftRightLogical(fours, word(4))), word(0x0f0f0f0f));
  return cast(shiftRightLogical(mul(bytes, word(0x01010101)), word(24)), x.dtype);
}

/** How many bits of an integer are 0 before the first that is set, in its dtype. */
export function leadingZeros(x: Tensor): Tensor {
  let bits = cast(x, "uint32");
  for (const by of [1, 2, 4, 8, 16]) bits = bitwiseOr(bits, shiftRightLogical(bits, word(by)));
  return cast(sub(word(32), populationCount(bits)), x.dtype);
}
