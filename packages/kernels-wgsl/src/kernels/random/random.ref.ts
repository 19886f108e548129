import type { BindingArrays } from "../../cases.js";
import type { RandomBernoulliParams, RandomBitsParams, RandomNormalParams, RandomUniformParams } from "./random.js";
import { threefry2x32 } from "./threefry.js";

const { fround } = Math;

/** Word i of the stream that `key0`, `key1` and `offset` name. */
function wordAt(p: RandomBitsParams, i: number): number {
  const [x0, x1] = threefry2x32([p.key0, p.key1], [0, p.offset + i]);
  return (x0 ^ x1) >>> 0;
}

/** Uniform in [0, 1): the upper 23 bits of word i, exactly representable. */
export function unitAt(p: RandomBitsParams, i: number): number {
  return (wordAt(p, i) >>> 9) / 2 ** 23;
}

/** Uniform in [low, high), each operation rounded to f32. */
function uniformAt(p: RandomBitsParams, low: number, high: number, i: number): number {
  const scale = fround(fround(high) - fround(low));
  return Math.max(fround(low), fround(fround(unitAt(p, i) * scale) + fround(low)));
}

const fill = (p: RandomBitsParams, f: (i: number) => number): Float32Array =>
  Float32Array.from({ length: p.count }, (_, i) => f(i));

export function randomBitsReference(_: BindingArrays, given: object): BindingArrays {
  const p = given as RandomBitsParams;
  return { y: Uint32Array.from({ length: p.count }, (_, i) => wordAt(p, i)) };
}

export function randomUniformReference(_: BindingArrays, given: object): BindingArrays {
  const p = given as RandomUniformParams;
  return { y: fill(p, (i) => uniformAt(p, p.low, p.high, i)) };
}

export function randomBernoulliReference(_: BindingArrays, given: object): BindingArrays {
  const p = given as RandomBernoulliParams;
  return { y: Uint32Array.from({ length: p.count }, (_, i) => (unitAt(p, i) < fround(p.p) ? 1 : 0)) };
}

// M. Giles, "Approximating the erfinv function", GPU Computing Gems 2 (2011): single precision, lowest power first.
const CENTRAL = [
  1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-6, -3.5233877e-6, 3.43273939e-7,
  2.81022636e-8,
];
const TAIL = [
  2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322, 0.000100950558,
  -0.000200214257,
];

/** Giles' formula in double precision, but of x^2 rounded to f32, as XLA computes it. */
export function erfinv(x: number): number {
  if (Math.abs(x) === 1) return x * Number.POSITIVE_INFINITY;
  const w = -Math.log1p(-fround(x * x));
  const [coefficients, s] = w < 5 ? [CENTRAL, w - 2.5] : [TAIL, Math.sqrt(w) - 3];
  return x * coefficients.reduceRight((sum, coefficient) => sum * s + coefficient, 0);
}

export function randomNormalReference(_: BindingArrays, given: object): BindingArrays {
  const p = given as RandomNormalParams;
  return {
    y: fill(p, (i) => {
      const z = Math.SQRT2 * erfinv(uniformAt(p, p.low, p.high, i));
      return p.mean + p.deviation * Math.min(Math.max(z, fround(p.clip_low)), fround(p.clip_high));
    }),
  };
}
