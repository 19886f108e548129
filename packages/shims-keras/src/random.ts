// keras.random: numbers of a seed. A source of seeds (SeedGenerator) gives others in every call, and in every run of a captured step.
import "./start.js";
import * as core from "@facet/autograd";
import { type Args, define, int, Kind, listOf, number, oneOf, signature } from "@facet/dialect";
import { type Makes, withoutNew } from "./callable.js";
import { nextKey, SeedGenerator as Source, seedKind } from "./config.js";
import { array, fraction, knownShape, nameKind, wholeNumber } from "./kinds.js";
import { asTensor, floats, Tensor, type TensorLike } from "./tensor.js";

const readGenerator = signature("keras.random.SeedGenerator", { seed: int.or(null), name: nameKind.or(null) });
type GeneratorArguments = { seed: number | null; name: string | null };
/** A source of seeds: each draw takes the next. Without a seed it begins with one of the program's. */
export const SeedGenerator = withoutNew(Source, (args) => {
  const { seed } = readGenerator(args);
  return [seed ?? nextKey()];
}) as unknown as Makes<Args<[seed: number | null, name: string | null], GeneratorArguments>, Source>;
export type SeedGenerator = Source;

export type Seed = number | Source | null;
/** A number gives the same every time, a source the next, null the program's next. */
const keyOf = (seed: Seed): core.Key => {
  if (seed instanceof Source) return seed.next();
  return seed === null ? nextKey() : core.keyFromSeed(seed);
};

type Shape = readonly number[];
type FloatDtype = "float32" | null;
const shape = knownShape;
const floatDtype = oneOf("float32").orNone.or(null);
const seed = seedKind.or(null);
type Common = { shape: Shape; dtype: FloatDtype; seed: Seed };
type Draw<Rest extends readonly unknown[], N> = (
  ...args: Args<[shape: Shape, ...Rest, dtype: FloatDtype, seed: Seed], N & Common>
) => Tensor;
const made = (x: core.Tensor): Tensor => new Tensor(x);

type Bounds = { minval: number; maxval: number };
/** Uniform from minval to below maxval. */
export const uniform: Draw<[minval: number, maxval: number], Bounds> = define(
  "keras.random.uniform",
  { shape, minval: number.or(0), maxval: number.or(1), dtype: floatDtype, seed },
  ({ shape: extents, minval, maxval, seed: given }) => made(core.uniform(keyOf(given), extents, minval, maxval)),
);
type Moments = { mean: number; stddev: number };
/** Normal of a mean and a standard deviation. */
export const normal: Draw<[mean: number, stddev: number], Moments> = define(
  "keras.random.normal",
  { shape, mean: number.or(0), stddev: number.or(1), dtype: floatDtype, seed },
  ({ shape: extents, mean, stddev, seed: given }) => made(core.normal(keyOf(given), extents, mean, stddev)),
);
/** Normal, cut at two standard deviations. */
export const truncated_normal: Draw<[mean: number, stddev: number], Moments> = define(
  "keras.random.truncated_normal",
  { shape, mean: number.or(0), stddev: number.or(1), dtype: floatDtype, seed },
  ({ shape: extents, mean, stddev, seed: given }) =>
    made(core.add(core.mul(core.truncatedNormal(keyOf(given), extents, -2, 2), stddev), mean)),
);
const wide = (x: TensorLike, extents: Shape, op: string): core.Tensor => core.expand(floats(x, op), extents);
/** Gamma of a shape alpha (a number or an array) and scale 1. */
export const gamma: Draw<[alpha: TensorLike], { alpha: TensorLike }> = define(
  "keras.random.gamma",
  { shape, alpha: array, dtype: floatDtype, seed },
  ({ shape: extents, alpha, seed: given }) =>
    made(core.randomGamma(keyOf(given), wide(alpha, extents, "gamma"), extents)),
);
/** Beta of two numbers or arrays. */
export const beta: Draw<[alpha: TensorLike, beta: TensorLike], { alpha: TensorLike; beta: TensorLike }> = define(
  "keras.random.beta",
  { shape, alpha: array, beta: array, dtype: floatDtype, seed },
  ({ shape: extents, alpha, beta: second, seed: given }) =>
    made(core.randomBeta(keyOf(given), wide(alpha, extents, "beta"), wide(second, extents, "beta"), extents)),
);
/** How many of `counts` tries succeed that each do with a probability. */
export const binomial: Draw<
  [counts: TensorLike, probabilities: TensorLike],
  { counts: TensorLike; probabilities: TensorLike }
