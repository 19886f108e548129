import { describe, expect, test } from "vitest";
import { compare, expectClose } from "./allclose.js";

const exact = { rtol: 0, atol: 0 };

describe("compare", () => {
  test("measures errors and finds the element that uses most of its tolerance", () => {
    // Element 1 has the larger absolute error, element 2 the larger share of what it is allowed.
    const result = compare([1, 100.5, 0.3], [1, 100, 0.1], { rtol: 0.01, atol: 0.1 });
    expect(result.worstIndex).toBe(2);
    expect(result.maxAbsError).toBeCloseTo(0.5, 12);
    expect(result.maxRelError).toBeCloseTo(2, 12);
    expect(result.overTolerance).toBe(1);
    expect(result.percentOfAllowed).toBeCloseTo((100 * 0.2) / 0.101, 9);
    expect(result.ok).toBe(false);
    expect(result.count).toBe(3);
  });

  test("is relative to expected, not to actual", () => {
    expect(compare([2], [1], { rtol: 0.6, atol: 0 }).ok).toBe(false);
    expect(compare([1], [2], { rtol: 0.6, atol: 0 }).ok).toBe(true);
  });

  test("accepts an error equal to the tolerance", () => {
    const result = compare([1.5], [1], { rtol: 0, atol: 0.5 });
    expect(result).toMatchObject({ ok: true, percentOfAllowed: 100 });
  });

  test("with zero tolerance accepts only equal values", () => {
    expect(compare([0.1, -0], [0.1, 0], exact)).toMatchObject({ ok: true, maxAbsError: 0, percentOfAllowed: 0 });
    const result = compare([0.1 + 2 ** -55], [0.1], exact);
    expect(result).toMatchObject({ ok: false, percentOfAllowed: Number.POSITIVE_INFINITY });
  });

  test.each([
    ["NaN for a number", Number.NaN, 1, false],
    ["a number for NaN", 1, Number.NaN, false],
    ["NaN for NaN", Number.NaN, Number.NaN, true],
    ["Infinity for Infinity", Infinity, Infinity, true],
    ["-Infinity for Infinity", -Infinity, Infinity, false],
    ["Infinity for a number", Infinity, 1, false],
    ["a number for Infinity", 3e38, Infinity, false],
    ["NaN for Infinity", Number.NaN, Infinity, false],
    ["zero for NaN", 0, Number.NaN, false],
  ])("%s", (_, actual, expected, ok) => {
    const result = compare([0, actual], [0, expected], { rtol: 1, atol: 1e30 });
    expect(result.ok).toBe(ok);
    expect(result.overTolerance).toBe(ok ? 0 : 1);
    if (!ok) expect(result).toMatchObject({ worstIndex: 1, maxAbsError: Infinity, percentOfAllowed: Infinity });
  });

  test("an infinite tolerance does not absorb a NaN", () => {
    expect(compare([Number.NaN], [1], { rtol: Infinity, atol: Infinity }).ok).toBe(false);
  });

  test("empty arrays agree, and say that nothing was compared", () => {
    expect(compare([], [], exact)).toMatchObject({ ok: true, count: 0, worstIndex: -1 });
  });

  test("refuses different lengths, a wrong shape and tolerances that are no tolerances", () => {
    expect(() => compare([1, 2], [1], { ...exact, label: "dw" })).toThrow("dw: 2 actual values, 1 expected");
    expect(() => compare([1, 2], [1, 2], { ...exact, shape: [3] })).toThrow("shape [3] does not hold 2 values");
    expect(() => compare([1], [1], { rtol: Number.NaN, atol: 0 })).toThrow("rtol NaN");
    expect(() => compare([1], [1], { rtol: 0, atol: -1 })).toThrow("atol -1");
  });
});

describe("expectClose", () => {
  test("returns the comparison", () => {
    expect(expectClose([1.001], [1], { rtol: 0.01, atol: 0 }).percentOfAllowed).toBeCloseTo(10, 6);
  });

  test("reports label, shape, worst element as a multi-index, values side by side and the share of allowed error", () => {
    const expected = Array.from({ length: 24 }, (_, i) => i);
    const actual = expected.map((value, i) => (i === 17 ? value + 0.5 : value));
    const failing = () => expectClose(actual, expected, { rtol: 0, atol: 0.1, label: "y", shape: [2, 3, 4] });
    expect(failing).toThrow("y: 1 of 24 values over tolerance (rtol 0, atol 0.1), shape [2, 3, 4]");
    expect(failing).toThrow("worst at [1, 1, 1]: 500% of allowed error");
    expect(failing).toThrow(/\[0, 0, 0\]\s+0\s+0\s+0\n/);
    expect(failing).toThrow(/\[1, 1, 1\]\s+17\.5\s+17\s+0\.5$/);
  });

  test("reports a flat index without a shape, and NaN as such", () => {
    const failing = () => expectClose([1, Number.NaN], [1, 2], { rtol: 1e-3, atol: 0 });
    expect(failing).toThrow("values: 1 of 2 values over tolerance");
    expect(failing).toThrow("worst at [1]: Infinity% of allowed error");
    expect(failing).toThrow(/\[1\]\s+NaN\s+2\s+Infinity/);
  });
});
