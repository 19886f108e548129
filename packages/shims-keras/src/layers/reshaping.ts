// Layers that move elements: other shapes and orders, and edges put around images or taken off.
import { ArgumentError, pad, repeatElements, reshape, resize, ShapeError, slice, transpose } from "@facet/autograd";
import { int, Kind, listOf, oneOf, show } from "@facet/dialect";
import type { WithoutNew } from "../callable.js";
import type { DataFormat } from "../config.js";
import { dataFormatKind, type Pair, positive } from "../kinds.js";
import { elementsOf, reshapedTo } from "../ops/shapes.js";
import { floats, pythonShape, type Shape, Tensor } from "../tensor.js";
import { type LayerClass, layerClass, layerOf } from "./define.js";
import { expectShape } from "./inputs.js";
import { firstAxis, perAxis, type Rank, type Sizes, sizesOf } from "./spatial.js";

const moves = { keepsDtype: true } as const;

/**
 * [n, ...] to [n, product of the rest]. With data_format "channels_first" the channels are moved last before, as Keras does,
 * so that the order of the features is that of "channels_last".
 */
class FlattenLayer extends /* @__PURE__ */ layerOf(
  "Flatten",
  { data_format: dataFormatKind.or(null) },
  ["data_format"],
  moves,
) {
  override compute_output_shape(inputShape: Shape): Shape {
    expectShape(this.className, inputShape);
    return [inputShape[0] ?? null, elementsOf(inputShape.slice(1))];
  }

  override call(x: Tensor): Tensor {
    const channelsFirst = this.data_format === "channels_first" && x.ndim > 2;
    const order = [0, ...x.shape.map((_, i) => i).slice(2), 1];
    return new Tensor(
      reshape(channelsFirst ? transpose(x.core, order) : x.core, this.compute_output_shape(x.shape) as number[]),
    );
  }
}

const reshapeRules = {
  target_shape: listOf(int.where("an integer of at least -1", (extent) => extent >= -1)).where(
    "a list of integers of at least -1, of which one may be -1",
    (shape) => shape.indexOf(-1) === shape.lastIndexOf(-1),
  ),
} as const;
/** [n, ...] to [n, ...target_shape]; one extent may be -1. */
class ReshapeLayer extends /* @__PURE__ */ layerOf("Reshape", reshapeRules, ["target_shape"], moves) {
  override compute_output_shape(inputShape: Shape): Shape {
    expectShape(this.className, inputShape);
    const rest = inputShape.slice(1);
    const target = reshapedTo(rest, this.target_shape);
    if (target) return [inputShape[0] ?? null, ...target];
    const expected = `a shape of the ${elementsOf(rest)} elements of ${pythonShape(rest)}`;
    const given = pythonShape(this.target_shape);
    throw new ShapeError({ op: "Reshape", argument: "target_shape", expected, given });
  }

  override call(x: Tensor): Tensor {
    return new Tensor(reshape(x.core, this.compute_output_shape(x.shape) as number[]));
  }
}

const permuteRules = {
  dims: listOf(int).where("each of 1, 2, ... once", (dims) =>
    [...dims].sort((a, b) => a - b).every((d, i) => d === i + 1),
  ),
} as const;
/** Dimensions in the order of `dims`, which count from 1; the batch stays the first. */
class PermuteLayer extends /* @__PURE__ */ layerOf("Permute", permuteRules, ["dims"], moves) {
  override compute_output_shape(shape: Shape): Shape {
    this.expectRank(shape, this.dims.length + 1);
    return [shape[0] ?? null, ...this.dims.map((d) => shape[d] ?? null)];
  }

  override call(x: Tensor): Tensor {
    this.expectRank(x.shape, this.dims.length + 1);
    return new Tensor(transpose(x.core, [0, ...this.dims]));
  }
}

/** [n, features] to [n, times, features]. */
class RepeatVectorLayer extends /* @__PURE__ */ layerOf("RepeatVector", { n: positive }, ["n"], moves) {
  override compute_output_shape(shape: Shape): Shape {
    this.expectRank(shape, 2);
    return [shape[0] ?? null, this.n, shape[1] ?? null];
  }

  override call(x: Tensor): Tensor {
    this.expectRank(x.shape, 2);
    const [n, features] = x.shape as [number, number];
    return new Tensor(repeatElements(reshape(x.core, [n, 1, features]), this.n, { axis: 1 }));
  }
}

