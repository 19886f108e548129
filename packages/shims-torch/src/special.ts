// torch.special: its functions, and other names of those in torch.
import "./start.js";
import * as core from "@facet/autograd";
import type { Args } from "@facet/dialect";
import { convertCore } from "./convert.js";
import { native, out, tensor } from "./kinds.js";
import type { Out } from "./ops/arithmetic.js";
import { floating } from "./ops/of_one.js";
import { floatingOperands } from "./ops/of_two.js";
import { type Tensor, wrap } from "./tensor.js";

export { igamma as gammainc, igammac as gammaincc, xlogy } from "./ops/binary.js";
export { log_softmax, softmax } from "./ops/reduce.js";
export { logsumexp } from "./ops/statistics.js";
export {
  digamma,
  digamma as psi,
  erf,
  erfc,
  erfinv,
  exp2,
  expm1,
  i0,
  lgamma as gammaln,
  log1p,
  logit,
  mvlgamma as multigammaln,
  polygamma,
  round,
  sigmoid as expit,
  sinc,
} from "./ops/unary.js";

/** e^-|x| i0(x). */
export const i0e = floating("special.i0e", core.besselI0e);
/** Modified Bessel function of the first kind, of order 1. */
export const i1 = floating("special.i1", core.besselI1);
/** e^-|x| i1(x). */
export const i1e = floating("special.i1e", core.besselI1e);
/** Probability that a normal variable is below x. */
export const ndtr = floating("special.ndtr", core.ndtr);
/** Inverse of ndtr on (0, 1). */
export const ndtri = floating("special.ndtri", core.ndtri);
export const log_ndtr = floating("special.log_ndtr", core.logNdtr);
/** e^(x^2) erfc(x). */
export const erfcx = floating("special.erfcx", core.erfcx);
/** -x log x; 0 of 0, -infinity of negative numbers. */
export const entr = floating("special.entr", core.entr);

/** Functions whose gradient PyTorch does not have. */
const constant = (name: string, f: (x: core.Tensor) => core.Tensor) =>
  floating(`special.${name}`, (x) => core.noGrad(() => f(x)));
/** Bessel functions of the first kind. */
export const bessel_j0 = constant("bessel_j0", core.besselJ0);
export const bessel_j1 = constant("bessel_j1", core.besselJ1);
export const modified_bessel_i0 = constant("modified_bessel_i0", core.besselI0);
export const modified_bessel_i1 = constant("modified_bessel_i1", core.besselI1);
/** sin(x) / x, 1 at 0. */
export const spherical_bessel_j0: (x: Tensor, ...args: Args<[], Out>) => Tensor = native(
  "special.spherical_bessel_j0",
  { x: tensor, "*": null, out },
  ({ x }) => core.noGrad(() => core.scope(() => wrap(core.sinc(core.div(convertCore(x.core, "float32"), Math.PI))))),
);

/** input log(1 + other), 0 where input is 0. */
export const xlog1py = floatingOperands("special.xlog1py", core.xlog1py);
/** Hurwitz' zeta function: the sum of (other + k)^-input over k from 0. `input` has no gradient: one that is wanted throws. */
export const zeta = floatingOperands("special.zeta", core.zeta);
