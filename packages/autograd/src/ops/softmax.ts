import {
  logSoftmaxBackward,
  logSoftmaxForward,
  softmaxBackward,
  softmaxForward,
  softmaxGeometry,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { alongAxis } from "../vmap/rules.js";
import { mul, sub } from "./elementwise.js";
import { neg } from "./elementwise_unary.js";
import { exp } from "./powers.js";
import { sum } from "./reduce.js";

interface AxisAttrs {
  axis: number;
}

/** The sum along an axis, which is kept; a scalar is one by itself. */
const total = (x: Tensor, axis: number): Tensor => sum(x, { axes: x.rank === 0 ? [] : [axis], keepdims: true });

// y = e^(x - max) / sum;  dx = y (dy - sum(dy y))
const softmaxOp = defineOp<{ x: Tensor }, AxisAttrs>({
  name: "softmax",
  shape: ({ x }, { axis }) => {
    expectFloating("softmax", "x", x.dtype);
    return softmaxGeometry(x.shape, axis, "softmax").shape;
  },
  forward: ({ x }, y, { axis }) => launch(softmaxForward, { x, y }, softmaxGeometry(x.shape, axis, "softmax").params),
  vjp: { x: vjp(["y"], (dy, { y }, { attrs }): Tensor => softmaxBackwardOp({ forward: y, dy }, attrs)) },
  batch: alongAxis(),
  halves: { forward: "kernels", gradients: "own" },
});

// `forward` is the softmax itself, s: dx = s (dy - sum(dy s))
const softmaxBackwardOp = defineOp<{ forward: Tensor; dy: Tensor }, AxisAttrs>({
  name: "softmax_backward",
  shape: ({ forward }) => forward.shape,
  forward: ({ forward, dy }, dx, { axis }) =>
    launch(softmaxBackward, { y: forward, dy, dx }, softmaxGeometry(forward.shape, axis, "softmax").params),
  vjp: {
    // by s: (dy - sum(dy s)) g - dy sum(g s)
    forward: vjp(
      ["forward", "dy"],
      (g, { forward: s, dy }, { attrs: { axis } }): Tensor =>
        sub(mul(g, sub(dy, total(mul(dy, s), axis))), mul(dy, total(mul(g, s), axis))),
    ),
    dy: vjp(["forward"], (g, { forward }, { attrs }): Tensor => softmaxBackwardOp({ forward, dy: g }, attrs)),
  },
  batch: alongAxis(),
  halves: { forward: "kernels" },
});

// y = x - max - log sum;  dx = dy - e^y sum(dy)
const logSoftmaxOp = defineOp<{ x: Tensor }, AxisAttrs>({
  name: "log_softmax",
  shape: ({ x }, { axis }) => {
    expectFloating("log_softmax", "x", x.dtype);
    return softmaxGeometry(x.shape, axis, "log_softmax").shape;
  },
  forward: ({ x }, y, { axis }) =>
    launch(logSoftmaxForward, { x, y }, softmaxGeometry(x.shape, axis, "log_softmax").params),
  vjp: { x: vjp(["y"], (dy, { y }, { attrs }): Tensor => logSoftmaxBackwardOp({ forward: y, dy }, attrs)) },
  batch: alongAxis(),
  halves: { forward: "kernels", gradients: "own" },
});

// `forward` is the log softmax itself, l: dx = dy - e^l sum(dy)
const logSoftmaxBackwardOp = defineOp<{ forward: Tensor; dy: Tensor }, AxisAttrs>({
  name: "log_softmax_backward",
  shape: ({ forward }) => forward.shape,
  forward: ({ forward, dy }, dx, { axis }) =>
    launch(logSoftmaxBackward, { y: forward, dy, dx }, softmaxGeometry(forward.shape, axis, "log_softmax").params),
  vjp: {
    forward: vjp(
      ["forward", "dy"],
      (g, { forward, dy }, { attrs: { axis } }): Tensor => mul(mul(g, exp(forward)), neg(total(dy, axis))),
    ),
    dy: vjp(["forward"], (g, { forward }, { attrs: { axis } }): Tensor => sub(g, total(mul(g, exp(forward)), axis))),
  },
  batch: alongAxis(),
  halves: { forward: "kernels" },
});

/** e^x over its sum along an axis (default the last). */
export const softmax = (x: Tensor, axis = -1): Tensor => softmaxOp({ x }, { axis });
/** Logarithm of softmax, computed without its underflow. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => logSoftmaxOp({ x }, { axis });
