// Elementwise ops of one, two and three operands.
import * as F from "@facet/autograd";
import type { Random } from "@facet/testing";
import { apart, binary, FLAT, type GradientRow, positive, unary } from "./row.js";

/** Numerators and denominators with quotients 1.5, clear of whole numbers. */
const quotients = (_: Random, shape: readonly number[], i: number): Float32Array =>
  new Float32Array(shape.reduce((size, extent) => size * extent, 1)).fill(i === 0 ? 3 : 2);

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
  unary("convert", (x) => F.cast(F.cast(x, "float16"), "float32"), { eps: 0.5, rounding: 2 ** -11, once: FLAT }),
  unary("neg", F.neg, { eps: 0.5, once: FLAT }),
  unary("abs", F.abs, { values: apart, once: FLAT }),
  unary("sign", F.sign, { values: apart, allowZero: true, once: FLAT }),
  unary("signum", F.signum, { values: apart, allowZero: true, once: FLAT }),
  unary("sqrt", F.sqrt, { values: positive }),
  unary("rsqrt", F.rsqrt, { values: positive }),
  unary("reciprocal", F.reciprocal, { values: positive }),
  unary("square", F.square),
  {
    op: "where",
    shapes: [[2, 3], [3]],
    call: (a, b) => F.where(F.fromData([1, 0, 1, 0, 0, 1], [2, 3], "bool"), a, b),
    eps: 0.5,
    once: FLAT,
  },
];
