// Captured functions: the same bits as eager ones, and what a plan saves.
import * as F from "@facet/autograd";
import { collectGarbage } from "@facet/kernels-wgsl";
import { afterAll, describe, expect, test } from "vitest";
import { watchDevice } from "../../benchmarks/src/device_calls.js";

await F.startDevice();
afterAll(() => F.closeDevice());

const live = (): number => F.device().memory().live;
const vector = (...values: number[]): F.Tensor => F.fromData(values, [values.length]);
const read = async (x: F.Tensor): Promise<number[]> => [...(await x.data())];
const random = (seed: number, shape: number[]): F.Tensor => F.normal(F.keyFromSeed(seed), shape);

/** A small convolutional network with dropout and Adam: one training step, eager or captured. */
function network() {
  const shapes = [[3, 3, 1, 8], [8], [288, 10], [10]];
  const parameters = F.unscoped(() => shapes.map((shape, i) => F.variable(F.mul(random(i, shape), 0.1))));
  const optimizer = new F.FlatOptimizer(F.adam, parameters, { lr: 0.01 });
  let draws = 0;
  const conv = {
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
    groups: 1,
    layout: "NHWC",
    filterLayout: "HWIO",
  } as const;
  const pool = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], layout: "NHWC" } as const;
  const step = (x: F.Tensor, labels: F.Tensor): F.Tensor => {
    const [w1, b1, w2, b2] = parameters as [F.Tensor, F.Tensor, F.Tensor, F.Tensor];
    const h = F.maxPool2d(F.relu(F.conv2d(x, w1, b1, conv)), pool);
    const flat = F.dropout(
      F.reshape(h, [x.shape[0] as number, 288]),
      0.5,
      F.drawnKey(() => F.foldIn([0, 7], draws++)),
    );
    const logits = F.add(F.matmul(flat, w2), b2);
    const { loss } = F.softmaxCrossEntropy(logits, labels, { labels: "index", reduction: "mean", labelSmoothing: 0 });
    optimizer.step(F.gradients(loss, parameters));
    return loss;
  };
  return { parameters, step };
}

const images = (seed: number, count: number): F.Tensor => random(seed, [count, 14, 14, 1]);
const labels = (count: number): F.Tensor =>
  F.fromData(
    Array.from({ length: count }, (_, i) => (i * 7) % 10),
    [count],
    "int32",
  );

