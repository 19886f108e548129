// Images at the points of a grid, the grids of affine maps, and windows as columns.
import * as core from "@facet/autograd";
import { type Args, bool, define, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { ints, native, tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { batchOf, extents, type Size2, size, twice } from "./size.js";

const named = (op: string): string => `torch.nn.functional.${op}`;
const MODES = ["bilinear", "nearest", "bicubic"] as const;
const PADDINGS = ["zeros", "border", "reflection"] as const;

function sampled(op: string, input: Tensor, grid: Tensor, attrs: core.GridSampleAttrs): Tensor {
  requireFloat(op, "input", input.core.dtype);
  requireFloat(op, "grid", grid.core.dtype);
  const wrong = (argument: "input" | "grid", sentence: string, expected: string): never =>
    complain(core.ShapeError, `grid_sampler(): ${sentence}`, {
      op,
      argument,
      expected,
      given: sizeText((argument === "input" ? input : grid).shape),
    });
  if ((input.rank !== 4 && input.rank !== 5) || grid.rank !== input.rank)
    wrong(
      "input",
      `expected 4D or 5D input and grid with same number of dimensions, but got input with sizes ${sizeText(input.shape)} and grid with sizes ${sizeText(grid.shape)}`,
      "rank 4 or 5, as that of grid",
    );
  if (input.shape[0] !== grid.shape[0])
    wrong(
      "grid",
      `expected grid and input to have same batch size, but got input with sizes ${sizeText(input.shape)} and grid with sizes ${sizeText(grid.shape)}`,
      `a batch of ${input.shape[0]}`,
    );
  if (grid.shape.at(-1) !== input.rank - 2)
    wrong(
      "grid",
      `expected grid to have size ${input.rank - 2} in last dimension, but got grid with sizes ${sizeText(grid.shape)}`,
      `${input.rank - 2} in the last dimension`,
    );
  if (input.shape.slice(2).includes(0))
    wrong(
      "input",
      `expected input to have non-empty spatial dimensions, but input has sizes ${sizeText(input.shape)}`,
      "no spatial dimension empty",
    );
  return core.scope(() => wrap(core.gridSample(input.core, grid.core, attrs)));
}

export interface GridSampleArguments {
  /** Default "bilinear" (trilinear in volumes); "bicubic" is for images. */
  mode: (typeof MODES)[number];
  /** What lies outside: 0 (the default), the edge, or the image mirrored. */
  padding_mode: (typeof PADDINGS)[number];
  /** Whether -1 and 1 are the centres of the corners, not their edges. Default null: false. */
  align_corners: boolean | null;
}
/** [N, C, H, W] at the points x, y (from -1 to 1) of a grid [N, H', W', 2]; volumes at those of [N, D', H', W', 3]. */
export const grid_sample: (
  input: Tensor,
  grid: Tensor,
  ...args: Args<
    [mode: (typeof MODES)[number], padding_mode: (typeof PADDINGS)[number], align_corners: boolean | null],
    GridSampleArguments
  >
) => Tensor = define(
  named("grid_sample"),
  {
    input: tensor,
    grid: tensor,
    mode: oneOf(...MODES).or("bilinear"),
    padding_mode: oneOf(...PADDINGS).or("zeros"),
    align_corners: bool.or(null),
  },
  ({ input, grid, mode, padding_mode, align_corners }) =>
    sampled("grid_sample", input, grid, { mode, paddingMode: padding_mode, alignCorners: align_corners ?? false }),
);

type Numbered = 0 | 1 | 2;
type GridSampler = (
  input: Tensor,
  grid: Tensor,
  ...args: Args<
    [interpolation_mode: Numbered, padding_mode: Numbered, align_corners: boolean],
    { interpolation_mode: Numbered; padding_mode: Numbered; align_corners: boolean }
  >
) => Tensor;
const sampler = (op: string, rank?: number): GridSampler =>
  native(
    op,
    {
      input: tensor,
      grid: tensor,
      interpolation_mode: oneOf(0, 1, 2),
      padding_mode: oneOf(0, 1, 2),
      align_corners: bool,
    },
    ({ input, grid, interpolation_mode, padding_mode, align_corners }) => {
      if (rank !== undefined && input.rank !== rank)
        throw new core.ShapeError({
          op,
          argument: "input",
          expected: `rank ${rank}`,
          given: sizeText(input.shape),
        });
      const [mode, paddingMode] = [MODES[interpolation_mode], PADDINGS[padding_mode]];
      return sampled(op, input, grid, { mode, paddingMode, alignCorners: align_corners });
    },
  );
/** grid_sample whose modes are numbers: bilinear, nearest, bicubic; zeros, border, reflection. */
export const grid_sampler = sampler("grid_sampler");
/** grid_sampler of images. */
export const grid_sampler_2d = sampler("grid_sampler_2d", 4);
/** grid_sampler of volumes. */
export const grid_sampler_3d = sampler("grid_sampler_3d", 5);

function affine(op: string, theta: Tensor, list: readonly number[], align: boolean): Tensor {
  if (theta.core.dtype !== "float32")
    complain(core.DtypeError, `Expected theta to have floating point type, but got ${theta.dtype}`, {
      op,
      argument: "theta",
      expected: "torch.float32",
      given: `${theta.dtype}`,
    });
  if (list.some((extent) => extent <= 0))
    complain(core.ArgumentError, `Expected non-zero, positive output size. Got ${sizeText(list)}`, {
      op,
      argument: "size",
      expected: "positive integers",
      given: sizeText(list),
    });
  return core.scope(() => wrap(core.affineGrid(theta.core, list, align)));
}
/** Points of the maps theta [N, 2, 3] for images of `size` [N, C, H, W]: [N, H, W, 2]; of [N, 3, 4] for volumes. */
export const affine_grid: (
  theta: Tensor,
  ...args: Args<
    [size: readonly number[], align_corners: boolean | null],
    { size: readonly number[]; align_corners: boolean | null }
  >
) => Tensor = define(
  named("affine_grid"),
  { theta: tensor, size: ints, align_corners: bool.or(null) },
  ({ theta, size: list, align_corners }) => affine("affine_grid", theta, list, align_corners ?? false),
);
/** affine_grid, as torch has it. */
export const affine_grid_generator: (
  theta: Tensor,
  ...args: Args<[size: readonly number[], align_corners: boolean], { size: readonly number[]; align_corners: boolean }>
) => Tensor = native(
  "affine_grid_generator",
  { theta: tensor, size: ints, align_corners: bool },
  ({ theta, size: list, align_corners }) => affine("affine_grid_generator", theta, list, align_corners),
);

export interface UnfoldArguments {
  kernel_size: Size2;
  /** Default 1. */
  dilation: Size2;
  /** Zeros at both edges. Default 0. */
  padding: Size2;
  /** Default 1. */
  stride: Size2;
}
type UnfoldPositions = [kernel_size: Size2, dilation: Size2, padding: Size2, stride: Size2];
const windows = {
  kernel_size: size,
  dilation: size.or(1),
  padding: size.or(0),
  stride: size.or(1),
} as const;
type Windows = { [K in keyof typeof windows]: number | readonly number[] };
const attrsOf = (op: string, given: Windows): Parameters<typeof core.unfold>[1] => ({
  window: extents(op, "kernel_size", given.kernel_size, 2, 1),
  dilation: extents(op, "dilation", given.dilation, 2, 1),
  padding: twice(extents(op, "padding", given.padding, 2, 0)),
  stride: extents(op, "stride", given.stride, 2, 1),
  channelsLast: false,
});

/** Windows of [N, C, H, W] as columns: [N, C KH KW, windows]. */
export const unfold: (input: Tensor, ...args: Args<UnfoldPositions, UnfoldArguments>) => Tensor = define(
  named("unfold"),
  { input: tensor, ...windows },
  ({ input, ...given }) => {
    const attrs = attrsOf("unfold", given);
    requireFloat("unfold", "input", input.core.dtype, "im2col");
    return core.scope(() => {
      const { x, back } = batchOf("unfold", input, 2);
      return wrap(back(core.unfold(x, attrs)));
    });
  },
);

export interface FoldArguments extends UnfoldArguments {
  /** Height and width of the images. */
  output_size: Size2;
}
/** Images [N, C, H, W] in which each column of [N, C KH KW, windows] is added where unfold took it from. */
export const fold: (
  input: Tensor,
  ...args: Args<[output_size: Size2, kernel_size: Size2, dilation: Size2, padding: Size2, stride: Size2], FoldArguments>
) => Tensor = define(named("fold"), { input: tensor, output_size: size, ...windows }, ({ input, ...given }) => {
  const attrs = attrsOf("fold", given);
  const output = extents("fold", "output_size", given.output_size, 2, 1);
  requireFloat("fold", "input", input.core.dtype, "col2im");
  return core.scope(() => {
    const { x, back } = batchOf("fold", input, 1);
    const taps = core.sizeOf(attrs.window);
    const channels = (x.shape[1] as number) / taps;
    if (!Number.isInteger(channels) || channels === 0)
      complain(
        core.ShapeError,
        `Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)=${x.shape[1]} and kernel_size=(${attrs.window.join(", ")}).`,
        { op: "fold", argument: "input", expected: `a multiple of ${taps}`, given: `${x.shape[1]}` },
      );
    return wrap(back(core.fold(x, [x.shape[0] as number, channels, ...output], attrs)));
  });
});
