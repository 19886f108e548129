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
  transpose,
  UnsupportedError,
} from "@facet/autograd";
import { type Args, any, define, int, nearest, oneOf, only, show, signature } from "@facet/dialect";
import { Callable, classNameOf, withoutNew } from "./callable.js";
import { automaticName, epsilon, snakeCase } from "./config.js";
import { array, fraction, nameKind } from "./kinds.js";
import { asTensor, floats, Tensor, type TensorLike, toTensor } from "./tensor.js";

/** Loss of every sample: the last axis of the predictions is gone. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

function expectSameShape(op: string, yTrue: CoreTensor, yPred: CoreTensor): void {
  if (`${yTrue.shape}` === `${yPred.shape}`) return;
  const [expected, given] = [`${formatShape(yPred.shape)}, the shape of y_pred`, formatShape(yTrue.shape)];
  throw new ShapeError({ op, argument: "y_true", expected, given });
}

/** Two ranks that differ by a last 1 made equal: a vector beside it is given one more dimension, all else loses it. */
export function matchRanks(a: CoreTensor, b: CoreTensor): [CoreTensor, CoreTensor] {
  if (a.rank === b.rank + 1 && a.shape.at(-1) === 1)
    return b.rank === 1 ? [a, reshape(b, [b.size, 1])] : [reshape(a, a.shape.slice(0, -1)), b];
  if (b.rank === a.rank + 1 && b.shape.at(-1) === 1)
    return a.rank === 1 ? [reshape(a, [a.size, 1]), b] : [a, reshape(b, b.shape.slice(0, -1))];
  return [a, b];
}

const rowsOf = (x: CoreTensor): [number, number] => {
  const classes = x.shape.at(-1) ?? 1;
  return [x.size / Math.max(1, classes), classes];
};

/** Probabilities as logits that give them: normalised, clipped to [epsilon, 1 - epsilon], and their logarithm. */
function logOf(probabilities: CoreTensor, normalise: boolean): CoreTensor {
  const least = epsilon();
  const p = normalise ? div(probabilities, sum(probabilities, { axes: [-1], keepdims: true })) : probabilities;
  return log(clamp(p, least, 1 - least));
}

/** The axis given, moved to the end. Throws ArgumentError on one that the shape does not have. */
function axisLast(op: string, x: Tensor, axis: number): Tensor {
  const at = axis < 0 ? axis + x.ndim : axis;
  if (!(at >= 0 && at < x.ndim)) {
    const expected = `an axis of y_pred ${formatShape(x.shape)}`;
    throw new ArgumentError({ op, argument: "axis", expected, given: `${axis}` });
  }
  if (at === x.ndim - 1) return x;
  const order = x.shape.map((_, i) => i).filter((i) => i !== at);
  return new Tensor(transpose(x.core, [...order, at]));
}

/** Logits that a softmax's or a sigmoid's result stands for. */
const logitsOf = (x: Tensor, by: "softmax" | "sigmoid"): CoreTensor | undefined =>
  x.activated?.by === by ? x.activated.logits : undefined;

function expectClasses(op: string, x: Tensor): void {
  if (x.ndim > 0) return;
  throw new ShapeError({ op, argument: "y_pred", expected: "at least one dimension", given: formatShape(x.shape) });
}

interface SparseArguments {
  from_logits: boolean;
  ignore_class: number | null;
  axis: number;
}

const sparseRules = { from_logits: false, ignore_class: int.or(null), axis: only(-1) };

/**
 * -log of the probability of each label's class. `y_true` [...] or [..., 1] class indices, `y_pred` [..., classes];
 * result [...]. Labels of `ignore_class` give 0. Labels out of range raise ArgumentError at the next read.
 */
export const sparse_categorical_crossentropy: (
  y_true: TensorLike,
  y_pred: TensorLike,
  ...args: Args<[from_logits: boolean, ignore_class: number | null], SparseArguments>
) => Tensor = define(
  "keras.losses.sparse_categorical_crossentropy",
  { y_true: array, y_pred: array, ...sparseRules },
  ({ y_true, y_pred, ...given }) => sparseCrossEntropy(y_true, y_pred, given),
);

function sparseCrossEntropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { from_logits, ignore_class }: Pick<SparseArguments, "from_logits" | "ignore_class">,
): Tensor {
  const op = "sparse_categorical_crossentropy";
  const predicted = toTensor(yPred, "float32", op);
  expectClasses(op, predicted);
  const labels = cast(toTensor(yTrue, "int32", op).core, "int32");
  const outer = predicted.shape.slice(0, -1);
  const squeezed =
    labels.rank === predicted.ndim && labels.shape.at(-1) === 1 ? labels.shape.slice(0, -1) : labels.shape;
  if (`${squeezed}` !== `${outer}`) {
    const expected = `${formatShape(outer)} class indices for predictions ${formatShape(predicted.shape)}`;
    throw new ShapeError({ op, argument: "y_true", expected, given: formatShape(labels.shape) });
  }
  const scores = cast(predicted.core, "float32");
  const [rows, classes] = rowsOf(scores);
  // Keras on TensorFlow takes the logarithms of clipped probabilities for logits.
  const logits = from_logits ? scores : (logitsOf(predicted, "softmax") ?? logOf(scores, false));
  const { loss, summary } = softmaxCrossEntropy(reshape(logits, [rows, classes]), reshape(labels, [rows]), {
    labels: "index",
    reduction: "none",
    labelSmoothing: 0,
    ignoreIndex: ignore_class ?? undefined,
  });
  summary.dispose();
  return new Tensor(reshape(loss, outer));
}

interface SmoothingArguments {
  from_logits: boolean;
  label_smoothing: number;
  axis: number;
}
type SmoothingLoss = (
  y_true: TensorLike,
  y_pred: TensorLike,
  ...args: Args<[from_logits: boolean, label_smoothing: number, axis: number], SmoothingArguments>
) => Tensor;

const smoothingRules = { from_logits: false, label_smoothing: fraction.or(0), axis: int.or(-1) };

/** -sum of y_true log y_pred over classes along `axis`: distributions or one-hot rows [..., classes]; result [...]. */
export const categorical_crossentropy: SmoothingLoss = define(
  "keras.losses.categorical_crossentropy",
  { y_true: array, y_pred: array, ...smoothingRules },
  ({ y_true, y_pred, ...given }) => crossEntropy(y_true, y_pred, given),
);

function crossEntropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { from_logits, label_smoothing, axis }: SmoothingArguments,
): Tensor {
  const op = "categorical_crossentropy";
  const whole = toTensor(yPred, "float32", op);
  expectClasses(op, whole);
  const predicted = axisLast(op, whole, axis);
  const given = floats(yTrue, op);
  expectSameShape(op, given, whole.core);
  const scores = cast(predicted.core, "float32");
  const [rows, classes] = rowsOf(scores);
  const moved = axisLast(op, new Tensor(given), axis).core;
  // Keras spreads over the last axis' extent, whichever the classes' axis is.
  const spread = predicted === whole ? 0 : label_smoothing / (whole.shape.at(-1) as number);
  const targets = spread === 0 ? moved : add(mul(moved, 1 - label_smoothing), spread);
  const smoothing = spread === 0 ? label_smoothing : 0;
  const logits = from_logits ? scores : logitsOf(predicted, "softmax");
  // The kernel gives its targets no gradient.
  if (logits && !isTracked(targets)) {
    const { loss, summary } = softmaxCrossEntropy(reshape(logits, [rows, classes]), reshape(targets, [rows, classes]), {
      labels: "target",
      reduction: "none",
      labelSmoothing: smoothing,
    });
    summary.dispose();
    return new Tensor(reshape(loss, predicted.shape.slice(0, -1)));
  }
  const smooth = smoothing === 0 ? targets : add(mul(targets, 1 - smoothing), smoothing / classes);
  const logs = logits ? logSoftmax(logits) : logOf(scores, true);
  return new Tensor(neg(sum(mul(smooth, logs), { axes: [-1] })));
}

/** Mean over `axis` of -(t log p + (1 - t) log(1 - p)), t smoothed towards 0.5. */
export const binary_crossentropy: SmoothingLoss = define(
  "keras.losses.binary_crossentropy",
  { y_true: array, y_pred: array, ...smoothingRules },
  ({ y_true, y_pred, ...given }) => binaryCrossEntropy(y_true, y_pred, given),
);

function binaryCrossEntropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { from_logits, label_smoothing, axis }: SmoothingArguments,
): Tensor {
  const op = "binary_crossentropy";
  const predicted = toTensor(yPred, "float32", op);
  expectClasses(op, predicted);
  const scores = cast(predicted.core, "float32");
  const labels = likePredictions(op, floats(yTrue, op), scores);
  const t = label_smoothing === 0 ? labels : add(mul(labels, 1 - label_smoothing), 0.5 * label_smoothing);
  const logits = from_logits ? scores : logitsOf(predicted, "sigmoid");
  const over = { axes: [axis] };
  if (logits) {
    // -log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x), neither of which overflows.
    const each = add(mul(t, softplus(neg(logits))), mul(sub(1, t), softplus(logits)));
    return new Tensor(mean(each, over));
  }
  const least = epsilon();
  const p = clamp(scores, least, 1 - least);
  const each = add(mul(t, log(p)), mul(sub(1, t), log(sub(1, p))));
  return new Tensor(neg(mean(each, over)));
}

/** Labels in the shape of predictions: Keras adds or drops a last dimension of 1. */
function likePredictions(op: string, labels: CoreTensor, predicted: CoreTensor): CoreTensor {
  if (labels.rank === predicted.rank - 1 && predicted.shape.at(-1) === 1)
    labels = reshape(labels, [...labels.shape, 1]);
  else if (labels.rank === predicted.rank + 1 && labels.shape.at(-1) === 1)
    labels = reshape(labels, labels.shape.slice(0, -1));
  expectSameShape(op, labels, predicted);
  return labels;
}

/** y_true - y_pred, ranks made equal and broadcast. */
function difference(op: string, yTrue: TensorLike, yPred: TensorLike): CoreTensor {
  const [wanted, predicted] = matchRanks(floats(yTrue, op), floats(yPred, op));
  if (predicted.rank === 0 && wanted.rank === 0)
    throw new ShapeError({ op, argument: "y_pred", expected: "at least one dimension", given: "a scalar" });
  return sub(wanted, predicted);
}

type PlainLoss = (y_true: TensorLike, y_pred: TensorLike) => Tensor;
const regression = (name: string, f: (x: CoreTensor) => CoreTensor): PlainLoss =>
  define(
    `keras.losses.${name}`,
    { y_true: array, y_pred: array },
    ({ y_true, y_pred }) => new Tensor(mean(f(difference(name, y_true, y_pred)), { axes: [-1] })),
  );

/** Mean of (y_true - y_pred)^2 over the last axis. */
export const mean_squared_error = regression("mean_squared_error", square);
/** Mean of |y_true - y_pred| over the last axis. */
export const mean_absolute_error = regression("mean_absolute_error", (x) => abs(x));

export type Reduction = "sum_over_batch_size" | "mean" | "sum" | "mean_with_sample_weight" | "none";
const reductionKind = oneOf("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none").orNone;
const reductionRule = reductionKind.or("sum_over_batch_size");

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
  protected mask(_yTrue: Tensor): CoreTensor | undefined {
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
      this.#reduce(made.core, sample_weight === null ? undefined : floats(sample_weight), this.mask(wanted)),
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
      return divideNoNan(sum(values), sum(counted));
    }
    // Keras divides by the samples that count: the losses of the others are 0 already.
    if (mask) return div(sum(values), maximum(sum(mask), epsilon()));
    return values.size === 0 ? sum(values) : mean(values);
  }
}

/** a / b, and 0 where b is 0: sums of weights of one sign have no other small values that matter. */
const divideNoNan = (a: CoreTensor, b: CoreTensor): CoreTensor => {
  const zero = cast(notEqual(b, 0), "float32");
  return mul(zero, div(a, add(b, sub(1, zero))));
};

/** A loss class around a per-sample function. */
class LossWrapper extends Loss {
  readonly #f: LossFunction;

  constructor(f: LossFunction, given: LossArguments) {
    super({ name: given.name, reduction: given.reduction });
    this.#f = f;
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#f(yTrue, yPred);
  }
}

const common = (name: string) => ({ name: nameKind.or(name), dtype: only(null, "float32") });
const readSparse = signature("keras.losses.SparseCategoricalCrossentropy", {
  from_logits: false,
  ignore_class: int.or(null),
  reduction: reductionRule,
  axis: only(-1),
  ...common("sparse_categorical_crossentropy"),
});

