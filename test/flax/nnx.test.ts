// Layers and programs of flax.nnx against flax itself: parameters of a key, results, gradients, statistics, losses.
import { FacetError } from "@facet/autograd";
import { nnx } from "@facet/shims-flax";
import * as jax from "@facet/shims-jax";
import { optax } from "@facet/shims-jax";
import { describe, expect, test } from "vitest";
import {
  type Any,
  type Arr,
  arr,
  expectArray,
  expectLosses,
  layersOf,
  ORTHOGONAL,
  programOf,
  under,
} from "./layers.js";

const UNKEYED = ["PReLU"];
const rows = layersOf("flax_nnx");

function made(params: Any): Any {
  const rngs = UNKEYED.includes(params.layer) ? {} : { rngs: new nnx.Rngs(0) };
  const layer = new (nnx as Any)[params.layer](...params.args, { ...params.kwargs, ...rngs });
  return ORTHOGONAL.test(params.layer) ? new nnx.RNN(layer, { rngs: new nnx.Rngs(1) }) : layer;
}
const flat = (state: Any): Map<string, Arr> =>
  new Map(nnx.to_flat_state(state).map(([path, variable]) => [path.join("."), (variable as Any).value]));

test("there are cases", () => expect(rows.length).toBeGreaterThan(30));

test.each(rows)("$name", async (row) => {
  const layer = made(row.params);
  const params = flat(nnx.state(layer, nnx.Param));
  expect([...params.keys()]).toEqual(under(row, "p"));
  for (const [name, value] of params)
    if (ORTHOGONAL.test(row.params.layer)) expect(value.shape).toEqual(row.tensor(`p:${name}`).shape);
    else await expectArray(row, `p:${name}`, value, 1e-6);
  const own = [...params.keys()].map((name) => [name.split("."), new nnx.Param(arr(row, `p:${name}`))] as const);
  nnx.update(layer, nnx.from_flat_state(own as Any));

  const loss = (model: Any, x: Any): Any => {
    const y = Object.keys(row.params.call).length > 0 ? model(x, row.params.call) : model(x);
    return [y.mul(arr(row, "dy")).sum(), y];
  };
  const argnums = [new nnx.DiffState(0, nnx.Param), 1];
  const [[, y], [dparams, dx]] = nnx.value_and_grad(loss, { argnums, has_aux: true })(layer, arr(row, "x")) as Any;
  await expectArray(row, "y", y);
  await expectArray(row, "dx", dx, 1e-4);
  const gradients = flat(dparams);
  for (const name of under(row, "dp")) await expectArray(row, `dp:${name}`, gradients.get(name) as Arr, 1e-4);
  const statistics = flat(nnx.state(layer, nnx.BatchStat));
  for (const name of under(row, "s")) await expectArray(row, `s:${name}`, statistics.get(name) as Arr);
});

class Mlp extends nnx.Module {
  declare linear1: Any;
  declare norm: Any;
  declare dropout: Any;
  declare linear2: Any;
  constructor(din: number, dmid: number, dout: number, { rngs }: Any) {
    super();
    this.linear1 = new nnx.Linear(din, dmid, { rngs });
    this.norm = new nnx.LayerNorm(dmid, { rngs });
    this.dropout = new nnx.Dropout(0.2, { rngs });
    this.linear2 = new nnx.Linear(dmid, dout, { rngs });
  }
  override __call__(x: Arr): Arr {
    return this.linear2(this.dropout(nnx.gelu(this.norm(this.linear1(x)))));
  }
}

class Cnn extends nnx.Module {
  readonly conv1: Any;
  readonly norm: Any;
  readonly conv2: Any;
  readonly out: Any;
  constructor({ rngs }: Any) {
    super();
    this.conv1 = new nnx.Conv(2, 4, [3, 3], { rngs });
    this.norm = new nnx.BatchNorm(4, { rngs });
    this.conv2 = new nnx.Conv(4, 6, [3, 3], { strides: 2, rngs });
    this.out = new nnx.Linear(24, 3, { rngs });
  }
  override __call__(x: Arr): Arr {
    const y = nnx.max_pool(nnx.relu(this.norm(this.conv1(x))), [2, 2], [2, 2]);
    return this.out(nnx.relu(this.conv2(y)).reshape([x.shape[0] as number, -1]));
  }
}

