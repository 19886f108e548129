// Keras; for Fashion-MNIST nothing changes but the data.
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
  const images = (split: ImageSplit) =>
    keras
      .ndarray(split.images, [split.count, ...input_shape])
      .astype("float32")
      .div(255);

  const model = keras.Sequential([
    keras.Input({ shape: input_shape }),
    layers.Conv2D(32, 5, { padding: "same", activation: "relu" }),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 5, { padding: "same", activation: "relu" }),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(1024, { activation: "relu" }),
    layers.Dropout(0.5),
    layers.Dense(10, { activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });

  run.phase("train");
  await model.fit(images(train), train.labels, {
    batch_size: 128,
    epochs: run.epochs,
    verbose: 0,
    callbacks: [progress(run)],
  });

  run.phase("predict");
  const [loss, accuracy] = await model.evaluate(images(test), test.labels, { verbose: 0 });
  return { parameters: model.count_params(), loss, accuracy };
};

await alone(import.meta, program);
