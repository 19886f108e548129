// Activations. The expression of each is in kernels-wgsl/src/kernels/elementwise/expressions/activations.ts.
import { ArgumentError, ShapeError } from "@facet/kernels-wgsl";
import { nonDifferentiable, vjp } from "../define_op.js";
import { type Key, uniform } from "../random.js";
import type { Tensor } from "../tensor.js";
import { add, div, greater, greaterEqual, less, lessEqual, maximum, minimum, mul, sub, where } from "./elementwise.js";
import { binary, ofOne, toward, type UnaryAttrs, unary } from "./elementwise_op.js";
import { abs, neg, sqrt, square } from "./elementwise_unary.js";
import { erf } from "./erf.js";
import { type Arithmetic, formula } from "./formula.js";
import { exp } from "./powers.js";
import { sliceAlong } from "./shape.js";

const tensors = (): Arithmetic<Tensor> => ({
  ...{ add, sub, mul, div, neg, abs, square, exp, erf },
  ...{ tanh, sigmoid, softplus },
});

/** The gradient by x of an activation whose derivative is a formula of x. */
function slope(name: string, derivative: <T>(arithmetic: Arithmetic<T>, x: T) => T) {
  const gradient = formula(name, ["dy", "x"], tensors, (f, { dy, x }) => f.mul(dy, derivative(f, x)));
  return vjp(["x"], (dy, { x }) => gradient({ dy, x }));
}

// Saved y where the derivative is cheaper from it.
export const tanh = ofOne(
  "tanh",
  vjp(["y"], (dy, { y }) => tanhBackward({ a: dy, b: y }, undefined)),
);
export const sigmoid = ofOne(
  "sigmoid",
  vjp(["y"], (dy, { y }) => sigmoidBackward({ a: dy, b: y }, undefined)),
);
export const softplus = ofOne(
  "softplus",
  slope("softplus_backward", (f, x) => f.sigmoid(x)),
);
/** log(sigmoid(x)). */
export const logSigmoid = ofOne(
  "log_sigmoid",
  slope("log_sigmoid_backward", (f, x) => f.sigmoid(f.neg(x))),
);
export const relu = ofOne(
  "relu",
  vjp(["y"], (dy, { y }) => reluBackward({ a: dy, b: y }, undefined)),
);
/** min(max(x, 0), 6); no gradient at the kinks. */
export const relu6 = ofOne(
  "relu6",
  vjp(["x"], (dy, { x }) => insideBackward({ a: dy, b: x }, { s0: 0, s1: 6 })),
);

const rightSide = (x: Tensor, { rightAtZero }: UnaryAttrs): Tensor => (rightAtZero ? greaterEqual : greater)(x, 0);
const leftSide = (x: Tensor, { rightAtZero }: UnaryAttrs): Tensor => (rightAtZero ? less : lessEqual)(x, 0);
const leakyReluOp = unary(
  "leaky_relu",
  vjp(["x"], (dy, { x }, { attrs }) => mul(dy, where(rightSide(x, attrs), 1, attrs.s0))),
);
/** x where positive, else slope * x. */
export const leakyRelu = (x: Tensor, slope: number, { rightAtZero = false } = {}): Tensor =>
  leakyReluOp({ x }, { s0: slope, s1: 0, rightAtZero });
// For x <= 0 the derivative is alpha e^x = y + alpha; at NaN it is 1, as in PyTorch.
const eluOp = unary(
  "elu",
  vjp(["x", "y"], (dy, { x, y }, { attrs }) => mul(dy, where(leftSide(x, attrs), add(y, attrs.s0), 1))),
);
/** x where positive, else alpha (e^x - 1). At 0 the derivative is alpha, with `rightAtZero` 1. */
export const elu = (x: Tensor, alpha = 1, { rightAtZero = false } = {}): Tensor =>
  eluOp({ x }, { s0: alpha, s1: 0, rightAtZero });
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;
const seluOp = unary(
  "selu",
  vjp(["x", "y"], (dy, { x, y }, { attrs }) =>
    mul(dy, where(leftSide(x, attrs), add(y, SELU_SCALE * SELU_ALPHA), SELU_SCALE)),
  ),
);
/** 1.0507 elu(x, 1.6733). At 0 the derivative is 1.758, with `rightAtZero` 1.0507. */
export const selu = (x: Tensor, { rightAtZero = false } = {}): Tensor => seluOp({ x }, { s0: 0, s1: 0, rightAtZero });
const celuOp = unary(
  "celu",
  vjp(["x", "y"], (dy, { x, y }, { attrs }) => mul(dy, where(leftSide(x, attrs), add(div(y, attrs.s0), 1), 1))),
);
/** x where positive, else alpha (e^(x / alpha) - 1). */
export function celu(x: Tensor, alpha = 1): Tensor {
  if (alpha !== 0) return celuOp({ x }, { s0: alpha, s1: 0 });
  throw new ArgumentError({ op: "celu", argument: "alpha", expected: "a number other than 0", given: "0" });
}

