import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { type AnyKernel, type Constants, sizeOf } from "../../kernel.js";
import {
  type GridSampleOptions,
  gridSampleBackwardGrid,
  gridSampleBackwardInput,
  gridSampleConstants,
  gridSampleCorners,
  gridSampleForward,
  gridSampleGeometry,
} from "./grid_sample.js";
import {
  gridSampleBackwardGridReference,
  gridSampleBackwardInputReference,
  gridSampleCornersReference,
  gridSampleForwardReference,
} from "./grid_sample.ref.js";

interface Shape extends Partial<GridSampleOptions> {
  x: number[];
  grid: number[];
  /** Some coordinates are no numbers, or far outside. */
  special?: boolean;
  bench?: boolean;
}

const shapes: Shape[] = [
  { x: [1, 1, 1, 1], grid: [1, 1] },
  { x: [2, 3, 5, 4], grid: [3, 7] },
  { x: [1, 9, 4, 6], grid: [5, 8], alignCorners: true, special: true },
  { x: [2, 2, 3, 3], grid: [6, 6], paddingMode: "border", special: true },
  { x: [1, 5, 4, 3], grid: [4, 5], paddingMode: "border", alignCorners: true },
  { x: [1, 2, 3, 5], grid: [6, 7], paddingMode: "reflection" },
  { x: [2, 1, 4, 1], grid: [3, 3], paddingMode: "reflection", alignCorners: true },
  { x: [1, 4, 6, 5], grid: [7, 6], mode: "nearest" },
  { x: [1, 3, 4, 4], grid: [9, 5], mode: "nearest", paddingMode: "reflection", alignCorners: true },
  { x: [2, 3, 5, 4], grid: [3, 7], mode: "bicubic" },
  { x: [1, 9, 4, 6], grid: [5, 8], mode: "bicubic", alignCorners: true },
  { x: [2, 2, 3, 3], grid: [6, 6], mode: "bicubic", paddingMode: "border" },
  { x: [1, 2, 3, 5], grid: [6, 7], mode: "bicubic", paddingMode: "reflection" },
  { x: [2, 1, 4, 1], grid: [3, 3], mode: "bicubic", paddingMode: "reflection", alignCorners: true },
  { x: [2, 3, 3, 5, 4], grid: [2, 3, 7] },
  { x: [1, 9, 2, 4, 3], grid: [3, 4, 5], alignCorners: true, special: true },
  { x: [2, 1, 4, 3, 1], grid: [2, 3, 3], paddingMode: "border" },
  { x: [1, 2, 3, 2, 5], grid: [2, 6, 3], paddingMode: "reflection" },
  { x: [1, 4, 3, 6, 5], grid: [2, 3, 6], mode: "nearest", paddingMode: "reflection", alignCorners: true },
  { x: [4, 16, 32, 32], grid: [32, 32], bench: true },
  { x: [4, 16, 32, 32], grid: [32, 32], mode: "bicubic", bench: true },
  { x: [1, 8, 12, 16, 16], grid: [12, 16, 16], bench: true },
];

const strange = [Number.NaN, 1e30, -1e30, 40, -40];

/** Points up to half an image outside; of the bench a grid that is nearly the image's own. */
function gridOf(random: CaseRandom, { x, grid, special, bench }: Shape): Float32Array {
  const axes = grid.length;
  const points = sizeOf(grid);
  const count = axes * (x[0] as number) * points;
  if (bench) {
    const jitter = random.uniform(count, -0.05, 0.05);
    return jitter.map((value, i) => {
      // Coordinate k of a point is that along axis axes - 1 - k.
      const d = axes - 1 - (i % axes);
      const point = Math.floor(i / axes) % points;
      const at = Math.floor(point / sizeOf(grid.slice(d + 1))) % (grid[d] as number);
      return (2 * at + 1) / (grid[d] as number) - 1 + value;
    });
  }
  const drawn = random.uniform(count, -2, 2);
  if (!special) return drawn;
  const which = random.integers(count, 0, 4 * strange.length);
  return drawn.map((value, i) => strange[which[i] as number] ?? value);
}

