// Convolutions over one to three axes and transposed ones: one class for each kind, made for every rank.
import { ArgumentError, type Conv2dAttrs, cast, conv, conv2d, convTranspose, transposedPadding } from "@facet/autograd";
import { bool, oneOf, only, show } from "@facet/dialect";
import type { WithoutNew } from "../callable.js";
import { dataFormatKind, padding, positive } from "../kinds.js";
import { type Shape, Tensor } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { activationKind, constraint, initializer, regularizer } from "./arguments.js";
import { type LayerClass, layerClass, layerOf } from "./define.js";
import {
  channelAxis,
  expectStridesOrDilation,
  extentsOf,
  filterLayout,
  layoutOfRank,
  type Padding,
  paddings,
  perAxis,
  type Rank,
  sizesOf,
  type Windows,
  windowExtents,
  withExtents,
} from "./spatial.js";

const weights = {
  activation: activationKind.or(null),
  use_bias: bool.or(true),
  kernel_initializer: initializer.or("glorot_uniform"),
  bias_initializer: initializer.or("zeros"),
  kernel_regularizer: regularizer,
  bias_regularizer: regularizer,
  activity_regularizer: regularizer,
  kernel_constraint: constraint,
  bias_constraint: constraint,
} as const;

/** A default along every axis: a number where there is one axis, as the original has it. */
export const ones = (rank: Rank) => sizesOf(rank).or(rank === 1 ? 1 : new Array<number>(rank).fill(1));

export interface Geometry {
  kernel_size: readonly number[];
  strides: readonly number[];
  dilation_rate: readonly number[];
}
/** Sizes, one for each axis, and what holds among them. */
export function geometry(op: string, rank: Rank, given: object): Geometry {
  const { kernel_size, strides, dilation_rate } = given as Record<string, number | readonly number[]>;
  const found = {
    kernel_size: perAxis(kernel_size as number, rank),
    strides: perAxis(strides as number, rank),
    dilation_rate: perAxis(dilation_rate as number, rank),
  };
  expectStridesOrDilation(op, found.strides, found.dilation_rate);
  return found;
}

export const windowsOf = (layer: Geometry & { padding: Padding | "causal" }): Windows => ({
  sizes: layer.kernel_size,
  strides: layer.strides,
  dilation: layer.dilation_rate,
  padding: layer.padding,
});

const convRules = (rank: Rank) => ({
  filters: positive,
  kernel_size: sizesOf(rank),
  strides: ones(rank),
  padding: (rank === 1 ? oneOf("valid", "same", "causal") : padding).or("valid" as "valid" | "same" | "causal"),
  data_format: dataFormatKind.or(null),
  dilation_rate: ones(rank),
  groups: positive.or(1),
  ...weights,
  "*": null,
  lora_rank: only(null),
  lora_alpha: only(null),
});
const CONV_ORDER = ["filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups"] as const;
type ConvClass = WithoutNew<
  LayerClass<
    ReturnType<typeof convRules>,
    readonly [...typeof CONV_ORDER, "activation", "use_bias"],
    Geometry & { kernel?: VariableBase | undefined; bias?: VariableBase | undefined }
  >
>;

/**
 * Convolution. Input [n, ...extents, c] or, with data_format "channels_first", [n, c, ...extents]; kernel [...kernel_size,
 * c / groups, filters]. Defaults of Keras: strides 1, padding "valid", glorot_uniform kernel, bias of zeros. padding "same" is
 * TensorFlow's: an odd zero goes to the end.
 */
function convolution(name: "Conv1D" | "Conv2D" | "Conv3D", rank: Rank, compute: typeof conv): ConvClass {
  const normal = (given: object, op: string) => geometry(op, rank, given);
  class Convolution extends layerOf(name, convRules(rank), CONV_ORDER, { normal }) {
    kernel: VariableBase | undefined;
    bias: VariableBase | undefined;

    constructor(...args: readonly unknown[]) {
      super(...(args as []));
      if (this.filters % this.groups === 0) return;
      const expected = `a multiple of groups ${this.groups}`;
      throw new ArgumentError({ op: name, argument: "filters", expected, given: `${this.filters}` });
    }

    override build(inputShape: Shape): void {
      this.expectRank(inputShape, rank + 2, true);
      const channels = this.knownExtent(inputShape, channelAxis(this.data_format));
      if (channels % this.groups !== 0) {
        const expected = `a divisor of the ${channels} input channels`;
        throw new ArgumentError({ op: name, argument: "groups", expected, given: `${this.groups}` });
      }
      this.kernel = this.weightOf("kernel", [...this.kernel_size, channels / this.groups, this.filters]);
      if (this.use_bias) this.bias = this.weightOf("bias", [this.filters]);
    }

    #check(shape: Shape): void {
      this.expectRank(shape, rank + 2);
      if (!this.kernel) return;
      const channels = (this.kernel.shape[rank] as number) * this.groups;
      this.expectAxis(shape, channelAxis(this.data_format), channels);
    }

    override compute_output_shape(shape: Shape): Shape {
      this.#check(shape);
      const extents = windowExtents(name, shape, this.data_format, windowsOf(this));
      return withExtents(shape, this.data_format, extents, this.filters);
    }

    override call(x: Tensor): Tensor {
      this.compute_output_shape(x.shape);
      const extents = extentsOf(x.shape, this.data_format, rank) as number[];
      const y = compute(cast(x.core, "float32"), (this.kernel as VariableBase).core, this.bias?.core, {
        layout: layoutOfRank(this.data_format, rank),
        filterLayout: filterLayout(rank),
        stride: this.strides,
        padding: paddings(extents, windowsOf(this)),
        dilation: this.dilation_rate,
        groups: this.groups,
      });
      return this.activation(new Tensor(y));
    }
  }
  return layerClass(Convolution) as unknown as ConvClass;
}

