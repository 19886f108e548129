// Cumulative ops along an axis.
import * as F from "@facet/autograd";
import { apart, FLAT, type GradientRow } from "./row.js";

/** Lines with no zero, one and two. */
const someZeros = (): Float32Array => Float32Array.of(1.5, -0.5, 2, 0.5, 0, 1.5, 0, 2, 0);

export const scanRows: readonly GradientRow[] = [
  { op: "cumsum", shapes: [[2, 3]], call: (x) => F.cumsum(x, { axis: 1 }), eps: 0.5, once: FLAT },
  {
    op: "cumsum",
    variant: "reverse exclusive",
    shapes: [[3, 2]],
    call: (x) => F.cumsum(x, { axis: 0, reverse: true, exclusive: true }),
    eps: 0.5,
    once: FLAT,
  },
  { op: "cumprod", shapes: [[2, 4]], call: (x) => F.cumprod(x, { axis: 1 }), eps: 0.25 },
  {
    op: "cumprod",
    variant: "zeros",
    shapes: [[3, 3]],
    values: someZeros,
    call: (x) => F.cumprod(x, { axis: 1 }),
    eps: 0.25,
  },
  {
    op: "cumprod",
    variant: "reverse exclusive, zeros",
    shapes: [[3, 3]],
    values: someZeros,
    call: (x) => F.cumprod(x, { axis: 0, reverse: true, exclusive: true }),
    eps: 0.25,
  },
  { op: "cummax", shapes: [[2, 4]], values: apart, call: (x) => F.cummax(x, { axis: 1 })[0], once: FLAT },
  {
    op: "cummin",
    variant: "reverse",
    shapes: [[4, 2]],
    values: apart,
    call: (x) => F.cummin(x, { axis: 0, reverse: true })[0],
    once: FLAT,
  },
  { op: "logcumsumexp", shapes: [[2, 4]], call: (x) => F.logcumsumexp(x, { axis: 1 }), eps: 1 / 32 },
  {
    op: "logcumsumexp",
    variant: "reverse exclusive",
    shapes: [[3, 2]],
    // The first of a line is -Infinity.
    call: (x) => F.sliceAlong(F.logcumsumexp(x, { axis: 0, reverse: true, exclusive: true }), 0, 0, 2),
    eps: 1 / 32,
  },
  {
    op: "linear_recurrence",
    shapes: [
      [2, 4],
      [2, 4],
    ],
    call: (a, b) => F.linearRecurrence(a, b, { axis: 1 }),
    eps: 0.25,
  },
  {
    op: "linear_recurrence",
    variant: "reverse",
    shapes: [
      [4, 2],
      [4, 2],
    ],
    call: (a, b) => F.linearRecurrence(a, b, { axis: 0, reverse: true }),
    eps: 0.25,
  },
];
