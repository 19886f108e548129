// Numbers that a jitted function is called with may change from call to call, and what it returns may be what it was given.
import * as jax from "@facet/shims-jax";
import { describe, expect, test } from "vitest";

const { numpy: jnp, optax, random } = jax;
const { optimizers } = jax.example_libraries;
type Array = InstanceType<typeof jax.Array>;
type Transformation = ReturnType<typeof optax.sgd>;

describe("settings of an optimiser that is made in the jitted step", () => {
  const rows: [string, (value: number) => Transformation, number[]][] = [
    ["adam learning_rate", (v) => optax.adam(v), [0.1, 0.01, 0]],
    ["adam b1", (v) => optax.adam(0.1, { b1: v }), [0.9, 0.5, 0.1]],
    ["adam b2", (v) => optax.adam(0.1, { b2: v }), [0.99, 0.5]],
    ["adam eps", (v) => optax.adam(0.1, { eps: v }), [0.5, 1e-3]],
    ["adam eps_root", (v) => optax.adam(0.1, { eps_root: v }), [0, 0.5, 0, 0.1]],
    ["adamw weight_decay", (v) => optax.adamw(0.1, { weight_decay: v }), [0, 0.5, 0, 0.1]],
    ["adamw b1", (v) => optax.adamw(0.1, { b1: v }), [0.9, 0.5]],
    ["sgd learning_rate", (v) => optax.sgd(v), [0.1, 0.01, 0]],
    ["sgd momentum", (v) => optax.sgd(0.1, { momentum: v }), [0, 0.9, 0, 0.5]],
    ["sgd momentum with nesterov", (v) => optax.sgd(0.1, { momentum: v, nesterov: true }), [0.9, 0, 0.5]],
  ];
  test.each(rows)("%s", async (_, make, values) => {
    const gradient = jnp.array([1.5, -2, 0.25]);
    const step = (value: number, params: Array, state: unknown): [Array, unknown] => {
      const [updates, next] = make(value).update(gradient, state, params);
      return [optax.apply_updates(params, updates), next];
    };
    const run = async (f: typeof step): Promise<unknown[]> => {
      let params = jnp.array([1.5, 2, 3.5]);
      let state: unknown = make(values[0] as number).init(params);
      const seen: unknown[] = [];
      for (const value of [...values, ...values]) {
        [params, state] = f(value, params, state);
        seen.push(await params.tolist());
      }
      return seen;
    };
    const eager = await run(step);
    expect(await run(jax.jit(step))).toEqual(eager);
    expect(new Set(eager.map(String)).size).toBeGreaterThan(values.length);
  });

  test("a step count, a key and a schedule", async () => {
    const [init, update, read] = optimizers.adam(optimizers.exponential_decay(0.1, 2, 0.5));
    const step = (i: number, state: ReturnType<typeof init>, key: ReturnType<typeof random.key>) =>
      update(i, random.normal(random.fold_in(key, i), [3]), state);
    const run = async (f: typeof step): Promise<unknown[]> => {
      let state = init(jnp.zeros([3]));
      const seen: unknown[] = [];
      for (const i of [0, 1, 2, 7]) {
        state = f(i, state, random.key(i % 2));
        seen.push(await (read(state) as Array).tolist());
      }
      return seen;
    };
    expect(await run(jax.jit(step))).toEqual(await run(step));
  });
});

describe("a jitted function", () => {
  test("gives another handle on what it did not make", async () => {
    const [constant, x] = [jnp.array([1, 2]), jnp.array([3, 4])];
    const outside = jax.jit((x: Array) => [constant, x]);
    for (let i = 0; i < 3; i++) {
      for (const part of outside(x) as Array[]) part.core.dispose();
      expect([await constant.tolist(), await x.tolist()]).toEqual([
        [1, 2],
        [3, 4],
      ]);
    }
  });

  test("of a gradient takes whole numbers as the gradient does", async () => {
    const square = (v: Array): Array => v.mul(v);
    for (const of of [jax.grad(square), jax.jit(jax.grad(square)), jax.grad(jax.jit(square))])
      expect(await (of as unknown as (v: number) => Array)(3).tolist()).toBe(6);
  });

  test("knows static arguments by what is in them", async () => {
    const options = { by: 2 };
    const scaled = jax.jit((x: Array, given: typeof options) => x.mul(given.by), { static_argnums: 1 });
    expect(await scaled(jnp.array([1]), options).tolist()).toEqual([2]);
    options.by = 5;
    expect(await scaled(jnp.array([1]), options).tolist()).toEqual([5]);
  });
});
