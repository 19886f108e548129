// Rounding, and the parts that a float is made of.
import { roundHalfToEven } from "../reference_math.js";
import { binary, domain, type Expression, edges, inf, LARGEST, nan, SPECIAL, signed, special, unary } from "./row.js";

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The float32 next to a in the direction of b. */
function nextAfter(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  if (a === b) return b;
  float[0] = a;
  if (a === 0) bits[0] = 1;
  else (bits[0] as number) += a < b === a > 0 ? 1 : -1;
  return a === 0 && b < 0 ? -(float[0] as number) : (float[0] as number);
}

const frexpExponent = (a: number): number =>
  a === 0 || !Number.isFinite(a) ? 0 : Math.floor(Math.log2(Math.abs(a))) + 1;

export const rounding = {
  // Rounding.
  floor: unary("floor(a)", Math.floor, special),
  ceil: unary("ceil(a)", Math.ceil, special),
  trunc: unary("trunc(a)", Math.trunc, special),
  round: unary("round(a)", roundHalfToEven, { ...edges(...SPECIAL, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5) }),

  /** What trunc takes away, with the sign of a. */
  frac: unary("a - trunc(a)", (a) => a - Math.trunc(a), { ...edges(nan, inf, -inf, 0, 2.75, -2.75) }),
  /** 1 where the sign bit is set, of -0 and some NaN too. */
  signbit: unary("bitcast<u32>(a) >> 31u", (a) => +(a < 0 || Object.is(a, -0)), {
    integer: "u32(a < A(0))",
    ...signed(1),
    ...edges(inf, -inf, 0, -0),
    result: "u32",
  }),
  /** |a| with the sign of b. */
  copysign: binary(
    "bitcast<f32>((bitcast<u32>(a) & 0x7fffffffu) | (bitcast<u32>(b) & 0x80000000u))",
    (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)),
    edges([1, -0], [-1, 0], [nan, -1], [0, -2], [inf, -1], [-inf, inf]),
  ),
  /** The float next to a in the direction of b. */
  nextafter: binary("nextafter_f32(a, b)", nextAfter, {
    shader: "binary_special",
    ...edges([0, 1], [0, -1], [-0, 0], [1, 1], [1, inf], [LARGEST, inf], [inf, 0], [nan, 1], [1, nan], [2 ** -149, -1]),
  }),
  /** a / 2^n with a size in [0.5, 1) for the whole n that frexp_exponent gives; 0, infinity and NaN as they are. */
  frexp_mantissa: unary(
    "select(bitcast<f32>((bitcast<u32>(a) & 0x807fffffu) | 0x3f000000u), a, (bitcast<u32>(a) & 0x7f800000u) == 0u || (bitcast<u32>(a) & 0x7f800000u) == 0x7f800000u)",
    (a) => a / 2 ** frexpExponent(a),
    { ...domain([-90, 90]), ...edges(...SPECIAL, 1, 8, -0.5, LARGEST, 2 ** -126) },
  ),
  /** The power of two that frexp_mantissa leaves out, 0 of 0, infinity and NaN. */
  frexp_exponent: unary(
    "select(i32((bitcast<u32>(a) >> 23u) & 0xffu) - 126, 0, (bitcast<u32>(a) & 0x7f800000u) == 0u || (bitcast<u32>(a) & 0x7f800000u) == 0x7f800000u)",
    frexpExponent,
    { ...domain([-90, 90]), ...edges(...SPECIAL, 1, 8, -0.5, LARGEST, 2 ** -126), result: "i32" },
  ),
} as const satisfies Record<string, Expression>;
