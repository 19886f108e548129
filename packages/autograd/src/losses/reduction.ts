// How losses of elements or examples become one number.
import { ArgumentError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import { add, cast, div, mul, notEqual, sub } from "../ops/elementwise.js";
import { mean, sum } from "../ops/reduce.js";
import type { Tensor } from "../tensor.js";

/**
 * `none`; the `sum`; the `mean` over all losses; their sum over the first dimension's extent (`batchmean`, as PyTorch's
 * kl_div); their sum over the sum of the weights (`weighted_mean`, as PyTorch's mean of losses with weights and Keras'
 * mean_with_sample_weight).
 */
export type LossReduction = "none" | "sum" | "mean" | "batchmean" | "weighted_mean";

export interface ReduceLossOptions {
  /** Factors of the losses; they broadcast. Default: 1 for all. */
  readonly weight?: Tensor | undefined;
  /** Whether a weighted mean over weights that sum to 0 is 0, as in Keras; else NaN, as in PyTorch. Default false. */
  readonly zeroOverZero?: boolean;
}

/**
 * Losses, weighted and reduced.
 *
 * @throws ArgumentError on an unknown reduction, ShapeError on a weight that does not broadcast to the losses or losses
 * without dimensions for `batchmean`.
 */
export function reduceLoss(losses: Tensor, reduction: LossReduction, options: ReduceLossOptions = {}): Tensor {
  const op = "reduce_loss";
  const { weight, zeroOverZero = false } = options;
  const values = weight ? mul(losses, weight) : losses;
  if (`${values.shape}` !== `${losses.shape}`) {
    const expected = `a shape that broadcasts to ${formatShape(losses.shape)}`;
    throw new ShapeError({ op, argument: "weight", expected, given: formatShape(weight?.shape ?? []) });
  }
  switch (reduction) {
    case "none":
      return values;
    case "sum":
      return sum(values);
    case "mean":
      return mean(values);
    case "batchmean":
      if (values.rank === 0)
        throw new ShapeError({ op, argument: "losses", expected: "at least one dimension", given: "[]" });
      return div(sum(values), values.shape[0] as number);
    case "weighted_mean": {
      if (!weight) return mean(values);
      // Each weight counts as often as it is used.
      const total = losses.size === weight.size ? sum(weight) : mul(sum(weight), losses.size / weight.size);
      return zeroOverZero ? quotientOrZero(sum(values), total) : div(sum(values), total);
    }
    default:
      throw new ArgumentError({
        op,
        argument: "reduction",
        expected: "none, sum, mean, batchmean or weighted_mean",
        given: `${reduction}`,
      });
  }
}

/** a / b, and 0 where b is 0. */
export function quotientOrZero(a: Tensor, b: Tensor): Tensor {
  const nonzero = cast(notEqual(b, 0), "float32");
  return mul(nonzero, div(a, add(b, sub(1, nonzero))));
}

/** Throws ArgumentError unless the number is in range, which `expected` says in words. */
export function expectNumber(op: string, argument: string, value: number, fits: boolean, expected: string): void {
  if (!fits) throw new ArgumentError({ op, argument, expected, given: `${value}` });
}

/** Throws ShapeError unless two tensors have one shape. */
export function expectSameShape(op: string, argument: string, x: Tensor, like: Tensor): void {
  if (`${x.shape}` !== `${like.shape}`)
    throw new ShapeError({ op, argument, expected: formatShape(like.shape), given: formatShape(x.shape) });
}
