// Powers, exponentials and logarithms. Subnormal operands count as 0.
import { power } from "../reference_math.js";
import { binary, domain, type Expression, edges, inf, nan, SPECIAL, scalars, unary, within } from "./row.js";

/** log(e^a + e^b); infinities of one sign are themselves. */
const logAddExp = (a: number, b: number): number =>
  a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
const xLog = (a: number, b: number, log: (b: number) => number): number =>
  a === 0 && !Number.isNaN(b) ? 0 : a * log(b);

function timesPowerOfTwo(a: number, b: number): number {
  if (Number.isNaN(b) || a === 0 || !Number.isFinite(a)) return Number.isNaN(b) ? b : a;
  return a * 2 ** (b / 2) * 2 ** (b / 2);
}

export const powers = {
  // Powers, exponentials, logarithms. Subnormal operands count as 0.
  reciprocal: unary("1.0 / a", (a) => 1 / a, { ...domain([1, 9]), ...edges(inf, nan), ...within(2.5) }),
  sqrt: unary("sqrt(a)", Math.sqrt, { ...domain([0, 9]), ...edges(-1, 0, inf, nan), ...within(4.5) }),
  rsqrt: unary("inverseSqrt(a)", (a) => 1 / Math.sqrt(a), { ...domain([0.1, 9]), ...edges(0, inf), ...within(2) }),
  pow: binary("pow_f32(a, b)", power, {
    ...domain([0.1, 9], [-8, 8]),
    ...edges(
      [-2, 3],
      [-2, -3],
      [-2, 0.5],
      [0, 0],
      [0, 2],
      [0, -1],
      [1, nan],
      [nan, 0],
      [nan, 1],
      [-1, inf],
      [3, 40],
      [-inf, 1.5],
      [-inf, -1.5],
      [-inf, 65],
      [-inf, 66],
    ),
    // A unit in log(a) times |b log a|, at most 17.6.
    ...within(24),
  }),
  pow_scalar: unary("pow_f32(a, params.s0)", (a, s0) => power(a, s0), {
    ...scalars(3),
    ...edges(0, nan),
    ...within(2),
  }),
  exp: unary("exp_f32(a)", Math.exp, { ...domain([-87, 88]), ...edges(...SPECIAL, 89, -105), ...within(2) }),
  expm1: unary("expm1_f32(a)", Math.expm1, { ...domain([-5, 5]), ...edges(nan, inf, -inf, 1e-6), ...within(4) }),
  log: unary("log_f32(a)", Math.log, { ...domain([0.01, 9]), ...edges(...SPECIAL, -1, 1e30, 1e-30), ...within(2) }),
  log1p: unary("log1p_f32(a)", Math.log1p, { ...domain([-0.9, 9]), ...edges(nan, inf, -1, -2, 1e-6), ...within(3) }),

  exp2: unary("exp2_f32(a)", (a) => 2 ** a, {
    shader: "transcendental",
    ...domain([-125, 127]),
    ...edges(...SPECIAL, 10, -3, 127, 128, 1000, -1000),
    ...within(2),
  }),
  log2: unary("log2_f32(a)", Math.log2, {
    shader: "transcendental",
    ...domain([0.01, 9]),
    ...edges(...SPECIAL, -1, 1e30, 1e-30, 1, 8, 0.125),
    ...within(3),
  }),
  log10: unary("log_f32(a) * 0.43429448", Math.log10, {
    shader: "transcendental",
    ...domain([0.01, 9]),
    ...edges(...SPECIAL, -1, 1e30, 1e-30, 1),
    ...within(3),
  }),
  cbrt: unary("cbrt_f32(a)", Math.cbrt, {
    shader: "transcendental",
    ...edges(...SPECIAL, 27, -8, 1e38, -1e-37),
    ...within(2),
  }),
  /** log(e^a + e^b). */
  logaddexp: binary("logaddexp_f32(a, b)", logAddExp, {
    shader: "binary_special",
    ...domain([-40, 40], [-40, 40]),
    ...edges([inf, inf], [-inf, -inf], [inf, -inf], [-inf, 3], [nan, inf], [inf, nan], [1, nan], [100, -100], [2, 2]),
    ...within(4, 4e-7),
  }),
  /** log2(2^a + 2^b). */
  logaddexp2: binary("logaddexp2_f32(a, b)", (a, b) => logAddExp(a * Math.LN2, b * Math.LN2) / Math.LN2, {
    shader: "binary_special",
    ...domain([-40, 40], [-40, 40]),
    ...edges([inf, inf], [-inf, -inf], [inf, -inf], [-inf, 3], [nan, inf], [1, nan], [100, -100], [2, 2]),
    ...within(4, 4e-7),
  }),
  /** a log b, 0 for a of 0 unless b is NaN. */
  xlogy: binary("select(a * log_f32(b), 0.0, a == 0.0 && !is_nan(b))", (a, b) => xLog(a, b, Math.log), {
    ...domain([-4, 4], [0.01, 9]),
    ...edges([0, 0], [0, nan], [0, -1], [0, inf], [nan, 1], [2, 0], [2, -1], [inf, 2]),
    ...within(3),
  }),
  /** a log(1 + b), 0 for a of 0 unless b is NaN. */
  xlog1py: binary("select(a * log1p_f32(b), 0.0, a == 0.0 && !is_nan(b))", (a, b) => xLog(a, b, Math.log1p), {
    shader: "binary_special",
    ...domain([-4, 4], [-0.9, 9]),
    ...edges([0, -1], [0, nan], [0, -2], [0, inf], [nan, 1], [2, -1], [2, -2], [inf, 2]),
    ...within(4),
  }),
  /** a 2^b; zeros and infinities stay so. */
  ldexp: binary("ldexp_f32(a, b)", timesPowerOfTwo, {
    shader: "binary_special",
    ...domain([-4, 4], [-30, 30]),
    ...edges([1.5, 4], [1e-30, 200], [1e30, -200], [0, 1000], [nan, 1], [1, nan], [inf, -2], [-3, inf], [1, 0.5]),
    ...within(3),
  }),
} as const satisfies Record<string, Expression>;
