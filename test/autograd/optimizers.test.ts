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

/** Optimisers whose steps are not all alike: by bias corrections, decays, averages. */
const counting: readonly (readonly [string, (parameters: F.Tensor[]) => Steps])[] = [
  ["adam", (p) => new F.FlatOptimizer(F.adam, p, { lr: 0.1 })],
  ["amsgrad as optax has it", (p) => new F.FlatOptimizer(F.adam, p, { lr: 0.1, epsMode: "root", amsgrad: true })],
  ["adamax", (p) => new F.FlatOptimizer(F.adamax, p, { lr: 0.1 })],
  ["nadam", (p) => new F.FlatOptimizer(F.nadam, p, { lr: 0.1, momentumDecay: 1 })],
  ["radam", (p) => new F.FlatOptimizer(F.radam, p, { lr: 0.1, beta2: 0.9 })],
  ["adagrad", (p) => new F.FlatOptimizer(F.adagrad, p, { lr: 0.1, lrDecay: 0.5 })],
  ["rmsprop", (p) => new F.FlatOptimizer(F.rmsprop, p, { lr: 0.1, biasCorrection: true })],
  ["sgd", (p) => new F.FlatOptimizer(F.sgd, p, { lr: 0.1, momentum: 0.5, dampening: 0.5 })],
  ["schedule_free_sgd", (p) => new F.FlatOptimizer(F.scheduleFreeSgd, p, { lr: 0.1 })],
  ["lamb", (p) => new F.Lamb(p, { lr: 0.1, trustDecay: 0.1 })],
  ["lars", (p) => new F.Lars(p, { lr: 0.1, weightDecay: 0.1 })],
];

describe.each(runs)("a step that a loss scaler leaves out, %s", (_, wrap) => {
  const { POSITIVE_INFINITY: infinite, NaN: nan } = Number;
  const stepper = (optimizer: Steps, scaler: F.LossScaler | undefined, absent: readonly number[] = []) =>
    wrap((...gradients: F.Tensor[]) => {
      const given = gradients.map((g, i) => (absent.includes(i) ? undefined : g));
      optimizer.step(given, undefined, () => (scaler ? { scaler } : {}));
    }) as (...gradients: F.Tensor[]) => void;

  test.each(counting)("%s goes on as if it had not been", async (_, make) => {
    const [own, plain] = [parameters(), parameters()];
    const scaler = new F.LossScaler({ initialScale: 8, growthInterval: 2 });
    const [step, expected] = [stepper(make(own), scaler), stepper(make(plain), undefined)];
    let left = 0;
    for (const g of [infinite, 1, nan, -2, 0.5, 3, infinite, 4]) {
      const scale = (await scaler.scale.item()) as number;
      step(vector(scale, -scale), vector(scale / 2, scale * g, 1), vector(3 * scale));
      if (Number.isFinite(g)) expected(vector(1, -1), vector(0.5, g, 1 / scale), vector(3));
      else left += 1;
      close(await read(own), await read(plain));
    }
    expect(left).toBe(3);
  });

  test.each([
    ["adafactor", (p: F.Tensor[]) => new F.Adafactor(p, { lr: 0.1 })],
    ["muon", (p: F.Tensor[]) => new F.Muon(p, { lr: 0.1, average: "optax" }, { orthogonal: [true, false] })],
  ] as const)("%s goes on as if it had not been", async (_, make) => {
    const matrices = (): F.Tensor[] => [F.variable(F.fromData([1, 2, 3, 4, 5, 6], [2, 3])), F.variable(vector(1, 2))];
    const [own, plain] = [matrices(), matrices()];
    const scaler = new F.LossScaler({ initialScale: 1, growthInterval: 100 });
    const [step, expected] = [stepper(make(own), scaler), stepper(make(plain), undefined)];
    for (const g of [1, infinite, -2, nan, 3]) {
      const scale = (await scaler.scale.item()) as number;
      const gradients = (by: number): F.Tensor[] => [
        F.fromData(
          [1, 2, -1, g, 3, 1].map((x) => x * by),
          [2, 3],
        ),
        vector(by, -2 * by),
      ];
      step(...gradients(scale));
      if (Number.isFinite(g)) expected(...gradients(1));
      close(await read(own), await read(plain));
    }
  });

  test("is one fewer for the parameters alone that had gradients", async () => {
    const [own, plain] = [parameters(), parameters()];
    const scaler = new F.LossScaler({ initialScale: 1, growthInterval: 100 });
    const [optimizer, other] = [own, plain].map((p) => new F.FlatOptimizer(F.adam, p, { lr: 0.1, beta2: 0.5 }));
    const call = (absent: readonly number[], g: number): void => {
      const gradients = [vector(g, 1), vector(1, 2, 3), vector(4)];
      const handling = () => ({ scaler });
      (optimizer as Steps).step(
        gradients.map((each, i) => (absent.includes(i) ? undefined : each)),
        undefined,
        handling,
      );
      if (!Number.isFinite(g)) return;
      other?.step(gradients.map((each, i) => (absent.includes(i) ? undefined : each)));
    };
    call([2], infinite);
    call([1], 1);
    call([], 2);
    call([0], 3);
    close(await read(own), await read(plain));
    expect(optimizer?.steps).toEqual([3, 3, 3]);
    expect(await read([optimizer?.skipped as F.Tensor])).toEqual([1, 1, 0]);
  });

  test("a changed learning rate acts on the next step, changed decay rates too", async () => {
    const [own, plain] = [parameters(), parameters()];
    const scaler = new F.LossScaler({ initialScale: 1, growthInterval: 100 });
    const changes = { lr: 0.1, beta1: 0.9 };
    const [optimizer, other] = [own, plain].map((p) => new F.FlatOptimizer(F.adam, p, { lr: 0.1 }));
    const step = wrap((...g: F.Tensor[]) => {
      optimizer?.step(
        g,
        () => changes,
        () => ({ scaler }),
      );
    }) as (...g: F.Tensor[]) => void;
    const gradients = (g: number): F.Tensor[] => [vector(g, 1), vector(1, 2, 3), vector(4)];
    step(...gradients(infinite));
    for (const [lr, beta1] of [
      [0.2, 0.9],
      [0.4, 0.9],
      [0.1, 0.5],
    ] as const) {
      Object.assign(changes, { lr, beta1 });
      step(...gradients(1));
      other?.step(gradients(1), () => changes);
      close(await read(own), await read(plain));
    }
  });
});

