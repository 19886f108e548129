// fit, evaluate and predict run as replayed plans: to the same bits as op by op.
import { CaptureError } from "@facet/autograd";
import * as keras from "@facet/shims-keras";
import { createRandom } from "@facet/testing";
import { describe, expect, test } from "vitest";

const { layers } = keras;

function model(run_eagerly: boolean) {
  keras.utils.set_random_seed(4);
  const made = keras.Sequential([
    keras.Input({ shape: [8, 8, 1] }),
    layers.Conv2D(4, 3, { activation: "relu" }),
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dropout(0.5),
    layers.Dense(3, { activation: "softmax" }),
  ]);
  const optimizer = keras.optimizers.Adam({ learning_rate: 0.01 });
  made.compile({ optimizer, loss: "sparse_categorical_crossentropy", metrics: ["accuracy"], run_eagerly });
  return made;
}

const x = keras.ndarray(createRandom(1).normal([22, 8, 8, 1]), [22, 8, 8, 1]);
const y = keras.ndarray(createRandom(2).integers(22, 0, 3));

async function everything(run_eagerly: boolean) {
  const net = model(run_eagerly);
  const slower = keras.callbacks.LambdaCallback({
    on_epoch_end: () => {
      (net.optimizer as keras.optimizers.Optimizer).learning_rate *= 0.5;
    },
  });
  const history = await net.fit(x, y, {
    batch_size: 4,
    epochs: 3,
    verbose: 0,
    validation_split: 0.25,
    callbacks: [slower],
  });
  const batches = [await net.train_on_batch(x, y), await net.train_on_batch(x, y), await net.test_on_batch(x, y)];
  const weights = (await net.get_weights()).map(({ data }) => [...data]);
  const predicted = (await net.predict(x, { batch_size: 5, verbose: 0 })) as keras.NdArray;
  const evaluated = await net.evaluate(x, y, { batch_size: 5, verbose: 0 });
  const { history: logs, facet } = history;
  return { logs, losses: facet.batch_losses, batches, weights, predicted: [...predicted.data], evaluated };
}

describe("captured steps", () => {
  test("give the bits of eager ones: losses, metrics, weights, predictions", async () => {
    const captured = await everything(false);
    expect(captured).toEqual(await everything(true));
    expect(new Set(captured.losses).size).toBe(captured.losses.length);
  });

  test("refuse a loss that looks at values, and say what helps", async () => {
    const net = model(false);
    const loss = (yTrue: keras.Tensor, yPred: keras.Tensor): keras.Tensor => {
      yPred.numpy().catch(() => {});
      return keras.losses.mean_squared_error(yTrue, yPred);
    };
    net.compile({ optimizer: "adam", loss: loss as never });
    const targets = keras.ndarray(createRandom(3).normal([22, 3]), [22, 3]);
    await expect(net.fit(x, targets, { verbose: 0 })).rejects.toThrow(CaptureError);
    await expect(net.fit(x, targets, { verbose: 0 })).rejects.toThrow(/fit: .*run_eagerly: true/);
    net.compile({ optimizer: "adam", loss: loss as never, run_eagerly: true });
    await net.fit(x, targets, { verbose: 0 });
  });
});
