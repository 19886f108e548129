// Convolutions of one, two and three dimensions by one signature, transposed and separable ones, and the paddings that
// frameworks name. One dimension is two with a height of 1: the same memory, the same kernels.
import {
  ArgumentError,
  type Conv2dOptions,
  type Conv3dOptions,
  type ConvOptions,
  convGeometry,
  formatShape,
  ShapeError,
  type SpatialAxes,
} from "@facet/kernels-wgsl";
import type { Tensor } from "../tensor.js";
import { type SpatialPlaces as Axes, expectIntegers, runsAsChannels } from "./batch_groups.js";
import { conv2d, conv2dTranspose } from "./conv2d.js";
import { conv3d, conv3dTranspose } from "./conv3d.js";
import { add } from "./elementwise.js";
import { pad, place, reshape, slice } from "./shape.js";

export type SequenceLayout = "NWC" | "NCW";
export type SequenceFilterLayout = "WIO" | "OIW";

/** Layouts by the number of spatial axes, and numbers for each of them, outermost first. */
export interface ConvAttrs {
  layout: SequenceLayout | Conv2dOptions["layout"] | Conv3dOptions["layout"];
  filterLayout: SequenceFilterLayout | Conv2dOptions["filterLayout"] | Conv3dOptions["filterLayout"];
  /** How far the window moves from one result to the next. */
  stride: readonly number[];
  /** Zeros before and after each axis, in pairs; negative numbers crop. */
  padding: readonly number[];
  /** How far apart the taps of the filter are. */
  dilation: readonly number[];
  /** Channels are cut into so many equal runs that do not see each other. */
  groups: number;
}

const SPATIAL: Readonly<Record<string, SpatialAxes>> = {
  NWC: "W",
  NCW: "W",
  NHWC: "HW",
  NCHW: "HW",
  NDHWC: "DHW",
  NCDHW: "DHW",
};

function axesOf(op: string, layout: string): Axes {
  const spatial = Object.hasOwn(SPATIAL, layout) ? SPATIAL[layout] : undefined;
  if (!spatial)
    throw new ArgumentError({
      op,
      argument: "layout",
      expected: Object.keys(SPATIAL).join(", "),
      given: `${layout}`,
    });
  return { spatial, count: spatial.length, first: layout.endsWith("C") ? 1 : 2 };
}

// A sequence is an image of height 1.
const raised = ([n, a, b]: readonly number[], first: number): number[] =>
  (first === 1 ? [n, 1, a, b] : [n, a, 1, b]) as number[];
const raisedFilter = ([a, b, c]: readonly number[], layout: string): number[] =>
  (layout === "WIO" ? [1, a, b, c] : [a, b, 1, c]) as number[];
const lowered = (shape: readonly number[], first: number): number[] => shape.filter((_, d) => d !== first);
const raisedAttrs = ({ stride, padding, dilation, groups, layout, filterLayout }: ConvAttrs) => ({
  stride: [1, ...stride] as unknown as Conv2dOptions["stride"],
  padding: [0, 0, ...padding] as unknown as Conv2dOptions["padding"],
  dilation: [1, ...dilation] as unknown as Conv2dOptions["dilation"],
  groups,
  layout: layout === "NWC" ? ("NHWC" as const) : ("NCHW" as const),
  filterLayout: filterLayout === "WIO" ? ("HWIO" as const) : ("OIHW" as const),
});

/** x without what negative padding crops, and the padding that is left. */
function cropped(op: string, x: Tensor, padding: readonly number[], { count, first }: Axes): [Tensor, number[]] {
  expectIntegers(op, "padding", padding, 2 * count, Number.NEGATIVE_INFINITY);
  if (!padding.some((edge) => edge < 0) || x.rank !== count + 2) return [x, [...padding]];
  const cut = (d: number, edge: 0 | 1): number => Math.max(0, -(padding[2 * (d - first) + edge] ?? 0));
  for (let d = first; d < first + count; d++)
    if (cut(d, 0) + cut(d, 1) >= (x.shape[d] as number))
      throw new ShapeError({
        op,
        argument: "padding",
        expected: `less cropped than the ${x.shape[d]} elements of axis ${d}`,
        given: formatShape(padding),
      });
  return [
    slice(
      x,
      x.shape.map((_, d) => cut(d, 0)),
      x.shape.map((extent, d) => extent - cut(d, 1)),
    ),
    padding.map((edge) => Math.max(0, edge)),
  ];
}

export interface ConvOfBatchAttrs extends ConvAttrs {
  /** How far apart the elements of x are, with zeros between them, along each spatial axis. Default 1. */
  inputDilation?: readonly number[];
  /**
   * The batch is cut into so many equal runs, and the output channels too: run i makes channels i of the result, whose batch is one
   * run long. JAX' batch_group_count. Default 1; `groups` is 1 beside more.
   */
  batchGroups?: number;
}

/**
 * Convolution (cross-correlation) of x over its spatial axes, one to three by the layout; `bias` holds a number for each
 * output channel. float32. Throws ArgumentError or ShapeError as conv2d does.
 */
