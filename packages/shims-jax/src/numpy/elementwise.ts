import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, type Tensor } from "@facet/autograd";
import { type ArrayLike, computable, converted, inexact, JaxArray, run, scalar } from "../array.js";
import { describe } from "../options.js";

const ORDER: readonly Dtype[] = ["bool", "uint8", "uint32", "int32", "float32"];

/** JAX's type promotion for the dtypes there are; int32 with uint32 is int32, as with 64-bit types off. */
export function promote_types(a: Dtype, b: Dtype): Dtype {
  return ORDER[Math.max(ORDER.indexOf(a), ORDER.indexOf(b))] as Dtype;
}

/** Dtype of an operand beside arrays of dtype `others`: numbers are weakly typed and take the arrays' where they can. */
function joined(others: Dtype | undefined, x: ArrayLike): Dtype | undefined {
  if (x instanceof JaxArray) return others === undefined ? x.dtype : promote_types(others, x.dtype);
  return others;
}

/** Operands as tensors of the one dtype JAX promotes them to. */
export function promoted(fn: string, operands: Readonly<Record<string, ArrayLike>>): Tensor[] {
  const entries = Object.entries(operands);
  for (const [argument, x] of entries)
    if (!(x instanceof JaxArray) && typeof x !== "number" && typeof x !== "boolean")
      throw new ArgumentError({ op: fn, argument, expected: "an Array or a number", given: describe(x) });
  let dtype = entries.reduce<Dtype | undefined>((so_far, [, x]) => joined(so_far, x), undefined);
  const numbers = entries.flatMap(([, x]) => (typeof x === "number" ? [x] : []));
  if (dtype === undefined) dtype = numbers.length > 0 ? "float32" : "bool";
  else if (numbers.some((x) => !Number.isInteger(x))) dtype = "float32";
  else if (numbers.length > 0 && dtype === "bool") dtype = "int32";
  const target = dtype;
  return entries.map(([argument, x]) => {
    if (!(x instanceof JaxArray)) return scalar(fn, argument, x, target);
    return target === "uint8" ? computable(fn, argument, x) : converted(x.core, target);
  });
}

type CoreBinary = (a: Tensor, b: Tensor) => Tensor;

/** A function of two operands, broadcast and promoted. `float` converts integers first, as true division does. */
const binary =
  (fn: string, op: CoreBinary, float = false) =>
  (x: ArrayLike, y: ArrayLike): JaxArray =>
    run(() => {
      const [a, b] = promoted(fn, { x, y }) as [Tensor, Tensor];
      return float ? op(converted(a, "float32"), converted(b, "float32")) : op(a, b);
    });

/** As binary; JAX adds and multiplies booleans as logical or and and. */
const logicalOnBooleans = (fn: string, op: CoreBinary, logical: CoreBinary) =>
  binary(fn, (a, b) => (a.dtype === "bool" ? logical(a, b) : op(a, b)));

export const add = logicalOnBooleans("add", core.add, core.logicalOr);
export const multiply = logicalOnBooleans("multiply", core.mul, core.logicalAnd);
export const subtract = binary("subtract", core.sub);
/** True division: integers give float32. */
export function divide(x: ArrayLike, y: ArrayLike): JaxArray {
  return run(() => core.div(inexact("divide", "x", x), inexact("divide", "y", y)));
}
export const true_divide = divide;
const generalPower = binary("power", core.pow);

/** x to the power y. Integers take a whole, non-negative number as y, and are multiplied. */
export function power(x: ArrayLike, y: ArrayLike): JaxArray {
  if (!(x instanceof JaxArray) || x.dtype === "float32" || typeof y !== "number" || !Number.isInteger(y))
    return generalPower(x, y);
  if (y < 0)
    throw new ArgumentError({
      op: "power",
      argument: "y",
      expected: "0 or more: integers cannot be raised to negative powers",
      given: `${y}`,
    });
  return run(() => {
    const [base, one] = promoted("power", { x, y: 1 }) as [Tensor, Tensor];
    let result = core.expand(one, base.shape);
    let factor = base;
    for (let rest = y; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result = core.mul(result, factor);
      factor = core.mul(factor, factor);
    }
    return result;
  });
}
export const maximum = binary("maximum", core.maximum);
export const minimum = binary("minimum", core.minimum);
export const equal = binary("equal", core.equal);
export const not_equal = binary("not_equal", core.notEqual);
export const less = binary("less", core.less);
export const less_equal = binary("less_equal", core.lessEqual);
export const greater = binary("greater", core.greater);
export const greater_equal = binary("greater_equal", core.greaterEqual);

