// Products of matrices.
import * as F from "@facet/autograd";
import type { GradientRow } from "./row.js";

export const matmulRows: readonly GradientRow[] = [
  { op: "matmul", shapes: [[3, 4], [4, 2], [2]], call: (a, b, bias) => F.matmul(a, b, { bias }), eps: 0.5 },
  {
    op: "matmul",
    variant: "transposed a",
    shapes: [
      [4, 3],
      [4, 2],
    ],
    call: (a, b) => F.matmul(a, b, { transposeA: true }),
    eps: 0.5,
  },
  {
    op: "matmul",
    variant: "transposed b",
    shapes: [
      [3, 4],
      [2, 4],
    ],
    call: (a, b) => F.matmul(a, b, { transposeB: true }),
    eps: 0.5,
  },
  {
    op: "matmul",
    variant: "both transposed",
    shapes: [
      [4, 3],
      [2, 4],
    ],
    call: (a, b) => F.matmul(a, b, { transposeA: true, transposeB: true }),
    eps: 0.5,
  },
  {
    op: "matmul",
    variant: "batched",
    shapes: [
      [2, 1, 2, 3],
      [3, 3, 2],
    ],
    call: (a, b) => F.matmul(a, b),
    eps: 0.5,
  },
];
