// Elementwise functions beyond arithmetic: trigonometry, powers, rounding, special functions, activations.
import * as F from "@facet/autograd";
import type { Random } from "@facet/testing";
import { apart, binary, FLAT, type GradientRow, positive, unary } from "./row.js";

const between =
  (low: number, high: number) =>
  (random: Random, shape: readonly number[]): Float32Array =>
    random.uniform(shape, low, high);
const constant = (value: number, { shape, dtype }: F.Tensor): F.Tensor => F.full(shape, value, dtype);
/** Distinct values clear of the kinks at -0.5 and 0.5. */
const clear = (random: Random, shape: readonly number[]): Float32Array => random.distinct(shape, 0.35);
const step = { values: between(0.1, 0.9), allowZero: true, once: FLAT, eps: 1 / 1024 } as const;
const kinked = { values: clear, once: FLAT, eps: 1 / 128 } as const;

const trigonometric: readonly GradientRow[] = [
  unary("sin", F.sin),
  unary("cos", F.cos),
  unary("tan", F.tan),
  unary("asin", F.asin, { values: between(-0.8, 0.8) }),
  unary("acos", F.acos, { values: between(-0.8, 0.8) }),
  unary("atan", F.atan),
  unary("sinh", F.sinh),
  unary("cosh", F.cosh),
  unary("asinh", F.asinh),
  unary("acosh", F.acosh, { values: between(1.5, 3) }),
  unary("atanh", F.atanh, { values: between(-0.7, 0.7) }),
  unary("sinc", F.sinc, { values: between(0.3, 1) }),
  unary("sinc", F.sinc, { variant: "near 0", values: between(-0.15, 0.15) }),
  ...binary("atan2", F.atan2, { values: positive }),
  ...binary("hypot", F.hypot, { values: positive }),
];

const powers: readonly GradientRow[] = [
  unary("exp", F.exp),
  unary("expm1", F.expm1),
  unary("exp2", F.exp2),
  unary("log", F.log, { values: positive }),
  unary("log1p", F.log1p, { values: positive }),
  unary("log2", F.log2, { values: positive }),
  unary("log10", F.log10, { values: positive }),
  // Not the root alone, whose cube is linear: of cubes transposes.test.ts takes second derivatives.
  unary("cbrt", (x) => F.add(F.cbrt(x), 0.5), { values: positive }),
  ...binary("logaddexp", F.logaddexp),
  ...binary("logaddexp2", F.logaddexp2),
  ...binary("xlogy", F.xlogy, { values: positive }),
  ...binary("xlog1py", F.xlog1py, { values: positive }),
  ...binary("ldexp", F.ldexp),
];

const rounding: readonly GradientRow[] = [
  unary("floor", F.floor, step),
  unary("ceil", F.ceil, step),
  unary("trunc", F.trunc, step),
  unary("round", (x) => F.round(x), { ...step, values: between(-0.4, 0.4) }),
  unary("frac", F.frac, { values: between(0.2, 0.8), once: FLAT }),
  ...binary("fmod", F.fmod, {
    values: (_, shape, i) => constantArray(shape, i === 0 ? 7.25 : 2),
    once: FLAT,
    eps: 1 / 64,
  }),
  ...binary("remainder", F.remainder, {
    values: (_, shape, i) => constantArray(shape, i === 0 ? -7.25 : 2),
    once: FLAT,
    eps: 1 / 64,
  }),
  ...binary("copysign", F.copysign, { values: apart, once: FLAT }),
  ...binary("nextafter", F.nextafter, { once: FLAT }),
  unary("frexp_mantissa", (x) => F.frexp(x).mantissa, { values: between(0.6, 0.9), once: FLAT }),
  {
    op: "lerp",
    shapes: [[2, 3], [3], [2, 1]],
    call: F.lerp,
    values: between(0.1, 0.4),
  },
  {
    op: "addcmul",
    shapes: [[2, 3], [3], [2, 1]],
    call: (a, b, c) => F.addcmul(a, b, c, 0.7),
  },
  {
    op: "addcdiv",
    shapes: [[2, 3], [3], [2, 1]],
    call: (a, b, c) => F.addcdiv(a, b, c, 0.7),
    values: positive,
  },
];

function constantArray(shape: readonly number[], value: number): Float32Array {
  return new Float32Array(shape.reduce((size, extent) => size * extent, 1)).fill(value);
}

