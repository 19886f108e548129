// Layers that change the size of images, or move what is in them at random in training.
import {
  ArgumentError,
  add,
  arange,
  type Tensor as CoreTensor,
  cast,
  concat,
  cos,
  flip,
  gridSample,
  lessEqual,
  mul,
  pad,
  reshape,
  round,
  sin,
  slice,
  sub,
  transpose,
  uniform,
  where,
} from "@facet/autograd";
import { bool, Kind, number, oneOf, only } from "@facet/dialect";
import { seedGenerator, seedKind } from "../config.js";
import { dataFormatKind, nameKind, positive } from "../kinds.js";
import { floats, type Shape, Tensor } from "../tensor.js";
import { type CallContext, withTraining } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";
import { type Interpolation, interpolationKind, resized } from "./reshaping.js";

/** What image layers take for boxes, which are not there. */
export const boxes = { factor: only(null), bounding_box_format: only(null) } as const;
export const imageCall = withTraining;

/** Where rows and columns are. */
export const imageAxes = (format: "channels_last" | "channels_first", rank: number): [number, number] =>
  format === "channels_last" ? [rank - 3, rank - 2] : [rank - 2, rank - 1];

/** Refuses what is no image and no batch of them. */
export function expectImages(op: string, shape: Shape): void {
  if (shape.length === 3 || shape.length === 4) return;
  throw new ArgumentError({ op, argument: "inputs", expected: "images of rank 3 or 4", given: `rank ${shape.length}` });
}

/** A shape with other rows and columns. */
function sized(shape: Shape, format: "channels_last" | "channels_first", height: number, width: number): Shape {
  const [rows, columns] = imageAxes(format, shape.length);
  return shape.map((extent, axis) => (axis === rows ? height : axis === columns ? width : extent));
}

/** f of images as a batch. */
export function batched(x: CoreTensor, f: (x: CoreTensor) => CoreTensor): CoreTensor {
  if (x.rank === 4) return f(x);
  const y = f(reshape(x, [1, ...x.shape]));
  return reshape(y, y.shape.slice(1));
}

/** The part of images from a row and a column on. */
function cropped(
  x: CoreTensor,
  format: "channels_last" | "channels_first",
  from: readonly number[],
  size: readonly number[],
): CoreTensor {
  const axes = imageAxes(format, x.rank);
  const start = x.shape.map((_, axis) => (axes.includes(axis) ? (from[axes.indexOf(axis)] as number) : 0));
  const stop = x.shape.map((extent, axis) =>
    axes.includes(axis) ? (start[axis] as number) + (size[axes.indexOf(axis)] as number) : extent,
  );
  return slice(x, start, stop);
}

/** The largest part in the middle of images that has the aspect ratio of a size, resized to it. */
function smartResized(
  x: CoreTensor,
  format: "channels_last" | "channels_first",
  size: readonly [number, number],
  how: Interpolation,
  antialias = false,
): CoreTensor {
  const [height, width] = imageAxes(format, x.rank).map((axis) => x.shape[axis] as number) as [number, number];
  const rows = Math.max(Math.min(height, Math.trunc((width * size[0]) / size[1])), 1);
  const columns = Math.max(Math.min(width, Math.trunc((height * size[1]) / size[0])), 1);
  const from = [Math.trunc((height - rows) / 2), Math.trunc((width - columns) / 2)];
  return resizedTo(cropped(x, format, from, [rows, columns]), format, size, how, antialias);
}
const resizedTo = (
  x: CoreTensor,
  format: "channels_last" | "channels_first",
  size: readonly number[],
  how: Interpolation,
  antialias = false,
) => batched(x, (images) => resized(images, size, format, how, antialias));

