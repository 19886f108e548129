// Pooling of inputs [N, C, ...] or [C, ...] over one to three spatial dimensions: largest elements, means, powers.
import * as core from "@facet/autograd";
import { type Args, bool, define, int, number } from "@facet/dialect";
import { complain } from "../errors.js";
import { native, tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { pythonFloat, sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { batchOf, extents, type Rank, type Size, size, twice } from "./size.js";

const named = (op: string): string => `torch.nn.functional.${op}`;

/** The stride of a pooling: that of its window where it is left out or empty. */
export const strideOr = (
  window: number | readonly number[],
  stride: number | readonly number[] | null,
): number | readonly number[] =>
  stride === null || (typeof stride !== "number" && stride.length < 1) ? window : stride;

interface Window {
  kernel_size: number | readonly number[];
  stride: number | readonly number[] | null;
  padding: number | readonly number[];
  dilation?: number | readonly number[];
}

/** Window, stride, padding and dilation of a pooling, checked. */
export function windowOf(op: string, rank: Rank, { kernel_size, stride, padding, dilation = 1 }: Window) {
  const window = extents(op, "kernel_size", kernel_size, rank, 1);
  const pads = extents(op, "padding", padding, rank, 0);
  const gaps = extents(op, "dilation", dilation, rank, 1);
  for (const [d, pad] of pads.entries())
    if (2 * pad > (window[d] as number))
      complain(
        core.ArgumentError,
        `pad should be at most half of effective kernel size, but got pad=${pad}, kernel_size=${window[d]} and dilation=${gaps[d]}`,
        { op, argument: "padding", expected: `at most ${(window[d] as number) >> 1}`, given: `${pad}` },
      );
  return {
    window,
    stride: extents(op, "stride", strideOr(kernel_size, stride), rank, 1),
    padding: twice(pads),
    dilation: gaps,
    channelsLast: false,
  };
}

/** Runs a pooling on a batch, and says in PyTorch's words that the window is larger than the padded input. */
function pooled(
  op: string,
  input: Tensor,
  rank: Rank,
  window: readonly number[],
  run: (x: core.Tensor) => readonly core.Tensor[],
): Tensor[] {
  return core.scope(() => {
    const { x, back } = batchOf(op, input, rank);
    requireFloat(op, "input", x.dtype);
    requireChannels(op, x);
    try {
      return run(x).map((y) => wrap(back(y)));
    } catch (error) {
      if (!(error instanceof core.ShapeError) || error.argument !== "window") throw error;
      return complain(
        core.ShapeError,
        `Given input size: (${x.shape.slice(1).join("x")}). The window does not fit. Output size is too small`,
        { op, argument: "kernel_size", expected: error.expected, given: error.given ?? sizeText(window) },
      );
    }
  });
}

/** A batch may be empty, nothing else. */
function requireChannels(op: string, x: core.Tensor, first = 1): void {
  if (!x.shape.slice(first).includes(0)) return;
  complain(
    core.ShapeError,
    `${op}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes ${sizeText(x.shape)}`,
    { op, argument: "input", expected: "no dimension but the batch empty", given: sizeText(x.shape) },
  );
}

export interface MaxPoolArguments<R extends Rank, I extends boolean = boolean> {
  kernel_size: Size<R>;
  /** Default null: the window. */
  stride: Size<R> | null;
  /** -infinity at both edges; at most half the window. Default 0. */
  padding: Size<R>;
  /** Default 1. */
  dilation: Size<R>;
  /** Whether a last window may reach beyond the padded input. Default false. */
  ceil_mode: boolean;
  /** Whether places are returned too: numbers of elements of a channel, int64. Default false. */
  return_indices: I;
}
type MaxPoolPositions<R extends Rank> = [
  kernel_size: Size<R>,
  stride: Size<R> | null,
  padding: Size<R>,
  dilation: Size<R>,
  ceil_mode: boolean,
];
export interface MaxPoolFunction<R extends Rank> {
  (input: Tensor, ...args: Args<[...MaxPoolPositions<R>, return_indices: false], MaxPoolArguments<R, false>>): Tensor;
  (
    input: Tensor,
    ...args: Args<[...MaxPoolPositions<R>, return_indices: true], MaxPoolArguments<R, true>>
  ): [values: Tensor, indices: Tensor];
}
export type MaxPoolWithIndicesFunction<R extends Rank> = (
  input: Tensor,
  ...args: Args<[...MaxPoolPositions<R>, return_indices: boolean], MaxPoolArguments<R>>
) => [values: Tensor, indices: Tensor];

const maxRules = {
  input: tensor,
  kernel_size: size,
  stride: size.or(null),
  padding: size.or(0),
  dilation: size.or(1),
  ceil_mode: bool.or(false),
} as const;
const withIndices = { ...maxRules, return_indices: bool.or(false) } as const;
type MaxGiven = Window & { input: Tensor; ceil_mode: boolean };

function largest(op: string, rank: Rank, { input, ceil_mode, ...given }: MaxGiven, indices: boolean): Tensor[] {
  const attrs = { ...windowOf(op, rank, given), ceilMode: ceil_mode };
  return pooled(op, input, rank, attrs.window, (x) => {
    if (!indices) return [core.maxPool(x, attrs)];
    const { y, indices: places } = core.maxPoolWithIndices(x, attrs);
    return [y, places];
  });
}

const maxPool = <R extends Rank>(rank: R): MaxPoolFunction<R> =>
  define(named(`max_pool${rank}d`), withIndices, ({ return_indices, ...given }) => {
    const results = largest(`max_pool${rank}d`, rank, given, return_indices);
    return return_indices ? results : results[0];
  }) as MaxPoolFunction<R>;
const maxPoolIndices = <R extends Rank>(rank: R): MaxPoolWithIndicesFunction<R> =>
  define(named(`max_pool${rank}d_with_indices`), withIndices, (given) =>
    largest(`max_pool${rank}d_with_indices`, rank, given, true),
  ) as MaxPoolWithIndicesFunction<R>;

/** Largest element of each window of [N, C, W], and with `return_indices` where it is; the first of equal ones. */
export const max_pool1d: MaxPoolFunction<1> = maxPool(1);
/** Largest element of each window of [N, C, H, W], and with `return_indices` where it is; the first of equal ones. */
export const max_pool2d: MaxPoolFunction<2> = maxPool(2);
/** Largest element of each window of [N, C, D, H, W], and with `return_indices` where it is; the first of equal ones. */
export const max_pool3d: MaxPoolFunction<3> = maxPool(3);
/** max_pool1d with places, whatever `return_indices` says. */
export const max_pool1d_with_indices: MaxPoolWithIndicesFunction<1> = maxPoolIndices(1);
/** max_pool2d with places, whatever `return_indices` says. */
export const max_pool2d_with_indices: MaxPoolWithIndicesFunction<2> = maxPoolIndices(2);
/** max_pool3d with places, whatever `return_indices` says. */
export const max_pool3d_with_indices: MaxPoolWithIndicesFunction<3> = maxPoolIndices(3);

export interface NativeMaxPoolArguments<R extends Rank>
  extends Omit<MaxPoolArguments<R, boolean>, "return_indices" | "stride"> {
  /** Default []: the window. */
  stride: Size<R> | readonly [];
}
/** As the functions of torch have them: without places. */
export type NativeMaxPool<R extends Rank, T = Tensor> = (
  input: Tensor,
  ...args: Args<
    [kernel_size: Size<R>, stride: Size<R> | readonly [], padding: Size<R>, dilation: Size<R>, ceil_mode: boolean],
    NativeMaxPoolArguments<R>
  >
) => T;
const nativeRules = { ...maxRules, stride: size.or([] as readonly number[]) } as const;
const nativeMax = <R extends Rank>(rank: R): NativeMaxPool<R> =>
  native(`max_pool${rank}d`, nativeRules, (given) => largest(`max_pool${rank}d`, rank, given, false)[0] as Tensor);
/** The functions of pooling that torch itself has in forms of their own. */
export const nativePools = {
  max_pool1d: nativeMax(1) as NativeMaxPool<1>,
  max_pool2d: nativeMax(2) as NativeMaxPool<2>,
  max_pool3d: nativeMax(3) as NativeMaxPool<3>,
  max_pool1d_with_indices: native("max_pool1d_with_indices", nativeRules, (given) =>
    largest("max_pool1d_with_indices", 1, given, true),
  ) as NativeMaxPool<1, [values: Tensor, indices: Tensor]>,
};

export interface AvgPoolArguments<R extends Rank> {
  kernel_size: Size<R>;
  /** Default null: the window. */
  stride: Size<R> | null;
  /** Zeros at both edges; at most half the window. Default 0. */
  padding: Size<R>;
  /** Whether a last window may reach beyond the padded input. Default false. */
  ceil_mode: boolean;
  /** Whether the zeros count in the divisor. Default true. */
  count_include_pad: boolean;
}
export interface AvgPoolNdArguments<R extends Rank> extends AvgPoolArguments<R> {
  /** What sums are divided by in place of the number of elements; not 0. Default null. */
  divisor_override: number | null;
}
type AvgPoolPositions<R extends Rank> = [
  kernel_size: Size<R>,
  stride: Size<R> | null,
  padding: Size<R>,
  ceil_mode: boolean,
  count_include_pad: boolean,
];
const avgRules = {
  input: tensor,
  kernel_size: size,
  stride: size.or(null),
  padding: size.or(0),
  ceil_mode: bool.or(false),
  count_include_pad: bool.or(true),
} as const;
type AvgGiven = Window & { input: Tensor; ceil_mode: boolean; count_include_pad: boolean };

/** Means of volumes are of windows that fit into them without padding, too. */
function requireVolume(op: string, x: core.Tensor, window: readonly number[]): void {
  const spatial = x.shape.slice(2);
  if (window.length < 3 || spatial.every((extent, d) => extent >= (window[d] as number))) return;
  complain(core.ShapeError, `input image (${spatial.join(" ")}) smaller than kernel size (${window.join(" ")})`, {
    op,
    argument: "kernel_size",
    expected: `at most ${sizeText(spatial)}`,
    given: sizeText(window),
  });
}

function averaged(rank: Rank, { input, ceil_mode, count_include_pad, ...given }: AvgGiven, override: number | null) {
  const op = `avg_pool${rank}d`;
  if (override === 0)
    complain(core.ArgumentError, "divisor must be not zero", {
      op,
      argument: "divisor_override",
      expected: "an integer other than 0",
      given: "0",
    });
  // The core has kernels of their own for images without a divisor.
  const divisor = override === null ? {} : { divisor: Math.abs(override) };
  const attrs = { ...windowOf(op, rank, given), ceilMode: ceil_mode, countIncludePad: count_include_pad, ...divisor };
  return pooled(op, input, rank, attrs.window, (x) => {
    requireVolume(op, x, attrs.window);
    const y = core.avgPool(x, attrs);
    return [override !== null && override < 0 ? core.neg(y) : y];
  })[0] as Tensor;
}

/** Mean of each window of [N, C, W]; padding counts as zeros unless `count_include_pad` is false. */
export const avg_pool1d: (input: Tensor, ...args: Args<AvgPoolPositions<1>, AvgPoolArguments<1>>) => Tensor = define(
  named("avg_pool1d"),
  { ...avgRules, stride: size.or([] as readonly number[]) },
  (given) => averaged(1, given, null),
);
export type AvgPoolFunction<R extends Rank> = (
  input: Tensor,
  ...args: Args<[...AvgPoolPositions<R>, divisor_override: number | null], AvgPoolNdArguments<R>>
) => Tensor;
const avgPool = <R extends Rank>(rank: R): AvgPoolFunction<R> =>
  define(named(`avg_pool${rank}d`), { ...avgRules, divisor_override: int.or(null) }, ({ divisor_override, ...given }) =>
    averaged(rank, given, divisor_override),
  );
/** Mean of each window of [N, C, H, W]; padding counts as zeros unless `count_include_pad` is false. */
export const avg_pool2d: AvgPoolFunction<2> = avgPool(2);
/** Mean of each window of [N, C, D, H, W]; padding counts as zeros unless `count_include_pad` is false. */
export const avg_pool3d: AvgPoolFunction<3> = avgPool(3);

export interface LPPoolFunctionArguments<R extends Rank> {
  /** The power; infinity for the largest absolute value. Not 0. */
  norm_type: number;
  kernel_size: Size<R>;
  /** Default null: the window. */
  stride: Size<R> | null;
  /** Whether a last window may reach beyond the input. Default false. */
  ceil_mode: boolean;
}
export type LPPoolFunction<R extends Rank> = (
  input: Tensor,
  ...args: Args<
    [norm_type: number, kernel_size: Size<R>, stride: Size<R> | null, ceil_mode: boolean],
    LPPoolFunctionArguments<R>
  >
) => Tensor;
function lpPool<R extends Rank>(rank: R): LPPoolFunction<R> {
  const op = `lp_pool${rank}d`;
  const rules = {
    input: tensor,
    norm_type: number,
    // Of a sequence PyTorch multiplies by it.
    kernel_size: rank === 1 ? int : size,
    stride: size.or(null),
    ceil_mode: bool.or(false),
  } as const;
  return define(named(op), rules, ({ input, norm_type, ceil_mode, ...given }) => {
    if (norm_type === 0 || Number.isNaN(norm_type))
      throw new core.ArgumentError({
        op,
        argument: "norm_type",
        expected: "a number other than 0",
        given: pythonFloat(norm_type),
      });
    const { padding, dilation, ...attrs } = windowOf(op, rank, { ...given, padding: 0 });
    return pooled(op, input, rank, attrs.window, (x) => {
      if (Number.isFinite(norm_type)) requireVolume(op, x, attrs.window);
      if (Number.isFinite(norm_type))
        return [core.lpPool(x, norm_type, { ...attrs, ceilMode: ceil_mode, countIncludePad: true })];
      const size = core.abs(x);
      const all = { ...attrs, padding, dilation, ceilMode: ceil_mode };
      return [norm_type > 0 ? core.maxPool(size, all) : core.neg(core.maxPool(core.neg(size), all))];
    })[0] as Tensor;
  });
}
/** (sum of x^p)^(1 / p) of each window of [N, C, W]. */
export const lp_pool1d: LPPoolFunction<1> = lpPool(1);
/** (sum of x^p)^(1 / p) of each window of [N, C, H, W]. */
export const lp_pool2d: LPPoolFunction<2> = lpPool(2);
/** (sum of x^p)^(1 / p) of each window of [N, C, D, H, W]. */
export const lp_pool3d: LPPoolFunction<3> = lpPool(3);
