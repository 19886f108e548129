// Convolutions over volumes, paddings, windows, poolings of all ranks, resampling.
import * as F from "@facet/autograd";
import type { Random } from "@facet/testing";
import { apart, FLAT, type GradientRow } from "./row.js";

const volume = {
  stride: [1, 1, 1],
  padding: [0, 0, 0, 0, 0, 0],
  dilation: [1, 1, 1],
  groups: 1,
  layout: "NDHWC",
  filterLayout: "DHWIO",
} as const;

const conv3dRows: readonly GradientRow[] = [
  {
    op: "conv3d",
    shapes: [[1, 2, 3, 2, 2], [2, 2, 1, 2, 2], [2]],
    call: (x, w, b) => F.conv3d(x, w, b, { ...volume, padding: [1, 0, 0, 0, 0, 1], stride: [1, 2, 1] }),
    eps: 0.5,
  },
  {
    op: "conv3d",
    variant: "NCDHW, groups, dilation",
    shapes: [
      [1, 2, 2, 3, 2],
      [2, 1, 1, 2, 2],
    ],
    call: (x, w) =>
      F.conv3d(x, w, undefined, {
        ...volume,
        groups: 2,
        dilation: [1, 2, 1],
        layout: "NCDHW",
        filterLayout: "OIDHW",
      }),
    eps: 0.5,
  },
  {
    op: "conv3d_backward_input",
    shapes: [
      [1, 1, 2, 2, 2],
      [1, 2, 2, 2, 2],
    ],
    call: (dy, w) => F.convTranspose(dy, w, undefined, { ...volume, stride: [1, 2, 1], padding: [0, 0, 1, 0, 0, -1] }),
    eps: 0.5,
  },
  {
    op: "conv3d_backward_filter",
    shapes: [
      [1, 2, 2, 3, 1],
      [1, 2, 2, 1, 1],
    ],
    call: (x, w) => F.sum(F.square(F.conv3d(x, w, undefined, volume))),
  },
];

const windows = {
  window: [2, 2],
  stride: [1, 2],
  dilation: [1, 1],
  padding: [1, 0, 0, 1],
  channelsLast: false,
} as const;

const edges = [
  [0, 0],
  [2, 4],
  [-1, 3],
] as const;

/** Paddings with an array's own elements, and windows as columns. */
const paddingRows: readonly GradientRow[] = [
  ...(["replicate", "circular", "reflect", "symmetric"] as const).map((mode) => ({
    op: "pad_edges",
    variant: mode,
    shapes: [[2, 3, 2]],
    call: (x: F.Tensor) => F.square(F.padWith(x, edges, mode)),
    eps: 0.5,
  })),
  {
    op: "pad_edges_backward",
    shapes: [[2, 3]],
    call: (x) =>
      F.sum(
        F.square(
          F.padWith(
            x,
            [
              [1, 0],
              [2, 1],
            ],
            "reflect",
          ),
        ),
      ),
    eps: 0.5,
  },
  { op: "unfold", shapes: [[1, 2, 3, 3]], call: (x) => F.square(F.unfold(x, windows)), eps: 0.5 },
  {
    op: "unfold",
    variant: "channels last, one axis",
    shapes: [[2, 4, 2]],
    call: (x) =>
      F.square(F.unfold(x, { window: [2], stride: [1], dilation: [2], padding: [0, 0], channelsLast: true })),
    eps: 0.5,
  },
  {
    op: "fold",
    shapes: [[1, 8, 6]],
    call: (x) => F.square(F.fold(x, [1, 2, 3, 3], { ...windows, padding: [0, 1, 1, 1] })),
    eps: 0.5,
  },
];

const pool1 = { window: [2], stride: [1], padding: [0, 1], channelsLast: true } as const;
const adaptive = { outputSize: [2, 4], channelsLast: false } as const;

