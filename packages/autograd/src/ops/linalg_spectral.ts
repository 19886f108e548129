// Eigenvalues of symmetric matrices, singular values, and what is made of them.
import { ArgumentError, eighJacobi, eighParams, matricesOf, svdJacobi } from "@facet/kernels-wgsl";
import { copyTensor, defineOp, launch, type VjpContext, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { scope } from "../scope.js";
import { noGrad } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import { full, zeros } from "./create.js";
import { diagonalEmbed } from "./diagonal.js";
import { add, cast, div, equal, greater, less, maximum, mul, sub, where } from "./elementwise.js";
import { neg } from "./elementwise_unary.js";
import { factorQr } from "./linalg_qr.js";
import { adjoint, diagonalsOf } from "./linalg_triangle.js";
import { matmul } from "./matmul.js";
import { max, sum } from "./reduce.js";
import { concat, reshape, sliceAlong } from "./shape.js";

/** 1 / x, and 0 where x is 0: what is equal turns into one another at no rate. */
function reciprocalOrZero(x: Tensor): Tensor {
  const none = equal(x, 0);
  return where(none, 0, div(1, where(none, 1, x)));
}

/** x[..., j] - x[..., i] in row i, column j. */
function differences(x: Tensor): Tensor {
  const [batch, n] = [x.shape.slice(0, -1), x.shape.at(-1) as number];
  return sub(reshape(x, [...batch, 1, n]), reshape(x, [...batch, n, 1]));
}

/** Numbers for each matrix as factors of its columns, or of its rows. */
const ofColumns = (x: Tensor): Tensor => reshape(x, [...x.shape.slice(0, -1), 1, x.shape.at(-1) as number]);
const ofRows = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);

function splitEigh(y: Tensor): { vectors: Tensor; values: Tensor } {
  const n = y.shape.at(-1) as number;
  const values = reshape(sliceAlong(y, -2, n, n + 1), [...y.shape.slice(0, -2), n]);
  return { vectors: sliceAlong(y, -2, 0, n), values };
}

