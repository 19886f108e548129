// Orthogonal factors by reflections.
import {
  ArgumentError,
  formatShape,
  householderApply,
  householderQr,
  matricesOf,
  ShapeError,
  sizeOf,
} from "@facet/kernels-wgsl";
import { copyTensor, defineOp, launch, type VjpContext, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { scope } from "../scope.js";
import { noGrad } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import { allBatched } from "../vmap/rules.js";
import { composedGradient } from "./composed_gradient.js";
import { eye, zeros } from "./create.js";
import { tril, triu } from "./diagonal.js";
import { add, mul, sub } from "./elementwise.js";
import { pinv } from "./linalg_spectral.js";
import { adjoint, inOneBatch, triangularSolve } from "./linalg_triangle.js";
import { matmul } from "./matmul.js";
import { concat, expand, reshape, sliceAlong } from "./shape.js";

/** The first `columns` columns of the product of reflections, and r, of matrices with elements. */
export function factorQr(a: Tensor, columns: number): { q: Tensor; r: Tensor } {
  const { batch, count, m, n } = matricesOf("qr", "a", a.shape);
  const reflections = Math.min(m, n);
  const packed = empty(a.shape, "float32", "workspace");
  const tau = empty([...batch, reflections], "float32", "workspace");
  launch(householderQr, { a, y: packed, tau }, { count, m, n });
  const q = empty([...batch, m, columns]);
  const params = { count, m, n, reflections, columns, transposed: 0, identity: 1 };
  launch(householderApply, { a: packed, tau, y: q }, params);
  const r = noGrad(() => triu(sliceAlong(packed, -2, 0, Math.min(columns, m))));
  for (const tensor of [packed, tau]) tensor.dispose();
  return { q, r };
}

export type QrMode = "reduced" | "complete";

const widthOf = (shape: readonly number[], mode: QrMode): number => {
  const { m, n } = matricesOf("qr", "a", shape);
  return mode === "complete" ? m : Math.min(m, n);
};

/** q and r of what the op gives: both, flat, one behind the other. */
function unpack(y: Tensor, shape: readonly number[], mode: QrMode): { q: Tensor; r: Tensor } {
  const { batch, m, n } = matricesOf("qr", "a", shape);
  const k = widthOf(shape, mode);
  return {
    q: reshape(sliceAlong(y, -1, 0, m * k), [...batch, m, k]),
    r: reshape(sliceAlong(y, -1, m * k, m * k + k * n), [...batch, k, n]),
  };
}

/** da of a = q r with r square: (dq + q copyltu(r dr^T - dq^T q)) r^-T. */
function tallGradient(q: Tensor, r: Tensor, dq: Tensor, dr: Tensor): Tensor {
  const m = sub(matmul(r, dr, { transposeB: true }), matmul(dq, q, { transposeA: true }));
  const symmetric = add(tril(m), adjoint(tril(m, -1)));
  const whole = add(dq, matmul(q, symmetric));
  return adjoint(triangularSolve(r, adjoint(whole), { upper: true }));
}

const qrOp = defineOp<{ a: Tensor }, { mode: QrMode }>({
  name: "qr",
  shape: ({ a }, { mode }) => {
    expectFloating("qr", "a", a.dtype);
    const { batch, m, n } = matricesOf("qr", "a", a.shape);
    const k = widthOf(a.shape, mode);
    return [...batch, m * k + k * n];
  },
  forward: ({ a }, y, { mode }) =>
    scope(() =>
      noGrad(() => {
        const batch = a.shape.slice(0, -2);
        const k = widthOf(a.shape, mode);
        const { q, r } =
          a.size === 0 ? { q: expand(eye(k, k), [...batch, k, k]), r: zeros([...batch, k, 0]) } : factorQr(a, k);
        copyTensor(concat([reshape(q, [...batch, -1]), reshape(r, [...batch, sizeOf(r.shape.slice(-2))])], -1), y);
      }),
    ),
  vjp: {
    a: vjp(["y"], (dy, { y }, { attrs: { mode }, shapes }: VjpContext<{ mode: QrMode }>) => {
      const shape = shapes.a as number[];
      const { m, n } = matricesOf("qr", "a", shape);
      if (mode === "complete" && m > n)
        throw new ArgumentError({
          op: "qr",
          argument: "mode",
          expected: "reduced where a gradient is asked for and matrices have more rows than columns",
          given: mode,
        });
      const { q, r } = unpack(y, shape, mode);
      const { q: dq, r: dr } = unpack(dy, shape, mode);
      if (m >= n) return tallGradient(q, r, dq, dr);
      // a = [x z], r = [u v]: z = q v, so that dq gets z dv^T, and dz is q dv.
      const [u, v] = [sliceAlong(r, -1, 0, m), sliceAlong(r, -1, m, n)];
      const [du, dv] = [sliceAlong(dr, -1, 0, m), sliceAlong(dr, -1, m, n)];
      const left = tallGradient(q, u, add(dq, matmul(matmul(q, v), dv, { transposeB: true })), du);
      return concat([left, matmul(q, dv)], -1);
    }),
  },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

/**
 * a = q r with orthonormal columns of q and a triangle r, of matrices [..., m, n]: k = min(m, n) columns, or with `complete` m. Signs are LAPACK's, as
 * in PyTorch, NumPy and JAX. A gradient of the complete form exists where m <= n.
 */
export function qr(a: Tensor, mode: QrMode = "reduced"): { q: Tensor; r: Tensor } {
  if (mode !== "reduced" && mode !== "complete")
    throw new ArgumentError({ op: "qr", argument: "mode", expected: "reduced or complete", given: `${mode}` });
  return scope(() => unpack(qrOp({ a }, { mode }), a.shape, mode));
}

/** The first columns of h1 h2 ..., reflection by reflection. */
function composedProduct(a: Tensor, tau: Tensor): Tensor {
  const { batch, m, n } = matricesOf("householder_product", "a", a.shape);
  const v = add(tril(a, -1), eye(m, n));
  let y = expand(eye(m, n), a.shape);
  for (let k = (tau.shape.at(-1) as number) - 1; k >= 0; k--) {
    const own = sliceAlong(v, -1, k, k + 1);
    const factor = reshape(sliceAlong(tau, -1, k, k + 1), [...batch, 1, 1]);
    y = sub(y, matmul(mul(own, factor), matmul(own, y, { transposeA: true })));
  }
  return y;
}

const productRows = {
  a: vjp(["a", "tau"], (dy, { a, tau }) => composedGradient(a, (own) => composedProduct(own, tau), dy)),
  tau: vjp(["a", "tau"], (dy, { a, tau }) => composedGradient(tau, (own) => composedProduct(a, own), dy)),
};

const householderProductOp = defineOp<{ a: Tensor; tau: Tensor }>({
  name: "householder_product",
  shape: ({ a, tau }) => {
    expectFloating("householder_product", "a", a.dtype);
    expectFloating("householder_product", "tau", tau.dtype);
    const { batch, m, n } = matricesOf("householder_product", "a", a.shape);
    if (m < n)
      throw new ShapeError({
        op: "householder_product",
        argument: "a",
        expected: "at least as many rows as columns",
        given: formatShape(a.shape),
      });
    const k = tau.shape.at(-1) as number;
    if (tau.rank !== batch.length + 1 || `${tau.shape.slice(0, -1)}` !== `${batch}` || k > n)
      throw new ShapeError({
        op: "householder_product",
        argument: "tau",
        expected: `${formatShape([...batch, n])}, or fewer in the last dimension`,
        given: formatShape(tau.shape),
      });
    return a.shape;
  },
  forward: ({ a, tau }, y) => {
    const { count, m, n } = matricesOf("householder_product", "a", a.shape);
    const reflections = tau.shape.at(-1) as number;
    launch(householderApply, { a, tau, y }, { count, m, n, reflections, columns: n, transposed: 0, identity: 1 });
  },
  vjp: productRows,
  batch: (inputs, isBatched, attrs, size) => ({ inputs: allBatched(inputs, isBatched, size), attrs }),
});

/** The first n columns of the product of reflections 1 - tau v v^T, whose v lie below the diagonal of a [..., m, n], their first element being 1. */
export const householderProduct = (a: Tensor, tau: Tensor): Tensor => householderProductOp({ a, tau }, undefined);

/**
 * The y of least squares |a y - b|, the shortest where there are several, for a [..., m, n] and b [..., m, columns]. Without `rtol` a must have full rank
 * (PyTorch's gels): by q r. With it singular values up to rtol times the largest count as 0 (NumPy's and JAX' rcond).
 */
export function lstsq(a: Tensor, b: Tensor, { rtol }: { rtol?: number | undefined } = {}): Tensor {
  return scope(() => {
    const [own, right] = inOneBatch("lstsq", a, b);
    const { m, n } = matricesOf("lstsq", "a", own.shape);
    if (right.shape.at(-2) !== m)
      throw new ShapeError({
        op: "lstsq",
        argument: "b",
        expected: `${m} rows, as a has`,
        given: formatShape(b.shape),
      });
    if (rtol !== undefined) return matmul(pinv(own, { rtol }), right);
    if (m >= n) {
      const { q, r } = qr(own);
      return triangularSolve(r, matmul(q, right, { transposeA: true }), { upper: true });
    }
    const { q, r } = qr(adjoint(own));
    return matmul(q, triangularSolve(r, right, { upper: true, transposed: true }));
  });
}
