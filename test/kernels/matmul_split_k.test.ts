// Products with a long k, which are summed in chunks: against sums in f64, in plans, and as gradients.
import * as F from "@facet/autograd";
import { matmulGeometry, matmulSplitKPlan } from "@facet/kernels-wgsl";
import { createRandom, expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

/** op(a) op(b) in f64; a has m rows and b n columns once transposed. */
function product(a: Float32Array, b: Float32Array, [m, k, n]: number[], transposeA = false, transposeB = false) {
  const [rows, inner, cols] = [m as number, k as number, n as number];
  const y = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) {
      let sum = 0;
      for (let c = 0; c < inner; c++)
        sum +=
          (a[transposeA ? c * rows + i : i * inner + c] as number) *
          (b[transposeB ? j * inner + c : c * cols + j] as number);
      y[i * cols + j] = sum;
    }
  return y;
}

/** Sums of k products of numbers below 1: a chunk rounds partial sums of magnitude about sqrt(1024). */
const tolerance = { rtol: 1e-5, atol: 5e-3 };
const read = async (tensor: F.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;

describe("the rule", () => {
  const plan = (m: number, k: number, n: number, batch: number[] = []) =>
    matmulSplitKPlan(matmulGeometry([...batch, m, k], [k, n]).params);

  test("cuts a long k where the result is small, and nothing else", () => {
    expect(plan(64, 100_000, 16)?.reduceParams).toEqual({ count: 1024, chunks: 97, period: 1024 });
    expect(plan(64, 16_384, 64)?.reduceParams).toEqual({ count: 4096, chunks: 16, period: 0 });
    expect(plan(64, 16_383, 64)).toBeUndefined();
    expect(plan(64, 16_384, 64, [2])).toBeUndefined();
    expect(plan(1024, 16_384, 1024)).toBeUndefined();
  });

  test("leaves no k out, and lets the rest begin where a binding may", () => {
    for (let k = 16_384; k < 70_000; k += 997) {
      const { chunkParams, rest } = plan(100, k, 7) ?? {};
      expect((chunkParams?.k ?? 0) * (chunkParams?.batch[3] ?? 0) + (rest?.params.k ?? 0)).toBe(k);
      expect((4 * (rest?.aOffset ?? 0)) % 256).toBe(0);
      expect((4 * (rest?.bOffset ?? 0)) % 256).toBe(0);
    }
  });
});

describe.each([
  ["chunks alone", 16_384],
  ["chunks and a rest", 16_500],
])("%s", (_, k) => {
  const [m, n] = [5, 3];
  const random = createRandom(3);
  const [a, b, bias] = [random.uniform(m * k), random.uniform(k * n), random.uniform(n)];

  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("transposed: a %s, b %s", async (transposeA, transposeB) => {
    const expected = product(a, b, [m, k, n], transposeA, transposeB);
    const left = F.fromData(a, transposeA ? [k, m] : [m, k]);
    const right = F.fromData(b, transposeB ? [n, k] : [k, n]);
    expectClose(await read(F.matmul(left, right, { transposeA, transposeB })), expected, { ...tolerance, label: "y" });
    const shifted = expected.map((value, i) => value + (bias[i % n] as number));
    const y = F.matmul(left, right, { transposeA, transposeB, bias: F.fromData(bias, [n]) });
    expectClose(await read(y), shifted, { ...tolerance, label: "y with bias" });
  });

  test("a plan applies the activation in the second pass, with the same bits", async () => {
    const [left, right, add] = [F.fromData(a, [m, k]), F.fromData(b, [k, n]), F.fromData(bias, [n])];
    const f = (x: F.Tensor) => F.relu(F.matmul(x, right, { bias: add }));
    const eager = await read(f(left));
    const run = F.capture(f);
    expect(await read(run(left))).toEqual(eager);
    expect(await read(run(left))).toEqual(eager);
    expect(eager.some((value) => value === 0) && eager.some((value) => value > 0)).toBe(true);
    expect(run.plans[0]?.commands.at(-1)?.kernel).toBe("matmul_split_k_reduce");
  });

  test("gradients over a long batch, and gradients of a product with a long k", async () => {
    const dy = random.uniform(k * n);
    const w = F.variable(F.fromData(random.uniform(m * n), [m, n]));
    const rows = F.fromData(a, [k, m]);
    const [dw] = F.gradients(F.matmul(rows, w), [w], { cotangents: F.fromData(dy, [k, n]) });
    expectClose(await read(dw as F.Tensor), product(a, dy, [m, k, n], true), { ...tolerance, label: "dw" });

    const [left, right] = [F.variable(F.fromData(a, [m, k])), F.variable(F.fromData(b, [k, n]))];
    const cotangent = random.uniform(m * n);
    const found = F.gradients(F.matmul(left, right), [left, right], { cotangents: F.fromData(cotangent, [m, n]) });
    const [da, db] = await Promise.all(found.map((gradient) => read(gradient as F.Tensor)));
    const label = "of the factors";
    expectClose(da as Float32Array, product(cotangent, b, [m, n, k], false, true), { ...tolerance, label });
    expectClose(db as Float32Array, product(a, cotangent, [k, m, n], true), { ...tolerance, label });
  });
});
