// Building, naming, weights and printed texts of Keras models.
import * as keras from "@facet/shims-keras";
import { beforeEach, describe, expect, test } from "vitest";

const { layers } = keras;
beforeEach(() => keras.utils.clear_session());

const cnn = () =>
  new keras.Sequential([
    new keras.Input({ shape: [28, 28, 1] }),
    layers.Conv2D(32, { kernel_size: [3, 3], activation: "relu" }),
    layers.MaxPooling2D({ pool_size: [2, 2] }),
    layers.Conv2D(64, { kernelSize: [3, 3], activation: "relu" }),
    layers.MaxPooling2D({ poolSize: [2, 2] }),
    layers.Flatten(),
    layers.Dropout(0.5),
    layers.Dense(10, { activation: "softmax" }),
  ]);

function summary(model: keras.Model, options: object = {}): string {
  let text = "";
  model.summary({
    line_length: 76,
    ...options,
    print_fn: (given: string) => {
      text += given;
    },
  });
  return text;
}

const CNN_SUMMARY = `Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ conv2d (Conv2D)                 │ (None, 26, 26, 32)     │           320 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ max_pooling2d (MaxPooling2D)    │ (None, 13, 13, 32)     │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ conv2d_1 (Conv2D)               │ (None, 11, 11, 64)     │        18,496 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ max_pooling2d_1 (MaxPooling2D)  │ (None, 5, 5, 64)       │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ flatten (Flatten)               │ (None, 1600)           │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dropout (Dropout)               │ (None, 1600)           │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense (Dense)                   │ (None, 10)             │        16,010 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 34,826 (136.04 KB)
 Trainable params: 34,826 (136.04 KB)
 Non-trainable params: 0 (0.00 B)
`;

describe("summary", () => {
  test("the CNN of the articles, as Keras 3 prints it on 80 columns", () => {
    expect(summary(cnn())).toBe(CNN_SUMMARY);
  });

  test("an optimizer that has its variables is counted", async () => {
    const model = keras.Sequential([keras.Input({ shape: [4] }), layers.Dense(3)]);
    model.compile({ optimizer: "adam", loss: "mse" });
    expect(summary(model)).toContain(" Total params: 15 (60.00 B)\n");
    await model.fit([[1, 2, 3, 4]], [[1, 2, 3]], { verbose: 0 });
    expect(summary(model).split("\n").slice(-5)).toEqual([
      " Total params: 47 (192.00 B)",
      " Trainable params: 15 (60.00 B)",
      " Non-trainable params: 0 (0.00 B)",
      " Optimizer params: 32 (132.00 B)",
      "",
    ]);
  });

  test("long names wrap, frozen ones count as non-trainable", () => {
    const model = keras.Sequential([
      keras.Input({ shape: [8, 8, 2] }),
      layers.GlobalAveragePooling2D(),
      layers.Dense(3, { trainable: false }),
    ]);
    expect(summary(model, { show_trainable: true, line_length: 88 })).toBe(WITH_TRAINABLE);
    const unbuilt = keras.Sequential([layers.Dense(3)]);
    expect(() => unbuilt.summary()).toThrow(/summary: model "sequential_1": expected a built model/);
  });

  test("a model with branches has a column of connections", () => {
    const x = keras.Input({ shape: [8, 8, 2], name: "image" });
    const a = layers.Conv2D(4, 3, { padding: "same", activation: "relu" })(x);
    const b = layers.Conv2D(4, 1)(x);
    const sum = layers.Add()([a, b]);
    const model = keras.Model({ inputs: x, outputs: layers.Concatenate()([sum, a]) });
    expect(summary(model, { line_length: 76 })).toBe(BRANCHES);
  });
});

