// Accuracies of every sample.
import {
  argmax,
  type Tensor as CoreTensor,
  cast,
  equal,
  formatShape,
  greater,
  reshape,
  ShapeError,
} from "@facet/autograd";
import { type Args, define } from "@facet/dialect";
import { array } from "../kinds.js";
import { matchRanks } from "../losses/loss.js";
import { floats, Tensor, type TensorLike, toTensor } from "../tensor.js";

/** 1 where they are equal, else 0. */
const matches = (a: CoreTensor, b: CoreTensor): CoreTensor => cast(equal(a, b), "float32");

type MetricFunction<Rest extends unknown[] = []> = (y_true: TensorLike, y_pred: TensorLike, ...rest: Rest) => Tensor;
const both = { y_true: array, y_pred: array };

/** 1 where the largest prediction is the label's: y_true [...] or [..., 1] class indices, y_pred [..., classes]. */
export const sparse_categorical_accuracy: MetricFunction = define(
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
export const categorical_accuracy: MetricFunction = define(
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
export const binary_accuracy: MetricFunction<Threshold> = define(
  "keras.metrics.binary_accuracy",
  { ...both, threshold: 0.5 },
  ({ y_true, y_pred, threshold }) => {
    const [labels, predicted] = matchRanks(floats(y_true, "binary_accuracy"), floats(y_pred, "binary_accuracy"));
    return new Tensor(matches(labels, cast(greater(predicted, threshold), "float32")));
  },
);