export function conv(x: Tensor, w: Tensor, bias: Tensor | undefined, attrs: ConvOfBatchAttrs): Tensor {
  const axes = axesOf("conv", attrs.layout);
  const op = `conv${axes.count}d`;
  const { inputDilation, batchGroups = 1, ...given } = attrs;
  if (batchGroups !== 1)
    return conv(runsAsChannels(op, x, batchGroups, attrs.groups, axes), w, bias, {
      ...attrs,
      groups: batchGroups,
      batchGroups: 1,
    });
  const spread = inputDilation ? dilated(op, x, inputDilation, axes) : x;
  const [source, padding] = cropped(op, spread, attrs.padding, axes);
  const left = { ...given, padding };
  if (axes.count === 2) return conv2d(source, w, bias, left as unknown as Omit<Conv2dOptions, "bias">);
  if (axes.count === 3) return conv3d(source, w, bias, left as unknown as Omit<Conv3dOptions, "bias">);
  const { shape } = convGeometry(op, "W", source.shape, w.shape, left as ConvOptions);
  const y = conv2d(
    reshape(source, raised(source.shape, axes.first)),
    reshape(w, raisedFilter(w.shape, attrs.filterLayout)),
    bias,
    raisedAttrs(left),
  );
  return reshape(y, shape);
}

/** x with its elements `steps` apart and zeros between them. */
function dilated(op: string, x: Tensor, steps: readonly number[], { count, first }: Axes): Tensor {
  expectIntegers(op, "inputDilation", steps, count, 1);
  if (steps.every((step) => step === 1) || x.rank !== count + 2) return x;
  const step = (d: number): number => (d >= first && d < first + count ? (steps[d - first] as number) : 1);
  return place(
    x,
    x.shape.map((extent, d) => Math.max(0, (extent - 1) * step(d) + 1)),
    x.shape.map(() => 0),
    x.shape.map((_, d) => step(d)),
  );
}

/** One-dimensional convolution: layouts NWC or NCW, filters WIO or OIW. */
export const conv1d = (x: Tensor, w: Tensor, bias: Tensor | undefined, attrs: ConvAttrs): Tensor => {
  if (attrs.layout !== "NWC" && attrs.layout !== "NCW")
    throw new ArgumentError({ op: "conv1d", argument: "layout", expected: "NWC or NCW", given: `${attrs.layout}` });
  return conv(x, w, bias, attrs);
};

/**
 * A depthwise convolution (`depthwise` has one input channel per group and any multiple of C_in output channels), then one by
 * single pixels: Keras' SeparableConv. `attrs` are those of the first.
 */
export function separableConv(
  x: Tensor,
  depthwise: Tensor,
  pointwise: Tensor,
  bias: Tensor | undefined,
  attrs: Omit<ConvAttrs, "groups">,
): Tensor {
  const { count } = axesOf("separable_conv", attrs.layout);
  const channels = x.shape[attrs.layout.endsWith("C") ? count + 1 : 1] ?? 1;
  const ones = Array.from({ length: count }, () => 1);
  return conv(conv(x, depthwise, undefined, { ...attrs, groups: channels }), pointwise, bias, {
    ...attrs,
    stride: ones,
    dilation: ones,
    padding: Array.from({ length: 2 * count }, () => 0),
    groups: 1,
  });
}

export interface ConvTransposeAttrs extends ConvAttrs {
  /** Elements cropped from the whole result before and after each axis, in pairs; negative numbers add zeros. */
  padding: readonly number[];
  /** Elements added at the end of each axis, where no tap of the filter reaches they are 0 (and bias). Default 0. */
  outputPadding?: readonly number[];
}

/**
 * Transposed convolution: the gradient of a convolution with respect to its input. w is the filter of that convolution, so its
 * O are the channels of x and its I the output channels of each group: what PyTorch ([in, out / groups, ...]) and Keras
 * ([..., out, in]) hold. Each axis has (in - 1) stride + dilation (taps - 1) + 1 - before - after + outputPadding elements.
 * Throws ArgumentError or ShapeError for what is no such convolution, or a result without elements.
 */
