// What programs ask for around their arithmetic: shapes without values, traced ops, prints, devices, settings, named trees.
import * as jax from "@facet/shims-jax";
import { afterEach, describe, expect, test, vi } from "vitest";

const { numpy: jnp, tree, tree_util } = jax;
type Arr = InstanceType<typeof jax.Array>;

afterEach(() => vi.restoreAllMocks());

describe("shapes without values", () => {
  test("eval_shape gives the structure of the result", () => {
    const f = (p: { w: Arr }, x: Arr, n: Arr) => ({ y: jnp.matmul(x, p.w).mul(n), hot: x.greater(0) });
    const w = new jax.ShapeDtypeStruct([3, 4], "float32");
    const shapes = jax.eval_shape(f, { w }, jnp.ones([2, 3]), 2);
    expect(`${shapes.y} ${shapes.hot}`).toBe(
      "ShapeDtypeStruct(shape=(2, 4), dtype=float32) ShapeDtypeStruct(shape=(2, 3), dtype=bool)",
    );
    expect(() => jax.eval_shape(f, { w }, jnp.ones([2, 2]), 2)).toThrow(/matmul/);
    expect(() => new jax.ShapeDtypeStruct([2], "complex64" as never)).toThrow(/ShapeDtypeStruct: dtype/);
    expect(`${jax.typeof(jnp.ones([2], "int32"))}`).toBe("ShapeDtypeStruct(shape=(2,), dtype=int32)");
  });

  test("make_jaxpr shows ops, constants and results", () => {
    const scale = jnp.array([1, 2]);
    const jaxpr = jax.make_jaxpr((x: Arr) => jnp.sin(x).mul(scale).sum())(jnp.ones([2]));
    expect(`${jaxpr}`).toBe(
      [
        "{ lambda c:f32[2]; a:f32[2]. let",
        "    b:f32[2] = sin a",
        "    d:f32[2] = mul b c",
        "    e:f32[] = sum[axes=(0) keepdims=false] d",
        "  in (e,) }",
      ].join("\n"),
    );
    const [twice, shape] = jax.make_jaxpr((x: Arr, n: number) => x.mul(n), 1, { return_shape: true })(jnp.ones([2]), 3);
    expect(twice.eqns.map(({ op }: { op: string }) => op)).toContain("mul");
    expect(shape.shape).toEqual([2]);
  });
});

describe("values of a running program", () => {
  test("print shows values in order, by place and by name, at every run of a jitted function", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    jax.debug.print("a = {} {{}} {n}", jnp.array([1, 2.5]), { n: 3 });
    const f = jax.jit((x: Arr) => {
      const y = x.mul(2);
      jax.debug.print("y = {y:.2f} of {0}", x.shape, { y: y.sum() });
      return y.add(1);
    });
    expect(await f(jnp.array([1, 2])).tolist()).toEqual([3, 5]);
    expect(await f(jnp.array([2, 2])).tolist()).toEqual([5, 5]);
    await jax.effects_barrier();
    expect(log.mock.calls.map(([text]) => text)).toEqual(["a = [1.  2.5] {} 3", "y = 6.00 of [2]", "y = 8.00 of [2]"]);
    expect(() => jax.debug.print("{x}", { y: 1 })).toThrow(/debug.print: fmt: expected names of what is given: y/);
    expect(() => jax.debug.print("{x", { x: 1 })).toThrow(/debug.print: fmt/);
  });

  test("callback gets arrays, in a gradient too, and its failure is thrown by the barrier", async () => {
    const seen: unknown[] = [];
    jax.grad((x: Arr) => {
      jax.debug.callback(async (y: Arr, { note }: { note: string }) => seen.push(await y.tolist(), note), x.mul(2), {
        note: "n",
      });
      return x.mul(x).sum();
    })(jnp.array([1, 2]));
    await jax.effects_barrier();
    expect(seen).toEqual([[2, 4], "n"]);
    jax.debug.callback(() => {
      throw new Error("no");
    });
    await expect(jax.effects_barrier()).rejects.toThrow("no");
    await jax.effects_barrier();
  });
});

