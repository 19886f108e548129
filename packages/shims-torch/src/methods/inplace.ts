// Methods that write the result of a function into their tensor.
import { type Args, defineMethod, int, number, type Rules } from "@facet/dialect";
import { write } from "../inplace.js";
import { type Operand, operand, scalar, tensor } from "../kinds.js";
import * as A from "../ops/arithmetic.js";
import * as B from "../ops/binary.js";
import * as W from "../ops/bitwise.js";
import * as E from "../ops/elementwise.js";
import * as P from "../ops/inplace.js";
import * as U from "../ops/unary.js";
import type { Tensor } from "../tensor.js";

/** Functions of the tensor alone. */
const OF_ONE = {
  abs: U.abs,
  neg: U.neg,
  sign: U.sign,
  square: U.square,
  sqrt: U.sqrt,
  rsqrt: U.rsqrt,
  reciprocal: U.reciprocal,
  relu: U.relu,
  sigmoid: U.sigmoid,
  floor: U.floor,
  ceil: U.ceil,
  trunc: U.trunc,
  frac: U.frac,
  exp: U.exp,
  exp2: U.exp2,
  expm1: U.expm1,
  log: U.log,
  log1p: U.log1p,
  log2: U.log2,
  log10: U.log10,
  sin: U.sin,
  cos: U.cos,
  tan: U.tan,
  sinh: U.sinh,
  cosh: U.cosh,
  tanh: U.tanh,
  sinc: U.sinc,
  acos: U.acos,
  asin: U.asin,
  atan: U.atan,
  acosh: U.acosh,
  asinh: U.asinh,
  atanh: U.atanh,
  deg2rad: U.deg2rad,
  rad2deg: U.rad2deg,
  erf: U.erf,
  erfc: U.erfc,
  erfinv: U.erfinv,
  i0: U.i0,
  lgamma: U.lgamma,
  digamma: U.digamma,
  logical_not: U.logical_not,
  bitwise_not: U.bitwise_not,
  conj_physical: U.conj_physical,
} as const;
/** Functions of the tensor and another, or a number where the function takes one. */
const OF_OPERANDS = {
  eq: A.eq,
  ne: A.ne,
  lt: A.lt,
  le: A.le,
  gt: A.gt,
  ge: A.ge,
  floor_divide: A.floor_divide,
  true_divide: A.true_divide,
  fmod: A.fmod,
  remainder: A.remainder,
  copysign: B.copysign,
  xlogy: B.xlogy,
  bitwise_and: W.bitwise_and,
  bitwise_or: W.bitwise_or,
  bitwise_xor: W.bitwise_xor,
  bitwise_left_shift: W.bitwise_left_shift,
  bitwise_right_shift: W.bitwise_right_shift,
} as const;
const OF_TENSORS = {
  atan2: B.atan2,
  hypot: B.hypot,
  igamma: B.igamma,
  igammac: B.igammac,
  ldexp: B.ldexp,
  nextafter: B.nextafter,
  gcd: W.gcd,
  lcm: W.lcm,
  logical_and: A.logical_and,
  logical_or: A.logical_or,
  logical_xor: A.logical_xor,
} as const;

type Of<Names extends string, F> = { readonly [K in Names as `${K}_`]: F };
type OfOne = (self: Tensor) => Tensor;
type OfOperand = (self: Tensor, ...args: Args<[other: Operand], { other: Operand }>) => Tensor;
type OfTensor = (self: Tensor, ...args: Args<[other: Tensor], { other: Tensor }>) => Tensor;

