// jax.numpy.linalg.
import "../start.js";
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, type Tensor } from "@facet/autograd";
import { bool, define, int, number, oneOf, only } from "@facet/dialect";
import { arrayLike, arrays, axes as axesKind, type Given, inPreferred, precision, preferred } from "../arguments.js";
import { type ArrayLike, type Axis, inexact, JaxArray, pair, run } from "../array.js";
import { axesOf } from "./axes.js";
import { type ContractedAxes, contractedAxes, factors, multiplied, tensorProduct } from "./linalg.js";
import { diagonal as diagonalOf, trace as tracedOf } from "./matrices.js";
import { crossed, dottedAlong } from "./products.js";
import { transposedMatrix } from "./rearrange.js";
import { promotedReal } from "./ufunc.js";

const PRECISION = { precision, preferred_element_type: preferred } as const;
type Precise = Partial<{ precision: string | null; preferred_element_type: "float32" | null }>;
type OfOne = (...args: Given<[a: ArrayLike], [], { a: ArrayLike }>) => JaxArray;

const ofMatrices = (fn: string, op: (a: Tensor) => Tensor): OfOne =>
  define(`jax.numpy.linalg.${fn}`, { a: arrayLike }, ({ a }) => run(() => op(inexact(fn, "a", a))));
/** Singular matrices give infinities and NaN, as in JAX: nothing is read from the device. */
export const inv = ofMatrices("inv", (a) => core.inverse(a, { checked: false }));
export const det = ofMatrices("det", core.det);

/** x with a x = b; b is a matrix, or a vector where it has one dimension. Singular matrices give infinities and NaN. */
export const solve: (...args: Given<[a: ArrayLike, b: ArrayLike], [], { a: ArrayLike; b: ArrayLike }>) => JaxArray =
  define("jax.numpy.linalg.solve", { a: arrayLike, b: arrayLike }, ({ a, b }) =>
    run(() => {
      const [x, y] = promotedReal("solve", { a, b }) as [Tensor, Tensor];
      if (y.rank !== 1) return core.solve(x, y, { checked: false });
      const column = core.solve(x, core.reshape(y, [y.size, 1]), { checked: false });
      return core.reshape(column, column.shape.slice(0, -1));
    }),
  );

/** Sign and logarithm of the absolute value of determinants. */
export const slogdet: (
  ...args: Given<[a: ArrayLike], [], { a: ArrayLike; method: null }>
) => [sign: JaxArray, logabsdet: JaxArray] = define(
  "jax.numpy.linalg.slogdet",
  { a: arrayLike, "*": null, method: only(null, "lu") },
  ({ a }) => {
    const x = inexact("slogdet", "a", a);
    return pair(() => core.slogdet(x), "sign", "logabsdet");
  },
);

const symmetric = (x: Tensor): Tensor => core.mul(core.add(x, transposedMatrix("cholesky", x)), 0.5);
/** The lower (or upper) triangle l with l lᵀ = a; NaN where a is not positive definite. */
export const cholesky: (
  ...args: Given<[a: ArrayLike], [], { a: ArrayLike; upper: boolean; symmetrize_input: boolean }>
) => JaxArray = define(
  "jax.numpy.linalg.cholesky",
  { a: arrayLike, "*": null, upper: false, symmetrize_input: true },
  ({ a, upper, symmetrize_input }) =>
    run(() => {
      const x = inexact("cholesky", "a", a);
      return core.cholesky(symmetrize_input ? symmetric(x) : x, { upper, checked: false });
    }),
);

/** Orthogonal q and triangular r with q r = a; r alone in mode "r". */
export const qr: (
  ...args: Given<
    [a: ArrayLike],
    [mode: "reduced" | "complete" | "r"],
    { a: ArrayLike; mode: "reduced" | "complete" | "r" }
  >
) => [q: JaxArray, r: JaxArray] | JaxArray = define(
  "jax.numpy.linalg.qr",
  { a: arrayLike, mode: oneOf("reduced", "complete", "r").or("reduced") },
  ({ a, mode }) => {
    const x = inexact("qr", "a", a);
    if (mode === "r") return run(() => core.qr(x, "reduced").r);
    return pair(() => core.qr(x, mode), "q", "r");
  },
);

