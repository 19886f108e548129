// grad, value_and_grad, vjp, jit and trees.
import { DisposedError, device } from "@facet/autograd";
import * as jax from "@facet/shims-jax";
import { describe, expect, test } from "vitest";

const { numpy: jnp, tree_util } = jax;
type Arr = InstanceType<typeof jax.Array>;

describe("grad", () => {
  const x = jnp.array([1, 2, 3]);

  test("of trees, by several arguments, with numbers as leaves", async () => {
    const loss = (p: { w: Arr; b: Arr | number }, y: Arr) => p.w.mul(y).sum().add(p.b).pow(2);
    const params = { w: jnp.array([1, 2]), b: 3 };
    const [value, g] = jax.value_and_grad(loss)(params, jnp.array([1, 1]));
    expect(await value.item()).toBe(36);
    expect(await jax.device_get(g)).toEqual({ w: [12, 12], b: 12 });
    const both = jax.grad(loss, [0, 1])(params, jnp.array([1, 1]));
    expect(await jax.device_get(both)).toEqual([{ w: [12, 12], b: 12 }, [12, 24]]);
    expect(
      await jax
        .grad(loss, { argnums: -1 })(params, jnp.array([1, 1]))
        .tolist(),
    ).toEqual([12, 24]);
  });

  test("hands everything else on: labels, keywords, functions", async () => {
    const model = (w: Arr, x: Arr) => w.mul(x);
    const loss = (w: Arr, X: Arr, labels: Arr, { model: f }: { model: typeof model }) => f(w, X).mul(labels).sum();
    const [value, g] = jax.value_and_grad(loss)(x, x, jnp.array([1, 0, 2], jnp.int32), { model });
    expect(await value.item()).toBe(19);
    expect(await g.tolist()).toEqual([1, 0, 6]);
  });

  test("has_aux returns what else was computed, without a graph", async () => {
    const f = (w: Arr) => [w.mul(w).sum(), { doubled: w.mul(2), note: "kept" }] as const;
    const [[value, aux], g] = jax.value_and_grad(f, { has_aux: true })(x);
    expect([await value.item(), await aux.doubled.tolist(), aux.note]).toEqual([14, [2, 4, 6], "kept"]);
    expect(await g.tolist()).toEqual([2, 4, 6]);
    expect([value.core.node, aux.doubled.core.node, g.core.node]).toEqual([undefined, undefined, undefined]);
    const [g2, aux2] = jax.grad(f, 0, { hasAux: true })(x) as unknown as [Arr, { note: string }];
    expect([await g2.tolist(), aux2.note]).toEqual([[2, 4, 6], "kept"]);
  });

  test("nests to any order, through closures too", async () => {
    const cube = (v: Arr) => v.pow(3).sum();
    const third = jax.grad((v: Arr) =>
      jax
        .grad((u: Arr) => jax.grad(cube)(u).sum())(v)
        .sum(),
    );
    expect(await third(x).tolist()).toEqual([6, 6, 6]);
    // d/da of (d/db a b^2) at b = a: the outer variable is closed over.
    const mixed = jax.grad((a: Arr) =>
      jax
        .grad((b: Arr) => a.mul(b).mul(b))(jnp.array(3))
        .mul(a),
    );
    expect(await mixed(jnp.array(2)).item()).toBe(24);
  });

  test("what the output does not depend on has gradient zero", async () => {
    expect(
      await jax
        .grad((_: Arr) => jnp.array(1))(x)
        .tolist(),
    ).toEqual([0, 0, 0]);
    expect(
      await jax
        .grad((_: Arr) => 5)(x)
        .tolist(),
    ).toEqual([0, 0, 0]);
    expect(
      await jax
        .grad((v: Arr) => jax.lax.stop_gradient(v).mul(v).sum())(x)
        .tolist(),
    ).toEqual([1, 2, 3]);
  });

  test("mistakes", () => {
    expect(() => jax.grad((v: Arr) => v.mul(2))(x)).toThrow(
      /grad: fun: expected a scalar: gradient only defined for scalar-output functions, got output of shape \(3,\)/,
    );
    expect(() => jax.grad((v: Arr) => v.sum())(jnp.array([1, 2], jnp.int32))).toThrow(/expected float32.*got int32/);
    expect(() => jax.grad((v: Arr) => v.sum().astype("int32"))(x)).toThrow(/expected a float32 result, got int32/);
    expect(() => jax.grad((v: Arr) => v.sum(), 1)(x)).toThrow(/grad: argnums: expected positions among 1 arguments/);
    expect(() => jax.grad((v: Arr) => v.sum(), 0.5)).toThrow(/grad: argnums: expected an integer/);
    expect(() => jax.grad((v: Arr) => v.sum(), { holomorphic: true } as never)).toThrow(/grad: holomorphic/);
    expect(() => jax.grad((v: Arr) => v.sum(), { has_aux: true })(x)).toThrow(/\[output, aux\]/);
    expect(() => jax.grad(async (v: Arr) => v.sum())(x)).toThrow(/expected a synchronous function/);
    expect(() => jax.grad((v: { a: string }) => v.a)({ a: "text" })).toThrow(
      /arrays and numbers as leaves, got "text"/,
    );
  });
});

