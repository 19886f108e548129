import {
  logSoftmaxBackward,
  logSoftmaxForward,
  softmaxBackward,
  softmaxForward,
  softmaxGeometry,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectDtype } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { exp, mul, sub } from "./elementwise.js";
import { sum } from "./reduce.js";

interface AxisAttrs {
  axis: number;
}

const total = (x: Tensor, axis: number): Tensor => sum(x, { axes: [axis], keepdims: true });

// y = e^(x - max) / sum;  dx = y (dy - sum(dy y))
const softmaxOp = defineOp<{ x: Tensor }, AxisAttrs>({
  name: "softmax",
  shape: ({ x }, { axis }) => {
    expectDtype("softmax", "x", x.dtype, "float32");
    return softmaxGeometry(x.shape, axis, "softmax").shape;
  },
  forward: ({ x }, y, { axis }) => launch(softmaxForward, { x, y }, softmaxGeometry(x.shape, axis, "softmax").params),
  vjp: { x: vjp(["y"], (dy, { y }, { attrs }): Tensor => softmaxBackwardOp({ y, dy }, attrs)) },
});

const softmaxBackwardOp = defineOp<{ y: Tensor; dy: Tensor }, AxisAttrs>({
  name: "softmax_backward",
  shape: ({ y }) => y.shape,
  forward: ({ y, dy }, dx, { axis }) =>
    launch(softmaxBackward, { y, dy, dx }, softmaxGeometry(y.shape, axis, "softmax").params),
  vjp: {
    // d/dy of y (dy - s), s = sum(dy y): (dy - s) g - dy sum(g y)
    y: vjp(
      ["y", "dy"],
      (g, { y, dy }, { attrs: { axis } }): Tensor =>
        sub(mul(g, sub(dy, total(mul(dy, y), axis))), mul(dy, total(mul(g, y), axis))),
    ),
    dy: vjp(["y"], (g, { y }, { attrs }): Tensor => softmaxBackwardOp({ y, dy: g }, attrs)),
  },
});

// y = x - max - log sum;  dx = dy - e^y sum(dy)
const logSoftmaxOp = defineOp<{ x: Tensor }, AxisAttrs>({
  name: "log_softmax",
  shape: ({ x }, { axis }) => {
    expectDtype("log_softmax", "x", x.dtype, "float32");
    return softmaxGeometry(x.shape, axis, "log_softmax").shape;
  },
  forward: ({ x }, y, { axis }) =>
    launch(logSoftmaxForward, { x, y }, softmaxGeometry(x.shape, axis, "log_softmax").params),
  vjp: { x: vjp(["y"], (dy, { y }, { attrs }): Tensor => logSoftmaxBackwardOp({ y, dy }, attrs)) },
});

const logSoftmaxBackwardOp = defineOp<{ y: Tensor; dy: Tensor }, AxisAttrs>({
  name: "log_softmax_backward",
  shape: ({ y }) => y.shape,
  forward: ({ y, dy }, dx, { axis }) =>
    launch(logSoftmaxBackward, { y, dy, dx }, softmaxGeometry(y.shape, axis, "log_softmax").params),
  vjp: {
    y: vjp(["y", "dy"], (g, { y, dy }, { attrs: { axis } }): Tensor => mul(mul(g, exp(y)), mul(total(dy, axis), -1))),
    dy: vjp(["y"], (g, { y }, { attrs: { axis } }): Tensor => sub(g, total(mul(g, exp(y)), axis))),
  },
});

/** e^x over its sum along an axis (default the last). */
export const softmax = (x: Tensor, axis = -1): Tensor => softmaxOp({ x }, { axis });
/** Logarithm of softmax, computed without its underflow. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => logSoftmaxOp({ x }, { axis });
