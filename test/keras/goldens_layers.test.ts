// Layers, activations and keras.ops against values that Keras computed on TensorFlow.
import * as keras from "@facet/shims-keras";
import { describe, test } from "vitest";
import { check, hostArray, make, rows } from "./golden_rows.js";

type Layer = InstanceType<typeof keras.layers.Layer>;
const inputsOf = (tensors: readonly string[]): string[] => tensors.filter((name) => /^x\d*$/.test(name));

describe("layers", () => {
  test.each(rows("keras_layers"))("$name", async (row) => {
    const layer: Layer = make(keras.layers, row.params.layer, row.params.options);
    const names = inputsOf(row.tensors);
    const call = (...xs: keras.Tensor[]): keras.Tensor =>
      (layer as never as CallableFunction)(xs.length > 1 ? xs : xs[0]);
    call(...names.map((name) => keras.ops.convert_to_tensor(hostArray(row, name)))); // builds it
    layer.set_weights(["w", "b"].filter((name) => row.has(name)).map((name) => hostArray(row, name)));
    await check(row, names, call, () => layer.weights.map(({ core }) => core));
  });
});

describe("activations", () => {
  test.each(rows("keras_activations"))("$name", async (row) => {
    const f = keras.activations[row.params.fn as "gelu"];
    await check(row, ["x"], (x) => f(x as keras.Tensor, ...row.params.args));
    // The name that layers take stands for the function with its defaults.
    if (row.params.args.length === 0) await check(row, ["x"], keras.activations.get(row.params.fn) as never);
  });
});

describe("ops", () => {
  test.each(rows("keras_ops"))("$name", async (row) => {
    const { fn, args, options } = row.params;
    const names = inputsOf(row.tensors);
    await check(row, names, (...xs) => {
      const given = args.map((arg: unknown) =>
        typeof arg === "string" && arg.startsWith("$") ? xs[names.indexOf(arg.slice(1))] : arg,
      );
      if (Object.keys(options).length > 0) given.push(options);
      return (keras.ops as never as Record<string, CallableFunction>)[fn]?.(...given);
    });
  });
});
