import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { defineKernel, divideUp, type ParamValues, sizeOf, spread, type Variant } from "../../kernel.js";
import { copyParams, type StridedCopyParams } from "../strided_copy/strided_copy.js";
import foldWgsl from "./fold.wgsl";

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
  pad_top: "u32",
  pad_left: "u32",
  c_outer: "u32",
  c_window: "u32",
  c_tap: "u32",
  c_inner: "u32",
} as const;

export type FoldParams = ParamValues<typeof params>;

const LANES = 64;
const imageCount = (p: FoldParams): number => p.outer * p.in_d * p.in_h * p.in_w * p.inner;
const columnCount = (p: FoldParams): number =>
  p.outer * p.out_d * p.out_h * p.out_w * p.window_d * p.window_h * p.window_w * p.inner;
const unstrided = (p: FoldParams): boolean => p.stride_d === 1 && p.stride_h === 1 && p.stride_w === 1;
const inFours = (p: FoldParams): boolean =>
  p.c_inner === 1 && [p.inner, p.c_outer, p.c_window, p.c_tap].every((step) => step % 4 === 0);

const variants = (["", "_strided"] as const).flatMap((strided): Variant<typeof params>[] => {
  const constants = strided ? {} : { window_at: "at" };
  const applies = (p: FoldParams): boolean => !!strided || unstrided(p);
  return [
    {
      name: `vec4${strided}`,
      order: "taps",
      constants: { ...constants, V: "vec4<f32>", WIDTH: "4u" },
      applies: (p) => inFours(p) && applies(p),
      workgroups: (p) => spread(divideUp(imageCount(p) / 4, LANES)),
    },
    {
      name: `scalar${strided}`,
      order: "taps",
      constants,
      applies,
      workgroups: (p) => spread(divideUp(imageCount(p), LANES)),
    },
  ];
});

/** y = sum of all columns that come from the same element: the gradient of unfold. See fold.wgsl. */
export const fold = defineKernel({
  name: "fold",
  wgsl: foldWgsl,
  bindings: { columns: { access: "read", dtype: "f32" }, y: { access: "read_write", dtype: "f32" } },
  params,
  variants,
  cost: (p) => ({ flops: columnCount(p), bytes: 4 * (imageCount(p) + columnCount(p)) }),
});

export interface UnfoldOptions {
  /** Taps along each spatial axis, of which there are one to three. */
  window: readonly number[];
  stride: readonly number[];
  dilation: readonly number[];
  /** Zeros before and after each spatial axis, in pairs. */
  padding: readonly number[];
  /** Whether channels are the last axis of the image; else the second. */
  channelsLast: boolean;
}

export interface UnfoldGeometry {
  /** [n, c * taps, windows], c outermost; of images with the channels last [n, windows, taps * c], c innermost. */
  shape: number[];
  /** For the kernel. */
  params: FoldParams;
  /** The image with its padding, and the copy that makes the columns of it. */
  paddedShape: number[];
  copy: StridedCopyParams;
}

function check(argument: string, values: readonly number[], count: number, least: number): void {
  if (values.length === count && values.every((value) => Number.isInteger(value) && value >= least)) return;
  throw new ArgumentError({
    op: "unfold",
    argument,
    expected: `${count} integers of at least ${least}`,
    given: formatShape(values),
  });
}

/**
 * How an image [n, c, ...spatial] (or channels last) of up to three spatial axes becomes columns, one for each window.
 * Throws ShapeError for another rank, an empty axis other than the batch or a window larger than the padded image;
 * ArgumentError for windows, strides or dilations that are no positive integers and padding that is negative.
 */
export function unfoldGeometry(xShape: readonly number[], options: UnfoldOptions): UnfoldGeometry {
  const { window, stride, dilation, padding, channelsLast } = options;
  const count = xShape.length - 2;
  if (count < 1 || count > 3 || xShape.some((extent, d) => d > 0 && extent === 0))
    throw new ShapeError({
      op: "unfold",
      argument: "x",
      expected: "a batch of channels with one to three spatial axes, none of them empty",
      given: formatShape(xShape),
    });
  check("window", window, count, 1);
  check("stride", stride, count, 1);
  check("dilation", dilation, count, 1);
  check("padding", padding, 2 * count, 0);
  const first = channelsLast ? 1 : 2;
  const missing = 3 - count;
  const three = (list: readonly number[], none: number) =>
    [...Array.from({ length: missing }, () => none), ...list] as [number, number, number];
  const extents = three(xShape.slice(first, first + count), 1);
  const padded = xShape.map((extent, d) => {
    const at = 2 * (d - first);
    return extent + (d >= first ? (padding[at] ?? 0) + (padding[at + 1] ?? 0) : 0);
  });
  const room = three(padded.slice(first, first + count), 1);
  const [taps, steps, gaps] = [three(window, 1), three(stride, 1), three(dilation, 1)];
  const windows = room.map((extent, d) => {
    const reach = ((taps[d] as number) - 1) * (gaps[d] as number) + 1;
    if (reach > extent)
      throw new ShapeError({
        op: "unfold",
        argument: "window",
        expected: `at most the ${extent} padded elements of spatial axis ${d - missing}`,
        given: `${reach} from ${formatShape(window)}`,
      });
    return Math.floor((extent - reach) / (steps[d] as number)) + 1;
  }) as [number, number, number];
  const batch = xShape[0] as number;
  const channels = xShape[channelsLast ? count + 1 : 1] as number;
  const outer = channelsLast ? batch : batch * channels;
  const inner = channelsLast ? channels : 1;
  const [tapCount, windowCount] = [sizeOf(taps), sizeOf(windows)];
  // Strides of the columns.
  const cTap = channelsLast ? inner : windowCount;
  const cWindow = channelsLast ? tapCount * inner : 1;
  const cOuter = tapCount * windowCount * inner;
  const strides = [room[1] * room[2] * inner, room[2] * inner, inner];
  const along = (list: readonly number[], by: readonly number[], step: number) =>
    list.map((extent, d) => ({
      extent,
      x: (strides[d] as number) * (by[d] as number),
      y: step * sizeOf(list.slice(d + 1)),
    }));
  const tapAxes = along(taps, gaps, cTap);
  const windowAxes = along(windows, steps, cWindow);
  const [front, , top, , left] = [...Array.from({ length: 2 * missing }, () => 0), ...padding] as [
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    shape: channelsLast ? [batch, windowCount, tapCount * channels] : [batch, channels * tapCount, windowCount],
    paddedShape: padded,
    copy: copyParams("unfold", [
      { extent: outer, x: sizeOf(room) * inner, y: cOuter },
      ...(channelsLast ? [...windowAxes, ...tapAxes] : [...tapAxes, ...windowAxes]),
      { extent: inner, x: 1, y: 1 },
    ]),
    params: {
      outer,
      inner,
      in_d: extents[0],
      in_h: extents[1],
      in_w: extents[2],
      out_d: windows[0],
      out_h: windows[1],
      out_w: windows[2],
      window_d: taps[0],
      window_h: taps[1],
      window_w: taps[2],
      stride_d: steps[0],
      stride_h: steps[1],
      stride_w: steps[2],
      dilation_d: gaps[0],
      dilation_h: gaps[1],
      dilation_w: gaps[2],
      pad_front: front,
      pad_top: top,
      pad_left: left,
      c_outer: cOuter,
      c_window: cWindow,
      c_tap: cTap,
      c_inner: 1,
    },
  };
}
