import type { KernelCase, KernelEntry } from "../../cases.js";
import {
  type Conv3dOptions,
  conv3dBackwardFilter,
  conv3dBackwardFilterPlan,
  conv3dBackwardInput,
  conv3dForward,
  conv3dGeometry,
  conv3dSizes,
} from "./conv3d.js";
import { conv3dBackwardFilterReference, conv3dBackwardInputReference, conv3dForwardReference } from "./conv3d.ref.js";

/** One convolution: `x` is [n, d, h, w, c] and `filter` [d, h, w, output channels], whatever the layout. */
interface Shape extends Partial<Omit<Conv3dOptions, "layout" | "filterLayout">> {
  x: [number, number, number, number, number];
  filter: [number, number, number, number];
  relu?: boolean;
  bench?: boolean;
}

const shapes: Shape[] = [
  { x: [1, 1, 1, 1, 1], filter: [1, 1, 1, 1] },
  { x: [2, 3, 5, 4, 3], filter: [2, 3, 3, 5], bias: true },
  { x: [1, 4, 3, 5, 2], filter: [3, 2, 1, 3], padding: [1, 0, 2, 1, 0, 3], bias: true },
  { x: [2, 5, 6, 5, 4], filter: [3, 3, 2, 6], stride: [2, 3, 1], padding: [1, 1, 0, 1, 2, 0] },
  { x: [1, 6, 5, 7, 3], filter: [2, 2, 3, 9], dilation: [3, 2, 2], padding: [0, 1, 1, 0, 2, 1], bias: true },
  { x: [1, 5, 7, 6, 5], filter: [2, 3, 2, 5], stride: [1, 2, 2], dilation: [2, 1, 3], padding: [2, 0, 1, 2, 0, 1] },
  {
    x: [2, 5, 7, 6, 9],
    filter: [3, 2, 4, 6],
    stride: [2, 3, 4],
    dilation: [3, 2, 2],
    padding: [3, 1, 2, 0, 3, 1],
    bias: true,
  },
  { x: [1, 2, 4, 9, 7], filter: [2, 3, 2, 5], stride: [4, 5, 3], padding: [1, 2, 0, 3, 1, 0] },
  // No window reaches the last places: their dx is 0.
  { x: [1, 4, 5, 6, 2], filter: [1, 2, 2, 3], stride: [3, 3, 4] },
  // Windows that lie in the padding altogether.
  { x: [1, 2, 1, 2, 1], filter: [1, 2, 2, 2], padding: [2, 3, 4, 1, 2, 5] },
  { x: [1, 3, 4, 5, 6], filter: [2, 3, 2, 4], groups: 2, padding: [1, 1, 1, 1, 0, 0], bias: true },
  { x: [2, 3, 3, 4, 12], filter: [1, 2, 3, 18], groups: 2, stride: [1, 1, 2] },
  { x: [1, 4, 4, 3, 5], filter: [3, 3, 3, 5], groups: 5, padding: [1, 1, 1, 1, 1, 1] },
  { x: [2, 3, 4, 4, 10], filter: [3, 3, 3, 17], padding: [1, 1, 1, 1, 1, 1], bias: true, relu: true },
  { x: [2, 8, 14, 14, 8], filter: [3, 3, 3, 16], padding: [1, 1, 1, 1, 1, 1], bias: true, bench: true },
  { x: [1, 8, 14, 14, 16], filter: [3, 3, 3, 32], stride: [2, 2, 2], padding: [1, 1, 1, 1, 1, 1], bench: true },
];

/** What the dialects have by default. */
const layouts = [
  ["NDHWC", "DHWIO"],
  ["NCDHW", "OIDHW"],
] as const;

const convolutions = shapes.flatMap((shape) =>
  layouts.map(([layout, filterLayout]) => {
    const { x, filter, relu = false, bench = false, ...given } = shape;
    const [n, d, h, w, c] = x;
    const [kd, kh, kw, out] = filter;
    const options: Conv3dOptions = {
      stride: [1, 1, 1],
      padding: [0, 0, 0, 0, 0, 0],
      dilation: [1, 1, 1],
      groups: 1,
      ...given,
      layout,
      filterLayout,
    };
    const { stride, padding, dilation, groups, bias } = options;
    const { params } = conv3dGeometry(
      layout === "NDHWC" ? [n, d, h, w, c] : [n, c, d, h, w],
      filterLayout === "DHWIO" ? [kd, kh, kw, c / groups, out] : [out, c / groups, kd, kh, kw],
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
    return { name: words.filter((word) => word !== "").join(" "), params, sizes: conv3dSizes(params), relu, bench };
  }),
);
type Convolution = (typeof convolutions)[number];

/** As in conv2d.cases.ts: each of `terms` additions rounds a partial sum of about sqrt(terms) by 2^-24. */
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
  tolerance: sumTolerance(sizes.w / params.out_c + 1),
  bench,
});

const backwardInputCase = ({ name, params, sizes, bench }: Convolution): KernelCase => ({
  name,
  params,
  inputs: (random) => ({ dy: random.uniform(sizes.y, -1, 1), w: random.uniform(sizes.w, -1, 1) }),
  outputs: { dx: sizes.x },
  tolerance: sumTolerance(sizes.w / params.in_c),
  bench,
});

const backwardFilterCase = ({ name, params, sizes, bench }: Convolution): KernelCase => {
  const { partialParams, partialElements } = conv3dBackwardFilterPlan(params);
  return {
    name,
    params: partialParams,
    inputs: (random) => ({ x: random.uniform(sizes.x, -1, 1), dy: random.uniform(sizes.y, -1, 1) }),
    outputs: { partial: partialElements },
    tolerance: sumTolerance(partialParams.chunk_rows * params.out_w),
    bench,
  };
};

export const conv3dEntries: KernelEntry[] = [
  { kernel: conv3dForward, reference: conv3dForwardReference, cases: convolutions.map(forwardCase) },
  { kernel: conv3dBackwardInput, reference: conv3dBackwardInputReference, cases: convolutions.map(backwardInputCase) },
  {
    kernel: conv3dBackwardFilter,
    reference: conv3dBackwardFilterReference,
    cases: convolutions.map(backwardFilterCase),
  },
];
