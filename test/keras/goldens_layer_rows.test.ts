// Every class of keras.layers against Keras on TensorFlow: results, gradients, names of weights, shapes of placeholders,
// configurations, and layers made of these.
import { add, type Tensor as CoreTensor, fromData, gradients, mul, scope, sum, variable } from "@facet/autograd";
import * as keras from "@facet/shims-keras";
import { expectClose, type GoldenCase } from "@facet/testing";
import { describe, expect, test } from "vitest";
import { hostArray, rows } from "./golden_rows.js";

// biome-ignore lint/suspicious/noExplicitAny: names and arguments come from the file.
type Any = any;
interface Spec {
  readonly new: string;
  readonly options: Record<string, unknown>;
}

const isSpec = (value: unknown): value is Spec => typeof value === "object" && value !== null && "new" in value;
function make(value: unknown): Any {
  if (Array.isArray(value)) return value.map(make);
  if (!isSpec(value)) return value;
  const given = Object.fromEntries(Object.entries(value.options).map(([k, v]) => [k, make(v)]));
  return (keras.layers as Any)[value.new](given);
}

const HIDDEN = ["name", "dtype", "module", "registered_name", "build_config"];
function plain(value: Any): Any {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([k, v]) => (HIDDEN.includes(k) || v === null ? [] : [[k, plain(v)]])),
  );
}
const numbered = (row: GoldenCase, letter: string): string[] =>
  row.tensors.filter((name) => new RegExp(`^${letter}\\d+$`).test(name));
const packed = <T>(list: readonly T[]): T | readonly T[] => (list.length > 1 ? list : (list[0] as T));

describe("layers", () => {
  test.each(rows("keras_layer_rows"))("$name", async (row) => {
    const { layer: spec, call, named, weights, specs, config } = row.params;
    const [xs, ws, ys] = ["x", "w", "y"].map((letter) => numbered(row, letter)) as [string[], string[], string[]];
    const layer = make(spec);
    const placeholders = xs.map((x) => {
      const { shape, dtype } = row.tensor(x);
      return keras.Input({ shape: shape.slice(1), dtype: dtype as "float32" });
    });
    const given = (inputs: readonly unknown[]): unknown[] => {
      if (named) return [{ ...Object.fromEntries(named.map((n: string, i: number) => [n, inputs[i]])), ...call }];
      return [packed(inputs), ...(Object.keys(call).length > 0 ? [call] : [])];
    };
    const symbolic = [layer(...given(placeholders))].flat();
    expect(symbolic.map(({ shape }: Any) => [...shape])).toEqual(specs);
    expect(layer.weights.map(({ path }: Any) => path.split("/").at(-1))).toEqual(weights);
    expect(plain(layer.get_config())).toEqual(plain(config));

    const again = (layer.constructor as Any).from_config(layer.get_config());
    for (const each of [layer, again]) await check(each);

    async function check(one: Any): Promise<void> {
      const results = scope(() => {
        const inputs = xs.map((x) => {
          const { data, shape, dtype } = row.tensor(x);
          const tensor = fromData(data, shape, dtype);
          return dtype === "float32" ? variable(tensor) : tensor;
        });
        const run = (): keras.Tensor[] =>
          [one(...given(inputs.map((x) => new keras.Tensor(x))))].flat().filter(Boolean);
        if (one !== layer) run();
        one.set_weights(ws.map((w) => hostArray(row, w)));
        const outputs = run().map(({ core }) => core);
        const sources = [
          ...inputs.filter(({ dtype }) => dtype === "float32"),
          ...one.trainable_weights.map((w: Any) => w.core),
        ];
        const parts = outputs
          .filter((_, i) => row.has(`dy${i}`))
          .map((y, i) => sum(mul(y, fromData(row.floats(`dy${i}`), row.tensor(`dy${i}`).shape))));
        // Whole numbers have no gradients.
        if (parts.length === 0 || sources.length === 0) return outputs;
        const total = parts.reduce((a, b) => add(a, b));
        return [...outputs, ...(gradients(total, sources) as CoreTensor[])];
      });
      expect(results.length).toBeGreaterThanOrEqual(ys.length + numbered(row, "g").length);
      for (const [i, result] of results.entries()) {
        const name = i < ys.length ? `y${i}` : `g${i - ys.length}`;
        // What Keras has no gradient of has one of zeros here.
        if (!row.has(name)) continue;
        const { data, shape } = row.tensor(name);
        expect(result.shape).toEqual(shape);
        expectClose(await result.data(), data as Float32Array, {
          rtol: 3e-5,
          atol: 3e-5,
          label: `${row.name} ${name}`,
          shape,
        });
      }
      for (const name of numbered(row, "a")) {
        const { data, shape } = row.tensor(name);
        const found = (await one.weights[Number(name.slice(1))].numpy()).data;
        expectClose(found, data as Float32Array, { rtol: 3e-5, atol: 3e-5, label: `${row.name} ${name}`, shape });
      }
    }
  });
});
