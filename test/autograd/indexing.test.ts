// Cumulative ops, gather and scatter: long lines, what is refused, and indices that only the device sees.
import * as F from "@facet/autograd";
import { ArgumentError, DtypeError, type FacetError, ShapeError } from "@facet/autograd";
import { createRandom, expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const ints = (values: number[], shape: number[] = [values.length]): F.Tensor => F.fromData(values, shape, "int32");

describe("long lines", () => {
  // Three levels of blocks, the last of each not full.
  const extent = 64 * 64 + 130;
  const random = createRandom(3);
  const x = random.uniform([2, extent], -1, 1);
  const lines = (f: (line: Float32Array) => number[]): number[] =>
    [0, 1].flatMap((i) => f(x.subarray(i * extent, (i + 1) * extent)));

  test("sums one way and the other", async () => {
    const forward = lines((line) => {
      let sum = 0;
      return [...line].map((v) => (sum += v));
    });
    const tensor = F.fromData(x, [2, extent]);
    // At most 64 roundings a level, of sums up to about 60.
    const tolerance = { rtol: 1e-6, atol: 3 * 64 * 60 * 2 ** -24 };
    expectClose(await F.cumsum(tensor, { axis: 1 }).data(), forward, tolerance);
    const back = F.cumsum(F.flip(tensor, [1]), { axis: 1, reverse: true, exclusive: true });
    const before = forward.map((sum, i) => sum - (x[i] as number));
    expectClose(await F.flip(back, [1]).data(), before, tolerance);
  });

  test("a recurrence", async () => {
    const a = random.uniform([2, extent], -1, 1);
    const expected = [0, 1].flatMap((i) => {
      let last = 0;
      return Array.from({ length: extent }, (_, k) => {
        last = (x[i * extent + k] as number) + (a[i * extent + k] as number) * last;
        return last;
      });
    });
    const y = F.linearRecurrence(F.fromData(a, [2, extent]), F.fromData(x, [2, extent]), { axis: 1 });
    expectClose(await y.data(), expected, { rtol: 1e-5, atol: 2e-6 });
  });

  test("extremes and where they are", async () => {
    const line = F.fromData(x.subarray(0, extent), [extent]);
    const [y, places] = F.cummax(line, { axis: 0 });
    let best = 0;
    const expected = Array.from({ length: extent }, (_, k) => {
      if ((x[k] as number) >= (x[best] as number)) best = k;
      return best;
    });
    expect([...(await places.data())]).toEqual(expected);
    expect([...(await y.data())]).toEqual(expected.map((k) => x[k]));
  });
});

describe("what is refused before any device work", () => {
  const x = (): F.Tensor => F.zeros([2, 3]);
  test.each<[string, () => unknown, typeof FacetError, string]>([
    ["an axis", () => F.cumsum(x(), { axis: 2 }), ArgumentError, "cumsum: axis"],
    ["an axis of a scalar", () => F.cumsum(F.zeros([]), { axis: 1 }), ArgumentError, "cumsum: axis"],
    ["integers of logcumsumexp", () => F.logcumsumexp(ints([1]), { axis: 0 }), DtypeError, "logcumsumexp: x"],
    ["bytes", () => F.cumsum(F.zeros([4], "uint8"), { axis: 0 }), DtypeError, "cumsum"],
    ["unequal shapes", () => F.linearRecurrence(x(), F.zeros([2]), { axis: 0 }), ShapeError, "linear_recurrence: b"],
    ["an index of floats", () => F.take(x(), F.zeros([2])), DtypeError, "take: index"],
    ["an index of another rank", () => F.gatherAlong(x(), ints([0])), ShapeError, "gather_along: index"],
    ["an index that sticks out", () => F.gatherAlong(x(), ints([0, 0, 0, 0], [1, 4])), ShapeError, "at most [2, 3]"],
    ["an unknown mode", () => F.take(x(), ints([0]), { mode: "none" as never }), ArgumentError, "index: mode"],
    ["rows of no elements", () => F.take(F.zeros([0, 2]), ints([0])), ShapeError, "take: x"],
    ["a source of another dtype", () => F.scatterRows(x(), ints([0]), ints([1])), DtypeError, "scatter_set: source"],
    [
      "a source smaller than the index",
      () => F.scatterAlong(x(), ints([0, 0], [2, 1]), F.zeros([1, 1])),
      ShapeError,
      "scatter_set: index",
    ],
    ["too many indices", () => F.indexGet(F.zeros([2]), [ints([0]), ints([0])]), ArgumentError, "index: indices"],
    ["no index", () => F.indexGet(x(), [null]), ArgumentError, "index: indices"],
    ["indices that do not broadcast", () => F.indexGet(x(), [ints([0, 1]), ints([0, 1, 2])]), ShapeError, "broadcast"],
    ["tuples too long", () => F.gatherNd(F.zeros([2]), ints([0, 0], [1, 2])), ShapeError, "gather_nd: index"],
    ["a slice that sticks out", () => F.updateSlice(x(), F.zeros([2, 2]), [1, 0]), ArgumentError, "dimension 0"],
  ])("%s", (_, call, kind, words) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(words);
  });
});

