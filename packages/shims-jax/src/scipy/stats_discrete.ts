// Distributions of whole numbers.
import type { Tensor } from "@facet/autograd";
import * as core from "@facet/autograd";
import { both, distribution, within } from "./distribution.js";

const { add, sub, neg, exp, log1p, where } = core;
type Parts = Readonly<Record<string, Tensor>>;
const part = (t: Parts, name: string): Tensor => t[name] as Tensor;
const placed = ({ k, loc }: Parts): Tensor => sub(k as Tensor, loc as Tensor);
const mass = (logpmf: (t: Parts) => Tensor) => ({ logpmf, pmf: (t: Parts) => exp(logpmf(t)) });
const from = (x: Tensor, least: number): Tensor => core.greaterEqual(x, least);
const isWhole = (x: Tensor): Tensor => core.equal(core.floor(x), x);
const factorial = (x: Tensor): Tensor => core.lgamma(add(x, 1));

export const bernoulli = distribution(
  "bernoulli",
  { k: null, p: null, loc: 0 },
  {
    ...mass((t) => {
      const [x, p] = [placed(t), part(t, "p")];
      const y = add(core.xlogy(x, p), core.xlog1py(sub(1, x), neg(p)));
      return within(both(from(x, 0), core.lessEqual(x, 1)), y);
    }),
    cdf: (t) => {
      const [k, p] = [part(t, "k"), part(t, "p")];
      const y = where(core.less(k, 0), 0, where(core.less(k, 1), sub(1, p), 1));
      return within(both(from(p, 0), core.lessEqual(p, 1)), y, Number.NaN);
    },
    ppf: (t) => {
      const [q, p] = [part(t, "q"), part(t, "p")];
      const y = core.cast(core.greater(q, sub(1, p)), q.dtype);
      const valid = both(both(from(q, 0), core.lessEqual(q, 1)), both(from(p, 0), core.lessEqual(p, 1)));
      return within(valid, y, Number.NaN);
    },
  },
  { cdf: ["k", "p"], ppf: ["q", "p"] },
);

export const binom = distribution(
  "binom",
  { k: null, n: null, p: null, loc: 0 },
  {
    ...mass((t) => {
      const [x, n, p] = [placed(t), part(t, "n"), part(t, "p")];
      const ways = sub(factorial(n), add(factorial(x), factorial(sub(n, x))));
      const y = add(ways, add(core.xlogy(x, p), core.xlog1py(sub(n, x), neg(p))));
      return within(both(from(x, 0), core.lessEqual(x, n)), y);
    }),
  },
);

export const betabinom = distribution(
  "betabinom",
  { k: null, n: null, a: null, b: null, loc: 0 },
  {
    ...mass((t) => {
      const [x, n, a, b] = [placed(t), part(t, "n"), part(t, "a"), part(t, "b")];
      const ways = neg(add(log1p(n), core.betaln(add(sub(n, x), 1), add(x, 1))));
      const y = add(ways, sub(core.betaln(add(x, a), add(sub(n, x), b)), core.betaln(a, b)));
      return within(both(from(x, 0), core.lessEqual(x, n)), y);
    }),
  },
);

export const nbinom = distribution(
  "nbinom",
  { k: null, n: null, p: null, loc: 0 },
  {
    ...mass((t) => {
      const [x, n, p] = [placed(t), part(t, "n"), part(t, "p")];
      const ways = sub(core.lgamma(add(x, n)), add(core.lgamma(n), factorial(x)));
      return within(from(x, 0), add(ways, add(core.xlogy(n, p), core.xlog1py(x, neg(p)))));
    }),
  },
);

export const geom = distribution(
  "geom",
  { k: null, p: null, loc: 0 },
  {
    ...mass((t) => {
      const [x, p] = [placed(t), part(t, "p")];
      return within(core.greater(x, 0), add(core.xlog1py(sub(x, 1), neg(p)), core.log(p)));
    }),
  },
);

export const poisson = distribution(
  "poisson",
  { k: null, mu: null, loc: 0 },
  {
    ...mass((t) => {
      const [x, mu] = [placed(t), part(t, "mu")];
      return within(both(from(x, 0), isWhole(x)), sub(sub(core.xlogy(x, mu), factorial(x)), mu));
    }),
    cdf: (t) => {
      const x = placed(t);
      return within(from(x, 0), core.igammac(add(core.floor(core.maximum(x, 0)), 1), part(t, "mu")), 0);
    },
  },
);
