// Distributions of the core: moments and supports of samples, shapes, repeatability, and what they refuse. Their numbers are held
// against JAX' in test/jax/goldens_random.test.ts.
import * as F from "@facet/autograd";
import { describe, expect, test } from "vitest";

await F.startDevice();

const N = 20_000;
const key = F.keyFromSeed(7);
const full = (value: number): F.Tensor => F.full([N], value);

interface Row {
  draw: (key: F.Key) => F.Tensor;
  mean: number;
  variance: number;
  /** Whether a value can be. */
  can: (x: number) => boolean;
}

const EULER = 0.5772156649;
const whole = (low: number, high: number) => (x: number) => Number.isInteger(x) && x >= low && x < high;
const table: Record<string, Row> = {
  uniform: { draw: (k) => F.uniform(k, [N], -1, 3), mean: 1, variance: 16 / 12, can: (x) => x >= -1 && x < 3 },
  normal: { draw: (k) => F.normal(k, [N], 2, 0.5), mean: 2, variance: 0.25, can: (x) => Math.abs(x - 2) < 3 },
  truncated_normal: {
    draw: (k) => F.truncatedNormal(k, [N], -1, 1),
    mean: 0,
    variance: 0.2911250947,
    can: (x) => Math.abs(x) < 1,
  },
  bernoulli: { draw: (k) => F.bernoulli(k, [N], 0.3), mean: 0.3, variance: 0.21, can: whole(0, 2) },
  randint: { draw: (k) => F.randint(k, [N], -3, 7), mean: 1.5, variance: 99 / 12, can: whole(-3, 7) },
  exponential: { draw: (k) => F.exponential(k, [N]), mean: 1, variance: 1, can: (x) => x >= 0 },
  gumbel: { draw: (k) => F.gumbel(k, [N]), mean: EULER, variance: Math.PI ** 2 / 6, can: Number.isFinite },
  laplace: { draw: (k) => F.laplace(k, [N]), mean: 0, variance: 2, can: Number.isFinite },
  logistic: { draw: (k) => F.logistic(k, [N]), mean: 0, variance: Math.PI ** 2 / 3, can: Number.isFinite },
  rademacher: { draw: (k) => F.rademacher(k, [N]), mean: 0, variance: 1, can: (x) => Math.abs(x) === 1 },
  gamma: { draw: (k) => F.randomGamma(k, full(2.5)), mean: 2.5, variance: 2.5, can: (x) => x > 0 },
  "gamma, small shape": { draw: (k) => F.randomGamma(k, full(0.3)), mean: 0.3, variance: 0.3, can: (x) => x >= 0 },
  beta: { draw: (k) => F.randomBeta(k, full(2), full(3), [N]), mean: 0.4, variance: 0.04, can: (x) => x > 0 && x < 1 },
  "poisson, small": { draw: (k) => F.randomPoisson(k, full(3.5)), mean: 3.5, variance: 3.5, can: whole(0, 100) },
  "poisson, large": { draw: (k) => F.randomPoisson(k, full(40)), mean: 40, variance: 40, can: whole(0, 200) },
  "poisson, huge": { draw: (k) => F.randomPoisson(k, full(1e4)), mean: 1e4, variance: 1e4, can: whole(9000, 11_000) },
  choice: {
    draw: (k) => F.choice(k, 3, [N], { p: F.fromData([0.5, 0.25, 0.25], [3]) }),
    mean: 0.75,
    variance: 1.25 - 0.5625,
    can: whole(0, 3),
  },
  categorical: {
    draw: (k) => F.categorical(k, F.log(F.fromData([0.5, 0.25, 0.25], [3])), [N]),
    mean: 0.75,
    variance: 1.25 - 0.5625,
    can: whole(0, 3),
  },
};

