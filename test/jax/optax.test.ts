// optax around its transformations: in jitted steps, with parameters of two kinds, settings in the state, arithmetic of trees.
import { FacetError } from "@facet/autograd";
import * as jax from "@facet/shims-jax";
import { describe, expect, test } from "vitest";

const { numpy: jnp, optax } = jax;
// biome-ignore lint/suspicious/noExplicitAny: states and trees are of any structure.
type Any = any;

const start = (): Any => ({ a: jnp.array([1, -2]), b: jnp.array([[3]]) });
const gradients = (i: number): Any => ({ a: jnp.array([0.5 + i, 1]), b: jnp.array([[-1]]) });

/** Parameters after some steps, jitted or not. */
async function trained(tx: Any, jitted: boolean, steps = 4): Promise<Any> {
  const step = (params: Any, state: Any, grads: Any): Any => {
    const [updates, next] = tx.update(grads, state, params);
    return [optax.apply_updates(params, updates), next];
  };
  const run = jitted ? jax.jit(step) : step;
  let [params, state] = [start(), tx.init(start())];
  for (let i = 0; i < steps; i++) [params, state] = run(params, state, gradients(i));
  return jax.device_get(params);
}

describe("a jitted step does what one step by step does", () => {
  const cases: Readonly<Record<string, () => Any>> = {
    "MultiSteps of adam": () => new optax.MultiSteps(optax.adam(0.1), 2),
    "MultiSteps of a schedule": () => new optax.MultiSteps(optax.sgd(0.1), ((step: number) => step + 1) as Any),
    apply_every: () => optax.chain(optax.apply_every(3), optax.sgd(0.1)),
    inject_hyperparams: () =>
      (optax.inject_hyperparams(optax.adam) as Any)({ learning_rate: optax.linear_schedule(0.1, 0.5, 3), b1: 0.8 }),
    adabelief: () => optax.adabelief(optax.cosine_decay_schedule(0.1, 5)),
    adan: () => optax.adan(0.1),
    novograd: () => optax.novograd(0.1),
    partition: () => optax.partition({ x: optax.adam(0.1), y: optax.sgd(0.1) }, { a: "x", b: "y" }),
    "masked by a function": () => optax.masked(optax.sgd(0.1), (tree: Any) => ({ ...tree, a: true, b: false })),
    noisy_sgd: () => optax.noisy_sgd(0.1, { key: jax.random.key(3) }),
    fromage: () => optax.fromage(0.1),
  };
  test.each(Object.keys(cases))("%s", async (name) => {
    const tx = (cases[name] as () => Any)();
    expect(await trained(tx, true)).toEqual(await trained(tx, false));
    expect(await trained(tx, true)).not.toEqual(await jax.device_get(start()));
  });
});

test("a mask leaves gradients as they are; labels and masks are checked", async () => {
  const params = await trained(optax.masked(optax.sgd(0.5), { a: true, b: false }), false, 1);
  expect(params).toEqual({ a: [0.75, -2.5], b: [[2]] });
  expect(() => optax.partition({ x: optax.sgd(0.1) }, { a: "x", b: "z" }).init(start())).toThrow(FacetError);
  expect(() => optax.masked(optax.sgd(0.1), { a: 1, b: false } as Any).init(start())).toThrow(FacetError);
  expect(() => optax.named_chain(["x", optax.sgd(0.1)], ["x", optax.sgd(0.1)])).toThrow(FacetError);
});

test("settings are read in the state", async () => {
  const tx = (optax.inject_hyperparams(optax.sgd) as Any)(0.5);
  const state = tx.init(start());
  expect(state.hyperparams.learning_rate).toBe(0.5);
  const [updates] = tx.update(gradients(0), { ...state, hyperparams: { ...state.hyperparams, learning_rate: 2 } });
  expect(await jax.device_get(updates)).toEqual({ a: [-1, -2], b: [[2]] });
  expect(() => optax.inject_hyperparams(optax.sgd, "rate")).toThrow(FacetError);
});

test("MultiSteps says when it has updated", () => {
  const tx = new optax.MultiSteps(optax.sgd(0.1), 2);
  let state: Any = tx.init(start());
  const seen: boolean[] = [];
  for (let i = 0; i < 4; i++) {
    [, state] = tx.update(gradients(i), state, start());
    seen.push(tx.has_updated(state));
  }
  expect(seen).toEqual([false, true, false, true]);
});

test("lookahead: every second step slow parameters go half the way, and the fast ones begin again there", async () => {
  const tx = optax.lookahead(optax.sgd(1), 2, 0.5);
  let params: Any = optax.LookaheadParams.init_synced({ w: jnp.array([0]) });
  let state = tx.init(params);
  const seen: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    const [updates, next] = tx.update({ w: jnp.array([-1]) } as Any, state, params);
    [params, state] = [optax.apply_updates(params, updates), next];
    seen.push([await params.fast.w.tolist(), await params.slow.w.tolist()]);
  }
  expect(seen).toEqual([
    [[1], [0]],
    [[1], [1]],
  ]);
});

test("polyak_sgd takes the loss", async () => {
  const tx = optax.polyak_sgd();
  const [updates] = tx.update([jnp.array([3, 4])], tx.init([jnp.array([0, 0])]), null, { value: jnp.array(5) });
  expect(await jax.device_get(updates)).toEqual([[Math.fround(-0.6), Math.fround(-0.8)]]);
  expect(() => tx.update([jnp.array([1])], tx.init([jnp.array([1])]))).toThrow(/value/);
});

test("arithmetic of trees, under both names", async () => {
  const [x, y] = [
    { a: jnp.array([1, -2]), b: jnp.array(3) },
    { a: jnp.array([4, 5]), b: jnp.array(-1) },
  ];
  const { tree, tree_utils } = optax;
  const read = (value: Any): Promise<unknown> => jax.device_get(value);
  expect(await read(tree.add(x, y, x))).toEqual({ a: [6, 1], b: 5 });
  expect(await read(tree_utils.tree_add_scale(x, 2, y))).toEqual({ a: [9, 8], b: 1 });
  expect(await read([tree.vdot(x, y), tree.sum(x), tree.max(x), tree.min(x)])).toEqual([-9, 2, 3, -2]);
  expect(await read([tree.norm(x, { squared: true }), tree.norm(x, 1), tree.norm(x, "inf")])).toEqual([14, 6, 3]);
  expect(tree.size(x)).toBe(3);
  expect(await read(tree.clip(x, -1, 2))).toEqual({ a: [1, -1], b: 2 });
  expect(await read(tree.zeros_like(x))).toEqual({ a: [0, 0], b: 0 });
  expect(await read(tree.bias_correction(x, 0.5, 1))).toEqual({ a: [2, -4], b: 6 });
  expect(await read(tree.update_moment(x, y, 0.5, 2))).toEqual({ a: [2.5, 4.5], b: 4 });
  expect(await read(optax.incremental_update(x, y, 0.5))).toEqual({ a: [2.5, 1.5], b: 1 });
  expect(await read(optax.periodic_update(x, y, 3, 2))).toEqual(await read(y));
  const random = tree.random_like(jax.random.key(0), x);
  const [first] = jax.random.split(jax.random.key(0), 2) as [Any];
  expect(await read(random.a)).toEqual(await read(jax.random.normal(first, [2])));
});
