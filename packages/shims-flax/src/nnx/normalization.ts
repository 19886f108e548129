// Normalisations of nnx.
import { bool, int, number, only, signature, type Values } from "@facet/dialect";
import { ones, zeros } from "@facet/shims-jax/numpy";
import { type ArrayLike, arrayLike, type Given, type Initializer, ints, type JaxArray } from "@facet/shims-jax/parts";
import { firstOf } from "../layers/dropout.js";
import {
  type AxesOf,
  batchNormalize,
  blended,
  exampleAxes,
  groupNormalize,
  groupsOf,
  normalize,
} from "../layers/normalization.js";
import {
  dtype,
  extent,
  flag,
  mask,
  metadata,
  onesDefault,
  param_dtype,
  promote_dtype,
  zerosDefault,
} from "../rules.js";
import { Module } from "./module.js";
import { type Rngs, rngsKind } from "./rngs.js";
import { BatchStat, Param } from "./variable.js";

const SCALE = { use_scale: bool.or(true), scale_init: onesDefault, scale_metadata: metadata } as const;
const BIAS = { use_bias: bool.or(true), bias_init: zerosDefault, bias_metadata: metadata } as const;
const SHARED = {
  dtype,
  param_dtype,
  axis_name: only(null),
  axis_index_groups: only(null),
  use_fast_variance: bool.or(true),
  promote_dtype,
  rngs: rngsKind,
} as const;
const epsilon = number.or(1e-6);
type Named<R> = Omit<Values<R>, "*">;
type Axes = AxesOf;

const BATCH = {
  num_features: extent,
  "*": null,
  use_running_average: bool.orNone.or(false),
  axis: int.or(-1),
  momentum: number.or(0.99),
  epsilon: number.or(1e-5),
  ...SCALE,
  ...BIAS,
  ...SHARED,
} as const;
const LAYER = {
  num_features: extent,
  "*": null,
  epsilon,
  ...SCALE,
  ...BIAS,
  reduction_axes: ints.or(-1),
  feature_axes: ints.or(-1),
  ...SHARED,
} as const;
const { use_bias: _b, bias_init: _i, bias_metadata: _m, ...RMS } = LAYER;
const GROUP = {
  num_features: extent,
  num_groups: int.orNone.or(32),
  group_size: int.or(null),
  "*": null,
  epsilon,
  ...SCALE,
  ...BIAS,
  reduction_axes: ints.or(null),
  ...SHARED,
} as const;
const { reduction_axes: _r, ...INSTANCE } = LAYER;
const onlyMask = { x: arrayLike, "*": null, mask } as const;
const read = {
  BatchNorm: signature("flax.nnx.BatchNorm", BATCH),
  callBatch: signature("flax.nnx.BatchNorm.__call__", { x: arrayLike, use_running_average: flag, "*": null, mask }),
  LayerNorm: signature("flax.nnx.LayerNorm", LAYER),
  callLayer: signature("flax.nnx.LayerNorm.__call__", onlyMask),
  RMSNorm: signature("flax.nnx.RMSNorm", RMS),
  callRms: signature("flax.nnx.RMSNorm.__call__", { x: arrayLike, mask }),
  GroupNorm: signature("flax.nnx.GroupNorm", GROUP),
  callGroup: signature("flax.nnx.GroupNorm.__call__", onlyMask),
  InstanceNorm: signature("flax.nnx.InstanceNorm", INSTANCE),
  callInstance: signature("flax.nnx.InstanceNorm.__call__", onlyMask),
};
type Masked = Given<[x: ArrayLike], [], { mask: JaxArray | null }>;

interface AffineOptions {
  use_scale: boolean;
  scale_init: Initializer;
  use_bias?: boolean;
  bias_init?: Initializer;
  rngs: Rngs;
}
/** Scale and bias of so many features, drawn in this order. */
function affine(features: number, given: AffineOptions): { scale: Param | null; bias: Param | null } {
  const draw = (init: Initializer): Param => new Param(init(given.rngs.params(), [features]));
  const scale = given.use_scale ? draw(given.scale_init) : null;
  return { scale, bias: given.use_bias && given.bias_init ? draw(given.bias_init) : null };
}
abstract class Normalization extends Module {
  declare readonly scale: Param | null;
  declare readonly bias: Param | null;
  declare readonly epsilon: number;
}
const valuesOf = ({ scale, bias }: Normalization) => ({
  scale: scale ? scale.value : null,
  bias: bias ? bias.value : null,
});

/**
 * nnx.BatchNorm: normalises the channels (`axis`) over all others, by the batch's statistics, which move the running ones, or with
 * `use_running_average` by these.
 */
export class BatchNorm extends Normalization {
  declare readonly mean: BatchStat;
  declare readonly var: BatchStat;
  declare use_running_average: boolean | null;
  declare readonly axis: number;
  declare readonly momentum: number;

