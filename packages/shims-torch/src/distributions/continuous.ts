// Distributions of real numbers, each a row of formulas.
import * as core from "@facet/autograd";
import { complain } from "../errors.js";
import { pythonFloat } from "../python.js";
import {
  at,
  nonnegative,
  ofRow,
  type Parameters as P,
  positive,
  type Row,
  real,
  type Start,
  unit,
} from "./distribution.js";

const { add, div, exp, log, log1p, mul, neg, sub, square, abs } = core;
type T = core.Tensor;
const half = (x: T): T => mul(x, 0.5);
const standard = (x: T, p: P): T => div(sub(x, at(p, "loc")), at(p, "scale"));
const scaled = (z: T, p: P): T => add(at(p, "loc"), mul(at(p, "scale"), z));
const same =
  (name: string) =>
  (p: P): T =>
    at(p, name);
const LOG_2PI = Math.log(2 * Math.PI);
const EULER = 0.5772156649015329;

const NORMAL: Row = {
  parameters: { loc: real, scale: positive },
  support: real,
  draw: (key, p, shape) => scaled(core.normal(key, shape), p),
  log_prob: (x, p) => sub(neg(half(square(standard(x, p)))), add(log(at(p, "scale")), LOG_2PI / 2)),
  mean: same("loc"),
  mode: same("loc"),
  variance: (p) => square(at(p, "scale")),
  entropy: (p) => add(log(at(p, "scale")), 0.5 + LOG_2PI / 2),
  cdf: (x, p) => half(add(core.erf(mul(standard(x, p), Math.SQRT1_2)), 1)),
  icdf: (x, p) => scaled(mul(core.erfinv(sub(mul(x, 2), 1)), Math.SQRT2), p),
};

const LOG_NORMAL: Row = {
  ...NORMAL,
  bare: true,
  support: positive,
  draw: (key, p, shape) => exp(NORMAL.draw(key, p, shape)),
  log_prob: (x, p) => sub(NORMAL.log_prob(log(x), p), log(x)),
  mean: (p) => exp(add(at(p, "loc"), half(square(at(p, "scale"))))),
  mode: (p) => exp(sub(at(p, "loc"), square(at(p, "scale")))),
  variance: (p) => {
    const s2 = square(at(p, "scale"));
    return mul(core.expm1(s2), exp(add(mul(at(p, "loc"), 2), s2)));
  },
  entropy: (p) => add((NORMAL.entropy as (p: P) => T)(p), at(p, "loc")),
  cdf: (x, p) => (NORMAL.cdf as (x: T, p: P) => T)(log(x), p),
  icdf: (x, p) => exp((NORMAL.icdf as (x: T, p: P) => T)(x, p)),
};

const LAPLACE: Row = {
  parameters: { loc: real, scale: positive },
  support: real,
  draw: (key, p, shape) => scaled(core.laplace(key, shape), p),
  log_prob: (x, p) => neg(add(log(mul(at(p, "scale"), 2)), abs(standard(x, p)))),
  mean: same("loc"),
  mode: same("loc"),
  variance: (p) => mul(square(at(p, "scale")), 2),
  entropy: (p) => add(log(mul(at(p, "scale"), 2)), 1),
  cdf: (x, p) => {
    const z = standard(x, p);
    return sub(0.5, half(mul(core.sign(z), core.expm1(neg(abs(z))))));
  },
  icdf: (x, p) => {
    const term = sub(x, 0.5);
    return scaled(neg(mul(core.sign(term), log1p(mul(abs(term), -2)))), p);
  },
};

const constant =
  (value: number, name = "scale") =>
  (p: P): T =>
    core.full(at(p, name).shape, value);

const CAUCHY: Row = {
  parameters: { loc: real, scale: positive },
  support: real,
  draw: (key, p, shape) => scaled(core.cauchy(key, shape), p),
  log_prob: (x, p) => neg(add(add(log(at(p, "scale")), Math.log(Math.PI)), log1p(square(standard(x, p))))),
  mean: constant(NaN),
  mode: same("loc"),
  variance: constant(Infinity),
  entropy: (p) => add(log(at(p, "scale")), Math.log(4 * Math.PI)),
  cdf: (x, p) => add(mul(core.atan(standard(x, p)), 1 / Math.PI), 0.5),
  icdf: (x, p) => scaled(core.tan(mul(sub(x, 0.5), Math.PI)), p),
};

