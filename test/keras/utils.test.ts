// keras.utils that prepare arrays, held against keras_utils.json.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as keras from "@facet/shims-keras";
import { describe, expect, test } from "vitest";

interface Stored {
  readonly dtype: "bool" | "uint8" | "int32" | "float32" | "float64";
  readonly shape: readonly number[];
  readonly values: readonly (number | boolean)[];
}
type Case = readonly [name: string, named: Readonly<Record<string, unknown>>, result: Stored | Stored[][]];
const file = fileURLToPath(new URL("../goldens/keras_utils.json", import.meta.url));
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };

const arrayOf = ({ dtype, shape, values }: Stored): keras.NdArray => {
  const flat = values.map(Number);
  return keras.NdArray(Float64Array.from(flat), shape).astype(dtype);
};
const given = (value: unknown): unknown => {
  if (value === "inf" || value === "-inf") return Number(`${value}inity`.replace("inf", "Inf"));
  return typeof value === "object" && value !== null && "dtype" in value ? arrayOf(value as Stored) : value;
};
function same(found: keras.NdArray, wanted: Stored): void {
  expect([found.dtype, found.shape]).toEqual([wanted.dtype, wanted.shape]);
  // Norms in NumPy's float32 and in double precision differ by roundings.
  for (const [i, value] of wanted.values.entries())
    expect(Math.abs((found.data[i] as number) - Number(value))).toBeLessThanOrEqual(2e-7 * Math.abs(Number(value)));
}

test.each(cases.map((each) => [each[0], JSON.stringify(each[1]).slice(0, 120), each] as const))(
  "%s %s",
  (name, _, [, named, result]) => {
    const call = (keras.utils as unknown as Record<string, (named: unknown) => unknown>)[name] as (
      named: unknown,
    ) => unknown;
    const found = call(Object.fromEntries(Object.entries(named).map(([key, value]) => [key, given(value)])));
    if (!Array.isArray(result)) return same(found as keras.NdArray, result as Stored);
    const batches = [...(found as Iterable<keras.NdArray | keras.NdArray[]>)];
    expect(batches.length).toBe(result.length);
    for (const [i, batch] of batches.entries()) {
      const parts = Array.isArray(batch) ? batch : [batch];
      expect(parts.length).toBe(result[i]?.length);
      for (const [j, part] of parts.entries()) same(part, result[i]?.[j] as Stored);
    }
  },
);

describe("refusals", () => {
  const { utils } = keras;
  test.each([
    ["a number among sequences", () => utils.pad_sequences([[1], 2]), /sequences: expected a list of sequences/],
    ["no sequences", () => utils.pad_sequences([]), /at least one, or maxlen/],
    ["elements of two shapes", () => utils.pad_sequences([[[1, 2]], [[1, 2, 3]]]), /elements \[2\], got \[3\] at 1/],
    [
      "an axis too many",
      () => utils.normalize(keras.ndarray([1, 2]), 1),
      /normalize: axis: expected an integer from -1/,
    ],
    ["four parts", () => utils.unpack_x_y_sample_weight([1, 2, 3, 4]), /\[x\], \[x, y\] or/],
    ["a start beyond", () => utils.timeseries_dataset_from_array([1, 2], null, 1, { start_index: 2 }), /start_index/],
    ["grain", () => utils.timeseries_dataset_from_array([1, 2], null, 1, { format: "grain" } as never), /format/],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});

test("packs and unpacks as Keras does", () => {
  const { pack_x_y_sample_weight: pack, unpack_x_y_sample_weight: unpack } = keras.utils;
  const [x, y, w] = [keras.ndarray([1]), keras.ndarray([2]), keras.ndarray([3])];
  expect(pack(x)).toBe(x);
  expect(pack([x, x])).toEqual([[x, x]]);
  expect([pack(x, y), pack(x, y, w)]).toEqual([
    [x, y],
    [x, y, w],
  ]);
  expect([unpack(x), unpack([x]), unpack([x, y]), unpack([x, y, w])]).toEqual([
    [x, null, null],
    [x, null, null],
    [x, y, null],
    [x, y, w],
  ]);
  expect([keras.utils.is_keras_tensor(keras.Input({ shape: [2] })), keras.utils.is_keras_tensor(x)]).toEqual([
    true,
    false,
  ]);
});

test("shuffled windows are the same windows, in another order with each pass, and fit takes them", async () => {
  keras.utils.set_random_seed(3);
  const series = Float32Array.from({ length: 40 }, (_, i) => i);
  const dataset = keras.utils.timeseries_dataset_from_array(series, series, 3, {
    batch_size: 8,
    shuffle: true,
    seed: 1,
  });
  const firsts = (): number[] =>
    [...dataset].flatMap((batch) => [...(batch as readonly [keras.NdArray, keras.NdArray])[1].data]);
  const [one, two] = [firsts(), firsts()];
  expect(one).not.toEqual(two);
  expect(one.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 38 }, (_, i) => i));
  expect(two.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 38 }, (_, i) => i));
  const model = keras.Sequential([keras.Input({ shape: [3] }), keras.layers.Dense(1)]);
  model.compile({ optimizer: keras.optimizers.SGD({ learning_rate: 1e-4 }), loss: "mse" });
  const history = await model.fit(dataset as never, { epochs: 2, verbose: 0 });
  expect(history.facet.batch_losses.length).toBe(10);
  expect(history.history.loss?.[1]).toBeLessThan(history.history.loss?.[0] as number);
});