class Transformer extends nnx.Module {
  readonly embed: Any;
  readonly norm1: Any;
  readonly attention: Any;
  readonly norm2: Any;
  readonly mlp: Any;
  constructor({ rngs }: Any) {
    super();
    this.embed = new nnx.Embed(11, 8, { rngs });
    this.norm1 = new nnx.LayerNorm(8, { rngs });
    this.attention = new nnx.MultiHeadAttention(2, 8, { decode: false, rngs });
    this.norm2 = new nnx.LayerNorm(8, { rngs });
    this.mlp = new nnx.Sequential(new nnx.Linear(8, 16, { rngs }), nnx.gelu, new nnx.Linear(16, 8, { rngs }));
  }
  override __call__(x: Arr): Arr {
    let h = this.embed(x);
    h = h.add(this.attention(this.norm1(h), { mask: nnx.make_causal_mask(x) }));
    h = h.add(this.mlp(this.norm2(h)));
    return this.embed.attend(h);
  }
}

class Recurrent extends nnx.Module {
  readonly embed: Any;
  readonly rnn: Any;
  readonly out: Any;
  constructor({ rngs }: Any) {
    super();
    this.embed = new nnx.Embed(11, 5, { rngs });
    const recurrent_kernel_init = nnx.initializers.lecun_normal();
    this.rnn = new nnx.RNN(new nnx.LSTMCell(5, 7, { recurrent_kernel_init, rngs }), { rngs });
    this.out = new nnx.Linear(7, 11, { rngs });
  }
  override __call__(x: Arr): Arr {
    return this.out(this.rnn(this.embed(x)));
  }
}

const meanLoss = (logits: Any, y: Any): Any => optax.softmax_cross_entropy_with_integer_labels(logits, y).mean();
const PROGRAMS: Record<string, readonly [make: (rngs: Any) => Any, tx: Any, tolerance: number]> = {
  mlp: [(rngs) => new Mlp(6, 12, 3, { rngs }), () => optax.adam(0.01), 2e-5],
  cnn: [(rngs) => new Cnn({ rngs }), () => optax.sgd(0.1, 0.9), 1e-4],
  transformer: [(rngs) => new Transformer({ rngs }), () => optax.adamw(0.01), 1e-4],
  recurrent: [
    (rngs) => new Recurrent({ rngs }),
    () => optax.chain(optax.clip_by_global_norm(1), optax.adam(0.01)),
    1e-4,
  ],
};

describe("ten steps of training", () => {
  test.each(Object.keys(PROGRAMS))("%s", async (name) => {
    const row = programOf("flax_nnx", name);
    const [make, tx, tolerance] = PROGRAMS[name] as (typeof PROGRAMS)[string];
    const model = make(new nnx.Rngs(0));
    expect([...flat(nnx.state(model, nnx.Param)).keys()]).toEqual(row.params.parameters);
    const optimizer = new nnx.Optimizer(model, tx(), { wrt: nnx.Param });
    const step = nnx.jit((model: Any, optimizer: Any, x: Any, y: Any) => {
      const [loss, grads] = nnx.value_and_grad((model: Any) => meanLoss(model(x), y))(model);
      optimizer.update(model, grads);
      return loss;
    });
    const [x, y] = [arr(row, "x"), arr(row, "y")];
    const losses = Array.from({ length: 10 }, () => step(model, optimizer, x, y));
    await expectLosses(row, losses, tolerance);
    expect(optimizer.step.value).toBe(10);
  });
});

