import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import {
  type Constants,
  defineKernel,
  divideUp,
  narrowed,
  type ParamValues,
  spread,
  type Variant,
} from "../../kernel.js";
import randomBernoulliWgsl from "./random_bernoulli.wgsl";
import randomBitsWgsl from "./random_bits.wgsl";
import randomNormalWgsl from "./random_normal.wgsl";
import randomUniformWgsl from "./random_uniform.wgsl";
import type { RandomKey } from "./threefry.js";

const stream = { key0: "u32", key1: "u32", count: "u32", offset: "u32" } as const;
const uniformParams = { ...stream, low: "f32", high: "f32", zero: "u32" } as const;
const normalParams = {
  ...stream,
  low: "f32",
  high: "f32",
  clip_low: "f32",
  clip_high: "f32",
  mean: "f32",
  deviation: "f32",
  zero: "u32",
} as const;
const bernoulliParams = { ...stream, p: "f32" } as const;

export type RandomBitsParams = ParamValues<typeof stream>;
export type RandomUniformParams = ParamValues<typeof uniformParams>;
export type RandomNormalParams = ParamValues<typeof normalParams>;
export type RandomBernoulliParams = ParamValues<typeof bernoulliParams>;

/** The cipher's right shifts on SwiftShader, see the shaders. */
const UPPER = [
  "bitcast<vec4<u32>>(vec4<f32>(bitcast<vec4<i32>>(x & vec4(0xffffffffu << by))) + 12582912.0 * scale)",
  "vec4(0xffffffffu >> by)",
].join(" & ");

/**
 * Variants of a kernel that draws: 64 threads of four elements each, stored as a vector of `type` where all are whole. `whole` are
 * further constants for that.
 */
export function drawVariants(type: "f32" | "u32", whole: Constants = {}): Variant<typeof stream>[] {
  const four: Variant<typeof stream> = {
    name: "four",
    order: "elementwise",
    workgroups: (p) => spread(divideUp(p.count, 256)),
  };
  const constants = { V: `vec4<${type}>`, WIDTH: "4u", first: "v", ...whole };
  const vectors = narrowed(four, (p) => p.count % 4 === 0, { name: "four_vec4", constants });
  return [
    vectors,
    four,
    ...[vectors, four].map(
      (variant): Variant<typeof stream> => ({
        ...variant,
        name: `${variant.name}_floats`,
        constants: { ...variant.constants, upper: UPPER },
        prefer: "swiftshader",
      }),
    ),
  ];
}

/** Integer operations of the cipher: the fills are bound by them, not by memory. */
export const CIPHER = 100;

/** y[i] = 32 random bits. See random_bits.wgsl. */
export const randomBits = defineKernel({
  name: "random_bits",
  wgsl: randomBitsWgsl,
  bindings: { y: { access: "read_write", dtype: "u32" } },
  params: stream,
  variants: drawVariants("u32"),
  cost: (p) => ({ flops: 0, integers: CIPHER * p.count, bytes: 4 * p.count }),
});

/** y[i] uniform in [low, high). See random_uniform.wgsl. */
export const randomUniform = defineKernel({
  name: "random_uniform",
  wgsl: randomUniformWgsl,
  bindings: { y: { access: "read_write", dtype: "f32" } },
  params: uniformParams,
  variants: drawVariants("f32"),
  cost: (p) => ({ flops: 4 * p.count, integers: CIPHER * p.count, bytes: 4 * p.count }),
});

/** y[i] normal, or normal between two bounds. See random_normal.wgsl. */
export const randomNormal = defineKernel({
  name: "random_normal",
  wgsl: randomNormalWgsl,
  bindings: { y: { access: "read_write", dtype: "f32" } },
  params: normalParams,
  variants: drawVariants("f32"),
  cost: (p) => ({ flops: 60 * p.count, integers: CIPHER * p.count, bytes: 4 * p.count }),
});

/** y[i] = 1 with probability p, else 0. See random_bernoulli.wgsl. */
export const randomBernoulli = defineKernel({
  name: "random_bernoulli",
  wgsl: randomBernoulliWgsl,
  bindings: { y: { access: "read_write", dtype: "u32" } },
  params: bernoulliParams,
  variants: drawVariants("u32"),
  cost: (p) => ({ flops: 2 * p.count, integers: CIPHER * p.count, bytes: 4 * p.count }),
});

export interface RandomOptions {
  /** Counter of the first element: a fill of [0, 10) is a fill of [0, 4) followed by one of [4, 10). Default 0. */
  offset?: number;
}

export interface UniformOptions extends RandomOptions {
  /** Default 0. */
  low?: number;
  /** Default 1. Not less than `low`; the result stays below it but for rounding. */
  high?: number;
}

export interface NormalOptions extends RandomOptions {
  /** Default 0. */
  mean?: number;
  /** Factor on the standard normal value. Default 1. */
  deviation?: number;
  /** Bounds of a truncated normal, before `mean` and `deviation`, as in jax.random.truncated_normal. Default: none. */
  truncate?: readonly [lower: number, upper: number];
}

