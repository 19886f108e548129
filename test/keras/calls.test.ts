// Functions of Keras called as Keras was: with arguments as given, all by position, all by name. keras_calls.json has what it gave.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FacetError } from "@facet/autograd";
import { signatures } from "@facet/dialect";
import * as keras from "@facet/shims-keras";
import { describe, expect, test } from "vitest";

interface Stored {
  readonly dtype: "float32" | "int32" | "bool";
  readonly shape: readonly number[];
  readonly values: unknown;
}
type Call = readonly [
  name: string,
  positional: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
  result: Stored | { readonly raises: string },
];

const file = fileURLToPath(new URL("../goldens/keras_calls.json", import.meta.url));
const { calls } = JSON.parse(readFileSync(file, "utf8")) as { calls: Call[] };

/** Where Facet refuses what Keras computes. */
const REFUSED: Readonly<Record<string, string>> = {};

const SPECIAL: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
const numbers = (values: unknown): number[] =>
  (Array.isArray(values) ? values.flat(Infinity as 1) : [values]).map((value) =>
    typeof value === "string" ? (SPECIAL[value] as number) : Number(value),
  );

function given(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("dtype" in value)) return value;
  const { dtype, shape, values } = value as Stored;
  const flat = numbers(values);
  const data =
    dtype === "float32" ? Float32Array.from(flat) : dtype === "int32" ? Int32Array.from(flat) : Uint8Array.from(flat);
  return keras.ops.convert_to_tensor(keras.ndarray(data, shape), dtype);
}

function functionOf(name: string): (...args: unknown[]) => keras.Tensor {
  const [namespace, member] = name.split(".") as [string, string];
  return (keras as unknown as Record<string, Record<string, never>>)[namespace]?.[member] as never;
}

const ways: Readonly<Record<string, (call: Call) => unknown[]>> = {
  "as given": ([, positional, named]) => [...positional.map(given), ...(Object.keys(named).length > 0 ? [named] : [])],
  "by position": ([name, positional, named]) => {
    const parameters = signatures.get(`keras.${name}`)?.[0]?.parameters.map((each) => each.name) ?? [];
    const rest = parameters.slice(positional.length).map((each) => named[each]);
    return [...positional.map(given), ...rest];
  },
  "by name": ([name, positional, named]) => {
    const parameters = signatures.get(`keras.${name}`)?.[0]?.parameters.map((each) => each.name) ?? [];
    return [{ ...Object.fromEntries(positional.map((value, i) => [parameters[i], given(value)])), ...named }];
  },
};

const label = ([name, positional, named]: Call): string => {
  const text = (value: unknown): string =>
    typeof value === "object" && value !== null && "dtype" in value
      ? `${(value as Stored).dtype}[${(value as Stored).shape}]`
      : JSON.stringify(value);
  return `${name}(${[...positional.map(text), ...Object.entries(named).map(([key, value]) => `${key}=${text(value)}`)].join(", ")})`;
};

describe.each([...new Set(calls.map(([name]) => name))])("%s", (name) => {
  const own = calls.filter(([each]) => each === name);
  test.each(Object.keys(ways))(`${own.length} calls, %s`, async (way) => {
    for (const call of own) {
      const [, , , result] = call;
      const run = async (): Promise<keras.NdArray> =>
        functionOf(name)(...(ways[way] as (call: Call) => unknown[])(call)).numpy();
      if ("raises" in result || label(call) in REFUSED) {
        await expect(run(), label(call)).rejects.toBeInstanceOf(FacetError);
        continue;
      }
      const found = await run();
      expect([found.dtype, ...found.shape], label(call)).toEqual([result.dtype, ...result.shape]);
      const wanted = numbers(result.values);
      for (const [i, value] of wanted.entries()) {
        const is = found.data[i] as number;
        // Keras' own values are of float32 arithmetic.
        const close =
          Object.is(is, value) || is === value || Math.abs(is - value) <= 2e-6 * Math.max(1, Math.abs(value));
        expect(close, `${label(call)}[${i}]: expected ${value}, got ${is}`).toBe(true);
      }
    }
  });
});

test("what is refused is called", () => {
  const labels = new Set(calls.map(label));
  for (const each of Object.keys(REFUSED)) expect(labels, each).toContain(each);
});

test("numbers between two ends meet both, along any axis, and as many as a device holds", async () => {
  const { ops } = keras;
  const read = async (x: keras.Tensor) => Array.from((await ops.convert_to_numpy(x)).data);
  // What NumPy gives; Keras on TensorFlow fails at an axis other than the first.
  const powers = ops.geomspace([[1, -2]], [[8, -16]], 4, { axis: 1 });
  expect(powers.shape).toEqual([1, 4, 2]);
  for (const [i, value] of (await read(powers)).entries())
    expect(value).toBeCloseTo([1, -2, 2, -4, 4, -8, 8, -16][i] as number, 4);
  const line = await read(ops.linspace(0.1, 0.7, 1001));
  expect([line[0], line[1000]]).toEqual([0.1, 0.7].map(Math.fround));
  expect(ops.linspace([0, 1], 2, 0).shape).toEqual([0, 2]);
  expect(() => ops.linspace([0, 1], 2, 2 ** 31)).toThrow(FacetError);
});
