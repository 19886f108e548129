import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import {
  type BindingSpec,
  type Constants,
  defineKernel,
  divideUp,
  FAT_LANES,
  narrowed,
  type ParamValues,
  spread,
  type Variant,
} from "../../kernel.js";
import avgPool3dBackwardWgsl from "./avg_pool3d_backward.wgsl";
import avgPool3dBackwardBlocksWgsl from "./avg_pool3d_backward_blocks.wgsl";
import avgPool3dForwardWgsl from "./avg_pool3d_forward.wgsl";
import maxPool3dBackwardWgsl from "./max_pool3d_backward.wgsl";
import maxPool3dBackwardBlocksWgsl from "./max_pool3d_backward_blocks.wgsl";
import maxPool3dForwardWgsl from "./max_pool3d_forward.wgsl";

/** Volumes are [outer, d, h, w, inner]: NDHWC has outer = n and inner = c, NCDHW outer = n * c and inner = 1. */
const params = {
  outer: "u32",
  inner: "u32",
  in_d: "u32",
  in_h: "u32",
  in_w: "u32",
  out_d: "u32",
  out_h: "u32",
  out_w: "u32",
  window_d: "u32",
  window_h: "u32",
  window_w: "u32",
  stride_d: "u32",
  stride_h: "u32",
  stride_w: "u32",
  dilation_d: "u32",
  dilation_h: "u32",
  dilation_w: "u32",
  pad_front: "u32",
  pad_back: "u32",
  pad_top: "u32",
  pad_bottom: "u32",
  pad_left: "u32",
  pad_right: "u32",
  include_pad: "u32",
  divisor: "u32",
} as const;

export type Pool3dParams = ParamValues<typeof params>;

export const pool3dCounts = (p: Pool3dParams): { x: number; y: number } => ({
  x: p.outer * p.in_d * p.in_h * p.in_w * p.inner,
  y: p.outer * p.out_d * p.out_h * p.out_w * p.inner,
});
const read = { access: "read", dtype: "f32" } as const satisfies BindingSpec;
const write = { access: "read_write", dtype: "f32" } as const satisfies BindingSpec;

const rowsOf = {
  x: (p: Pool3dParams) => spread(p.outer * p.in_d * p.in_h),
  y: (p: Pool3dParams) => spread(p.outer * p.out_d * p.out_h),
};
const undilated = (p: Pool3dParams): boolean => p.dilation_d === 1 && p.dilation_h === 1 && p.dilation_w === 1;

/** Rows of x or of y; `close` are constants that hold where the dilation is 1. */
function variants(of: "x" | "y", vec4: Constants, close?: Constants): Variant<typeof params>[] {
  const order = "row_major";
  const workgroups = rowsOf[of];
  const rows: Variant<typeof params>[] = [
    {
      name: "rows_vec4",
      order,
      constants: { ...vec4, V: "vec4<f32>", WIDTH: "4u" },
      applies: (p) => p.inner % 4 === 0,
      workgroups,
    },
    { name: "rows_plane", order, constants: { column_of: "e" }, applies: (p) => p.inner === 1, workgroups },
    { name: "rows", order, workgroups },
  ];
  if (!close) return rows;
  const near = rows.map((row) => narrowed(row, undilated, { constants: { ...row.constants, ...close } }));
  return [...near, ...rows.map((row) => ({ ...row, name: `${row.name}_dilated` }))];
}

/** For windows that do not overlap; adaptive ones have a stride of 0. See max_pool3d_backward_blocks.wgsl. */
function blocks(wgsl: string, vec4: Constants): Variant<typeof params>[] {
  const along = (extent: number, before: number, stride: number): number =>
    Math.floor((before + extent - 1) / stride) - Math.floor(before / stride) + 1;
  const count = (p: Pool3dParams): number =>
    p.outer *
    p.inner *
    along(p.in_d, p.pad_front, p.stride_d) *
    along(p.in_h, p.pad_top, p.stride_h) *
    along(p.in_w, p.pad_left, p.stride_w);
  const applies = (p: Pool3dParams): boolean =>
    undilated(p) && p.window_d <= p.stride_d && p.window_h <= p.stride_h && p.window_w <= p.stride_w;
  const order = "row_major";
  return [
    {
      name: "blocks_vec4",
      order,
      wgsl,
      constants: { ...vec4, V: "vec4<f32>", WIDTH: "4u" },
      applies: (p) => p.inner % 4 === 0 && applies(p),
      workgroups: (p) => spread(divideUp(count(p) / 4, 64)),
    },
    { name: "blocks", order, wgsl, applies, workgroups: (p) => spread(divideUp(count(p), 64)) },
  ];
}

/** One comparison or addition per tap of every window; `outputs` counts passes over what has the size of y. */
const cost = (outputs: number) => (p: Pool3dParams) => {
  const { x, y } = pool3dCounts(p);
  return { flops: y * p.window_d * p.window_h * p.window_w, bytes: 4 * (x + outputs * y) };
};

