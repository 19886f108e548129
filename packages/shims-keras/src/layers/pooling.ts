// Pooling by windows, by windows that a result's size says, and over all places: one class for each kind, made for every rank.
import {
  adaptiveAvgPool,
  adaptiveMaxPool,
  avgPool,
  avgPool2d,
  cast,
  div,
  globalAvgPool,
  globalMaxPool,
  maxPool,
  maxPool2d,
  reshape,
  sum,
  where,
} from "@facet/autograd";
import { bool } from "@facet/dialect";
import type { WithoutNew } from "../callable.js";
import { array, dataFormatKind, nameKind, padding } from "../kinds.js";
import { asTensor, floats, type Shape, Tensor, type TensorLike } from "../tensor.js";
import { type LayerClass, layerClass, layerOf } from "./define.js";
import type { Masks } from "./masks.js";
import {
  extentsOf,
  firstAxis,
  paddings,
  perAxis,
  type Rank,
  type Sizes,
  sizesOf,
  type Windows,
  windowExtents,
  withExtents,
} from "./spatial.js";

const poolRules = (rank: Rank, mean: boolean) => ({
  pool_size: mean ? sizesOf(rank) : sizesOf(rank).or(rank === 1 ? 2 : new Array<number>(rank).fill(2)),
  strides: sizesOf(rank).or(null),
  padding: padding.or("valid"),
  data_format: dataFormatKind.or(null),
  name: nameKind.or(null),
});
const POOL_ORDER = ["pool_size", "strides", "padding", "data_format", "name"] as const;
interface PoolAttributes {
  pool_size: readonly number[];
  strides: readonly number[];
}
type MaxRules = Omit<ReturnType<typeof poolRules>, "pool_size"> & {
  pool_size: ReturnType<ReturnType<typeof sizesOf>["or"]>;
};
type PoolClass = WithoutNew<LayerClass<MaxRules, typeof POOL_ORDER, PoolAttributes>>;

/**
 * The largest element of each window, or its mean; strides default to pool_size. With padding "same" what lies outside counts as
 * -infinity, and not at all for a mean.
 */
function pooling(kind: "Max" | "Average", rank: Rank, pool: typeof maxPool): PoolClass {
  const normal = ({ pool_size, strides }: { pool_size: Sizes; strides: Sizes | null }) => ({
    pool_size: perAxis(pool_size, rank),
    strides: perAxis(strides ?? pool_size, rank),
  });
  const name = `${kind}Pooling${rank}D`;
  class Pooling extends layerOf(name, poolRules(rank, kind === "Average"), POOL_ORDER, {
    normal: normal as never as () => PoolAttributes,
    keepsDtype: kind === "Max",
  }) {
    get #windows(): Windows {
      const dilation = new Array<number>(rank).fill(1);
      return { sizes: this.pool_size, strides: this.strides, dilation, padding: this.padding };
    }

    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, rank + 2);
      return withExtents(shape, this.data_format, windowExtents(name, shape, this.data_format, this.#windows));
    }

    override call(x: Tensor): Tensor {
      this.compute_output_shape(x.shape);
      const pooled = pool(floats(x, name), {
        window: this.pool_size,
        stride: this.strides,
        padding: paddings(extentsOf(x.shape, this.data_format, rank) as number[], this.#windows),
        channelsLast: this.data_format === "channels_last",
      });
      return new Tensor(kind === "Max" ? cast(pooled, x.dtype) : pooled);
    }
  }
  return layerClass(Pooling) as unknown as PoolClass;
}

const adaptiveRules = (rank: Rank) => ({ output_size: sizesOf(rank), data_format: dataFormatKind.or(null) });
const ADAPTIVE_ORDER = ["output_size", "data_format"] as const;
type AdaptiveClass = WithoutNew<
  LayerClass<ReturnType<typeof adaptiveRules>, typeof ADAPTIVE_ORDER, { output_size: readonly number[] }>
>;

