import type { KernelCase, KernelEntry } from "../../cases.js";
import { cdistBackward, cdistForward } from "./cdist.js";
import { cdistBackwardReference, cdistForwardReference } from "./cdist.ref.js";

type Sizes = [batch: number, n: number, m: number, d: number];

function forwardCase([batch, n, m, d]: Sizes, bench = false): KernelCase {
  return {
    name: `${batch} of [${n}, ${d}] to [${m}, ${d}]`,
    params: { batch, n, m, d },
    inputs: (random) => ({ a: random.uniform(batch * n * d, -1, 1), b: random.uniform(batch * m * d, -1, 1) }),
    outputs: { y: batch * n * m },
    // d rounded sums of squares, of which the root takes half; WGSL allows a root 4.5 units.
    tolerance: { rtol: (d / 2 + 5) * 2 ** -23, atol: 0 },
    bench,
  };
}

function backwardCase([batch, n, m, d]: Sizes, bench = false): KernelCase {
  return {
    name: `${batch} of [${n}, ${d}] from [${m}, ${d}]`,
    params: { batch, n, m, d },
    inputs: (random) => ({
      weights: random.uniform(batch * n * m, -1, 1),
      a: random.uniform(batch * n * d, -1, 1),
      b: random.uniform(batch * m * d, -1, 1),
    }),
    outputs: { da: batch * n * d },
    // m rounded sums, of the size of a few times the root of m.
    tolerance: { rtol: 1e-6, atol: m * Math.sqrt(m) * 2 ** -23 },
    bench,
  };
}

const sizes: Sizes[] = [
  [1, 1, 1, 1],
  [1, 3, 5, 7],
  [2, 4, 8, 4],
  [3, 6, 5, 8],
  [1, 2, 70, 3],
];

export const cdistEntries: KernelEntry[] = [
  {
    kernel: cdistForward,
    reference: cdistForwardReference,
    cases: [...sizes.map((size) => forwardCase(size)), forwardCase([1, 512, 512, 64], true)],
  },
  {
    kernel: cdistBackward,
    reference: cdistBackwardReference,
    cases: [...sizes.map((size) => backwardCase(size)), backwardCase([1, 512, 512, 64], true)],
  },
];
