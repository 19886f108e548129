// What softmaxGeometry refuses, and how it splits a shape.
import { ArgumentError, type FacetError, softmaxGeometry } from "@facet/kernels-wgsl";
import { describe, expect, test } from "vitest";

describe("softmaxGeometry refuses", () => {
  type Row = [what: string, x: number[], axis: number, error: typeof FacetError, message: string];
  const rows: Row[] = [
    ["an axis of a scalar", [], 1, ArgumentError, "axis: expected an integer from -1 to 0 for shape [], got 1"],
    ["an axis too far", [3, 4], 2, ArgumentError, "axis: expected an integer from -2 to 1 for shape [3, 4], got 2"],
    ["an axis too far back", [3, 4], -3, ArgumentError, "axis: expected an integer from -2 to 1"],
    ["half an axis", [3, 4], 0.5, ArgumentError, "axis: expected an integer from -2 to 1 for shape [3, 4], got 0.5"],
    ["a NaN axis", [3, 4], Number.NaN, ArgumentError, "axis: expected an integer from -2 to 1"],
  ];
  test.each(rows)("%s", (_, x, axis, error, message) => {
    const call = () => softmaxGeometry(x, axis, "log_softmax");
    expect(call).toThrow(error);
    expect(call).toThrow(`log_softmax: ${message}`);
  });
});

test.each([
  [0, { outer: 1, size: 2, inner: 12 }],
  [1, { outer: 2, size: 3, inner: 4 }],
  [2, { outer: 6, size: 4, inner: 1 }],
  [-1, { outer: 6, size: 4, inner: 1 }],
  [-3, { outer: 1, size: 2, inner: 12 }],
])("softmaxGeometry of [2, 3, 4] along axis %d", (axis, params) => {
  expect(softmaxGeometry([2, 3, 4], axis)).toEqual({ shape: [2, 3, 4], params });
});