test("there is one device in one process", async () => {
  expect([jax.device_count(), jax.local_device_count(), jax.process_index(), jax.process_count()]).toEqual([
    1, 1, 0, 1,
  ]);
  const [device] = jax.devices();
  expect([device?.platform, jax.default_backend(), `${jax.local_devices()[0]}`]).toEqual([
    "gpu",
    "gpu",
    "WebGpuDevice(id=0)",
  ]);
  expect(() => jax.devices("tpu")).toThrow(/devices: backend: expected "gpu" or "webgpu"/);
  const put = jax.device_put({ x: 1, y: jnp.ones([2]) }, device);
  expect(await jax.device_get(put)).toEqual({ x: 1, y: [1, 1] });
  expect(() => jax.device_put(1, "cpu")).toThrow(/device_put: device/);
});

test("settings hold or are refused", () => {
  jax.config.update("jax_enable_x64", false);
  expect(jax.config.read("jax_enable_x64")).toBe(false);
  expect(() => jax.config.update("jax_enable_x64", true)).toThrow(/jax_enable_x64: expected false/);
  expect(() => jax.config.update("jax_no_such", 1)).toThrow(/jax_no_such/);
  let calls = 0;
  const f = jax.jit((x: Arr) => {
    calls++;
    return x.add(1);
  });
  jax.config.update("jax_disable_jit", true);
  f(jnp.ones([1]));
  f(jnp.ones([1]));
  jax.config.update("jax_disable_jit", false);
  f(jnp.ones([1]));
  f(jnp.ones([1]));
  expect(calls).toBe(3);
  jax.config.parse_flags_with_absl();
  jax.clear_caches();
});