/** Eigenvalues of symmetric matrices, ascending, and their vectors as columns. */
export const eigh: (
  ...args: Given<
    [a: ArrayLike],
    [UPLO: "L" | "U" | null, symmetrize_input: boolean],
    { a: ArrayLike; UPLO: "L" | "U" | null; symmetrize_input: boolean }
  >
) => [eigenvalues: JaxArray, eigenvectors: JaxArray] = define(
  "jax.numpy.linalg.eigh",
  { a: arrayLike, UPLO: oneOf("L", "U").or(null), symmetrize_input: true },
  ({ a, UPLO, symmetrize_input }) => {
    const x = inexact("eigh", "a", a);
    return pair(() => core.eigh(symmetrize_input ? symmetric(x) : x, { upper: UPLO === "U" }), "values", "vectors");
  },
);
/** Eigenvalues of symmetric matrices, ascending. */
export const eigvalsh: (
  ...args: Given<
    [a: ArrayLike],
    [UPLO: "L" | "U" | null],
    { a: ArrayLike; UPLO: "L" | "U" | null; symmetrize_input: boolean }
  >
) => JaxArray = define(
  "jax.numpy.linalg.eigvalsh",
  { a: arrayLike, UPLO: oneOf("L", "U").orNone.or("L"), "*": null, symmetrize_input: true },
  ({ a, UPLO, symmetrize_input }) =>
    run(() => {
      const x = inexact("eigvalsh", "a", a);
      return core.eigh(symmetrize_input ? symmetric(x) : x, { upper: UPLO === "U" }).values;
    }),
);

interface SvdNamed {
  a: ArrayLike;
  full_matrices: boolean;
  compute_uv: boolean;
  hermitian: boolean;
  subset_by_index: null;
}
/** u, s (descending) and vᵀ with u s vᵀ = a; s alone without `compute_uv`. */
export const svd: (
  ...args: Given<
    [a: ArrayLike],
    [full_matrices: boolean, compute_uv: boolean, hermitian: false, subset_by_index: null],
    SvdNamed
  >
) => [u: JaxArray, s: JaxArray, vh: JaxArray] | JaxArray = define(
  "jax.numpy.linalg.svd",
  { a: arrayLike, full_matrices: true, compute_uv: true, hermitian: only(false), subset_by_index: only(null) },
  ({ a, full_matrices, compute_uv }) => {
    const x = inexact("svd", "a", a);
    if (!compute_uv) return run(() => core.svd(x).s);
    const { u, s, v } = core.scope(() => {
      const made = core.svd(x, { full: full_matrices });
      return { ...made, v: transposedMatrix("svd", made.v) };
    });
    return [new JaxArray(u), new JaxArray(s), new JaxArray(v)];
  },
);
export const svdvals: (x: ArrayLike) => JaxArray = define(
  "jax.numpy.linalg.svdvals",
  { x: arrayLike, "/": null },
  ({ x }) => run(() => core.svd(inexact("svdvals", "x", x)).s),
);

const cutoff = number.or(null);
/** Singular values up to rtol times the largest (default the larger extent times 10 times 2^-23) count as 0. */
const cutoffOf = (x: Tensor, ...given: readonly (number | null)[]): { rtol: number } => ({
  rtol: given.find((one) => one !== null) ?? 10 * Math.max(...x.shape.slice(-2)) * 2 ** -23,
});
/** The pseudoinverse: of least squares, the shortest. */
export const pinv: (
  ...args: Given<
    [a: ArrayLike],
    [rtol: number | null, hermitian: false],
    { a: ArrayLike; rtol: number | null; hermitian: false; rcond: number | null }
  >
) => JaxArray = define(
  "jax.numpy.linalg.pinv",
  { a: arrayLike, rtol: cutoff, hermitian: only(false), "*": null, rcond: cutoff },
  ({ a, rtol, rcond }) =>
    run(() => {
      const x = inexact("pinv", "a", a);
      return core.pinv(x, cutoffOf(x, rtol, rcond));
    }),
);
/** How many singular values count (int32). */
export const matrix_rank: (
  ...args: Given<
    [M: ArrayLike],
    [rtol: number | null],
    { M: ArrayLike; rtol: number | null; hermitian: false; tol: null }
  >
) => JaxArray = define(
  "jax.numpy.linalg.matrix_rank",
  { M: arrayLike, rtol: cutoff, "*": null, hermitian: only(false), tol: only(null) },
  ({ M, rtol }) =>
    run(() => {
      const x = inexact("matrix_rank", "M", M);
      if (x.rank < 2) return core.cast(core.any(core.notEqual(x, 0)), "int32");
      return core.matrixRank(x, { rtol: rtol ?? Math.max(...x.shape.slice(-2)) * 2 ** -23 });
    }),
);

