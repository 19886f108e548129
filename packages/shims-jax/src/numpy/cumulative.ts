// Running sums and products, differences, and integrals of samples.
import * as core from "@facet/autograd";
import { type Dtype, ShapeError, type Tensor } from "@facet/autograd";
import { bool, define, int, number, only } from "@facet/dialect";
import { array, arrayLike, dtype as dtypeKind, type Given } from "../arguments.js";
import { type ArrayLike, checkDtype, computable, converted, inexact, type JaxArray, run } from "../array.js";
import { axisOf, broadcast, lineOf } from "./axes.js";
import { type Both, both } from "./function.js";
import { promoted, promotedReal } from "./ufunc.js";

type Running = (x: Tensor, options: { axis: number }) => Tensor;

/** A running reduction along one axis, or of the array laid flat. Booleans are counted in int32. */
function running(fn: string, a: ArrayLike, axis: number | null, dtype: Dtype | null, op: Running): Tensor {
  const given = computable(fn, "a", a);
  const typed = dtype === null ? given : converted(given, checkDtype(fn, dtype));
  const x = typed.dtype === "bool" ? core.cast(typed, "int32") : typed;
  const [line, at] = lineOf(fn, x, axis);
  const y = op(line, { axis: at });
  return dtype === null ? y : converted(y, dtype);
}

export interface CumulativeNamed {
  axis: number | null;
  dtype: Dtype | null;
  out: null;
}
type Cumulative = Both<"a", [axis: number | null, dtype: Dtype | null, out: null], CumulativeNamed>;
const CUMULATIVE = { axis: int.or(null), dtype: dtypeKind.or(null), out: only(null) } as const;
const cumulative = (fn: string, op: Running, given: (x: ArrayLike) => ArrayLike = (x) => x): Cumulative =>
  both(fn, "a", CUMULATIVE, (a, { axis, dtype }) => run(() => running(fn, given(a), axis, dtype, op)));

const sums = cumulative("cumsum", core.cumsum);
const products = cumulative("cumprod", core.cumprod);
/** Sums of the elements so far along an axis, or of the array laid flat. */
export const cumsum = sums.fn;
/** Products of the elements so far, otherwise as cumsum. */
export const cumprod = products.fn;

/** NaN as a value that does not count. */
const withoutNan =
  (fn: string, value: number) =>
  (a: ArrayLike): ArrayLike =>
    run(() => {
      const [x] = promoted(fn, { a }) as [Tensor];
      return core.isFloating(x.dtype) ? core.where(core.isNan(x), value, x) : x;
    });
/** As cumsum, NaN as 0. */
export const nancumsum = cumulative("nancumsum", core.cumsum, withoutNan("nancumsum", 0)).fn;
/** As cumprod, NaN as 1. */
export const nancumprod = cumulative("nancumprod", core.cumprod, withoutNan("nancumprod", 1)).fn;

type FromInitial = (
  x: ArrayLike,
  options?: { axis?: number | null; dtype?: Dtype | null; include_initial?: boolean },
) => JaxArray;
const fromInitial = (fn: string, op: Running, initial: number): FromInitial =>
  define(
    `jax.numpy.${fn}`,
    {
      x: arrayLike,
      "/": null,
      "*": null,
      axis: int.or(null),
      dtype: dtypeKind.or(null),
      include_initial: bool.or(false),
    },
    ({ x: given, axis, dtype, include_initial }) =>
      run(() => {
        const x = computable(fn, "x", given);
        if (axis === null && x.rank !== 1)
          throw new ShapeError({
            op: fn,
            argument: "axis",
            expected: "an axis, unless x has one dimension",
            given: "null",
          });
        const at = axisOf(fn, axis ?? 0, x.rank);
        const y = running(fn, given, at, dtype, op);
        if (!include_initial) return y;
        const shape = y.shape.map((extent, i) => (i === at ? 1 : extent));
        return core.concat([core.full(shape, initial, y.dtype), y], at);
      }),
  );
/** Sums so far along `axis`, which only one dimension may leave out; with 0 before them if `include_initial`. */
export const cumulative_sum = fromInitial("cumulative_sum", core.cumsum, 0);
/** As cumulative_sum, of products and with 1 before them. */
export const cumulative_prod = fromInitial("cumulative_prod", core.cumprod, 1);

interface DiffNamed {
  a: ArrayLike;
  n: number;
  axis: number;
  prepend: ArrayLike | null;
  append: ArrayLike | null;
}
const edge = arrayLike.or(null);
/** Differences of neighbours along an axis (default the last), `n` times; of booleans whether they differ. */
export const diff: (
  ...args: Given<
    [a: ArrayLike],
    [n: number, axis: number, prepend: ArrayLike | null, append: ArrayLike | null],
    DiffNamed
  >
) => JaxArray = define(
  "jax.numpy.diff",
  {
    a: arrayLike,
    n: int.where("a whole number of 0 or more", (n) => n >= 0).or(1),
    axis: int.or(-1),
    prepend: edge,
    append: edge,
  },
  ({ a, n, axis, prepend, append }) =>
    run(() => {
      const x = computable("diff", "a", a);
      const at = axisOf("diff", axis, x.rank);
      /** A number stands for one slice. */
      const part = (argument: string, given: ArrayLike | null): Tensor[] => {
        if (given === null) return [];
        const value = converted(computable("diff", argument, given), x.dtype);
        return [
          value.rank > 0
            ? value
            : broadcast(
                value,
                x.shape.map((extent, i) => (i === at ? 1 : extent)),
              ),
        ];
      };
      const whole = core.concat([...part("prepend", prepend), x, ...part("append", append)], at);
      return core.diff(whole, { n, axis: at });
    }),
);

