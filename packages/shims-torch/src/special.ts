// torch.special: its functions, and other names of those in torch.
import "./start.js";
import * as core from "@facet/autograd";
import type { Args } from "@facet/dialect";
import { convertCore } from "./convert.js";
import { native, type Operand, operand, out, tensor } from "./kinds.js";
import { arithmetic, type Out, requireTensor } from "./ops/arithmetic.js";
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

/** Polynomials of x and a degree n, whose fractions are cut off; PyTorch has no gradient of them. */
const polynomial = (name: string, f: (x: core.TensorLike, n: core.TensorLike) => core.Tensor): OfDegree => {
  const compute = arithmetic(`special.${name}`, (x, n) => core.noGrad(() => f(x, n)), "float32");
  return native(`special.${name}`, { x: operand, n: operand, "*": null, out }, ({ x, n }) => {
    requireTensor(`special.${name}`, x, n);
    return compute(x, n);
  });
};
type OfDegree = (x: Operand, ...args: Args<[n: Operand], { n: Operand } & Out>) => Tensor;
type Kind = "t" | "u" | "v" | "w";
const chebyshev = (kind: Kind) => polynomial(`chebyshev_polynomial_${kind}`, (x, n) => core.chebyshev(kind, x, n));
/** Of 2 x - 1. */
const shifted = (kind: Kind) =>
  polynomial(`shifted_chebyshev_polynomial_${kind}`, (x, n) =>
    core.chebyshev(kind, core.sub(core.mul(asTensor(x), 2), 1), n),
  );
const asTensor = (x: core.TensorLike): core.Tensor => (typeof x === "number" ? core.full([], x) : x);
export const chebyshev_polynomial_t = /* @__PURE__ */ chebyshev("t");
export const chebyshev_polynomial_u = /* @__PURE__ */ chebyshev("u");
export const chebyshev_polynomial_v = /* @__PURE__ */ chebyshev("v");
export const chebyshev_polynomial_w = /* @__PURE__ */ chebyshev("w");
export const shifted_chebyshev_polynomial_t = /* @__PURE__ */ shifted("t");
export const shifted_chebyshev_polynomial_u = /* @__PURE__ */ shifted("u");
export const shifted_chebyshev_polynomial_v = /* @__PURE__ */ shifted("v");
export const shifted_chebyshev_polynomial_w = /* @__PURE__ */ shifted("w");
/** The physicists' polynomials, for the weight e^-x^2. */
export const hermite_polynomial_h = /* @__PURE__ */ polynomial("hermite_polynomial_h", (x, n) =>
  core.hermite(x, n, "physicists"),
);
/** The probabilists', for e^(-x^2 / 2). */
export const hermite_polynomial_he = /* @__PURE__ */ polynomial("hermite_polynomial_he", (x, n) =>
  core.hermite(x, n, "probabilists"),
);
export const laguerre_polynomial_l = /* @__PURE__ */ polynomial("laguerre_polynomial_l", core.laguerre);
export const legendre_polynomial_p = /* @__PURE__ */ polynomial("legendre_polynomial_p", core.legendre);

/** input log(1 + other), 0 where input is 0. */
export const xlog1py = floatingOperands("special.xlog1py", core.xlog1py);
/** Hurwitz' zeta function: the sum of (other + k)^-input over k from 0. `input` has no gradient: one that is wanted throws. */
export const zeta = floatingOperands("special.zeta", core.zeta);
