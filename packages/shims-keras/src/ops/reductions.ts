// keras.ops: what is said of all elements along some axes.
import * as core from "@facet/autograd";
import { type Args, int, number, oneOf } from "@facet/dialect";
import { arrayOrPlaceholder, axes } from "../kinds.js";
import { defineOp } from "../operation.js";
import { type KerasTensor, Tensor, type TensorDtype, type TensorLike } from "../tensor.js";
import type { Operand } from "./arithmetic.js";
import {
  type Axis,
  axesOf,
  dtypeArgument,
  floated,
  kept,
  knownDtype,
  lineOf,
  numbers,
  type Op,
  type Reduction,
  reduction,
  together,
} from "./define.js";

/** Sum over `axis` (default all); of bools int32. */
export const sum = reduction("sum", core.sum, numbers);
/** Over `axis` (default all); integers are averaged as float32. */
export const mean = reduction("mean", core.mean);
/** Variance, without a correction, of floats. */
const var_ = reduction("var", (x, options) => core.variance(x, options, 0));

export { var_ as var };
/** The root of the variance. */
export const std = reduction("std", (x, options) => core.sqrt(core.variance(x, options, 0)));
/** Whether all elements are other than 0. */
export const all = reduction("all", (x, options) => core.all(core.cast(x, "bool"), options), kept);
/** Whether any element is other than 0. */
export const any = reduction("any", (x, options) => core.any(core.cast(x, "bool"), options), kept);
export const amax = reduction("amax", (x, options) => ofBools(core.max, x, options), kept);
export const amin = reduction("amin", (x, options) => ofBools(core.min, x, options), kept);
/** The largest element less the smallest. */
export const ptp = reduction("ptp", (x, options) => core.sub(core.max(x, options), core.min(x, options)), numbers);
/** log of the sum of e^x. */
export const logsumexp = reduction("logsumexp", core.logsumexp);

interface Options {
  axes: readonly number[];
  keepdims: boolean;
}
/** Bools have an order as numbers have. */
function ofBools(f: typeof core.max, x: core.Tensor, options: Options): core.Tensor {
  return x.dtype === "bool" ? core.cast(f(core.cast(x, "int32"), options), "bool") : f(x, options);
}

/** The shape of a reduction's result. */
const reducedShape = (shape: readonly number[], gone: readonly number[], keepdims: boolean): number[] =>
  keepdims ? shape.map((extent, i) => (gone.includes(i) ? 1 : extent)) : shape.filter((_, i) => !gone.includes(i));

/** Largest or smallest elements, `initial` counted among them. */
const extreme = (
  name: "max" | "min",
  f: typeof core.max,
  pick: typeof core.maximum,
): Reduction<{ initial: number | null }> =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, axis: axes.or(null), keepdims: false, initial: number.or(null) },
    {
      compute: ({ x, axis, keepdims, initial }) => {
        const given = kept(x, name);
        const options = { axes: axesOf(name, axis as Axis, given.rank), keepdims };
        if (initial === null) return new Tensor(ofBools(f, given, options));
        if (given.size > 0) return new Tensor(pick(f(numbers(x, name), options), initial));
        return new Tensor(core.full(reducedShape(given.shape, options.axes, keepdims), initial, given.dtype));
      },
    },
  );
/** Largest element along `axis` (default of all). */
export const max = extreme("max", core.max, core.maximum);
/** Smallest element along `axis` (default of all). */
export const min = extreme("min", core.min, core.minimum);

type ProdArguments = { axis: Axis; keepdims: boolean; dtype: TensorDtype | null };
type ProdRest = Args<[axis: Axis, keepdims: boolean, dtype: TensorDtype | null], ProdArguments>;
/** Product over `axis` (default all), in `dtype`; of bools int32. */
export const prod: Op<ProdRest> = defineOp(
  "keras.ops.prod",
  { x: arrayOrPlaceholder, axis: axes.or(null), keepdims: false, dtype: dtypeArgument.or(null) },
  {
    compute: ({ x, axis, keepdims, dtype }) => {
      const read = numbers(x, "prod");
      const given = dtype === null ? read : core.cast(read, knownDtype("prod", dtype));
      return new Tensor(core.prod(given, { axes: axesOf("prod", axis as Axis, given.rank), keepdims }));
    },
  },
);