export type Edges = number | Pair | readonly (number | Pair)[];
const isPair = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((edge) => Number.isInteger(edge) && edge >= 0);
/** What is put around or taken off: a number, one for each axis, or before and after for each. Of one axis before and after. */
const edgesOf = (rank: Rank): Kind<Edges> =>
  new Kind<Edges>(
    rank === 1
      ? "an integer of at least 0, or two of them"
      : `an integer of at least 0, or ${rank} of them or pairs of them`,
    (value) =>
      (Number.isInteger(value) && (value as number) >= 0) ||
      (rank === 1
        ? isPair(value)
        : Array.isArray(value) &&
          value.length === rank &&
          value.every((each) => isPair(each) || (Number.isInteger(each) && each >= 0))),
  );
/** Before and after for each axis. */
function pairs(value: Edges, rank: Rank): readonly Pair[] {
  if (typeof value === "number") return new Array<Pair>(rank).fill([value, value]);
  if (rank === 1) return [value as Pair];
  return (value as readonly (number | Pair)[]).map((each) => (typeof each === "number" ? [each, each] : each));
}

const onEach = (amount: number, rank: Rank): Edges => {
  const pair: Pair = [amount, amount];
  return rank === 1 ? pair : new Array<Pair>(rank).fill(pair);
};

const cropRules = (rank: Rank) => ({
  cropping: edgesOf(rank).or(onEach(rank === 2 ? 0 : 1, rank)),
  ...(rank === 1 ? ({} as { data_format: typeof formats }) : { data_format: formats }),
});
const formats = dataFormatKind.or(null);
type CropClass = WithoutNew<
  LayerClass<ReturnType<typeof cropRules>, readonly ["cropping", "data_format"], { cropping: Edges }>
>;

/** Takes edges off: a number for all, one for each axis, or before and after. */
function cropping(rank: Rank): CropClass {
  const name = `Cropping${rank}D`;
  const normal = ({ cropping: given }: { cropping: Edges }) => ({
    cropping: (rank === 1 ? pairs(given, 1)[0] : pairs(given, rank)) as Edges,
  });
  class Cropping extends layerOf(name, cropRules(rank), ["cropping"], { ...moves, normal }) {
    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, rank + 2);
      const first = firstAxis(this.data_format ?? "channels_last");
      const edges = pairs(this.cropping, rank);
      return shape.map((extent, axis) => {
        const [before, after] = edges[axis - first] ?? [0, 0];
        if (extent === null) return null;
        if (before + after < extent || before + after === 0) return extent - before - after;
        const expected = `less than the ${extent} elements of axis ${axis}`;
        throw new ArgumentError({ op: name, argument: "cropping", expected, given: show(this.cropping) });
      });
    }

    override call(x: Tensor): Tensor {
      const extents = this.compute_output_shape(x.shape) as number[];
      const first = firstAxis(this.data_format ?? "channels_last");
      const edges = pairs(this.cropping, rank);
      const starts = extents.map((_, axis) => edges[axis - first]?.[0] ?? 0);
      return new Tensor(
        slice(
          x.core,
          starts,
          extents.map((extent, axis) => extent + (starts[axis] as number)),
        ),
      );
    }
  }
  return layerClass(Cropping) as unknown as CropClass;
}

const padRules = (rank: Rank) => ({
  padding: edgesOf(rank).or(rank === 1 ? 1 : rank === 2 ? [1, 1] : onEach(1, 3)),
  data_format: formats,
});
type PadClass = WithoutNew<
  LayerClass<ReturnType<typeof padRules>, readonly ["padding", "data_format"], { padding: Edges }>
>;

/** Zeros around: a number for all, one for each axis, or before and after. Default 1. */
function zeroPadding(rank: Rank): PadClass {
  const normal = ({ padding }: { padding: Edges }) => ({
    padding: (rank === 1 ? pairs(padding, 1)[0] : pairs(padding, rank)) as Edges,
  });
  const order = ["padding", "data_format"] as const;
  class ZeroPadding extends layerOf(`ZeroPadding${rank}D`, padRules(rank), order, { ...moves, normal }) {
    get #perAxis(): Pair[] {
      const own = pairs(this.padding, rank);
      return this.data_format === "channels_last" ? [[0, 0], ...own, [0, 0]] : [[0, 0], [0, 0], ...own];
    }

    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, rank + 2);
      const perAxis = this.#perAxis;
      return shape.map((extent, i) => (extent === null ? null : extent + perAxis[i]![0] + perAxis[i]![1]));
    }

    override call(x: Tensor): Tensor {
      this.expectRank(x.shape, rank + 2);
      return new Tensor(pad(x.core, this.#perAxis));
    }
  }
  return layerClass(ZeroPadding) as unknown as PadClass;
}