/** y = maximum of every window of x, and where it is. Windows of one to three axes. See max_pool3d_forward.wgsl. */
export const maxPool3dForward = defineKernel({
  name: "max_pool3d_forward",
  software: FAT_LANES,
  wgsl: maxPool3dForwardWgsl,
  bindings: { x: read, y: write, index: { access: "read_write", dtype: "i32" } },
  params,
  variants: variants("y", { I: "vec4<i32>", B: "vec4<bool>" }),
  cost: cost(2),
});

/** dx = dy where the index of a window says, added where windows overlap. See max_pool3d_backward.wgsl. */
export const maxPool3dBackward = defineKernel({
  name: "max_pool3d_backward",
  software: FAT_LANES,
  wgsl: maxPool3dBackwardWgsl,
  bindings: { index: { access: "read", dtype: "i32" }, dy: read, dx: write },
  params,
  variants: [...blocks(maxPool3dBackwardBlocksWgsl, { I: "vec4<i32>" }), ...variants("x", { I: "vec4<i32>" })],
  cost: cost(2),
});

/** y = mean, or sum, of every window of x. See avg_pool3d_forward.wgsl. */
export const avgPool3dForward = defineKernel({
  name: "avg_pool3d_forward",
  software: FAT_LANES,
  wgsl: avgPool3dForwardWgsl,
  bindings: { x: read, y: write },
  params,
  variants: variants("y", {}, { spaced: "n" }),
  cost: cost(1),
});

/** dx = dy of every window that holds the element, by the window's divisor. See avg_pool3d_backward.wgsl. */
export const avgPool3dBackward = defineKernel({
  name: "avg_pool3d_backward",
  software: FAT_LANES,
  wgsl: avgPool3dBackwardWgsl,
  bindings: { dy: read, dx: write },
  params,
  variants: [...blocks(avgPool3dBackwardBlocksWgsl, {}), ...variants("x", {}, { spaced: "n", on_grid: "true" })],
  cost: cost(1),
});

// Of adaptive pooling: window o goes from floor(o * in / out) to ceil((o + 1) * in / out).
const taps = "((o + 1u) * axis.extent + axis.count - 1u) / axis.count - o * axis.extent / axis.count";
const adaptiveForward: Constants = { begin: "o * axis.extent / axis.count", taps };
const adaptiveBackward: Constants = {
  first: "at * axis.count / axis.extent",
  end: "((at + 1u) * axis.count + axis.extent - 1u) / axis.extent",
};

/** For `RunOptions.constants` of these kernels, with the params of adaptivePoolGeometry. */
export const adaptivePool = {
  maxForward: adaptiveForward,
  maxBackward: adaptiveBackward,
  avgForward: { ...adaptiveForward, counted: taps },
  avgBackward: { ...adaptiveBackward, counted: taps, on_grid: "true" },
} as const satisfies Record<string, Constants>;

export interface PoolOptions {
  /** Taps along each spatial axis, of which there are one to three. */
  window: readonly number[];
  stride: readonly number[];
  /** Elements of padding before and after each axis, in pairs: -infinity for the maximum, 0 for the mean. */
  padding: readonly number[];
  /** Distance between the taps of a window. Default 1. */
  dilation?: readonly number[];
  /**
   * Keeps a last window that reaches beyond the padded input, as PyTorch does: only if it starts inside the input or the
   * padding before it. Default false.
   */
  ceilMode?: boolean;
  /** Whether channels are the last axis; else the second. */
  channelsLast: boolean;
  /** Mean only: whether padding counts in the divisor (what `ceilMode` adds beyond the padding never does). Default false. */
  countIncludePad?: boolean;
  /** Mean only: divides every sum by this positive integer instead; 1 for a sum. */
  divisor?: number | undefined;
}

type Three = [number, number, number];

function check(op: string, argument: string, values: readonly number[], count: number, least: number): void {
  if (values.length === count && values.every((value) => Number.isInteger(value) && value >= least)) return;
  throw new ArgumentError({
    op,
    argument,
    expected: `${count} integers of at least ${least}`,
    given: formatShape(values),
  });
}

/** The spatial axes of x, filled up to three. */
function volumeOf(op: string, xShape: readonly number[], channelsLast: boolean) {
  const axes = xShape.length - 2;
  if (axes < 1 || axes > 3 || xShape.some((extent, d) => !Number.isInteger(extent) || extent < (d === 0 ? 0 : 1)))
    throw new ShapeError({
      op,
      argument: "x",
      expected: "a batch of channels with one to three spatial axes, none of them empty",
      given: formatShape(xShape),
    });
  const first = channelsLast ? 1 : 2;
  const missing = 3 - axes;
  const three = (list: readonly number[], none: number) =>
    [...Array.from({ length: missing }, () => none), ...list] as Three;
  const channels = xShape[channelsLast ? axes + 1 : 1] as number;
  const batch = xShape[0] as number;
  const shape = (out: Three): number[] => {
    const spatial = out.slice(missing);
    return channelsLast ? [batch, ...spatial, channels] : [batch, channels, ...spatial];
  };
  return {
    axes,
    missing,
    three,
    shape,
    extents: three(xShape.slice(first, first + axes), 1),
    outer: channelsLast ? batch : batch * channels,
    inner: channelsLast ? channels : 1,
  };
}

