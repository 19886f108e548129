// Layers that change the colours of images at random in training.
import { add, clamp, mean, mul, sub, uniform } from "@facet/autograd";
import { listOf, number, only } from "@facet/dialect";
import { seedGenerator, seedKind } from "../config.js";
import { dataFormatKind } from "../kinds.js";
import { floats, Tensor } from "../tensor.js";
import type { CallContext } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";
import { batched, bounds, expectImages, factorKind, imageAxes, imageCall } from "./image_geometry.js";

const range = { value_range: listOf(number, 2).or([0, 255]), seed: seedKind.or(null) } as const;
const further = { "*": null, bounding_box_format: only(null), data_format: dataFormatKind.or(null) } as const;
const images = { sameShape: true, call: imageCall } as const;

/** In training adds to every image a share of the range between the bounds of `factor`. */
class RandomBrightnessLayer extends layerOf(
  "RandomBrightness",
  { factor: factorKind(-1, 1), ...range, ...further },
  ["factor"],
  images,
) {
  readonly #keys = seedGenerator(this.seed);

  protected override get trainingByDefault(): boolean {
    return true;
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    expectImages(this.className, x.shape);
    const core = floats(x);
    if (!training) return new Tensor(add(core, 0));
    const [least, most] = this.value_range as [number, number];
    const [low, high] = bounds(this.factor, -1);
    return new Tensor(
      batched(core, (given) => {
        const share = add(mul(uniform(this.#keys.next(), [given.shape[0] as number, 1, 1, 1]), high - low), low);
        return clamp(add(given, mul(share, most - least)), least, most);
      }),
    );
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

  protected override get trainingByDefault(): boolean {
    return true;
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    expectImages(this.className, x.shape);
    const core = floats(x);
    if (!training) return new Tensor(add(core, 0));
    const [least, most] = this.value_range as [number, number];
    const [low, high] = bounds(this.factor, 0);
    const [from, to] = [1 - low, 1 + high];
    return new Tensor(
      batched(core, (given) => {
        const factor = add(mul(uniform(this.#keys.next(), [given.shape[0] as number, 1, 1, 1]), to - from), from);
        const middle = mean(given, { axes: imageAxes(this.data_format, 4), keepdims: true });
        return clamp(add(mul(sub(given, middle), factor), middle), least, most);
      }),
    );
  }
}

export const RandomBrightness = /* @__PURE__ */ layerClass(RandomBrightnessLayer);
export type RandomBrightness = RandomBrightnessLayer;
export const RandomContrast = /* @__PURE__ */ layerClass(RandomContrastLayer);
export type RandomContrast = RandomContrastLayer;
