// Products: sums of products by labels, of vectors, and of sequences moved past each other.
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, type Tensor } from "@facet/autograd";
import { define, int, Kind, oneOf, only, string } from "@facet/dialect";
import { arrayLike, type Given, inPreferred, precision, preferred } from "../arguments.js";
import { type ArrayLike, inexact, type JaxArray, run } from "../array.js";
import { axisOf, withLast } from "./axes.js";
import { contracted, factors, multiplied } from "./linalg.js";
import { promoted, promotedReal } from "./ufunc.js";

/** Products are computed in float32 throughout, which is what every precision allows. */
const PRECISION = { precision, preferred_element_type: preferred } as const;
interface PrecisionNamed {
  precision: string | null;
  preferred_element_type: "float32" | null;
}
type OfTwo = (
  ...args: Given<[a: ArrayLike, b: ArrayLike], [], PrecisionNamed & { a: ArrayLike; b: ArrayLike }>
) => JaxArray;

/** Sums over the last dimension of both: those of a, then those of b remain. */
export const inner: OfTwo = define(
  "jax.numpy.inner",
  { a: arrayLike, b: arrayLike, "*": null, ...PRECISION },
  (values) =>
    run(() => {
      const { a, b } = inPreferred(values);
      const [x, y] = factors("inner", a, b);
      if (x.rank === 0 || y.rank === 0) return core.mul(x, y);
      return contracted("inner", x, y, { contracting: [[-1], [-1]], batch: [[], []] });
    }),
);

/** The sum of the products of all elements, both laid flat. */
export const vdot: OfTwo = define("jax.numpy.vdot", { a: arrayLike, b: arrayLike, "*": null, ...PRECISION }, (values) =>
  run(() => {
    const { a, b } = inPreferred(values);
    const [x, y] = factors("vdot", a, b);
    if (x.size !== y.size)
      throw new ShapeError({ op: "vdot", argument: "b", expected: `${x.size} elements`, given: `${y.size}` });
    return core.sum(core.mul(core.reshape(x, [x.size]), core.reshape(y, [y.size])));
  }),
);

/** Sums of products along an axis of both, which broadcast elsewhere. */
export function dottedAlong(fn: string, x1: ArrayLike, x2: ArrayLike, axis: number): JaxArray {
  return run(() => {
    const [x, y] = promoted(fn, { x1, x2 }) as [Tensor, Tensor];
    const [p, q] = [axisOf(fn, axis, x.rank), axisOf(fn, axis, y.rank)];
    if (x.shape[p] !== y.shape[q])
      throw new ShapeError({
        op: fn,
        argument: "x2",
        expected: `extent ${x.shape[p]} along axis ${axis}`,
        given: core.formatShape(y.shape),
      });
    return core.sum(core.mul(withLast(fn, x, p), withLast(fn, y, q)), { axes: -1 });
  });
}
export const vecdot: (x1: ArrayLike, x2: ArrayLike, options?: Partial<PrecisionNamed & { axis: number }>) => JaxArray =
  define(
    "jax.numpy.vecdot",
    { x1: arrayLike, x2: arrayLike, "/": null, "*": null, axis: int.or(-1), ...PRECISION },
    (values) => {
      const { x1, x2, axis } = inPreferred(values);
      return dottedAlong("vecdot", x1, x2, axis);
    },
  );

const asColumn = (fn: string, argument: string, x: ArrayLike, at: -1 | -2): JaxArray =>
  run(() => {
    const of = inexact(fn, argument, x);
    if (of.rank === 0) throw new ShapeError({ op: fn, argument, expected: "one dimension or more", given: "[]" });
    const shape = [...of.shape];
    shape.splice(at === -1 ? shape.length : shape.length - 1, 0, 1);
    return core.reshape(of, shape);
  });
const without = (x: JaxArray, at: number): JaxArray =>
  run(() =>
    core.reshape(
      x.core,
      x.shape.filter((_, i) => i !== x.ndim + at),
    ),
  );
/** Matrices times vectors. */
export const matvec: (x1: ArrayLike, x2: ArrayLike) => JaxArray = define(
  "jax.numpy.matvec",
  { x1: arrayLike, x2: arrayLike, "/": null },
  ({ x1, x2 }) => without(multiplied("matvec", x1, asColumn("matvec", "x2", x2, -1)), -1),
);
/** Vectors times matrices. */
export const vecmat: (x1: ArrayLike, x2: ArrayLike) => JaxArray = define(
  "jax.numpy.vecmat",
  { x1: arrayLike, x2: arrayLike, "/": null },
  ({ x1, x2 }) => without(multiplied("vecmat", asColumn("vecmat", "x1", x1, -2), x2), -2),
);

const anything = new Kind<unknown>("a plan or a boolean", () => true);
/** Sums of products by labels: "ij,jk->ik"; without an arrow over the labels that come twice, the others in order. */
export const einsum: (
  subscripts: string,
  ...operands:
    | [...operands: ArrayLike[]]
    | [
        ...operands: ArrayLike[],
        Partial<PrecisionNamed & { out: null; optimize: unknown; _dot_general: null; out_sharding: null }>,
      ]
) => JaxArray = define(
  "jax.numpy.einsum",
  {
    subscripts: string,
    "/": null,
    "*operands": arrayLike,
    out: only(null),
    optimize: anything.or("auto"),
    ...PRECISION,
    _dot_general: only(null),
    out_sharding: only(null),
  },
  (values) =>
    run(() => {
      const { subscripts, operands } = inPreferred(values);
      const given = operands as unknown as readonly ArrayLike[];
      const list = promotedReal("einsum", Object.fromEntries(given.map((x, i) => [`operands[${i}]`, x])));
      return core.einsum(subscripts, ...list);
    }),
);