const truth = (fn: string, argument: string, x: ArrayLike): Tensor =>
  x instanceof JaxArray ? converted(x.core, "bool") : scalar(fn, argument, x, "bool");
export const logical_and = (x: ArrayLike, y: ArrayLike): JaxArray =>
  run(() => core.logicalAnd(truth("logical_and", "x", x), truth("logical_and", "y", y)));
export const logical_or = (x: ArrayLike, y: ArrayLike): JaxArray =>
  run(() => core.logicalOr(truth("logical_or", "x", x), truth("logical_or", "y", y)));
export const logical_not = (x: ArrayLike): JaxArray => run(() => core.logicalNot(truth("logical_not", "x", x)));

/** A function that keeps the dtype. */
const unary =
  (fn: string, op: (x: Tensor) => Tensor) =>
  (x: ArrayLike): JaxArray =>
    run(() => op(promoted(fn, { x })[0] as Tensor));

/** A function of real numbers: integers and booleans become float32. */
export const real =
  (fn: string, op: (x: Tensor) => Tensor) =>
  (x: ArrayLike): JaxArray =>
    run(() => op(inexact(fn, "x", x)));

export const negative = unary("negative", core.neg);
/** |x|; at 0 the derivative is 1, as in JAX. */
export const abs = unary("abs", (x) => core.abs(x, { rightAtZero: true }));
export const absolute = abs;
export const sign = unary("sign", core.sign);
export const square = unary("square", core.square);
export const exp = real("exp", core.exp);
export const expm1 = real("expm1", core.expm1);
export const log = real("log", core.log);
export const log1p = real("log1p", core.log1p);
export const sqrt = real("sqrt", core.sqrt);
export const sin = real("sin", core.sin);
export const cos = real("cos", core.cos);
export const tanh = real("tanh", core.tanh);
/** Integers stay as they are. */
export const floor = unary("floor", (x) => (x.dtype === "float32" ? core.floor(x) : x));
/** Integers stay as they are. */
export const ceil = unary("ceil", (x) => (x.dtype === "float32" ? core.ceil(x) : x));
export const reciprocal = real("reciprocal", core.reciprocal);
export const isnan = real("isnan", core.isNan);

/** jnp.clip(x, min, max): either bound may be null. At a bound itself half the gradient passes, as in JAX. */
export function clip(x: ArrayLike, min?: ArrayLike | null, max?: ArrayLike | null): JaxArray {
  const above = min === undefined || min === null ? x : maximum(x, min);
  return run(() => {
    const result = max === undefined || max === null ? above : minimum(above, max);
    return promoted("clip", { x: result })[0] as Tensor;
  });
}

/** x where the condition is not 0, else y; all three broadcast. The form with one argument does not exist here. */
export function where(condition: ArrayLike, x: ArrayLike, y: ArrayLike): JaxArray {
  return run(() => {
    const [a, b] = promoted("where", { x, y }) as [Tensor, Tensor];
    return core.where(truth("where", "condition", condition), a, b);
  });
}

/** Rounds to `decimals` places, halves to the even neighbour. Integers stay as they are. */
export function round(x: ArrayLike, decimals = 0): JaxArray {
  if (!Number.isInteger(decimals))
    throw new ArgumentError({ op: "round", argument: "decimals", expected: "a whole number", given: `${decimals}` });
  return run(() => {
    const [a] = promoted("round", { x }) as [Tensor];
    if (a.dtype !== "float32") return a;
    const factor = 10 ** Math.abs(decimals);
    if (decimals === 0) return core.round(a);
    return decimals > 0
      ? core.div(core.round(core.mul(a, factor)), factor)
      : core.mul(core.round(core.div(a, factor)), factor);
  });
}
