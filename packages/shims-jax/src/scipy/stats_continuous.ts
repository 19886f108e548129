// Distributions of real numbers.
import type { Tensor } from "@facet/autograd";
import * as core from "@facet/autograd";
import { both, distribution, log1mexp, standard, within } from "./distribution.js";

const { add, sub, mul, div, neg, exp, log, log1p, square, abs, where } = core;
const LOG_2PI = Math.log(2 * Math.PI);
type Parts = Readonly<Record<string, Tensor>>;
const PLACED = { x: null, loc: 0, scale: 1 } as const;
const Q = { ppf: ["q", "loc", "scale"], isf: ["q", "loc", "scale"] } as const;
const scaled = (y: Tensor, { loc, scale }: Parts): Tensor => add(mul(y, scale as Tensor), loc as Tensor);
/** The density of its logarithm. */
const density = (logpdf: (t: Parts) => Tensor) => ({ logpdf, pdf: (t: Parts) => exp(logpdf(t)) });
const inside = (q: Tensor, y: Tensor): Tensor =>
  within(both(core.greaterEqual(q, 0), core.lessEqual(q, 1)), y, Number.NaN);
const part = (t: Parts, name: string): Tensor => t[name] as Tensor;

export const norm = distribution(
  "norm",
  PLACED,
  {
    ...density((t) => sub(mul(add(square(standard(t)), LOG_2PI), -0.5), log(part(t, "scale")))),
    cdf: (t) => core.ndtr(standard(t)),
    logcdf: (t) => core.logNdtr(standard(t)),
    sf: (t) => core.ndtr(neg(standard(t))),
    logsf: (t) => core.logNdtr(neg(standard(t))),
    ppf: (t) => scaled(core.ndtri(part(t, "q")), t),
    isf: (t) => scaled(neg(core.ndtri(part(t, "q"))), t),
  },
  Q,
);

export const cauchy = distribution(
  "cauchy",
  PLACED,
  {
    ...density((t) => neg(add(log(mul(part(t, "scale"), Math.PI)), log1p(square(standard(t)))))),
    cdf: (t) => add(div(core.atan(standard(t)), Math.PI), 0.5),
    logcdf: (t) => log(add(div(core.atan(standard(t)), Math.PI), 0.5)),
    sf: (t) => sub(0.5, div(core.atan(standard(t)), Math.PI)),
    logsf: (t) => log(sub(0.5, div(core.atan(standard(t)), Math.PI))),
    ppf: (t) => scaled(core.tan(sub(mul(part(t, "q"), Math.PI), Math.PI / 2)), t),
    isf: (t) => scaled(core.tan(sub(Math.PI / 2, mul(part(t, "q"), Math.PI))), t),
  },
  Q,
);

const atLeastLoc = ({ x, loc }: Parts): Tensor => core.greaterEqual(x as Tensor, loc as Tensor);
const chi = (t: Parts): [half: Tensor, z: Tensor] => [div(part(t, "df"), 2), div(standard(t), 2)];
const chiCdf = (t: Parts): Tensor => {
  const [half, z] = chi(t);
  return within(atLeastLoc(t), core.igamma(half, core.maximum(z, 0)), 0);
};
const chiSf = (t: Parts): Tensor => {
  const [half, z] = chi(t);
  return within(atLeastLoc(t), core.igammac(half, core.maximum(z, 0)), 1);
};
export const chi2 = distribution(
  "chi2",
  { x: null, df: null, loc: 0, scale: 1 },
  {
    ...density((t) => {
      const [half, z] = chi(t);
      const y = sub(
        core.xlogy(sub(half, 1), mul(z, 2)),
        add(z, add(mul(half, Math.LN2), add(core.lgamma(half), log(part(t, "scale"))))),
      );
      return within(atLeastLoc(t), y);
    }),
    cdf: chiCdf,
    logcdf: (t) => log(chiCdf(t)),
    sf: chiSf,
    logsf: (t) => log(chiSf(t)),
  },
);

export const expon = distribution(
  "expon",
  PLACED,
  {
    ...density((t) => within(atLeastLoc(t), neg(add(standard(t), log(part(t, "scale")))))),
    cdf: (t) => within(atLeastLoc(t), neg(core.expm1(neg(standard(t)))), 0),
    logcdf: (t) => within(atLeastLoc(t), log1mexp(neg(standard(t)))),
    sf: (t) => within(atLeastLoc(t), exp(neg(standard(t))), 1),
    logsf: (t) => within(atLeastLoc(t), neg(standard(t)), 0),
    ppf: (t) => inside(part(t, "q"), scaled(neg(log1p(neg(part(t, "q")))), t)),
  },
  Q,
);

