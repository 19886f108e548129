// Special functions. Near their zeros, gamma's logarithm and its derivatives and Bessel's functions are near in absolute terms.

import { erf, erfinv } from "../reference_math.js";
import {
  besselI,
  besselJ,
  chebyshev,
  digamma,
  erfc,
  erfcx,
  gammaLower,
  gammaUpper,
  hermite,
  laguerre,
  legendre,
  lgamma,
  logNdtr,
  ndtri,
  polygamma,
  relativeEntropy,
  zeta,
} from "../reference_special.js";
import { binary, domain, type Expression, edges, inf, nan, SPECIAL, scalars, unary, within } from "./row.js";

const special = { shader: "special" } as const;
const bessel = { shader: "bessel", ...domain([-30, 30]), ...edges(...SPECIAL, 1e-6, 7.75, -8, 1e3) } as const;
const gamma = {
  shader: "incomplete_gamma",
  ...domain([0.1, 30], [0, 60]),
  ...edges(
    [1, 0],
    [0, 1],
    [0, 0],
    [2, inf],
    [inf, 2],
    [-1, 2],
    [2, -1],
    [nan, 1],
    [1, nan],
    [0.5, 1e-20],
    [190, 210],
    [1e4, 1.01e4],
    [1e4, 9e3],
  ),
} as const;
/** Of a number and a degree. */
const polynomial = {
  shader: "polynomial",
  ...domain([-1.5, 1.5], [0, 12]),
  ...edges(
    [2, 3],
    [-2, 3],
    [1, 30],
    [-1, 7],
    [0.3, -1],
    [0.3, -0.5],
    [0.3, nan],
    [nan, 0],
    [nan, 2],
    [0.3, inf],
    [0.3, 1e6],
    [0, 8],
  ),
} as const;