/** Windows that together cover the input and give a result of `output_size`. */
function adaptive(kind: "Max" | "Average", rank: Rank): AdaptiveClass {
  const name = `Adaptive${kind}Pooling${rank}D`;
  const normal = ({ output_size }: { output_size: Sizes }) => ({ output_size: perAxis(output_size, rank) });
  class Adaptive extends layerOf(name, adaptiveRules(rank), ADAPTIVE_ORDER, { normal }) {
    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, rank + 2);
      return withExtents(shape, this.data_format, this.output_size);
    }

    override call(x: Tensor): Tensor {
      this.expectRank(x.shape, rank + 2);
      const pool = kind === "Max" ? adaptiveMaxPool : adaptiveAvgPool;
      const channelsLast = this.data_format === "channels_last";
      return new Tensor(pool(floats(x, name), { outputSize: this.output_size, channelsLast }));
    }
  }
  return layerClass(Adaptive) as unknown as AdaptiveClass;
}

const globalRules = { data_format: dataFormatKind.or(null), keepdims: bool.or(false) } as const;
const GLOBAL_ORDER = ["data_format", "keepdims"] as const;
type GlobalClass = WithoutNew<LayerClass<typeof globalRules, typeof GLOBAL_ORDER, Record<never, never>>>;

/** The largest element over all places, or their mean: [n, c], with keepdims extents of 1. The mean of steps follows their mask. */
function overall(kind: "Max" | "Average", rank: Rank): GlobalClass {
  const name = `Global${kind}Pooling${rank}D`;
  const masked = kind === "Average" && rank === 1;
  class Overall extends layerOf(name, globalRules, GLOBAL_ORDER, {
    ...(masked ? { call: { mask: array.or(null) } } : {}),
  }) {
    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, rank + 2);
      const first = firstAxis(this.data_format);
      const within = (axis: number): boolean => axis >= first && axis < first + rank;
      if (this.keepdims) return shape.map((extent, axis) => (within(axis) ? 1 : extent));
      return shape.filter((_, axis) => !within(axis));
    }

    override compute_mask(): Masks {
      return null;
    }

    override call(x: Tensor, { mask = null }: { mask?: TensorLike | null } = {}): Tensor {
      this.expectRank(x.shape, rank + 2);
      const channelsLast = this.data_format === "channels_last";
      if (mask !== null) return meanOfKept(x, asTensor(mask), channelsLast, this.keepdims);
      const pool = kind === "Max" ? globalMaxPool : globalAvgPool;
      return new Tensor(pool(floats(x, name), channelsLast, this.keepdims));
    }
  }
  return layerClass(Overall) as unknown as GlobalClass;
}

/** The mean of the steps that a mask [n, steps] keeps. */
function meanOfKept(x: Tensor, mask: Tensor, channelsLast: boolean, keepdims: boolean): Tensor {
  const [n, steps] = mask.shape as [number, number];
  const keep = reshape(cast(mask.core, "bool"), channelsLast ? [n, steps, 1] : [n, 1, steps]);
  const options = { axes: [channelsLast ? 1 : 2], keepdims };
  return new Tensor(div(sum(where(keep, floats(x), 0), options), sum(cast(keep, "float32"), options)));
}

// A page with images alone carries no kernels of volumes.
const ofImages =
  (pool: typeof maxPool2d): typeof maxPool =>
  (x, { channelsLast, window, stride, padding }) =>
    pool(x, {
      window: window as [number, number],
      stride: stride as [number, number],
      padding: padding as [number, number, number, number],
      layout: channelsLast ? "NHWC" : "NCHW",
    });

