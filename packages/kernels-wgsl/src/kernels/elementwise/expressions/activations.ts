// Activations and their gradients as one kernel.
import { erf, sigmoid, softplus } from "../reference_math.js";
import {
  binary,
  domain,
  type Expression,
  edges,
  inf,
  nan,
  type Rest,
  SPECIAL,
  scalars,
  special,
  unary,
  within,
} from "./row.js";

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;
const reluSix = (x: number): number => Math.min(Math.max(x, 0), 6);
const geluTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

const hardTanhStops: Rest = { ...domain([-3, 3], [-3, 3]), ...edges([2, nan], [2, 1], [2, -1], [nan, 0], [2, 5]) };

/** a - tanh(a), by its series where the two cancel. */
function tanhShrink(a: number): number {
  if (!(Math.abs(a) < 0.05)) return a - Math.tanh(a);
  const z = a * a;
  return a * z * (1 / 3 - z * (2 / 15 - z * (17 / 315 - z * (62 / 2835 - (z * 1382) / 155925))));
}

export const activations = {
  // Activations.
  sigmoid: unary("sigmoid_f32(a)", sigmoid, { ...domain([-80, 20]), ...special, ...within(5) }),
  softplus: unary("softplus_f32(a)", softplus, { ...domain([-80, 80]), ...edges(nan, inf, -inf, 0), ...within(4) }),
  tanh: unary("tanh_f32(a)", Math.tanh, { ...edges(...SPECIAL, 1e-6, 100), ...within(3) }),
  relu: unary("select(a, 0.0, a < 0.0)", (a) => Math.max(a, 0), special),
  relu6: unary("relu6_f32(a)", reluSix, { ...domain([-3, 9]), ...special }),
  leaky_relu: unary("select(a, a * params.s0, a < 0.0)", (a, s0) => (a < 0 ? a * s0 : a), {
    ...scalars(0.25),
    ...special,
  }),
  elu: unary("elu_f32(a, params.s0)", (a, s0) => (a > 0 ? a : s0 * Math.expm1(a)), {
    ...scalars(0.75),
    ...special,
    ...within(5),
  }),
  selu: unary(
    `${SELU_SCALE} * elu_f32(a, ${SELU_ALPHA})`,
    (a) => SELU_SCALE * (a > 0 ? a : SELU_ALPHA * Math.expm1(a)),
    { ...special, ...within(6) },
  ),
  gelu: unary("0.5 * a * (1.0 + erf_f32(a * 0.70710678))", (a) => 0.5 * a * (1 + erf(a / Math.SQRT2)), {
    ...edges(nan, inf, 0),
    ...within(4, 5e-7),
  }),
  gelu_tanh: unary("0.5 * a * (1.0 + tanh_f32(0.79788456 * (a + 0.044715 * a * a * a)))", geluTanh, {
    ...edges(nan, inf, 0),
    ...within(4, 5e-7),
  }),
  silu: unary("a * sigmoid_f32(a)", (a) => a * sigmoid(a), {
    ...domain([-20, 20]),
    ...edges(nan, inf, 0),
    ...within(6),
  }),
  mish: unary("a * tanh_f32(softplus_f32(a))", (a) => a * Math.tanh(softplus(a)), {
    ...domain([-20, 20]),
    ...edges(nan, inf, 0),
    ...within(8),
  }),
  hard_sigmoid: unary("relu6_f32(a + 3.0) / 6.0", (a) => reluSix(a + 3) / 6, { ...special, ...within(2.5, 2e-7) }),
  hard_swish: unary("a * relu6_f32(a + 3.0) / 6.0", (a) => (a * reluSix(a + 3)) / 6, {
    ...edges(nan, 0),
    ...within(4, 5e-7),
  }),
  // Gradients of activations as one kernel: a is dy.
  /** dy where b, the input or the output of relu, is not 0 or below: at NaN it passes, as in PyTorch. */
  relu_backward: binary("select(a, 0.0, b <= 0.0)", (a, b) => (b <= 0 ? 0 : a), edges([2, nan], [2, 0], [nan, -1])),
  /** dy (1 - y^2); b is y. */
  tanh_backward: binary("a * (1.0 - b * b)", (a, b) => a * (1 - b * b), {
    ...domain([-4, 4], [-1, 1]),
    ...within(2, 1e-6),
  }),
  /** dy y (1 - y); b is y. */
  sigmoid_backward: binary("a * (b * (1.0 - b))", (a, b) => a * b * (1 - b), {
    ...domain([-4, 4], [0, 1]),
    ...within(3, 1e-6),
  }),
  /** 0 where |a| <= s0, else a. */
  hard_shrink: unary("select(a, 0.0, abs(a) <= params.s0)", (a, s0) => (Math.abs(a) <= s0 ? 0 : a), {
    ...scalars(0.5),
    ...edges(...SPECIAL, 0.5, -0.5),
  }),
  /** a moved by s0 towards 0, 0 where |a| <= s0. */
  soft_shrink: unary(
    "select(select(0.0, a + params.s0, a < -params.s0), a - params.s0, a > params.s0 || is_nan(a))",
    (a, s0) => (a < -s0 ? a + s0 : Math.abs(a) <= s0 ? 0 : a - s0),
    { ...scalars(0.5), ...edges(...SPECIAL, 0.5, -0.5) },
  ),
  /** a - tanh(a). */
  tanh_shrink: unary(
    "select(a - tanh_f32(a), a * a * a * (0.333332837 + a * a * (-0.133314863 + a * a * (0.0537431724 + a * a * (-0.0206497088 + a * a * 0.00571620278)))), a * a < 0.390625)",
    tanhShrink,
    { ...edges(nan, inf, -inf, 0, 1e-3), ...within(16) },
  ),
  /** a where above s0, else s1. */
  threshold: unary("select(a, params.s1, a <= params.s0)", (a, s0, s1) => (a <= s0 ? s1 : a), {
    ...scalars(0.5, -7),
    ...edges(...SPECIAL, 0.5),
  }),
  /** a where positive, else s0 (e^(a / s0) - 1). */
  celu: unary(
    "select(params.s0 * expm1_f32(a / params.s0), a, a > 0.0)",
    (a, s0) => (a > 0 ? a : s0 * Math.expm1(a / s0)),
    { ...scalars(0.75), ...special, ...within(8) },
  ),
  /** log(sigmoid(a)). */
  log_sigmoid: unary("-softplus_f32(-a)", (a) => -softplus(-a), {
    ...domain([-80, 80]),
    ...edges(nan, inf, -inf, 0),
    ...within(4),
  }),
  /** NaN at infinity, as in the originals. */
  softsign: unary("a / (1.0 + abs(a))", (a) => a / (1 + Math.abs(a)), { ...special, ...within(3) }),
  /** (a + sqrt(a^2 + s0)) / 2. */
  squareplus: unary(
    "select(0.5 * (a + sqrt(a * a + params.s0)), 0.5 * params.s0 / (sqrt(a * a + params.s0) - a), a < 0.0)",
    (a, s0) => (a < 0 ? s0 / (Math.sqrt(a * a + s0) - a) / 2 : (a + Math.sqrt(a * a + s0)) / 2),
    { ...scalars(4), ...edges(nan, inf, -inf, 0, -1000), ...within(8) },
  ),
  /** 0 up to -1, a from 1, (a + 1)^2 / 4 between. */
  sparse_plus: unary(
    "select(select(0.25 * (a + 1.0) * (a + 1.0), a, a >= 1.0), 0.0, a <= -1.0)",
    (a) => (a <= -1 ? 0 : a >= 1 ? a : (a + 1) ** 2 / 4),
    { ...edges(nan, inf, -inf, 1, -1), ...within(3) },
  ),
  /** a sigmoid(1.702 a). */
  quick_gelu: unary("a * sigmoid_f32(1.702 * a)", (a) => a * sigmoid(1.702 * a), {
    ...domain([-12, 12]),
    ...edges(nan, inf, 0),
    ...within(16),
  }),
  /** log(a / (1 - a)). */
  logit: unary(
    "select(log_f32(a / (1.0 - a)), log1p_f32((a - 0.5) / (1.0 - a) * 2.0), abs(a - 0.5) < 0.25)",
    (a) => (Math.abs(a - 0.5) < 0.25 ? Math.log1p((2 * a - 1) / (1 - a)) : Math.log(a / (1 - a))),
    { ...domain([0, 1]), ...edges(nan, inf, -inf, 0, 1, 0.5, 2, -1, 1e-30, 0.5 + 2 ** -20), ...within(6) },
  ),
  /** a where it is not negative, else a b: a slope for each element. */
  prelu: binary(
    "select(a, a * b, a < 0.0)",
    (a, b) => (a < 0 ? a * b : a),
    edges([nan, 1], [-1, nan], [0, inf], [-inf, 2]),
  ),
  /** a where s0 < b < s1, else 0. */
  inside_backward: binary(
    "select(0.0, a, b > params.s0 && b < params.s1)",
    (a, b, s0 = 0, s1 = 0) => (b > s0 && b < s1 ? a : 0),
    { ...scalars(-1, 2), ...hardTanhStops },
  ),
  /** a where b < s0 or b > s1, else 0. */
  outside_backward: binary(
    "select(0.0, a, b < params.s0 || b > params.s1)",
    (a, b, s0 = 0, s1 = 0) => (b < s0 || b > s1 ? a : 0),
    { ...scalars(-1, 2), ...hardTanhStops },
  ),
} as const satisfies Record<string, Expression>;
