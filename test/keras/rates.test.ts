// Callbacks that set the learning rate, and the one that ends a training which has come to nothing.
import * as keras from "@facet/shims-keras";
import { expect, test, vi } from "vitest";

const { callbacks } = keras;
const x = keras.ndarray([1, 2, 3, 4], [4, 1]);

/** Trains one weight from 0 toward `target` and returns what fit does. */
async function trained(epochs: number, list: readonly keras.callbacks.Callback[], target = 1, rate = 0.01) {
  const model = keras.Sequential([
    keras.Input({ shape: [1] }),
    keras.layers.Dense(1, { use_bias: false, kernel_initializer: "zeros" }),
  ]);
  model.compile({ optimizer: keras.optimizers.SGD(rate), loss: "mse" });
  const y = keras.ndarray([target, target, target, target], [4, 1]);
  return model.fit(x, y, { epochs, batch_size: 2, shuffle: false, verbose: 0, callbacks: list });
}

test("LearningRateScheduler sets the rate of an epoch, which the history keeps", async () => {
  const asked: number[][] = [];
  const scheduler = callbacks.LearningRateScheduler((epoch: number, rate: number) => {
    asked.push([epoch, rate]);
    return rate / 2;
  });
  const { history } = await trained(3, [scheduler]);
  expect(asked).toEqual([
    [0, 0.01],
    [1, 0.005],
    [2, 0.0025],
  ]);
  expect(history.learning_rate).toEqual([0.005, 0.0025, 0.00125]);
  await expect(trained(1, [callbacks.LearningRateScheduler((() => "0.1") as never)])).rejects.toThrow(/schedule/);
});

test("ReduceLROnPlateau waits, reduces, cools down and stops at min_lr", async () => {
  // Steps of 0 make nothing better: the first epoch is the best one.
  const frozen = (options: object) => trained(6, [callbacks.ReduceLROnPlateau({ monitor: "loss", ...options })], 0);
  const { history } = await frozen({ patience: 2, factor: 0.5 });
  expect(history.learning_rate).toEqual([0.01, 0.01, 0.01, 0.005, 0.005, 0.0025]);
  const least = await frozen({ patience: 1, factor: 0.5, cooldown: 2, min_lr: 0.004 });
  expect(least.history.learning_rate).toEqual([0.01, 0.01, 0.005, 0.005, 0.004, 0.004]);
  await expect(trained(1, [callbacks.ReduceLROnPlateau()])).rejects.toThrow(/monitor: expected one of .*loss/);
  expect(() => callbacks.ReduceLROnPlateau({ factor: 1 })).toThrow(/factor/);
});

test("TerminateOnNaN ends training, or raises", async () => {
  const said = vi.spyOn(console, "log").mockImplementation(() => {});
  const { epoch } = await trained(3, [callbacks.TerminateOnNaN()], Number.POSITIVE_INFINITY);
  expect(epoch).toEqual([0]);
  expect(said.mock.calls.flat()).toEqual(["Batch 0: Invalid loss, terminating training"]);
  said.mockRestore();
  await expect(trained(1, [callbacks.TerminateOnNaN(true)], Number.NaN)).rejects.toThrow(/TerminateOnNaN: loss/);
});