describe("capture", () => {
  test("replays a training step with the same bits as eager, for two batch sizes", async () => {
    const runs = [network(), network()].map(async ({ parameters, step }, captured) => {
      const replayed = F.capture(step);
      const run = captured ? replayed : step;
      const losses: number[] = [];
      for (let i = 0; i < 6; i++) {
        const count = i % 3 === 2 ? 5 : 8;
        const loss = F.scope(() => run(images(100 + i, count), labels(count)));
        losses.push(await loss.item());
        loss.dispose();
      }
      expect(replayed.plans).toHaveLength(captured ? 2 : 0);
      return { losses, weights: await Promise.all(parameters.map(read)) };
    });
    const [eager, captured] = await Promise.all(runs);
    expect(captured).toEqual(eager);
    expect(new Set(eager?.losses).size).toBe(6);
  });

  test("folds the activation, drops what nobody uses, and writes gradients where the optimiser keeps them", async () => {
    const { step } = network();
    const run = F.capture(step);
    (await run(images(1, 8), labels(8)).data()) satisfies ArrayLike<number>;
    const [plan] = run.plans as [F.PlanSummary];
    const kernels = plan.commands.map(({ kernel }) => kernel);
    // relu goes into the convolution, and its gradient into that of pooling.
    expect(kernels.filter((name) => name.startsWith("elementwise"))).toEqual(["elementwise_binary"]);
    expect(kernels.filter((name) => name === "copy")).toHaveLength(1);
    expect(plan.bytes).toBeLessThan(plan.unsharedBytes);

    const wasteful = F.capture((x: F.Tensor) => {
      F.exp(x);
      return F.add(x, 1);
    });
    expect(await read(wasteful(vector(1, 2)))).toEqual([2, 3]);
    expect(wasteful.plans[0]?.commands.map(({ kernel }) => kernel)).toEqual(["elementwise_chain"]);
  });

  test("keeps memory flat over many replays, without new device objects", async () => {
    const { step } = network();
    const run = F.capture(step, { outputs: "shared" });
    const [x, y] = [images(1, 8), labels(8)];
    const once = (): void => F.scope(() => run(x, y)).dispose();
    once();
    // What earlier tests dropped must not be freed in between.
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await F.device().finish();
    const before = live();
    const watch = watchDevice(F.device());
    for (let i = 0; i < 500; i++) once();
    await F.device().finish();
    expect(live()).toBe(before);
    // The readback of finish() has its staging buffer from before.
    expect(watch.stop()).toMatchObject({ buffers: 0, bindGroups: 0, pipelines: 0 });
    run.dispose();
  });

  test("gives results memory of their own unless told to share it", async () => {
    const fresh = F.capture((x: F.Tensor) => F.mul(x, 2));
    const [a, b] = [fresh(vector(1)), fresh(vector(3))];
    expect([await a.item(), await b.item()]).toEqual([2, 6]);
    const shared = F.capture((x: F.Tensor) => F.mul(x, 2), { outputs: "shared" });
    const [c, d] = [shared(vector(1)), shared(vector(3))];
    expect([await c.item(), await d.item()]).toEqual([6, 6]);
  });

  test("tells combinations of shapes, dtypes, structure and plain values apart", async () => {
    const run = F.capture((x: F.Tensor, options: { by: number; and?: F.Tensor }) =>
      F.add(F.mul(x, options.by), options.and ?? 0),
    );
    expect(await read(run(vector(1, 2), { by: 2 }))).toEqual([2, 4]);
    expect(await read(run(vector(1, 2), { by: 3 }))).toEqual([3, 6]);
    expect(await read(run(vector(1, 2, 3), { by: 3 }))).toEqual([3, 6, 9]);
    expect(await read(run(vector(1, 2), { by: 3, and: vector(10, 20) }))).toEqual([13, 26]);
    expect(await read(run(vector(5, 6), { by: 2 }))).toEqual([10, 12]);
    // A number that changes is a param of its plan.
    expect(run.plans).toHaveLength(3);
  });

  test("is traced anew where the settings of a run make another formula, and knows both", async () => {
    const settings = { lr: 0.1, weightDecay: 0 };
    const make = (captured: boolean) => {
      const [p, m, v] = [F.fromData([10, 20, 30, 40], [4]), F.zeros([4]), F.zeros([4])];
      let step = 0;
      const update = (g: F.Tensor): void => {
        F.everyRun(() => {
          step += 1;
        });
        F.optimizerUpdate(F.adam, p, g, { m, v }, () => ({ ...settings, step }));
      };
      return { p, update: captured ? F.capture(update) : update };
    };
    const [eager, captured] = [make(false), make(true)];
    const plans = (): readonly F.PlanSummary[] => (captured.update as F.CapturedFunction<[F.Tensor], void>).plans;
    const counts: number[] = [];
    for (const [weightDecay, lr] of [
      [0, 0.1],
      [0.5, 0.1],
      [0, 0.2],
      [0.25, 0.1],
    ] as const) {
      Object.assign(settings, { weightDecay, lr });
      for (const { update } of [eager, captured]) update(vector(1, -1, 2, 0));
      counts.push(plans().length);
      expect(await read(captured.p)).toEqual(await read(eager.p));
    }
    expect(counts).toEqual([1, 2, 2, 2]);
  });

  test("keeps the plans last used, and no memory of the others", async () => {
    let held: F.Tensor | undefined;
    const run = F.capture((x: F.Tensor) => {
      held?.dispose();
      held = F.keep(F.mul(F.add(x, F.fromData([1], [1])), 2));
      return F.sum(held);
    });
    const call = (size: number): void => F.scope(() => run(F.zeros([size]))).dispose();
    for (let size = 1; size <= 40; size++) call(size);
    expect(run.plans).toHaveLength(32);
    const before = F.device().memory().live;
    for (let size = 1; size <= 40; size++) call(size);
    expect(F.device().memory().live).toBe(before);
    expect(run.plans).toHaveLength(32);
    run.dispose();
  });

  test("knows inputs that share memory, and inputs that come back", async () => {
    const run = F.capture((x: F.Tensor, y: F.Tensor) => [F.add(x, y), x]);
    const x = vector(1, 2);
    const [sum, same] = run(x, x) as [F.Tensor, F.Tensor];
    expect(await read(sum)).toEqual([2, 4]);
    expect(same.storage).toBe(x.storage);
    const [other] = run(x, vector(5, 5)) as [F.Tensor, F.Tensor];
    expect(await read(other)).toEqual([6, 7]);
    const [again] = run(vector(2, 2), vector(1, 1)) as [F.Tensor, F.Tensor];
    expect(await read(again)).toEqual([3, 3]);
    expect(run.plans).toHaveLength(2);
  });

  test("repeats host work in its order, and traces anew when a guard fails", async () => {
    let [count, mode] = [0, 1];
    const run = F.capture((x: F.Tensor) => {
      F.everyRun(() => {
        count += 1;
      });
      const now = mode;
      F.guard(() => mode === now);
      return F.mul(x, now);
    });
    expect(await run(vector(1)).item()).toBe(1);
    expect(await run(vector(2)).item()).toBe(2);
    mode = 10;
    expect(await run(vector(2)).item()).toBe(20);
    mode = 1;
    expect(await run(vector(3)).item()).toBe(3);
    // The two traces differ in a param only, so that one plan serves both.
    expect([count, run.plans.length]).toEqual([4, 1]);
  });

  test("shows the latest run to handles that the function kept, and bumps the version of what it writes", async () => {
    let kept: F.Tensor | undefined;
    const run = F.capture((x: F.Tensor) => {
      kept ??= F.keep(F.square(x));
      return F.add(kept, 1);
    });
    run(vector(2));
    expect(await kept?.item()).toBe(4);
    run(vector(3));
    expect(await kept?.item()).toBe(9);
  });

  test("runs as it is inside another capture and where a gradient flows into an argument", async () => {
    const inner = F.capture((x: F.Tensor) => F.square(x));
    const outer = F.capture((x: F.Tensor) => F.add(inner(x), 1));
    expect(await outer(vector(3)).item()).toBe(10);
    expect(inner.plans).toHaveLength(0);
    const x = F.variable(vector(3));
    const [gradient] = F.gradients(inner(x), [x]);
    expect(await gradient?.item()).toBe(6);
  });

  test("hands a donated argument's memory to the result that replaces it", async () => {
    const step = (state: F.Tensor): F.Tensor => {
      const next = F.empty(state.shape);
      F.copyTensor(state, next);
      F.optimizerUpdate(F.sgd, next, F.ones(state.shape), {}, () => ({ lr: 1, step: 1 }));
      return next;
    };
    const run = F.capture(step, { donated: new Set([0]) });
    let state = vector(10, 20);
    const { storage } = state;
    for (let i = 0; i < 3; i++) {
      const next = run(state);
      state.dispose();
      state = next;
    }
    expect(state.storage).toBe(storage);
    expect(await read(state)).toEqual([7, 17]);
    expect(run.plans[0]?.copies).toBe(0);
    // Without donation the argument keeps its value.
    const safe = F.capture(step);
    expect(await read(safe(state))).toEqual([6, 16]);
    expect(await read(state)).toEqual([7, 17]);
  });
});

