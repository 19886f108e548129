// Arithmetic with broadcasting and PyTorch's type promotion: bool < int64 < float32, and a fraction makes integers floats.
import * as core from "@facet/autograd";
import { promote } from "../dtype.js";
import { complain } from "../errors.js";
import { sizeText } from "../python.js";
import { type Args, signature } from "../signature.js";
import { Tensor, wrap } from "../tensor.js";

/** What stands beside a tensor in arithmetic. */
export type Operand = Tensor | number | boolean;

const dtypeOfNumber = (value: number): core.Dtype => (Number.isInteger(value) ? "bool" : "float32");

/** Throws unless the shapes broadcast, in PyTorch's words. */
export function requireBroadcast(op: string, a: readonly number[], b: readonly number[]): void {
  const rank = Math.max(a.length, b.length);
  for (let i = rank - 1; i >= 0; i--) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || x === 1 || y === 1) continue;
    complain(
      core.ShapeError,
      `The size of tensor a (${x}) must match the size of tensor b (${y}) at non-singleton dimension ${i}`,
      { op, argument: "other", expected: `a shape that broadcasts with ${sizeText(a)}`, given: sizeText(b) },
    );
  }
}

/** Both operands as the core takes them, in one dtype; at least one of them is a tensor. */
function pair(op: string, a: Operand, b: Operand, least: core.Dtype = "bool"): [core.TensorLike, core.TensorLike] {
  const [x, y] = [a, b].map((value) => (typeof value === "boolean" ? Number(value) : value)) as [
    Tensor | number,
    Tensor | number,
  ];
  const tensorTypes = [x, y].map((value) => (value instanceof Tensor ? value.core.dtype : dtypeOfNumber(value)));
  let dtype = promote(promote(tensorTypes[0] as core.Dtype, tensorTypes[1] as core.Dtype), least);
  const numbers = [a, b].some((value) => typeof value === "number");
  if (dtype === "bool" && (numbers || least !== "bool")) dtype = "int32";
  if (x instanceof Tensor && y instanceof Tensor) requireBroadcast(op, x.shape, y.shape);
  const convert = (value: Tensor | number): core.TensorLike =>
    value instanceof Tensor ? convertCore(value.core, dtype) : value;
  if (!(x instanceof Tensor) && !(y instanceof Tensor)) return [core.full([], x as number, dtype), y as number];
  return [convert(x), convert(y)];
}

/** A core tensor in another dtype; bytes become what they count. */
export function convertCore(x: core.Tensor, dtype: core.Dtype): core.Tensor {
  if (x.dtype === "uint8" && dtype !== "uint8") return core.cast(core.u8ToF32(x, { divisor: 1 }), dtype);
  return core.cast(x, dtype);
}

const arithmetic =
  (name: string, f: (a: core.TensorLike, b: core.TensorLike) => core.Tensor, least: core.Dtype = "bool") =>
  (input: Operand, other: Operand): Tensor =>
    core.scope(() => {
      const [a, b] = pair(name, input, other, least);
      return wrap(f(a, b));
    });

export interface AlphaArguments {
  /** Factor of `other`; default 1. */
  alpha: number;
}
const readAlpha = signature<AlphaArguments>("add", { alpha: 1 });
const plainAdd = arithmetic("add", core.add);
const plainSub = arithmetic("sub", core.sub);
const scaled = (other: Operand, args: readonly unknown[]): Operand => {
  const { alpha } = readAlpha(args);
  return alpha === 1 ? other : mul(other, alpha);
};

/** input + alpha * other. */
export const add = (input: Operand, other: Operand, ...args: Args<[], AlphaArguments>): Tensor =>
  core.scope(() => plainAdd(input, scaled(other, args)));
/** input - alpha * other. */
export const sub = (input: Operand, other: Operand, ...args: Args<[], AlphaArguments>): Tensor =>
  core.scope(() => plainSub(input, scaled(other, args)));
export const mul = arithmetic("mul", core.mul, "bool");
const trueDivision = arithmetic("div", core.div, "float32");
const floorDivision = arithmetic("div", core.floorDivide);
const truncDivision = arithmetic("div", core.truncDivide);

export interface DivArguments {
  /** null for the quotient, "floor" or "trunc" to round it; default null. */
  rounding_mode: "floor" | "trunc" | null;
}
const readDiv = signature<DivArguments>("div", { rounding_mode: null });

