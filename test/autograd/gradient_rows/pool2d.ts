// Poolings.
import * as F from "@facet/autograd";
import { apart, FLAT, type GradientRow } from "./row.js";

/** A pooling without anything special, in the layout of Keras and JAX. */
export const window2 = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], layout: "NHWC" } as const;

export const pool2dRows: readonly GradientRow[] = [
  { op: "max_pool2d", shapes: [[1, 4, 4, 2]], values: apart, call: (x) => F.maxPool2d(x, window2), once: FLAT },
  {
    op: "max_pool2d",
    variant: "overlap, padding, NCHW",
    shapes: [[1, 2, 5, 4]],
    values: apart,
    call: (x) => F.maxPool2d(x, { window: [3, 2], stride: [1, 1], padding: [1, 1, 0, 1], layout: "NCHW" }),
    once: FLAT,
  },
  {
    op: "max_pool2d_backward",
    shapes: [[1, 4, 4, 1]],
    values: apart,
    call: (x) => F.sum(F.square(F.maxPool2d(x, window2))),
  },
  {
    op: "max_pool2d_gather",
    shapes: [[1, 2, 4, 2]],
    values: apart,
    call: (x) => F.sum(F.square(F.maxPool2d(x, { ...window2, window: [2, 1], stride: [1, 1] }))),
  },
  {
    op: "avg_pool2d",
    shapes: [[1, 5, 4, 2]],
    call: (x) => F.avgPool2d(x, { ...window2, padding: [1, 0, 0, 0], countIncludePad: false }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "avg_pool2d",
    variant: "counting padding",
    shapes: [[1, 2, 4, 4]],
    call: (x) => F.avgPool2d(x, { ...window2, padding: [1, 1, 1, 1], layout: "NCHW", countIncludePad: true }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "avg_pool2d_backward",
    shapes: [[1, 4, 4, 1]],
    call: (x) => F.sum(F.square(F.avgPool2d(x, window2))),
    eps: 0.5,
  },
];
