// Normalisations of linen.
import { bool, int, number, only, signature, type Values } from "@facet/dialect";
import { ones, zeros } from "@facet/shims-jax/numpy";
import { type ArrayLike, arrayLike, type Given, type Initializer, ints, type JaxArray } from "@facet/shims-jax/parts";
import { floats } from "../layers/dense.js";
import { firstOf } from "../layers/dropout.js";
import {
  type Affine,
  type AxesOf,
  batchNormalize,
  blended,
  canonical,
  exampleAxes,
  groupNormalize,
  groupsOf,
  normalize,
} from "../layers/normalization.js";
import { dtype, flag, mask, onesDefault, param_dtype, zerosDefault } from "../rules.js";
import { Module, STANDING } from "./module.js";

const epsilon = number.or(1e-6);
const HEAD = { dtype, param_dtype } as const;
const BIASED = {
  use_bias: bool.or(true),
  use_scale: bool.or(true),
  bias_init: zerosDefault,
  scale_init: onesDefault,
} as const;
const OVER = {
  axis_name: only(null),
  axis_index_groups: only(null),
  use_fast_variance: bool.or(true),
  force_float32_reductions: bool.or(true),
  ...STANDING,
} as const;
const BATCH = {
  use_running_average: flag,
  axis: int.or(-1),
  momentum: number.or(0.99),
  epsilon: number.or(1e-5),
  ...HEAD,
  ...BIASED,
  ...OVER,
} as const;
const LAYER = { epsilon, ...HEAD, ...BIASED, reduction_axes: ints.or(-1), feature_axes: ints.or(-1), ...OVER } as const;
const RMS = {
  epsilon,
  ...HEAD,
  use_scale: bool.or(true),
  scale_init: onesDefault,
  reduction_axes: ints.or(-1),
  feature_axes: ints.or(-1),
  ...OVER,
} as const;
const GROUP = {
  num_groups: int.orNone.or(32),
  group_size: int.or(null),
  epsilon,
  ...HEAD,
  ...BIASED,
  reduction_axes: ints.or(null),
  ...OVER,
} as const;
const INSTANCE = { epsilon, ...HEAD, ...BIASED, feature_axes: ints.or(-1), ...OVER } as const;
const MASKED = { x: arrayLike, "*": null, mask } as const;
const read = {
  BatchNorm: signature("flax.linen.BatchNorm", BATCH),
  callBatch: signature("flax.linen.BatchNorm.__call__", { x: arrayLike, use_running_average: flag, "*": null, mask }),
  LayerNorm: signature("flax.linen.LayerNorm", LAYER),
  callLayer: signature("flax.linen.LayerNorm.__call__", MASKED),
  RMSNorm: signature("flax.linen.RMSNorm", RMS),
  callRms: signature("flax.linen.RMSNorm.__call__", MASKED),
  GroupNorm: signature("flax.linen.GroupNorm", GROUP),
  callGroup: signature("flax.linen.GroupNorm.__call__", MASKED),
  InstanceNorm: signature("flax.linen.InstanceNorm", INSTANCE),
  callInstance: signature("flax.linen.InstanceNorm.__call__", MASKED),
};
type Masked = Given<[x: ArrayLike], [], { mask: JaxArray | null }>;

abstract class Normalization extends Module {
  declare readonly epsilon: number;
  declare readonly use_bias?: boolean;
  declare readonly use_scale: boolean;
  declare readonly bias_init: Initializer;
  declare readonly scale_init: Initializer;
}
/** Scale and bias of the feature axes. */
function affine(module: Normalization, x: JaxArray, axes: AxesOf): Affine {
  const shape = canonical(x.ndim, axes).map((i) => x.shape[i] as number);
  const scale = module.use_scale ? module.param("scale", module.scale_init, shape) : null;
  return { scale, bias: module.use_bias ? module.param("bias", module.bias_init, shape) : null };
}

/**
 * linen.BatchNorm: normalises the channels (`axis`) over all others by the batch's statistics, which move those in `batch_stats`, or
 * with `use_running_average` by these.
 */
export class BatchNorm extends Normalization {
  declare readonly use_running_average: boolean | null;
  declare readonly axis: AxesOf;
  declare readonly momentum: number;

