// What conv2dGeometry refuses, and the output shapes and chunk plans it gives.
import {
  ArgumentError,
  type Conv2dOptions,
  conv2dBackwardFilterPlan,
  conv2dGeometry,
  type FacetError,
  ShapeError,
} from "@facet/kernels-wgsl";
import { describe, expect, test } from "vitest";

const plain: Conv2dOptions = {
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  layout: "NHWC",
  filterLayout: "HWIO",
};
const X = [2, 8, 9, 6];
const W = [3, 2, 6, 4];

describe("conv2dGeometry refuses", () => {
  type Row = [what: string, x: number[], w: number[], options: object, error: typeof FacetError, message: string];
  const rows: Row[] = [
    ["rank 3 x", [8, 9, 6], W, {}, ShapeError, "conv2d: x: expected rank 4 (NHWC), got [8, 9, 6]"],
    ["rank 5 w", X, [1, 3, 2, 6, 4], {}, ShapeError, "conv2d: w: expected rank 4 (HWIO), got [1, 3, 2, 6, 4]"],
    ["no rows", [2, 0, 9, 6], W, {}, ShapeError, "conv2d: x: expected no empty axis (NHWC) but N, got [2, 0, 9, 6]"],
    ["no channels", [2, 8, 9, 0], [3, 2, 0, 4], {}, ShapeError, "conv2d: x: expected no empty axis (NHWC)"],
    ["no filters", X, [3, 2, 6, 0], {}, ShapeError, "conv2d: w: expected no empty axis (HWIO), got [3, 2, 6, 0]"],
    ["an empty window", X, [0, 2, 6, 4], {}, ShapeError, "conv2d: w: expected no empty axis (HWIO)"],
    ["other channels", X, [3, 2, 5, 4], {}, ShapeError, "conv2d: w: expected 6 input channels (6 of x in 1 group)"],
    [
      "channels in the other layout",
      X,
      W,
      { filterLayout: "OIHW" },
      ShapeError,
      "conv2d: w: expected 6 input channels (6 of x in 1 group), got 2 in [3, 2, 6, 4]",
    ],
    [
      "whole filters with groups",
      X,
      W,
      { groups: 2 },
      ShapeError,
      "conv2d: w: expected 3 input channels (6 of x in 2 groups), got 6 in [3, 2, 6, 4]",
    ],
    [
      "groups that do not divide the input",
      X,
      [3, 2, 2, 4],
      { groups: 4 },
      ArgumentError,
      "conv2d: groups: expected a divisor of 6 input and 4 output channels, got 4",
    ],
    ["groups that do not divide the output", X, [3, 2, 2, 4], { groups: 3 }, ArgumentError, "conv2d: groups: expected"],
    ["zero groups", X, W, { groups: 0 }, ArgumentError, "conv2d: groups: expected a positive integer, got 0"],
    [
      "zero stride",
      X,
      W,
      { stride: [1, 0] },
      ArgumentError,
      "conv2d: stride: expected 2 positive integers, got [1, 0]",
    ],
    ["negative stride", X, W, { stride: [-1, 1] }, ArgumentError, "conv2d: stride: expected 2 positive integers"],
    ["fractional stride", X, W, { stride: [1, 1.5] }, ArgumentError, "conv2d: stride: expected 2 positive integers"],
    ["one stride", X, W, { stride: [1] }, ArgumentError, "conv2d: stride: expected 2 positive integers, got [1]"],
    ["zero dilation", X, W, { dilation: [0, 1] }, ArgumentError, "conv2d: dilation: expected 2 positive integers"],
    [
      "negative padding",
      X,
      W,
      { padding: [0, -1, 0, 0] },
      ArgumentError,
      "conv2d: padding: expected 4 non-negative integers, got [0, -1, 0, 0]",
    ],
    ["NaN padding", X, W, { padding: [0, 0, Number.NaN, 0] }, ArgumentError, "conv2d: padding: expected 4"],
    ["two paddings", X, W, { padding: [1, 1] }, ArgumentError, "conv2d: padding: expected 4 non-negative integers"],
    ["unknown layout", X, W, { layout: "CHWN" }, ArgumentError, "conv2d: layout: expected NHWC or NCHW, got CHWN"],
    ["unknown filter layout", X, W, { filterLayout: "IOHW" }, ArgumentError, "conv2d: filterLayout: expected HWIO or"],
    [
      "a window higher than the image",
      X,
      [9, 2, 6, 4],
      {},
      ShapeError,
      "conv2d: w: expected a dilated window within the padded input of 8 x 9, got 9 x 2 from [9, 2, 6, 4]",
    ],
    [
      "a dilated window wider than the padded image",
      X,
      W,
      { dilation: [1, 11], padding: [0, 0, 1, 1] },
      ShapeError,
      "conv2d: w: expected a dilated window within the padded input of 8 x 11, got 3 x 12",
    ],
  ];
  test.each(rows)("%s", (_, x, w, options, error, message) => {
    const call = () => conv2dGeometry(x, w, { ...plain, ...options });
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});

describe("conv2dGeometry gives", () => {
  test("the shape of y in each layout", () => {
    expect(conv2dGeometry(X, W, plain).shape).toEqual([2, 6, 8, 4]);
    const torch: Conv2dOptions = { ...plain, layout: "NCHW", filterLayout: "OIHW" };
    expect(conv2dGeometry([2, 6, 8, 9], [4, 6, 3, 2], torch).shape).toEqual([2, 4, 6, 8]);
  });

  test("a window as large as the padded input one result", () => {
    const options: Conv2dOptions = { ...plain, padding: [1, 0, 2, 0], dilation: [4, 10], stride: [5, 7] };
    expect(conv2dGeometry(X, W, options).shape).toEqual([2, 1, 1, 4]);
  });

  test("strides, padding and dilation as PyTorch counts them", () => {
    const options: Conv2dOptions = { ...plain, padding: [1, 1, 2, 2], dilation: [2, 3], stride: [2, 3] };
    // floor((8 + 2 - 2 * 2 - 1) / 2) + 1, floor((9 + 4 - 3 * 1 - 1) / 3) + 1
    expect(conv2dGeometry(X, W, options).shape).toEqual([2, 3, 4, 4]);
  });
});

describe("conv2dBackwardFilterPlan", () => {
  const plan = (x: number[], w: number[]) => conv2dBackwardFilterPlan(conv2dGeometry(x, w, plain).params);

  test("cuts a long sum for a small filter", () => {
    const { chunks, partialElements, partialParams, reduceParams } = plan([128, 28, 28, 1], [3, 3, 1, 32]);
    expect(chunks).toBeGreaterThan(100);
    expect(partialElements).toBe(chunks * 288);
    expect(reduceParams).toEqual({ count: 288, chunks });
    expect((chunks - 1) * partialParams.chunk_rows).toBeLessThan(128 * 26);
    expect(chunks * partialParams.chunk_rows).toBeGreaterThanOrEqual(128 * 26);
  });

  test("leaves a short sum and a large filter in one piece", () => {
    expect(plan([1, 5, 5, 3], [3, 3, 3, 4]).chunks).toBe(1);
    expect(plan([128, 16, 16, 512], [3, 3, 512, 512]).chunks).toBe(1);
  });
});
