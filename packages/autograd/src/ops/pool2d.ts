import {
  avgPool2dBackward,
  avgPool2dForward,
  maxPool2dBackward,
  maxPool2dForward,
  maxPool2dGather,
  type Pool2dOptions,
  pool2dGeometry,
} from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { asMoreRows, withMoreImages } from "../vmap/rules.js";

export type Pool2dAttrs = Pool2dOptions;

// y = largest element of each window; the gradient goes to the first one in row-major order.
const maxPool2dOp = defineOp<{ x: Tensor }, Pool2dAttrs>({
  name: "max_pool2d",
  shape: ({ x }, attrs) => {
    expectFloating("max_pool2d", "x", x.dtype);
    return pool2dGeometry(x.shape, attrs, "max_pool2d").shape;
  },
  forward: ({ x }, y, attrs) => launch(maxPool2dForward, { x, y }, pool2dGeometry(x.shape, attrs, "max_pool2d").params),
  vjp: {
    x: vjp(["x", "y"], (dy, { x, y }, { attrs }): Tensor => maxPool2dBackwardOp({ x, forward: y, dy }, attrs)),
  },
  batch: asMoreRows(),
  halves: { forward: "kernels", gradients: "own" },
});

// Linear in dy: its own gradient picks the elements of g at the maxima. `forward` is max_pool2d's result.
const maxPool2dBackwardOp = defineOp<{ x: Tensor; forward: Tensor; dy: Tensor }, Pool2dAttrs>({
  name: "max_pool2d_backward",
  shape: ({ x }) => x.shape,
  forward: ({ x, forward, dy }, dx, attrs) =>
    launch(maxPool2dBackward, { x, y: forward, dy, dx }, pool2dGeometry(x.shape, attrs, "max_pool2d").params),
  vjp: {
    x: nonDifferentiable,
    forward: nonDifferentiable,
    dy: vjp(["x", "forward"], (g, { x, forward }, { attrs }): Tensor => maxPool2dGatherOp({ x, forward, g }, attrs)),
  },
  batch: asMoreRows(),
  halves: { forward: "kernels", gradients: "own" },
});

const maxPool2dGatherOp = defineOp<{ x: Tensor; forward: Tensor; g: Tensor }, Pool2dAttrs>({
  name: "max_pool2d_gather",
  shape: ({ forward }) => forward.shape,
  forward: ({ x, forward, g }, out, attrs) =>
    launch(maxPool2dGather, { x, y: forward, g, out }, pool2dGeometry(x.shape, attrs, "max_pool2d").params),
  vjp: {
    x: nonDifferentiable,
    forward: nonDifferentiable,
    g: vjp(["x", "forward"], (dy, { x, forward }, { attrs }): Tensor => maxPool2dBackwardOp({ x, forward, dy }, attrs)),
  },
  batch: asMoreRows(),
  halves: { forward: "kernels", gradients: "own" },
});

// y = mean of each window, over its whole area or over its part inside the input.
const avgPool2dOp = defineOp<{ x: Tensor }, Pool2dAttrs>({
  name: "avg_pool2d",
  shape: ({ x }, attrs) => {
    expectFloating("avg_pool2d", "x", x.dtype);
    return pool2dGeometry(x.shape, attrs, "avg_pool2d").shape;
  },
  forward: ({ x }, y, attrs) => launch(avgPool2dForward, { x, y }, pool2dGeometry(x.shape, attrs, "avg_pool2d").params),
  vjp: {
    x: vjp(
      [],
      (dy, _, { attrs, shapes }): Tensor => avgPool2dBackwardOp({ dy }, { ...attrs, xShape: shapes.x as number[] }),
    ),
  },
  batch: asMoreRows(),
  halves: { forward: "kernels", gradients: "own" },
});

const avgPool2dBackwardOp = defineOp<{ dy: Tensor }, Pool2dAttrs & { xShape: readonly number[] }>({
  name: "avg_pool2d_backward",
  shape: (_, { xShape }) => xShape,
  forward: ({ dy }, dx, { xShape, ...attrs }) =>
    launch(avgPool2dBackward, { dy, dx }, pool2dGeometry(xShape, attrs, "avg_pool2d").params),
  vjp: { dy: vjp([], (g, _, { attrs: { xShape: _shape, ...attrs } }): Tensor => avgPool2d(g, attrs)) },
  batch: asMoreRows(withMoreImages),
  halves: { forward: "kernels", gradients: "own" },
});

export const maxPool2d = (x: Tensor, attrs: Pool2dAttrs): Tensor => maxPool2dOp({ x }, attrs);
export const avgPool2d = (x: Tensor, attrs: Pool2dAttrs): Tensor => avgPool2dOp({ x }, attrs);
/** Shape of a pooling's result, checked like a call. */
export const pool2dShape = (xShape: readonly number[], attrs: Pool2dAttrs, op?: string): number[] =>
  pool2dGeometry(xShape, attrs, op).shape;