const resizingRules = {
  height: positive,
  width: positive,
  interpolation: interpolationKind.or("bilinear" as Interpolation),
  crop_to_aspect_ratio: bool.or(false),
  pad_to_aspect_ratio: bool.or(false),
  fill_mode: oneOf("constant").or("constant"),
  fill_value: number.or(0),
  antialias: bool.or(false),
  data_format: dataFormatKind.or(null),
  "*": null,
  ...boxes,
} as const;
/** Images of height x width; the aspect ratio may be kept by cropping, or by putting `fill_value` around. */
class ResizingLayer extends layerOf("Resizing", resizingRules, ["height", "width", "interpolation"], {
  keepsDtype: true,
  call: imageCall,
}) {
  override compute_output_shape(shape: Shape): Shape {
    expectImages(this.className, shape);
    return sized(shape, this.data_format, this.height, this.width);
  }

  override call(x: Tensor): Tensor {
    expectImages(this.className, x.shape);
    const size = [this.height, this.width] as const;
    const { data_format: format, interpolation, antialias } = this;
    let core = floats(x);
    if (this.crop_to_aspect_ratio) core = smartResized(core, format, size, interpolation, antialias);
    else {
      if (this.pad_to_aspect_ratio) core = this.#padded(core);
      core = resizedTo(core, format, size, interpolation, antialias);
    }
    return new Tensor(x.dtype === "int32" ? cast(round(core), "int32") : core);
  }

  #padded(x: CoreTensor): CoreTensor {
    const axes = imageAxes(this.data_format, x.rank);
    const [height, width] = axes.map((axis) => x.shape[axis] as number) as [number, number];
    const rows = Math.max(height, Math.trunc((width * this.height) / this.width));
    const columns = Math.max(width, Math.trunc((height * this.width) / this.height));
    // As much on both sides: one row or column too few is stretched.
    const around = [Math.trunc((rows - height) / 2), Math.trunc((columns - width) / 2)];
    const edges = x.shape.map((_, axis): [number, number] => {
      const at = axes.indexOf(axis);
      return at < 0 ? [0, 0] : [around[at] as number, around[at] as number];
    });
    return pad(x, edges, this.fill_value);
  }
}

const cropRules = {
  height: positive,
  width: positive,
  data_format: dataFormatKind.or(null),
  "*": null,
  ...boxes,
} as const;
/** The middle of images; smaller ones are resized, the aspect ratio kept by cropping. */
class CenterCropLayer extends layerOf("CenterCrop", cropRules, ["height", "width"], { call: imageCall }) {
  override compute_output_shape(shape: Shape): Shape {
    expectImages(this.className, shape);
    return sized(shape, this.data_format, this.height, this.width);
  }

  override call(x: Tensor): Tensor {
    expectImages(this.className, x.shape);
    const core = floats(x);
    const [height, width] = imageAxes(this.data_format, x.ndim).map((axis) => x.shape[axis] as number) as [
      number,
      number,
    ];
    const size = [this.height, this.width] as const;
    if (height < size[0] || width < size[1]) return new Tensor(smartResized(core, this.data_format, size, "bilinear"));
    const from = [Math.floor((height - size[0]) / 2), Math.floor((width - size[1]) / 2)];
    return new Tensor(cropped(core, this.data_format, from, size));
  }
}

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
class RandomCropLayer extends layerOf("RandomCrop", randomCropRules, ["height", "width", "seed"], { call: imageCall }) {
  readonly #keys = seedGenerator(this.seed);

  protected override get trainingByDefault(): boolean {
    return true;
  }