> = define(
  "keras.random.binomial",
  { shape, counts: array, probabilities: array, dtype: floatDtype, seed },
  ({ shape: extents, counts, probabilities, seed: given }) => {
    const most = largest(counts);
    const tries = core.uniform(keyOf(given), [most, ...extents]);
    const hit = core.less(tries, wide(probabilities, extents, "binomial"));
    const number = core.reshape(core.arange(0, most), [most, ...extents.map(() => 1)]);
    const counted = core.logicalAnd(
      hit,
      core.less(core.expand(number, [most, ...extents]), wide(counts, extents, "binomial")),
    );
    return made(core.sum(core.cast(counted, "float32"), { axes: [0] }));
  },
);
/** The largest number of tries, which the host must know. */
function largest(counts: TensorLike): number {
  const { core: x } = asTensor(counts, "binomial");
  const values = Array.from({ length: x.size }, (_, i) => core.knownValue(x, i));
  const known = values.filter((value) => value !== undefined);
  if (known.length === values.length) return Math.max(0, ...known);
  const expected = "numbers that the program gave";
  throw new core.ArgumentError({ op: "binomial", argument: "counts", expected, given: "what the device computed" });
}

type IntegerArguments = { shape: Shape; minval: number; maxval: number; dtype: "int32"; seed: Seed };
/** Integers (int32) from minval to below maxval. */
export const randint: (
  ...args: Args<[shape: Shape, minval: number, maxval: number, dtype: "int32", seed: Seed], IntegerArguments>
) => Tensor = define(
  "keras.random.randint",
  { shape, minval: int, maxval: int, dtype: oneOf("int32").or("int32"), seed },
  ({ shape: extents, minval, maxval, seed: given }) => made(core.randint(keyOf(given), extents, minval, maxval)),
);
type CategoricalArguments = { logits: TensorLike; num_samples: number; dtype: "int32"; seed: Seed };
/** `num_samples` classes (int32) for each row of logits, [rows, num_samples]. */
export const categorical: (
  ...args: Args<[logits: TensorLike, num_samples: number, dtype: "int32", seed: Seed], CategoricalArguments>
) => Tensor = define(
  "keras.random.categorical",
  { logits: array, num_samples: wholeNumber, dtype: oneOf("int32").or("int32"), seed },
  ({ logits, num_samples, seed: given }) => {
    const rows = floats(logits, "categorical");
    if (rows.rank === 2) return made(core.transpose(core.categorical(keyOf(given), rows, [num_samples])));
    const shown = core.formatShape(rows.shape);
    throw new core.ShapeError({ op: "categorical", argument: "logits", expected: "[rows, classes]", given: shown });
  },
);
type ShuffleArguments = { axis: number; seed: Seed };
/** The slices along `axis` in random order. */
export const shuffle: (x: TensorLike, ...rest: Args<[axis: number, seed: Seed], ShuffleArguments>) => Tensor = define(
  "keras.random.shuffle",
  { x: array, axis: int.or(0), seed },
  ({ x, axis, seed: given }) => {
    const { core: all } = asTensor(x, "shuffle");
    const at = axis < 0 ? axis + all.rank : axis;
    const extent = all.shape[at];
    if (extent === undefined) {
      const expected = `an integer from ${-all.rank} to ${all.rank - 1}`;
      throw new core.ArgumentError({ op: "shuffle", argument: "axis", expected, given: `${axis}` });
    }
    return made(core.take(all, core.shuffledOrder(keyOf(given), extent), { axis: at }));
  },
);
type DropoutArguments = { rate: number; noise_shape: readonly (number | null)[] | null; seed: Seed };
const noiseShape = listOf(
  new Kind<number | null>("an extent, or null", (n) => n === null || Number.isInteger(n)),
).orNone;
/** Each element 0 with probability `rate`, the others by 1 / (1 - rate); with a noise_shape, whole slices together. */
export const dropout: (
  inputs: TensorLike,
  ...rest: Args<[rate: number, noise_shape: readonly (number | null)[] | null, seed: Seed], DropoutArguments>
) => Tensor = define(
  "keras.random.dropout",
  { inputs: array, rate: fraction, noise_shape: noiseShape.or(null), seed },
  ({ inputs, rate, noise_shape, seed: given }) => {
    const x = floats(inputs, "dropout");
    if (noise_shape === null) return made(core.dropout(x, rate, keyOf(given)));
    const extents = (noise_shape as readonly (number | null)[]).map((n, i) => n ?? (x.shape[i] as number));
    return made(core.mul(x, core.dropout(core.ones(extents), rate, keyOf(given))));
  },
);
