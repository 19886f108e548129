// Norms, distances, and products of vectors.
import { ArgumentError, axisOf, formatShape, ShapeError } from "@facet/kernels-wgsl";
import { expectFloating } from "../dtype.js";
import { inFloat32 } from "../halves.js";
import type { Tensor } from "../tensor.js";
import { euclideanDistances } from "./cdist.js";
import { equal, mul, notEqual, pow, sub, where } from "./elementwise.js";
import { abs } from "./elementwise_unary.js";
import { svd } from "./linalg_spectral.js";
import { norm } from "./moments.js";
import { roll } from "./rearrange.js";
import { max, min, type ReduceOptions, sum } from "./reduce.js";
import { expand, reshape, transpose } from "./shape.js";

/** x^p of numbers of 0 and more, with gradient 0 at 0, where it has none for p < 1. */
function powerOrZero(x: Tensor, p: number): Tensor {
  const zero = equal(x, 0);
  return where(zero, 0, pow(where(zero, 1, x), p));
}

function vectorNormOfFloats(x: Tensor, p = 2, options: ReduceOptions = {}): Tensor {
  expectFloating("vector_norm", "x", x.dtype);
  if (p === 2) return norm(x, options);
  if (p === Number.POSITIVE_INFINITY) return max(abs(x), options);
  if (p === Number.NEGATIVE_INFINITY) return min(abs(x), options);
  // Counts depend on x with gradient 0 everywhere.
  if (p === 0) return sum(where(equal(x, 0), where(notEqual(x, 0), x, 0), 1), options);
  if (p === 1) return sum(abs(x), options);
  if (Number.isNaN(p))
    throw new ArgumentError({ op: "vector_norm", argument: "p", expected: "a number", given: `${p}` });
  // A negative power of 0 is infinite, and the norm is then 0.
  if (p < 0) return powerOrInfinity(sum(powerOrInfinity(abs(x), p), options), 1 / p);
  return powerOrZero(sum(powerOrZero(abs(x), p), options), 1 / p);
}

/**
 * (sum |x|^p)^(1/p) over axes (default all); p Infinity the largest |x|, -Infinity the smallest, 0 how many are not 0. At 0 the
 * gradient is 0, as in PyTorch; equal extremes share it.
 *
 * @throws ArgumentError for p NaN, or an extreme of no elements.
 */
export const vectorNorm = inFloat32(vectorNormOfFloats);

function powerOrInfinity(x: Tensor, p: number): Tensor {
  const zero = equal(x, 0);
  return where(zero, Number.POSITIVE_INFINITY, pow(where(zero, 1, x), p));
}

export interface MatrixNormOptions {
  /** Rows and columns; negative ones count from the last. Default the last two. */
  axes?: readonly [number, number];
  keepdims?: boolean;
}

/**
 * Of matrices: `fro` the root of the sum of squares, 1 and -1 the largest and smallest sum of |x| of a column, Infinity and
 * -Infinity of a row, 2 and -2 the largest and smallest singular value, `nuc` the sum of all.
 */
export const matrixNorm = inFloat32(
  (x: Tensor, ord: "fro" | "nuc" | number = "fro", options: MatrixNormOptions = {}): Tensor => {
    const { axes = [-2, -1], keepdims = false } = options;
    const op = "matrix_norm";
    expectFloating(op, "x", x.dtype);
    const [rows, columns] = axes.map((axis) => axisOf(x.shape, axis, op)) as [number, number];
    if (rows === columns)
      throw new ArgumentError({ op, argument: "axes", expected: "two different axes", given: `${axes}` });
    if (ord === "fro") return norm(x, { axes: [rows, columns], keepdims });
    if (ord === "nuc" || Math.abs(ord) === 2) return spectralNorm(x, ord, rows, columns, keepdims);
    const largest = ord === 1 || ord === Number.POSITIVE_INFINITY;
    if (!largest && ord !== -1 && ord !== Number.NEGATIVE_INFINITY) {
      const expected = "fro, nuc, 1, -1, 2, -2, Infinity or -Infinity";
      throw new ArgumentError({ op, argument: "ord", expected, given: `${ord}` });
    }
    const [summed, compared] = Math.abs(ord as number) === 1 ? [rows, columns] : [columns, rows];
    const sums = sum(abs(x), { axes: summed, keepdims: true });
    const found = (largest ? max : min)(sums, { axes: compared, keepdims: true });
    if (keepdims) return found;
    return reshape(
      found,
      x.shape.filter((_, d) => d !== rows && d !== columns),
    );
  },
);

