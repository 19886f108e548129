import * as core from "@facet/autograd";
import { ArgumentError, type Tensor, UnsupportedError } from "@facet/autograd";
import { type Args, define, defineMethod, int, type Keywords, only } from "@facet/dialect";
import { arrayLike } from "../arguments.js";
import { type ArrayLike, converted, isNumber, JaxArray, run, scalar } from "../array.js";
import { type Both, both } from "./function.js";
import { nonzero, SIZED } from "./sized.js";
import {
  applied,
  type Binary,
  type CoreBinary,
  comparison,
  keeping,
  noBooleans,
  promoted,
  promotedReal,
  real,
  UFUNC,
  type Ufunc,
  type Unary,
  ufunc,
} from "./ufunc.js";

/** An operator of arrays as a method, which stands for Python's symbol. */
const operator = (
  name: string,
  op: (x: ArrayLike, other: ArrayLike) => JaxArray,
): ((self: JaxArray, other: ArrayLike) => JaxArray) =>
  defineMethod(`jax.Array.${name}`, { other: arrayLike }, (self: JaxArray, { other }) => op(self, other));

const quotient = (name: string): Binary =>
  define(`jax.numpy.${name}`, { x1: arrayLike, x2: arrayLike, "/": null }, ({ x1, x2 }) => divided(x1, x2));

/** JAX adds and multiplies booleans as logical or and and, and takes the larger and the smaller likewise. */
const logically =
  (op: CoreBinary, logical: CoreBinary): CoreBinary =>
  (a, b) =>
    a.dtype === "bool" ? logical(a, b) : op(a, b);

export const plus = applied("add", logically(core.add, core.logicalOr));
export const times = applied("multiply", logically(core.mul, core.logicalAnd));
const minus = applied("subtract", noBooleans("subtract", core.sub as never));
export const larger = applied("maximum", logically(core.maximum, core.logicalOr));
export const smaller = applied("minimum", logically(core.minimum, core.logicalAnd));
/** True division: integers give float32. */
const divided: Binary = (x, y) =>
  run(() => core.div(...(promotedReal("divide", { x1: x, x2: y }) as [Tensor, Tensor])));
const compared = {
  equal: applied("equal", core.equal),
  not_equal: applied("not_equal", core.notEqual),
  less: applied("less", core.less),
  less_equal: applied("less_equal", core.lessEqual),
  greater: applied("greater", core.greater),
  greater_equal: applied("greater_equal", core.greaterEqual),
};

export const add = ufunc("add", plus);
export const multiply = ufunc("multiply", times);
export const subtract = ufunc("subtract", minus);
export const maximum = ufunc("maximum", larger);
export const minimum = ufunc("minimum", smaller);
export const divide = quotient("divide");
export const true_divide = quotient("true_divide");
export const equal = comparison("equal", compared.equal);
export const not_equal = comparison("not_equal", compared.not_equal);
export const less = comparison("less", compared.less);
export const less_equal = comparison("less_equal", compared.less_equal);
export const greater = comparison("greater", compared.greater);
export const greater_equal = comparison("greater_equal", compared.greater_equal);

const generalPower = applied("power", core.pow, ["x1", "x2"]);

function raised(x: ArrayLike, y: ArrayLike): JaxArray {
  const whole = typeof y === "number" && Number.isInteger(y);
  if (!(x instanceof JaxArray) || isNumber(x) || core.isFloating(x.dtype) || !whole) return generalPower(x, y);
  if (y < 0)
    throw new ArgumentError({
      op: "power",
      argument: "x2",
      expected: "0 or more: integers cannot be raised to negative powers",
      given: `${y}`,
    });
  return run(() => {
    const [base, one] = promoted("power", { x1: x, x2: 1 }) as [Tensor, Tensor];
    let result = core.expand(one, base.shape);
    let factor = base;
    for (let rest = y; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result = core.mul(result, factor);
      factor = core.mul(factor, factor);
    }
    return result;
  });
}

/** x1 to the power x2. Integers take a whole, non-negative number as x2, and are multiplied. */
export const power: Binary = define("jax.numpy.power", { x1: arrayLike, x2: arrayLike, "/": null }, ({ x1, x2 }) =>
  raised(x1, x2),
);

const truth = (fn: string, argument: string, x: ArrayLike): Tensor =>
  x instanceof JaxArray ? converted(x.core, "bool") : scalar(fn, argument, x, "bool");
const logical = (name: string, op: CoreBinary): Ufunc<[x: ArrayLike, y: ArrayLike]> =>
  ufunc(name, (x, y) => run(() => op(truth(name, "x", x), truth(name, "y", y))));
export const logical_and = logical("logical_and", core.logicalAnd);
export const logical_or = logical("logical_or", core.logicalOr);
export const logical_xor = logical("logical_xor", core.logicalXor);
export const logical_not: Unary = define("jax.numpy.logical_not", { x: arrayLike, "/": null }, ({ x }) =>
  run(() => core.logicalNot(truth("logical_not", "x", x))),
);

const negated = noBooleans("negative", (x) => (x?.dtype === "uint32" ? core.sub(0, x) : core.neg(x as Tensor)));
export const minusOf = (x: ArrayLike): JaxArray => run(() => negated(promoted("negative", { x })[0] as Tensor));
export const negative: Ufunc<[x: ArrayLike]> = define(
  "jax.numpy.negative",
  { x: arrayLike, "/": null, ...UFUNC },
  ({ x }) => minusOf(x),
);

/** |x|; at 0 the derivative is 1, as in JAX. */
const magnitude = (x: Tensor): Tensor =>
  x.dtype === "bool" || x.dtype === "uint32" ? x : core.abs(x, { rightAtZero: true });