describe("vjp", () => {
  test("pulls trees back, more than once", async () => {
    const f = (a: Arr, b: Arr) => ({ product: a.mul(b), sum: a.add(b) });
    const [out, pullback] = jax.vjp(f, jnp.array([1, 2]), jnp.array([3, 4]));
    expect(await jax.device_get(out)).toEqual({ product: [3, 8], sum: [4, 6] });
    for (const scale of [1, 2]) {
      const cotangent = { product: jnp.full([2], scale), sum: jnp.array([0, 10]) };
      expect(await jax.device_get(pullback(cotangent))).toEqual([
        [3 * scale, 4 * scale + 10],
        [scale, 2 * scale + 10],
      ]);
    }
    expect(() => pullback([1])).toThrow(/expected a tree of structure PyTreeDef\({'product': \*, 'sum': \*}\)/);
  });

  test("with aux, and inside grad", async () => {
    const [out, pullback, aux] = jax.vjp((a: Arr) => [a.mul(a), "more"], jnp.array([2]), { has_aux: true });
    expect([await out.tolist(), await jax.device_get(pullback(jnp.array([1]))), aux]).toEqual([[4], [[4]], "more"]);
    const second = jax.grad((a: Arr) => {
      const [, back] = jax.vjp((b: Arr) => b.pow(3), a);
      return back(jnp.array(1))[0];
    });
    expect(await second(jnp.array(2)).item()).toBe(12);
  });
});

describe("jit", () => {
  test("returns what the function returns and frees the rest", async () => {
    const x = jnp.ones([1000]);
    const f = jax.jit((v: Arr, n: number) => ({ y: v.mul(n).add(1), n }), { static_argnums: [1] });
    // The first call makes the plan, which keeps memory for what lies between.
    f(x, 3).y.core.dispose();
    const before = device().memory().live;
    const { y, n } = f(x, 3);
    expect(device().memory().live - before).toBeLessThan(8192);
    expect([await y.slice(0).item(), n]).toEqual([4, 3]);
    expect(
      await jax
        .grad(jax.jit((v: Arr) => v.mul(v).sum()))(jnp.array([3]))
        .tolist(),
    ).toEqual([6]);
  });

  test("an array smuggled out of it says where it went", () => {
    let leaked: Arr | undefined;
    jax.jit((v: Arr) => {
      leaked = v.mul(2);
      return v;
    })(jnp.ones([2]));
    expect(() => leaked?.add(1)).toThrow(DisposedError);
    expect(() => leaked?.add(1)).toThrow(/end of its scope/);
  });

  test("a donated optimiser state is updated where it lies", async () => {
    const [init, update, params] = jax.example_libraries.optimizers.adam(0.1);
    let state = init({ w: jnp.ones([3, 3]) });
    const grads = { w: jnp.ones([3, 3]) };
    const step = (i: number, s: typeof state) => update(i, grads, s);
    const jitted = jax.jit(step, { donate_argnums: 1 });
    const eager = step(1, step(0, state));
    state = jitted(1, jitted(0, state));
    const place = state.slots.x?.flat.storage;
    state = jitted(2, state);
    expect(state.slots.x?.flat.storage).toBe(place);
    expect(await params(state).w.tolist()).toEqual(await params(step(2, eager)).w.tolist());
  });

  test("donated arguments are freed, unless returned", () => {
    const f = jax.jit((state: { a: Arr; b: Arr }) => ({ a: state.a.add(1), b: state.b }), { donate_argnums: 0 });
    const state = { a: jnp.ones([4]), b: jnp.ones([4]) };
    const next = f(state);
    expect(() => state.a.add(1)).toThrow(/donated to a jitted function/);
    expect(next.b.add(1).shape).toEqual([4]);
  });

  test("mistakes", () => {
    expect(() => jax.jit(3 as never)).toThrow(/jit: fun: expected a function/);
    expect(() => jax.jit(async () => 1)()).toThrow(/synchronous/);
    expect(() => jax.jit(() => 1, { inline: true } as never)).toThrow(/jit: inline/);
    expect(() => jax.jit(() => 1, { static_argnums: "x" as never })).toThrow(/jit: static_argnums/);
  });
});

