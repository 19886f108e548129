// How arguments are read: numbers in and outside of jit, static names, keywords of trees, names that are absent.
import { ArgumentError, FacetError, UnsupportedError } from "@facet/autograd";
import * as jax from "@facet/shims-jax";
import { describe, expect, test } from "vitest";

const { numpy: jnp, lax, nn, optax, random, tree_util } = jax;
type Arr = InstanceType<typeof jax.Array>;
// biome-ignore lint/suspicious/noExplicitAny: calls that the types refuse are tried.
type Any = any;

const thrown = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("numbers of JavaScript", () => {
  const square = (v: Arr) => v.mul(v);

  test.each([3, -2, 0, 0.5, 2 ** 24])("%f is differentiated in jit as outside", async (x) => {
    const found = [jax.grad(square), jax.jit(jax.grad(square)), jax.grad(jax.jit(square))].map((f) => f(x as never));
    for (const g of found as Arr[]) expect([g.dtype, g.shape, await g.item()]).toEqual(["float32", [], 2 * x]);
    const [value, g] = jax.jit(jax.value_and_grad(square))(x as never);
    expect([await value.item(), await (g as unknown as Arr).item()]).toEqual([x * x, 2 * x]);
  });

  test("are leaves of parameters that a jitted step updates, beside arrays", async () => {
    const x = jnp.array([1, 2, 3, 4]);
    const y = x.mul(2).add(1);
    const loss = (p: { w: Arr; b: Arr | number }) => x.mul(p.w).add(p.b).sub(y).pow(2).mean();
    const step = (p: { w: Arr; b: Arr | number }) =>
      tree_util.tree_map((v: Arr, g: Arr) => jnp.subtract(v, g.mul(0.1)), p, jax.grad(loss)(p));
    const jitted = jax.jit(step);
    let [eager, compiled] = [0, 1].map((): { w: Arr; b: Arr | number } => ({ w: jnp.zeros([]), b: 0 }));
    for (let i = 0; i < 300; i++) [eager, compiled] = [step(eager as Any), jitted(compiled as Any)];
    const values = (await jax.device_get(compiled)) as { w: number; b: number };
    expect(values).toEqual(await jax.device_get(eager));
    expect(values.w).toBeCloseTo(2, 2);
    expect(values.b).toBeCloseTo(1, 2);
    const tx = optax.sgd(0.1);
    const update = (p: Any, s: Any) => tx.update(jax.grad(loss)(p), s, p);
    const start = { w: jnp.zeros([]), b: 0 };
    expect(await jax.device_get(jax.jit(update)(start, tx.init(start))[0])).toEqual(
      await jax.device_get(update(start, tx.init(start))[0]),
    );
  });

  test.each(["float32", "int32", "uint32", "bool"] as const)(
    "beside %s have one dtype in jit and outside",
    async (dtype) => {
      const x = jnp.array([1, 0, 1], dtype);
      for (const n of [2, 0.5]) {
        for (const f of [jnp.add, jnp.multiply, jnp.divide, jnp.maximum, jnp.less]) {
          const eager = f(x, n);
          const compiled = jax.jit((v: Arr, m: number) => f(v, m))(x, n);
          expect([compiled.dtype, await compiled.tolist()]).toEqual([eager.dtype, await eager.tolist()]);
        }
      }
    },
  );

  test("by themselves are float32", () => {
    const alone = (n: number) => [jnp.add(n, 1), jnp.sum(n), jnp.square(n), jnp.full([2], n), jnp.zeros_like(n)];
    expect(alone(3).map((x) => x.dtype)).toEqual(Array(5).fill("float32"));
    expect(
      jax
        .jit(alone)(3)
        .map((x) => x.dtype),
    ).toEqual(Array(5).fill("float32"));
  });

  test("are seeds, keys' data and counts of schedules in jit", async () => {
    const draw = (seed: number, step: number) => random.uniform(random.fold_in(random.key(seed), step), [3]);
    const jitted = jax.jit(draw);
    for (const [seed, step] of [
      [0, 1],
      [7, 2],
    ] as const)
      expect(await jitted(seed, step).tolist()).toEqual(await draw(seed, step).tolist());
    const rate = optax.exponential_decay({ init_value: 1, transition_steps: 2, decay_rate: 0.5, staircase: true });
    const scaled = jax.jit((x: Arr, i: number) => x.mul(rate(i)));
    const values = await Promise.all([0, 1, 2, 5].map((i) => scaled(jnp.array(8), i).item()));
    expect(values).toEqual([8, 8, 4, 2]);
  });
});

