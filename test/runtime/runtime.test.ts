// The runtime below the kernels: memory, the order of commands, and errors that leave the device usable.
import {
  ArgumentError,
  type Block,
  type BufferView,
  type Device,
  DeviceError,
  DisposedError,
  defineKernel,
  divideUp,
  FacetError,
  OutOfMemoryError,
  openDevice,
} from "@facet/kernels-wgsl";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { watchDevice } from "../../benchmarks/src/device_calls.js";
import { sizeClass } from "../../packages/kernels-wgsl/src/runtime/buffers.js";

let device: Device;
beforeAll(async () => {
  device = await openDevice();
});
afterAll(() => device.close());

const borrowed: BufferView[] = [];
function view(bytes: number, owner = "test"): BufferView {
  const fresh = { block: device.allocate(bytes, owner), offset: 0, bytes };
  borrowed.push(fresh);
  return fresh;
}
beforeEach(() => {
  for (const { block } of borrowed.splice(0)) if (!block.freed) device.free(block);
});

function upload(values: number[], owner?: string): BufferView {
  const fresh = view(4 * values.length, owner);
  device.queue.write(fresh, Float32Array.from(values));
  return fresh;
}
const download = async (from: BufferView): Promise<number[]> => [...new Float32Array(await device.read(from))];

async function thrownBy(call: () => unknown): Promise<FacetError> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(FacetError);
    return error as FacetError;
  }
  throw new Error("nothing was thrown");
}

/** y = x + params.value, a kernel of this test's own. */
const wgsl = `
struct Params { count: u32, value: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < params.count) { y[id.x] = x[id.x] + params.value; }
}`;
const addValue = defineKernel({
  name: "add_value",
  wgsl,
  bindings: { x: { access: "read", dtype: "f32" }, y: { access: "read_write", dtype: "f32" } },
  params: { count: "u32", value: "f32" },
  variants: [{ name: "only", order: "elementwise", workgroups: (p) => [divideUp(p.count, 64), 1, 1] }],
  cost: () => ({ flops: 0, bytes: 0 }),
});

async function expectUsable(): Promise<void> {
  const [x, y] = [upload([1, 2, 3]), view(12)];
  device.run(addValue, { x, y }, { count: 3, value: 0.5 });
  expect(await download(y)).toEqual([1.5, 2.5, 3.5]);
}

