// Batch, layer, group, instance and RMS normalisation.
import * as F from "@facet/autograd";
import type { GradientRow } from "./row.js";

const epsilon = 0.1;

/** With scale and bias, and without. */
const both = (
  op: string,
  x: readonly number[],
  affine: readonly number[],
  call: (x: F.Tensor, given: { scale?: F.Tensor | undefined; bias?: F.Tensor | undefined }) => F.Tensor,
  variant = "",
): GradientRow[] => [
  {
    op,
    variant: `${variant}with scale`,
    shapes: [x, affine, affine],
    call: (x, scale, bias) => call(x, { scale, bias }),
  },
  { op, variant: `${variant}alone`, shapes: [x], call: (x) => call(x, {}) },
];

export const normalizeRows: readonly GradientRow[] = [
  ...both("layer_norm", [3, 5], [5], (x, given) => F.layerNorm(x, { epsilon, ...given })),
  ...both("layer_norm", [2, 2, 4], [2, 4], (x, given) => F.layerNorm(x, { epsilon, count: 2, ...given }), "two axes, "),
  ...both("rms_norm", [3, 4], [4], (x, given) => F.rmsNorm(x, { epsilon, ...given })),
  ...both("batch_norm", [4, 3], [3], (x, given) => F.batchNorm(x, { epsilon, ...given }).y),
  ...both("batch_norm", [2, 2, 3], [2], (x, given) => F.batchNorm(x, { epsilon, ...given }).y, "channels first, "),
  ...both(
    "batch_norm",
    [2, 3, 2],
    [2],
    (x, given) => F.batchNorm(x, { epsilon, axis: -1, ...given }).y,
    "channels last, ",
  ),
  ...both("group_norm", [2, 4, 2], [4], (x, given) => F.groupNorm(x, 2, { epsilon, ...given }), "channels first, "),
  ...both(
    "group_norm",
    [2, 2, 4],
    [4],
    (x, given) => F.groupNorm(x, 2, { epsilon, axis: -1, ...given }),
    "channels last, ",
  ),
  ...both("instance_norm", [2, 2, 3], [2], (x, given) => F.instanceNorm(x, { epsilon, ...given })),
  ...(["batch_norm_inference"] as const).flatMap((op): GradientRow[] =>
    [1, -1].map((axis) => ({
      op,
      variant: `axis ${axis}`,
      shapes: [[2, 3, 3], [3], [3], [3], [3]],
      values: (random, shape) => random.uniform(shape, 0.5, 2),
      call: (x, mean, variance, scale, bias) =>
        F.batchNormInference(
          x as F.Tensor,
          { mean: mean as F.Tensor, variance: variance as F.Tensor },
          { epsilon, axis, scale, bias },
        ),
    })),
  ),
];
