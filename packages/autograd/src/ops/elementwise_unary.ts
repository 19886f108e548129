// Elementwise functions of one operand. The expression of each is in kernels-wgsl/src/kernels/elementwise/expressions.ts.
import { nonDifferentiable, vjp } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { add, cast, div, greater, greaterEqual, less, lessEqual, logicalAnd, mul, sub, where } from "./elementwise.js";
import { binary, type UnaryAttrs, unary, zeroGradient } from "./elementwise_op.js";

const NO_SCALARS: UnaryAttrs = { s0: 0, s1: 0 };

// Saved y where the derivative is cheaper from it.
const negOp = unary(
  "neg",
  vjp([], (dy) => neg(dy)),
);
const absOp = unary(
  "abs",
  vjp(["x"], (dy, { x }, { attrs }) => mul(dy, attrs.rightAtZero ? where(less(x, 0), -1, 1) : signum(x))),
);
const signOp = unary("sign", zeroGradient("x"));
const signumOp = unary("signum", zeroGradient("x"));
const expOp = unary(
  "exp",
  vjp(["y"], (dy, { y }) => mul(dy, y)),
);
const expm1Op = unary(
  "expm1",
  vjp(["y"], (dy, { y }) => mul(dy, add(y, 1))),
);
const logOp = unary(
  "log",
  vjp(["x"], (dy, { x }) => div(dy, x)),
);
const log1pOp = unary(
  "log1p",
  vjp(["x"], (dy, { x }) => div(dy, add(x, 1))),
);
const sqrtOp = unary(
  "sqrt",
  vjp(["y"], (dy, { y }) => div(dy, mul(y, 2))),
);
const rsqrtOp = unary(
  "rsqrt",
  vjp(["y"], (dy, { y }) => mul(mul(dy, -0.5), mul(y, square(y)))),
);
const reciprocalOp = unary(
  "reciprocal",
  vjp(["y"], (dy, { y }) => neg(mul(dy, square(y)))),
);
const squareOp = unary(
  "square",
  vjp(["x"], (dy, { x }) => mul(mul(dy, 2), x)),
);
const sinOp = unary(
  "sin",
  vjp(["x"], (dy, { x }) => mul(dy, cos(x))),
);
const cosOp = unary(
  "cos",
  vjp(["x"], (dy, { x }) => neg(mul(dy, sin(x)))),
);
const tanhOp = unary(
  "tanh",
  vjp(["y"], (dy, { y }) => tanhBackwardOp({ a: dy, b: y }, undefined)),
);
const sigmoidOp = unary(
  "sigmoid",
  vjp(["y"], (dy, { y }) => sigmoidBackwardOp({ a: dy, b: y }, undefined)),
);
const softplusOp = unary(
  "softplus",
  vjp(["x"], (dy, { x }) => mul(dy, sigmoid(x))),
);
const reluOp = unary(
  "relu",
  vjp(["y"], (dy, { y }) => reluBackwardOp({ a: dy, b: y }, undefined)),
);
const rightSide = (x: Tensor, { rightAtZero }: UnaryAttrs): Tensor => (rightAtZero ? greaterEqual : greater)(x, 0);
const leftSide = (x: Tensor, { rightAtZero }: UnaryAttrs): Tensor => (rightAtZero ? less : lessEqual)(x, 0);
const leakyReluOp = unary(
  "leaky_relu",
  vjp(["x"], (dy, { x }, { attrs }) => mul(dy, where(rightSide(x, attrs), 1, attrs.s0))),
);
// For x <= 0 the derivative is alpha e^x = y + alpha; at NaN it is 1, as in PyTorch.
const eluOp = unary(
  "elu",
  vjp(["x", "y"], (dy, { x, y }, { attrs }) => mul(dy, where(leftSide(x, attrs), add(y, attrs.s0), 1))),
);
const erfOp = unary(
  "erf",
  vjp(["x"], (dy, { x }) => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))),
);
const erfinvOp = unary(
  "erfinv",
  vjp(["y"], (dy, { y }) => mul(dy, mul(exp(square(y)), Math.sqrt(Math.PI) / 2))),
);
// gelu' = Phi(x) + x phi(x)
const geluOp = unary(
  "gelu",
  vjp(["x"], (dy, { x }) => {
    const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(dy, add(cumulative, mul(x, density)));
  }),
);
// With u = c (x + 0.044715 x^3): 0.5 (1 + tanh u) + 0.5 x (1 - tanh^2 u) u'
const geluTanhOp = unary(
  "gelu_tanh",
  vjp(["x"], (dy, { x }) => {
    const c = Math.sqrt(2 / Math.PI);
    const squared = square(x);
    const t = tanh(mul(mul(x, c), add(mul(squared, 0.044715), 1)));
    const slope = mul(add(mul(squared, 3 * 0.044715), 1), c);
    return mul(dy, mul(add(add(t, 1), mul(mul(x, sub(1, square(t))), slope)), 0.5));
  }),
);
const siluOp = unary(
  "silu",
  vjp(["x"], (dy, { x }) => {
    const s = sigmoid(x);
    return mul(dy, mul(s, add(mul(x, sub(1, s)), 1)));
  }),
);
const clampOp = unary(
  "clamp",
  vjp(["x"], (dy, { x }, { attrs }) =>
    mul(dy, cast(logicalAnd(greaterEqual(x, attrs.s0), lessEqual(x, attrs.s1)), "float32")),
  ),
);
const floorOp = unary("floor", zeroGradient("x"));
const ceilOp = unary("ceil", zeroGradient("x"));
const roundOp = unary("round", zeroGradient("x"));
const squareScaleOp = unary("square_scale", nonDifferentiable);
const isNanOp = unary("is_nan", nonDifferentiable, "bool");
const logicalNotOp = unary("logical_not", nonDifferentiable, "bool");