const gammaCdf = (t: Parts): Tensor =>
  within(atLeastLoc(t), core.igamma(part(t, "a"), core.maximum(standard(t), 0)), 0);
const gammaSf = (t: Parts): Tensor =>
  within(atLeastLoc(t), core.igammac(part(t, "a"), core.maximum(standard(t), 0)), 1);
export const gamma = distribution(
  "gamma",
  { x: null, a: null, loc: 0, scale: 1 },
  {
    ...density((t) => {
      const [a, z] = [part(t, "a"), standard(t)];
      return within(atLeastLoc(t), sub(core.xlogy(sub(a, 1), z), add(z, add(core.lgamma(a), log(part(t, "scale"))))));
    }),
    cdf: gammaCdf,
    logcdf: (t) => log(gammaCdf(t)),
    sf: gammaSf,
    logsf: (t) => log(gammaSf(t)),
  },
);

export const beta = distribution(
  "beta",
  { x: null, a: null, b: null, loc: 0, scale: 1 },
  {
    ...density((t) => {
      const [a, b, z] = [part(t, "a"), part(t, "b"), standard(t)];
      const shape = add(core.xlogy(sub(a, 1), z), core.xlog1py(sub(b, 1), neg(z)));
      const y = sub(shape, add(core.betaln(a, b), log(part(t, "scale"))));
      return within(both(core.greaterEqual(z, 0), core.lessEqual(z, 1)), y);
    }),
  },
);

const shapedNormal = ({ x, beta }: Parts): Tensor => core.pow(abs(x as Tensor), beta as Tensor);
export const gennorm = distribution(
  "gennorm",
  { x: null, beta: null },
  {
    ...density((t) =>
      sub(sub(log(mul(part(t, "beta"), 0.5)), core.lgamma(core.reciprocal(part(t, "beta")))), shapedNormal(t)),
    ),
    cdf: (t) =>
      mul(add(mul(core.sign(part(t, "x")), core.igamma(core.reciprocal(part(t, "beta")), shapedNormal(t))), 1), 0.5),
  },
);

const OF_P = { ppf: ["p", "loc", "scale"] } as const;
export const gumbel_r = distribution(
  "gumbel_r",
  PLACED,
  {
    ...density((t) => neg(add(log(part(t, "scale")), add(standard(t), exp(neg(standard(t))))))),
    logcdf: (t) => neg(exp(neg(standard(t)))),
    cdf: (t) => exp(neg(exp(neg(standard(t))))),
    sf: (t) => neg(core.expm1(neg(exp(neg(standard(t)))))),
    logsf: (t) => log1mexp(neg(exp(neg(standard(t))))),
    ppf: (t) => scaled(neg(log(neg(log(part(t, "p"))))), t),
  },
  OF_P,
);
export const gumbel_l = distribution(
  "gumbel_l",
  PLACED,
  {
    ...density((t) => sub(sub(standard(t), exp(standard(t))), log(part(t, "scale")))),
    cdf: (t) => neg(core.expm1(neg(exp(standard(t))))),
    logcdf: (t) => log1mexp(neg(exp(standard(t)))),
    sf: (t) => exp(neg(exp(standard(t)))),
    logsf: (t) => neg(exp(standard(t))),
    ppf: (t) => scaled(log(neg(log1p(neg(part(t, "p"))))), t),
  },
  OF_P,
);

export const laplace = distribution("laplace", PLACED, {
  ...density((t) => neg(add(abs(standard(t)), log(mul(part(t, "scale"), 2))))),
  cdf: (t) => {
    const z = standard(t);
    const tail = mul(exp(neg(abs(z))), 0.5);
    return where(core.lessEqual(z, 0), tail, sub(1, tail));
  },
});

export const logistic = distribution("logistic", PLACED, {
  ...density((t) => {
    const z = standard(t);
    return neg(add(add(z, log(part(t, "scale"))), mul(core.softplus(neg(z)), 2)));
  }),
  cdf: (t) => core.sigmoid(standard(t)),
  sf: (t) => core.sigmoid(neg(standard(t))),
  ppf: (t) => scaled(core.logit(part(t, "x")), t),
  isf: (t) => scaled(neg(core.logit(part(t, "x"))), t),
});