type PlaceRest = Args<[axis: number | null, keepdims: boolean], { axis: number | null; keepdims: boolean }>;
/** A place along `axis`; without one, in the flattened tensor. */
const placeOf = (name: string, f: typeof core.argmax, prepared: (x: core.Tensor) => core.Tensor): Op<PlaceRest> =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, axis: int.or(null), keepdims: false },
    {
      compute: ({ x, axis, keepdims }) => {
        const given = numbers(x, name);
        const [line, at] = lineOf(name, given, axis);
        const index = f(prepared(line), at, axis !== null && keepdims);
        const ones = given.shape.map(() => 1);
        return new Tensor(axis === null && keepdims ? core.reshape(index, ones) : index);
      },
    },
  );
/** Index (int32) of the largest element along `axis`; without one, in the flattened tensor. */
export const argmax = placeOf("argmax", core.argmax, (x) => x);
/** Index (int32) of the smallest element along `axis`; without one, in the flattened tensor. */
export const argmin = placeOf("argmin", core.argmin, (x) => x);

const withoutNan = (instead: number) => (x: core.Tensor) =>
  core.isFloating(x.dtype) ? core.where(core.isNan(x), instead, x) : x;
/** -1 where all is NaN, else the index that passes over it. */
const placePassingNan = (f: typeof core.argmax, instead: number): typeof core.argmax => {
  const prepared = withoutNan(instead);
  return (x, axis, keepdims) => {
    const index = f(prepared(x), axis, keepdims);
    if (!core.isFloating(x.dtype)) return index;
    return core.where(core.all(core.isNan(x), { axes: axis, keepdims }), -1, index);
  };
};
/** argmax that passes over NaN; -1 where all is. */
export const nanargmax = placeOf("nanargmax", placePassingNan(core.argmax, Number.NEGATIVE_INFINITY), (x) => x);
/** argmin that passes over NaN; -1 where all is. */
export const nanargmin = placeOf("nanargmin", placePassingNan(core.argmin, Number.POSITIVE_INFINITY), (x) => x);

const counted = (x: core.Tensor, options: Options): core.Tensor =>
  core.sum(core.cast(core.logicalNot(core.isNan(x)), "float32"), options);
const nanMean = (x: core.Tensor, options: Options): core.Tensor =>
  core.div(core.sum(withoutNan(0)(x), options), counted(x, options));
const nanVariance = (x: core.Tensor, options: Options): core.Tensor => {
  const centre = nanMean(x, { axes: options.axes, keepdims: true });
  return nanMean(core.square(core.sub(x, centre)), options);
};
/** NaN only where all is. */
const nanExtreme = (f: typeof core.max, instead: number) => (x: core.Tensor, options: Options) => {
  if (!core.isFloating(x.dtype)) return ofBools(f, x, options);
  const all = core.all(core.isNan(x), options);
  return core.where(all, Number.NaN, f(withoutNan(instead)(x), options));
};
export const nansum = reduction("nansum", (x, options) => core.sum(withoutNan(0)(x), options), numbers);
export const nanprod = reduction("nanprod", (x, options) => core.prod(withoutNan(1)(x), options), numbers);
export const nanmean = reduction("nanmean", nanMean);
export const nanvar = reduction("nanvar", nanVariance);
export const nanstd = reduction("nanstd", (x, options) => core.sqrt(nanVariance(x, options)));
export const nanmax = reduction("nanmax", nanExtreme(core.max, Number.NEGATIVE_INFINITY), kept);
export const nanmin = reduction("nanmin", nanExtreme(core.min, Number.POSITIVE_INFINITY), kept);

/** How often an element is other than 0: int32. */
export const count_nonzero: Op<Args<[axis: Axis], { axis: Axis }>> = defineOp(
  "keras.ops.count_nonzero",
  { x: arrayOrPlaceholder, axis: axes.or(null) },
  {
    compute: ({ x, axis }) => {
      const given = kept(x, "count_nonzero");
      const each = core.cast(core.cast(given, "bool"), "int32");
      return new Tensor(core.sum(each, { axes: axesOf("count_nonzero", axis as Axis, given.rank) }));
    },
  },
);

