// keras.losses: per-sample losses, and classes that reduce them. Probabilities of a softmax or sigmoid are taken back to
// their logits, as Keras does on TensorFlow; others are clipped away from 0 and 1 before the logarithm.
import {
  ArgumentError,
  abs,
  add,
  type Tensor as CoreTensor,
  cast,
  clamp,
  div,
  formatShape,
  isTracked,
  log,
  logSoftmax,
  maximum,
  mean,
  mul,
  neg,
  notEqual,
  reshape,
  ShapeError,
  softmaxCrossEntropy,
  softplus,
  square,
  sub,
  sum,
} from "@facet/autograd";
import { type Keywords, oneOf, parseArguments, show } from "./arguments.js";
import { Callable, withoutNew } from "./callable.js";
import { config } from "./config.js";
import { Tensor, type TensorLike, toTensor } from "./tensor.js";

/** Loss of every sample: the last axis of the predictions is gone. */
export type LossFunction = (yTrue: TensorLike, yPred: TensorLike) => Tensor;

function expectSameShape(op: string, yTrue: CoreTensor, yPred: CoreTensor): void {
  if (`${yTrue.shape}` === `${yPred.shape}`) return;
  const [expected, given] = [`${formatShape(yPred.shape)}, the shape of y_pred`, formatShape(yTrue.shape)];
  throw new ShapeError({ op, argument: "y_true", expected, given });
}

/** Labels in the shape of predictions: Keras adds or drops a last dimension of 1. */
function matchRank(yTrue: CoreTensor, yPred: CoreTensor): CoreTensor {
  if (yTrue.rank === yPred.rank - 1 && yPred.shape.at(-1) === 1) return reshape(yTrue, [...yTrue.shape, 1]);
  if (yTrue.rank === yPred.rank + 1 && yTrue.shape.at(-1) === 1) return reshape(yTrue, yTrue.shape.slice(0, -1));
  return yTrue;
}

const rowsOf = (x: CoreTensor): [number, number] => {
  const classes = x.shape.at(-1) ?? 1;
  return [x.size / classes, classes];
};

/** Probabilities as logits that give them: normalised, clipped to [epsilon, 1 - epsilon], and their logarithm. */
function logOf(probabilities: CoreTensor, normalise: boolean): CoreTensor {
  const epsilon = config.epsilon();
  const p = normalise ? div(probabilities, sum(probabilities, { axes: [-1], keepdims: true })) : probabilities;
  return log(clamp(p, epsilon, 1 - epsilon));
}

/**
 * -log of the probability of each label's class. `y_true` [...] or [..., 1] class indices, `y_pred` [..., classes];
 * result [...]. Labels of `ignore_class` give 0. Labels out of range raise ArgumentError at the next read.
 */
export function sparse_categorical_crossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  fromLogits = false,
  ignoreClass: number | null = null,
): Tensor {
  const op = "sparse_categorical_crossentropy";
  const predicted = toTensor(yPred);
  const labels = cast(toTensor(yTrue, "int32").core, "int32");
  const outer = predicted.shape.slice(0, -1);
  const squeezed =
    labels.rank === predicted.ndim && labels.shape.at(-1) === 1 ? labels.shape.slice(0, -1) : labels.shape;
  if (`${squeezed}` !== `${outer}`) {
    const expected = `${formatShape(outer)} class indices for predictions ${formatShape(predicted.shape)}`;
    throw new ShapeError({ op, argument: "y_true", expected, given: formatShape(labels.shape) });
  }
  const [rows, classes] = rowsOf(predicted.core);
  const softmaxOf = predicted.activated?.by === "softmax" ? predicted.activated.logits : undefined;
  // Keras on TensorFlow takes the logarithms of clipped probabilities for logits.
  const logits = fromLogits ? predicted.core : (softmaxOf ?? logOf(predicted.core, false));
  const { loss, summary } = softmaxCrossEntropy(reshape(logits, [rows, classes]), reshape(labels, [rows]), {
    labels: "index",
    reduction: "none",
    labelSmoothing: 0,
    ignoreIndex: ignoreClass ?? undefined,
  });
  summary.dispose();
  return new Tensor(reshape(loss, outer));
}