describe("memory", () => {
  test("size classes hold what is asked, waste at most a fifth beyond a few small ones, and repeat", () => {
    for (const bytes of [0, 1, 255, 256, 257, 1000, 1025, 5000, 65_537, 1e6, 2 ** 20, 2 ** 20 + 1, 123_456_789]) {
      const size = sizeClass(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size % 256).toBe(0);
      expect(sizeClass(size)).toBe(size);
      if (bytes > 1024) expect(size / bytes).toBeLessThan(1.25);
    }
  });

  test("freed buffers are lent again in one order, however they came back, and only within their class", () => {
    device.trim();
    const blocks = [1, 2, 3].map(() => device.allocate(5000, "test"));
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      for (const i of order) device.free(blocks[i] as Block);
      const again = [4999, 5000, 5001].map((bytes) => device.allocate(bytes, "test"));
      // Not the buffers themselves: objects of WebGPU have no properties of their own to be told apart by.
      expect(again.map(({ id }) => id)).toEqual(blocks.map(({ id }) => id));
      for (const [i, { buffer }] of again.entries()) expect(buffer).toBe(blocks[i]?.buffer);
      expect(again.map(({ bytes }) => bytes)).toEqual([4999, 5000, 5001]);
      blocks.splice(0, 3, ...again);
    }
    const other = device.allocate(50_000, "test");
    expect(blocks.map(({ buffer }) => buffer)).not.toContain(other.buffer);
    for (const block of [...blocks, other]) device.free(block);
  });

  test("a loop whose results come back late and in any order makes no new bind groups", async () => {
    const x = upload([1, 2, 3]);
    const late: Block[] = [];
    const round = (): void => {
      for (let step = 0; step < 12; step++) {
        const [between, y] = [view(12), view(12)];
        device.run(addValue, { x, y: between }, { count: 3, value: 1 });
        device.run(addValue, { x: between, y }, { count: 3, value: 1 });
        device.free(between.block);
        late.push(y.block);
      }
      // As the collector may: here by a stride that meets each once.
      for (let i = 0; i < 12; i++) device.free(late[(7 * i + 5) % 12] as Block);
      late.length = 0;
    };
    round();
    const watch = watchDevice(device);
    for (let i = 0; i < 5; i++) round();
    expect(watch.stop()).toMatchObject({ buffers: 0, bindGroups: 0 });
    device.free(x.block);
    await device.finish();
  });

  test("live, peak and the bytes of each owner are counted", () => {
    const before = device.memory();
    device.resetPeak();
    expect(device.memory().peak).toBe(before.live);
    const [a, b] = [device.allocate(1024, "weights"), device.allocate(2048, "activations")];
    expect(device.memory()).toMatchObject({ live: before.live + 3072, blocks: before.blocks + 2 });
    expect(device.memory().byOwner).toMatchObject({ weights: 1024, activations: 2048 });
    device.free(b);
    const after = device.memory();
    expect([after.live, after.peak]).toEqual([before.live + 1024, before.live + 3072]);
    expect(after.byOwner).not.toHaveProperty("activations");
    device.free(a);
    expect(device.memory().live).toBe(before.live);
    // Less than the peak is no peak, whoever owns it.
    device.free(device.allocate(1024, "later"));
    expect(device.memory()).toMatchObject({ peakByOwner: { weights: 1024, activations: 2048 } });
    expect(device.memory().peakByOwner).not.toHaveProperty("later");
    const higher = device.allocate(4096, "later");
    expect(device.memory().peakByOwner).toMatchObject({ later: 4096 });
    expect(device.memory().peakByOwner).not.toHaveProperty("weights");
    device.free(higher);
    expect(device.memory().peakByOwner).toMatchObject({ later: 4096 });
    device.resetPeak();
    expect(device.memory().peakByOwner).toEqual(device.memory().byOwner);
  });

  test("trim gives unused buffers back and leaves lent ones alone", async () => {
    const kept = upload([1, 2, 3, 4]);
    device.free(device.allocate(2 ** 20, "test"));
    const before = device.memory();
    device.trim();
    const after = device.memory();
    expect(after.live).toBe(before.live);
    expect(after.reserved).toBe(after.live);
    expect(before.reserved).toBeGreaterThan(after.reserved);
    expect(await download(kept)).toEqual([1, 2, 3, 4]);
    await expectUsable();
  });

  test("a block released twice throws", async () => {
    const block = device.allocate(64, "weights");
    device.free(block);
    const error = await thrownBy(() => device.free(block));
    expect(error).toBeInstanceOf(DisposedError);
    expect(error.op).toBe("weights");
  });

  test("a buffer beyond the adapter's limit throws, and the device goes on", async () => {
    const { maxBufferSize, maxStorageBufferBindingSize } = device.gpu.limits;
    const bytes = Math.min(maxBufferSize, maxStorageBufferBindingSize) + 4;
    const before = device.memory();
    const error = await thrownBy(() => device.allocate(bytes, "conv2d [999999]"));
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect(error).toMatchObject({ op: "conv2d [999999]", argument: "bytes", given: `${bytes}` });
    expect(device.memory()).toEqual(before);
    await expectUsable();
  });
});

