// Elementwise functions of one operand. The expression of each is in kernels-wgsl/src/kernels/elementwise/expressions.
import { nonDifferentiable, vjp } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { insideBackward } from "./activations.js";
import { cast, div, greaterEqual, less, lessEqual, logicalAnd, mul, where } from "./elementwise.js";
import { ofOne, unary, zeroGradient } from "./elementwise_op.js";

export const neg = ofOne(
  "neg",
  vjp([], (dy) => neg(dy)),
);
const absOp = unary(
  "abs",
  vjp(["x"], (dy, { x }, { attrs }) => mul(dy, attrs.rightAtZero ? where(less(x, 0), -1, 1) : signum(x))),
);
/** |x|. At 0 the derivative is 0, with `rightAtZero` 1; at NaN 0. */
export const abs = (x: Tensor, { rightAtZero = false } = {}): Tensor => absOp({ x }, { s0: 0, s1: 0, rightAtZero });
/** -1, 0 or 1; NaN of NaN. */
export const sign = ofOne("sign", zeroGradient("x"));
/** -1, 0 or 1; 0 of NaN, as PyTorch's sign. */
export const signum = ofOne("signum", zeroGradient("x"));
export const sqrt = ofOne(
  "sqrt",
  vjp(["y"], (dy, { y }) => div(dy, mul(y, 2))),
);
export const rsqrt = ofOne(
  "rsqrt",
  vjp(["y"], (dy, { y }) => mul(mul(dy, -0.5), mul(y, square(y)))),
);
export const reciprocal = ofOne(
  "reciprocal",
  vjp(["y"], (dy, { y }) => neg(mul(dy, square(y)))),
);
export const square = ofOne(
  "square",
  vjp(["x"], (dy, { x }) => mul(mul(dy, 2), x)),
);
const clampOp = unary(
  "clamp",
  vjp(["x"], (dy, { x }, { attrs: { s0, s1, openEnds } }) =>
    openEnds
      ? insideBackward({ a: dy, b: x }, { s0, s1 })
      : mul(dy, cast(logicalAnd(greaterEqual(x, s0), lessEqual(x, s1)), "float32")),
  ),
);
/** x moved into [low, high]. At the ends the gradient passes. */
export const clamp = (x: Tensor, low: number, high: number): Tensor => clampOp({ x }, { s0: low, s1: high });
/** x moved into [low, high]. At the ends the gradient is 0. */
export const hardTanh = (x: Tensor, low = -1, high = 1): Tensor =>
  clampOp({ x }, { s0: low, s1: high, openEnds: true });
export const logicalNot = ofOne("logical_not", nonDifferentiable, { result: "bool" });
/** A power of two for each element, to multiply by where squares would overflow or vanish. */
export const squareScale = ofOne("square_scale", nonDifferentiable);
