// Moves, conversions and arithmetic.
import { bf16Bits, bf16Value, f16Bits, f16Value } from "../../../half.js";
import { exponentOf, floorDivide, floorMod } from "../reference_math.js";
import {
  binary,
  domain,
  type Expression,
  edges,
  inf,
  LARGEST,
  nan,
  numbers,
  ordered,
  type Rest,
  SPECIAL,
  scalars,
  signed,
  special,
  takes,
  ternary,
  unary,
  within,
} from "./row.js";

/** The whole part of a number, at most the ends of a range; 0 of NaN. */
const saturated = (low: number, high: number) => (a: number) =>
  Number.isNaN(a) ? 0 : Math.min(Math.max(Math.trunc(a), low), high);

/** Ties either way, the largest, the first that are infinite, subnormal halves and their ties, and what is no number. */
const HALF_EDGES = [
  ...[
    0,
    1,
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    1 + 2 ** -11 + 2 ** -23,
    2 - 2 ** -12,
    1 / 3,
    1000.3,
    1 + 2 ** -8,
    1 + 3 * 2 ** -8,
  ],
  ...[65_504, 65_519.99, 65_520, 1e9, inf, LARGEST],
  ...[
    2 ** -14,
    2 ** -14 - 2 ** -25,
    2 ** -15 * 1.7,
    3 * 2 ** -25,
    2 ** -24,
    2 ** -25,
    2 ** -25 * 1.01,
    2 ** -26,
    1e-30,
  ],
].flatMap((value) => [value, -value]);
/** Bits of halves: every size of number, infinities, and none. */
const HALF_BITS = [0, 1, 2, 0x3ff, 0x400, 0x7bff, 0x7c00, 0x7c01, 0x7f80, 0x7f81].flatMap((bits) => [
  bits,
  bits + 0x8000,
]);
const toHalf: Rest = { ...edges(...HALF_EDGES, nan), result: "u32" };
const fromHalf: Rest = { ...takes(1, "u32"), ...domain([0, 0x7c00]), ...edges(...HALF_BITS), result: "f32" };

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