describe("static_argnames", () => {
  const power = jax.jit((x: Arr, n: number) => (n > 2 ? x.mul(n) : x.add(n)), { static_argnames: "n" });
  test("name parameters", async () => {
    expect(await Promise.all([1, 3, 4].map((n) => power(jnp.array(2), n).item()))).toEqual([3, 6, 8]);
  });
  test("name keywords of a trailing object", async () => {
    const f = jax.jit((x: Arr, { n, bias }: { n: number; bias: number }) => (n > 2 ? x.mul(n) : x).add(bias), {
      static_argnames: ["n"],
    });
    const values = [
      f(jnp.array(2), { n: 3, bias: 1 }),
      f(jnp.array(2), { n: 3, bias: 2 }),
      f(jnp.array(2), { n: 1, bias: 2 }),
    ];
    expect(await Promise.all(values.map((x) => x.item()))).toEqual([7, 8, 4]);
  });
  test("positions may be counted from the end", async () => {
    const f = jax.jit((x: Arr, n: number) => (n > 2 ? x : x.neg()), { static_argnums: -1 });
    expect([await f(jnp.array(2), 3).item(), await f(jnp.array(2), 1).item()]).toEqual([2, -2]);
  });
});

test("disable_jit may be undone within", () => {
  let runs = 0;
  const f = jax.jit((x: Arr) => {
    runs++;
    return x.add(1);
  });
  const x = jnp.ones([2]);
  f(x);
  jax.disable_jit(() => {
    f(x);
    jax.disable_jit(() => f(x), { disable: false });
  });
  expect(runs).toBe(2);
});

describe("keywords", () => {
  const x = jnp.array([
    [1, 2],
    [3, 4],
  ]);
  const wrong: [string, () => unknown, string][] = [
    ["one that Object has", () => jnp.sum(x, { valueOf: 1 } as Any), "valueOf"],
    ["one given twice", () => jax.grad((v: Arr) => v.sum(), { has_aux: true, hasAux: false }), "has_aux"],
    ["one given by position too", () => jnp.sum(x, 1, { axis: 0 } as Any), "axis"],
    ["one that is positional only", () => (jnp.exp as Any)({ x }), "x"],
    ["a misspelt one of a transformation", () => optax.adam({ learning_rate: 0.1, beta1: 0.9 } as Any), "beta1"],
    ["one too many", () => (lax.exp as Any)(x, x), "arguments"],
    ["one of another kind", () => (nn.gelu as Any)(x, "tanh"), "approximate"],
  ];
  test.each(wrong)("%s is refused", (_, act, argument) => {
    const error = thrown(act);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as FacetError).argument).toBe(argument);
  });

  test("say what JAX takes and Facet does not", () => {
    const unsupported: [() => unknown, string][] = [
      [() => jnp.sum(x, { out: x } as Any), "out"],
      [() => jax.jit((v: Arr) => v, { inline: true } as Any), "inline"],
      [() => optax.adam(0.1, { mu_dtype: "float16" } as Any), "mu_dtype"],
      [() => random.permutation(random.key(0), 3, { independent: true } as Any), "independent"],
      [() => jnp.pad(x, 1, "edge"), "mode"],
    ];
    for (const [act, argument] of unsupported) {
      const error = thrown(act);
      expect(error).toBeInstanceOf(UnsupportedError);
      expect((error as FacetError).argument).toBe(argument);
    }
  });

  test("may be all there is", async () => {
    const logits = jnp.array([[1, 2, 3]]);
    const labels = jnp.array([2], jnp.int32);
    const loss = optax.softmax_cross_entropy_with_integer_labels;
    expect(await loss({ logits, labels }).tolist()).toEqual(await loss(logits, labels).tolist());
    expect(await jnp.zeros({ shape: [2], dtype: "int32" }).tolist()).toEqual([0, 0]);
    expect(await random.normal({ key: random.key(1), shape: [2] }).tolist()).toEqual(
      await random.normal(random.key(1), [2]).tolist(),
    );
    expect(random.split(random.key(0), { num: 3 }).length).toBe(3);
  });
});

