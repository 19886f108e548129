import type { KernelCase, KernelEntry } from "../../cases.js";
import { complexMultiplyRows, complexMultiplyRowsParams, fftPass, fftPasses } from "./fft.js";
import { complexMultiplyRowsReference, fftPassReference } from "./fft.ref.js";

/** All passes of a transform, each on its own numbers. */
const passCases = (count: number, n: number, direction: -1 | 1, bench = false): KernelCase[] =>
  fftPasses(count, n, { direction, scale: 1 / Math.sqrt(n) }).map((params) => ({
    name: `[${count}, ${n}] ${direction < 0 ? "forward" : "inverse"}, length ${params.length}`,
    params,
    inputs: (random) => ({ x: random.uniform(2 * count * n, -1, 1) }),
    outputs: { y: 2 * count * n },
    // Four products of numbers below 1.5, each rounded, and angles within 1e-7.
    tolerance: { rtol: 2e-6, atol: 2e-6 },
    bench: bench && params.length > 1,
  }));

function multiplyCase(count: number, widthIn: number, width: number, bench = false): KernelCase {
  return {
    name: `[${count}, ${widthIn}] to ${width}`,
    params: complexMultiplyRowsParams(count, widthIn, width, 0.5),
    inputs: (random) => ({
      x: random.uniform(2 * count * widthIn, -1, 1),
      w: random.uniform(2 * Math.max(width, widthIn), -1, 1),
    }),
    outputs: { y: 2 * count * width },
    // Two products and a sum.
    tolerance: { rtol: 2 ** -22, atol: 2 ** -23 },
    bench,
  };
}

export const fftEntries: KernelEntry[] = [
  {
    kernel: fftPass,
    reference: fftPassReference,
    cases: [
      ...passCases(1, 2, -1),
      ...passCases(3, 4, 1),
      ...passCases(3, 8, -1),
      ...passCases(2, 64, 1),
      ...passCases(5, 512, -1),
      ...passCases(64, 4096, -1, true).slice(-1),
    ],
  },
  {
    kernel: complexMultiplyRows,
    reference: complexMultiplyRowsReference,
    cases: [multiplyCase(1, 1, 1), multiplyCase(3, 5, 16), multiplyCase(3, 16, 5), multiplyCase(64, 1000, 2048, true)],
  },
];
