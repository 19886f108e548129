// The CNN of the articles as a Keras user writes it: a Sequential model, compile, fit, evaluate.
import { fileURLToPath } from "node:url";
import { defaultDataset, type ImageSplit, loadDataset } from "@facet/datasets";
import * as keras from "@facet/shims-keras";
import { alignedWeights, hwio, transposed, type Weight } from "./aligned.js";
import type { TrainOptions, TrainResult } from "./options.js";
import { StepLog } from "./steps.js";

const { layers } = keras;

/** Trains on `data.train`, evaluates on `data.test`. `verbose` as in fit: 1 prints Keras' progress lines. */
export async function runKeras(options: TrainOptions, verbose: 0 | 1 | 2 = 0): Promise<TrainResult> {
  const { data, epochs, batchSize, seed, align, plan = true, onStep } = options;
  const { height, width, channels } = data.train;
  keras.utils.set_random_seed(seed);
  const data_format = align ? "channels_first" : "channels_last";
  // With one channel both layouts are the same bytes.
  const input_shape = align ? [channels, height, width] : [height, width, channels];
  const images = (split: ImageSplit) =>
    keras
      .ndarray(split.images, [split.count, ...input_shape])
      .astype("float32")
      .div(255);
  const [x_train, y_train] = [images(data.train), keras.ndarray(data.train.labels)];
  const [x_test, y_test] = [images(data.test), keras.ndarray(data.test.labels)];

  const model = keras.Sequential([
    keras.Input({ shape: input_shape }),
    layers.Conv2D(32, { kernel_size: [3, 3], activation: "relu", data_format }),
    layers.MaxPooling2D({ pool_size: [2, 2], data_format }),
    layers.Conv2D(64, { kernel_size: [3, 3], activation: "relu", data_format }),
    layers.MaxPooling2D({ pool_size: [2, 2], data_format }),
    // In memory order, which is what the other dialects' flatten does: Keras' own moves the channels last.
    layers.Flatten({ data_format: "channels_last" }),
    layers.Dropout(0.5, align ? { seed } : {}),
    layers.Dense(10, { activation: "softmax" }),
  ]);
  if (align) model.set_weights(kerasWeights(await alignedWeights(seed, channels, height, width)));
  if (verbose > 0) model.summary();

  const optimizer = align
    ? keras.optimizers.Adam({ learning_rate: 1e-3, epsilon: 1e-8, facet: { epsilon: "torch" } })
    : keras.optimizers.Adam({ learning_rate: 1e-3 });
  model.compile({
    loss: "sparse_categorical_crossentropy",
    optimizer,
    metrics: ["accuracy"],
    run_eagerly: !plan,
  });

  const log = new StepLog(Math.ceil(data.train.count / batchSize), onStep);
  const epochSeconds: number[] = [];
  let epoch = 0;
  let began = 0;
  const timing = keras.callbacks.LambdaCallback({
    on_epoch_begin: (current) => {
      epoch = current;
      began = performance.now();
      log.start();
    },
    on_train_batch_end: (step, logs) => log.add(epoch, step, { item: () => logs?.facet.batch_loss ?? NO_LOSS }),
    on_epoch_end: () => {
      epochSeconds.push((performance.now() - began) / 1000);
    },
  });
  await model.fit(x_train, y_train, {
    batch_size: batchSize,
    epochs,
    verbose,
    shuffle: !align,
    callbacks: [timing],
  });
  const [, testAccuracy] = await model.evaluate(x_test, y_test, { batch_size: batchSize, verbose: 0 });
  return { parameters: model.count_params(), ...log.result(), testAccuracy, epochSeconds };
}

const NO_LOSS = Promise.resolve(Number.NaN);

/** The shared weights in Keras' shapes: [h, w, in, out] and [in, out]. */
function kerasWeights(weights: readonly Weight[]): keras.NdArray[] {
  return weights.map((weight) => {
    const rank = weight.shape.length;
    const { shape, data } = rank === 4 ? hwio(weight) : rank === 2 ? transposed(weight) : weight;
    return keras.ndarray(data, shape);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const data = await loadDataset(await defaultDataset());
  const result = await runKeras({ data, epochs: 1, batchSize: 128, seed: 0, align: false }, 1);
  console.log(`${result.parameters} parameters, test accuracy ${result.testAccuracy}`);
}
