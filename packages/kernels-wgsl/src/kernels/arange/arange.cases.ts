import type { KernelCase, KernelEntry } from "../../cases.js";
import type { BindingDtype } from "../../kernel.js";
import { type ArangeOptions, arange, arangeConstants, arangeGeometry } from "./arange.js";
import { arangeReference } from "./arange.ref.js";

interface Range extends ArangeOptions {
  count: number;
  dtype?: BindingDtype;
  bench?: boolean;
}

function rangeCase({ count, dtype = "f32", bench = false, ...options }: Range): KernelCase {
  const { start = 0, step = 1, stop } = options;
  return {
    name: `[${count}] ${dtype} from ${start} by ${step}${stop === undefined ? "" : ` to ${stop}`}`,
    params: arangeGeometry(count, options),
    constants: arangeConstants(dtype),
    inputs: () => ({}),
    outputs: { y: count },
    // One rounding, of sums that are known to 46 bits of their largest term.
    ...(dtype === "f32"
      ? { tolerance: { rtol: 2 ** -24, atol: Math.max(Math.abs(start), Math.abs(count * step)) * 2 ** -45 } }
      : {}),
    bench,
  };
}

export const arangeEntries: KernelEntry[] = [
  {
    kernel: arange,
    reference: arangeReference,
    cases: [
      { count: 1 },
      { count: 300 },
      { count: 3, start: 0.1 },
      { count: 257, start: -3, step: 0.1 },
      { count: 11, start: -1, step: 0.2, stop: 1 },
      { count: 1000, start: 1e-3, step: (7 - 1e-3) / 999, stop: 7 },
      { count: 2, start: -3e38, step: 6e38, stop: 3e38 },
      { count: 70, start: 5, step: -3, dtype: "i32" as const },
      { count: 5, start: 2 ** 31 - 5, dtype: "i32" as const },
      { count: 5, start: 2 ** 32 - 5, dtype: "u32" as const },
      { count: 2 ** 20, start: 0.7, step: 0.3, bench: true },
      // More than f32 counts, and more workgroups than one dimension of the grid holds.
      { count: 2 ** 24 + 3, start: 0.7, step: 0.3 },
      { count: 256 * 65_535 + 1, step: 2, dtype: "i32" as const },
    ].map(rangeCase),
  },
];
