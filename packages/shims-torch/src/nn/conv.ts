// Convolutional layers over one to three spatial dimensions, and transposed ones.
import { ArgumentError, scope } from "@facet/autograd";
import { type Args, bool, int, oneOf, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { placement } from "../kinds.js";
import { zeros } from "../ops/creation.js";
import { pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { givenOf } from "./deferred.js";
import * as F from "./functional_conv.js";
import { type PadMode, pad } from "./functional_pad.js";
import { kaiming_uniform_, uniform_ } from "./init.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { type Extents, extents, paddingNames, type Rank, type Size, size } from "./size.js";
import { isUninitialized, UninitializedParameter } from "./uninitialized.js";

export type PaddingMode = "zeros" | Exclude<PadMode, "constant">;
export const paddingModes = oneOf("zeros", "reflect", "replicate", "circular");

export interface ConvArguments<R extends Rank> {
  in_channels: number;
  out_channels: number;
  kernel_size: Size<R>;
  /** Default 1. */
  stride: Size<R>;
  /** What is put around each edge, 'same' or 'valid'. Default 0. */
  padding: F.Padding<R>;
  /** Default 1. */
  dilation: Size<R>;
  /** Default 1. */
  groups: number;
  /** Default true. */
  bias: boolean;
  /** What is put there. Default "zeros". */
  padding_mode: PaddingMode;
  device: Device | string | null;
  dtype: Dtype | null;
}
export type Conv2dArguments = ConvArguments<2>;
/** By position, after in_channels. */
export type ConvPositions<R extends Rank> = [
  out_channels: number,
  kernel_size: Size<R>,
  stride: Size<R>,
  padding: F.Padding<R>,
  dilation: Size<R>,
  groups: number,
  bias: boolean,
  padding_mode: PaddingMode,
  device: Device | string | null,
  dtype: Dtype | null,
];
type ConvArgs<R extends Rank> = Args<[in_channels: number, ...ConvPositions<R>], ConvArguments<R>>;

export const convRules = {
  out_channels: int,
  kernel_size: size,
  stride: size.or(1),
  padding: size.either(paddingNames).or(0),
  dilation: size.or(1),
  groups: int.or(1),
  bias: bool.or(true),
  padding_mode: paddingModes.or("zeros"),
  ...placement,
} as const;
/** Initial values of nn.Linear and the convolutions: weight and bias U(+-1 / sqrt(fan_in)). */
export function initialise(weight: Tensor, bias: Tensor | null): void {
  kaiming_uniform_(weight, Math.sqrt(5));
  if (!bias) return;
  const bound = 1 / Math.sqrt(weight.numel() / weight.size(0));
  uniform_(bias, -bound, bound);
}

type Numbers = number | readonly number[];
interface Given {
  /** null of a layer that waits for its first input. */
  in_channels: number | null;
  out_channels: number;
  kernel_size: Numbers;
  stride: Numbers;
  padding: Numbers | "same" | "valid";
  dilation: Numbers;
  output_padding?: Numbers;
  groups: number;
  bias: boolean;
  padding_mode: PaddingMode;
  device: Device | string | null;
  dtype: Dtype | null;
}

/** What all of them have. */
export abstract class ConvNd<R extends Rank> extends Module {
  readonly in_channels: number;
  readonly out_channels: number;
  readonly kernel_size: Extents<R>;
  readonly stride: Extents<R>;
  readonly padding: Extents<R> | "same" | "valid";
  readonly dilation: Extents<R>;
  readonly transposed: boolean;
  readonly output_padding: Extents<R>;
  readonly groups: number;
  readonly padding_mode: PaddingMode;
  weight: Parameter;
  declare bias: Parameter | null;

  constructor(name: string, rank: R, given: Given) {
    super();
    placed(name, given);
    const { in_channels, out_channels, groups, output_padding } = given;
    requireChannels(name, given);
    const each = (argument: string, value: Numbers, least: number) =>
      extents(name, argument, value, rank, least) as Extents<R>;
    this.in_channels = in_channels ?? 0;
    this.out_channels = out_channels;
    this.kernel_size = each("kernel_size", given.kernel_size, 1);
    this.stride = each("stride", given.stride, 1);
    this.dilation = each("dilation", given.dilation, 1);
    this.padding = typeof given.padding === "string" ? given.padding : each("padding", given.padding, 0);
    F.edges(name, this.padding as never, this.kernel_size, this.stride, this.dilation);
    this.transposed = output_padding !== undefined;
    this.output_padding = each("output_padding", output_padding ?? 0, 0);
    this.groups = groups;
    this.padding_mode = given.padding_mode;
    const parameter = (...shape: number[]): Parameter =>
      in_channels === null ? new UninitializedParameter() : new Parameter(zeros(...shape));
    this.weight = parameter(...this.weightShape());
    this.register_parameter("bias", given.bias ? parameter(out_channels) : null);
    this.reset_parameters();
  }

  /** [out, in / groups, ...], or [in, out / groups, ...] of a transposed one. */
  weightShape(): number[] {
    const { in_channels, out_channels, groups, kernel_size, transposed } = this;
    return transposed
      ? [in_channels, out_channels / groups, ...kernel_size]
      : [out_channels, in_channels / groups, ...kernel_size];
  }

  /** Draws new initial values. */
  reset_parameters(...args: []): void {
    readReset(args);
    if (!isUninitialized(this.weight)) initialise(this.weight, this.bias);
  }

  override extra_repr(): string {
    const { padding, dilation, groups, output_padding } = this;
    const all = (list: readonly number[], value: number): boolean => list.every((each) => each === value);
    const parts = [
      `${this.in_channels}, ${this.out_channels}, kernel_size=${pythonRepr(this.kernel_size)}, stride=${pythonRepr(this.stride)}`,
    ];
    if (typeof padding === "string") parts.push(`padding=${padding}`);
    else if (!all(padding, 0)) parts.push(`padding=${pythonRepr(padding)}`);
    if (!all(dilation, 1)) parts.push(`dilation=${pythonRepr(dilation)}`);
    if (!all(output_padding, 0)) parts.push(`output_padding=${pythonRepr(output_padding)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (!this.bias) parts.push("bias=False");
    if (this.padding_mode !== "zeros") parts.push(`padding_mode=${this.padding_mode}`);
    return parts.join(", ");
  }
}
const readReset = signature("torch.nn.Conv2d.reset_parameters", {});

function requireChannels(op: string, { in_channels, out_channels, groups }: Given): void {
  for (const [argument, value] of Object.entries({ in_channels, out_channels, groups })) {
    if (value !== null && value <= 0)
      throw new ArgumentError({ op, argument, expected: "a positive integer", given: `${value}` });
  }
  if (in_channels !== null) requireDivisor(op, "in_channels", in_channels, groups);
  requireDivisor(op, "out_channels", out_channels, groups);
}

/** Throws unless channels are cut into groups without a rest. */
export function requireDivisor(op: string, argument: string, channels: number, groups: number): void {
  if (channels % groups === 0) return;
  complain(ArgumentError, `${argument} must be divisible by groups`, {
    op,
    argument: "groups",
    expected: `a divisor of ${channels}`,
    given: `${groups}`,
  });
}

/** A convolution with weight [out, in / groups, ...]. */
export abstract class ConvolutionNd<R extends Rank> extends ConvNd<R> {
  protected convolve(input: Tensor, convolve: F.ConvFunction<R>): Tensor {
    const { bias, stride, dilation, groups, kernel_size, padding_mode: mode } = this;
    const apply = (x: Tensor, padding: Extents<R> | "same" | "valid" | 0): Tensor =>
      convolve(x, this.weight, {
        bias,
        stride: stride as never,
        padding: padding as never,
        dilation: dilation as never,
        groups,
      });
    if (mode === "zeros") return apply(input, this.padding);
    const pairs = F.edges(this._get_name(), this.padding as never, kernel_size, stride, dilation);
    // The last dimension comes first.
    const amounts = kernel_size.flatMap((_, d) => pairs.slice(pairs.length - 2 * d - 2, pairs.length - 2 * d));
    return scope(() => apply(pad(input, amounts, mode), 0));
  }
}

/** A convolution of that many dimensions. */
export interface Convolution<R extends Rank> extends ConvolutionNd<R> {
  forward(...args: Input): Tensor;
}
/** Its class. */
export function convolution<R extends Rank>(
  name: string,
  rank: R,
  apply: F.ConvFunction<R>,
): new (
  ...args: ConvArgs<R>
) => Convolution<R> {
  const read = signature(`torch.nn.${name}`, { in_channels: int, ...convRules });
  const inputs = inputOf(name);
  return class extends ConvolutionNd<R> {
    constructor(...args: ConvArgs<R>) {
      super(name, rank, givenOf(args, read));
    }
    override forward(...args: Input): Tensor {
      return this.convolve(inputs(args).input, apply);
    }
  };
}

/** Convolution of [N, C, H, W] (or [C, H, W]). Weight [out, in / groups, kh, kw], initially U(+-1 / sqrt(fan_in)), as the bias. */
export class Conv2d extends convolution("Conv2d", 2, F.conv2d) {}
