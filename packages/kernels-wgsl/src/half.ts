// Numbers in half precision, as their bits: float16 as IEEE 754 has it, and bfloat16, the upper half of a float32.

/** The formats of halves in storage: two to a word, the first in the low bits. */
export type HalfDtype = "f16" | "bf16";

const double = new DataView(new ArrayBuffer(8));

/** The whole number nearest to a positive one, ties to even. */
function toEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  return below + (over > 0.5 || (over === 0.5 && below % 2 === 1) ? 1 : 0);
}

/** Bits of the float16 nearest to a number, ties to even; 65520 and more become infinite, NaN 0x7e00. */
export function f16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65_520) return sign + 0x7c00;
  double.setFloat64(0, size);
  // Halves from 2^e on lie 2^(e - 10) apart, below 2^-14 as there.
  const e = Math.max(-14, (double.getUint16(0) >> 4) - 1023);
  // 1024 steps make the leading one of the exponent e.
  return sign + (e + 14) * 1024 + toEven(size * 2 ** (10 - e));
}

/** The number that the bits of a float16 stand for. */
export function f16Value(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) % 32;
  const fraction = bits % 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** Bits of the bfloat16 nearest to a float32, ties to even; NaN 0x7fc0. Of other numbers, to the float32 nearest to them. */
export function bf16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  double.setFloat32(0, value);
  const bits = double.getUint32(0);
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that the bits of a bfloat16 stand for. */
export function bf16Value(bits: number): number {
  double.setUint32(0, bits * 65_536);
  return double.getFloat32(0);
}

export const halfBits = { f16: f16Bits, bf16: bf16Bits } as const satisfies Record<HalfDtype, unknown>;
export const halfValue = { f16: f16Value, bf16: bf16Value } as const satisfies Record<HalfDtype, unknown>;

/** Numbers as halves, two to a word, the first in the low bits; the half beyond an odd number of them is 0. */
export function packHalves(values: ArrayLike<number>, dtype: HalfDtype): Uint32Array {
  const toBits = halfBits[dtype];
  const words = new Uint32Array(Math.ceil(values.length / 2));
  const halves = new Uint16Array(words.buffer);
  for (let i = 0; i < values.length; i++) halves[i] = toBits(values[i] as number);
  return words;
}

const tables = new Map<HalfDtype, Float32Array>();

/** The first `count` halves of words, as numbers. */
export function unpackHalves(words: Uint32Array, dtype: HalfDtype, count = 2 * words.length): Float32Array {
  const table = tables.get(dtype) ?? Float32Array.from({ length: 65_536 }, (_, bits) => halfValue[dtype](bits));
  tables.set(dtype, table);
  const halves = new Uint16Array(words.buffer, words.byteOffset, count);
  return Float32Array.from(halves, (bits) => table[bits] as number);
}