/** The largest of each window of [n, steps, c]. Default pool_size 2, strides as pool_size, padding "valid". */
export const MaxPooling1D = /* @__PURE__ */ pooling("Max", 1, maxPool);
/** The largest of each window of [n, h, w, c]. Default pool_size 2, strides as pool_size, padding "valid". */
export const MaxPooling2D = /* @__PURE__ */ pooling("Max", 2, /* @__PURE__ */ ofImages(maxPool2d));
export type MaxPooling2D = InstanceType<typeof MaxPooling2D>;
/** The largest of each window of [n, d, h, w, c]. Default pool_size 2, strides as pool_size, padding "valid". */
export const MaxPooling3D = /* @__PURE__ */ pooling("Max", 3, maxPool);
/** The mean of each window of [n, steps, c]. Default pool_size 2, strides as pool_size, padding "valid". Places outside are not counted. */
export const AveragePooling1D = /* @__PURE__ */ pooling("Average", 1, avgPool);
/** The mean of each window of [n, h, w, c]. Default pool_size 2, strides as pool_size, padding "valid". Places outside are not counted. */
export const AveragePooling2D = /* @__PURE__ */ pooling("Average", 2, /* @__PURE__ */ ofImages(avgPool2d));
export type AveragePooling2D = InstanceType<typeof AveragePooling2D>;
/** The mean of each window of [n, d, h, w, c]. Default pool_size 2, strides as pool_size, padding "valid". Places outside are not counted. */
export const AveragePooling3D = /* @__PURE__ */ pooling("Average", 3, avgPool);
/** The largest of each part of [n, steps, c], so many along each axis as output_size says. */
export const AdaptiveMaxPooling1D = /* @__PURE__ */ adaptive("Max", 1);
/** The largest of each part of [n, h, w, c], so many along each axis as output_size says. */
export const AdaptiveMaxPooling2D = /* @__PURE__ */ adaptive("Max", 2);
/** The largest of each part of [n, d, h, w, c], so many along each axis as output_size says. */
export const AdaptiveMaxPooling3D = /* @__PURE__ */ adaptive("Max", 3);
/** The mean of each part of [n, steps, c], so many along each axis as output_size says. */
export const AdaptiveAveragePooling1D = /* @__PURE__ */ adaptive("Average", 1);
/** The mean of each part of [n, h, w, c], so many along each axis as output_size says. */
export const AdaptiveAveragePooling2D = /* @__PURE__ */ adaptive("Average", 2);
/** The mean of each part of [n, d, h, w, c], so many along each axis as output_size says. */
export const AdaptiveAveragePooling3D = /* @__PURE__ */ adaptive("Average", 3);
/** The largest over steps: [n, steps, c] to [n, c], or with extents of 1 where keepdims (default false). */
export const GlobalMaxPooling1D = /* @__PURE__ */ overall("Max", 1);
/** The largest over h, w: [n, h, w, c] to [n, c], or with extents of 1 where keepdims (default false). */
export const GlobalMaxPooling2D = /* @__PURE__ */ overall("Max", 2);
/** The largest over d, h, w: [n, d, h, w, c] to [n, c], or with extents of 1 where keepdims (default false). */
export const GlobalMaxPooling3D = /* @__PURE__ */ overall("Max", 3);
/** The mean over steps: [n, steps, c] to [n, c], or with extents of 1 where keepdims (default false). */
export const GlobalAveragePooling1D = /* @__PURE__ */ overall("Average", 1);
/** The mean over h, w: [n, h, w, c] to [n, c], or with extents of 1 where keepdims (default false). */
export const GlobalAveragePooling2D = /* @__PURE__ */ overall("Average", 2);
export type GlobalAveragePooling2D = InstanceType<typeof GlobalAveragePooling2D>;
/** The mean over d, h, w: [n, d, h, w, c] to [n, c], or with extents of 1 where keepdims (default false). */
export const GlobalAveragePooling3D = /* @__PURE__ */ overall("Average", 3);
export {
  AveragePooling1D as AvgPool1D,
  AveragePooling2D as AvgPool2D,
  AveragePooling3D as AvgPool3D,
  GlobalAveragePooling1D as GlobalAvgPool1D,
  GlobalAveragePooling2D as GlobalAvgPool2D,
  GlobalAveragePooling3D as GlobalAvgPool3D,
  GlobalMaxPooling1D as GlobalMaxPool1D,
  GlobalMaxPooling2D as GlobalMaxPool2D,
  GlobalMaxPooling3D as GlobalMaxPool3D,
  MaxPooling1D as MaxPool1D,
  MaxPooling2D as MaxPool2D,
  MaxPooling3D as MaxPool3D,
};
