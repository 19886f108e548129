// Keras as intended: images in [0, 1]. keras_as_printed.ts hands over bytes, and differs in nothing else.
import type { ImageSplit } from "@facet/datasets";
import * as keras from "@facet/shims-keras";
import { alone } from "../alone.js";
import { progress } from "../keras_callback.js";
import type { Program } from "../run.js";

const { layers } = keras;

export const program: Program = async (run) => {
  keras.utils.set_random_seed(run.seed);
  const { train, test } = run.data;
  const input_shape = [train.height, train.width, train.channels];
  const load = ({ images, count }: ImageSplit) => keras.ndarray(images, [count, ...input_shape]);
  const x_train = load(train).astype("float32").div(255);
  const x_test = load(test).astype("float32").div(255);

  const model = keras.Sequential([
    keras.Input({ shape: input_shape }),
    layers.Conv2D(16, 3, { padding: "same", activation: "relu" }),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, { padding: "same", activation: "relu" }),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(64, { activation: "relu" }),
    layers.Dense(10, { activation: "softmax" }),
  ]);
  const optimizer = keras.optimizers.Adam({ learning_rate: 1e-4 });
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });

  run.phase("train");
  await model.fit(x_train, train.labels, {
    batch_size: 128,
    epochs: run.epochs,
    verbose: 0,
    callbacks: [progress(run)],
  });

  run.phase("predict");
  const [loss, accuracy] = await model.evaluate(x_test, test.labels, { verbose: 0 });
  return { parameters: model.count_params(), loss, accuracy };
};

await alone(import.meta, program);