export const abs = keeping("abs", magnitude);
export const absolute = keeping("absolute", magnitude);
/** -1, 0 or 1; of words 0 or 1. */
export const signOf = (x: Tensor): Tensor =>
  x.dtype === "uint32" ? core.cast(core.notEqual(x, 0), "uint32") : core.sign(x);
export const sign = keeping("sign", noBooleans("sign", signOf as never));
export const square = keeping("square", (x) => core.square(x.dtype === "bool" ? core.cast(x, "int32") : x));
export const exp = real("exp", core.exp);
export const expm1 = real("expm1", core.expm1);
export const log = real("log", core.log);
export const log1p = real("log1p", core.log1p);
export const sqrt = real("sqrt", core.sqrt);
export const sin = real("sin", core.sin);
export const cos = real("cos", core.cos);
export const tanh = real("tanh", core.tanh);
export const reciprocal = real("reciprocal", core.reciprocal);
export const isnan = real("isnan", core.isNan);
/** Integers stay as they are. */
export const floor = keeping("floor", (x) => (core.isFloating(x.dtype) ? core.floor(x) : x));
/** Integers stay as they are. */
export const ceil = keeping("ceil", (x) => (core.isFloating(x.dtype) ? core.ceil(x) : x));

const bound = arrayLike.or(null);

function clipped(x: ArrayLike, { min, max }: { min: ArrayLike | null; max: ArrayLike | null }): JaxArray {
  return run(() => {
    const above = min === null ? x : larger(x, min);
    const within = max === null ? above : smaller(above, max);
    return promoted("clip", { arr: within })[0] as Tensor;
  });
}

const CLIP = { min: bound, max: bound };
type ClipNamed = { min: ArrayLike | null; max: ArrayLike | null };
/** jnp.clip(arr, min, max): either bound may be null. At a bound itself half the gradient passes, as in JAX. */
export const clip: (
  arr: ArrayLike,
  ...args: Args<[min: ArrayLike | null, max: ArrayLike | null], ClipNamed>
) => JaxArray = define("jax.numpy.clip", { arr: arrayLike, "/": null, ...CLIP }, ({ arr, min, max }) =>
  clipped(arr, { min, max }),
);
const clipMethod: (
  self: JaxArray,
  ...args: Args<[min: ArrayLike | null, max: ArrayLike | null], ClipNamed>
) => JaxArray = defineMethod("jax.Array.clip", { ...CLIP }, (self: JaxArray, { min, max }) =>
  clipped(self, { min, max }),
);

interface Where {
  (condition: ArrayLike, x: ArrayLike, y: ArrayLike, options?: Keywords<{ size: null; fill_value: null }>): JaxArray;
  (condition: ArrayLike, options: Keywords<{ size: number; fill_value: ArrayLike | null }>): JaxArray[];
}
/** x where the condition is not 0, else y; all three broadcast. With a condition alone jnp.nonzero of it. */
export const where: Where = define(
  "jax.numpy.where",
  { condition: arrayLike, x: bound, y: bound, "/": null, ...SIZED },
  ({ condition, x, y, size, fill_value }) => {
    if (x === null && y === null) return (nonzero as (...args: unknown[]) => unknown)(condition, { size, fill_value });
    const alone = x === null ? "x" : y === null ? "y" : size !== null || fill_value !== null ? "size" : undefined;
    if (x === null || y === null || alone !== undefined)
      throw new ArgumentError({
        op: "where",
        argument: alone as string,
        expected: alone === "size" ? "none beside x and y, as fill_value" : "both x and y, or neither",
        given: alone === "size" ? "one" : "none",
      });
    return run(() => {
      const [a, b] = promoted("where", { x, y }) as [Tensor, Tensor];
      return core.where(truth("where", "condition", condition), a, b);
    });
  },
) as Where;

const asNumbers = noBooleans("round", (x) => x as Tensor);
type RoundNamed = { decimals: number; out: null };
const rounds: Both<"a", [decimals: number, out: null], RoundNamed> = both(
  "round",
  "a",
  { decimals: int.or(0), out: only(null) },
  (a, { decimals }) =>
    run(() => {
      const x = asNumbers(promoted("round", { a })[0] as Tensor);
      if (!core.isFloating(x.dtype)) {
        if (decimals >= 0) return x;
        throw new UnsupportedError({
          op: "round",
          argument: "decimals",
          expected: "0 or more for integers",
          given: `${decimals}`,
        });
      }
      if (decimals === 0) return core.round(x);
      const factor = 10 ** Math.abs(decimals);
      return decimals > 0
        ? core.div(core.round(core.mul(x, factor)), factor)
        : core.mul(core.round(core.div(x, factor)), factor);
    }),
);
/** Rounds to `decimals` places, halves to the even neighbour. Integers stay as they are. */
export const round = rounds.fn;

const prefix = (name: string, op: (x: ArrayLike) => JaxArray): ((self: JaxArray) => JaxArray) =>
  defineMethod(`jax.Array.${name}`, {}, (self: JaxArray) => op(self));

/** Methods of Array that stand for Python's operators, and others that are computed element by element. */
export const elementwiseMethods = {
  add: operator("add", plus),
  sub: operator("sub", minus),
  mul: operator("mul", times),
  /** True division, as `/`. */
  div: operator("div", divided),
  pow: operator("pow", raised),
  neg: prefix("neg", minusOf),
  abs: prefix("abs", (x) => run(() => magnitude(promoted("abs", { x })[0] as Tensor))),
  equal: operator("equal", compared.equal),
  not_equal: operator("not_equal", compared.not_equal),
  less: operator("less", compared.less),
  less_equal: operator("less_equal", compared.less_equal),
  greater: operator("greater", compared.greater),
  greater_equal: operator("greater_equal", compared.greater_equal),
  clip: clipMethod,
  round: rounds.method,
};
