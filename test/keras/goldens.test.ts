// The Keras dialect forward and backward against values that PyTorch computed.
import { type Tensor as CoreTensor, fromData, gradients, mul, scope, sum, variable } from "@facet/autograd";
import * as keras from "@facet/shims-keras";
import { expectClose, formulaWeights, type GoldenCase, loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";

const { layers } = keras;
type Layer = InstanceType<typeof layers.Layer>;
type Format = "channels_first" | "channels_last";
const FORMATS: Format[] = ["channels_first", "channels_last"];

interface Host {
  shape: readonly number[];
  data: Float32Array;
}

/** The array with its dimensions in another order. */
function permuted({ shape, data }: Host, order: readonly number[]): Host {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, extent) => product * extent, 1));
  const target = order.map((axis) => shape[axis] as number);
  const values = Float32Array.from(data, (_, flat) => {
    let rest = flat;
    let source = 0;
    for (let i = target.length - 1; i >= 0; i--) {
      source += (rest % (target[i] as number)) * (strides[order[i] as number] as number);
      rest = Math.floor(rest / (target[i] as number));
    }
    return data[source] as number;
  });
  return { shape: target, data: values };
}

const host = (row: GoldenCase, name: string): Host => ({ shape: row.tensor(name).shape, data: row.floats(name) });
const toFormat = (image: Host, format: Format): Host =>
  format === "channels_first" ? image : permuted(image, [0, 2, 3, 1]);
const hwio = (filter: Host): Host => permuted(filter, [2, 3, 1, 0]);
const columns = (matrix: Host): Host => permuted(matrix, [1, 0]);

interface Check {
  x: Host;
  y: Host;
  dy: Host;
  dx: Host;
  /** Weights of the layer with their expected gradients. */
  weights?: { value: Host; gradient: Host }[];
}

/** f at x: its result, and the gradients of sum(y * dy) by x and by the weights of `owner`, a layer that f calls. */
async function check(f: (x: keras.Tensor) => keras.Tensor, given: Check, owner?: Layer): Promise<void> {
  const { x, y, dy, dx, weights = [] } = given;
  if (owner) {
    f(new keras.Tensor(fromData(x.data, x.shape))); // builds it
    owner.set_weights(weights.map(({ value }) => keras.ndarray(value.data, value.shape)));
  }
  const results = scope(() => {
    const input = variable(fromData(x.data, x.shape));
    const output = f(new keras.Tensor(input)).core;
    expect(output.shape).toEqual(y.shape);
    const cores = owner?.weights.map(({ core }) => core) ?? [];
    return [output, ...(gradients(sum(mul(output, fromData(dy.data, dy.shape))), [input, ...cores]) as CoreTensor[])];
  });
  const expected = [y, dx, ...weights.map(({ gradient }) => gradient)];
  expect(results.length).toBe(expected.length);
  for (const [i, result] of results.entries()) {
    const { data, shape } = expected[i] as Host;
    expectClose(await result.data(), data, { rtol: 2e-5, atol: 2e-5, label: `result ${i}`, shape });
  }
}

const rows = (file: string, keep: (row: GoldenCase) => boolean = () => true): GoldenCase[] => {
  const found = loadGolden(file).cases.filter(keep);
  expect(found.length).toBeGreaterThan(0);
  return found;
};

describe.each(FORMATS)("Conv2D, %s", (format) => {
  test.each(rows("conv2d"))("$name", async (row) => {
    const { stride, padding, dilation, groups } = row.params;
    const w = row.tensor("w").shape;
    const make = () =>
      layers.Conv2D(w[0] as number, {
        kernel_size: [w[2] as number, w[3] as number],
        strides: stride,
        dilation_rate: dilation,
        groups,
        use_bias: row.has("b"),
        data_format: format,
      });
    if (Math.max(...stride) > 1 && Math.max(...dilation) > 1) {
      // Keras refuses the pair.
      expect(make).toThrow(/Conv2D: dilation_rate/);
      return;
    }
    const conv = make();
    const pad = layers.ZeroPadding2D({ padding, data_format: format });
    const weights = [{ value: hwio(host(row, "w")), gradient: hwio(host(row, "dw")) }];
    if (row.has("b")) weights.push({ value: host(row, "b"), gradient: host(row, "db") });
    const [x, y, dy, dx] = ["x", "y", "dy", "dx"].map((name) => toFormat(host(row, name), format)) as Host[];
    await check((input) => conv(pad(input)), { x, y, dy, dx, weights } as Check, conv);
  });
});

