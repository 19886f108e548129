// Averages with weights, ranges, covariance and correlation.
import * as core from "@facet/autograd";
import { ShapeError, type Tensor } from "@facet/autograd";
import { bool, define, int, only } from "@facet/dialect";
import { array, arrayLike, axes, float, type Given } from "../arguments.js";
import { type ArrayLike, type Axis, computable, converted, inexact, type JaxArray, run } from "../array.js";
import { axesOf, broadcast } from "./axes.js";
import { type Both, both } from "./function.js";
import { promotedReal } from "./ufunc.js";

interface AverageNamed {
  a: ArrayLike;
  axis: Axis;
  weights: ArrayLike | null;
  returned: boolean;
  keepdims: boolean;
}
/** Mean over `axis` (default all dimensions), of elements by their weights; with the sum of weights if `returned`. */
export const average: <Returned extends boolean = false>(
  ...args: Given<
    [a: ArrayLike],
    [axis: Axis, weights: ArrayLike | null, returned: Returned, keepdims: boolean],
    Omit<AverageNamed, "returned"> & { returned: Returned }
  >
) => Returned extends true ? [average: JaxArray, weights: JaxArray] : JaxArray = define(
  "jax.numpy.average",
  { a: arrayLike, axis: axes, weights: arrayLike.or(null), returned: bool.or(false), keepdims: bool.or(false) },
  ({ a, axis, weights, returned, keepdims }) => {
    const fn = "average";
    const [x, factors] = promotedReal(fn, weights === null ? { a } : { a, weights }) as [Tensor, Tensor?];
    const options = { axes: axesOf(fn, axis, x.rank), keepdims };
    const whole = (): Tensor => {
      const w = factors ?? core.full(x.shape, 1, x.dtype);
      if (`${w.shape}` === `${x.shape}`) return w;
      if (w.rank === 1 && options.axes.length === 1 && w.size === x.shape[options.axes[0] as number])
        return broadcast(
          core.reshape(
            w,
            x.shape.map((extent, i) => (i === options.axes[0] ? extent : 1)),
          ),
          x.shape,
        );
      throw new ShapeError({
        op: fn,
        argument: "weights",
        expected: `${core.formatShape(x.shape)}, or one weight for each along one axis`,
        given: core.formatShape(w.shape),
      });
    };
    const total = run(() => core.sum(whole(), options));
    const mean = run(() =>
      weights === null ? core.mean(x, options) : core.div(core.sum(core.mul(x, whole()), options), total.core),
    );
    return (returned ? [mean, total] : mean) as never;
  },
);

export interface RangeNamed {
  axis: Axis;
  out: null;
  keepdims: boolean;
}
const ranges: Both<"a", [axis: Axis, out: null, keepdims: boolean], RangeNamed> = both(
  "ptp",
  "a",
  { axis: axes, out: only(null), keepdims: bool.or(false) },
  (a, { axis, keepdims }) =>
    run(() => {
      const x = computable("ptp", "a", a);
      const options = { axes: axesOf("ptp", axis, x.rank), keepdims };
      return core.sub(core.max(x, options), core.min(x, options));
    }),
);
/** Largest less smallest element over `axis` (default all dimensions). */
export const ptp = ranges.fn;

/** Variables as rows of observations: those of x, then those of y. */
function observations(fn: string, x: ArrayLike, y: ArrayLike | null, rowvar: boolean): Tensor {
  const rows = (argument: string, given: ArrayLike): Tensor => {
    const of = inexact(fn, argument, given);
    if (of.rank > 2)
      throw new ShapeError({ op: fn, argument, expected: "at most two dimensions", given: core.formatShape(of.shape) });
    if (of.rank < 2) return core.reshape(of, [1, of.size]);
    return rowvar || of.shape[0] === 1 ? of : core.transpose(of, [1, 0]);
  };
  const own = rows(fn === "cov" ? "m" : "x", x);
  return y === null ? own : core.concat([own, rows("y", y)], 0);
}

