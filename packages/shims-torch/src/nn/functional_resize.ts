// Interpolation to other sizes, and images at the points of a grid.
import * as core from "@facet/autograd";
import { type Args, bool, define, int, listOf, number, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { ints, tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { pythonRepr, sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d } from "./functional_adaptive_pool.js";

const named = (op: string): string => `torch.nn.functional.${op}`;

const MODES = [
  ...(["nearest", "linear", "bilinear", "bicubic"] as const),
  ...(["trilinear", "area", "nearest-exact", "lanczos"] as const),
] as const;
export type InterpolationMode = (typeof MODES)[number];
export const modeKind = oneOf(...MODES);

/** How the core says each mode, and the rank of input that it is for where it is for one. */
const WAYS: Readonly<Record<InterpolationMode, Partial<core.ResizeAttrs> & { rank?: number }>> = {
  nearest: { method: "nearest", coordinates: "asymmetric" },
  "nearest-exact": { method: "nearest" },
  area: {},
  linear: { method: "linear", rank: 3 },
  bilinear: { method: "linear", rank: 4 },
  trilinear: { method: "linear", rank: 5 },
  bicubic: { method: "cubic", cubicCoefficient: -0.75, rank: 4 },
  lanczos: { method: "lanczos3", rank: 4 },
};
const ALIGNED: readonly InterpolationMode[] = ["linear", "bilinear", "bicubic", "trilinear", "lanczos"];

export interface InterpolateArguments {
  /** Extents of the result, one for all dimensions or one for each; this or scale_factor. */
  size: number | readonly number[] | null;
  scale_factor: number | readonly number[] | null;
  /** Default "nearest". */
  mode: InterpolationMode;
  /** Whether the centres of the corners meet, of modes that are linear or bicubic. Default null: false. */
  align_corners: boolean | null;
  /** Whether steps are those of the sizes, not of scale_factor. Default null: false. */
  recompute_scale_factor: boolean | null;
  /** Whether all elements count in smaller images; "bilinear", "bicubic" and "lanczos" only. Default false. */
  antialias: boolean;
}
export const sizeKind = int.either(ints);
export const factorKind = number.either(listOf(number));

const areas = [adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d] as const;

type Given = { input: Tensor } & InterpolateArguments;

/** Throws ArgumentError in PyTorch's words. */
function refuse(op: string, argument: string, sentence: string, expected: string, given: string): never {
  return complain(core.ArgumentError, sentence, { op, argument, expected, given });
}

function interpolated(op: string, { input, mode, antialias, ...given }: Given): Tensor {
  const spatial = input.shape.slice(2);
  if (!ALIGNED.includes(mode) && given.align_corners !== null)
    refuse(
      op,
      "align_corners",
      "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear",
      "null",
      pythonRepr(given.align_corners),
    );
  requireMode(op, input, mode);
  const align = given.align_corners ?? false;
  const { size, factors } = target(op, spatial, mode, given);
  if (antialias && !(input.rank === 4 && ["bilinear", "bicubic", "lanczos"].includes(mode)))
    refuse(
      op,
      "antialias",
      "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input",
      "false",
      "True",
    );
  if (mode === "lanczos" && align)
    refuse(op, "align_corners", "Lanczos mode does not support align_corners=True", "false", "True");
  if (mode === "lanczos" && !antialias)
    refuse(op, "antialias", "Lanczos mode requires antialias=True", "true", "False");
  if (mode === "area") return (areas[spatial.length - 1] as (input: Tensor, size: number[]) => Tensor)(input, size);
  requireFloat(op, "input", input.core.dtype, `upsample_${mode}`);
  if ([...spatial, ...size].some((extent) => extent < 1) || input.shape[1] === 0)
    complain(
      core.ShapeError,
      `Input and output sizes should be greater than 0, but got input ${sizeText(spatial)} output ${sizeText(size)}`,
      { op, argument: "size", expected: "1 or more everywhere but in the batch", given: sizeText(size) },
    );
  const linear = WAYS[mode].method === "linear";
  /** Elements of the input from one result to the next; undefined for the quotient of the extents. */
  const stepOf = (d: number, extent: number): number | undefined => {
    const count = size[d] as number;
    // PyTorch copies a dimension that keeps its extent.
    if ((linear || antialias) && count === extent) return undefined;
    // With antialias its corners are not aligned: only the steps are as if they were. A step of 0 is next to nothing.
    if (align) return (count > 1 && (extent - 1) / (count - 1)) || 1e-9;
    const factor = factors?.[d];
    return factor !== undefined && factor > 0 ? Math.fround(1 / factor) : undefined;
  };
  return core.scope(() => {
    const x = input.core;
    const { rank: _rank, ...way } = WAYS[mode];
    const aligned = align && !antialias;
    const step = aligned ? undefined : spatial.map((extent, d) => stepOf(d, extent));
    return wrap(
      core.resize(x, {
        size,
        channelsLast: false,
        ...way,
        ...(step ? { step } : {}),
        ...(aligned ? { coordinates: "align_corners" as const } : {}),
        ...(antialias ? { antialias, cubicCoefficient: -0.5 } : {}),
      }),
    );
  });
}

function requireMode(op: string, input: Tensor, mode: InterpolationMode): void {
  const { rank } = WAYS[mode];
  if (rank === undefined ? input.rank >= 3 && input.rank <= 5 : input.rank === rank) return;
  complain(
    core.ShapeError,
    rank === undefined
      ? `Input Error: Only 3D, 4D and 5D input Tensors supported (got ${input.rank}D) for the modes: ${MODES.join(" | ")} (got ${mode})`
      : `Got ${input.rank}D input, but ${mode} mode needs ${rank}D input`,
    {
      op,
      argument: "input",
      expected: rank === undefined ? "rank 3, 4 or 5" : `rank ${rank}`,
      given: sizeText(input.shape),
    },
  );
}

/** The extents of the result, and the factors where steps are theirs. */
function target(
  op: string,
  spatial: readonly number[],
  mode: InterpolationMode,
  given: Pick<Given, "size" | "scale_factor" | "recompute_scale_factor">,
): { size: number[]; factors: readonly number[] | undefined } {
  const { scale_factor, recompute_scale_factor } = given;
  if (given.size !== null && scale_factor !== null)
    refuse(op, "size", "only one of size or scale_factor should be defined", "size or scale_factor", "both");
  const [argument, value] = given.size !== null ? ["size", given.size] : ["scale_factor", scale_factor];
  if (value === null)
    return refuse(op, "size", "either size or scale_factor should be defined", "size or scale_factor", "neither");
  const list = typeof value === "number" ? spatial.map(() => value) : (value as readonly number[]);
  if (list.length !== spatial.length)
    refuse(
      op,
      argument as string,
      `Input and ${argument === "size" ? "output" : argument} must have the same number of spatial dimensions, but got input with spatial dimensions of ${sizeText(spatial)} and ${argument === "size" ? "output size" : "scale_factor"} of ${sizeText(list)}.`,
      `a number or ${spatial.length} of them`,
      sizeText(list),
    );
  if (argument === "size") {
    if (recompute_scale_factor)
      refuse(
        op,
        "recompute_scale_factor",
        "recompute_scale_factor is not meaningful with an explicit size.",
        "null or false beside size",
        "True",
      );
    return { size: [...list], factors: undefined };
  }
  const recomputed = recompute_scale_factor === true || mode === "area";
  return {
    size: spatial.map((extent, d) => Math.trunc(extent * (list[d] as number))),
    factors: recomputed ? undefined : list,
  };
}

/** Interpolates [N, C, W], [N, C, H, W] or [N, C, D, H, W] to another size: each spatial dimension by itself. */
export const interpolate: (
  input: Tensor,
  ...args: Args<
    [
      size: number | readonly number[] | null,
      scale_factor: number | readonly number[] | null,
      mode: InterpolationMode,
      align_corners: boolean | null,
      recompute_scale_factor: boolean | null,
      antialias: boolean,
    ],
    InterpolateArguments
  >
) => Tensor = define(
  named("interpolate"),
  {
    input: tensor,
    size: sizeKind.or(null),
    scale_factor: factorKind.or(null),
    mode: modeKind.or("nearest"),
    align_corners: bool.or(null),
    recompute_scale_factor: bool.or(null),
    antialias: bool.or(false),
  },
  (given) => interpolated("interpolate", given),
);

const plain = { recompute_scale_factor: null, antialias: false } as const;
export type UpsampleArguments = Pick<InterpolateArguments, "size" | "scale_factor" | "mode" | "align_corners">;
/** interpolate, under its name of before; PyTorch calls it deprecated. */
export const upsample: (
  input: Tensor,
  ...args: Args<
    [
      size: number | readonly number[] | null,
      scale_factor: number | readonly number[] | null,
      mode: InterpolationMode,
      align_corners: boolean | null,
    ],
    UpsampleArguments
  >
) => Tensor = define(
  named("upsample"),
  {
    input: tensor,
    size: sizeKind.or(null),
    scale_factor: factorKind.or(null),
    mode: modeKind.or("nearest"),
    align_corners: bool.or(null),
  },
  (given) => interpolated("upsample", { ...given, ...plain }),
);

type UpsampleTo = (
  input: Tensor,
  ...args: Args<
    [size: number | readonly number[] | null, scale_factor: number | readonly number[] | null],
    Pick<InterpolateArguments, "size" | "scale_factor">
  >
) => Tensor;
const upsampling = (op: string, mode: InterpolationMode, align_corners: boolean | null): UpsampleTo =>
  define(named(op), { input: tensor, size: sizeKind.or(null), scale_factor: factorKind.or(null) }, (given) =>
    interpolated(op, { ...given, ...plain, mode, align_corners }),
  );
/** interpolate with the mode "nearest". */
export const upsample_nearest = upsampling("upsample_nearest", "nearest", null);
/** interpolate with the mode "bilinear" and aligned corners. */
export const upsample_bilinear = upsampling("upsample_bilinear", "bilinear", true);
