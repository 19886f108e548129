// What a program may override or build of Keras: steps, losses, metrics, optimizers, layers, callbacks, and models through ops.
import * as keras from "@facet/shims-keras";
import { beforeEach, describe, expect, test } from "vitest";

const { layers, ops } = keras;
beforeEach(() => {
  keras.utils.clear_session();
  keras.utils.set_random_seed(1);
});

const x = keras.ndarray([
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
]);
const y = keras.ndarray([[1], [2], [3], [4]]);

type ModelClass = new (...args: ConstructorParameters<typeof keras.Model>) => keras.Model;
/** A model w x without bias, w = [1, 1], in a class. */
function linear(Base: ModelClass): keras.Model {
  const input = keras.Input({ shape: [2] });
  const output = layers.Dense(1, { use_bias: false, kernel_initializer: "ones" })(input);
  return new (Base as unknown as new (given: object) => keras.Model)({ inputs: input, outputs: output });
}
const weights = async (model: keras.Model): Promise<number[]> => [
  ...((await model.get_weights())[0] as keras.NdArray).data,
];

describe.each([false, true])("steps of a class, run_eagerly %s", (run_eagerly) => {
  const compiled = (Base: ModelClass): keras.Model => {
    const model = linear(Base);
    model.compile({ optimizer: keras.optimizers.SGD(0.01), loss: "mse", metrics: ["mae"], run_eagerly });
    return model;
  };

  test("train_step and test_step of the base give what a model without them does", async () => {
    let steps = 0;
    class Own extends keras.Model {
      override train_step(data: Parameters<keras.Model["train_step"]>[0]) {
        steps += 1;
        return super.train_step(data);
      }
      override test_step(data: Parameters<keras.Model["train_step"]>[0]) {
        return super.test_step(data);
      }
    }
    const [own, plain] = [compiled(Own), compiled(keras.Model)];
    const options = { epochs: 2, batch_size: 2, verbose: 0, shuffle: false, validation_data: [x, y] } as const;
    const [a, b] = [await own.fit(x, y, options), await plain.fit(x, y, options)];
    expect(steps).toBeGreaterThan(0);
    for (const [name, values] of Object.entries(b.history))
      for (const [i, value] of values.entries()) expect(a.history[name]?.[i], name).toBeCloseTo(value, 4);
    expect(await weights(own)).toEqual(await weights(plain));
    expect(await own.evaluate(x, y, { verbose: 0 })).toEqual(await plain.evaluate(x, y, { verbose: 0 }));
    expect(await own.train_on_batch(x, y)).toEqual(await plain.train_on_batch(x, y));
  });

  test("gradients of a loss, null where it depends on no weight", async () => {
    const [w, b] = [keras.Variable([1, 2]), keras.Variable([3])];
    const found = keras.facet.gradients(ops.sum(ops.square(w)), [w, b]);
    expect(await found[0]?.numpy()).toEqual(keras.ndarray([2, 4]));
    expect(found[1]).toBeNull();
    expect(() => keras.facet.gradients(ops.square(w), [w])).toThrow(/loss.*one element/);
    expect(() => keras.facet.gradients(1 as never, [w])).toThrow(/gradients: loss/);
  });

  test("a train_step of its own updates, and its logs are what it returned last", async () => {
    class Own extends keras.Model {
      override train_step([given, wanted]: Parameters<keras.Model["train_step"]>[0]) {
        const predicted = this(given as keras.Tensor, { training: true }) as keras.Tensor;
        const loss = ops.mean(ops.square(ops.subtract(predicted, wanted as keras.Tensor)));
        const found = keras.facet.gradients(loss, this.trainable_weights);
        this.optimizer?.apply_gradients(this.trainable_weights.map((weight, i) => [found[i] ?? null, weight] as const));
        return { loss, half: ops.multiply(loss, 0.5), one: 1 };
      }
    }
    const own = compiled(Own);
    const plain = compiled(keras.Model);
    const { history } = await own.fit(x, y, { epochs: 1, batch_size: 2, verbose: 0, shuffle: false });
    await plain.fit(x, y, { epochs: 1, batch_size: 2, verbose: 0, shuffle: false });
    expect(Object.keys(history)).toEqual(["half", "loss", "one"]);
    expect(history.half?.[0]).toBeCloseTo((history.loss?.[0] as number) / 2, 5);
    expect(history.one).toEqual([1]);
    for (const [i, weight] of (await weights(own)).entries()) expect(weight).toBeCloseTo((await weights(plain))[i]!, 5);
  });

  test("compute_loss and compute_metrics get what Keras gives them", async () => {
    const seen: unknown[][] = [];
    class Own extends keras.Model {
      override compute_loss(...args: Parameters<keras.Model["compute_loss"]>) {
        const [given, wanted, predicted, weight, options] = args;
        seen.push([(given as keras.Tensor).shape, (wanted as keras.Tensor).shape, weight, options]);
        return ops.mean(ops.abs(ops.subtract(predicted as keras.Tensor, wanted as keras.Tensor)));
      }
      override compute_metrics(...args: Parameters<keras.Model["compute_metrics"]>) {
        return { ...super.compute_metrics(...args), seven: 7 };
      }
    }
    const model = compiled(Own);
    const logs = await model.evaluate(x, y, { verbose: 0, return_dict: true });
    // |3 - 1|, |7 - 2|, |11 - 3|, |15 - 4|.
    expect(logs).toEqual({ loss: 6.5, mae: 6.5, seven: 7 });
    expect(seen.at(-1)).toEqual([[4, 2], [4, 1], null, { training: false }]);
    const history = await model.fit(x, y, { batch_size: 4, verbose: 0 });
    expect(history.history.loss).toEqual([6.5]);
    expect(seen.at(-1)?.[3]).toEqual({ training: true });
  });

  test("predict_step, and an optimizer's update_step", async () => {
    class Own extends keras.Model {
      override predict_step(given: Parameters<keras.Model["predict_step"]>[0]) {
        return (super.predict_step(given) as keras.Tensor).mul(10);
      }
    }
    expect((await compiled(Own).predict(x, { verbose: 0 })).tolist()).toEqual([[30], [70], [110], [150]]);
    class Momentum extends keras.optimizers.Optimizer {
      velocities: keras.Variable[] = [];
      override build(variables: readonly keras.Variable[]): void {
        if (this.built) return;
        super.build(variables);
        this.velocities = variables.map((variable) => this.add_variable_from_reference(variable, "velocity"));
      }
      override update_step(gradient: keras.Tensor, variable: keras.Variable, rate: keras.Tensor): void {
        const velocity = this.velocities[0] as keras.Variable;
        velocity.assign(velocity.mul(0.9).sub(gradient.mul(rate)));
        variable.assign_add(velocity);
      }
    }
    const trained = async (optimizer: keras.Optimizer): Promise<number[]> => {
      const model = linear(keras.Model);
      model.compile({ optimizer, loss: "mse", run_eagerly });
      await model.fit(x, y, { epochs: 3, batch_size: 2, verbose: 0, shuffle: false });
      return weights(model);
    };
    const reference = await trained(keras.optimizers.SGD(0.001, 0.9));
    for (const [i, weight] of (await trained(new Momentum(0.001))).entries())
      expect(weight).toBeCloseTo(reference[i] as number, 5);
  });

  test("a metric with a state of its own starts anew in every epoch", async () => {
    class Largest extends keras.metrics.Metric {
      value = this.add_weight({ shape: [], name: "value" });
      override update_state(_wanted: keras.Tensor, predicted: keras.Tensor): void {
        this.value.assign(ops.maximum(this.value, ops.max(predicted)));
      }
      override result(): keras.Tensor {
        return ops.multiply(this.value, 1);
      }
    }
    const model = linear(keras.Model);
    const metric = new Largest();
    model.compile({ optimizer: keras.optimizers.SGD(0), loss: "mse", metrics: [metric], run_eagerly });
    const reversed = keras.ndarray([
      [7, 8],
      [5, 6],
      [3, 4],
      [1, 2],
    ]);
    const { history } = await model.fit(reversed, y, { epochs: 2, batch_size: 2, verbose: 0, shuffle: false });
    expect(history.largest).toEqual([15, 15]);
    expect((await model.evaluate(x.slice(0, 2), y.slice(0, 2), { verbose: 0 }))[1]).toBe(7);
  });
});

