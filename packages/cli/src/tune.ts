import { writeFileSync } from "node:fs";
import { type Device, formatTable, openDevice, type Tuned, type TuningTable } from "@facet/kernels-wgsl";
import { type CaseRandom, type KernelCase, type KernelEntry, kernelTable } from "@facet/kernels-wgsl/table";
import { type Output, styled } from "./output.js";

export interface TuneArguments {
  /** Part of the kernels' names; empty for all. */
  text: string;
  adapter: string | undefined;
  /** File for the table, instead of the cache. */
  out: string | undefined;
}

/** Only the number of elements matters here. */
const lengths: CaseRandom = {
  uniform: (n) => new Float32Array(n),
  integers: (n) => new Int32Array(n),
};

/** Measures the variants of the kernels' timed cases and stores which is fastest. Returns the exit code: 1 when there is none. */
export async function tune(output: Output, options: TuneArguments): Promise<number> {
  const entries = kernelTable.filter(({ kernel }) => kernel.name.includes(options.text.toLowerCase()));
  if (entries.length === 0) {
    output.error(
      `facet: no kernel has "${options.text}" in its name. \`facet kernels\` lists all ${kernelTable.length}.`,
    );
    return 1;
  }
  const device = await openDevice({ adapter: options.adapter });
  try {
    output.line(`${styled(output, "bold", "Adapter")}  ${device.adapter.name}`);
    for (const entry of entries) for (const testCase of entry.cases) if (testCase.bench) meet(device, entry, testCase);
    const started = performance.now();
    const { tuned, place } = await device.tune({ store: options.out === undefined });
    for (const result of tuned) if (result.variant !== result.untuned) output.line(describe(result));
    const changed = tuned.filter(({ variant, untuned }) => variant !== untuned).length;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    output.line(
      `${tuned.length} shape classes of kernels with a choice, ${changed} faster by another variant than the first; ${seconds} s`,
    );
    if (options.out !== undefined)
      writeFileSync(options.out, formatTable(withoutDefaults(device.tuning.table(), tuned)));
    output.line(options.out ?? place ?? "nothing to store");
  } finally {
    device.close();
  }
  return 0;
}

function meet(device: Device, { kernel }: KernelEntry, testCase: KernelCase): void {
  const inputs = testCase.inputs(lengths);
  const views: Record<string, { offset: number; bytes: number }> = {};
  for (const name of Object.keys(kernel.bindings)) {
    const count = inputs[name]?.length ?? testCase.outputs[name];
    if (count !== undefined) views[name] = { offset: 0, bytes: Math.max(4, count * 4) };
  }
  device.tuning.meet(kernel, testCase.params, views, testCase.constants);
}

function describe({ kernel, shapes, variant, untuned, ms }: Tuned): string {
  const [before = 0, after = 0] = [ms[untuned], ms[variant]];
  return `  ${kernel}: ${variant} ${after} ms, ${untuned} ${before} ms (${(before / after).toFixed(2)}x), class ${shapes}`;
}

/** What was measured now and is another variant than the first: all that a shipped table needs. */
function withoutDefaults(table: TuningTable, tuned: readonly Tuned[]): TuningTable {
  const kernels: Record<
    string,
    { version: string; choices: Record<string, Tuned | { variant: string; ms: Tuned["ms"] }> }
  > = {};
  for (const { kernel, shapes, variant, untuned, ms } of tuned) {
    const version = table.kernels[kernel]?.version;
    if (variant === untuned || version === undefined) continue;
    kernels[kernel] ??= { version, choices: {} };
    kernels[kernel].choices[shapes] = { variant, ms };
  }
  return { ...table, kernels };
}
