// Embeddings: the sorted gradient against the scanned one, faults, positions against their formula, and what is refused.
import * as F from "@facet/autograd";
import { createRandom, expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const ints = (values: number[], shape = [values.length]): F.Tensor => F.fromData(values, shape, "int32");

test("the gradient by a sorted index has the sums in the order of the index", async () => {
  const random = createRandom(3);
  const [rows, width, count] = [3000, 6, 100];
  // The last row often, as padding is; most rows not at all.
  const index = Array.from(random.uniform([count]), (v, i) => (i % 3 === 0 ? rows - 1 : Math.floor(1499 * (v + 1))));
  const dy = random.uniform([count, width]);
  const dx = await F.gatherBackward(F.fromData(dy, [count, width]), ints(index), [rows, width]).data();
  const expected = new Float32Array(rows * width);
  for (const [i, r] of index.entries())
    for (let j = 0; j < width; j++)
      expected[r * width + j] = Math.fround((expected[r * width + j] as number) + (dy[i * width + j] as number));
  expect([...dx]).toEqual([...expected]);
});

test("one-hot along any axis, of any dtype", async () => {
  const index = ints([1, 0, 3, 2], [2, 2]);
  const first = F.oneHot(index, 3, { axis: 0, dtype: "int32", on: 5, off: -1 });
  expect([first.shape, first.dtype]).toEqual([[3, 2, 2], "int32"]);
  expect([...(await first.data())]).toEqual([-1, 5, -1, -1, 5, -1, -1, -1, -1, -1, -1, 5]);
  const truth = F.oneHot(index, 3, { axis: 1, dtype: "bool" });
  expect([truth.shape, truth.dtype]).toEqual([[2, 3, 2], "bool"]);
  expect([...(await truth.data())].map(Number)).toEqual([0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test("positions: sines and cosines, and angles to turn by", async () => {
  const at = (t: number, j: number): number => t * 10_000 ** (-j / 2);
  const positions = await F.sinusoidalPositions(2, 4, { first: 5000 }).data();
  const expected = [5000, 5001].flatMap((t) => [0, 1].flatMap((j) => [Math.sin(at(t, j)), Math.cos(at(t, j))]));
  expectClose(positions as Float32Array, Float32Array.from(expected), { rtol: 1e-6, atol: 1e-7 });
  const apart = await F.sinusoidalPositions(1, 4, { first: 3, adjacent: false }).data();
  const halves = [Math.sin, Math.cos].flatMap((f) => [f(at(3, 0)), f(at(3, 1))]);
  expectClose(apart as Float32Array, Float32Array.from(halves), { rtol: 1e-6, atol: 1e-7 });
  // A turn keeps lengths, and products depend on distances alone.
  const tables = F.rotaryTables(6, 4);
  const row = F.expand(F.fromData([0.3, -1, 0.5, 2], [1, 4]), [6, 4]);
  for (const adjacent of [false, true]) {
    const turned = F.rotary(row, tables, { adjacent });
    const products = await F.matmul(turned, turned, { transposeB: true }).data();
    for (let d = 0; d < 5; d++)
      expectClose(
        Float32Array.from({ length: 6 - d }, (_, t) => products[t * 6 + t + d] as number),
        new Float32Array(6 - d).fill(products[d] as number),
        { rtol: 1e-5, atol: 1e-5 },
      );
    expect(products[0]).toBeCloseTo(0.09 + 1 + 0.25 + 4, 4);
  }
});

describe("out of range, found by the device", () => {
  const weight = F.ones([3, 2]);
  test.each<[string, () => F.Tensor, RegExp]>([
    ["an index", () => F.embedding(weight, ints([0, 3])), /embedding: index: expected indices from 0 to 2, got 3/],
    [
      "a negative index in a bag",
      () => F.embeddingBag(weight, ints([-1], [1, 1])),
      /embedding_bag: index: .* got a negative value/,
    ],
    ["a negative index", () => F.embedding(weight, ints([-1])), /embedding: index: .* got a negative value/],
    ["an index in a bag", () => F.embeddingBag(weight, ints([0, 7], [1, 2])), /embedding_bag: index: .* got 7/],
    [
      "an offset beyond",
      () => F.embeddingBag(weight, ints([0, 1]), { offsets: ints([0, 3]) }),
      /embedding_bag: offsets: expected ascending ones from 0 to at most 2, got 3/,
    ],
    ["a first offset", () => F.embeddingBag(weight, ints([0, 1]), { offsets: ints([1]) }), /offsets: .* got 1/],
    ["descending", () => F.embeddingBag(weight, ints([0, 1]), { offsets: ints([0, 2, 1]) }), /offsets: .* got 2/],
  ])("%s", async (_, call, message) => {
    await expect(call().data()).rejects.toThrow(message);
  });
});

test("empty", async () => {
  expect(F.embedding(F.zeros([3, 2]), F.zeros([0], "int32")).shape).toEqual([0, 2]);
  expect([...(await F.embeddingBag(F.ones([3, 2]), ints([]), { offsets: ints([0, 0]) }).data())]).toEqual([0, 0, 0, 0]);
  expect([...(await F.embeddingBag(F.ones([3, 2]), F.zeros([2, 0], "int32")).data())]).toEqual([0, 0, 0, 0]);
});

describe("refused before the device is asked", () => {
  const weight = F.ones([3, 2]);
  const index = ints([0, 1]);
  const tables = { cos: F.ones([2, 1]), sin: F.ones([2, 1]) };
  test.each<[string, () => unknown, RegExp]>([
    ["weight", () => F.embedding(F.ones([3]), index), /embedding: weight: expected \[rows, width\], got \[3\]/],
    ["index", () => F.embedding(weight, F.ones([2])), /embedding: index/],
    [
      "padding",
      () => F.embedding(weight, index, { paddingIndex: 3 }),
      /embedding: paddingIndex: expected a row of 3, got 3/,
    ],
    ["offsets", () => F.embeddingBag(weight, index), /embedding_bag: index: expected \[bags, length\]/],
    ["mode", () => F.embeddingBag(weight, index, { mode: "toString" as "sum" }), /embedding_bag: mode/],
    [
      "factors",
      () => F.embeddingBag(weight, index, { offsets: ints([0]), sampleWeights: F.ones([2]) }),
      /sampleWeights: expected mode "sum", got mean/,
    ],
    [
      "factors' shape",
      () => F.embeddingBag(weight, index, { mode: "sum", offsets: ints([0]), sampleWeights: F.ones([3]) }),
      /sampleWeights: expected \[2\]/,
    ],
    ["last", () => F.embeddingBag(weight, ints([0], [1, 1]), { includeLastOffset: true }), /includeLastOffset/],
    ["norm", () => F.renormRows(weight, index, 1, 0), /renorm_rows: order/],
    ["axis", () => F.oneHot(index, 3, { axis: 2 }), /one_hot: axis: expected an integer from -2 to 1/],
    ["on", () => F.oneHot(index, 3, { dtype: "int32", on: 0.5 }), /one_hot: on: expected a value of i32, got 0.5/],
    ["width", () => F.sinusoidalPositions(2, 3), /sinusoidal_positions: width/],
    ["tables", () => F.rotary(F.ones([2, 1]), tables), /rotary: cos: expected \[2, half\]/],
    ["sines", () => F.rotary(F.ones([2, 2]), { ...tables, sin: F.ones([1, 1]) }), /rotary: sin: expected \[2, 1\]/],
    ["positions", () => F.rotary(F.ones([2, 2]), tables, { axis: 1 }), /rotary: axis/],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(F.FacetError);
  });
});