describe("classes", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "make_train_function",
      () =>
        class extends keras.Model {
          make_train_function() {}
        },
      /make_train_function/,
    ],
    [
      "add_loss",
      () =>
        class extends keras.layers.Layer {
          add_loss() {}
        },
      /add_loss/,
    ],
    [
      "stateless_apply",
      () =>
        class extends keras.optimizers.SGD {
          stateless_apply() {}
        },
      /stateless_apply/,
    ],
  ])("one with the hook %s, which nothing would call, is refused", (_, make, message) => {
    expect(() => new (make() as new () => unknown)()).toThrow(message);
  });

  test("hooks that are fields of a class are called, or refused when it is used", async () => {
    class Losing extends keras.layers.Layer {
      add_loss = () => null;
      override call(given: keras.Tensor): keras.Tensor {
        return given;
      }
    }
    expect(() => new Losing()(x)).toThrow(/add_loss/);
    class Own extends keras.Model {
      seen = 0;
      override compute_loss = ((given: keras.Tensor, _: null, predicted: keras.Tensor) => {
        this.seen += 1;
        return ops.mean(ops.square(ops.subtract(predicted, given)));
      }) as never;
    }
    const input = keras.Input({ shape: [2] });
    const model = new Own({ inputs: input, outputs: layers.Rescaling(2)(input) });
    model.compile({ optimizer: "sgd" });
    // (2 x - x)^2, without targets.
    const { history } = await model.fit(x, { verbose: 0 });
    expect(history.loss?.[0]).toBeCloseTo(204 / 8, 5);
    expect(model.seen).toBeGreaterThan(0);
  });

  test("all may be called without new, with new, and extended", () => {
    const makes: [string, (...args: never[]) => unknown, unknown[]][] = [
      ["Variable", keras.Variable as never, [[1, 2]]],
      ["KerasTensor", keras.KerasTensor as never, [[2, 3]]],
      ["NdArray", keras.NdArray as never, [new Float32Array(2), [2]]],
      ["Layer", keras.Layer as never, []],
      ["Loss", keras.Loss as never, []],
      ["Metric", keras.Metric as never, []],
      ["Optimizer", keras.Optimizer as never, [0.1]],
      ["Initializer", keras.Initializer as never, []],
      ["Model", keras.Model as never, []],
      ["Sequential", keras.Sequential as never, []],
      ["Callback", keras.callbacks.Callback as never, []],
    ];
    for (const [name, Class, args] of makes) {
      const call = Class as unknown as (...given: unknown[]) => object;
      const construct = Class as unknown as new (...given: unknown[]) => object;
      expect(call(...args), name).toBeInstanceOf(Class);
      expect(new construct(...args), name).toBeInstanceOf(Class);
      class Own extends construct {}
      expect(new Own(...args), name).toBeInstanceOf(Own);
    }
  });

  test("a layer of its own needs no compute_output_shape, and may have several inputs and outputs", async () => {
    class Split extends keras.layers.Layer {
      dense = layers.Dense(3, { kernel_initializer: "ones" });
      override call(a: keras.Tensor, b: keras.Tensor, { scale = 1 }: { scale?: number }) {
        return [this.dense(ops.add(a, b)), ops.multiply(ops.sum(a, { axis: -1 }), scale)];
      }
    }
    const [a, b] = [keras.Input({ shape: [2] }), keras.Input({ shape: [2] })];
    const split = new Split() as unknown as (...args: unknown[]) => keras.KerasTensor[];
    const outputs = split(a, b, { scale: 10 });
    expect(outputs.map(({ shape }) => shape)).toEqual([[null, 3], [null]]);
    const model = keras.Model({ inputs: [a, b], outputs });
    const [first, second] = await model.predict([x, x], { verbose: 0 });
    expect(first.slice(0, 1).tolist()).toEqual([[6, 6, 6]]);
    expect(second.tolist()).toEqual([30, 70, 110, 150]);
    expect(model.count_params()).toBe(9);
  });

  test("callbacks' hooks are called in Keras' order, the older names too", async () => {
    const calls: string[] = [];
    class Watch extends keras.callbacks.Callback {}
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(Watch.prototype)))
      if (name.startsWith("on_") && !name.includes("train_batch"))
        Object.defineProperty(Watch.prototype, name, { value: () => void calls.push(name.slice(3)) });
    const model = linear(keras.Model);
    model.compile({ optimizer: keras.optimizers.SGD(0), loss: "mse" });
    await model.fit(x, y, { verbose: 0, callbacks: new Watch(), validation_data: [x, y] });
    await model.predict(x, { verbose: 0, callbacks: [new Watch()] });
    expect(calls).toEqual([
      ...["train_begin", "epoch_begin", "batch_begin", "batch_end"],
      ...["test_begin", "test_batch_begin", "test_batch_end", "test_end", "epoch_end", "train_end"],
      ...["predict_begin", "predict_batch_begin", "predict_batch_end", "predict_end"],
    ]);
  });

  test("initializers are called with a shape; a class or a function may be one", async () => {
    expect((await keras.initializers.Constant(3)([2, 2]).numpy()).tolist()).toEqual([
      [3, 3],
      [3, 3],
    ]);
    class Counting extends keras.initializers.Initializer {
      override __call__(shape: readonly number[]): keras.Tensor {
        const size = shape.reduce((a, b) => a * b, 1);
        return ops.reshape(ops.convert_to_tensor(Float32Array.from({ length: size }, (_, i) => i)), shape);
      }
    }
    for (const kernel_initializer of [new Counting(), Counting as never]) {
      const dense = layers.Dense(2, { kernel_initializer });
      dense.build([null, 2]);
      expect((await (dense.kernel as keras.Variable).numpy()).tolist()).toEqual([
        [0, 1],
        [2, 3],
      ]);
    }
    expect(() => layers.Dense(2, { kernel_initializer: () => 3 as never }).build([null, 2])).toThrow(
      /initializer: expected a Tensor of shape \[2, 2\], got 3/,
    );
  });
});

