import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { f16ToF32, f32ToF16 } from "./half.js";
import { f16ToF32Reference, f32ToF16Reference } from "./half.ref.js";

/** Ties either way, the largest, the first that is infinite, subnormal halves and their ties, and what is no number. */
const edges = Float32Array.from(
  [
    [0, 1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -23, 2 - 2 ** -12, 1 / 3, 1000.3],
    [65_504, 65_519.99, 65_520, 1e9, Number.POSITIVE_INFINITY],
    [2 ** -14, 2 ** -14 - 2 ** -25, 2 ** -15 * 1.7, 3 * 2 ** -25, 2 ** -24, 2 ** -25, 2 ** -25 * 1.01, 2 ** -26, 1e-30],
  ]
    .flat()
    .flatMap((value) => [value, -value])
    .concat(Number.NaN),
);

const wide = (random: CaseRandom, count: number): Float32Array =>
  random.uniform(count, -1, 1).map((value, i) => value * 2 ** ((i % 40) - 24));

function toCase(name: string, count: number, x: (random: CaseRandom) => Float32Array, bench = false): KernelCase {
  return {
    name,
    params: { count },
    inputs: (random) => ({ x: x(random) }),
    outputs: { y: Math.ceil(count / 2) },
    bench,
  };
}

/** Without halves that are no number: their bits may be any. */
function fromCase(name: string, count: number, x: (random: CaseRandom) => Uint32Array, bench = false): KernelCase {
  return { name, params: { count }, inputs: (random) => ({ x: x(random) }), outputs: { y: count }, bench };
}

const words = (random: CaseRandom, count: number): Uint32Array =>
  Uint32Array.from(
    random.integers(count, 0, 0x7c00),
    (low, i) => low + (i % 2) * 0x8000 + ((low * 7) % 0x7c00) * 65_536,
  );

export const halfEntries: KernelEntry[] = [
  {
    kernel: f32ToF16,
    reference: f32ToF16Reference,
    cases: [
      toCase("edges", edges.length, () => edges),
      toCase("one", 1, () => Float32Array.of(-2.5)),
      toCase("4097 of all sizes", 4097, (random) => wide(random, 4097)),
      toCase("1048576", 2 ** 20, (random) => wide(random, 2 ** 20), true),
    ],
  },
  {
    kernel: f16ToF32,
    reference: f16ToF32Reference,
    cases: [
      fromCase("all that are numbers, and infinite", 63_490, () =>
        Uint32Array.from({ length: 31_745 }, (_, i) => i + (i + 0x8000) * 65_536),
      ),
      fromCase("one", 1, () => Uint32Array.of(0x4100)),
      fromCase("1048576", 2 ** 20, (random) => words(random, 2 ** 19), true),
    ],
  },
];
