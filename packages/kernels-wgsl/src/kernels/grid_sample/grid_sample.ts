import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { type BindingSpec, type Constants, defineKernel, divideUp, type ParamValues, spread } from "../../kernel.js";
import gridSampleBackwardGridWgsl from "./grid_sample_backward_grid.wgsl";
import gridSampleBackwardInputWgsl from "./grid_sample_backward_input.wgsl";
import gridSampleCornersWgsl from "./grid_sample_corners.wgsl";
import gridSampleForwardWgsl from "./grid_sample_forward.wgsl";

const params = {
  batch: "u32",
  channels: "u32",
  in_h: "u32",
  in_w: "u32",
  out_h: "u32",
  out_w: "u32",
  align_corners: "u32",
  blocks: "u32",
} as const;

export type GridSampleParams = ParamValues<typeof params>;

export interface GridSampleOptions {
  mode: "bilinear" | "nearest";
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
const pointsOf = (p: GridSampleParams): number => p.batch * p.out_h * p.out_w;
const sizes = (p: GridSampleParams) => ({ x: p.batch * p.channels * p.in_h * p.in_w, y: pointsOf(p) * p.channels });
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
      workgroups: (p) => spread(divideUp(p.batch * divideUp(p.channels, 4) * p.in_h * p.in_w, LANES)),
    },
  ],
  cost,
});

/** dgrid of gridSampleForward, bilinear, from dy. See grid_sample_backward_grid.wgsl. */
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

type Kernel = "forward" | "corners" | "backwardInput" | "backwardGrid";

/** Constants of these kernels for a mode. */
export function gridSampleConstants(kernel: Kernel, { mode, paddingMode }: GridSampleOptions): Constants {
  const settle = { settle: SETTLE[paddingMode] };
  // Halves to the even neighbour, as PyTorch rounds.
  const nearest = mode === "nearest" ? { corner: "vec2(round(at), 0.0)" } : {};
  const single = mode === "nearest" ? { CORNERS: "1u" } : {};
  return {
    forward: { ...settle, ...nearest, ...single },
    corners: { ...settle, ...nearest },
    backwardInput: single,
    backwardGrid: settle,
  }[kernel];
}

/**
 * Shape [n, c, h, w] of y and params of these kernels, for x [n, c, in_h, in_w] and a grid [n, h, w, 2]. Throws ShapeError
 * for other shapes and empty images, ArgumentError for unknown modes.
 */
export function gridSampleGeometry(
  xShape: readonly number[],
  gridShape: readonly number[],
  { mode, paddingMode, alignCorners }: GridSampleOptions,
): { shape: number[]; params: GridSampleParams } {
  const op = "grid_sample";
  for (const [argument, value, known] of [
    ["mode", mode, ["bilinear", "nearest"]],
    ["paddingMode", paddingMode, Object.keys(SETTLE)],
  ] as const)
    if (!(known as readonly string[]).includes(value))
      throw new ArgumentError({ op, argument, expected: known.join(", "), given: `${value}` });
  const [n, c, inH, inW] = xShape as [number, number, number, number];
  if (xShape.length !== 4 || inH === 0 || inW === 0)
    throw new ShapeError({
      op,
      argument: "x",
      expected: "a batch [n, c, h, w] of images that are not empty",
      given: formatShape(xShape),
    });
  const [batch, outH, outW, two] = gridShape as [number, number, number, number];
  if (gridShape.length !== 4 || batch !== n || two !== 2)
    throw new ShapeError({ op, argument: "grid", expected: `[${n}, h, w, 2]`, given: formatShape(gridShape) });
  return {
    shape: [n, c, outH, outW],
    params: {
      batch: n,
      channels: c,
      in_h: inH,
      in_w: inW,
      out_h: outH,
      out_w: outW,
      align_corners: alignCorners ? 1 : 0,
      blocks: divideUp(outH * outW, BLOCK),
    },
  };
}
