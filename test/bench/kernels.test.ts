// What the bench does with kernels: right ones are timed, wrong ones are listed; the walls of the roofline.
import { type Device, openDevice } from "@facet/kernels-wgsl";
import { kernelTable } from "@facet/kernels-wgsl/table";
import { afterAll, beforeAll, expect, test } from "vitest";
import { benchKernel } from "../../benchmarks/src/kernels.js";
import { copyShaders, FMA_LANES, fmaShaders } from "../../benchmarks/src/roof_shaders.js";
import type { Roofline } from "../../benchmarks/src/roofline.js";

let device: Device;
beforeAll(async () => {
  device = await openDevice();
});
afterAll(() => device.close());

// Each of them is a dispatch of many milliseconds: those of one width stand for all.
const isSample = ({ name }: { name: string }): boolean => / 64 lanes(, (1|32) each)?$/.test(name);

const roofline: Roofline = { gigaflops: 1, gigabytesPerSecond: 1 };
const entry = kernelTable.find(({ kernel }) => kernel.name === "matmul");
const testCase = entry?.cases.find(({ name }) => name === "[256,256] x [256,256]");
if (!entry || !testCase) throw new Error("matmul has a timed case");

test("a kernel has a row with the time of its variant, and with all variants each of them", async () => {
  const { row, variants, wrong } = await benchKernel(device, entry, testCase, roofline, 1, true);
  expect(wrong).toEqual([]);
  expect(variants.length).toBeGreaterThan(1);
  expect(variants).toContainEqual(row);
  expect(new Set(variants.map(({ variant }) => variant)).size).toBe(variants.length);
  for (const { medianMs } of variants) expect(medianMs).toBeGreaterThan(0);
  expect((await benchKernel(device, entry, testCase, roofline, 1)).variants).toEqual([]);
});

test("a wrong kernel is told by name, variant and output, and not timed", async () => {
  const spoilt: typeof entry = {
    ...entry,
    reference: (...args) => {
      const outputs = entry.reference(...args);
      const y = outputs.y as Float32Array;
      y[1] = (y[1] as number) + 1;
      return outputs;
    },
  };
  const { row, wrong } = await benchKernel(device, spoilt, testCase, roofline, 1);
  expect(row).toBeUndefined();
  expect(wrong).toHaveLength(1);
  expect(wrong[0]).toMatchObject({ kernel: "matmul", case: testCase.name, output: "y" });
  expect(wrong[0]?.difference).toBeCloseTo(1, 3);
});

test.each(
  copyShaders()
    .filter(isSample)
    .map((shader) => [shader.name, shader] as const),
)("roof: %s copies", async (_, { kernel, params }) => {
  // Shorter than what is timed, so that the last workgroups have nothing to do.
  const bytes = 2 ** 20;
  const view = () => ({ block: device.allocate(bytes, "test"), offset: 0, bytes });
  const [a, y] = [view(), view()];
  const values = Float32Array.from({ length: bytes / 4 }, (_, i) => i);
  device.queue.write(a, values);
  device.run(kernel, { a, y }, params);
  expect(new Float32Array(await device.read(y))).toEqual(values);
  for (const { block } of [a, y]) device.free(block);
});

test.each(
  fmaShaders()
    .filter(isSample)
    .map((shader) => [shader.name, shader] as const),
)("roof: %s does as many operations as it counts", async (_, { name, kernel, params }) => {
  const bytes = FMA_LANES * 16;
  const y = { block: device.allocate(bytes, "test"), offset: 0, bytes };
  device.run(kernel, { y }, params);
  const [first] = new Float32Array(await device.read(y));
  // Lane 0 halves each vector's number: of 0, 1, 2, ... nothing is left.
  expect(first).toBeCloseTo(0, 6);
  const vectors = Number(name.split(" ")[0]);
  expect(kernel.cost(params).flops).toBe(FMA_LANES * (params.rounds as number) * 4 * vectors * 4 * 2);
  device.free(y.block);
});