type SparsePositions = [from_logits: boolean, ignore_class: number | null, reduction: Reduction | null, axis: -1];

class SparseCategoricalCrossentropyLoss extends Loss {
  static override readonly className = "SparseCategoricalCrossentropy";
  readonly from_logits: boolean;
  readonly ignore_class: number | null;

  constructor(...args: Args<SparsePositions, SparseArguments & LossArguments>) {
    const { name, reduction, from_logits, ignore_class } = readSparse(args);
    super({ name, reduction });
    this.from_logits = from_logits;
    this.ignore_class = ignore_class;
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return sparseCrossEntropy(yTrue, yPred, this);
  }

  protected override mask(yTrue: Tensor): CoreTensor | undefined {
    if (this.ignore_class === null) return undefined;
    return cast(notEqual(cast(yTrue.core, "int32"), this.ignore_class), "float32");
  }
}

type SmoothingPositions = [from_logits: boolean, label_smoothing: number, axis: number, reduction: Reduction | null];

type LossClass<P extends readonly unknown[], N> = new (...args: Args<P, N & LossArguments>) => Loss;

/** A loss class with label smoothing. */
function smoothing(className: string, f: typeof crossEntropy): LossClass<SmoothingPositions, SmoothingArguments> {
  const rules = { ...smoothingRules, reduction: reductionRule, ...common(snakeCase(className)) };
  const read = signature(`keras.losses.${className}`, rules);
  return class extends LossWrapper {
    static override readonly className = className;

    constructor(...args: Args<SmoothingPositions, SmoothingArguments & LossArguments>) {
      const given = read(args);
      super((yTrue, yPred) => f(yTrue, yPred, given), given as LossArguments);
    }
  };
}

/** A loss class that has a reduction and a name only. */
function plain(className: string, f: PlainLoss): LossClass<[reduction: Reduction | null, name: string | null], object> {
  const read = signature(`keras.losses.${className}`, { reduction: reductionRule, ...common(snakeCase(className)) });
  return class extends LossWrapper {
    static override readonly className = className;

    constructor(...args: Args<[reduction: Reduction | null, name: string | null], LossArguments>) {
      super((yTrue, yPred) => f(yTrue, yPred), read(args) as LossArguments);
    }
  };
}

export const SparseCategoricalCrossentropy = withoutNew(SparseCategoricalCrossentropyLoss);
export type SparseCategoricalCrossentropy = SparseCategoricalCrossentropyLoss;
export const CategoricalCrossentropy = withoutNew(smoothing("CategoricalCrossentropy", crossEntropy));
export const BinaryCrossentropy = withoutNew(smoothing("BinaryCrossentropy", binaryCrossEntropy));
export const MeanSquaredError = withoutNew(plain("MeanSquaredError", mean_squared_error));
export const MeanAbsoluteError = withoutNew(plain("MeanAbsoluteError", mean_absolute_error));

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

/** The loss of a name (a class's too), an object, a class, or a per-sample function. */
export const get: (identifier: LossArgument | null) => Loss | null = define(
  "keras.losses.get",
  { identifier: any },
  ({ identifier }) => (identifier === null ? null : resolve(identifier)),
);

/** What `get` gives, for callers that have read their arguments. */
export function resolve(identifier: unknown, op = "losses.get", argument = "identifier"): Loss {
  if (identifier instanceof Loss) return identifier;
  if (typeof identifier === "function" && identifier.prototype instanceof Loss)
    return new (identifier as new () => Loss)();
  if (typeof identifier === "function")
    return new LossWrapper(identifier as LossFunction, {
      name: identifier.name || "loss",
      reduction: "sum_over_batch_size",
    });
  if (typeof identifier === "string") {
    const name = snakeCase(identifier);
    if (Object.hasOwn(TABLE, name)) return new TABLE[name as LossName]();
  }
  const guess = typeof identifier === "string" ? nearest(identifier, Object.keys(TABLE)) : undefined;
  const expected = `a loss, a function or one of ${Object.keys(TABLE).join(", ")}`;
  const given = `${show(identifier)}${guess ? `: did you mean ${guess}?` : ""}`;
  throw new ArgumentError({ op, argument, expected, given });
}
