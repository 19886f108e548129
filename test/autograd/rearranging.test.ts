// Elements moved, repeated and compared: what is refused, and what PyTorch has no case for.
import * as F from "@facet/autograd";
import { ArgumentError, DtypeError, type FacetError, ShapeError } from "@facet/autograd";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const ints = (values: number[], shape: number[] = [values.length]): F.Tensor => F.fromData(values, shape, "int32");
const read = async (x: F.Tensor): Promise<number[]> => [...(await x.data())];

describe("what is refused", () => {
  const x = (): F.Tensor => F.zeros([2, 3]);
  const bytes = (): F.Tensor => F.zeros([4], "uint8");
  test.each<[string, () => unknown, typeof FacetError, string]>([
    ["an axis of roll", () => F.roll(x(), 1, 2), ArgumentError, "roll: axis"],
    ["a shift", () => F.roll(x(), 0.5, 0), ArgumentError, "roll: shift"],
    ["too few shifts", () => F.roll(x(), [1], [0, 1]), ArgumentError, "roll: shift: expected 2"],
    ["shifts without axes", () => F.roll(x(), [1]), ArgumentError, "roll: axes"],
    ["bytes that roll", () => F.roll(bytes(), 1), DtypeError, "roll"],
    ["a count of tiles", () => F.tile(x(), [-1]), ArgumentError, "tile: repeats"],
    ["a number of repeats", () => F.repeatElements(x(), 1.5), ArgumentError, "repeat_elements: repeats"],
    ["repeats without a total", () => F.repeatElements(x(), ints([1, 1]), { axis: 0 }), ArgumentError, "total"],
    ["other repeats", () => F.repeatElements(x(), ints([1, 1, 1]), { axis: 0, total: 3 }), ShapeError, "repeats"],
    ["repeats of floats", () => F.repeatElements(x(), F.zeros([2]), { axis: 0, total: 3 }), DtypeError, "repeats"],
    ["the plane of one axis", () => F.rot90(x(), 1, [0, -2]), ArgumentError, "rot90"],
    ["an indexing", () => F.meshgrid([], "ji" as never), ArgumentError, "meshgrid: indexing"],
    ["a grid of matrices", () => F.meshgrid([x()]), ShapeError, "meshgrid: x[0]"],
    ["a negative diff", () => F.diff(x(), { n: -1 }), ArgumentError, "diff: n"],
    ["equal axes", () => F.diagonal(x(), { axis1: 1, axis2: -1 }), ArgumentError, "diagonal: axis2"],
    ["a fraction of an offset", () => F.diagonal(x(), { offset: 0.5 }), ArgumentError, "diagonal: offset"],
    ["a diagonal of a vector", () => F.diagonal(F.zeros([3])), ArgumentError, "diagonal: axis2"],
    ["a diagonal of a scalar", () => F.diagonalEmbed(F.zeros([])), ShapeError, "diagonal_embed: x"],
    ["diag of three axes", () => F.diag(F.zeros([1, 1, 1])), ShapeError, "diag: x"],
    [
      "another diagonal",
      () => F.diagonalScatter(x(), F.zeros([3])),
      ShapeError,
      "place_diagonal: x: expected [2], got [3]",
    ],
    ["a triangle of a vector", () => F.triu(F.zeros([3])), ShapeError, "triu: x"],
    ["a norm of integers", () => F.vectorNorm(ints([1])), DtypeError, "vector_norm: x"],
    ["no p", () => F.vectorNorm(x(), Number.NaN), ArgumentError, "vector_norm: p"],
    ["the largest of nothing", () => F.vectorNorm(F.zeros([0]), Number.POSITIVE_INFINITY), ArgumentError, "max: x"],
    ["matrix norm", () => F.matrixNorm(x(), 3), ArgumentError, "matrix_norm: ord"],
    ["one axis for a matrix", () => F.matrixNorm(x(), 1, { axes: [1, 1] }), ArgumentError, "matrix_norm: axes"],
    ["rows of other lengths", () => F.cdist(x(), F.zeros([2, 4])), ShapeError, "cdist: b"],
    ["a negative p of distances", () => F.cdist(x(), x(), -1), ArgumentError, "cdist: p"],
    ["a cross product of two", () => F.cross(F.zeros([2]), F.zeros([3])), ShapeError, "cross: a"],
  ])("%s", (_, call, kind, words) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(words);
  });
});

test("integers, bools and empty tensors move as floats do", async () => {
  expect(await read(F.roll(ints([1, 2, 3]), 1))).toEqual([3, 1, 2]);
  expect(await read(F.diagonalEmbed(F.fromData([true, true], [2], "bool")))).toEqual([1, 0, 0, 1]);
  expect(await read(F.trace(F.fromData([true, true, false, true], [2, 2], "bool")))).toEqual([2]);
  expect(await read(F.triu(ints([1, 2, 3, 4], [2, 2]), 1))).toEqual([0, 2, 0, 0]);
  expect(await read(F.diff(F.fromData([true, true, false], [3], "bool")))).toEqual([0, 1]);
  expect(F.diagonal(F.zeros([0, 3])).shape).toEqual([0]);
  expect(F.cdist(F.zeros([0, 3]), F.zeros([2, 3])).shape).toEqual([0, 2]);
  expect(await read(F.cdist(F.zeros([1, 0]), F.zeros([2, 0])))).toEqual([0, 0]);
  expect(F.kron(F.zeros([0]), F.zeros([2])).shape).toEqual([0]);
  expect(F.meshgrid([])).toEqual([]);
});

test("repeats of a given total are cut off, or the last goes on", async () => {
  const x = ints([7, 8, 9]);
  expect(await read(F.repeatElements(x, ints([1, 2, 1]), { total: 2 }))).toEqual([7, 8]);
  expect(await read(F.repeatElements(x, ints([1, 2, 1]), { total: 6 }))).toEqual([7, 8, 8, 9, 9, 9]);
  expect(await read(await F.repeatElementsByCounts(x, ints([2])))).toEqual([7, 7, 8, 8, 9, 9]);
});

test("captured they give the same bits, also with other values", async () => {
  const step = (x: F.Tensor): F.Tensor[] => {
    const [sorted, order] = F.sort(x, { axis: 1 });
    const put = F.scatterAlong(x, order, sorted, { axis: 1, combination: "add" });
    return [
      sorted,
      order,
      F.cumsum(x, { axis: 1 }),
      put,
      F.roll(x, 3, 1),
      F.diagonal(x),
      F.quantile(x, 0.3, { axes: 1 }),
    ];
  };
  const captured = F.capture(step);
  for (const seed of [1, 2]) {
    const x = F.fromData(
      Array.from({ length: 300 }, (_, i) => Math.sin(seed * i * 17)),
      [2, 150],
    );
    const [eager, replayed] = [step(x), captured(x) as F.Tensor[]];
    for (const [i, y] of eager.entries()) expect(await read(replayed[i] as F.Tensor)).toEqual(await read(y));
  }
});