interface CrossNamed {
  a: ArrayLike;
  b: ArrayLike;
  axisa: number;
  axisb: number;
  axisc: number;
  axis: number | null;
}
/** Cross products of vectors of three elements, or the one number of two. */
export function crossed(
  fn: string,
  a: ArrayLike,
  b: ArrayLike,
  [axisa, axisb, axisc]: readonly [number, number, number],
): JaxArray {
  return run(() => {
    const [x, y] = promoted(fn, { a, b }) as [Tensor, Tensor];
    const [u, v] = [withLast(fn, x, axisa), withLast(fn, y, axisb)];
    const [m, n] = [u.shape.at(-1), v.shape.at(-1)];
    if (![2, 3].includes(m ?? 0) || ![2, 3].includes(n ?? 0))
      throw new ShapeError({
        op: fn,
        argument: "a",
        expected: "two or three elements along the axis",
        given: `${m} and ${n}`,
      });
    const part = (z: Tensor, i: number): Tensor => {
      const at = z.rank - 1;
      if (i >= (z.shape[at] as number)) return core.zeros(z.shape.slice(0, -1), z.dtype);
      return core.reshape(core.sliceAlong(z, at, i, i + 1), z.shape.slice(0, -1));
    };
    if (m === 2 && n === 2) return core.sub(core.mul(part(u, 0), part(v, 1)), core.mul(part(u, 1), part(v, 0)));
    const whole = (z: Tensor): Tensor => core.stack([part(z, 0), part(z, 1), part(z, 2)], z.rank - 1);
    const y3 = core.cross(whole(u), whole(v), -1);
    const order = [...Array(y3.rank - 1).keys()];
    order.splice(axisOf(fn, axisc, y3.rank), 0, y3.rank - 1);
    return core.transpose(y3, order);
  });
}
export const cross: (
  ...args: Given<
    [a: ArrayLike, b: ArrayLike],
    [axisa: number, axisb: number, axisc: number, axis: number | null],
    CrossNamed
  >
) => JaxArray = define(
  "jax.numpy.cross",
  { a: arrayLike, b: arrayLike, axisa: int.or(-1), axisb: int.or(-1), axisc: int.or(-1), axis: int.or(null) },
  ({ a, b, axisa, axisb, axisc, axis }) =>
    crossed("cross", a, b, axis === null ? [axisa, axisb, axisc] : [axis, axis, axis]),
);

interface ConvolveNamed extends PrecisionNamed {
  a: ArrayLike;
  v: ArrayLike;
  mode: "full" | "same" | "valid";
}
type Convolve = (
  ...args: Given<[a: ArrayLike, v: ArrayLike], [mode: ConvolveNamed["mode"]], ConvolveNamed>
) => JaxArray;
const modes = oneOf("full", "same", "valid");

/** Sums of products of one sequence with another moved past it; `turned` where the second is reversed first. */
function slid(fn: "convolve" | "correlate", a: ArrayLike, v: ArrayLike, mode: ConvolveNamed["mode"]): JaxArray {
  return run(() => {
    const given = factors(fn, a, v);
    for (const [i, x] of given.entries())
      if (x.rank !== 1 || x.size === 0)
        throw new ShapeError({
          op: fn,
          argument: i === 0 ? "a" : "v",
          expected: "one dimension that is not empty",
          given: core.formatShape(x.shape),
        });
    let [x, y] = given as [Tensor, Tensor];
    const swapped = x.size < y.size;
    if (swapped) [x, y] = [y, x];
    const filter = fn === "convolve" ? core.flip(y, [0]) : y;
    const [n, m] = [x.size, filter.size];
    const padding: readonly [number, number] =
      mode === "full" ? [m - 1, m - 1] : mode === "same" ? [Math.floor(m / 2), m - Math.floor(m / 2) - 1] : [0, 0];
    const attrs = { stride: [1], padding, dilation: [1], groups: 1, layout: "NCW", filterLayout: "OIW" } as const;
    const row = core.conv1d(core.reshape(x, [1, 1, n]), core.reshape(filter, [1, 1, m]), undefined, attrs);
    const z = core.reshape(row, [row.size]);
    // Correlation is not symmetric: with the shorter one first the result runs backwards.
    return fn === "correlate" && swapped ? core.flip(z, [0]) : z;
  });
}
/** Convolution of two sequences. */
export const convolve: Convolve = define(
  "jax.numpy.convolve",
  { a: arrayLike, v: arrayLike, mode: modes.or("full"), "*": null, ...PRECISION },
  ({ a, v, mode }) => slid("convolve", a, v, mode),
);
/** Correlation of two sequences. */
export const correlate: Convolve = define(
  "jax.numpy.correlate",
  { a: arrayLike, v: arrayLike, mode: modes.or("valid"), "*": null, ...PRECISION },
  ({ a, v, mode }) => slid("correlate", a, v, mode),
);

/** The polynomial of coefficients p, the highest power first, at x. */
export const polyval: (p: ArrayLike, x: ArrayLike, options?: { unroll?: number }) => JaxArray = define(
  "jax.numpy.polyval",
  { p: arrayLike, x: arrayLike, "*": null, unroll: int.or(16) },
  ({ p, x }) =>
    run(() => {
      const [coefficients, at] = promotedReal("polyval", { p, x }) as [Tensor, Tensor];
      if (coefficients.rank !== 1)
        throw new ArgumentError({
          op: "polyval",
          argument: "p",
          expected: "one dimension",
          given: core.formatShape(coefficients.shape),
        });
      let y: Tensor = core.zeros(at.shape, at.dtype);
      for (let i = 0; i < coefficients.size; i++)
        y = core.add(core.mul(y, at), core.reshape(core.sliceAlong(coefficients, 0, i, i + 1), []));
      return y;
    }),
);