type AverageRest = Args<[axis: Axis, weights: TensorLike | null], { axis: Axis; weights: TensorLike | null }>;
/** Weighted mean over `axis` (default all): weights of x's shape, or of its extent along a single axis. */
export const average: Op<AverageRest> = defineOp(
  "keras.ops.average",
  { x: arrayOrPlaceholder, axis: axes.or(null), weights: arrayOrPlaceholder.or(null) },
  {
    compute: ({ x, axis, weights }) => {
      const given = floated(x, "average");
      const options = { axes: axesOf("average", axis as Axis, given.rank) };
      if (weights === null) return new Tensor(core.mean(given, options));
      const [values, read] = together(
        [given, floated(weights, "average")].map((each) => new Tensor(each)),
        "average",
      );
      let factor = read as core.Tensor;
      if (factor.rank === 1 && given.rank > 1 && options.axes.length === 1) {
        const shape = given.shape.map((_, i) => (i === options.axes[0] ? factor.size : 1));
        factor = core.expand(core.reshape(factor, shape), given.shape);
      }
      return new Tensor(
        core.div(core.sum(core.mul(values as core.Tensor, factor), options), core.sum(factor, options)),
      );
    },
  },
);

type Method = core.Interpolation;
const methods = oneOf("linear", "lower", "higher", "midpoint", "nearest");
interface QuantileArguments {
  axis: Axis;
  method: Method;
  keepdims: boolean;
}
type QuantileRest = Args<[axis: Axis, method: Method, keepdims: boolean], QuantileArguments>;
interface QuantileOp {
  (x: TensorLike, q: TensorLike, ...rest: QuantileRest): Tensor;
  (x: Operand, q: Operand, ...rest: QuantileRest): KerasTensor;
}
const quantileOp = (name: string, divisor: number, ignoreNan: boolean): QuantileOp =>
  defineOp(
    `keras.ops.${name}`,
    {
      x: arrayOrPlaceholder,
      q: arrayOrPlaceholder,
      axis: axes.or(null),
      method: methods.or("linear"),
      keepdims: false,
    },
    {
      compute: ({ x, q, axis, method, keepdims }) => {
        const given = floated(x, name);
        const levels = core.div(floated(q, name), divisor);
        const options = { axes: axesOf(name, axis as Axis, given.rank), keepdims };
        return new Tensor(core.quantile(given, levels, { ...options, interpolation: method as Method, ignoreNan }));
      },
    },
  );
/** The q-th quantile, q from 0 to 1; several give a first dimension. */
export const quantile = quantileOp("quantile", 1, false);
/** The q-th percentile, q from 0 to 100. */
export const percentile = quantileOp("percentile", 100, false);
/** quantile that passes over NaN. */
export const nanquantile = quantileOp("nanquantile", 1, true);
/** percentile that passes over NaN. */
export const nanpercentile = quantileOp("nanpercentile", 100, true);
const middle = (ignoreNan: boolean) => (x: core.Tensor, options: Options) =>
  core.quantile(x, 0.5, { ...options, ignoreNan });
/** The middle element, or the mean of the two middle ones. */
export const median = reduction("median", middle(false));
/** median that passes over NaN. */
export const nanmedian = reduction("nanmedian", middle(true));

type CumulativeRest = Args<
  [axis: number | null, dtype: TensorDtype | null],
  { axis: number | null; dtype: TensorDtype | null }
>;
const cumulative = (
  name: string,
  f: (x: core.Tensor, options: { axis: number }) => core.Tensor,
  prepared: (x: core.Tensor) => core.Tensor = (x) => x,
): Op<CumulativeRest> =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, axis: int.or(null), dtype: dtypeArgument.or(null) },
    {
      compute: ({ x, axis, dtype }) => {
        const read = prepared(numbers(x, name));
        const [line, at] = lineOf(name, dtype === null ? read : core.cast(read, knownDtype(name, dtype)), axis);
        return new Tensor(f(line, { axis: at }));
      },
    },
  );
/** Sums of the elements so far along `axis`; without one, of the flattened tensor. */
export const cumsum = cumulative("cumsum", core.cumsum);
/** Products of the elements so far. */
export const cumprod = cumulative("cumprod", core.cumprod);
/** cumsum in which NaN counts as 0. */
export const nancumsum = cumulative("nancumsum", core.cumsum, withoutNan(0));
/** cumprod in which NaN counts as 1. */
export const nancumprod = cumulative("nancumprod", core.cumprod, withoutNan(1));