type Volume = ReturnType<typeof volumeOf>;

function paramsOf(
  { outer, inner, extents }: Volume,
  out: Three,
  window: Three,
  stride: Three,
  dilation: Three,
  pads: readonly number[],
  rest: { include_pad: number; divisor: number },
): Pool3dParams {
  const [front, back, top, bottom, left, right] = pads as [number, number, number, number, number, number];
  return {
    outer,
    inner,
    in_d: extents[0],
    in_h: extents[1],
    in_w: extents[2],
    out_d: out[0],
    out_h: out[1],
    out_w: out[2],
    window_d: window[0],
    window_h: window[1],
    window_w: window[2],
    stride_d: stride[0],
    stride_h: stride[1],
    stride_w: stride[2],
    dilation_d: dilation[0],
    dilation_h: dilation[1],
    dilation_w: dilation[2],
    pad_front: front,
    pad_back: back,
    pad_top: top,
    pad_bottom: bottom,
    pad_left: left,
    pad_right: right,
    ...rest,
  };
}

/**
 * Shape of y and the params of the pooling kernels, for contiguous x [n, c, ...spatial] or channels last, with one to three
 * spatial axes. A window may lie wholly in the padding.
 * Throws ShapeError for another rank, an empty axis other than the batch or a window larger than the padded input,
 * ArgumentError for a window, stride, dilation or divisor below 1 and for negative padding. `op` names the op in errors.
 */
export function poolGeometry(
  op: string,
  xShape: readonly number[],
  options: PoolOptions,
): { shape: number[]; params: Pool3dParams } {
  const volume = volumeOf(op, xShape, options.channelsLast);
  const { axes, missing, three, extents } = volume;
  const { window, stride, padding, ceilMode = false, countIncludePad = false, divisor } = options;
  const dilation = options.dilation ?? window.map(() => 1);
  check(op, "window", window, axes, 1);
  check(op, "stride", stride, axes, 1);
  check(op, "padding", padding, 2 * axes, 0);
  check(op, "dilation", dilation, axes, 1);
  if (divisor !== undefined && !(Number.isInteger(divisor) && divisor > 0))
    throw new ArgumentError({ op, argument: "divisor", expected: "a positive integer", given: `${divisor}` });
  const [taps, steps, gaps] = [three(window, 1), three(stride, 1), three(dilation, 1)];
  const pads = [...Array.from({ length: 2 * missing }, () => 0), ...padding];
  const out = extents.map((extent, d) => {
    const [before, after] = [pads[2 * d] as number, pads[2 * d + 1] as number];
    const [step, reach] = [steps[d] as number, ((taps[d] as number) - 1) * (gaps[d] as number) + 1];
    const room = extent + before + after - reach;
    let count = (ceilMode ? Math.ceil(room / step) : Math.floor(room / step)) + 1;
    if (ceilMode && (count - 1) * step >= extent + before) count--;
    if (count < 1)
      throw new ShapeError({
        op,
        argument: "window",
        expected: `at most the ${extent + before + after} padded elements of spatial axis ${d - missing}`,
        given: `${reach} from ${formatShape(window)}`,
      });
    return count;
  }) as Three;
  const rest = { include_pad: countIncludePad ? 1 : 0, divisor: divisor ?? 0 };
  return { shape: volume.shape(out), params: paramsOf(volume, out, taps, steps, gaps, pads, rest) };
}

/**
 * The same for adaptive pooling to `outputSize`, of which null keeps an axis as it is. Throws ArgumentError for sizes that are no
 * positive integers.
 */
export function adaptivePoolGeometry(
  op: string,
  xShape: readonly number[],
  outputSize: readonly (number | null)[],
  channelsLast: boolean,
): { shape: number[]; params: Pool3dParams } {
  const volume = volumeOf(op, xShape, channelsLast);
  const { axes, missing, three, extents } = volume;
  const sizes = outputSize.map((size, d) => size ?? (extents[d + missing] as number));
  check(op, "outputSize", sizes, axes, 1);
  const out = three(sizes, 1);
  const widest = out.map((count, d) => Math.ceil((extents[d] as number) / count)) as Three;
  const pads = [0, 0, 0, 0, 0, 0];
  const rest = { include_pad: 0, divisor: 0 };
  return { shape: volume.shape(out), params: paramsOf(volume, out, widest, [0, 0, 0], [1, 1, 1], pads, rest) };
}