test("plans share the memory of intermediate results, which is freed with the last of them", async () => {
  const body = (x: F.Tensor): F.Tensor => F.sum(F.matmul(F.matmul(x, x), F.matmul(x, x)));
  const [first, second] = [F.capture(body), F.capture(body)];
  const [a, b] = [random(3, [256, 256]), random(4, [256, 256])];
  // Plans that earlier tests dropped must not be freed in between.
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const before = F.device().memory().byOwner.plan ?? 0;
  const planned = (): number => (F.device().memory().byOwner.plan ?? 0) - before;
  const results = [await first(a).item()];
  const alone = planned();
  expect(alone).toBeGreaterThanOrEqual(2 * 256 * 256 * 4);
  results.push(await second(b).item());
  expect(planned()).toBe(alone);
  // In turn, without waiting: each run has the memory to itself.
  const [again, other] = [first(a), second(b)];
  expect([await again.item(), await other.item()]).toEqual(results);
  first.dispose();
  expect(planned()).toBe(alone);
  expect(await second(b).item()).toBe(results[1]);
  second.dispose();
  expect(planned()).toBe(0);
});

test("makes parts where they are copied to, though that memory is filled when they are there already", async () => {
  const step = (a: F.Tensor, b: F.Tensor): F.Tensor => {
    const parts = [F.matmul(a, a), F.matmul(b, b)];
    const flat = F.full([192], 7);
    for (const [i, part] of parts.entries()) {
      const place = flat.alias([8, 8], 512 * i);
      F.copyTensor(part, place);
      place.dispose();
    }
    return F.mul(flat, 2);
  };
  const [a, b] = [random(1, [8, 8]), random(2, [8, 8])];
  const run = F.capture(step);
  const first = await read(run(a, b));
  expect(first).toEqual(await read(step(a, b)));
  expect(first.slice(64, 128)).toEqual(Array(64).fill(14));
  expect(await read(run(b, a))).toEqual(await read(step(b, a)));
  expect(run.plans[0]?.copies).toBe(0);
});

