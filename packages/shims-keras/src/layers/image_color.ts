// Layers that change the colours of images at random in training.
import { add, clamp, mean, mul, sub, uniform } from "@facet/autograd";
import { listOf, number, only } from "@facet/dialect";
import { seedGenerator, seedKind } from "../config.js";
import { dataFormatKind } from "../kinds.js";
import type { Tensor } from "../tensor.js";
import type { CallContext } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";
import { bounds, factorKind, imageAxes, inTraining, randomly } from "./image_parts.js";

const range = { value_range: listOf(number, 2).or([0, 255]), seed: seedKind.or(null) } as const;
const further = { "*": null, bounding_box_format: only(null), data_format: dataFormatKind.or(null) } as const;
const images = { sameShape: true, ...randomly } as const;

/** In training adds to every image a share of the range between the bounds of `factor`. */
class RandomBrightnessLayer extends layerOf(
  "RandomBrightness",
  { factor: factorKind(-1, 1), ...range, ...further },
  ["factor"],
  images,
) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, context: CallContext): Tensor {
    const [least, most] = this.value_range as [number, number];
    const [low, high] = bounds(this.factor, -1);
    return inTraining(this, x, context, (given) => {
      const share = add(mul(uniform(this.#keys.next(), [given.shape[0] as number, 1, 1, 1]), high - low), low);
      return clamp(add(given, mul(share, most - least)), least, most);
    });
  }
}

/** In training brings every image away from its mean, or towards it, by a factor between 1 - and 1 + the bounds of `factor`. */
class RandomContrastLayer extends layerOf(
  "RandomContrast",
  { factor: factorKind(0, 1), ...range, ...further },
  ["factor"],
  images,
) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, context: CallContext): Tensor {
    const [least, most] = this.value_range as [number, number];
    const [low, high] = bounds(this.factor, 0);
    const [from, to] = [1 - low, 1 + high];
    return inTraining(this, x, context, (given) => {
      const factor = add(mul(uniform(this.#keys.next(), [given.shape[0] as number, 1, 1, 1]), to - from), from);
      const middle = mean(given, { axes: imageAxes(this.data_format, 4), keepdims: true });
      return clamp(add(mul(sub(given, middle), factor), middle), least, most);
    });
  }
}

export const RandomBrightness = /* @__PURE__ */ layerClass(RandomBrightnessLayer);
export type RandomBrightness = RandomBrightnessLayer;
export const RandomContrast = /* @__PURE__ */ layerClass(RandomContrastLayer);
export type RandomContrast = RandomContrastLayer;