/** The method that writes what `f` gives. Its arguments are those of the function, but for `out`. */
export function inPlaceOf<const R extends Rules>(
  name: string,
  rules: R,
  // biome-ignore lint/suspicious/noExplicitAny: what functions take as keywords, they take as read.
  f: (self: Tensor, values: any) => Tensor,
  // biome-ignore lint/suspicious/noExplicitAny: the declared type of the constant says what it takes.
): (self: Tensor, ...args: any[]) => Tensor {
  return defineMethod(`torch.Tensor.${name}`, rules, (self: Tensor, values) =>
    write(name, self, () => f(self, values).core),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: functions of all shapes stand in one table.
type Functions = Readonly<Record<string, (self: Tensor, ...args: any[]) => Tensor>>;
const tableOf = (functions: Functions, rules: Rules): object =>
  Object.fromEntries(Object.entries(functions).map(([name, f]) => [`${name}_`, inPlaceOf(`${name}_`, rules, f)]));

/** Methods without arguments. */
export const ofOne: Of<keyof typeof OF_ONE, OfOne> = tableOf(OF_ONE, {}) as never;
export const ofOperands: Of<keyof typeof OF_OPERANDS, OfOperand> = tableOf(OF_OPERANDS, { other: operand }) as never;
export const ofTensors: Of<keyof typeof OF_TENSORS, OfTensor> = tableOf(OF_TENSORS, { other: tensor }) as never;

const pow_: (self: Tensor, ...args: Args<[exponent: Operand], { exponent: Operand }>) => Tensor = inPlaceOf(
  "pow_",
  { exponent: operand },
  A.pow,
);
const heaviside_: (self: Tensor, ...args: Args<[values: Tensor], { values: Tensor }>) => Tensor = inPlaceOf(
  "heaviside_",
  { values: tensor },
  B.heaviside,
);
const clamp_min_: (self: Tensor, ...args: Args<[min: Operand], { min: Operand }>) => Tensor = inPlaceOf(
  "clamp_min_",
  { min: operand },
  E.clamp_min,
);
const clamp_max_: (self: Tensor, ...args: Args<[max: Operand], { max: Operand }>) => Tensor = inPlaceOf(
  "clamp_max_",
  { max: operand },
  E.clamp_max,
);
const lerp_: (self: Tensor, ...args: Args<[end: Tensor, weight: Operand], { end: Tensor; weight: Operand }>) => Tensor =
  inPlaceOf("lerp_", { end: tensor, weight: operand }, E.lerp);

type Combine = (
  self: Tensor,
  ...args: Args<[tensor1: Tensor, tensor2: Tensor], Omit<E.CombineArguments, "out">>
) => Tensor;
const combination = { tensor1: tensor, tensor2: tensor, "*": null, value: scalar.or(1) } as const;
const addcmul_: Combine = inPlaceOf("addcmul_", combination, E.addcmul);
const addcdiv_: Combine = inPlaceOf("addcdiv_", combination, E.addcdiv);

const logit_: (self: Tensor, ...args: Args<[eps: number | null], { eps: number | null }>) => Tensor = inPlaceOf(
  "logit_",
  { eps: number.or(null) },
  U.logit,
);
const nan_to_num_: (self: Tensor, ...args: U.NanToNumArgs) => Tensor = inPlaceOf(
  "nan_to_num_",
  { nan: number.or(null), posinf: number.or(null), neginf: number.or(null) },
  U.nan_to_num,
);
const round_: (self: Tensor, ...args: Args<[], { decimals: number | null }>) => Tensor = inPlaceOf(
  "round_",
  { "*": null, decimals: int.or(null) },
  U.round,
);
const mvlgamma_: (self: Tensor, ...args: Args<[p: number], { p: number }>) => Tensor = inPlaceOf(
  "mvlgamma_",
  { p: int },
  U.mvlgamma,
);
const polygamma_: (self: Tensor, ...args: Args<[n: number], { n: number }>) => Tensor = defineMethod(
  "torch.Tensor.polygamma_",
  { n: int },
  (self: Tensor, { n }) => write("polygamma_", self, () => U.polygamma(n, self).core),
);
const masked_fill_: (self: Tensor, ...args: E.MaskedFillArgs) => Tensor = inPlaceOf(
  "masked_fill_",
  { mask: tensor, value: operand },
  E.masked_fill,
);

export const inPlace = {
  pow_,
  heaviside_,
  clamp_min_,
  clamp_max_,
  lerp_,
  addcmul_,
  addcdiv_,
  logit_,
  nan_to_num_,
  round_,
  mvlgamma_,
  polygamma_,
  masked_fill_,
} as const;

/** Other names of these. */
export const otherNames = {
  absolute_: ofOne.abs_,
  negative_: ofOne.neg_,
  sgn_: ofOne.sign_,
  fix_: ofOne.trunc_,
  arccos_: ofOne.acos_,
  arcsin_: ofOne.asin_,
  arctan_: ofOne.atan_,
  arctan2_: ofTensors.atan2_,
  arccosh_: ofOne.acosh_,
  arcsinh_: ofOne.asinh_,
  arctanh_: ofOne.atanh_,
  subtract_: P.sub_,
  multiply_: P.mul_,
  divide_: P.div_,
  clip_: P.clamp_,
  not_equal_: ofOperands.ne_,
  less_: ofOperands.lt_,
  less_equal_: ofOperands.le_,
  greater_: ofOperands.gt_,
  greater_equal_: ofOperands.ge_,
} as const;
