// Layers and programs of flax.linen against flax itself: variables of a key, results, gradients, statistics, losses.
import { FacetError } from "@facet/autograd";
import { core, linen as nn, struct, training, traverse_util } from "@facet/shims-flax";
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

const { TrainState } = training.train_state;
const rows = layersOf("flax_linen");

function made(params: Any): Any {
  const layer = new (nn as Any)[params.layer](
    ...params.args,
    ...[params.kwargs].filter((k) => Object.keys(k).length > 0),
  );
  return ORTHOGONAL.test(params.layer) ? new nn.RNN(layer) : layer;
}
const flat = (tree: object): Record<string, Arr> => traverse_util.flatten_dict(tree, { sep: "." });
const given = (row: Any, prefix: string): Any =>
  traverse_util.unflatten_dict(
    Object.fromEntries(under(row, prefix).map((name) => [name, arr(row, `${prefix}:${name}`)])),
    ".",
  );

test("there are cases", () => expect(rows.length).toBeGreaterThan(25));

test.each(rows)("$name", async (row) => {
  const layer = made(row.params);
  const x = arr(row, "x");
  const call = Object.keys(row.params.call).length > 0 ? [row.params.call] : [];
  const variables = layer.init({ params: jax.random.key(0), dropout: jax.random.key(1) }, x, ...call);
  const params = flat(variables.params ?? {});
  expect(Object.keys(params).sort()).toEqual(under(row, "p").sort());
  for (const [name, value] of Object.entries(params))
    if (ORTHOGONAL.test(row.params.layer)) expect(value.shape).toEqual(row.tensor(`p:${name}`).shape);
    else await expectArray(row, `p:${name}`, value, 1e-6);

  const { params: _params, ...rest } = variables;
  const options = { ...row.params.call, rngs: { dropout: jax.random.key(2) }, mutable: ["batch_stats"] };
  const loss = (params: Any, x: Any): Any => {
    const [y, stats] = layer.apply({ params, ...rest }, x, options);
    return [y.mul(arr(row, "dy")).sum(), [y, stats]];
  };
  const gradient = jax.value_and_grad(loss, { argnums: [0, 1], has_aux: true });
  const [[, [y, stats]], [dparams, dx]] = gradient(given(row, "p"), x) as Any;
  await expectArray(row, "y", y);
  await expectArray(row, "dx", dx, 1e-4);
  const gradients = flat(dparams);
  for (const name of under(row, "dp")) await expectArray(row, `dp:${name}`, gradients[name] as Arr, 1e-4);
  const statistics = flat(stats.batch_stats ?? {});
  for (const name of under(row, "s")) await expectArray(row, `s:${name}`, statistics[name] as Arr);
});

class Mlp extends nn.Module {
  declare features: readonly number[];
  override __call__(x: Any, { train }: Any): Any {
    let y = x;
    for (const [i, size] of this.features.entries()) {
      y = new nn.Dense(size)(y);
      if (i < this.features.length - 1)
        y = new nn.Dropout(0.2, { deterministic: !train } as Any)(nn.gelu(new nn.LayerNorm()(y)));
    }
    return y;
  }
}

class Cnn extends nn.Module {
  override __call__(x: Any, { train }: Any): Any {
    let y: Any = new nn.Conv(4, [3, 3])(x);
    y = nn.relu(new nn.BatchNorm({ use_running_average: !train })(y));
    y = nn.max_pool(y, [2, 2], { strides: [2, 2] });
    y = nn.relu(new nn.Conv(6, [3, 3], { strides: 2, name: "second" })(y));
    return new nn.Dense(3)(y.reshape([y.shape[0], -1]));
  }
}

class Block extends nn.Module {
  declare norms: Any[];
  declare attention: Any;
  declare mlp: Any;
  override setup(): void {
    this.norms = [new nn.LayerNorm(), new nn.LayerNorm()];
    this.attention = new nn.MultiHeadDotProductAttention({ num_heads: 2 } as Any);
    this.mlp = new nn.Sequential([new nn.Dense(16), nn.gelu, new nn.Dense(8)]);
  }
  override __call__(x: Any, mask: Any): Any {
    const h = x.add(this.attention(this.norms[0](x), { mask }));
    return h.add(this.mlp(this.norms[1](h)));
  }
}

