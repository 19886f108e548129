// fit, evaluate and predict on batches: generators, iterables and PyDataset, and how many steps an epoch has.
import * as keras from "@facet/shims-keras";
import { beforeEach, describe, expect, test, vi } from "vitest";

beforeEach(() => {
  keras.utils.clear_session();
  keras.utils.set_random_seed(1);
});

const x = keras.ndarray([1, 2, 3, 4, 5, 6, 7, 8], [8, 1]);
const y = keras.ndarray([3, 5, 7, 9, 11, 13, 15, 17], [8, 1]);

/** The weight and bias of a line begin at 0, so that losses depend on the batches only. */
function line(): keras.Sequential {
  const model = keras.Sequential([keras.Input({ shape: [1] }), keras.layers.Dense(1, { kernel_initializer: "zeros" })]);
  model.compile({ optimizer: keras.optimizers.SGD({ learning_rate: 0.01 }), loss: "mse" });
  return model;
}

type Pair = [keras.NdArray, keras.NdArray];
const pair = (start: number, stop: number): Pair => [x.slice(start, stop), y.slice(start, stop)];
function* pairs(): Generator<Pair> {
  for (let at = 0; at < 8; at += 2) yield pair(at, at + 2);
}
async function* laterPairs(): AsyncGenerator<Pair> {
  for (const batch of pairs()) {
    await Promise.resolve();
    yield batch;
  }
}
function* endless(): Generator<Pair> {
  for (;;) yield* pairs();
}

class Pairs extends keras.utils.PyDataset {
  readonly asked: (number | string)[] = [];
  override __len__(): number {
    return 4;
  }
  override async __getitem__(index: number): Promise<Pair> {
    this.asked.push(index);
    return pair(2 * index, 2 * index + 2);
  }
  override on_epoch_begin(): void {
    this.asked.push("begin");
  }
  override on_epoch_end(): void {
    this.asked.push("end");
  }
}

/** Losses of the steps of two epochs on arrays, unshuffled: what every source of the same batches must give. */
const wanted = async (): Promise<number[]> =>
  (await line().fit(x, y, { batch_size: 2, epochs: 2, shuffle: false, verbose: 0 })).facet.batch_losses;

