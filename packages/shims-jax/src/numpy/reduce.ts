import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, ShapeError, type Tensor, UnsupportedError } from "@facet/autograd";
import { bool, define, defineMethod, int, number, only } from "@facet/dialect";
import { array, arrayLike, axes, dtype as dtypeKind, float, type Given } from "../arguments.js";
import {
  type ArrayLike,
  type Axis,
  checkDtype,
  computable,
  converted,
  inexact,
  isNumber,
  JaxArray,
  operand,
  run,
  scalar,
} from "../array.js";
import { axesOf, broadcast } from "./axes.js";
import { type Both, both } from "./function.js";

type Where = JaxArray | null;
type Initial = ArrayLike | null;
interface Axes {
  axes: readonly number[];
  keepdims: boolean;
}
type Reduction = (x: Tensor, options: Axes) => Tensor;

const out = only(null);
const keepdims = bool.or(false);
const initial = arrayLike.or(null);
const where = array.or(null);
/** What a mean or variance is of: its result has that dtype. */
const inIts = (fn: string, a: ArrayLike, dtype: "float32" | null): Tensor => {
  const x = inexact(fn, "a", a);
  return dtype === null ? x : converted(x, dtype);
};

const conditionOf = (mask: JaxArray, x: Tensor): Tensor => broadcast(converted(mask.core, "bool"), x.shape);

/** x where a mask that broadcasts to it holds, elsewhere a value that does not count. */
const masked = (x: Tensor, mask: Where, value: number): Tensor =>
  mask === null ? x : core.where(conditionOf(mask, x), x, core.full([], value, x.dtype));

/** How many elements a mean is of: those of the axes, or those among them that a mask marks. */
const countOf = (x: Tensor, mask: Where, options: Axes): number | Tensor =>
  mask === null
    ? options.axes.reduce((product, i) => product * (x.shape[i] as number), 1)
    : core.cast(core.sum(conditionOf(mask, x), options), x.dtype);

/** What a reduction over some dimensions leaves of a shape. */
const reducedShape = (x: Tensor, { axes, keepdims }: Axes): number[] =>
  x.shape.flatMap((extent, i) => (axes.includes(i) ? (keepdims ? [1] : []) : [extent]));

/** A value to start from, in the dtype of the result. */
function started(fn: string, y: Tensor, initial: Initial, join: (a: Tensor, b: Tensor) => Tensor): Tensor {
  if (initial === null) return y;
  const start =
    initial instanceof JaxArray && !isNumber(initial)
      ? converted(initial.core, y.dtype)
      : scalar(fn, "initial", initial, y.dtype);
  if (start.rank === 0) return join(y, start);
  throw new ShapeError({ op: fn, argument: "initial", expected: "a scalar", given: core.formatShape(start.shape) });
}

export interface SumNamed {
  axis: Axis;
  dtype: Dtype | null;
  out: null;
  keepdims: boolean;
  initial: Initial;
  where: Where;
  promote_integers: boolean;
}
type SumRest = [
  axis: Axis,
  dtype: Dtype | null,
  out: null,
  keepdims: boolean,
  initial: Initial,
  where: Where,
  promote_integers: boolean,
];

/** Sums and products. Where a mask does not hold stands the neutral element; booleans are counted in int32. */
const total = (
  fn: "sum" | "prod",
  op: Reduction,
  join: (a: Tensor, b: Tensor) => Tensor,
  neutral: number,
): Both<"a", SumRest, SumNamed> =>
  both(
    fn,
    "a",
    { axis: axes, dtype: dtypeKind.or(null), out, keepdims, initial, where, promote_integers: true },
    (a, { axis, dtype, keepdims, initial, where, promote_integers }) =>
      run(() => {
        let x = computable(fn, "a", a);
        if (dtype !== null) x = converted(x, checkDtype(fn, dtype));
        else if (x.dtype === "bool" && !promote_integers)
          throw new UnsupportedError({
            op: fn,
            argument: "promote_integers",
            expected: "true: booleans are counted in int32",
            given: "false",
          });
        if (x.dtype === "bool") x = core.cast(x, "int32");
        const y = op(masked(x, where, neutral), { axes: axesOf(fn, axis, x.rank), keepdims });
        const result = started(fn, y, initial, join);
        return dtype === null ? result : converted(result, dtype);
      }),
  );

const sums = total("sum", core.sum, core.add, 0);
const prods = total("prod", core.prod, core.mul, 1);
/** Over `axis` (default all dimensions); booleans are counted in int32. `where` marks what counts. */
export const sum = sums.fn;
/** Product over `axis` (default all dimensions), otherwise as sum. */
export const prod = prods.fn;

