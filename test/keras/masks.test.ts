// Masks from layer to layer, states from call to call, and what layers learn before training: numbers are Keras' on TensorFlow.
import * as keras from "@facet/shims-keras";
import { describe, expect, test } from "vitest";

const { layers, ops } = keras;
type Nested = number | boolean | readonly Nested[];

/** A tensor as nested lists, rounded. */
async function held(x: keras.Tensor | undefined): Promise<Nested> {
  const { data, shape, dtype } = await (x as keras.Tensor).numpy();
  let flat: Nested[] = Array.from(data, (value) => (dtype === "bool" ? value !== 0 : Math.round(value * 1e5) / 1e5));
  for (const extent of [...shape].reverse())
    flat = Array.from({ length: flat.length / extent }, (_, i) => flat.slice(i * extent, (i + 1) * extent));
  return flat[0] as Nested;
}

const constant = (value: number) => keras.initializers.Constant(value);
const weights = { kernel_initializer: constant(0.3), recurrent_initializer: constant(0.2) };
const ids = ops.convert_to_tensor(keras.ndarray(Int32Array.of(1, 2, 0, 0, 3, 0, 0, 0, 2, 1, 3, 1), [3, 4]));
const kept = [
  [true, true, false, false],
  [true, false, false, false],
  [true, true, true, true],
];
const embedded = () => {
  const layer = layers.Embedding(4, 2, { mask_zero: true, embeddings_initializer: "ones" });
  return layer(ids) as keras.Tensor;
};