/** Poolings of all ranks. */
const poolRows: readonly GradientRow[] = [
  {
    op: "max_pool",
    shapes: [[1, 3, 2, 3, 2]],
    values: apart,
    call: (x) =>
      F.maxPool(x, { window: [2, 1, 2], stride: [1, 1, 1], padding: [1, 0, 0, 0, 0, 1], channelsLast: true }),
    once: FLAT,
  },
  {
    op: "max_pool",
    variant: "adaptive",
    shapes: [[1, 2, 3, 3]],
    values: apart,
    call: (x) => F.adaptiveMaxPool(x, adaptive),
    once: FLAT,
  },
  {
    op: "fractional_max_pool",
    shapes: [[1, 2, 4, 5]],
    values: apart,
    call: (x) =>
      F.fractionalMaxPool(x, F.fromData([0, 0.3, 0.8, 0, 0.6, 0.1], [1, 2, 3]), { window: [2, 2], outputSize: [3, 3] })
        .y,
    once: FLAT,
  },
  {
    op: "max_pool_backward",
    shapes: [[1, 4, 2]],
    values: apart,
    call: (x) => F.sum(F.square(F.maxPoolWithIndices(x, pool1).y)),
  },
  {
    op: "avg_pool",
    shapes: [[1, 2, 3, 2, 3]],
    call: (x) =>
      F.square(
        F.avgPool(x, {
          window: [2, 2, 2],
          stride: [1, 1, 2],
          padding: [1, 0, 0, 0, 0, 1],
          channelsLast: false,
          countIncludePad: true,
        }),
      ),
    eps: 0.5,
  },
  {
    op: "avg_pool",
    variant: "adaptive",
    shapes: [[1, 2, 3, 3]],
    call: (x) => F.square(F.adaptiveAvgPool(x, adaptive)),
    eps: 0.5,
  },
  {
    op: "avg_pool_backward",
    shapes: [[1, 4, 2]],
    call: (x) => F.sum(F.square(F.sumPool(x, pool1))),
    eps: 0.5,
  },
];

/** Interpolation. */
const resizeRows: readonly GradientRow[] = [
  {
    op: "resample",
    shapes: [[1, 2, 3, 2]],
    call: (x) => F.square(F.resize(x, { size: [4, 3], channelsLast: true, method: "cubic" })),
    eps: 0.5,
  },
  {
    op: "resample",
    variant: "fewer, antialias, three axes",
    shapes: [[1, 2, 3, 4, 3]],
    call: (x) => F.square(F.resize(x, { size: [3, 2, 2], channelsLast: false, antialias: true })),
    eps: 0.5,
  },
];

const sampling = { mode: "bilinear", paddingMode: "zeros", alignCorners: false } as const;

/** Points inside the image and between pixels, away from the kinks at these: the grid of a 3 x 3 image, moved a little. */
const points = (random: Random, shape: readonly number[], i: number): Float32Array => {
  const drawn = random.uniform(shape, 0.1, 0.4);
  return i === 0 ? random.uniform(shape) : drawn.map((value, at) => (2 / 3) * (value - (at % 3 === 0 ? 1 : 0)));
};
/** The same, of which no gradient is asked. */
const pointsOf = (): F.Tensor =>
  F.fromData(new Float32Array([-0.5, 0.2, 0.3, -0.9, 0.8, 0.4, -1.2, 0.1]), [1, 2, 2, 2]);

/** Images at the points of a grid. */
const gridRows: readonly GradientRow[] = [
  {
    op: "grid_sample",
    shapes: [
      [1, 2, 3, 3],
      [1, 2, 2, 2],
    ],
    values: points,
    call: (x, grid) => F.gridSample(x, grid, sampling),
    once: "the gradient by the grid has no second derivative in PyTorch either",
  },
  {
    op: "grid_sample",
    variant: "bicubic",
    shapes: [
      [1, 2, 3, 3],
      [1, 2, 2, 2],
    ],
    values: points,
    call: (x, grid) => F.gridSample(x, grid, { ...sampling, mode: "bicubic", paddingMode: "border" }),
    once: "the gradient by the grid has no second derivative in PyTorch either",
  },
  {
    op: "grid_sample",
    variant: "volumes",
    shapes: [
      [1, 2, 3, 3, 3],
      [1, 2, 1, 2, 3],
    ],
    values: points,
    call: (x, grid) => F.gridSample(x, grid, sampling),
    once: "the gradient by the grid has no second derivative in PyTorch either",
  },
  {
    op: "grid_sample_backward_grid",
    variant: "mirrored, corners aligned",
    shapes: [
      [1, 1, 3, 3],
      [1, 2, 1, 2],
    ],
    values: points,
    call: (x, grid) => F.gridSample(x, grid, { ...sampling, paddingMode: "reflection", alignCorners: true }),
    once: "the gradient by the grid has no second derivative in PyTorch either",
  },
  {
    op: "grid_sample_backward_input",
    shapes: [[1, 2, 3, 3]],
    call: (x) => F.square(F.gridSample(x, pointsOf(), sampling)),
    eps: 0.5,
  },
];

export const spatialRows: readonly GradientRow[] = [
  ...conv3dRows,
  ...paddingRows,
  ...poolRows,
  ...resizeRows,
  ...gridRows,
];
