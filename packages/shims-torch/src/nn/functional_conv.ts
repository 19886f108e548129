// Convolution and pooling of images [N, C, H, W] (or one image [C, H, W]).
import * as core from "@facet/autograd";
import { type Args, bool, int, only, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { padding2, pair, type Size2, size2 } from "./size.js";

export type Padding = Size2 | "same" | "valid";
type Edges = readonly [top: number, bottom: number, left: number, right: number];

/** Padding at the four edges. 'same' puts the odd element at the end, as PyTorch does. */
export function edges(
  op: string,
  padding: Padding,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): Edges {
  if (typeof padding !== "string") {
    const [h, w] = pair(op, "padding", padding, 0);
    return [h, h, w, w];
  }
  if (padding === "valid") return [0, 0, 0, 0];
  if (stride.some((step) => step !== 1))
    complain(core.ArgumentError, "padding='same' is not supported for strided convolutions", {
      op,
      argument: "padding",
      expected: "numbers with a stride above 1",
      given: "'same'",
    });
  const total = (axis: 0 | 1): number => (dilation[axis] as number) * ((kernel[axis] as number) - 1);
  const [h, w] = [total(0), total(1)];
  return [Math.floor(h / 2), Math.ceil(h / 2), Math.floor(w / 2), Math.ceil(w / 2)];
}

/** Runs `body` on a batch, adding and removing the batch dimension of a single image. */
function batched(op: string, input: Tensor, body: (x: core.Tensor) => core.Tensor): Tensor {
  if (input.rank !== 3 && input.rank !== 4)
    complain(
      core.ShapeError,
      `Expected 3D (unbatched) or 4D (batched) input to ${op}, but got input of size: ${sizeText(input.shape)}`,
      { op, argument: "input", expected: "rank 3 or 4", given: sizeText(input.shape) },
    );
  return core.scope(() => {
    if (input.rank === 4) return wrap(body(input.core));
    const y = body(core.reshape(input.core, [1, ...input.shape]));
    return wrap(core.reshape(y, y.shape.slice(1)));
  });
}

export interface Conv2dFunctionArguments {
  bias: Tensor | null;
  stride: Size2;
  padding: Padding;
  dilation: Size2;
  groups: number;
}
const readConv2d = signature("torch.nn.functional.conv2d", {
  input: tensor,
  weight: tensor,
  bias: tensor.or(null),
  stride: size2.or(1),
  padding: padding2.or(0),
  dilation: size2.or(1),
  groups: int.or(1),
});

/** Convolution of input [N, C, H, W] with weight [O, C / groups, KH, KW]. */
export function conv2d(
  ...args: [
    input: Tensor,
    weight: Tensor,
    ...Args<
      [bias: Tensor | null, stride: Size2, padding: Padding, dilation: Size2, groups: number],
      Conv2dFunctionArguments
    >,
  ]
): Tensor {
  const { input, weight, bias, groups, ...rest } = readConv2d(args);
  const stride = pair("conv2d", "stride", rest.stride, 1);
  const dilation = pair("conv2d", "dilation", rest.dilation, 1);
  if (weight.rank !== 4)
    throw new core.ShapeError({
      op: "conv2d",
      argument: "weight",
      expected: "[out, in / groups, height, width]",
      given: sizeText(weight.shape),
    });
  if (groups < 1)
    complain(core.ArgumentError, "non-positive groups is not supported", {
      op: "conv2d",
      argument: "groups",
      expected: "a positive integer",
      given: `${groups}`,
    });
  const padding = edges("conv2d", rest.padding, weight.shape.slice(2), stride, dilation);
  return batched("conv2d", input, (x) => {
    requireFit(x, weight, groups, padding, dilation);
    requireBias(weight, bias);
    const attrs = { stride, padding, dilation, groups, layout: "NCHW", filterLayout: "OIHW" } as const;
    return core.conv2d(x, weight.core, bias?.core, attrs);
  });
}

/** Mistakes of which PyTorch speaks in sentences of its own; the core refuses all others. */
function requireFit(
  x: core.Tensor,
  weight: Tensor,
  groups: number,
  [top, bottom, left, right]: Edges,
  dilation: readonly number[],
): void {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const [, per, kh, kw] = weight.shape as [number, number, number, number];
  if (channels !== per * groups)
    complain(
      core.ShapeError,
      `Given groups=${groups}, weight of size ${sizeText(weight.shape)}, expected input${sizeText(x.shape)} to have ${per * groups} channels, but got ${channels} channels instead`,
      { op: "conv2d", argument: "input", expected: `${per * groups} channels`, given: `${channels}` },
    );
  const padded = [height + top + bottom, width + left + right];
  const window = [kh, kw].map((extent, i) => (extent - 1) * (dilation[i] as number) + 1);
  if (window.some((extent, i) => extent > (padded[i] as number)))
    complain(
      core.ShapeError,
      `Calculated padded input size per channel: (${padded.join(" x ")}). Kernel size: (${window.join(" x ")}). Kernel size can't be greater than actual input size`,
      { op: "conv2d", argument: "weight", expected: `at most ${padded.join(" x ")}`, given: window.join(" x ") },
    );
}

function requireBias(weight: Tensor, bias: Tensor | null): void {
  const [out] = weight.shape;
  if (!bias || `${bias.shape}` === `${[out]}`) return;
  complain(
    core.ShapeError,
    `Given weight of size ${sizeText(weight.shape)}, expected bias to be 1-dimensional with ${out} elements, but got bias of size ${sizeText(bias.shape)} instead`,
    { op: "conv2d", argument: "bias", expected: `[${out}]`, given: sizeText(bias.shape) },
  );
}

/** The stride of a pooling: that of its window where it is left out or empty. */
export const strideOr = (window: Size2, stride: Size2 | null): Size2 =>
  stride === null || (typeof stride !== "number" && stride.length < 1) ? window : stride;

/** Window, stride and padding of a pooling, checked. */
function poolSettings(op: string, kernel_size: Size2, stride: Size2 | null, padding: Size2) {
  const window = pair(op, "kernel_size", kernel_size, 1);
  const steps = pair(op, "stride", strideOr(kernel_size, stride), 1);
  const [h, w] = pair(op, "padding", padding, 0);
  for (const [pad, extent] of [
    [h, window[0]],
    [w, window[1]],
  ] as const) {
    if (2 * pad > extent)
      complain(
        core.ArgumentError,
        `pad should be at most half of effective kernel size, but got pad=${pad}, kernel_size=${extent}`,
        { op, argument: "padding", expected: `at most ${Math.floor(extent / 2)}`, given: `${pad}` },
      );
  }
  return { window, stride: steps, padding: [h, h, w, w] as const, layout: "NCHW" as const };
}

/** Says in PyTorch's words that the window is larger than the padded image. */
function pool(
  op: string,
  input: Tensor,
  attrs: core.Pool2dAttrs,
  run: (x: core.Tensor, attrs: core.Pool2dAttrs) => core.Tensor,
): Tensor {
  return batched(op, input, (x) => {
    try {
      return run(x, attrs);
    } catch (error) {
      if (!(error instanceof core.ShapeError) || error.argument !== "window") throw error;
      return complain(
        core.ShapeError,
        `Given input size: (${x.shape.slice(1).join("x")}). The window does not fit. Output size is too small`,
        { op, argument: "kernel_size", expected: error.expected, given: error.given ?? sizeText(attrs.window) },
      );
    }
  });
}

export interface MaxPool2dArguments {
  kernel_size: Size2;
  /** null for the window. */
  stride: Size2 | null;
  padding: Size2;
  dilation: Size2;
  ceil_mode: boolean;
  return_indices: boolean;
}
const readMaxPool = signature("torch.nn.functional.max_pool2d", {
  input: tensor,
  kernel_size: size2,
  stride: size2.or(null),
  padding: size2.or(0),
  dilation: size2.or(1),
  ceil_mode: bool.or(false),
  return_indices: only(false),
});

/** Largest element of each window; at ties the gradient goes to the first. */
export function max_pool2d(
  ...args: [
    input: Tensor,
    ...Args<
      [kernel_size: Size2, stride: Size2 | null, padding: Size2, dilation: Size2, ceil_mode: boolean],
      MaxPool2dArguments
    >,
  ]
): Tensor {
  const { input, kernel_size, stride, padding, dilation, ceil_mode } = readMaxPool(args);
  const attrs = {
    ...poolSettings("max_pool2d", kernel_size, stride, padding),
    dilation: pair("max_pool2d", "dilation", dilation, 1),
    ceilMode: ceil_mode,
  };
  return pool("max_pool2d", input, attrs, core.maxPool2d);
}

export interface AvgPool2dArguments {
  kernel_size: Size2;
  /** null for the window. */
  stride: Size2 | null;
  padding: Size2;
  ceil_mode: boolean;
  count_include_pad: boolean;
  divisor_override: null;
}
const readAvgPool = signature("torch.nn.functional.avg_pool2d", {
  input: tensor,
  kernel_size: size2,
  stride: size2.or(null),
  padding: size2.or(0),
  ceil_mode: bool.or(false),
  count_include_pad: bool.or(true),
  divisor_override: only(null),
});

/** Mean of each window; padding counts as zeros unless `count_include_pad` is false. */
export function avg_pool2d(
  ...args: [
    input: Tensor,
    ...Args<
      [kernel_size: Size2, stride: Size2 | null, padding: Size2, ceil_mode: boolean, count_include_pad: boolean],
      AvgPool2dArguments
    >,
  ]
): Tensor {
  const { input, kernel_size, stride, padding, ceil_mode, count_include_pad } = readAvgPool(args);
  const attrs = {
    ...poolSettings("avg_pool2d", kernel_size, stride, padding),
    ceilMode: ceil_mode,
    countIncludePad: count_include_pad,
  };
  return pool("avg_pool2d", input, attrs, core.avgPool2d);
}