const GUMBEL: Row = {
  parameters: { loc: real, scale: positive },
  support: real,
  draw: (key, p, shape) => scaled(core.gumbel(key, shape), p),
  log_prob: (x, p) => {
    const z = standard(x, p);
    return neg(add(add(z, exp(neg(z))), log(at(p, "scale"))));
  },
  mean: (p) => add(at(p, "loc"), mul(at(p, "scale"), EULER)),
  mode: same("loc"),
  variance: (p) => mul(square(at(p, "scale")), Math.PI ** 2 / 6),
  entropy: (p) => add(log(at(p, "scale")), 1 + EULER),
  cdf: (x, p) => exp(neg(exp(neg(standard(x, p))))),
  icdf: (x, p) => scaled(neg(log(neg(log(x)))), p),
};

const HALF_NORMAL: Row = {
  bare: true,
  parameters: { scale: positive },
  support: nonnegative,
  draw: (key, p, shape) => abs(mul(core.normal(key, shape), at(p, "scale"))),
  log_prob: (x, p) => {
    const density = sub(neg(half(square(div(x, at(p, "scale"))))), add(log(at(p, "scale")), LOG_2PI / 2 - Math.LN2));
    return core.where(core.less(x, 0), -Infinity, density);
  },
  mean: (p) => mul(at(p, "scale"), Math.sqrt(2 / Math.PI)),
  mode: constant(0),
  variance: (p) => mul(square(at(p, "scale")), 1 - 2 / Math.PI),
  entropy: (p) => add(log(at(p, "scale")), 0.5 + LOG_2PI / 2 - Math.LN2),
  cdf: (x, p) => core.erf(mul(div(x, at(p, "scale")), Math.SQRT1_2)),
  icdf: (x, p) => mul(mul(core.erfinv(x), Math.SQRT2), at(p, "scale")),
};

const UNIFORM: Row = {
  parameters: { low: real, high: real },
  draw: (key, p, shape) => add(at(p, "low"), mul(core.uniform(key, shape), range(p))),
  log_prob: (x, p) => {
    const inside = core.logicalAnd(core.lessEqual(at(p, "low"), x), core.greater(at(p, "high"), x));
    return sub(core.where(inside, 0, -Infinity), log(range(p)));
  },
  mean: (p) => half(add(at(p, "high"), at(p, "low"))),
  mode: constant(NaN, "low"),
  variance: (p) => mul(square(range(p)), 1 / 12),
  entropy: (p) => log(range(p)),
  cdf: (x, p) => core.clamp(div(sub(x, at(p, "low")), range(p)), 0, 1),
  icdf: (x, p) => add(mul(x, range(p)), at(p, "low")),
};
const range = (p: P): T => sub(at(p, "high"), at(p, "low"));

const EXPONENTIAL: Row = {
  parameters: { rate: positive },
  support: nonnegative,
  draw: (key, p, shape) => div(core.exponential(key, shape), at(p, "rate")),
  log_prob: (x, p) => sub(log(at(p, "rate")), mul(at(p, "rate"), x)),
  mean: (p) => core.reciprocal(at(p, "rate")),
  mode: constant(0, "rate"),
  variance: (p) => core.pow(at(p, "rate"), -2),
  entropy: (p) => sub(1, log(at(p, "rate"))),
  cdf: (x, p) => neg(core.expm1(neg(mul(at(p, "rate"), x)))),
  icdf: (x, p) => div(neg(log1p(neg(x))), at(p, "rate")),
};

const GAMMA: Row = {
  parameters: { concentration: positive, rate: positive },
  support: nonnegative,
  draw: (key, p, shape) => div(core.randomGamma(key, at(p, "concentration"), shape), at(p, "rate")),
  fixed: ["concentration"],
  log_prob: (x, p) => {
    const [a, b] = [at(p, "concentration"), at(p, "rate")];
    return sub(add(core.xlogy(a, b), core.xlogy(sub(a, 1), x)), add(mul(b, x), core.lgamma(a)));
  },
  mean: (p) => div(at(p, "concentration"), at(p, "rate")),
  mode: (p) => core.maximum(div(sub(at(p, "concentration"), 1), at(p, "rate")), 0),
  variance: (p) => div(at(p, "concentration"), square(at(p, "rate"))),
  entropy: (p) => {
    const a = at(p, "concentration");
    return add(sub(a, log(at(p, "rate"))), add(core.lgamma(a), mul(sub(1, a), core.digamma(a))));
  },
  cdf: (x, p) => core.igamma(at(p, "concentration"), mul(at(p, "rate"), x)),
};