describe("models through ops", () => {
  test("compute what the ops compute, save names as Keras does, and print its summary", async () => {
    const input = keras.Input({ shape: [3], name: "x" });
    const hidden = layers.Dense(3, { kernel_initializer: "ones" })(input);
    const output = ops.sum(ops.multiply(hidden, input), { axis: 1 });
    const model = keras.Model(input, output);
    expect(model.layers.map(({ name }) => name)).toEqual(["x", "dense"]);
    let text = "";
    model.summary({
      line_length: 76,
      print_fn: (part) => {
        text += part;
      },
    });
    expect(text).toBe(SUMMARY);
    expect((await model.predict([[1, 2, 3]], { verbose: 0 })).tolist()).toEqual([36]);
    expect(hidden.add(1).div(2).reshape([-1]).shape).toEqual([null]);
    expect(keras.activations.relu(hidden, { max_value: 6 }).dtype).toBe("float32");
  });

  test("shapes of placeholders: unknown extents broadcast, what cannot be is refused", () => {
    const of = (shape: (number | null)[], dtype?: "int32") => keras.KerasTensor(shape, dtype ?? ("float32" as never));
    expect(ops.add(of([null, 3]), of([2, null])).shape).toEqual([2, 3]);
    expect(ops.add(of([null, 1]), of([4])).shape).toEqual([null, 4]);
    expect(ops.divide(of([2], "int32"), 2).dtype).toBe("float32");
    expect(ops.argmax(of([null, 3]), { axis: 0, keepdims: true })).toMatchObject({ shape: [1, 3], dtype: "int32" });
    expect(ops.matmul(of([null, 3]), of([3, 5])).shape).toEqual([null, 5]);
    expect(ops.reshape(of([null, 4]), [2, -1]).shape).toEqual([2, null]);
    expect(() => ops.add(of([2, 3]), of([4]))).toThrow(/broadcasts/);
    expect(() => ops.reshape(of([2, 3]), [4])).toThrow(/newshape/);
    expect(() => ops.convert_to_numpy(of([2]) as never)).toThrow(/x: expected an array/);
    expect(() => keras.losses.mean_squared_error(of([2]) as never, [1, 2])).toThrow(/y_true/);
  });
});

