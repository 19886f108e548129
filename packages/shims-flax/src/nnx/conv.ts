// nnx.Conv and ConvTranspose: images [..., spatial axes, channels].
import { ArgumentError } from "@facet/autograd";
import { bool, int, only, signature, type Values } from "@facet/dialect";
import { type ArrayLike, arrayLike, type Given, type JaxArray, precision, preferred } from "@facet/shims-jax/parts";
import { conv, convTranspose } from "../layers/conv.js";
import { listed } from "../layers/dense.js";
import {
  dtype,
  extent,
  kernelDefault,
  mask,
  metadata,
  type Padding,
  padding,
  param_dtype,
  promote_dtype,
  replaced,
  sizes,
  zerosDefault,
} from "../rules.js";
import { Module } from "./module.js";
import { rngsKind } from "./rngs.js";
import { Param } from "./variable.js";

type Sizes = number | readonly number[];
const SHARED = {
  use_bias: bool.or(true),
  mask,
  dtype,
  param_dtype,
  precision,
  kernel_init: kernelDefault,
  bias_init: zerosDefault,
  promote_dtype,
  preferred_element_type: preferred,
  rngs: rngsKind,
  kernel_metadata: metadata,
  bias_metadata: metadata,
} as const;
const CONV = {
  in_features: extent,
  out_features: extent,
  kernel_size: sizes,
  strides: sizes.orNone.or(1),
  "*": null,
  padding: padding.or("SAME"),
  input_dilation: sizes.orNone.or(1),
  kernel_dilation: sizes.orNone.or(1),
  feature_group_count: int.or(1),
  conv_general_dilated: replaced,
  ...SHARED,
} as const;
const TRANSPOSED = {
  in_features: extent,
  out_features: extent,
  kernel_size: sizes,
  strides: sizes.or(null),
  "*": null,
  padding: padding.or("SAME"),
  kernel_dilation: sizes.or(null),
  transpose_kernel: bool.or(false),
  ...SHARED,
} as const;
const read = {
  Conv: signature("flax.nnx.Conv", CONV),
  ConvTranspose: signature("flax.nnx.ConvTranspose", TRANSPOSED),
  call: signature("flax.nnx.Conv.__call__", { inputs: arrayLike, out_sharding: only(null) }),
  callTranspose: signature("flax.nnx.ConvTranspose.__call__", { inputs: arrayLike }),
};

type Required = [in_features: number, out_features: number, kernel_size: Sizes];

/** nnx.Conv: one to three spatial axes by the length of `kernel_size`; kernel [...kernel_size, in / groups, out]; padding SAME. */
export class Conv extends Module {
  declare readonly kernel: Param;
  declare readonly bias: Param | null;
  declare readonly kernel_size: readonly number[];
  declare readonly strides: Sizes | null;
  declare readonly padding: Padding;
  declare readonly input_dilation: Sizes | null;
  declare readonly kernel_dilation: Sizes | null;
  declare readonly feature_group_count: number;
  declare readonly mask: JaxArray | null;

  constructor(...args: Given<Required, [strides: Sizes | null], Omit<Values<typeof CONV>, "*">>) {
    super();
    const given = read.Conv(args);
    const { in_features, out_features, feature_group_count, kernel_init, bias_init, rngs } = given;
    if (in_features % feature_group_count !== 0)
      throw new ArgumentError({
        op: "Conv",
        argument: "feature_group_count",
        expected: `a divisor of ${in_features} in_features`,
        given: `${feature_group_count}`,
      });
    const kernel_size = listed(given.kernel_size);
    const kernel_shape = [...kernel_size, in_features / feature_group_count, out_features];
    const kernel = new Param(kernel_init(rngs.params(), kernel_shape));
    const bias = given.use_bias ? new Param(bias_init(rngs.params(), [out_features])) : null;
    const { strides, padding, input_dilation, kernel_dilation, use_bias, mask } = given;
    Object.assign(this, { kernel, bias, kernel_size, kernel_shape, in_features, out_features, use_bias, mask });
    Object.assign(this, { strides, padding, input_dilation, kernel_dilation, feature_group_count });
  }

  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    return conv("Conv", read.call(args).inputs, this.kernel.value, this.bias?.value ?? null, this);
  }
}

/** nnx.ConvTranspose: inputs with strides - 1 zeros between them under the kernel, [...kernel_size, in, out] (mirrored where `transpose_kernel`). */
export class ConvTranspose extends Module {
  declare readonly kernel: Param;
  declare readonly bias: Param | null;
  declare readonly kernel_size: readonly number[];
  declare readonly strides: Sizes | null;
  declare readonly padding: Padding;
  declare readonly kernel_dilation: Sizes | null;
  declare readonly transpose_kernel: boolean;
  declare readonly mask: JaxArray | null;

  constructor(...args: Given<Required, [strides: Sizes | null], Omit<Values<typeof TRANSPOSED>, "*">>) {
    super();
    const given = read.ConvTranspose(args);
    const { in_features, out_features, transpose_kernel, kernel_init, bias_init, rngs } = given;
    const kernel_size = listed(given.kernel_size);
    const kernel_shape = [
      ...kernel_size,
      ...(transpose_kernel ? [out_features, in_features] : [in_features, out_features]),
    ];
    const kernel = new Param(kernel_init(rngs.params(), kernel_shape));
    const bias = given.use_bias ? new Param(bias_init(rngs.params(), [out_features])) : null;
    const { strides, padding, kernel_dilation, use_bias, mask } = given;
    Object.assign(this, { kernel, bias, kernel_size, kernel_shape, in_features, out_features, use_bias, mask });
    Object.assign(this, { strides, padding, kernel_dilation, transpose_kernel });
  }

  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    return convTranspose(
      "ConvTranspose",
      read.callTranspose(args).inputs,
      this.kernel.value,
      this.bias?.value ?? null,
      this,
    );
  }
}
