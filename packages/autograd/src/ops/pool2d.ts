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
import { expectDtype } from "../dtype.js";
import { adopt } from "../scope.js";
import type { Tensor } from "../tensor.js";

export type Pool2dAttrs = Pool2dOptions;

// y = largest element of each window; the gradient goes to the first one in row-major order.
const maxPool2dOp = defineOp<{ x: Tensor }, Pool2dAttrs>({
  name: "max_pool2d",
  shape: ({ x }, attrs) => {
    expectDtype("max_pool2d", "x", x.dtype, "float32");
    return pool2dGeometry(x.shape, attrs, "max_pool2d").shape;
  },
  forward: ({ x }, y, attrs) => launch(maxPool2dForward, { x, y }, pool2dGeometry(x.shape, attrs, "max_pool2d").params),
  vjp: { x: vjp(["x", "y"], (dy, { x, y }, { attrs }): Tensor => maxPool2dBackwardOp({ x, y, dy }, attrs)) },
});

// Linear in dy: its own gradient picks the elements of g at the maxima.
const maxPool2dBackwardOp = defineOp<{ x: Tensor; y: Tensor; dy: Tensor }, Pool2dAttrs>({
  name: "max_pool2d_backward",
  shape: ({ x }) => x.shape,
  forward: ({ x, y, dy }, dx, attrs) =>
    launch(maxPool2dBackward, { x, y, dy, dx }, pool2dGeometry(x.shape, attrs, "max_pool2d").params),
  vjp: {
    x: nonDifferentiable,
    y: nonDifferentiable,
    dy: vjp(
      ["x"],
      (g, { x }, { attrs }): Tensor => maxPool2dGatherOp({ x, y: maxPool2d(detached(x), attrs), g }, attrs),
    ),
  },
});

const maxPool2dGatherOp = defineOp<{ x: Tensor; y: Tensor; g: Tensor }, Pool2dAttrs>({
  name: "max_pool2d_gather",
  shape: ({ y }) => y.shape,
  forward: ({ x, y, g }, out, attrs) =>
    launch(maxPool2dGather, { x, y, g, out }, pool2dGeometry(x.shape, attrs, "max_pool2d").params),
  vjp: {
    x: nonDifferentiable,
    y: nonDifferentiable,
    g: vjp(["x", "y"], (dy, { x, y }, { attrs }): Tensor => maxPool2dBackwardOp({ x, y, dy }, attrs)),
  },
});

// y = mean of each window, over its whole area or over its part inside the input.
const avgPool2dOp = defineOp<{ x: Tensor }, Pool2dAttrs>({
  name: "avg_pool2d",
  shape: ({ x }, attrs) => {
    expectDtype("avg_pool2d", "x", x.dtype, "float32");
    return pool2dGeometry(x.shape, attrs, "avg_pool2d").shape;
  },
  forward: ({ x }, y, attrs) => launch(avgPool2dForward, { x, y }, pool2dGeometry(x.shape, attrs, "avg_pool2d").params),
  vjp: {
    x: vjp(
      [],
      (dy, _, { attrs, shapes }): Tensor => avgPool2dBackwardOp({ dy }, { ...attrs, xShape: shapes.x as number[] }),
    ),
  },
});

const avgPool2dBackwardOp = defineOp<{ dy: Tensor }, Pool2dAttrs & { xShape: readonly number[] }>({
  name: "avg_pool2d_backward",
  shape: (_, { xShape }) => xShape,
  forward: ({ dy }, dx, { xShape, ...attrs }) =>
    launch(avgPool2dBackward, { dy, dx }, pool2dGeometry(xShape, attrs, "avg_pool2d").params),
  vjp: { dy: vjp([], (g, _, { attrs: { xShape: _shape, ...attrs } }): Tensor => avgPool2d(g, attrs)) },
});

function detached(x: Tensor): Tensor {
  return adopt(x.alias());
}

export const maxPool2d = (x: Tensor, attrs: Pool2dAttrs): Tensor => maxPool2dOp({ x }, attrs);
export const avgPool2d = (x: Tensor, attrs: Pool2dAttrs): Tensor => avgPool2dOp({ x }, attrs);
/** Shape of a pooling's result, checked like a call. */
export const pool2dShape = (xShape: readonly number[], attrs: Pool2dAttrs, op?: string): number[] =>
  pool2dGeometry(xShape, attrs, op).shape;
