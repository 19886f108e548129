// Digits by two convolutions, as Keras' first example of vision has them: a sequential model, compiled and fitted.
import * as keras from "@facet/shims-keras";
import { images } from "../formula.js";
import { start } from "./start.js";

const { layers } = keras;

export async function train(steps: number, dropout = 0.5): Promise<number[]> {
  const model = keras.Sequential([
    keras.Input({ shape: [28, 28, 1] }),
    layers.Conv2D(32, { kernel_size: [3, 3], activation: "relu" }),
    layers.MaxPooling2D({ pool_size: [2, 2] }),
    layers.Conv2D(64, { kernel_size: [3, 3], activation: "relu" }),
    layers.MaxPooling2D({ pool_size: [2, 2] }),
    layers.Flatten(),
    layers.Dropout(dropout),
    layers.Dense(10, { activation: "softmax" }),
  ]);
  start(model);
  model.compile({ loss: "categorical_crossentropy", optimizer: "adam", metrics: ["accuracy"] });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, y } = images(16, [28, 28, 1], 10, 1000 + 2 * step);
    const inputs = keras.ndarray(x, [16, 28, 28, 1]);
    const labels = keras.utils.to_categorical(y, 10);
    const { history } = await model.fit(inputs, labels, { batch_size: 16, epochs: 1, shuffle: false, verbose: 0 });
    losses.push(history.loss?.[0] as number);
  }
  return losses;
}
