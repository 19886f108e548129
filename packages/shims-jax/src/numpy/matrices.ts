// Triangles and diagonals of matrices, and products of whole ones.
import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, ShapeError, type Tensor } from "@facet/autograd";
import { define, int, only } from "@facet/dialect";
import { arrayLike, dtype as dtypeKind, type Given } from "../arguments.js";
import { type ArrayLike, checkDtype, computable, converted, type JaxArray, run } from "../array.js";
import { axisOf } from "./axes.js";
import { type Both, both } from "./function.js";
import { promoted } from "./ufunc.js";

const extent = int.where("a whole number of 0 or more", (n) => n >= 0);

/** Where the column of a matrix is at most k to the right of the row. */
const below = (rows: number, columns: number, k: number): Tensor => {
  const row = core.reshape(core.arange(k, k + rows, 1, "int32"), [rows, 1]);
  return core.greaterEqual(row, core.arange(0, columns, 1, "int32"));
};

interface TriNamed {
  N: number;
  M: number | null;
  k: number;
  dtype: Dtype | null;
}
/** Ones on and below a diagonal, zeros above; float32 unless said otherwise. */
export const tri: (
  ...args: Given<[N: number], [M: number | null, k: number, dtype: Dtype | null], TriNamed>
) => JaxArray = define(
  "jax.numpy.tri",
  { N: extent, M: extent.or(null), k: int.or(0), dtype: dtypeKind.or(null) },
  ({ N, M, k, dtype }) => run(() => core.cast(below(N, M ?? N, k), checkDtype("tri", dtype ?? "float32"))),
);

type Triangle = (...args: Given<[m: ArrayLike], [k: number], { m: ArrayLike; k: number }>) => JaxArray;
const triangle = (fn: "tril" | "triu", op: (x: Tensor, k: number) => Tensor): Triangle =>
  define(`jax.numpy.${fn}`, { m: arrayLike, k: int.or(0) }, ({ m, k }) =>
    run(() => {
      const x = computable(fn, "m", m);
      if (x.rank >= 2) return op(x, k);
      throw new ShapeError({
        op: fn,
        argument: "m",
        expected: "two dimensions or more",
        given: core.formatShape(x.shape),
      });
    }),
  );
/** Matrices with zeros above the k-th diagonal. */
export const tril = triangle("tril", core.tril);
/** Matrices with zeros below the k-th diagonal. */
export const triu = triangle("triu", core.triu);

type Side = "lower" | "upper";
/** Rows and columns (int32) of the places on one side of the k-th diagonal of a matrix, row by row. */
function placesOn(side: Side, rows: number, columns: number, k: number): [JaxArray, JaxArray] {
  // Diagonals further out are as good as these.
  const at = Math.max(-rows, Math.min(columns, side === "lower" ? k : k - 1));
  const places = core.scope(() => {
    const kept = below(rows, columns, at);
    let count = 0;
    for (let row = 0; row < rows; row++) count += Math.min(columns, Math.max(0, row + at + 1));
    if (side === "lower") return core.nonzeroOfSize(kept, count);
    return core.nonzeroOfSize(core.logicalNot(kept), rows * columns - count);
  });
  const column = (i: number): JaxArray =>
    run(() => core.reshape(core.sliceAlong(places, 1, i, i + 1), [places.shape[0] as number]));
  return [column(0), column(1)];
}
type Places = (
  ...args: Given<[n: number], [k: number, m: number | null], { n: number; k: number; m: number | null }>
) => [rows: JaxArray, columns: JaxArray];
const places = (fn: string, side: Side): Places =>
  define(`jax.numpy.${fn}`, { n: extent, k: int.or(0), m: extent.or(null) }, ({ n, k, m }) =>
    placesOn(side, n, m ?? n, k),
  );
type PlacesFrom = (
  ...args: Given<[arr: ArrayLike], [k: number], { arr: ArrayLike; k: number }>
) => [rows: JaxArray, columns: JaxArray];
const placesFrom = (fn: string, side: Side): PlacesFrom =>
  define(`jax.numpy.${fn}`, { arr: arrayLike, k: int.or(0) }, ({ arr, k }) => {
    const { shape } = computable(fn, "arr", arr);
    if (shape.length !== 2)
      throw new ShapeError({ op: fn, argument: "arr", expected: "two dimensions", given: core.formatShape(shape) });
    return placesOn(side, shape[0] as number, shape[1] as number, k);
  });
/** Rows and columns (int32) of the places on and below the k-th diagonal. */
export const tril_indices = places("tril_indices", "lower");
/** Rows and columns (int32) of the places on and above the k-th diagonal. */
export const triu_indices = places("triu_indices", "upper");
export const tril_indices_from = placesFrom("tril_indices_from", "lower");
export const triu_indices_from = placesFrom("triu_indices_from", "upper");

