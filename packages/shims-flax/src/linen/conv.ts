// linen.Conv and ConvTranspose: images [..., spatial axes, channels].
import { ArgumentError } from "@facet/autograd";
import { bool, int, signature, type Values } from "@facet/dialect";
import {
  type ArrayLike,
  arrayLike,
  type Given,
  type Initializer,
  type JaxArray,
  precision,
  preferred,
} from "@facet/shims-jax/parts";
import { conv, convTranspose } from "../layers/conv.js";
import { floats, listed } from "../layers/dense.js";
import {
  dtype,
  extent,
  kernelDefault,
  mask,
  type Padding,
  padding,
  param_dtype,
  promote_dtype,
  replaced,
  sizes,
  zerosDefault,
} from "../rules.js";
import { Module, STANDING } from "./module.js";

type Sizes = number | readonly number[];
const SHARED = {
  use_bias: bool.or(true),
  mask,
  dtype,
  param_dtype,
  precision,
  kernel_init: kernelDefault,
  bias_init: zerosDefault,
} as const;
const CONV = {
  features: extent,
  kernel_size: sizes,
  strides: sizes.orNone.or(1),
  padding: padding.or("SAME"),
  input_dilation: sizes.orNone.or(1),
  kernel_dilation: sizes.orNone.or(1),
  feature_group_count: int.or(1),
  ...SHARED,
  promote_dtype,
  conv_general_dilated: replaced,
  conv_general_dilated_cls: replaced,
  ...STANDING,
} as const;
const TRANSPOSED = {
  features: extent,
  kernel_size: sizes,
  strides: sizes.or(null),
  padding: padding.or("SAME"),
  kernel_dilation: sizes.or(null),
  ...SHARED,
  transpose_kernel: bool.or(false),
  promote_dtype,
  preferred_element_type: preferred,
  ...STANDING,
} as const;
const read = {
  Conv: signature("flax.linen.Conv", CONV),
  call: signature("flax.linen.Conv.__call__", { inputs: arrayLike }),
  ConvTranspose: signature("flax.linen.ConvTranspose", TRANSPOSED),
  callTranspose: signature("flax.linen.ConvTranspose.__call__", { inputs: arrayLike }),
};
type Rest = [strides: Sizes | null, padding: Padding];

abstract class Convolution extends Module {
  declare readonly features: number;
  declare readonly kernel_size: Sizes;
  declare readonly strides: Sizes | null;
  declare readonly padding: Padding;
  declare readonly kernel_dilation: Sizes | null;
  declare readonly use_bias: boolean;
  declare readonly mask: JaxArray | null;
  declare readonly kernel_init: Initializer;
  declare readonly bias_init: Initializer;
}

/** linen.Conv: one to three spatial axes by the length of `kernel_size`; kernel [...kernel_size, in / groups, features]; padding SAME. */
export class Conv extends Convolution {
  declare readonly input_dilation: Sizes | null;
  declare readonly feature_group_count: number;

  constructor(...args: Given<[features: number, kernel_size: Sizes], Rest, Values<typeof CONV>>) {
    super(read.Conv(args));
  }

  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    const x = floats("Conv", read.call(args).inputs);
    const channels = x.shape.at(-1) ?? 1;
    const { feature_group_count } = this;
    if (channels % feature_group_count !== 0)
      throw new ArgumentError({
        op: "Conv",
        argument: "feature_group_count",
        expected: `a divisor of ${channels} channels`,
        given: `${feature_group_count}`,
      });
    const shape = [...listed(this.kernel_size), channels / feature_group_count, this.features];
    const kernel = this.param("kernel", this.kernel_init, shape);
    const bias = this.use_bias ? this.param("bias", this.bias_init, [this.features]) : null;
    return conv("Conv", x, kernel, bias, this);
  }
}

/** linen.ConvTranspose: inputs with strides - 1 zeros between them under the kernel, [...kernel_size, in, features]. */
export class ConvTranspose extends Convolution {
  declare readonly transpose_kernel: boolean;

  constructor(...args: Given<[features: number, kernel_size: Sizes], Rest, Values<typeof TRANSPOSED>>) {
    super(read.ConvTranspose(args));
  }

  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    const x = floats("ConvTranspose", read.callTranspose(args).inputs);
    const channels = x.shape.at(-1) ?? 1;
    const ends = this.transpose_kernel ? [this.features, channels] : [channels, this.features];
    const kernel = this.param("kernel", this.kernel_init, [...listed(this.kernel_size), ...ends]);
    const bias = this.use_bias ? this.param("bias", this.bias_init, [this.features]) : null;
    return convTranspose("ConvTranspose", x, kernel, bias, this);
  }
}
