// Elementwise ops of one, two and three operands.
import * as F from "@facet/autograd";
import type { Random } from "@facet/testing";
import { apart, binary, FLAT, type GradientRow, positive, unary } from "./row.js";

/** Numerators and denominators with quotients 1.5, clear of whole numbers. */
const quotients = (_: Random, shape: readonly number[], i: number): Float32Array =>
  new Float32Array(shape.reduce((size, extent) => size * extent, 1)).fill(i === 0 ? 3 : 2);

function reluGradient(dy: F.Tensor, x: F.Tensor): F.Tensor {
  return F.mul(dy, F.add(F.relu(x), 0));
}

export const elementwiseRows: readonly GradientRow[] = [
  ...binary("add", F.add, { eps: 0.5, once: FLAT }),
  ...binary("sub", F.sub, { eps: 0.5, once: FLAT }),
  ...binary("mul", F.mul, { eps: 0.5 }),
  ...binary("div", F.div, { values: positive }),
  ...binary("floor_divide", F.floorDivide, { values: quotients, allowZero: true, once: FLAT, eps: 1 / 1024 }),
  ...binary("trunc_divide", F.truncDivide, { values: quotients, allowZero: true, once: FLAT, eps: 1 / 1024 }),
  ...binary("pow", F.pow, { values: positive }),
  ...binary("maximum", F.maximum, {
    values: (random, shape, i) => random.distinct(shape).map((v) => v + i / 32),
    once: FLAT,
    eps: 1 / 128,
  }),
  ...binary("minimum", F.minimum, {
    values: (random, shape, i) => random.distinct(shape).map((v) => v + i / 32),
    once: FLAT,
    eps: 1 / 128,
  }),
  unary("neg", F.neg, { eps: 0.5, once: FLAT }),
  unary("abs", F.abs, { values: apart, once: FLAT }),
  unary("sign", F.sign, { values: apart, allowZero: true, once: FLAT }),
  unary("signum", F.signum, { values: apart, allowZero: true, once: FLAT }),
  unary("floor", (x) => F.floor(x), { values: positive, allowZero: true, once: FLAT, eps: 1 / 1024 }),
  unary("ceil", (x) => F.ceil(x), { values: positive, allowZero: true, once: FLAT, eps: 1 / 1024 }),
  unary("round", (x) => F.round(x), {
    values: (random, shape) => random.uniform(shape, -0.4, 0.4),
    allowZero: true,
    once: FLAT,
  }),
  unary("exp", F.exp),
  unary("expm1", F.expm1),
  unary("log", F.log, { values: positive }),
  unary("log1p", F.log1p, { values: positive }),
  unary("sqrt", F.sqrt, { values: positive }),
  unary("rsqrt", F.rsqrt, { values: positive }),
  unary("reciprocal", F.reciprocal, { values: positive }),
  unary("square", F.square),
  unary("sin", F.sin),
  unary("cos", F.cos),
  unary("tanh", F.tanh),
  unary("sigmoid", F.sigmoid),
  unary("softplus", F.softplus),
  unary("relu", F.relu, { values: apart, once: FLAT }),
  unary("leaky_relu", (x) => F.leakyRelu(x, 0.1), { values: apart, once: FLAT }),
  unary("elu", (x) => F.elu(x, 0.7), { values: (random, shape) => random.distinct(shape, 1 / 4) }),
  unary("erf", F.erf),
  unary("erfinv", F.erfinv, { values: (random, shape) => random.uniform(shape, -0.7, 0.7) }),
  unary("gelu", (x) => F.gelu(x)),
  unary("gelu_tanh", (x) => F.gelu(x, true)),
  unary("silu", F.silu),
  unary("clamp", (x) => F.clamp(x, -0.125, 0.125), {
    values: (random, shape) => random.distinct(shape, 1 / 8),
    once: FLAT,
  }),
  {
    op: "where",
    shapes: [[2, 3], [3]],
    call: (a, b) => F.where(F.fromData([1, 0, 1, 0, 0, 1], [2, 3], "bool"), a, b),
    eps: 0.5,
    once: FLAT,
  },
  ...binary("relu_backward", (dy, x) => reluGradient(dy, x), {
    values: apart,
    once: "checked by relu, whose own second derivative is 0",
  }),
  unary("tanh_backward", (x) => F.tanh(x), { once: "reached by differentiating tanh twice" }),
  unary("sigmoid_backward", (x) => F.sigmoid(x), { once: "reached by differentiating sigmoid twice" }),
];
