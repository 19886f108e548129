// keras.ops: convolutions, pools, normalisations, attention and losses, without state.
import * as core from "@facet/autograd";
import { type Args, bool, int, type Kind, number, oneOf, only } from "@facet/dialect";
import { type DataFormat, dataFormat, epsilon as programEpsilon } from "../config.js";
import { arrayOrPlaceholder, axes, dataFormatKind, intOrInts, padding as paddingKind } from "../kinds.js";
import {
  channelAxis,
  expectStridesOrDilation,
  extentsOf,
  filterLayout,
  layoutOfRank,
  type Padding,
  paddings,
  perAxis,
  type Rank,
  type Sizes,
} from "../layers/spatial.js";
import { categorical_crossentropy as categorical, sparseCrossEntropy } from "../losses/functions.js";
import { defineOp } from "../operation.js";
import { asTensor, type KerasTensor, Tensor, type TensorLike } from "../tensor.js";
import type { Operand } from "./arithmetic.js";
import { type Axis, axesOf, axisOf, floated, kept, type ListOp, type Op } from "./define.js";

const sizes = intOrInts as Kind<Sizes>;
const format = dataFormatKind.or(null);

/** The number of spatial axes. */
function rankOf(op: string, x: core.Tensor): Rank {
  if (x.rank >= 3 && x.rank <= 5) return (x.rank - 2) as Rank;
  const expected = "a batch of images with channels, of one to three dimensions";
  throw new core.ShapeError({ op, argument: "inputs", expected, given: core.formatShape(x.shape) });
}
/** One positive number for each axis. */
function each(op: string, argument: string, value: Sizes, rank: Rank): readonly number[] {
  const listed = perAxis(value, rank);
  if (listed.length === rank && listed.every((one) => Number.isInteger(one) && one > 0)) return listed;
  const expected = `a positive integer, or ${rank} of them`;
  throw new core.ArgumentError({ op, argument, expected, given: JSON.stringify(value) });
}

interface Windowed {
  strides: Sizes;
  padding: Padding;
  data_format: DataFormat | null;
  dilation_rate: Sizes;
}
type ConvRest = [strides: Sizes, padding: Padding, data_format: DataFormat | null, dilation_rate: Sizes];
interface OnImages<Rest extends unknown[]> {
  (inputs: TensorLike, ...rest: Rest): Tensor;
  (inputs: KerasTensor, ...rest: Rest): KerasTensor;
}
type ConvOp = OnImages<[kernel: Operand, ...rest: Args<ConvRest, Windowed>]>;
const convRules = {
  strides: sizes.or(1),
  padding: paddingKind.or("valid"),
  data_format: format,
  dilation_rate: sizes.or(1),
} as const;

/** What the core takes of a convolution's arguments. */
function attributes(op: string, x: core.Tensor, taps: readonly number[], given: Windowed) {
  const rank = rankOf(op, x);
  const layout = dataFormat(given.data_format);
  const strides = each(op, "strides", given.strides, rank);
  const dilation = each(op, "dilation_rate", given.dilation_rate, rank);
  expectStridesOrDilation(op, strides, dilation);
  if (taps.length !== rank) {
    const expected = `a kernel of ${rank} spatial axes`;
    throw new core.ShapeError({ op, argument: "kernel", expected, given: `${taps.length}` });
  }
  const extents = extentsOf(x.shape, layout, rank) as number[];
  return {
    layout: layoutOfRank(layout, rank),
    filterLayout: filterLayout(rank),
    stride: strides,
    padding: paddings(extents, { sizes: taps, strides, dilation, padding: given.padding }),
    dilation,
    channels: x.shape.at(channelAxis(layout)) as number,
  };
}
/** Kernel [...taps, c / groups, filters]; groups are as many as the channels say. */
export const conv: ConvOp = defineOp(
  "keras.ops.conv",
  { inputs: arrayOrPlaceholder, kernel: arrayOrPlaceholder, ...convRules },
  {
    compute: ({ inputs, kernel, ...given }) => {
      const [x, w] = [floated(inputs, "conv"), floated(kernel, "conv")];
      const { channels, ...attrs } = attributes("conv", x, w.shape.slice(0, -2), given as Windowed);
      const own = w.shape.at(-2) as number;
      if (own === 0 || channels % own !== 0) {
        const expected = `a kernel whose channels divide the ${channels} of the inputs`;
        throw new core.ShapeError({ op: "conv", argument: "kernel", expected, given: core.formatShape(w.shape) });
      }
      return new Tensor(core.conv(x, w, undefined, { ...attrs, groups: channels / own }));
    },
  },
);
const byGroups = (w: core.Tensor): core.Tensor =>
  core.reshape(w, [...w.shape.slice(0, -2), 1, (w.shape.at(-2) as number) * (w.shape.at(-1) as number)]);