describe("tree_util", () => {
  const tree = { b: [1, null, { z: 2, a: 3 }], a: 4 };

  test("flattens dicts in the order of their keys; null has no leaf", () => {
    const [leaves, treedef] = tree_util.tree_flatten(tree);
    expect(leaves).toEqual([4, 1, 3, 2]);
    expect(`${treedef}`).toBe("PyTreeDef({'a': *, 'b': [*, None, {'a': *, 'z': *}]})");
    expect(treedef.num_leaves).toBe(4);
    expect(tree_util.tree_unflatten(treedef, [10, 20, 30, 40])).toEqual({ a: 10, b: [20, null, { a: 30, z: 40 }] });
    expect(tree_util.tree_leaves(tree, Array.isArray)).toEqual([4, tree.b]);
    expect(tree_util.tree_structure(tree).equals(treedef)).toBe(true);
    expect(tree_util.tree_structure([1, 2]).equals(tree_util.tree_structure([1]))).toBe(false);
  });

  test("maps, reduces, asks", () => {
    expect(jax.tree.map((x: number) => 2 * x, tree)).toEqual({ a: 8, b: [2, null, { a: 6, z: 4 }] });
    expect(tree_util.tree_map((x: number, y: unknown) => [x, y], [1, 2], ["p", { q: 3 }])).toEqual([
      [1, "p"],
      [2, { q: 3 }],
    ]);
    expect(tree_util.tree_reduce((s: number, x: number) => s + x, tree)).toBe(10);
    expect(tree_util.tree_reduce((s: number, x: number) => s + x, null, 5)).toBe(5);
    expect([tree_util.tree_all([true, 1]), tree_util.tree_all([true, { a: 0 }])]).toEqual([true, false]);
  });

  test("knows registered classes", async () => {
    class Pair {
      readonly left: unknown;
      readonly right: unknown;
      readonly name: string;
      constructor(left: unknown, right: unknown, name: string) {
        this.left = left;
        this.right = right;
        this.name = name;
      }
    }
    tree_util.register_pytree_node(
      Pair,
      ({ left, right, name }) => [[left, right], name] as const,
      (name, [left, right]) => new Pair(left, right, name),
    );
    const pair = new Pair(jnp.array(2), jnp.array(3), "p");
    expect(`${tree_util.tree_structure(pair)}`).toBe('PyTreeDef(CustomNode(Pair["p"], [*, *]))');
    const g = jax.grad((p: Pair) => (p.left as Arr).mul(p.right as Arr))(pair) as Pair;
    expect(g).toBeInstanceOf(Pair);
    expect([await (g.left as Arr).item(), await (g.right as Arr).item(), g.name]).toEqual([3, 2, "p"]);
    expect(() =>
      tree_util.register_pytree_node(
        Pair,
        () => [[], 0],
        () => pair,
      ),
    ).toThrow(/not registered yet/);
  });

  test("mismatched trees are refused, with both structures", () => {
    const add = (a: number, b: number) => a + b;
    expect(() => tree_util.tree_map(add, { a: 1, b: 2 }, { a: 1, c: 2 })).toThrow(
      /tree_map: rest\[0\]: expected a tree of structure PyTreeDef\({'a': \*, 'b': \*}\), got PyTreeDef\({'a': \*, 'c': \*}\)/,
    );
    expect(() => tree_util.tree_map(add, [1, 2], [1])).toThrow(/PyTreeDef\(\[\*, \*\]\), got PyTreeDef\(\[\*\]\)/);
    expect(() => tree_util.tree_map(add, [1, null], [1, 2])).toThrow(/None/);
    expect(() => tree_util.tree_unflatten(tree_util.tree_structure([1, 2]), [1])).toThrow(/expected 2 leaves.*got 1/);
    expect(() => tree_util.tree_reduce(add, {})).toThrow(/at least one leaf/);
    expect(() => tree_util.tree_all([jnp.ones([])])).toThrow(/JavaScript values/);
  });
});

test("block_until_ready waits and returns the tree", async () => {
  const tree = { x: jnp.ones([3]).mul(2), n: 1 };
  expect(await jax.block_until_ready(tree)).toBe(tree);
  expect(await tree.x.block_until_ready()).toBe(tree.x);
});
