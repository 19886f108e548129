import type { Cost, Device } from "@facet/kernels-wgsl";
import {
  type BindingArrays,
  type KernelCase,
  type KernelEntry,
  kernelTable,
  type PreparedCase,
  prepareCase,
} from "@facet/kernels-wgsl/table";
import { compare, createRandom } from "@facet/testing";
import { floorMs, type Roofline } from "./roofline.js";
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

/** A variant whose result is out of tolerance: it is not timed. */
export interface WrongKernel {
  kernel: string;
  case: string;
  variant: string;
  /** The binding that differs from the reference, and by how much at most. */
  output: string;
  difference: number;
}

export interface KernelResult {
  /** The variant that the library takes; absent where it is wrong. */
  row?: KernelRow;
  /** Every variant that can compute the case, the library's included, where they were asked for. */
  variants: KernelRow[];
  wrong: WrongKernel[];
}

/**
 * Checks one case against its reference and then times the variant that the library takes, or with `all` every variant that
 * can compute it, in turn.
 */
export async function benchKernel(
  device: Device,
  entry: KernelEntry,
  testCase: KernelCase,
  roofline: Roofline,
  budgetMs: number,
  all = false,
): Promise<KernelResult> {
  const { kernel } = entry;
  const { params } = testCase;
  const inputs = testCase.inputs(createRandom(1));
  const expected = entry.reference(inputs, params, testCase.constants ?? {});
  const offsets = Object.fromEntries(Object.keys(kernel.bindings).map((name) => [name, { offset: 0, bytes: 0 }]));
  const chosen = device.tuning.pick(kernel, params, offsets, {}).name;
  const names = all ? device.tuning.applicable(kernel, params, offsets).map(({ name }) => name) : [chosen];
  const right: { variant: string; prepared: PreparedCase; error: Checked }[] = [];
  const wrong: WrongKernel[] = [];
  try {
    for (const variant of names) {
      const prepared = prepareCase(device, entry, testCase, inputs, variant);
      prepared.run();
      const checked = check(await prepared.read(), expected, testCase);
      if (!("output" in checked)) {
        right.push({ variant, prepared, error: checked });
        continue;
      }
      prepared.free();
      wrong.push({ kernel: kernel.name, case: testCase.name, variant, ...checked });
    }
    const timings = await timeInTurn(
      right.map(({ prepared }) => ({ encode: prepared.run, finish: () => device.finish() })),
      { budgetMs: budgetMs / Math.max(1, right.length) },
    );
    const rows = right.map(({ variant, error }, i): KernelRow => {
      const timing = timings[i] as Timing;
      return {
        kernel: kernel.name,
        case: testCase.name,
        variant,
        ...timing,
        ...rates(kernel.cost(params, testCase.constants), timing, roofline),
        ...error,
      };
    });
    const row = rows.find(({ variant }) => variant === chosen);
    return { ...(row && { row }), variants: all ? rows : [], wrong };
  } finally {
    for (const { prepared } of right) prepared.free();
  }
}

function rates(cost: Cost, { medianMs }: Timing, roofline: Roofline) {
  return {
    gigaflops: cost.flops / medianMs / 1e6,
    gigabytesPerSecond: cost.bytes / medianMs / 1e6,
    percentOfRoofline: (100 * floorMs(cost, roofline)) / medianMs,
  };
}

type Checked = Pick<KernelRow, "maxError" | "percentOfAllowedError">;

/** The largest error, or the first output that is out of tolerance. */
function check(
  actual: BindingArrays,
  expected: BindingArrays,
  testCase: KernelCase,
): Checked | Pick<WrongKernel, "output" | "difference"> {
  const worst: Checked = { maxError: 0, percentOfAllowedError: 0 };
  const tolerance = testCase.tolerance ?? { rtol: 0, atol: 0 };
  for (const [output, values] of Object.entries(expected)) {
    const comparison = compare(actual[output] ?? [], values, tolerance);
    if (!comparison.ok) return { output, difference: comparison.maxAbsError };
    worst.maxError = Math.max(worst.maxError, comparison.maxAbsError);
    worst.percentOfAllowedError = Math.max(worst.percentOfAllowedError, comparison.percentOfAllowed);
  }
  return worst;
}
