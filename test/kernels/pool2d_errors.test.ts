// What pool2dGeometry refuses, and the shapes it gives.
import { ArgumentError, type FacetError, type Pool2dOptions, pool2dGeometry, ShapeError } from "@facet/kernels-wgsl";
import { describe, expect, test } from "vitest";

const plain: Pool2dOptions = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], layout: "NHWC" };
const X = [2, 8, 9, 6];

describe("pool2dGeometry refuses", () => {
  type Row = [what: string, x: number[], options: object, error: typeof FacetError, message: string];
  const rows: Row[] = [
    ["rank 3", [8, 9, 6], {}, ShapeError, "x: expected a batch of NHWC images that are not empty, got [8, 9, 6]"],
    [
      "no rows",
      [2, 0, 9, 6],
      {},
      ShapeError,
      "x: expected a batch of NHWC images that are not empty, got [2, 0, 9, 6]",
    ],
    [
      "no channels",
      [2, 0, 8, 9],
      { layout: "NCHW" },
      ShapeError,
      "x: expected a batch of NCHW images that are not empty",
    ],
    ["a window of 0", X, { window: [2, 0] }, ArgumentError, "window: expected 2 integers of at least 1, got [2, 0]"],
    ["a window of 3 axes", X, { window: [2, 2, 2] }, ArgumentError, "window: expected 2 integers of at least 1"],
    ["a fraction", X, { window: [2, 1.5] }, ArgumentError, "window: expected 2 integers of at least 1, got [2, 1.5]"],
    ["a stride of 0", X, { stride: [0, 2] }, ArgumentError, "stride: expected 2 integers of at least 1, got [0, 2]"],
    ["a negative stride", X, { stride: [1, -1] }, ArgumentError, "stride: expected 2 integers of at least 1"],
    ["a NaN stride", X, { stride: [1, Number.NaN] }, ArgumentError, "stride: expected 2 integers of at least 1"],
    ["a dilation of 0", X, { dilation: [1, 0] }, ArgumentError, "dilation: expected 2 integers of at least 1"],
    [
      "negative padding",
      X,
      { padding: [0, 0, -1, 0] },
      ArgumentError,
      "padding: expected 4 integers of at least 0, got [0, 0, -1, 0]",
    ],
    [
      "padding of one number",
      X,
      { padding: [1] },
      ArgumentError,
      "padding: expected 4 integers of at least 0, got [1]",
    ],
    ["another layout", X, { layout: "HWNC" }, ArgumentError, "layout: expected NHWC or NCHW, got HWNC"],
    ["a window too high", X, { window: [9, 2] }, ShapeError, "window: expected at most the padded height 8, got 9"],
    [
      "a window too wide for the padding",
      X,
      { window: [2, 13], padding: [0, 0, 1, 2] },
      ShapeError,
      "window: expected at most the padded width 12, got 13",
    ],
    [
      "a window too wide for its dilation",
      X,
      { window: [2, 4], dilation: [1, 3] },
      ShapeError,
      "window: expected at most the padded width 9, got 4 taps that span 10",
    ],
    [
      "a window that ceil mode cannot save",
      X,
      { window: [10, 2], ceilMode: true },
      ShapeError,
      "window: expected at most the padded height 8, got 10",
    ],
  ];
  test.each(rows)("%s", (_, x, options, error, message) => {
    const call = () => pool2dGeometry(x, { ...plain, ...options } as Pool2dOptions);
    expect(call).toThrow(error);
    expect(call).toThrow(`max_pool2d: ${message}`);
  });

  test("in the name of the op that asked", () => {
    expect(() => pool2dGeometry(X, { ...plain, window: [9, 2] }, "avg_pool2d")).toThrow(/^avg_pool2d: window/);
  });
});

describe("pool2dGeometry gives shapes", () => {
  type Row = [what: string, x: number[], options: Partial<Pool2dOptions>, shape: number[]];
  const rows: Row[] = [
    ["NHWC", X, {}, [2, 4, 4, 6]],
    ["NCHW", X, { layout: "NCHW" }, [2, 8, 4, 3]],
    ["with padding and stride 1", X, { window: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1] }, [2, 8, 9, 6]],
    ["with asymmetric padding", X, { padding: [0, 0, 0, 1] }, [2, 4, 5, 6]],
    ["with dilation", X, { stride: [1, 1], dilation: [3, 4] }, [2, 5, 5, 6]],
    ["in ceil mode", X, { ceilMode: true }, [2, 4, 5, 6]],
    // A sixth column of windows would start in the padding on the right.
    ["in ceil mode, last window dropped", X, { ceilMode: true, padding: [1, 1, 1, 1] }, [2, 5, 5, 6]],
    ["in ceil mode, window beyond the input", [1, 2, 2, 1], { window: [3, 3], ceilMode: true }, [1, 1, 1, 1]],
    ["with padding above half the window", X, { padding: [2, 2, 2, 2] }, [2, 6, 6, 6]],
  ];
  test.each(rows)("%s", (_, x, options, shape) => {
    expect(pool2dGeometry(x, { ...plain, ...options }).shape).toEqual(shape);
  });
});
