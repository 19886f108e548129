// Layers that learn the number of their input's channels from the first input, and are ordinary layers from then on.
import { outsideCapture } from "@facet/autograd";
import { type Args, bool, int, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { placement } from "../kinds.js";
import type { Tensor } from "../tensor.js";
import * as N from "./batch_norm.js";
import * as C from "./conv.js";
import { Conv1d, Conv3d } from "./conv_ranks.js";
import * as T from "./conv_transpose.js";
import { Deferred } from "./deferred.js";
import { type Input, inputOf } from "./inputs.js";
import { Linear, type LinearArguments } from "./linear.js";
import type { Module } from "./module.js";
import { batchOf, type Rank } from "./size.js";
import { isUninitialized, UninitializedBuffer, UninitializedParameter } from "./uninitialized.js";

/** What a layer has while it waits. */
export interface Lazy {
  /** Whether the first input is still to come. */
  has_uninitialized_params(): boolean;
  /** What the first call does: gives the parameters their shapes and first values. */
  initialize_parameters(input: Tensor): void;
}
const waits = (module: Module): boolean =>
  [...module._parameters.values(), ...module._buffers.values()].some((each) => each !== null && isUninitialized(each));

// biome-ignore lint/suspicious/noExplicitAny: layers of all arguments.
type LayerClass<L extends Module> = new (...args: any[]) => L;

/** The class of a layer that waits: `prepare` gives it what the first input says, then it becomes a `base`. */
function waiting<L extends Module>(
  base: LayerClass<L>,
  arguments_: (args: readonly unknown[]) => object,
  prepare: (layer: L, input: Tensor) => void,
  inputs: (args: readonly unknown[]) => { input: Tensor },
): LayerClass<Module & Lazy> {
  return class extends (base as LayerClass<Module>) implements Lazy {
    constructor(...args: unknown[]) {
      super(new Deferred(arguments_(args)));
    }
    has_uninitialized_params(): boolean {
      return waits(this);
    }
    initialize_parameters(input: Tensor): void {
      // State that outlives the call, also of a function that is being captured.
      outsideCapture(() => prepare(this as unknown as L, input));
    }
    override forward(...args: unknown[]): unknown {
      this.initialize_parameters(inputs(args).input);
      Object.setPrototypeOf(this, base.prototype as object);
      return this.forward(...args);
    }
  };
}

const materialize = (tensor: Tensor | null, shape: readonly number[]): void => {
  if (tensor instanceof UninitializedParameter || tensor instanceof UninitializedBuffer) tensor.materialize(shape);
};

/** The channels of an input [N, C, ...] or [C, ...] become those of a convolution. */
function channels(layer: C.ConvNd<Rank>, input: Tensor): void {
  const op = layer._get_name();
  const rank = layer.kernel_size.length as Rank;
  const given = batchOf(op, input, rank).x.shape[1] as number;
  C.requireDivisor(op, "in_channels", given, layer.groups);
  Object.assign(layer, { in_channels: given });
  if (!waits(layer)) return;
  materialize(layer.weight, layer.weightShape());
  materialize(layer.bias, [layer.out_channels]);
  layer.reset_parameters();
}

type ConvArgs<R extends Rank> = Args<C.ConvPositions<R>, Omit<C.ConvArguments<R>, "in_channels">>;
export interface LazyConvolution<R extends Rank> extends C.Convolution<R>, Lazy {}
function convolution<R extends Rank>(
  name: string,
  base: LayerClass<C.Convolution<R>>,
): new (
  ...args: ConvArgs<R>
) => LazyConvolution<R> {
  const read = signature(`torch.nn.${name}`, C.convRules);
  const made = waiting(base, (args) => ({ ...read(args), in_channels: null }), channels as never, inputOf(name));
  return made as unknown as new (
    ...args: ConvArgs<R>
  ) => LazyConvolution<R>;
}
/** Conv1d whose in_channels are those of the first input. */
export class LazyConv1d extends convolution("LazyConv1d", Conv1d) {}
/** Conv2d whose in_channels are those of the first input. */
export class LazyConv2d extends convolution("LazyConv2d", C.Conv2d) {}
/** Conv3d whose in_channels are those of the first input. */
export class LazyConv3d extends convolution("LazyConv3d", Conv3d) {}

type TransposedArgs<R extends Rank> = Args<
  T.ConvTransposePositions<R>,
  Omit<T.ConvTransposeArguments<R>, "in_channels">
>;
export interface LazyTransposed<R extends Rank> extends T.ConvTransposed<R>, Lazy {}
function transposed<R extends Rank>(
  name: string,
  base: LayerClass<T.ConvTransposed<R>>,
): new (
  ...args: TransposedArgs<R>
) => LazyTransposed<R> {
  const read = signature(`torch.nn.${name}`, T.transposedRules);
  const arguments_ = (args: readonly unknown[]): object => {
    const given = read(args);
    T.requireZeros(name, given.padding_mode);
    return { ...given, in_channels: null };
  };
  const made = waiting(base, arguments_, channels as never, T.inputAndSizeOf(name));
  return made as unknown as new (
    ...args: TransposedArgs<R>
  ) => LazyTransposed<R>;
}
/** ConvTranspose1d whose in_channels are those of the first input. */
export class LazyConvTranspose1d extends transposed("LazyConvTranspose1d", T.ConvTranspose1d) {}
/** ConvTranspose2d whose in_channels are those of the first input. */
export class LazyConvTranspose2d extends transposed("LazyConvTranspose2d", T.ConvTranspose2d) {}
/** ConvTranspose3d whose in_channels are those of the first input. */
export class LazyConvTranspose3d extends transposed("LazyConvTranspose3d", T.ConvTranspose3d) {}

type LinearArgs = Args<
  [out_features: number, bias: boolean, device: Device | string | null, dtype: Dtype | null],
  Omit<LinearArguments, "in_features">
>;
export interface LazyLinearLayer extends Linear, Lazy {
  forward(...args: Input): Tensor;
}
const readLinear = signature("torch.nn.LazyLinear", { out_features: int, bias: bool.or(true), ...placement });
const linear = waiting(
  Linear,
  (args) => ({ ...readLinear(args), in_features: null }),
  (layer, input) => {
    const features = input.size(-1);
    Object.assign(layer, { in_features: features });
    if (!waits(layer)) return;
    materialize(layer.weight, [layer.out_features, features]);
    materialize(layer.bias, [layer.out_features]);
    layer.reset_parameters();
  },
  inputOf("LazyLinear"),
) as unknown as new (
  ...args: LinearArgs
) => LazyLinearLayer;
/** Linear whose in_features are those of the first input. */
export class LazyLinear extends linear {}

type NormArgs = Args<
  N.NormPositions extends [number, ...infer Rest] ? Rest : never,
  Omit<N.NormArguments, "num_features">
>;
export interface LazyNorm extends N.NormLayer, Lazy {}
/** `alone` is the rank of one example where that may come without a batch. */
function norm(name: string, base: LayerClass<N.NormLayer>, alone?: number): new (...args: NormArgs) => LazyNorm {
  const { num_features: _features, ...rules } = N.rules(true);
  const read = signature(`torch.nn.${name}`, rules);
  const prepare = (layer: N.NormLayer, input: Tensor): void => {
    // The layer's own function says what other ranks are.
    const features = input.shape[input.rank === alone ? 0 : 1] ?? 0;
    Object.assign(layer, { num_features: features });
    if (!waits(layer)) return;
    for (const each of [layer.weight, layer.bias, layer.running_mean, layer.running_var]) materialize(each, [features]);
    layer.reset_parameters();
  };
  const made = waiting(base, (args) => ({ ...read(args), num_features: null }), prepare, inputOf(name));
  return made as unknown as new (
    ...args: NormArgs
  ) => LazyNorm;
}
/** BatchNorm1d whose num_features are those of the first input. */
export class LazyBatchNorm1d extends norm("LazyBatchNorm1d", N.BatchNorm1d) {}
/** BatchNorm2d whose num_features are those of the first input. */
export class LazyBatchNorm2d extends norm("LazyBatchNorm2d", N.BatchNorm2d) {}
/** BatchNorm3d whose num_features are those of the first input. */
export class LazyBatchNorm3d extends norm("LazyBatchNorm3d", N.BatchNorm3d) {}
/** InstanceNorm1d whose num_features are those of the first input; with weight, bias and statistics unless told otherwise. */
export class LazyInstanceNorm1d extends norm("LazyInstanceNorm1d", N.InstanceNorm1d, 2) {}
/** InstanceNorm2d whose num_features are those of the first input; with weight, bias and statistics unless told otherwise. */
export class LazyInstanceNorm2d extends norm("LazyInstanceNorm2d", N.InstanceNorm2d, 3) {}
/** InstanceNorm3d whose num_features are those of the first input; with weight, bias and statistics unless told otherwise. */
export class LazyInstanceNorm3d extends norm("LazyInstanceNorm3d", N.InstanceNorm3d, 4) {}