const SUMMARY = `Model: "functional"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
│ x (InputLayer)      │ (None, 3)         │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ dense (Dense)       │ (None, 3)         │         12 │ x[0][0]           │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ multiply (Multiply) │ (None, 3)         │          0 │ dense[0][0],      │
│                     │                   │            │ x[0][0]           │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ sum (Sum)           │ (None)            │          0 │ multiply[0][0]    │
└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: 12 (48.00 B)
 Trainable params: 12 (48.00 B)
 Non-trainable params: 0 (0.00 B)
`;

describe("settings", () => {
  test.each([false, true])("weight_decay set between fits takes effect, run_eagerly %s", async (run_eagerly) => {
    const optimizer = keras.optimizers.AdamW({ learning_rate: 0.1, weight_decay: 0.5 });
    const model = linear(keras.Model);
    model.compile({ optimizer, loss: "mse", run_eagerly });
    const zeros = keras.ndarray(new Float32Array(2), [1, 2]);
    const once = async (): Promise<number[]> => {
      await model.fit(zeros, [[0]], { verbose: 0 });
      return weights(model);
    };
    // No gradient: only the decay acts, by 1 - 0.1 0.5.
    for (const weight of await once()) expect(weight).toBeCloseTo(0.95, 6);
    optimizer.weight_decay = 0;
    for (const weight of await once()) expect(weight).toBeCloseTo(0.95, 6);
    optimizer.weight_decay = 1;
    for (const weight of await once()) expect(weight).toBeCloseTo(0.855, 6);
  });

  test("absent names of namespaces throw, with the nearest one", () => {
    const { optimizers } = keras as unknown as Record<string, Record<string, unknown>>;
    expect(() => optimizers?.Adamm).toThrow(/the nearest is Adam/);
    expect(() => (keras.layers as unknown as Record<string, unknown>).LSTMs).toThrow(/COMPAT.md/);
    expect("LSTMs" in keras.layers).toBe(false);
  });
});
