// keras.applications, held against keras_applications.json: names of layers, shapes, numbers of parameters.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as keras from "@facet/shims-keras";
import { describe, expect, test } from "vitest";

interface Found {
  readonly name: string;
  readonly params: number;
  readonly trainable: number;
  readonly layers: readonly (readonly [string, readonly (number | null)[]])[];
}
const file = fileURLToPath(new URL("../goldens/keras_applications.json", import.meta.url));
const { cases } = JSON.parse(readFileSync(file, "utf8")) as {
  cases: [name: string, named: Record<string, unknown>, found: Found][];
};
const { applications } = keras;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

test.each(cases)("%s %j", (name, named, wanted) => {
  keras.utils.clear_session();
  const make = (applications as unknown as Record<string, (named: unknown) => keras.Model>)[name] as (
    named: unknown,
  ) => keras.Model;
  const model = make(named);
  expect(model.name).toBe(wanted.name);
  expect(model.layers.map((layer) => [layer.name, layer.output.shape])).toEqual(wanted.layers);
  const count = (weights: readonly keras.Variable[]): number =>
    weights.reduce((total, { shape }) => total + sizeOf(shape as number[]), 0);
  expect([count(model.weights), count(model.trainable_weights)]).toEqual([wanted.params, wanted.trainable]);
  for (const { core } of model.weights) core.dispose();
});

test("a model begins where its placeholder does, whatever came before it", () => {
  keras.utils.clear_session();
  const images = keras.Input({ shape: [32, 32, 1] });
  const colours = keras.layers.Concatenate()([images, images, images]);
  const options = { weights: null, include_top: false, alpha: 0.35, pooling: "avg" } as const;
  const base = applications.MobileNetV2({ ...options, input_tensor: colours });
  expect(base.input).toBe(images);
  expect(base.output.shape).toEqual([null, 1280]);
  expect(base.layers.slice(0, 3).map(({ name }) => name)).toEqual(["input_layer", "concatenate", "Conv1"]);
});

describe("refusals", () => {
  test.each([
    ["trained weights", () => applications.VGG16(), /VGG16: weights: expected weights: null .*, got "imagenet"/],
    ["small images", () => applications.ResNet50({ weights: null, input_shape: [31, 32, 3] }), /at least 32 x 32/],
    ["two extents", () => applications.ResNet50({ weights: null, input_shape: [32, 32] }), /three integers/],
    [
      "a head for any size",
      () => applications.VGG19({ weights: null, input_shape: [null, 32, 3] }),
      /include_top is true/,
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