describe("trees", () => {
  test("is_leaf is a keyword of tree_map, of reduce and of the others", () => {
    const pairs = { a: [1, 2], b: [3, 4] };
    expect(tree_util.tree_map((p: number[]) => p.length, pairs, { is_leaf: Array.isArray })).toEqual({ a: 2, b: 2 });
    expect(tree_util.tree_leaves(pairs, { is_leaf: Array.isArray })).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tree_util.tree_reduce((s: number, x: number) => s + x, pairs, { initializer: 10 } as Any)).toBe(20);
    expect(jax.tree.all({ a: 0 })).toBe(false);
  });

  test("of one key that is an argument's name are trees", async () => {
    const variables = { params: { w: jnp.ones([2]) } };
    const tx = optax.adamw(0.1);
    const [updates] = tx.update(variables, tx.init(variables), variables);
    expect(updates.params.w.shape).toEqual([2]);
    expect(await lax.stop_gradient({ x: jnp.ones([]) }).x.item()).toBe(1);
    expect(tree_util.tree_leaves({ tree: 1 })).toEqual([1]);
    expect(await jax.device_get((optax.apply_updates as Any)({ params: variables, updates }))).toEqual({
      params: { w: [1 - 0.1 - 1e-5, 1 - 0.1 - 1e-5].map((n) => expect.closeTo(n, 4)) },
    });
  });

  test("aux data that has no words of its own is told apart by identity", () => {
    class Layer {
      readonly w: Arr;
      readonly f: (x: Arr) => Arr;
      constructor(w: Arr, f: (x: Arr) => Arr) {
        this.w = w;
        this.f = f;
      }
    }
    tree_util.register_pytree_node(
      Layer,
      ({ w, f }) => [[w], f] as const,
      (f, [w]) => new Layer(w as Arr, f),
    );
    const make = (f: (x: Arr) => Arr) => new Layer(jnp.array(2), f);
    let traces = 0;
    const apply = jax.jit((layer: Layer) => {
      traces++;
      return layer.f(layer.w);
    });
    const double = (x: Arr) => x.mul(2);
    apply(make(double));
    apply(make(double));
    apply(make((x) => x.mul(3)));
    expect(traces).toBe(2);
  });

  test("that hold themselves are refused", () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(thrown(() => tree_util.tree_leaves(loop))).toBeInstanceOf(ArgumentError);
    expect(thrown(() => jnp.array(loop as Any))).toBeInstanceOf(FacetError);
  });
});

test("masks are booleans like the parameters or their upper part", () => {
  const params = { w: jnp.ones([2]), b: { c: jnp.ones([]) } };
  const update = (mask: unknown) => () => optax.add_decayed_weights(0.1, mask).update(params, null, params);
  expect(thrown(update({ w: true, b: false }))).toBeUndefined();
  expect(thrown(update((p: typeof params) => tree_util.tree_map((leaf: Arr) => leaf.ndim > 0, p)))).toBeUndefined();
  expect(thrown(update({ w: 1, b: false }))).toMatchObject({ argument: "mask" });
  expect(thrown(update({ w: true }))).toBeInstanceOf(ArgumentError);
});

test("a schedule that gives no number is refused when its value is needed", () => {
  const params = { w: jnp.ones([2]) };
  const tx = optax.add_decayed_weights((() => "fast") as Any);
  expect(thrown(() => tx.update(params, tx.init(params), params))).toMatchObject({ argument: "weight_decay" });
});

test("names that are absent say so, with the nearest one", () => {
  for (const [space, name, near] of [
    [jnp, "summ", "sum"],
    [lax, "convv", "conv"],
    [nn, "gelu_", "gelu"],
    [random, "normall", "normal"],
    [optax, "adamm", "adam"],
    [jax.tree, "mapp", "map"],
    [jax.example_libraries.stax, "Densee", "Dense"],
    [nn.initializers, "glorot_norm", "glorot_normal"],
  ] as const) {
    const error = thrown(() => (space as Any)[name]);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(`${(error as Error).message}`).toContain(near);
  }
});