/** Each channel by itself: kernel [...taps, c, multiplier]. */
export const depthwise_conv: ConvOp = defineOp(
  "keras.ops.depthwise_conv",
  { inputs: arrayOrPlaceholder, kernel: arrayOrPlaceholder, ...convRules },
  {
    compute: ({ inputs, kernel, ...given }) => {
      const [x, w] = [floated(inputs, "depthwise_conv"), floated(kernel, "depthwise_conv")];
      const { channels, ...attrs } = attributes("depthwise_conv", x, w.shape.slice(0, -2), given as Windowed);
      return new Tensor(core.conv(x, byGroups(w), undefined, { ...attrs, groups: channels }));
    },
  },
);
/** depthwise_conv, and a convolution of one tap over the channels. */
export const separable_conv: OnImages<
  [depthwise_kernel: Operand, pointwise_kernel: Operand, ...rest: Args<ConvRest, Windowed>]
> = defineOp(
  "keras.ops.separable_conv",
  {
    inputs: arrayOrPlaceholder,
    depthwise_kernel: arrayOrPlaceholder,
    pointwise_kernel: arrayOrPlaceholder,
    ...convRules,
  },
  {
    compute: ({ inputs, depthwise_kernel, pointwise_kernel, ...given }) => {
      const op = "separable_conv";
      const [x, w, p] = [floated(inputs, op), floated(depthwise_kernel, op), floated(pointwise_kernel, op)];
      const { channels: _, ...attrs } = attributes(op, x, w.shape.slice(0, -2), given as Windowed);
      return new Tensor(core.separableConv(x, byGroups(w), p, undefined, attrs));
    },
  },
);
type TransposeArguments = Windowed & { output_padding: Sizes | null };
/** The gradient of a convolution by its input: kernel [...taps, filters, c]. */
export const conv_transpose: OnImages<
  [
    kernel: Operand,
    ...rest: Args<
      [
        strides: Sizes,
        padding: Padding,
        output_padding: Sizes | null,
        data_format: DataFormat | null,
        dilation_rate: Sizes,
      ],
      TransposeArguments
    >,
  ]
> = defineOp(
  "keras.ops.conv_transpose",
  {
    inputs: arrayOrPlaceholder,
    kernel: arrayOrPlaceholder,
    strides: sizes.or(1),
    padding: paddingKind.or("valid"),
    output_padding: sizes.or(null),
    data_format: format,
    dilation_rate: sizes.or(1),
  },
  {
    compute: ({ inputs, kernel, strides, padding, output_padding, data_format, dilation_rate }) => {
      const op = "conv_transpose";
      const [x, w] = [floated(inputs, op), floated(kernel, op)];
      const rank = rankOf(op, x);
      const [stride, dilation] = [each(op, "strides", strides, rank), each(op, "dilation_rate", dilation_rate, rank)];
      const more = output_padding === null ? undefined : perAxis(output_padding, rank);
      const crops = w.shape.slice(0, -2).flatMap((taps, i) =>
        core.transposedPadding("keras", padding, {
          taps,
          stride: stride[i] as number,
          dilation: dilation[i] as number,
          outputPadding: more?.[i],
        }),
      );
      const layout = layoutOfRank(dataFormat(data_format), rank);
      const attrs = { layout, filterLayout: filterLayout(rank), stride, padding: crops, dilation, groups: 1 };
      return new Tensor(core.convTranspose(x, w, undefined, attrs));
    },
  },
);

interface PoolArguments {
  pool_size: Sizes;
  strides: Sizes | null;
  padding: Padding;
  data_format: DataFormat | null;
}
type PoolOp = OnImages<
  Args<[pool_size: Sizes, strides: Sizes | null, padding: Padding, data_format: DataFormat | null], PoolArguments>
