// Sorting, selection and counts: long lines with ties, sizes given by the caller, what is refused, and memory.
import * as F from "@facet/autograd";
import { ArgumentError, DtypeError, type FacetError, ShapeError } from "@facet/autograd";
import { createRandom } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const ints = (values: number[], shape: number[] = [values.length]): F.Tensor => F.fromData(values, shape, "int32");
const floats = (values: number[], shape: number[] = [values.length]): F.Tensor => F.fromData(values, shape);
const read = async (x: F.Tensor): Promise<number[]> => [...(await x.data())];
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test("a quantile between equal elements has a slope of both, between equal infinities of the lower", async () => {
  const slopes = async (values: number[]): Promise<number[]> => {
    const x = F.variable(floats(values));
    return read(F.gradients(F.quantile(x, 0.25), [x])[0] as F.Tensor);
  };
  expect(await slopes([2, 2, 2, 2])).toEqual([0.25, 0.75, 0, 0]);
  expect(await slopes([Infinity, Infinity, Infinity, Infinity])).toEqual([1, 0, 0, 0]);
});

describe("long lines with many ties", () => {
  const extent = 3000;
  const values = createRandom(9)
    .uniform([2, extent], 0, 50)
    .map((v) => Math.floor(v));

  test.each([false, true])("stay in their order, descending: %s", async (descending) => {
    const order = F.argsort(floats([...values], [2, extent]), { axis: 1, descending });
    const sign = descending ? -1 : 1;
    const expected = [0, 1].flatMap((line) => {
      const at = (k: number): number => values[line * extent + k] as number;
      return range(extent).sort((a, b) => sign * (at(a) - at(b)) || a - b);
    });
    expect(await read(order)).toEqual(expected);
  });

  test("are counted", async () => {
    const x = floats([...values]);
    const expected = range(50).map((v) => values.filter((other) => other === v).length);
    expect(await read(F.bincount(F.cast(x, "int32"), 50))).toEqual(expected);
    const { counts } = F.histogram(x, { bins: 5, range: [0, 50] });
    expect(await read(counts)).toEqual(
      range(5).map((i) => expected.slice(10 * i, 10 * i + 10).reduce((a, b) => a + b)),
    );
    const found = await F.unique(x);
    expect(await read(found.values)).toEqual(range(50));
    expect(await read(found.counts)).toEqual(expected);
    expect(await read(found.inverse)).toEqual([...values]);
    expect(await read(found.indices)).toEqual(range(50).map((v) => values.indexOf(v)));
  });
});

describe("sizes that the caller gives", () => {
  test("nonzero", async () => {
    const x = ints([0, 3, 0, 4], [2, 2]);
    expect(await read(F.nonzeroOfSize(x, 3, -1))).toEqual([0, 1, 1, 1, -1, -1]);
    expect(await read(F.nonzeroOfSize(x, 1))).toEqual([0, 1]);
  });

  test("unique", async () => {
    const { values, counts, inverse } = F.uniqueOfSize(ints([5, 2, 5]), 4);
    expect(await read(values)).toEqual([2, 5, 5, 5]);
    expect(await read(counts)).toEqual([1, 2, 0, 0]);
    expect(await read(inverse)).toEqual([1, 0, 1]);
  });

  test("unique of fewer than there are", async () => {
    const { values, counts } = F.uniqueOfSize(ints([5, 2, 5, 9]), 1);
    expect(await read(values)).toEqual([2]);
    expect(await read(counts)).toEqual([1]);
  });
});

test("all NaN are one when asked", async () => {
  const x = floats([Number.NaN, 1, Number.NaN]);
  expect((await F.unique(x)).values.size).toBe(3);
  const { values, counts } = await F.unique(x, { equalNan: true });
  expect(await read(values)).toEqual([1, Number.NaN]);
  expect(await read(counts)).toEqual([1, 2]);
});

test("a histogram passes over NaN and what lies outside", async () => {
  const x = floats([Number.NaN, -1, 0, 0.5, 1, 2, Number.POSITIVE_INFINITY]);
  expect(await read(F.histogram(x, { bins: 2, range: [0, 1] }).counts)).toEqual([1, 2]);
  expect(await read(F.histogram(floats([3, 3]), { bins: 2 }).edges)).toEqual([2.5, 3, 3.5]);
});

test("a sort's gradient goes back to where each element was", async () => {
  const x = F.variable(floats([3, 1, 2]));
  const [gradient] = F.gradients(F.sum(F.mul(F.sort(x)[0], floats([10, 20, 30]))), [x]);
  expect(await read(gradient as F.Tensor)).toEqual([30, 10, 20]);
});

test("what reads a size leaves nothing behind", async () => {
  const [x, whole] = [floats([0, 1, 2, 0, 2]), ints([1])];
  const bytes = F.device().liveBytes;
  for (const made of [await F.nonzero(x), ...Object.values(await F.unique(x)), await F.bincountToMaximum(whole)])
    made.dispose();
  expect(F.device().liveBytes).toBe(bytes);
});