export interface ExtremeNamed {
  axis: Axis;
  out: null;
  keepdims: boolean;
  initial: Initial;
  where: Where;
}
type ExtremeRest = [axis: Axis, out: null, keepdims: boolean, initial: Initial, where: Where];

/** What no element of a dtype lies below, and above. */
const infinite = (sign: 1 | -1) => {
  const infinity = sign * Number.POSITIVE_INFINITY;
  return { float32: infinity, float16: infinity, bfloat16: infinity };
};
const LOWEST = { ...infinite(-1), int32: -(2 ** 31), uint32: 0, bool: 0, uint8: 0 };
const HIGHEST = { ...infinite(1), int32: 2 ** 31 - 1, uint32: 2 ** 32 - 1, bool: 1, uint8: 255 };

const extreme = (name: string, which: "max" | "min"): Both<"a", ExtremeRest, ExtremeNamed> =>
  both(name, "a", { axis: axes, out, keepdims, initial, where }, (a, { axis, keepdims, initial, where }) =>
    run(() => {
      const x = computable(name, "a", a);
      if (where !== null && initial === null)
        throw new ArgumentError({
          op: name,
          argument: "initial",
          expected: "a value, because with `where` there may be no element",
          given: "none",
        });
      const options = { axes: axesOf(name, axis, x.rank), keepdims };
      const outside = (which === "max" ? LOWEST : HIGHEST)[x.dtype];
      const seen = masked(x, where, outside);
      if (x.dtype === "bool") {
        const [op, join] = which === "max" ? [core.any, core.logicalOr] : [core.all, core.logicalAnd];
        return started(name, op(seen, options), initial, join);
      }
      const [op, join] = which === "max" ? [core.max, core.maximum] : [core.min, core.minimum];
      const none = initial !== null && options.axes.some((i) => x.shape[i] === 0);
      const y = none ? core.full(reducedShape(x, options), outside, x.dtype) : op(seen, options);
      return started(name, y, initial, join);
    }),
  );

const maxima = extreme("max", "max");
const minima = extreme("min", "min");
/** Largest element over `axis`; NaN wins, and equal ones share the gradient. With `where` an `initial` value is needed. */
export const max = maxima.fn;
/** Smallest element over `axis`, otherwise as max. */
export const min = minima.fn;
export const amax = extreme("amax", "max").fn;
export const amin = extreme("amin", "min").fn;

export interface TruthNamed {
  axis: Axis;
  out: null;
  keepdims: boolean;
  where: Where;
}
type TruthRest = [axis: Axis, out: null, keepdims: boolean];

const truth = (fn: string, op: Reduction, neutral: number): Both<"a", TruthRest, TruthNamed> =>
  both(fn, "a", { axis: axes, out, keepdims, "*": null, where }, (a, { axis, keepdims, where }) =>
    run(() => {
      const x = converted(operand(fn, "a", a), "bool");
      return op(masked(x, where, neutral), { axes: axesOf(fn, axis, x.rank), keepdims });
    }),
  );
const anys = truth("any", core.any, 0);
const alls = truth("all", core.all, 1);
/** Whether any element over `axis` is not 0. */
export const any = anys.fn;
/** Whether all elements over `axis` are not 0. */
export const all = alls.fn;

export interface MeanNamed extends TruthNamed {
  dtype: "float32" | null;
}
type MeanRest = [axis: Axis, dtype: "float32" | null, out: null, keepdims: boolean];

const means: Both<"a", MeanRest, MeanNamed> = both(
  "mean",
  "a",
  { axis: axes, dtype: float, out, keepdims, "*": null, where },
  (a, { axis, dtype, keepdims, where }) =>
    run(() => {
      const x = inIts("mean", a, dtype);
      const options = { axes: axesOf("mean", axis, x.rank), keepdims };
      if (where === null) return core.mean(x, options);
      return core.div(core.sum(masked(x, where, 0), options), countOf(x, where, options));
    }),
);
/** Over `axis` (default all dimensions), in float32. */
export const mean = means.fn;

export interface SpreadMethodNamed extends MeanNamed {
  ddof: number;
  correction: number | null;
}
interface SpreadNamed extends SpreadMethodNamed {
  mean: JaxArray | null;
}
type SpreadRest = [axis: Axis, dtype: "float32" | null, out: null, ddof: number, keepdims: boolean];