>;
const pool = (name: string, f: (x: core.Tensor, attrs: core.PoolAttrs) => core.Tensor): PoolOp =>
  defineOp(
    `keras.ops.${name}`,
    {
      inputs: arrayOrPlaceholder,
      pool_size: sizes,
      strides: sizes.or(null),
      padding: paddingKind.or("valid"),
      data_format: format,
    },
    {
      compute: ({ inputs, pool_size, strides, padding, data_format }) => {
        const x = floated(inputs, name);
        const rank = rankOf(name, x);
        const layout = dataFormat(data_format);
        const window = each(name, "pool_size", pool_size, rank);
        const stride = strides === null ? window : each(name, "strides", strides as Sizes, rank);
        const extents = extentsOf(x.shape, layout, rank) as number[];
        const dilation = perAxis(1, rank);
        const around = paddings(extents, { sizes: window, strides: stride, dilation, padding: padding as Padding });
        return new Tensor(f(x, { window, stride, padding: around, channelsLast: layout === "channels_last" }));
      },
    },
  );
/** The largest element of each window. */
export const max_pool = pool("max_pool", core.maxPool);
/** The mean of each window, without what padding adds. */
export const average_pool = pool("average_pool", core.avgPool);
type AdaptiveArguments = { output_size: Sizes; data_format: DataFormat | null };
const adaptive = (
  name: string,
  f: typeof core.adaptiveAvgPool,
): OnImages<Args<[output_size: Sizes, data_format: DataFormat | null], AdaptiveArguments>> =>
  defineOp(
    `keras.ops.${name}`,
    { inputs: arrayOrPlaceholder, output_size: sizes, data_format: format },
    {
      compute: ({ inputs, output_size, data_format }) => {
        const x = floated(inputs, name);
        const outputSize = each(name, "output_size", output_size, rankOf(name, x));
        return new Tensor(f(x, { outputSize, channelsLast: dataFormat(data_format) === "channels_last" }));
      },
    },
  );
/** Means of as many windows as the result has elements. */
export const adaptive_average_pool = adaptive("adaptive_average_pool", core.adaptiveAvgPool);
/** Largest elements of as many windows as the result has elements. */
export const adaptive_max_pool = adaptive("adaptive_max_pool", core.adaptiveMaxPool);

type MomentsArguments = { axes: Axis; keepdims: boolean; synchronized: false };
/** Mean and variance along axes. */
export const moments: ListOp<
  Args<[axes: Axis, keepdims: boolean, synchronized: false], MomentsArguments>,
  2
> = defineOp(
  "keras.ops.moments",
  { x: arrayOrPlaceholder, axes, keepdims: false, synchronized: only(false) },
  {
    compute: ({ x, axes: over, keepdims }) => {
      const given = floated(x, "moments");
      const options = { axes: axesOf("moments", over as Axis, given.rank, "axes"), keepdims };
      return [new Tensor(core.mean(given, options)), new Tensor(core.variance(given, options, 0))];
    },
  },
);
type BatchArguments = {
  mean: Operand;
  variance: Operand;
  axis: number;
  offset: Operand | null;
  scale: Operand | null;
  epsilon: number;
};
/** (x - mean) / sqrt(variance + epsilon), times scale, plus offset, by channels. */
export const batch_normalization: Op<
  Args<
    [mean: Operand, variance: Operand, axis: number, offset: Operand | null, scale: Operand | null, epsilon: number],
    BatchArguments
  >
