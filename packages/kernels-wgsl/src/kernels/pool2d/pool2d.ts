import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import {
  type BindingSpec,
  type Constants,
  defineKernel,
  divideUp,
  type ParamValues,
  spread,
  type Variant,
} from "../../kernel.js";
import avgPool2dBackwardWgsl from "./avg_pool2d_backward.wgsl";
import avgPool2dBackward2x2Wgsl from "./avg_pool2d_backward_2x2.wgsl";
import avgPool2dBackwardFourWindowsWgsl from "./avg_pool2d_backward_four_windows.wgsl";
import avgPool2dForwardWgsl from "./avg_pool2d_forward.wgsl";
import avgPool2dForward2x2Wgsl from "./avg_pool2d_forward_2x2.wgsl";
import avgPool2dForwardFourWindowsWgsl from "./avg_pool2d_forward_four_windows.wgsl";
import maxPool2dBackwardWgsl from "./max_pool2d_backward.wgsl";
import maxPool2dBackward2x2Wgsl from "./max_pool2d_backward_2x2.wgsl";
import maxPool2dBackwardFourWindowsWgsl from "./max_pool2d_backward_four_windows.wgsl";
import maxPool2dForwardWgsl from "./max_pool2d_forward.wgsl";
import maxPool2dForward2x2Wgsl from "./max_pool2d_forward_2x2.wgsl";
import maxPool2dForwardFourWindowsWgsl from "./max_pool2d_forward_four_windows.wgsl";
import maxPool2dGatherWgsl from "./max_pool2d_gather.wgsl";

/** Images are [outer, h, w, inner]: NHWC has outer = n and inner = c, NCHW outer = n * c and inner = 1. */
const params = {
  outer: "u32",
  inner: "u32",
  in_h: "u32",
  in_w: "u32",
  out_h: "u32",
  out_w: "u32",
  window_h: "u32",
  window_w: "u32",
  stride_h: "u32",
  stride_w: "u32",
  dilation_h: "u32",
  dilation_w: "u32",
  pad_top: "u32",
  pad_bottom: "u32",
  pad_left: "u32",
  pad_right: "u32",
  include_pad: "u32",
} as const;

export type Pool2dParams = ParamValues<typeof params>;

const LANES = 64;
const inCount = (p: Pool2dParams): number => p.outer * p.in_h * p.in_w * p.inner;
const outCount = (p: Pool2dParams): number => p.outer * p.out_h * p.out_w * p.inner;
const blockCount = (p: Pool2dParams): number => p.outer * divideUp(p.in_h, 2) * divideUp(p.in_w, 2) * p.inner;

const inFours = (p: Pool2dParams): boolean => p.inner % 4 === 0;
const twoByTwo = (p: Pool2dParams): boolean =>
  [p.window_h, p.window_w, p.stride_h, p.stride_w].every((extent) => extent === 2) &&
  [p.dilation_h, p.dilation_w].every((dilation) => dilation === 1) &&
  [p.pad_top, p.pad_bottom, p.pad_left, p.pad_right].every((pad) => pad === 0) &&
  2 * p.out_h <= p.in_h &&
  2 * p.out_w <= p.in_w;

const averageVec4: Constants = { V: "vec4<f32>", WIDTH: "4u" };
const maximumVec4: Constants = { ...averageVec4, U: "vec4<u32>", B: "vec4<bool>" };

/** The general variants: `count` elements, one thread each, or one for four along inner. */
function general(count: (p: Pool2dParams) => number, vec4: Constants): Variant<typeof params>[] {
  const order = "row_major";
  return [
    {
      name: "vec4",
      order,
      constants: vec4,
      applies: inFours,
      workgroups: (p) => spread(divideUp(count(p) / 4, LANES)),
    },
    { name: "scalar", order, workgroups: (p) => spread(divideUp(count(p), LANES)) },
  ];
}

/** The variants for 2 x 2 windows that do not overlap, in a shader of their own. */
function blocks2x2(wgsl: string, count: (p: Pool2dParams) => number, vec4: Constants): Variant<typeof params>[] {
  const order = "row_major";
  return [
    {
      name: "vec4_2x2",
      order,
      wgsl,
      constants: vec4,
      applies: (p) => twoByTwo(p) && inFours(p),
      workgroups: (p) => spread(divideUp(count(p) / 4, LANES)),
    },
    {
      name: "scalar_2x2",
      order,
      wgsl,
      applies: twoByTwo,
      workgroups: (p) => spread(divideUp(count(p), LANES)),
    },
  ];
}