const spreadRules = { axis: axes, dtype: float, out, ddof: 0, keepdims, "*": null, where } as const;
const correction = number.or(null);

function variance(fn: string, a: ArrayLike, given: Omit<SpreadNamed, "out">): Tensor {
  return core.inFloat32((x) => squaresAround(fn, x, given))(inIts(fn, a, given.dtype));
}

function squaresAround(fn: string, x: Tensor, given: Omit<SpreadNamed, "dtype" | "out">): Tensor {
  const { ddof, correction, where, mean } = given;
  if (correction !== null && ddof !== 0)
    throw new ArgumentError({ op: fn, argument: "correction", expected: "no ddof beside it", given: `ddof ${ddof}` });
  const over = { axes: axesOf(fn, given.axis, x.rank), keepdims: given.keepdims };
  const kept = { axes: over.axes, keepdims: true };
  const average = (): Tensor =>
    where === null ? core.mean(x, kept) : core.div(core.sum(masked(x, where, 0), kept), countOf(x, where, kept));
  const centre = mean === null ? average() : inexact(fn, "mean", mean);
  const squares = core.sum(masked(core.square(core.sub(x, centre)), where, 0), over);
  const count = countOf(x, where, over);
  const less = correction ?? ddof;
  if (typeof count === "number") return count > less ? core.div(squares, count - less) : core.mul(squares, Number.NaN);
  const divisor = core.sub(count, less);
  return core.where(core.greater(divisor, 0), core.div(squares, divisor), Number.NaN);
}

function spread(fn: "var" | "std", finish: (variance: Tensor) => Tensor) {
  const fnOf: (...args: Given<[a: ArrayLike], SpreadRest, SpreadNamed & { a: ArrayLike }>) => JaxArray = define(
    `jax.numpy.${fn}`,
    { a: arrayLike, ...spreadRules, mean: array.or(null), correction },
    (values) => run(() => finish(variance(fn, values.a, values))),
  );
  const method: Both<"a", SpreadRest, SpreadMethodNamed>["method"] = defineMethod(
    `jax.Array.${fn}`,
    { ...spreadRules, correction },
    (self: JaxArray, values) => run(() => finish(variance(fn, self, { ...values, mean: null }))),
  );
  return { fn: fnOf, method };
}

const variances = spread("var", (x) => x);
const deviations = spread("std", core.sqrt);
/** Mean squared distance from the mean; divides by n - ddof (default 0), or n - correction. Exported as `jnp.var`. */
export const var_ = variances.fn;
export { var_ as var };
/** Square root of var. */
export const std = deviations.fn;

export interface ArgNamed {
  axis: number | null;
  out: null;
  keepdims: boolean | null;
}
type ArgRest = [axis: number | null, out: null, keepdims: boolean | null];

const position = (
  fn: "argmax" | "argmin",
  op: (x: Tensor, axis: number, keepdims: boolean) => Tensor,
): Both<"a", ArgRest, ArgNamed> =>
  both(fn, "a", { axis: int.or(null), out, keepdims: bool.or(null) }, (a, { axis, keepdims }) =>
    run(() => {
      const whole = computable(fn, "a", a);
      const x = whole.dtype === "bool" ? core.cast(whole, "int32") : whole;
      if (axis !== null) {
        const [only] = axesOf(fn, axis, x.rank) as [number];
        if (x.shape[only] === 0)
          throw new ShapeError({
            op: fn,
            argument: "a",
            expected: "at least one element",
            given: core.formatShape(x.shape),
          });
        return op(x, only, keepdims ?? false);
      }
      if (x.size === 0)
        throw new ShapeError({
          op: fn,
          argument: "a",
          expected: "at least one element",
          given: core.formatShape(x.shape),
        });
      const flat = op(core.reshape(x, [x.size]), 0, false);
      return keepdims
        ? core.reshape(
            flat,
            x.shape.map(() => 1),
          )
        : flat;
    }),
  );

const largest = position("argmax", core.argmax);
const smallest = position("argmin", core.argmin);
/** Index (int32) of the first largest element, along an axis or of the array laid flat. */
export const argmax = largest.fn;
/** Index (int32) of the first smallest element, along an axis or of the array laid flat. */
export const argmin = smallest.fn;

export const reduceMethods = {
  sum: sums.method,
  prod: prods.method,
  mean: means.method,
  max: maxima.method,
  min: minima.method,
  any: anys.method,
  all: alls.method,
  var: variances.method,
  std: deviations.method,
  argmax: largest.method,
  argmin: smallest.method,
};
