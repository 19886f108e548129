// stax, optimizers and optax: layers, initial values, states, memory, and small programs that learn.
import { device, tensorsOf } from "@facet/autograd";
import { collectGarbage } from "@facet/kernels-wgsl";
import * as jax from "@facet/shims-jax";
import { expectClose, formulaWeights, loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";

const { numpy: jnp, random, nn, optax, tree_util } = jax;
const { stax, optimizers } = jax.example_libraries;
type Arr = InstanceType<typeof jax.Array>;
type Key = ReturnType<typeof random.key>;

const key = random.key(0);

describe("stax layers", () => {
  const shapes: [string, InstanceType<typeof globalThis.Array>, number[], number[], number[][]][] = [];
  const layer = (name: string, made: unknown, input: number[], output: number[], params: number[][]) =>
    shapes.push([name, made as never, input, output, params]);
  layer("Dense", stax.Dense(5), [-1, 3], [-1, 5], [[3, 5], [5]]);
  layer(
    "Conv",
    stax.Conv(4, [3, 3]),
    [-1, 8, 9, 2],
    [-1, 6, 7, 4],
    [
      [3, 3, 2, 4],
      [1, 1, 1, 4],
    ],
  );
  layer(
    "Conv SAME, strides",
    stax.Conv(4, [3, 2], [2, 2], "SAME"),
    [-1, 7, 8, 2],
    [-1, 4, 4, 4],
    [
      [3, 2, 2, 4],
      [1, 1, 1, 4],
    ],
  );
  layer(
    "GeneralConv NCHW",
    stax.GeneralConv(["NCHW", "OIHW", "NCHW"], 4, [3, 3]),
    [-1, 2, 8, 9],
    [-1, 4, 6, 7],
    [
      [4, 2, 3, 3],
      [1, 4, 1, 1],
    ],
  );
  layer("MaxPool, stride 1 by default", stax.MaxPool([2, 2]), [-1, 4, 5, 3], [-1, 3, 4, 3], []);
  layer("MaxPool NCHW", stax.MaxPool([2, 2], [2, 2], "VALID", "NCHW"), [-1, 3, 4, 5], [-1, 3, 2, 2], []);
  layer("AvgPool SAME", stax.AvgPool([3, 3], [2, 2], "SAME"), [-1, 4, 5, 3], [-1, 2, 3, 3], []);
  layer("Flatten", stax.Flatten, [-1, 4, 5, 3], [-1, 60], []);
  layer("Relu", stax.Relu, [-1, 4], [-1, 4], []);
  layer("LogSoftmax", stax.LogSoftmax, [-1, 4], [-1, 4], []);

  test.each(shapes)("%s", (_name, made, input, output, params) => {
    const [init, apply] = made as unknown as ReturnType<typeof stax.Dense>;
    const [shape, own] = init(key, input);
    expect(shape).toEqual(output);
    expect(tree_util.tree_leaves<Arr>(own).map((leaf) => leaf.shape)).toEqual(params);
    const y = apply(own, jnp.ones(input.map((extent) => (extent === -1 ? 2 : extent))));
    expect(y.shape).toEqual(output.map((extent) => (extent === -1 ? 2 : extent)));
  });

  test("serial gives each layer a key of its own, as the original splits them", async () => {
    const [init] = stax.serial(stax.Dense(3), stax.Relu, stax.Dense(2));
    const [shape, params] = init(key, [-1, 4]);
    expect(shape).toEqual([-1, 2]);
    const [rest, first] = random.split(key) as [Key, Key];
    const third = random.split((random.split(rest) as [Key, Key])[0])[1] as Key;
    const initial = nn.initializers.glorot_normal();
    for (const [W, own, extents] of [
      [params[0][0], first, [4, 3]],
      [params[2][0], third, [3, 2]],
    ] as const)
      expect(await W.tolist()).toEqual(await initial((random.split(own) as [Key, Key])[0], extents).tolist());
  });

  test("Dropout keeps with probability rate, divides by it, and needs a key", async () => {
    const x = jnp.ones([4000]);
    const [, apply] = stax.Dropout(0.8);
    const y = apply([], x, { rng: key });
    const keep = random.bernoulli(key, 0.8, [4000]);
    expect(await y.tolist()).toEqual(await jnp.where(keep, x.div(0.8), 0).tolist());
    expect(Number(await y.mean().item())).toBeCloseTo(1, 1);
    expect(stax.Dropout(0.8, "test")[1]([], x, { rng: key })).toBe(x);
    expect(() => apply([], x)).toThrow(/Dropout: rng: expected a key: call apply_fun\(params, inputs, { rng }\)/);
    expect(() => stax.Dropout(0)).toThrow(/Dropout: rate: expected a probability of keeping/);
  });

  test("FanOut, parallel, FanInSum and FanInConcat", async () => {
    const residual = stax.serial(stax.FanOut(2), stax.parallel(stax.Dense(4), stax.Identity), stax.FanInSum);
    const [shape, params] = residual[0](key, [-1, 4]);
    const x = random.normal(key, [2, 4]);
    const y = residual[1](params, x) as Arr;
    const [W, b] = params[1][0];
    expect(shape).toEqual([-1, 4]);
    expectClose(await y.data(), await x.matmul(W).add(b).add(x).data(), { rtol: 1e-6, atol: 1e-6 });
    const joined = stax.serial(stax.FanOut(2), stax.parallel(stax.Dense(4), stax.Dense(3)), stax.FanInConcat());
    const [wide, more] = joined[0](key, [-1, 4]);
    expect(wide).toEqual([-1, 7]);
    expect((joined[1](more, x) as Arr).shape).toEqual([2, 7]);
  });

  test("mistakes", () => {
    expect(() => stax.Conv(4, [3, 3])[0](key, [-1, 8, 8])).toThrow(/Conv: input_shape: expected 4 numbers/);
    expect(() => stax.Conv(4, [9, 9])[0](key, [-1, 8, 8, 1])).toThrow(/at least 9 rows and columns/);
    expect(() => stax.MaxPool([2, 2], [0, 1])).toThrow(/MaxPool: strides/);
    expect(() => stax.MaxPool([2, 2], null, "VALID", "CHWN" as never)).toThrow(
      /MaxPool: spec: expected "NHWC" or "NCHW"/,
    );
    const [, apply] = stax.Dense(3);
    expect(() => apply([jnp.ones([4, 3]), jnp.ones([3])], jnp.ones([2, 5]))).toThrow(/matmul: b: expected 5 rows/);
  });
});

describe("initializers", () => {
  const { initializers } = nn;
  const deviation = async (x: Arr) => Number(await x.std().item());

  test("have the spread of their formulas", async () => {
    const shape = [3, 3, 32, 64];
    const [fanIn, fanOut] = [9 * 32, 9 * 64];
    const expected: [Arr, number][] = [
      [initializers.glorot_normal()(key, shape), Math.sqrt(2 / (fanIn + fanOut))],
      [initializers.glorot_uniform()(key, shape), Math.sqrt(2 / (fanIn + fanOut))],
      [initializers.lecun_normal()(key, shape), Math.sqrt(1 / fanIn)],
      [initializers.he_normal()(key, shape), Math.sqrt(2 / fanIn)],
      [initializers.he_uniform({ in_axis: -1, out_axis: -2 })(key, shape), Math.sqrt(2 / fanOut)],
      [initializers.variance_scaling(3, "fan_out", "normal")(key, shape), Math.sqrt(3 / fanOut)],
      [initializers.normal()(key, shape), 0.01],
      [initializers.uniform(2)(key, shape), 2 / Math.sqrt(12)],
      [initializers.truncated_normal(0.5)(key, shape), 0.5 * 0.8796],
    ];
    for (const [x, sigma] of expected) expect((await deviation(x)) / sigma).toBeCloseTo(1, 1);
  });

  test("are functions of key, shape and dtype, of float32 only", async () => {
    expect(await initializers.zeros(key, [2]).tolist()).toEqual([0, 0]);
    expect(await initializers.ones(key, [2]).tolist()).toEqual([1, 1]);
    expect(await initializers.constant(3)(key, [1]).tolist()).toEqual([3]);
    const q = initializers.orthogonal()(key, [4, 3]);
    expectClose(await q.T.matmul(q).data(), await jnp.eye(3).data(), { rtol: 1e-5, atol: 1e-5 });
    expect(() => initializers.normal()(key, [2], "float16")).toThrow(/normal: dtype/);
  });
});

/** The CNN of the golden file, in PyTorch's layout. */
function goldenCnn() {
  const spec = ["NCHW", "OIHW", "NCHW"] as const;
  const [, apply] = stax.serial(
    stax.GeneralConv(spec, 32, [3, 3]),
    stax.Relu,
    stax.MaxPool([2, 2], [2, 2], "VALID", "NCHW"),
    stax.GeneralConv(spec, 64, [3, 3]),
    stax.Relu,
    stax.MaxPool([2, 2], [2, 2], "VALID", "NCHW"),
    stax.Flatten,
    stax.Dense(10),
  );
  const row = loadGolden("cnn").cases[0] as ReturnType<typeof loadGolden>["cases"][number];
  const weights = (row.params.parameters as { shape: number[]; scale: number; stream: number }[]).map(
    ({ shape, scale, stream }) =>
      jnp
        .array(
          formulaWeights(
            shape.reduce((n, e) => n * e),
            scale,
            stream,
          ),
        )
        .reshape(shape),
  ) as [Arr, Arr, Arr, Arr, Arr, Arr];
  const [w1, b1, w2, b2, w, b] = weights;
  const channels = (bias: Arr) => bias.reshape(1, -1, 1, 1);
  const params = [[w1, channels(b1)], [], [], [w2, channels(b2)], [], [], [], [w.T, b]];
  const X = jnp.array(row.floats("images")).reshape(row.tensor("images").shape);
  const Y = jnp.array(row.ints("labels"));
  const loss = (p: typeof params): Arr => optax.softmax_cross_entropy_with_integer_labels(apply(p, X), Y).mean();
  return { row, params, loss };
}

describe("ten Adam steps of the CNN", () => {
  test("example_libraries.optimizers follow PyTorch", async () => {
    const { row, params, loss } = goldenCnn();
    const [init, update, get_params] = optimizers.adam(1e-3);
    let state = init(params);
    const losses: number[] = [];
    for (let i = 0; i < 10; i++) {
      const [value, grads] = jax.value_and_grad(loss)(get_params(state));
      state = update(i, grads, state);
      losses.push(Number(await value.item()));
    }
    expectClose(losses, row.floats("losses"), { rtol: 1e-5, atol: 1e-6, label: "losses" });
  });

  test("optax gives the very same bits", async () => {
    const { params, loss } = goldenCnn();
    const [init, update, get_params] = optimizers.adam(1e-3);
    const tx = optax.adam(1e-3);
    let state = init(params);
    let mine = params;
    let own = tx.init(params);
    for (let i = 0; i < 3; i++) {
      state = update(i, jax.grad(loss)(get_params(state)), state);
      const [updates, next] = tx.update(jax.grad(loss)(mine), own, mine);
      [mine, own] = [optax.apply_updates(mine, updates), next];
    }
    const both = [get_params(state), mine].map((tree) => tree_util.tree_leaves<Arr>(tree)) as [Arr[], Arr[]];
    for (const [i, leaf] of both[0].entries()) expect(await leaf.data()).toEqual(await both[1][i]?.data());
  });
});

describe("optimiser states", () => {
  const params = { w: jnp.array([1, 2]), b: jnp.array(3) };
  const grads = { w: jnp.array([1, -1]), b: jnp.array(2) };

  test("old ones stay valid, and parameters come back as the tree they were", async () => {
    const [init, update, get_params] = optimizers.momentum(0.5, 0.9);
    const first = init(params);
    const second = update(0, grads, first);
    const third = update(1, grads, second);
    expect(await jax.device_get(get_params(first))).toEqual({ w: [1, 2], b: 3 });
    expect(await jax.device_get(get_params(second))).toEqual({ w: [0.5, 2.5], b: 2 });
    expect(await jax.device_get(get_params(update(1, grads, second)))).toEqual(await jax.device_get(get_params(third)));
  });

  test("bias is corrected for the index the caller gives, wrong or right", async () => {
    const [init, update, get_params] = optimizers.adam(1);
    const weight = async (indices: number[]) => {
      const state = indices.reduce((s, i) => update(i, grads, s), init(params));
      return Number(await get_params(state).b.item());
    };
    expect(await weight([0, 1])).toBeCloseTo(3 - 1 - 1, 5);
    // Both steps as step 0: m is 0.1 g, then 0.19 g, over 1 - 0.9; v is 0.001 g^2, then 0.001999 g^2, over 1 - 0.999.
    expect(await weight([0, 0])).toBeCloseTo(3 - 1 - 1.9 / Math.sqrt(1.999), 4);
  });

  test("step sizes may be functions of the index", async () => {
    const { exponential_decay, piecewise_constant, polynomial_decay, inverse_time_decay } = optimizers;
    const at = (steps: number[], schedule: (i: number) => number) => steps.map((i) => schedule(i));
    expect(at([0, 10], exponential_decay(1, 10, 0.5))).toEqual([1, 0.5]);
    expect(at([1, 2, 3, 7], piecewise_constant([2, 5], [1, 0.1, 0.01]))).toEqual([1, 1, 0.1, 0.01]);
    expect(at([0, 5, 20], polynomial_decay(1, 10, 0))).toEqual([1, 0.5, 0]);
    expect(at([0, 10, 15], inverse_time_decay(1, 10, 1, true))).toEqual([1, 0.5, 0.5]);
    const [init, update, get_params] = optimizers.sgd((i) => (i === 0 ? 1 : 0));
    const state = update(1, grads, update(0, grads, init(params)));
    expect(await get_params(state).b.item()).toBe(1);
    expect(() => piecewise_constant([1], [1])).toThrow(/piecewise_constant: boundaries/);
  });

  test("norms and clipping", async () => {
    const tree = { a: jnp.array([3]), b: jnp.array([4]) };
    expect(await optimizers.l2_norm(tree).item()).toBe(5);
    expect(await jax.device_get(optimizers.clip_grads(tree, 1))).toEqual({
      a: [Math.fround(0.6)],
      b: [Math.fround(0.8)],
    });
    expect(await jax.device_get(optimizers.clip_grads(tree, 10))).toEqual({ a: [3], b: [4] });
    const [clipped] = optax.clip_by_global_norm(2.5).update(tree, null);
    expect(await jax.device_get(clipped)).toEqual({ a: [1.5], b: [2] });
    const tx = optax.chain(optax.clip(1), optax.scale(-0.5));
    const [updates] = tx.update(tree, tx.init(tree));
    expect(await jax.device_get(updates)).toEqual({ a: [-0.5], b: [-0.5] });
  });

  test("mistakes", () => {
    const [init, update] = optimizers.adam(1e-3);
    const state = init(params);
    expect(() => update(0, { w: grads.w }, state)).toThrow(
      /adam: grad_tree: expected the structure of the parameters, PyTreeDef\({'b': \*, 'w': \*}\), got PyTreeDef\({'w': \*}\)/,
    );
    expect(() => update(0, { w: jnp.ones([3]), b: grads.b }, state)).toThrow(/adam: .*expected \[2\], got \[3\]/);
    expect(() => update(-1, grads, state)).toThrow(/adam: i: expected the index of the step/);
    expect(() => update(0, grads, {} as never)).toThrow(/update_fn: opt_state: expected a state made by opt_init/);
    expect(() => init({})).toThrow(/adam: params: expected at least one parameter/);
    expect(() => init({ w: jnp.ones([2], jnp.int32) })).toThrow(/adam: params: expected float32, got int32/);
    const [i2, u2] = optimizers.adam(Number.NaN);
    expect(() => u2(0, grads, i2(params))).toThrow(/adam: lr: .*NaN/);
    expect(() => optax.adam(1e-3, { beta1: 0.5 } as never)).toThrow(/adam: beta1: expected one of its arguments/);
    expect(() => optax.adam(1e-3, { mu_dtype: "float16" } as never)).toThrow(/adam: mu_dtype: expected/);
    const decay = optax.adamw(1e-3);
    expect(() => decay.update(grads, decay.init(params))).toThrow(/add_decayed_weights: params/);
    expect(() => optax.adam(1).update(grads, null)).toThrow(/adam: state/);
    expect(() => optax.softmax_cross_entropy_with_integer_labels(jnp.ones([2, 3]), jnp.ones([2]))).toThrow(
      /labels: expected integers/,
    );
    expect(() => optax.softmax_cross_entropy(jnp.ones([2, 3]), jnp.ones([2]))).toThrow(
      /labels: expected \[2, 3\], got \[2\]/,
    );
  });

  test("a label that is no class is an error at the next read, and the device goes on", async () => {
    const bad = optax.softmax_cross_entropy_with_integer_labels(jnp.ones([2, 3]), jnp.array([0, 3], jnp.int32));
    await expect(bad.mean().item()).rejects.toThrow(/label|class/);
    expect(await jnp.ones([2]).sum().item()).toBe(2);
  });
});

describe("training", () => {
  const [init, apply] = stax.serial(stax.Dense(16), stax.Tanh, stax.Dropout(0.9), stax.Dense(2));
  const [opt_init, opt_update, get_params] = optimizers.adam(0.02);
  const X = random.normal(random.key(1), [64, 2]);
  const Y = X.slice(null, 0).mul(X.slice(null, 1)).greater(0).astype(jnp.int32);
  const loss = (params: unknown, x: Arr, y: Arr, { rng }: { rng: Key }): Arr =>
    optax.softmax_cross_entropy_with_integer_labels(apply(params, x, { rng }), y).mean();
  const step = (i: number, state: ReturnType<typeof opt_init>) => {
    const [value, grads] = jax.value_and_grad(loss)(get_params(state), X, Y, { rng: random.fold_in(key, i) });
    return [value, opt_update(i, grads, state)] as const;
  };

  async function run(steps: number): Promise<number[]> {
    const donating = jax.jit(step, { donate_argnums: 1 });
    let state = opt_init(init(key, [-1, 2])[1]);
    const values: Arr[] = [];
    for (let i = 0; i < steps; i++) {
      const [value, next] = donating(i, state);
      state = next;
      values.push(value);
    }
    return [...(await jnp.stack(values).data())];
  }

  test("learns exclusive or, twice to the same bits", async () => {
    const losses = await run(150);
    expect(losses.at(-1) as number).toBeLessThan(0.5 * (losses[0] as number));
    expect(await run(150)).toEqual(losses);
  });

  const settled = async (): Promise<number> => {
    for (let i = 0; i < 5; i++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return device().memory().live;
  };

  test("500 steps leave nothing behind, with and without donation", async () => {
    const train = async (jitted: typeof step, state: ReturnType<typeof opt_init>, from: number, to: number) => {
      let current = state;
      for (let i = from; i < to; i++) {
        const [value, next] = jitted(i, current);
        current = next;
        if (i % 50 === 0) await value.item();
      }
      return current;
    };
    for (const jitted of [jax.jit(step, { donate_argnums: 1 }), step]) {
      const state = await train(jitted, opt_init(init(key, [-1, 2])[1]), 0, 3);
      const before = await settled();
      const last = await train(jitted, state, 3, 500);
      const after = await settled();
      // Without donation the first state is still held here, beside the last.
      const held = jitted === step ? [...last[tensorsOf]()].reduce((bytes, tensor) => bytes + 4 * tensor.size, 0) : 0;
      expect(after).toBeLessThanOrEqual(before + held);
    }
  });
});