/** a multiplied by itself n times; the inverse for negative n. */
export const matrix_power: (...args: Given<[a: ArrayLike, n: number], [], { a: ArrayLike; n: number }>) => JaxArray =
  define("jax.numpy.linalg.matrix_power", { a: arrayLike, n: int }, ({ a, n }) =>
    run(() => core.matrixPower(inexact("matrix_power", "a", a), n, { checked: false })),
  );

type Order = number | "fro" | "nuc" | null;
const order = number.either(oneOf("fro", "nuc")).or(null);
const keepdims = bool.or(false);

/** Norms of vectors (one axis) or of matrices (two), of the array laid flat without axis and order. */
export const norm: (
  ...args: Given<
    [x: ArrayLike],
    [ord: Order, axis: Axis, keepdims: boolean],
    { x: ArrayLike; ord: Order; axis: Axis; keepdims: boolean }
  >
) => JaxArray = define(
  "jax.numpy.linalg.norm",
  { x: arrayLike, ord: order, axis: axesKind, keepdims },
  ({ x: given, ord, axis, keepdims }) =>
    run(() => {
      const x = inexact("norm", "x", given);
      if (axis === null && ord === null) return core.norm(x, { keepdims });
      const axes = axesOf("norm", axis, x.rank);
      if (axes.length === 1) {
        if (typeof ord === "string")
          throw new ArgumentError({ op: "norm", argument: "ord", expected: "a number for vectors", given: ord });
        return core.vectorNorm(x, ord ?? 2, { axes, keepdims });
      }
      if (axes.length === 2) return core.matrixNorm(x, ord ?? "fro", { axes: axes as [number, number], keepdims });
      throw new ShapeError({ op: "norm", argument: "axis", expected: "one axis or two", given: `${axes.length}` });
    }),
);
/** Norms of vectors over `axis`, of the array laid flat without one. */
export const vector_norm: (
  x: ArrayLike,
  options?: Partial<{ axis: Axis; keepdims: boolean; ord: number }>,
) => JaxArray = define(
  "jax.numpy.linalg.vector_norm",
  { x: arrayLike, "/": null, "*": null, axis: axesKind, keepdims, ord: number.or(2) },
  ({ x: given, axis, keepdims, ord }) =>
    run(() => {
      const x = inexact("vector_norm", "x", given);
      return core.vectorNorm(x, ord, { axes: axesOf("vector_norm", axis, x.rank), keepdims });
    }),
);
/** Norms of matrices in the last two dimensions. */
export const matrix_norm: (x: ArrayLike, options?: Partial<{ keepdims: boolean; ord: Order }>) => JaxArray = define(
  "jax.numpy.linalg.matrix_norm",
  { x: arrayLike, "/": null, "*": null, keepdims, ord: number.either(oneOf("fro", "nuc")).or("fro") },
  ({ x, keepdims, ord }) => run(() => core.matrixNorm(inexact("matrix_norm", "x", x), ord, { keepdims })),
);
/** How much solving by a matrix can enlarge errors: its norm times that of its inverse. */
export const cond: (...args: Given<[x: ArrayLike], [p: Order], { x: ArrayLike; p: Order }>) => JaxArray = define(
  "jax.numpy.linalg.cond",
  { x: arrayLike, p: order },
  ({ x, p }) => run(() => core.conditionNumber(inexact("cond", "x", x), p ?? 2, { checked: false })),
);

