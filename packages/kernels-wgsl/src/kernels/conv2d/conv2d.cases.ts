import type { KernelCase, KernelEntry } from "../../cases.js";
import { type Conv2dOptions, conv2dGeometry, conv2dSizes, type FilterLayout, type ImageLayout } from "./conv2d.js";
import {
  conv2dBackwardBiasReference,
  conv2dBackwardFilterReference,
  conv2dBackwardInputReference,
  conv2dBackwardReduceReference,
  conv2dForwardReference,
} from "./conv2d.ref.js";
import { conv2dBackwardBias, conv2dBackwardBiasPlan } from "./conv2d_backward_bias.js";
import { conv2dBackwardFilter, conv2dBackwardFilterPlan } from "./conv2d_backward_filter.js";
import { conv2dBackwardInput } from "./conv2d_backward_input.js";
import { conv2dBackwardReduce } from "./conv2d_backward_reduce.js";
import { conv2dForward } from "./conv2d_forward.js";

/** One convolution: `x` is [n, h, w, c] and `filter` [h, w, output channels], whatever the layout. */
interface Shape extends Partial<Omit<Conv2dOptions, "layout" | "filterLayout">> {
  x: [number, number, number, number];
  filter: [number, number, number];
  relu?: boolean;
  /** Whether the case runs with the filter layout of the other dialect too. */
  mixed?: boolean;
  bench?: boolean;
}