/** The forward shader of blocks2x2 with two vectors along inner per thread. */
function twoVectors2x2(wgsl: string, vec4: Constants): Variant<typeof params> {
  return {
    name: "two_vec4_2x2",
    order: "row_major",
    wgsl,
    constants: { ...vec4, COUNT: "2u" },
    applies: (p) => twoByTwo(p) && p.inner % 8 === 0,
    workgroups: (p) => spread(divideUp(outCount(p) / 8, LANES)),
  };
}

/** 2 x 2 windows that do not overlap, four neighbours of y per thread where inner is 1; `pairs` where rows are whole pairs. */
function fourWindows(wgsl: string, pairs: Constants): Variant<typeof params>[] {
  const order = "row_major";
  const applies = (p: Pool2dParams): boolean => twoByTwo(p) && p.inner === 1 && p.out_w >= 3 && outCount(p) % 4 === 0;
  const workgroups = (p: Pool2dParams) => spread(divideUp(outCount(p) / 4, LANES));
  return [
    {
      name: "four_windows_vec2",
      order,
      wgsl,
      constants: { X: "vec2<f32>", ...pairs },
      applies: (p) => applies(p) && p.in_w % 2 === 0,
      workgroups,
    },
    { name: "four_windows", order, wgsl, applies, workgroups },
  ];
}

const readPairs: Constants = { pair: "x[at / 2u]" };
const writePairs: Constants = { WIDTH: "2u", part: "v" };

const read = { access: "read", dtype: "f32" } as const satisfies BindingSpec;
const write = { access: "read_write", dtype: "f32" } as const satisfies BindingSpec;
/** One comparison or addition per tap of every window; `inputs` and `outputs` count passes over x and over y. */
const cost = (inputs: number, outputs: number) => (p: Pool2dParams) => ({
  flops: outCount(p) * p.window_h * p.window_w,
  bytes: 4 * (inputs * inCount(p) + outputs * outCount(p)),
});

/** y = maximum of every window of x; NaN if the window holds one. See max_pool2d_forward.wgsl. */
export const maxPool2dForward = defineKernel({
  name: "max_pool2d_forward",
  wgsl: maxPool2dForwardWgsl,
  bindings: { x: read, y: write },
  params,
  variants: [
    ...fourWindows(maxPool2dForwardFourWindowsWgsl, readPairs),
    twoVectors2x2(maxPool2dForward2x2Wgsl, maximumVec4),
    ...blocks2x2(maxPool2dForward2x2Wgsl, outCount, maximumVec4),
    ...general(outCount, maximumVec4),
  ],
  cost: cost(1, 1),
});

/** dx = dy at the first maximum of every window, 0 elsewhere, added where windows overlap. See max_pool2d_backward.wgsl. */
export const maxPool2dBackward = defineKernel({
  name: "max_pool2d_backward",
  wgsl: maxPool2dBackwardWgsl,
  bindings: { x: read, y: read, dy: read, dx: write },
  params,
  variants: [
    ...fourWindows(maxPool2dBackwardFourWindowsWgsl, { ...readPairs, ...writePairs }),
    ...blocks2x2(maxPool2dBackward2x2Wgsl, blockCount, maximumVec4),
    ...general(inCount, maximumVec4),
  ],
  cost: cost(2, 2),
});

/**
 * For `RunOptions.constants` of maxPool2dBackward: the gradient of pooling relu(x) with respect to x, where x is bound to
 * relu's operand or result. The bits of relu_backward after the pooling's own gradient: NaN and 0 get 0.
 */
export const maxPool2dBackwardRelu: Constants = { gate: "top > V()" };

/** out = g at the first maximum of every window of x: the vjp of maxPool2dBackward for dy. See max_pool2d_gather.wgsl. */
export const maxPool2dGather = defineKernel({
  name: "max_pool2d_gather",
  wgsl: maxPool2dGatherWgsl,
  bindings: { x: read, y: read, g: read, out: write },
  params,
  variants: general(outCount, maximumVec4),
  cost: cost(2, 2),
});

/** y = mean of every window of x. See avg_pool2d_forward.wgsl. */
export const avgPool2dForward = defineKernel({
  name: "avg_pool2d_forward",
  wgsl: avgPool2dForwardWgsl,
  bindings: { x: read, y: write },
  params,
  variants: [
    ...fourWindows(avgPool2dForwardFourWindowsWgsl, readPairs),
    twoVectors2x2(avgPool2dForward2x2Wgsl, averageVec4),
    ...blocks2x2(avgPool2dForward2x2Wgsl, outCount, averageVec4),
    ...general(outCount, averageVec4),
  ],
  cost: cost(1, 1),
});

