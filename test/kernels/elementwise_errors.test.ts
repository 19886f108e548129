// Bad input of the elementwise geometry and expressions: typed errors, before any device work.
import {
  DtypeError,
  elementwiseConstants,
  elementwiseGeometry,
  resultDtype,
  ShapeError,
  UnsupportedError,
} from "@facet/kernels-wgsl";
import { describe, expect, test } from "vitest";

describe("elementwiseGeometry", () => {
  test("broadcasts by numpy's rules and merges axes", () => {
    expect(elementwiseGeometry([[], []]).shape).toEqual([]);
    expect(
      elementwiseGeometry([
        [2, 1, 4],
        [3, 1],
      ]).shape,
    ).toEqual([2, 3, 4]);
    const { shape, params } = elementwiseGeometry([
      [2, 3, 4, 5],
      [3, 1, 1],
    ]);
    expect(shape).toEqual([2, 3, 4, 5]);
    expect(params.rank).toBe(3);
    expect(params.axes.slice(0, 12)).toEqual([20, 1, 0, 0, 3, 20, 1, 0, 2, 60, 0, 0]);
  });

  test("one shape, or one element beside it, needs a single axis", () => {
    expect(elementwiseGeometry([[2, 3, 4], [2, 3, 4], []]).params).toMatchObject({ rank: 1, count: 24 });
    expect(elementwiseGeometry([[1, 2, 1, 3]]).params).toMatchObject({ rank: 1, count: 6 });
  });

  test("carries the scalars", () => {
    expect(elementwiseGeometry([[3]], 0.5, -2).params).toMatchObject({ s0: 0.5, s1: -2 });
    expect(elementwiseGeometry([[3]]).params).toMatchObject({ s0: 0, s1: 0 });
  });

  test("refuses shapes that do not broadcast, naming the op", () => {
    const call = () => elementwiseGeometry([[2, 3], [2]], 0, 0, "add");
    expect(call).toThrow(ShapeError);
    expect(call).toThrow("add: shapes: expected shapes that broadcast");
    expect(call).toThrow("[2, 3] and [2]");
    expect(() => elementwiseGeometry([[2, 1], [1, 3], [4]])).toThrow(ShapeError);
    expect(() => elementwiseGeometry([[0], [3]])).toThrow(ShapeError);
  });

  test("broadcasts an extent of 1 to 0", () => {
    expect(elementwiseGeometry([[2, 0], [1]]).shape).toEqual([2, 0]);
    expect(elementwiseGeometry([[1], [0]]).params.count).toBe(0);
  });

  test("refuses more than twelve axes broadcast in turn", () => {
    const a = Array.from({ length: 13 }, (_, i) => 1 + (i % 2));
    const b = a.map((extent) => 3 - extent);
    expect(() => elementwiseGeometry([a, b])).toThrow(UnsupportedError);
    expect(elementwiseGeometry([a.slice(1), b.slice(1)]).params.rank).toBe(12);
    expect(elementwiseGeometry([new Array(20).fill(2), new Array(20).fill(2)]).params.rank).toBe(1);
  });
});

describe("elementwiseConstants", () => {
  test("sets expression and dtypes, the same object for the same arguments", () => {
    const constants = elementwiseConstants("less", ["i32", "i32"]);
    expect(constants).toEqual({ A: "i32", B: "i32", Y: "u32", f: "u32(a < b)" });
    expect(elementwiseConstants("less", ["i32", "i32"])).toBe(constants);
    expect(elementwiseConstants("maximum", ["i32", "i32"]).f).not.toBe(
      elementwiseConstants("maximum", ["f32", "f32"]).f,
    );
  });

  test("result dtypes: the last operand's unless the expression says otherwise", () => {
    expect(resultDtype("add", ["i32", "i32"])).toBe("i32");
    expect(resultDtype("equal", ["f32", "f32"])).toBe("u32");
    expect(resultDtype("to_f32", ["u32"])).toBe("f32");
    expect(resultDtype("where", ["u32", "f32", "f32"])).toBe("f32");
  });

  test("refuses dtypes the expression does not take", () => {
    expect(() => elementwiseConstants("exp", ["i32"])).toThrow(DtypeError);
    expect(() => elementwiseConstants("add", ["f32", "i32"])).toThrow(
      "add: dtypes: expected f32, f32 or i32, i32 or u32, u32, got f32, i32",
    );
    expect(() => elementwiseConstants("add", ["f32"])).toThrow(DtypeError);
  });
});
