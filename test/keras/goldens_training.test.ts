// Optimizers, whole runs of fit, and initializers against values that Keras computed on TensorFlow.
import * as keras from "@facet/shims-keras";
import { expectClose } from "@facet/testing";
import { describe, expect, test } from "vitest";
import { hostArray, make, rows } from "./golden_rows.js";

describe("optimizers", () => {
  test.each(rows("keras_optimizers"))("$name", async (row) => {
    const { optimizer: name, options, rates } = row.params;
    keras.utils.clear_session();
    const optimizer = make(keras.optimizers, name, options);
    expect(optimizer.name).toBe(row.params.name);
    const variables = ["p0", "p1"].map((p) => new keras.Variable(hostArray(row, p)));
    const [steps] = row.tensor("g0").shape as [number];
    const found: number[][] = [[], []];
    for (let step = 0; step < steps; step++) {
      if (rates[step] !== undefined) optimizer.learning_rate = rates[step];
      optimizer.apply_gradients(
        variables.map((variable, i) => {
          const gradient = hostArray(row, `g${i}`)
            .slice(step, step + 1)
            .reshape(variable.shape);
          return [keras.ops.convert_to_tensor(gradient), variable];
        }),
      );
      for (const [i, variable] of variables.entries()) found[i]?.push(...(await variable.numpy()).data);
    }
    for (const [i, values] of found.entries())
      expectClose(values, row.floats(`y${i}`), { rtol: 1e-5, atol: 1e-6, label: `${row.name} p${i}` });
    expect(optimizer.iterations).toBe(steps);
    expect(optimizer.variableCount).toBe(row.params.variables);
  });
});

describe("fit, evaluate and predict", () => {
  test.each(rows("keras_fit"))("$name", async (row) => {
    const { shape, layers, compile, fit } = row.params;
    const model = keras.Sequential([
      keras.Input({ shape }),
      ...layers.map(([name, options]: [string, object]) => make(keras.layers, name, options)),
    ]);
    const named = (prefix: string): string[] => row.tensors.filter((name) => new RegExp(`^${prefix}\\d`).test(name));
    model.set_weights(named("w").map((name) => hostArray(row, name)));
    const [optimizer, options] = compile.optimizer;
    model.compile({ ...compile, optimizer: make(keras.optimizers, optimizer, options) });
    const [x, y] = [hostArray(row, "x"), hostArray(row, "target")];
    const arguments_ = { ...fit, shuffle: false, verbose: 0 };
    if (fit.sample_weight) arguments_.sample_weight = hostArray(row, "weights");
    const history = await model.fit(x, y, arguments_);

    const tolerance = { rtol: 2e-5, atol: 2e-6 };
    const keys = row.tensors.filter((name) => name.startsWith("history_")).map((name) => name.slice(8));
    expect(Object.keys(history.history)).toEqual(keys);
    expect(history.epoch).toEqual(row.params.epoch);
    for (const key of keys)
      expectClose(history.history[key] as number[], row.floats(`history_${key}`), { ...tolerance, label: key });
    const weights = await model.get_weights();
    for (const [i, name] of named("final").entries())
      expectClose(weights[i]?.data as Float32Array, row.floats(name), { ...tolerance, label: name });
    const evaluated = await model.evaluate(x, y, { batch_size: 4, verbose: 0 });
    expectClose(evaluated as number[], row.floats("evaluated"), { ...tolerance, label: "evaluated" });
    // Adam divides small gradients by their size, and with them their rounding; predictions add up such weights.
    const predicted = await model.predict(x, { batch_size: 4, verbose: 0 });
    expectClose(predicted.data as Float32Array, row.floats("predicted"), {
      rtol: 2e-5,
      atol: 2e-5,
      label: "predicted",
    });
  });
});

describe("initializers", () => {
  // Numbers are other ones: their mean, deviation and extremes must be those of Keras' as far as samples can tell.
  test.each(rows("keras_initializers"))("$name", async (row) => {
    const initializer = make(keras.initializers, row.params.initializer, { ...row.params.options, seed: 3 });
    const values = (await initializer.values(row.params.shape).data()) as Float32Array;
    const n = values.length;
    const mean = values.reduce((total, value) => total + value, 0) / n;
    const deviation = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / n);
    const [kerasMean, kerasDeviation, least, largest] = row.floats("y") as unknown as [number, number, number, number];
    // Five deviations of a difference of two sample means; and of two sample deviations, largest for normal numbers.
    expect(Math.abs(mean - kerasMean)).toBeLessThan(5 * kerasDeviation * Math.sqrt(2 / n));
    expect(Math.abs(deviation / kerasDeviation - 1)).toBeLessThan(5 / Math.sqrt(n));
    // The ends of a distribution with an end are met within a hundredth of its width; a normal's vary more.
    const endless = /RandomNormal|untruncated|Orthogonal/.test(row.name);
    const [low, high] = [values, values].map((all, i) =>
      all.reduce((a, b) => (i === 0 ? Math.min(a, b) : Math.max(a, b))),
    );
    const slack = (endless ? 1.5 : 0.05) * kerasDeviation;
    expect(Math.abs((low as number) - least)).toBeLessThan(slack);
    expect(Math.abs((high as number) - largest)).toBeLessThan(slack);
  });
});