const transposeRules = (rank: Rank) => ({
  filters: positive,
  kernel_size: sizesOf(rank),
  strides: ones(rank),
  padding: padding.or("valid"),
  // The original's of volumes has them the other way round.
  ...(rank === 3 ? { data_format: dataFormatKind.or(null) } : {}),
  output_padding: sizesOf(rank, 0).or(null),
  data_format: dataFormatKind.or(null),
  dilation_rate: ones(rank),
  ...weights,
});
const TRANSPOSE_ORDER = ["filters", "kernel_size", "strides", "padding"] as const;
type TransposeClass = WithoutNew<
  LayerClass<
    ReturnType<typeof transposeRules>,
    typeof TRANSPOSE_ORDER,
    Geometry & { output_padding: readonly number[] | null; kernel?: VariableBase; bias?: VariableBase }
  >
>;

/** The transpose of a convolution; kernel [...kernel_size, filters, c]. `output_padding` is less than the strides. */
function transposed(name: "Conv1DTranspose" | "Conv2DTranspose" | "Conv3DTranspose", rank: Rank): TransposeClass {
  const normal = (given: { strides: unknown; output_padding: number | readonly number[] | null }, op: string) => {
    const sizes = geometry(op, rank, given);
    const output_padding = given.output_padding === null ? null : perAxis(given.output_padding, rank);
    if (output_padding?.some((extra, axis) => extra >= (sizes.strides[axis] as number))) {
      const expected = `less than the strides ${show(sizes.strides)}`;
      throw new ArgumentError({ op, argument: "output_padding", expected, given: show(output_padding) });
    }
    return { ...sizes, output_padding };
  };
  class Transposed extends layerOf(name, transposeRules(rank), TRANSPOSE_ORDER, { normal }) {
    kernel: VariableBase | undefined;
    bias: VariableBase | undefined;

    override build(inputShape: Shape): void {
      this.expectRank(inputShape, rank + 2, true);
      const channels = this.knownExtent(inputShape, channelAxis(this.data_format));
      this.kernel = this.weightOf("kernel", [...this.kernel_size, this.filters, channels]);
      if (this.use_bias) this.bias = this.weightOf("bias", [this.filters]);
    }

    #crops(): [number, number][] {
      return this.kernel_size.map((taps, axis) =>
        transposedPadding("keras", this.padding, {
          taps,
          stride: this.strides[axis] as number,
          dilation: this.dilation_rate[axis] as number,
          outputPadding: this.output_padding?.[axis],
        }),
      );
    }

    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, rank + 2);
      if (this.kernel) this.expectAxis(shape, channelAxis(this.data_format), this.kernel.shape.at(-1) as number);
      const crops = this.#crops();
      const extents = extentsOf(shape, this.data_format, rank).map((extent, axis) => {
        if (extent === null) return null;
        const [before, after] = crops[axis] as [number, number];
        const reach = ((this.kernel_size[axis] as number) - 1) * (this.dilation_rate[axis] as number) + 1;
        return (extent - 1) * (this.strides[axis] as number) + reach - before - after;
      });
      return withExtents(shape, this.data_format, extents, this.filters);
    }

    override call(x: Tensor): Tensor {
      this.compute_output_shape(x.shape);
      const y = convTranspose(cast(x.core, "float32"), (this.kernel as VariableBase).core, this.bias?.core, {
        layout: layoutOfRank(this.data_format, rank),
        filterLayout: filterLayout(rank),
        stride: this.strides,
        padding: this.#crops().flat(),
        dilation: this.dilation_rate,
        groups: 1,
      });
      return this.activation(new Tensor(y));
    }
  }
  return layerClass(Transposed) as unknown as TransposeClass;
}

// A page with images alone carries no kernels of volumes.
const ofImages: typeof conv = (x, w, bias, attrs) => conv2d(x, w, bias, attrs as unknown as Conv2dAttrs);

export const Conv1D = /* @__PURE__ */ convolution("Conv1D", 1, conv);
export type Conv1D = InstanceType<typeof Conv1D>;
export const Conv2D = /* @__PURE__ */ convolution("Conv2D", 2, ofImages);
export type Conv2D = InstanceType<typeof Conv2D>;
export const Conv3D = /* @__PURE__ */ convolution("Conv3D", 3, conv);
export type Conv3D = InstanceType<typeof Conv3D>;
export const Conv1DTranspose = /* @__PURE__ */ transposed("Conv1DTranspose", 1);
export const Conv2DTranspose = /* @__PURE__ */ transposed("Conv2DTranspose", 2);
export const Conv3DTranspose = /* @__PURE__ */ transposed("Conv3DTranspose", 3);
export {
  Conv1D as Convolution1D,
  Conv1DTranspose as Convolution1DTranspose,
  Conv2D as Convolution2D,
  Conv2DTranspose as Convolution2DTranspose,
  Conv3D as Convolution3D,
  Conv3DTranspose as Convolution3DTranspose,
};