const special: readonly GradientRow[] = [
  unary("erf", F.erf),
  unary("erfc", F.erfc),
  unary("erfcx", F.erfcx),
  unary("erfinv", F.erfinv, { values: between(-0.7, 0.7) }),
  unary("ndtr", F.ndtr),
  unary("log_ndtr", F.logNdtr, { values: between(-3, 1) }),
  unary("ndtri", F.ndtri, { values: between(0.4, 0.6) }),
  unary("lgamma", F.lgamma, { values: between(0.6, 4) }),
  unary("digamma", F.digamma, { values: between(0.8, 4) }),
  unary("polygamma", (x) => F.polygamma(2, x), { values: between(1.5, 4) }),
  unary("entr", F.entr, { values: positive }),
  unary("logit", (x) => F.logit(x), { values: between(0.4, 0.6) }),
  unary("bessel_i0", F.besselI0),
  unary("bessel_i1", F.besselI1, { values: positive }),
  unary("bessel_i0e", F.besselI0e, { values: positive }),
  unary("bessel_i1e", F.besselI1e, { values: positive }),
  unary("bessel_j0", F.besselJ0, { values: positive }),
  unary("bessel_j1", F.besselJ1, { values: positive }),
  unary("zeta", (q) => F.zeta(constant(2.5, q), q), { values: positive }),
  unary("igamma", (x) => F.igamma(constant(1.5, x), x), { values: positive }),
  unary("igammac", (x) => F.igammac(constant(2.5, x), x), { values: positive }),
  ...binary("rel_entr", F.relEntr, { values: positive }),
];

function reluGradient(dy: F.Tensor, x: F.Tensor): F.Tensor {
  return F.mul(dy, F.add(F.relu(x), 0));
}

const activations: readonly GradientRow[] = [
  unary("tanh", F.tanh),
  unary("sigmoid", F.sigmoid),
  unary("softplus", F.softplus),
  unary("log_sigmoid", F.logSigmoid),
  unary("relu", F.relu, { values: apart, once: FLAT }),
  unary("relu6", F.relu6, { ...kinked, values: (random, shape) => random.distinct(shape).map((v) => 6 * v + 1.5) }),
  unary("leaky_relu", (x) => F.leakyRelu(x, 0.1), { values: apart, once: FLAT }),
  unary("elu", (x) => F.elu(x, 0.7), { values: (random, shape) => random.distinct(shape, 1 / 4) }),
  unary("selu", (x) => F.selu(x), { values: (random, shape) => random.distinct(shape, 1 / 4) }),
  unary("celu", (x) => F.celu(x, 0.7), { values: (random, shape) => random.distinct(shape, 1 / 4) }),
  unary("gelu", (x) => F.gelu(x)),
  unary("gelu_tanh", (x) => F.gelu(x, true)),
  unary("silu", F.silu),
  unary("quick_gelu", F.quickGelu),
  unary("mish", F.mish),
  unary("hard_sigmoid", F.hardSigmoid, { once: FLAT }),
  unary("hard_swish", F.hardSwish),
  unary("hard_shrink", (x) => F.hardShrink(x, 0.5), kinked),
  unary("soft_shrink", (x) => F.softShrink(x, 0.5), kinked),
  unary("tanh_shrink", F.tanhShrink),
  unary("threshold", (x) => F.threshold(x, 0.5, -3), kinked),
  unary("softsign", F.softsign, { values: apart }),
  unary("squareplus", (x) => F.squareplus(x, 4)),
  unary("sparse_plus", F.sparsePlus, { values: between(-0.9, 0.9) }),
  unary("clamp", (x) => F.clamp(x, -0.125, 0.125), {
    values: (random, shape) => random.distinct(shape, 1 / 8),
    once: FLAT,
  }),
  unary("clamp", (x) => F.hardTanh(x, -0.5, 0.5), { variant: "hardTanh", ...kinked }),
  {
    op: "prelu",
    shapes: [[2, 3], [3]],
    call: F.prelu,
    values: apart,
  },
  ...binary("relu_backward", (dy, x) => reluGradient(dy, x), {
    values: apart,
    once: "checked by relu, whose own second derivative is 0",
  }),
  unary("tanh_backward", (x) => F.tanh(x), { once: "reached by differentiating tanh twice" }),
  unary("sigmoid_backward", (x) => F.sigmoid(x), { once: "reached by differentiating sigmoid twice" }),
  unary("inside_backward", (x) => F.mul(x, F.hardSigmoid(x)), { once: "reached by differentiating hard_sigmoid" }),
  unary("outside_backward", (x) => F.mul(x, F.softShrink(x, 0.5)), {
    ...kinked,
    once: "reached by differentiating soft_shrink",
  }),
];

export const functionRows: readonly GradientRow[] = [
  ...trigonometric,
  ...powers,
  ...rounding,
  ...special,
  ...activations,
];

/** Through which no gradient flows. */
export const functionsWithoutGradient: readonly string[] = [
  "is_nan",
  "is_inf",
  "is_pos_inf",
  "is_neg_inf",
  "is_finite",
  "signbit",
  "frexp_exponent",
  "logical_xor",
  "bitwise_and",
  "bitwise_or",
  "bitwise_xor",
  "bitwise_not",
  "shift_left",
  "shift_right",
  "shift_right_logical",
  "gcd",
  "lcm",
  "chebyshev",
  "hermite",
  "laguerre",
  "legendre",
];
