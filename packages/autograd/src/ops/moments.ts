// Variance, standard deviation and 2-norm, with gradients also where those of their formulas are 0 / 0 or overflow.
import { elementwiseBinary, elementwiseConstants, elementwiseGeometry } from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { inFloat32 } from "../halves.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { broadcasting } from "../vmap/rules.js";
import { div, equal, mul, sub, where } from "./elementwise.js";
import { zeroGradient } from "./elementwise_op.js";
import { abs, sqrt, square, squareScale } from "./elementwise_unary.js";
import { max, mean, type ReduceOptions, sum } from "./reduce.js";
import { reshape, slice } from "./shape.js";

// (x - mean)^2 scale, scaled before it can overflow. In a variance the deviations sum to 0, so no gradient flows through the
// mean; that of the gradient does, as it is written in ops.
const squareDeviationOp = defineOp<{ x: Tensor; mean: Tensor }, { scale: number }>({
  name: "square_deviation",
  shape: ({ x, mean }) => elementwiseGeometry([x.shape, mean.shape], 0, 0, "square_deviation").shape,
  forward: ({ x, mean }, y, { scale }) => {
    const { params } = elementwiseGeometry([x.shape, mean.shape], scale, 0, "square_deviation");
    launch(elementwiseBinary, { a: x, b: mean, y }, params, elementwiseConstants("square_deviation", ["f32", "f32"]));
  },
  vjp: {
    x: vjp(["x", "mean"], (dy, { x, mean }, { attrs }) => mul(mul(dy, 2 * attrs.scale), sub(x, mean))),
    mean: zeroGradient("mean"),
  },
  batch: broadcasting,
});

/**
 * Variance of floats: squares of deviations from the mean, summed and divided by their number less `correction`. NaN where
 * that is 0 and all are equal, as of a single element with correction 1, and of none.
 */
export const variance = inFloat32((x: Tensor, options: ReduceOptions, correction: number): Tensor => {
  const centre = mean(x, { ...options, keepdims: true });
  const count = x.size / Math.max(1, centre.size);
  const total = sum(squareDeviationOp({ x, mean: centre }, { scale: 1 / Math.max(0, count - correction) }), options);
  return count === 0 ? mul(total, Number.NaN) : total;
});

/** Square root with gradient 0 at 0, where it has none. */
function rootOrZero(x: Tensor): Tensor {
  const zero = equal(x, 0);
  return where(zero, 0, sqrt(where(zero, 1, x)));
}

/**
 * Square root of the variance. Among equal elements the gradient is 0, as in PyTorch. No square and no sum overflows or
 * vanishes: elements are scaled by a power of two before, and taken from the first one, so that equal ones are exactly 0.
 */
export const std = inFloat32((x: Tensor, options: ReduceOptions, correction: number): Tensor => {
  if (x.size === 0) return sqrt(variance(x, options, correction));
  // What neither the result nor a gradient depends on.
  const { scale, first } = noGrad(() => {
    const peak = max(abs(x), { ...options, keepdims: true });
    const scale = squareScale(peak);
    const origin = slice(
      x,
      x.shape.map(() => 0),
      peak.shape,
    );
    return { scale, first: mul(origin, scale) };
  });
  const root = rootOrZero(variance(sub(mul(x, scale), first), options, correction));
  return div(root, reshape(scale, root.shape));
});

/** Square root of the sum of squares. At 0 the gradient is 0, as in PyTorch. */
export const norm = inFloat32((x: Tensor, options: ReduceOptions = {}): Tensor => rootOrZero(sum(square(x), options)));
