// Losses of every sample. Probabilities of a softmax or sigmoid are taken back to their logits, as Keras does on TensorFlow;
// others are clipped away from 0 and 1 before the logarithm.
import {
  ArgumentError,
  absoluteError,
  add,
  bceLoss,
  bceWithLogitsLoss,
  type Tensor as CoreTensor,
  cast,
  clamp,
  div,
  formatShape,
  isTracked,
  log,
  logSoftmax,
  mean,
  mul,
  neg,
  notEqual,
  reshape,
  ShapeError,
  softmaxCrossEntropy,
  squaredError,
  sum,
  transpose,
} from "@facet/autograd";
import { type Args, define, int, only } from "@facet/dialect";
import { epsilon } from "../config.js";
import { array, fraction } from "../kinds.js";
import { floats, Tensor, type TensorLike, toTensor } from "../tensor.js";
import { matchRanks } from "./loss.js";

function expectSameShape(op: string, yTrue: CoreTensor, yPred: CoreTensor): void {
  if (`${yTrue.shape}` === `${yPred.shape}`) return;
  const [expected, given] = [`${formatShape(yPred.shape)}, the shape of y_pred`, formatShape(yTrue.shape)];
  throw new ShapeError({ op, argument: "y_true", expected, given });
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

export interface SparseArguments {
  from_logits: boolean;
  ignore_class: number | null;
  axis: number;
}

/** 0 for labels of `ignore_class`, which do not count, among 1s; undefined when all count. */
export function maskOf(yTrue: Tensor, ignore_class: number | null): CoreTensor | undefined {
  if (ignore_class === null) return undefined;
  return cast(notEqual(cast(yTrue.core, "int32"), ignore_class), "float32");
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

export function sparseCrossEntropy(
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

export interface SmoothingArguments {
  from_logits: boolean;
  label_smoothing: number;
  axis: number;
}
type SmoothingLoss = (
  y_true: TensorLike,
  y_pred: TensorLike,
  ...args: Args<[from_logits: boolean, label_smoothing: number, axis: number], SmoothingArguments>
) => Tensor;

export const smoothingRules = { from_logits: false, label_smoothing: fraction.or(0), axis: int.or(-1) };

/** -sum of y_true log y_pred over classes along `axis`: distributions or one-hot rows [..., classes]; result [...]. */
export const categorical_crossentropy: SmoothingLoss = define(
  "keras.losses.categorical_crossentropy",
  { y_true: array, y_pred: array, ...smoothingRules },
  ({ y_true, y_pred, ...given }) => crossEntropy(y_true, y_pred, given),
);

export function crossEntropy(
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

export function binaryCrossEntropy(
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
    return new Tensor(mean(bceWithLogitsLoss(logits, t, { softpluses: "two" }), over));
  }
  return new Tensor(mean(bceLoss(scores, t, { clip: epsilon() }), over));
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

/** Labels and predictions, ranks made equal. */
function matched(op: string, yTrue: TensorLike, yPred: TensorLike): [CoreTensor, CoreTensor] {
  const [wanted, predicted] = matchRanks(floats(yTrue, op), floats(yPred, op));
  if (predicted.rank === 0 && wanted.rank === 0)
    throw new ShapeError({ op, argument: "y_pred", expected: "at least one dimension", given: "a scalar" });
  return [wanted, predicted];
}

export type PlainLoss = (y_true: TensorLike, y_pred: TensorLike) => Tensor;
const regression = (name: string, f: (wanted: CoreTensor, predicted: CoreTensor) => CoreTensor): PlainLoss =>
  define(
    `keras.losses.${name}`,
    { y_true: array, y_pred: array },
    ({ y_true, y_pred }) => new Tensor(mean(f(...matched(name, y_true, y_pred)), { axes: [-1] })),
  );

/** Mean of (y_true - y_pred)^2 over the last axis. */
export const mean_squared_error = regression("mean_squared_error", squaredError);
/** Mean of |y_true - y_pred| over the last axis. */
export const mean_absolute_error = regression("mean_absolute_error", absoluteError);
