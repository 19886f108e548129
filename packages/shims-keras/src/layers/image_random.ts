// Layers that move what is in images at random in training.
import {
  add,
  arange,
  type Tensor as CoreTensor,
  concat,
  cos,
  flip,
  gridSample,
  lessEqual,
  mul,
  reshape,
  round,
  sin,
  sub,
  transpose,
  uniform,
  where,
} from "@facet/autograd";
import { number, oneOf, only } from "@facet/dialect";
import { seedGenerator, seedKind } from "../config.js";
import { dataFormatKind, nameKind, positive } from "../kinds.js";
import type { Shape, Tensor } from "../tensor.js";
import type { CallContext } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";
import {
  bounds,
  boxes,
  cropped,
  expectImages,
  type Factor,
  factorKind,
  imageAxes,
  inTraining,
  randomly,
  resizedTo,
  sized,
  widestPart,
} from "./image_parts.js";

/** Rows of matrices that give for places in the result places in the image: numbers, or [n, 1] for every image. */
interface Matrix {
  readonly a: readonly [CoreTensor | number, CoreTensor | number, CoreTensor | number];
  readonly b: readonly [CoreTensor | number, CoreTensor | number, CoreTensor | number];
}
interface Filling {
  readonly interpolation: "bilinear" | "nearest";
  readonly fill_mode: "reflect" | "constant" | "nearest";
  readonly fill_value: number;
}
const MODES = { reflect: "reflection", constant: "zeros", nearest: "border" } as const;

/** Images at places that matrices say, in pixels; of their own size unless another is given. */
function sampled(
  x: CoreTensor,
  format: "channels_last" | "channels_first",
  { a, b }: Matrix,
  filling: Filling,
  size?: readonly number[],
): CoreTensor {
  const last = format === "channels_last";
  const images = last ? transpose(x, [0, 3, 1, 2]) : x;
  const [n, , height, width] = images.shape as [number, number, number, number];
  const [rows, columns] = (size ?? [height, width]) as [number, number];
  const xs = reshape(arange(0, columns), [1, 1, columns]);
  const ys = reshape(arange(0, rows), [1, rows, 1]);
  const of = (value: CoreTensor | number): CoreTensor | number =>
    typeof value === "number" ? value : reshape(value, [value.shape[0] as number, 1, 1]);
  const place = ([u, v, w]: Matrix["a"], extent: number): CoreTensor => {
    const flat = add(add(mul(xs, of(u)), mul(ys, of(v))), of(w));
    return reshape(sub(mul(add(flat, 0.5), 2 / extent), 1), [n, rows, columns, 1]);
  };
  const grid = concat([place(a, width), place(b, height)], -1);
  const options = { mode: filling.interpolation, paddingMode: MODES[filling.fill_mode], alignCorners: false };
  const shift = filling.fill_mode === "constant" ? filling.fill_value : 0;
  const y = gridSample(shift === 0 ? images : sub(images, shift), grid, options);
  const filled = shift === 0 ? y : add(y, shift);
  return last ? transpose(filled, [0, 2, 3, 1]) : filled;
}
const fillings = {
  fill_mode: oneOf("reflect", "constant", "nearest").or("reflect" as Filling["fill_mode"]),
  interpolation: oneOf("bilinear", "nearest").or("bilinear" as Filling["interpolation"]),
  seed: seedKind.or(null),
  fill_value: number.or(0),
  data_format: dataFormatKind.or(null),
} as const;
const images = { sameShape: true, ...randomly } as const;
/** Images at whole steps: no value between two, and none from outside. */
const AS_IT_IS: Filling = { interpolation: "nearest", fill_mode: "nearest", fill_value: 0 };
const randomCropRules = {
  height: positive,
  width: positive,
  seed: seedKind.or(null),
  data_format: dataFormatKind.or(null),
  name: nameKind.or(null),
  "*": null,
  ...boxes,
} as const;
/** In training one part of all images, drawn by chance; smaller images are resized. Else images as they are. */
class RandomCropLayer extends layerOf("RandomCrop", randomCropRules, ["height", "width", "seed"], randomly) {
  readonly #keys = seedGenerator(this.seed);

  override compute_output_shape(shape: Shape): Shape {
    expectImages(this.className, shape);
    return sized(shape, this.data_format, this.height, this.width);
  }

