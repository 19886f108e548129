// What layers of images share: where rows and columns are, parts, batches, factors that are drawn.
import { ArgumentError, add, type Tensor as CoreTensor, reshape, slice } from "@facet/autograd";
import { Kind, only } from "@facet/dialect";
import { floats, type Shape, Tensor } from "../tensor.js";
import { type CallContext, withTraining } from "./arguments.js";
import { type Interpolation, resized } from "./reshaping.js";

/** What image layers take for boxes, which are not there. */
export const boxes = { factor: only(null), bounding_box_format: only(null) } as const;
export const imageCall = withTraining;
/** What layers say that change images by chance in training, which a call by itself is. */
export const randomly = { call: imageCall, trains: true } as const;

/** Where rows and columns are. */
export const imageAxes = (format: "channels_last" | "channels_first", rank: number): [number, number] =>
  format === "channels_last" ? [rank - 3, rank - 2] : [rank - 2, rank - 1];

/** Refuses what is no image and no batch of them. */
export function expectImages(op: string, shape: Shape): void {
  if (shape.length === 3 || shape.length === 4) return;
  throw new ArgumentError({ op, argument: "inputs", expected: "images of rank 3 or 4", given: `rank ${shape.length}` });
}

/** A shape with other rows and columns. */
export function sized(shape: Shape, format: "channels_last" | "channels_first", height: number, width: number): Shape {
  const [rows, columns] = imageAxes(format, shape.length);
  return shape.map((extent, axis) => (axis === rows ? height : axis === columns ? width : extent));
}

/** f of images as a batch. */
export function batched(x: CoreTensor, f: (x: CoreTensor) => CoreTensor): CoreTensor {
  if (x.rank === 4) return f(x);
  const y = f(reshape(x, [1, ...x.shape]));
  return reshape(y, y.shape.slice(1));
}

/** In training what `change` makes of a batch of images, else images as they are. */
export function inTraining(
  layer: { readonly className: string },
  x: Tensor,
  { training }: CallContext,
  change: (images: CoreTensor) => CoreTensor,
): Tensor {
  expectImages(layer.className, x.shape);
  const core = floats(x);
  return new Tensor(training ? batched(core, change) : add(core, 0));
}

/** The part of images from a row and a column on. */
export function cropped(
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

/** Where the largest part in the middle that has the aspect ratio of a size begins, and its size. */
export function widestPart(
  [height, width]: readonly number[],
  size: readonly [number, number],
): [from: [number, number], part: [number, number]] {
  const rows = Math.max(Math.min(height as number, Math.trunc(((width as number) * size[0]) / size[1])), 1);
  const columns = Math.max(Math.min(width as number, Math.trunc(((height as number) * size[1]) / size[0])), 1);
  const from = [Math.trunc(((height as number) - rows) / 2), Math.trunc(((width as number) - columns) / 2)];
  return [from as [number, number], [rows, columns]];
}
/** The largest part in the middle of images that has the aspect ratio of a size, resized to it. */
export function smartResized(
  x: CoreTensor,
  format: "channels_last" | "channels_first",
  size: readonly [number, number],
  how: Interpolation,
  antialias = false,
): CoreTensor {
  const [from, part] = widestPart(
    imageAxes(format, x.rank).map((axis) => x.shape[axis] as number),
    size,
  );
  return resizedTo(cropped(x, format, from, part), format, size, how, antialias);
}
export const resizedTo = (
  x: CoreTensor,
  format: "channels_last" | "channels_first",
  size: readonly number[],
  how: Interpolation,
  antialias = false,
) => batched(x, (images) => resized(images, size, format, how, antialias));

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