describe("order of commands", () => {
  test("a write does not reach commands encoded before it", async () => {
    const [x, y, z] = [upload([1, 2, 3]), view(12), view(12)];
    device.run(addValue, { x, y }, { count: 3, value: 10 });
    device.queue.copy(x, z);
    device.queue.write(x, Float32Array.from([7, 8, 9]));
    expect(await download(y)).toEqual([11, 12, 13]);
    expect(await download(z)).toEqual([1, 2, 3]);
    expect(await download(x)).toEqual([7, 8, 9]);
  });

  test("a write into a freed and lent again buffer does not reach commands that read its former content", async () => {
    const [x, y] = [upload([1, 2, 3]), view(12)];
    device.run(addValue, { x, y }, { count: 3, value: 10 });
    device.free(x.block);
    const again = upload([100, 200, 300]);
    expect(again.block.buffer).toBe(x.block.buffer);
    expect(await download(y)).toEqual([11, 12, 13]);
  });

  test("a write does not overtake a command that writes the same buffer", async () => {
    const [x, y] = [upload([1, 2, 3]), view(12)];
    device.run(addValue, { x, y }, { count: 3, value: 10 });
    device.queue.write(y, Float32Array.from([-1, -2, -3]));
    expect(await download(y)).toEqual([-1, -2, -3]);
  });

  test("copies and clears keep their place between kernel calls", async () => {
    const [x, y, z] = [upload([1, 2, 3]), view(12), view(12)];
    device.run(addValue, { x, y }, { count: 3, value: 1 });
    device.queue.copy(y, z);
    device.queue.clear(y);
    device.run(addValue, { x: y, y: x }, { count: 3, value: 5 });
    expect(await download(z)).toEqual([2, 3, 4]);
    expect(await download(y)).toEqual([0, 0, 0]);
    expect(await download(x)).toEqual([5, 5, 5]);
  });

  test("parts of a block are bound, written and read at their offsets", async () => {
    const bytes = device.offsetAlignment;
    const whole = view(3 * bytes);
    const part = (i: number) => ({ ...whole, offset: i * bytes, bytes: 12 });
    device.queue.clear(whole);
    device.queue.write(part(1), Float32Array.from([1, 2, 3]));
    const y = view(12);
    device.run(addValue, { x: part(1), y }, { count: 3, value: 1 });
    device.queue.copy(y, part(2));
    expect(await download(part(2))).toEqual([2, 3, 4]);
    expect(await download(part(1))).toEqual([1, 2, 3]);
    expect(await download(part(0))).toEqual([0, 0, 0]);
  });

  test("bytes that fill no word are written and read", async () => {
    const bytes = view(7);
    device.queue.write(bytes, Uint8Array.from([1, 2, 3, 4, 5, 6, 7]));
    expect([...new Uint8Array(await device.read(bytes))]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("5 000 calls in a row each see their own params and the results of those before", async () => {
    let [from, to] = [upload([0]), view(4)];
    for (let i = 1; i <= 5000; i++) {
      device.run(addValue, { x: from, y: to }, { count: 1, value: i });
      [from, to] = [to, from];
    }
    // Every sum on the way is exact in f32.
    expect(await download(from)).toEqual([(5000 * 5001) / 2]);
  });

  test("two reads at once give each its own bytes", async () => {
    const [a, b] = [upload([1, 2]), upload([3, 4])];
    expect(await Promise.all([download(a), download(b)])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

describe("misuse", () => {
  test("a write of more bytes than the view has throws", async () => {
    const error = await thrownBy(() => device.queue.write(view(8), new Float32Array(3)));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ op: "write", argument: "data", given: "12" });
  });

  test("a freed block throws wherever it is used", async () => {
    const [gone, live] = [upload([1], "weights"), view(4)];
    device.free(gone.block);
    const uses: [string, () => unknown][] = [
      ["add [1]", () => device.run(addValue, { x: gone, y: live }, { count: 1, value: 1 }, { label: "add [1]" })],
      ["read", () => device.read(gone)],
      ["write", () => device.queue.write(gone, new Float32Array(1))],
      ["copy", () => device.queue.copy(live, gone)],
      ["copy", () => device.queue.copy(gone, live)],
      ["clear", () => device.queue.clear(gone)],
    ];
    for (const [op, use] of uses) {
      const error = await thrownBy(use);
      expect(error).toBeInstanceOf(DisposedError);
      expect(error.op).toBe(op);
      expect(error.given).toContain("weights");
    }
    await expectUsable();
  });

  test("a missing buffer, an unknown variant and a param its field cannot hold throw before anything is encoded", async () => {
    const [x, y] = [upload([1]), view(4)];
    const params = { count: 1, value: 1 };
    const calls: [string, () => unknown][] = [
      ["y", () => device.run(addValue, { x } as never, params)],
      ["variant", () => device.run(addValue, { x, y }, params, { variant: "fast" })],
      ["count", () => device.run(addValue, { x, y }, { count: 0.5, value: 1 })],
      ["value", () => device.run(addValue, { x, y }, { count: 1 } as never)],
      ["NAME", () => device.run(addValue, { x, y }, params, { constants: { NAME: "1" } })],
    ];
    for (const [argument, call] of calls) {
      const error = await thrownBy(call);
      expect(error, argument).toMatchObject({ argument });
    }
    await expectUsable();
  });

  test("a grid too wide throws and names kernel, variant and limit", async () => {
    const [x, y] = [upload([1]), view(4)];
    const error = await thrownBy(() => device.run(addValue, { x, y }, { count: 2 ** 31, value: 1 }));
    expect(error).toBeInstanceOf(DeviceError);
    expect(error.message).toContain("add_value/only workgroups");
    expect(error.expected).toContain("65535");
    await expectUsable();
  });

  test("a shader that does not compile is named at the next read, and the device goes on", async () => {
    const broken = defineKernel({
      ...addValue,
      name: "add_broken",
      wgsl: wgsl.replace("params.value", "params.worth"),
    });
    const [x, y] = [upload([1]), view(4)];
    device.run(broken, { x, y }, { count: 1, value: 1 });
    const error = await thrownBy(() => device.read(y));
    expect(error).toBeInstanceOf(DeviceError);
    expect(error.message).toContain("add_broken");
    expect(error.message).toContain("worth");
    await expectUsable();
    await device.finish();
  });

  test("memory bound for reading and writing at once is named at the next read, and the device goes on", async () => {
    const x = upload([1, 2]);
    device.run(addValue, { x, y: x }, { count: 2, value: 1 }, { label: "add_inplace [2]" });
    const error = await thrownBy(() => device.finish());
    expect(error).toBeInstanceOf(DeviceError);
    expect(error.op).toContain("add_inplace [2]");
    await expectUsable();
  });
});

describe("checks inside kernels", () => {
  const check = defineKernel({
    name: "check_labels",
    wgsl: `
struct Params { count: u32, limit: i32, fault_slot: u32 }
@group(0) @binding(0) var<storage, read> labels: array<i32>;
@group(0) @binding(1) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.count) { return; }
  let label = labels[id.x];
  if (label < 0) { atomicMax(&faults[params.fault_slot], 0xffffffffu); }
  if (label >= params.limit) { atomicMax(&faults[params.fault_slot], u32(label) + 1u); }
}`,
    bindings: {
      labels: { access: "read", dtype: "i32" },
      faults: { access: "read_write", dtype: "u32", optional: true },
    },
    params: { count: "u32", limit: "i32", fault_slot: "u32" },
    variants: [{ name: "only", order: "elementwise", workgroups: (p) => [divideUp(p.count, 64), 1, 1] }],
    cost: () => ({ flops: 0, bytes: 0 }),
  });

  async function checkLabels(values: number[], limit: number): Promise<void> {
    const labels = view(4 * values.length);
    device.queue.write(labels, Int32Array.from(values));
    const slot = device.faults.slot({ op: "loss", argument: "labels", expected: `a class from 0 to ${limit - 1}` });
    device.run(check, { labels }, { count: values.length, limit, fault_slot: slot });
    await device.finish();
  }

  test("what a kernel found is raised by the next read, once, with the value", async () => {
    await checkLabels([0, 9, 3], 10);
    const error = await thrownBy(() => checkLabels([0, 12, 3], 10));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ op: "loss", argument: "labels", expected: "a class from 0 to 9", given: "12" });
    await expectUsable();
    await checkLabels([0, 1], 10);
  });

  test("a negative value is reported as such, and different checks apart", async () => {
    expect(await thrownBy(() => checkLabels([-1], 10))).toMatchObject({ given: "a negative value" });
    const error = await thrownBy(() => checkLabels([12, 4], 3));
    expect(error).toMatchObject({ expected: "a class from 0 to 2", given: "12" });
  });

  test("of any number of checks each error is its own call's, and says less rather than another's beyond thousands", async () => {
    for (const limit of [300, 301, 20_000]) {
      for (let i = 1; i <= limit; i++)
        device.faults.slot({ op: "loss", argument: "labels", expected: `a class from 0 to ${i - 1}` });
      const error = await thrownBy(() => checkLabels([25_000], limit));
      const expected = limit < 10_000 ? `a class from 0 to ${limit - 1}` : "a value within what the op was given";
      expect(error).toMatchObject({ op: "loss", argument: "labels", expected, given: "25000" });
    }
    expect(await thrownBy(() => checkLabels([12, 4], 3))).toMatchObject({ expected: "a class from 0 to 2" });
  });
});

test("a closed device throws whatever is asked of it", async () => {
  const other = await openDevice();
  const block = other.allocate(4, "test");
  const y = { block, offset: 0, bytes: 4 };
  other.close();
  other.close();
  const calls = [
    () => other.allocate(4, "test"),
    () => other.run(addValue, { x: y, y }, { count: 1, value: 1 }),
    () => other.read(y),
    () => other.finish(),
  ];
  for (const call of calls) {
    const error = await thrownBy(call);
    expect(error).toBeInstanceOf(DisposedError);
    expect(error.argument).toBe("device");
  }
  other.free(block);
  await expectUsable();
});
