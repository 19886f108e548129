// Accuracies of every sample.
import {
  add,
  any as anyOf,
  argmax,
  type Tensor as CoreTensor,
  cast,
  cosineSimilarity,
  div,
  equal,
  isFinite as finite,
  formatShape,
  greater,
  less,
  logicalAnd,
  mean,
  mul,
  reshape,
  ShapeError,
  sliceAlong,
  sqrt,
  sub,
  sum,
  takeAlongAxis,
  variance,
} from "@facet/autograd";
import { type Args, bool, define, int } from "@facet/dialect";
import { epsilon } from "../config.js";
import { array, positive } from "../kinds.js";
import { matchRanks } from "../losses/loss.js";
import { floats, Tensor, type TensorLike, toTensor } from "../tensor.js";

/** 1 where they are equal, else 0. */
const matches = (a: CoreTensor, b: CoreTensor): CoreTensor => cast(equal(a, b), "float32");

type MetricFunction<Rest extends unknown[] = []> = (y_true: TensorLike, y_pred: TensorLike, ...rest: Rest) => Tensor;
const both = { y_true: array, y_pred: array };

/** 1 where the largest prediction is the label's: y_true [...] or [..., 1] class indices, y_pred [..., classes]. */
export const sparse_categorical_accuracy: MetricFunction = /* @__PURE__ */ define(
  "keras.metrics.sparse_categorical_accuracy",
  both,
  ({ y_true, y_pred }) => {
    const op = "sparse_categorical_accuracy";
    const predicted = argmax(toTensor(y_pred, "float32", op).core, -1);
    const labels = cast(toTensor(y_true, "int32", op).core, "int32");
    return new Tensor(matches(likeRows(op, labels, predicted), predicted));
  },
);

/** Labels in the shape of the predictions' rows, a last dimension of 1 dropped. */
function likeRows(op: string, labels: CoreTensor, rows: CoreTensor): CoreTensor {
  const shape = labels.rank === rows.rank + 1 && labels.shape.at(-1) === 1 ? labels.shape.slice(0, -1) : labels.shape;
  if (`${shape}` === `${rows.shape}`) return reshape(labels, shape);
  const [expected, given] = [`${formatShape(rows.shape)}, one label a row of y_pred`, formatShape(labels.shape)];
  throw new ShapeError({ op, argument: "y_true", expected, given });
}

/** 1 where the largest prediction stands where the largest of y_true does; both [..., classes]. */
export const categorical_accuracy: MetricFunction = /* @__PURE__ */ define(
  "keras.metrics.categorical_accuracy",
  both,
  ({ y_true, y_pred }) => {
    const op = "categorical_accuracy";
    const [wanted, predicted] = [y_true, y_pred].map((y) => argmax(toTensor(y, "float32", op).core, -1));
    const rows = predicted as CoreTensor;
    return new Tensor(matches(likeRows(op, wanted as CoreTensor, rows), rows));
  },
);

type Threshold = Args<[threshold: number], { threshold: number }>;
/** 1 where the prediction is on the label's side of the threshold, else 0. */
export const binary_accuracy: MetricFunction<Threshold> = /* @__PURE__ */ define(
  "keras.metrics.binary_accuracy",
  { ...both, threshold: 0.5 },
  ({ y_true, y_pred, threshold }) => {
    const [labels, predicted] = matchRanks(floats(y_true, "binary_accuracy"), floats(y_pred, "binary_accuracy"));
    return new Tensor(matches(labels, cast(greater(predicted, threshold), "float32")));
  },
);

/** 1 where labels and predictions are equal. */
export function accuracy(y_true: TensorLike, y_pred: TensorLike): Tensor {
  return new Tensor(matches(...matchRanks(floats(y_true, "accuracy"), floats(y_pred, "accuracy"))));
}

type TopK = Args<[k: number], { k: number }>;
/** 1 where the class of the largest of y_true is among the k largest predictions; both [..., classes]. */
export const top_k_categorical_accuracy: MetricFunction<TopK> = /* @__PURE__ */ define(
  "keras.metrics.top_k_categorical_accuracy",
  { ...both, k: positive.or(5) },
  ({ y_true, y_pred, k }) => {
    const op = "top_k_categorical_accuracy";
    return amongFirst(op, argmax(floats(y_true, op), -1), floats(y_pred, op), k);
  },
);