class Transformer extends nn.Module {
  declare embed: Any;
  declare block: Any;
  override setup(): void {
    this.embed = new nn.Embed(11, 8);
    this.block = new Block();
  }
  override __call__(x: Any, _options: Any): Any {
    return this.embed.attend(this.block(this.embed(x), nn.make_causal_mask(x)));
  }
}
// Names of submodules are those of their classes.
Object.defineProperty(Block, "name", { value: "LinenBlock" });

class Recurrent extends nn.Module {
  override __call__(x: Any, _options: Any): Any {
    const y = new nn.Embed(11, 5)(x);
    const cell = new nn.GRUCell(7, { recurrent_kernel_init: nn.initializers.lecun_normal() } as Any);
    return new nn.Dense(11)(new nn.RNN(cell)(y));
  }
}

const PROGRAMS: Record<string, readonly [model: () => Any, tx: () => Any, tolerance: number]> = {
  mlp: [() => new Mlp({ features: [12, 8, 3] }), () => optax.adam(0.01), 2e-5],
  cnn: [() => new Cnn(), () => optax.sgd(0.1, 0.9), 1e-4],
  transformer: [() => new Transformer(), () => optax.adamw(0.01), 1e-4],
  recurrent: [() => new Recurrent(), () => optax.adam(0.01), 1e-4],
};

class State extends TrainState {
  declare batch_stats: Any;
}

describe("ten steps of training", () => {
  test.each(Object.keys(PROGRAMS))("%s", async (name) => {
    const row = programOf("flax_linen", name);
    const [make, tx, tolerance] = PROGRAMS[name] as (typeof PROGRAMS)[string];
    const model = make();
    const [x, y] = [arr(row, "x"), arr(row, "y")];
    const variables = model.init(jax.random.key(0), x, { train: false });
    let state: Any = State.create({
      apply_fn: model.apply,
      params: variables.params,
      tx: tx(),
      batch_stats: variables.batch_stats ?? {},
    });
    expect(Object.keys(flat(state.params)).sort()).toEqual([...row.params.parameters].sort());
    const step = jax.jit((state: Any, key: Any, x: Any, y: Any) => {
      const lossOf = (params: Any): Any => {
        const [logits, updates] = state.apply_fn({ params, batch_stats: state.batch_stats }, x, {
          train: true,
          rngs: { dropout: jax.random.fold_in(key, state.step) },
          mutable: ["batch_stats"],
        });
        return [optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), updates];
      };
      const [[loss, updates], grads] = jax.value_and_grad(lossOf, { has_aux: true })(state.params) as Any;
      return [state.apply_gradients({ grads, batch_stats: updates.batch_stats ?? {} }), loss];
    });
    const losses: Arr[] = [];
    for (let i = 0; i < 10; i++) {
      const [next, loss] = step(state, jax.random.key(1), x, y) as Any;
      state = next;
      losses.push(loss);
    }
    await expectLosses(row, losses, tolerance);
    expect(state.step).toBe(10);
    expect(state).toBeInstanceOf(State);
  });
});

