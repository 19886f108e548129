import { ArgumentError, formatShape, ShapeError, UnsupportedError } from "../../errors.js";
import {
  type BindingSpec,
  type Constants,
  defineKernel,
  divideUp,
  type ParamValues,
  sizeOf,
  spread,
} from "../../kernel.js";
import gridSampleBackwardGridWgsl from "./grid_sample_backward_grid.wgsl";
import gridSampleBackwardInputWgsl from "./grid_sample_backward_input.wgsl";
import gridSampleCornersWgsl from "./grid_sample_corners.wgsl";
import gridSampleForwardWgsl from "./grid_sample_forward.wgsl";

const params = {
  batch: "u32",
  channels: "u32",
  in_d: "u32",
  in_h: "u32",
  in_w: "u32",
  points: "u32",
  align_corners: "u32",
  blocks: "u32",
} as const;

export type GridSampleParams = ParamValues<typeof params>;

export interface GridSampleOptions {
  /** `bilinear` is trilinear in volumes; `bicubic` is for images only. */
  mode: "bilinear" | "nearest" | "bicubic";
  /** What lies outside the image: 0, its edge, or the image mirrored. */
  paddingMode: "zeros" | "border" | "reflection";
  /** Whether -1 and 1 are the centres of the corner pixels; else the edges of the image. */
  alignCorners: boolean;
}

const LANES = 64;
/** Points that grid_sample_backward_input.wgsl looks at together. */
const BLOCK = 32;
/** Channels that a thread of the forward kernel computes. */
const CHANNELS = 8;

const read = { access: "read", dtype: "f32" } as const satisfies BindingSpec;
const write = { access: "read_write", dtype: "f32" } as const satisfies BindingSpec;
const pointsOf = (p: GridSampleParams): number => p.batch * p.points;
const sizes = (p: GridSampleParams) => ({
  x: p.batch * p.channels * p.in_d * p.in_h * p.in_w,
  y: pointsOf(p) * p.channels,
});
const cost = (p: GridSampleParams) => {
  const { x, y } = sizes(p);
  return { flops: 8 * y, bytes: 4 * (x + y + 2 * pointsOf(p)) };
};

/** y = x at the points of a grid. See grid_sample_forward.wgsl; `gridSampleConstants` chooses the mode. */
export const gridSampleForward = defineKernel({
  name: "grid_sample_forward",
  wgsl: gridSampleForwardWgsl,
  bindings: { x: read, grid: read, y: write },
  params,
  variants: [
    {
      name: "points",
      order: "corners",
      workgroups: (p) => spread(divideUp(pointsOf(p) * divideUp(p.channels, CHANNELS), LANES)),
    },
  ],
  cost,
});

/** Corners of all points, for the gradient of x. See grid_sample_corners.wgsl. */
export const gridSampleCorners = defineKernel({
  name: "grid_sample_corners",
  wgsl: gridSampleCornersWgsl,
  bindings: { grid: read, corners: write, boxes: write },
  params,
  variants: [{ name: "blocks", order: "corners", workgroups: (p) => spread(divideUp(p.batch * p.blocks, LANES)) }],
  cost: (p) => ({ flops: 10 * pointsOf(p), bytes: 4 * (6 * pointsOf(p) + 4 * p.batch * p.blocks) }),
});

/** dx of gridSampleForward from dy. See grid_sample_backward_input.wgsl. */
export const gridSampleBackwardInput = defineKernel({
  name: "grid_sample_backward_input",
  wgsl: gridSampleBackwardInputWgsl,
  bindings: { corners: read, boxes: read, dy: read, dx: write },
  params,
  variants: [
    {
      name: "pixels",
      order: "points",
      workgroups: (p) => spread(divideUp(p.batch * divideUp(p.channels, 4) * p.in_d * p.in_h * p.in_w, LANES)),
    },
  ],
  cost,
});

/** dgrid of gridSampleForward, bilinear or bicubic, from dy. See grid_sample_backward_grid.wgsl. */
export const gridSampleBackwardGrid = defineKernel({
  name: "grid_sample_backward_grid",
  wgsl: gridSampleBackwardGridWgsl,
  bindings: { dy: read, x: read, grid: read, dgrid: write },
  params,
  variants: [{ name: "points", order: "channels", workgroups: (p) => spread(divideUp(pointsOf(p), LANES)) }],
  cost: (p) => ({ flops: 12 * sizes(p).y, bytes: cost(p).bytes + 8 * pointsOf(p) }),
});

const SETTLE = {
  zeros: "vec2(at, 1.0)",
  border: "clamped(at, size)",
  reflection: "mirrored(at, size, low, high)",
} as const;

/** Elements that count along each axis. */
const TAPS = { bilinear: 2, nearest: 1, bicubic: 4 } as const;
// What `bicubic` puts in the place of the shaders' functions.
const PLACES =
  "vec4(settled(first - 1.0, size).x, settled(first, size).x, settled(first + 1.0, size).x, settled(first + 2.0, size).x)";