type SparseTopK = Args<[k: number, from_sorted_ids: boolean], { k: number; from_sorted_ids: boolean }>;
/**
 * 1 where the label is among the classes of the k largest predictions: y_true [...] or [..., 1] class indices, y_pred
 * [..., classes]; or, from_sorted_ids, among the first k of the classes that y_pred lists.
 */
export const sparse_top_k_categorical_accuracy: MetricFunction<SparseTopK> = /* @__PURE__ */ define(
  "keras.metrics.sparse_top_k_categorical_accuracy",
  { ...both, k: positive.or(5), from_sorted_ids: bool.or(false) },
  ({ y_true, y_pred, k, from_sorted_ids }) => {
    const op = "sparse_top_k_categorical_accuracy";
    const [labels, predicted] = [floats(y_true, op), floats(y_pred, op)];
    if (!from_sorted_ids) return amongFirst(op, labels, predicted, k);
    const rows = rowsOf(predicted);
    const listed = sliceAlong(rows, 1, 0, Math.min(k, rows.shape[1] as number));
    const found = anyOf(equal(reshape(labels, [labels.size, 1]), listed), { axes: [1] });
    return new Tensor(reshape(cast(found, "float32"), labels.shape));
  },
);

const rowsOf = (x: CoreTensor): CoreTensor => {
  const last = x.shape.at(-1) ?? 1;
  return reshape(x, [x.size / Math.max(1, last), last]);
};

function amongFirst(op: string, labels: CoreTensor, predicted: CoreTensor, k: number): Tensor {
  const rows = rowsOf(predicted);
  if (labels.size !== rows.shape[0]) {
    const expected = `one label for each of ${rows.shape[0]} rows of y_pred`;
    throw new ShapeError({ op, argument: "y_true", expected, given: formatShape(labels.shape) });
  }
  const own = takeAlongAxis(rows, cast(reshape(labels, [labels.size, 1]), "int32"), { axis: 1 });
  const larger = sum(cast(greater(rows, own), "float32"), { axes: [1] });
  const found = logicalAnd(less(larger, k), finite(reshape(own, [labels.size])));
  return new Tensor(reshape(cast(found, "float32"), labels.shape));
}

type Along = Args<[axis: number], { axis: number }>;
const along = { ...both, axis: int.or(-1) };
const operands = (op: string, y_true: TensorLike, y_pred: TensorLike): [CoreTensor, CoreTensor] =>
  matchRanks(floats(y_true, op), floats(y_pred, op));

/** The cosine of the angle between them along `axis`. */
export function cosine_similarity(y_true: TensorLike, y_pred: TensorLike, axis: number): Tensor {
  return new Tensor(cosineSimilarity(...operands("cosine_similarity", y_true, y_pred), { axis, epsilon: 1e-12 }));
}

/** The mean product of both, each less its mean and divided by its standard deviation, along `axis`. */
export const pearson_correlation: MetricFunction<Along> = /* @__PURE__ */ define(
  "keras.metrics.pearson_correlation",
  along,
  ({ y_true, y_pred, axis }) => {
    const options = { axes: [axis], keepdims: true };
    const normal = (x: CoreTensor): CoreTensor => div(sub(x, mean(x, options)), sqrt(variance(x, options, 0)));
    const [t, p] = operands("pearson_correlation", y_true, y_pred);
    return new Tensor(mean(mul(normal(t), normal(p)), { axes: [axis] }));
  },
);

/** Twice the covariance over the sum of the variances and of the squared difference of the means, along `axis`. */
export const concordance_correlation: MetricFunction<Along> = /* @__PURE__ */ define(
  "keras.metrics.concordance_correlation",
  along,
  ({ y_true, y_pred, axis }) => {
    const options = { axes: [axis], keepdims: true };
    const [t, p] = operands("concordance_correlation", y_true, y_pred);
    const [tMean, pMean] = [mean(t, options), mean(p, options)];
    // Both less the mean of the predictions, as Keras has it: the sum is the same.
    const together = mul(sub(t, pMean), sub(p, pMean));
    const apart = sub(tMean, pMean);
    const spread = add(add(variance(t, options, 0), variance(p, options, 0)), mul(apart, apart));
    return new Tensor(mean(div(mul(together, 2), add(spread, epsilon())), { axes: [axis] }));
  },
);