/** Products of several matrices, from the left; the first may be a row and the last a column. */
export const multi_dot: (
  ...args: Given<
    [arrays: readonly ArrayLike[] | JaxArray],
    [],
    { arrays: readonly ArrayLike[] | JaxArray; precision: string | null }
  >
) => JaxArray = define("jax.numpy.linalg.multi_dot", { arrays, "*": null, precision }, ({ arrays }) => {
  const list = arrays instanceof JaxArray ? [] : arrays;
  if (list.length < 2)
    throw new ArgumentError({
      op: "multi_dot",
      argument: "arrays",
      expected: "a list of two Arrays or more",
      given: `${list.length}`,
    });
  return core.scope(() => list.reduce((product, next) => multiplied("multi_dot", product, next)) as JaxArray);
});

type OfTwo<Named = object> = (x1: ArrayLike, x2: ArrayLike, options?: Partial<Named> & Precise) => JaxArray;
export const matmul: OfTwo = define(
  "jax.numpy.linalg.matmul",
  { x1: arrayLike, x2: arrayLike, "/": null, "*": null, ...PRECISION },
  (values) => {
    const { x1, x2 } = inPreferred(values);
    return multiplied("matmul", x1, x2);
  },
);
export const vecdot: OfTwo<{ axis: number }> = define(
  "jax.numpy.linalg.vecdot",
  { x1: arrayLike, x2: arrayLike, "/": null, "*": null, axis: int.or(-1), ...PRECISION },
  (values) => {
    const { x1, x2, axis } = inPreferred(values);
    return dottedAlong("vecdot", x1, x2, axis);
  },
);
export const tensordot: OfTwo<{ axes: ContractedAxes; out_sharding: null }> = define(
  "jax.numpy.linalg.tensordot",
  {
    x1: arrayLike,
    x2: arrayLike,
    "/": null,
    "*": null,
    axes: contractedAxes.or(2),
    ...PRECISION,
    out_sharding: only(null),
  },
  (values) => {
    const { x1, x2, axes } = inPreferred(values);
    return tensorProduct("tensordot", x1, x2, axes as ContractedAxes);
  },
);
export const outer: (x1: ArrayLike, x2: ArrayLike) => JaxArray = define(
  "jax.numpy.linalg.outer",
  { x1: arrayLike, x2: arrayLike, "/": null },
  ({ x1, x2 }) =>
    run(() => {
      const [x, y] = factors("outer", x1, x2);
      if (x.rank === 1 && y.rank === 1) return core.outer(x, y);
      throw new ShapeError({ op: "outer", argument: "x1", expected: "two vectors", given: core.formatShape(x.shape) });
    }),
);
export const cross: (x1: ArrayLike, x2: ArrayLike, options?: { axis?: number }) => JaxArray = define(
  "jax.numpy.linalg.cross",
  { x1: arrayLike, x2: arrayLike, "/": null, "*": null, axis: int.or(-1) },
  ({ x1, x2, axis }) => crossed("cross", x1, x2, [axis, axis, axis]),
);
export const matrix_transpose: (x: ArrayLike) => JaxArray = define(
  "jax.numpy.linalg.matrix_transpose",
  { x: arrayLike, "/": null },
  ({ x }) => run(() => transposedMatrix("matrix_transpose", inexact("matrix_transpose", "x", x))),
);
/** Diagonals of matrices in the last two dimensions. */
export const diagonal: (x: ArrayLike, options?: { offset?: number }) => JaxArray = define(
  "jax.numpy.linalg.diagonal",
  { x: arrayLike, "/": null, "*": null, offset: int.or(0) },
  ({ x, offset }) => diagonalOf(x, offset, -2, -1),
);
/** Sums of the diagonals of matrices in the last two dimensions. */
export const trace: (x: ArrayLike, options?: { offset?: number; dtype?: null }) => JaxArray = define(
  "jax.numpy.linalg.trace",
  { x: arrayLike, "/": null, "*": null, offset: int.or(0), dtype: only(null) },
  ({ x, offset }) => tracedOf(x, offset, -2, -1),
);
