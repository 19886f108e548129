// Pooling to a size that is given, fractional pooling and the reverse of pooling, as layers.
import { ArgumentError } from "@facet/autograd";
import { type Args, bool, type Keywords, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import * as A from "./functional_adaptive_pool.js";
import { strideOr } from "./functional_pool.js";
import * as F from "./functional_unpool.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import type { WithIndices } from "./pooling.js";
import { type Extents, extents, type OpenSize, type Rank, type Size, size } from "./size.js";

/** Means of windows that cover the input. */
export interface AdaptiveAvgPoolNd<R extends Rank> extends Module {
  readonly output_size: OpenSize<R>;
  forward(...args: Input): Tensor;
}
type AdaptiveAvgArgs<R extends Rank> = Args<[output_size: OpenSize<R>], { output_size: OpenSize<R> }>;
function averages<R extends Rank>(
  rank: R,
  apply: A.AdaptiveAvgPool<R>,
): new (
  ...args: AdaptiveAvgArgs<R>
) => AdaptiveAvgPoolNd<R> {
  const name = `AdaptiveAvgPool${rank}d`;
  const read = signature(`torch.nn.${name}`, { output_size: A.openSize(rank) });
  const inputs = inputOf(name);
  return class extends Module {
    readonly output_size: OpenSize<R>;
    constructor(...args: AdaptiveAvgArgs<R>) {
      super();
      this.output_size = read(args).output_size as OpenSize<R>;
    }
    override forward(...args: Input): Tensor {
      return apply(inputs(args).input, this.output_size);
    }
    override extra_repr(): string {
      return `output_size=${pythonRepr(this.output_size)}`;
    }
  };
}
/** Means of windows that cover [N, C, W], as many as `output_size`. */
export class AdaptiveAvgPool1d extends averages(1, A.adaptive_avg_pool1d) {}
/** Means of windows that cover [N, C, H, W], as many as `output_size`; null keeps an extent. */
export class AdaptiveAvgPool2d extends averages(2, A.adaptive_avg_pool2d) {}
/** Means of windows that cover [N, C, D, H, W], as many as `output_size`; null keeps an extent. */
export class AdaptiveAvgPool3d extends averages(3, A.adaptive_avg_pool3d) {}

type AdaptiveMaxArgs<R extends Rank, I extends boolean> = Args<
  [output_size: OpenSize<R>, return_indices: I],
  A.AdaptiveMaxPoolArguments<R, I>
>;
/** Largest elements of windows that cover the input. */
export abstract class AdaptiveMaxPoolNd<R extends Rank, I extends boolean> extends Module {
  readonly output_size: OpenSize<R>;
  readonly return_indices: I;
  constructor(rank: R, args: AdaptiveMaxArgs<R, I>) {
    super();
    const { output_size, return_indices } = maxReaders[rank](args);
    this.output_size = output_size as OpenSize<R>;
    this.return_indices = return_indices as I;
  }
  protected pool(input: Tensor, apply: A.AdaptiveMaxPool<R>): WithIndices<I> {
    const { output_size, return_indices } = this;
    return apply(input, { output_size, return_indices } as A.AdaptiveMaxPoolArguments<R, false>) as WithIndices<I>;
  }
  override extra_repr(): string {
    return `output_size=${pythonRepr(this.output_size)}`;
  }
}
const maxReader = (rank: Rank) =>
  signature(`torch.nn.AdaptiveMaxPool${rank}d`, { output_size: A.openSize(rank), return_indices: bool.or(false) });
const maxReaders = { 1: maxReader(1), 2: maxReader(2), 3: maxReader(3) };
const maxInputs = {
  1: inputOf("AdaptiveMaxPool1d"),
  2: inputOf("AdaptiveMaxPool2d"),
  3: inputOf("AdaptiveMaxPool3d"),
};

/** Largest elements of windows that cover [N, C, W], as many as `output_size`. */
export class AdaptiveMaxPool1d<I extends boolean = false> extends AdaptiveMaxPoolNd<1, I> {
  constructor(...args: AdaptiveMaxArgs<1, I>) {
    super(1, args);
  }
  override forward(...args: Input): WithIndices<I> {
    return this.pool(maxInputs[1](args).input, A.adaptive_max_pool1d);
  }
}
/** Largest elements of windows that cover [N, C, H, W], as many as `output_size`; null keeps an extent. */
export class AdaptiveMaxPool2d<I extends boolean = false> extends AdaptiveMaxPoolNd<2, I> {
  constructor(...args: AdaptiveMaxArgs<2, I>) {
    super(2, args);
  }
  override forward(...args: Input): WithIndices<I> {
    return this.pool(maxInputs[2](args).input, A.adaptive_max_pool2d);
  }
}
/** Largest elements of windows that cover [N, C, D, H, W], as many as `output_size`; null keeps an extent. */
export class AdaptiveMaxPool3d<I extends boolean = false> extends AdaptiveMaxPoolNd<3, I> {
  constructor(...args: AdaptiveMaxArgs<3, I>) {
    super(3, args);
  }
  override forward(...args: Input): WithIndices<I> {
    return this.pool(maxInputs[3](args).input, A.adaptive_max_pool3d);
  }
}

/** Elements back at the places where a pooling found them. */
export interface MaxUnpoolNd<R extends Rank> extends Module {
  readonly kernel_size: Extents<R>;
  readonly stride: Extents<R>;
  readonly padding: Extents<R>;
  forward(...args: InputAndIndices): Tensor;
}
type Shape = readonly number[] | null;
export type InputAndIndices =
  | [input: Tensor, indices: Tensor, output_size?: Shape]
  | [input: Tensor, indices: Tensor, Keywords<{ output_size: Shape }>]
  | [input: Tensor, Keywords<{ indices: Tensor; output_size: Shape }>]
  | [Keywords<{ input: Tensor; indices: Tensor; output_size: Shape }>];
type UnpoolArgs<R extends Rank> = Args<
  [kernel_size: Size<R>, stride: Size<R> | null, padding: Size<R>],
  Omit<F.MaxUnpoolFunctionArguments<R>, "output_size">
>;
function unpooling<R extends Rank>(
  rank: R,
  apply: F.MaxUnpoolFunction<R>,
): new (
  ...args: UnpoolArgs<R>
) => MaxUnpoolNd<R> {
  const name = `MaxUnpool${rank}d`;
  const read = signature(`torch.nn.${name}`, { kernel_size: size, stride: size.or(null), padding: size.or(0) });
  const inputs = signature(`torch.nn.${name}.forward`, { input: tensor, indices: tensor, output_size: size.or(null) });
  return class extends Module {
    readonly kernel_size: Extents<R>;
    readonly stride: Extents<R>;
    readonly padding: Extents<R>;
    constructor(...args: UnpoolArgs<R>) {
      super();
      const { kernel_size, stride, padding } = read(args);
      this.kernel_size = extents(name, "kernel_size", kernel_size, rank, 1) as Extents<R>;
      this.stride = extents(name, "stride", strideOr(kernel_size, stride), rank, 1) as Extents<R>;
      this.padding = extents(name, "padding", padding, rank, 0) as Extents<R>;
    }
    override forward(...args: InputAndIndices): Tensor {
      const { input, indices, output_size } = inputs(args);
      const { kernel_size, stride, padding } = this;
      const settings = { kernel_size, stride, padding, output_size };
      return apply(input, indices, settings as never);
    }
    override extra_repr(): string {
      return `kernel_size=${pythonRepr(this.kernel_size)}, stride=${pythonRepr(this.stride)}, padding=${pythonRepr(this.padding)}`;
    }
  };
}
/** Zeros with the elements of [N, C, W] where MaxPool1d found them. */
export class MaxUnpool1d extends unpooling(1, F.max_unpool1d) {}
/** Zeros with the elements of [N, C, H, W] where MaxPool2d found them. */
export class MaxUnpool2d extends unpooling(2, F.max_unpool2d) {}
/** Zeros with the elements of [N, C, D, H, W] where MaxPool3d found them. */
export class MaxUnpool3d extends unpooling(3, F.max_unpool3d) {}

type FractionalArgs<R extends 2 | 3, I extends boolean> = Args<
  [
    kernel_size: Size<R>,
    output_size: Size<R> | null,
    output_ratio: number | readonly number[] | null,
    return_indices: I,
    _random_samples: Tensor | null,
  ],
  F.FractionalMaxPoolArguments<R, I>
>;
/** Largest elements of windows whose places are drawn. */
export abstract class FractionalMaxPoolNd<R extends 2 | 3, I extends boolean> extends Module {
  readonly kernel_size: Extents<R>;
  readonly output_size: Extents<R> | null;
  readonly output_ratio: readonly number[] | null;
  readonly return_indices: I;
  declare _random_samples: Tensor | null;

  constructor(name: string, rank: R, args: FractionalArgs<R, I>) {
    super();
    const { kernel_size, output_size, output_ratio, return_indices, _random_samples } = fractionalReaders[rank](args);
    this.kernel_size = extents(name, "kernel_size", kernel_size, rank, 1) as Extents<R>;
    this.return_indices = return_indices as I;
    this.register_buffer("_random_samples", _random_samples);
    this.output_size = output_size === null ? null : (extents(name, "output_size", output_size, rank, 1) as Extents<R>);
    this.output_ratio = typeof output_ratio === "number" ? this.kernel_size.map(() => output_ratio) : output_ratio;
    const wrong = (argument: string, sentence: string, expected: string, given: string): never =>
      complain(ArgumentError, sentence, { op: name, argument, expected, given });
    if (output_size === null && output_ratio === null)
      wrong(
        "output_size",
        `${name} requires specifying either an output size, or a pooling ratio`,
        "a size or a ratio",
        "neither",
      );
    if (output_size !== null && output_ratio !== null)
      wrong("output_size", "only one of output_size and output_ratio may be specified", "a size or a ratio", "both");
    if (this.output_ratio?.some((ratio) => !(ratio > 0 && ratio < 1)))
      wrong(
        "output_ratio",
        `output_ratio must be between 0 and 1 (got ${pythonRepr(output_ratio)})`,
        "numbers between 0 and 1",
        pythonRepr(output_ratio),
      );
  }

  protected pool(input: Tensor, apply: F.FractionalMaxPool<R>): WithIndices<I> {
    const { kernel_size, output_size, output_ratio, return_indices, _random_samples } = this;
    const settings = { kernel_size, output_size, output_ratio, return_indices, _random_samples };
    return apply(input, settings as never) as WithIndices<I>;
  }
}
const fractionalReader = (rank: 2 | 3) =>
  signature(`torch.nn.FractionalMaxPool${rank}d`, {
    kernel_size: size,
    output_size: size.or(null),
    output_ratio: F.ratioKind.or(null),
    return_indices: bool.or(false),
    _random_samples: tensor.or(null),
  });
const fractionalReaders = { 2: fractionalReader(2), 3: fractionalReader(3) };
const fractionalInputs = { 2: inputOf("FractionalMaxPool2d"), 3: inputOf("FractionalMaxPool3d") };

/** Largest elements of windows of [N, C, H, W] whose places are drawn. */
export class FractionalMaxPool2d<I extends boolean = false> extends FractionalMaxPoolNd<2, I> {
  constructor(...args: FractionalArgs<2, I>) {
    super("FractionalMaxPool2d", 2, args);
  }
  override forward(...args: Input): WithIndices<I> {
    return this.pool(fractionalInputs[2](args).input, F.fractional_max_pool2d);
  }
}
/** Largest elements of windows of [N, C, D, H, W] whose places are drawn. */
export class FractionalMaxPool3d<I extends boolean = false> extends FractionalMaxPoolNd<3, I> {
  constructor(...args: FractionalArgs<3, I>) {
    super("FractionalMaxPool3d", 3, args);
  }
  override forward(...args: Input): WithIndices<I> {
    return this.pool(fractionalInputs[3](args).input, F.fractional_max_pool3d);
  }
}
