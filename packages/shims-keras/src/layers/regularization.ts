// Layers that do something in training only: dropping and noise.
import { ArgumentError, add, cast, dropout, greaterEqual, mul, normal, sharedDropout, uniform } from "@facet/autograd";
import { only } from "@facet/dialect";
import type { WithoutNew } from "../callable.js";
import { type SeedGenerator, seedGenerator, seedKind } from "../config.js";
import { dataFormatKind, fraction, nameKind, shape as shapeKind } from "../kinds.js";
import { floats, type Shape, sameTensor, Tensor } from "../tensor.js";
import { type CallContext, withTraining } from "./arguments.js";
import { type LayerClass, layerClass, layerOf } from "./define.js";
import { channelAxis, type Rank } from "./spatial.js";

const options = { sameShape: true, masks: true, call: withTraining } as const;
const seed = seedKind.or(null);

/** x with elements dropped, all or, along extents of 1 in `noise`, together. */
function dropped(x: Tensor, rate: number, source: SeedGenerator, noise?: readonly number[]): Tensor {
  if (rate === 1) return x.mul(0);
  const core = floats(x);
  return new Tensor(noise ? sharedDropout(core, noise, rate, source.next()) : dropout(core, rate, source.next()));
}

/** A noise_shape for an input: null stands for the input's extent. Throws ArgumentError where it does not broadcast to it. */
function noiseFor(op: string, x: Tensor, given: Shape | null): readonly number[] | undefined {
  if (given === null) return undefined;
  const noise = given.map((extent, axis) => extent ?? x.shape[axis] ?? 1);
  if (noise.length === x.ndim && noise.every((extent, axis) => extent === 1 || extent === x.shape[axis])) return noise;
  const expected = `extents of 1, null or those of the input, ${x.shape}`;
  throw new ArgumentError({ op, argument: "noise_shape", expected, given: `${given}` });
}

const dropoutRules = { rate: fraction, noise_shape: shapeKind.or(null), seed } as const;
/**
 * In training zeroes each element with probability `rate` and scales the rest by 1 / (1 - rate); else passes x on. Call n of a
 * layer draws from fold_in(key(seed), n); without a seed the key comes from the program's source.
 */
class DropoutLayer extends /* @__PURE__ */ layerOf("Dropout", dropoutRules, ["rate", "noise_shape", "seed"], options) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, { training }: CallContext): Tensor {
    if (!training || this.rate === 0) return sameTensor(x);
    return dropped(x, this.rate, this.#keys, noiseFor("Dropout", x, this.noise_shape));
  }
}

const ALPHA = -1.6732632423543772 * 1.0507009873554805;
/** In training sets elements to what SELU comes near to, and keeps mean and variance of the whole. */
class AlphaDropoutLayer extends /* @__PURE__ */ layerOf(
  "AlphaDropout",
  dropoutRules,
  ["rate", "noise_shape", "seed"],
  options,
) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, { training }: CallContext): Tensor {
    if (!training || this.rate === 0) return sameTensor(x);
    const noise = noiseFor("AlphaDropout", x, this.noise_shape) ?? x.shape;
    const keep = cast(greaterEqual(uniform(this.#keys.next(), noise), this.rate), "float32");
    const scale = ((1 - this.rate) * (1 + this.rate * ALPHA ** 2)) ** -0.5;
    const kept = add(mul(floats(x), keep), mul(add(mul(keep, -1), 1), ALPHA));
    return new Tensor(add(mul(kept, scale), -scale * ALPHA * this.rate));
  }
}

/** In training multiplies by numbers from N(1, rate / (1 - rate)). */
class GaussianDropoutLayer extends /* @__PURE__ */ layerOf(
  "GaussianDropout",
  { rate: fraction, seed },
  ["rate", "seed"],
  options,
) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, { training }: CallContext): Tensor {
    if (!training || this.rate === 0) return sameTensor(x);
    const deviation = Math.sqrt(this.rate / (1 - this.rate));
    return new Tensor(mul(floats(x), normal(this.#keys.next(), x.shape, 1, deviation)));
  }
}

/** In training adds numbers from N(0, stddev^2). */
class GaussianNoiseLayer extends /* @__PURE__ */ layerOf(
  "GaussianNoise",
  { stddev: fraction, seed },
  ["stddev", "seed"],
  options,
) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, { training }: CallContext): Tensor {
    if (!training || this.stddev === 0) return sameTensor(x);
    return new Tensor(add(floats(x), normal(this.#keys.next(), x.shape, 0, this.stddev)));
  }
}

const spatialRules = {
  rate: fraction,
  data_format: dataFormatKind.or(null),
  seed,
  name: nameKind.or(null),
  dtype: only(null, "float32"),
} as const;
type SpatialClass = WithoutNew<LayerClass<typeof spatialRules, readonly ["rate"], Record<never, never>>>;
/** In training drops whole channels of an example. */
function spatialDropout(rank: Rank): SpatialClass {
  const { data_format, ...ofSequences } = spatialRules;
  const rules = rank === 1 ? (ofSequences as typeof spatialRules) : spatialRules;
  class SpatialDropout extends layerOf(`SpatialDropout${rank}D`, rules, ["rate"], { ...options, closed: true }) {
    readonly #keys = seedGenerator(this.seed);

    override call(x: Tensor, { training }: CallContext): Tensor {
      this.expectRank(x.shape, rank + 2);
      if (!training || this.rate === 0) return sameTensor(x);
      const channels = channelAxis(this.data_format ?? "channels_last");
      const noise = x.shape.map((extent, axis) => (axis === 0 || axis === (channels + x.ndim) % x.ndim ? extent : 1));
      return dropped(x, this.rate, this.#keys, noise);
    }
  }
  return layerClass(SpatialDropout) as unknown as SpatialClass;
}

export const Dropout = /* @__PURE__ */ layerClass(DropoutLayer);
export type Dropout = DropoutLayer;
export const AlphaDropout = /* @__PURE__ */ layerClass(AlphaDropoutLayer);
export type AlphaDropout = AlphaDropoutLayer;
export const GaussianDropout = /* @__PURE__ */ layerClass(GaussianDropoutLayer);
export type GaussianDropout = GaussianDropoutLayer;
export const GaussianNoise = /* @__PURE__ */ layerClass(GaussianNoiseLayer);
export type GaussianNoise = GaussianNoiseLayer;
export const SpatialDropout1D = /* @__PURE__ */ spatialDropout(1);
export const SpatialDropout2D = /* @__PURE__ */ spatialDropout(2);
export const SpatialDropout3D = /* @__PURE__ */ spatialDropout(3);
