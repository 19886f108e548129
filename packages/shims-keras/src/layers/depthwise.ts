// Convolutions of single channels, alone and before one of single places.
import { conv, reshape, separableConv } from "@facet/autograd";
import { bool } from "@facet/dialect";
import type { WithoutNew } from "../callable.js";
import { dataFormatKind, padding, positive } from "../kinds.js";
import { floats, type Shape, Tensor } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { activationKind, constraint, initializer, regularizer } from "./arguments.js";
import { type Geometry, geometry, ones, windowsOf } from "./convolution.js";
import { type LayerClass, layerClass, layerOf } from "./define.js";
import {
  channelAxis,
  extentsOf,
  filterLayout,
  layoutOfRank,
  paddings,
  type Rank,
  sizesOf,
  windowExtents,
  withExtents,
} from "./spatial.js";

/** A kernel [...taps, c, multiplier] as that of a convolution in c groups, [...taps, 1, c multiplier]. */
const byGroups = ({ core }: VariableBase) =>
  reshape(core, [...core.shape.slice(0, -2), 1, (core.shape.at(-2) as number) * (core.shape.at(-1) as number)]);

const depthwiseRules = (rank: Rank) => ({
  kernel_size: sizesOf(rank),
  strides: ones(rank),
  padding: padding.or("valid"),
  depth_multiplier: positive.or(1),
  data_format: dataFormatKind.or(null),
  dilation_rate: ones(rank),
  activation: activationKind.or(null),
  use_bias: bool.or(true),
  depthwise_initializer: initializer.or("glorot_uniform"),
  bias_initializer: initializer.or("zeros"),
  depthwise_regularizer: regularizer,
  bias_regularizer: regularizer,
  activity_regularizer: regularizer,
  depthwise_constraint: constraint,
  bias_constraint: constraint,
});
const DEPTHWISE_ORDER = ["kernel_size", "strides", "padding", "depth_multiplier"] as const;
type DepthwiseClass = WithoutNew<
  LayerClass<
    ReturnType<typeof depthwiseRules>,
    typeof DEPTHWISE_ORDER,
    Geometry & { kernel?: VariableBase; bias?: VariableBase }
  >
>;

/** Every channel by filters of its own, `depth_multiplier` of them; kernel [...kernel_size, c, depth_multiplier]. */
function depthwise(name: "DepthwiseConv1D" | "DepthwiseConv2D", rank: Rank): DepthwiseClass {
  const normal = (given: object, op: string) => geometry(op, rank, given);
  class Depthwise extends layerOf(name, depthwiseRules(rank), DEPTHWISE_ORDER, { normal }) {
    kernel: VariableBase | undefined;
    bias: VariableBase | undefined;

    override build(inputShape: Shape): void {
      this.expectRank(inputShape, rank + 2, true);
      const channels = this.knownExtent(inputShape, channelAxis(this.data_format));
      const shape = [...this.kernel_size, channels, this.depth_multiplier];
      this.kernel = this.weightOf("depthwise", shape, { name: "kernel" });
      if (this.use_bias) this.bias = this.weightOf("bias", [channels * this.depth_multiplier]);
    }

    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, rank + 2);
      if (this.kernel) this.expectAxis(shape, channelAxis(this.data_format), this.kernel.shape[rank] as number);
      const channels = this.knownExtent(shape, channelAxis(this.data_format)) * this.depth_multiplier;
      const extents = windowExtents(name, shape, this.data_format, windowsOf(this));
      return withExtents(shape, this.data_format, extents, channels);
    }

    override call(x: Tensor): Tensor {
      this.compute_output_shape(x.shape);
      const y = conv(floats(x), byGroups(this.kernel as VariableBase), this.bias?.core, {
        layout: layoutOfRank(this.data_format, rank),
        filterLayout: filterLayout(rank),
        stride: this.strides,
        padding: paddings(extentsOf(x.shape, this.data_format, rank) as number[], windowsOf(this)),
        dilation: this.dilation_rate,
        groups: this.knownExtent(x.shape, channelAxis(this.data_format)),
      });
      return this.activation(new Tensor(y));
    }
  }
  return layerClass(Depthwise) as unknown as DepthwiseClass;
}

