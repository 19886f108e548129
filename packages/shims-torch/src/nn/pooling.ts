// Pooling over one to three spatial dimensions, as layers.
import { type Args, bool, int, number, signature } from "@facet/dialect";
import { pythonFloat, pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import * as F from "./functional_pool.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { type Extents, extents, type Rank, type Size, size } from "./size.js";

export type MaxPool2dArguments = F.MaxPoolArguments<2>;
/** What a pooling returns: with places where it was asked for them. */
export type WithIndices<I extends boolean> = I extends true ? [values: Tensor, indices: Tensor] : Tensor;

type MaxPoolArgs<R extends Rank, I extends boolean> = Args<
  [
    kernel_size: Size<R>,
    stride: Size<R> | null,
    padding: Size<R>,
    dilation: Size<R>,
    return_indices: I,
    ceil_mode: boolean,
  ],
  F.MaxPoolArguments<R, I>
>;

/** Largest elements of windows, whatever the number of dimensions. */
export abstract class MaxPoolNd<R extends Rank, I extends boolean> extends Module {
  readonly kernel_size: Size<R>;
  readonly stride: Size<R>;
  readonly padding: Size<R>;
  readonly dilation: Size<R>;
  readonly return_indices: I;
  readonly ceil_mode: boolean;

  constructor(name: string, rank: R, args: MaxPoolArgs<R, I>) {
    super();
    const given = maxReaders[rank](args);
    F.windowOf(name, rank, given);
    this.kernel_size = given.kernel_size as Size<R>;
    this.stride = F.strideOr(given.kernel_size, given.stride) as Size<R>;
    this.padding = given.padding as Size<R>;
    this.dilation = given.dilation as Size<R>;
    this.return_indices = given.return_indices as I;
    this.ceil_mode = given.ceil_mode;
  }

  protected pool(input: Tensor, apply: F.MaxPoolFunction<R>): WithIndices<I> {
    const { kernel_size, stride, padding, dilation, ceil_mode, return_indices } = this;
    const settings = { kernel_size, stride, padding, dilation, ceil_mode, return_indices };
    return apply(input, settings as F.MaxPoolArguments<R, false>) as WithIndices<I>;
  }

  override extra_repr(): string {
    return `kernel_size=${pythonRepr(this.kernel_size)}, stride=${pythonRepr(this.stride)}, padding=${pythonRepr(this.padding)}, dilation=${pythonRepr(this.dilation)}, ceil_mode=${pythonRepr(this.ceil_mode)}`;
  }
}
const maxReader = (rank: Rank) =>
  signature(`torch.nn.MaxPool${rank}d`, {
    kernel_size: size,
    stride: size.or(null),
    padding: size.or(0),
    dilation: size.or(1),
    return_indices: bool.or(false),
    ceil_mode: bool.or(false),
  });
const maxReaders = { 1: maxReader(1), 2: maxReader(2), 3: maxReader(3) };
const maxInputs = { 1: inputOf("MaxPool1d"), 2: inputOf("MaxPool2d"), 3: inputOf("MaxPool3d") };

/** Largest element of each window of [N, C, W]. The stride is the window's size unless given. */
export class MaxPool1d<I extends boolean = false> extends MaxPoolNd<1, I> {
  constructor(...args: MaxPoolArgs<1, I>) {
    super("MaxPool1d", 1, args);
  }
  override forward(...args: Input): WithIndices<I> {
    return this.pool(maxInputs[1](args).input, F.max_pool1d);
  }
}
/** Largest element of each window of [N, C, H, W]. The stride is the window's size unless given. */
export class MaxPool2d<I extends boolean = false> extends MaxPoolNd<2, I> {
  constructor(...args: MaxPoolArgs<2, I>) {
    super("MaxPool2d", 2, args);
  }
  override forward(...args: Input): WithIndices<I> {
    return this.pool(maxInputs[2](args).input, F.max_pool2d);
  }
}
/** Largest element of each window of [N, C, D, H, W]. The stride is the window's size unless given. */
export class MaxPool3d<I extends boolean = false> extends MaxPoolNd<3, I> {
  constructor(...args: MaxPoolArgs<3, I>) {
    super("MaxPool3d", 3, args);
  }
  override forward(...args: Input): WithIndices<I> {
    return this.pool(maxInputs[3](args).input, F.max_pool3d);
  }
}

const avgRules = {
  kernel_size: size,
  stride: size.or(null),
  padding: size.or(0),
  ceil_mode: bool.or(false),
  count_include_pad: bool.or(true),
} as const;
type AvgPoolPositions<R extends Rank> = [
  kernel_size: Size<R>,
  stride: Size<R> | null,
  padding: Size<R>,
  ceil_mode: boolean,
  count_include_pad: boolean,
];
const avgText = (layer: { kernel_size: unknown; stride: unknown; padding: unknown }): string =>
  `kernel_size=${pythonRepr(layer.kernel_size)}, stride=${pythonRepr(layer.stride)}, padding=${pythonRepr(layer.padding)}`;

const readAvg1 = signature("torch.nn.AvgPool1d", avgRules);
const avgInputs1 = inputOf("AvgPool1d");
/** Mean of each window of [N, C, W]. The stride is the window's size unless given. */
export class AvgPool1d extends Module {
  readonly kernel_size: Extents<1>;
  readonly stride: Extents<1>;
  readonly padding: Extents<1>;
  readonly ceil_mode: boolean;
  readonly count_include_pad: boolean;

  constructor(...args: Args<AvgPoolPositions<1>, F.AvgPoolArguments<1>>) {
    super();
    const given = readAvg1(args);
    F.windowOf("AvgPool1d", 1, given);
    const single = (argument: string, value: number | readonly number[]) =>
      extents("AvgPool1d", argument, value, 1, 0) as Extents<1>;
    this.kernel_size = single("kernel_size", given.kernel_size);
    this.stride = single("stride", F.strideOr(given.kernel_size, given.stride));
    this.padding = single("padding", given.padding);
    this.ceil_mode = given.ceil_mode;
    this.count_include_pad = given.count_include_pad;
  }
  override forward(...args: Input): Tensor {
    const { kernel_size, stride, padding, ceil_mode, count_include_pad } = this;
    return F.avg_pool1d(avgInputs1(args).input, { kernel_size, stride, padding, ceil_mode, count_include_pad });
  }
  override extra_repr(): string {
    return avgText(this);
  }
}

/** Means of windows of images or volumes. */
export abstract class AvgPoolNd<R extends 2 | 3> extends Module {
  readonly kernel_size: Size<R>;
  readonly stride: Size<R>;
  readonly padding: Size<R>;
  readonly ceil_mode: boolean;
  readonly count_include_pad: boolean;
  readonly divisor_override: number | null;

  constructor(name: string, rank: R, args: AvgPoolArgs<R>) {
    super();
    const given = avgReaders[rank](args);
    F.windowOf(name, rank, given);
    this.kernel_size = given.kernel_size as Size<R>;
    this.stride = F.strideOr(given.kernel_size, given.stride) as Size<R>;
    this.padding = given.padding as Size<R>;
    this.ceil_mode = given.ceil_mode;
    this.count_include_pad = given.count_include_pad;
    this.divisor_override = given.divisor_override;
  }

  protected settings(): F.AvgPoolNdArguments<R> {
    const { kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override } = this;
    return { kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override };
  }

  override extra_repr(): string {
    return avgText(this);
  }
}
type AvgPoolArgs<R extends 2 | 3> = Args<
  [...AvgPoolPositions<R>, divisor_override: number | null],
  F.AvgPoolNdArguments<R>
>;
const avgReader = (rank: 2 | 3) =>
  signature(`torch.nn.AvgPool${rank}d`, { ...avgRules, divisor_override: int.or(null) });
const avgReaders = { 2: avgReader(2), 3: avgReader(3) };
const avgInputs = { 2: inputOf("AvgPool2d"), 3: inputOf("AvgPool3d") };

/** Mean of each window of [N, C, H, W]. The stride is the window's size unless given. */
export class AvgPool2d extends AvgPoolNd<2> {
  constructor(...args: AvgPoolArgs<2>) {
    super("AvgPool2d", 2, args);
  }
  override forward(...args: Input): Tensor {
    return F.avg_pool2d(avgInputs[2](args).input, this.settings());
  }
}
/** Mean of each window of [N, C, D, H, W]. The stride is the window's size unless given. */
export class AvgPool3d extends AvgPoolNd<3> {
  constructor(...args: AvgPoolArgs<3>) {
    super("AvgPool3d", 3, args);
  }
  override forward(...args: Input): Tensor {
    return F.avg_pool3d(avgInputs[3](args).input, this.settings());
  }
}

/** Powers of windows, whatever the number of dimensions. */
export interface LPPoolNd<R extends Rank> extends Module {
  readonly norm_type: number;
  readonly kernel_size: Size<R>;
  readonly stride: Size<R> | null;
  readonly ceil_mode: boolean;
  forward(...args: Input): Tensor;
}
type LPPoolArgs<R extends Rank> = Args<
  [norm_type: number, kernel_size: Size<R>, stride: Size<R> | null, ceil_mode: boolean],
  F.LPPoolFunctionArguments<R>
>;
function powers<R extends Rank>(rank: R, apply: F.LPPoolFunction<R>): new (...args: LPPoolArgs<R>) => LPPoolNd<R> {
  const name = `LPPool${rank}d`;
  const rules = { norm_type: number, kernel_size: size, stride: size.or(null), ceil_mode: bool.or(false) } as const;
  const read = signature(`torch.nn.${name}`, rules);
  const inputs = inputOf(name);
  return class extends Module {
    readonly norm_type: number;
    readonly kernel_size: Size<R>;
    readonly stride: Size<R> | null;
    readonly ceil_mode: boolean;
    constructor(...args: LPPoolArgs<R>) {
      super();
      const given = read(args);
      F.windowOf(name, rank, { ...given, padding: 0 });
      this.norm_type = given.norm_type;
      this.kernel_size = given.kernel_size as Size<R>;
      this.stride = given.stride as Size<R> | null;
      this.ceil_mode = given.ceil_mode;
    }
    override forward(...args: Input): Tensor {
      const { norm_type, kernel_size, stride, ceil_mode } = this;
      return apply(inputs(args).input, { norm_type, kernel_size, stride, ceil_mode } as F.LPPoolFunctionArguments<R>);
    }
    override extra_repr(): string {
      const norm = Number.isInteger(this.norm_type) ? pythonRepr(this.norm_type) : pythonFloat(this.norm_type);
      return `norm_type=${norm}, kernel_size=${pythonRepr(this.kernel_size)}, stride=${pythonRepr(this.stride)}, ceil_mode=${pythonRepr(this.ceil_mode)}`;
    }
  };
}
/** (sum of x^p)^(1 / p) of each window of [N, C, W]. */
export class LPPool1d extends powers(1, F.lp_pool1d) {}
/** (sum of x^p)^(1 / p) of each window of [N, C, H, W]. */
export class LPPool2d extends powers(2, F.lp_pool2d) {}
/** (sum of x^p)^(1 / p) of each window of [N, C, D, H, W]. */
export class LPPool3d extends powers(3, F.lp_pool3d) {}
