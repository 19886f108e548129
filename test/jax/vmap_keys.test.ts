// Functions of random keys under vmap: every example draws what it would draw alone.
import * as jax from "@facet/shims-jax";
import { describe, expect, test } from "vitest";
import type { Arr } from "./golden_rows.js";

const { numpy: jnp, random } = jax;
type Key = ReturnType<typeof random.key>;

const keys = random.split(random.key(7), 3);
const RATES = jnp.array([
  [0.5, 2, 9],
  [1, 3, 0.25],
  [4, 8, 30],
]);

/** Functions of a key and a row of three. */
const DRAWS: Readonly<Record<string, (key: Key, row: Arr) => Arr>> = {
  bits: (key) => random.bits(key, [5]),
  uniform: (key) => random.uniform(key, [2, 3], { minval: -1, maxval: 2 }),
  normal: (key) => random.normal(key, [5]),
  truncated_normal: (key) => random.truncated_normal(key, -1, 2, [3]),
  bernoulli: (key) => random.bernoulli(key, 0.3, [7]),
  "bernoulli by row": (key, row) => random.bernoulli(key, row.div(10)),
  randint: (key) => random.randint(key, [6], -3, 9),
  permutation: (key) => random.permutation(key, 9),
  "permutation of a row": (key, row) => random.permutation(key, row),
  gumbel: (key) => random.gumbel(key, [3]),
  categorical: (key, row) => random.categorical(key, row, { shape: [4] }),
  exponential: (key) => random.exponential(key, [3]),
  rademacher: (key) => random.rademacher(key, [5]),
  gamma: (key, row) => random.gamma(key, row),
  beta: (key, row) => random.beta(key, row, 2),
  poisson: (key, row) => random.poisson(key, row),
  dirichlet: (key, row) => random.dirichlet(key, row),
  choice: (key, row) => random.choice(key, row, [2], { replace: false }),
  "choice by probabilities": (key, row) => random.choice(key, 3, [4], { p: row.div(jnp.sum(row)) }),
  key_data: (key) => random.key_data(key),
  "of a key split": (key) => {
    const [a, b] = random.split(key) as [Key, Key];
    return random.normal(a, [2]).add(random.uniform(b, [2]));
  },
  "of a key folded in": (key) => random.normal(random.fold_in(key, 3), [2]),
  "initial weights": (key) => jax.nn.initializers.glorot_normal()(key, [3, 2]),
  "orthogonal weights": (key) => jax.nn.initializers.orthogonal()(key, [3, 3]),
  "jit inside": (key, row) => jax.jit((own: Key, x: Arr) => random.normal(own, [3]).mul(x))(key, row),
  "a dropout's gradient": (key, row) =>
    jax.grad((x: Arr) => jnp.sum(jnp.where(random.bernoulli(key, 0.5, [3]), x.mul(x), 0)))(row),
};

/** What is made on the host, and so not in a plan. */
const ON_HOST = ["key_data", "orthogonal weights"];

describe.each(Object.entries(DRAWS))("%s", (name, draw) => {
  const onHost = ON_HOST.includes(name);
  const alone = (e: number, row = e): Promise<unknown> => draw(keys[e] as Key, RATES.slice(row)).tolist();

  test("a key for each", async () => {
    const all = await jax.vmap(draw)(keys, RATES).tolist();
    expect(all).toEqual([await alone(0), await alone(1), await alone(2)]);
  });

  test("one key, in jit", async () => {
    if (onHost)
      return expect(() => jax.jit((key: Key) => draw(key, RATES.slice(0)))(keys[0] as Key)).toThrow(/captured/);
    const map = jax.jit((key: Key, rows: Arr) => jax.vmap(draw, [null, 0])(key, rows));
    for (const e of [0, 1]) {
      const want = [await alone(e, 0), await alone(e, 1), await alone(e, 2)];
      expect(await map(keys[e] as Key, RATES).tolist()).toEqual(want);
    }
  });
});

test("a map of keys calls its function once", () => {
  let calls = 0;
  jax.vmap((key: Key) => {
    calls += 1;
    return random.normal(key, [2]);
  })(keys);
  expect(calls).toBe(1);
});

test("keys of a plan that are drawn anew", async () => {
  const draw = jax.jit((seed: number) =>
    jax.vmap((key: Key) => random.normal(key, [2]))(random.split(random.key(seed), 3)),
  );
  for (const seed of [1, 2]) {
    const want = await Promise.all(random.split(random.key(seed), 3).map((key) => random.normal(key, [2]).tolist()));
    expect(await draw(seed).tolist()).toEqual(want);
  }
});

test("an order in a plan is drawn anew by every key", async () => {
  const order = jax.jit((key: Key) => random.permutation(key, 20));
  for (const key of keys) expect(await order(key).tolist()).toEqual(await random.permutation(key, 20).tolist());
});

test("maps in maps, of keys that were split again", async () => {
  const grid = keys.map((key) => random.split(key, 2));
  const draw = (key: Key): Arr => random.normal(key, [2]);
  const all = await jax.vmap(jax.vmap(draw))(grid).tolist();
  expect(all).toEqual(await Promise.all(grid.map((row) => Promise.all(row.map((key) => draw(key).tolist())))));
});

test("keys that a mapped function gives", async () => {
  const pairs = jax.vmap((key: Key) => random.split(key))(keys) as Key[][];
  const words = (key: Key): Promise<unknown> => random.key_data(key).tolist();
  expect(await Promise.all(pairs.map((pair) => Promise.all(pair.map(words))))).toEqual(
    await Promise.all(keys.map((key) => Promise.all(random.split(key).map(words)))),
  );
  expect(() => jax.vmap((key: Key) => key, { out_axes: null })(keys)).toThrow(
    /out_axes: expected keys that are the same/,
  );
});

test("mistakes", () => {
  const draw = (key: Key, x: Arr): Arr => random.normal(key, [2]).add(x);
  expect(() => jax.vmap(draw)(keys, jnp.zeros([2]))).toThrow(/expected 3 examples along axis 0, got 2/);
  expect(() => jax.vmap(draw)(random.key(0), jnp.zeros([2]))).toThrow(/in_axes: expected a list of keys.* got one key/);
  expect(() => jax.vmap((a: Key, _: Key) => random.normal(a))(keys, keys.slice(1))).toThrow(/expected 3 keys.* got 2/);
});