// TensorFlow's rule gives these cases' padding, the asymmetric one on rows alone.
test.each(["pad_same", "kernel_5x5", "depthwise", "dilation_2"])('Conv2D padding="same": %s', async (name) => {
  const row = loadGolden("conv2d").case(name);
  const w = row.tensor("w").shape;
  const conv = layers.Conv2D(w[0] as number, [w[2] as number, w[3] as number], {
    padding: "same",
    strides: row.params.stride,
    dilationRate: row.params.dilation,
    groups: row.params.groups,
  });
  const [x, y, dy, dx] = ["x", "y", "dy", "dx"].map((each) => toFormat(host(row, each), "channels_last")) as Host[];
  const weights = [
    { value: hwio(host(row, "w")), gradient: hwio(host(row, "dw")) },
    { value: host(row, "b"), gradient: host(row, "db") },
  ];
  await check(conv, { x, y, dy, dx, weights } as Check, conv);
});

test('padding="same" puts an odd row and column at the end', async () => {
  const x = keras.ndarray(
    Float32Array.from({ length: 16 }, (_, i) => i + 1),
    [1, 4, 4, 1],
  );
  const conv = layers.Conv2D(1, 2, { padding: "same", kernel_initializer: "ones" });
  // The last window of a row sees one pixel and one of padding.
  expect((await conv(x).numpy()).tolist()).toEqual([
    [
      [[14], [18], [22], [12]],
      [[30], [34], [38], [20]],
      [[46], [50], [54], [28]],
      [[27], [29], [31], [16]],
    ],
  ]);
  const pooled = layers.AveragePooling2D(3, { strides: 2, padding: "same" });
  // Windows start at the first pixel; the last are cut, and the mean is over what is there.
  expect((await pooled(x).numpy()).tolist()).toEqual([
    [
      [[6], [7.5]],
      [[12], [13.5]],
    ],
  ]);
});

describe.each(FORMATS)("pooling, %s", (format) => {
  const plain = ({ params }: GoldenCase): boolean =>
    !params.ceil_mode &&
    `${params.padding}` === "0,0" &&
    `${params.dilation ?? "1,1"}` === "1,1" &&
    !params.divisor_override;
  const run = async (row: GoldenCase, layer: (x: keras.Tensor) => keras.Tensor): Promise<void> => {
    const [x, y, dy, dx] = ["x", "y", "dy", "dx"].map((name) => toFormat(host(row, name), format)) as Host[];
    await check(layer, { x, y, dy, dx } as Check);
  };
  test.each(rows("max_pool2d", plain))("MaxPooling2D $name", async (row) => {
    const { kernel_size, stride } = row.params;
    await run(row, layers.MaxPooling2D({ pool_size: kernel_size, strides: stride, data_format: format }));
  });
  test.each(rows("avg_pool2d", plain))("AveragePooling2D $name", async (row) => {
    const { kernel_size, stride } = row.params;
    await run(row, layers.AveragePooling2D(kernel_size, stride, { data_format: format }));
  });
  test("GlobalAveragePooling2D", async () => {
    const row = loadGolden("avg_pool2d").case("global");
    await run(row, layers.GlobalAveragePooling2D({ data_format: format, keepdims: true }));
    const [n, c] = row.tensor("y").shape as [number, number];
    const flat = (name: string): Host => ({ shape: [n, c], data: row.floats(name) });
    const [x, dx] = ["x", "dx"].map((name) => toFormat(host(row, name), format)) as [Host, Host];
    const pooling = layers.GlobalAveragePooling2D({ data_format: format });
    await check(pooling, { x, y: flat("y"), dy: flat("dy"), dx });
  });
});

