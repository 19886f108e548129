// Trigonometric and hyperbolic functions. Angles of any size are reduced exactly.
import { elementwiseBinarySpecial, elementwiseTranscendental } from "@facet/kernels-wgsl";
import { vjp } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { add, div, equal, less, mul, sub, where } from "./elementwise.js";
import { ofOne, ofTwo, toward } from "./elementwise_op.js";
import { abs, neg, rsqrt, sqrt, square } from "./elementwise_unary.js";

const TRANSCENDENTAL = { kernel: elementwiseTranscendental };

export const sin = ofOne(
  "sin",
  vjp(["x"], (dy, { x }) => mul(dy, cos(x))),
);
export const cos = ofOne(
  "cos",
  vjp(["x"], (dy, { x }) => neg(mul(dy, sin(x)))),
);
export const tan = ofOne(
  "tan",
  vjp(["y"], (dy, { y }) => mul(dy, add(square(y), 1))),
);
/** 1 - x^2 without the loss near 1. */
const oneMinusSquare = (x: Tensor): Tensor => mul(sub(1, x), add(x, 1));
/** Inverse of sin on [-1, 1], elsewhere NaN. */
export const asin = ofOne(
  "asin",
  vjp(["x"], (dy, { x }) => mul(dy, rsqrt(oneMinusSquare(x)))),
  TRANSCENDENTAL,
);
/** Inverse of cos on [-1, 1], elsewhere NaN. */
export const acos = ofOne(
  "acos",
  vjp(["x"], (dy, { x }) => neg(mul(dy, rsqrt(oneMinusSquare(x))))),
  TRANSCENDENTAL,
);
export const atan = ofOne(
  "atan",
  vjp(["x"], (dy, { x }) => div(dy, add(square(x), 1))),
  TRANSCENDENTAL,
);
/** The angle of the point (b, a): a is the rise, b the run. At (0, 0) the gradients are 0, as in PyTorch. */
export const atan2 = ofTwo(
  "atan2",
  toward("a", ["a", "b"], (dy, { a, b }) => mul(dy, overSquares(b, a, b))),
  toward("b", ["a", "b"], (dy, { a, b }) => neg(mul(dy, overSquares(a, a, b)))),
);
/** part / (a^2 + b^2), 0 for 0 / 0. */
function overSquares(part: Tensor, a: Tensor, b: Tensor): Tensor {
  const squares = add(square(a), square(b));
  return div(part, where(equal(squares, 0), 1, squares));
}
export const sinh = ofOne(
  "sinh",
  vjp(["x"], (dy, { x }) => mul(dy, cosh(x))),
  TRANSCENDENTAL,
);
export const cosh = ofOne(
  "cosh",
  vjp(["x"], (dy, { x }) => mul(dy, sinh(x))),
  TRANSCENDENTAL,
);
export const asinh = ofOne(
  "asinh",
  vjp(["x"], (dy, { x }) => mul(dy, rsqrt(add(square(x), 1)))),
  TRANSCENDENTAL,
);
/** Inverse of cosh from 1 on, below NaN. */
export const acosh = ofOne(
  "acosh",
  vjp(["x"], (dy, { x }) => div(dy, mul(sqrt(sub(x, 1)), sqrt(add(x, 1))))),
  TRANSCENDENTAL,
);
export const atanh = ofOne(
  "atanh",
  vjp(["x"], (dy, { x }) => div(dy, oneMinusSquare(x))),
  TRANSCENDENTAL,
);
/** sin(pi x) / (pi x), 1 at 0. */
export const sinc = ofOne(
  "sinc",
  vjp(["x"], (dy, { x }) => {
    // Near 0 the two terms cancel: the series is exact to the last bit below a fifth.
    const near = less(abs(x), 0.2);
    const z = square(mul(x, Math.PI));
    const series = mul(mul(x, -(Math.PI ** 2) / 3), sub(1, mul(z, sub(0.1, mul(z, sub(1 / 280, mul(z, 1 / 15120)))))));
    const far = where(near, 1, x);
    const slope = div(sub(cos(mul(far, Math.PI)), sinc(far)), far);
    return mul(dy, where(near, series, slope));
  }),
  TRANSCENDENTAL,
);
/** sqrt(a^2 + b^2) without overflow. */
export const hypot = ofTwo(
  "hypot",
  toward("a", ["a", "y"], (dy, { a, y }) => mul(dy, div(a, y))),
  toward("b", ["b", "y"], (dy, { b, y }) => mul(dy, div(b, y))),
  { kernel: elementwiseBinarySpecial },
);

/** Degrees as radians. */
export const deg2rad = (x: Tensor): Tensor => mul(x, Math.PI / 180);
/** Radians as degrees. */
export const rad2deg = (x: Tensor): Tensor => mul(x, 180 / Math.PI);
