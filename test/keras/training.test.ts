// fit, evaluate, predict, callbacks, progress lines, data and memory of the Keras dialect.
import * as keras from "@facet/shims-keras";
import { createRandom } from "@facet/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { formatValue, ProgressBar, plainLine, progressLine } from "../../packages/shims-keras/src/training/progbar.js";

const { layers } = keras;
beforeEach(() => {
  keras.utils.clear_session();
  keras.utils.set_random_seed(1);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Points of three classes around three centres, in order of class. */
function blobs(count: number): { x: keras.NdArray; y: keras.NdArray } {
  const noise = createRandom(5).normal([count, 2]);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  const x = Float32Array.from({ length: 2 * count }, (_, i) => {
    const angle = ((labels[i >> 1] as number) * 2 * Math.PI) / 3;
    return 2 * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) + 0.5 * (noise[i] as number);
  });
  return { x: keras.ndarray(x, [count, 2]), y: keras.ndarray(labels) };
}

function classifier(): keras.Sequential {
  const model = keras.Sequential([
    keras.Input({ shape: [2] }),
    layers.Dense(16, { activation: "relu" }),
    layers.Dropout(0.1),
    layers.Dense(3, { activation: "softmax" }),
  ]);
  model.compile({
    optimizer: keras.optimizers.Adam({ learning_rate: 0.05 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

/** What is written to standard output while `body` runs. */
async function printed(body: () => Promise<unknown>): Promise<string> {
  let text = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((part) => {
    text += part;
    return true;
  });
  try {
    await body();
  } finally {
    write.mockRestore();
  }
  return text;
}

describe("fit", () => {
  test("learns, and reports Keras' keys in Keras' order", async () => {
    const { x, y } = blobs(300);
    const model = classifier();
    const history = await model.fit(x, y, { batch_size: 32, epochs: 4, validation_split: 0.2, verbose: 0 });
    expect(history.epoch).toEqual([0, 1, 2, 3]);
    expect(Object.keys(history.history)).toEqual(["accuracy", "loss", "val_accuracy", "val_loss"]);
    for (const values of Object.values(history.history)) expect(values.length).toBe(4);
    expect(history.history.val_accuracy?.at(-1)).toBeGreaterThan(0.95);
    expect(history.history.loss?.at(-1)).toBeLessThan(history.history.loss?.[0] as number);
    // 240 samples: 7 whole batches and one of 16, 4 times.
    expect(history.facet.batch_losses.length).toBe(32);
    const [first, last] = [history.facet.batch_losses.slice(0, 7), history.facet.batch_losses[7] as number];
    const weighted = (first.reduce((sum, loss) => sum + 32 * loss, 0) + 16 * last) / 240;
    expect(history.history.loss?.[0]).toBeCloseTo(weighted, 6);
    expect(model.history).toBe(history);
  });

  test("the same seed gives the same losses, another seed others", async () => {
    const { x, y } = blobs(96);
    const run = async (seed: number): Promise<number[]> => {
      keras.utils.set_random_seed(seed);
      return (await classifier().fit(x, y, { epochs: 2, verbose: 0 })).facet.batch_losses;
    };
    const losses = await run(3);
    expect(losses.length).toBe(6);
    expect(await run(3)).toEqual(losses);
    expect(await run(4)).not.toEqual(losses);
  });

  /** Targets that the steps of a fit see, one list per epoch. Targets live only within a step, so they are read there. */
  async function targetsSeen(count: number, options: object): Promise<number[]> {
    const x = keras.ndarray(
      Float32Array.from({ length: count }, (_, i) => i),
      [count, 1],
    );
    const model = keras.Sequential([keras.Input({ shape: [1] }), layers.Dense(1)]);
    const reads: Promise<keras.NdArray>[] = [];
    let training = false;
    const loss = (yTrue: keras.Tensor, yPred: keras.Tensor): keras.Tensor => {
      if (training) reads.push(yTrue.numpy());
      return keras.losses.mean_squared_error(yTrue, yPred);
    };
    model.compile({ optimizer: keras.optimizers.SGD(0), loss: loss as never, run_eagerly: true });
    const watch = keras.callbacks.LambdaCallback({
      on_train_batch_begin: () => {
        training = true;
      },
      on_train_batch_end: () => {
        training = false;
      },
    });
    await model.fit(x, x, { batch_size: 5, verbose: 0, callbacks: [watch], ...options });
    return (await Promise.all(reads)).flatMap(({ data }) => [...data]);
  }
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const sorted = (values: number[]): number[] => [...values].sort((a, b) => a - b);

  test("shuffles unless told not to: every sample once per epoch, in another order each time", async () => {
    expect(await targetsSeen(12, { shuffle: false })).toEqual(upTo(12));
    const seen = await targetsSeen(12, { epochs: 2 });
    const [first, second] = [seen.slice(0, 12), seen.slice(12)];
    expect(first).not.toEqual(upTo(12));
    expect(second).not.toEqual(first);
    expect([sorted(first), sorted(second)]).toEqual([upTo(12), upTo(12)]);
  });

  test("validation_split takes the last samples, before shuffling, and rounds them up", async () => {
    expect(sorted(await targetsSeen(10, { validation_split: 0.25 }))).toEqual(upTo(7));
  });

  test("validation_data, initial_epoch, sample_weight, class_weight", async () => {
    const { x, y } = blobs(30);
    const model = classifier();
    const history = await model.fit(x, y, 10, {
      epochs: 3,
      initial_epoch: 1,
      validation_data: [x, y],
      class_weight: { 0: 0, 1: 0, 2: 0 },
      verbose: 0,
    });
    expect(history.epoch).toEqual([1, 2]);
    // Nothing weighs anything, so nothing is learned, and the losses of validation stay as they are.
    expect(history.facet.batch_losses).toEqual(Array(6).fill(0));
    expect(history.history.val_loss?.[0]).toBeGreaterThan(0);
    const weights = keras.ndarray(Float32Array.from(y.data, (label) => (label === 0 ? 2 : 0)));
    const only = await model.evaluate(x, y, { sample_weight: weights, verbose: 0, return_dict: true });
    const zeros = [...y.data].flatMap((label, i) => (label === 0 ? [i] : []));
    const part = keras.ndarray(Float32Array.from(zeros.flatMap((i) => [...x.slice(i, i + 1).data])), [zeros.length, 2]);
    const { loss } = await model.evaluate(part, keras.ndarray(new Int32Array(zeros.length)), {
      verbose: 0,
      return_dict: true,
    });
    expect(only.loss).toBeCloseTo((2 * loss * zeros.length) / 30, 5);
    await expect(model.fit(x, y, { sample_weight: weights, class_weight: { 0: 1 } })).rejects.toThrow(/not both/);
  });

  test("one-hot targets, column labels, binary outputs and regression find their accuracy", async () => {
    const { x, y } = blobs(60);
    const dense = (units: number, activation: "softmax" | "sigmoid" | "linear", loss: string, metric: string) => {
      const model = keras.Sequential([layers.Dense(units, { activation })]);
      model.compile({ optimizer: "sgd", loss: loss as "mse", metrics: [metric as "mse"] });
      return model;
    };
    const keysOf = async (model: keras.Sequential, targets: keras.NdArray): Promise<string[]> =>
      Object.keys((await model.fit(x, targets, { verbose: 0 })).history);
    const oneHot = keras.utils.to_categorical(y, 3);
    expect(await keysOf(dense(3, "softmax", "categorical_crossentropy", "accuracy"), oneHot)).toEqual([
      "accuracy",
      "loss",
    ]);
    const column = y.reshape(-1, 1).astype("uint8");
    expect(await keysOf(dense(3, "softmax", "sparse_categorical_crossentropy", "acc"), column)).toEqual([
      "acc",
      "loss",
    ]);
    const isZero = keras.ndarray(Float32Array.from(y.data, (label) => (label === 0 ? 1 : 0)));
    expect(await keysOf(dense(1, "sigmoid", "binary_crossentropy", "accuracy"), isZero)).toEqual(["accuracy", "loss"]);
    expect(await keysOf(dense(1, "linear", "mse", "mae"), isZero)).toEqual(["loss", "mae"]);
    const model = dense(3, "softmax", "categorical_crossentropy", "accuracy");
    const sparse = dense(3, "softmax", "sparse_categorical_crossentropy", "accuracy");
    await model.predict(x, { verbose: 0 });
    await sparse.predict(x, { verbose: 0 });
    sparse.set_weights(await model.get_weights());
    expect(await model.evaluate(x, oneHot, { verbose: 0 })).toEqual(await sparse.evaluate(x, column, { verbose: 0 }));
  });
});

describe("evaluate, predict and single batches", () => {
  test("evaluate counts every sample once, the last short batch too, and agrees with predict", async () => {
    const { x, y } = blobs(50);
    const model = classifier();
    const [loss, accuracy] = await model.evaluate(x, y, { batch_size: 16, verbose: 0 });
    const p: keras.NdArray = await model.predict(x, { batch_size: 7, verbose: 0 });
    expect(p.shape).toEqual([50, 3]);
    const rows = [...y.data].map((label, i) => p.data[3 * i + label] as number);
    expect(loss).toBeCloseTo(-rows.reduce((sum, row) => sum + Math.log(row), 0) / 50, 5);
    const hits = [...p.argmax().data].filter((label, i) => label === y.data[i]).length;
    expect(accuracy).toBe(hits / 50);
    expect(await model.evaluate(x, y, { verbose: 0, return_dict: true })).toEqual({
      accuracy,
      loss: expect.closeTo(loss, 6),
    });
    const plain = keras.Sequential([layers.Dense(1)]);
    plain.compile({ optimizer: "sgd", loss: "mse" });
    expect(await plain.evaluate(x, y, { verbose: 0 })).toBeTypeOf("number");
  });

  test("dropout acts in training only", async () => {
    const { x } = blobs(4);
    const model = classifier();
    const first: keras.NdArray = await model.predict(x, { verbose: 0 });
    expect((await model.predict(x, { verbose: 0 })).data).toEqual(first.data);
    expect((await model.predict_on_batch(x)).data).toEqual(first.data);
  });

  test("train_on_batch and test_on_batch give the values of their batch alone, as Keras 3.15", async () => {
    const { x, y } = blobs(30);
    const model = classifier();
    const [first] = (await model.train_on_batch(x, y)) as number[];
    const second = (await model.train_on_batch(x, y, { return_dict: true })) as Record<string, number>;
    expect(Object.keys(second)).toEqual(["loss", "accuracy"]);
    expect(second.loss).toBeLessThan(first as number);
    const tested = (await model.test_on_batch(x, y)) as number[];
    const evaluated = await model.evaluate(x, y, { verbose: 0 });
    for (const [i, value] of tested.entries()) expect(value).toBeCloseTo(evaluated[i], 6);
    expect(model.optimizer?.iterations).toBe(2);
  });
});

describe("callbacks", () => {
  test("hooks run in Keras' order, wait for promises, and read means that do not stall", async () => {
    const { x, y } = blobs(20);
    const calls: string[] = [];
    const batchLosses: number[] = [];
    let running = 0;
    class Watch extends keras.callbacks.Callback {
      override on_train_begin(): void {
        calls.push(`begin ${this.params.epochs} ${this.params.steps}`);
      }
      override on_epoch_begin(epoch: number): void {
        calls.push(`epoch ${epoch}`);
      }
      override async on_train_batch_end(batch: number, logs?: keras.callbacks.BatchLogs): Promise<void> {
        calls.push(`batch ${batch}`);
        batchLosses.push((await logs?.facet.batch_loss) as number);
        running = (await logs?.loss) as number;
      }
      override on_test_end(logs?: keras.callbacks.Logs): void {
        calls.push(`test ${Object.keys(logs ?? {})}`);
      }
      override on_epoch_end(_epoch: number, logs?: keras.callbacks.Logs): void {
        calls.push(`end ${Object.keys(logs ?? {})}`);
        expect(logs?.loss).toBeCloseTo(running, 6);
      }
      override on_train_end(): void {
        calls.push("done");
      }
    }
    const history = await classifier().fit(x, y, {
      batch_size: 12,
      validation_data: [x, y],
      callbacks: [new Watch()],
      verbose: 0,
    });
    expect(calls).toEqual([
      "begin 1 2",
      "epoch 0",
      "batch 0",
      "batch 1",
      "test accuracy,loss",
      "end accuracy,loss,val_accuracy,val_loss",
      "done",
    ]);
    expect(batchLosses).toEqual(history.facet.batch_losses);
  });

  test("EarlyStopping stops, and restores the best weights", async () => {
    const { x, y } = blobs(30);
    const model = classifier();
    // A learning rate that grows makes the loss worse from some epoch on.
    const worse = keras.callbacks.LambdaCallback({
      on_epoch_begin: (epoch) => {
        if (model.optimizer) model.optimizer.learning_rate = epoch < 3 ? 0.01 : 50;
      },
    });
    const stop = keras.callbacks.EarlyStopping({ monitor: "val_loss", patience: 2, restore_best_weights: true });
    const history = await model.fit(x, y, {
      epochs: 30,
      validation_data: [x, y],
      callbacks: [worse, stop],
      verbose: 0,
    });
    expect(history.epoch.length).toBeLessThan(30);
    expect(stop.stopped_epoch).toBe(history.epoch.length - 1);
    const best = Math.min(...(history.history.val_loss as number[]));
    const [loss] = await model.evaluate(x, y, { verbose: 0 });
    expect(loss).toBeCloseTo(best, 6);
    const wrong = keras.callbacks.EarlyStopping("val_los");
    await expect(model.fit(x, y, { callbacks: [wrong], verbose: 0 })).rejects.toThrow(
      /EarlyStopping: monitor.*val_los/,
    );
  });
});

describe("progress", () => {
  const values = { accuracy: 0.8875, loss: 0.3646, val_accuracy: 0.9765, val_loss: 0.0875 };
  const state = { current: 422, target: 422, elapsed: 25.2, secondsPerStep: 0.058, values, finished: true };
  const BAR = "━".repeat(20);
  const STYLES = new RegExp(`${String.fromCharCode(27)}\\[\\d*[mK]`, "g");

  test("the line of the articles, in Keras 3's form", () => {
    expect(progressLine(state)).toBe(
      `422/422 ${BAR} 25s 58ms/step - accuracy: 0.8875 - loss: 0.3646 - val_accuracy: 0.9765 - val_loss: 0.0875`,
    );
    expect(plainLine(state)).toBe(
      "422/422 - 25s - 58ms/step - accuracy: 0.8875 - loss: 0.3646 - val_accuracy: 0.9765 - val_loss: 0.0875",
    );
    expect(progressLine({ ...state, values: {} }, true)).toBe(
      `\x1b[1m422/422\x1b[0m \x1b[32m${BAR}\x1b[0m\x1b[37m\x1b[0m \x1b[1m25s\x1b[0m 58ms/step`,
    );
  });

  test("under way: padded count, part of the bar, time that remains", () => {
    const half = { ...state, current: 21, finished: false, values: { loss: 0.0005 } };
    expect(progressLine(half)).toBe(` 21/422 ${BAR} 23s 58ms/step - loss: 5.0000e-04`);
    expect(progressLine({ ...half, secondsPerStep: 1.5 })).toContain(" 10:01 2s/step");
    expect(progressLine({ ...half, secondsPerStep: 20 })).toContain(" 2:13:40 20s/step");
    expect(progressLine({ ...half, secondsPerStep: 2e-5 })).toContain(" 0s 20us/step");
    expect(progressLine({ ...half, current: 211 }, true)).toContain(
      `\x1b[32m${"━".repeat(10)}\x1b[0m\x1b[37m${"━".repeat(10)}\x1b[0m`,
    );
  });

  test.each([
    [0.12345, "0.1235"],
    [12.5, "12.5000"],
    [0.001, "1.0000e-03"],
    [1.5e-12, "1.5000e-12"],
    [0, "0.0000e+00"],
    [Number.NaN, "nan"],
    [Number.POSITIVE_INFINITY, "inf"],
  ])("%d as Python formats it", (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  test("on a terminal the line is redrawn with the values that have come back, and ends in a newline", async () => {
    let [text, now] = ["", 0];
    const output = {
      live: true,
      columns: 80,
      write: (part: string): void => {
        text += part;
      },
    };
    const bar = new ProgressBar(3, 1, output, () => now);
    const read = async () => ({ loss: 1.25 });
    for (const step of [1, 2, 3]) {
      now += 0.5;
      bar.update(step, read);
      await Promise.resolve();
    }
    await bar.finish({ loss: 1 });
    const lines = text.split("\r").slice(1);
    expect(lines.map((line) => line.replaceAll(STYLES, ""))).toEqual([
      `1/3 ${BAR} 1s 500ms/step`,
      `2/3 ${BAR} 0s 500ms/step - loss: 1.2500`,
      `3/3 ${BAR} 2s 500ms/step - loss: 1.0000\n`,
    ]);
  });

  test("fit prints epochs and one line each where there is no terminal; verbose 0 nothing; 2 no bar", async () => {
    const { x, y } = blobs(40);
    const model = classifier();
    const text = await printed(() => model.fit(x, y, { epochs: 2, validation_split: 0.25 }));
    const number = "\\d\\.\\d{4}(?:e[+-]\\d\\d)?";
    const line = `1/1 ${BAR} \\d+s \\d+[mu]?s/step - accuracy: ${number} - loss: ${number} - val_accuracy: ${number} - val_loss: ${number}`;
    expect(text).toMatch(new RegExp(`^Epoch 1/2\n${line}\nEpoch 2/2\n${line}\n$`));
    expect(await printed(() => model.fit(x, y, { verbose: 0 }))).toBe("");
    expect(await printed(() => model.evaluate(x, y, { verbose: 2 }))).toMatch(
      new RegExp(`^2/2 - \\d+s - \\d+[mu]?s/step - accuracy: ${number} - loss: ${number}\n$`),
    );
    expect(await printed(() => model.predict(x))).toMatch(new RegExp(`^2/2 ${BAR} \\d+s \\d+[mu]?s/step\n$`));
  });
});

describe("mistakes", () => {
  // biome-ignore lint/suspicious/noExplicitAny: what is given here is wrong on purpose.
  const wrong = (value: unknown): any => value;
  const { x, y } = blobs(12);
  test.each<[string, (model: keras.Sequential) => Promise<unknown>, RegExp]>([
    [
      "no data",
      (model) => model.fit(keras.ndarray(new Float32Array(0), [0, 2]), y.slice(0, 0)),
      /fit: x: expected at least one sample/,
    ],
    [
      "other lengths",
      (model) => model.fit(x, y.slice(0, 7)),
      /same number of samples, got 'x' sizes: 12; 'y' sizes: 7/,
    ],
    [
      "a label that is no class",
      (model) => model.fit(x, keras.ndarray(Int32Array.from({ length: 12 }, () => 3))),
      /fit: y: expected class indices from 0 to 2, got 3 at 0/,
    ],
    [
      "a label of -1",
      (model) => model.evaluate(x, keras.ndarray(Int32Array.from({ length: 12 }, (_, i) => (i === 5 ? -1 : 0)))),
      /evaluate: y: .*got -1 at 5/,
    ],
    [
      "one-hot rows for the sparse loss",
      (model) => model.fit(x, keras.utils.to_categorical(y, 3)),
      /one-hot rows need categorical_crossentropy/,
    ],
    [
      "images of another shape",
      (model) => model.fit(x.reshape(8, 3), y.slice(0, 8)),
      /Input 0 of layer "sequential" is incompatible with the layer: expected shape=\(None, 2\), got shape=\(None, 3\)/,
    ],
    [
      "an empty batch",
      (model) => model.fit(x, y, { batch_size: 0 }),
      /fit: batch_size: expected a positive integer, got 0/,
    ],
    ["no epochs", (model) => model.fit(x, y, { epochs: 0 }), /fit: epochs/],
    ["a split that leaves nothing", (model) => model.fit(x, y, { validation_split: 1 }), /validation_split/],
    [
      "an unknown keyword",
      (model) => model.fit(x, y, wrong({ batchsize: 3 })),
      /fit: batchsize: .*did you mean batch_size\?/,
    ],
    [
      "an unsupported one",
      async (model) => model.compile({ loss: "mse", ...wrong({ jit_compile: true }) }),
      /compile: jit_compile/,
    ],
    ["no targets", (model) => model.fit(x, wrong(undefined)), /fit: y: expected targets, got none/],
    [
      "data on the device",
      (model) => model.fit(wrong(keras.ops.convert_to_tensor(x)), y),
      /fit: x: expected data on the host/,
    ],
    ["a callback that is none", (model) => model.fit(x, y, { callbacks: wrong([{}]) }), /callbacks/],
    ["fit before compile", () => keras.Sequential([layers.Dense(3)]).fit(x, y), /fit: model "sequential.*compile/],
    ["a model without layers", () => keras.Sequential().predict(x, { verbose: 0 }), /Sequential: layers/],
  ])("%s", async (_, make, message) => {
    const model = classifier();
    await expect((async () => make(model))()).rejects.toThrow(message);
    // The device works on.
    expect((await model.predict(x, { verbose: 0 })).shape).toEqual([12, 3]);
  });
});

describe("host arrays and utils", () => {
  test("NdArray: dtypes as NumPy's, views, reshapes", () => {
    const x = keras.ndarray(Uint8Array.of(0, 51, 255, 102), [2, 2]);
    expect([x.shape, x.dtype, x.ndim, x.size, x.length]).toEqual([[2, 2], "uint8", 2, 4, 2]);
    expect(x.astype("float32").div(255).dtype).toBe("float32");
    expect(x.astype("float32").div(255).data).toEqual(Float32Array.of(0, 51 / 255, 1, 102 / 255));
    expect(x.div(255).dtype).toBe("float64");
    expect(x.mul(2).data).toEqual(Uint8Array.of(0, 102, 254, 204));
    expect(x.sub(x).add(1.5).data).toEqual(Float64Array.of(1.5, 1.5, 1.5, 1.5));
    expect(x.reshape(-1).shape).toEqual([4]);
    expect(x.expandDims(-1).shape).toEqual([2, 2, 1]);
    expect(x.slice(-1).tolist()).toEqual([[255, 102]]);
    expect(x.slice(0, 1).data.buffer).toBe(x.data.buffer);
    expect(x.argmax().data).toEqual(Int32Array.of(1, 0));
    expect(() => x.reshape(3, -1)).toThrow(/reshape: shape: expected a shape of 4 elements, got \[3, -1\]/);
    expect(() => x.add(keras.ndarray([1]))).toThrow(/add: other: expected \[2, 2\]/);
    expect(() => keras.ndarray([[1], [1, 2]])).toThrow(/rows of equal length/);
  });

  test("to_categorical", () => {
    const y = keras.utils.to_categorical([0, 2], 3);
    expect([y.dtype, y.tolist()]).toEqual([
      "float64",
      [
        [1, 0, 0],
        [0, 0, 1],
      ],
    ]);
    expect(keras.utils.to_categorical(keras.ndarray(Uint8Array.of(1, 0), [2, 1])).shape).toEqual([2, 2]);
    expect(() => keras.utils.to_categorical([3], 3)).toThrow(/class indices from 0 to 2, got 3 at 0/);
  });

  test("ops", async () => {
    const { ops } = keras;
    const x = ops.convert_to_tensor([
      [1, -2],
      [3, 4],
    ]);
    const list = async (tensor: keras.Tensor): Promise<unknown> => (await ops.convert_to_numpy(tensor)).tolist();
    expect(await list(ops.relu(x))).toEqual([
      [1, 0],
      [3, 4],
    ]);
    expect(await list(ops.matmul(x, x))).toEqual([
      [-5, -10],
      [15, 10],
    ]);
    expect(await list(ops.sum(x, { axis: 0 }))).toEqual([4, 2]);
    expect(await list(ops.mean(ops.cast(x, "int32"), { axis: 1, keepdims: true }))).toEqual([[-0.5], [3.5]]);
    expect(await list(ops.argmax(x))).toBe(3);
    expect(await list(ops.argmax(x, 1))).toEqual([0, 1]);
    expect(await list(ops.one_hot(keras.ndarray(Int32Array.of(1)), 3))).toEqual([[0, 1, 0]]);
    expect(await list(ops.reshape(x, [4]))).toEqual([1, -2, 3, 4]);
    expect(await ops.sum(ops.softmax(x)).item()).toBeCloseTo(2, 6);
  });

  test("datasets load as Keras' do", async () => {
    const [[x_train, y_train], [x_test, y_test]] = await keras.datasets.digits.load_data({ limit: 30, testLimit: 20 });
    expect([x_train.shape, x_train.dtype, y_train.shape, y_train.dtype]).toEqual([
      [30, 28, 28],
      "uint8",
      [30],
      "uint8",
    ]);
    expect([x_test.shape, y_test.shape]).toEqual([[20, 28, 28], [20]]);
  });

  test("metrics by themselves", async () => {
    const accuracy = keras.metrics.SparseCategoricalAccuracy();
    expect(accuracy.name).toBe("sparse_categorical_accuracy");
    const p = keras.ndarray([
      [0.9, 0.1],
      [0.2, 0.8],
    ]);
    accuracy.update_state(keras.ndarray(Int32Array.of(0, 0)), p);
    accuracy.update_state(keras.ndarray(Int32Array.of(0, 1)), p);
    expect(await accuracy.result()).toBe(0.75);
    accuracy.reset_state();
    expect(await accuracy.result()).toBe(0);
  });
});

test("with an average of the weights fit ends with it, and a scaled loss changes nothing but roundings", async () => {
  const train = async (options: object): Promise<number[]> => {
    const model = keras.Sequential([keras.layers.Dense(1, { kernel_initializer: "ones" })]);
    model.build([null, 2]);
    model.compile({ optimizer: keras.optimizers.SGD({ learning_rate: 0.25, ...options }), loss: "mse" });
    const x = keras.ndarray([1, 2, 3, 4], [2, 2]);
    await model.fit(x, keras.ndarray([1, 1], [2, 1]), { epochs: 3, batch_size: 2, verbose: 0 });
    const weights = await model.get_weights();
    return weights.flatMap(({ data }) => [...data].map(Number));
  };
  const plain = await train({});
  const scaled = await train({ loss_scale_factor: 1024 });
  for (const [i, value] of scaled.entries()) expect(value / (plain[i] as number)).toBeCloseTo(1, 5);
  const averaged = await train({ use_ema: true, ema_momentum: 0 });
  expect(averaged).toEqual(plain);
  expect(await train({ use_ema: true, ema_momentum: 0.5 })).not.toEqual(plain);
});
