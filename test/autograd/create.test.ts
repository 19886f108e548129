// Fills and ranges are made on the device; what it cannot hold is refused before the host makes anything.
import * as F from "@facet/autograd";
import { DtypeError, OutOfMemoryError } from "@facet/kernels-wgsl";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const read = async (x: F.Tensor) => [...(await x.data())];

describe("ranges", () => {
  test.each([
    ["up", [0, 1, 0.1]],
    ["down", [3, -3, -0.7]],
    ["far", [1e6, 1e6 + 2, 0.125]],
    ["through 0", [-1, 1, 0.25]],
  ] as const)("%s: the exact numbers, rounded", async (_, [start, stop, step]) => {
    const count = Math.ceil((stop - start) / step);
    const exact = Float32Array.from({ length: count }, (_, i) => start + i * step);
    const given = await F.arange(start, stop, step).data();
    for (const [i, value] of exact.entries())
      expect(Math.abs((given[i] as number) - value)).toBeLessThanOrEqual(2 ** -23 * Math.abs(value) + 1e-12);
    expect(given.length).toBe(count);
  });

  test("of integers", async () => {
    expect(await read(F.arange(5, -4, -3, "int32"))).toEqual([5, 2, -1]);
    expect(await read(F.arange(2 ** 31 - 3, 2 ** 31, 1, "int32"))).toEqual([2 ** 31 - 3, 2 ** 31 - 2, 2 ** 31 - 1]);
    expect(await read(F.arange(2 ** 32 - 2, 2 ** 32, 1, "uint32"))).toEqual([2 ** 32 - 2, 2 ** 32 - 1]);
    expect(await read(F.arange(250, 256, 2, "uint8"))).toEqual([250, 252, 254]);
    expect(await read(F.arange(0, 2, 1, "bool"))).toEqual([0, 1]);
    for (const [stop, dtype] of [
      [2 ** 31 + 1, "int32"],
      [257, "uint8"],
      [3, "bool"],
    ] as const)
      expect(() => F.arange(stop - 3, stop, 1, dtype)).toThrow(DtypeError);
    expect(() => F.arange(0, 2, 0.5, "int32")).toThrow("arange: dtype: expected numbers that int32 holds");
  });

  test("between two ends, each to the bit", async () => {
    expect(await read(F.linspace(-1, 1, 5))).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(await read(F.linspace(0.1, 0.7, 1))).toEqual([Math.fround(0.1)]);
    expect(await read(F.linspace(0.1, 0.7, 0))).toEqual([]);
    expect((await read(F.linspace(0.1, 0.7, 1000))).at(-1)).toBe(Math.fround(0.7));
    expect(await read(F.linspace(-3e38, 3e38, 3))).toEqual([Math.fround(-3e38), 0, Math.fround(3e38)]);
  });

  test("on a diagonal", async () => {
    expect(await read(F.eye(2, 3, 1))).toEqual([0, 1, 0, 0, 0, 1]);
    expect(await read(F.eye(2, 2, -1, "bool"))).toEqual([0, 0, 1, 0]);
    expect(F.eye(0, 3).shape).toEqual([0, 3]);
  });
});

test("bytes are filled as others are", async () => {
  expect(await read(F.full([7], 200, "uint8"))).toEqual(Array(7).fill(200));
  expect(() => F.full([7], 256, "uint8")).toThrow(DtypeError);
  expect(() => F.full([7], 256, "uint8")).toThrow("full: value: expected a value of uint8");
  expect(F.full([0, 3], 1, "uint8").shape).toEqual([0, 3]);
});

const MANY = 2 ** 40;
describe("more than the device holds", () => {
  const calls: [string, () => unknown][] = [
    ["zeros", () => F.zeros([MANY])],
    ["full bytes", () => F.full([MANY], 1, "uint8")],
    ["arange", () => F.arange(0, MANY)],
    ["arange of integers", () => F.arange(0, 2 ** 31, 1, "int32")],
    ["linspace", () => F.linspace(0, 1, MANY)],
    ["eye", () => F.eye(2 ** 20, 2 ** 20)],
    ["uniform", () => F.uniform([1, 2], [MANY])],
    ["permutation", () => F.permutation([1, 2], MANY)],
    ["randint", () => F.randint([1, 2], [MANY], 0, 2)],
    ["expand", () => F.expand(F.zeros([1]), [MANY])],
    ["matmul", () => F.matmul(F.zeros([2 ** 20, 1]), F.zeros([1, 2 ** 20]))],
    ["oneHot", () => F.oneHot(F.fromData([1], [1], "int32"), MANY)],
    ["under capture", () => F.capture((x: F.Tensor) => F.expand(x, [MANY]))(F.zeros([1]))],
  ];
  test.each(calls)("%s", (_, call) => {
    expect(call).toThrow(OutOfMemoryError);
    expect(call).toThrow(/expected at most \d+ bytes in one buffer on this adapter \(its max\w+\), got \d+/);
  });
});