// Derivatives that are one kernel instead of three; each can be differentiated again.
const reluBackwardOp = binary(
  "relu_backward",
  vjp(["b"], (dy, { b }) => reluBackwardOp({ a: dy, b }, undefined)),
  nonDifferentiable,
);
const tanhBackwardOp = binary(
  "tanh_backward",
  vjp(["b"], (dy, { b }) => tanhBackwardOp({ a: dy, b }, undefined)),
  vjp(["a", "b"], (dy, { a, b }) => mul(mul(dy, a), mul(b, -2))),
);
const sigmoidBackwardOp = binary(
  "sigmoid_backward",
  vjp(["b"], (dy, { b }) => sigmoidBackwardOp({ a: dy, b }, undefined)),
  vjp(["a", "b"], (dy, { a, b }) => mul(mul(dy, a), sub(1, mul(b, 2)))),
);

export const neg = (x: Tensor): Tensor => negOp({ x }, NO_SCALARS);
/** |x|. At 0 the derivative is 0, with `rightAtZero` 1; at NaN 0. */
export const abs = (x: Tensor, { rightAtZero = false } = {}): Tensor => absOp({ x }, { ...NO_SCALARS, rightAtZero });
/** -1, 0 or 1; NaN of NaN. */
export const sign = (x: Tensor): Tensor => signOp({ x }, NO_SCALARS);
/** -1, 0 or 1; 0 of NaN, as PyTorch's sign. */
export const signum = (x: Tensor): Tensor => signumOp({ x }, NO_SCALARS);
export const exp = (x: Tensor): Tensor => expOp({ x }, NO_SCALARS);
export const expm1 = (x: Tensor): Tensor => expm1Op({ x }, NO_SCALARS);
export const log = (x: Tensor): Tensor => logOp({ x }, NO_SCALARS);
export const log1p = (x: Tensor): Tensor => log1pOp({ x }, NO_SCALARS);
export const sqrt = (x: Tensor): Tensor => sqrtOp({ x }, NO_SCALARS);
export const rsqrt = (x: Tensor): Tensor => rsqrtOp({ x }, NO_SCALARS);
export const reciprocal = (x: Tensor): Tensor => reciprocalOp({ x }, NO_SCALARS);
export const square = (x: Tensor): Tensor => squareOp({ x }, NO_SCALARS);
export const sin = (x: Tensor): Tensor => sinOp({ x }, NO_SCALARS);
export const cos = (x: Tensor): Tensor => cosOp({ x }, NO_SCALARS);
export const tanh = (x: Tensor): Tensor => tanhOp({ x }, NO_SCALARS);
export const sigmoid = (x: Tensor): Tensor => sigmoidOp({ x }, NO_SCALARS);
export const softplus = (x: Tensor): Tensor => softplusOp({ x }, NO_SCALARS);
export const relu = (x: Tensor): Tensor => reluOp({ x }, NO_SCALARS);
/** x where positive, else slope * x. */
export const leakyRelu = (x: Tensor, slope: number, { rightAtZero = false } = {}): Tensor =>
  leakyReluOp({ x }, { s0: slope, s1: 0, rightAtZero });
/** x where positive, else alpha (e^x - 1). At 0 the derivative is alpha, with `rightAtZero` 1. */
export const elu = (x: Tensor, alpha = 1, { rightAtZero = false } = {}): Tensor =>
  eluOp({ x }, { s0: alpha, s1: 0, rightAtZero });
export const erf = (x: Tensor): Tensor => erfOp({ x }, NO_SCALARS);
export const erfinv = (x: Tensor): Tensor => erfinvOp({ x }, NO_SCALARS);
/** x Phi(x); `approximate` takes the tanh form. */
export const gelu = (x: Tensor, approximate = false): Tensor => (approximate ? geluTanhOp : geluOp)({ x }, NO_SCALARS);
export const silu = (x: Tensor): Tensor => siluOp({ x }, NO_SCALARS);
export const clamp = (x: Tensor, low: number, high: number): Tensor => clampOp({ x }, { s0: low, s1: high });
export const floor = (x: Tensor): Tensor => floorOp({ x }, NO_SCALARS);
export const ceil = (x: Tensor): Tensor => ceilOp({ x }, NO_SCALARS);
/** To the nearest whole number, halves to the even one, as numpy. */
export const round = (x: Tensor): Tensor => roundOp({ x }, NO_SCALARS);
/** A power of two for each element, to multiply by where squares would overflow or vanish. */
export const squareScale = (x: Tensor): Tensor => squareScaleOp({ x }, NO_SCALARS);
export const isNan = (x: Tensor): Tensor => isNanOp({ x }, NO_SCALARS);
export const logicalNot = (x: Tensor): Tensor => logicalNotOp({ x }, NO_SCALARS);
