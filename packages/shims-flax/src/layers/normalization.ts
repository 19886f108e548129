// Normalisations over chosen axes. Variances are computed around the mean, whatever `use_fast_variance` says.
import * as core from "@facet/autograd";
import { ArgumentError, type Tensor } from "@facet/autograd";
import { type ArrayLike, inexact, JaxArray, run } from "@facet/shims-jax/parts";

export type AxesOf = number | readonly number[];

/** Axes counted from the front, each once. */
export const canonical = (rank: number, axes: AxesOf): number[] => [
  ...new Set((typeof axes === "number" ? [axes] : axes).map((axis) => (axis < 0 ? axis + rank : axis))),
];

export interface Affine {
  scale: JaxArray | null;
  bias: JaxArray | null;
}
export interface Options {
  epsilon: number;
  mask: JaxArray | null;
}
interface Moments {
  mean: Tensor | undefined;
  variance: Tensor;
}

/** Means over axes, of what a mask marks. */
function meanOf(x: Tensor, axes: number[], mask: JaxArray | null): Tensor {
  if (mask === null) return core.mean(x, { axes });
  const marks = core.expand(core.cast(mask.core, "bool"), x.shape);
  return core.div(core.sum(core.where(marks, x, 0), { axes }), core.sum(core.cast(marks, "float32"), { axes }));
}

const kept = (x: Tensor, axes: readonly number[]): number[] => x.shape.map((n, i) => (axes.includes(i) ? 1 : n));

function moments(x: Tensor, axes: number[], mask: JaxArray | null): { mean: Tensor; variance: Tensor } {
  const mean = meanOf(x, axes, mask);
  const apart = core.sub(x, core.reshape(mean, kept(x, axes)));
  return { mean, variance: meanOf(core.mul(apart, apart), axes, mask) };
}

/** (x - mean) / sqrt(variance + epsilon), times a scale and plus a bias of the feature axes. */
function normalized(
  x: Tensor,
  { mean, variance }: Moments,
  { scale, bias }: Affine,
  reduction: readonly number[],
  features: readonly number[],
  epsilon: number,
): Tensor {
  const small = kept(x, reduction);
  const wide = x.shape.map((n, i) => (features.includes(i) ? n : 1));
  const centred = mean ? core.sub(x, core.reshape(mean, small)) : x;
  let factor = core.rsqrt(core.add(core.reshape(variance, small), epsilon));
  if (scale !== null) factor = core.mul(factor, core.reshape(scale.core, wide));
  const y = core.mul(centred, factor);
  return bias === null ? y : core.add(y, core.reshape(bias.core, wide));
}

const own = ({ scale, bias }: Affine) => ({ scale: scale?.core, bias: bias?.core });

const isLast = (axes: readonly number[], x: Tensor): boolean => axes.length === 1 && axes[0] === x.rank - 1;

/** Normalisation over `reduction_axes`; without `use_mean` by the root of the mean of squares. */
export function normalize(
  fn: string,
  inputs: ArrayLike,
  affine: Affine,
  given: Options & { use_mean: boolean; reduction_axes: AxesOf; feature_axes: AxesOf },
): JaxArray {
  return run(() => {
    const x = inexact(fn, "x", inputs);
    const { epsilon, mask, use_mean } = given;
    const reduction = canonical(x.rank, given.reduction_axes);
    const features = canonical(x.rank, given.feature_axes);
    if (mask === null && isLast(reduction, x) && isLast(features, x))
      return (use_mean ? core.layerNorm : core.rmsNorm)(x, { ...own(affine), epsilon });
    const found = use_mean
      ? moments(x, reduction, mask)
      : { mean: undefined, variance: meanOf(core.mul(x, x), reduction, mask) };
    return normalized(x, found, affine, reduction, features, epsilon);
  });
}

