// Special functions.
import {
  ArgumentError,
  elementwiseBessel,
  elementwiseBinarySpecial,
  elementwiseIncompleteGamma,
  elementwisePolynomial,
  elementwiseSpecial,
  UnsupportedError,
} from "@facet/kernels-wgsl";
import { nonDifferentiable, type Vjp, vjp } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { add, div, equal, greaterEqual, lessEqual, logicalAnd, mul, sub, where } from "./elementwise.js";
import { binary, ofOne, ofTwo, pair, type TensorLike, toward, unary } from "./elementwise_op.js";
import { clamp, neg, signum, square } from "./elementwise_unary.js";
import { exp, log, xlogy } from "./powers.js";

const SPECIAL = { kernel: elementwiseSpecial };
const BESSEL = { kernel: elementwiseBessel };
const { PI, SQRT1_2, sqrt } = Math;

/** The density of the normal distribution. */
const density = (x: Tensor): Tensor => mul(exp(mul(square(x), -0.5)), 1 / sqrt(2 * PI));

/** 1 - erf(x), of large x too. */
export const erfc = ofOne(
  "erfc",
  vjp(["x"], (dy, { x }) => mul(dy, mul(exp(neg(square(x))), -2 / sqrt(PI)))),
  SPECIAL,
);
/** e^(x^2) erfc(x). */
export const erfcx = ofOne(
  "erfcx",
  vjp(["x", "y"], (dy, { x, y }) => mul(dy, sub(mul(mul(x, y), 2), 2 / sqrt(PI)))),
  SPECIAL,
);
/** Inverse of erf on (-1, 1). */
export const erfinv = ofOne(
  "erfinv",
  vjp(["y"], (dy, { y }) => mul(dy, mul(exp(square(y)), sqrt(PI) / 2))),
);
/** Probability that a normal variable is below x. */
export const ndtr = ofOne(
  "ndtr",
  vjp(["x"], (dy, { x }) => mul(dy, density(x))),
  SPECIAL,
);
/** log(ndtr(x)), of very negative x too. */
export const logNdtr = ofOne(
  "log_ndtr",
  // The density over ndtr, as 1 / erfcx, which stays finite.
  vjp(["x"], (dy, { x }) => mul(div(dy, erfcx(mul(x, -SQRT1_2))), sqrt(2 / PI))),
  SPECIAL,
);
/** Inverse of ndtr on (0, 1). */
export const ndtri = ofOne(
  "ndtri",
  vjp(["y"], (dy, { y }) => mul(dy, mul(exp(mul(square(y), 0.5)), sqrt(2 * PI)))),
  SPECIAL,
);

/** log |gamma(x)|. */
export const lgamma = ofOne(
  "lgamma",
  vjp(["x"], (dy, { x }) => mul(dy, digamma(x))),
  SPECIAL,
);
/** Derivative of lgamma. */
export const digamma = ofOne(
  "digamma",
  vjp(["x"], (dy, { x }) => mul(dy, polygamma(1, x))),
  SPECIAL,
);
const polygammaOp = unary(
  "polygamma",
  vjp(["x"], (dy, { x }, { attrs }) => mul(dy, polygamma(attrs.s0 + 1, x))),
  SPECIAL,
);
/** Derivative number n of digamma, n a whole number from 0 to 34. Of x below -1000 NaN. */
export function polygamma(n: number, x: Tensor): Tensor {
  if (Number.isInteger(n) && n >= 0 && n <= 34) return polygammaOp({ x }, { s0: n, s1: 0 });
  throw new ArgumentError({ op: "polygamma", argument: "n", expected: "a whole number from 0 to 34", given: `${n}` });
}
/** Logarithm of the gamma function of p by p matrices. */
export function multigammaln(x: Tensor, p: number): Tensor {
  // A sum of p terms.
  if (!Number.isInteger(p) || p < 1 || p > 1000)
    throw new ArgumentError({
      op: "multigammaln",
      argument: "p",
      expected: "a whole number from 1 to 1000",
      given: `${p}`,
    });
  let total = add(lgamma(x), ((p * (p - 1)) / 4) * Math.log(PI));
  for (let i = 1; i < p; i++) total = add(total, lgamma(sub(x, i / 2)));
  return total;
}
/** Logarithm of the beta function of positive a and b. */
export const betaln = (a: Tensor, b: Tensor): Tensor => sub(add(lgamma(a), lgamma(b)), lgamma(add(a, b)));
/** The beta function of positive a and b. */
export const beta = (a: Tensor, b: Tensor): Tensor => exp(betaln(a, b));

const noGradient = (op: string, argument: string): Vjp<unknown> =>
  vjp([], () => {
    throw new UnsupportedError({ op, argument, expected: "no gradient wanted", given: "one that is differentiated" });
  });
/** Hurwitz' zeta function, the sum of (q + k)^-s over whole k from 0. s has no gradient: one that is wanted throws. */
export const zeta = ofTwo(
  "zeta",
  noGradient("zeta", "s"),
  toward("b", ["a", "b"], (dy, { a, b }) => neg(mul(dy, mul(a, zeta(add(a, 1), b))))),
  { kernel: elementwiseBinarySpecial },
);
const ofDegree = (name: "chebyshev" | "hermite" | "laguerre" | "legendre") =>
  binary(name, nonDifferentiable, nonDifferentiable, { kernel: elementwisePolynomial });