export const arithmetic = {
  // Moves and conversions. A bool is a u32, 0 or 1. Floats beyond the target's range become its nearest number, NaN 0, as in JAX.
  copy: unary("a", (a) => a, { ...numbers(1), ...special }),
  to_f32: unary("f32(a)", (a) => a, { ...numbers(1), result: "f32" }),
  to_i32: unary(
    "select(select(i32(a), 2147483647, a >= 2147483648.0), 0, is_nan(a))",
    saturated(-(2 ** 31), 2 ** 31 - 1),
    {
      integer: "i32(a)",
      ...numbers(1),
      ...edges(...SPECIAL, 5e9, -5e9, 2147483520, -(2 ** 31)),
      result: "i32",
    },
  ),
  to_u32: unary("select(select(u32(a), 4294967295u, a >= 4294967296.0), 0u, is_nan(a))", saturated(0, 2 ** 32 - 1), {
    integer: "u32(a)",
    ...numbers(1),
    ...edges(...SPECIAL, 5e9, -3.5, 2147483520),
    result: "u32",
    ...domain([0, 9]),
  }),
  // Bits of halves, in the low half of a word. Rounded to the nearest, ties to even, by every driver alike.
  to_f16: unary("f16_bits(a)", f16Bits, toHalf),
  from_f16: unary("f16_value(a)", f16Value, fromHalf),
  to_bf16: unary("bf16_bits(a)", bf16Bits, toHalf),
  from_bf16: unary("bf16_value(a)", bf16Value, fromHalf),
  to_bool: unary("u32(!(a == A(0)))", (a) => +(a !== 0), { ...numbers(1), ...special, result: "u32" }),
  is_nan: unary("u32(is_nan(a))", (a) => +Number.isNaN(a), { ...special, result: "u32" }),
  /** The power of two that brings a to 2^32 or above, below 2^33, at most 2^96: products with it have squares and quotients. */
  square_scale: unary(
    "bitcast<f32>(0x8f000000u - max(bitcast<u32>(a) & 0x7f800000u, 0x1f800000u))",
    (a) => 2 ** (32 - Math.max(exponentOf(a), -64)),
    { ...domain([-90, 90]), ...edges(...SPECIAL, 1, -8, 2 ** -63, 1e-20, 2 ** -126, 2 ** 127, LARGEST) },
  ),

  // Arithmetic. Integers wrap; an integer divided by 0 gives itself, modulo 0 gives 0.
  neg: unary("-a", (a) => -a, { ...signed(1), ...special }),
  abs: unary("abs(a)", Math.abs, { ...signed(1), ...special }),
  sign: unary("select(sign(a), a, is_nan(a))", Math.sign, { integer: "sign(a)", ...signed(1), ...special }),
  /** sign with 0 at NaN. */
  signum: unary("select(sign(a), 0.0, is_nan(a))", (a) => (Number.isNaN(a) ? 0 : Math.sign(a)), {
    integer: "sign(a)",
    ...signed(1),
    ...special,
  }),
  square: unary("a * a", (a) => a * a, { ...numbers(1), ...special }),
  scale_add: unary("a * A(params.s0) + A(params.s1)", (a, s0, s1) => a * s0 + s1, {
    ...signed(1),
    ...scalars(3, -7),
    ...within(1, 1e-6),
  }),
  clamp: unary(
    "select(min(max(a, params.s0), params.s1), a, is_nan(a))",
    (a, s0, s1) => Math.min(Math.max(a, s0), s1),
    {
      ...scalars(-1.5, 2),
      ...special,
    },
  ),
  add: binary("a + b", (a, b) => a + b, { ...numbers(2), ...ordered }),
  sub: binary("a - b", (a, b) => a - b, { ...numbers(2), ...ordered }),
  mul: binary("a * b", (a, b) => a * b, { ...numbers(2), ...ordered }),
  div: binary("a / b", (a, b) => a / b, { ...numbers(2), ...domain([-90, 90], [1, 9]), ...within(2.5) }),
  fmod: binary("fmod_f32(a, b)", (a, b) => a % b, {
    integer: "a % b",
    ...numbers(2),
    ...domain([-90, 90], [7, 9]),
    ...edges([7, -3], [-7, 3], [-7, -3], [6, 3], [1, inf], [-1, inf], [inf, 1], [1, 0], [1e30, 7], [3e38, 1e-30]),
    ...within(0),
  }),
  remainder: binary("remainder_f32(a, b)", floorMod, {
    integer: "remainder_i32(a, b)",
    ...signed(2),
    ...domain([-90, 90], [7, 9]),
    ...edges([7, -3], [-7, 3], [-7, -3], [6, -3], [1, inf], [inf, 1], [1, 0], [1e30, 7], [-1e30, 7]),
    // The divisor is added to a rest of the other sign.
    ...within(1, 2 ** -21),
  }),
  floor_divide: binary("floor_divide_f32(a, b)", floorDivide, {
    integer: "floor_divide_i32(a, b)",
    ...signed(2),
    ...domain([-90, 90], [1, 9]),
    ...edges([7, -3], [-7, 3], [-7, -3], [6, -3], [1, inf], [-1, inf], [inf, 1], [1, 0.1], [16777216, 5], [1e30, 7]),
    ...within(2.5),
  }),
  trunc_divide: binary("trunc_divide_f32(a, b)", (a, b) => Math.trunc(Math.fround(a / b)), {
    integer: "a / b",
    ...signed(2),
    ...domain([-90, 90], [1, 9]),
    ...edges(
      [7, -3],
      [-7, 3],
      [-7, -3],
      [6, -3],
      [1, inf],
      [-1, inf],
      [inf, 1],
      [1, 0.1],
      [-13.89453125, -0.000006963553460082039],
      [16777216, 5],
      [1e30, 7],
    ),
    ...within(2.5),
  }),
  maximum: binary("maximum_f32(a, b)", (a, b) => Math.max(a, b), { integer: "max(a, b)", ...numbers(2), ...ordered }),
  minimum: binary("minimum_f32(a, b)", (a, b) => Math.min(a, b), { integer: "min(a, b)", ...numbers(2), ...ordered }),
  /** (a - b)^2 s0, scaled before it can overflow. */
  square_deviation: binary("(a - b) * params.s0 * (a - b)", (a, b, s0 = 0) => (a - b) * s0 * (a - b), {
    ...scalars(0.25),
    ...edges([nan, 1], [inf, 1], [inf, inf], [1e19, -1e19]),
    ...within(2),
  }),
  fma: ternary("fma(a, b, c)", (a, b, c) => a * b + c, within(1, 2e-6)),

  /** a + c (b - a), computed from the nearer end. */
  lerp: ternary(
    "select(b - (b - a) * (1.0 - c), a + c * (b - a), abs(c) < 0.5)",
    (a, b, c) => (Math.abs(c) < 0.5 ? a + c * (b - a) : b - (b - a) * (1 - c)),
    { ...edges([1, nan, 0], [1, 2, nan], [1, 2, 1], [1, inf, 0.5]), ...within(2, 2e-6) },
  ),
  /** a + s0 b c. */
  addcmul: ternary("a + params.s0 * b * c", (a, b, c, s0) => a + s0 * b * c, { ...scalars(0.75), ...within(2, 2e-6) }),
  /** a + s0 b / c. */
  addcdiv: ternary("a + params.s0 * b / c", (a, b, c, s0) => a + (s0 * b) / c, {
    ...scalars(0.75),
    ...domain([-4, 4], [-4, 4], [1, 9]),
    ...within(4, 2e-6),
  }),
  /** sqrt(a^2 + b^2); infinite beside NaN too where one of them is, as in C. */
  hypot: binary("hypot_f32(a, b)", (a, b) => Math.hypot(a, b), {
    shader: "binary_special",
    ...edges([0, 0], [3, 4], [inf, nan], [nan, -inf], [nan, 1], [1, nan], [3e38, 1e38], [1e-30, 1e-30], [-5, 0]),
    ...within(8),
  }),
  /** Greatest common divisor; gcd(0, 0) is 0. */
  gcd: binary("A(gcd_u32(u32(abs(a)), u32(abs(b))))", gcd, {
    shader: "binary_special",
    ...takes(2, "i32", "u32"),
    ...domain([-90, 90], [-90, 90]),
    ...edges([0, 0], [0, 5], [7, 0], [2147483647, 2147483646], [12, 18]),
  }),
  /** Least common multiple, wrapping; lcm(0, n) is 0. */
  lcm: binary(
    "A(lcm_u32(u32(abs(a)), u32(abs(b))))",
    (a, b) => (a === 0 || b === 0 ? 0 : Math.abs((a / gcd(a, b)) * b)),
    {
      shader: "binary_special",
      ...takes(2, "i32", "u32"),
      ...domain([-90, 90], [-90, 90]),
      ...edges([0, 0], [0, 5], [12, 18]),
    },
  ),
} as const satisfies Record<string, Expression>;
