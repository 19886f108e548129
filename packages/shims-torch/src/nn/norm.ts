// Normalisations without running statistics, as layers.
import { ArgumentError } from "@facet/autograd";
import { type Args, bool, int, type Kind, number, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { ints, placement, tensor } from "../kinds.js";
import { ones, zeros } from "../ops/creation.js";
import { pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { group_norm, layer_norm, rms_norm } from "./functional_norm.js";
import { ones_, zeros_ } from "./init.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { requireExtents } from "./size.js";

/** Extents of the last dimensions; a number is one of them. */
type NormalizedShape = number | readonly number[];
const extents = int.either(ints) as Kind<NormalizedShape>;
const shapeOf = (given: NormalizedShape): readonly number[] => Object.freeze([given].flat() as number[]);

interface Placed {
  device: Device | string | null;
  dtype: Dtype | null;
}
export interface LayerNormSettings extends Placed {
  normalized_shape: NormalizedShape;
  eps: number;
  /** Whether there are weight and bias. */
  elementwise_affine: boolean;
  /** False leaves out the bias alone. */
  bias: boolean;
}
const readLayer = signature("torch.nn.LayerNorm", {
  normalized_shape: extents,
  eps: number.or(1e-5),
  elementwise_affine: bool.or(true),
  bias: bool.or(true),
  ...placement,
});
const layerInputs = inputOf("LayerNorm");
const resetLayer = signature("torch.nn.LayerNorm.reset_parameters", {});

/** Ones and zeros. */
function begin({ weight, bias }: { weight: Tensor | null; bias?: Tensor | null }): void {
  if (weight) ones_(weight);
  if (bias) zeros_(bias);
}

/** Takes off the mean over the last dimensions and divides by the root of the biased variance. */
export class LayerNorm extends Module {
  readonly normalized_shape: readonly number[];
  readonly eps: number;
  readonly elementwise_affine: boolean;
  declare weight: Parameter | null;
  declare bias: Parameter | null;

  constructor(
    ...args: Args<
      [normalized_shape: NormalizedShape, eps: number, elementwise_affine: boolean, bias: boolean],
      LayerNormSettings
    >
  ) {
    super();
    const { normalized_shape, eps, elementwise_affine, bias, ...place } = readLayer(args);
    placed("LayerNorm", place);
    this.normalized_shape = shapeOf(normalized_shape);
    this.eps = eps;
    this.elementwise_affine = elementwise_affine;
    this.register_parameter("weight", elementwise_affine ? new Parameter(ones(this.normalized_shape)) : null);
    this.register_parameter("bias", elementwise_affine && bias ? new Parameter(zeros(this.normalized_shape)) : null);
  }
  reset_parameters(...args: []): void {
    resetLayer(args);
    begin(this);
  }
  override forward(...args: Input): Tensor {
    const { normalized_shape, weight, bias, eps } = this;
    return layer_norm(layerInputs(args).input, normalized_shape, { weight, bias, eps });
  }
  override extra_repr(): string {
    const { normalized_shape, eps, elementwise_affine, bias } = this;
    return `${pythonRepr(normalized_shape)}, eps=${pythonRepr(eps)}, elementwise_affine=${pythonRepr(elementwise_affine)}, bias=${pythonRepr(bias !== null)}`;
  }
}

export interface RMSNormSettings extends Placed {
  normalized_shape: NormalizedShape;
  /** Null for that of float32. */
  eps: number | null;
  elementwise_affine: boolean;
}
const readRms = signature("torch.nn.RMSNorm", {
  normalized_shape: extents,
  eps: number.or(null),
  elementwise_affine: bool.or(true),
  ...placement,
});
const rmsInputs = signature("torch.nn.RMSNorm.forward", { x: tensor });
const resetRms = signature("torch.nn.RMSNorm.reset_parameters", {});

/** Divides by the root of the mean of squares over the last dimensions. */
export class RMSNorm extends Module {
  readonly normalized_shape: readonly number[];
  readonly eps: number | null;
  readonly elementwise_affine: boolean;
  declare weight: Parameter | null;

  constructor(
    ...args: Args<[normalized_shape: NormalizedShape, eps: number | null, elementwise_affine: boolean], RMSNormSettings>
  ) {
    super();
    const { normalized_shape, eps, elementwise_affine, ...place } = readRms(args);
    placed("RMSNorm", place);
    this.normalized_shape = shapeOf(normalized_shape);
    this.eps = eps;
    this.elementwise_affine = elementwise_affine;
    this.register_parameter("weight", elementwise_affine ? new Parameter(ones(this.normalized_shape)) : null);
  }
  reset_parameters(...args: []): void {
    resetRms(args);
    begin(this);
  }
  override forward(...args: [x: Tensor] | [{ readonly x: Tensor }]): Tensor {
    const { normalized_shape, weight, eps } = this;
    return rms_norm(rmsInputs(args).x, normalized_shape, { weight, eps });
  }
  override extra_repr(): string {
    const { normalized_shape, eps, elementwise_affine } = this;
    return `${pythonRepr(normalized_shape)}, eps=${pythonRepr(eps)}, elementwise_affine=${pythonRepr(elementwise_affine)}`;
  }
}

export interface GroupNormSettings extends Placed {
  num_groups: number;
  num_channels: number;
  eps: number;
  /** Whether there are weight and bias. */
  affine: boolean;
  /** False leaves out the bias alone. */
  bias: boolean;
}
const readGroup = signature("torch.nn.GroupNorm", {
  num_groups: int,
  num_channels: int,
  eps: number.or(1e-5),
  affine: bool.or(true),
  ...placement,
  "*": null,
  bias: bool.or(true),
});
const groupInputs = inputOf("GroupNorm");
const resetGroup = signature("torch.nn.GroupNorm.reset_parameters", {});

/** Normalises groups of channels (dimension 1) of every example. */
export class GroupNorm extends Module {
  readonly num_groups: number;
  readonly num_channels: number;
  readonly eps: number;
  readonly affine: boolean;
  declare weight: Parameter | null;
  declare bias: Parameter | null;

  constructor(
    ...args: Args<[num_groups: number, num_channels: number, eps: number, affine: boolean], GroupNormSettings>
  ) {
    super();
    const { num_groups, num_channels, eps, affine, bias, ...place } = readGroup(args);
    placed("GroupNorm", place);
    requireExtents("GroupNorm", { num_groups }, 1);
    requireExtents("GroupNorm", { num_channels });
    if (num_channels % num_groups !== 0)
      complain(ArgumentError, `num_channels (${num_channels}) must be divisible by num_groups (${num_groups})`, {
        op: "GroupNorm",
        argument: "num_groups",
        expected: `a divisor of ${num_channels}`,
        given: `${num_groups}`,
      });
    this.num_groups = num_groups;
    this.num_channels = num_channels;
    this.eps = eps;
    this.affine = affine;
    this.register_parameter("weight", affine ? new Parameter(ones(num_channels)) : null);
    this.register_parameter("bias", affine && bias ? new Parameter(zeros(num_channels)) : null);
  }
  reset_parameters(...args: []): void {
    resetGroup(args);
    begin(this);
  }
  override forward(...args: Input): Tensor {
    const { num_groups, weight, bias, eps } = this;
    return group_norm(groupInputs(args).input, num_groups, { weight, bias, eps });
  }
  override extra_repr(): string {
    const { num_groups, num_channels, eps, affine, bias } = this;
    return `${num_groups}, ${num_channels}, eps=${pythonRepr(eps)}, affine=${pythonRepr(affine)}, bias=${pythonRepr(bias !== null)}`;
  }
}