/** -sum of y_true log y_pred over classes: distributions or one-hot rows [..., classes]; result [...]. */
export function categorical_crossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  fromLogits = false,
  labelSmoothing = 0,
): Tensor {
  const predicted = toTensor(yPred);
  const targets = cast(toTensor(yTrue).core, "float32");
  expectSameShape("categorical_crossentropy", targets, predicted.core);
  const outer = predicted.shape.slice(0, -1);
  const [rows, classes] = rowsOf(predicted.core);
  const softmaxOf = predicted.activated?.by === "softmax" ? predicted.activated.logits : undefined;
  const logits = fromLogits ? predicted.core : softmaxOf;
  // The kernel gives its targets no gradient.
  if (logits && !isTracked(targets)) {
    const { loss, summary } = softmaxCrossEntropy(reshape(logits, [rows, classes]), reshape(targets, [rows, classes]), {
      labels: "target",
      reduction: "none",
      labelSmoothing,
    });
    summary.dispose();
    return new Tensor(reshape(loss, outer));
  }
  const smooth = labelSmoothing === 0 ? targets : add(mul(targets, 1 - labelSmoothing), labelSmoothing / classes);
  const logs = logits ? logSoftmax(logits) : logOf(predicted.core, true);
  return new Tensor(neg(sum(mul(smooth, logs), { axes: [-1] })));
}

/** Mean over the last axis of -(t log p + (1 - t) log(1 - p)), t smoothed towards 0.5. */
export function binary_crossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  fromLogits = false,
  labelSmoothing = 0,
): Tensor {
  const predicted = toTensor(yPred);
  const labels = matchRank(cast(toTensor(yTrue).core, "float32"), predicted.core);
  expectSameShape("binary_crossentropy", labels, predicted.core);
  const t = labelSmoothing === 0 ? labels : add(mul(labels, 1 - labelSmoothing), 0.5 * labelSmoothing);
  const sigmoidOf = predicted.activated?.by === "sigmoid" ? predicted.activated.logits : undefined;
  if (fromLogits || sigmoidOf) {
    const x = fromLogits ? predicted.core : (sigmoidOf as CoreTensor);
    // -log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x), neither of which overflows.
    const each = add(mul(t, softplus(neg(x))), mul(sub(1, t), softplus(x)));
    return new Tensor(mean(each, { axes: [-1] }));
  }
  const epsilon = config.epsilon();
  const p = clamp(predicted.core, epsilon, 1 - epsilon);
  const each = add(mul(t, log(p)), mul(sub(1, t), log(sub(1, p))));
  return new Tensor(neg(mean(each, { axes: [-1] })));
}

function difference(op: string, yTrue: TensorLike, yPred: TensorLike): CoreTensor {
  const predicted = toTensor(yPred).core;
  const wanted = matchRank(cast(toTensor(yTrue).core, "float32"), predicted);
  expectSameShape(op, wanted, predicted);
  return sub(wanted, predicted);
}

/** Mean of (y_true - y_pred)^2 over the last axis. */
export const mean_squared_error: LossFunction = (yTrue, yPred) =>
  new Tensor(mean(square(difference("mean_squared_error", yTrue, yPred)), { axes: [-1] }));

/** Mean of |y_true - y_pred| over the last axis. */
export const mean_absolute_error: LossFunction = (yTrue, yPred) =>
  new Tensor(mean(abs(difference("mean_absolute_error", yTrue, yPred)), { axes: [-1] }));

/**
 * Losses times their weights. As in Keras ranks that differ by a last 1 are made equal, a vector being given one more
 * dimension and all else losing it; then both broadcast, from the last dimension on.
 */
