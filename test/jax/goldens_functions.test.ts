// jax.numpy, jax.lax, jax.nn and optax' losses against values that JAX computed: results, dtypes, gradients.
import * as jax from "@facet/shims-jax";
import { describe, expect, test } from "vitest";
import { type Arr, arr, call, expectArray, filled, named, rows } from "./golden_rows.js";

const { numpy: jnp } = jax;

describe("functions", () => {
  test.each([
    ...rows("jax_functions"),
    ...rows("jax_arguments"),
    ...rows("jax_numpy"),
    ...rows("jax_lax"),
    ...rows("jax_optax"),
    ...rows("jax_scipy"),
    ...rows("jax_layers"),
  ])("$name", async (row) => {
    const { fn, args, kwargs, dtype } = row.params;
    const names = row.tensors.filter((name) => /^[abcipqswx]$/.test(name));
    const run = (...xs: Arr[]): Arr[] => {
      const arrays = Object.fromEntries(names.map((name, i) => [name, xs[i] as Arr]));
      const y = call(fn, filled(args, arrays), filled(kwargs, arrays));
      return Array.isArray(y) ? y : [y];
    };
    const inputs = names.map((name) => arr(row, name));
    const ys = run(...inputs);
    const wanted = row.tensors.filter((name) => /^y\d*$/.test(name));
    expect(ys.length).toBe(wanted.length);
    for (const [i, y] of ys.entries()) {
      expect(y.dtype).toBe(Array.isArray(dtype) ? dtype[i] : dtype);
      await expectArray(row, wanted[i] as string, y);
    }
    const floats = names.filter((name) => row.has(`d${name}`));
    if (floats.length === 0) return;
    const dys = row.tensors.filter((name) => /^dy\d*$/.test(name)).map((name) => arr(row, name));
    const total = (...xs: Arr[]): Arr =>
      run(...xs)
        .map((y, i) => y.mul(dys[i] as Arr).sum())
        .reduce((sum, part) => sum.add(part));
    const gradients: Arr[] = jax.grad(
      total,
      floats.map((name) => names.indexOf(name)),
    )(...inputs);
    for (const [i, name] of floats.entries()) await expectArray(row, `d${name}`, gradients[i] as Arr);
  });
});

describe("promotion", () => {
  const all: [fn: string, a: unknown, b: unknown, dtype: string][] = rows("jax_promotions").flatMap(
    ({ params }) => params.results,
  );
  const functions = [...new Set(all.map(([fn]) => fn))];
  test.each(functions)("%s", (fn) => {
    const results = all.filter(([name]) => name === fn);
    const operand = (given: unknown): unknown => (typeof given === "string" ? jnp.ones([2], given as "int32") : given);
    const found = results.map(([, a, b]) => {
      if (fn === "promote_types") return [fn, a, b, jnp.promote_types(a as "bool", b as "bool")];
      const operands = [operand(a), operand(b)];
      const y =
        fn === "where" ? named("jnp.where")(jnp.array([true, false]), ...operands) : named(`jnp.${fn}`)(...operands);
      return [fn, a, b, y.dtype];
    });
    expect(found).toEqual(results);
  });
});

describe("second derivatives", () => {
  test.each(rows("jax_second"))("$name", async (row) => {
    const f = named(row.params.fn);
    const total = (x: Arr): Arr => {
      const squared = jnp.square(f(x));
      return (row.params.fn === "nn.logsumexp" ? squared : squared.mul(arr(row, "c"))).sum();
    };
    const first = jax.grad(total);
    await expectArray(row, "dx", first(arr(row, "x")));
    const second = jax.grad((x: Arr) => first(x).mul(arr(row, "v")).sum());
    await expectArray(row, "ddx", second(arr(row, "x")), 5e-5);
  });
});