describe.each(runs)("weight decay, %s", (_, wrap) => {
  test.each([
    [
      "sgd",
      (p: F.Tensor[], decays: boolean[]) => new F.FlatOptimizer(F.sgd, p, { lr: 1, weightDecay: 0.5 }, { decays }),
    ],
    [
      "sgd with decoupled decay",
      (p: F.Tensor[], decays: boolean[]) =>
        new F.FlatOptimizer(F.sgd, p, { lr: 1, weightDecay: 0.5, decayMode: "decoupled" }, { decays }),
    ],
  ] as const)("%s acts on the parameters it is meant for", async (_, make) => {
    const own = parameters();
    const optimizer = make(own, [false, true, false]);
    const step = wrap((...g: F.Tensor[]) => optimizer.step(g)) as (...g: F.Tensor[]) => void;
    step(vector(0, 1), vector(0, 0, 1), vector(1));
    expect(await read(own)).toEqual([3, 3, 0.5, 1, 0, 11]);
    step(vector(0, 0), vector(0, 0, 0), vector(0));
    expect(await read(own)).toEqual([3, 3, 0.25, 0.5, 0, 11]);
    // Norms are those of each parameter all the same, wherever it lies.
    optimizer.step([vector(3, 4), vector(0, 0, 0), vector(2)], undefined, () => ({ clipNorm: 1 }));
    close(await read(own), [2.4, 2.2, 0.125, 0.25, 0, 10]);
  });

  test.each([
    ["lamb", (p: F.Tensor[], decays?: boolean[]) => new F.Lamb(p, { lr: 0.1, trustDecay: 0.5 }, { decays })],
    ["lars", (p: F.Tensor[], decays?: boolean[]) => new F.Lars(p, { lr: 0.1, weightDecay: 0.5 }, { decays })],
  ] as const)("of %s likewise", async (_, make) => {
    const [own, all, none] = [parameters(), parameters(), parameters()];
    const gradients = (): F.Tensor[] => [vector(1, -1), vector(0.5, 2, 1), vector(3)];
    for (const optimizer of [make(own, [true, false, true]), make(all), make(none, [false, false, false])]) {
      const step = wrap((...g: F.Tensor[]) => optimizer.step(g)) as (...g: F.Tensor[]) => void;
      for (let i = 0; i < 2; i++) step(...gradients());
    }
    const [a, b, c] = [await read(own), await read(all), await read(none)];
    expect(a).toEqual([...b.slice(0, 2), ...c.slice(2, 5), ...b.slice(5)]);
    expect(b).not.toEqual(c);
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
  test.each([
    [() => new F.Muon(parameters(), { lr: 1 }), /muon: params\[0\]: expected matrices/],
    [() => new F.Muon([F.variable(F.zeros([2, 2]))], { lr: -1 }), /lr/],
    [() => new F.Muon([F.variable(F.zeros([2, 2]))], { lr: 1, steps: 100 }), /steps/],
    [() => new F.Adafactor(parameters(), { lr: 1, beta2Decay: 1 }), /adafactor: beta2Decay/],
    [() => new F.Adafactor(parameters(), { lr: 1, clipThreshold: 0 }), /adafactor: clipThreshold/],
    [() => new F.Lbfgs(parameters(), { maxIter: 0 }), /lbfgs: maxIter/],
    [() => new F.Lbfgs(parameters(), { lr: -1 }), /lbfgs: lr/],
  ] as const)("%s", (make, message) => {
    expect(make).toThrow(message);
  });
  test("marks for weight decay that are not one for each parameter", () => {
    expect(() => new F.FlatOptimizer(F.sgd, parameters(), { lr: 1 }, { decays: [true] })).toThrow(
      /sgd: decays: expected a mark for each of the 3 parameters, got 1/,
    );
  });
  test("settings of LAMB and LARS out of their range", () => {
    expect(() => new F.Lamb([F.variable(vector(1))], { lr: 1, beta1: 1 })).toThrow(F.ArgumentError);
    expect(() => new F.Lars([F.variable(vector(1))], { lr: -1 })).toThrow(F.ArgumentError);
  });
});