describe.each(Object.entries(table))("%s", (_, { draw, mean, variance, can }) => {
  test("has its mean, its variance and its support", async () => {
    const values = Array.from(await draw(key).data(), Number);
    expect(values).toHaveLength(N);
    expect(values.filter((x) => !can(x))).toEqual([]);
    const average = values.reduce((sum, x) => sum + x, 0) / N;
    const spread = values.reduce((sum, x) => sum + (x - average) ** 2, 0) / N;
    const fourth = values.reduce((sum, x) => sum + (x - average) ** 4, 0) / N;
    // Five deviations of the sample's mean, and of its variance.
    expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(variance / N) + 1e-6);
    expect(Math.abs(spread - variance)).toBeLessThan(5 * Math.sqrt((fourth - spread ** 2) / N) + 1e-6);
  });

  test("is the same for the same key, and another for another", async () => {
    const [a, b, c] = await Promise.all(
      [key, key, F.foldIn(key, 1)].map(async (k) => Array.from(await draw(k).data(), Number)),
    );
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
});

test("cauchy has its quartiles", async () => {
  const values = (Array.from(await F.cauchy(key, [N]).data(), Number) as number[]).sort((a, b) => a - b);
  for (const [share, quartile] of [
    [0.25, -1],
    [0.5, 0],
    [0.75, 1],
  ] as const)
    expect(Math.abs((values[share * N] as number) - quartile)).toBeLessThan(0.1);
});

test("dirichlet draws shares that sum to 1, with their means", async () => {
  const alpha = F.fromData([0.5, 1, 2.5], [3]);
  const y = F.randomDirichlet(key, alpha, [5000]);
  expect(y.shape).toEqual([5000, 3]);
  const values = Array.from(await y.data(), Number);
  for (const [i, expected] of [0.125, 0.25, 0.625].entries()) {
    const mean = values.filter((_, j) => j % 3 === i).reduce((sum, x) => sum + x, 0) / 5000;
    expect(Math.abs(mean - expected)).toBeLessThan(0.02);
  }
  for (let row = 0; row < 15_000; row += 3)
    expect((values[row] as number) + (values[row + 1] as number) + (values[row + 2] as number)).toBeCloseTo(1, 5);
});

test("an order is a permutation, also one sorted more than once, and choice without replacement a part of one", async () => {
  for (const n of [0, 1, 10, 3000]) {
    const order = Array.from(await F.shuffledOrder(key, n).data(), Number);
    expect(order.slice().sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(order).toEqual(Array.from(F.permutation(key, n)));
  }
  const some = Array.from(await F.choice(key, 50, [4, 5], { replace: false }).data(), Number);
  expect(new Set(some).size).toBe(20);
  const p = F.fromData(
    Array.from({ length: 50 }, (_, i) => (i < 20 ? 0.05 : 0)),
    [50],
  );
  const weighted = Array.from(await F.choice(key, 50, [20], { replace: false, p }).data(), Number);
  expect(weighted.slice().sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test("parameters are broadcast, empty shapes are ordinary, and captured draws are those of an eager run", async () => {
  const y = F.randomGamma(key, F.fromData([1, 2, 3], [3]), [4, 3]);
  expect(y.shape).toEqual([4, 3]);
  expect(F.randomPoisson(key, F.full([], 2), [0, 3]).shape).toEqual([0, 3]);
  expect(F.randint(key, [0], 0, 2).shape).toEqual([0]);
  const draw = (alpha: F.Tensor) => [F.randomGamma(key, alpha), F.randomPoisson(key, alpha), F.exponential(key, [3])];
  const alpha = F.fromData([0.5, 2, 30], [3]);
  const captured = F.capture(draw);
  const read = async (tensors: readonly F.Tensor[]) => Promise.all(tensors.map(async (t) => [...(await t.data())]));
  const eager = await read(draw(alpha));
  for (const _ of [0, 1]) expect(await read(captured(alpha) as F.Tensor[])).toEqual(eager);
});

test.each([
  ["randint of an empty range", () => F.randint(key, [2], 3, 3), F.ArgumentError],
  ["randint beyond int32", () => F.randint(key, [2], 0, 2 ** 31 + 1), F.ArgumentError],
  ["gamma of a shape that does not broadcast", () => F.randomGamma(key, F.zeros([3]), [2]), F.ShapeError],
  ["poisson of a shape that does not broadcast", () => F.randomPoisson(key, F.zeros([2, 3]), [3]), F.ShapeError],
  ["dirichlet without an axis", () => F.randomDirichlet(key, F.full([], 1)), F.ShapeError],
  ["choice of more than there are", () => F.choice(key, 3, [4], { replace: false }), F.ArgumentError],
  ["choice of nothing", () => F.choice(key, 0, [1]), F.ArgumentError],
  ["choice by probabilities of others", () => F.choice(key, 3, [1], { p: F.zeros([2]) }), F.ShapeError],
] as const)("%s is refused", (_, call, kind) => {
  expect(call).toThrow(kind);
});
