// What the tests against values of JAX itself share: calls by name, as test/goldens/jax_cases.py makes them.
import * as jax from "@facet/shims-jax";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { expect } from "vitest";

export type Arr = InstanceType<typeof jax.Array>;
// biome-ignore lint/suspicious/noExplicitAny: names and arguments come from the file.
type Any = any;

const NAMESPACES: Record<string, object> = {
  jnp: jax.numpy,
  lax: jax.lax,
  nn: jax.nn,
  linalg: jax.numpy.linalg,
  special: jax.scipy.special,
  random: jax.random,
  stats: jax.scipy.stats,
  image: jax.image,
  ops: jax.ops,
  optax: jax.optax,
  losses: jax.optax.losses,
  stax: jax.example_libraries.stax,
  optimizers: jax.example_libraries.optimizers,
};

/** Cases of a file that hold; at least one. */
export function rows(file: string, keep: (row: GoldenCase) => boolean = () => true): GoldenCase[] {
  const found = loadGolden(file).cases.filter(keep);
  expect(found.length).toBeGreaterThan(0);
  return found;
}

/** An array of a case on the device, of the dtype JAX was given. */
export const arr = (row: GoldenCase, name: string): Arr => {
  const { data, shape } = row.tensor(name);
  const array = jax.numpy.array(data).reshape(shape);
  return row.params.dtypes?.[name] === "bool" ? array.astype("bool") : array;
};

/** The function of a name such as `jnp.add`; `Array.sum` is the method. */
export function named(name: string): Any {
  const [space, attribute, member] = name.split(".") as [string, string, string?];
  if (space === "Array") return (x: Any, ...args: Any[]) => x[attribute](...args);
  if (space === "at") return (x: Any, index: Any[], ...args: Any[]) => x.at(...index)[attribute](...args);
  const f = (NAMESPACES[space] as Any)[attribute];
  expect(f, name).toBeDefined();
  return member ? f[member] : f;
}

/** An argument of the file: "$a" is the array a, "%lax.add" a function, { call: [...] } what a call gives, { new, of } an object. */
export function filled(value: Any, arrays: Readonly<Record<string, Arr>> = {}): Any {
  if (value === "-inf") return Number.NEGATIVE_INFINITY;
  if (value === "inf") return Number.POSITIVE_INFINITY;
  if (typeof value === "string" && value.startsWith("$")) return arrays[value.slice(1)];
  if (typeof value === "string" && value.startsWith("%")) return named(value.slice(1));
  if (Array.isArray(value)) return value.map((one) => filled(one, arrays));
  if (value !== null && typeof value === "object" && "new" in value) return new (named(value.new))(value.of);
  if (value !== null && typeof value === "object" && "call" in value) {
    const [fn, ...args] = value.call;
    return call(fn, filled(args, arrays), value.kwargs ?? {});
  }
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, arrays)]));
  return value;
}

/** f(...args, kwargs), without the trailing object where there are none. */
export const call = (fn: string, args: Any[], kwargs: object): Any =>
  named(fn)(...args, ...(Object.keys(kwargs).length > 0 ? [kwargs] : []));

/** Values of an array against those of the case: exact unless they are floats. */
export async function expectArray(row: GoldenCase, name: string, found: Arr, tolerance = 2e-5): Promise<void> {
  const { data, shape, dtype } = row.tensor(name);
  const label = `${row.name} ${name}`;
  expect(found.shape, label).toEqual(shape);
  const values = await found.data();
  if (dtype === "float32")
    expectClose(values, data as Float32Array, { rtol: tolerance, atol: tolerance, label, shape });
  else expect(Array.from(values, Number), label).toEqual([...data]);
}
