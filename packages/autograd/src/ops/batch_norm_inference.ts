import { channelsView, type NormalizeView, normalizeApplyParams, normalizeForward } from "@facet/kernels-wgsl";
import { defineOp, launch, type VjpContext, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { add, mul, sub } from "./elementwise.js";
import { rsqrt } from "./elementwise_unary.js";
import type { BatchStatistics, ChannelNormOptions } from "./normalize.js";
import { asMoreRowsOrChannels } from "./normalize_batch.js";
import { expectChannels, overChannels, taken } from "./normalize_gradients.js";
import { reshape } from "./shape.js";

type Inputs = {
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly inverse: Tensor;
  readonly scale: Tensor | undefined;
  readonly bias: Tensor | undefined;
};

type Context = VjpContext<{ axis: number }>;

const given = ({ shapes, attrs }: Context): NormalizeView =>
  channelsView(shapes.x as number[], { axis: attrs.axis }, "batch_norm_inference");
/** dy times x less the mean, summed by channel. */
const slopes = (dy: Tensor, x: Tensor, mean: Tensor, view: NormalizeView): Tensor => {
  const { shape, channels } = taken(view);
  return overChannels(mul(reshape(dy, shape), sub(reshape(x, shape), reshape(mean, channels))), view);
};
const times = (x: Tensor, factor: Tensor | undefined): Tensor => (factor ? mul(x, factor) : x);

const batchNormInferenceOp = defineOp<Inputs, { axis: number }>({
  name: "batch_norm_inference",
  shape: ({ x, ...statistics }, { axis }) => {
    expectFloating("batch_norm_inference", "x", x.dtype);
    const { channels } = channelsView(x.shape, { axis }, "batch_norm_inference");
    expectChannels("batch_norm_inference", statistics, channels);
    return x.shape;
  },
  forward: ({ x, mean, inverse, scale, bias }, y, { axis }) => {
    const view = channelsView(x.shape, { axis }, "batch_norm_inference");
    const params = normalizeApplyParams(view, { scale: scale !== undefined, bias: bias !== undefined });
    launch(normalizeForward, { x, mean, inverse, scale, bias, y }, params);
  },
  vjp: {
    x: vjp(["inverse", "scale"], (dy, { inverse, scale }, context: Context) => {
      const { shape, channels } = taken(given(context));
      return reshape(mul(reshape(dy, shape), reshape(times(inverse, scale), channels)), dy.shape);
    }),
    mean: vjp(["inverse", "scale"], (dy, { inverse, scale }, context: Context) =>
      mul(mul(overChannels(dy, given(context)), times(inverse, scale)), -1),
    ),
    inverse: vjp(["x", "mean", "scale"], (dy, { x, mean, scale }, context: Context) =>
      times(slopes(dy, x, mean, given(context)), scale),
    ),
    scale: vjp(["x", "mean", "inverse"], (dy, { x, mean, inverse }, context: Context) =>
      mul(slopes(dy, x, mean, given(context)), inverse),
    ),
    bias: vjp([], (dy, _, context: Context) => overChannels(dy, given(context))),
  },
  batch: asMoreRowsOrChannels,
});

/** Batch normalisation by given statistics [channels], as at inference: differentiable in them too. */
export function batchNormInference(
  x: Tensor,
  { mean, variance }: BatchStatistics,
  { scale, bias, epsilon, axis = 1 }: ChannelNormOptions,
): Tensor {
  return batchNormInferenceOp({ x, mean, inverse: rsqrt(add(variance, epsilon)), scale, bias }, { axis });
}
