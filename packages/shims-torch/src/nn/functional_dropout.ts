// Dropout of channels, and the one for SELU, as functions of torch.nn.functional and of torch.
import * as core from "@facet/autograd";
import { type Args, bool, define, number } from "@facet/dialect";
import { complain } from "../errors.js";
import { native, tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { nextKey } from "../random.js";
import { type Tensor, wrap } from "../tensor.js";
import { dropout, requireProbability } from "./functional_activation.js";

/** What becomes of a float tensor, given a probability below 1 and a key. */
type Drop = (x: core.Tensor, p: number, key: core.Key) => core.Tensor;

/** `drop` in training; one draw of the generator. `inplace` gives the same values in memory of their own. */
function dropped(op: string, input: Tensor, p: number, training: boolean, drop: Drop, byChannel: boolean): Tensor {
  requireProbability(op, p);
  if (!training || p === 0 || input.core.size === 0) return input;
  requireFloat(op, "input", input.core.dtype);
  if (p === 1) return core.scope(() => wrap(core.mul(input.core, 0)));
  if (byChannel && input.rank < 2)
    complain(core.ShapeError, "Feature dropout requires at least 2 dimensions in the input", {
      op,
      argument: "input",
      expected: "rank 2 or more",
      given: sizeText(input.shape),
    });
  return core.scope(() => wrap(drop(input.core, p, nextKey(null))));
}

export interface ChannelDropoutArguments {
  /** Probability of a channel to become zero. Default 0.5. */
  p: number;
  /** Default true. */
  training: boolean;
  /** Taken; results have memory of their own. */
  inplace: boolean;
}
type ChannelDropout = (
  input: Tensor,
  ...args: Args<[p: number, training: boolean, inplace: boolean], ChannelDropoutArguments>
) => Tensor;

/** `unbatched` says which ranks are one example, whose channels are the first dimension. */
const channelDropout = (op: string, unbatched: (op: string, input: Tensor) => boolean): ChannelDropout =>
  define(
    `torch.nn.functional.${op}`,
    { input: tensor, p: number.or(0.5), training: bool.or(true), inplace: bool.or(false) },
    ({ input, p, training }) => {
      requireProbability(op, p);
      if (!unbatched(op, input)) return dropped(op, input, p, training, core.featureDropout, true);
      const alone: Drop = (x, rate, key) =>
        core.reshape(core.featureDropout(core.reshape(x, [1, ...x.shape]), rate, key), x.shape);
      return dropped(op, input, p, training, alone, false);
    },
  );

/** Zeroes channels of [N, C, W] or [C, W] with probability p and scales the others by 1 / (1 - p), when training. */
export const dropout1d = channelDropout("dropout1d", (op, input) => {
  if (input.rank !== 2 && input.rank !== 3)
    complain(core.ShapeError, `dropout1d: Expected 2D or 3D input, but received a ${input.rank}D input.`, {
      op,
      argument: "input",
      expected: "rank 2 or 3",
      given: sizeText(input.shape),
    });
  return input.rank === 2;
});
/** Zeroes channels of [N, C, H, W] likewise; three dimensions are [N, C, W], as in PyTorch. */
export const dropout2d = channelDropout("dropout2d", () => false);
/** Zeroes channels of [N, C, D, H, W] or [C, D, H, W] likewise. */
export const dropout3d = channelDropout("dropout3d", (_op, input) => input.rank !== 5);

export interface AlphaDropoutArguments {
  /** Default 0.5. */
  p: number;
  /** Default false. */
  training: boolean;
  /** Taken; results have memory of their own. */
  inplace: boolean;
}
type AlphaDropoutFunction = (
  input: Tensor,
  ...args: Args<[p: number, training: boolean, inplace: boolean], AlphaDropoutArguments>
) => Tensor;
const alpha: Drop = (x, p, key) => core.alphaDropout(x, p, key);
const featureAlpha: Drop = (x, p, key) => core.alphaDropout(x, p, key, true);
const alphaKind = (op: string, drop: Drop, byChannel: boolean): AlphaDropoutFunction =>
  define(
    `torch.nn.functional.${op}`,
    { input: tensor, p: number.or(0.5), training: bool.or(false), inplace: bool.or(false) },
    ({ input, p, training }) => dropped(op, input, p, training, drop, byChannel),
  );
/** Sets elements to SELU's lower limit with probability p and keeps mean and variance, when training. */
export const alpha_dropout = alphaKind("alpha_dropout", alpha, false);
/** alpha_dropout of whole channels of [N, C, ...]. */
export const feature_alpha_dropout = alphaKind("feature_alpha_dropout", featureAlpha, true);

type NativeDropout = (
  input: Tensor,
  ...args: Args<[p: number, train: boolean], { p: number; train: boolean }>
) => Tensor;
const nativeDropout = (op: string, run: (input: Tensor, p: number, train: boolean) => Tensor): NativeDropout =>
  native(op, { input: tensor, p: number, train: bool }, ({ input, p, train }) => run(input, p, train));
/** As torch has them: without defaults. */
export const nativeDropouts = {
  dropout: nativeDropout("dropout", (input, p, train) => dropout(input, p, train)),
  feature_dropout: nativeDropout("feature_dropout", (input, p, train) =>
    dropped("feature_dropout", input, p, train, core.featureDropout, true),
  ),
  alpha_dropout: nativeDropout("alpha_dropout", (input, p, train) =>
    dropped("alpha_dropout", input, p, train, alpha, false),
  ),
  feature_alpha_dropout: nativeDropout("feature_alpha_dropout", (input, p, train) =>
    dropped("feature_alpha_dropout", input, p, train, featureAlpha, true),
  ),
};
