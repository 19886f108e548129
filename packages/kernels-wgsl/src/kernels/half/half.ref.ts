import type { BindingArrays } from "../../cases.js";
import type { HalfParams } from "./half.js";

/** Bits of the half nearest to a number, ties to even. */
function halfOf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (Number.isNaN(value)) return 0x7e00;
  const size = Math.abs(value);
  if (size >= 65_520) return sign + 0x7c00;
  // Halves from 2^e on lie 2^(e - 10) apart, below 2^-14 as there.
  let e = -14;
  while (2 ** (e + 1) <= size) e++;
  const steps = size / 2 ** (e - 10);
  const below = Math.floor(steps);
  const over = steps - below;
  const rounded = below + (over > 0.5 || (over === 0.5 && below % 2 === 1) ? 1 : 0);
  // 1024 steps make the leading one of the exponent e.
  return sign + (e + 14) * 1024 + rounded;
}

/** The number that a half stands for. */
function numberOf(half: number): number {
  const sign = half >= 0x8000 ? -1 : 1;
  const exponent = (half >> 10) % 32;
  const fraction = half % 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** Numbers as halves, two to a word, the first in the low bits. */
export function packHalves(values: Float32Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(values.length / 2));
  values.forEach((value, i) => {
    words[i >> 1] = (words[i >> 1] as number) + halfOf(value) * (i % 2 === 0 ? 1 : 65_536);
  });
  return words;
}

/** The first `count` halves of words, as numbers. */
export function unpackHalves(words: Uint32Array, count = 2 * words.length): Float32Array {
  return Float32Array.from({ length: count }, (_, i) =>
    numberOf(((words[i >> 1] as number) >>> (16 * (i % 2))) & 0xffff),
  );
}

export function f32ToF16Reference(inputs: BindingArrays, _: object): BindingArrays {
  return { y: packHalves(inputs.x as Float32Array) };
}

export function f16ToF32Reference(inputs: BindingArrays, given: object): BindingArrays {
  return { y: unpackHalves(inputs.x as Uint32Array, (given as HalfParams).count) };
}