  override compute_output_shape(shape: Shape): Shape {
    expectImages(this.className, shape);
    return sized(shape, this.data_format, this.height, this.width);
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    expectImages(this.className, x.shape);
    const core = floats(x);
    if (!training) return new Tensor(core === x.core ? add(core, 0) : core);
    const axes = imageAxes(this.data_format, x.ndim);
    const [height, width] = axes.map((axis) => x.shape[axis] as number) as [number, number];
    const size = [this.height, this.width] as const;
    if (height <= size[0] || width <= size[1]) {
      const rows = Math.max(Math.min(height, Math.trunc((width * size[0]) / size[1])), 1);
      const columns = Math.max(Math.min(width, Math.trunc((height * size[1]) / size[0])), 1);
      const from = [Math.trunc((height - rows) / 2), Math.trunc((width - columns) / 2)] as const;
      const kept = [Math.min(size[0], height - from[0]), Math.min(size[1], width - from[1])];
      const part = cropped(core, this.data_format, from, kept);
      return new Tensor(`${kept}` === `${size}` ? part : resizedTo(part, this.data_format, size, "bilinear"));
    }
    // The place is drawn on the device: every one of a grid of whole steps, by the sample nearest to it.
    const start = [height - size[0] + 1, width - size[1] + 1].map((count) =>
      sub(round(add(mul(uniform(this.#keys.next(), [1, 1]), count), 0.5 - 1e-4)), 1),
    ) as [CoreTensor, CoreTensor];
    return new Tensor(
      batched(core, (images) => {
        const [x0, y0] = [start[1], start[0]];
        const matrix = { a: [1, 0, x0], b: [0, 1, y0] } as const;
        return sampled(
          images,
          this.data_format,
          matrix,
          { interpolation: "nearest", fill_mode: "nearest", fill_value: 0 },
          size,
        );
      }),
    );
  }
}

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

/** A number, for between its negative and itself, or the two bounds. */
export type Factor = number | readonly [number, number];
export const factorKind = (least: number, most: number): Kind<Factor> => {
  const fits = (value: unknown): boolean => typeof value === "number" && value >= least && value <= most;
  return new Kind<Factor>(
    `a number from ${least} to ${most}, or two of them`,
    (value) => fits(value) || (Array.isArray(value) && value.length === 2 && value.every(fits)),
  );
};
/** The bounds of a factor, in order. */
export function bounds(factor: Factor, least = Number.NEGATIVE_INFINITY): [number, number] {
  if (typeof factor !== "number") return [Math.min(...factor), Math.max(...factor)];
  const size = Math.abs(factor);
  return [Math.max(-size, least), size];
}
const fillings = {
  fill_mode: oneOf("reflect", "constant", "nearest").or("reflect" as Filling["fill_mode"]),
  interpolation: oneOf("bilinear", "nearest").or("bilinear" as Filling["interpolation"]),
  seed: seedKind.or(null),
  fill_value: number.or(0),
  data_format: dataFormatKind.or(null),
} as const;
const images = { sameShape: true, call: imageCall } as const;

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

  protected override get trainingByDefault(): boolean {
    return true;
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    expectImages(this.className, x.shape);
    const core = floats(x);
    if (!training) return new Tensor(add(core, 0));
    const [rows, columns] = imageAxes(this.data_format, 4);
    return new Tensor(
      batched(core, (given) => {
        const flips = lessEqual(uniform(this.#keys.next(), [given.shape[0] as number, 1, 1, 1]), 0.5);
        let y = given;
        if (this.mode !== "vertical") y = where(flips, flip(y, [columns]), y);
        return this.mode === "horizontal" ? y : where(flips, flip(y, [rows]), y);
      }),
    );
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

  protected override get trainingByDefault(): boolean {
    return true;
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    expectImages(this.className, x.shape);
    const core = floats(x);
    if (!training) return new Tensor(add(core, 0));
    return new Tensor(
      batched(core, (given) => {
        const [h, w] = imageAxes(this.data_format, 4).map((axis) => (given.shape[axis] as number) - 1) as [
          number,
          number,
        ];
        const angle = mul(drawn(this.#keys.next(), given.shape[0] as number, bounds(this.factor)), 2 * Math.PI);
        const [c, s] = [cos(angle), sin(angle)];
        const across = mul(sub(w, sub(mul(c, w), mul(s, h))), 0.5);
        const down = mul(sub(h, add(mul(s, w), mul(c, h))), 0.5);
        return sampled(given, this.data_format, { a: [c, mul(s, -1), across], b: [s, c, down] }, this);
      }),
    );
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

  protected override get trainingByDefault(): boolean {
    return true;
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    expectImages(this.className, x.shape);
    const core = floats(x);
    if (!training) return new Tensor(add(core, 0));
    return new Tensor(
      batched(core, (given) => {
        const [h, w] = imageAxes(this.data_format, 4).map((axis) => given.shape[axis] as number) as [number, number];
        const n = given.shape[0] as number;
        const down = mul(drawn(this.#keys.next(), n, bounds(this.height_factor)), -h);
        const across = mul(drawn(this.#keys.next(), n, bounds(this.width_factor)), -w);
        return sampled(given, this.data_format, { a: [1, 0, across], b: [0, 1, down] }, this);
      }),
    );
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

  protected override get trainingByDefault(): boolean {
    return true;
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    expectImages(this.className, x.shape);
    const core = floats(x);
    if (!training) return new Tensor(add(core, 0));
    return new Tensor(
      batched(core, (given) => {
        const [h, w] = imageAxes(this.data_format, 4).map((axis) => ((given.shape[axis] as number) - 1) / 2) as [
          number,
          number,
        ];
        const zoom = (factor: Factor) => add(drawn(this.#keys.next(), given.shape[0] as number, bounds(factor)), 1);
        const down = zoom(this.height_factor);
        const across = this.width_factor === null ? down : zoom(this.width_factor);
        const a = [across, 0, mul(sub(1, across), w)] as const;
        return sampled(given, this.data_format, { a, b: [0, down, mul(sub(1, down), h)] }, this);
      }),
    );
  }
}

export const Resizing = /* @__PURE__ */ layerClass(ResizingLayer);
export type Resizing = ResizingLayer;
export const CenterCrop = /* @__PURE__ */ layerClass(CenterCropLayer);
export type CenterCrop = CenterCropLayer;
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