/** Norms that are made of singular values. */
function spectralNorm(x: Tensor, ord: "nuc" | number, rows: number, columns: number, keepdims: boolean): Tensor {
  const others = [...x.shape.keys()].filter((d) => d !== rows && d !== columns);
  const { s } = svd(transpose(x, [...others, rows, columns]));
  const found = ord === "nuc" ? sum(s, { axes: -1 }) : ord === 2 ? max(s, { axes: -1 }) : min(s, { axes: -1 });
  if (!keepdims) return found;
  return reshape(
    found,
    x.shape.map((extent, d) => (others.includes(d) ? extent : 1)),
  );
}

/**
 * Distances (p-norms of differences) of all rows of a [..., n, d] to all of b [..., m, d]: [..., n, m]. Leading axes broadcast. At
 * distance 0 the gradient is 0. For p other than 2 the differences of all pairs are held in memory.
 */
export function cdist(a: Tensor, b: Tensor, p = 2): Tensor {
  const op = "cdist";
  const [n, m] = [a.shape.at(-2), b.shape.at(-2)];
  if (n === undefined || m === undefined || a.shape.at(-1) !== b.shape.at(-1)) {
    const expected = `rows as long as those of ${formatShape(a.shape)}, both of two axes or more`;
    throw new ShapeError({ op, argument: "b", expected, given: formatShape(b.shape) });
  }
  if (!(p >= 0)) throw new ArgumentError({ op, argument: "p", expected: "0 or more", given: `${p}` });
  const d = a.shape.at(-1) as number;
  if (p === 2 && d > 0) {
    const lead = broadcastOf(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return euclideanDistances(expand(a, [...lead, n, d]), expand(b, [...lead, m, d]));
  }
  const rows = reshape(a, [...a.shape.slice(0, -2), n, 1, d]);
  const columns = reshape(b, [...b.shape.slice(0, -2), 1, m, d]);
  const apart = sub(rows, columns);
  // Rows of no elements are all at one place.
  return d === 0 ? sum(apart, { axes: -1 }) : vectorNorm(apart, p, { axes: -1 });
}

/** What shapes broadcast to; that they do is seen when they are expanded. */
function broadcastOf(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [ofA, ofB] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    return ofA === 1 ? ofB : ofA;
  });
}

/** Products of all elements of a with all of b: [a.size, b.size]. */
export const outer = (a: Tensor, b: Tensor): Tensor => mul(reshape(a, [a.size, 1]), reshape(b, [1, b.size]));

/** Kronecker's product: every element of a times all of b, in its place. The shape with fewer axes gets 1 in front. */
export function kron(a: Tensor, b: Tensor): Tensor {
  const rank = Math.max(a.rank, b.rank);
  const extents = (x: Tensor): number[] => Array.from({ length: rank }, (_, i) => x.shape[i - rank + x.rank] ?? 1);
  const [ofA, ofB] = [extents(a), extents(b)];
  const left = reshape(
    a,
    ofA.flatMap((extent) => [extent, 1]),
  );
  const right = reshape(
    b,
    ofB.flatMap((extent) => [1, extent]),
  );
  return reshape(
    mul(left, right),
    ofA.map((extent, i) => extent * (ofB[i] as number)),
  );
}

/** Cross products of vectors of three along an axis (default the last); the other axes broadcast. */
export function cross(a: Tensor, b: Tensor, axis = -1): Tensor {
  const op = "cross";
  const shape = broadcastOf(a.shape, b.shape);
  const d = axisOf(shape, axis, op);
  for (const [argument, x] of Object.entries({ a, b }))
    if (x.shape[d - shape.length + x.rank] !== 3)
      throw new ShapeError({ op, argument, expected: `3 along axis ${axis}`, given: formatShape(x.shape) });
  const [left, right] = [expand(a, shape), expand(b, shape)];
  return sub(mul(roll(left, -1, d), roll(right, -2, d)), mul(roll(left, -2, d), roll(right, -1, d)));
}
