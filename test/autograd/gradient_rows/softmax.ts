// Softmax, its logarithm and cross entropy.
import * as F from "@facet/autograd";
import { FLAT, type GradientRow } from "./row.js";

const labels = (): F.Tensor => F.fromData([2, 0, 1, 2], [4], "int32");

function crossEntropy(variant: string, change: Partial<F.CrossEntropyAttrs>, weights = false): GradientRow {
  const attrs: F.CrossEntropyAttrs = { labels: "index", reduction: "mean", labelSmoothing: 0, ...change };
  const probabilities = [0.2, 0.3, 0.5, 1, 0, 0, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4];
  const targets = (dtype: F.Dtype): F.Tensor =>
    attrs.labels === "index" ? labels() : F.fromData(probabilities, [4, 3], dtype);
  const classWeights = (dtype: F.Dtype): F.Tensor | undefined =>
    weights ? F.fromData([0.5, 1, 2], [3], dtype) : undefined;
  return {
    op: "softmax_cross_entropy",
    variant,
    shapes: [[4, 3]],
    call: (logits) => F.softmaxCrossEntropy(logits, targets(logits.dtype), attrs, classWeights(logits.dtype)).loss,
  };
}

export const softmaxRows: readonly GradientRow[] = [
  { op: "softmax", shapes: [[3, 4]], call: (x) => F.softmax(x, 0) },
  { op: "softmax_backward", shapes: [[2, 3]], call: (x) => F.square(F.softmax(x)) },
  { op: "log_softmax", shapes: [[2, 3, 2]], call: (x) => F.logSoftmax(x, 1) },
  { op: "softmax", variant: "of a scalar", shapes: [[]], call: (x) => F.softmax(x, 0), allowZero: true, once: FLAT },
  { op: "log_softmax_backward", shapes: [[2, 3]], call: (x) => F.square(F.logSoftmax(x)) },
  crossEntropy("mean", {}),
  crossEntropy("sum, weights", { reduction: "sum" }, true),
  crossEntropy("none, smoothing, weights", { reduction: "none", labelSmoothing: 0.2 }, true),
  crossEntropy("mean, ignored, weights, smoothing", { ignoreIndex: 0, labelSmoothing: 0.1 }, true),
  crossEntropy("probabilities, smoothing", { labels: "target", labelSmoothing: 0.1 }),
  {
    op: "softmax_cross_entropy_backward",
    shapes: [[4, 3]],
    call: (x) =>
      F.square(F.softmaxCrossEntropy(x, labels(), { labels: "index", reduction: "none", labelSmoothing: 0 }).loss),
  },
];
