import { defineKernel, divideUp, type ParamValues, spread } from "../../kernel.js";
import { convGeometry } from "../conv2d/conv_geometry.js";
import { type Conv2dChunkPlan, chunkPlan } from "../conv2d/conv2d_backward_reduce.js";
import conv3dBackwardFilterWgsl from "./conv3d_backward_filter.wgsl";
import conv3dBackwardFilterTileWgsl from "./conv3d_backward_filter_tile.wgsl";
import conv3dBackwardInputWgsl from "./conv3d_backward_input.wgsl";
import conv3dBackwardInputTileWgsl from "./conv3d_backward_input_tile.wgsl";
import conv3dForwardWgsl from "./conv3d_forward.wgsl";
import conv3dForwardTileWgsl from "./conv3d_forward_tile.wgsl";

/** Where the axes of volumes and of results stand: batch, depth, height, width, channels. */
export type VolumeLayout = "NDHWC" | "NCDHW";
export type VolumeFilterLayout = "DHWIO" | "OIDHW";
type Three = readonly [depth: number, height: number, width: number];

export interface Conv3dOptions {
  /** How far the window moves from one result to the next. */
  stride: Three;
  /** Zeros around the volume. */
  padding: readonly [front: number, back: number, top: number, bottom: number, left: number, right: number];
  /** How far apart the taps of the filter are. */
  dilation: Three;
  /** Channels are cut into so many equal runs that do not see each other. */
  groups: number;
  layout: VolumeLayout;
  filterLayout: VolumeFilterLayout;
  /** Whether a bias of C_out elements is added. Default false. */
  bias?: boolean;
}

/** Fields of `struct Params`, the same for every conv3d kernel: as those of conv2d, with a depth. */
export const conv3dFields = {
  batch: "u32",
  in_d: "u32",
  in_h: "u32",
  in_w: "u32",
  in_c: "u32",
  out_d: "u32",
  out_h: "u32",
  out_w: "u32",
  out_c: "u32",
  filter_d: "u32",
  filter_h: "u32",
  filter_w: "u32",
  stride_d: "u32",
  stride_h: "u32",
  stride_w: "u32",
  pad_front: "u32",
  pad_top: "u32",
  pad_left: "u32",
  dilation_d: "u32",
  dilation_h: "u32",
  dilation_w: "u32",
  groups: "u32",
  x_n: "u32",
  x_d: "u32",
  x_h: "u32",
  x_w: "u32",
  x_c: "u32",
  y_n: "u32",
  y_d: "u32",
  y_h: "u32",
  y_w: "u32",
  y_c: "u32",
  w_d: "u32",
  w_h: "u32",
  w_w: "u32",
  w_i: "u32",
  w_o: "u32",
  has_bias: "u32",
} as const;
const chunkedFields = { ...conv3dFields, chunks: "u32", chunk_rows: "u32" } as const;

export type Conv3dParams = ParamValues<typeof conv3dFields>;
export type Conv3dChunkedParams = ParamValues<typeof chunkedFields>;

type Volume = Record<"N" | "D" | "H" | "W" | "C", number>;
type Filter = Record<"D" | "H" | "W" | "I" | "O", number>;

/** Shape of y and the params of every conv3d kernel. Throws as conv2dGeometry, with which it has its checks in common. */
export function conv3dGeometry(
  xShape: readonly number[],
  wShape: readonly number[],
  options: Conv3dOptions,
): { shape: number[]; params: Conv3dParams } {
  const { stride, padding, dilation, groups, bias = false } = options;
  const geometry = convGeometry("conv3d", "DHW", xShape, wShape, options);
  const { shape } = geometry;
  const { x, y, xStrides, yStrides } = geometry as unknown as Record<"x" | "y" | "xStrides" | "yStrides", Volume>;
  const { w, wStrides } = geometry as unknown as Record<"w" | "wStrides", Filter>;
  return {
    shape,
    params: {
      batch: x.N,
      in_d: x.D,
      in_h: x.H,
      in_w: x.W,
      in_c: x.C,
      out_d: y.D,
      out_h: y.H,
      out_w: y.W,
      out_c: y.C,
      filter_d: w.D,
      filter_h: w.H,
      filter_w: w.W,
      stride_d: stride[0],
      stride_h: stride[1],
      stride_w: stride[2],
      pad_front: padding[0],
      pad_top: padding[2],
      pad_left: padding[4],
      dilation_d: dilation[0],
      dilation_h: dilation[1],
      dilation_w: dilation[2],
      groups,
      x_n: xStrides.N,
      x_d: xStrides.D,
      x_h: xStrides.H,
      x_w: xStrides.W,
      x_c: xStrides.C,
      y_n: yStrides.N,
      y_d: yStrides.D,
      y_h: yStrides.H,
      y_w: yStrides.W,
      y_c: yStrides.C,
      w_d: wStrides.D,
      w_h: wStrides.H,
      w_w: wStrides.W,
      w_i: wStrides.I,
      w_o: wStrides.O,
      has_bias: bias ? 1 : 0,
    },
  };
}

