// Lifetimes, scopes and the tape, apart from what any op computes.
import * as F from "@facet/autograd";
import { collectGarbage, matmul, matmulGeometry, openDevice } from "@facet/kernels-wgsl";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const live = (): number => F.device().memory().live;
const vector = (...values: number[]): F.Tensor => F.fromData(values, [values.length]);

describe("scope", () => {
  test("frees what is not returned, however it is nested", async () => {
    const before = live();
    const kept = F.scope(() => {
      const a = F.scope(() => F.add(vector(1, 2), vector(3, 4)));
      F.mul(a, a);
      return { list: [F.add(a, 1)] };
    });
    expect([...((await kept.list[0]?.data()) ?? [])]).toEqual([5, 7]);
    expect(live() - before).toBe(256);
    kept.list[0]?.dispose();
    expect(live()).toBe(before);
  });

  test("frees when the body throws", () => {
    const before = live();
    expect(() =>
      F.scope(() => {
        vector(1, 2, 3);
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(live()).toBe(before);
  });

  test("refuses an asynchronous body", () => {
    expect(() => F.scope(async () => vector(1))).toThrow(F.ArgumentError);
  });

  test("use after the end names the tensor and the way out", () => {
    let escaped: F.Tensor | undefined;
    F.scope(() => {
      escaped = vector(1, 2);
    });
    expect(() => F.neg(escaped as F.Tensor)).toThrow(
      /tensor \[2\].*live tensor.*freed at the end of its scope; return it, or keep\(\) it/,
    );
  });

  test("keep and unscoped outlive it", async () => {
    const [a, b] = F.scope(() => {
      const kept = F.keep(vector(1));
      const outside = F.unscoped(() => vector(2));
      return [() => kept, () => outside] as const;
    });
    expect(await a().item()).toBe(1);
    expect(await b().item()).toBe(2);
    a().dispose();
    b().dispose();
  });
});

describe("tape", () => {
  test("adds where paths meet", async () => {
    const x = F.variable(vector(3));
    const y = F.sum(F.add(F.mul(x, x), x));
    const [gradient] = F.gradients(y, [x]);
    expect(await gradient?.item()).toBe(7);
  });

  test("leaves out what the output does not depend on", () => {
    const x = F.variable(vector(3));
    const z = F.variable(vector(4));
    expect(F.gradients(F.sum(F.square(x)), [x, z])[1]).toBeUndefined();
  });

  test("third derivatives", async () => {
    const x = F.variable(F.fromData([2], []));
    let y = F.mul(F.square(x), F.square(x));
    for (let order = 0; order < 3; order++) y = F.gradients(y, [x], { createGraph: true })[0] as F.Tensor;
    expect(await y.item()).toBe(48);
  });

  test("a second pass through a freed graph says so; retainGraph allows it", async () => {
    const x = F.variable(vector(2));
    const y = F.sum(F.exp(x));
    F.gradients(y, [x], { retainGraph: true });
    const [again] = F.gradients(y, [x]);
    expect(await again?.item()).toBeCloseTo(Math.exp(2), 4);
    expect(() => F.gradients(y, [x])).toThrow(/second backward pass/);
  });

  test("notices that what it saved was changed in place", () => {
    const w = F.variable(vector(2));
    const y = F.sum(F.square(w));
    const optimiser = new F.FlatOptimizer(F.sgd, [w], { lr: 0.1 });
    const other = F.sum(F.square(w));
    const [gradient] = F.gradients(F.sum(F.square(w)), [w]);
    optimiser.step([gradient]);
    expect(() => F.gradients(other, [w])).toThrow(/modified in place/);
    // y was recorded before the parameter moved into the optimiser's memory and still sees its old value.
    expect(() => F.gradients(y, [w])).not.toThrow();
  });

  test("does not record under noGrad", () => {
    const x = F.variable(vector(1));
    expect(F.isTracked(F.noGrad(() => F.exp(x)))).toBe(false);
    expect(F.isTracked(F.exp(x))).toBe(true);
  });

  test("refuses an output of several elements without a cotangent, and a cotangent of another shape", () => {
    const x = F.variable(vector(1, 2));
    expect(() => F.gradients(F.exp(x), [x])).toThrow(F.ShapeError);
    expect(() => F.gradients(F.exp(x), [x], { cotangents: vector(1) })).toThrow(F.ShapeError);
    expect(() => F.gradients(F.exp(x), [vector(1)])).toThrow(/no gradient graph/);
  });

  test("frees everything it saved", () => {
    const before = live();
    F.scope(() => {
      const x = F.variable(vector(1, 2, 3));
      const y = F.sum(F.tanh(F.exp(F.mul(x, x))));
      F.gradients(y, [x]);
    });
    expect(live()).toBe(before);
  });
});

describe("nested transforms", () => {
  test("valueAndGradients inside itself", async () => {
    // d/dx of (d/dx x^3) = 6x
    const cube = (x: F.Tensor): F.Tensor => F.mul(x, F.square(x));
    const x = F.fromData([2], []);
    const outer = F.valueAndGradients(
      [x],
      ([a]) =>
        F.valueAndGradients(
          [a as F.Tensor],
          ([b]) => cube(b as F.Tensor),
          (y) => y,
        ).gradients[0] as F.Tensor,
      (y) => y,
    );
    expect(await outer.result.item()).toBe(12);
    expect(await outer.gradients[0]?.item()).toBe(12);
  });

  test("a closed-over outer variable", async () => {
    // d/dy of (d/dx x^2 y at x = 3) = 6
    const x = F.fromData([3], []);
    const y = F.fromData([5], []);
    const { gradients } = F.valueAndGradients(
      [y],
      ([b]) =>
        F.valueAndGradients(
          [x],
          ([a]) => F.mul(F.square(a as F.Tensor), b as F.Tensor),
          (z) => z,
        ).gradients[0] as F.Tensor,
      (z) => z,
    );
    expect(await gradients[0]?.item()).toBe(6);
  });
});

describe("memory", () => {
  // A device of its own: handles that earlier tests dropped are collected at any time, and would count here.
  beforeAll(async () => {
    const earlier = F.device();
    F.setDevice(await openDevice());
    earlier.close();
  });

  test("500 steps of a small model end with the bytes they began with", async () => {
    const key: F.Key = [0, 5];
    const [w1, w2] = [F.variable(F.normal(key, [8, 16])), F.variable(F.normal(key, [16, 4]))];
    const optimiser = new F.FlatOptimizer(F.adam, [w1, w2], { lr: 1e-3 });
    const x = F.normal([1, 1], [32, 8]);
    const step = (): void =>
      F.scope(() => {
        const loss = F.mean(F.square(F.matmul(F.relu(F.matmul(x, w1)), w2)));
        optimiser.step(F.gradients(loss, [w1, w2]));
      });
    step();
    const before = F.device().memory();
    for (let i = 0; i < 500; i++) step();
    await F.device().finish();
    const after = F.device().memory();
    expect(after.live).toBe(before.live);
    expect(after.reserved).toBe(before.reserved);
  });

  test("handles nobody disposed are freed when the collector runs", async () => {
    const before = live();
    for (let i = 0; i < 4; i++) F.full([1 << 20], i);
    expect(live()).toBeGreaterThan(before);
    for (let i = 0; i < 50 && live() > before; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      collectGarbage();
    }
    // The parameters of the test before may go as well.
    expect(live()).toBeLessThanOrEqual(before);
  });
});

describe("launch", () => {
  test("refuses a tensor of another type than the shader reads", () => {
    const { params } = matmulGeometry([1, 2], [2, 1]);
    const [a, y] = [F.fromData([1, 2], [1, 2]), F.empty([1, 1])];
    const words = F.fromData([1, 2], [2, 1], "int32");
    expect(() => F.launch(matmul, { a, b: words, y }, params)).toThrow("matmul: b: expected f32, got int32");
    // Bytes travel in words of 32 bits, and truth is one of 0 and 1.
    expect(() => F.u8ToF32(F.fromData(Uint8Array.of(1, 2), [2], "uint8"))).not.toThrow();
    expect(() => F.logicalNot(F.fromData([true], [1], "bool"))).not.toThrow();
  });
});
