// Every kernel, case and variant against its plain reference.
import { openDevice, runsOn, sizeOf } from "@facet/kernels-wgsl";
import {
  type BindingArray,
  type BindingArrays,
  type KernelCase,
  type KernelEntry,
  kernelTable,
  prepareCase,
} from "@facet/kernels-wgsl/table";
import { createRandom, expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

const device = await openDevice();
afterAll(() => device.close());

/** First index at which two results differ, any NaN being as good as another; -1 if there is none. */
function differentBits(a: BindingArray, b: BindingArray | undefined): number {
  return a.findIndex((value: number, i: number) => !Object.is(value, b?.[i]));
}

/** Inputs and reference of the case under test, which its variants share: plain loops take longer than kernels. */
let shared: { testCase: KernelCase; inputs: BindingArrays; expected: BindingArrays } | undefined;

function prepared({ reference }: KernelEntry, testCase: KernelCase) {
  if (shared?.testCase !== testCase) {
    const inputs = testCase.inputs(createRandom(1));
    shared = { testCase, inputs, expected: reference(inputs, testCase.params, testCase.constants ?? {}) };
  }
  return shared;
}

/** What a variant makes of a case, held against the reference. */
async function resultOf(entry: KernelEntry, testCase: KernelCase, variant: string): Promise<BindingArrays> {
  const { inputs, expected } = prepared(entry, testCase);
  const call = prepareCase(device, entry, testCase, inputs, variant);
  call.run();
  const actual = await call.read();
  call.free();
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  const { rtol, atol } = testCase.tolerance ?? { rtol: 0, atol: 0 };
  for (const [name, values] of Object.entries(expected))
    expectClose(actual[name] ?? [], values, { rtol, atol, label: `${entry.kernel.name} ${testCase.name} ${name}` });
  return actual;
}

for (const entry of kernelTable) {
  const { kernel } = entry;
  const casesOf = (variant: (typeof kernel.variants)[number]): KernelCase[] =>
    entry.cases.filter((testCase) => variant.applies?.(testCase.params, {}) ?? true);
  describe(kernel.name, () => {
    for (const testCase of entry.cases) {
      const ofOrder = new Map<string, { name: string; results: BindingArrays }>();
      for (const variant of kernel.variants) {
        if (!runsOn(device, variant)) continue;
        if (variant.applies && !variant.applies(testCase.params, {})) continue;
        test(`${testCase.name} (${variant.name})`, async () => {
          const actual = await resultOf(entry, testCase, variant.name);
          const before = ofOrder.get(variant.order);
          if (!before) ofOrder.set(variant.order, { name: variant.name, results: actual });
          else
            for (const [name, values] of Object.entries(actual))
              expect(differentBits(values, before.results[name]), `${name} as ${before.name}`).toBe(-1);
        });
      }
    }
    // As beyond 65 535 workgroups. Where no case has several, the second row has nothing to do, or its share.
    test.each(
      kernel.variants.filter((variant) => runsOn(device, variant)).map((variant) => [variant.name, variant] as const),
    )("%s computes a case in rows of a grid", async (_, variant) => {
      const groups = (testCase: KernelCase): number => sizeOf(variant.workgroups(testCase.params));
      const taken = casesOf(variant);
      const several = taken.filter((testCase) => groups(testCase) > 1).sort((a, b) => groups(a) - groups(b));
      const testCase = (several[0] ?? taken[0]) as KernelCase;
      const rows = several[0] === undefined ? 2 : Math.min(3, groups(testCase));
      const folded = { ...variant, workgroups: () => [Math.ceil(groups(testCase) / rows), rows, 1] as const };
      await resultOf({ ...entry, kernel: { ...kernel, variants: [folded] } }, testCase, variant.name);
    });
    test("every variant computes at least one case", () => {
      for (const variant of kernel.variants) expect(casesOf(variant).length, variant.name).toBeGreaterThan(0);
    });
  });
}
