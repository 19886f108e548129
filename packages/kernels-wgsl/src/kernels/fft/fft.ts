import { ArgumentError } from "../../errors.js";
import { defineKernel, divideUp, FAT_LANES, type ParamValues, spread, TILE } from "../../kernel.js";
import complexMultiplyRowsWgsl from "./complex_multiply_rows.wgsl";
import fftPassWgsl from "./fft_pass.wgsl";

const passParams = {
  butterflies: "u32",
  n: "u32",
  length: "u32",
  tile: "u32",
  direction: "f32",
  scale: "f32",
} as const;
const multiplyParams = { count: "u32", width_in: "u32", width: "u32", tile: "u32", scale: "f32" } as const;

export type FftPassParams = ParamValues<typeof passParams>;
export type ComplexMultiplyRowsParams = ParamValues<typeof multiplyParams>;

const radixOf = ({ length, n }: FftPassParams): number => (length === 1 && Math.log2(n) % 2 === 1 ? 2 : 4);

/** One pass of a Fourier transform. See fft_pass.wgsl. */
export const fftPass = defineKernel({
  name: "fft_pass",
  wgsl: fftPassWgsl,
  software: FAT_LANES,
  bindings: { x: { access: "read", dtype: "f32" }, y: { access: "read_write", dtype: "f32" } },
  params: passParams,
  variants: [
    {
      name: "radix_4",
      order: "radix_4",
      applies: (p) => radixOf(p) === 4,
      workgroups: (p) => spread(divideUp(p.butterflies, p.tile)),
    },
    {
      name: "radix_2",
      order: "radix_2",
      constants: { RADIX: "2u" },
      applies: (p) => radixOf(p) === 2,
      workgroups: (p) => spread(divideUp(p.butterflies, p.tile)),
    },
  ],
  cost: (p) => ({ flops: p.butterflies * (radixOf(p) === 4 ? 60 : 8), bytes: 16 * p.butterflies * radixOf(p) }),
});

/** y = scale x w along rows of pairs, cut or filled up with zeros. See complex_multiply_rows.wgsl. */
export const complexMultiplyRows = defineKernel({
  name: "complex_multiply_rows",
  wgsl: complexMultiplyRowsWgsl,
  software: FAT_LANES,
  bindings: {
    x: { access: "read", dtype: "f32" },
    w: { access: "read", dtype: "f32" },
    y: { access: "read_write", dtype: "f32" },
  },
  params: multiplyParams,
  variants: [{ name: "pairs", order: "elementwise", workgroups: (p) => spread(divideUp(p.count * p.width, p.tile)) }],
  cost: (p) => ({ flops: 8 * p.count * p.width, bytes: 8 * p.count * (p.width + Math.min(p.width, p.width_in)) }),
});

/** Params of `complexMultiplyRows`. */
export const complexMultiplyRowsParams = (
  count: number,
  width_in: number,
  width: number,
  scale = 1,
): ComplexMultiplyRowsParams => ({ count, width_in, width, tile: TILE, scale });

export interface FftOptions {
  /** Sign of the exponent: -1 forward, 1 inverse. */
  direction: -1 | 1;
  /** Factor of the result. */
  scale: number;
}

/** Passes of a transform of `count` rows of n = 2^k numbers, from first to last. Throws ArgumentError on another n, and on 1, which needs none. */
export function fftPasses(count: number, n: number, { direction, scale }: FftOptions): FftPassParams[] {
  const bits = Math.log2(n);
  if (!Number.isInteger(bits) || bits < 1 || bits > 24)
    throw new ArgumentError({ op: "fft", argument: "n", expected: "2, 4, 8 ... 2^24", given: `${n}` });
  const passes: FftPassParams[] = [];
  for (let length = 1; length < n; ) {
    const radix = length === 1 && bits % 2 === 1 ? 2 : 4;
    const last = length * radix === n;
    const butterflies = (count * n) / radix;
    passes.push({ butterflies, n, length, tile: TILE, direction, scale: last ? scale : 1 });
    length *= radix;
  }
  return passes;
}