describe("Dense", () => {
  test.each(rows("linear", (row) => row.tensor("x").shape.length > 1))("$name", async (row) => {
    const dense = layers.Dense(row.tensor("w").shape[0] as number, { use_bias: row.has("b") });
    const weights = [{ value: columns(host(row, "w")), gradient: columns(host(row, "dw")) }];
    if (row.has("b")) weights.push({ value: host(row, "b"), gradient: host(row, "db") });
    const [x, y, dy, dx] = ["x", "y", "dy", "dx"].map((name) => host(row, name)) as Host[];
    await check(dense, { x, y, dy, dx, weights } as Check, dense);
  });
});

describe("activations", () => {
  const { activations } = keras;
  const forRow = ({ params }: GoldenCase): ((x: keras.Tensor) => keras.Tensor) | undefined => {
    if (params.fn === "gelu") return (x) => activations.gelu(x, params.approximate === "tanh");
    if (params.fn === "leaky_relu") return layers.LeakyReLU(params.negative_slope);
    if (params.fn === "elu") return layers.ELU({ alpha: params.alpha });
    if (params.fn === "softplus") return params.beta === 1 ? activations.softplus : undefined;
    return layers.Activation(params.fn);
  };
  test.each(rows("activations", (row) => forRow(row) !== undefined))("$name", async (row) => {
    const [x, y, dy, dx] = ["x", "y", "dy", "dx"].map((name) => host(row, name)) as Host[];
    await check(forRow(row) as (x: keras.Tensor) => keras.Tensor, { x, y, dy, dx } as Check);
  });
  test.each(rows("softmax"))("$name", async (row) => {
    const { fn, dim } = row.params;
    const [x, y, dy, dx] = ["x", "y", "dy", "dx"].map((name) => host(row, name)) as Host[];
    const f = fn === "softmax" ? layers.Softmax(dim) : (input: keras.Tensor) => activations.log_softmax(input, dim);
    await check(f, { x, y, dy, dx } as Check);
  });
});