const WITH_TRAINABLE = `Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━┓
┃ Layer (type)                     ┃ Output Shape              ┃      Param # ┃ Train… ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━┩
│ global_average_pooling2d         │ (None, 2)                 │            0 │   -    │
│ (GlobalAveragePooling2D)         │                           │              │        │
├──────────────────────────────────┼───────────────────────────┼──────────────┼────────┤
│ dense (Dense)                    │ (None, 3)                 │            9 │   N    │
└──────────────────────────────────┴───────────────────────────┴──────────────┴────────┘
 Total params: 9 (36.00 B)
 Trainable params: 0 (0.00 B)
 Non-trainable params: 9 (36.00 B)
`;
const BRANCHES = `Model: "functional"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
│ image (InputLayer)  │ (None, 8, 8, 2)   │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ conv2d (Conv2D)     │ (None, 8, 8, 4)   │         76 │ image[0][0]       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ conv2d_1 (Conv2D)   │ (None, 8, 8, 4)   │         12 │ image[0][0]       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ add (Add)           │ (None, 8, 8, 4)   │          0 │ conv2d[0][0],     │
│                     │                   │            │ conv2d_1[0][0]    │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ concatenate         │ (None, 8, 8, 8)   │          0 │ add[0][0],        │
│ (Concatenate)       │                   │            │ conv2d[0][0]      │
└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: 88 (352.00 B)
 Trainable params: 88 (352.00 B)
 Non-trainable params: 0 (0.00 B)
`;

describe("names", () => {
  test("are counted per class and start anew with clear_session", () => {
    const { layers: made } = cnn();
    expect(made.map(({ name }) => name)).toEqual([
      "conv2d",
      "max_pooling2d",
      "conv2d_1",
      "max_pooling2d_1",
      "flatten",
      "dropout",
      "dense",
    ]);
    expect(layers.LeakyReLU().name).toBe("leaky_re_lu");
    expect(new layers.ReLU().name).toBe("re_lu");
    expect(keras.Sequential().name).toBe("sequential_1");
    keras.backend.clear_session();
    expect(layers.Conv2D(1, 1).name).toBe("conv2d");
    expect(layers.Conv2D(1, 1, { name: "stem" }).name).toBe("stem");
    const x = keras.Input({ shape: [3] });
    expect([x.history?.layer.name, keras.Model(x, layers.Dense(1)(x)).name]).toEqual(["input_layer", "functional"]);
  });

  test("a model refuses two layers of one name", () => {
    expect(() => keras.Sequential([layers.ReLU({ name: "a" }), layers.ReLU({ name: "a" })])).toThrow(/second "a"/);
  });
});

describe("weights", () => {
  test("have Keras' shapes, names and initial values", async () => {
    const model = cnn();
    expect(model.count_params()).toBe(34826);
    expect(model.layers.map((layer) => layer.count_params())).toEqual([320, 0, 18496, 0, 0, 0, 16010]);
    expect(model.weights.map(({ path, shape }) => [path, ...shape])).toEqual([
      ["conv2d/kernel", 3, 3, 1, 32],
      ["conv2d/bias", 32],
      ["conv2d_1/kernel", 3, 3, 32, 64],
      ["conv2d_1/bias", 64],
      ["dense/kernel", 1600, 10],
      ["dense/bias", 10],
    ]);
    const [kernel, bias] = (await model.get_layer("dense").get_weights()) as [keras.NdArray, keras.NdArray];
    expect(Math.max(...bias.data, 0)).toBe(0);
    const limit = Math.sqrt(6 / 1610);
    const values = [...kernel.data];
    expect(Math.max(...values)).toBeLessThanOrEqual(limit);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-limit);
    expect(Math.max(...values)).toBeGreaterThan(0.99 * limit);
  });

  test("are set from NdArrays, nested arrays and typed arrays, and refuse what does not fit", async () => {
    const dense = layers.Dense(2);
    dense.build([null, 3]);
    dense.built = true;
    dense.set_weights([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      Float32Array.of(7, 8),
    ]);
    expect((await dense([[1, 1, 1]]).numpy()).tolist()).toEqual([[16, 20]]);
    expect(() => dense.set_weights([])).toThrow(/2 arrays for the weights of layer "dense"/);
    expect(() => dense.set_weights([[[1, 2]], [7, 8]])).toThrow(/dense\/kernel: expected \[3, 2\], got \[1, 2\]/);
    expect(() => layers.Dense(2).count_params()).toThrow(/built layer/);
  });

  test("the same seed gives the same weights", async () => {
    const first = async (): Promise<keras.NdArray> => {
      keras.utils.set_random_seed(42);
      return ((await cnn().get_weights()) as [keras.NdArray])[0];
    };
    expect((await first()).data).toEqual((await first()).data);
    const glorot = keras.initializers.GlorotUniform({ seed: 3 });
    const values = async (): Promise<unknown> => {
      const dense = layers.Dense(4, { kernel_initializer: glorot });
      dense([[1, 2]]);
      return (await dense.get_weights())[0]?.data;
    };
    expect(await values()).toEqual(await values());
  });

  test.each([
    "zeros",
    "ones",
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "glorot_normal",
    "orthogonal",
    "variance_scaling",
  ] as const)("initializer %s", async (name) => {
    keras.utils.set_random_seed(0);
    const dense = layers.Dense(40, { kernel_initializer: name });
    dense.build([null, 50]);
    const data = Float64Array.from((await (dense.kernel as keras.Variable).numpy()).data);
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const deviation = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
    const expected: Record<string, number> = {
      zeros: 0,
      ones: 0,
      random_normal: 0.05,
      random_uniform: 0.1 / Math.sqrt(12),
      truncated_normal: 0.05 * 0.87962566,
      he_normal: Math.sqrt(2 / 50),
      he_uniform: Math.sqrt(2 / 50),
      lecun_normal: Math.sqrt(1 / 50),
      lecun_uniform: Math.sqrt(1 / 50),
      glorot_normal: Math.sqrt(2 / 90),
      orthogonal: Math.sqrt(1 / 50),
      variance_scaling: Math.sqrt(1 / 50),
    };
    expect(deviation).toBeGreaterThanOrEqual(0.93 * (expected[name] as number));
    expect(deviation).toBeLessThanOrEqual(1.07 * (expected[name] as number));
  });
});