// gelu' = Phi(x) + x phi(x)
const geluOp = ofOne(
  "gelu",
  slope("gelu_backward", (f, x) => {
    const cumulative = f.mul(f.add(f.erf(f.mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = f.mul(f.exp(f.mul(f.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return f.add(cumulative, f.mul(x, density));
  }),
);
// With u = c (x + 0.044715 x^3): 0.5 (1 + tanh u) + 0.5 x (1 - tanh^2 u) u'
const geluTanhOp = ofOne(
  "gelu_tanh",
  slope("gelu_tanh_backward", (f, x) => {
    const c = Math.sqrt(2 / Math.PI);
    const squared = f.square(x);
    const t = f.tanh(f.mul(f.mul(x, c), f.add(f.mul(squared, 0.044715), 1)));
    const steepness = f.mul(f.add(f.mul(squared, 3 * 0.044715), 1), c);
    return f.mul(f.add(f.add(t, 1), f.mul(f.mul(x, f.sub(1, f.square(t))), steepness)), 0.5);
  }),
);
/** x Phi(x); `approximate` takes the tanh form. */
export const gelu = (x: Tensor, approximate = false): Tensor => (approximate ? geluTanhOp : geluOp)(x);
/** Slope of x sigmoid(c x). */
function gatedSlope<T>(f: Arithmetic<T>, x: T, c: number): T {
  const scaled = c === 1 ? x : f.mul(x, c);
  const s = f.sigmoid(scaled);
  return f.mul(s, f.add(f.mul(scaled, f.sub(1, s)), 1));
}
/** x sigmoid(x). */
export const silu = ofOne(
  "silu",
  slope("silu_backward", (f, x) => gatedSlope(f, x, 1)),
);
/** x sigmoid(1.702 x), near gelu. */
export const quickGelu = ofOne(
  "quick_gelu",
  slope("quick_gelu_backward", (f, x) => gatedSlope(f, x, 1.702)),
);
/** x tanh(softplus(x)). */
export const mish = ofOne(
  "mish",
  slope("mish_backward", (f, x) => {
    const t = f.tanh(f.softplus(x));
    return f.add(t, f.mul(f.mul(x, f.sigmoid(x)), f.sub(1, f.square(t))));
  }),
);

/** relu6(x + 3) / 6; no gradient at the kinks. */
export const hardSigmoid = ofOne(
  "hard_sigmoid",
  vjp(["x"], (dy, { x }) => div(insideBackward({ a: dy, b: x }, { s0: -3, s1: 3 }), 6)),
);
/** x relu6(x + 3) / 6, also called hard silu. At -3 the derivative is 0, at 3 it is 1. */
export const hardSwish = ofOne(
  "hard_swish",
  vjp(["x"], (dy, { x }) => mul(dy, where(lessEqual(x, -3), 0, where(less(x, 3), add(div(x, 3), 0.5), 1)))),
);
const hardShrinkOp = unary(
  "hard_shrink",
  vjp(["x"], (dy, { x }, { attrs: { s0 } }) => outsideBackward({ a: dy, b: x }, { s0: -s0, s1: s0 })),
);
/** 0 where |x| <= lambda, else x. */
export const hardShrink = (x: Tensor, lambda = 0.5): Tensor => hardShrinkOp({ x }, { s0: lambda, s1: 0 });
const softShrinkOp = unary(
  "soft_shrink",
  vjp(["x"], (dy, { x }, { attrs: { s0 } }) => outsideBackward({ a: dy, b: x }, { s0: -s0, s1: s0 })),
);
/** x moved towards 0 by lambda, 0 where |x| <= lambda, which is 0 or more. */
export function softShrink(x: Tensor, lambda = 0.5): Tensor {
  if (lambda >= 0) return softShrinkOp({ x }, { s0: lambda, s1: 0 });
  const given = `${lambda}`;
  throw new ArgumentError({ op: "soft_shrink", argument: "lambda", expected: "a number of 0 or more", given });
}
/** x - tanh(x), near 0 too. */
export const tanhShrink = ofOne(
  "tanh_shrink",
  slope("tanh_shrink_backward", (f, x) => f.square(f.tanh(x))),
);
const thresholdOp = unary(
  "threshold",
  vjp(["x"], (dy, { x }, { attrs }) => where(lessEqual(x, attrs.s0), 0, dy)),
);
/** x where above the threshold, else the value. */
export const threshold = (x: Tensor, least: number, value: number): Tensor =>
  thresholdOp({ x }, { s0: least, s1: value });
/** x / (1 + |x|). */
export const softsign = ofOne(
  "softsign",
  vjp(["x"], (dy, { x }) => softsignBackward({ dy, x })),
);
const squareplusOp = unary(
  "squareplus",
  // (1 + x / r) / 2 with r = sqrt(x^2 + b), without its cancellation below 0.
  vjp(["x", "y"], (dy, { x, y }, { attrs }) => mul(dy, div(y, sqrt(add(square(x), attrs.s0))))),
);
/** (x + sqrt(x^2 + b)) / 2. */
export const squareplus = (x: Tensor, b = 4): Tensor => squareplusOp({ x }, { s0: b, s1: 0 });
/** 0 up to -1, x from 1, (x + 1)^2 / 4 between. */
export const sparsePlus = ofOne(
  "sparse_plus",
  vjp(["x"], (dy, { x }) => mul(dy, sparseSigmoid(x))),
);
/** (x + 1) / 2 moved into [0, 1]: the slope of sparsePlus. At the ends half of the gradient passes, as in JAX. */
export const sparseSigmoid = (x: Tensor): Tensor => mul(minimum(maximum(add(x, 1), 0), 2), 0.5);

const preluOp = binary(
  "prelu",
  toward("a", ["a", "b"], (dy, { a, b }) => mul(dy, where(lessEqual(a, 0), b, 1))),
  toward("b", ["a"], (dy, { a }) => mul(dy, where(lessEqual(a, 0), a, 0))),
);
/** x where positive, else slope * x, with a tensor of slopes that broadcasts to x and has a gradient. */
export function prelu(x: Tensor, slope: Tensor): Tensor {
  const y = preluOp({ a: x, b: slope }, undefined);
  if (`${y.shape}` === `${x.shape}`) return y;
  throw new ShapeError({
    op: "prelu",
    argument: "slope",
    expected: `a shape that broadcasts to [${x.shape}]`,
    given: `[${slope.shape}]`,
  });
}
/** leakyRelu with a slope for each element, drawn from [lower, upper); without a key their mean for all. */
export function rrelu(x: Tensor, lower: number, upper: number, key?: Key): Tensor {
  if (!(lower <= upper))
    throw new ArgumentError({ op: "rrelu", argument: "upper", expected: `a number from ${lower}`, given: `${upper}` });
  return key ? prelu(x, uniform(key, x.shape, lower, upper)) : leakyRelu(x, (lower + upper) / 2);
}
/** The first half along an axis times the sigmoid of the second. */
export function glu(x: Tensor, axis = -1): Tensor {
  const at = axis < 0 ? axis + x.rank : axis;
  const extent = x.shape[at];
  if (extent === undefined || !Number.isInteger(axis))
    throw new ArgumentError({ op: "glu", argument: "axis", expected: `an axis of [${x.shape}]`, given: `${axis}` });
  if (extent % 2 !== 0)
    throw new ShapeError({
      op: "glu",
      argument: "x",
      expected: `an even extent along axis ${axis}`,
      given: `[${x.shape}]`,
    });
  return mul(sliceAlong(x, at, 0, extent / 2), sigmoid(sliceAlong(x, at, extent / 2, extent)));
}

const softsignBackward = formula("softsign_backward", ["dy", "x"], tensors, (f, { dy, x }) =>
  f.div(dy, f.square(f.add(f.abs(x), 1))),
);

// Derivatives that are one kernel instead of several; each can be differentiated again.
const reluBackward = binary(
  "relu_backward",
  vjp(["b"], (dy, { b }) => reluBackward({ a: dy, b }, undefined)),
  nonDifferentiable,
);
const tanhBackward = binary(
  "tanh_backward",
  vjp(["b"], (dy, { b }) => tanhBackward({ a: dy, b }, undefined)),
  vjp(["a", "b"], (dy, { a, b }) => mul(mul(dy, a), mul(b, -2))),
);
const sigmoidBackward = binary(
  "sigmoid_backward",
  vjp(["b"], (dy, { b }) => sigmoidBackward({ a: dy, b }, undefined)),
  vjp(["a", "b"], (dy, { a, b }) => mul(mul(dy, a), sub(1, mul(b, 2)))),
);
/** dy where the input is inside (s0, s1), else 0. */
export const insideBackward = binary(
  "inside_backward",
  vjp(["b"], (dy, { b }, { attrs }) => insideBackward({ a: dy, b }, attrs)),
  nonDifferentiable,
);
/** dy where the input is outside [s0, s1], else 0. */
const outsideBackward = binary(
  "outside_backward",
  vjp(["b"], (dy, { b }, { attrs }) => outsideBackward({ a: dy, b }, attrs)),
  nonDifferentiable,
);
