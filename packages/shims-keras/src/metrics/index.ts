// keras.metrics: means over samples of a per-sample value, and the base of the program's own.
import "../start.js";
import { ArgumentError } from "@facet/autograd";
import { any, define, Kind } from "@facet/dialect";
import { snakeCase } from "../config.js";
import { showUnknown } from "../kinds.js";
import {
  ALIASES,
  BinaryAccuracy,
  CategoricalAccuracy,
  type MetricName,
  SparseCategoricalAccuracy,
  TABLE,
} from "./classes.js";
import { MeanMetric, type PerSample } from "./mean.js";
import { Metric, metricsByName } from "./metric.js";

export {
  binary_crossentropy,
  binary_focal_crossentropy,
  categorical_crossentropy,
  categorical_focal_crossentropy,
  categorical_hinge,
  hinge,
  huber,
  kl_divergence,
  log_cosh,
  mean_absolute_error,
  mean_absolute_percentage_error,
  mean_squared_error,
  mean_squared_logarithmic_error,
  poisson,
  sparse_categorical_crossentropy,
  squared_hinge,
} from "../losses/index.js";
export {
  binary_accuracy,
  categorical_accuracy,
  concordance_correlation,
  pearson_correlation,
  sparse_categorical_accuracy,
  sparse_top_k_categorical_accuracy,
  top_k_categorical_accuracy,
} from "./accuracy.js";
export {
  Accuracy,
  BinaryAccuracy,
  BinaryCrossentropy,
  CategoricalAccuracy,
  CategoricalCrossentropy,
  CategoricalHinge,
  ConcordanceCorrelation,
  CosineSimilarity,
  Hinge,
  KLDivergence,
  LogCoshError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  type MetricName,
  PearsonCorrelation,
  Poisson,
  RootMeanSquaredError,
  SparseCategoricalAccuracy,
  SparseCategoricalCrossentropy,
  SparseTopKCategoricalAccuracy,
  SquaredHinge,
  TopKCategoricalAccuracy,
} from "./classes.js";
export * from "./confusion.js";
export { Mean, MeanMetricWrapper, Sum } from "./mean.js";
export { Metric, type MetricResult } from "./metric.js";
export * from "./overlaps.js";
export { F1Score, FBetaScore, R2Score } from "./scores.js";

export type MetricArgument = MetricName | Metric | PerSample;

/** Whether a value may stand for a metric: names are looked up when the first batch shows the shapes. */
export const metricKind = new Kind<MetricArgument>(
  "a metric, a function or a name",
  (value) => typeof value === "string" || typeof value === "function" || value instanceof Metric,
);

/** The metric of a name (a class's too), an object, a class, or a per-sample function. "accuracy" needs shapes: see compile. */
export const get: (identifier: MetricArgument | null) => Metric | null = define(
  "keras.metrics.get",
  { identifier: any },
  ({ identifier }) => (identifier === null ? null : resolve(identifier)),
);

/**
 * The metric of a name, for targets and predictions of these shapes: "accuracy" is binary for predictions of one column,
 * sparse where the targets are class indices, categorical otherwise. It is shown under the name it was asked by.
 */
export function resolve(identifier: unknown, yTrue?: readonly number[], yPred?: readonly number[]): Metric {
  if (identifier instanceof Metric) return identifier;
  if (typeof identifier === "function" && identifier.prototype instanceof Metric)
    return new (identifier as new () => Metric)();
  if (typeof identifier === "function") return new MeanMetric(identifier as PerSample, identifier.name || "metric");
  if (yTrue && yPred && (identifier === "accuracy" || identifier === "acc")) {
    const columns = yPred.at(-1) ?? 1;
    if (columns === 1) return new BinaryAccuracy(identifier);
    const sparse = yTrue.length < yPred.length || yTrue.at(-1) === 1;
    return sparse ? new SparseCategoricalAccuracy(identifier) : new CategoricalAccuracy(identifier);
  }
  const asked = typeof identifier === "string" ? snakeCase(identifier) : "";
  const name = Object.hasOwn(ALIASES, asked) ? ALIASES[asked as keyof typeof ALIASES] : asked;
  const found = Object.hasOwn(TABLE, name) ? TABLE[name as keyof typeof TABLE] : metricsByName.get(name);
  if (found) return new found({ name: identifier as string });
  const known = [...new Set(["accuracy", "acc", ...Object.keys(TABLE), ...metricsByName.keys()])];
  const expected = `a metric, a function or one of ${known.join(", ")}`;
  const given = showUnknown(identifier, known);
  throw new ArgumentError({ op: "metrics.get", argument: "identifier", expected, given });
}
