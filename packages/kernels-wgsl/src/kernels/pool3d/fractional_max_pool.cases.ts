import type { KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import { fractionalMaxPool, fractionalMaxPoolGeometry } from "./fractional_max_pool.js";
import { fractionalMaxPoolReference } from "./fractional_max_pool.ref.js";

function poolCase(x: number[], window: number[], outputSize: number[], more: { nan?: boolean; bench?: boolean } = {}) {
  const { nan = false, bench = false } = more;
  const samples = [...x.slice(0, 2), 3];
  const { shape, params } = fractionalMaxPoolGeometry(x, samples, { window, outputSize });
  return {
    name: `[${x}] windows ${window} to [${outputSize}]${nan ? " with NaN" : ""}`,
    params,
    inputs: (random) => {
      const values = random.uniform(sizeOf(x), -1, 1);
      return {
        x: nan ? values.map((value, i) => (i % 7 === 3 ? Number.NaN : value)) : values,
        samples: random.uniform(sizeOf(samples), 0, 1),
      };
    },
    outputs: { y: sizeOf(shape), index: sizeOf(shape) },
    bench,
  } satisfies KernelCase;
}

export const fractionalMaxPoolEntries: KernelEntry[] = [
  {
    kernel: fractionalMaxPool,
    reference: fractionalMaxPoolReference,
    cases: [
      poolCase([1, 1, 1, 1], [1, 1], [1, 1]),
      poolCase([2, 3, 7, 9], [2, 3], [4, 5]),
      poolCase([2, 3, 7, 9], [2, 2], [5, 3], { nan: true }),
      poolCase([1, 2, 5, 6, 7], [2, 1, 3], [3, 6, 4]),
      poolCase([32, 32, 26, 26], [2, 2], [18, 18], { bench: true }),
    ],
  },
];