describe("an index out of range", () => {
  const x = F.keep(F.fromData([1, 2, 3, 4, 5, 6], [2, 3]));
  test.each<[string, () => F.Tensor, string]>([
    ["gather", () => F.gatherAlong(x, ints([3], [1, 1]), { axis: 1 }), "expected indices from -3 to 2, got 3"],
    ["gather below", () => F.take(x, ints([-3])), "expected indices from -2 to 1, got a negative value"],
    ["not from the end", () => F.take(x, ints([-1]), { negative: false }), "expected indices from 0 to 1"],
    [
      "scatter",
      () => F.scatterRows(x, ints([2]), F.zeros([])),
      "scatter_set: index: expected indices from -2 to 1, got 2",
    ],
    ["several", () => F.indexGet(x, [ints([0]), ints([5])]), "index: index: expected indices from -3 to 2, got 5"],
  ])("%s is told by the read, and the device goes on", async (_, call, words) => {
    await expect(call().data()).rejects.toThrow(words);
    expect([...(await F.take(x, ints([1])).data())]).toEqual([4, 5, 6]);
  });

  test("may be dropped, held to the ends, or start over", async () => {
    const index = ints([-4, 5, 1]);
    const line = F.fromData([1, 2, 3], [3]);
    const read = async (mode: "drop" | "clip" | "wrap") => [...(await F.take(line, index, { mode, fill: 9 }).data())];
    expect(await read("drop")).toEqual([9, 9, 2]);
    expect(await read("clip")).toEqual([1, 3, 2]);
    expect(await read("wrap")).toEqual([3, 3, 2]);
    const put = async (mode: "drop" | "clip" | "wrap") => [
      ...(await F.scatterRows(line, index, F.full([], 10), { mode, combination: "add" }).data()),
    ];
    expect(await put("drop")).toEqual([1, 12, 3]);
    expect(await put("clip")).toEqual([11, 12, 13]);
    expect(await put("wrap")).toEqual([1, 12, 23]);
  });
});

test("of several that are set the last stays, and takes the gradient", async () => {
  const source = F.variable(F.fromData([1, 2, 3, 4], [4]));
  const y = F.scatterRows(F.zeros([3]), ints([0, 2, 0, 2]), source);
  expect([...(await y.data())]).toEqual([3, 0, 4]);
  const [gradient] = F.gradients(F.sum(y), [source]);
  expect([...((await gradient?.data()) ?? [])]).toEqual([0, 0, 1, 1]);
});

test("sums of many at one place are those of a loop, bit for bit", async () => {
  const values = createRandom(5).uniform([5000], -1, 1);
  const index = values.map((_, i) => i % 3);
  const expected = new Float32Array(3);
  for (const [i, v] of values.entries()) expected[i % 3] = Math.fround((expected[i % 3] as number) + v);
  const y = F.scatterRows(F.zeros([3]), ints([...index]), F.fromData(values, [5000]), { combination: "add" });
  expect([...(await y.data())]).toEqual([...expected]);
});

describe("examples of a vmap with indices of their own", () => {
  const [examples, n] = [3, 4];
  const x = F.keep(
    F.fromData(
      Float32Array.from({ length: examples * 2 * n * 3 }, (_, i) => (i * 7) % 11),
      [examples, 2, n, 3],
    ),
  );
  const index = F.keep(ints([1, 0, 3, 2, 2, 2, 0, -1, 3], [examples, 3]));
  const source = F.keep(F.mul(F.sliceAlong(x, 2, 0, 3), 0.5));
  const byLoop = (call: (i: number) => F.Tensor): F.Tensor =>
    F.stack(
      Array.from({ length: examples }, (_, i) => call(i)),
      0,
    );
  const own = (t: F.Tensor, i: number): F.Tensor => F.reshape(F.sliceAlong(t, 0, i, i + 1), t.shape.slice(1));
  const mapped = (inputs: F.Tensor[], axes: (number | undefined)[], call: (...own: F.Tensor[]) => F.Tensor): F.Tensor =>
    F.vmap(inputs, axes, (one) => ({ outputs: [call(...(one as F.Tensor[]))], axes: [0], rest: undefined }))
      .outputs[0] as F.Tensor;

  test.each([0, 1, 2])("read and write their own rows along axis %i", async (axis) => {
    const turned = F.transpose(x, axis === 0 ? [0, 2, 1, 3] : axis === 1 ? [0, 1, 2, 3] : [0, 1, 3, 2]);
    const given = F.transpose(source, axis === 0 ? [0, 2, 1, 3] : axis === 1 ? [0, 1, 2, 3] : [0, 1, 3, 2]);
    const take = (a: F.Tensor, i: F.Tensor): F.Tensor => F.take(a, i, { axis });
    const add = (a: F.Tensor, i: F.Tensor, b: F.Tensor): F.Tensor =>
      F.scatterRows(a, i, b, { axis, combination: "add" });
    const slope = (a: F.Tensor, i: F.Tensor): F.Tensor =>
      F.valueAndGradients(
        [a],
        ([v]) => F.sum(F.square(take(v as F.Tensor, i))),
        (y) => y,
      ).gradients[0] as F.Tensor;
    for (const call of [take, slope])
      expect(await mapped([turned, index], [0, 0], call).data()).toEqual(
        await byLoop((i) => call(own(turned, i), own(index, i))).data(),
      );
    expect(await mapped([turned, index, given], [0, 0, 0], add).data()).toEqual(
      await byLoop((i) => add(own(turned, i), own(index, i), own(given, i))).data(),
    );
    const one = own(turned, 0);
    expect(await mapped([one, index], [undefined, 0], take).data()).toEqual(
      await byLoop((i) => take(one, own(index, i))).data(),
    );
  });
});