export const specialFunctions = {
  erf: unary("erf_f32(a)", erf, { ...edges(nan, inf, -inf, 0, 1e-6, 9), ...within(2) }),
  erfinv: unary("erfinv_f32(a)", erfinv, {
    ...domain([-0.9999, 0.9999]),
    ...edges(nan, 1, -1, 2, 0, 1e-6, 1 - 2 ** -24, -1 + 2 ** -24),
    ...within(6),
  }),
  /** 1 - erf(a). */
  erfc: unary("erfc_f32(a)", erfc, {
    ...special,
    ...domain([-5, 9]),
    ...edges(...SPECIAL, 1e-6, 9, 20, -20),
    ...within(8),
  }),
  /** e^(a^2) erfc(a). */
  erfcx: unary("erfcx_f32(a)", erfcx, {
    ...special,
    ...domain([-5, 20]),
    ...edges(...SPECIAL, 1e6, -9, -20),
    ...within(8),
  }),
  /** Probability that a normal variable is below a. */
  ndtr: unary("ndtr_f32(a)", (a) => erfc(-a * Math.SQRT1_2) / 2, {
    ...special,
    ...domain([-12, 5]),
    ...edges(...SPECIAL, 1e-6, -20, 20),
    ...within(8),
  }),
  log_ndtr: unary("log_ndtr_f32(a)", logNdtr, {
    ...special,
    ...domain([-20, 9]),
    ...edges(...SPECIAL, -1e4, 12),
    ...within(8),
  }),
  /** Inverse of ndtr. */
  ndtri: unary("ndtri_f32(a)", ndtri, {
    ...special,
    ...domain([0, 1]),
    ...edges(nan, 0, 1, 2, -1, 0.5, 1e-3, 1e-8, 1e-20, 1e-37, 1 - 2 ** -24),
    ...within(12, 2e-7),
  }),
  /** log |gamma(a)|. */
  lgamma: unary("lgamma_f32(a)", lgamma, {
    ...special,
    ...domain([0, 12]),
    ...edges(...SPECIAL, 1, 2, 1 + 2 ** -20, 0.5, -0.5, -1, -1.5, -7.25, 100, 1e6, 1e30, 1e-10, -1e-10, 1e-30),
    ...within(12),
  }),
  digamma: unary("digamma_f32(a)", digamma, {
    ...special,
    ...domain([0, 12]),
    ...edges(nan, inf, -inf, 1, 2, 1.46163213, 0.5, -0.5, -1, -1.5, -7.25, 100, 1e6, 1e-10),
    ...within(16),
  }),
  /** Derivative of digamma number s0, a whole number; digamma itself for 0. Negative a down to -1000. */
  polygamma: unary("polygamma_f32(a, params.s0)", (a, s0) => polygamma(s0, a), {
    ...special,
    ...scalars(2),
    ...domain([0.1, 12]),
    ...edges(nan, inf, 0, -1, -1.5, -7.25, 100),
    ...within(40),
  }),
  /** -a log a; 0 of 0, -infinity of negative numbers. */
  entr: unary(
    "select(select(-a * log_f32(a), -infinity(), a < 0.0), 0.0, a == 0.0)",
    (a) => (a < 0 ? -inf : a === 0 ? 0 : -a * Math.log(a)),
    {
      ...domain([0, 9]),
      ...edges(...SPECIAL, -1, 1),
      ...within(3),
    },
  ),
  bessel_i0: unary("i0_f32(a)", (a) => besselI(0, a), {
    ...bessel,
    ...edges(...SPECIAL, 1e-6, 7.75, 90, 100),
    ...within(12),
  }),
  bessel_i0e: unary("i0e_f32(a)", (a) => besselI(0, a, true), { ...bessel, ...within(8) }),
  bessel_i1: unary("i1_f32(a)", (a) => besselI(1, a), {
    ...bessel,
    ...edges(...SPECIAL, 1e-6, 7.75, 90, 100),
    ...within(12),
  }),
  bessel_i1e: unary("i1e_f32(a)", (a) => besselI(1, a, true), { ...bessel, ...within(8) }),
  bessel_j0: unary("j0_f32(a)", (a) => besselJ(0, a), { ...bessel, ...within(8, 6e-7) }),
  bessel_j1: unary("j1_f32(a)", (a) => besselJ(1, a), { ...bessel, ...within(8, 1e-6) }),
  /** Chebyshev's polynomial of degree trunc(b), of whose kind that of degree 1 is s0 a + s1. */
  chebyshev: binary("chebyshev_f32(a, b, params.s0, params.s1)", (a, b, s0 = 0, s1 = 0) => chebyshev(a, b, s0, s1), {
    ...polynomial,
    ...scalars(2, -1),
    ...within(32, 1e-4),
  }),
  /** Hermite's polynomial of degree trunc(b): the physicists' for s0 of 2, the probabilists' for 1. */
  hermite: binary("hermite_f32(a, b, params.s0)", (a, b, s0 = 0) => hermite(a, b, s0), {
    ...polynomial,
    ...scalars(1),
    ...within(64, 1e-2),
  }),
  /** Laguerre's polynomial of degree trunc(b). */
  laguerre: binary("laguerre_f32(a, b)", laguerre, { ...polynomial, ...within(64, 1e-5) }),
  /** Legendre's polynomial of degree trunc(b). */
  legendre: binary("legendre_f32(a, b)", legendre, { ...polynomial, ...within(64, 1e-5) }),
  /** Sum of (b + k)^-a over whole k from 0. Negative b down to -1000, for whole a. */
  zeta: binary("zeta_f32(a, b)", zeta, {
    shader: "binary_special",
    ...domain([1.1, 12], [0.1, 12]),
    ...edges([1, 2], [0.5, 2], [nan, 1], [2, nan], [2, 0], [2, -1], [2, -1.5], [2.5, -1.5], [2, inf], [20, 1.5]),
    ...within(60),
  }),
  /** Regularised lower incomplete gamma function of shape a and bound b. */
  igamma: binary("igamma_f32(a, b)", gammaLower, { ...gamma, ...within(60, 2e-7) }),
  /** 1 - igamma, without its cancellation. */
  igammac: binary("igammac_f32(a, b)", gammaUpper, { ...gamma, ...within(60, 2e-7) }),
  /** a log(a / b) for positive operands, 0 for a of 0, else infinite. */
  rel_entr: binary("rel_entr_f32(a, b)", relativeEntropy, {
    shader: "binary_special",
    ...domain([0, 9], [0.01, 9]),
    ...edges([0, 0], [0, 1], [1, 0], [-1, 1], [1, -1], [nan, 1], [1, nan], [2, 2], [inf, 1], [1, inf]),
    ...within(4, 1e-6),
  }),
} as const satisfies Record<string, Expression>;