export function convTranspose(x: Tensor, w: Tensor, bias: Tensor | undefined, attrs: ConvTransposeAttrs): Tensor {
  const axes = axesOf("conv_transpose", attrs.layout);
  const { count, first, spatial } = axes;
  const op = `conv_transpose${count}d`;
  const { outputPadding = Array.from({ length: count }, () => 0), ...rest } = attrs;
  expectIntegers(op, "stride", rest.stride, count, 1);
  expectIntegers(op, "dilation", rest.dilation, count, 1);
  expectIntegers(op, "padding", rest.padding, 2 * count, Number.NEGATIVE_INFINITY);
  expectIntegers(op, "outputPadding", outputPadding, count, 0);
  expectIntegers(op, "groups", [rest.groups], 1, 1);
  const ranks = [
    ["x", x],
    ["w", w],
  ] as const;
  for (const [argument, tensor] of ranks)
    if (tensor.rank !== count + 2) {
      const expected = `rank ${count + 2} (${argument === "x" ? rest.layout : rest.filterLayout})`;
      throw new ShapeError({ op, argument, expected, given: formatShape(tensor.shape) });
    }
  const filterFirst = rest.filterLayout.startsWith("OI");
  const channels = x.shape[first === 1 ? count + 1 : 1] as number;
  const [w0, w1] = (filterFirst ? [w.shape[0], w.shape[1]] : [w.shape[count + 1], w.shape[count]]) as [number, number];
  if (channels !== w0)
    throw new ShapeError({ op, argument: "w", expected: `${channels} channels of x`, given: `${w0} in [${w.shape}]` });
  const outChannels = w1 * rest.groups;
  const padding: number[] = [];
  const edges: (readonly [number, number])[] = [];
  const spread: number[] = [];
  for (let d = 0; d < count; d++) {
    const taps = w.shape[filterFirst ? d + 2 : d] as number;
    const stride = rest.stride[d] as number;
    const whole = ((x.shape[first + d] as number) - 1) * stride + (rest.dilation[d] as number) * (taps - 1) + 1;
    const before = rest.padding[2 * d] as number;
    const after = (rest.padding[2 * d + 1] as number) - (outputPadding[d] as number);
    if (whole - before - after < 1)
      throw new ShapeError({
        op,
        argument: "padding",
        expected: `less than the ${whole} elements of ${spatial[d]}`,
        given: `${before} and ${after}`,
      });
    // Up to a stride of elements behind the last window are the convolution's own; all other zeros are added afterwards.
    const behind = Math.min(Math.max(0, -after), stride - 1);
    padding.push(Math.max(0, before), Math.max(0, after));
    spread.push(whole - Math.max(0, before) - Math.max(0, after) + behind);
    edges.push([Math.max(0, -before), Math.max(0, -after) - behind]);
  }
  const shape = first === 1 ? [x.shape[0], ...spread, outChannels] : [x.shape[0], outChannels, ...spread];
  const own = { ...rest, padding };
  const y = transposed(op, x, w, shape as number[], own, axes);
  const around: [number, number][] = y.shape.map((_, d) => {
    const edge = edges[d - first];
    return d >= first && edge ? [edge[0], edge[1]] : [0, 0];
  });
  const whole = edges.some(([before, after]) => before + after > 0) ? pad(y, around) : y;
  if (!bias) return whole;
  if (bias.rank !== 1 || bias.shape[0] !== outChannels)
    throw new ShapeError({ op, argument: "bias", expected: `[${outChannels}]`, given: formatShape(bias.shape) });
  return add(whole, first === 1 ? bias : reshape(bias, [outChannels, ...spread.map(() => 1)]));
}

function transposed(op: string, x: Tensor, w: Tensor, shape: number[], attrs: ConvAttrs, axes: Axes): Tensor {
  const { count, first, spatial } = axes;
  convGeometry(op, spatial, shape, w.shape, attrs as ConvOptions);
  if (count === 2) return conv2dTranspose(x, w, shape, attrs as unknown as Omit<Conv2dOptions, "bias">);
  if (count === 3) return conv3dTranspose(x, w, shape, attrs as unknown as Omit<Conv3dOptions, "bias">);
  const y = conv2dTranspose(
    reshape(x, raised(x.shape, first)),
    reshape(w, raisedFilter(w.shape, attrs.filterLayout)),
    raised(shape, first),
    raisedAttrs(attrs),
  );
  return reshape(y, lowered(y.shape, first));
}

/** The zeros of padding 'same' before and after an axis: results for every stride-th element, the odd zero behind. */
export function samePadding(extent: number, taps: number, stride: number, dilation: number): [number, number] {
  const results = Math.ceil(extent / stride);
  const total = Math.max(0, (results - 1) * stride + (taps - 1) * dilation + 1 - extent);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

export interface TransposedAxis {
  taps: number;
  stride: number;
  dilation: number;
  /** Keras' output_padding; default: as many elements as a convolution of stride `stride` could have come from. */
  outputPadding?: number | undefined;
}

/**
 * What convTranspose crops from one axis for Keras' (TensorFlow's) or lax.conv_transpose's 'same' and 'valid'. Negative
 * numbers are zeros to add. lax filters are mirrored and hold [in, out]: flip and transpose them first.
 */
export function transposedPadding(
  convention: "keras" | "lax",
  mode: "same" | "valid",
  { taps, stride, dilation, outputPadding }: TransposedAxis,
): [before: number, after: number] {
  const reach = (taps - 1) * dilation + 1;
  if (convention === "lax") {
    const zeros = reach + stride - 2 + (mode === "valid" ? Math.max(reach - stride, 0) : 0);
    const before = mode === "valid" || stride > reach - 1 ? reach - 1 : Math.ceil(zeros / 2);
    return [reach - 1 - before, reach - 1 - (zeros - before)];
  }
  if (mode === "valid") return [0, -(outputPadding ?? Math.max(stride - reach, 0))];
  const total = outputPadding === undefined ? reach - stride : 2 * Math.floor(reach / 2) - outputPadding;
  const before = Math.max(0, Math.floor(total / 2));
  return [before, total - before];
}
