import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import { type OneHotOptions, oneHot, oneHotGeometry } from "./one_hot.js";
import { oneHotReference } from "./one_hot.ref.js";

function oneHotCase(shape: number[], depth: number, bench = false, options: OneHotOptions = {}): KernelCase {
  const { params } = oneHotGeometry(shape, depth, options);
  const count = sizeOf(shape);
  return {
    name: `[${shape}] to ${depth}${Object.entries(options).map(([name, value]) => `, ${name} ${value}`)}`,
    params,
    // Beyond the depth on both sides: such rows are off.
    inputs: (random: CaseRandom) => ({ index: random.integers(count, -1, depth + 1) }),
    outputs: { y: count * depth },
    bench,
  };
}

export const oneHotEntries: KernelEntry[] = [
  {
    kernel: oneHot,
    reference: oneHotReference,
    cases: [
      oneHotCase([1], 1),
      oneHotCase([9], 4),
      oneHotCase([9], 4, false, { on: 0.9, off: 0.025 }),
      oneHotCase([2, 3], 5, false, { axis: 0, dtype: "i32", on: -3 }),
      oneHotCase([2, 3], 5, false, { axis: 1, dtype: "u32" }),
      oneHotCase([1], 257),
      oneHotCase([128], 10, true),
    ],
  },
];
