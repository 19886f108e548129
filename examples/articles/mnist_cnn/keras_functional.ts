// Layers called on tensors: the signal's way through the network, line by line.
import * as keras from "@facet/shims-keras";
import { alone } from "../alone.js";
import { progress } from "../keras_callback.js";
import type { Program } from "../run.js";

const { layers } = keras;

export const program: Program = async (run) => {
  keras.utils.set_random_seed(run.seed);
  const { train, test } = run.data;
  const input_shape = [train.height, train.width, train.channels];
  const x_train = keras
    .ndarray(train.images, [train.count, ...input_shape])
    .astype("float32")
    .div(255);
  const x_test = keras
    .ndarray(test.images, [test.count, ...input_shape])
    .astype("float32")
    .div(255);
  const y_train = keras.utils.to_categorical(train.labels, 10);
  const y_test = keras.utils.to_categorical(test.labels, 10);

  const inputs = keras.Input({ shape: input_shape });
  let x = layers.Conv2D(32, { kernel_size: [3, 3], activation: "relu" })(inputs);
  x = layers.MaxPooling2D({ pool_size: [2, 2] })(x);
  x = layers.Conv2D(64, { kernel_size: [3, 3], activation: "relu" })(x);
  x = layers.MaxPooling2D({ pool_size: [2, 2] })(x);
  x = layers.Flatten()(x);
  x = layers.Dropout(0.5)(x);
  const outputs = layers.Dense(10, { activation: "softmax" })(x);
  const model = keras.Model({ inputs, outputs });
  model.compile({ loss: "categorical_crossentropy", optimizer: "adam", metrics: ["accuracy"] });

  run.phase("train");
  await model.fit(x_train, y_train, {
    batch_size: 128,
    epochs: run.epochs,
    validation_split: 0.1,
    verbose: 0,
    callbacks: [progress(run)],
  });

  run.phase("predict");
  const [loss, accuracy] = await model.evaluate(x_test, y_test, { verbose: 0 });
  return { parameters: model.count_params(), loss, accuracy };
};

await alone(import.meta, program);