> = defineOp(
  "keras.ops.batch_normalization",
  {
    x: arrayOrPlaceholder,
    mean: arrayOrPlaceholder,
    variance: arrayOrPlaceholder,
    axis: int,
    offset: arrayOrPlaceholder.or(null),
    scale: arrayOrPlaceholder.or(null),
    epsilon: number.or(1e-3),
  },
  {
    compute: ({ x, mean, variance, axis, offset, scale, epsilon }) => {
      const op = "batch_normalization";
      const given = floated(x, op);
      const statistics = { mean: floated(mean, op), variance: floated(variance, op) };
      return new Tensor(
        core.batchNormInference(given, statistics, {
          scale: scale === null ? undefined : floated(scale, op),
          bias: offset === null ? undefined : floated(offset, op),
          epsilon,
          axis: axisOf(op, axis, given.rank),
        }),
      );
    },
  },
);
type Normalized = typeof core.layerNorm;
/** A normalisation over some axes: they are moved to the end, where the core has them. */
function overAxes(
  op: string,
  f: Normalized,
  x: unknown,
  { scale, bias, axis, epsilon }: { scale: unknown; bias: unknown; axis: Axis; epsilon: number | null },
): Tensor {
  const given = floated(x, op);
  const over = axesOf(op, axis, given.rank).sort((a, b) => a - b);
  const rest = given.shape.map((_, i) => i).filter((i) => !over.includes(i));
  const order = [...rest, ...over];
  const shape = over.map((i) => given.shape[i] as number);
  const factor = (value: unknown): core.Tensor | undefined =>
    value === null
      ? undefined
      : core.reshape(core.expand(core.reshape(floated(value, op), lastOnes(value, over, given)), shape), shape);
  const moved = core.transpose(given, order);
  const result = f(moved, {
    scale: factor(scale),
    bias: factor(bias),
    epsilon: epsilon ?? programEpsilon(),
    count: over.length,
  });
  return new Tensor(
    core.transpose(
      result,
      order.map((_, i) => order.indexOf(i)),
    ),
  );
}
/** The shape of a factor among the axes that are normalised: a whole one without the others. */
function lastOnes(value: unknown, over: readonly number[], x: core.Tensor): number[] {
  const { shape } = asTensor(value as TensorLike);
  if (shape.length !== x.rank || over.length === x.rank) return [...shape];
  return over.map((i) => shape[i] as number);
}
type LayerNormArguments = { gamma: Operand | null; beta: Operand | null; axis: Axis; epsilon: number | null };
/** x less its mean, over its deviation, along axes (default the last); times gamma, plus beta. */
export const layer_normalization: Op<
  Args<
    [gamma: Operand | null, beta: Operand | null, axis: number | readonly number[], epsilon: number | null],
    LayerNormArguments
  >
> = defineOp(
  "keras.ops.layer_normalization",
  {
    x: arrayOrPlaceholder,
    gamma: arrayOrPlaceholder.or(null),
    beta: arrayOrPlaceholder.or(null),
    axis: intOrInts.or(-1),
    epsilon: number.or(null),
    rms_scaling: only(false),
  },
  {
    compute: ({ x, gamma, beta, axis, epsilon }) =>
      overAxes("layer_normalization", core.layerNorm, x, { scale: gamma, bias: beta, axis: axis as Axis, epsilon }),
  },
);
type RmsArguments = { scale: Operand | null; axis: number | readonly number[]; epsilon: number | null };
/** x over the root of its mean square along axes (default the last), times scale. */
export const rms_normalization: Op<
  Args<[scale: Operand | null, axis: number | readonly number[], epsilon: number | null], RmsArguments>
> = defineOp(
  "keras.ops.rms_normalization",
  { x: arrayOrPlaceholder, scale: arrayOrPlaceholder.or(null), axis: intOrInts.or(-1), epsilon: number.or(null) },
  {
    compute: ({ x, scale, axis, epsilon }) =>
      overAxes("rms_normalization", core.rmsNorm, x, { scale, bias: null, axis: axis as Axis, epsilon }),
  },
);

type AttentionArguments = {
  bias: Operand | null;
  mask: Operand | null;
  scale: number | null;
  is_causal: boolean;
  flash_attention: false | null;
  attn_logits_soft_cap: null;
};
type AttentionRest = Args<
  [bias: Operand | null, mask: Operand | null, scale: number | null, is_causal: boolean],
  AttentionArguments
>;
/** softmax(query key' scale + bias) value of [n, steps, heads, width]: where the mask is false (or later, if causal) nothing is seen. */
export const dot_product_attention: {
  (query: TensorLike, key: TensorLike, value: TensorLike, ...rest: AttentionRest): Tensor;
  (query: Operand, key: Operand, value: Operand, ...rest: AttentionRest): KerasTensor;
} = defineOp(
  "keras.ops.dot_product_attention",
  {
    query: arrayOrPlaceholder,
    key: arrayOrPlaceholder,
    value: arrayOrPlaceholder,
    bias: arrayOrPlaceholder.or(null),
    mask: arrayOrPlaceholder.or(null),
    scale: number.or(null),
    is_causal: false,
    flash_attention: only(null, false),
    attn_logits_soft_cap: only(null),
  },
  {
    compute: ({ query, key, value, bias, mask, scale, is_causal }) => {
      const op = "dot_product_attention";
      const [q, k, v] = [floated(query, op), floated(key, op), floated(value, op)];
      if (q.rank !== 4 || k.rank !== 4 || v.rank !== 4) {
        const given = core.formatShape((q.rank !== 4 ? q : k.rank !== 4 ? k : v).shape);
        throw new core.ShapeError({ op, argument: "query", expected: "[batch, steps, heads, width]", given });
      }
      const seen = mask === null ? undefined : core.cast(kept(mask, op), "bool");
      let added = bias === null ? undefined : floated(bias, op);
      // A row that sees nothing sees all alike, as in Keras: its logits are one large negative number.
      if (seen) added = added ? core.where(seen, added, -2.37e38) : core.where(seen, core.zeros([1]), -2.37e38);
      const whole =
        added && core.reshape(added, [...Array<number>(Math.max(0, 4 - added.rank)).fill(1), ...added.shape]);
      return new Tensor(
        core.attention(q, k, v, {
          layout: "BTHD",
          causal: is_causal,
          mask: whole,
          scale: scale ?? 1 / Math.sqrt(k.shape[3] as number),
        }),
      );
    },
  },
);

