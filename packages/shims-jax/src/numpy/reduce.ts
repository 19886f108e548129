import * as core from "@facet/autograd";
import { ShapeError, type Tensor } from "@facet/autograd";
import { type ArrayLike, type Axis, computable, converted, inexact, JaxArray, run, scalar } from "../array.js";
import { isKeywords, type Keywords, keywords } from "../options.js";
import { axesOf } from "./shape.js";

export type ReduceKeywords = Keywords<{ axis: Axis; keepdims: boolean }>;
export type SpreadKeywords = Keywords<{ axis: Axis; keepdims: boolean; ddof: number }>;
export type ArgKeywords = Keywords<{ axis: number | null | undefined; keepdims: boolean }>;

const REFUSED = { dtype: undefined, out: undefined, initial: undefined, where: undefined };

/** The axis may be given in its place or by name. */
function given<T extends { axis: Axis }>(
  fn: string,
  axis: Axis | Keywords<T>,
  options: Keywords<T> | undefined,
  defaults: T,
): T {
  if (isKeywords(axis)) return keywords(fn, axis as Keywords<T>, defaults, REFUSED);
  return keywords(fn, options, { ...defaults, axis: axis as Axis }, REFUSED);
}

type Reduction = (x: Tensor, options: { axes: readonly number[]; keepdims: boolean }) => Tensor;

const reduction =
  (fn: string, op: Reduction, float = false) =>
  (a: ArrayLike, axis?: Axis | ReduceKeywords, options?: ReduceKeywords): JaxArray => {
    const { axis: which, keepdims } = given(fn, axis, options, { axis: undefined as Axis, keepdims: false });
    return run(() => {
      const x = operand(fn, a);
      return op(float ? converted(x, "float32") : x, { axes: axesOf(fn, which, x.rank), keepdims });
    });
  };

const operand = (fn: string, a: ArrayLike): Tensor =>
  a instanceof JaxArray ? computable(fn, "a", a) : scalar(fn, "a", a, typeof a === "boolean" ? "bool" : "float32");

/** Over `axis` (default all dimensions); booleans are counted in int32. */
export const sum = reduction("sum", core.sum);
/** Integers give float32. */
export const mean = reduction("mean", core.mean, true);
export const prod = reduction("prod", (x, options) =>
  core.prod(x.dtype === "bool" ? core.cast(x, "int32") : x, options),
);
export const max = reduction("max", core.max);
export const min = reduction("min", core.min);
export const amax = max;
export const amin = min;
export const any = reduction("any", core.any);
export const all = reduction("all", core.all);

function variance(fn: string, a: ArrayLike, axis: Axis | SpreadKeywords, options: SpreadKeywords | undefined): Tensor {
  const {
    axis: which,
    keepdims,
    ddof,
  } = given(fn, axis, options, { axis: undefined as Axis, keepdims: false, ddof: 0 });
  const x = inexact(fn, "a", a);
  const axes = axesOf(fn, which, x.rank);
  const count = axes.reduce((product, i) => product * (x.shape[i] as number), 1);
  const centred = core.sub(x, core.mean(x, { axes, keepdims: true }));
  return core.div(core.sum(core.square(centred), { axes, keepdims }), count - ddof);
}

/** Mean squared distance from the mean; divides by n - ddof (default 0). Exported as `jnp.var`. */
export const var_ = (a: ArrayLike, axis?: Axis | SpreadKeywords, options?: SpreadKeywords): JaxArray =>
  run(() => variance("var", a, axis, options));
export { var_ as var };
/** Square root of var. */
export const std = (a: ArrayLike, axis?: Axis | SpreadKeywords, options?: SpreadKeywords): JaxArray =>
  run(() => core.sqrt(variance("std", a, axis, options)));

const argReduction =
  (fn: "argmax" | "argmin", op: (x: Tensor, axis: number, keepdims: boolean) => Tensor) =>
  (a: ArrayLike, axis?: number | null | ArgKeywords, options?: ArgKeywords): JaxArray => {
    const values = given(fn, axis, options, { axis: undefined as Axis, keepdims: false });
    return run(() => {
      const whole = operand(fn, a);
      const x = whole.dtype === "bool" ? core.cast(whole, "int32") : whole;
      if (x.size === 0)
        throw new ShapeError({
          op: fn,
          argument: "a",
          expected: "at least one element",
          given: core.formatShape(x.shape),
        });
      if (values.axis !== undefined && values.axis !== null) {
        const [only] = axesOf(fn, values.axis, x.rank) as [number];
        return op(x, only, values.keepdims);
      }
      const flat = op(core.reshape(x, [x.size]), 0, false);
      return values.keepdims
        ? core.reshape(
            flat,
            x.shape.map(() => 1),
          )
        : flat;
    });
  };

/** Index (int32) of the first largest element, along an axis or of the array laid flat. */
export const argmax = argReduction("argmax", core.argmax);
/** Index (int32) of the first smallest element, along an axis or of the array laid flat. */
export const argmin = argReduction("argmin", core.argmin);
