// Batch, layer, group, instance and RMS normalisation as one: which elements share a mean, and which a scale.
import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { divideUp, type ParamValues, sizeOf } from "../../kernel.js";

/**
 * An array as [n, spatial, channels] when channels come `last`, else [n, channels, spatial]. A group that is normalised together
 * holds channels / groups channels of one n, or of all n when `shared`.
 */
export interface NormalizeView {
  readonly n: number;
  readonly spatial: number;
  readonly channels: number;
  readonly groups: number;
  readonly last: boolean;
  readonly shared: boolean;
}

export const momentsParams = {
  stats: "u32",
  groups: "u32",
  outer_stride: "u32",
  group_stride: "u32",
  runs: "u32",
  run: "u32",
  run_stride: "u32",
  runs_step: "u32",
  run_step: "u32",
  parts: "u32",
} as const;

export const combineParams = {
  stats: "u32",
  runs: "u32",
  run: "u32",
  runs_step: "u32",
  run_step: "u32",
  parts: "u32",
  epsilon: "f32",
} as const;

export const applyParams = {
  n: "u32",
  spatial: "u32",
  channels: "u32",
  groups: "u32",
  n_stride: "u32",
  last: "u32",
  has_scale: "u32",
  has_bias: "u32",
} as const;

export const sumsParams = {
  n: "u32",
  spatial: "u32",
  channels: "u32",
  groups: "u32",
  n_stride: "u32",
  last: "u32",
  across: "u32",
  part: "u32",
  parts: "u32",
} as const;

export const backwardCombineParams = { channels: "u32", parts: "u32", share: "f32", has_scale: "u32" } as const;

export const rowsParams = { rows: "u32", size: "u32", epsilon: "f32", has_scale: "u32", has_bias: "u32" } as const;

export type MomentsParams = ParamValues<typeof momentsParams>;
export type CombineParams = ParamValues<typeof combineParams>;
export type ApplyParams = ParamValues<typeof applyParams>;
export type SumsParams = ParamValues<typeof sumsParams>;
export type BackwardCombineParams = ParamValues<typeof backwardCombineParams>;
export type RowsParams = ParamValues<typeof rowsParams>;

/** Elements that a thread goes through, unless that made more than MOST_PARTS parts. */
const PER_PART = 1024;
const MOST_PARTS = 512;
/** So many rows have a thread each, however long; fewer only while they are short. */
const ENOUGH_ROWS = 32;

/** The simplest view of the same elements: channels come last where nothing is beside them, and shared rows are of one n. */
export function normalizeView(view: NormalizeView): NormalizeView {
  const last = view.last || view.spatial === 1;
  if (last && view.shared) return { ...view, n: 1, spatial: view.n * view.spatial, last, shared: false };
  return { ...view, last };
}

/** Groups that have a mean of their own. */
export const normalizeStats = (view: NormalizeView): number => (view.shared ? 1 : view.n) * view.groups;

/** Elements of each of them. */
export const normalizeCount = (view: NormalizeView): number =>
  (view.shared ? view.n : 1) * view.spatial * (view.channels / view.groups);

/** Params of the kernels that work a row per thread; undefined where rows are too few, or are none. */
export function normalizeRowsParams(view: NormalizeView, given: { epsilon: number; scale: boolean; bias: boolean }) {
  const { n, spatial, channels, groups, last } = view;
  const rows = last && groups === 1 && spatial === 1;
  if (!rows || (n < ENOUGH_ROWS && channels > PER_PART)) return undefined;
  return {
    rows: n,
    size: channels,
    epsilon: given.epsilon,
    has_scale: given.scale ? 1 : 0,
    has_bias: given.bias ? 1 : 0,
  };
}

/** Params of the two passes that find means and deviations, and the elements between them. */
export function normalizeMomentsPlan(
  view: NormalizeView,
  epsilon: number,
): { params: MomentsParams; combine: CombineParams; partialElements: number } {
  const { n, spatial, channels, groups, last, shared } = view;
  const size = channels / groups;
  const stats = normalizeStats(view);
  const [runs, run, stride] = last
    ? [spatial, size, channels]
    : shared
      ? [n, size * spatial, channels * spatial]
      : [1, size * spatial, 0];
  // Fours, so that vectors do not straddle parts.
  const most = Math.max(PER_PART, 4 * divideUp(divideUp(runs * run, MOST_PARTS), 4));
  const runStep = Math.min(run, most);
  const runsStep = Math.min(runs, Math.max(1, Math.floor(most / run)));
  const parts = divideUp(runs, runsStep) * divideUp(run, runStep);
  const shape = { stats, runs, run, runs_step: runsStep, run_step: runStep, parts };
  return {
    params: {
      ...shape,
      groups,
      outer_stride: spatial * channels,
      group_stride: last ? size : size * spatial,
      run_stride: stride,
    },
    combine: { ...shape, epsilon },
    partialElements: 2 * parts * stats,
  };
}

