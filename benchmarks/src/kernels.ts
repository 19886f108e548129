import type { Device } from "@facet/kernels-wgsl";
import {
  type BindingArrays,
  type KernelCase,
  type KernelEntry,
  kernelTable,
  prepareCase,
} from "@facet/kernels-wgsl/table";
import { compare, createRandom } from "@facet/testing";
import type { Roofline } from "./roofline.js";
import { type Timing, timeInTurn } from "./sample.js";

export interface KernelRow extends Timing {
  kernel: string;
  case: string;
  variant: string;
  gigaflops: number;
  gigabytesPerSecond: number;
  /** Time the roofline would need over the time it took. */
  percentOfRoofline: number;
  /** Largest difference from the reference, and the share of the allowed one it used, in percent. */
  maxError: number;
  percentOfAllowedError: number;
}

/** Kernel and case of every row that the filter leaves; a filter is a part of the kernel's name or of the case's. */
export function benchCases(filter: string | undefined): { entry: KernelEntry; testCase: KernelCase }[] {
  return kernelTable.flatMap((entry) =>
    entry.cases
      .filter((testCase) => testCase.bench && (!filter || `${entry.kernel.name} ${testCase.name}`.includes(filter)))
      .map((testCase) => ({ entry, testCase })),
  );
}

/** Checks one case against its reference and then times the variant that the library would take. */
export async function benchKernel(
  device: Device,
  entry: KernelEntry,
  testCase: KernelCase,
  roofline: Roofline,
  budgetMs: number,
): Promise<KernelRow> {
  const { kernel } = entry;
  const inputs = testCase.inputs(createRandom(1));
  const prepared = prepareCase(device, entry, testCase, inputs);
  prepared.run();
  const { maxError, percentOfAllowedError } = checkAgainst(await prepared.read(), entry, testCase, inputs);
  const [timing] = await timeInTurn([{ encode: prepared.run, finish: () => device.finish() }], { budgetMs });
  prepared.free();
  const { flops, bytes } = kernel.cost(testCase.params);
  const { medianMs } = timing as Timing;
  const floorMs = Math.max(flops / roofline.gigaflops, bytes / roofline.gigabytesPerSecond) / 1e6;
  const offsets = Object.fromEntries(Object.keys(kernel.bindings).map((name) => [name, { offset: 0, bytes: 0 }]));
  const variant = device.tuning.pick(kernel, testCase.params, offsets, {});
  return {
    kernel: kernel.name,
    case: testCase.name,
    variant: variant.name,
    ...(timing as Timing),
    gigaflops: flops / medianMs / 1e6,
    gigabytesPerSecond: bytes / medianMs / 1e6,
    percentOfRoofline: (100 * floorMs) / medianMs,
    maxError,
    percentOfAllowedError,
  };
}

/** Throws when a result is out of tolerance: a wrong kernel is not timed. */
function checkAgainst(
  actual: BindingArrays,
  { kernel, reference }: KernelEntry,
  testCase: KernelCase,
  inputs: BindingArrays,
) {
  let maxError = 0;
  let percentOfAllowedError = 0;
  const tolerance = testCase.tolerance ?? { rtol: 0, atol: 0 };
  for (const [name, expected] of Object.entries(reference(inputs, testCase.params, testCase.constants ?? {}))) {
    const comparison = compare(actual[name] ?? [], expected, tolerance);
    if (!comparison.ok)
      throw new Error(
        `${kernel.name} ${testCase.name}: ${name} differs from the reference by ${comparison.maxAbsError}`,
      );
    maxError = Math.max(maxError, comparison.maxAbsError);
    percentOfAllowedError = Math.max(percentOfAllowedError, comparison.percentOfAllowed);
  }
  return { maxError, percentOfAllowedError };
}
