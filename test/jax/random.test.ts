// jax.random against published values and those of test/goldens/threefry.py.
import * as jax from "@facet/shims-jax";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";

const { numpy: jnp, random } = jax;
type Key = ReturnType<typeof random.key>;
const golden = loadGolden("random");
const casesOf = (...fns: string[]): GoldenCase[] => golden.cases.filter((row) => fns.includes(row.params.fn));
/** Keys are made from seeds; a golden case has the words themselves. */
const keyOf = (row: GoldenCase): Key =>
  new (random.key(0).constructor as new (words: readonly number[]) => Key)([...row.words("key")]);

test("key gives JAX's words for any seed", async () => {
  const row = golden.case("published_seed_keys");
  for (const [i, seed] of (row.params.seeds as number[]).entries())
    expect([...(await random.key_data(random.key(seed)).data())]).toEqual([...row.words("y").slice(2 * i, 2 * i + 2)]);
  expect(random.PRNGKey(7).words).toEqual([0, 7]);
  expect(`${random.key(42)}`).toBe("Array((), dtype=key<fry>) overlaying: [0 42]");
});

/** Uniforms in [0, 1) to the last bit; published ones are known to the digits that were printed. */
const isWhole = (row: GoldenCase): boolean => row.params.minval === undefined && row.params.source === undefined;

describe("exact", () => {
  test.each(casesOf("split"))("$name", (row) => {
    expect(
      random.split(keyOf(row), row.params.shape[0]).flatMap((key) => [...(key.words as readonly [number, number])]),
    ).toEqual([...row.words("y")]);
  });
  test.each(casesOf("fold_in"))("$name", (row) => {
    const keys = Array.from(row.words("data"), (data) => random.fold_in(keyOf(row), data));
    expect(keys.flatMap((key) => [...(key.words as readonly [number, number])])).toEqual([...row.words("y")]);
  });
  test.each(casesOf("bits"))("$name", async (row) => {
    expect([...(await random.bits(keyOf(row), row.params.shape).data())]).toEqual([...row.words("y")]);
  });
  test.each(casesOf("uniform").filter(isWhole))("$name", async (row) => {
    expect([...(await random.uniform(keyOf(row), row.params.shape).data())]).toEqual([...row.floats("y")]);
  });
  test.each(casesOf("bernoulli"))("$name", async (row) => {
    const expected = [...row.ints("y")];
    expect([...(await random.bernoulli(keyOf(row), row.params.p, row.params.shape).data())]).toEqual(expected);
    const p = jnp.full(row.params.shape, row.params.p);
    expect([...(await random.bernoulli(keyOf(row), p).data())]).toEqual(expected);
  });
  test.each(casesOf("randint"))("$name", async (row) => {
    const { shape, minval, maxval } = row.params;
    expect([...(await random.randint(keyOf(row), shape, minval, maxval).data())]).toEqual([...row.ints("y")]);
  });
  test.each(casesOf("permutation"))("$name", async (row) => {
    const n = row.params.shape[0];
    const order = [...row.ints("y")];
    expect([...(await random.permutation(keyOf(row), n).data())]).toEqual(order);
    const doubled = await random.permutation(keyOf(row), jnp.arange(n).mul(2)).data();
    expect([...doubled]).toEqual(order.map((i) => 2 * i));
  });
});

describe("close", () => {
  test.each([
    ...casesOf("normal"),
    ...casesOf("truncated_normal"),
    ...casesOf("uniform").filter((row) => !isWhole(row)),
  ])("$name", async (row) => {
    const { fn, shape, lower, upper, minval, maxval } = row.params;
    const y =
      fn === "normal"
        ? random.normal(keyOf(row), shape)
        : fn === "uniform"
          ? random.uniform(keyOf(row), shape, { minval, maxval })
          : random.truncated_normal(keyOf(row), lower, upper, shape);
    expect(y.shape).toEqual(shape);
    expectClose(await y.data(), row.floats("y"), { rtol: 1e-6, atol: 1e-6, label: row.name });
  });
});

test("permutation moves whole entries along an axis", async () => {
  const x = jnp.arange(12).reshape(3, 4);
  const order = [...(await random.permutation(random.key(5), 4).data())];
  const columns = await random.permutation(random.key(5), x, 1).tolist();
  expect(columns).toEqual([0, 4, 8].map((base) => order.map((i) => base + (i as number))));
});

test("categorical draws classes in proportion to softmax(logits)", async () => {
  const logits = jnp.broadcast_to(jnp.log(jnp.array([0.2, 0.5, 0.3])), [4000, 3]);
  const drawn = await random.categorical(random.key(1), logits).data();
  const share = [0, 1, 2].map((k) => drawn.filter((c) => c === k).length / drawn.length);
  expectClose(share, [0.2, 0.5, 0.3], { rtol: 0, atol: 0.03 });
});

test("mistakes are named", () => {
  expect(() => random.normal(3 as never, [2])).toThrow(/normal: key: expected a key made by jax.random.key or split/);
  expect(() => random.key(1.5)).toThrow(/key: seed: expected an integer, got 1.5/);
  expect(() => random.bernoulli(random.key(0), 1.5, [2])).toThrow(/bernoulli: p: expected .*, got 1.5/);
  expect(() => random.uniform(random.key(0), [2], "float64" as never)).toThrow(/uniform: dtype/);
  expect(() => random.uniform(random.key(0), [2], { mimval: 1 } as never)).toThrow(
    /uniform: mimval: expected one of its arguments.*did you mean minval/,
  );
  expect(() => random.randint(random.key(0), [2], 5, 5)).toThrow(/randint: high/);
  expect(() => random.split(random.key(0), -1)).toThrow(/split: num/);
  expect(() => random.permutation(random.key(0), 4, { independent: true } as never)).toThrow(/independent/);
});

test("orthogonal draws have orthonormal rows or columns; a key's clone draws the same", async () => {
  const key = jax.random.key(1);
  const q = jax.random.orthogonal(key, 3, [2], { m: 4 });
  expect(q.shape).toEqual([2, 3, 4]);
  const products = await jax.numpy.matmul(q, jax.numpy.swapaxes(q, -1, -2)).data();
  const identity = Array.from({ length: 18 }, (_, i) => (i % 9 === 0 || i % 9 === 4 || i % 9 === 8 ? 1 : 0));
  for (const [i, value] of products.entries()) expect(value).toBeCloseTo(identity[i] as number, 5);
  expect(await jax.random.normal(jax.random.clone(key), [2]).tolist()).toEqual(
    await jax.random.normal(key, [2]).tolist(),
  );
  expect(jax.random.key_impl(key)).toBe("threefry2x32");
});