const separableRules = (rank: Rank) => ({
  filters: positive,
  kernel_size: sizesOf(rank),
  strides: ones(rank),
  padding: padding.or("valid"),
  data_format: dataFormatKind.or(null),
  dilation_rate: ones(rank),
  depth_multiplier: positive.or(1),
  activation: activationKind.or(null),
  use_bias: bool.or(true),
  depthwise_initializer: initializer.or("glorot_uniform"),
  pointwise_initializer: initializer.or("glorot_uniform"),
  bias_initializer: initializer.or("zeros"),
  depthwise_regularizer: regularizer,
  pointwise_regularizer: regularizer,
  bias_regularizer: regularizer,
  activity_regularizer: regularizer,
  depthwise_constraint: constraint,
  pointwise_constraint: constraint,
  bias_constraint: constraint,
});
const SEPARABLE_ORDER = ["filters", "kernel_size", "strides", "padding"] as const;
type SeparableClass = WithoutNew<
  LayerClass<
    ReturnType<typeof separableRules>,
    typeof SEPARABLE_ORDER,
    Geometry & { depthwise_kernel?: VariableBase; pointwise_kernel?: VariableBase; bias?: VariableBase }
  >
>;

/** A depthwise convolution, then one of single places that mixes the channels into `filters`. */
function separable(name: "SeparableConv1D" | "SeparableConv2D", rank: Rank): SeparableClass {
  const normal = (given: object, op: string) => geometry(op, rank, given);
  class Separable extends layerOf(name, separableRules(rank), SEPARABLE_ORDER, { normal }) {
    depthwise_kernel: VariableBase | undefined;
    pointwise_kernel: VariableBase | undefined;
    bias: VariableBase | undefined;

    override build(inputShape: Shape): void {
      this.expectRank(inputShape, rank + 2, true);
      const channels = this.knownExtent(inputShape, channelAxis(this.data_format));
      const depthwise = [...this.kernel_size, channels, this.depth_multiplier];
      this.depthwise_kernel = this.weightOf("depthwise", depthwise, { name: "depthwise_kernel" });
      const pointwise = [...this.kernel_size.map(() => 1), channels * this.depth_multiplier, this.filters];
      this.pointwise_kernel = this.weightOf("pointwise", pointwise, { name: "pointwise_kernel" });
      if (this.use_bias) this.bias = this.weightOf("bias", [this.filters]);
    }

    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, rank + 2);
      const kernel = this.depthwise_kernel;
      if (kernel) this.expectAxis(shape, channelAxis(this.data_format), kernel.shape[rank] as number);
      const extents = windowExtents(name, shape, this.data_format, windowsOf(this));
      return withExtents(shape, this.data_format, extents, this.filters);
    }

    override call(x: Tensor): Tensor {
      this.compute_output_shape(x.shape);
      const depthwise = byGroups(this.depthwise_kernel as VariableBase);
      const pointwise = (this.pointwise_kernel as VariableBase).core;
      const y = separableConv(floats(x), depthwise, pointwise, this.bias?.core, {
        layout: layoutOfRank(this.data_format, rank),
        filterLayout: filterLayout(rank),
        stride: this.strides,
        padding: paddings(extentsOf(x.shape, this.data_format, rank) as number[], windowsOf(this)),
        dilation: this.dilation_rate,
      });
      return this.activation(new Tensor(y));
    }
  }
  return layerClass(Separable) as unknown as SeparableClass;
}

export const DepthwiseConv1D = /* @__PURE__ */ depthwise("DepthwiseConv1D", 1);
export const DepthwiseConv2D = /* @__PURE__ */ depthwise("DepthwiseConv2D", 2);
export const SeparableConv1D = /* @__PURE__ */ separable("SeparableConv1D", 1);
export const SeparableConv2D = /* @__PURE__ */ separable("SeparableConv2D", 2);
export { SeparableConv1D as SeparableConvolution1D, SeparableConv2D as SeparableConvolution2D };
