// Convolutions and their passes.
import * as F from "@facet/autograd";
import type { GradientRow } from "./row.js";

/** A convolution without anything special, in the layout of Keras and JAX. */
export const image = {
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  layout: "NHWC",
  filterLayout: "HWIO",
} as const;

function conv(variant: string, x: number[], w: number[], change: Partial<F.Conv2dAttrs>, bias = true): GradientRow {
  const attrs: F.Conv2dAttrs = { ...image, ...change };
  const out = attrs.filterLayout === "HWIO" ? w[3] : w[0];
  return {
    op: "conv2d",
    variant,
    shapes: bias ? [x, w, [out as number]] : [x, w],
    call: (a, b, c) => F.conv2d(a, b, c, attrs),
    eps: 0.5,
  };
}

export const conv2dRows: readonly GradientRow[] = [
  conv("3x3 valid", [2, 4, 4, 2], [3, 3, 2, 2], {}),
  conv("stride, asymmetric padding", [1, 5, 4, 2], [2, 3, 2, 3], { stride: [2, 1], padding: [1, 0, 2, 1] }),
  conv("1x1", [2, 3, 3, 2], [1, 1, 2, 3], {}),
  conv("1x1 with stride", [1, 4, 3, 2], [1, 1, 2, 3], { stride: [2, 1] }),
  conv("1x1 with padding", [1, 3, 3, 2], [1, 1, 2, 3], { padding: [1, 0, 0, 1] }),
  conv("1x1 in groups", [1, 3, 3, 4], [1, 1, 2, 4], { groups: 2 }),
  conv("dilation, groups", [1, 5, 5, 4], [2, 2, 2, 4], { dilation: [2, 2], groups: 2 }),
  conv("depthwise NCHW", [1, 2, 4, 4], [2, 1, 2, 2], {
    groups: 2,
    layout: "NCHW",
    filterLayout: "OIHW",
    padding: [1, 1, 0, 0],
  }),
  conv(
    "stride beyond the filter",
    [1, 2, 5, 5],
    [2, 2, 1, 1],
    { layout: "NCHW", filterLayout: "OIHW", stride: [2, 2] },
    false,
  ),
  {
    op: "conv2d_backward_input",
    shapes: [
      [1, 2, 2, 2],
      [2, 2, 3, 2],
    ],
    call: (dy, w) => F.conv2dTranspose(dy, w, [1, 3, 3, 3], image),
    eps: 0.5,
  },
  {
    op: "conv2d_backward_filter",
    shapes: [
      [1, 3, 3, 2],
      [2, 2, 2, 1],
    ],
    call: (x, w) => F.sum(F.square(F.conv2d(x, w, undefined, image))),
  },
  {
    op: "conv2d_backward_bias",
    shapes: [[1, 3, 3, 2], [2, 2, 2, 1], [1]],
    call: (x, w, b) => F.sum(F.square(F.conv2d(x, w, b, image))),
  },
];