describe("modules", () => {
  const model = (): Any => new Mlp(2, 3, 2, { rngs: new nnx.Rngs({ params: 0, dropout: 1 }) });

  test("split and merge give a module of its own with the same values", async () => {
    const one = model();
    const [graphdef, params, rest] = nnx.split(one, nnx.Param, "...") as Any;
    const other = nnx.merge(graphdef, params, rest);
    expect(other).toBeInstanceOf(Mlp);
    expect(await other.linear1.kernel.value.tolist()).toEqual(await one.linear1.kernel.value.tolist());
    other.linear1.bias.value = jax.numpy.ones([3]);
    expect(await one.linear1.bias.value.tolist()).toEqual([0, 0, 0]);
    expect(Object.keys(params)).toEqual(["linear1", "linear2", "norm"]);
    expect(() => nnx.split(one, nnx.Param)).toThrow(FacetError);
  });

  test("a parameter that two layers share is one", () => {
    const one = model();
    one.linear2.bias = one.linear1.bias;
    expect([...flat(nnx.state(one, nnx.Param)).keys()]).not.toContain("linear2.bias");
    const [graphdef, state] = nnx.split(one);
    const other = nnx.merge(graphdef, state as Any);
    expect(other.linear2.bias).toBe(other.linear1.bias);
  });

  test("train and eval set dropout; keys go on from call to call", async () => {
    const one = model();
    const x = jax.numpy.ones([4, 2]);
    one.eval();
    expect(one.dropout.deterministic).toBe(true);
    const calm = await one(x).tolist();
    expect(await one(x).tolist()).toEqual(calm);
    expect(one.dropout.rngs.count.value).toBe(0);
    one.train();
    one(x);
    one(x);
    expect(one.dropout.rngs.count.value).toBe(2);
    const still = nnx.view(one, { deterministic: true });
    expect(still.dropout.deterministic).toBe(true);
    expect(one.dropout.deterministic).toBe(false);
    expect(still.linear1.kernel).toBe(one.linear1.kernel);
  });

  test("jitted functions follow counts, return modules, and refuse new variables", async () => {
    const one = model();
    const run = nnx.jit((model: Any, x: Any) => model(x));
    const x = jax.numpy.ones([8, 2]);
    const seen = [await run(one, x).tolist(), await run(one, x).tolist()];
    expect(seen[0]).not.toEqual(seen[1]);
    expect(one.dropout.rngs.count.value).toBe(2);
    const made = nnx.jit((seed: Any) => new nnx.Linear(2, 3, { rngs: new nnx.Rngs(seed) }))(jax.random.key(3)) as Any;
    const plain = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(jax.random.key(3)) });
    expect(made).toBeInstanceOf(nnx.Linear);
    expect(await made.kernel.value.tolist()).toEqual(await plain.kernel.value.tolist());
    const sown = nnx.jit((model: Any) => model.sow(nnx.Intermediate, "h", 1));
    expect(() => sown(one)).toThrow(FacetError);
  });

  test("sow and pop; gradients of functions that sow", async () => {
    const one = model();
    one.eval();
    const f = (model: Any, x: Any): Any => {
      const h = model.linear1(x);
      model.sow(nnx.Intermediate, "h", h);
      return h.sum();
    };
    nnx.grad(f)(one, jax.numpy.ones([1, 2]));
    const found = nnx.pop(one, nnx.Intermediate);
    expect(await found.h.value[0].tolist()).toEqual(await one.linear1(jax.numpy.ones([1, 2])).tolist());
    expect(one.h).toBeUndefined();
  });

  test("a rematerialised layer has the gradient of the layer", async () => {
    const one = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
    const x = jax.numpy.array([[1, 2]]);
    const plain = nnx.grad((model: Any) => nnx.tanh(model(x)).sum())(one);
    const again = nnx.grad((model: Any) =>
      nnx
        .remat((m: Any, x: Any) => nnx.tanh(m(x)))(model, x)
        .sum(),
    )(one);
    expect(await again.kernel.value.tolist()).toEqual(await plain.kernel.value.tolist());
  });

  test("metrics", async () => {
    const metrics: Any = new nnx.MultiMetric({
      accuracy: new nnx.metrics.Accuracy(),
      loss: new nnx.metrics.Average("loss"),
      spread: new nnx.metrics.Welford("loss"),
    });
    const logits = jax.numpy.array([
      [1, 2],
      [3, 0],
    ]);
    const update = nnx.jit((metrics: Any, loss: Any) =>
      metrics.update({ logits, labels: jax.numpy.array([1, 1], "int32"), loss }),
    );
    update(metrics, jax.numpy.array([1, 2]));
    update(metrics, jax.numpy.array([4, 5]));
    const found = metrics.compute();
    expect(await found.accuracy.item()).toBe(0.5);
    expect(await found.loss.item()).toBe(3);
    expect(await found.spread.mean.item()).toBe(3);
    expect(await found.spread.standard_deviation.item()).toBeCloseTo(Math.sqrt(2.5), 6);
    metrics.reset();
    expect(await metrics.compute().loss.item()).toBeNaN();
  });

  test("keys are refused where there are none, and classes say what they lack", () => {
    expect(() => new nnx.Linear(2, 3, {} as Any)).toThrow(/rngs/);
    expect(() => new nnx.Rngs({ params: 0 }).dropout()).toThrow(FacetError);
    expect(() => new nnx.Conv(3, 4, [3, 3], { feature_group_count: 2, rngs: new nnx.Rngs(0) })).toThrow(FacetError);
    expect(() => new nnx.GroupNorm(5, { rngs: new nnx.Rngs(0) })).toThrow(FacetError);
    expect(() => new nnx.Embed(2, 3, { rngs: new nnx.Rngs(0) })(jax.numpy.ones([2]))).toThrow(FacetError);
  });
});
