// Linear algebra, on matrices that are far from singular and whose eigenvalues are far apart.
import * as F from "@facet/autograd";
import type { GradientRow } from "./row.js";

const flat = (...parts: F.Tensor[]): F.Tensor =>
  F.concat(
    parts.map((part) => F.reshape(part, [-1])),
    0,
  );

/** Small numbers beside 1, 3, 5, ... on the diagonal. */
function apart(x: F.Tensor): F.Tensor {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const steps = F.reshape(F.arange(1, 2 * m + 1, 2), [m, 1]);
  return F.add(F.mul(x, 0.3), F.mul(F.eye(m, n), steps));
}

const symmetric = (x: F.Tensor): F.Tensor =>
  F.add(x, F.transpose(x, [...x.shape.keys()].slice(0, -2).concat([x.rank - 1, x.rank - 2])));

const triangular = (variant: string, options: F.TriangularSolveOptions, b: number[] = [3, 2]): GradientRow => ({
  op: "triangular_solve",
  variant,
  shapes: [[3, 3], b],
  call: (a, b) => F.triangularSolve(apart(a as F.Tensor), b as F.Tensor, options),
});

export const linalgRows: readonly GradientRow[] = [
  triangular("lower", {}),
  triangular("upper transposed", { upper: true, transposed: true }),
  triangular("lower transposed unit", { transposed: true, unit: true }),
  triangular("upper from the right, batch", { upper: true, left: false }, [2, 2, 3]),
  { op: "cholesky", shapes: [[2, 3, 3]], call: (a) => F.cholesky(symmetric(apart(a))) },
  { op: "cholesky", variant: "upper", shapes: [[2, 2]], call: (a) => F.cholesky(symmetric(apart(a)), { upper: true }) },
  {
    op: "solve",
    shapes: [
      [3, 3],
      [2, 3, 2],
    ],
    call: (a, b) => F.solve(apart(a as F.Tensor), b as F.Tensor),
  },
  { op: "solve", variant: "inverse", shapes: [[2, 3, 3]], call: (a) => F.inverse(apart(a)) },
  { op: "det", shapes: [[2, 3, 3]], call: (a) => F.det(apart(F.flip(a, [1]))) },
  {
    op: "slogdet",
    shapes: [[2, 3, 3]],
    call: (a) => {
      const { sign, logabsdet } = F.slogdet(F.flip(apart(a), [1]));
      return F.mul(sign, logabsdet);
    },
  },
  ...[
    [3, 3],
    [4, 2],
    [2, 3],
  ].map(
    ([m, n]): GradientRow => ({
      op: "qr",
      variant: `${m} x ${n}`,
      shapes: [[m as number, n as number]],
      call: (a) => {
        const { q, r } = F.qr(apart(a));
        return flat(q, r);
      },
    }),
  ),
  {
    op: "householder_product",
    shapes: [[3, 2], [2]],
    call: (a, tau) => F.householderProduct(a as F.Tensor, tau as F.Tensor),
  },
  {
    op: "eigh",
    shapes: [[3, 3]],
    call: (a) => {
      const { values, vectors } = F.eigh(symmetric(apart(a)));
      return flat(values, vectors);
    },
  },
  ...[
    [3, 2],
    [2, 2],
    [2, 3],
  ].map(
    ([m, n]): GradientRow => ({
      op: "svd",
      variant: `${m} x ${n}`,
      shapes: [[m as number, n as number]],
      call: (a) => {
        const { u, s, v } = F.svd(apart(a));
        return flat(u, s, v);
      },
    }),
  ),
  { op: "pinv", variant: "3 x 2", shapes: [[3, 2]], call: (a) => F.pinv(apart(a)) },
  { op: "pinv", variant: "2 x 3", shapes: [[2, 3]], call: (a) => F.pinv(apart(a)) },
];