const chebyshevOp = ofDegree("chebyshev");
const hermiteOp = ofDegree("hermite");
const laguerreOp = ofDegree("laguerre");
const legendreOp = ofDegree("legendre");
/** Slope and start of the polynomial of degree 1. */
const KINDS = { t: [1, 0], u: [2, 0], v: [2, -1], w: [2, 1] } as const;
/**
 * Chebyshev's polynomials of four kinds, of x and the degree trunc(n), elementwise and broadcast. Of a degree below 0 and an infinite or
 * NaN one 0, from 100 000 on NaN. Not differentiated, as the others are not.
 */
export function chebyshev(kind: "t" | "u" | "v" | "w", x: TensorLike, n: TensorLike): Tensor {
  const [s0, s1] = KINDS[kind];
  return chebyshevOp(pair(x, n), { s0, s1 });
}
/** Hermite's polynomials of the degree trunc(n): the physicists', for the weight e^-x^2, or the probabilists', for e^(-x^2 / 2). */
export const hermite = (x: TensorLike, n: TensorLike, weight: "physicists" | "probabilists"): Tensor =>
  hermiteOp(pair(x, n), { s0: weight === "physicists" ? 2 : 1, s1: 0 });
/** Laguerre's polynomials of the degree trunc(n). */
export const laguerre = (x: TensorLike, n: TensorLike): Tensor => laguerreOp(pair(x, n), undefined);
/** Legendre's polynomials of the degree trunc(n). */
export const legendre = (x: TensorLike, n: TensorLike): Tensor => legendreOp(pair(x, n), undefined);

const GAMMA = { kernel: elementwiseIncompleteGamma };
/** e^-x x^(a - 1) / gamma(a) */
const gammaDensity = (a: Tensor, x: Tensor): Tensor => exp(sub(sub(xlogy(sub(a, 1), x), x), lgamma(a)));
/** Regularised lower incomplete gamma function of shape a and bound b. The shape has no gradient: one that is wanted throws. */
export const igamma = ofTwo(
  "igamma",
  noGradient("igamma", "a"),
  toward("b", ["a", "b"], (dy, { a, b }) => mul(dy, gammaDensity(a, b))),
  GAMMA,
);
/** 1 - igamma(a, b), where that is small too. */
export const igammac = ofTwo(
  "igammac",
  noGradient("igammac", "a"),
  toward("b", ["a", "b"], (dy, { a, b }) => neg(mul(dy, gammaDensity(a, b)))),
  GAMMA,
);

/** f(x) / x, 1/2 at 0: what the slopes of functions of order 1 have there. */
const overX = (y: Tensor, x: Tensor): Tensor => {
  const zero = equal(x, 0);
  return where(zero, 0.5, div(y, where(zero, 1, x)));
};
/** Modified Bessel functions of the first kind. */
export const besselI0 = ofOne(
  "bessel_i0",
  vjp(["x"], (dy, { x }) => mul(dy, besselI1(x))),
  BESSEL,
);
export const besselI1 = ofOne(
  "bessel_i1",
  vjp(["x", "y"], (dy, { x, y }) => mul(dy, sub(besselI0(x), overX(y, x)))),
  BESSEL,
);
/** e^-|x| besselI0(x). */
export const besselI0e = ofOne(
  "bessel_i0e",
  vjp(["x", "y"], (dy, { x, y }) => mul(dy, sub(besselI1e(x), mul(signum(x), y)))),
  BESSEL,
);
/** e^-|x| besselI1(x). */
export const besselI1e = ofOne(
  "bessel_i1e",
  vjp(["x", "y"], (dy, { x, y }) => mul(dy, sub(sub(besselI0e(x), overX(y, x)), mul(signum(x), y)))),
  BESSEL,
);
/** Bessel functions of the first kind. */
export const besselJ0 = ofOne(
  "bessel_j0",
  vjp(["x"], (dy, { x }) => neg(mul(dy, besselJ1(x)))),
  BESSEL,
);
export const besselJ1 = ofOne(
  "bessel_j1",
  vjp(["x", "y"], (dy, { x, y }) => mul(dy, sub(besselJ0(x), overX(y, x)))),
  BESSEL,
);

/** -x log x; 0 of 0, -infinity of negative numbers. */
export const entr = ofOne(
  "entr",
  vjp(["x"], (dy, { x }) => neg(mul(dy, add(log(x), 1)))),
);
const logitOp = ofOne(
  "logit",
  vjp(["x"], (dy, { x }) => {
    const inside = logicalAnd(greaterEqual(x, 0), lessEqual(x, 1));
    return where(inside, div(dy, mul(x, sub(1, x))), Number.NaN);
  }),
);
/** log(x / (1 - x)), x moved into [eps, 1 - eps] first where eps is given. */
export const logit = (x: Tensor, eps?: number): Tensor => logitOp(eps === undefined ? x : clamp(x, eps, 1 - eps));
/** a log(a / b) for positive a and b, 0 for a of 0 and b of 0 and more, else infinite. */
export const relEntr = ofTwo(
  "rel_entr",
  toward("a", ["a", "b"], (dy, { a, b }) => mul(dy, add(log(div(a, b)), 1))),
  toward("b", ["a", "b"], (dy, { a, b }) => neg(mul(dy, div(a, b)))),
  { kernel: elementwiseBinarySpecial },
);
/** relEntr(a, b) - a + b. */
export const klDiv = (a: Tensor, b: Tensor): Tensor => add(sub(relEntr(a, b), a), b);