describe("losses", () => {
  const scalar = (row: GoldenCase): Pick<Check, "y" | "dy"> => ({ y: host(row, "y"), dy: host(row, "dy") });
  const reductionOf = ({ params }: GoldenCase): "none" | "sum" | "sum_over_batch_size" =>
    params.reduction === "mean" ? "sum_over_batch_size" : params.reduction;
  const unweighted = (row: GoldenCase): boolean => !row.has("weight") && row.tensor("x").shape.length === 2;

  const sparse = rows(
    "cross_entropy",
    (row) =>
      unweighted(row) &&
      row.tensor("target").shape.length === 1 &&
      row.params.label_smoothing === 0 &&
      row.name !== "all_ignored_mean",
  );
  test.each(sparse)("SparseCategoricalCrossentropy, logits: $name", async (row) => {
    const loss = keras.losses.SparseCategoricalCrossentropy({
      from_logits: true,
      reduction: reductionOf(row),
      ignore_class: row.params.ignore_index,
    });
    const target = keras.ndarray(Int32Array.from(row.tensor("target").data), row.tensor("target").shape);
    // The same through softmax, whose logits the loss finds.
    await check((x) => loss(target, x), { x: host(row, "x"), dx: host(row, "dx"), ...scalar(row) });
    const fromSoftmax = keras.losses.SparseCategoricalCrossentropy({
      reduction: reductionOf(row),
      ignore_class: row.params.ignore_index,
    });
    await check((x) => fromSoftmax(target, keras.activations.softmax(x)), {
      x: host(row, "x"),
      dx: host(row, "dx"),
      ...scalar(row),
    });
  });

  const dense = rows("cross_entropy", (row) => unweighted(row) && row.tensor("target").shape.length === 2);
  test.each(dense)("CategoricalCrossentropy, logits: $name", async (row) => {
    const options = { label_smoothing: row.params.label_smoothing, reduction: reductionOf(row) };
    const loss = keras.losses.CategoricalCrossentropy({ from_logits: true, ...options });
    const target = keras.ndarray(row.floats("target"), row.tensor("target").shape);
    await check((x) => loss(target, x), { x: host(row, "x"), dx: host(row, "dx"), ...scalar(row) });
    const fromSoftmax = keras.losses.CategoricalCrossentropy(options);
    await check((x) => fromSoftmax(target, keras.activations.softmax(x)), {
      x: host(row, "x"),
      dx: host(row, "dx"),
      ...scalar(row),
    });
  });

  test("probabilities that come from no softmax: clipped, and their logarithm", async () => {
    const p = keras.ndarray([
      [0.1, 0.6, 0.3],
      [1, 0, 0],
    ]);
    const sparseLosses = await keras.losses.sparse_categorical_crossentropy(keras.ndarray([1, 1]), p).numpy();
    expectClose(sparseLosses.data, [-Math.log(0.6), -Math.log(1e-7)], { rtol: 1e-5, atol: 1e-6 });
    const oneHot = keras.utils.to_categorical([1, 1], 3);
    const categorical = await keras.losses.categorical_crossentropy(oneHot, p.mul(3)).numpy();
    expectClose(categorical.data, [-Math.log(0.6), -Math.log(1e-7)], { rtol: 1e-5, atol: 1e-6 });
    const binary = await keras.losses.binary_crossentropy([[1], [0]], [[0.25], [0.25]]).numpy();
    expectClose(binary.data, [-Math.log(0.25), -Math.log(0.75)], { rtol: 1e-5, atol: 1e-6 });
  });

  test.each(rows("losses", ({ name }) => /^(mse|l1)_loss_(mean|sum)$/.test(name)))("$name", async (row) => {
    const Loss = row.params.fn === "mse_loss" ? keras.losses.MeanSquaredError : keras.losses.MeanAbsoluteError;
    const x = host(row, "x");
    const target = keras.ndarray(row.floats("target"), [x.data.length, 1]);
    // Keras sums the losses of samples, each a mean over its last axis: one column makes that torch's reduction.
    const loss = Loss({ reduction: reductionOf(row) });
    const flat = (name: string): Host => ({ shape: [x.data.length, 1], data: row.floats(name) });
    await check((input) => loss(target, input), { x: flat("x"), dx: flat("dx"), ...scalar(row) });
  });

  test("BinaryCrossentropy, from logits and through sigmoid", async () => {
    const row = loadGolden("losses").case("binary_cross_entropy_with_logits_plain_mean");
    const target = keras.ndarray(row.floats("target"), row.tensor("target").shape);
    const given = { x: host(row, "x"), dx: host(row, "dx"), ...scalar(row) };
    const loss = keras.losses.BinaryCrossentropy({ from_logits: true });
    await check((x) => loss(target, x), given);
    await check((x) => keras.losses.BinaryCrossentropy()(target, keras.activations.sigmoid(x)), given);
  });
});