describe("modules", () => {
  const x = jax.numpy.ones([2, 3]);

  test("a module is unchanged by init, and may be called twice inside", () => {
    class Twice extends nn.Module {
      declare inner: Any;
      override __call__(x: Any): Any {
        return this.inner(this.inner(x));
      }
    }
    const inner = new nn.Dense(3);
    const model = new Twice({ inner });
    const variables = model.init(jax.random.key(0), x);
    expect(Object.keys(variables.params)).toEqual(["inner"]);
    expect(inner.name).toBeNull();
    expect(model.apply(variables, x).shape).toEqual([2, 3]);
    expect(() => inner(x)).toThrow(FacetError);
  });

  test("methods by name, variables of one's own, sown results", async () => {
    class Counter extends nn.Module {
      declare dense: Any;
      override setup(): void {
        this.dense = new nn.Dense(2);
      }
      override __call__(x: Any): Any {
        const calls = this.variable("counter", "calls", () => jax.numpy.array(0));
        if (!this.is_initializing()) calls.value = calls.value.add(1);
        const y = this.dense(x);
        this.sow("intermediates", "y", y);
        return y;
      }
      twice(x: Any): Any {
        return this.dense(x).mul(2);
      }
    }
    const model = new Counter();
    const variables = model.init(jax.random.key(0), x);
    expect(Object.keys(variables).sort()).toEqual(["counter", "params"]);
    const plain = model.apply({ ...variables, counter: { calls: jax.numpy.array(3) } }, x, {
      mutable: ["counter", "intermediates"],
    });
    expect(await plain[1].counter.calls.item()).toBe(4);
    expect(await plain[1].intermediates.y[0].tolist()).toEqual(await plain[0].tolist());
    expect(() => model.apply(variables, x)).toThrow(FacetError);
    const twice = model.apply(variables, x, { method: "twice" });
    expect(await twice.tolist()).toEqual(await plain[0].mul(2).tolist());
    expect(await model.bind(variables).twice(x).tolist()).toEqual(await twice.tolist());
  });

  test("errors name the module", () => {
    const model = new nn.Dense(3);
    expect(() => model.apply({ params: { kernel: x } }, x)).toThrow(/kernel/);
    expect(() => model.apply({}, x)).toThrow(FacetError);
    expect(() => new nn.Dropout(0.5)(x)).toThrow(/deterministic/);
    expect(() => new nn.Dropout(0.5, { deterministic: false } as Any).apply({}, x)).toThrow(/dropout/);
  });
});

test("frozen dictionaries, paths and classes of fields", async () => {
  const frozen = core.freeze({ a: { b: jax.numpy.array(1) }, c: jax.numpy.array(2) });
  expect(() => {
    (frozen as Any).c = 1;
  }).toThrow(TypeError);
  expect(Object.keys(core.unfreeze(frozen).a)).toEqual(["b"]);
  const [rest, c] = frozen.pop("c");
  expect(Object.keys(rest)).toEqual(["a"]);
  expect(await c.item()).toBe(2);
  const doubled = jax.tree_util.tree_map((x: Any) => x.mul(2), frozen) as Any;
  expect(await doubled.a.b.item()).toBe(2);

  const paths = traverse_util.path_aware_map((path, value) => `${path.join("/")}=${value}`, { a: { b: 1 }, c: {} });
  expect(paths).toEqual({ a: { b: "a/b=1" }, c: {} });
  expect([...traverse_util.flatten_dict({ a: { b: 1 } }).keys()]).toEqual([["a", "b"]]);

  class Point extends struct.PyTreeNode {
    static readonly fields = { label: struct.field(false) };
    declare x: Arr;
    declare label: string;
  }
  const point = new Point({ x: jax.numpy.array(1), label: "p" });
  const moved = jax.tree_util.tree_map((x: Any) => x.add(1), point);
  expect(moved).toBeInstanceOf(Point);
  expect([await moved.x.item(), moved.label]).toEqual([2, "p"]);
  expect(point.replace({ label: "q" }).label).toBe("q");
  expect(() => point.replace({ y: 1 })).toThrow(FacetError);

  const { onehot, shard } = training.common_utils;
  expect(await onehot(jax.numpy.array([1], "int32"), 3, 0.9, 0.1).tolist()).toEqual([
    [Math.fround(0.1), Math.fround(0.9), Math.fround(0.1)],
  ]);
  expect(shard({ a: jax.numpy.ones([4, 2]) }).a.shape).toEqual([1, 4, 2]);
  let stopping = new training.early_stopping.EarlyStopping({ patience: 1 });
  for (const metric of [3, 2, 2, 2]) stopping = stopping.update(metric);
  expect([stopping.should_stop, stopping.best_metric]).toEqual([true, 2]);
});
