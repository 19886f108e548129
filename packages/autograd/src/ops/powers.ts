// Powers, exponentials and logarithms.
import { elementwiseBinarySpecial, elementwiseTranscendental } from "@facet/kernels-wgsl";
import { vjp } from "../define_op.js";
import { sigmoid } from "./activations.js";
import { add, div, equal, lessEqual, logicalAnd, mul, sub, where } from "./elementwise.js";
import { ofOne, ofTwo, toward } from "./elementwise_op.js";
import { square } from "./elementwise_unary.js";

const TRANSCENDENTAL = { kernel: elementwiseTranscendental };
const SPECIAL = { kernel: elementwiseBinarySpecial };

export const exp = ofOne(
  "exp",
  vjp(["y"], (dy, { y }) => mul(dy, y)),
);
/** e^x - 1, near 0 too. */
export const expm1 = ofOne(
  "expm1",
  vjp(["y"], (dy, { y }) => mul(dy, add(y, 1))),
);
/** 2^x. */
export const exp2 = ofOne(
  "exp2",
  vjp(["y"], (dy, { y }) => mul(mul(dy, y), Math.LN2)),
  TRANSCENDENTAL,
);
export const log = ofOne(
  "log",
  vjp(["x"], (dy, { x }) => div(dy, x)),
);
/** log(1 + x), near 0 too. */
export const log1p = ofOne(
  "log1p",
  vjp(["x"], (dy, { x }) => div(dy, add(x, 1))),
);
export const log2 = ofOne(
  "log2",
  vjp(["x"], (dy, { x }) => div(dy, mul(x, Math.LN2))),
  TRANSCENDENTAL,
);
export const log10 = ofOne(
  "log10",
  vjp(["x"], (dy, { x }) => div(dy, mul(x, Math.LN10))),
  TRANSCENDENTAL,
);
/** The cube root, of negative numbers too. */
export const cbrt = ofOne(
  "cbrt",
  vjp(["y"], (dy, { y }) => div(dy, mul(square(y), 3))),
  TRANSCENDENTAL,
);

/** log(e^a + e^b). Where both are the same infinity, each gets half of the gradient. */
export const logaddexp = ofTwo(
  "logaddexp",
  toward("a", ["a", "b"], (dy, { a, b }) => mul(dy, sigmoid(where(equal(a, b), 0, sub(a, b))))),
  toward("b", ["a", "b"], (dy, { a, b }) => mul(dy, sigmoid(where(equal(a, b), 0, sub(b, a))))),
  SPECIAL,
);
/** log2(2^a + 2^b). */
export const logaddexp2 = ofTwo(
  "logaddexp2",
  toward("a", ["a", "b"], (dy, { a, b }) => mul(dy, sigmoid(where(equal(a, b), 0, mul(sub(a, b), Math.LN2))))),
  toward("b", ["a", "b"], (dy, { a, b }) => mul(dy, sigmoid(where(equal(a, b), 0, mul(sub(b, a), Math.LN2))))),
  SPECIAL,
);
/** a log b, 0 where a is 0 unless b is NaN. Where a is 0 and b not above it, a's gradient is 0, as in PyTorch. */
export const xlogy = ofTwo(
  "xlogy",
  toward("a", ["a", "b"], (dy, { a, b }) => {
    const outside = logicalAnd(equal(a, 0), lessEqual(b, 0));
    return where(outside, 0, mul(dy, log(where(outside, 1, b))));
  }),
  toward("b", ["a", "b"], (dy, { a, b }) => mul(dy, div(a, b))),
);
/** a log(1 + b), 0 where a is 0 unless b is NaN. Where a is 0 and b not above -1, a's gradient is 0, as in PyTorch. */
export const xlog1py = ofTwo(
  "xlog1py",
  toward("a", ["a", "b"], (dy, { a, b }) => {
    const outside = logicalAnd(equal(a, 0), lessEqual(b, -1));
    return where(outside, 0, mul(dy, log1p(where(outside, 0, b))));
  }),
  toward("b", ["a", "b"], (dy, { a, b }) => mul(dy, div(a, add(b, 1)))),
  SPECIAL,
);
/** a 2^b, of powers beyond the exponents of float32 too; zeros and infinities of a stay so. */
export const ldexp = ofTwo(
  "ldexp",
  toward("a", ["b"], (dy, { b }) => ldexp(dy, b)),
  toward("b", ["y"], (dy, { y }) => mul(dy, mul(y, Math.LN2))),
  SPECIAL,
);