const pixelsIn = (p: Conv3dParams): number => p.batch * p.in_d * p.in_h * p.in_w;
const pixelsOut = (p: Conv3dParams): number => p.batch * p.out_d * p.out_h * p.out_w;
const terms = (p: Conv3dParams): number => (p.filter_d * p.filter_h * p.filter_w * p.in_c) / p.groups;

/** Pixels of a phase: see conv3d_backward_input_tile.wgsl. */
const phasePixels = (p: Conv3dParams): number =>
  p.batch * divideUp(p.in_d, p.stride_d) * divideUp(p.in_h, p.stride_h) * divideUp(p.in_w, p.stride_w);
const phases = (p: Conv3dParams): number =>
  Math.min(p.stride_d, p.in_d) * Math.min(p.stride_h, p.in_h) * Math.min(p.stride_w, p.in_w);

/** Elements of x, w and y. */
export const conv3dSizes = (p: Conv3dParams): { x: number; w: number; y: number } => ({
  x: pixelsIn(p) * p.in_c,
  w: terms(p) * p.out_c,
  y: pixelsOut(p) * p.out_c,
});

/** Multiply-adds of every pass: each weight meets each pixel of y once (padding counted). */
const flops = (p: Conv3dParams): number => 2 * pixelsOut(p) * terms(p) * p.out_c;
const cost = (p: Conv3dParams) => {
  const { x, w, y } = conv3dSizes(p);
  return { flops: flops(p), bytes: 4 * (x + w + y) };
};
/** Threads of a shader that computes `pixels` by `channels` of each group in tiles. */
const tiles = (p: Conv3dParams, pixels: number, channels: number) => spread(divideUp(pixels * p.groups * channels, 64));

/** y = activate(x * w + bias), a correlation over three dimensions. See conv3d_forward.wgsl. */
export const conv3dForward = defineKernel({
  name: "conv3d_forward",
  folds: { activate: true },
  wgsl: conv3dForwardWgsl,
  bindings: {
    x: { access: "read", dtype: "f32" },
    w: { access: "read", dtype: "f32" },
    bias: { access: "read", dtype: "f32", optional: true },
    y: { access: "read_write", dtype: "f32" },
  },
  params: conv3dFields,
  variants: [
    {
      name: "strided_12x8",
      order: "taps",
      wgsl: conv3dForwardTileWgsl,
      applies: (p) => p.out_c / p.groups > 4,
      workgroups: (p) => tiles(p, divideUp(pixelsOut(p), 12), divideUp(p.out_c / p.groups, 8)),
    },
    {
      name: "strided_4x4",
      order: "taps",
      workgroups: (p) => tiles(p, divideUp(pixelsOut(p), 4), divideUp(p.out_c / p.groups, 4)),
    },
  ],
  cost,
});

/** dx of conv3d from dy, in gather form: also the forward of a transposed convolution. See conv3d_backward_input.wgsl. */
export const conv3dBackwardInput = defineKernel({
  name: "conv3d_backward_input",
  wgsl: conv3dBackwardInputWgsl,
  bindings: {
    dy: { access: "read", dtype: "f32" },
    w: { access: "read", dtype: "f32" },
    dx: { access: "read_write", dtype: "f32" },
  },
  params: conv3dFields,
  variants: [
    {
      name: "strided_12x8",
      order: "taps",
      wgsl: conv3dBackwardInputTileWgsl,
      applies: (p) => p.in_c / p.groups > 4,
      workgroups: (p) => tiles(p, phases(p) * divideUp(phasePixels(p), 12), divideUp(p.in_c / p.groups, 8)),
    },
    {
      name: "strided_4x4",
      order: "taps",
      workgroups: (p) => tiles(p, divideUp(pixelsIn(p), 4), divideUp(p.in_c / p.groups, 4)),
    },
  ],
  cost,
});

/** Chunked sums of dw of conv3d from x and dy. See conv3dBackwardFilterPlan and conv3d_backward_filter.wgsl. */
export const conv3dBackwardFilter = defineKernel({
  name: "conv3d_backward_filter",
  wgsl: conv3dBackwardFilterWgsl,
  bindings: {
    x: { access: "read", dtype: "f32" },
    dy: { access: "read", dtype: "f32" },
    partial: { access: "read_write", dtype: "f32" },
  },
  params: chunkedFields,
  variants: [
    {
      name: "strided_9x8",
      order: "rows",
      wgsl: conv3dBackwardFilterTileWgsl,
      applies: (p) => p.out_c / p.groups > 4,
      workgroups: (p) => tiles(p, p.chunks * divideUp(terms(p), 9), divideUp(p.out_c / p.groups, 8)),
    },
    {
      name: "strided_4x4",
      order: "rows",
      workgroups: (p) => tiles(p, p.chunks * divideUp(terms(p), 4), divideUp(p.out_c / p.groups, 4)),
    },
  ],
  cost: (p) => {
    const { x, w, y } = conv3dSizes(p);
    return { flops: flops(p), bytes: 4 * (x + y + w * p.chunks) };
  },
});

/** How to compute dw: run conv3dBackwardFilter for x and dy by this plan. */
export function conv3dBackwardFilterPlan(params: Conv3dParams): Conv2dChunkPlan<Conv3dParams> {
  return chunkPlan(params, params.batch * params.out_d * params.out_h, params.out_w, conv3dSizes(params).w);
}
