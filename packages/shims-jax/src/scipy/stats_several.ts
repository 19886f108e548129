// Distributions of several numbers at once.
import type { Tensor } from "@facet/autograd";
import * as core from "@facet/autograd";
import { ShapeError } from "@facet/autograd";
import { only } from "@facet/dialect";
import { arrayLike, declared } from "../arguments.js";
import { type ArrayLike, inexact, integral, type JaxArray, run } from "../array.js";
import { promotedReal } from "../numpy/ufunc.js";
import { within } from "./distribution.js";

const { add, sub, mul, div, log, square } = core;
const LOG_2PI = Math.log(2 * Math.PI);

function normal(x: ArrayLike, mean: ArrayLike, cov: ArrayLike): JaxArray {
  return run(() => {
    const fn = "multivariate_normal.logpdf";
    const [at, centre, spread] = promotedReal(fn, { x, mean, cov }) as [Tensor, Tensor, Tensor];
    const away = sub(at, centre);
    if (centre.rank === 0) return mul(add(div(square(away), spread), add(log(spread), LOG_2PI)), -0.5);
    const n = centre.shape.at(-1) as number;
    const matrix = spread.rank === 0 ? mul(core.eye(n, n), spread) : spread;
    if (`${matrix.shape}` !== `${[n, n]}` || away.shape.at(-1) !== n)
      throw new ShapeError({
        op: fn,
        argument: away.shape.at(-1) !== n ? "x" : "cov",
        expected: away.shape.at(-1) !== n ? `${n} numbers along the last axis` : core.formatShape([n, n]),
        given: core.formatShape(away.shape.at(-1) !== n ? away.shape : matrix.shape),
      });
    const factor = core.cholesky(matrix);
    const rows = core.reshape(away, [away.size / n, n]);
    const white = core.triangularSolve(factor, core.transpose(rows, [1, 0]));
    const squares = core.reshape(core.sum(square(white), { axes: 0 }), away.shape.slice(0, -1));
    const size = core.sum(log(core.diagonal(factor)));
    return sub(mul(add(squares, n * LOG_2PI), -0.5), size);
  });
}
const exponential = (y: JaxArray): JaxArray => run(() => core.exp(y.core));
type Normal = [x: ArrayLike, mean: ArrayLike, cov: ArrayLike];
/** Of rows of x; mean [n] and covariances [n, n], or both numbers. */
export const multivariate_normal = {
  logpdf: declared<Normal>()(
    "jax.scipy.stats.multivariate_normal.logpdf",
    { x: arrayLike, mean: arrayLike, cov: arrayLike, allow_singular: only(null) },
    ({ x, mean, cov }) => normal(x, mean, cov),
  ),
  pdf: declared<Normal>()(
    "jax.scipy.stats.multivariate_normal.pdf",
    { x: arrayLike, mean: arrayLike, cov: arrayLike },
    ({ x, mean, cov }) => exponential(normal(x, mean, cov)),
  ),
};

/** log of how often counts x come of n draws with probabilities p along the last axis. */
function counts(x: ArrayLike, n: ArrayLike, p: ArrayLike): JaxArray {
  return run(() => {
    const fn = "multinomial.logpmf";
    const chances = inexact(fn, "p", p);
    const counted = (argument: string, given: ArrayLike): Tensor =>
      core.cast(integral(fn, argument, given), chances.dtype);
    const [at, draws] = [counted("x", x), counted("n", n)];
    const terms = sub(core.xlogy(at, chances), core.lgamma(add(at, 1)));
    const y = add(core.lgamma(add(draws, 1)), core.sum(terms, { axes: -1 }));
    // As in the original all of x must sum to n, not each row.
    return within(core.equal(core.sum(at), draws), y);
  });
}
type Multinomial = [x: ArrayLike, n: ArrayLike, p: ArrayLike];
const MULTINOMIAL = { x: arrayLike, n: arrayLike, p: arrayLike } as const;
export const multinomial = {
  logpmf: declared<Multinomial>()("jax.scipy.stats.multinomial.logpmf", MULTINOMIAL, ({ x, n, p }) => counts(x, n, p)),
  pmf: declared<Multinomial>()("jax.scipy.stats.multinomial.pmf", MULTINOMIAL, ({ x, n, p }) =>
    exponential(counts(x, n, p)),
  ),
};

/** Of shares along the first axis of x, of which the last may be left out. */
function shares(x: ArrayLike, alpha: ArrayLike): JaxArray {
  return run(() => {
    const fn = "dirichlet.logpdf";
    const [given, weights] = promotedReal(fn, { x, alpha }) as [Tensor, Tensor];
    const k = weights.shape[0];
    if (weights.rank !== 1 || k === undefined || given.rank < 1 || (given.shape[0] !== k && given.shape[0] !== k - 1))
      throw new ShapeError({
        op: fn,
        argument: weights.rank !== 1 ? "alpha" : "x",
        expected: weights.rank !== 1 ? "one dimension" : `${k} or ${(k as number) - 1} shares along the first axis`,
        given: core.formatShape(weights.rank !== 1 ? weights.shape : given.shape),
      });
    const left = (whole: Tensor): Tensor => sub(1, core.sum(whole, { axes: 0, keepdims: true }));
    const all = given.shape[0] === k ? given : core.concat([given, left(given)], 0);
    const shaped = core.reshape(weights, [k, ...all.shape.slice(1).map(() => 1)]);
    const constant = sub(core.sum(core.lgamma(weights)), core.lgamma(core.sum(weights)));
    const y = sub(core.sum(core.xlogy(sub(shaped, 1), all), { axes: 0 }), constant);
    const total = core.abs(sub(core.sum(all, { axes: 0 }), 1));
    const isShare = core.logicalAnd(core.all(core.greaterEqual(all, 0), { axes: 0 }), core.less(total, 1e-5));
    return within(isShare, y);
  });
}
const DIRICHLET = { x: arrayLike, alpha: arrayLike } as const;
export const dirichlet = {
  logpdf: declared<[x: ArrayLike, alpha: ArrayLike]>()("jax.scipy.stats.dirichlet.logpdf", DIRICHLET, ({ x, alpha }) =>
    shares(x, alpha),
  ),
  pdf: declared<[x: ArrayLike, alpha: ArrayLike]>()("jax.scipy.stats.dirichlet.pdf", DIRICHLET, ({ x, alpha }) =>
    exponential(shares(x, alpha)),
  ),
};
