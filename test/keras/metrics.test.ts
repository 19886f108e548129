// Metrics with a state of their own: in compile, in steps of a program's own, and by name.
import * as keras from "@facet/shims-keras";
import { expect, test } from "vitest";

const x = keras.ndarray(
  Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  [12, 2],
);
const y = keras.ndarray(
  Float32Array.from({ length: 12 }, (_, i) => i % 2),
  [12, 1],
);
const layers = () => [keras.layers.Dense({ units: 1, activation: "sigmoid" })];
const quiet = { batch_size: 4, verbose: 0, shuffle: false } as const;

test("compile takes them by name, as classes and as objects, and evaluate gives what a loop of the program's own gives", async () => {
  const model = keras.Sequential(layers());
  const metrics = ["auc", keras.metrics.Recall, keras.metrics.Precision({ thresholds: 0.4, name: "sure" }), "rmse"];
  model.compile({ optimizer: keras.optimizers.SGD(), loss: "binary_crossentropy", metrics: metrics as never });
  const history = await model.fit(x, y, { ...quiet, epochs: 2 });
  expect(Object.keys(history.history).sort()).toEqual(["auc", "loss", "recall", "rmse", "sure"]);
  const logs = await model.evaluate(x, y, { batch_size: 4, verbose: 0, return_dict: true });
  const predicted = await model.predict(x, { verbose: 0 });
  const alone = {
    auc: keras.metrics.AUC(),
    recall: keras.metrics.Recall(),
    sure: keras.metrics.Precision({ thresholds: 0.4 }),
    rmse: keras.metrics.RootMeanSquaredError(),
  };
  for (const [name, metric] of Object.entries(alone)) expect(logs[name]).toBeCloseTo(await metric(y, predicted), 5);
});

test("a train_step of the program's own returns results of its metrics, which begin anew with every epoch", async () => {
  class Tracked extends keras.Model {
    readonly dense = keras.layers.Dense({ units: 1 });
    readonly tracker = keras.metrics.Mean({ name: "seen" });
    override call(inputs: keras.Tensor) {
      return this.dense(inputs);
    }
    override train_step(...args: Parameters<keras.Model["train_step"]>) {
      const data = args[0] as unknown as readonly keras.Tensor[];
      this.tracker.update_state((data[0] as keras.Tensor).core.size);
      this.tracker.update_state(data[1] as keras.Tensor);
      return { seen: this.tracker.result() };
    }
  }
  const model = new Tracked();
  expect(model.metrics).toEqual([model.tracker]);
  model.compile({ optimizer: "sgd" });
  const history = await model.fit(x, y, { ...quiet, epochs: 2 });
  // Three batches of 8 numbers and four labels, half of them 1.
  const wanted = (3 * 8 + 6) / (3 * 1 + 12);
  for (const seen of history.history.seen as number[]) expect(seen).toBeCloseTo(wanted, 5);
});

test("names that no metric has are refused", () => {
  expect(() => keras.metrics.get("precission" as never)).toThrow(/precision/);
});