describe("optimizers", () => {
  type Stepper = { apply_gradients(pairs: [keras.Tensor, keras.Variable][]): void };
  /** Parameters after each step of the golden's gradients. */
  async function trajectory(row: GoldenCase, optimizer: Stepper): Promise<Float32Array[]> {
    const variables = ["p0", "p1"].map(
      (name) => new keras.Variable(keras.ndarray(row.floats(name), row.tensor(name).shape)),
    );
    const found: Float32Array[][] = [[], []];
    for (let step = 0; step < row.params.steps; step++) {
      const pairs = variables.map((variable, i): [keras.Tensor, keras.Variable] => {
        const size = variable.core.size;
        const g = row.floats(`g${i}`).slice(step * size, (step + 1) * size);
        return [new keras.Tensor(fromData(g, variable.shape)), variable];
      });
      optimizer.apply_gradients(pairs);
      for (const [i, variable] of variables.entries()) found[i]?.push((await variable.numpy()).data as Float32Array);
    }
    return found.map((parts) => Float32Array.from(parts.flatMap((part) => [...part])));
  }

  // What torch and Keras mean alike: no L2 decay, no dampening, and for Adam epsilon in torch's place.
  test.each(["sgd", "sgd_momentum", "sgd_nesterov"])("SGD as torch's: %s", async (name) => {
    const row = loadGolden("optimisers").case(name);
    const { lr, momentum = 0, nesterov = false } = row.params.options;
    const found = await trajectory(row, keras.optimizers.SGD({ learning_rate: lr, momentum, nesterov }));
    for (const [i, values] of found.entries()) expectClose(values, row.floats(`y${i}`), { rtol: 1e-5, atol: 1e-6 });
  });
  test.each(["adam_defaults", "adam", "adam_betas", "adam_large_eps", "adam_amsgrad"])(
    "Adam with facet.epsilon torch: %s",
    async (name) => {
      const row = loadGolden("optimisers").case(name);
      const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, amsgrad = false } = row.params.options;
      const [beta_1, beta_2] = betas;
      const facet = { epsilon: "torch" } as const;
      const adam = keras.optimizers.Adam({ learning_rate: lr, beta_1, beta_2, epsilon: eps, amsgrad, facet });
      const found = await trajectory(row, adam);
      for (const [i, values] of found.entries()) expectClose(values, row.floats(`y${i}`), { rtol: 1e-5, atol: 1e-6 });
    },
  );

  test("the velocity of SGD holds the learning rate: a change acts on later gradients only", async () => {
    const variable = new keras.Variable([1]);
    const sgd = keras.optimizers.SGD({ learning_rate: 0.5, momentum: 0.5 });
    const step = (g: number): void => sgd.apply_gradients([[keras.ops.convert_to_tensor([g]), variable]]);
    step(1); // velocity -0.5
    sgd.learning_rate = 0;
    step(1); // velocity -0.25
    expect((await variable.numpy()).tolist()).toEqual([0.25]);
    expect(sgd.iterations).toBe(2);
  });
});

test("the CNN of the examples: losses of 10 Adam steps as PyTorch's", async () => {
  const row = loadGolden("cnn").case("cnn");
  const data_format = "channels_first";
  const model = keras.Sequential([
    keras.Input({ shape: [1, 28, 28] }),
    layers.Conv2D(32, 3, { activation: "relu", data_format }),
    layers.MaxPooling2D(2, { data_format }),
    layers.Conv2D(64, 3, { activation: "relu", data_format }),
    layers.MaxPooling2D(2, { data_format }),
    layers.Flatten({ data_format: "channels_last" }),
    layers.Dense(10, { activation: "softmax" }),
  ]);
  type Formula = { shape: number[]; scale: number; stream: number };
  const weights = Object.values(row.params.parameters as Record<string, Formula>).map(({ shape, scale, stream }) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const value = { shape, data: formulaWeights(size, scale, stream) };
    const turned = shape.length === 4 ? hwio(value) : shape.length === 2 ? columns(value) : value;
    return keras.ndarray(turned.data, turned.shape);
  });
  model.set_weights(weights);
  const optimizer = keras.optimizers.Adam({ epsilon: 1e-8, facet: { epsilon: "torch" } });
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy" });
  const x = keras.ndarray(row.floats("images"), row.tensor("images").shape);
  const y = keras.ndarray(Int32Array.from(row.tensor("labels").data));
  const history = await model.fit(x, y, { batch_size: 8, epochs: 10, verbose: 0 });
  expectClose(history.facet.batch_losses, row.floats("losses"), { rtol: 5e-5, atol: 5e-6 });
});
