// The table of elementwise expressions: what the shader computes, what it means, and how near the two must be.
import { DtypeError } from "../../errors.js";
import type { BindingDtype, Constants } from "../../kernel.js";
import {
  erf,
  erfinv,
  exponentOf,
  floorDivide,
  floorMod,
  power,
  roundHalfToEven,
  sigmoid,
  softplus,
} from "./reference_math.js";

export interface Expression {
  readonly arity: 1 | 2 | 3;
  /** WGSL of the operands `a`, `b`, `c` and the scalars `params.s0`, `params.s1`. */
  readonly wgsl: string;
  /** The same for i32 and u32 operands, where it takes other words. */
  readonly integer?: string;
  /** Operand dtypes it takes. */
  readonly dtypes: readonly (readonly BindingDtype[])[];
  /** Dtype of the result; default: the last operand's. */
  readonly result?: BindingDtype;
  /** Definition in f64, of the operands and then s0 and s1. */
  readonly reference: (...values: number[]) => number;
  /** Interval per operand that tests draw from: clear of poles and jumps. Default [-4, 4). */
  readonly domain?: readonly (readonly [number, number])[];
  /** Operands whose results must hold too: NaN, infinities, zeros, ties. */
  readonly edges?: readonly (readonly number[])[];
  /** Values of s0 and s1 in tests. Default 0. */
  readonly scalars?: readonly [number, number];
  /** |result - reference| <= atol + rtol * |reference|. Default: the reference, rounded to the dtype. */
  readonly tolerance?: { rtol: number; atol: number };
}

type Rest = Omit<Partial<Expression>, "arity" | "wgsl" | "reference">;
type Of<Arity> = Expression & { readonly arity: Arity };

/** Operands of f32 unless `rest` says otherwise. */
function expression<Arity extends 1 | 2 | 3>(
  arity: Arity,
  wgsl: string,
  reference: (...values: number[]) => number,
  rest: Rest,
): Of<Arity> {
  return { arity, wgsl, reference, dtypes: [new Array<BindingDtype>(arity).fill("f32")], ...rest };
}

const unary = (wgsl: string, reference: (...v: [number, number, number]) => number, rest: Rest = {}): Of<1> =>
  expression(1, wgsl, reference as Expression["reference"], rest);
const binary = (wgsl: string, reference: (...v: [number, number, number?]) => number, rest: Rest = {}): Of<2> =>
  expression(2, wgsl, reference as Expression["reference"], rest);
const ternary = (wgsl: string, reference: (...v: [number, number, number]) => number, rest: Rest = {}): Of<3> =>
  expression(3, wgsl, reference as Expression["reference"], rest);

/** Allowed errors in units of the last place (relative) and absolute. */
const within = (ulps: number, atol = 0): Rest => ({ tolerance: { rtol: ulps * 2 ** -23, atol } });
/** Operands all of one of these dtypes. */
const takes = (arity: number, ...dtypes: BindingDtype[]): Rest => ({
  dtypes: dtypes.map((dtype) => new Array<BindingDtype>(arity).fill(dtype)),
});
const numbers = (arity: number): Rest => takes(arity, "f32", "i32", "u32");
const signed = (arity: number): Rest => takes(arity, "f32", "i32");
const domain = (...intervals: [number, number][]): Rest => ({ domain: intervals });
const edges = (...operands: (number | number[])[]): Rest => ({ edges: operands.map((v) => [v].flat()) });
const scalars = (s0: number, s1 = 0): Rest => ({ scalars: [s0, s1] });

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;
const LARGEST = (2 - 2 ** -23) * 2 ** 127;
const SPECIAL = [nan, inf, -inf, 0, -0];
const special = edges(...SPECIAL);
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
const ordered = edges([nan, 1], [1, nan], [nan, nan], [2, 2], [0, -0], [inf, inf], [-inf, inf], [3, -2], [1, 2]);
/** A comparison: numbers of one dtype in, u32 0 or 1 out. */
const comparison: Rest = { ...numbers(2), ...ordered, result: "u32" };
const logic: Rest = { ...comparison, ...edges([0, 0], [0, 2], [3, 0], [3, 2], [nan, 1], [-0, 1]) };

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;
/** The whole part of a number, at most the ends of a range; 0 of NaN. */
const saturated = (low: number, high: number) => (a: number) =>
  Number.isNaN(a) ? 0 : Math.min(Math.max(Math.trunc(a), low), high);
const reluSix = (x: number): number => Math.min(Math.max(x, 0), 6);
const geluTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

