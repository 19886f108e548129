// Sums, means, products and extremes along axes.
import * as F from "@facet/autograd";
import { apart, FLAT, type GradientRow, positive } from "./row.js";

export const reduceRows: readonly GradientRow[] = [
  { op: "sum", shapes: [[2, 3, 2]], call: (x) => F.sum(x, { axes: [0, -1] }), eps: 0.5, once: FLAT },
  { op: "sum", variant: "all", shapes: [[2, 3]], call: (x) => F.sum(x), eps: 0.5, once: FLAT },
  { op: "square_deviation", variant: "variance", shapes: [[2, 3, 2]], call: (x) => F.variance(x, { axes: [1] }, 1) },
  {
    op: "square_deviation",
    variant: "std",
    shapes: [[2, 3, 2]],
    call: (x) => F.std(x, { axes: [1] }, 0),
    values: apart,
    eps: 1 / 128,
  },
  { op: "mean", shapes: [[2, 3, 2]], call: (x) => F.mean(x, { axes: [1], keepdims: true }), eps: 0.5, once: FLAT },
  { op: "sum", variant: "3-norm", shapes: [[2, 3]], values: positive, call: (x) => F.vectorNorm(x, 3, { axes: 1 }) },
  {
    op: "cdist",
    shapes: [
      [2, 3],
      [3, 3],
    ],
    call: (a, b) => F.cdist(a, b),
  },
  {
    op: "cdist_backward",
    shapes: [
      [2, 2, 4],
      [1, 3, 4],
    ],
    call: (a, b) => F.square(F.cdist(a, b)),
  },
  {
    op: "sum",
    variant: "distances of p 3",
    shapes: [
      [2, 3],
      [3, 3],
    ],
    call: (a, b) => F.cdist(a, b, 3),
  },
  { op: "sum", variant: "logsumexp", shapes: [[2, 3]], call: (x) => F.logsumexp(x, { axes: [1] }) },
  { op: "prod", shapes: [[2, 3]], values: positive, call: (x) => F.prod(x, { axes: [1] }) },
  {
    op: "prod",
    variant: "zeros",
    shapes: [[3, 3]],
    // No zero, one, two: the gradient is the product of the others in each row.
    values: () => Float32Array.of(1.5, -0.5, 2, 0.5, 0, 1.5, 0, 2, 0),
    call: (x) => F.prod(x, { axes: [1] }),
    eps: 0.25,
  },
  { op: "max", shapes: [[2, 5]], values: apart, call: (x) => F.max(x, { axes: [1] }), once: FLAT },
  { op: "min", shapes: [[2, 5]], values: apart, call: (x) => F.min(x, { axes: [0], keepdims: true }), once: FLAT },
];
