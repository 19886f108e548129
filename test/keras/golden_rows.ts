// What the tests against values of Keras itself share.
import { type Tensor as CoreTensor, fromData, gradients, mul, scope, sum, variable } from "@facet/autograd";
import * as keras from "@facet/shims-keras";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { expect } from "vitest";

/** A class of the dialect by its name, called with the keywords Keras was called with. */
// biome-ignore lint/suspicious/noExplicitAny: names and arguments come from the file.
export const make = (namespace: object, name: string, options: object): any =>
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  (namespace as any)[name](options);

/** Cases of a file that hold; at least one. */
export function rows(file: string, keep: (row: GoldenCase) => boolean = () => true): GoldenCase[] {
  const found = loadGolden(file).cases.filter(keep);
  expect(found.length).toBeGreaterThan(0);
  return found;
}

/** An array of a case on the host. */
export const hostArray = (row: GoldenCase, name: string): keras.NdArray => {
  const { data, shape } = row.tensor(name);
  return keras.ndarray(data instanceof Uint32Array ? Int32Array.from(data) : data, shape);
};

/**
 * y = f(inputs) with y's shape, and where the case has gradients those of sum(y * dy) by the inputs `names` and by the
 * weights "w", "b", ... that `weightsOf` gives once f has run.
 */
export async function check(
  row: GoldenCase,
  names: readonly string[],
  f: (...xs: keras.Tensor[]) => keras.Tensor,
  weightsOf: () => readonly CoreTensor[] = () => [],
  tolerance = 2e-5,
): Promise<void> {
  const differentiated = row.has("dy");
  const results = scope(() => {
    const inputs = names.map((name) => {
      const { data, shape, dtype } = row.tensor(name);
      const tensor = fromData(data, shape, dtype);
      return differentiated ? variable(tensor) : tensor;
    });
    const y = f(...inputs.map((input) => new keras.Tensor(input))).core;
    expect(y.shape).toEqual(row.tensor("y").shape);
    if (!differentiated) return [y];
    const sources = [...inputs, ...weightsOf()];
    const dy = fromData(row.floats("dy"), row.tensor("dy").shape);
    return [y, ...(gradients(sum(mul(y, dy)), sources) as CoreTensor[])];
  });
  const wanted = ["y"];
  if (differentiated)
    wanted.push(...[...names, ...["w", "b"].filter((name) => row.has(name))].map((name) => `d${name}`));
  expect(results.length).toBe(wanted.length);
  for (const [i, name] of wanted.entries()) {
    const { data, shape, dtype } = row.tensor(name);
    const label = `${row.name} ${name}`;
    const found = await (results[i] as CoreTensor).data();
    if (dtype === "int32") expect([...found], label).toEqual([...data]);
    else expectClose(found, data as Float32Array, { rtol: tolerance, atol: tolerance, label, shape });
  }
}
