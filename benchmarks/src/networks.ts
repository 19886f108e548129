// Networks beyond the three CNNs, written once over the ops that a library brings: a residual network with batch normalisation, a
// transformer of characters, an LSTM that classifies sequences. Sizes are data; forward passes know no library.

/** What a weight is to a library that lays some of them out in its own way. */
export type WeightRole = "filter" | "channel" | "matrix" | "vector" | "table";

export interface WeightShape {
  readonly role: WeightRole;
  readonly shape: readonly number[];
  /** Half width of its uniform values, around `centre` (default 0). */
  readonly scale: number;
  readonly centre?: number;
}

/** The ops that a library brings. Images are in its own layout; sequences are [batch, steps, features]. */
export interface NetworkOps<T> {
  /** Convolution without bias, padded so that stride 1 keeps the size. */
  conv(x: T, filter: T, stride: number): T;
  /** By the statistics of the batch, epsilon 1e-5. */
  batchNorm(x: T, scale: T, bias: T): T;
  relu(x: T): T;
  add(a: T, b: T): T;
  /** Mean over an image's places: [batch, channels]. */
  globalMean(x: T): T;
  /** x [..., in] by [in, out], plus a bias. */
  dense(x: T, matrix: T, bias: T): T;
  /** Rows of a table by tokens [batch, steps]. */
  embed(table: T, tokens: T): T;
  /** Over the last dimension, epsilon 1e-5. */
  layerNorm(x: T, scale: T, bias: T): T;
  /** Attention of every step to itself and those before it; q, k and v [batch, steps, width] hold the heads side by side. */
  causalAttention(q: T, k: T, v: T, heads: number): T;
  /** By tanh. */
  gelu(x: T): T;
  /** State after the last step, [batch, units]; gates input, forget, candidate, output. */
  lstm(x: T, input: T, recurrent: T, bias: T): T;
}

interface Network {
  /** Shape of one example: an image [h, w, c], or tokens [steps]. */
  readonly example: readonly number[];
  readonly tokens: number | undefined;
  readonly classes: number;
  /** Whether every step has a label, or every example. */
  readonly labelled: "steps" | "examples";
  readonly weights: readonly WeightShape[];
  readonly flops: (batch: number) => number;
  readonly forward: <T>(ops: NetworkOps<T>, weights: readonly T[], input: T) => T;
}

const filter = (kernel: number, from: number, to: number): WeightShape => ({
  role: "filter",
  shape: [kernel, kernel, from, to],
  scale: 1 / Math.sqrt(kernel * kernel * from),
});
const norm = (role: "channel" | "vector", width: number): WeightShape[] => [
  { role, shape: [width], scale: 0.1, centre: 1 },
  { role, shape: [width], scale: 0.1 },
];
const dense = (from: number, to: number): WeightShape[] => [
  { role: "matrix", shape: [from, to], scale: 1 / Math.sqrt(from) },
  { role: "vector", shape: [to], scale: 1 / Math.sqrt(from) },
];

/** Takes weights one after another. */
const taker = <T>(weights: readonly T[]): (() => T) => {
  let next = 0;
  return () => weights[next++] as T;
};

/** A first convolution, then stages of two convolutions and a shortcut; every stage but the first halves the image. */
function residualNetwork(size: number, channels: number, widths: readonly number[], classes: number): Network {
  const [first] = widths as [number];
  const stages = widths.map((to, i) => ({
    from: i === 0 ? first : (widths[i - 1] as number),
    to,
    stride: i === 0 ? 1 : 2,
  }));
  const weights = [
    filter(3, channels, first),
    ...norm("channel", first),
    ...stages.flatMap(({ from, to, stride }) => [
      filter(3, from, to),
      ...norm("channel", to),
      filter(3, to, to),
      ...norm("channel", to),
      ...(stride === 1 ? [] : [filter(1, from, to), ...norm("channel", to)]),
    ]),
    ...dense(widths.at(-1) as number, classes),
  ];
  return {
    example: [size, size, channels],
    tokens: undefined,
    classes,
    labelled: "examples",
    weights,
    flops: (batch) => {
      let extent = size;
      let sum = 2 * 9 * channels * first * size * size * 2;
      for (const { from, to, stride } of stages) {
        extent /= stride;
        sum += 3 * 2 * extent * extent * to * (9 * from + 9 * to + (stride === 1 ? 0 : from));
      }
      return batch * sum;
    },
    forward: (ops, all, images) => {
      const take = taker(all);
      const block = (x: Parameters<typeof ops.relu>[0], stride: number) =>
        ops.batchNorm(ops.conv(x, take(), stride), take(), take());
      let x = ops.relu(block(images, 1));
      for (const { stride } of stages) {
        const inner = block(ops.relu(block(x, stride)), 1);
        x = ops.relu(ops.add(inner, stride === 1 ? x : block(x, stride)));
      }
      return ops.dense(ops.globalMean(x), take(), take());
    },
  };
}