/** Differences of neighbours of the array laid flat, between what begins and ends them. */
export const ediff1d: (
  ...args: Given<
    [ary: ArrayLike],
    [to_end: ArrayLike | null, to_begin: ArrayLike | null],
    { ary: ArrayLike; to_end: ArrayLike | null; to_begin: ArrayLike | null }
  >
) => JaxArray = define(
  "jax.numpy.ediff1d",
  { ary: arrayLike, to_end: edge, to_begin: edge },
  ({ ary, to_end, to_begin }) =>
    run(() => {
      const x = computable("ediff1d", "ary", ary);
      const flat = (argument: string, given: ArrayLike | null): Tensor[] => {
        if (given === null) return [];
        const value = converted(computable("ediff1d", argument, given), x.dtype);
        return [core.reshape(value, [value.size])];
      };
      const middle = core.diff(core.reshape(x, [x.size]), { axis: 0 });
      return core.concat([...flat("to_begin", to_begin), middle, ...flat("to_end", to_end)], 0);
    }),
);

/** The integral of samples along an axis by the trapezoidal rule, at positions `x` or `dx` apart. */
export const trapezoid: (
  ...args: Given<
    [y: ArrayLike],
    [x: ArrayLike | null, dx: number, axis: number],
    { y: ArrayLike; x: ArrayLike | null; dx: number; axis: number }
  >
) => JaxArray = define(
  "jax.numpy.trapezoid",
  { y: arrayLike, x: edge, dx: number.or(1), axis: int.or(-1) },
  ({ y: given, x, dx, axis }) =>
    run(() => {
      const [y, places] = promotedReal("trapezoid", x === null ? { y: given } : { y: given, x }) as [Tensor, Tensor?];
      const at = axisOf("trapezoid", axis, y.rank);
      const extent = y.shape[at] as number;
      const pairs = core.add(core.sliceAlong(y, at, 1, extent), core.sliceAlong(y, at, 0, extent - 1));
      let width: Tensor | number = dx;
      if (places) {
        const steps = core.diff(places, { axis: places.rank === 1 ? 0 : at });
        width =
          places.rank === 1
            ? core.reshape(
                steps,
                y.shape.map((_, i) => (i === at ? extent - 1 : 1)),
              )
            : steps;
      }
      return core.mul(core.sum(core.mul(pairs, width), { axes: at }), 0.5);
    }),
);

/** f at x, straight between the points (xp, fp), of which xp ascends; `left` and `right` (default the ends) beyond them. */
export const interp: (
  ...args: Given<
    [x: ArrayLike, xp: JaxArray, fp: JaxArray],
    [left: ArrayLike | null, right: ArrayLike | null, period: null],
    { x: ArrayLike; xp: JaxArray; fp: JaxArray; left: ArrayLike | null; right: ArrayLike | null; period: null }
  >
) => JaxArray = define(
  "jax.numpy.interp",
  { x: arrayLike, xp: array, fp: array, left: edge, right: edge, period: only(null) },
  ({ x: given, xp, fp, left, right }) =>
    run(() => {
      const fn = "interp";
      const [x, places, values] = promotedReal(fn, { x: given, xp, fp }) as [Tensor, Tensor, Tensor];
      if (places.rank !== 1 || places.size === 0 || `${places.shape}` !== `${values.shape}`)
        throw new ShapeError({
          op: fn,
          argument: "fp",
          expected: `one dimension, as xp ${core.formatShape(places.shape)}`,
          given: core.formatShape(values.shape),
        });
      const last = places.size - 1;
      const line = core.reshape(x, [x.size]);
      const found = core.searchSorted(places, line, { right: true });
      const above = core.maximum(core.minimum(found, last), Math.min(1, last));
      const at = (of: Tensor, less: number): Tensor => core.take(of, core.maximum(core.sub(above, less), 0));
      const [x0, x1, f0, f1] = [at(places, 1), at(places, 0), at(values, 1), at(values, 0)];
      const width = core.sub(x1, x0);
      const step = core.equal(width, 0);
      const share = core.div(core.sub(line, x0), core.where(step, 1, width));
      const inside = core.where(step, f0, core.add(f0, core.mul(share, core.sub(f1, f0))));
      const end = (argument: string, value: ArrayLike | null, i: number): Tensor =>
        value === null
          ? core.reshape(core.sliceAlong(values, 0, i, i + 1), [])
          : converted(inexact(fn, argument, value), values.dtype);
      const first = core.sliceAlong(places, 0, 0, 1);
      const below = core.where(core.less(line, first), end("left", left, 0), inside);
      const y = core.where(
        core.greater(line, core.sliceAlong(places, 0, last, last + 1)),
        end("right", right, last),
        below,
      );
      return core.reshape(y, x.shape);
    }),
);

export const cumulativeMethods = { cumsum: sums.method, cumprod: products.method };
