import {
  type Conv3dOptions,
  conv3dBackwardFilter,
  conv3dBackwardFilterPlan,
  conv3dBackwardInput,
  conv3dForward,
  conv3dGeometry,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { filterGradientBatch, forwardBatch, inputGradientBatch } from "./conv_batch.js";
import { sumChunks } from "./conv2d.js";
import { fillWith } from "./create.js";
import { sum } from "./reduce.js";

/** Stride, padding [front, back, top, bottom, left, right], dilation, groups and the layouts of volume and filter. */
export type Conv3dAttrs = Omit<Conv3dOptions, "bias">;

// As conv2d with a third axis: the three passes are each other's vjps.
const conv3dOp = defineOp<{ x: Tensor; w: Tensor; bias: Tensor | undefined }, Conv3dAttrs>({
  name: "conv3d",
  shape: ({ x, w }, attrs) => {
    expectFloating("conv3d", "x", x.dtype);
    expectFloating("conv3d", "w", w.dtype);
    return conv3dGeometry(x.shape, w.shape, attrs).shape;
  },
  forward: ({ x, w, bias }, y, attrs) => {
    const { params } = conv3dGeometry(x.shape, w.shape, { ...attrs, bias: bias !== undefined });
    launch(conv3dForward, { x, w, bias, y }, params);
  },
  vjp: {
    x: vjp(["w"], (dy, { w }, { attrs, shapes }): Tensor => backwardInput(dy, w, shapes.x as number[], attrs)),
    w: vjp(["x"], (dy, { x }, { attrs, shapes }): Tensor => backwardFilter(x, dy, shapes.w as number[], attrs)),
    bias: vjp([], (dy, _, { attrs }) => sum(dy, { axes: attrs.layout === "NDHWC" ? [0, 1, 2, 3] : [0, 2, 3, 4] })),
  },
  batch: forwardBatch(),
});

interface BackwardAttrs extends Conv3dAttrs {
  xShape: readonly number[];
  wShape: readonly number[];
}

const geometry = ({ xShape, wShape, ...attrs }: BackwardAttrs) => conv3dGeometry(xShape, wShape, attrs);

const backwardInputOp = defineOp<{ dy: Tensor; w: Tensor }, BackwardAttrs>({
  name: "conv3d_backward_input",
  shape: (_, { xShape }) => xShape,
  forward: ({ dy, w }, dx, attrs) => launch(conv3dBackwardInput, { dy, w, dx }, geometry(attrs).params),
  vjp: {
    dy: vjp(["w"], (g, { w }, { attrs }): Tensor => conv3d(g, w, undefined, attrs)),
    w: vjp(["dy"], (g, { dy }, { attrs, shapes }): Tensor => backwardFilter(g, dy, shapes.w as number[], attrs)),
  },
  batch: inputGradientBatch(),
});

const backwardFilterOp = defineOp<{ x: Tensor; dy: Tensor }, BackwardAttrs>({
  name: "conv3d_backward_filter",
  shape: (_, { wShape }) => wShape,
  forward: ({ x, dy }, dw, attrs) => {
    if (dy.size === 0) return fillWith(dw, 0);
    const plan = conv3dBackwardFilterPlan(geometry(attrs).params);
    sumChunks(plan, dw, (partial) => launch(conv3dBackwardFilter, { x, dy, partial }, plan.partialParams));
  },
  vjp: {
    x: vjp(["dy"], (g, { dy }, { attrs, shapes }): Tensor => backwardInput(dy, g, shapes.x as number[], attrs)),
    dy: vjp(["x"], (g, { x }, { attrs }): Tensor => conv3d(x, g, undefined, attrs)),
  },
  batch: filterGradientBatch(),
});

function backwardInput(dy: Tensor, w: Tensor, xShape: readonly number[], attrs: Conv3dAttrs): Tensor {
  return backwardInputOp({ dy, w }, { ...attrs, xShape, wShape: w.shape });
}

function backwardFilter(x: Tensor, dy: Tensor, wShape: readonly number[], attrs: Conv3dAttrs): Tensor {
  return backwardFilterOp({ x, dy }, { ...attrs, xShape: x.shape, wShape });
}

/** Three-dimensional convolution (cross-correlation). Layouts need no transposing copy. */
export function conv3d(x: Tensor, w: Tensor, bias: Tensor | undefined, attrs: Conv3dAttrs): Tensor {
  return conv3dOp({ x, w, bias }, attrs);
}

/** Input gradient of conv3d by itself: transposed convolution. */
export const conv3dTranspose = backwardInput;
