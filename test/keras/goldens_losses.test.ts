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
    expect(metric.name).toBe(row.params.name);
    const results: number[] = [];
    for (let batch = 0; row.has(`x${batch}`); batch++) {
      metric.update_state(hostArray(row, `target${batch}`), hostArray(row, `x${batch}`));
      results.push(await metric.result());
    }
    expectClose(results, row.floats("y"), { rtol: 1e-6, atol: 1e-7 });
    metric.reset_state();
    expect(await metric.result()).toBe(0);
  });
});
