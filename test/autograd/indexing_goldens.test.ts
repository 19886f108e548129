// Cumulative ops, indexing, sorting and selection against PyTorch: values, and gradients where it has them.
import * as F from "@facet/autograd";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";
import { goldenCalls } from "./indexing_calls.js";

await F.startDevice();
afterAll(() => F.closeDevice());

const FILES = ["scan", "gather_scatter", "sorting", "selection", "rearranging"] as const;

/** PyTorch's are float64 results, rounded; ours sums of float32 of up to 70 elements of the size of a few units. */
const tolerance = { rtol: 1e-5, atol: 4e-6 };

/** The case's arrays as tensors, those with a gradient as variables. */
function tensorsOf(golden: GoldenCase): Record<string, F.Tensor> {
  const bools: readonly string[] = golden.params.bools ?? [];
  const inputs = golden.tensors.filter((name) => !/^y\d*$|^d/.test(name));
  return Object.fromEntries(
    inputs.map((name) => {
      const { data, shape, dtype } = golden.tensor(name);
      const tensor = F.fromData(data, shape, bools.includes(name) ? "bool" : dtype);
      return [name, golden.has(`d${name}`) ? F.variable(tensor) : tensor];
    }),
  );
}

const resolve = (value: unknown, tensors: Record<string, F.Tensor>): unknown => {
  if (Array.isArray(value)) return value.map((part) => resolve(part, tensors));
  return typeof value === "string" && value.startsWith("$") ? tensors[value.slice(1)] : value;
};

for (const file of FILES)
  describe(file, () => {
    test.each(loadGolden(file).cases.map((golden) => [golden.name, golden] as const))("%s", async (name, golden) => {
      const { fn, args, kwargs } = golden.params;
      const tensors = tensorsOf(golden);
      const named = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, resolve(value, tensors)]));
      const call = goldenCalls[fn];
      if (!call) throw new Error(`no call is known for ${fn}`);
      const found = [await call(resolve(args, tensors) as never[], named as never)].flat();
      const results = golden.tensors.filter((key) => /^y\d*$/.test(key));
      expect(found.length).toBe(results.length);
      for (const [i, key] of results.entries()) {
        const y = found[i] as F.Tensor;
        const expected = golden.tensor(key);
        expect(y.shape, `shape of ${key}`).toEqual(expected.shape);
        expectClose(await y.data(), expected.data, { ...tolerance, label: `${name} ${key}` });
      }
      const inputs = Object.keys(tensors).filter((key) => golden.has(`d${key}`));
      if (inputs.length === 0) return;
      const weighted = results.flatMap((key, i) => {
        if (!golden.has(`d${key}`)) return [];
        const { data, shape } = golden.tensor(`d${key}`);
        return [F.sum(F.mul(found[i] as F.Tensor, F.fromData(data, shape)))];
      });
      const total = weighted.reduce((sum, part) => F.add(sum, part));
      const gradients = F.gradients(
        total,
        inputs.map((key) => tensors[key] as F.Tensor),
      );
      for (const [i, key] of inputs.entries()) {
        const expected = golden.tensor(`d${key}`);
        const gradient = gradients[i] ?? F.zeros(expected.shape);
        expect(gradient.shape).toEqual(expected.shape);
        expectClose(await gradient.data(), expected.data, { ...tolerance, label: `${name} d${key}` });
      }
    });
  });
