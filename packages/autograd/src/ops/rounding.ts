// Rounding, the parts that a float is made of, and remainders.
import { elementwiseBinarySpecial } from "@facet/kernels-wgsl";
import { nonDifferentiable, vjp } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { cast, div, equal, floorDivide, mul, truncDivide, where } from "./elementwise.js";
import { binary, ofOne, ofTwo, pair, type TensorLike, toward, zeroGradient } from "./elementwise_op.js";
import { neg } from "./elementwise_unary.js";
import { ldexp } from "./powers.js";

export const floor = ofOne("floor", zeroGradient("x"));
export const ceil = ofOne("ceil", zeroGradient("x"));
export const trunc = ofOne("trunc", zeroGradient("x"));
/** x - trunc(x). */
export const frac = ofOne(
  "frac",
  vjp([], (dy) => dy),
);
const roundWhole = ofOne("round", zeroGradient("x"));
/**
 * To the nearest whole number, halves to the even one, as numpy; or to so many decimals, before the point where negative.
 * Multiplied and divided by the power of ten, as the originals do.
 */
export function round(x: Tensor, decimals = 0): Tensor {
  if (decimals === 0) return roundWhole(x);
  const power = 10 ** Math.abs(decimals);
  const [away, back] = decimals > 0 ? [mul, div] : [div, mul];
  return back(roundWhole(away(x, power)), power);
}

/** What trunc(a / b) leaves of a, with the sign of a; exact. Integers by 0 give 0. */
export const fmod = ofTwo(
  "fmod",
  toward("a", [], (dy) => dy),
  toward("b", ["a", "b"], (dy, { a, b }) => neg(mul(dy, truncDivide(a, b)))),
);
/** What floor(a / b) leaves of a, with the sign of b. Integers by 0 give 0. */
export const remainder = ofTwo(
  "remainder",
  toward("a", [], (dy) => dy),
  toward("b", ["a", "b"], (dy, { a, b }) => neg(mul(dy, floorDivide(a, b)))),
);

const copysignOp = binary(
  "copysign",
  // |a| has no slope at 0.
  toward("a", ["a", "b"], (dy, { a, b }) => where(equal(a, 0), 0, mul(dy, mul(copysign(1, a), copysign(1, b))))),
  zeroGradient("b"),
);
/** |a| with the sign of b, of -0 too. At a of 0 the gradient is 0. */
export const copysign = (a: TensorLike, b: TensorLike): Tensor => copysignOp(pair(a, b), undefined);
/** The float32 next to a in the direction of b. Its slope is that of a, 0 where both are the same, as in PyTorch. */
export const nextafter = ofTwo(
  "nextafter",
  toward("a", ["a", "b"], (dy, { a, b }) => where(equal(a, b), 0, dy)),
  zeroGradient("b"),
  { kernel: elementwiseBinarySpecial },
);

const frexpMantissa = ofOne(
  "frexp_mantissa",
  vjp(["x"], (dy, { x }) => ldexp(dy, neg(cast(frexpExponent(x), "float32")))),
);
const frexpExponent = ofOne("frexp_exponent", nonDifferentiable, { result: "int32" });
/** x as mantissa 2^exponent with a mantissa of size [0.5, 1), and an exponent of int32; 0, infinities and NaN as they are. */
export const frexp = (x: Tensor): { mantissa: Tensor; exponent: Tensor } => ({
  mantissa: frexpMantissa(x),
  exponent: frexpExponent(x),
});