describe("transforms", () => {
  test("linear_transpose", async () => {
    const w = jnp.array([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const f = jax.linear_transpose((x: Arr) => jnp.matmul(w, x), new jax.ShapeDtypeStruct([2], "float32"));
    expect(await f(jnp.array([1, 0, 2]))[0].tolist()).toEqual([11, 14]);
  });
  test("pmap maps over the one device", async () => {
    const f = jax.pmap((x: Arr) => jax.lax.psum(x.mul(2), "i"), "i");
    expect(await (f(jnp.array([[1, 2]])) as Arr).tolist()).toEqual([[2, 4]]);
    expect(() => f(jnp.ones([2, 2]))).toThrow(/pmap: arguments\[0\]: expected extent 1 along axis 0/);
  });
  test("checkpoint takes the policies of everything and nothing; names and scopes change no value", async () => {
    const f = (x: Arr) => jax.named_scope("inner", () => jax.ad_checkpoint.checkpoint_name(jnp.sin(x), "s").sum());
    const x = jnp.array([0.5]);
    const wanted = await jax.grad(f)(x).tolist();
    for (const policy of [jax.checkpoint_policies.everything_saveable, jax.checkpoint_policies.nothing_saveable])
      expect(
        await jax
          .grad(jax.named_call(jax.checkpoint(f, { policy }), { name: "f" }))(x)
          .tolist(),
      ).toEqual(wanted);
    expect(() => jax.checkpoint(f, { policy: () => true })).toThrow(/checkpoint: policy/);
    expect(
      await jax
        .jit((y: Arr) => y.add(jax.ensure_compile_time_eval(() => jnp.ones([]))))(x)
        .tolist(),
    ).toEqual([1.5]);
  });
});

describe("trees", () => {
  const params = { b: [1, 2], a: { w: 3 }, n: null };

  test("with paths", () => {
    const [pairs, treedef] = tree_util.tree_flatten_with_path<number>(params);
    expect(pairs.map(([path, leaf]) => `${tree_util.keystr(path)} ${leaf}`)).toEqual([
      "['a']['w'] 3",
      "['b'][0] 1",
      "['b'][1] 2",
    ]);
    expect(treedef.num_leaves).toBe(3);
    expect(tree_util.keystr(pairs[1]?.[0] ?? [], { simple: true, separator: "/" })).toBe("b/0");
    expect(
      tree.map_with_path((path, x: number, y: number) => `${tree_util.keystr(path)}=${x + y}`, params, params),
    ).toEqual({
      a: { w: "['a']['w']=6" },
      b: ["['b'][0]=2", "['b'][1]=4"],
      n: null,
    });
    const whole = tree.leaves_with_path(params, {
      is_leaf: (path: readonly unknown[]) => path.length === 1,
      is_leaf_takes_path: true,
    });
    expect(whole.map(([, leaf]) => leaf)).toEqual([{ w: 3 }, [1, 2], null]);
  });

  test("of classes", () => {
    class Layer {
      readonly w: number;
      readonly b: number;
      readonly name: string;
      constructor(w: number, b: number, name: string) {
        this.w = w;
        this.b = b;
        this.name = name;
      }
    }
    tree_util.register_dataclass(Layer, ["w", "b"], ["name"]);
    const layer = tree.map((x: number) => x * 2, new Layer(1, 2, "dense"));
    expect([layer instanceof Layer, layer.w, layer.b, layer.name]).toEqual([true, 2, 4, "dense"]);
    expect(tree.flatten_with_path(layer)[0].map(([path]) => tree_util.keystr(path))).toEqual([".w", ".b"]);
    class Pair {
      readonly x: unknown;
      readonly y: unknown;
      constructor(x: unknown, y: unknown) {
        this.x = x;
        this.y = y;
      }
      tree_flatten() {
        return [[this.x, this.y], null];
      }
      static tree_unflatten(_: unknown, [x, y]: unknown[]) {
        return new Pair(x, y);
      }
    }
    expect(tree_util.register_pytree_node_class(Pair)).toBe(Pair);
    expect(tree.leaves(new Pair(1, [2, 3]))).toEqual([1, 2, 3]);
    expect(tree_util.keystr(tree.leaves_with_path(new Pair(1, 2))[1]?.[0] ?? [])).toBe("[<flat index 1>]");
    expect(() => tree_util.register_pytree_node_class(class Bare {})).toThrow(/a method tree_flatten/);
    class Keyed extends Pair {}
    tree_util.register_pytree_with_keys(
      Keyed,
      (node) => [
        [
          [new tree_util.GetAttrKey("x"), node.x],
          [new tree_util.DictKey("y"), node.y],
        ],
        null,
      ],
      (_, [x, y]) => new Keyed(x, y),
    );
    expect(tree.leaves_with_path(new Keyed(1, 2)).map(([path]) => tree_util.keystr(path))).toEqual([".x", "['y']"]);
  });

  test("Partial is a function with children", async () => {
    const scaled = new tree_util.Partial((w: Arr, x: Arr) => w.mul(x), jnp.array([1, 2]));
    expect(await scaled(jnp.array([3, 4])).tolist()).toEqual([3, 8]);
    const twice = tree.map((x: Arr) => x.mul(2), scaled);
    expect(await twice(jnp.array([3, 4])).tolist()).toEqual([6, 16]);
    expect(
      await jax
        .jit((f: typeof scaled, x: Arr) => f(x))(twice, jnp.ones([2]))
        .tolist(),
    ).toEqual([2, 4]);
  });

  test("transposed, spread, folded, and structures as values", () => {
    const rows = [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ];
    const [outer, inner] = [tree.structure([0, 0]), tree.structure({ x: 0, y: 0 })];
    expect(tree.transpose(outer, inner, rows)).toEqual({ x: [1, 3], y: [2, 4] });
    expect(tree.transpose(outer, null, rows)).toEqual({ x: [1, 3], y: [2, 4] });
    expect(tree.broadcast({ a: 1, b: 2 }, { a: [0, 0], b: { c: 0 } })).toEqual({ a: [1, 1], b: { c: 2 } });
    expect(tree.reduce_associative((a: string, b: string) => a + b, ["a", "b", "c", "d", "e"])).toBe("abcde");
    expect(tree_util.all_leaves([1, "a"])).toBe(true);
    expect(tree_util.all_leaves([1, [2]])).toBe(false);
    expect(tree_util.flatten_one_level({ b: 1, a: [2] })).toEqual([
      [[2], 1],
      ["a", "b"],
    ]);
    expect(tree_util.treedef_is_leaf(tree_util.treedef_children(inner)[0] as never)).toBe(true);
    expect(tree_util.treedef_tuple([inner, inner]).num_leaves).toBe(4);
  });
});
