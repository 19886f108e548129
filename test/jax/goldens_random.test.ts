// jax.random and jax.nn.initializers against the numbers that JAX itself draws.
import * as jax from "@facet/shims-jax";
import { expectClose, type GoldenCase } from "@facet/testing";
import { describe, expect, test } from "vitest";
import { type Arr, arr, filled, rows } from "./golden_rows.js";

const { random } = jax;

describe("jax.random", () => {
  const words = async (keys: readonly ReturnType<typeof random.key>[]): Promise<number[]> => {
    const all = await Promise.all(keys.map(async (key) => [...(await random.key_data(key).data())]));
    return all.flat();
  };
  const keys = ({ params }: GoldenCase): boolean => ["key", "split", "fold_in"].includes(params.fn);

  test.each(rows("jax_random", keys))("$name", async (row) => {
    const { fn, seed, args } = row.params;
    const key = random.key(seed);
    const made = fn === "key" ? [key] : fn === "split" ? random.split(key, args[0]) : [random.fold_in(key, args[0])];
    expect(await words(made)).toEqual([...row.words("y")]);
  });

  test.each(rows("jax_random", (row) => !keys(row)))("$name", async (row) => {
    const { fn, seed, args, kwargs, every } = row.params;
    const given = filled(args, row.has("x") ? { x: arr(row, "x") } : {});
    const options = Object.keys(kwargs).length > 0 ? [kwargs] : [];
    const y: Arr = (random as never as Record<string, CallableFunction>)[fn]?.(random.key(seed), ...given, ...options);
    const all = Array.from(await y.data(), Number);
    const values = every ? all.filter((_, i) => i % every === 0) : all;
    if (!every) expect(y.shape).toEqual(row.tensor("y").shape);
    const { data } = row.tensor("y");
    // erfinv and logarithms have float32 errors there and here; all else is the same to the bit.
    if (/^(normal|truncated_normal|gumbel)$/.test(fn))
      expectClose(values, data as Float32Array, { rtol: 1e-6, atol: 1e-6, label: row.name });
    // XLA multiplies and adds the range with one rounding, of the size of its bounds' last places; kernels with two.
    // Compositions of logarithms, tangents, powers and quotients of such, which XLA rounds its own way.
    else if (/^(exponential|laplace|cauchy|logistic|gamma|loggamma|beta|dirichlet)$/.test(fn))
      expectClose(values, data as Float32Array, { rtol: 1e-5, atol: 1e-6, label: row.name });
    else if (kwargs.minval !== undefined)
      expectClose(values, data as Float32Array, {
        rtol: 0,
        atol: 2 ** -23 * Math.max(Math.abs(kwargs.minval), Math.abs(kwargs.maxval)),
        label: row.name,
      });
    else expect(values).toEqual([...data]);
  });
});

describe("initializers", () => {
  test.each(rows("jax_initializers"))("$name", async (row) => {
    const { initializer: name, args, kwargs, shape, seed } = row.params;
    const f = (jax.nn.initializers as never as Record<string, CallableFunction>)[name] as CallableFunction;
    const options = Object.keys(kwargs).length > 0 ? [kwargs] : [];
    const y: Arr = (args === null ? f : f(...args, ...options))(random.key(seed), shape);
    expect(y.shape).toEqual(shape);
    expectClose(await y.data(), row.floats("y"), { rtol: 2e-6, atol: 1e-7, label: row.name });
  });
});