  override call(x: Tensor, context: CallContext): Tensor {
    return inTraining(this, x, context, (given) => {
      const [height, width] = imageAxes(this.data_format, 4).map((axis) => given.shape[axis] as number) as [
        number,
        number,
      ];
      const size = [this.height, this.width] as const;
      if (height <= size[0] || width <= size[1]) {
        const [from] = widestPart([height, width], size);
        const kept = [Math.min(size[0], height - from[0]), Math.min(size[1], width - from[1])];
        const part = cropped(given, this.data_format, from, kept);
        return `${kept}` === `${size}` ? part : resizedTo(part, this.data_format, size, "bilinear");
      }
      // The place is drawn on the device: every one of a grid of whole steps, by the sample nearest to it.
      const [down, across] = [height - size[0] + 1, width - size[1] + 1].map((count) =>
        sub(round(add(mul(uniform(this.#keys.next(), [1, 1]), count), 0.5 - 1e-4)), 1),
      ) as [CoreTensor, CoreTensor];
      return sampled(given, this.data_format, { a: [1, 0, across], b: [0, 1, down] }, AS_IT_IS, size);
    });
  }
}

const flipRules = {
  mode: oneOf("horizontal", "vertical", "horizontal_and_vertical").or(
    "horizontal_and_vertical" as "horizontal" | "vertical" | "horizontal_and_vertical",
  ),
  seed: seedKind.or(null),
  data_format: dataFormatKind.or(null),
  "*": null,
  ...boxes,
} as const;
/** In training mirrors every other image, by chance. */
class RandomFlipLayer extends layerOf("RandomFlip", flipRules, ["mode", "seed"], images) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, context: CallContext): Tensor {
    const [rows, columns] = imageAxes(this.data_format, 4);
    return inTraining(this, x, context, (given) => {
      const flips = lessEqual(uniform(this.#keys.next(), [given.shape[0] as number, 1, 1, 1]), 0.5);
      let y = given;
      if (this.mode !== "vertical") y = where(flips, flip(y, [columns]), y);
      return this.mode === "horizontal" ? y : where(flips, flip(y, [rows]), y);
    });
  }
}

/** Numbers [n, 1] between bounds. */
const drawn = (
  key: ReturnType<ReturnType<typeof seedGenerator>["next"]>,
  n: number,
  [low, high]: readonly [number, number],
): CoreTensor => add(mul(uniform(key, [n, 1]), high - low), low);

const rotationRules = { factor: factorKind(-1, 1), ...fillings, "*": null, bounding_box_format: only(null) } as const;
/** In training turns every image by a share of a full circle between the bounds of `factor`, against the clock. */
class RandomRotationLayer extends layerOf(
  "RandomRotation",
  rotationRules,
  ["factor", "fill_mode", "interpolation"],
  images,
) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, context: CallContext): Tensor {
    return inTraining(this, x, context, (given) => {
      const [h, w] = imageAxes(this.data_format, 4).map((axis) => (given.shape[axis] as number) - 1) as [
        number,
        number,
      ];
      const angle = mul(drawn(this.#keys.next(), given.shape[0] as number, bounds(this.factor)), 2 * Math.PI);
      const [c, s] = [cos(angle), sin(angle)];
      const across = mul(sub(w, sub(mul(c, w), mul(s, h))), 0.5);
      const down = mul(sub(h, add(mul(s, w), mul(c, h))), 0.5);
      return sampled(given, this.data_format, { a: [c, mul(s, -1), across], b: [s, c, down] }, this);
    });
  }
}

const translationRules = {
  height_factor: factorKind(-1, 1),
  width_factor: factorKind(-1, 1),
  ...fillings,
  "*": null,
  ...boxes,
} as const;
/** In training moves every image by shares of its height and width between the bounds: down and to the right where positive. */
class RandomTranslationLayer extends layerOf(
  "RandomTranslation",
  translationRules,
  ["height_factor", "width_factor"],
  images,
) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, context: CallContext): Tensor {
    return inTraining(this, x, context, (given) => {
      const [h, w] = imageAxes(this.data_format, 4).map((axis) => given.shape[axis] as number) as [number, number];
      const n = given.shape[0] as number;
      const down = mul(drawn(this.#keys.next(), n, bounds(this.height_factor)), -h);
      const across = mul(drawn(this.#keys.next(), n, bounds(this.width_factor)), -w);
      return sampled(given, this.data_format, { a: [1, 0, across], b: [0, 1, down] }, this);
    });
  }
}

const zoomRules = {
  height_factor: factorKind(-1, 1),
  width_factor: factorKind(-1, 1).or(null),
  ...fillings,
  "*": null,
  ...boxes,
} as const;
/** In training zooms every image out by shares between the bounds, in where they are negative; width as height unless given. */
class RandomZoomLayer extends layerOf("RandomZoom", zoomRules, ["height_factor", "width_factor"], images) {
  readonly #keys = seedGenerator(this.seed);

  override call(x: Tensor, context: CallContext): Tensor {
    return inTraining(this, x, context, (given) => {
      const [h, w] = imageAxes(this.data_format, 4).map((axis) => ((given.shape[axis] as number) - 1) / 2) as [
        number,
        number,
      ];
      const zoom = (factor: Factor) => add(drawn(this.#keys.next(), given.shape[0] as number, bounds(factor)), 1);
      const down = zoom(this.height_factor);
      const across = this.width_factor === null ? down : zoom(this.width_factor);
      const a = [across, 0, mul(sub(1, across), w)] as const;
      return sampled(given, this.data_format, { a, b: [0, down, mul(sub(1, down), h)] }, this);
    });
  }
}

export const RandomCrop = /* @__PURE__ */ layerClass(RandomCropLayer);
export type RandomCrop = RandomCropLayer;
export const RandomFlip = /* @__PURE__ */ layerClass(RandomFlipLayer);
export type RandomFlip = RandomFlipLayer;
export const RandomRotation = /* @__PURE__ */ layerClass(RandomRotationLayer);
export type RandomRotation = RandomRotationLayer;
export const RandomTranslation = /* @__PURE__ */ layerClass(RandomTranslationLayer);
export type RandomTranslation = RandomTranslationLayer;
export const RandomZoom = /* @__PURE__ */ layerClass(RandomZoomLayer);
export type RandomZoom = RandomZoomLayer;