describe("models", () => {
  test("a deferred Sequential is built by its first data", async () => {
    const model = keras.Sequential();
    model.add(layers.Flatten());
    model.add(layers.Dense(3));
    expect([model.built, model.layers.length]).toEqual([false, 2]);
    expect((await model.predict(keras.ndarray(new Float32Array(2 * 12), [2, 3, 4]), { verbose: 0 })).shape).toEqual([
      2, 3,
    ]);
    expect(model.output_shape).toEqual([null, 3]);
    expect(model.count_params()).toBe(39);
  });

  test("input_shape on the first layer, the old way", () => {
    const model = keras.Sequential([layers.Dense(3, { input_shape: [5] })]);
    expect(model.count_params()).toBe(18);
  });

  test("a functional model: shared layers, branches, several inputs and outputs", async () => {
    const a = keras.Input({ shape: [2] });
    const b = keras.Input({ shape: [2] });
    const shared = layers.Dense(2, { use_bias: false, kernel_initializer: "ones" });
    const sum = layers.Add()([shared(a), shared(b)]);
    const both = layers.Concatenate()([sum, layers.Rescaling(10, 1)(a)]);
    const model = new keras.Model({ inputs: [a, b], outputs: [both, sum] });
    expect(model.count_params()).toBe(4);
    const [first, second] = await model.predict([keras.ndarray([[1, 2]]), keras.ndarray([[3, 4]])], { verbose: 0 });
    expect(first.tolist()).toEqual([[10, 10, 11, 21]]);
    expect(second.tolist()).toEqual([[10, 10]]);
    expect(() => keras.Model({ inputs: a, outputs: sum })).toThrow(/inputs from which every output can be computed/);
  });

  test("a model inside a model is one layer", async () => {
    const inner = keras.Sequential([keras.Input({ shape: [2] }), layers.Dense(3, { kernel_initializer: "ones" })]);
    const x = keras.Input({ shape: [2] });
    const model = keras.Model({ inputs: x, outputs: layers.ReLU()(inner(x)) });
    expect(model.layers.map(({ name }) => name)).toEqual(["input_layer_1", "sequential", "re_lu"]);
    expect(model.count_params()).toBe(9);
    expect((await model.predict([[1, 2]], { verbose: 0 })).tolist()).toEqual([[3, 3, 3]]);
  });

  test("a subclass with call(x, { training }); layers called inside follow its mode", async () => {
    class Net extends keras.Model {
      drop = layers.Dropout(0.5, { seed: 1 });
      dense = layers.Dense(1, { kernel_initializer: "ones" });

      override call(x: keras.Tensor): keras.Tensor {
        return this.dense(this.drop(x));
      }
    }
    const net = new Net();
    expect(net.name).toBe("net");
    const x = keras.ndarray(new Float32Array(64).fill(1), [1, 64]);
    expect((await net.predict(x, { verbose: 0 })).tolist()).toEqual([[64]]);
    const dropped = (await net(x, { training: true }).numpy()).data[0] as number;
    expect(dropped).not.toBe(64);
    expect(dropped % 2).toBe(0);
    net.compile({ optimizer: "sgd", loss: "mse" });
    await net.fit(x, [[0]], { verbose: 0 });
    expect(net.count_params()).toBe(65);
  });

  test("a layer of the user's own", async () => {
    class Scale extends layers.Layer {
      scale: keras.Variable | undefined;

      override build(shape: readonly (number | null)[]): void {
        this.scale = this.add_weight({ shape: [shape.at(-1) as number], initializer: "ones", name: "scale" });
      }

      override call(x: keras.Tensor): keras.Tensor {
        return x.mul(this.scale as keras.Variable).add(1);
      }

      override compute_output_shape(shape: readonly (number | null)[]) {
        return shape;
      }
    }
    const model = keras.Sequential([keras.Input({ shape: [2] }), new Scale()]);
    expect(model.layers.map(({ name }) => name)).toEqual(["scale"]);
    expect((await model.predict([[1, 2]], { verbose: 0 })).tolist()).toEqual([[2, 3]]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    await model.fit([[1, 2]], [[0, 0]], { verbose: 0 });
    expect((await model.get_weights())[0]?.data).not.toEqual(Float32Array.of(1, 1));
  });

  test("Flatten with channels_first moves the channels last, as Keras does", async () => {
    const x = keras.ndarray(
      Float32Array.from({ length: 8 }, (_, i) => i),
      [1, 2, 2, 2],
    );
    expect((await layers.Flatten("channels_first")(x).numpy()).tolist()).toEqual([[0, 4, 1, 5, 2, 6, 3, 7]]);
    expect((await layers.Flatten()(x).numpy()).tolist()).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
    expect((await layers.Reshape([-1, 2])(x).numpy()).shape).toEqual([1, 4, 2]);
  });

  test("config.set_image_data_format is what layers without data_format take", () => {
    keras.config.set_image_data_format("channels_first");
    try {
      expect(layers.Conv2D(2, 3).data_format).toBe("channels_first");
    } finally {
      keras.config.set_image_data_format("channels_last");
    }
    expect(layers.Conv2D(2, 3).data_format).toBe("channels_last");
    expect([keras.config.floatx(), keras.config.epsilon()]).toEqual(["float32", 1e-7]);
  });
});

describe("mistakes", () => {
  // biome-ignore lint/suspicious/noExplicitAny: what is given here is wrong on purpose.
  const wrong = (value: unknown): any => value;
  const model = () => keras.Sequential([keras.Input({ shape: [8, 8, 3] }), layers.Conv2D(4, 3)]);
  test.each<[string, () => unknown, RegExp]>([
    [
      "an unknown keyword",
      () => layers.Dense(3, wrong({ activations: "relu" })),
      /Dense: activations: .*did you mean activation\?/,
    ],
    [
      "an unsupported one",
      () => layers.Dense(3, wrong({ kernel_regularizer: "l2" })),
      /Dense: kernel_regularizer.*not supported/,
    ],
    [
      "a constraint in camelCase",
      () => layers.Conv2D(3, 3, wrong({ kernelConstraint: {} })),
      /Conv2D: kernel_constraint/,
    ],
    ["a missing argument", () => layers.Conv2D(wrong({ filters: 3 })), /Conv2D: kernel_size: expected .*, got none/],
    [
      "an argument given twice",
      () => layers.Dense(3, "relu", wrong({ activation: "tanh" })),
      /activation: expected one value/,
    ],
    ["an unknown activation", () => layers.Dense(3, wrong("relo")), /one of linear, relu, .*got "relo"/],
    ["an unknown initializer", () => layers.Dense(3, wrong({ bias_initializer: "zero" })), /one of zeros, ones/],
    ["no units", () => layers.Dense(0), /Dense: units: expected a positive integer, got 0/],
    ["a stride of 0", () => layers.Conv2D(3, 3, { strides: [0, 1] }), /Conv2D: strides: .*got \[0,1\]/],
    [
      "an unknown padding",
      () => layers.Conv2D(3, 3, { padding: wrong("full") }),
      /padding: expected "valid" or "same", got "full"/,
    ],
    ["a rate above 1", () => layers.Dropout(1.5), /Dropout: rate: expected a number from 0 to 1, got 1.5/],
    [
      "groups that do not divide filters",
      () => layers.Conv2D(3, 3, { groups: 2 }),
      /filters: expected a multiple of groups 2/,
    ],
    [
      "strides and dilation above 1",
      () => layers.Conv2D(4, 3, { strides: 2, dilation_rate: [2, 1] }),
      /Conv2D: dilation_rate: expected 1 where strides are above 1.*got \[2,1\]/,
    ],
    ["two extents that are open", () => layers.Reshape([-1, -1, 5]), /Reshape: target_shape: .*one may be -1/],
    ["groups that do not divide channels", () => layers.Conv2D(4, 3, { groups: 2 }).build([null, 8, 8, 3]), /groups/],
    [
      "an image of rank 3",
      () => model()(keras.ndarray(new Float32Array(64), [8, 8, 1])),
      /expected shape=\(None, 8, 8, 3\)/,
    ],
    [
      "a layer's input of another rank",
      () => layers.Conv2D(4, 3)(keras.ndarray(new Float32Array(64), [8, 8, 1])),
      /Input 0 of layer "conv2d.*" is incompatible with the layer: expected min_ndim=4, got ndim=3. Full shape received: \(8, 8, 1\)/,
    ],
    [
      "another number of features",
      () => {
        const dense = layers.Dense(2, { name: "head" });
        dense([[1, 2, 3]]);
        return dense([[1, 2]]);
      },
      /Input 0 of layer "head" is incompatible with the layer: expected axis -1 of input shape to have value 3, got shape \(1, 2\)/,
    ],
    ["a window larger than the image", () => layers.Conv2D(1, 9)(keras.Input({ shape: [8, 8, 3] })), /window/],
    [
      "a pooling window larger than the image",
      () => layers.MaxPooling2D(9)(keras.Input({ shape: [8, 8, 3] })),
      /window/,
    ],
    [
      "shapes that do not add",
      () => layers.Add()([keras.Input({ shape: [2] }), keras.Input({ shape: [3] })]),
      /Add: inputs\[1\]/,
    ],
    ["a reshape that does not fit", () => layers.Reshape([3])(keras.Input({ shape: [4] })), /Reshape: target_shape/],
    [
      "a NaN learning rate",
      () => keras.optimizers.Adam(Number.NaN),
      /adam: learning_rate: expected a finite number.*got NaN/,
    ],
    [
      "a schedule",
      () => keras.optimizers.SGD(wrong({ learning_rate: {} })),
      /learning_rate: expected a number or a LearningRateSchedule/,
    ],
    ["clipnorm", () => keras.optimizers.Adam(wrong({ clipnorm: -1 })), /Adam: clipnorm/],
    ["two ways to clip", () => keras.optimizers.Adam({ clipnorm: 1, clipvalue: 1 }), /adam.*: clipnorm: .*at most one/],
    ["an average of no weight", () => keras.optimizers.SGD({ use_ema: true, ema_momentum: 2 }), /sgd.*: ema_momentum/],
    [
      "an unknown optimizer",
      () => model().compile({ optimizer: wrong("sdg"), loss: "mse" }),
      /compile: optimizer: .*sgd/,
    ],
    [
      "an unknown loss",
      () => model().compile({ optimizer: "sgd", loss: wrong("hinges") }),
      /compile: loss: .*"hinges"/,
    ],
    [
      "loss_weights",
      () => model().compile(wrong({ optimizer: "sgd", loss: "mse", loss_weights: [1] })),
      /loss_weights/,
    ],
    ["a name without a layer", () => model().get_layer("dense"), /get_layer: name: expected one of conv2d/],
    ["half a model", () => keras.Model(wrong({ inputs: keras.Input({ shape: [1] }) })), /both inputs and outputs/],
    [
      "an unknown facet option",
      () => keras.optimizers.Adam(wrong({ facet: { eps: "torch" } })),
      /Adam: facet: .*"eps"/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