// y = [v; w]: da = v (diag(dw) + (v^T dv) / (w_j - w_i)) v^T, its symmetric part.
const eighOp = defineOp<{ a: Tensor }>({
  name: "eigh",
  shape: ({ a }) => {
    expectFloating("eigh", "a", a.dtype);
    const { n } = eighParams(a.shape);
    return [...a.shape.slice(0, -2), n + 1, n];
  },
  forward: ({ a }, y) => {
    const [work, vectors] = [empty(a.shape, "float32", "workspace"), empty(a.shape, "float32", "workspace")];
    launch(eighJacobi, { a, work, vectors, y }, eighParams(a.shape));
    for (const tensor of [work, vectors]) tensor.dispose();
  },
  vjp: {
    a: vjp(["y"], (dy, { y }) => {
      const { vectors, values } = splitEigh(y);
      const { vectors: dv, values: dw } = splitEigh(dy);
      const turning = mul(matmul(vectors, dv, { transposeA: true }), reciprocalOrZero(differences(values)));
      const inner = add(diagonalEmbed(dw), turning);
      const whole = matmul(matmul(vectors, inner), vectors, { transposeB: true });
      return mul(add(whole, adjoint(whole)), 0.5);
    }),
  },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

/**
 * Eigenvalues [..., n], ascending, and orthonormal eigenvectors, in columns, of symmetric matrices [..., n, n] of at most 1024 rows; the lower triangle is
 * read, or the upper one. The sign of a vector is any. Of a matrix with a NaN or an infinity all results
 * are NaN. Where eigenvalues are equal the gradient takes their vectors for fixed.
 */
export function eigh(a: Tensor, { upper = false } = {}): { values: Tensor; vectors: Tensor } {
  return scope(() => splitEigh(eighOp({ a: upper ? adjoint(a) : a }, undefined)));
}

interface SvdAttrs {
  full: boolean;
}

/** Left vectors, values and right vectors (in columns) of what the op gives: all flat, one behind the other. */
function splitSvd(y: Tensor, shape: readonly number[], full: boolean): { u: Tensor; s: Tensor; v: Tensor } {
  const { batch, m, n } = matricesOf("svd", "a", shape);
  const left = m * (full ? m : n);
  return {
    u: reshape(sliceAlong(y, -1, 0, left), [...batch, m, full ? m : n]),
    s: sliceAlong(y, -1, left, left + n),
    v: reshape(sliceAlong(y, -1, left + n, left + n + n * n), [...batch, n, n]),
  };
}

/** Left vectors from those that rotations left, of which some may be 0: reflections make them orthonormal, and complete them. */
function orthonormal(u: Tensor, columns: number): Tensor {
  const { q, r } = factorQr(u, columns);
  const signs = where(less(diagonalsOf(r), 0), -1, 1);
  const missing = columns - (signs.shape.at(-1) as number);
  const rest = missing > 0 ? [full([...signs.shape.slice(0, -1), missing], 1)] : [];
  return mul(q, ofColumns(concat([signs, ...rest], -1)));
}

// a = u s v^T with m >= n. With e = s_j^2 - s_i^2: da = u ((skew(u^T du) / e) s + s (skew(v^T dv) / e) + diag(ds)) v^T + (1 - u u^T) du s^-1 v^T.
const svdOp = defineOp<{ a: Tensor }, SvdAttrs>({
  name: "svd",
  shape: ({ a }, { full }) => {
    expectFloating("svd", "a", a.dtype);
    const { batch, m, n } = matricesOf("svd", "a", a.shape);
    return [...batch, m * (full ? m : n) + n + n * n];
  },
  forward: ({ a }, y, { full }) =>
    scope(() =>
      noGrad(() => {
        const { batch, count, m, n } = matricesOf("svd", "a", a.shape);
        const found = empty([...batch, m + n + 1, n]);
        const [work, vectors] = [empty(a.shape), empty([...batch, n, n])];
        launch(svdJacobi, { a, work, vectors, y: found }, { count, m, n });
        const u = orthonormal(sliceAlong(found, -2, 0, m), full ? m : n);
        const [s, v] = [sliceAlong(found, -2, m + n, m + n + 1), sliceAlong(found, -2, m, m + n)];
        copyTensor(
          concat(
            [u, s, v].map((part) => reshape(part, [...batch, -1])),
            -1,
          ),
          y,
        );
      }),
    ),
  vjp: {
    a: vjp(["y"], (dy, { y }, { attrs, shapes }: VjpContext<SvdAttrs>) => {
      const shape = shapes.a as number[];
      if (attrs.full && shape.at(-1) !== shape.at(-2))
        throw new ArgumentError({
          op: "svd",
          argument: "full",
          expected: "false where a gradient is asked for and matrices are not square",
          given: "true",
        });
      const { u, s, v } = splitSvd(y, shape, attrs.full);
      const { u: du, s: ds, v: dv } = splitSvd(dy, shape, attrs.full);
      const [rows, columns] = [ofRows(s), ofColumns(s)];
      const e = reciprocalOrZero(mul(differences(s), add(rows, columns)));
      const skew = (x: Tensor): Tensor => mul(sub(x, adjoint(x)), e);
      const uu = matmul(u, du, { transposeA: true });
      const turning = add(mul(skew(uu), columns), mul(skew(matmul(v, dv, { transposeA: true })), rows));
      const beside = mul(sub(du, matmul(u, uu)), ofColumns(reciprocalOrZero(s)));
      const inner = add(matmul(u, add(turning, diagonalEmbed(ds))), beside);
      return matmul(inner, v, { transposeB: true });
    }),
  },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

/** Singular values, descending, with vectors in columns: a = u diag(s) v^T. */
export interface Svd {
  u: Tensor;
  s: Tensor;
  v: Tensor;
}

/**
 * The singular value decomposition of matrices [..., m, n]: u [..., m, k], s [..., k], v [..., n, k], k = min(m, n); with `full` u and v are square. Signs of
 * pairs of vectors are any. Of a matrix with a NaN or an infinity all results are NaN. Where singular values are equal the gradient takes their vectors for fixed; that of the full form exists for square
 * matrices.
 */
export function svd(a: Tensor, { full: whole = false } = {}): Svd {
  return scope(() => {
    const { batch, m, n } = matricesOf("svd", "a", a.shape);
    if (m === 0 || n === 0) {
      const square = (k: number): Tensor => identityOrNone(batch, k, whole);
      return { u: square(m), s: zeros([...batch, 0]), v: square(n) };
    }
    if (m >= n) return splitSvd(svdOp({ a }, { full: whole }), a.shape, whole);
    const turned = adjoint(a);
    const { u, s, v } = splitSvd(svdOp({ a: turned }, { full: whole }), turned.shape, whole);
    return { u: v, s, v: u };
  });
}

const identityOrNone = (batch: readonly number[], k: number, whole: boolean): Tensor =>
  whole ? diagonalEmbed(full([...batch, k], 1)) : zeros([...batch, k, 0]);

export interface Cutoff {
  /** Singular values up to so many times the largest count as 0. Default: the larger extent times 2^-23. */
  rtol?: number | undefined;
  /** Those up to this too. Default 0. */
  atol?: number | undefined;
}

/** Which singular values count, as bool. */
function counts(s: Tensor, { m, n }: { m: number; n: number }, { rtol, atol = 0 }: Cutoff): Tensor {
  const largest = max(s, { axes: -1, keepdims: true });
  return greater(s, maximum(mul(largest, rtol ?? Math.max(m, n) * 2 ** -23), atol));
}

// With p = pinv(a): da = -p^T dy p^T + (1 - a p) dy^T p p^T + p^T p dy^T (1 - p a).
const pinvOp = defineOp<{ a: Tensor }, Cutoff>({
  name: "pinv",
  shape: ({ a }) => {
    expectFloating("pinv", "a", a.dtype);
    const { batch, m, n } = matricesOf("pinv", "a", a.shape);
    return [...batch, n, m];
  },
  forward: ({ a }, y, cutoff) =>
    scope(() =>
      noGrad(() => {
        const { u, s, v } = svd(a);
        const inverses = where(counts(s, matricesOf("pinv", "a", a.shape), cutoff), div(1, s), 0);
        copyTensor(matmul(mul(v, ofColumns(inverses)), u, { transposeB: true }), y);
      }),
    ),
  vjp: {
    a: vjp(["a", "y"], (dy, { a, y: p }) => {
      const turned = adjoint(dy);
      const first = matmul(matmul(p, dy, { transposeA: true }), p, { transposeB: true });
      const left = sub(turned, matmul(a, matmul(p, turned)));
      const right = sub(turned, matmul(matmul(turned, p), a));
      const second = matmul(matmul(left, p), p, { transposeB: true });
      const third = matmul(p, matmul(p, right), { transposeA: true });
      return add(neg(first), add(second, third));
    }),
  },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

/** Pseudoinverses [..., n, m] of matrices [..., m, n]. Where singular values are dropped, the gradient is that of matrices of this rank. */
export const pinv = (a: Tensor, { rtol, atol }: Cutoff = {}): Tensor => pinvOp({ a }, { rtol, atol });

/** How many singular values count, as int32. */
export function matrixRank(a: Tensor, cutoff: Cutoff = {}): Tensor {
  return scope(() => {
    const { s } = noGrad(() => svd(a));
    if (s.size === 0) return zeros(s.shape.slice(0, -1), "int32");
    return sum(cast(counts(s, matricesOf("matrix_rank", "a", a.shape), cutoff), "int32"), { axes: -1 });
  });
}