function weighted(losses: CoreTensor, weights: CoreTensor): CoreTensor {
  const [low, high] = losses.rank < weights.rank ? [losses, weights] : [weights, losses];
  if (high.rank !== low.rank + 1 || high.shape.at(-1) !== 1) return mul(losses, weights);
  return low.rank === 1 ? mul(reshape(low, [low.size, 1]), high) : mul(low, reshape(high, high.shape.slice(0, -1)));
}

export type Reduction = "sum_over_batch_size" | "mean" | "sum" | "none";
const REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "none"] as const;

/** reduction=None asks for none. */
const noReduction = { reduction: "none" } as const;

interface CommonArguments {
  reduction: Reduction;
  name: string;
}

/** A loss is called like a function; Callable makes it one. */
export interface Loss {
  /** The reduced loss; `sampleWeight`, of the losses' shape or one that broadcasts to it, multiplies them. */
  (yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike): Tensor;
}

/** `keras.losses.Loss`: a per-sample loss, weights and a reduction. "sum_over_batch_size" is the mean over samples. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export abstract class Loss extends Callable {
  readonly name: string;
  readonly reduction: Reduction;

  constructor(given: { name?: string | null | undefined; reduction?: Reduction | null | undefined } = {}) {
    super();
    this.name = given.name ?? "loss";
    const reduction = given.reduction === null ? noReduction.reduction : (given.reduction ?? "sum_over_batch_size");
    this.reduction = oneOf("Loss", "reduction", reduction, REDUCTIONS);
  }

  /** Loss of every sample. */
  abstract call(yTrue: TensorLike, yPred: TensorLike): Tensor;

  /** Samples that do not count, as 0 among 1s; undefined when all do. */
  protected mask(_yTrue: TensorLike): CoreTensor | undefined {
    return undefined;
  }

  override __call__(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike): Tensor {
    let losses = this.call(yTrue, yPred).core;
    if (sampleWeight !== undefined) losses = weighted(losses, toTensor(sampleWeight).core);
    if (this.reduction === "none") return new Tensor(losses);
    if (this.reduction === "sum") return new Tensor(sum(losses));
    const mask = this.mask(yTrue);
    if (!mask) return new Tensor(mean(losses));
    // Keras divides by the samples that count: the losses of the others are 0 already.
    return new Tensor(div(sum(losses), maximum(sum(mask), config.epsilon())));
  }
}

/** A loss class around a per-sample function. */
class LossWrapper extends Loss {
  readonly #f: LossFunction;

  constructor(f: LossFunction, given: CommonArguments) {
    super(given);
    this.#f = f;
  }

  override call(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return this.#f(yTrue, yPred);
  }
}

interface SparseArguments extends CommonArguments {
  from_logits: boolean;
  ignore_class: number;
}

class SparseCategoricalCrossentropyLoss extends Loss {
  readonly from_logits: boolean;
  readonly ignore_class: number | null;

  constructor(...args: [from_logits?: boolean | Keywords<SparseArguments>, rest?: Keywords<SparseArguments>]) {
    const given = parseArguments<CommonArguments & { from_logits: boolean; ignore_class: number | null }>(
      "SparseCategoricalCrossentropy",
      args,
      {
        parameters: {
          from_logits: false,
          ignore_class: null,
          reduction: "sum_over_batch_size",
          name: "sparse_categorical_crossentropy",
        },
        unsupported: { dtype: null, axis: -1 },
        none: noReduction,
      },
    );
    super(given);
    this.from_logits = given.from_logits;
    this.ignore_class = given.ignore_class;
  }

  override call(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return sparse_categorical_crossentropy(yTrue, yPred, this.from_logits, this.ignore_class);
  }

  protected override mask(yTrue: TensorLike): CoreTensor | undefined {
    if (this.ignore_class === null) return undefined;
    return cast(notEqual(cast(toTensor(yTrue, "int32").core, "int32"), this.ignore_class), "float32");
  }
}

interface SmoothingArguments extends CommonArguments {
  from_logits: boolean;
  label_smoothing: number;
}

