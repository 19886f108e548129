// jax.scipy.special.
import "../start.js";
import type { Tensor } from "@facet/autograd";
import * as core from "@facet/autograd";
import { define, int, only } from "@facet/dialect";
import { array, arrayLike, axes as axesKind, type Given } from "../arguments.js";
import { type ArrayLike, type Axis, inexact, type JaxArray, run } from "../array.js";
import { logsumexp as nnLogsumexp } from "../nn.js";
import { axesOf } from "../numpy/axes.js";
import { promotedReal } from "../numpy/ufunc.js";

type OfOne<Name extends string = "x"> = (
  ...args: Given<[x: ArrayLike], [], { readonly [K in Name]: ArrayLike }>
) => JaxArray;
const ofOne = <const Name extends string = "x">(
  fn: string,
  op: (x: Tensor) => Tensor,
  name = "x" as Name,
): OfOne<Name> =>
  define(`jax.scipy.special.${fn}`, { [name]: arrayLike }, (values) =>
    run(() => op(inexact(fn, name, (values as unknown as Record<string, ArrayLike>)[name] as ArrayLike))),
  );

export const erf = ofOne("erf", core.erf);
export const erfc = ofOne("erfc", core.erfc);
/** e^(x^2) erfc(x). */
export const erfcx = ofOne("erfcx", core.erfcx);
export const erfinv = ofOne("erfinv", core.erfinv);
/** 1 / (1 + e^-x). */
export const expit = ofOne("expit", core.sigmoid);
/** log(x / (1 - x)). */
export const logit = ofOne("logit", (x) => core.logit(x));
/** log |gamma(x)|. */
export const gammaln = ofOne("gammaln", core.lgamma);
export const digamma = ofOne("digamma", core.digamma);
/** -x log x, 0 at 0, negative infinity below. */
export const entr = ofOne("entr", core.entr);
export const i0 = ofOne("i0", core.besselI0);
export const i0e = ofOne("i0e", core.besselI0e);
export const i1 = ofOne("i1", core.besselI1);
export const i1e = ofOne("i1e", core.besselI1e);
/** The normal distribution's cumulative one. */
export const ndtr = ofOne("ndtr", core.ndtr);
/** Inverse of ndtr. */
export const ndtri = ofOne("ndtri", core.ndtri, "p");
/** log of ndtr. */
export const log_ndtr: (
  ...args: Given<[x: ArrayLike], [series_order: number], { x: ArrayLike; series_order: number }>
) => JaxArray = define("jax.scipy.special.log_ndtr", { x: arrayLike, series_order: int.or(3) }, ({ x }) =>
  run(() => core.logNdtr(inexact("log_ndtr", "x", x))),
);

type OfTwo<A extends string, B extends string> = (
  ...args: Given<[a: ArrayLike, b: ArrayLike], [], { readonly [K in A | B]: ArrayLike }>
) => JaxArray;
const ofTwo = <const A extends string, const B extends string>(
  fn: string,
  a: A,
  b: B,
  op: (a: Tensor, b: Tensor) => Tensor,
): OfTwo<A, B> =>
  define(`jax.scipy.special.${fn}`, { [a]: arrayLike, [b]: arrayLike }, (values) => {
    const given = values as unknown as Record<string, ArrayLike>;
    return run(() =>
      op(...(promotedReal(fn, { [a]: given[a] as ArrayLike, [b]: given[b] as ArrayLike }) as [Tensor, Tensor])),
    );
  });
/** x log y, 0 where x is 0. */
export const xlogy = ofTwo("xlogy", "x", "y", core.xlogy);
/** x log(1 + y), 0 where x is 0. */
export const xlog1py = ofTwo("xlog1py", "x", "y", core.xlog1py);
export const betaln = ofTwo("betaln", "a", "b", core.betaln);
/** p log(p / q). */
export const rel_entr = ofTwo("rel_entr", "p", "q", core.relEntr);
/** p log(p / q) - p + q. */
export const kl_div = ofTwo("kl_div", "p", "q", core.klDiv);
/** Regularised lower incomplete gamma function. */
export const gammainc = ofTwo("gammainc", "a", "x", core.igamma);
/** Regularised upper incomplete gamma function. */
export const gammaincc = ofTwo("gammaincc", "a", "x", core.igammac);

