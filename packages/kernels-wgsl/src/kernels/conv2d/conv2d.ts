import type { ParamValues } from "../../kernel.js";
import { convGeometry } from "./conv_geometry.js";

/** Where the axes of images and of results stand: batch, height, width, channels. */
export type ImageLayout = "NHWC" | "NCHW";
/** Where the axes of filters stand. With groups, I is C_in / groups and O all output channels. */
export type FilterLayout = "HWIO" | "OIHW";

export interface Conv2dOptions {
  /** Rows, columns that the window moves from one result to the next. */
  stride: readonly [number, number];
  /** Rows and columns of zeros around the image. */
  padding: readonly [top: number, bottom: number, left: number, right: number];
  /** Rows, columns from one tap of the filter to the next. */
  dilation: readonly [number, number];
  /** Channels are cut into so many equal runs that do not see each other; C_in of them is a depthwise convolution. */
  groups: number;
  layout: ImageLayout;
  filterLayout: FilterLayout;
  /** Whether a bias of C_out elements is added. Default false. */
  bias?: boolean;
}

/**
 * Fields of `struct Params`, the same for every conv2d kernel. x_*, y_* and w_* are strides in elements (i and o: input
 * and output channels of the filter), so that one shader reads every layout. dx and dw have the strides of x and w, dy
 * those of y.
 */
export const conv2dFields = {
  batch: "u32",
  in_h: "u32",
  in_w: "u32",
  in_c: "u32",
  out_h: "u32",
  out_w: "u32",
  out_c: "u32",
  filter_h: "u32",
  filter_w: "u32",
  stride_h: "u32",
  stride_w: "u32",
  pad_top: "u32",
  pad_left: "u32",
  dilation_h: "u32",
  dilation_w: "u32",
  groups: "u32",
  x_n: "u32",
  x_h: "u32",
  x_w: "u32",
  x_c: "u32",
  y_n: "u32",
  y_h: "u32",
  y_w: "u32",
  y_c: "u32",
  w_h: "u32",
  w_w: "u32",
  w_i: "u32",
  w_o: "u32",
  has_bias: "u32",
} as const;

/** Sizes of the subgroups that the variants of conv2d by vectors are compiled for: lavapipe has 8 lanes, SwiftShader 4. */
export const subgroupSizes = [8, 4] as const;

export const inFours = (...numbers: number[]): boolean => numbers.every((number) => number % 4 === 0);

/** Whether every group has one input channel. */
export const isDepthwise = (p: Conv2dParams): boolean => p.in_c === p.groups;

/** Whether, moreover, it has one output channel, and four channels stand side by side in x, y and w. */
export const depthwiseByFours = (p: Conv2dParams, views: Readonly<Record<string, { offset: number }>>): boolean =>
  isDepthwise(p) &&
  p.out_c === p.groups &&
  p.x_c === 1 &&
  p.y_c === 1 &&
  p.w_o === 1 &&
  inFours(p.out_c, p.x_n, p.x_h, p.x_w, p.y_n, p.y_h, p.y_w, p.w_h, p.w_w) &&
  Object.values(views).every(({ offset }) => inFours(offset / 4));

/** Whether four channels of a group stand side by side in x, y and (output channels) w. */
export const byFours = (p: Conv2dParams, views: Readonly<Record<string, { offset: number }>>): boolean =>
  p.x_c === 1 &&
  p.y_c === 1 &&
  p.w_o === 1 &&
  inFours(p.in_c / p.groups, p.out_c / p.groups, p.x_n, p.x_h, p.x_w, p.y_n, p.y_h, p.y_w, p.w_h, p.w_w, p.w_i) &&
  Object.values(views).every(({ offset }) => inFours(offset / 4));

export type Conv2dParams = ParamValues<typeof conv2dFields>;

type Image = Record<"N" | "H" | "W" | "C", number>;
type Filter = Record<"H" | "W" | "I" | "O", number>;

/**
 * Shape of y and the params of every conv2d kernel, for contiguous operands.
 *
 * Throws ShapeError for a rank other than 4, an empty axis other than the batch, channels of x that are not I * groups, or a dilated window
 * larger than the padded input; ArgumentError for strides, dilations or groups that are not positive integers, padding
 * that is not non-negative integers, or groups that do not divide the channels.
 */
export function conv2dGeometry(
  xShape: readonly number[],
  wShape: readonly number[],
  options: Conv2dOptions,
): { shape: number[]; params: Conv2dParams } {
  const { stride, padding, dilation, groups, bias = false } = options;
  const geometry = convGeometry("conv2d", "HW", xShape, wShape, options);
  const { shape } = geometry;
  const {
    x,
    y,
    xStrides: xs,
    yStrides: ys,
  } = geometry as unknown as Record<"x" | "y" | "xStrides" | "yStrides", Image>;
  const { w, wStrides: ws } = geometry as unknown as Record<"w" | "wStrides", Filter>;
  return {
    shape,
    params: {
      batch: x.N,
      in_h: x.H,
      in_w: x.W,
      in_c: x.C,
      out_h: y.H,
      out_w: y.W,
      out_c: y.C,
      filter_h: w.H,
      filter_w: w.W,
      stride_h: stride[0],
      stride_w: stride[1],
      pad_top: padding[0],
      pad_left: padding[2],
      dilation_h: dilation[0],
      dilation_w: dilation[1],
      groups,
      x_n: xs.N,
      x_h: xs.H,
      x_w: xs.W,
      x_c: xs.C,
      y_n: ys.N,
      y_h: ys.H,
      y_w: ys.W,
      y_c: ys.C,
      w_h: ws.H,
      w_w: ws.W,
      w_i: ws.I,
      w_o: ws.O,
      has_bias: bias ? 1 : 0,
    },
  };
}

/** Multiply-adds of every pass: each weight meets each pixel of y once (padding counted). */
export function conv2dFlops(p: Conv2dParams): number {
  return 2 * p.batch * p.out_h * p.out_w * p.out_c * p.filter_h * p.filter_w * (p.in_c / p.groups);
}

/** Elements of x, w and y. */
export function conv2dSizes(p: Conv2dParams): { x: number; w: number; y: number } {
  return {
    x: p.batch * p.in_h * p.in_w * p.in_c,
    w: p.filter_h * p.filter_w * (p.in_c / p.groups) * p.out_c,
    y: p.batch * p.out_h * p.out_w * p.out_c,
  };
}
