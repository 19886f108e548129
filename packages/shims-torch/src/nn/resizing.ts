// Interpolation, shuffles of pixels and channels, windows as columns and normalisation over channels, as layers.
import { type Args, bool, int, type Kind, number, signature } from "@facet/dialect";
import { ints } from "../kinds.js";
import { unflatten } from "../ops/rearranging.js";
import { pythonFloat, pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { type FoldArguments, fold, type UnfoldArguments, unfold } from "./functional_grid.js";
import {
  channel_shuffle,
  type LocalResponseNormArguments,
  local_response_norm,
  pixel_shuffle,
  pixel_unshuffle,
} from "./functional_norm.js";
import {
  factorKind,
  type InterpolateArguments,
  type InterpolationMode,
  interpolate,
  modeKind,
  sizeKind,
} from "./functional_resize.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { type Size2, size } from "./size.js";

type Numbers = number | readonly number[];
export type UpsampleLayerArguments = Omit<InterpolateArguments, "antialias">;

/** An interpolation with its settings. */
export abstract class Interpolation extends Module {
  readonly size: Numbers | null;
  readonly scale_factor: Numbers | null;
  readonly mode: InterpolationMode;
  readonly align_corners: boolean | null;
  readonly recompute_scale_factor: boolean | null;

  constructor(given: UpsampleLayerArguments) {
    super();
    this.size = given.size;
    // As PyTorch's, for which 0 is none.
    this.scale_factor = given.scale_factor === 0 ? null : given.scale_factor;
    this.mode = given.mode;
    this.align_corners = given.align_corners;
    this.recompute_scale_factor = given.recompute_scale_factor;
  }
  protected resize(input: Tensor): Tensor {
    const { size, scale_factor, mode, align_corners, recompute_scale_factor } = this;
    return interpolate(input, { size, scale_factor, mode, align_corners, recompute_scale_factor });
  }
  override extra_repr(): string {
    const { scale_factor, mode } = this;
    const factor =
      scale_factor === null || typeof scale_factor === "number"
        ? pythonFloat(scale_factor ?? 0)
        : `(${scale_factor.map(pythonFloat).join(", ")}${scale_factor.length === 1 ? "," : ""})`;
    return `${scale_factor === null ? `size=${pythonRepr(this.size)}` : `scale_factor=${factor}`}, mode='${mode}'`;
  }
}

const sizes = { size: sizeKind.or(null), scale_factor: factorKind.or(null) } as const;
const readUpsample = signature("torch.nn.Upsample", {
  ...sizes,
  mode: modeKind.or("nearest"),
  align_corners: bool.or(null),
  recompute_scale_factor: bool.or(null),
});
const upsampleInputs = inputOf("Upsample");
/** Interpolates [N, C, ...] to `size` or by `scale_factor`. */
export class Upsample extends Interpolation {
  constructor(
    ...args: Args<
      [
        size: Numbers | null,
        scale_factor: Numbers | null,
        mode: InterpolationMode,
        align_corners: boolean | null,
        recompute_scale_factor: boolean | null,
      ],
      UpsampleLayerArguments
    >
  ) {
    super(readUpsample(args));
  }
  override forward(...args: Input): Tensor {
    return this.resize(upsampleInputs(args).input);
  }
}

/** The same with its function. */
export interface InterpolationLayer extends Interpolation {
  forward(...args: Input): Tensor;
}
type SizesArgs = Args<
  [size: Size2 | null, scale_factor: Numbers | null],
  { size: Size2 | null; scale_factor: Numbers | null }
>;
function upsampling(
  name: string,
  mode: InterpolationMode,
  align_corners: boolean | null,
): new (
  ...args: SizesArgs
) => InterpolationLayer {
  const read = signature(`torch.nn.${name}`, sizes);
  const inputs = inputOf(name);
  return class extends Interpolation {
    constructor(...args: SizesArgs) {
      super({ ...read(args), mode, align_corners, recompute_scale_factor: null });
    }
    override forward(...args: Input): Tensor {
      return this.resize(inputs(args).input);
    }
  };
}
/** Upsample of [N, C, H, W] with the mode "nearest". */
export class UpsamplingNearest2d extends upsampling("UpsamplingNearest2d", "nearest", null) {}
/** Upsample of [N, C, H, W] with the mode "bilinear" and aligned corners. */
export class UpsamplingBilinear2d extends upsampling("UpsamplingBilinear2d", "bilinear", true) {}

/** A layer that is a function of its input and of one integer, which it has under its name. */
type OfInteger<K extends string> = Module & { readonly [key in K]: number } & { forward(...args: Input): Tensor };
type IntegerArgs<K extends string> = Args<[value: number], { [key in K]: number }>;
function ofInteger<K extends string>(
  name: string,
  argument: K,
  apply: (input: Tensor, value: number) => Tensor,
): new (
  ...args: IntegerArgs<K>
) => OfInteger<K> {
  const read = signature(`torch.nn.${name}`, { [argument]: int } as { [key in K]: Kind<number> });
  const inputs = inputOf(name);
  const layer = class extends Module {
    constructor(...args: IntegerArgs<K>) {
      super();
      Object.assign(this, read(args));
    }
    override forward(...args: Input): Tensor {
      return apply(inputs(args).input, (this as unknown as { [key in K]: number })[argument]);
    }
    override extra_repr(): string {
      return `${argument}=${(this as unknown as { [key in K]: number })[argument]}`;
    }
  };
  return layer as unknown as new (
    ...args: IntegerArgs<K>
  ) => OfInteger<K>;
}
/** Channels [N, C r^2, H, W] as pixels [N, C, H r, W r]. */
export class PixelShuffle extends ofInteger("PixelShuffle", "upscale_factor", pixel_shuffle) {}
/** Pixels [N, C, H r, W r] as channels [N, C r^2, H, W]. */
export class PixelUnshuffle extends ofInteger("PixelUnshuffle", "downscale_factor", pixel_unshuffle) {}
/** Channels of groups dealt out one by one. */
export class ChannelShuffle extends ofInteger("ChannelShuffle", "groups", channel_shuffle) {}

const windows = { kernel_size: size, dilation: size.or(1), padding: size.or(0), stride: size.or(1) } as const;
const windowText = (layer: UnfoldArguments): string =>
  `kernel_size=${pythonRepr(layer.kernel_size)}, dilation=${pythonRepr(layer.dilation)}, padding=${pythonRepr(layer.padding)}, stride=${pythonRepr(layer.stride)}`;
type WindowPositions = [kernel_size: Size2, dilation: Size2, padding: Size2, stride: Size2];

const readUnfold = signature("torch.nn.Unfold", windows);
const unfoldInputs = inputOf("Unfold");
/** Windows of [N, C, H, W] as columns: [N, C KH KW, windows]. */
export class Unfold extends Module {
  readonly kernel_size: Size2;
  readonly dilation: Size2;
  readonly padding: Size2;
  readonly stride: Size2;
  constructor(...args: Args<WindowPositions, UnfoldArguments>) {
    super();
    const given = readUnfold(args) as UnfoldArguments;
    this.kernel_size = given.kernel_size;
    this.dilation = given.dilation;
    this.padding = given.padding;
    this.stride = given.stride;
  }
  override forward(...args: Input): Tensor {
    const { kernel_size, dilation, padding, stride } = this;
    return unfold(unfoldInputs(args).input, { kernel_size, dilation, padding, stride });
  }
  override extra_repr(): string {
    return windowText(this);
  }
}

const readFold = signature("torch.nn.Fold", { output_size: size, ...windows });
const foldInputs = inputOf("Fold");
/** Images [N, C, H, W] in which each column of [N, C KH KW, windows] is added where unfold took it from. */
export class Fold extends Module {
  readonly output_size: Size2;
  readonly kernel_size: Size2;
  readonly dilation: Size2;
  readonly padding: Size2;
  readonly stride: Size2;
  constructor(...args: Args<[output_size: Size2, ...WindowPositions], FoldArguments>) {
    super();
    const given = readFold(args) as FoldArguments;
    this.output_size = given.output_size;
    this.kernel_size = given.kernel_size;
    this.dilation = given.dilation;
    this.padding = given.padding;
    this.stride = given.stride;
  }
  override forward(...args: Input): Tensor {
    const { output_size, kernel_size, dilation, padding, stride } = this;
    return fold(foldInputs(args).input, { output_size, kernel_size, dilation, padding, stride });
  }
  override extra_repr(): string {
    return `output_size=${pythonRepr(this.output_size)}, ${windowText(this)}`;
  }
}

const readUnflatten = signature("torch.nn.Unflatten", { dim: int, unflattened_size: ints });
const unflattenInputs = inputOf("Unflatten");
/** A dimension as several. */
export class Unflatten extends Module {
  readonly dim: number;
  readonly unflattened_size: readonly number[];
  constructor(
    ...args: Args<
      [dim: number, unflattened_size: readonly number[]],
      { dim: number; unflattened_size: readonly number[] }
    >
  ) {
    super();
    const { dim, unflattened_size } = readUnflatten(args);
    this.dim = dim;
    this.unflattened_size = unflattened_size;
  }
  override forward(...args: Input): Tensor {
    return unflatten(unflattenInputs(args).input, this.dim, this.unflattened_size);
  }
  override extra_repr(): string {
    return `dim=${this.dim}, unflattened_size=${pythonRepr(this.unflattened_size)}`;
  }
}

const readNorm = signature("torch.nn.LocalResponseNorm", {
  size: int,
  alpha: number.or(1e-4),
  beta: number.or(0.75),
  k: number.or(1),
});
const normInputs = inputOf("LocalResponseNorm");
/** x / (k + alpha s)^beta, s the mean of the squares of `size` neighbouring channels (dimension 1). */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  constructor(...args: Args<[size: number, alpha: number, beta: number, k: number], LocalResponseNormArguments>) {
    super();
    const { size, alpha, beta, k } = readNorm(args);
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }
  override forward(...args: Input): Tensor {
    const { size, alpha, beta, k } = this;
    return local_response_norm(normInputs(args).input, { size, alpha, beta, k });
  }
  override extra_repr(): string {
    return `${this.size}, alpha=${pythonFloat(this.alpha)}, beta=${pythonFloat(this.beta)}, k=${pythonFloat(this.k)}`;
  }
}
