// Device memory of the Keras dialect. In a file of its own: nothing that other tests dropped may be collected meanwhile.
import { device } from "@facet/autograd";
import * as keras from "@facet/shims-keras";
import { createRandom } from "@facet/testing";
import { expect, test } from "vitest";

const { layers } = keras;

test("memory does not grow over 500 steps, whatever reads, and falls back after a mistake", async () => {
  const x = keras.ndarray(createRandom(5).normal([40, 2]), [40, 2]);
  const y = keras.ndarray(createRandom(6).integers(40, 0, 3));
  const model = keras.Sequential([
    keras.Input({ shape: [2] }),
    layers.Dense(16, { activation: "relu" }),
    layers.Dropout(0.1),
    layers.Dense(3, { activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  await model.fit(x, y, { batch_size: 4, epochs: 1, verbose: 0, validation_data: [x, y] });
  const baseline = device().memory().live;
  const touch = keras.callbacks.LambdaCallback({
    on_train_batch_end: async (batch, logs) => {
      if (batch === 3) await logs?.accuracy;
    },
  });
  await model.fit(x, y, { batch_size: 4, epochs: 50, verbose: 0, validation_split: 0.2, callbacks: [touch] });
  await model.evaluate(x, y, { verbose: 0 });
  await model.predict(x, { verbose: 0 });
  await model.train_on_batch(x, y);
  await expect(model.fit(x, y.add(7), { verbose: 0 })).rejects.toThrow(/class indices/);
  // The plan of train_on_batch stays until its metrics are reset.
  model.reset_metrics();
  expect(device().memory().live).toBe(baseline);
});
