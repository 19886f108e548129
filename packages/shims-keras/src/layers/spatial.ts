// What layers over one to three spatial axes share.
import { ArgumentError, ShapeError, samePadding } from "@facet/autograd";
import { Kind, show } from "@facet/dialect";
import type { DataFormat } from "../config.js";
import { pythonShape, type Shape } from "../tensor.js";

export type Padding = "valid" | "same";
export type Rank = 1 | 2 | 3;
/** A number for all axes, or one for each. */
export type Sizes = number | readonly number[];

export const channelAxis = (format: DataFormat): number => (format === "channels_last" ? -1 : 1);
/** The first of the spatial axes. */
export const firstAxis = (format: DataFormat): 1 | 2 => (format === "channels_last" ? 1 : 2);

/** Integers along `rank` axes: one for all, or one for each; `least` is the smallest allowed. */
export const sizesOf = (rank: Rank, least = 1): Kind<Sizes> => {
  const fits = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= least;
  return new Kind<Sizes>(
    `an integer of at least ${least}, or ${rank === 1 ? "a list of one" : `${rank} of them`}`,
    (value) => fits(value) || (Array.isArray(value) && value.length === rank && value.every(fits)),
  );
};

/** One for each axis, frozen: a tuple. */
export const perAxis = (value: Sizes, rank: Rank): readonly number[] =>
  Object.freeze(typeof value === "number" ? new Array<number>(rank).fill(value) : [...value]);

const LAYOUTS = {
  channels_last: ["NWC", "NHWC", "NDHWC"],
  channels_first: ["NCW", "NCHW", "NCDHW"],
} as const;
export const layoutOfRank = (format: DataFormat, rank: Rank) => LAYOUTS[format][rank - 1] as "NHWC" | "NCHW";
export const filterLayout = (rank: Rank) => (["WIO", "HWIO", "DHWIO"] as const)[rank - 1] as "HWIO";

export interface Windows {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: Padding | "causal";
}

/** Zeros before and after each axis, in pairs; "same" is TensorFlow's rule, an odd zero at the end; "causal" puts all before. */
export function paddings(extents: readonly number[], { sizes, strides, dilation, padding }: Windows): number[] {
  return extents.flatMap((extent, axis) => {
    const [size, stride, step] = [sizes[axis] as number, strides[axis] as number, dilation[axis] as number];
    if (padding === "causal") return [(size - 1) * step, 0];
    return padding === "valid" ? [0, 0] : samePadding(extent, size, stride, step);
  });
}

/** Extents of the results of windows; null stays null. Throws ShapeError where no window fits. */
export function windowExtents(op: string, shape: Shape, format: DataFormat, windows: Windows): (number | null)[] {
  const first = firstAxis(format);
  const { sizes, strides, dilation, padding } = windows;
  return sizes.map((size, axis) => {
    const extent = shape[first + axis] ?? null;
    if (extent === null) return null;
    const stride = strides[axis] as number;
    const reach = (size - 1) * (dilation[axis] as number) + 1;
    const result = padding === "valid" ? Math.floor((extent - reach) / stride) + 1 : Math.ceil(extent / stride);
    if (result > 0) return result;
    const expected = `at least ${reach} along axis ${first + axis}, which the window covers`;
    throw new ShapeError({ op, argument: "inputs", expected, given: pythonShape(shape) });
  });
}

/** A shape with other spatial extents, and other channels where they are given. */
export function withExtents(
  shape: Shape,
  format: DataFormat,
  extents: readonly (number | null)[],
  channels?: number,
): Shape {
  const kept = shape.at(channelAxis(format)) ?? null;
  const last = channels ?? kept;
  return format === "channels_last" ? [shape[0] ?? null, ...extents, last] : [shape[0] ?? null, last, ...extents];
}

/** The spatial extents of a shape. */
export const extentsOf = (shape: Shape, format: DataFormat, rank: Rank): (number | null)[] =>
  shape.slice(firstAxis(format), firstAxis(format) + rank);

/** Refuses windows that are both spread out and moved by more than one, as Keras does. */
export function expectStridesOrDilation(op: string, strides: readonly number[], dilation: readonly number[]): void {
  if (Math.max(...strides) === 1 || Math.max(...dilation) === 1) return;
  const expected = "1 where strides are above 1, as Keras has it";
  throw new ArgumentError({ op, argument: "dilation_rate", expected, given: show(dilation) });
}