const entropyRules = { target: arrayOrPlaceholder, output: arrayOrPlaceholder, from_logits: bool.or(false) };
interface EntropyOp<Rest extends unknown[]> {
  (target: TensorLike, output: TensorLike, ...rest: Rest): Tensor;
  (target: Operand, output: Operand, ...rest: Rest): KerasTensor;
}
type EntropyArguments = { from_logits: boolean; axis: number };
function expectSame(op: string, target: core.Tensor, output: core.Tensor): void {
  if (`${target.shape}` === `${output.shape}`) return;
  const [expected, given] = [core.formatShape(target.shape), core.formatShape(output.shape)];
  throw new core.ShapeError({ op, argument: "output", expected: `the target's shape ${expected}`, given });
}
/** Of each element: -t log p - (1 - t) log(1 - p). */
export const binary_crossentropy: EntropyOp<Args<[from_logits: boolean], { from_logits: boolean }>> = defineOp(
  "keras.ops.binary_crossentropy",
  entropyRules,
  {
    compute: ({ target, output, from_logits }) => {
      const op = "binary_crossentropy";
      const [t, given] = [floated(target, op), asTensor(output as TensorLike, op)];
      expectSame(op, t, given.core);
      const logits = from_logits ? given.core : given.activated?.by === "sigmoid" ? given.activated.logits : undefined;
      if (logits) return new Tensor(core.bceWithLogitsLoss(core.cast(logits, "float32"), t, { softpluses: "two" }));
      return new Tensor(core.bceLoss(core.cast(given.core, "float32"), t, { clip: programEpsilon() }));
    },
  },
);
/** -sum(t log p) along `axis`. */
export const categorical_crossentropy: EntropyOp<Args<[from_logits: boolean, axis: number], EntropyArguments>> =
  defineOp(
    "keras.ops.categorical_crossentropy",
    { ...entropyRules, axis: int.or(-1) },
    {
      compute: ({ target, output, from_logits, axis }) => {
        const op = "categorical_crossentropy";
        expectSame(op, kept(target, op), kept(output, op));
        return categorical(target as TensorLike, output as TensorLike, from_logits, 0, axis);
      },
    },
  );
/** -log of the probability of each label's class, which stand along the last axis. */
export const sparse_categorical_crossentropy: EntropyOp<Args<[from_logits: boolean, axis: number], EntropyArguments>> =
  defineOp(
    "keras.ops.sparse_categorical_crossentropy",
    { ...entropyRules, axis: only(-1) },
    {
      compute: ({ target, output, from_logits }) =>
        sparseCrossEntropy(target as TensorLike, output as TensorLike, { from_logits, ignore_class: null }),
    },
  );
type CtcArguments = { target_length: Operand; output_length: Operand; mask_index: number };
/** -log of the probability of each row of labels over its alignments with [batch, steps, classes] of logits. */
export const ctc_loss: EntropyOp<
  Args<[target_length: Operand, output_length: Operand, mask_index: number], CtcArguments>