/** Normalisation of groups of channels, the last axis, of every example. */
export function groupNormalize(
  fn: string,
  inputs: ArrayLike,
  affine: Affine,
  { groups, reduction_axes, epsilon, mask }: Options & { groups: number; reduction_axes: AxesOf | null },
): JaxArray {
  return run(() => {
    const x = inexact(fn, "x", inputs);
    if (mask === null && reduction_axes === null)
      return core.groupNorm(x, groups, { ...own(affine), epsilon, axis: x.rank - 1 });
    const channels = x.shape.at(-1) as number;
    const reduction = canonical(x.rank, reduction_axes ?? [...[...x.shape.keys()].slice(1, -1), -1]);
    if (reduction.at(-1) !== x.rank - 1)
      throw new ArgumentError({
        op: fn,
        argument: "reduction_axes",
        expected: "axes of which the last is that of the channels",
        given: JSON.stringify(reduction_axes),
      });
    const apart = (tensor: Tensor): Tensor =>
      core.reshape(tensor, [...tensor.shape.slice(0, -1), groups, channels / groups]);
    const marks = mask && new JaxArray(apart(mask.core));
    const found = moments(apart(x), [...reduction.slice(0, -1), x.rank], marks);
    // A number for each group is one for each of its channels.
    const outer = kept(x, reduction).slice(0, -1);
    const spread = (tensor: Tensor): Tensor =>
      core.reshape(core.expand(core.reshape(tensor, [...outer, groups, 1]), [...outer, groups, channels / groups]), [
        ...outer,
        channels,
      ]);
    const each = { mean: spread(found.mean), variance: spread(found.variance) };
    return normalized(x, each, affine, reduction.slice(0, -1), [x.rank - 1], epsilon);
  });
}

/** How many groups of channels there are. Throws ArgumentError for both or neither of the two, and where they do not divide. */
export function groupsOf(
  fn: string,
  channels: number,
  { num_groups, group_size }: { num_groups: number | null; group_size: number | null },
): number {
  if ((num_groups === null) === (group_size === null))
    throw new ArgumentError({
      op: fn,
      argument: "num_groups",
      expected: "one of num_groups and group_size (num_groups: null to give the other)",
      given: num_groups === null ? "neither" : "both",
    });
  const size = group_size ?? (num_groups as number);
  if (!(size > 0 && channels % size === 0))
    throw new ArgumentError({
      op: fn,
      argument: group_size === null ? "num_groups" : "group_size",
      expected: `a divisor of ${channels} channels`,
      given: `${size}`,
    });
  return group_size === null ? size : channels / size;
}

/** Values of a batch, and its statistics where they are not the running ones. */
export function batchNormalize(
  fn: string,
  inputs: ArrayLike,
  affine: Affine,
  running: { mean: JaxArray; variance: JaxArray } | null,
  { axis, epsilon, mask }: Options & { axis: AxesOf },
): { y: JaxArray; batch?: { mean: JaxArray; variance: JaxArray } } {
  const [y, mean, variance] = core.scope(() => {
    const x = inexact(fn, "x", inputs);
    const features = canonical(x.rank, axis);
    const reduction = [...x.shape.keys()].filter((i) => !features.includes(i));
    if (!running && mask === null && isLast(features, x)) {
      const { y, batch } = core.batchNorm(x, { ...own(affine), epsilon, axis: x.rank - 1 });
      return [y, batch.mean, batch.variance] as const;
    }
    const found = running ? { mean: running.mean.core, variance: running.variance.core } : moments(x, reduction, mask);
    const y = normalized(x, found, affine, reduction, features, epsilon);
    return running ? ([y] as const) : ([y, found.mean, found.variance] as const);
  });
  return mean && variance
    ? { y: new JaxArray(y), batch: { mean: new JaxArray(mean), variance: new JaxArray(variance) } }
    : { y: new JaxArray(y) };
}

/** A running value after a batch, through which no gradient flows. */
export const blended = (momentum: number, old: JaxArray, now: JaxArray): JaxArray =>
  run(() => core.add(core.mul(old.core, momentum), core.mul(core.stopGradient(now.core), 1 - momentum)));

/** The axes that a normalisation of examples takes together. Throws ArgumentError where the batch is a feature axis. */
export function exampleAxes(rank: number, feature_axes: AxesOf): number[] {
  const features = canonical(rank, feature_axes);
  if (features.includes(0))
    throw new ArgumentError({
      op: "InstanceNorm",
      argument: "feature_axes",
      expected: "axes other than the first, which is that of the batch",
      given: JSON.stringify(feature_axes),
    });
  return [...Array(rank).keys()].slice(1).filter((i) => !features.includes(i));
}