/** 1 or -1, the sign of gamma(x); NaN at its poles. */
export const gammasgn = ofOne("gammasgn", signOfGamma);
function signOfGamma(x: Tensor): Tensor {
  const whole = core.floor(x);
  const isPole = core.logicalAnd(core.less(x, 0), core.equal(whole, x));
  // Below 0 the sign changes at each whole number.
  const isOdd = core.notEqual(core.sub(whole, core.mul(core.floor(core.mul(whole, 0.5)), 2)), 0);
  const sign = core.where(core.logicalAnd(core.less(x, 0), isOdd), -1, core.full([], 1, x.dtype));
  const atZero = core.where(core.signbit(x), -1, core.full([], 1, x.dtype));
  return core.where(isPole, Number.NaN, core.where(core.equal(x, 0), atZero, sign));
}
export const gamma = ofOne("gamma", (x) => core.mul(signOfGamma(x), core.exp(core.lgamma(x))));
export const beta = ofTwo("beta", "a", "b", core.beta);
/** gamma(z + m) / gamma(z), of positive z and z + m. */
export const poch = ofTwo("poch", "z", "m", (z, m) => {
  const size = core.exp(core.sub(core.lgamma(core.add(z, m)), core.lgamma(z)));
  return core.where(core.equal(m, 0), 1, core.mul(size, core.mul(signOfGamma(core.add(z, m)), signOfGamma(z))));
});
/** (x^lmbda - 1) / lmbda, log x where lmbda is 0. */
export const boxcox = ofTwo("boxcox", "x", "lmbda", (x, lmbda) => power(core.log(x), lmbda));
/** boxcox of 1 + x. */
export const boxcox1p = ofTwo("boxcox1p", "x", "lmbda", (x, lmbda) => power(core.log1p(x), lmbda));
function power(logarithm: Tensor, lmbda: Tensor): Tensor {
  const isZero = core.equal(lmbda, 0);
  const by = core.where(isZero, 1, lmbda);
  return core.where(isZero, logarithm, core.div(core.expm1(core.mul(by, logarithm)), by));
}
/** n!, by the gamma function; 0 of negative numbers. */
export const factorial: (...args: Given<[n: ArrayLike], [exact: false], { n: ArrayLike; exact: false }>) => JaxArray =
  define("jax.scipy.special.factorial", { n: arrayLike, exact: only(false) }, ({ n }) =>
    run(() => {
      const x = inexact("factorial", "n", n);
      return core.where(core.less(x, 0), 0, core.exp(core.lgamma(core.add(core.maximum(x, 0), 1))));
    }),
  );

/** Riemann's zeta function of x with q: the sum of (k + q)^-x over k of 0 and more. */
export const zeta: (
  ...args: Given<[x: ArrayLike], [q: ArrayLike | null], { x: ArrayLike; q: ArrayLike | null }>
) => JaxArray = define("jax.scipy.special.zeta", { x: arrayLike, q: arrayLike.or(null) }, ({ x, q }) =>
  run(() => core.zeta(...(promotedReal("zeta", { x, q: q ?? 1 }) as [Tensor, Tensor]))),
);
/** The n-th derivative of digamma; n is a number. */
export const polygamma: (...args: Given<[n: number, x: ArrayLike], [], { n: number; x: ArrayLike }>) => JaxArray =
  define("jax.scipy.special.polygamma", { n: int, x: arrayLike }, ({ n, x }) =>
    run(() => core.polygamma(n, inexact("polygamma", "x", x))),
  );
/** log of the multivariate gamma function of dimension d. */
export const multigammaln: (...args: Given<[a: ArrayLike, d: number], [], { a: ArrayLike; d: number }>) => JaxArray =
  define("jax.scipy.special.multigammaln", { a: arrayLike, d: int }, ({ a, d }) =>
    run(() => core.multigammaln(inexact("multigammaln", "a", a), d)),
  );

/** An op over one axis, several, or (null) all. */
const over = (
  fn: "softmax" | "log_softmax",
  op: (x: Tensor, axis: number) => Tensor,
): ((x: ArrayLike, options?: { axis?: Axis }) => JaxArray) =>
  define(`jax.scipy.special.${fn}`, { x: arrayLike, "/": null, "*": null, axis: axesKind }, ({ x: given, axis }) =>
    run(() => {
      const x = inexact(fn, "x", given);
      const axes = axesOf(fn, axis, x.rank);
      const rest = [...x.shape.keys()].filter((d) => !axes.includes(d));
      const order = [...rest, ...axes];
      const rows = core.transpose(x, order);
      const flat = core.reshape(rows, [
        ...rest.map((d) => x.shape[d] as number),
        core.sizeOf(axes.map((d) => x.shape[d] as number)),
      ]);
      const y = core.reshape(op(flat, flat.rank - 1), rows.shape);
      return core.transpose(
        y,
        order.map((_, d) => order.indexOf(d)),
      );
    }),
  );
export const softmax = over("softmax", core.softmax);
export const log_softmax = over("log_softmax", core.logSoftmax);

/** log of the sum of e^a over `axis` (default all dimensions), as jax.nn.logsumexp. */
export const logsumexp: typeof nnLogsumexp = define(
  "jax.scipy.special.logsumexp",
  { a: arrayLike, axis: axesKind, b: arrayLike.or(null), keepdims: false, return_sign: false, where: array.or(null) },
  (values) => (nnLogsumexp as (values: object) => JaxArray)(values),
);