const shapes: Shape[] = [
  { x: [1, 1, 1, 1], filter: [1, 1, 1] },
  { x: [2, 5, 6, 3], filter: [3, 3, 5], bias: true, relu: true, mixed: true },
  { x: [1, 7, 5, 2], filter: [3, 2, 3], padding: [1, 0, 2, 1], bias: true },
  { x: [2, 9, 8, 4], filter: [3, 3, 4], stride: [2, 3], padding: [1, 1, 1, 1] },
  { x: [1, 9, 11, 3], filter: [2, 3, 6], dilation: [3, 2], padding: [0, 2, 1, 3] },
  { x: [1, 11, 10, 2], filter: [3, 2, 3], stride: [2, 1], dilation: [2, 3], padding: [2, 1, 3, 0], mixed: true },
  // No window reaches the last row or the columns between windows: their dx is 0.
  { x: [1, 8, 9, 2], filter: [2, 2, 3], stride: [3, 4] },
  // Windows that lie in the padding altogether.
  { x: [1, 2, 3, 1], filter: [2, 1, 2], padding: [4, 3, 5, 1] },
  { x: [1, 6, 5, 6], filter: [3, 3, 4], groups: 2, padding: [1, 1, 1, 1], bias: true },
  { x: [2, 5, 5, 12], filter: [2, 3, 24], groups: 3, stride: [2, 1], dilation: [1, 2], mixed: true },
  { x: [1, 6, 7, 5], filter: [3, 3, 5], groups: 5, padding: [1, 1, 1, 1] },
  { x: [1, 7, 6, 4], filter: [3, 3, 8], groups: 4, stride: [2, 2], padding: [0, 1, 0, 1], bias: true, relu: true },
  {
    x: [2, 9, 11, 8],
    filter: [3, 4, 8],
    groups: 8,
    stride: [2, 3],
    dilation: [1, 2],
    padding: [2, 1, 3, 0],
    mixed: true,
  },
  { x: [3, 5, 6, 4], filter: [3, 2, 4], groups: 4, padding: [1, 2, 0, 1], dilation: [2, 1], bias: true, relu: true },
  { x: [2, 5, 7, 3], filter: [4, 4, 18], groups: 3, padding: [2, 1, 3, 2] },
  {
    x: [2, 7, 9, 3],
    filter: [3, 2, 36],
    stride: [2, 1],
    dilation: [1, 2],
    padding: [1, 0, 2, 1],
    bias: true,
    relu: true,
  },
  { x: [2, 4, 5, 8], filter: [1, 1, 12], bias: true },
  { x: [1, 6, 6, 16], filter: [3, 3, 24], padding: [1, 1, 1, 1], bias: true, relu: true },
  { x: [3, 5, 7, 20], filter: [3, 2, 36], stride: [2, 1], padding: [2, 0, 1, 0] },
  { x: [1, 5, 6, 33], filter: [2, 2, 17], padding: [1, 0, 0, 1] },
  { x: [2, 13, 17, 8], filter: [3, 3, 4] },
  // Strides, dilations and groups for the tiles of eight channels: taps that share no, one and several phases.
  { x: [2, 9, 11, 6], filter: [3, 4, 7], stride: [2, 3], padding: [1, 2, 0, 1], mixed: true },
  { x: [1, 13, 15, 9], filter: [3, 4, 10], stride: [2, 3], dilation: [2, 3], padding: [3, 0, 2, 2] },
  { x: [1, 14, 17, 5], filter: [4, 3, 6], stride: [4, 2], dilation: [2, 3], padding: [2, 3, 1, 0] },
  { x: [2, 8, 9, 7], filter: [2, 2, 6], stride: [3, 4], bias: true },
  { x: [1, 3, 4, 6], filter: [2, 2, 9], stride: [5, 9], padding: [1, 0, 0, 0] },
  { x: [2, 7, 6, 22], filter: [3, 2, 18], groups: 2, stride: [1, 2], padding: [1, 1, 0, 1], bias: true, relu: true },
  // Edges of tiles of 64 pixels, terms or channels in slabs of 16: images of one pixel, of few channels, and more than a tile.
  { x: [18, 1, 1, 20], filter: [1, 1, 24], bias: true },
  { x: [2, 9, 8, 1], filter: [5, 5, 20], stride: [2, 1], padding: [0, 3, 2, 1], dilation: [1, 2], mixed: true },
  { x: [2, 7, 9, 20], filter: [3, 3, 1], padding: [2, 0, 0, 1], dilation: [2, 1] },
  {
    x: [2, 11, 13, 68],
    filter: [2, 3, 76],
    stride: [2, 1],
    dilation: [2, 2],
    padding: [0, 1, 3, 1],
    bias: true,
    relu: true,
    mixed: true,
  },
  // A tile that begins in a row no second tap reaches, and ends in one that it does.
  { x: [1, 3, 40, 20], filter: [2, 2, 20] },
  { x: [1, 10, 9, 66], filter: [3, 2, 67], stride: [2, 2], padding: [1, 2, 0, 1] },
  // Many channels of filters of at most nine terms, in fours and not.
  { x: [2, 9, 8, 1], filter: [2, 3, 21], stride: [2, 1], dilation: [1, 2], padding: [1, 0, 2, 1], mixed: true },
  { x: [1, 6, 7, 4], filter: [2, 2, 72], groups: 2, padding: [1, 1, 0, 1] },
  { x: [1, 5, 6, 1], filter: [3, 3, 20], padding: [0, 1, 1, 0] },
  // Rows longer than a chunk.
  { x: [1, 3, 700, 1], filter: [3, 3, 2], padding: [1, 1, 1, 1] },
  { x: [8, 28, 28, 1], filter: [3, 3, 32], bias: true, relu: true, bench: true },
  { x: [8, 13, 13, 32], filter: [3, 3, 64], bias: true, relu: true, bench: true },
  { x: [4, 14, 14, 32], filter: [5, 5, 64], padding: [2, 2, 2, 2], bias: true, bench: true },
  { x: [4, 32, 32, 3], filter: [3, 3, 16], padding: [1, 1, 1, 1], bias: true, bench: true },
  { x: [4, 14, 14, 64], filter: [3, 3, 64], groups: 64, padding: [1, 1, 1, 1], bench: true },
];

/** What the dialects have by default. */
const layouts: [ImageLayout, FilterLayout][] = [
  ["NHWC", "HWIO"],
  ["NCHW", "OIHW"],
];
const mixedLayouts: [ImageLayout, FilterLayout][] = [
  ["NHWC", "OIHW"],
  ["NCHW", "HWIO"],
];

function convolution(shape: Shape, layout: ImageLayout, filterLayout: FilterLayout) {
  const { x, filter, relu = false, mixed: _, bench = false, ...given } = shape;
  const [n, h, w, c] = x;
  const [filterH, filterW, out] = filter;
  const options: Conv2dOptions = {
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
    groups: 1,
    ...given,
    layout,
    filterLayout,
  };
  const { stride, padding, dilation, groups, bias } = options;
  const inputs = c / groups;
  const { params } = conv2dGeometry(
    layout === "NHWC" ? [n, h, w, c] : [n, c, h, w],
    filterLayout === "HWIO" ? [filterH, filterW, inputs, out] : [out, inputs, filterH, filterW],
    options,
  );
  const words = [
    `${layout} ${filterLayout} [${x}] * [${filter}]`,
    stride.some((step) => step > 1) ? `stride ${stride}` : "",
    padding.some((extent) => extent > 0) ? `pad ${padding}` : "",
    dilation.some((step) => step > 1) ? `dilation ${dilation}` : "",
    groups > 1 ? `groups ${groups}` : "",
    bias ? "+ bias" : "",
    relu ? "relu" : "",
  ];
  return {
    name: words.filter((word) => word !== "").join(" "),
    params,
    sizes: conv2dSizes(params),
    relu,
    bench,
  };
}