/** dx = dy of every window that holds the element, divided by the window's divisor. See avg_pool2d_backward.wgsl. */
export const avgPool2dBackward = defineKernel({
  name: "avg_pool2d_backward",
  wgsl: avgPool2dBackwardWgsl,
  bindings: { dy: read, dx: write },
  params,
  variants: [
    ...fourWindows(avgPool2dBackwardFourWindowsWgsl, writePairs),
    ...blocks2x2(avgPool2dBackward2x2Wgsl, blockCount, averageVec4),
    ...general(inCount, averageVec4),
  ],
  cost: cost(1, 1),
});

export interface Pool2dOptions {
  window: readonly [height: number, width: number];
  stride: readonly [height: number, width: number];
  /** Elements of padding at each edge: -infinity for the maximum, 0 for the mean. */
  padding: readonly [top: number, bottom: number, left: number, right: number];
  /** Distance between the taps of a window. Default [1, 1]. */
  dilation?: readonly [height: number, width: number];
  /**
   * Keeps a last window that reaches beyond the padded input, as PyTorch does: only if it starts inside the input or the
   * padding before it. Default false.
   */
  ceilMode?: boolean;
  layout: "NHWC" | "NCHW";
  /**
   * Mean only: whether padding counts in the divisor (what `ceilMode` adds beyond the padding never does). Default false,
   * as TensorFlow does; PyTorch's own default is true.
   */
  countIncludePad?: boolean;
}

/**
 * Output shape, in the layout of x, and the params of all pooling kernels for contiguous images of rank 4. Padding may
 * exceed half the window, which PyTorch refuses: a window may then lie wholly in the padding.
 *
 * Throws ShapeError for another rank, an empty image or a window larger than the padded input, ArgumentError for a window,
 * stride or dilation below 1 and for negative padding. `op` names the op in errors.
 */
export function pool2dGeometry(
  xShape: readonly number[],
  options: Pool2dOptions,
  op = "max_pool2d",
): { shape: number[]; params: Pool2dParams } {
  const { window, stride, padding, dilation = [1, 1], ceilMode = false, layout, countIncludePad = false } = options;
  checkExtents(op, "window", window, 2, 1);
  checkExtents(op, "stride", stride, 2, 1);
  checkExtents(op, "padding", padding, 4, 0);
  checkExtents(op, "dilation", dilation, 2, 1);
  if (layout !== "NHWC" && layout !== "NCHW")
    throw new ArgumentError({ op, argument: "layout", expected: "NHWC or NCHW", given: `${layout}` });
  if (xShape.length !== 4 || xShape.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    throw new ShapeError({
      op,
      argument: "x",
      expected: `a non-empty ${layout} image batch`,
      given: formatShape(xShape),
    });
  }
  const [n, a, b, d] = xShape as [number, number, number, number];
  const [h, w, c] = layout === "NHWC" ? [a, b, d] : [b, d, a];
  const [top, bottom, left, right] = padding;
  const slide = (extent: number, before: number, after: number, axis: 0 | 1): number => {
    const reach = (window[axis] - 1) * dilation[axis] + 1;
    const room = extent + before + after - reach;
    let count = (ceilMode ? Math.ceil(room / stride[axis]) : Math.floor(room / stride[axis])) + 1;
    if (ceilMode && (count - 1) * stride[axis] >= extent + before) count--;
    if (count < 1) {
      throw new ShapeError({
        op,
        argument: "window",
        expected: `at most the padded ${axis === 0 ? "height" : "width"} ${extent + before + after}`,
        given: dilation[axis] === 1 ? `${reach}` : `${window[axis]} taps that span ${reach}`,
      });
    }
    return count;
  };
  const outH = slide(h, top, bottom, 0);
  const outW = slide(w, left, right, 1);
  return {
    shape: layout === "NHWC" ? [n, outH, outW, c] : [n, c, outH, outW],
    params: {
      outer: layout === "NHWC" ? n : n * c,
      inner: layout === "NHWC" ? c : 1,
      in_h: h,
      in_w: w,
      out_h: outH,
      out_w: outW,
      window_h: window[0],
      window_w: window[1],
      stride_h: stride[0],
      stride_w: stride[1],
      dilation_h: dilation[0],
      dilation_w: dilation[1],
      pad_top: top,
      pad_bottom: bottom,
      pad_left: left,
      pad_right: right,
      include_pad: countIncludePad ? 1 : 0,
    },
  };
}

function checkExtents(op: string, argument: string, values: readonly number[], length: number, least: number): void {
  if (values.length === length && values.every((value) => Number.isInteger(value) && value >= least)) return;
  throw new ArgumentError({
    op,
    argument,
    expected: `${length} integers of at least ${least}`,
    given: formatShape(values),
  });
}
