// What optimisers do to gradients and parameters besides their row: clipping, scaling, accumulation, averages, frozen parameters.
import * as F from "@facet/autograd";
import { expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const vector = (...values: number[]): F.Tensor => F.fromData(values, [values.length]);
const parameters = (): F.Tensor[] => [F.variable(vector(3, 4)), F.variable(vector(1, 2, 2)), F.variable(vector(12))];
const read = async (tensors: readonly F.Tensor[]): Promise<number[]> =>
  (await Promise.all(tensors.map(async (each) => [...((await each.data()) as Float32Array)]))).flat();
const close = (found: readonly number[], expected: readonly number[]): void => {
  expectClose(found, expected, { rtol: 2e-6, atol: 1e-6 });
};

interface Steps {
  step(gradients: (F.Tensor | undefined)[], changes?: undefined, settings?: () => F.GradientSettings): void;
}

/** Runs of the same steps, one call at a time and captured. */
const runs = [
  ["eager", <A extends unknown[]>(f: (...args: A) => void) => f],
  ["captured", (f: (...args: F.Tensor[]) => void) => F.capture(f)],
] as const;

describe.each(runs)("%s", (_, wrap) => {
  const stepper = (optimizer: Steps, settings?: () => F.GradientSettings, frozen: readonly number[] = []) =>
    wrap((...gradients: F.Tensor[]) => {
      optimizer.step(
        gradients.map((g, i) => (frozen.includes(i) ? undefined : g)),
        undefined,
        settings,
      );
    }) as (...gradients: F.Tensor[]) => void;

  test("each gradient is clipped by its norm, or all by that of all; a parameter without one does not count", async () => {
    const gradients = (): F.Tensor[] => [vector(3, 4), vector(0.1, 0.2, 0.2), vector(12)];
    const moves = async (settings: F.GradientSettings, frozen: number[] = []): Promise<number[]> => {
      const own = parameters();
      const step = stepper(new F.FlatOptimizer(F.sgd, own, { lr: 1 }), () => settings, frozen);
      const before = await read(own);
      // What the first call leaves in the arena of a frozen parameter is not part of later norms.
      for (let i = 0; i < 2; i++) step(...gradients());
      return (await read(own)).map((x, i) => (before[i] as number) - x);
    };
    close(
      await moves({ clipNorm: 1 }),
      [0.6, 0.8, 0.1, 0.2, 0.2, 1].map((x) => 2 * x),
    );
    const all = Math.sqrt(25 + 0.09 + 144);
    close(
      await moves({ globalClipNorm: 2 }),
      [3, 4, 0.1, 0.2, 0.2, 12].map((x) => (4 * x) / all),
    );
    close(
      await moves({ globalClipNorm: 1 }, [2]),
      [3, 4, 0.1, 0.2, 0.2, 0].map((x) => (2 * x) / Math.sqrt(25.09)),
    );
    close(await moves({ globalClipNorm: 100 }), [6, 8, 0.2, 0.4, 0.4, 24]);
    close(await moves({ scale: 0.5 }), [3, 4, 0.1, 0.2, 0.2, 12]);
  });

  test("a changed bound acts on the next step", async () => {
    const [p] = [F.variable(vector(0))];
    let bound = 1;
    const step = stepper(new F.FlatOptimizer(F.sgd, [p as F.Tensor], { lr: 1 }), () => ({ clipNorm: bound }));
    step(vector(8));
    bound = 2;
    step(vector(8));
    close(await read([p as F.Tensor]), [-3]);
  });

  test("gradients of several calls make one update of their mean", async () => {
    const own = [F.variable(vector(1)), F.variable(vector(1))];
    const optimizer = new F.FlatOptimizer(F.sgd, own, { lr: 1, momentum: 0.5 });
    const step = stepper(optimizer, () => ({ accumulate: 2 }));
    const seen: number[][] = [];
    for (const g of [1, 3, 5, 7]) {
      step(vector(g), vector(-g));
      seen.push(await read(own));
    }
    expect(seen).toEqual([
      [1, 1],
      [-1, 3],
      [-1, 3],
      [-8, 10],
    ]);
    expect(optimizer.steps).toEqual([2, 2]);
  });

  test("an average of the parameters is kept, and can take their place", async () => {
    const [p] = [F.variable(vector(8, 16))];
    const optimizer = new F.FlatOptimizer(F.sgd, [p as F.Tensor], { lr: 1 });
    let weight = 0.5;
    const step = wrap((g: F.Tensor) => {
      optimizer.step([g]);
      optimizer.average(() => weight);
    }) as (g: F.Tensor) => void;
    optimizer.average(() => 1);
    step(vector(8, 8));
    weight = 0.25;
    step(vector(8, 8));
    expect(await read([p as F.Tensor])).toEqual([-8, 0]);
    optimizer.adoptAverage();
    expect(await read([p as F.Tensor])).toEqual([1, 9]);
  });

  test("a loss scaler leaves out steps that are not finite, and adapts, without a word from the host", async () => {
    const own = [F.variable(vector(1, 1)), F.variable(vector(1))];
    const optimizer = new F.FlatOptimizer(F.sgd, own, { lr: 1, momentum: 0.5 });
    const scaler = new F.LossScaler({ initialScale: 8, growthInterval: 2 });
    const step = stepper(optimizer, () => ({ scaler, globalClipNorm: 100 }));
    const scales: number[] = [];
    const seen: number[][] = [];
    for (const g of [8, Number.POSITIVE_INFINITY, 4, 4, Number.NaN, 8]) {
      step(vector(8, g), vector(8));
      scales.push(...(await read([scaler.scale])));
      seen.push(await read(own));
    }
    expect(scales).toEqual([8, 4, 4, 8, 4, 4]);
    expect(seen.map(([, x]) => x)).toEqual([0, 0, -1.5, -3.25, -3.25, -6.125]);
    expect(seen.map(([, , x]) => x)).toEqual([0, 0, -2.5, -5.75, -5.75, -9.375]);
  });
});

describe("LARS", () => {
  test("takes the core's steps as optax does, clipped gradients among them", async () => {
    const [p] = [F.variable(vector(3, 4))];
    const optimizer = new F.Lars([p as F.Tensor], { lr: 0.5, weightDecay: 0.1, trustCoefficient: 0.1, momentum: 0.5 });
    optimizer.step([vector(1, 0)]);
    // d = g + 0.1 p = [1.3, 0.4]; times 0.1 * 5 / |d|.
    const ratio = 0.5 / Math.hypot(1.3, 0.4);
    close(await read([p as F.Tensor]), [3 - 0.5 * ratio * 1.3, 4 - 0.5 * ratio * 0.4]);
  });
});

describe("refuses", () => {
  const optimizer = () => new F.FlatOptimizer(F.sgd, [F.variable(vector(1))], { lr: 1 });
  test.each([
    [{ clipNorm: 0 }, "clipNorm"],
    [{ clipNorm: Number.NaN }, "clipNorm"],
    [{ globalClipNorm: -1 }, "globalClipNorm"],
    [{ scale: Number.POSITIVE_INFINITY }, "scale"],
    [{ accumulate: 1.5 }, "accumulate"],
    [{ clipNorm: 1, globalClipNorm: 1 }, "globalClipNorm"],
  ])("%j", (settings, argument) => {
    expect(() => optimizer().step([vector(1)], undefined, () => settings)).toThrow(
      expect.objectContaining({ op: "sgd", argument }),
    );
  });
  test.each([
    [{ initialScale: 0 }, "initialScale"],
    [{ growthFactor: 1 }, "growthFactor"],
    [{ backoffFactor: 1 }, "backoffFactor"],
    [{ growthInterval: 0 }, "growthInterval"],
  ])("a loss scaler of %j", (settings, argument) => {
    expect(() => new F.LossScaler(settings)).toThrow(expect.objectContaining({ op: "loss_scaler", argument }));
  });
  test("settings of LAMB and LARS out of their range", () => {
    expect(() => new F.Lamb([F.variable(vector(1))], { lr: 1, beta1: 1 })).toThrow(F.ArgumentError);
    expect(() => new F.Lars([F.variable(vector(1))], { lr: -1 })).toThrow(F.ArgumentError);
  });
});