/** Params of the passes that go through all elements, given means. */
export function normalizeApplyParams(view: NormalizeView, given: { scale: boolean; bias: boolean }): ApplyParams {
  const { n, spatial, channels, groups, last, shared } = view;
  return {
    n,
    spatial,
    channels,
    groups,
    n_stride: shared ? 0 : groups,
    last: last ? 1 : 0,
    has_scale: given.scale ? 1 : 0,
    has_bias: given.bias ? 1 : 0,
  };
}

/**
 * Params of the sums by channel, and the shape of what they leave: the last dimension is channels, the others are parts but for
 * `n` where sums are wanted for each. `across`: over all n together, of rows that have statistics of their own or share them all.
 */
export function normalizeSumsPlan(view: NormalizeView, across: boolean): { params: SumsParams; shape: number[] } {
  const { n, spatial, channels, last } = view;
  const { has_scale: _, has_bias: __, ...shared } = normalizeApplyParams(view, { scale: false, bias: false });
  const together = last && across && (n === 1 || spatial === 1);
  const extent = together ? n * spatial : spatial;
  const part = Math.max(last ? PER_PART / 4 : PER_PART, 4 * divideUp(divideUp(extent, MOST_PARTS), 4));
  const blocks = divideUp(extent, part);
  const parts = last && !together ? n * blocks : blocks;
  return {
    params: { ...shared, across: together ? 1 : 0, part, parts },
    shape: last ? (together ? [2, blocks, 1, channels] : [2, n, blocks, channels]) : [2, blocks, n, channels],
  };
}

/**
 * Params of the pass that ends the sums by channel, of `across` as in normalizeSumsPlan; undefined where more than the totals is wanted, as
 * groups are not single channels over all examples, or where parts are too many for a thread.
 */
export function normalizeBackwardCombineParams(
  view: NormalizeView,
  across: boolean,
  scale: boolean,
): BackwardCombineParams | undefined {
  const { n, channels, groups, shared } = view;
  const parts = sizeOf(normalizeSumsPlan(view, across).shape.slice(1, -1));
  const own = groups === channels && (shared || n === 1);
  if (parts > MOST_PARTS || !(across || own)) return undefined;
  return { channels, parts, share: 1 / normalizeCount(view), has_scale: scale ? 1 : 0 };
}

export interface ChannelOptions {
  /** The axis of the channels; negative ones count from the end. */
  axis: number;
  /** Groups of channels with statistics of their own for each example; undefined: statistics of each channel over all examples. */
  groups?: number | undefined;
}

/**
 * View of an array [n, ...] with channels along an axis. Throws ShapeError for fewer than two dimensions, ArgumentError for an axis
 * that is none or the first, or groups that do not divide the channels.
 */
export function channelsView(shape: readonly number[], { axis, groups }: ChannelOptions, op: string): NormalizeView {
  if (shape.length < 2)
    throw new ShapeError({ op, argument: "x", expected: "two dimensions or more", given: formatShape(shape) });
  const at = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || at < 1 || at >= shape.length) {
    const expected = `an axis of ${formatShape(shape)} other than the first`;
    throw new ArgumentError({ op, argument: "axis", expected, given: `${axis}` });
  }
  const channels = shape[at] as number;
  if (groups !== undefined && (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)) {
    throw new ArgumentError({
      op,
      argument: "groups",
      expected: `a divisor of ${channels} channels`,
      given: `${groups}`,
    });
  }
  const last = at === shape.length - 1;
  const before = sizeOf(shape.slice(1, at));
  if (!last && before !== 1) {
    const expected = `channels along the second or the last dimension of ${formatShape(shape)}`;
    throw new ArgumentError({ op, argument: "axis", expected, given: `${axis}` });
  }
  return normalizeView({
    n: shape[0] as number,
    spatial: last ? before : sizeOf(shape.slice(at + 1)),
    channels,
    groups: groups ?? channels,
    last,
    shared: groups === undefined,
  });
}

/**
 * View of an array whose last `count` dimensions are normalised together. Throws ArgumentError where there are not so many, or none.
 */
export function trailingView(shape: readonly number[], count: number, op: string): NormalizeView {
  if (!Number.isInteger(count) || count < 1 || count > shape.length) {
    const expected = `from 1 to ${shape.length} trailing dimensions of ${formatShape(shape)}`;
    throw new ArgumentError({ op, argument: "axes", expected, given: `${count}` });
  }
  const at = shape.length - count;
  const [n, channels] = [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at))];
  return { n, spatial: 1, channels, groups: 1, last: true, shared: false };
}
