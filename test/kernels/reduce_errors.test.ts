// Reductions in several passes against sums in f64, and bad input: typed errors, before any device work.
import {
  ArgumentError,
  argReduceGeometry,
  DtypeError,
  openDevice,
  reduce,
  reduceConstants,
  reduceGeometry,
  reducePlan,
  UnsupportedError,
} from "@facet/kernels-wgsl";
import { createRandom, expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

describe("reducePlan on a device", async () => {
  const device = await openDevice();
  afterAll(() => device.close());

  async function run(x: Float32Array, shape: number[], axes: number[], name: "sum" | "mean" | "max") {
    const allocate = (elements: number) => {
      const bytes = 4 * elements;
      return { block: device.allocate(bytes, "test"), offset: 0, bytes };
    };
    let from = allocate(x.length);
    device.queue.write(from, x);
    const { passes } = reducePlan(shape, axes, false);
    for (const { params, elements } of passes) {
      const to = allocate(elements);
      device.run(reduce, { x: from, y: to }, params, { constants: reduceConstants(name, "f32") });
      device.free(from.block);
      from = to;
    }
    const y = new Float32Array(await device.read(from));
    device.free(from.block);
    return { y: y.slice(0, passes.at(-1)?.elements), passes: passes.length };
  }

  test("a full sum in three passes stays near the exact one", async () => {
    const n = 513 * 515 * 3;
    const x = createRandom(2).uniform(n, 0, 1);
    const { y, passes } = await run(x, [513, 515, 3], [0, 1, 2], "sum");
    expect(passes).toBe(3);
    const exact = x.reduce((sum, value) => sum + value, 0);
    // 128 additions per accumulator and pass, each half a unit in the last place at most, mostly cancelling.
    expectClose(y, [exact], { rtol: 2e-6, atol: 0 });
  });

  test("means over the middle axis, rows and columns, in two passes", async () => {
    const shape = [3, 1030, 4];
    const x = createRandom(3).uniform(3 * 1030 * 4, -1, 1);
    const { y, passes } = await run(x, shape, [1], "mean");
    expect(passes).toBe(2);
    const expected = Array.from({ length: 12 }, (_, o) => {
      let sum = 0;
      for (let k = 0; k < 1030; k++) sum += x[(Math.floor(o / 4) * 1030 + k) * 4 + (o % 4)] as number;
      return sum / 1030;
    });
    expectClose(y, expected, { rtol: 1e-5, atol: 1e-7 });
  });

  test("the largest of the last part is found", async () => {
    const x = createRandom(4).uniform(5 * 1027, -1, 0);
    for (let row = 0; row < 5; row++) x[row * 1027 + 1026] = row + 1;
    const { y } = await run(x, [5, 1027], [1], "max");
    expect([...y]).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("reduceGeometry and reducePlan", () => {
  test("shapes with and without reduced axes", () => {
    expect(reduceGeometry([2, 3, 4], [1], false).shape).toEqual([2, 4]);
    expect(reduceGeometry([2, 3, 4], [-1, 0], true).shape).toEqual([1, 3, 1]);
    expect(reduceGeometry([2, 3], [], false).shape).toEqual([2, 3]);
    expect(reduceGeometry([], [], false).params).toMatchObject({ outputs: 1, count: 1 });
  });

  test("one pass up to 512 elements per output, more beyond, the last one finishing", () => {
    expect(reducePlan([512, 9], [0], false).passes.map(({ elements }) => elements)).toEqual([9]);
    const { shape, passes } = reducePlan([512 * 512 + 1, 1], [0, 1], true);
    expect(shape).toEqual([1, 1]);
    // 513 parts, filled up to whole groups of 64
    expect(passes.map(({ elements }) => elements)).toEqual([576, 2, 1]);
    expect(passes.map(({ params }) => params.total)).toEqual([0, 0, 512 * 512 + 1]);
  });

  test("refuses axes out of range, fractional or given twice", () => {
    expect(() => reduceGeometry([2, 3], [2], false, "sum")).toThrow(ArgumentError);
    expect(() => reduceGeometry([2, 3], [2], false, "sum")).toThrow("sum: axis: expected an axis of [2, 3], got 2");
    expect(() => reducePlan([2, 3], [-3], false)).toThrow(ArgumentError);
    expect(() => reducePlan([2, 3], [0.5], false)).toThrow(ArgumentError);
    expect(() => reducePlan([2, 3], [1, -1], false)).toThrow("each axis once");
    expect(() => reducePlan([], [0], false)).toThrow(ArgumentError);
  });

  test("refuses more than twelve runs of kept or reduced axes", () => {
    const shape = new Array(26).fill(2);
    const everyOther = shape.map((_, i) => i).filter((i) => i % 2 === 0);
    expect(() => reducePlan(shape, everyOther, false)).toThrow(UnsupportedError);
    expect(reducePlan(shape, everyOther.slice(0, 12), false).shape).toEqual(new Array(14).fill(2));
    expect(reducePlan(shape, [...shape.keys()].slice(4), false).shape).toEqual([2, 2, 2, 2]);
  });
});

test("reduceConstants refuses dtypes the reduction does not take", () => {
  expect(() => reduceConstants("mean", "i32")).toThrow(DtypeError);
  expect(() => reduceConstants("any", "f32")).toThrow("any: dtype: expected u32, got f32");
  expect(reduceConstants("max", "i32")).toBe(reduceConstants("max", "i32"));
});

describe("argReduceGeometry", () => {
  test("shapes and sizes", () => {
    expect(argReduceGeometry([2, 3, 4], 1, false)).toEqual({
      shape: [2, 4],
      params: { outer: 2, extent: 3, inner: 4 },
    });
    expect(argReduceGeometry([2, 3], -1, true).shape).toEqual([2, 1]);
  });

  test("refuses a bad axis and one without elements", () => {
    expect(() => argReduceGeometry([2, 3], 2, false, "argmax")).toThrow(
      "argmax: axis: expected an axis of [2, 3], got 2",
    );
    expect(() => argReduceGeometry([], 0, false)).toThrow(ArgumentError);
    expect(() => argReduceGeometry([2, 0], 1, false)).toThrow("x: expected elements along axis 1, got [2, 0]");
  });
});