> = defineOp(
  "keras.ops.ctc_loss",
  {
    target: arrayOrPlaceholder,
    output: arrayOrPlaceholder,
    target_length: arrayOrPlaceholder,
    output_length: arrayOrPlaceholder,
    mask_index: int.or(0),
  },
  {
    compute: ({ target, output, target_length, output_length, mask_index }) => {
      const op = "ctc_loss";
      const logits = floated(output, op);
      if (logits.rank !== 3) {
        const given = core.formatShape(logits.shape);
        throw new core.ShapeError({ op, argument: "output", expected: "[batch, steps, classes]", given });
      }
      const whole = (x: unknown): core.Tensor => core.cast(kept(x, op), "int32");
      const steps = core.logSoftmax(core.transpose(logits, [1, 0, 2]), -1);
      return new Tensor(
        core.ctcLoss(steps, whole(target), whole(output_length), whole(target_length), { blank: mask_index }),
      );
    },
  },
);

/** 20 log10(max_val) - 10 log10(mean squared difference). */
export const psnr: {
  (x1: TensorLike, x2: TensorLike, max_val: number): Tensor;
  (x1: Operand, x2: Operand, max_val: number): KerasTensor;
} = defineOp(
  "keras.ops.psnr",
  { x1: arrayOrPlaceholder, x2: arrayOrPlaceholder, max_val: number },
  {
    compute: ({ x1, x2, max_val }) => {
      const [a, b] = [floated(x1, "psnr"), floated(x2, "psnr")];
      expectSame("psnr", a, b);
      const mse = core.mean(core.square(core.sub(a, b)));
      return new Tensor(core.sub(20 * Math.log10(max_val), core.mul(core.log10(mse), 10)));
    },
  },
);

type BlockArguments = { block_size: number; data_format: DataFormat };
const blocks = (
  name: string,
  f: typeof core.pixelShuffle,
): Op<Args<[block_size: number, data_format: DataFormat], BlockArguments>> =>
  defineOp(
    `keras.ops.${name}`,
    {
      x: arrayOrPlaceholder,
      block_size: int.where("an integer of at least 2", (n) => n >= 2),
      data_format: oneOf("channels_last", "channels_first").or("channels_last"),
    },
    {
      compute: ({ x, block_size, data_format }) => {
        const given = kept(x, name);
        const last = data_format === "channels_last";
        if (last) return new Tensor(f(given, block_size, last));
        // The block's place is the outer part of the channels in Keras, for both formats.
        const turned = core.transpose(given, [0, 2, 3, 1]);
        return new Tensor(core.transpose(f(turned, block_size, true), [0, 3, 1, 2]));
      },
    },
  );
/** Channels become blocks of pixels. */
export const depth_to_space = blocks("depth_to_space", core.pixelShuffle);
/** Blocks of pixels become channels. */
export const space_to_depth = blocks("space_to_depth", core.pixelUnshuffle);

interface FoldArguments {
  kernel_size: Sizes;
  dilation: Sizes;
  padding: Sizes;
  stride: Sizes;
}
const foldRules = { kernel_size: sizes, dilation: sizes.or(1), padding: sizes.or(0), stride: sizes.or(1) } as const;
const unfolding = (op: string, given: FoldArguments) => ({
  window: each(op, "kernel_size", given.kernel_size, 2),
  dilation: each(op, "dilation", given.dilation, 2),
  stride: each(op, "stride", given.stride, 2),
  padding: perAxis(given.padding, 2).flatMap((one) => [one, one]),
  channelsLast: false,
});
/** Windows of images [n, c, h, w] in columns, [n, c taps, windows]. */
export const unfold: Op<Args<[kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes], FoldArguments>> =
  defineOp(
    "keras.ops.unfold",
    { x: arrayOrPlaceholder, ...foldRules },
    {
      compute: ({ x, ...given }) =>
        new Tensor(core.unfold(floated(x, "unfold"), unfolding("unfold", given as FoldArguments))),
    },
  );
/** The sums of such columns, as images [n, c, ...output_size]. */
export const fold: Op<
  Args<
    [output_size: Sizes, kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes],
    FoldArguments & { output_size: Sizes }
  >
> = defineOp(
  "keras.ops.fold",
  { x: arrayOrPlaceholder, output_size: sizes, ...foldRules },
  {
    compute: ({ x, output_size, ...given }) => {
      const columns = floated(x, "fold");
      const attrs = unfolding("fold", given as FoldArguments);
      const channels = (columns.shape[1] ?? 0) / core.sizeOf(attrs.window);
      const shape = [columns.shape[0] ?? 0, channels, ...each("fold", "output_size", output_size as Sizes, 2)];
      return new Tensor(core.fold(columns, shape, attrs));
    },
  },
);
