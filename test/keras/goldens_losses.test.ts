// Losses and metrics against values that Keras computed on TensorFlow.
import * as keras from "@facet/shims-keras";
import { expectClose } from "@facet/testing";
import { describe, expect, test } from "vitest";
import { check, hostArray, make, rows } from "./golden_rows.js";

describe("losses", () => {
  test.each(rows("keras_losses"))("$name", async (row) => {
    const { loss: name, options, predictions } = row.params;
    const loss = make(keras.losses, name, options);
    const activation = predictions === "softmax" || predictions === "sigmoid" ? predictions : "linear";
    const weights = row.has("weights") ? [hostArray(row, "weights")] : [];
    const names = row.has("dtarget") ? ["x", "target"] : ["x"];
    await check(row, names, (x, target = hostArray(row, "target") as never) =>
      loss(target, keras.activations.get(activation)(x as keras.Tensor), ...weights),
    );
  });
});

describe("metrics", () => {
  test.each(rows("keras_metrics"))("$name", async (row) => {
    const metric = make(keras.metrics, row.params.metric, row.params.options);
    // Automatic names count their class up.
    expect(metric.name.replace(/_\d+$/, "")).toBe(row.params.name.replace(/_\d+$/, ""));
    const results: number[] = [];
    for (let batch = 0; row.has(`x${batch}`); batch++) {
      const targets = row.has(`target${batch}`) ? [hostArray(row, `target${batch}`)] : [];
      const weights = row.has(`weights${batch}`) ? [hostArray(row, `weights${batch}`)] : [];
      metric.update_state(...targets, hostArray(row, `x${batch}`), ...weights);
      const result = await metric.result();
      results.push(...(typeof result === "number" ? [result] : result.data));
    }
    expectClose(results, row.floats("y"), { rtol: 2e-6, atol: 2e-6 });
    metric.reset_state();
    for (const variable of metric.variables)
      expect((await variable.numpy()).data.every((x: number) => x === 0)).toBe(true);
  });
});
