// What tests of nnx and linen share: cases of test/goldens/generate_flax.py.
import * as jax from "@facet/shims-jax";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { expect } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: names and arguments come from the file.
export type Any = any;
export type Arr = InstanceType<typeof jax.Array>;

/** Layers of which flax draws weights as the core does not: the factorisation is another one. */
export const ORTHOGONAL = /Cell$/;

export const layersOf = (file: string): GoldenCase[] =>
  loadGolden(file).cases.filter(({ name }) => !name.startsWith("train_"));
export const programOf = (file: string, name: string): GoldenCase =>
  loadGolden(file).cases.find((row) => row.name === `train_${name}`) as GoldenCase;

export const arr = (row: GoldenCase, name: string): Arr => {
  const { data, shape } = row.tensor(name);
  return jax.numpy.array(data).reshape(shape);
};

/** Names of a case's arrays with a prefix, and without it. */
export const under = (row: GoldenCase, prefix: string): string[] =>
  row.tensors.filter((name) => name.startsWith(`${prefix}:`)).map((name) => name.slice(prefix.length + 1));

/** Values against those of the case; float32 on both sides, so rounding of both. */
export async function expectArray(row: GoldenCase, name: string, found: Arr, tolerance = 2e-5): Promise<void> {
  const { data, shape } = row.tensor(name);
  expect(found.shape, `${row.name} ${name}`).toEqual(shape);
  expectClose((await found.data()) as Float32Array, data as Float32Array, {
    rtol: tolerance,
    atol: tolerance,
    label: `${row.name} ${name}`,
    shape,
  });
}

/** Losses of a program's steps. */
export async function expectLosses(row: GoldenCase, losses: readonly Arr[], tolerance: number): Promise<void> {
  const wanted = row.floats("losses");
  expect(losses.length).toBe(wanted.length);
  const found = await Promise.all(losses.map((loss) => loss.item()));
  expectClose(Float32Array.from(found as number[]), wanted, { rtol: tolerance, atol: tolerance, label: row.name });
  // They are worth holding only if something was learned.
  expect(wanted.at(-1)).toBeLessThan(wanted[0] as number);
}