const WEIGHTS = "vec4(far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t))";
const SLOPES = "vec4(far_slope(1.0 + t), near_slope(t), -near_slope(1.0 - t), -far_slope(2.0 - t))";
const PICK = "select(select(v.x, v.y, k == 1u), select(v.z, v.w, k == 3u), k >= 2u)";
const REACH =
  "let p = places(first, size); return vec2(min(min(p.x, p.y), min(p.z, p.w)), max(max(p.x, p.y), max(p.z, p.w)))";
const SHARE = { nearest: "select(0.0, 1.0, here == first)", bicubic: "share_of_taps(here, first, t, size)" };

type Kernel = "forward" | "corners" | "backwardInput" | "backwardGrid";

/** Constants of these kernels for a mode, of images (2 axes) or volumes. */
export function gridSampleConstants(
  kernel: Kernel,
  { mode, paddingMode }: GridSampleOptions,
  axes: 2 | 3 = 2,
): Constants {
  const taps = TAPS[mode];
  const settle = { settle: SETTLE[paddingMode] };
  const counts = { AXES: `${axes}u`, TAPS: `${taps}u`, ALL_TAPS: `${taps ** axes}u` };
  const parts = { AXES: `${axes}u`, PARTS: `${axes - 1}u` };
  // Halves to the even neighbour, as PyTorch rounds.
  const corner = mode === "nearest" ? { corner: "vec2(round(at), 0.0)" } : {};
  const cubic = mode === "bicubic";
  const point = cubic ? { settled_point: "vec2(at, 1.0)" } : {};
  const places = cubic ? { places: PLACES } : {};
  const weights = cubic ? { places: PLACES, weights: WEIGHTS } : {};
  const pick = cubic ? { pick: PICK, pick_index: PICK } : {};
  return {
    forward: { ...settle, ...counts, ...corner, ...point, ...weights, ...pick },
    corners: { ...settle, ...parts, ...corner, ...point, ...places, ...(cubic ? { reach: REACH } : {}) },
    backwardInput: { ...settle, ...parts, ...weights, ...(mode === "bilinear" ? {} : { share: SHARE[mode] }) },
    backwardGrid: { ...settle, ...counts, ...point, ...weights, ...pick, ...(cubic ? { slopes: SLOPES } : {}) },
  }[kernel];
}

/**
 * Shape [n, c, h, w] of y and params of these kernels, for x [n, c, in_h, in_w] and a grid [n, h, w, 2], or [n, c, d, h, w], for
 * x [n, c, in_d, in_h, in_w] and a grid [n, d, h, w, 3]. Throws ShapeError for other shapes and empty images, ArgumentError for
 * unknown modes, UnsupportedError for `bicubic` in volumes, which PyTorch has not either.
 */
export function gridSampleGeometry(
  xShape: readonly number[],
  gridShape: readonly number[],
  { mode, paddingMode, alignCorners }: GridSampleOptions,
): { shape: number[]; params: GridSampleParams; axes: 2 | 3 } {
  const op = "grid_sample";
  for (const [argument, value, known] of [
    ["mode", mode, Object.keys(TAPS)],
    ["paddingMode", paddingMode, Object.keys(SETTLE)],
  ] as const)
    if (!known.includes(value))
      throw new ArgumentError({ op, argument, expected: known.join(", "), given: `${value}` });
  const [n, c, ...extents] = xShape as [number, number, ...number[]];
  const axes = extents.length;
  if ((axes !== 2 && axes !== 3) || extents.includes(0))
    throw new ShapeError({
      op,
      argument: "x",
      expected: "a batch [n, c, h, w] or [n, c, d, h, w] of images that are not empty",
      given: formatShape(xShape),
    });
  if (axes === 3 && mode === "bicubic")
    throw new UnsupportedError({ op, argument: "mode", expected: "bilinear or nearest in volumes", given: mode });
  const [batch, ...rest] = gridShape as [number, ...number[]];
  const points = rest.slice(0, -1);
  if (points.length !== axes || batch !== n || rest.at(-1) !== axes) {
    const expected = axes === 2 ? `[${n}, h, w, 2]` : `[${n}, d, h, w, 3]`;
    throw new ShapeError({ op, argument: "grid", expected, given: formatShape(gridShape) });
  }
  const [inD, inH, inW] = (axes === 3 ? extents : [1, ...extents]) as [number, number, number];
  const count = sizeOf(points);
  return {
    shape: [n, c, ...points],
    axes,
    params: {
      batch: n,
      channels: c,
      in_d: inD,
      in_h: inH,
      in_w: inW,
      points: count,
      align_corners: alignCorners ? 1 : 0,
      blocks: divideUp(count, BLOCK),
    },
  };
}