const BETA: Row = {
  bare: true,
  parameters: { concentration1: positive, concentration0: positive },
  support: unit,
  draw: (key, p, shape) => core.randomBeta(key, at(p, "concentration1"), at(p, "concentration0"), shape),
  fixed: ["concentration1", "concentration0"],
  log_prob: (x, p) => {
    const [a, b] = [at(p, "concentration1"), at(p, "concentration0")];
    return sub(add(core.xlogy(sub(a, 1), x), core.xlogy(sub(b, 1), sub(1, x))), logBeta(a, b));
  },
  mean: (p) => div(at(p, "concentration1"), betaTotal(p)),
  mode: (p) => {
    const [a, b] = [core.maximum(sub(at(p, "concentration1"), 1), 0), core.maximum(sub(at(p, "concentration0"), 1), 0)];
    // Where both are below 1 the density grows towards both ends: PyTorch takes 1.
    const open = core.less(core.maximum(at(p, "concentration1"), at(p, "concentration0")), 1);
    return core.where(open, 1, div(a, add(a, b)));
  },
  variance: (p) => {
    const total = betaTotal(p);
    return div(mul(at(p, "concentration1"), at(p, "concentration0")), mul(square(total), add(total, 1)));
  },
  entropy: (p) => {
    const [a, b, total] = [at(p, "concentration1"), at(p, "concentration0"), betaTotal(p)];
    const each = add(mul(sub(a, 1), core.digamma(a)), mul(sub(b, 1), core.digamma(b)));
    return add(sub(logBeta(a, b), each), mul(sub(total, 2), core.digamma(total)));
  },
};
const betaTotal = (p: P): T => add(at(p, "concentration1"), at(p, "concentration0"));
const logBeta = (a: T, b: T): T => sub(add(core.lgamma(a), core.lgamma(b)), core.lgamma(add(a, b)));

/** The normal distribution. */
export const Normal = /* @__PURE__ */ ofRow("Normal", NORMAL, ["loc", "scale"]);
export type Normal = InstanceType<typeof Normal>;
/** e to a normal variable. */
export const LogNormal = /* @__PURE__ */ ofRow("LogNormal", LOG_NORMAL, ["loc", "scale"]);
export type LogNormal = InstanceType<typeof LogNormal>;
/** Exponential to both sides. */
export const Laplace = /* @__PURE__ */ ofRow("Laplace", LAPLACE, ["loc", "scale"]);
export type Laplace = InstanceType<typeof Laplace>;
/** The ratio of two normal variables: without mean or variance. */
export const Cauchy = /* @__PURE__ */ ofRow("Cauchy", CAUCHY, ["loc", "scale"]);
export type Cauchy = InstanceType<typeof Cauchy>;
/** Of the largest of many. */
export const Gumbel = /* @__PURE__ */ ofRow("Gumbel", GUMBEL, ["loc", "scale"]);
export type Gumbel = InstanceType<typeof Gumbel>;
/** The size of a normal variable of mean 0. */
export const HalfNormal = /* @__PURE__ */ ofRow("HalfNormal", HALF_NORMAL, ["scale"]);
export type HalfNormal = InstanceType<typeof HalfNormal>;
/** From low to high, without high. */
export class Uniform extends /* @__PURE__ */ ofRow("Uniform", UNIFORM, ["low", "high"]) {
  override _check(begun: Start): void {
    super._check(begun);
    const { low, high } = begun.values as { low: T; high: T };
    for (let i = 0; !core.tracing() && i < Math.min(low.size, 4096); i++) {
      const [from, to] = [core.knownValue(low, i), core.knownValue(high, i)];
      if (from === undefined || to === undefined) return;
      if (!(from < to))
        complain(
          core.ArgumentError,
          `Expected parameter low of distribution ${this} to satisfy the constraint LessThan(upper_bound=${pythonFloat(to)}), but found invalid values:\n${pythonFloat(from)}`,
          { op: "Uniform", argument: "low", expected: `below ${to}`, given: `${from}` },
        );
    }
  }
}
/** Of the time to an event that comes `rate` times per unit. */
export const Exponential = /* @__PURE__ */ ofRow("Exponential", EXPONENTIAL, ["rate"]);
export type Exponential = InstanceType<typeof Exponential>;
/** Gamma. Samples have derivatives by rate, not by concentration. */
export const Gamma = /* @__PURE__ */ ofRow("Gamma", GAMMA, ["concentration", "rate"]);
export type Gamma = InstanceType<typeof Gamma>;
/** Beta. Samples have no derivatives. */
export const Beta = /* @__PURE__ */ ofRow("Beta", BETA, ["concentration1", "concentration0"]);
export type Beta = InstanceType<typeof Beta>;