const METHODS = {
  nearest: "nearest",
  bilinear: "linear",
  bicubic: "cubic",
  lanczos3: "lanczos3",
  lanczos5: "lanczos5",
} as const;
/** How images are interpolated, in Keras' words. */
export const interpolationKind = oneOf("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5");
export type Interpolation = keyof typeof METHODS;

/** Images of another size. */
export function resized(
  x: Tensor["core"],
  size: readonly number[],
  format: DataFormat,
  interpolation: Interpolation,
  antialias = false,
): Tensor["core"] {
  const method = METHODS[interpolation];
  // TensorFlow renormalises kernels at the edges but for two taps, where both come to the same.
  const edges = method === "nearest" || method === "linear" ? {} : ({ edges: "renormalise" } as const);
  const channelsLast = format === "channels_last";
  return resize(x, { size, channelsLast, method, antialias: antialias && method !== "nearest", ...edges });
}

const interpolations = interpolationKind.or("nearest" as Interpolation);
const upRules = (rank: Rank) => ({
  size: sizesOf(rank).or(rank === 1 ? 2 : new Array<number>(rank).fill(2)),
  ...(rank === 1 ? ({} as { data_format: typeof formats }) : { data_format: formats }),
  ...(rank === 2 ? { interpolation: interpolations } : ({} as { interpolation: typeof interpolations })),
});
type UpClass = WithoutNew<
  LayerClass<ReturnType<typeof upRules>, readonly ["size", "data_format"], { size: readonly number[] | number }>
>;

/** Every element `size` times along each axis; images may be interpolated instead. */
function upSampling(rank: Rank): UpClass {
  const name = `UpSampling${rank}D`;
  const normal = ({ size }: { size: Sizes }) => ({ size: rank === 1 ? (size as number) : perAxis(size, rank) });
  class UpSampling extends layerOf(name, upRules(rank), ["size", "data_format"], { ...moves, normal }) {
    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, rank + 2);
      const first = firstAxis(this.data_format ?? "channels_last");
      const times = [this.size].flat();
      return shape.map((extent, axis) => (extent === null ? null : extent * (times[axis - first] ?? 1)));
    }

    override call(x: Tensor): Tensor {
      const shape = this.compute_output_shape(x.shape) as number[];
      const format = this.data_format ?? "channels_last";
      const first = firstAxis(format);
      if ((this.interpolation ?? "nearest") !== "nearest")
        return new Tensor(
          resized(floats(x), shape.slice(first, first + 2), format, this.interpolation as Interpolation),
        );
      const times = [this.size].flat();
      return new Tensor(times.reduce((y, n, i) => (n === 1 ? y : repeatElements(y, n, { axis: first + i })), x.core));
    }
  }
  return layerClass(UpSampling) as unknown as UpClass;
}

export const Flatten = /* @__PURE__ */ layerClass(FlattenLayer);
export type Flatten = FlattenLayer;
export const Reshape = /* @__PURE__ */ layerClass(ReshapeLayer);
export type Reshape = ReshapeLayer;
export const Permute = /* @__PURE__ */ layerClass(PermuteLayer);
export type Permute = PermuteLayer;
export const RepeatVector = /* @__PURE__ */ layerClass(RepeatVectorLayer);
export type RepeatVector = RepeatVectorLayer;
export const Cropping1D = /* @__PURE__ */ cropping(1);
export const Cropping2D = /* @__PURE__ */ cropping(2);
export const Cropping3D = /* @__PURE__ */ cropping(3);
export const ZeroPadding1D = /* @__PURE__ */ zeroPadding(1);
export const ZeroPadding2D = /* @__PURE__ */ zeroPadding(2);
export type ZeroPadding2D = InstanceType<typeof ZeroPadding2D>;
export const ZeroPadding3D = /* @__PURE__ */ zeroPadding(3);
export const UpSampling1D = /* @__PURE__ */ upSampling(1);
export const UpSampling2D = /* @__PURE__ */ upSampling(2);
export const UpSampling3D = /* @__PURE__ */ upSampling(3);
