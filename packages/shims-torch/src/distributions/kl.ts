// Divergences of pairs of distributions.
import * as core from "@facet/autograd";
import { UnsupportedError } from "@facet/autograd";
import { define, instance, type Keywords } from "@facet/dialect";
import { type Tensor, wrap } from "../tensor.js";
import { Distribution } from "./distribution.js";
import { Independent, logDeterminant, whitenedSquare } from "./vectors.js";

const { add, div, log, mul, neg, sub, square } = core;
type T = core.Tensor;
type P = Readonly<Record<string, T>>;
const of = (p: P, ...names: string[]): T[] => names.map((name) => p[name] as T);
const last = { axes: [-1] } as const;

const normal = (p: P, q: P): T => {
  const [m1, s1, m2, s2] = [...of(p, "loc", "scale"), ...of(q, "loc", "scale")] as [T, T, T, T];
  const ratio = square(div(s1, s2));
  return mul(sub(add(ratio, square(div(sub(m1, m2), s2))), add(log(ratio), 1)), 0.5);
};
const categorical = (p: P, q: P): T => {
  const [p1, l1, p2, l2] = [...of(p, "probs", "logits"), ...of(q, "probs", "logits")] as [T, T, T, T];
  const terms = core.where(core.equal(p2, 0), Infinity, mul(p1, sub(l1, l2)));
  return core.sum(core.where(core.equal(p1, 0), 0, terms), last);
};

/** The divergence of two distributions of one class, by its name. */
const formulas: Readonly<Record<string, (p: P, q: P) => T>> = {
  Normal: normal,
  LogNormal: normal,
  HalfNormal: (p, q) => {
    const ratio = square(div(...(of({ a: p.scale as T, b: q.scale as T }, "a", "b") as [T, T])));
    return mul(sub(ratio, add(log(ratio), 1)), 0.5);
  },
  Bernoulli: (p, q) => {
    const [p1, l1, l2] = [...of(p, "probs", "logits"), ...of(q, "logits")] as [T, T, T];
    const one = mul(p1, sub(core.softplus(neg(l2)), core.softplus(neg(l1))));
    return add(one, mul(sub(1, p1), sub(core.softplus(l2), core.softplus(l1))));
  },
  Categorical: categorical,
  OneHotCategorical: categorical,
  Geometric: (p, q) => {
    const [p1, l1, p2, l2] = [...of(p, "probs", "logits"), ...of(q, "probs", "logits")] as [T, T, T, T];
    const entropy = div(sub(core.softplus(l1), mul(l1, p1)), p1);
    return sub(sub(neg(entropy), div(core.log1p(neg(p2)), p1)), l2);
  },
  Poisson: (p, q) => {
    const [r1, r2] = [...of(p, "rate"), ...of(q, "rate")] as [T, T];
    return sub(mul(r1, sub(log(r1), log(r2))), sub(r1, r2));
  },
  Uniform: (p, q) => {
    const [a1, b1, a2, b2] = [...of(p, "low", "high"), ...of(q, "low", "high")] as [T, T, T, T];
    const outside = core.logicalOr(core.greater(a2, a1), core.less(b2, b1));
    return core.where(outside, Infinity, log(div(sub(b2, a2), sub(b1, a1))));
  },
  Exponential: (p, q) => {
    const ratio = div(...([...of(q, "rate"), ...of(p, "rate")] as [T, T]));
    return sub(sub(ratio, log(ratio)), 1);
  },
  Laplace: (p, q) => {
    const [m1, s1, m2, s2] = [...of(p, "loc", "scale"), ...of(q, "loc", "scale")] as [T, T, T, T];
    const [ratio, away] = [div(s1, s2), core.abs(sub(m1, m2))];
    return sub(add(sub(div(away, s2), log(ratio)), mul(ratio, core.exp(neg(div(away, s1))))), 1);
  },
  Gamma: (p, q) => {
    const [a1, b1, a2, b2] = [...of(p, "concentration", "rate"), ...of(q, "concentration", "rate")] as [T, T, T, T];
    const scale = add(mul(a2, log(div(b1, b2))), sub(core.lgamma(a2), core.lgamma(a1)));
    return add(add(scale, mul(sub(a1, a2), core.digamma(a1))), mul(sub(b2, b1), div(a1, b1)));
  },
  Beta: (p, q) => {
    const names = ["concentration1", "concentration0"];
    const [p1, p0, q1, q0] = [...of(p, ...names), ...of(q, ...names)] as [T, T, T, T];
    const [sumP, sumQ] = [add(p1, p0), add(q1, q0)];
    const { lgamma, digamma } = core;
    const first = sub(add(add(lgamma(q1), lgamma(q0)), lgamma(sumP)), add(add(lgamma(p1), lgamma(p0)), lgamma(sumQ)));
    const second = add(mul(sub(p1, q1), digamma(p1)), mul(sub(p0, q0), digamma(p0)));
    return add(add(first, second), mul(sub(sumQ, sumP), digamma(sumP)));
  },
  Dirichlet: (p, q) => {
    const [a, b] = [...of(p, "concentration"), ...of(q, "concentration")] as [T, T];
    const [sumA, sumB] = [core.sum(a, last), core.sum(b, last)];
    const total = sub(core.lgamma(sumA), core.lgamma(sumB));
    const kept = core.sum(a, { axes: [-1], keepdims: true });
    const each = mul(sub(a, b), sub(core.digamma(a), core.digamma(kept)));
    return add(total, core.sum(sub(each, sub(core.lgamma(a), core.lgamma(b))), last));
  },
  MultivariateNormal: (p, q) => {
    const [m1, l1, m2, l2] = [...of(p, "loc", "scale_tril"), ...of(q, "loc", "scale_tril")] as [T, T, T, T];
    const size = m1.shape.at(-1) as number;
    const spread = core.sum(square(core.triangularSolve(l2, l1)), { axes: [-2, -1] });
    const distance = whitenedSquare(l2, sub(m2, m1));
    return add(sub(logDeterminant(l2), logDeterminant(l1)), mul(sub(add(spread, distance), size), 0.5));
  },
};

const distribution = instance(() => Distribution, "a Distribution");
type Kl = (
  ...args:
    | [p: Distribution, q: Distribution]
    | [p: Distribution, named: Keywords<{ q: Distribution }>]
    | [Keywords<{ p: Distribution; q: Distribution }>]
) => Tensor;

function divergence(p: Distribution, q: Distribution): Tensor {
  if (p instanceof Independent && q instanceof Independent) {
    const count = p.reinterpreted_batch_ndims;
    const parts = divergence(p.base_dist, q.base_dist);
    if (count !== q.reinterpreted_batch_ndims) return unknown(p, q);
    if (count === 0) return parts;
    return core.scope(() => wrap(core.sum(parts.core, { axes: Array.from({ length: count }, (_, i) => -1 - i) })));
  }
  const formula = p.constructor === q.constructor ? formulas[p.constructor.name] : undefined;
  if (!formula) return unknown(p, q);
  return core.scope(() => wrap(formula(p._values, q._values)));
}

function unknown(p: Distribution, q: Distribution): never {
  throw new UnsupportedError({
    op: "kl_divergence",
    argument: "q",
    expected: `two of one class (${Object.keys(formulas).join(", ")}, Independent)`,
    given: `${p.constructor.name} and ${q.constructor.name}`,
  });
}

/** The mean under p of log p - log q, of the batch shape. Both are of one class. */
export const kl_divergence: Kl = define(
  "torch.distributions.kl_divergence",
  { p: distribution, q: distribution },
  (given) => divergence(given.p, given.q),
);