type SmoothingPositional = [
  from_logits?: boolean | Keywords<SmoothingArguments>,
  label_smoothing?: number | Keywords<SmoothingArguments>,
  rest?: Keywords<SmoothingArguments>,
];

function parseSmoothing(op: string, args: SmoothingPositional, name: string): SmoothingArguments {
  const given = parseArguments<SmoothingArguments>(op, args, {
    parameters: { from_logits: false, label_smoothing: 0, reduction: "sum_over_batch_size", name },
    unsupported: { dtype: null, axis: -1 },
    none: noReduction,
  });
  if (given.label_smoothing >= 0 && given.label_smoothing <= 1) return given;
  const expected = "a number from 0 to 1";
  throw new ArgumentError({ op, argument: "label_smoothing", expected, given: show(given.label_smoothing) });
}

class CategoricalCrossentropyLoss extends LossWrapper {
  constructor(...args: SmoothingPositional) {
    const given = parseSmoothing("CategoricalCrossentropy", args, "categorical_crossentropy");
    const { from_logits, label_smoothing } = given;
    super((yTrue, yPred) => categorical_crossentropy(yTrue, yPred, from_logits, label_smoothing), given);
  }
}

class BinaryCrossentropyLoss extends LossWrapper {
  constructor(...args: SmoothingPositional) {
    const given = parseSmoothing("BinaryCrossentropy", args, "binary_crossentropy");
    const { from_logits, label_smoothing } = given;
    super((yTrue, yPred) => binary_crossentropy(yTrue, yPred, from_logits, label_smoothing), given);
  }
}

/** A loss class that has a reduction and a name only. */
function plain(op: string, name: string, f: LossFunction) {
  return class extends LossWrapper {
    constructor(...args: [reduction?: Reduction | Keywords<CommonArguments>, rest?: Keywords<CommonArguments>]) {
      super(
        f,
        parseArguments<CommonArguments>(op, args, {
          parameters: { reduction: "sum_over_batch_size", name },
          unsupported: { dtype: null },
          none: noReduction,
        }),
      );
    }
  } as unknown as new (
    ...args: [reduction?: Reduction | Keywords<CommonArguments>, rest?: Keywords<CommonArguments>]
  ) => Loss;
}

export const SparseCategoricalCrossentropy = withoutNew(SparseCategoricalCrossentropyLoss);
export type SparseCategoricalCrossentropy = SparseCategoricalCrossentropyLoss;
export const CategoricalCrossentropy = withoutNew(CategoricalCrossentropyLoss);
export const BinaryCrossentropy = withoutNew(BinaryCrossentropyLoss);
export const MeanSquaredError = withoutNew(plain("MeanSquaredError", "mean_squared_error", mean_squared_error));
export const MeanAbsoluteError = withoutNew(plain("MeanAbsoluteError", "mean_absolute_error", mean_absolute_error));

const TABLE = {
  sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
  categorical_crossentropy: CategoricalCrossentropy,
  binary_crossentropy: BinaryCrossentropy,
  bce: BinaryCrossentropy,
  mean_squared_error: MeanSquaredError,
  mse: MeanSquaredError,
  mean_absolute_error: MeanAbsoluteError,
  mae: MeanAbsoluteError,
} satisfies Record<string, new () => Loss>;

export type LossName = keyof typeof TABLE;
export type LossArgument = LossName | Loss | LossFunction;

/** The loss of a name (without regard to case of class names), an object, or a per-sample function. */
export function get(identifier: LossArgument): Loss {
  if (identifier instanceof Loss) return identifier;
  if (typeof identifier === "function")
    return new LossWrapper(identifier, { name: identifier.name || "loss", reduction: "sum_over_batch_size" });
  if (typeof identifier === "string" && Object.hasOwn(TABLE, identifier)) return new TABLE[identifier]();
  const expected = `a loss, a function or one of ${Object.keys(TABLE).join(", ")}`;
  throw new ArgumentError({ op: "losses.get", argument: "identifier", expected, given: show(identifier) });
}