/** input / other, float32 whatever the operands are; rounded towards minus infinity or zero in the operands' dtype. */
export const div = (input: Operand, other: Operand, ...args: Args<[], DivArguments>): Tensor => {
  const { rounding_mode } = readDiv(args);
  if (rounding_mode === null) return trueDivision(input, other);
  if (rounding_mode !== "floor" && rounding_mode !== "trunc")
    throw new core.ArgumentError({
      op: "div",
      argument: "rounding_mode",
      expected: "null, 'trunc' or 'floor'",
      given: `${rounding_mode}`,
    });
  return (rounding_mode === "floor" ? floorDivision : truncDivision)(input, other);
};
const plainPow = arithmetic("pow", core.pow, "int32");
/** input to the power other; of 1/2 and -1/2 the square root and its reciprocal, as PyTorch, whose edges differ. */
export const pow = (input: Operand, other: Operand): Tensor => {
  if (!(input instanceof Tensor)) return plainPow(input, other);
  return other === 0.5 ? sqrt(input) : other === -0.5 ? rsqrt(input) : plainPow(input, other);
};
export const maximum = arithmetic("maximum", core.maximum);
export const minimum = arithmetic("minimum", core.minimum);
export const eq = arithmetic("eq", core.equal);
export const ne = arithmetic("ne", core.notEqual);
export const lt = arithmetic("lt", core.less);
export const le = arithmetic("le", core.lessEqual);
export const gt = arithmetic("gt", core.greater);
export const ge = arithmetic("ge", core.greaterEqual);

const asBool = (x: Tensor): core.Tensor => convertCore(x.core, "bool");
export const logical_and = (input: Tensor, other: Tensor): Tensor =>
  core.scope(() => wrap(core.logicalAnd(asBool(input), asBool(other))));
export const logical_or = (input: Tensor, other: Tensor): Tensor =>
  core.scope(() => wrap(core.logicalOr(asBool(input), asBool(other))));
export const logical_not = (input: Tensor): Tensor => core.scope(() => wrap(core.logicalNot(asBool(input))));

/** A function of one tensor that keeps its dtype. */
const same =
  (f: (x: core.Tensor) => core.Tensor) =>
  (input: Tensor): Tensor =>
    wrap(f(input.core));
/** A function of one tensor that makes floats of integers. */
const floating =
  (f: (x: core.Tensor) => core.Tensor) =>
  (input: Tensor): Tensor =>
    core.scope(() => wrap(f(convertCore(input.core, "float32"))));

export const neg = same(core.neg);
export const abs = same(core.abs);
/** -1, 0 or 1; 0 of NaN. */
export const sign = same(core.signum);
export const square = same(core.square);
export const floor = same(core.floor);
export const ceil = same(core.ceil);
/** To the nearest whole number, halves to the even one. */
export const round = same(core.round);
export const relu = same(core.relu);
export const exp = floating(core.exp);
export const expm1 = floating(core.expm1);
export const log = floating(core.log);
export const log1p = floating(core.log1p);
export const sqrt = floating(core.sqrt);
export const rsqrt = floating(core.rsqrt);
export const reciprocal = floating(core.reciprocal);
export const sin = floating(core.sin);
export const cos = floating(core.cos);
export const tanh = floating(core.tanh);
export const sigmoid = floating(core.sigmoid);
export const erf = floating(core.erf);
export const erfinv = floating(core.erfinv);
/** True where an element is NaN. */
export const isnan = floating(core.isNan);

export interface ClampArguments {
  min: number | null;
  max: number | null;
}
const readClamp = signature<ClampArguments>("clamp", { min: null, max: null });

/** Each element moved into [min, max]; one of the two may be left out. */
export function clamp(input: Tensor, ...args: Args<[min: number | null, max: number | null], ClampArguments>): Tensor {
  const { min, max } = readClamp(args);
  if (min === null && max === null)
    throw new core.ArgumentError({ op: "clamp", argument: "min", expected: "min, max or both", given: "neither" });
  return wrap(core.clamp(input.core, min ?? Number.NEGATIVE_INFINITY, max ?? Number.POSITIVE_INFINITY));
}

/** `input` where the condition holds, else `other`; all three broadcast. */
export const where = (condition: Tensor, input: Operand, other: Operand): Tensor =>
  core.scope(() => {
    const [a, b] = pair("where", input, other);
    return wrap(core.where(asBool(condition), a, b));
  });

/** `value` where the mask is true. */
export const masked_fill = (input: Tensor, mask: Tensor, value: number): Tensor => {
  requireBroadcast("masked_fill", input.shape, mask.shape);
  return core.scope(() => wrap(core.where(asBool(mask), core.full([], value, input.core.dtype), input.core)));
};