  constructor(...args: Given<[num_features: number], [], Named<typeof BATCH>>) {
    super();
    const given = read.BatchNorm(args);
    const { num_features, use_running_average, axis, momentum, epsilon } = given;
    const mean = new BatchStat(zeros([num_features]));
    const variance = new BatchStat(ones([num_features]));
    Object.assign(this, { mean, var: variance, ...affine(num_features, given) });
    Object.assign(this, { num_features, use_running_average, axis, momentum, epsilon });
  }

  override __call__(
    ...args: Given<
      [x: ArrayLike],
      [use_running_average: boolean | null],
      { x: ArrayLike; use_running_average: boolean | null; mask: JaxArray | null }
    >
  ): JaxArray {
    const { x, use_running_average, mask } = read.callBatch(args);
    const runs = firstOf("BatchNorm", "use_running_average", use_running_average, this.use_running_average);
    const running = runs ? { mean: this.mean.value, variance: this.var.value } : null;
    const { y, batch } = batchNormalize("BatchNorm", x, valuesOf(this), running, {
      axis: this.axis,
      epsilon: this.epsilon,
      mask,
    });
    if (batch) {
      this.mean.value = blended(this.momentum, this.mean.value, batch.mean);
      this.var.value = blended(this.momentum, this.var.value, batch.variance);
    }
    return y;
  }
}

/** nnx.LayerNorm: normalises over `reduction_axes`, by default the last. */
export class LayerNorm extends Normalization {
  declare readonly reduction_axes: Axes;
  declare readonly feature_axes: Axes;

  constructor(...args: Given<[num_features: number], [], Named<typeof LAYER>>) {
    super();
    const given = read.LayerNorm(args);
    const { num_features, epsilon, reduction_axes, feature_axes } = given;
    Object.assign(this, affine(num_features, given));
    Object.assign(this, { num_features, epsilon, reduction_axes, feature_axes });
  }

  override __call__(...args: Masked): JaxArray {
    const { x, mask } = read.callLayer(args);
    return normalize("LayerNorm", x, valuesOf(this), {
      use_mean: true,
      mask,
      epsilon: this.epsilon,
      reduction_axes: this.reduction_axes,
      feature_axes: this.feature_axes,
    });
  }
}

/** nnx.RMSNorm: divides by the root of the mean of squares over `reduction_axes`, by default the last. */
export class RMSNorm extends Normalization {
  declare readonly reduction_axes: Axes;
  declare readonly feature_axes: Axes;

  constructor(...args: Given<[num_features: number], [], Named<typeof RMS>>) {
    super();
    const given = read.RMSNorm(args);
    const { num_features, epsilon, reduction_axes, feature_axes } = given;
    Object.assign(this, affine(num_features, given));
    Object.assign(this, { num_features, epsilon, reduction_axes, feature_axes });
  }

  override __call__(...args: Given<[x: ArrayLike], [mask: JaxArray | null], { mask: JaxArray | null }>): JaxArray {
    const { x, mask } = read.callRms(args);
    return normalize("RMSNorm", x, valuesOf(this), {
      use_mean: false,
      mask,
      epsilon: this.epsilon,
      reduction_axes: this.reduction_axes,
      feature_axes: this.feature_axes,
    });
  }
}

/** nnx.GroupNorm: normalises groups of channels, the last axis, of every example. */
export class GroupNorm extends Normalization {
  declare readonly num_groups: number;
  declare readonly reduction_axes: Axes | null;

  constructor(
    ...args: Given<[num_features: number], [num_groups: number | null, group_size: number | null], Named<typeof GROUP>>
  ) {
    super();
    const given = read.GroupNorm(args);
    const { num_features, epsilon, reduction_axes } = given;
    const num_groups = groupsOf("GroupNorm", num_features, given);
    Object.assign(this, affine(num_features, given));
    Object.assign(this, { num_features, num_groups, group_size: num_features / num_groups, epsilon, reduction_axes });
  }

  override __call__(...args: Masked): JaxArray {
    const { x, mask } = read.callGroup(args);
    return groupNormalize("GroupNorm", x, valuesOf(this), {
      groups: this.num_groups,
      mask,
      epsilon: this.epsilon,
      reduction_axes: this.reduction_axes,
    });
  }
}

/** nnx.InstanceNorm: normalises every channel of every example. */
export class InstanceNorm extends Normalization {
  declare readonly feature_axes: Axes;

  constructor(...args: Given<[num_features: number], [], Named<typeof INSTANCE>>) {
    super();
    const given = read.InstanceNorm(args);
    const { num_features, epsilon, feature_axes } = given;
    Object.assign(this, affine(num_features, given));
    Object.assign(this, { num_features, epsilon, feature_axes });
  }

  override __call__(...args: Masked): JaxArray {
    const { x, mask } = read.callInstance(args);
    return normalize("InstanceNorm", x, valuesOf(this), {
      use_mean: true,
      mask,
      epsilon: this.epsilon,
      reduction_axes: exampleAxes((x as JaxArray).ndim ?? 0, this.feature_axes),
      feature_axes: this.feature_axes,
    });
  }
}