const samplings = shapes.map((shape) => {
  const options = { mode: "bilinear", paddingMode: "zeros", alignCorners: false, ...shape } as const;
  const { params, axes } = gridSampleGeometry(
    shape.x,
    [shape.x[0] as number, ...shape.grid, shape.grid.length],
    options,
  );
  const words = [
    options.mode,
    options.paddingMode,
    options.alignCorners ? "align corners" : "",
    shape.special ? "special" : "",
  ];
  return {
    shape,
    options,
    params,
    axes,
    name: [`[${shape.x}] at [${shape.grid}]`, ...words.filter((word) => word !== "")].join(" "),
    counts: {
      x: sizeOf(shape.x),
      y: params.batch * params.channels * params.points,
      grid: axes * params.batch * params.points,
      corners: 4 * (axes - 1) * params.batch * params.points,
      boxes: 4 * (axes - 1) * params.batch * params.blocks,
    },
  };
});
type Sampling = (typeof samplings)[number];

function entry(
  kernel: AnyKernel,
  of: Parameters<typeof gridSampleConstants>[0],
  reference: KernelEntry["reference"],
  inputs: (random: CaseRandom, sampling: Sampling, constants: Constants) => ReturnType<KernelCase["inputs"]>,
  outputs: (counts: Sampling["counts"]) => KernelCase["outputs"],
  tolerance: (sampling: Sampling) => NonNullable<KernelCase["tolerance"]>,
): KernelEntry {
  return {
    kernel,
    reference,
    // Of the nearest pixel the grid has no gradient.
    cases: samplings
      .filter(({ options }) => of !== "backwardGrid" || options.mode !== "nearest")
      .map((sampling) => {
        const constants = gridSampleConstants(of, sampling.options, sampling.axes);
        return {
          name: sampling.name,
          params: sampling.params,
          constants,
          inputs: (random) => inputs(random, sampling, constants),
          outputs: outputs(sampling.counts),
          tolerance: tolerance(sampling),
          bench: sampling.shape.bench ?? false,
        };
      }),
  };
}

/**
 * A coordinate of up to n elements is rounded some times by 2^-24 n; so much a distance, and each weight made of it, is wrong.
 * Coordinates up to 40 images away, which lie outside, by 40 times that.
 */
const distance = ({ params, shape }: Sampling): number =>
  8 * Math.max(params.in_d, params.in_h, params.in_w) * (shape.special ? 40 : 1) * 2 ** -24;

export const gridSampleEntries: KernelEntry[] = [
  entry(
    gridSampleForward,
    "forward",
    gridSampleForwardReference,
    (random, { shape, counts }) => ({ x: random.uniform(counts.x, -1, 1), grid: gridOf(random, shape) }),
    ({ y }) => ({ y }),
    (sampling) => ({ rtol: 0, atol: 8 * distance(sampling) }),
  ),
  entry(
    gridSampleCorners,
    "corners",
    gridSampleCornersReference,
    (random, { shape }) => ({ grid: gridOf(random, shape) }),
    ({ corners, boxes }) => ({ corners, boxes }),
    (sampling) => ({ rtol: 0, atol: 2 * distance(sampling) }),
  ),
  entry(
    gridSampleBackwardInput,
    "backwardInput",
    gridSampleBackwardInputReference,
    (random, { shape, options, params, axes, counts }) => {
      const grid = gridOf(random, shape);
      const found = gridSampleCornersReference({ grid }, params, gridSampleConstants("corners", options, axes));
      return { ...found, dy: random.uniform(counts.y, -1, 1) };
    },
    ({ x }) => ({ dx: x }),
    // Up to as many terms below 1 as there are points.
    ({ params }) => ({ rtol: 0, atol: 2 ** -22 * params.points }),
  ),
  entry(
    gridSampleBackwardGrid,
    "backwardGrid",
    gridSampleBackwardGridReference,
    (random, { shape, counts }) => ({
      dy: random.uniform(counts.y, -1, 1),
      x: random.uniform(counts.x, -1, 1),
      grid: gridOf(random, shape),
    }),
    ({ grid }) => ({ dgrid: grid }),
    // Channels add up slopes below 4, each wrong by the distances, times half the extent.
    (sampling) => ({
      rtol: 0,
      atol:
        8 *
        sampling.params.channels *
        Math.max(sampling.params.in_d, sampling.params.in_h, sampling.params.in_w) *
        distance(sampling),
    }),
  ),
];
