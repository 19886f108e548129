// The base of losses: sample weights and a reduction.
import {
  ArgumentError,
  type Tensor as CoreTensor,
  div,
  maximum,
  mean,
  mul,
  quotientOrZero,
  reshape,
  sum,
  UnsupportedError,
} from "@facet/autograd";
import { type Args, oneOf, only, show, signature } from "@facet/dialect";
import { Callable, classNameOf } from "../callable.js";
import { automaticName, epsilon } from "../config.js";
import { array, nameKind } from "../kinds.js";
import { asTensor, floats, Tensor, type TensorLike } from "../tensor.js";

/** Loss of every sample: the last axis of the predictions is gone. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** Two ranks that differ by a last 1 made equal: a vector beside it is given one more dimension, all else loses it. */
export function matchRanks(a: CoreTensor, b: CoreTensor): [CoreTensor, CoreTensor] {
  if (a.rank === b.rank + 1 && a.shape.at(-1) === 1)
    return b.rank === 1 ? [a, reshape(b, [b.size, 1])] : [reshape(a, a.shape.slice(0, -1)), b];
  if (b.rank === a.rank + 1 && b.shape.at(-1) === 1)
    return a.rank === 1 ? [reshape(a, [a.size, 1]), b] : [a, reshape(b, b.shape.slice(0, -1))];
  return [a, b];
}

export type Reduction = "sum_over_batch_size" | "mean" | "sum" | "mean_with_sample_weight" | "none";
const reductionKind = oneOf("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none").orNone;
export const reductionRule = reductionKind.or("sum_over_batch_size");

export interface LossArguments {
  name: string | null;
  reduction: Reduction | null;
}

/** A loss is called like a function; Callable makes it one. */
export interface Loss {
  /** The reduced loss; `sample_weight`, of the losses' shape or one that broadcasts to it, multiplies them. */
  (
    y_true: TensorLike,
    y_pred: TensorLike,
    ...args: Args<[sample_weight: TensorLike | null], { sample_weight: TensorLike | null }>
  ): Tensor;
}

const readLoss = signature("keras.losses.Loss", {
  name: nameKind.or(null),
  reduction: reductionRule,
  dtype: only(null, "float32"),
});
const readCall = signature("keras.losses.Loss.__call__", {
  y_true: array,
  y_pred: array,
  sample_weight: array.or(null),
});

/**
 * `keras.losses.Loss`: a per-sample loss, weights and a reduction. "sum_over_batch_size" is the mean over samples. A class of the
 * program's own gives `call(y_true, y_pred)`.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export class Loss extends Callable {
  static readonly className: string = "Loss";
  readonly name: string;
  readonly reduction: Reduction;

  constructor(...args: Args<[name: string | null, reduction: Reduction | null], LossArguments>) {
    super();
    const given = readLoss(args);
    this.name = given.name ?? automaticName(classNameOf(new.target));
    this.reduction = given.reduction ?? "none";
  }

  /** Loss of every sample. */
  call(_yTrue: Tensor, _yPred: Tensor): Tensor {
    const expected = "a class that says in call(y_true, y_pred) what the loss is";
    throw new UnsupportedError({ op: this.name, argument: "call", expected, given: "none" });
  }

  /** Samples that do not count, as 0 among 1s; undefined when all do. */
  protected mask(_yTrue: Tensor, _losses: CoreTensor): CoreTensor | undefined {
    return undefined;
  }

  override __call__(
    ...args: [
      y_true: TensorLike,
      y_pred: TensorLike,
      ...rest: Args<[sample_weight: TensorLike | null], { sample_weight: TensorLike | null }>,
    ]
  ): Tensor {
    const { y_true, y_pred, sample_weight } = readCall(args);
    const [wanted, predicted] = [asTensor(y_true, this.name), asTensor(y_pred, this.name)];
    const made: unknown = this.call(wanted, predicted);
    if (!(made instanceof Tensor))
      throw new ArgumentError({ op: this.name, argument: "call", expected: "a Tensor from it", given: show(made) });
    return new Tensor(
      this.#reduce(made.core, sample_weight === null ? undefined : floats(sample_weight), this.mask(wanted, made.core)),
    );
  }

  #reduce(losses: CoreTensor, sampleWeight: CoreTensor | undefined, mask: CoreTensor | undefined): CoreTensor {
    let values = losses;
    let weights: CoreTensor | undefined;
    if (sampleWeight) {
      [values, weights] = matchRanks(losses, sampleWeight);
      values = mul(values, weights);
    }
    // As the original: a list of no losses is not reduced.
    if (this.reduction === "none" || values.rank === 0 || (values.rank === 1 && values.size === 0)) return values;
    if (this.reduction === "sum") return sum(values);
    if (this.reduction === "mean_with_sample_weight" && (weights || mask)) {
      const counted = weights && mask ? mul(...matchRanks(weights, mask)) : ((weights ?? mask) as CoreTensor);
      return quotientOrZero(sum(values), sum(counted));
    }
    // Keras divides by the samples that count: the losses of the others are 0 already.
    if (mask) return div(sum(values), maximum(sum(mask), epsilon()));
    return values.size === 0 ? sum(values) : mean(values);
  }
}

/** A loss class around a per-sample function. */
export class LossWrapper extends Loss {
  readonly #f: LossFunction;

  constructor(f: LossFunction, given: LossArguments) {
    super({ name: given.name, reduction: given.reduction });
    this.#f = f;
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#f(yTrue, yPred);
  }
}
