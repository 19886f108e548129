// Normalisations without state, distances, and images with channels laid out in other ways, as functions.
import * as core from "@facet/autograd";
import { type Args, define, int, number, only } from "@facet/dialect";
import { complain, dimension } from "../errors.js";
import { dims, ints, tensor } from "../kinds.js";
import { commonDtype, pair } from "../ops/operands.js";
import { requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";

const named = (name: string): string => `torch.nn.functional.${name}`;

function floats(op: string, input: Tensor): core.Tensor {
  requireFloat(op, "input", input.core.dtype);
  return input.core;
}
function requireShape(
  op: string,
  argument: string,
  x: Tensor | null,
  shape: readonly number[],
  sentence: string,
): void {
  if (x === null || `${x.shape}` === `${shape}`) return;
  complain(core.ShapeError, sentence, { op, argument, expected: sizeText(shape), given: sizeText(x.shape) });
}

export interface LayerNormArguments {
  /** The last dimensions, which are normalised together. */
  normalized_shape: readonly number[];
  weight: Tensor | null;
  bias: Tensor | null;
  eps: number;
}
function trailing(op: string, input: Tensor, shape: readonly number[]): void {
  const own = input.shape.slice(Math.max(0, input.rank - shape.length));
  if (shape.length > 0 && `${own}` === `${shape}`) return;
  complain(
    core.ShapeError,
    `Given normalized_shape=${sizeText(shape)}, expected input with shape [*, ${shape.join(", ")}], but got input of size${sizeText(input.shape)}`,
    { op, argument: "normalized_shape", expected: "the last extents of the input", given: sizeText(shape) },
  );
}
/** Takes off the mean over the last dimensions and divides by the root of the biased variance. */
export const layer_norm: (
  input: Tensor,
  ...args: Args<
    [normalized_shape: readonly number[], weight: Tensor | null, bias: Tensor | null, eps: number],
    LayerNormArguments
  >
) => Tensor = define(
  named("layer_norm"),
  { input: tensor, normalized_shape: ints, weight: tensor.or(null), bias: tensor.or(null), eps: number.or(1e-5) },
  ({ input, normalized_shape, weight, bias, eps }) => {
    const x = floats("layer_norm", input);
    trailing("layer_norm", input, normalized_shape);
    const sentence = "Expected weight and bias to be of the same shape as normalized_shape";
    requireShape("layer_norm", "weight", weight, normalized_shape, sentence);
    requireShape("layer_norm", "bias", bias, normalized_shape, sentence);
    const options = { epsilon: eps, count: normalized_shape.length, scale: weight?.core, bias: bias?.core };
    return core.scope(() => wrap(core.layerNorm(x, options)));
  },
);
/** Divides by the root of the mean of squares over the last dimensions. Default eps: that of float32. */
export const rms_norm: (
  input: Tensor,
  ...args: Args<
    [normalized_shape: readonly number[], weight: Tensor | null, eps: number | null],
    Omit<LayerNormArguments, "bias" | "eps"> & { eps: number | null }
  >
) => Tensor = define(
  named("rms_norm"),
  { input: tensor, normalized_shape: ints, weight: tensor.or(null), eps: number.or(null) },
  ({ input, normalized_shape, weight, eps }) => {
    const x = floats("rms_norm", input);
    trailing("rms_norm", input, normalized_shape);
    requireShape(
      "rms_norm",
      "weight",
      weight,
      normalized_shape,
      "Expected weight to be of same shape as normalized_shape",
    );
    const options = { epsilon: eps ?? 2 ** -23, count: normalized_shape.length, scale: weight?.core };
    return core.scope(() => wrap(core.rmsNorm(x, options)));
  },
);

export interface GroupNormArguments {
  num_groups: number;
  /** One number for each channel. */
  weight: Tensor | null;
  bias: Tensor | null;
  eps: number;
}
/** Normalises groups of channels (dimension 1) of every example. */
export const group_norm: (
  input: Tensor,
  ...args: Args<[num_groups: number, weight: Tensor | null, bias: Tensor | null, eps: number], GroupNormArguments>
) => Tensor = define(
  named("group_norm"),
  { input: tensor, num_groups: int, weight: tensor.or(null), bias: tensor.or(null), eps: number.or(1e-5) },
  ({ input, num_groups, weight, bias, eps }) => {
    const x = floats("group_norm", input);
    if (input.rank < 2)
      complain(core.ShapeError, `Expected at least 2 dimensions for input tensor but received ${input.rank}`, {
        op: "group_norm",
        argument: "input",
        expected: "rank 2 or more",
        given: sizeText(input.shape),
      });
    const channels = input.shape[1] as number;
    if (num_groups <= 0 || channels % num_groups !== 0)
      complain(
        core.ArgumentError,
        `Expected number of channels in input to be divisible by num_groups, but got input of shape ${sizeText(input.shape)} and num_groups=${num_groups}`,
        { op: "group_norm", argument: "num_groups", expected: `a divisor of ${channels}`, given: `${num_groups}` },
      );
    const sentence = `Expected weight and bias to be vectors of size equal to the number of channels in input, ${channels}`;
    requireShape("group_norm", "weight", weight, [channels], sentence);
    requireShape("group_norm", "bias", bias, [channels], sentence);
    return core.scope(() =>
      wrap(core.groupNorm(x, num_groups, { epsilon: eps, scale: weight?.core, bias: bias?.core })),
    );
  },
);

export interface LocalResponseNormArguments {
  /** Channels that count together. */
  size: number;
  alpha: number;
  beta: number;
  k: number;
}
/** x / (k + alpha s)^beta, s the mean of the squares of `size` neighbouring channels (dimension 1). */
export const local_response_norm: (
  input: Tensor,
  ...args: Args<[size: number, alpha: number, beta: number, k: number], LocalResponseNormArguments>
) => Tensor = define(
  named("local_response_norm"),
  { input: tensor, size: int, alpha: number.or(1e-4), beta: number.or(0.75), k: number.or(1) },
  ({ input, size, alpha, beta, k }) => {
    const x = floats("local_response_norm", input);
    if (input.rank < 3)
      complain(core.ShapeError, `Expected 3D or higher dimensionality input (got ${input.rank} dimensions)`, {
        op: "local_response_norm",
        argument: "input",
        expected: "rank 3 or more",
        given: sizeText(input.shape),
      });
    if (size < 1)
      throw new core.ArgumentError({
        op: "local_response_norm",
        argument: "size",
        expected: "1 or more",
        given: `${size}`,
      });
    const reach = { before: size >> 1, behind: (size - 1) >> 1 };
    return core.scope(() => wrap(core.localResponseNorm(x, { ...reach, alpha, beta, k, mean: true, axis: 1 })));
  },
);

export interface NormalizeArguments {
  p: number;
  /** One dimension or several. */
  dim: number | readonly number[];
  /** The least that is divided by. */
  eps: number;
  out: null;
}
/** Divided by the p-norm along dimensions. */
export const normalize: (
  input: Tensor,
  ...args: Args<[p: number, dim: number | readonly number[], eps: number], NormalizeArguments>
) => Tensor = define(
  named("normalize"),
  { input: tensor, p: number.or(2), dim: dims.or(1), eps: number.or(1e-12), out: only(null) },
  ({ input, p, dim, eps }) => {
    const x = floats("normalize", input);
    const axes = [dim].flat().map((each) => dimension("normalize", each as number, input.rank));
    return core.scope(() => {
      const line = input.rank === 0 ? core.reshape(x, [1]) : x;
      const size = core.vectorNorm(line, p, { axes, keepdims: true });
      return wrap(core.reshape(core.div(line, core.clamp(size, eps, Number.POSITIVE_INFINITY)), input.shape));
    });
  },
);

/** Two tensors of floats, broadcast. */
function floatPair(op: string, x1: Tensor, x2: Tensor): [core.Tensor, core.Tensor] {
  requireFloat(op, "x1", commonDtype(x1, x2));
  return pair(op, x1, x2) as [core.Tensor, core.Tensor];
}
export interface CosineArguments {
  x2: Tensor;
  dim: number;
  /** The least that is divided by. */
  eps: number;
}
/** The cosine of the angle between vectors along a dimension. */
export const cosine_similarity: (
  x1: Tensor,
  ...args: Args<[x2: Tensor, dim: number, eps: number], CosineArguments>
) => Tensor = define(
  named("cosine_similarity"),
  { x1: tensor, x2: tensor, dim: int.or(1), eps: number.or(1e-8) },
  ({ x1, x2, dim, eps }) =>
    core.scope(() => {
      const [a, b] = floatPair("cosine_similarity", x1, x2);
      const shape = core.mul(a, b).shape;
      const axis = dimension("cosine_similarity", dim, shape.length);
      const lines = [a, b].map((x) =>
        core.expand(shape.length === 0 ? core.reshape(x, [1]) : x, shape.length === 0 ? [1] : shape),
      );
      return wrap(core.cosineSimilarity(lines[0] as core.Tensor, lines[1] as core.Tensor, { axis, epsilon: eps }));
    }),
);
export interface PairwiseArguments {
  x2: Tensor;
  p: number;
  /** Added to each difference. */
  eps: number;
  keepdim: boolean;
}
/** The p-norm of the differences along the last dimension. */
export const pairwise_distance: (
  x1: Tensor,
  ...args: Args<[x2: Tensor, p: number, eps: number, keepdim: boolean], PairwiseArguments>
) => Tensor = define(
  named("pairwise_distance"),
  { x1: tensor, x2: tensor, p: number.or(2), eps: number.or(1e-6), keepdim: false },
  ({ x1, x2, p, eps, keepdim }) =>
    core.scope(() => {
      const [a, b] = floatPair("pairwise_distance", x1, x2);
      const apart = core.add(core.sub(a, b), eps);
      return wrap(
        core.vectorNorm(apart, p, { ...(apart.rank === 0 ? {} : { axes: -1 }), keepdims: keepdim && apart.rank > 0 }),
      );
    }),
);

/** Throws unless there are so many dimensions, and a positive number of what is asked for. */
function requireImages(op: string, input: Tensor, argument: string, value: number): void {
  if (input.rank < 3)
    complain(
      core.ShapeError,
      `${op} expects input to have at least 3 dimensions, but got input with ${input.rank} dimension(s)`,
      {
        op,
        argument: "input",
        expected: "rank 3 or more",
        given: sizeText(input.shape),
      },
    );
  if (value <= 0)
    complain(core.ArgumentError, `${op} expects a positive ${argument}, but got ${value}`, {
      op,
      argument,
      expected: "1 or more",
      given: `${value}`,
    });
}
/** Images [..., c, h, w], several dimensions in front as one. */
function images(input: Tensor, body: (x: core.Tensor) => core.Tensor): Tensor {
  const lead = input.shape.slice(0, -3);
  return core.scope(() => {
    const y = body(core.reshape(input.core, [core.sizeOf(lead), ...input.shape.slice(-3)]));
    return wrap(core.reshape(y, [...lead, ...y.shape.slice(1)]));
  });
}
/** Channels c r^2 as images r times as high and wide. */
export const pixel_shuffle: (
  input: Tensor,
  ...args: Args<[upscale_factor: number], { upscale_factor: number }>
) => Tensor = define(named("pixel_shuffle"), { input: tensor, upscale_factor: int }, ({ input, upscale_factor }) => {
  requireImages("pixel_shuffle", input, "upscale_factor", upscale_factor);
  return images(input, (x) => core.pixelShuffle(x, upscale_factor));
});
/** The reverse: images r times smaller, with r^2 times the channels. */
export const pixel_unshuffle: (
  input: Tensor,
  ...args: Args<[downscale_factor: number], { downscale_factor: number }>
) => Tensor = define(
  named("pixel_unshuffle"),
  { input: tensor, downscale_factor: int },
  ({ input, downscale_factor }) => {
    requireImages("pixel_unshuffle", input, "downscale_factor", downscale_factor);
    return images(input, (x) => core.pixelUnshuffle(x, downscale_factor));
  },
);
/** Channels (dimension 1) of groups dealt out one by one. */
export const channel_shuffle: (input: Tensor, ...args: Args<[groups: number], { groups: number }>) => Tensor = define(
  named("channel_shuffle"),
  { input: tensor, groups: int },
  ({ input, groups }) => {
    requireImages("channel_shuffle", input, "groups", groups);
    return core.scope(() => wrap(core.channelShuffle(input.core, groups)));
  },
);
