import { ArgumentError } from "@facet/autograd";
import { type Args, bool, int, only, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { placement } from "../kinds.js";
import { zeros } from "../ops/creation.js";
import { pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { conv2d, edges, type Padding } from "./functional_conv.js";
import { kaiming_uniform_, uniform_ } from "./init.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { padding2, pair, type Size2, size2 } from "./size.js";

export interface Conv2dArguments {
  in_channels: number;
  out_channels: number;
  kernel_size: Size2;
  /** Default 1. */
  stride: Size2;
  /** Zeros at each edge, 'same' or 'valid'. Default 0. */
  padding: Padding;
  /** Default 1. */
  dilation: Size2;
  /** Default 1. */
  groups: number;
  /** Default true. */
  bias: boolean;
  padding_mode: "zeros";
  device: Device | string | null;
  dtype: Dtype | null;
}

const read = signature("torch.nn.Conv2d", {
  in_channels: int,
  out_channels: int,
  kernel_size: size2,
  stride: size2.or(1),
  padding: padding2.or(0),
  dilation: size2.or(1),
  groups: int.or(1),
  bias: bool.or(true),
  padding_mode: only("zeros"),
  ...placement,
});
const inputs = inputOf("Conv2d");
const readReset = signature("torch.nn.Conv2d.reset_parameters", {});

/** Initial values of nn.Linear and nn.Conv2d: weight and bias U(+-1 / sqrt(fan_in)). */
export function initialise(weight: Tensor, bias: Tensor | null): void {
  kaiming_uniform_(weight, Math.sqrt(5));
  if (!bias) return;
  const bound = 1 / Math.sqrt(weight.numel() / weight.size(0));
  uniform_(bias, -bound, bound);
}

/** Convolution of [N, C, H, W] (or [C, H, W]). Weight [out, in / groups, kh, kw], initially U(+-1 / sqrt(fan_in)), as the bias. */
export class Conv2d extends Module {
  readonly in_channels: number;
  readonly out_channels: number;
  readonly kernel_size: [number, number];
  readonly stride: [number, number];
  readonly padding: [number, number] | "same" | "valid";
  readonly dilation: [number, number];
  readonly groups: number;
  weight: Parameter;
  declare bias: Parameter | null;

  constructor(
    ...args: Args<
      [
        in_channels: number,
        out_channels: number,
        kernel_size: Size2,
        stride: Size2,
        padding: Padding,
        dilation: Size2,
        groups: number,
        bias: boolean,
      ],
      Conv2dArguments
    >
  ) {
    super();
    const given = read(args);
    placed("Conv2d", given);
    const { in_channels, out_channels, groups } = given;
    for (const [argument, value] of Object.entries({ in_channels, out_channels, groups })) {
      if (value <= 0)
        throw new ArgumentError({ op: "Conv2d", argument, expected: "a positive integer", given: `${value}` });
    }
    for (const [argument, value] of Object.entries({ in_channels, out_channels })) {
      if (value % groups !== 0)
        complain(ArgumentError, `${argument} must be divisible by groups`, {
          op: "Conv2d",
          argument: "groups",
          expected: `a divisor of ${value}`,
          given: `${groups}`,
        });
    }
    this.in_channels = in_channels;
    this.out_channels = out_channels;
    this.groups = groups;
    this.kernel_size = pair("Conv2d", "kernel_size", given.kernel_size, 1);
    this.stride = pair("Conv2d", "stride", given.stride, 1);
    this.dilation = pair("Conv2d", "dilation", given.dilation, 1);
    this.padding = typeof given.padding === "string" ? given.padding : pair("Conv2d", "padding", given.padding, 0);
    edges("Conv2d", this.padding, this.kernel_size, this.stride, this.dilation);
    this.weight = new Parameter(zeros(out_channels, in_channels / groups, ...this.kernel_size));
    this.register_parameter("bias", given.bias ? new Parameter(zeros(out_channels)) : null);
    this.reset_parameters();
  }

  /** Draws new initial values. */
  reset_parameters(...args: []): void {
    readReset(args);
    initialise(this.weight, this.bias);
  }

  override forward(...args: Input): Tensor {
    const { input } = inputs(args);
    const { stride, padding, dilation, groups } = this;
    return conv2d(input, this.weight, { bias: this.bias, stride, padding, dilation, groups });
  }

  override extra_repr(): string {
    const { padding, dilation, groups } = this;
    const parts = [
      `${this.in_channels}, ${this.out_channels}, kernel_size=${pythonRepr(this.kernel_size)}, stride=${pythonRepr(this.stride)}`,
    ];
    if (typeof padding === "string") parts.push(`padding=${padding}`);
    else if (padding.some((amount) => amount !== 0)) parts.push(`padding=${pythonRepr(padding)}`);
    if (dilation.some((step) => step !== 1)) parts.push(`dilation=${pythonRepr(dilation)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (!this.bias) parts.push("bias=False");
    return parts.join(", ");
  }
}
