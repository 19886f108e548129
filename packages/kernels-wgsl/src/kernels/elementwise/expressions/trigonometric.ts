// Trigonometric and hyperbolic functions.
import { binary, domain, type Expression, edges, inf, LARGEST, nan, SPECIAL, unary, within } from "./row.js";

/** Angles beyond what three constants reduce, the last of them nearest to a multiple of pi/2 of all float32. */
const FAR = [
  10_001,
  -12_345.678,
  2 ** 24,
  -(2 ** 24) + 1,
  1e10,
  -1e19,
  Math.fround(1e30),
  LARGEST,
  -LARGEST,
  16367173 * 2 ** 72,
];
/** sin(pi a) / (pi a), of the distance to the nearest whole number. */
function sinc(a: number): number {
  const nearest = Math.round(a);
  const sine = Math.sin(Math.PI * (a - nearest)) * (nearest % 2 === 0 ? 1 : -1);
  return a === 0 ? 1 : sine / (Math.PI * a);
}

export const trigonometric = {
  // Trigonometry. Arguments of any size are reduced exactly.
  sin: unary("sin_f32(a)", Math.sin, {
    ...domain([-9e3, 9e3]),
    ...edges(nan, inf, 0, 1e-6, ...FAR),
    ...within(2, 1e-7),
  }),
  cos: unary("cos_f32(a)", Math.cos, { ...domain([-9e3, 9e3]), ...edges(nan, inf, 0, ...FAR), ...within(2, 1e-7) }),
  tan: unary("sin_f32(a) / cos_f32(a)", Math.tan, { ...domain([-1.5, 1.5]), ...edges(nan, inf, 1e-6), ...within(8) }),
  atan2: binary("atan2_f32(a, b)", Math.atan2, {
    ...edges([0, 0], [0, -1], [1, 0], [-1, 0], [-0, -1], [inf, -inf], [1, inf], [nan, 1], [1, nan], [1e-6, 1]),
    ...within(4),
  }),

  asin: unary("asin_f32(a)", Math.asin, {
    shader: "transcendental",
    ...domain([-1, 1]),
    ...edges(...SPECIAL, 1, -1, 1.5, 0.5, 1e-6),
    ...within(4),
  }),
  acos: unary("acos_f32(a)", Math.acos, {
    shader: "transcendental",
    ...domain([-1, 1]),
    ...edges(...SPECIAL, 1, -1, 1.5, 0.5, 1 - 2 ** -24),
    ...within(4),
  }),
  atan: unary("atan2_f32(a, 1.0)", Math.atan, {
    shader: "transcendental",
    ...domain([-20, 20]),
    ...edges(...SPECIAL, 1, 1e-6, 1e30),
    ...within(4),
  }),
  sinh: unary("sinh_f32(a)", Math.sinh, {
    shader: "transcendental",
    ...edges(...SPECIAL, 1e-6, 89, -89, 100, 50),
    ...within(5),
  }),
  cosh: unary("cosh_f32(a)", Math.cosh, {
    shader: "transcendental",
    ...edges(...SPECIAL, 1e-6, 89, -89, 100, 50),
    ...within(5),
  }),
  asinh: unary("asinh_f32(a)", Math.asinh, {
    shader: "transcendental",
    ...edges(...SPECIAL, 1e-6, -1e-3, 1e5, -1e30, LARGEST),
    ...within(8),
  }),
  acosh: unary("acosh_f32(a)", Math.acosh, {
    shader: "transcendental",
    ...domain([1, 9]),
    ...edges(...SPECIAL, 1, 1.0001, 0.5, 1e5, 1e30, LARGEST),
    ...within(8),
  }),
  atanh: unary("atanh_f32(a)", Math.atanh, {
    shader: "transcendental",
    ...domain([-1, 1]),
    ...edges(...SPECIAL, 1, -1, 2, 1e-6),
    ...within(8),
  }),
  /** sin(pi a) / (pi a), 1 at 0. */
  sinc: unary("sinc_f32(a)", sinc, {
    shader: "transcendental",
    ...edges(...SPECIAL, 1e-6, 3, 1000.25, 1e30),
    ...within(6),
  }),
} as const satisfies Record<string, Expression>;