describe("elementwise chains", () => {
  const x = (): F.Tensor => F.fromData([-2, -0.5, 0, 0.3, 1, 7, 1e-3, -40], [8]);
  const y = (): F.Tensor => F.fromData([1, 2, 3, 4, 5, 6, 7, 8], [8]);
  const cases: [string, (x: F.Tensor, y: F.Tensor) => F.Tensor, kernels: number][] = [
    ["numbers and several ops", (x, y) => F.mul(F.add(F.mul(x, 0.1), y), F.sub(1, x)), 1],
    ["a value used twice", (x) => F.mul(F.tanh(x), F.add(F.tanh(x), 1)), 1],
    ["conditions", (x, y) => F.where(F.logicalAnd(F.greater(x, 0), F.less(y, 6)), F.exp(x), F.neg(y)), 1],
    ["a scalar from a reduction", (x, y) => F.div(F.add(x, y), F.sum(F.abs(x))), 3],
    ["casts", (x) => F.mul(F.cast(F.cast(x, "int32"), "float32"), 0.5), 1],
    [
      "more operands than a chain holds",
      (x, y) => F.add(F.add(F.add(F.mul(x, y), F.sum(x)), F.sum(y)), F.sum(F.square(x))),
      6,
    ],
    ["a long chain", (x) => Array.from({ length: 20 }).reduce<F.Tensor>((v) => F.mul(F.add(v, 0.5), 0.9), x), 3],
    [
      "a value that the next op takes twice, over and over",
      (x) => Array.from({ length: 6 }).reduce<F.Tensor>((v) => F.sin(F.mul(v, v)), F.sin(x)),
      1,
    ],
    [
      "a value of which a part is read too",
      (x) => {
        const y = F.exp(x);
        const first = y.alias([1]);
        return F.add(F.mul(y, 2), first);
      },
      2,
    ],
    ["infinity, which a shader cannot say as a constant", (x) => F.maximum(F.mul(x, 2), Number.NEGATIVE_INFINITY), 1],
    ["a clamp of one side", (x) => F.mul(F.clamp(x, 1, Number.POSITIVE_INFINITY), 2), 1],
    ["NaN, which a shader cannot say", (x) => F.maximum(F.mul(x, 2), Number.NaN), 2],
  ];
  test.each(cases)("%s", async (_, f, kernels) => {
    const run = F.capture(f);
    expect(await read(run(x(), y()))).toEqual(await read(f(x(), y())));
    expect(run.plans[0]?.calls).toBe(kernels);
  });

  test("division by a number is a division: no driver makes a product of it", async () => {
    const bytes = F.arange(0, 256);
    const run = F.capture((x: F.Tensor) => F.div(x, 255));
    const divided = await read(run(bytes));
    expect(run.plans[0]?.calls).toBe(1);
    expect(divided).toEqual(await read(F.div(bytes, 255)));
  });

  test("a value that is needed elsewhere, or whose source is overwritten in between, is not recomputed late", async () => {
    const shared = F.capture((x: F.Tensor) => {
      const h = F.add(x, 1);
      return [F.mul(h, 2), h];
    });
    const [a, b] = shared(x()) as [F.Tensor, F.Tensor];
    expect([await read(a), await read(b)]).toEqual([await read(F.mul(F.add(x(), 1), 2)), await read(F.add(x(), 1))]);

    const state = x();
    const step = (): F.Tensor => {
      const before = F.add(state, 1);
      F.optimizerUpdate(F.sgd, state, F.ones([8]), {}, () => ({ lr: 1, step: 1 }));
      return F.mul(before, 2);
    };
    const expected = await read(F.mul(F.add(x(), 1), 2));
    expect(await read(F.capture(step)())).toEqual(expected);
  });
});

