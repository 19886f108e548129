// What the bench does with kernels: right ones are timed, wrong ones are listed; the walls of the roofline.
import { type Device, openDevice } from "@facet/kernels-wgsl";
import { kernelTable } from "@facet/kernels-wgsl/table";
import { afterAll, beforeAll, expect, test } from "vitest";
import { benchKernel } from "../../benchmarks/src/kernels.js";
import { copyShaders, REGISTER_LANES, registerShaders } from "../../benchmarks/src/roof_shaders.js";
import { floorMs, type Roofline } from "../../benchmarks/src/roofline.js";

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

/** What lane 0 holds of a vector that starts as `v`, after so many steps, and what a step of an element counts as. */
const registerWorks = [
  ["fma", (v: number) => v * 0.5, 4, { flops: 2 }],
  ["exp", (v: number) => 2 ** -v, 1, { exps: 1 }],
  ["integer", (v: number) => (v + 0x9e3779b9) >>> 0, 4, { integers: 2 }],
] as const;

test.each(
  registerWorks.flatMap(([work, step, repeats, counts]) =>
    registerShaders(work)
      .filter(isSample)
      .map((shader) => [work, shader.name, shader, step, repeats, counts] as const),
  ),
)(
  "roof: %s of %s does as many operations as it counts",
  async (work, name, { kernel, params }, step, repeats, counts) => {
    const bytes = REGISTER_LANES * 16;
    const y = { block: device.allocate(bytes, "test"), offset: 0, bytes };
    device.run(kernel, { y }, params);
    const words = await device.read(y);
    const [first] = work === "integer" ? new Uint32Array(words) : new Float32Array(words);
    const vectors = Number(name.split(" ")[0]);
    const steps = (params.rounds as number) * repeats;
    const ends = Array.from({ length: vectors }, (_, v) => {
      let value: number = v;
      for (let i = 0; i < steps; i++) value = step(value);
      return value;
    });
    const sum = ends.reduce((a, b) => a + b, 0);
    if (work === "integer") expect(first).toBe(sum % 2 ** 32);
    else expect(first).toBeCloseTo(sum, 5);
    const [[kind, each]] = Object.entries(counts) as [[keyof typeof counts, number]];
    expect(kernel.cost(params)[kind]).toBe(REGISTER_LANES * steps * vectors * 4 * each);
    device.free(y.block);
  },
);

test("the floor is the wall that holds longest", () => {
  const walls: Roofline = { gigaflops: 4, gigabytesPerSecond: 2, gigaexps: 1, gigaintegers: 8, dispatchMs: 0.5 };
  expect(floorMs({ flops: 8e6, bytes: 2e6 }, walls)).toBe(2);
  expect(floorMs({ flops: 4e6, bytes: 6e6 }, walls)).toBe(3);
  expect(floorMs({ flops: 4e6, bytes: 2e6, exps: 4e6 }, walls)).toBe(4);
  expect(floorMs({ flops: 4e6, bytes: 2e6, integers: 40e6 }, walls)).toBe(5);
  expect(floorMs({ flops: 10, bytes: 4 }, walls)).toBe(0.5);
  expect(floorMs({ flops: 10e6, bytes: 0, exps: 1e9 }, { gigaflops: 1, gigabytesPerSecond: 1 })).toBe(10);
});

test("what takes exponentials counts them, in one op as in a chain", () => {
  const chain = kernelTable.find(({ kernel }) => kernel.name === "elementwise_chain");
  const unary = kernelTable.find(({ kernel }) => kernel.name === "elementwise_unary");
  const exps = (table: typeof chain, part: string): number | undefined => {
    const found = table?.cases.find(({ name }) => name.startsWith(part));
    if (!found) throw new Error(`no case ${part}`);
    return (table?.kernel.cost(found.params, found.constants).exps ?? 0) / (found.params.count as number);
  };
  expect(exps(unary, "exp(f32)")).toBe(1);
  expect(exps(unary, "mish(f32)")).toBe(2);
  expect(exps(unary, "relu(f32)")).toBe(0);
  expect(exps(chain, "functions")).toBe(1);
  expect(exps(chain, "relu after add")).toBe(0);
});