/** Layers of attention and a perceptron, each after a normalisation and beside a shortcut; the next character of every one. */
function transformer(layers: number, width: number, heads: number, steps: number, characters: number): Network {
  const weights: WeightShape[] = [
    { role: "table", shape: [characters, width], scale: 0.1 },
    { role: "matrix", shape: [steps, width], scale: 0.1 },
    ...Array.from({ length: layers }, () => [
      ...norm("vector", width),
      ...dense(width, width),
      ...dense(width, width),
      ...dense(width, width),
      ...dense(width, width),
      ...norm("vector", width),
      ...dense(width, 4 * width),
      ...dense(4 * width, width),
    ]).flat(),
    ...norm("vector", width),
    ...dense(width, characters),
  ];
  return {
    example: [steps],
    tokens: characters,
    classes: characters,
    labelled: "steps",
    weights,
    flops: (batch) => 3 * 2 * batch * steps * (layers * (12 * width * width + steps * width) + width * characters),
    forward: (ops, all, tokens) => {
      const take = taker(all);
      let x = ops.embed(take(), tokens);
      x = ops.add(x, take());
      for (let i = 0; i < layers; i++) {
        const y = ops.layerNorm(x, take(), take());
        const q = ops.dense(y, take(), take());
        const k = ops.dense(y, take(), take());
        const v = ops.dense(y, take(), take());
        x = ops.add(x, ops.dense(ops.causalAttention(q, k, v, heads), take(), take()));
        const z = ops.layerNorm(x, take(), take());
        const hidden = ops.gelu(ops.dense(z, take(), take()));
        x = ops.add(x, ops.dense(hidden, take(), take()));
      }
      return ops.dense(ops.layerNorm(x, take(), take()), take(), take());
    },
  };
}

/** Words to vectors, one LSTM over them, its last state to classes. */
function lstmClassifier(words: number, width: number, units: number, steps: number, classes: number): Network {
  return {
    example: [steps],
    tokens: words,
    classes,
    labelled: "examples",
    weights: [
      { role: "table", shape: [words, width], scale: 0.5 },
      { role: "matrix", shape: [width, 4 * units], scale: 1 / Math.sqrt(units) },
      { role: "matrix", shape: [units, 4 * units], scale: 1 / Math.sqrt(units) },
      { role: "vector", shape: [4 * units], scale: 1 / Math.sqrt(units) },
      ...dense(units, classes),
    ],
    flops: (batch) => 3 * 2 * batch * (steps * (width + units) * 4 * units + units * classes),
    forward: (ops, all, tokens) => {
      const take = taker(all);
      const x = ops.embed(take(), tokens);
      return ops.dense(ops.lstm(x, take(), take(), take()), take(), take());
    },
  };
}

/** The first three are timed; the tiny ones are for tests. */
export const networks = {
  resnet: residualNetwork(32, 3, [16, 32, 64], 10),
  transformer: transformer(4, 128, 4, 64, 65),
  lstm: lstmClassifier(1000, 64, 128, 64, 2),
  resnet_tiny: residualNetwork(8, 3, [4, 8], 3),
  transformer_tiny: transformer(2, 8, 2, 6, 11),
  lstm_tiny: lstmClassifier(13, 5, 7, 6, 3),
} satisfies Record<string, Network>;

export type NetworkName = keyof typeof networks;
