// Training in half precision: float32 masters of parameters, a loss scale that adapts on the device.
import * as F from "@facet/autograd";
import { createRandom } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const read = async (x: F.Tensor): Promise<number[]> => [...(await x.data())];
const half = (values: number[], dtype: F.Dtype = "float16"): F.Tensor =>
  F.variable(F.fromData(values, [values.length], dtype));

describe.each(["eager", "captured"])("an optimiser of parameters in half precision, %s", (how) => {
  const wrap = <A extends unknown[]>(step: (...args: A) => void): ((...args: A) => void) =>
    how === "eager" ? step : F.capture(step);

  test("updates float32 masters: steps too small for a half add up", async () => {
    const [p, q, r] = [half([1, 2, 3]), half([1], "bfloat16"), F.variable(F.fromData([1], [1]))];
    const optimizer = new F.FlatOptimizer(F.sgd, [p, q, r], { lr: 2 ** -13 });
    const step = wrap((a: F.Tensor, b: F.Tensor, c: F.Tensor) => optimizer.step([a, b, c]));
    const [a, b, c] = [F.ones([3], "float16"), F.ones([1], "bfloat16"), F.ones([1])];
    for (let i = 0; i < 7; i++) step(a, b, c);
    optimizer.step([a, b, c]);
    // One step of 2^-13 rounds back to 1 and 2 in float16; eight are 2^-10, which bfloat16 has not next to 1.
    expect(await read(p)).toEqual([1 - 2 ** -10, 2 - 2 ** -10, 3]);
    expect([await read(q), await read(r)]).toEqual([[1], [1 - 2 ** -10]]);
    expect([p.dtype, q.dtype, r.dtype]).toEqual(["float16", "bfloat16", "float32"]);
    const masters = optimizer.masters();
    expect(await Promise.all(masters.map(read))).toEqual(
      [[1, 2, 3], [1], [1]].map((values) => values.map((x) => x - 2 ** -10)),
    );
  });

  test("goes on from what was written to a parameter between two steps", async () => {
    const p = half([1, 2]);
    const optimizer = new F.FlatOptimizer(F.sgd, [p], { lr: 0.5 });
    const step = wrap((g: F.Tensor) => optimizer.step([g]));
    const g = F.ones([2], "float16");
    step(g);
    step(g);
    expect(await read(p)).toEqual([0, 1]);
    F.copyTensor(F.fromData([8, 16], [2], "float16"), p);
    step(g);
    expect(await read(p)).toEqual([7.5, 15.5]);
    step(g);
    expect(await read(p)).toEqual([7, 15]);
  });

  test("leaves out a step whose half gradients are infinite, and halves the scale", async () => {
    const p = half([1, 2]);
    const optimizer = new F.FlatOptimizer(F.sgd, [p], { lr: 1 });
    const scaler = new F.LossScaler({ initialScale: 2 ** 16, growthInterval: 2 });
    const step = wrap((x: F.Tensor) => {
      // The gradient of the scaled loss: x times the scale, which float16 may not hold.
      const loss = F.mul(F.cast(F.sum(F.mul(p, x)), "float32"), F.reshape(scaler.scale, []));
      optimizer.step(F.gradients(loss, [p]), undefined, () => ({ scaler }));
    });
    const x = F.fromData([0.5, 1], [2], "float16");
    const seen: number[][] = [];
    for (let i = 0; i < 3; i++) {
      step(x);
      seen.push([...(await read(p)), ...(await read(scaler.scale))]);
    }
    // 65 536 is infinite in float16.
    expect(seen).toEqual([
      [1, 2, 2 ** 15],
      [0.5, 1, 2 ** 15],
      [0, 0, 2 ** 16],
    ]);
  });
});

test("masters of an unknown dtype are refused", () => {
  expect(() => new F.FlatOptimizer(F.sgd, [F.zeros([2], "int32")], { lr: 1 })).toThrow(
    /sgd: params: expected float32 or float16 or bfloat16, got int32/,
  );
});

test("a captured step of a convolutional network in float16 trains as in float32", async () => {
  const random = createRandom(5);
  // Bars, upright or flat, in noise.
  const images = new Float32Array(32 * 8 * 8);
  const classes = Int32Array.from({ length: 32 }, (_, i) => i % 2);
  classes.forEach((upright, i) => {
    for (let at = 0; at < 64; at++) {
      const [row, column] = [at >> 3, at & 7];
      images[64 * i + at] = (((upright ? column : row) + i) % 4 < 2 ? 1 : 0) + (random.uniform(1)[0] as number) / 4;
    }
  });
  const draws = [random.uniform(3 * 3 * 4), random.uniform(36 * 2)].map((w) => w.map((x) => x / 3));

  const convolution: F.Conv2dAttrs = {
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
    groups: 1,
    layout: "NHWC",
    filterLayout: "HWIO",
  };

  async function losses(dtype: F.Dtype): Promise<number[]> {
    const w = F.variable(F.fromData(draws[0] as Float32Array, [3, 3, 1, 4], dtype));
    const b = F.variable(F.zeros([4], dtype));
    const dense = F.variable(F.fromData(draws[1] as Float32Array, [36, 2], dtype));
    const optimizer = new F.FlatOptimizer(F.adam, [w, b, dense], { lr: 0.02, beta1: 0.9, beta2: 0.999, eps: 1e-7 });
    const scaler = new F.LossScaler({ initialScale: 2 ** 12 });
    const step = F.capture((x: F.Tensor, labels: F.Tensor): F.Tensor => {
      const { result: loss, variables } = F.withVariables([w, b, dense], ([w, b, dense]) => {
        const y = F.relu(F.conv2d(F.cast(x, dtype), w as F.Tensor, b, convolution));
        const pooled = F.maxPool2d(y, { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], layout: "NHWC" });
        const logits = F.matmul(F.reshape(pooled, [32, -1]), dense as F.Tensor);
        const attrs = { labels: "index", reduction: "mean", labelSmoothing: 0 } as const;
        return F.softmaxCrossEntropy(F.cast(logits, "float32"), labels, attrs).loss;
      });
      const found = F.gradients(F.mul(loss, F.reshape(scaler.scale, [])), variables);
      optimizer.step(found, undefined, () => ({ scaler }));
      return loss;
    });
    const [x, labels] = [F.fromData(images, [32, 8, 8, 1]), F.fromData(classes, [32], "int32")];
    const seen: number[] = [];
    for (let i = 0; i < 60; i++) seen.push(await step(x, labels).item());
    expect(w.dtype).toBe(dtype);
    return seen;
  }

  const [single, half, brain] = [await losses("float32"), await losses("float16"), await losses("bfloat16")];
  expect(single[0]).toBeGreaterThan(0.5);
  for (const found of [single, half, brain]) expect(found.at(-1)).toBeLessThan(0.1);
  expect(Math.abs((half[0] as number) - (single[0] as number))).toBeLessThan(2e-3);
  expect(Math.abs((half.at(-1) as number) - (single.at(-1) as number))).toBeLessThan(0.02);
});