// Bounds. Sums, products and comparisons are exact to the last bit. WGSL allows a quotient 2.5 units and a square root
// 4.5. exp_f32, log_f32 and the other functions of the shaders are within 2 units, over the domain given here, of the
// exact function of their argument; a formula adds the error its own roundings make in that argument, and `atol` covers
// sums that cancel (1 + erf(x) for x far below 0) and products that a driver may contract into a fused multiply-add.
export const expressions = {
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
  to_bool: unary("u32(!(a == A(0)))", (a) => +(a !== 0), { ...numbers(1), ...special, result: "u32" }),
  /** The power of two that brings a to 2^32 or above, below 2^33, at most 2^96: products with it have squares and quotients. */
  square_scale: unary(
    "bitcast<f32>(0x8f000000u - max(bitcast<u32>(a) & 0x7f800000u, 0x1f800000u))",
    (a) => 2 ** (32 - Math.max(exponentOf(a), -64)),
    { ...domain([-90, 90]), ...edges(...SPECIAL, 1, -8, 2 ** -63, 1e-20, 2 ** -126, 2 ** 127, LARGEST) },
  ),
  is_nan: unary("u32(is_nan(a))", (a) => +Number.isNaN(a), { ...special, result: "u32" }),

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
  erf: unary("erf_f32(a)", erf, { ...edges(nan, inf, -inf, 0, 1e-6, 9), ...within(2) }),
  erfinv: unary("erfinv_f32(a)", erfinv, {
    ...domain([-0.9999, 0.9999]),
    ...edges(nan, 1, -1, 2, 0, 1e-6, 1 - 2 ** -24, -1 + 2 ** -24),
    ...within(6),
  }),

  // Rounding.
  floor: unary("floor(a)", Math.floor, special),
  ceil: unary("ceil(a)", Math.ceil, special),
  trunc: unary("trunc(a)", Math.trunc, special),
  round: unary("round(a)", roundHalfToEven, { ...edges(...SPECIAL, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5) }),

  // Comparisons and logic give u32 0 or 1. NaN is true, unequal to all and in no order.
  equal: binary("u32(a == b)", (a, b) => +(a === b), comparison),
  not_equal: binary("u32(!(a == b))", (a, b) => +(a !== b), comparison),
  less: binary("u32(a < b)", (a, b) => +(a < b), comparison),
  less_equal: binary("u32(a <= b)", (a, b) => +(a <= b), comparison),
  greater: binary("u32(a > b)", (a, b) => +(a > b), comparison),
  greater_equal: binary("u32(a >= b)", (a, b) => +(a >= b), comparison),
  logical_and: binary("u32(!(a == A(0)) && !(b == B(0)))", (a, b) => +(a !== 0 && b !== 0), logic),
  logical_or: binary("u32(!(a == A(0)) || !(b == B(0)))", (a, b) => +(a !== 0 || b !== 0), logic),
  logical_not: unary("u32(a == A(0))", (a) => +(a === 0), { ...numbers(1), ...special, result: "u32" }),
  /** b where a is not 0, else c. */
  where: ternary("select(c, b, a != 0u)", (a, b, c) => (a !== 0 ? b : c), {
    dtypes: [
      ["u32", "f32", "f32"],
      ["u32", "i32", "i32"],
      ["u32", "u32", "u32"],
    ],
    ...domain([0, 2], [-4, 4], [-4, 4]),
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
} as const satisfies Record<string, Expression>;

export type ExpressionName = keyof typeof expressions;

const cache = new Map<string, Constants>();
const origins = new WeakMap<Constants, { name: ExpressionName; dtypes: readonly BindingDtype[] }>();

/**
 * What turns an elementwise kernel into one expression for operands of these dtypes, for `RunOptions.constants`. The same
 * arguments give the same object.
 *
 * @throws DtypeError when the expression does not take the dtypes.
 */
export function elementwiseConstants(name: ExpressionName, dtypes: readonly BindingDtype[]): Constants {
  const key = `${name}(${dtypes.join(", ")})`;
  let constants = cache.get(key);
  if (constants) return constants;
  const { wgsl, integer, dtypes: allowed, result }: Expression = expressions[name];
  if (!allowed.some((operands) => `${operands}` === `${dtypes}`)) {
    const expected = allowed.map((operands) => operands.join(", ")).join(" or ");
    throw new DtypeError({ op: name, argument: "dtypes", expected, given: dtypes.join(", ") });
  }
  const letters = Object.fromEntries(dtypes.map((dtype, i) => ["ABC"[i] as string, dtype]));
  const f = dtypes[0] === "f32" ? wgsl : (integer ?? wgsl);
  constants = {
    ...letters,
    Y: result ?? (dtypes.at(-1) as BindingDtype),
    f,
  };
  cache.set(key, constants);
  origins.set(constants, { name, dtypes: [...dtypes] });
  return constants;
}

/** What `elementwiseConstants` was asked for to give this very object. */
export function expressionOf(constants: Constants | undefined) {
  return constants && origins.get(constants);
}

/** Dtype of the result of an expression over operands of these dtypes. Throws DtypeError as `elementwiseConstants`. */
export function resultDtype(name: ExpressionName, dtypes: readonly BindingDtype[]): BindingDtype {
  return elementwiseConstants(name, dtypes).Y as BindingDtype;
}

/** Whether an expression is quick to compile: instructions only, and no function of the shader. */
export function isCheap(name: ExpressionName, dtypes: readonly BindingDtype[]): boolean {
  return !/_[fi]32\(/.test(elementwiseConstants(name, dtypes).f as string);
}