const beyondOne = (t: Parts): Tensor => core.greaterEqual(standard(t), 1);
/** log z where z is at least 1: outside nothing flows back. */
const logTail = (t: Parts): Tensor => mul(neg(part(t, "b")), log(core.maximum(standard(t), 1)));
export const pareto = distribution(
  "pareto",
  { x: null, b: null, loc: 0, scale: 1 },
  {
    ...density((t) =>
      within(
        beyondOne(t),
        sub(sub(log(part(t, "b")), log(part(t, "scale"))), mul(add(part(t, "b"), 1), log(standard(t)))),
      ),
    ),
    cdf: (t) => within(beyondOne(t), neg(core.expm1(logTail(t))), 0),
    logcdf: (t) => within(beyondOne(t), log1mexp(logTail(t))),
    sf: (t) => within(beyondOne(t), exp(logTail(t)), 1),
    logsf: (t) => within(beyondOne(t), logTail(t), 0),
    ppf: (t) => inside(part(t, "q"), scaled(core.pow(sub(1, part(t, "q")), neg(core.reciprocal(part(t, "b")))), t)),
  },
  { ppf: ["q", "b", "loc", "scale"] },
);

export const t = distribution(
  "t",
  { x: null, df: null, loc: 0, scale: 1 },
  {
    ...density((p) => {
      const df = part(p, "df");
      const constant = sub(core.lgamma(mul(add(df, 1), 0.5)), core.lgamma(mul(df, 0.5)));
      const width = add(mul(log(mul(df, Math.PI)), 0.5), log(part(p, "scale")));
      return sub(sub(constant, width), mul(mul(add(df, 1), 0.5), log1p(div(square(standard(p)), df))));
    }),
  },
);

/** log(e^x - e^y), where x is the larger. */
const logDifference = (x: Tensor, y: Tensor): Tensor => add(x, log1p(neg(exp(sub(y, x)))));
/** log of what a normal distribution has between two bounds. */
function logMass(a: Tensor, b: Tensor): Tensor {
  const isRight = core.greater(a, 0);
  const isCentral = both(core.lessEqual(a, 0), core.greater(b, 0));
  const [low, high] = [where(isRight, neg(b), a), where(isRight, neg(a), b)];
  const tail = logDifference(core.logNdtr(high), core.logNdtr(low));
  return where(isCentral, log1p(sub(neg(core.ndtr(a)), core.ndtr(neg(b)))), tail);
}
const outside = (p: Parts, y: Tensor, below: number, above: number): Tensor => {
  const z = standard(p);
  return where(core.less(z, part(p, "a")), below, where(core.greater(z, part(p, "b")), above, y));
};
const cut = (p: Parts): Tensor => core.minimum(core.maximum(standard(p), part(p, "a")), part(p, "b"));
const truncLogCdf = (p: Parts): Tensor =>
  outside(p, sub(logMass(part(p, "a"), cut(p)), logMass(part(p, "a"), part(p, "b"))), Number.NEGATIVE_INFINITY, 0);
const truncLogSf = (p: Parts): Tensor =>
  outside(p, sub(logMass(cut(p), part(p, "b")), logMass(part(p, "a"), part(p, "b"))), 0, Number.NEGATIVE_INFINITY);
export const truncnorm = distribution(
  "truncnorm",
  { x: null, a: null, b: null, loc: 0, scale: 1 },
  {
    ...density((p) => {
      const own = sub(mul(add(square(standard(p)), LOG_2PI), -0.5), log(part(p, "scale")));
      const y = sub(own, logMass(part(p, "a"), part(p, "b")));
      return outside(p, y, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY);
    }),
    logcdf: truncLogCdf,
    cdf: (p) => exp(truncLogCdf(p)),
    logsf: truncLogSf,
    sf: (p) => exp(truncLogSf(p)),
  },
);

export const uniform = distribution(
  "uniform",
  PLACED,
  {
    ...density((p) => {
      const z = standard(p);
      return within(
        both(core.greaterEqual(z, 0), core.lessEqual(z, 1)),
        core.expand(neg(log(part(p, "scale"))), z.shape),
      );
    }),
    cdf: (p) => core.minimum(core.maximum(standard(p), 0), 1),
    ppf: (p) => inside(part(p, "q"), scaled(part(p, "q"), p)),
  },
  Q,
);

export const vonmises = distribution(
  "vonmises",
  { x: null, kappa: null },
  {
    ...density((p) => {
      const kappa = part(p, "kappa");
      const y = sub(mul(kappa, sub(core.cos(part(p, "x")), 1)), add(log(core.besselI0e(kappa)), LOG_2PI));
      return within(core.greater(kappa, 0), y, Number.NaN);
    }),
  },
);

export const wrapcauchy = distribution(
  "wrapcauchy",
  { x: null, c: null },
  {
    ...density((p) => {
      const [x, c] = [part(p, "x"), part(p, "c")];
      const spread = sub(add(square(c), 1), mul(mul(c, core.cos(x)), 2));
      const y = sub(sub(log1p(neg(square(c))), LOG_2PI), log(spread));
      const inRange = both(core.greaterEqual(x, 0), core.lessEqual(x, 2 * Math.PI));
      return within(both(core.greater(c, 0), core.less(c, 1)), within(inRange, y), Number.NaN);
    }),
  },
);