type Convolution = ReturnType<typeof convolution>;

const inLayouts = (some: Shape[], pairs: typeof layouts) =>
  some.flatMap((shape) => pairs.map(([layout, filterLayout]) => convolution(shape, layout, filterLayout)));
const convolutions = [
  ...inLayouts(shapes, layouts),
  ...inLayouts(
    shapes.filter((shape) => shape.mixed),
    mixedLayouts,
  ),
];

/**
 * A sum of `terms` products of values in [-1, 1): each of the additions rounds a partial sum of magnitude at most about
 * sqrt(terms) by 2^-24.
 */
const sumTolerance = (terms: number) => ({ rtol: 1e-5, atol: terms * Math.sqrt(terms) * 2 ** -24 + 1e-7 });

const forwardCase = ({ name, params, sizes, relu, bench }: Convolution): KernelCase => ({
  name,
  params,
  ...(relu ? { constants: { activate: "max(v, 0.0)" } } : {}),
  inputs: (random) => ({
    x: random.uniform(sizes.x, -1, 1),
    w: random.uniform(sizes.w, -1, 1),
    ...(params.has_bias ? { bias: random.uniform(params.out_c, -1, 1) } : {}),
  }),
  outputs: { y: sizes.y },
  tolerance: sumTolerance((params.filter_h * params.filter_w * params.in_c) / params.groups + 1),
  bench,
});

const backwardInputCase = ({ name, params, sizes, bench }: Convolution): KernelCase => ({
  name,
  params,
  inputs: (random) => ({ dy: random.uniform(sizes.y, -1, 1), w: random.uniform(sizes.w, -1, 1) }),
  outputs: { dx: sizes.x },
  tolerance: sumTolerance((params.filter_h * params.filter_w * params.out_c) / params.groups),
  bench,
});

const backwardFilterCase = ({ name, params, sizes, bench }: Convolution): KernelCase => {
  const { partialParams, partialElements } = conv2dBackwardFilterPlan(params);
  return {
    name,
    params: partialParams,
    inputs: (random) => ({ x: random.uniform(sizes.x, -1, 1), dy: random.uniform(sizes.y, -1, 1) }),
    outputs: { partial: partialElements },
    tolerance: sumTolerance(partialParams.chunk_rows * params.out_w),
    bench,
  };
};

const backwardReduceCase = (count: number, chunks: number, bench = false): KernelCase => ({
  name: `[${chunks}, ${count}]`,
  params: { count, chunks },
  inputs: (random) => ({ partial: random.uniform(count * chunks, -1, 1) }),
  outputs: { sum: count },
  tolerance: sumTolerance(chunks),
  bench,
});

const backwardBiasCase = ({ name, params, sizes, bench }: Convolution): KernelCase => {
  const { partialParams, partialElements } = conv2dBackwardBiasPlan(params);
  return {
    name,
    params: partialParams,
    inputs: (random) => ({ dy: random.uniform(sizes.y, -1, 1) }),
    outputs: { partial: partialElements },
    tolerance: sumTolerance(partialParams.chunk_rows * params.out_w),
    bench,
  };
};

export const conv2dEntries: KernelEntry[] = [
  { kernel: conv2dForward, reference: conv2dForwardReference, cases: convolutions.map(forwardCase) },
  { kernel: conv2dBackwardInput, reference: conv2dBackwardInputReference, cases: convolutions.map(backwardInputCase) },
  {
    kernel: conv2dBackwardFilter,
    reference: conv2dBackwardFilterReference,
    cases: convolutions.map(backwardFilterCase),
  },
  {
    kernel: conv2dBackwardReduce,
    reference: conv2dBackwardReduceReference,
    cases: [
      backwardReduceCase(1, 1),
      backwardReduceCase(65, 3),
      backwardReduceCase(32, 338, true),
      backwardReduceCase(288, 338, true),
      backwardReduceCase(18_432, 56, true),
    ],
  },
  { kernel: conv2dBackwardBias, reference: conv2dBackwardBiasReference, cases: convolutions.map(backwardBiasCase) },
];
