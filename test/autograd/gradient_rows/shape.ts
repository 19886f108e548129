// Ops that move elements without changing them.
import * as F from "@facet/autograd";
import { FLAT, type GradientRow } from "./row.js";

export const shapeRows: readonly GradientRow[] = [
  { op: "reshape", shapes: [[2, 6]], call: (x) => F.reshape(x, [3, -1]), eps: 0.5, once: FLAT },
  { op: "transpose", shapes: [[2, 3, 4]], call: (x) => F.transpose(x, [2, 0, 1]), eps: 0.5, once: FLAT },
  { op: "expand", shapes: [[2, 1, 3]], call: (x) => F.expand(x, [2, 2, 4, 3]), eps: 0.5, once: FLAT },
  { op: "slice", shapes: [[5, 4]], call: (x) => F.slice(x, [1, 0], [5, 3], [2, 1]), eps: 0.5, once: FLAT },
  {
    op: "place",
    shapes: [[2, 3]],
    call: (x) =>
      F.pad(
        x,
        [
          [1, 0],
          [2, 1],
        ],
        7,
      ),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "place",
    variant: "steps",
    shapes: [[2, 2]],
    call: (x) => F.place(x, [5, 4], [1, 0], [3, 2]),
    eps: 0.5,
    once: FLAT,
  },
  { op: "roll", shapes: [[3, 4]], call: (x) => F.roll(x, [1, -2], [0, 1]), eps: 0.5, once: FLAT },
  {
    op: "diagonal",
    shapes: [[2, 3, 4]],
    call: (x) => F.diagonal(x, { offset: 1, axis1: 1, axis2: -1 }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "place_diagonal",
    shapes: [[2, 3]],
    call: (x) => F.diagonalEmbed(x, { offset: -1, axis1: 0 }),
    eps: 0.5,
    once: FLAT,
  },
  { op: "flip", shapes: [[2, 3]], call: (x) => F.flip(x, [1]), eps: 0.5, once: FLAT },
  {
    op: "concat",
    shapes: [
      [2, 1],
      [2, 3],
      [2, 2],
    ],
    call: (...parts) => F.concat(parts, 1),
    eps: 0.5,
    once: FLAT,
  },
];