  constructor(...args: Given<[], [use_running_average: boolean | null, axis: number], Values<typeof BATCH>>) {
    super(read.BatchNorm(args));
  }

  override __call__(
    ...args: Given<
      [x: ArrayLike],
      [use_running_average: boolean | null],
      { use_running_average: boolean | null; mask: JaxArray | null }
    >
  ): JaxArray {
    const given = read.callBatch(args);
    const x = floats("BatchNorm", given.x);
    const runs = firstOf("BatchNorm", "use_running_average", this.use_running_average, given.use_running_average);
    const shape = canonical(x.ndim, this.axis).map((i) => x.shape[i] as number);
    const mean = this.variable("batch_stats", "mean", () => zeros(shape));
    const variance = this.variable("batch_stats", "var", () => ones(shape));
    const { y, batch } = batchNormalize(
      "BatchNorm",
      x,
      affine(this, x, this.axis),
      runs ? { mean: mean.value, variance: variance.value } : null,
      { axis: this.axis, epsilon: this.epsilon, mask: given.mask },
    );
    if (batch && !this.is_initializing()) {
      mean.value = blended(this.momentum, mean.value, batch.mean);
      variance.value = blended(this.momentum, variance.value, batch.variance);
    }
    return y;
  }
}

/** linen.LayerNorm: normalises over `reduction_axes`, by default the last. */
export class LayerNorm extends Normalization {
  declare readonly reduction_axes: AxesOf;
  declare readonly feature_axes: AxesOf;
  constructor(...args: Given<[], [epsilon: number], Values<typeof LAYER>>) {
    super(read.LayerNorm(args));
  }
  override __call__(...args: Masked): JaxArray {
    const { x: given, mask } = read.callLayer(args);
    const x = floats("LayerNorm", given);
    const { epsilon, reduction_axes, feature_axes } = this;
    const own = affine(this, x, feature_axes);
    return normalize("LayerNorm", x, own, { use_mean: true, mask, epsilon, reduction_axes, feature_axes });
  }
}

/** linen.RMSNorm: divides by the root of the mean of squares over `reduction_axes`, by default the last. */
export class RMSNorm extends Normalization {
  declare readonly reduction_axes: AxesOf;
  declare readonly feature_axes: AxesOf;
  constructor(...args: Given<[], [epsilon: number], Values<typeof RMS>>) {
    super(read.RMSNorm(args));
  }
  override __call__(...args: Masked): JaxArray {
    const { x: given, mask } = read.callRms(args);
    const x = floats("RMSNorm", given);
    const { epsilon, reduction_axes, feature_axes } = this;
    const own = affine(this, x, feature_axes);
    return normalize("RMSNorm", x, own, { use_mean: false, mask, epsilon, reduction_axes, feature_axes });
  }
}

/** linen.GroupNorm: normalises groups of channels, the last axis, of every example. */
export class GroupNorm extends Normalization {
  declare readonly num_groups: number | null;
  declare readonly group_size: number | null;
  declare readonly reduction_axes: AxesOf | null;
  constructor(...args: Given<[], [num_groups: number | null, group_size: number | null], Values<typeof GROUP>>) {
    super(read.GroupNorm(args));
  }
  override __call__(...args: Masked): JaxArray {
    const { x: given, mask } = read.callGroup(args);
    const x = floats("GroupNorm", given);
    const groups = groupsOf("GroupNorm", x.shape.at(-1) ?? 1, this);
    const { epsilon, reduction_axes } = this;
    return groupNormalize("GroupNorm", x, affine(this, x, -1), { groups, mask, epsilon, reduction_axes });
  }
}

/** linen.InstanceNorm: normalises every channel of every example. */
export class InstanceNorm extends Normalization {
  declare readonly feature_axes: AxesOf;
  constructor(...args: Given<[], [epsilon: number], Values<typeof INSTANCE>>) {
    super(read.InstanceNorm(args));
  }
  override __call__(...args: Masked): JaxArray {
    const { x: given, mask } = read.callInstance(args);
    const x = floats("InstanceNorm", given);
    const { epsilon, feature_axes } = this;
    const own = affine(this, x, feature_axes);
    const reduction_axes = exampleAxes(x.ndim, feature_axes);
    return normalize("InstanceNorm", x, own, { use_mean: true, mask, epsilon, reduction_axes, feature_axes });
  }
}
