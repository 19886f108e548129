import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { type BindingSpec, type Constants, defineKernel } from "../../kernel.js";
import avgPool2dBackwardWgsl from "./avg_pool2d_backward.wgsl";
import avgPool2dBackward2x2Wgsl from "./avg_pool2d_backward_2x2.wgsl";
import avgPool2dBackward3x3Wgsl from "./avg_pool2d_backward_3x3.wgsl";
import avgPool2dBackwardFourWindowsWgsl from "./avg_pool2d_backward_four_windows.wgsl";
import avgPool2dForwardWgsl from "./avg_pool2d_forward.wgsl";
import avgPool2dForward2x2Wgsl from "./avg_pool2d_forward_2x2.wgsl";
import avgPool2dForward3x3Wgsl from "./avg_pool2d_forward_3x3.wgsl";
import avgPool2dForwardFourWindowsWgsl from "./avg_pool2d_forward_four_windows.wgsl";
import maxPool2dBackwardWgsl from "./max_pool2d_backward.wgsl";
import maxPool2dBackward2x2Wgsl from "./max_pool2d_backward_2x2.wgsl";
import maxPool2dBackward3x3Wgsl from "./max_pool2d_backward_3x3.wgsl";
import maxPool2dBackwardFourWindowsWgsl from "./max_pool2d_backward_four_windows.wgsl";
import maxPool2dForwardWgsl from "./max_pool2d_forward.wgsl";
import maxPool2dForward2x2Wgsl from "./max_pool2d_forward_2x2.wgsl";
import maxPool2dForward3x3Wgsl from "./max_pool2d_forward_3x3.wgsl";
import maxPool2dForwardFourWindowsWgsl from "./max_pool2d_forward_four_windows.wgsl";
import maxPool2dGatherWgsl from "./max_pool2d_gather.wgsl";
import maxPool2dGatherFourWindowsWgsl from "./max_pool2d_gather_four_windows.wgsl";
import {
  averageVec4,
  blocks2x2,
  blocks3x3,
  evenFirst,
  fourWindows,
  general,
  inCount,
  maximumVec4,
  outCount,
  type Pool2dParams,
  params,
  readPairs,
  twoVectors2x2,
  windows3x3,
  writePairs,
} from "./pool2d_variants.js";

export type { Pool2dParams } from "./pool2d_variants.js";

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
  halves: ["x", "y"],
  params,
  variants: [
    ...fourWindows(maxPool2dForwardFourWindowsWgsl, readPairs),
    twoVectors2x2(maxPool2dForward2x2Wgsl, maximumVec4),
    ...blocks2x2(maxPool2dForward2x2Wgsl, maximumVec4),
    ...windows3x3(maxPool2dForward3x3Wgsl, maximumVec4),
    ...general(outCount, maximumVec4),
  ],
  cost: cost(1, 1),
});

/**
 * For `RunOptions.constants` of maxPool2dBackward: the gradient of pooling relu(x) with respect to x, where x is bound to
 * relu's operand or result. The bits of relu_backward after the pooling's own gradient: 0 gets 0, NaN all.
 */
export const maxPool2dBackwardRelu: Constants = { gate: "!(top <= V())" };

/** dx = dy at the first maximum of every window, 0 elsewhere, added where windows overlap. See max_pool2d_backward.wgsl. */
export const maxPool2dBackward = defineKernel({
  name: "max_pool2d_backward",
  folds: { reluGradient: maxPool2dBackwardRelu },
  wgsl: maxPool2dBackwardWgsl,
  bindings: { x: read, y: read, dy: read, dx: write },
  halves: ["x", "y", "dy", "dx"],
  params,
  variants: [
    ...evenFirst(fourWindows(maxPool2dBackwardFourWindowsWgsl, { ...readPairs, ...writePairs })),
    ...evenFirst(blocks2x2(maxPool2dBackward2x2Wgsl, maximumVec4)),
    ...blocks3x3(maxPool2dBackward3x3Wgsl, maximumVec4),
    ...general(inCount, maximumVec4),
  ],
  cost: cost(2, 2),
});

/** out = g at the first maximum of every window of x: the vjp of maxPool2dBackward for dy. See max_pool2d_gather.wgsl. */
export const maxPool2dGather = defineKernel({
  name: "max_pool2d_gather",
  wgsl: maxPool2dGatherWgsl,
  bindings: { x: read, y: read, g: read, out: write },
  halves: ["x", "y", "g", "out"],
  params,
  variants: [
    ...fourWindows(maxPool2dGatherFourWindowsWgsl, { ...readPairs, pair_of_g: "g[at / 2u]" }),
    ...general(outCount, maximumVec4),
  ],
  cost: cost(2, 2),
});

/** y = mean of every window of x. See avg_pool2d_forward.wgsl. */
export const avgPool2dForward = defineKernel({
  name: "avg_pool2d_forward",
  wgsl: avgPool2dForwardWgsl,
  bindings: { x: read, y: write },
  halves: ["x", "y"],
  params,
  variants: [
    ...fourWindows(avgPool2dForwardFourWindowsWgsl, readPairs),
    twoVectors2x2(avgPool2dForward2x2Wgsl, averageVec4),
    ...blocks2x2(avgPool2dForward2x2Wgsl, averageVec4),
    ...windows3x3(avgPool2dForward3x3Wgsl, averageVec4),
    ...general(outCount, averageVec4),
  ],
  cost: cost(1, 1),
});

/** dx = dy of every window that holds the element, divided by the window's divisor. See avg_pool2d_backward.wgsl. */
export const avgPool2dBackward = defineKernel({
  name: "avg_pool2d_backward",
  wgsl: avgPool2dBackwardWgsl,
  bindings: { dy: read, dx: write },
  halves: ["dy", "dx"],
  params,
  variants: [
    ...evenFirst(fourWindows(avgPool2dBackwardFourWindowsWgsl, writePairs)),
    ...evenFirst(blocks2x2(avgPool2dBackward2x2Wgsl, averageVec4)),
    ...blocks3x3(avgPool2dBackward3x3Wgsl, averageVec4),
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
  if (xShape.length !== 4 || xShape.some((extent, d) => !Number.isInteger(extent) || extent < (d === 0 ? 0 : 1))) {
    throw new ShapeError({
      op,
      argument: "x",
      expected: `a batch of ${layout} images that are not empty`,
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
