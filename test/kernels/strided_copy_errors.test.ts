// Geometry of data movement: shapes, and bad input, which gives typed errors before any device work.
import {
  ArgumentError,
  concatGeometry,
  expandGeometry,
  flipGeometry,
  placeGeometry,
  ShapeError,
  sliceGeometry,
  transposeGeometry,
} from "@facet/kernels-wgsl";
import { describe, expect, test } from "vitest";

describe("transposeGeometry", () => {
  test("merges axes that stay together", () => {
    const { shape, params } = transposeGeometry([2, 3, 4, 5], [0, 3, 1, 2]);
    expect(shape).toEqual([2, 5, 3, 4]);
    expect(params).toMatchObject({ count: 120, rank: 3, x_inner: 1 });
    expect(params.axes.slice(0, 12)).toEqual([12, 5, 1, 0, 5, 1, 12, 0, 2, 60, 60, 0]);
  });

  test("refuses what is no permutation", () => {
    expect(() => transposeGeometry([2, 3], [0, 0])).toThrow(ShapeError);
    expect(() => transposeGeometry([2, 3], [0, 2])).toThrow("transpose: permutation: expected each of 0 to 1 once");
    expect(() => transposeGeometry([2, 3], [0])).toThrow(ShapeError);
  });

  test("refuses more than twelve axes that lie apart", () => {
    const shape = new Array(13).fill(2);
    const down = [...shape.keys()].reverse();
    expect(() => transposeGeometry(shape, down)).toThrow(ShapeError);
    expect(transposeGeometry(shape, [11, 12, ...down.slice(2)]).params.rank).toBe(12);
  });
});

describe("sliceGeometry", () => {
  test("steps up and down", () => {
    expect(sliceGeometry([10], [1], [8], [3]).shape).toEqual([3]);
    const { shape, params } = sliceGeometry([4, 10], [0, 9], [4, -1], [1, -4]);
    expect(shape).toEqual([4, 3]);
    expect(params).toMatchObject({ x_offset: 9, y_offset: 0 });
    expect(params.axes.slice(0, 3)).toEqual([3, 2 ** 32 - 4, 1]);
  });

  test("refuses bounds beyond the shape and steps of 0", () => {
    expect(() => sliceGeometry([4], [0], [5])).toThrow(ArgumentError);
    expect(() => sliceGeometry([4], [0], [5])).toThrow(
      "slice: dimension 0: expected 0 <= start <= stop <= 4, got 0 to 5",
    );
    expect(() => sliceGeometry([4], [3], [2])).toThrow(ArgumentError);
    expect(() => sliceGeometry([4], [-1], [2])).toThrow(ArgumentError);
    expect(() => sliceGeometry([4], [4], [-1], [-1])).toThrow("expected 4 > start >= stop >= -1, got 4 to -1");
    expect(() => sliceGeometry([4], [0], [2], [0])).toThrow("slice: steps[0]: expected an integer other than 0, got 0");
    expect(() => sliceGeometry([4], [0], [2], [0.5])).toThrow(ArgumentError);
    expect(() => sliceGeometry([4, 4], [0], [2, 2])).toThrow(ShapeError);
  });
});

describe("placeGeometry", () => {
  test("is the reverse of slice", () => {
    const sliced = sliceGeometry([5, 9], [1, 8], [5, 1], [2, -3]);
    const placed = placeGeometry(sliced.shape, [5, 9], [1, 8], [2, -3]);
    expect(placed.shape).toEqual([5, 9]);
    expect(placed.params.y_offset).toBe(sliced.params.x_offset);
  });

  test("refuses what sticks out", () => {
    expect(() => placeGeometry([3], [4], [2])).toThrow(ArgumentError);
    expect(() => placeGeometry([3], [4], [2])).toThrow("place: dimension 0: expected 3 places within 4");
    expect(() => placeGeometry([3], [9], [1], [-1])).toThrow(ArgumentError);
    expect(() => placeGeometry([3], [9], [-1])).toThrow(ArgumentError);
    expect(() => placeGeometry([3], [9], [0], [0])).toThrow(ArgumentError);
    expect(() => placeGeometry([3], [9, 9], [0])).toThrow(ShapeError);
  });
});

describe("expandGeometry", () => {
  test("repeats extents of 1 and leading axes", () => {
    const { shape, params } = expandGeometry([3, 1], [2, 3, 4]);
    expect(shape).toEqual([2, 3, 4]);
    expect(params.axes.slice(0, 12)).toEqual([4, 0, 1, 0, 3, 1, 4, 0, 2, 0, 12, 0]);
  });

  test("refuses shapes that do not broadcast", () => {
    expect(() => expandGeometry([3], [4])).toThrow(ShapeError);
    expect(() => expandGeometry([2, 3], [3])).toThrow(
      "expand: shape: expected a shape that [2, 3] broadcasts to, got [3]",
    );
  });
});

describe("concatGeometry", () => {
  test("one part after another; an empty one copies nothing", () => {
    const { shape, parts } = concatGeometry(
      [
        [2, 3],
        [2, 0],
        [2, 1],
      ],
      -1,
    );
    expect(shape).toEqual([2, 4]);
    expect(parts.map(({ count, y_offset }) => [count, y_offset])).toEqual([
      [6, 0],
      [0, 3],
      [2, 3],
    ]);
  });

  test("refuses extents that differ elsewhere, no operand, and a bad axis", () => {
    expect(() =>
      concatGeometry(
        [
          [2, 3],
          [3, 3],
        ],
        1,
      ),
    ).toThrow(ShapeError);
    expect(() => concatGeometry([[2, 3], [2]], 0)).toThrow(
      "concat: tensors[1]: expected [2, 3] but for dimension 0, got [2]",
    );
    expect(() => concatGeometry([], 0)).toThrow(ArgumentError);
    expect(() => concatGeometry([[2]], 1)).toThrow(ArgumentError);
    expect(concatGeometry([[0], [0]], 0).shape).toEqual([0]);
  });
});

test("flipGeometry starts from the end, and refuses axes out of range", () => {
  expect(flipGeometry([2, 3], [-1]).params).toMatchObject({ x_offset: 2, count: 6 });
  expect(() => flipGeometry([2, 3], [2])).toThrow(ArgumentError);
});