export interface BernoulliOptions extends RandomOptions {
  /** Probability of 1, from 0 to 1. Default 0.5. */
  p?: number;
}

const LARGEST = 2 ** 128 - 2 ** 104;

/** Params of `randomBits`. Throws ShapeError, or ArgumentError when the key or the offset is not what 32 bits hold. */
export function randomGeometry(
  shape: readonly number[],
  key: RandomKey,
  options: RandomOptions = {},
  op = "random_bits",
): { shape: number[]; params: RandomBitsParams } {
  const { offset = 0 } = options;
  if (!shape.every((extent) => Number.isInteger(extent) && extent >= 0)) {
    throw new ShapeError({ op, argument: "shape", expected: "non-negative integers", given: formatShape(shape) });
  }
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (key.length !== 2 || !key.every((word) => isWord(word))) {
    throw new ArgumentError({ op, argument: "key", expected: "two unsigned 32-bit words", given: `[${key}]` });
  }
  if (!isWord(offset) || offset + count > 2 ** 32) {
    const expected = `an integer from 0 to ${2 ** 32 - count}, so that counters fit 32 bits`;
    throw new ArgumentError({ op, argument: "offset", expected, given: `${offset}` });
  }
  return { shape: [...shape], params: { key0: key[0], key1: key[1], count, offset } };
}

/** Params of `randomUniform`. Throws ShapeError, or ArgumentError on bounds that are not finite or in the wrong order. */
export function randomUniformGeometry(
  shape: readonly number[],
  key: RandomKey,
  options: UniformOptions = {},
): { shape: number[]; params: RandomUniformParams } {
  const op = "random_uniform";
  const { low = 0, high = 1 } = options;
  requireFinite(op, { low, high });
  if (low > high) {
    throw new ArgumentError({ op, argument: "high", expected: `at least low, ${low}`, given: `${high}` });
  }
  const base = randomGeometry(shape, key, options, op);
  return { shape: base.shape, params: { ...base.params, low, high, zero: 0 } };
}

/** Params of `randomNormal`. Throws ShapeError, or ArgumentError on a negative deviation or bounds in the wrong order. */
export function randomNormalGeometry(
  shape: readonly number[],
  key: RandomKey,
  options: NormalOptions = {},
): { shape: number[]; params: RandomNormalParams } {
  const op = "random_normal";
  const { mean = 0, deviation = 1, truncate } = options;
  requireFinite(op, { mean, deviation });
  if (deviation < 0)
    throw new ArgumentError({ op, argument: "deviation", expected: "0 or more", given: `${deviation}` });
  const base = randomGeometry(shape, key, options, op);
  // nextafter(-1, 0), so that the interval is open at both ends.
  let low = -(1 - 2 ** -24);
  let high = 1;
  let clip_low = -LARGEST;
  let clip_high = LARGEST;
  if (truncate !== undefined) {
    const [lower, upper] = truncate.map(Math.fround) as [number, number];
    if (!(lower < upper)) {
      throw new ArgumentError({ op, argument: "truncate", expected: "lower below upper", given: `[${truncate}]` });
    }
    low = erf(lower / Math.SQRT2);
    high = erf(upper / Math.SQRT2);
    clip_low = Math.max(nextUp(lower), -LARGEST);
    clip_high = Math.min(-nextUp(-upper), LARGEST);
  }
  const params = { ...base.params, low, high, clip_low, clip_high, mean, deviation, zero: 0 };
  return { shape: base.shape, params };
}

/** Params of `randomBernoulli`. Throws ShapeError, or ArgumentError on a probability outside [0, 1]. */
export function randomBernoulliGeometry(
  shape: readonly number[],
  key: RandomKey,
  options: BernoulliOptions = {},
): { shape: number[]; params: RandomBernoulliParams } {
  const op = "random_bernoulli";
  const { p = 0.5 } = options;
  if (!(p >= 0 && p <= 1)) throw new ArgumentError({ op, argument: "p", expected: "0 to 1", given: `${p}` });
  const base = randomGeometry(shape, key, options, op);
  return { shape: base.shape, params: { ...base.params, p } };
}

const isWord = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 32;

function requireFinite(op: string, values: Record<string, number>): void {
  for (const [argument, value] of Object.entries(values)) {
    if (!Number.isFinite(value)) {
      throw new ArgumentError({ op, argument, expected: "a finite number", given: `${value}` });
    }
  }
}

/** The next larger float32. */
function nextUp(value: number): number {
  const float = new Float32Array([value]);
  const bits = new Int32Array(float.buffer);
  if (value === Number.POSITIVE_INFINITY) return value;
  if (value === 0) bits[0] = 1;
  else bits[0] = (bits[0] as number) + (value > 0 ? 1 : -1);
  return float[0] as number;
}

/** Error function in double precision: its Taylor series below 3, where no term passes 600, and 1 - erfc's continued fraction above. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 3) {
    let term = size;
    let sum = size;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-size * size) / n;
      sum += term / (2 * n + 1);
      if (term === 0) break;
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * (size + fraction)));
}
