import { type Args, bool, only, signature } from "@facet/dialect";
import { pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import {
  type AvgPool2dArguments,
  avg_pool2d,
  type MaxPool2dArguments,
  max_pool2d,
  strideOr,
} from "./functional_conv.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { pair, type Size2, size2 } from "./size.js";

const readMax = signature("torch.nn.MaxPool2d", {
  kernel_size: size2,
  stride: size2.or(null),
  padding: size2.or(0),
  dilation: size2.or(1),
  return_indices: only(false),
  ceil_mode: bool.or(false),
});
const maxInputs = inputOf("MaxPool2d");

/** Largest element of each window. The stride is the window's size unless given. */
export class MaxPool2d extends Module {
  readonly kernel_size: Size2;
  readonly stride: Size2;
  readonly padding: Size2;
  readonly dilation: Size2;
  readonly ceil_mode: boolean;

  constructor(
    ...args: Args<
      [
        kernel_size: Size2,
        stride: Size2 | null,
        padding: Size2,
        dilation: Size2,
        return_indices: boolean,
        ceil_mode: boolean,
      ],
      MaxPool2dArguments
    >
  ) {
    super();
    const { kernel_size, stride, padding, dilation, ceil_mode } = readMax(args);
    pair("MaxPool2d", "kernel_size", kernel_size, 1);
    pair("MaxPool2d", "stride", strideOr(kernel_size, stride), 1);
    pair("MaxPool2d", "padding", padding, 0);
    pair("MaxPool2d", "dilation", dilation, 1);
    this.kernel_size = kernel_size;
    this.stride = strideOr(kernel_size, stride);
    this.padding = padding;
    this.dilation = dilation;
    this.ceil_mode = ceil_mode;
  }

  override forward(...args: Input): Tensor {
    const { input } = maxInputs(args);
    const { kernel_size, stride, padding, dilation, ceil_mode } = this;
    return max_pool2d(input, { kernel_size, stride, padding, dilation, ceil_mode });
  }

  override extra_repr(): string {
    return `kernel_size=${pythonRepr(this.kernel_size)}, stride=${pythonRepr(this.stride)}, padding=${pythonRepr(this.padding)}, dilation=${pythonRepr(this.dilation)}, ceil_mode=${pythonRepr(this.ceil_mode)}`;
  }
}

const readAvg = signature("torch.nn.AvgPool2d", {
  kernel_size: size2,
  stride: size2.or(null),
  padding: size2.or(0),
  ceil_mode: bool.or(false),
  count_include_pad: bool.or(true),
  divisor_override: only(null),
});
const avgInputs = inputOf("AvgPool2d");

/** Mean of each window. The stride is the window's size unless given. */
export class AvgPool2d extends Module {
  readonly kernel_size: Size2;
  readonly stride: Size2;
  readonly padding: Size2;
  readonly ceil_mode: boolean;
  readonly count_include_pad: boolean;

  constructor(
    ...args: Args<
      [kernel_size: Size2, stride: Size2 | null, padding: Size2, ceil_mode: boolean, count_include_pad: boolean],
      AvgPool2dArguments
    >
  ) {
    super();
    const { kernel_size, stride, padding, ceil_mode, count_include_pad } = readAvg(args);
    pair("AvgPool2d", "kernel_size", kernel_size, 1);
    pair("AvgPool2d", "stride", strideOr(kernel_size, stride), 1);
    pair("AvgPool2d", "padding", padding, 0);
    this.kernel_size = kernel_size;
    this.stride = strideOr(kernel_size, stride);
    this.padding = padding;
    this.ceil_mode = ceil_mode;
    this.count_include_pad = count_include_pad;
  }

  override forward(...args: Input): Tensor {
    const { input } = avgInputs(args);
    const { kernel_size, stride, padding, ceil_mode, count_include_pad } = this;
    return avg_pool2d(input, { kernel_size, stride, padding, ceil_mode, count_include_pad });
  }

  override extra_repr(): string {
    return `kernel_size=${pythonRepr(this.kernel_size)}, stride=${pythonRepr(this.stride)}, padding=${pythonRepr(this.padding)}`;
  }
}
