import {
  type Conv2dChunkPlan,
  type Conv2dOptions,
  conv2dBackwardBias,
  conv2dBackwardBiasPlan,
  conv2dBackwardFilter,
  conv2dBackwardFilterPlan,
  conv2dBackwardInput,
  conv2dBackwardReduce,
  conv2dForward,
  conv2dGeometry,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { empty, type Tensor } from "../tensor.js";
import { biasGradientBatch, filterGradientBatch, forwardBatch, inputGradientBatch } from "./conv_batch.js";
import { fillWith } from "./create.js";
import { matmul } from "./matmul.js";
import { expand, reshape } from "./shape.js";

/** Stride, padding [top, bottom, left, right], dilation, groups and the layouts of image and filter. */
export type Conv2dAttrs = Omit<Conv2dOptions, "bias">;

// y[n,i,j,o] = bias[o] + sum over ky, kx, c of x[n, i s - p + ky d, j s - p + kx d, c] w[ky, kx, c, o]
// Linear in x and in w, so each gradient is linear in dy and in the other operand: the three passes are each other's vjps.
const conv2dOp = defineOp<{ x: Tensor; w: Tensor; bias: Tensor | undefined }, Conv2dAttrs>({
  name: "conv2d",
  shape: ({ x, w }, attrs) => {
    expectFloating("conv2d", "x", x.dtype);
    expectFloating("conv2d", "w", w.dtype);
    return conv2dGeometry(x.shape, w.shape, attrs).shape;
  },
  forward: ({ x, w, bias }, y, attrs) => {
    const { params } = conv2dGeometry(x.shape, w.shape, { ...attrs, bias: bias !== undefined });
    launch(conv2dForward, { x, w, bias, y }, params);
  },
  vjp: {
    x: vjp(["w"], (dy, { w }, { attrs, shapes }): Tensor => backwardInput(dy, w, shapes.x as number[], attrs)),
    w: vjp(["x"], (dy, { x }, { attrs, shapes }): Tensor => backwardFilter(x, dy, shapes.w as number[], attrs)),
    bias: vjp(
      [],
      (dy, _, { attrs, shapes }): Tensor =>
        backwardBiasOp({ dy }, { ...attrs, xShape: shapes.x as number[], wShape: shapes.w as number[] }),
    ),
  },
  batch: forwardBatch(),
});

interface BackwardAttrs extends Conv2dAttrs {
  xShape: readonly number[];
  wShape: readonly number[];
}

const geometry = ({ xShape, wShape, ...attrs }: BackwardAttrs) => conv2dGeometry(xShape, wShape, attrs);

// dx[n,u,v,c] = sum of dy[n,i,j,o] w[ky,kx,c,o] over all i, j, ky, kx that met x[n,u,v,c] going forward
const backwardInputOp = defineOp<{ dy: Tensor; w: Tensor }, BackwardAttrs>({
  name: "conv2d_backward_input",
  shape: (_, { xShape }) => xShape,
  forward: ({ dy, w }, dx, attrs) => launch(conv2dBackwardInput, { dy, w, dx }, geometry(attrs).params),
  vjp: {
    dy: vjp(["w"], (g, { w }, { attrs }): Tensor => conv2d(g, w, undefined, attrs)),
    w: vjp(["dy"], (g, { dy }, { attrs, shapes }): Tensor => backwardFilter(g, dy, shapes.w as number[], attrs)),
  },
  batch: inputGradientBatch(),
});

/** Runs the kernel that writes partial sums, and the one that adds them to `sum` where there are several. */
export function sumChunks(
  plan: Pick<Conv2dChunkPlan, "chunks" | "partialElements" | "reduceParams">,
  sum: Tensor,
  launchPartial: (partial: Tensor) => void,
): void {
  if (plan.chunks === 1) {
    launchPartial(sum);
    return;
  }
  const partial = empty([plan.partialElements], "float32", "workspace");
  launchPartial(partial);
  launch(conv2dBackwardReduce, { partial, sum }, plan.reduceParams);
  partial.dispose();
}

// dw[ky,kx,c,o] = sum over n, i, j of x[n, i s - p + ky d, j s - p + kx d, c] dy[n,i,j,o]
const backwardFilterOp = defineOp<{ x: Tensor; dy: Tensor }, BackwardAttrs>({
  name: "conv2d_backward_filter",
  shape: (_, { wShape }) => wShape,
  forward: ({ x, dy }, dw, attrs) => {
    if (dy.size === 0) return fillWith(dw, 0);
    const plan = conv2dBackwardFilterPlan(geometry(attrs).params);
    sumChunks(plan, dw, (partial) => launch(conv2dBackwardFilter, { x, dy, partial }, plan.partialParams));
  },
  vjp: {
    x: vjp(["dy"], (g, { dy }, { attrs, shapes }): Tensor => backwardInput(dy, g, shapes.x as number[], attrs)),
    dy: vjp(["x"], (g, { x }, { attrs }): Tensor => conv2d(x, g, undefined, attrs)),
  },
  batch: filterGradientBatch(),
});

// db[o] = sum over n, i, j of dy[n,i,j,o]
const backwardBiasOp = defineOp<{ dy: Tensor }, BackwardAttrs>({
  name: "conv2d_backward_bias",
  shape: (_, { wShape, filterLayout }) => [(filterLayout === "HWIO" ? wShape[3] : wShape[0]) as number],
  forward: ({ dy }, db, attrs) => {
    if (dy.size === 0) return fillWith(db, 0);
    const plan = conv2dBackwardBiasPlan(geometry(attrs).params);
    sumChunks(plan, db, (partial) => launch(conv2dBackwardBias, { dy, partial }, plan.partialParams));
  },
  vjp: {
    dy: vjp([], (g, _, { attrs, shapes }): Tensor => {
      const channels = g.shape[0] as number;
      return expand(
        reshape(g, attrs.layout === "NHWC" ? [1, 1, 1, channels] : [1, channels, 1, 1]),
        shapes.dy as number[],
      );
    }),
  },
  batch: biasGradientBatch(),
});

function backwardInput(dy: Tensor, w: Tensor, xShape: readonly number[], attrs: Conv2dAttrs): Tensor {
  return backwardInputOp({ dy, w }, { ...attrs, xShape, wShape: w.shape });
}

function backwardFilter(x: Tensor, dy: Tensor, wShape: readonly number[], attrs: Conv2dAttrs): Tensor {
  if (isPixelwise(wShape, attrs)) {
    const rows = (t: Tensor): Tensor => reshape(t, [-1, t.shape[3] as number]);
    return reshape(matmul(rows(x), rows(dy), { transposeA: true }), wShape);
  }
  return backwardFilterOp({ x, dy }, { ...attrs, xShape: x.shape, wShape });
}

/**
 * Whether each pixel, all its channels side by side, is by itself a row of a matrix product. As such the filter gradient takes
 * half the time; forward and input gradient take what they take as convolutions, which are matrix products inside.
 */
function isPixelwise([h, w]: readonly number[], attrs: Conv2dAttrs): boolean {
  const { stride, padding, groups, layout, filterLayout } = attrs;
  const plain = h === 1 && w === 1 && groups === 1 && layout === "NHWC" && filterLayout === "HWIO";
  return plain && stride.every((step) => step === 1) && padding.every((border) => border === 0);
}

/** Two-dimensional convolution (cross-correlation, as every framework calls it). Layouts need no transposing copy. */
export function conv2d(x: Tensor, w: Tensor, bias: Tensor | undefined, attrs: Conv2dAttrs): Tensor {
  return conv2dOp({ x, w, bias }, attrs);
}

/** Shape of conv2d's result, checked like a call. */
export function conv2dShape(xShape: readonly number[], wShape: readonly number[], attrs: Conv2dAttrs): number[] {
  return conv2dGeometry(xShape, wShape, attrs).shape;
}

/** Input gradient of conv2d by itself: transposed convolution. */
export const conv2dTranspose = backwardInput;
