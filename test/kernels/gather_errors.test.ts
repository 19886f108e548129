// Gathering: an index out of range is told by the next read and leaves the device usable; bad shapes and options give
// typed errors before any device work.
import {
  ArgumentError,
  gatherGeometry,
  gather as gatherKernel,
  gatherU8,
  gatherU8Geometry,
  oneHotGeometry,
  openDevice,
  u8Geometry,
} from "@facet/kernels-wgsl";
import { afterAll, describe, expect, test } from "vitest";

describe("an index out of range", async () => {
  const device = await openDevice();
  afterAll(() => device.close());
  const upload = (data: Int32Array | Uint32Array) => {
    const view = { block: device.allocate(data.byteLength, "test"), offset: 0, bytes: data.byteLength };
    device.queue.write(view, data);
    return view;
  };
  const rows = (count: number) => ({ op: "gather", argument: "index", expected: `indices from 0 to ${count - 1}` });

  async function gather(index: number[]): Promise<number[]> {
    const x = upload(Uint32Array.of(10, 11, 20, 21, 30, 31));
    const faultSlot = device.faults.slot(rows(3));
    const { params } = gatherGeometry([3, 2], [index.length], 0, "rows", { faultSlot });
    const y = upload(new Uint32Array(2 * index.length).fill(99));
    device.run(gatherKernel, { x, index: upload(Int32Array.from(index)), y }, params);
    return [...new Uint32Array(await device.read(y))];
  }

  test("is told by the read, too large or negative; the next call works", async () => {
    await expect(gather([0, 3, 1])).rejects.toThrow(ArgumentError);
    await expect(gather([0, 3, 1])).rejects.toThrow("gather: index: expected indices from 0 to 2, got 3");
    await expect(gather([-1, 2, 1])).rejects.toThrow("got a negative value");
    expect(await gather([2, 0, 2])).toEqual([30, 31, 10, 11, 30, 31]);
  });

  test("is told of bytes too", async () => {
    const x = upload(Uint32Array.of(0x03020100, 0x07060504));
    const { params } = gatherU8Geometry([2, 4], [1], [256], device.faults.slot(rows(2)));
    const y = upload(new Uint32Array(4));
    const table = upload(new Uint32Array(256));
    device.run(gatherU8, { x, index: upload(Int32Array.of(2)), table, y }, params);
    await expect(device.read(y)).rejects.toThrow("gather: index: expected indices from 0 to 1, got 2");
  });
});

describe("gatherGeometry", () => {
  test("puts the index's shape in the place of the axis", () => {
    const { shape, params } = gatherGeometry([5, 2, 3], [4, 7], 0, "rows", { faultSlot: 9 });
    expect(shape).toEqual([4, 7, 2, 3]);
    expect(params).toMatchObject({ outer: 1, extent: 5, inner: 6, count: 28, fault_slot: 9 });
    expect(params).toMatchObject({ index_outer: 0, index_count: 1, index_inner: 0 });
    expect(gatherGeometry([5, 2, 3], [4], -1, "rows").shape).toEqual([5, 2, 4]);
  });

  test("gives indices of their own to the places of shared leading axes, which come right before the axis", () => {
    const { shape, params } = gatherGeometry([2, 3, 5, 4], [2, 3, 7, 1], 2, "rows", { batchDims: 2 });
    expect(shape).toEqual([2, 3, 7, 1, 4]);
    expect(params).toMatchObject({ outer: 6, count: 7, index_outer: 7, index_count: 1 });
    for (const [index, axis] of [
      [[3, 7], 1],
      [[2, 7], 2],
    ] as const)
      expect(() => gatherGeometry([2, 5, 4], index, axis, "rows", { batchDims: 1 })).toThrow(
        "gather: index: expected [2] first",
      );
  });

  test("takes no elements, but not from an axis without any", () => {
    expect(() => gatherGeometry([], [1], 0, "rows")).toThrow(ArgumentError);
    expect(() => gatherGeometry([0, 3], [1], 0, "rows")).toThrow(
      "gather: x: expected elements along the axis, got [0, 3]",
    );
    expect(gatherGeometry([2, 3], [0], 0, "rows").shape).toEqual([0, 3]);
    expect(gatherGeometry([0, 3], [0], 0, "rows").shape).toEqual([0, 3]);
    expect(gatherGeometry([0, 3], [1], 0, "rows", { mode: "drop" }).shape).toEqual([1, 3]);
  });

  test("takes one table for all bytes, or one for each channel", () => {
    expect(gatherU8Geometry([5, 3, 2, 4], [4], [3, 256], 9)).toEqual({
      shape: [4, 3, 2, 4],
      params: { rows: 5, width: 24, count: 4, fault_slot: 9, plane: 8 },
    });
    expect(gatherU8Geometry([5, 3, 8], [4], [256], 0).params.plane).toBe(24);
    for (const table of [[], [255], [2, 256], [0, 256], [1, 3, 256]])
      expect(() => gatherU8Geometry([5, 3, 8], [4], table, 0)).toThrow("gather_u8: table: expected [256], or");
  });
});

test("u8Geometry refuses divisors that are 0 or not finite", () => {
  expect(u8Geometry([2, 3]).params).toEqual({ count: 6, divisor: 255 });
  expect(() => u8Geometry([2], { divisor: 0 })).toThrow(ArgumentError);
  expect(() => u8Geometry([2], { divisor: Number.NaN })).toThrow("u8_to_f32: divisor: expected a finite number");
  expect(() => u8Geometry([2], { divisor: Number.POSITIVE_INFINITY })).toThrow(ArgumentError);
});

test("oneHotGeometry takes its two values and refuses a depth that is no positive integer", () => {
  // The values are words: bits of floats unless another dtype is said.
  const [one, minus] = [0x3f800000, 0xbf800000];
  const line = { outer: 6, depth: 4, inner: 1 };
  expect(oneHotGeometry([2, 3], 4)).toEqual({ shape: [2, 3, 4], params: { ...line, on: one, off: 0 } });
  expect(oneHotGeometry([2, 3], 4, { axis: 1 })).toMatchObject({ shape: [2, 4, 3], params: { outer: 2, inner: 3 } });
  expect(oneHotGeometry([2], 4, { off: -1 }).params).toMatchObject({ on: one, off: minus });
  expect(oneHotGeometry([2], 4, { on: 5, off: -1, dtype: "i32" }).params).toMatchObject({ on: 5, off: 2 ** 32 - 1 });
  expect(() => oneHotGeometry([2], 0)).toThrow(ArgumentError);
  expect(() => oneHotGeometry([2], 2.5)).toThrow("one_hot: depth: expected a positive integer, got 2.5");
});
