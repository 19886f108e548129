import { describe, expect, test } from "vitest";
import { createRandom, formulaWeights } from "./random.js";

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

describe("createRandom", () => {
  test("gives the same stream for the same seed and another for another", () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return [...random.uniform(20), ...random.normal([4, 5]), ...random.integers(9, 0, 100), ...random.distinct(8)];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test("refuses a seed that is no integer", () => {
    expect(() => createRandom(0.5)).toThrow("seed must be an integer, got 0.5");
    expect(() => createRandom(Number.NaN)).toThrow("NaN");
  });

  test("uniform fills shape and range evenly", () => {
    const values = createRandom(1).uniform([100, 100], 2, 5);
    expect(values).toBeInstanceOf(Float32Array);
    expect(values).toHaveLength(10_000);
    expect(values.every((v) => v >= 2 && v < 5)).toBe(true);
    expect(mean(values)).toBeCloseTo(3.5, 1);
    const bins = new Array(10).fill(0);
    for (const v of values) bins[Math.floor(((v - 2) / 3) * 10)]++;
    expect(Math.min(...bins)).toBeGreaterThan(880);
    expect(Math.max(...bins)).toBeLessThan(1120);
    expect(
      createRandom(1)
        .uniform(1000)
        .some((v) => v < -0.9),
    ).toBe(true);
  });

  test("consecutive values do not follow each other", () => {
    const values = createRandom(5).uniform(20_000);
    const products = values.slice(1).map((v, i) => v * values[i]!);
    expect(Math.abs(mean(products))).toBeLessThan(0.01);
  });

  test("normal has mean 0, variance 1 and the tails of a normal distribution", () => {
    const values = createRandom(2).normal(20_000);
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    expect(mean(values.map((v) => v * v))).toBeCloseTo(1, 1);
    const beyond2 = values.filter((v) => Math.abs(v) > 2).length / values.length;
    expect(beyond2).toBeGreaterThan(0.04);
    expect(beyond2).toBeLessThan(0.051);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test("integers cover [lo, hi)", () => {
    const values = createRandom(3).integers([10, 50], -2, 3);
    expect(values).toBeInstanceOf(Int32Array);
    expect([...new Set(values)].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    expect(() => createRandom(3).integers(4, 1, 1)).toThrow("[1, 1) is empty");
  });

  test("permutation holds every index once, in another order", () => {
    const order = [...createRandom(4).permutation(50)];
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test.each([1, 2, 7, 64, 999])("distinct keeps %i values apart from each other and from 0", (n) => {
    const values = createRandom(n).distinct(n, 0.25);
    expect(values).toHaveLength(n);
    const sorted = [...values].sort((a, b) => a - b);
    expect(sorted.slice(1).every((v, i) => v - sorted[i]! >= 0.25)).toBe(true);
    expect(sorted.every((v) => Math.abs(v) >= 0.125)).toBe(true);
    if (n > 7) expect([...values]).not.toEqual(sorted);
  });

  test("refuses a shape that is none", () => {
    expect(() => createRandom(0).uniform([2, -1])).toThrow("non-negative integers, got [2, -1]");
    expect(() => createRandom(0).normal(1.5)).toThrow("got [1.5]");
  });
});

describe("formulaWeights", () => {
  test("is a fixed float32 sequence within the scale", () => {
    const weights = formulaWeights(4, 0.5);
    // The finaliser of MurmurHash3 maps 1 to 0x514e28b7.
    expect(weights[0]).toBe(Math.fround(0.5 * (0x514e28b7 / 2 ** 31 - 1)));
    expect([...formulaWeights(9, 0.5).slice(0, 4)]).toEqual([...weights]);
    const many = formulaWeights(16_000, 0.25);
    expect(many.every((v) => v >= -0.25 && v < 0.25)).toBe(true);
    expect(Math.abs(mean(many))).toBeLessThan(0.005);
    expect(mean(many.map((v) => v * v))).toBeCloseTo(0.25 ** 2 / 3, 3);
  });

  test("has separate streams", () => {
    expect([...formulaWeights(100, 1, 0)]).not.toEqual([...formulaWeights(100, 1, 1)]);
  });
});
