// Every kernel, case and variant against its plain reference.
import { openDevice, runsOn } from "@facet/kernels-wgsl";
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

for (const entry of kernelTable) {
  const { kernel } = entry;
  describe(kernel.name, () => {
    for (const testCase of entry.cases) {
      const ofOrder = new Map<string, { name: string; results: BindingArrays }>();
      for (const variant of kernel.variants) {
        if (!runsOn(device, variant)) continue;
        if (variant.applies && !variant.applies(testCase.params, {})) continue;
        test(`${testCase.name} (${variant.name})`, async () => {
          const { inputs, expected } = prepared(entry, testCase);
          const call = prepareCase(device, entry, testCase, inputs, variant.name);
          call.run();
          const actual = await call.read();
          call.free();
          expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
          const { rtol, atol } = testCase.tolerance ?? { rtol: 0, atol: 0 };
          for (const [name, values] of Object.entries(expected)) {
            expectClose(actual[name] ?? [], values, { rtol, atol, label: `${kernel.name} ${testCase.name} ${name}` });
          }
          const before = ofOrder.get(variant.order);
          if (!before) ofOrder.set(variant.order, { name: variant.name, results: actual });
          else
            for (const [name, values] of Object.entries(actual))
              expect(differentBits(values, before.results[name]), `${name} as ${before.name}`).toBe(-1);
        });
      }
    }
    test("every variant computes at least one case", () => {
      for (const variant of kernel.variants) {
        const taken = entry.cases.filter((testCase) => variant.applies?.(testCase.params, {}) ?? true);
        expect(taken.length, variant.name).toBeGreaterThan(0);
      }
    });
  });
}
