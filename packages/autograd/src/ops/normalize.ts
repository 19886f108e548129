// Batch, layer, group, instance and RMS normalisation: y = (x - mean) / sqrt(variance + epsilon) * scale + bias.
import {
  type Constants,
  channelsView,
  formatShape,
  type NormalizeView,
  normalizeApplyParams,
  normalizeForward,
  normalizeMoments,
  normalizeMomentsCombine,
  normalizeMomentsPlan,
  normalizeRowsForward,
  normalizeRowsParams,
  ShapeError,
  sizeOf,
  trailingView,
  withoutMean,
} from "@facet/kernels-wgsl";
import { defineOp, jointVjp, launch, type VjpContext, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { isRecording } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import type { BatchRule } from "../vmap/call.js";
import { repeated } from "../vmap/levels.js";
import { fillWith, zeros } from "./create.js";
import { add, mul, sub } from "./elementwise.js";
import { asMoreChannels, asMoreRowsOrChannels } from "./normalize_batch.js";
import {
  composedInput,
  type Epsilon,
  expectChannels,
  fused,
  normalised,
  overChannels,
  type Saved,
  taken,
} from "./normalize_gradients.js";
import { reshape } from "./shape.js";

type Inputs = {
  readonly x: Tensor;
  readonly scale: Tensor | undefined;
  readonly bias: Tensor | undefined;
};

/** One kind of normalisation. */
interface Kind<A extends Epsilon> {
  readonly name: string;
  readonly view: (xShape: readonly number[], attrs: A) => NormalizeView;
  /** Shape of mean and deviation. */
  readonly statistics: (xShape: readonly number[], attrs: A) => readonly number[];
  /** Without, squares are of the elements themselves and no mean is taken off. */
  readonly centred: boolean;
  readonly batch?: BatchRule<Inputs, A>;
}

function normalization<A extends Epsilon, X extends "variance" | never = never>(kind: Kind<A>, variance?: X) {
  const { name, centred } = kind;
  const viewOf = ({ shapes, attrs }: VjpContext<A>): NormalizeView => kind.view(shapes.x as number[], attrs);
  const statistics = ({ x }: Inputs, attrs: A) =>
    ({ shape: kind.statistics(x.shape, attrs), dtype: "float32" }) as const;
  const one =
    (input: "x" | "scale") =>
    (dy: Tensor, saved: Saved, context: VjpContext<A>): Tensor => {
      const view = viewOf(context);
      if (dy.size === 0) return zeros(context.shapes[input] as number[]);
      if (!isRecording()) return fused(dy, saved, view, context.attrs, centred, new Set([input]))[input] as Tensor;
      if (input === "x") return composedInput(dy, saved, view, context.attrs, centred);
      const { normal } = normalised(saved.x, view, context.attrs, centred);
      return overChannels(mul(reshape(dy, taken(view).shape), normal), view);
    };
  const saves = ["x", "scale", "mean", "inverse"] as const;
  return defineOp<Inputs, A, "mean" | "inverse" | X>({
    name,
    shape: ({ x, scale, bias }, attrs) => {
      expectFloating(name, "x", x.dtype);
      const { channels } = kind.view(x.shape, attrs);
      expectChannels(name, { scale, bias }, channels);
      return x.shape;
    },
    aux: {
      mean: statistics,
      inverse: statistics,
      ...(variance === undefined ? {} : { variance: statistics }),
    } as never,
    forward: ({ x, scale, bias }, y, attrs, aux) => {
      const { mean, inverse } = aux as Record<"mean" | "inverse", Tensor>;
      const spread = (aux as { variance?: Tensor }).variance;
      if (x.size === 0) {
        for (const statistic of [mean, inverse, spread]) if (statistic) fillWith(statistic, Number.NaN);
        return;
      }
      const view = kind.view(x.shape, attrs);
      const given = { scale: scale !== undefined, bias: bias !== undefined };
      const constants: Constants | undefined = centred ? undefined : withoutMean;
      const rows = spread ? undefined : normalizeRowsParams(view, { ...attrs, ...given });
      if (rows) {
        launch(normalizeRowsForward, { x, scale, bias, y, mean, inverse }, rows, constants);
        return;
      }
      const plan = normalizeMomentsPlan(view, attrs.epsilon);
      const partial = empty([plan.partialElements], "float32", "workspace");
      const unused = spread ? undefined : empty(mean.shape, "float32", "workspace");
      launch(normalizeMoments, { x, partial }, plan.params, constants);
      const variances = (spread ?? unused) as Tensor;
      launch(normalizeMomentsCombine, { partial, mean, variance: variances, inverse }, plan.combine);
      launch(normalizeForward, { x, mean, inverse, scale, bias, y }, normalizeApplyParams(view, given));
      for (const workspace of [partial, unused]) workspace?.dispose();
    },
    vjp: {
      x: vjp(saves, one("x")),
      scale: vjp(saves, one("scale")),
      bias: vjp([], (dy, _, context: VjpContext<A>) =>
        dy.size === 0 ? zeros(context.shapes.bias as number[]) : overChannels(dy, viewOf(context)),
      ),
    },
    joint: jointVjp<(typeof saves)[number], A>(saves, (dy, saved, context, wanted) =>
      dy.size === 0
        ? Object.fromEntries([...wanted].map((input) => [input, zeros(context.shapes[input] as number[])]))
        : fused(dy, saved, viewOf(context), context.attrs, centred, wanted),
    ),
    halves: { forward: "kernels", gradients: "kernels" },
    ...(kind.batch ? { batch: kind.batch } : {}),
  });
}

interface TrailingAttrs extends Epsilon {
  /** Trailing dimensions that are normalised together. */
  readonly count: number;
}

const trailing = (name: string, centred: boolean): Kind<TrailingAttrs> => ({
  name,
  view: (shape, { count }) => trailingView(shape, count, name),
  statistics: (shape, { count }) => shape.slice(0, shape.length - count),
  centred,
  // Examples are more rows; scales of their own are applied behind.
  batch: ({ x, scale, bias }, isBatched, attrs, size) => {
    const isOwn = isBatched("scale") || isBatched("bias");
    const whole = isBatched("x") ? x : repeated(x, size);
    if (!isOwn) return { inputs: { x: whole, scale, bias }, attrs };
    const rank = whole.rank - 1;
    const rows = (given: Tensor, name: "scale" | "bias"): Tensor =>
      reshape(given, [
        isBatched(name) ? size : 1,
        ...whole.shape.slice(1).map((extent, i) => (i < rank - attrs.count ? 1 : extent)),
      ]);
    const finish = (y: Tensor, name: string): Tensor => {
      if (name !== "y") return y;
      const scaled = scale ? mul(y, rows(scale, "scale")) : y;
      return bias ? add(scaled, rows(bias, "bias")) : scaled;
    };
    return { inputs: { x: whole, scale: undefined, bias: undefined }, attrs, finish };
  },
});

const layerNormOp = normalization(trailing("layer_norm", true));
const rmsNormOp = normalization(trailing("rms_norm", false));

interface ChannelAttrs extends Epsilon {
  readonly axis: number;
  readonly groups?: number;
}

const channelGroups = (name: string): Kind<ChannelAttrs> => ({
  name,
  view: (shape, attrs) => channelsView(shape, { ...attrs, groups: attrs.groups ?? shape.at(attrs.axis) ?? 1 }, name),
  statistics: (shape, { axis, groups }) => [shape[0] as number, groups ?? (shape.at(axis) as number)],
  centred: true,
  batch: asMoreRowsOrChannels,
});

const groupNormOp = normalization(channelGroups("group_norm"));
const instanceNormOp = normalization(channelGroups("instance_norm"));
const batchNormOp = normalization<ChannelAttrs, "variance">(
  {
    name: "batch_norm",
    view: (shape, { axis }) => channelsView(shape, { axis }, "batch_norm"),
    statistics: (shape, { axis }) => [shape.at(axis) as number],
    centred: true,
    batch: asMoreChannels,
  },
  "variance",
);

export interface NormalizeOptions {
  /** Factor on each channel, or of layer and RMS normalisation on each element of what is normalised together. Default: none. */
  scale?: Tensor | undefined;
  /** Added afterwards, as `scale`. Default: none. */
  bias?: Tensor | undefined;
  /** Added to the variance before the root is taken. */
  epsilon: number;
}

export interface ChannelNormOptions extends NormalizeOptions {
  /** The axis of the channels: the second or the last. Default 1. */
  axis?: number;
}

/** Scale and bias of some shape as the one dimension that they are to the kernels. */
function flattened(op: string, x: Tensor, count: number, given: Pick<NormalizeOptions, "scale" | "bias">) {
  const shape = x.shape.slice(x.rank - count);
  const flat = (argument: "scale" | "bias"): Tensor | undefined => {
    const tensor = given[argument];
    if (tensor && `${tensor.shape}` !== `${shape}`)
      throw new ShapeError({ op, argument, expected: formatShape(shape), given: formatShape(tensor.shape) });
    return tensor && reshape(tensor, [sizeOf(shape)]);
  };
  return { scale: flat("scale"), bias: flat("bias") };
}

/**
 * Layer normalisation over the last `count` dimensions (default 1), with the biased variance; scale and bias have their shape.
 * Throws ArgumentError where there are not so many dimensions, ShapeError for another shape of scale or bias.
 */
export function layerNorm(x: Tensor, { epsilon, count = 1, ...given }: NormalizeOptions & { count?: number }): Tensor {
  trailingView(x.shape, count, "layer_norm");
  return layerNormOp({ x, ...flattened("layer_norm", x, count, given) }, { epsilon, count });
}

/** As layerNorm, by the root of the mean of squares: no mean is taken off. */
export function rmsNorm(x: Tensor, { epsilon, count = 1, ...given }: NormalizeOptions & { count?: number }): Tensor {
  trailingView(x.shape, count, "rms_norm");
  return rmsNormOp({ x, ...flattened("rms_norm", x, count, given) }, { epsilon, count });
}

/** Normalises groups of channels of every example [n, ...]. Throws ArgumentError for groups that do not divide the channels. */
export function groupNorm(x: Tensor, groups: number, options: ChannelNormOptions): Tensor {
  const { scale, bias, epsilon, axis = 1 } = options;
  return groupNormOp({ x, scale, bias }, { epsilon, axis, groups });
}

/** Normalises every channel of every example [n, ...]. */
export function instanceNorm(x: Tensor, { scale, bias, epsilon, axis = 1 }: ChannelNormOptions): Tensor {
  return instanceNormOp({ x, scale, bias }, { epsilon, axis });
}

export interface BatchStatistics {
  readonly mean: Tensor;
  /** Biased: divided by the number of elements. */
  readonly variance: Tensor;
}

/**
 * Normalises every channel over all examples [n, ...] and places, as in training; also gives the statistics [channels] of the batch,
 * through which no gradient flows, and of how many elements they are.
 */
export function batchNorm(
  x: Tensor,
  { scale, bias, epsilon, axis = 1 }: ChannelNormOptions,
): { y: Tensor; batch: BatchStatistics; count: number } {
  const { y, aux } = batchNormOp.withAux({ x, scale, bias }, { epsilon, axis });
  aux.inverse.dispose();
  const channels = x.shape.at(axis) as number;
  return { y, batch: { mean: aux.mean, variance: aux.variance }, count: channels === 0 ? 0 : x.size / channels };
}

/**
 * Running statistics after a batch: old + weight (batch - old), written as (1 - weight) old + weight batch. PyTorch's momentum is the
 * weight, Keras' and flax' one minus it; a cumulative average has 1 / batches. `unbiased`, as PyTorch's, divides by count - 1.
 */
export function runningStatistics(
  running: BatchStatistics,
  batch: BatchStatistics,
  { weight, unbiased, count }: { weight: Tensor | number; unbiased: boolean; count: number },
): BatchStatistics {
  const kept = typeof weight === "number" ? 1 - weight : sub(1, weight);
  const blend = (old: Tensor, now: Tensor): Tensor => add(mul(old, kept), mul(now, weight));
  const variance = unbiased ? mul(batch.variance, count / (count - 1)) : batch.variance;
  return { mean: blend(running.mean, batch.mean), variance: blend(running.variance, variance) };
}