describe("masks", () => {
  test("an embedding makes one, recurrent layers hold what they leave out, a mean follows it", async () => {
    const y = embedded();
    expect(await held(y._keras_mask)).toEqual(kept);
    const z = layers.LSTM(2, { ...weights, return_sequences: true })(y) as keras.Tensor;
    const [a, b, c, d] = [0.21532, 0.39713, 0.52536, 0.60385].map((value) => [value, value]);
    expect(await held(z)).toEqual([
      [a, b, b, b],
      [a, a, a, a],
      [a, b, c, d],
    ]);
    expect(await held(z._keras_mask)).toEqual(kept);
    const dropped = layers.Dropout(0.5)(z) as keras.Tensor;
    expect(await held(layers.GlobalAveragePooling1D()(dropped) as keras.Tensor)).toEqual(
      [0.30623, 0.21532, 0.43541].map((value) => [value, value]),
    );
  });

  test("it goes through models, and both directions", async () => {
    const rnn = layers.SimpleRNN(1, { ...weights, return_sequences: true });
    const model = keras.Sequential([
      layers.Embedding(4, 2, { mask_zero: true, embeddings_initializer: "ones" }),
      layers.Bidirectional(rnn),
    ]);
    const [once, twice] = [0.53705, 0.60905];
    const found = (await held(model(ids) as keras.Tensor)) as number[][][];
    expect(found[0]).toEqual([
      [once, twice],
      [twice, once],
      [0, 0],
      [0, 0],
    ]);
    expect(found[1]).toEqual([
      [once, once],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  test("Masking leaves out steps of one value, Add what all inputs leave out", async () => {
    const x = ops.convert_to_tensor([
      [
        [0, 0],
        [1, 2],
        [0, 1],
      ],
    ]);
    expect(await held((layers.Masking()(x) as keras.Tensor)._keras_mask)).toEqual([[false, true, true]]);
    const layer = layers.Embedding(4, 2, { mask_zero: true });
    const others = keras.ndarray(Int32Array.of(0, 1, 1, 0, 3, 0, 0, 0, 2, 1, 3, 1), [3, 4]);
    const sum = layers.Add()([layer(ids), layer(ops.convert_to_tensor(others))] as keras.Tensor[]) as keras.Tensor;
    expect(await held(sum._keras_mask)).toEqual([[true, true, true, false], ...kept.slice(1)]);
  });

  test("a class of one's own may make one", async () => {
    class Odd extends layers.Layer {
      override call(x: keras.Tensor): keras.Tensor {
        return ops.multiply(x, 1);
      }
      override compute_mask(x: keras.Tensor): keras.Tensor {
        return ops.cast(x, "bool");
      }
    }
    expect(await held((new Odd()(ops.convert_to_tensor([0, 1, 2])) as keras.Tensor)._keras_mask)).toEqual([
      false,
      true,
      true,
    ]);
  });
});

test("a stateful layer goes on where it was, until it is reset", async () => {
  const gru = layers.GRU(2, { ...weights, stateful: true });
  const x = ops.convert_to_tensor([
    [
      [1, 1],
      [1, 1],
    ],
  ]);
  const first = await held(gru(x) as keras.Tensor);
  expect(first).toEqual([[0.31897, 0.31897]]);
  expect(await held(gru(x) as keras.Tensor)).toEqual([[0.47344, 0.47344]]);
  gru.reset_state();
  expect(await held(gru(x) as keras.Tensor)).toEqual(first);
});

describe("adapt", () => {
  const x = ops.convert_to_tensor([
    [1, 2],
    [3, 4],
    [5, 12],
  ]);

  test.each([
    [
      -1,
      [
        [-1.22474, -0.92582],
        [0, -0.46291],
        [1.22474, 1.38873],
      ],
    ],
    [
      null,
      [
        [-0.97385, -0.69561],
        [-0.41737, -0.13912],
        [0.13912, 2.08682],
      ],
    ],
  ] as const)("Normalization along %s", async (axis, expected) => {
    const layer = layers.Normalization({ axis });
    layer.adapt(x);
    expect(await held(layer(x) as keras.Tensor)).toEqual(expected);
  });

  test("Discretization takes quantiles", () => {
    const layer = layers.Discretization({ num_bins: 3 });
    layer.adapt([1, 5, 2, 8, 3, 9, 4, 7]);
    expect(layer.bin_boundaries?.map((edge) => Math.round(edge * 1e5) / 1e5)).toEqual([2.66667, 5.66667]);
  });
});

test("layers of images draw anew in training alone, and for every image by itself", async () => {
  const x = ops.convert_to_tensor(
    keras.ndarray(
      Float32Array.from({ length: 64 }, (_, i) => i % 2),
      [32, 1, 2, 1],
    ),
  );
  const flip = layers.RandomFlip("horizontal", { seed: 1 });
  const firsts = async (training: boolean) =>
    ((await held(flip(x, { training }) as keras.Tensor)) as number[][][][]).map((image) => image[0]?.[0]?.[0]);
  expect(new Set(await firsts(false))).toEqual(new Set([0]));
  expect(new Set(await firsts(true))).toEqual(new Set([0, 1]));
});

describe("words", () => {
  const texts = ["Hello, world! Hello.", "the world is THE world"];

  test("a vocabulary is learnt by frequency, of equals the last in order first", async () => {
    const layer = layers.TextVectorization({ max_tokens: 6 });
    layer.adapt(texts);
    expect(layer.get_vocabulary()).toEqual(["", "[UNK]", "world", "the", "hello", "is"]);
    expect(await held((layer as never as (x: unknown) => keras.Tensor)(["hello big world", "is"]))).toEqual([
      [4, 1, 2],
      [5, 0, 0],
    ]);
  });

  test("pairs, sequences of one length, vectors", async () => {
    const call = (options: object) => {
      const layer = layers.TextVectorization({ vocabulary: ["a", "b", "a b"], ...options } as never);
      return held((layer as never as (x: unknown) => keras.Tensor)(["a b", "b c b"]));
    };
    expect(await call({ ngrams: 2, output_sequence_length: 4 })).toEqual([
      [2, 3, 4, 0],
      [3, 1, 3, 1],
    ]);
    expect(await call({ output_mode: "multi_hot" })).toEqual([
      [0, 1, 1, 0],
      [1, 0, 1, 0],
    ]);
    expect(await call({ output_mode: "count", standardize: null, split: "character" })).toEqual([
      [1, 1, 1, 0],
      [3, 0, 2, 0],
    ]);
  });

  test("IntegerLookup looks numbers up on the device", async () => {
    const layer = layers.IntegerLookup({ vocabulary: [42, 7, 1000], mask_token: 0 });
    const x = ops.convert_to_tensor(keras.ndarray(Int32Array.of(7, 42, 5, 0, 1000, 2000), [2, 3]));
    expect(await held(layer(x) as keras.Tensor)).toEqual([
      [3, 2, 1],
      [0, 4, 1],
    ]);
    const back = layers.IntegerLookup({ vocabulary: [42, 7, 1000], mask_token: 0, invert: true });
    expect(await held(back(layer(x) as keras.Tensor) as keras.Tensor)).toEqual([
      [7, 42, -1],
      [0, 1000, -1],
    ]);
  });
});
