import { pythonRepr } from "../python.js";
import { type Args, only, required, signature } from "../signature.js";
import type { Tensor } from "../tensor.js";
import { type AvgPool2dArguments, avg_pool2d, type MaxPool2dArguments, max_pool2d } from "./functional_conv.js";
import { Module } from "./module.js";
import { pair, type Size2 } from "./size.js";

const readMax = signature<MaxPool2dArguments>("MaxPool2d", {
  kernel_size: required,
  stride: null,
  padding: 0,
  dilation: 1,
  return_indices: only(false),
  ceil_mode: false,
});

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
    pair("MaxPool2d", "stride", stride ?? kernel_size, 1);
    pair("MaxPool2d", "padding", padding, 0);
    pair("MaxPool2d", "dilation", dilation, 1);
    this.kernel_size = kernel_size;
    this.stride = stride ?? kernel_size;
    this.padding = padding;
    this.dilation = dilation;
    this.ceil_mode = ceil_mode;
  }

  override forward(input: Tensor): Tensor {
    const { kernel_size, stride, padding, dilation, ceil_mode } = this;
    return max_pool2d(input, { kernel_size, stride, padding, dilation, ceil_mode });
  }

  override extra_repr(): string {
    return `kernel_size=${pythonRepr(this.kernel_size)}, stride=${pythonRepr(this.stride)}, padding=${pythonRepr(this.padding)}, dilation=${pythonRepr(this.dilation)}, ceil_mode=${pythonRepr(this.ceil_mode)}`;
  }
}

const readAvg = signature<AvgPool2dArguments>("AvgPool2d", {
  kernel_size: required,
  stride: null,
  padding: 0,
  ceil_mode: false,
  count_include_pad: true,
  divisor_override: only(null),
});

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
    pair("AvgPool2d", "stride", stride ?? kernel_size, 1);
    pair("AvgPool2d", "padding", padding, 0);
    this.kernel_size = kernel_size;
    this.stride = stride ?? kernel_size;
    this.padding = padding;
    this.ceil_mode = ceil_mode;
    this.count_include_pad = count_include_pad;
  }

  override forward(input: Tensor): Tensor {
    const { kernel_size, stride, padding, ceil_mode, count_include_pad } = this;
    return avg_pool2d(input, { kernel_size, stride, padding, ceil_mode, count_include_pad });
  }

  override extra_repr(): string {
    return `kernel_size=${pythonRepr(this.kernel_size)}, stride=${pythonRepr(this.stride)}, padding=${pythonRepr(this.padding)}`;
  }
}