describe("capture refuses", () => {
  test("to read a value, even if the function catches the error", async () => {
    const reads = F.capture((x: F.Tensor) => {
      void x.item().catch(() => {});
      return x;
    });
    expect(() => reads(vector(1))).toThrow(F.CaptureError);
    expect(() => reads(vector(1))).toThrow(/return the tensor, and read it outside/);
    expect(await F.add(vector(1), 1).item()).toBe(2);
  });

  test("promises, and draws on the host", () => {
    expect(() => F.capture(async (x: F.Tensor) => x)(vector(1))).toThrow(F.CaptureError);
    expect(() => F.capture(() => F.fromData(F.permutation([0, 1], 4), [4], "int32"))()).toThrow(
      /the order as an argument/,
    );
  });

  test("to change a constant in place", () => {
    const run = F.capture(() => {
      const x = vector(1, 2);
      F.optimizerUpdate(F.sgd, x, F.ones([2]), {}, () => ({ lr: 1, step: 1 }));
      return x;
    });
    expect(() => run()).toThrow(/left as it is/);
  });

  test("memory that was freed, and leaves the device usable", async () => {
    const weight = vector(2);
    const run = F.capture((x: F.Tensor) => F.mul(x, weight));
    expect(await run(vector(3)).item()).toBe(6);
    weight.dispose();
    expect(() => run(vector(3))).toThrow(F.DisposedError);
    const gone = vector(1);
    gone.dispose();
    expect(() => run(gone)).toThrow(F.DisposedError);
    expect(await F.add(vector(1), 1).item()).toBe(2);
  });

  test("plans beyond the adapter's memory, saying what asked for how much", async () => {
    const before = live();
    const run = F.capture((x: F.Tensor) => F.sum(F.exp(F.expand(x, [2 ** 20, 2 ** 14]))));
    expect(() => run(vector(1))).toThrow(F.OutOfMemoryError);
    expect(() => run(vector(1))).toThrow(/activation.*68719476736/s);
    expect(live()).toBeLessThanOrEqual(before + 1024);
    expect(await F.add(vector(1), 1).item()).toBe(2);
  });
});
