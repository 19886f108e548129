// Batch and instance normalisation, as layers of one to three spatial dimensions: a row each.
import * as core from "@facet/autograd";
import { type Args, bool, int, number, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { placement } from "../kinds.js";
import { ones, tensor, zeros } from "../ops/creation.js";
import { squeeze, unsqueeze } from "../ops/shape.js";
import { pythonRepr, sizeText } from "../python.js";
import type { Tensor } from "../tensor.js";
import { givenOf } from "./deferred.js";
import { instance_norm, normaliseBatch } from "./functional_batch_norm.js";
import { ones_, zeros_ } from "./init.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { requireExtents } from "./size.js";
import { UninitializedBuffer, UninitializedParameter } from "./uninitialized.js";

export interface NormArguments {
  num_features: number;
  eps: number;
  /** Weight of a batch in the running statistics; null for the average of all batches so far. */
  momentum: number | null;
  /** Whether there are weight and bias. */
  affine: boolean;
  track_running_stats: boolean;
  device: Device | string | null;
  dtype: Dtype | null;
  /** False leaves out the bias alone. */
  bias: boolean;
}
export type NormPositions = [
  num_features: number,
  eps: number,
  momentum: number | null,
  affine: boolean,
  track_running_stats: boolean,
  device: Device | string | null,
  dtype: Dtype | null,
];
type NormArgs = Args<NormPositions, NormArguments>;
export const rules = (on: boolean) =>
  ({
    num_features: int,
    eps: number.or(1e-5),
    momentum: number.orNone.or(0.1),
    affine: bool.or(on),
    track_running_stats: bool.or(on),
    ...placement,
    "*": null,
    bias: bool.or(true),
  }) as const;

/** num_features is null of a layer that waits for its first input. */
type NormGiven = Omit<NormArguments, "num_features"> & { num_features: number | null };

/** What batch and instance normalisation hold alike. */
abstract class Norm extends Module {
  readonly num_features: number;
  readonly eps: number;
  momentum: number | null;
  readonly affine: boolean;
  track_running_stats: boolean;
  declare weight: Parameter | null;
  declare bias: Parameter | null;
  declare running_mean: Tensor | null;
  declare running_var: Tensor | null;
  /** Batches that the running statistics have seen, int64. */
  declare num_batches_tracked: Tensor | null;

  constructor(op: string, { num_features, eps, momentum, affine, track_running_stats, bias, ...place }: NormGiven) {
    super();
    placed(op, place);
    const waits = num_features === null;
    const features = num_features ?? 0;
    requireExtents(op, { num_features: features });
    this.num_features = features;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.track_running_stats = track_running_stats;
    const parameter = (values: typeof zeros): Parameter =>
      waits ? new UninitializedParameter() : new Parameter(values(features));
    const buffer = (values: typeof zeros): Tensor => (waits ? new UninitializedBuffer() : values(features));
    this.register_parameter("weight", affine ? parameter(ones) : null);
    this.register_parameter("bias", affine && bias ? parameter(zeros) : null);
    this.register_buffer("running_mean", track_running_stats ? buffer(zeros) : null);
    this.register_buffer("running_var", track_running_stats ? buffer(ones) : null);
    this.register_buffer("num_batches_tracked", track_running_stats ? tensor(0) : null);
  }

  override extra_repr(): string {
    const { num_features, eps, momentum, affine, bias, track_running_stats } = this;
    return [
      `${num_features}, eps=${pythonRepr(eps)}, momentum=${pythonRepr(momentum)}, affine=${pythonRepr(affine)}`,
      `bias=${pythonRepr(bias !== null)}, track_running_stats=${pythonRepr(track_running_stats)}`,
    ].join(", ");
  }
}

/** Throws unless the input has one of these ranks, in PyTorch's words. */
function requireRank(op: string, input: Tensor, ranks: readonly number[]): void {
  if (ranks.includes(input.rank)) return;
  const expected = ranks.map((rank) => `${rank}D`).join(" or ");
  complain(core.ShapeError, `expected ${expected} input (got ${input.rank}D input)`, {
    op,
    argument: "input",
    expected: ranks.map((rank) => `rank ${rank}`).join(" or "),
    given: sizeText(input.shape),
  });
}

/** A layer of batch or instance normalisation. */
export interface NormLayer extends Norm {
  /** Mean 0, variance 1, no batches. */
  reset_running_stats(...args: []): void;
  /** As it was made. */
  reset_parameters(...args: []): void;
  forward(...args: Input): Tensor;
}
type NormClass = new (...args: NormArgs) => NormLayer;

/** A class; affine and track_running_stats are `on` unless given. */
function norm(name: string, on: boolean, forward: (self: Norm, input: Tensor) => Tensor): NormClass {
  const read = signature(`torch.nn.${name}`, rules(on));
  const inputs = inputOf(name);
  const readForget = signature(`torch.nn.${name}.reset_running_stats`, {});
  const readReset = signature(`torch.nn.${name}.reset_parameters`, {});
  const { [name]: made } = {
    [name]: class extends Norm {
      constructor(...args: NormArgs) {
        super(name, givenOf<NormGiven>(args, read));
      }
      reset_running_stats(...args: []): void {
        readForget(args);
        core.noGrad(() => {
          this.running_mean?.zero_();
          this.running_var?.fill_(1);
          this.num_batches_tracked?.zero_();
        });
      }
      reset_parameters(...args: []): void {
        readReset(args);
        this.reset_running_stats();
        if (this.weight) ones_(this.weight);
        if (this.bias) zeros_(this.bias);
      }
      override forward(...args: Input): Tensor {
        return forward(this, inputs(args).input);
      }
    },
  };
  return made as NormClass;
}

const batchNorm = (name: string, ...ranks: number[]): NormClass =>
  norm(name, true, (self, input) => {
    requireRank(name, input, ranks);
    const { training, track_running_stats, momentum, weight, bias, eps } = self;
    const { running_mean, running_var, num_batches_tracked } = self;
    const counted = training && track_running_stats ? num_batches_tracked : null;
    core.noGrad(() => counted?.add_(1));
    // The average over all batches: only the device knows how many there were.
    const share = (): number | core.Tensor =>
      counted ? core.noGrad(() => core.div(1, core.cast(counted.core, "float32"))) : 0;
    const used = !training || track_running_stats;
    return normaliseBatch({
      input,
      running_mean: used ? running_mean : null,
      running_var: used ? running_var : null,
      weight,
      bias,
      training: training || (running_mean === null && running_var === null),
      momentum: momentum ?? share(),
      eps,
    });
  });

/** Batch normalisation of [N, C] or [N, C, L]. In training by the batch, which the running statistics follow; else by these. */
export const BatchNorm1d: NormClass = batchNorm("BatchNorm1d", 2, 3);
/** Batch normalisation of [N, C, H, W], as BatchNorm1d. */
export const BatchNorm2d: NormClass = batchNorm("BatchNorm2d", 4);
/** Batch normalisation of [N, C, D, H, W], as BatchNorm1d. */
export const BatchNorm3d: NormClass = batchNorm("BatchNorm3d", 5);

/** `alone` is the rank of one example. */
const instanceNorm = (name: string, alone: number): NormClass =>
  norm(name, false, (self, input) => {
    requireRank(name, input, [alone, alone + 1]);
    const at = input.rank - alone;
    // Without weight and bias the number of channels is not used: PyTorch warns.
    if (self.affine && input.shape[at] !== self.num_features)
      complain(
        core.ShapeError,
        `expected input's size at dim=${at} to match num_features (${self.num_features}), but got: ${input.shape[at]}.`,
        { op: name, argument: "input", expected: `${self.num_features} channels`, given: sizeText(input.shape) },
      );
    const { running_mean, running_var, weight, bias, eps, momentum } = self;
    const y = instance_norm(at === 0 ? unsqueeze(input, 0) : input, {
      running_mean,
      running_var,
      weight,
      bias,
      use_input_stats: self.training || !self.track_running_stats,
      momentum: momentum ?? 0,
      eps,
    });
    return at === 0 ? squeeze(y, 0) : y;
  });

/** Instance normalisation of [N, C, L] or [C, L]: every channel of every example by itself. */
export const InstanceNorm1d: NormClass = instanceNorm("InstanceNorm1d", 2);
/** Instance normalisation of [N, C, H, W] or [C, H, W]. */
export const InstanceNorm2d: NormClass = instanceNorm("InstanceNorm2d", 3);
/** Instance normalisation of [N, C, D, H, W] or [C, D, H, W]. */
export const InstanceNorm3d: NormClass = instanceNorm("InstanceNorm3d", 4);

export type BatchNorm1d = NormLayer;
export type BatchNorm2d = NormLayer;
export type BatchNorm3d = NormLayer;
export type InstanceNorm1d = NormLayer;
export type InstanceNorm2d = NormLayer;
export type InstanceNorm3d = NormLayer;