describe("fit", () => {
  test.each([
    ["a generator function", () => pairs],
    ["an asynchronous generator function", () => laterPairs],
    ["an iterable", () => new Set([...pairs()])],
    ["a PyDataset", () => new Pairs()],
    ["a PyDataset of three workers", () => new Pairs({ workers: 3 })],
  ])("on %s has the losses of arrays", async (_, source) => {
    const history = await line().fit(source(), { epochs: 2, shuffle: false, verbose: 0 });
    expect(history.facet.batch_losses).toEqual(await wanted());
    expect(history.params.steps ?? null).toBe(source() instanceof Pairs ? 4 : null);
  });

  test("a generator that was called goes on from epoch to epoch", async () => {
    const history = await line().fit(endless(), { steps_per_epoch: 3, epochs: 2, verbose: 0 });
    expect(history.facet.batch_losses).toEqual((await wanted()).slice(0, 6));
    const ended = line().fit(pairs(), { epochs: 2, verbose: 0 });
    await expect(ended).rejects.toThrow("fit: x: expected a batch for every epoch");
  });

  test("more steps than a recorder has room for at first", async () => {
    function* many(): Generator<Pair> {
      for (let i = 0; i < 75; i++) yield* pairs();
    }
    const history = await line().fit(many, { verbose: 0 });
    const { batch_losses } = (await line().fit(x, y, { batch_size: 2, epochs: 75, shuffle: false, verbose: 0 })).facet;
    expect(history.facet.batch_losses).toEqual(batch_losses);
    expect(history.history.loss?.[0]).toBeCloseTo(batch_losses.reduce((sum, loss) => sum + loss, 0) / 300, 5);
  });

  test("a PyDataset is told of epochs, and shuffled by number", async () => {
    const plain = new Pairs();
    await line().fit(plain, { epochs: 2, shuffle: false, verbose: 0 });
    const epoch = ["begin", 0, 1, 2, 3, "end"];
    expect(plain.asked).toEqual([0, "end", ...epoch, ...epoch]);
    const shuffled = new Pairs();
    await line().fit(shuffled, { epochs: 3, verbose: 0 });
    const asked = shuffled.asked
      .slice(2)
      .join(" ")
      .match(/\d( \d)+/g) as string[];
    for (const order of asked) expect(order.split(" ").sort()).toEqual(["0", "1", "2", "3"]);
    expect(new Set(asked).size).toBeGreaterThan(1);
  });

  // Keras 3.15 on TensorFlow: with 4 batches, 3 steps an epoch and 4 epochs, epochs have 3, 1, 3 and 1 steps, and it warns.
  test("steps_per_epoch goes through arrays over several epochs", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const steps: number[] = [];
    const callback = keras.callbacks.LambdaCallback({
      on_epoch_begin: () => void steps.push(0),
      on_train_batch_end: (batch) => void steps.splice(-1, 1, batch + 1),
    });
    const options = {
      batch_size: 2,
      epochs: 4,
      steps_per_epoch: 3,
      shuffle: false,
      verbose: 0,
      callbacks: [callback],
    } as const;
    const history = await line().fit(x, y, options);
    expect(steps).toEqual([3, 1, 3, 1]);
    expect(history.facet.batch_losses).toEqual(await wanted());
    expect(warned).toHaveBeenCalledTimes(2);
    warned.mockRestore();
  });

  test("validation_freq and validation_steps say when and how long validation is", async () => {
    const dataset = new Pairs();
    const validation = { validation_data: dataset, validation_steps: 2, verbose: 0 } as const;
    const history = await line().fit(x, y, { ...validation, epochs: 4, validation_freq: 2 });
    expect(history.history.loss?.length).toBe(4);
    expect(history.history.val_loss?.length).toBe(2);
    expect(dataset.asked).toEqual([0, "end", "begin", 0, 1, "end", "end", "begin", 0, 1, "end"]);
    const some = await line().fit(x, y, { ...validation, epochs: 4, validation_freq: [1, 2, 4] });
    expect(some.history.val_loss?.length).toBe(3);
  });

  test("class_weight weighs what a PyDataset gives", async () => {
    class Classes extends keras.utils.PyDataset {
      override __len__(): number {
        return 2;
      }
      override __getitem__(index: number): [keras.NdArray, Int32Array] {
        return [x.slice(2 * index, 2 * index + 2), Int32Array.of(0, 1)];
      }
    }
    const losses = async (class_weight: Record<number, number> | null): Promise<number[]> => {
      const layers = [
        keras.Input({ shape: [1] }),
        keras.layers.Dense(2, { kernel_initializer: "zeros", activation: "softmax" }),
      ];
      const model = keras.Sequential(layers);
      model.compile({ optimizer: keras.optimizers.SGD({ learning_rate: 0 }), loss: "sparse_categorical_crossentropy" });
      return (await model.fit(new Classes(), { class_weight, verbose: 0 })).facet.batch_losses;
    };
    const [plain, weighed] = [await losses(null), await losses({ 0: 3, 1: 1 })];
    for (const [i, loss] of weighed.entries()) expect(loss).toBeCloseTo(2 * (plain[i] as number), 5);
  });

  test("refuses what the batches say themselves, and what is no batch", async () => {
    await expect(line().fit(pairs, y, { verbose: 0 })).rejects.toThrow("fit: y: expected none where x is a generator");
    await expect(line().fit(pairs, { batch_size: 2 })).rejects.toThrow("fit: batch_size: expected none");
    await expect(line().fit(pairs, { class_weight: { 0: 2 } })).rejects.toThrow("fit: class_weight: expected none");
    await expect(line().fit(new Pairs(), { sample_weight: y })).rejects.toThrow("expected none where x is a PyDataset");
    await expect(line().fit(pairs, { validation_split: 0.5 })).rejects.toThrow("fit: validation_split");
    await expect(line().fit(() => 3 as never)).rejects.toThrow("a generator function: one that gives an iterator");
    await expect(line().fit(() => [3] as never)).rejects.toThrow("batches [x], [x, y] or [x, y, sample_weight]");
    await expect(line().fit(() => [])).rejects.toThrow("at least one batch");
    expect(() => keras.utils.PyDataset({ use_multiprocessing: true as never })).toThrow("use_multiprocessing");
    await expect(line().fit(new keras.utils.PyDataset())).rejects.toThrow("a class that gives __len__");
  });
});

describe("evaluate and predict", () => {
  test("take batches and steps as they take arrays", async () => {
    const model = line();
    await model.fit(x, y, { verbose: 0 });
    const all = await model.evaluate(x, y, { verbose: 0 });
    expect(await model.evaluate(pairs, { verbose: 0 })).toBeCloseTo(all, 4);
    expect(await model.evaluate(new Pairs(), { verbose: 0 })).toBeCloseTo(all, 4);
    const half = await model.evaluate(x.slice(0, 4), y.slice(0, 4), { verbose: 0 });
    expect(await model.evaluate(endless(), { steps: 2, verbose: 0 })).toBeCloseTo(half, 4);
    expect(await model.evaluate(x, y, { batch_size: 2, steps: 2, verbose: 0 })).toBeCloseTo(half, 4);
    const predicted = (await model.predict(x, { verbose: 0 })) as keras.NdArray;
    for (const source of [pairs, new Pairs(), () => [[x.slice(0, 3)], [x.slice(3)]] as const])
      expect(await model.predict(source as never, { verbose: 0 })).toEqual(predicted);
    expect(await model.predict(endless(), { steps: 2, verbose: 0 })).toEqual(predicted.slice(0, 4));
  });
});

test("the progress line of an unknown number of steps", async () => {
  let text = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((part) => {
    text += part;
    return true;
  });
  await line().fit(pairs, { epochs: 1 });
  write.mockRestore();
  expect(text).toMatch(/^Epoch 1\/1\n4\/4 ━{20} \d+s \d+[mu]?s\/step - loss: \d+\.\d{4}\n$/);
});