describe("under vmap, as for each example", () => {
  const random = createRandom(21);
  const values = floats([...random.uniform([3, 4])], [3, 4]);
  const lines = floats([...random.uniform([3, 5])].sort(), [3, 5]);
  const line = floats([-0.5, 0, 0.5]);
  const places = ints([0, -1, 3, 1, 1, 2, 0, 3, -2, 1, 1, 0], [3, 4]);
  const at = (x: F.Tensor, i: number): F.Tensor => F.reshape(F.sliceAlong(x, 0, i, i + 1), x.shape.slice(1));

  test.each<[string, F.Tensor[], (...given: F.Tensor[]) => F.Tensor, boolean[]]>([
    ["argsort", [values], (x) => F.argsort(x, { descending: true }), [true]],
    ["places in one line", [line, values], (s, v) => F.searchSorted(s, v), [false, true]],
    [
      "places in lines",
      [lines, values],
      (s, v) => F.searchSorted(s, F.reshape(v, [2, 2]), { right: true }),
      [true, true],
    ],
    ["one's places in lines", [lines, line], (s, v) => F.searchSorted(s, v), [true, false]],
    [
      "flat indices",
      [values, places],
      (x, i) => F.indexGet(F.reshape(x, [2, 2]), [F.floorDivide(i, 4), i], { mode: "wrap" }),
      [true, true],
    ],
    ["rows by their own indices", [values, places], (x, i) => F.take(x, i), [true, true]],
    ["rows by one index", [values, ints([3, 0, 3])], (x, i) => F.take(x, i), [true, false]],
    ["one's rows", [line, places], (x, i) => F.take(x, i, { mode: "clip" }), [false, true]],
    ["counts", [places], (x) => F.bincount(x, 4, { mode: "drop" }), [true]],
    ["medians", [values], (x) => F.median(x)[0], [true]],
  ])("%s", async (_, given, call, mapped) => {
    const axes = mapped.map((is) => (is ? 0 : undefined));
    const { outputs } = F.vmap(given, axes, (own) => ({ outputs: [call(...own)], axes: [0], rest: undefined }));
    const expected = [0, 1, 2].map((e) => call(...given.map((x, i) => (mapped[i] ? at(x, e) : x))));
    expect(await read(outputs[0] as F.Tensor)).toEqual((await Promise.all(expected.map(read))).flat());
  });
});

describe("what is refused", () => {
  const x = (): F.Tensor => F.zeros([2, 3]);
  test.each<[string, () => unknown, typeof FacetError, string]>([
    ["an axis", () => F.sort(x(), { axis: 2 }), ArgumentError, "argsort: axis"],
    ["bytes", () => F.argsort(F.zeros([4], "uint8")), DtypeError, "argsort"],
    ["too many", () => F.topk(x(), 4), ArgumentError, "topk: k: expected an integer from 0 to 3, got 4"],
    ["none", () => F.kthvalue(x(), 0), ArgumentError, "kthvalue: k: expected an integer from 1 to 3, got 0"],
    ["a median of nothing", () => F.median(F.zeros([2, 0])), ArgumentError, "median: x"],
    ["a mode of nothing", () => F.mode(F.zeros([0]), { axis: 0 }), ArgumentError, "mode: x"],
    ["a level", () => F.quantile(x(), 1.5), ArgumentError, "quantile: q"],
    ["levels of two axes", () => F.quantile(x(), x()), ArgumentError, "quantile: q"],
    ["an interpolation", () => F.quantile(x(), 0, { interpolation: "none" as never }), ArgumentError, "interpolation"],
    ["quantiles of integers", () => F.quantile(ints([1]), 0), DtypeError, "quantile: x"],
    ["quantiles of nothing", () => F.quantile(F.zeros([0]), 0), ArgumentError, "quantile: x"],
    ["values of another dtype", () => F.searchSorted(x(), ints([1])), DtypeError, "search_sorted: values"],
    ["other leading axes", () => F.searchSorted(x(), F.zeros([3, 3])), ShapeError, "search_sorted: sorted"],
    ["no axis", () => F.searchSorted(F.zeros([]), F.zeros([1])), ArgumentError, "search_sorted: sorted"],
    [
      "another sorter",
      () => F.searchSorted(floats([1]), floats([1]), { sorter: ints([0, 1]) }),
      ArgumentError,
      "sorter",
    ],
    ["a mask of numbers", () => F.maskedSelect(x(), x()), DtypeError, "masked_select: mask"],
    ["floats to count", () => F.bincount(x(), 3), DtypeError, "bincount: x"],
    ["a length", () => F.bincount(ints([1]), -1), ArgumentError, "bincount: length"],
    ["weights of another shape", () => F.bincount(ints([1]), 3, { weights: x() }), ShapeError, "bincount: weights"],
    ["no bins", () => F.histogram(x(), { bins: 0 }), ArgumentError, "histogram: bins"],
    ["one edge", () => F.histogram(x(), { bins: floats([1]) }), ShapeError, "histogram: bins"],
    ["a range upside down", () => F.histogram(x(), { range: [1, 0] }), ArgumentError, "histogram: range"],
  ])("%s", (_, call, kind, words) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(words);
  });

  test("a negative value to count, by the read", async () => {
    await expect(F.bincount(ints([1, -1]), 2).data()).rejects.toThrow("bincount: index: expected indices from 0 to 1");
    await expect(F.bincountToMaximum(ints([1, -1]))).resolves.toBeInstanceOf(F.Tensor);
    await expect(read(F.zeros([1]))).rejects.toThrow("got a negative value");
    expect(await read(F.bincount(ints([1, -1, 7]), 2, { mode: "drop" }))).toEqual([0, 1]);
  });
});