interface CovNamed {
  m: ArrayLike;
  y: ArrayLike | null;
  rowvar: boolean;
  bias: boolean;
  ddof: number | null;
  fweights: JaxArray | null;
  aweights: JaxArray | null;
  dtype: "float32" | null;
}
type CovValues = Omit<CovNamed, "rowvar"> & { rowvar: boolean; fn: string };
function covariance(values: CovValues): Tensor {
  const { fn, m, y, rowvar, dtype } = values;
  const x = observations(fn, m, y, rowvar);
  return core.inFloat32((rows) => spreadOf(rows, values))(dtype === null ? x : converted(x, dtype));
}

function spreadOf(x: Tensor, { fn, bias, ddof, fweights, aweights }: CovValues): Tensor {
  const less = ddof ?? (bias ? 0 : 1);
  const [rows, count] = x.shape as [number, number];
  if (count === 0) return core.full(rows === 1 ? [] : [rows, rows], Number.NaN);
  const named = [
    ["fweights", fweights],
    ["aweights", aweights],
  ] as const;
  const weights = named.flatMap(([argument, w]) => {
    if (w === null) return [];
    if (w.ndim === 1 && w.size === count) return [inexact(fn, argument, w)];
    throw new ShapeError({ op: fn, argument, expected: `[${count}]`, given: core.formatShape(w.shape) });
  });
  const [first, second] = weights;
  const w = first && second ? core.mul(first, second) : first;
  const total = w ? core.sum(w) : core.full([], count);
  const mean = w
    ? core.div(core.sum(core.mul(x, w), { axes: 1, keepdims: true }), total)
    : core.mean(x, { axes: 1, keepdims: true });
  const centred = core.sub(x, mean);
  // The original's divisor with weights of reliability.
  const factor =
    aweights === null || w === undefined || less === 0
      ? core.sub(total, less)
      : core.sub(total, core.div(core.mul(core.sum(core.mul(w, inexact(fn, "aweights", aweights))), less), total));
  const product = core.matmul(w ? core.mul(centred, w) : centred, core.transpose(centred, [1, 0]));
  // Fewer observations than are taken off leave nothing to divide by.
  const y2 = core.div(product, core.maximum(factor, 0));
  return rows === 1 ? core.reshape(y2, []) : y2;
}
/** Covariance of variables, which are rows (columns without `rowvar`), over n - 1 observations, or n - ddof. float32. */
export const cov: (
  ...args: Given<
    [m: ArrayLike],
    [
      y: ArrayLike | null,
      rowvar: boolean,
      bias: boolean,
      ddof: number | null,
      fweights: JaxArray | null,
      aweights: JaxArray | null,
      dtype: "float32" | null,
    ],
    CovNamed
  >
) => JaxArray = define(
  "jax.numpy.cov",
  {
    m: arrayLike,
    y: arrayLike.or(null),
    rowvar: bool.or(true),
    bias: bool.or(false),
    ddof: int.or(null),
    fweights: array.or(null),
    aweights: array.or(null),
    dtype: float,
  },
  (values) => run(() => covariance({ ...values, fn: "cov" })),
);

/** Correlation coefficients of variables, from -1 to 1; 1 for one variable. */
export const corrcoef: (
  ...args: Given<
    [x: ArrayLike],
    [y: ArrayLike | null, rowvar: boolean, dtype: "float32" | null],
    { x: ArrayLike; y: ArrayLike | null; rowvar: boolean; dtype: "float32" | null }
  >
) => JaxArray = define(
  "jax.numpy.corrcoef",
  { x: arrayLike, y: arrayLike.or(null), rowvar: bool.or(true), dtype: float },
  ({ x, y, rowvar, dtype }) =>
    run(() => {
      const c = covariance({
        fn: "corrcoef",
        dtype,
        m: x,
        y,
        rowvar,
        bias: false,
        ddof: null,
        fweights: null,
        aweights: null,
      });
      if (c.rank === 0) return core.div(c, c);
      const deviation = core.sqrt(core.diagonal(c, {}));
      const n = deviation.size;
      const scaled = core.div(core.div(c, core.reshape(deviation, [n, 1])), core.reshape(deviation, [1, n]));
      return core.clamp(scaled, -1, 1);
    }),
);
export const statisticsMethods = { ptp: ranges.method };