/** A matrix with a vector as its k-th diagonal, or the k-th diagonal of a matrix. */
export const diag: (...args: Given<[v: ArrayLike], [k: number], { v: ArrayLike; k: number }>) => JaxArray = define(
  "jax.numpy.diag",
  { v: arrayLike, k: int.or(0) },
  ({ v, k }) => run(() => core.diag(computable("diag", "v", v), k)),
);
/** A matrix with all elements as its k-th diagonal. */
export const diagflat: (...args: Given<[v: ArrayLike], [k: number], { v: ArrayLike; k: number }>) => JaxArray = define(
  "jax.numpy.diagflat",
  { v: arrayLike, k: int.or(0) },
  ({ v, k }) =>
    run(() => {
      const x = computable("diagflat", "v", v);
      return core.diag(core.reshape(x, [x.size]), k);
    }),
);
/** The same whole numbers (int32) for each of `ndim` dimensions. */
export const diag_indices: (...args: Given<[n: number], [ndim: number], { n: number; ndim: number }>) => JaxArray[] =
  define(
    "jax.numpy.diag_indices",
    { n: extent, ndim: int.where("a whole number from 0 to 64", (n) => n >= 0 && n <= 64).or(2) },
    ({ n, ndim }) => Array.from({ length: ndim }, () => run(() => core.arange(0, n, 1, "int32"))),
  );

export interface DiagonalNamed {
  offset: number;
  axis1: number;
  axis2: number;
}
const DIAGONAL = { offset: int.or(0), axis1: int.or(0), axis2: int.or(1) } as const;
function planes(
  fn: string,
  a: ArrayLike,
  { offset, axis1, axis2 }: DiagonalNamed,
): [Tensor, Parameters<typeof core.diagonal>[1]] {
  const x = computable(fn, "a", a);
  const [first, second] = [axisOf(fn, axis1, x.rank), axisOf(fn, axis2, x.rank)];
  if (first === second)
    throw new ArgumentError({ op: fn, argument: "axis2", expected: "another axis than axis1", given: `${axis2}` });
  return [x, { offset, axis1: first, axis2: second }];
}
const diagonals: Both<"a", [offset: number, axis1: number, axis2: number], DiagonalNamed> = both(
  "diagonal",
  "a",
  DIAGONAL,
  (a, values) => run(() => core.diagonal(...planes("diagonal", a, values))),
);
/** A diagonal of matrices in two axes (default the first two), as a last axis. */
export const diagonal = diagonals.fn;

export interface TraceNamed extends DiagonalNamed {
  dtype: Dtype | null;
  out: null;
}
const traces: Both<"a", [offset: number, axis1: number, axis2: number, dtype: Dtype | null, out: null], TraceNamed> =
  both("trace", "a", { ...DIAGONAL, dtype: dtypeKind.or(null), out: only(null) }, (a, { dtype, ...values }) =>
    run(() => {
      const y = core.trace(...planes("trace", a, values));
      return dtype === null ? y : converted(y, checkDtype("trace", dtype));
    }),
  );
/** The sum of a diagonal of matrices in two axes (default the first two). */
export const trace = traces.fn;

/** Every product of an element of a and one of b, blocks of b in the places of a. */
export const kron: (...args: Given<[a: ArrayLike, b: ArrayLike], [], { a: ArrayLike; b: ArrayLike }>) => JaxArray =
  define("jax.numpy.kron", { a: arrayLike, b: arrayLike }, ({ a, b }) =>
    run(() => core.kron(...(promoted("kron", { a, b }) as [Tensor, Tensor]))),
  );

/** Powers of a vector as columns, the highest first unless `increasing`. */
export const vander: (
  ...args: Given<
    [x: ArrayLike],
    [N: number | null, increasing: boolean],
    { x: ArrayLike; N: number | null; increasing: boolean }
  >
) => JaxArray = define(
  "jax.numpy.vander",
  { x: arrayLike, N: extent.or(null), increasing: false },
  ({ x: given, N, increasing }) =>
    run(() => {
      const x = computable("vander", "x", given);
      if (x.rank !== 1)
        throw new ShapeError({
          op: "vander",
          argument: "x",
          expected: "one dimension",
          given: core.formatShape(x.shape),
        });
      const count = N ?? x.size;
      const dtype = x.dtype === "bool" ? "int32" : x.dtype;
      if (count === 0) return core.zeros([x.size, 0], dtype);
      const first = core.equal(core.arange(0, count, 1, "int32"), 0);
      const factors = core.where(first, core.full([], 1, dtype), core.cast(core.reshape(x, [x.size, 1]), dtype));
      const powers = core.cumprod(factors, { axis: 1 });
      return increasing ? powers : core.flip(powers, [1]);
    }),
);

export const matrixMethods = { diagonal: diagonals.method, trace: traces.method };
