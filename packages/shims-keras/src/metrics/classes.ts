// Metric classes around the values of every sample.
import { type Tensor as CoreTensor, mul, sqrt, sub } from "@facet/autograd";
import { type Args, bool, int, number, only, type Rules, signature, type Values } from "@facet/dialect";
import { type Makes, withoutNew } from "../callable.js";
import { snakeCase } from "../config.js";
import { fraction, nameKind, positive } from "../kinds.js";
import { maskOf, type SmoothingArguments, type SparseArguments } from "../losses/functions.js";
import * as losses from "../losses/index.js";
import { matchRanks } from "../losses/loss.js";
import { floats, Tensor } from "../tensor.js";
import {
  accuracy,
  binary_accuracy,
  categorical_accuracy,
  concordance_correlation,
  cosine_similarity,
  pearson_correlation,
  sparse_categorical_accuracy,
  sparse_top_k_categorical_accuracy,
  top_k_categorical_accuracy,
} from "./accuracy.js";
import { MeanMetric, type PerSample } from "./mean.js";
import { type Metric, metricsByName, noDtype } from "./metric.js";

interface Named {
  name: string | null;
}

/** A metric class: its own arguments after name and dtype, and the value of a sample for them. */
function metricClass<const R extends Rules>(
  className: string,
  rules: R,
  f: (given: Values<R>) => PerSample,
  mask?: (given: Values<R>) => (yTrue: Tensor) => CoreTensor | undefined,
  /** Arguments that stand before the name. */
  before: Rules = {},
  name = snakeCase(className),
  finish?: (mean: CoreTensor) => CoreTensor,
) {
  const read = signature(`keras.metrics.${className}`, {
    ...before,
    name: nameKind.or(name),
    dtype: noDtype,
    ...rules,
  });
  class Averaged extends MeanMetric {
    static override readonly className = className;

    constructor(...args: readonly unknown[]) {
      const given = read(args) as unknown as Named & Values<R>;
      super(f(given), given.name, { mask: mask?.(given), finish });
    }
  }
  metricsByName.set(snakeCase(className), Averaged);
  return Averaged;
}

type Positions = [name: string, dtype: null | "float32"];
type MadeBy<P extends unknown[], N> = Makes<Args<P, N & Named>, Metric>;
const plain = (className: string, f: PerSample, name?: string): MadeBy<Positions, object> =>
  withoutNew(metricClass(className, {}, () => f, undefined, {}, name)) as never;

export const SparseCategoricalAccuracy = /* @__PURE__ */ plain(
  "SparseCategoricalAccuracy",
  sparse_categorical_accuracy,
);
export const CategoricalAccuracy = /* @__PURE__ */ plain("CategoricalAccuracy", categorical_accuracy);
export const BinaryAccuracy = /* @__PURE__ */ withoutNew(
  /* @__PURE__ */ metricClass(
    "BinaryAccuracy",
    { threshold: 0.5 },
    ({ threshold }) =>
      (yTrue, yPred) =>
        binary_accuracy(yTrue, yPred, threshold),
  ),
) as unknown as MadeBy<[...Positions, threshold: number], { threshold: number }>;
export const MeanSquaredError = /* @__PURE__ */ plain("MeanSquaredError", losses.mean_squared_error);
export const MeanAbsoluteError = /* @__PURE__ */ plain("MeanAbsoluteError", losses.mean_absolute_error);

export const SparseCategoricalCrossentropy = /* @__PURE__ */ withoutNew(
  /* @__PURE__ */ metricClass(
    "SparseCategoricalCrossentropy",
    { from_logits: false, ignore_class: int.or(null), axis: only(-1) },
    ({ from_logits, ignore_class }) =>
      (yTrue, yPred) =>
        losses.sparse_categorical_crossentropy(yTrue, yPred, { from_logits, ignore_class }),
    ({ ignore_class }) =>
      (yTrue) =>
        maskOf(yTrue, ignore_class),
  ),
) as unknown as MadeBy<[...Positions, from_logits: boolean, ignore_class: number | null], SparseArguments>;

export const CategoricalCrossentropy = /* @__PURE__ */ withoutNew(
  /* @__PURE__ */ metricClass(
    "CategoricalCrossentropy",
    { from_logits: false, label_smoothing: number.or(0), axis: int.or(-1) },
    ({ from_logits, label_smoothing, axis }) =>
      (yTrue, yPred) =>
        losses.categorical_crossentropy(yTrue, yPred, { from_logits, label_smoothing, axis }),
  ),
) as unknown as MadeBy<[...Positions, from_logits: boolean, label_smoothing: number, axis: number], SmoothingArguments>;

export const BinaryCrossentropy = /* @__PURE__ */ withoutNew(
  /* @__PURE__ */ metricClass(
    "BinaryCrossentropy",
    { from_logits: false, label_smoothing: fraction.or(0) },
    ({ from_logits, label_smoothing }) =>
      (yTrue, yPred) =>
        losses.binary_crossentropy(yTrue, yPred, { from_logits, label_smoothing }),
  ),
) as unknown as MadeBy<
  [...Positions, from_logits: boolean, label_smoothing: number],
  Pick<SmoothingArguments, "from_logits" | "label_smoothing">
>;

export const Accuracy = /* @__PURE__ */ plain("Accuracy", accuracy);
export const MeanAbsolutePercentageError = /* @__PURE__ */ plain(
  "MeanAbsolutePercentageError",
  losses.mean_absolute_percentage_error,
);
export const MeanSquaredLogarithmicError = /* @__PURE__ */ plain(
  "MeanSquaredLogarithmicError",
  losses.mean_squared_logarithmic_error,
);
export const LogCoshError = /* @__PURE__ */ plain("LogCoshError", losses.log_cosh, "logcosh");
export const KLDivergence = /* @__PURE__ */ plain("KLDivergence", losses.kl_divergence, "kl_divergence");
export const Poisson = /* @__PURE__ */ plain("Poisson", losses.poisson);
export const Hinge = /* @__PURE__ */ plain("Hinge", losses.hinge);
export const SquaredHinge = /* @__PURE__ */ plain("SquaredHinge", losses.squared_hinge);
export const CategoricalHinge = /* @__PURE__ */ plain("CategoricalHinge", losses.categorical_hinge);

/** A metric class along an axis. */
const along = (
  className: string,
  f: (yTrue: Tensor, yPred: Tensor, axis: number) => Tensor,
): MadeBy<[...Positions, axis: number], { axis: number }> =>
  withoutNew(
    metricClass(
      className,
      { axis: int.or(-1) },
      ({ axis }) =>
        (yTrue, yPred) =>
          f(yTrue, yPred, axis),
    ),
  ) as never;
export const CosineSimilarity = /* @__PURE__ */ along("CosineSimilarity", cosine_similarity);
export const PearsonCorrelation = /* @__PURE__ */ along("PearsonCorrelation", pearson_correlation);
export const ConcordanceCorrelation = /* @__PURE__ */ along("ConcordanceCorrelation", concordance_correlation);

interface TopArguments {
  k: number;
  from_sorted_ids: boolean;
}
const topK = (
  className: string,
  f: (yTrue: Tensor, yPred: Tensor, given: TopArguments) => Tensor,
  rules: Rules = {},
): unknown => {
  const all = (given: object): TopArguments => given as TopArguments;
  return withoutNew(
    metricClass(className, rules, (given) => (yTrue, yPred) => f(yTrue, yPred, all(given)), undefined, {
      k: positive.or(5),
    }),
  );
};
export const TopKCategoricalAccuracy = /* @__PURE__ */ topK("TopKCategoricalAccuracy", (yTrue, yPred, { k }) =>
  top_k_categorical_accuracy(yTrue, yPred, k),
) as MadeBy<[k: number, ...Positions], { k: number }>;
export const SparseTopKCategoricalAccuracy = /* @__PURE__ */ topK(
  "SparseTopKCategoricalAccuracy",
  (yTrue, yPred, { k, from_sorted_ids }) => sparse_top_k_categorical_accuracy(yTrue, yPred, { k, from_sorted_ids }),
  { from_sorted_ids: bool.or(false) },
) as MadeBy<[k: number, ...Positions, from_sorted_ids: boolean], TopArguments>;

const squaredErrors: PerSample = (yTrue, yPred) => {
  const op = "root_mean_squared_error";
  const error = sub(...matchRanks(floats(yTrue, op), floats(yPred, op)));
  return new Tensor(mul(error, error));
};
/** The root of the mean of squared errors. */
export const RootMeanSquaredError = /* @__PURE__ */ withoutNew(
  /* @__PURE__ */ metricClass("RootMeanSquaredError", {}, () => squaredErrors, undefined, {}, undefined, sqrt),
) as unknown as MadeBy<Positions, object>;

/** The classes by the names of their functions: those that every model knows. */
export const TABLE = {
  sparse_categorical_accuracy: SparseCategoricalAccuracy,
  categorical_accuracy: CategoricalAccuracy,
  binary_accuracy: BinaryAccuracy,
  mean_squared_error: MeanSquaredError,
  mse: MeanSquaredError,
  mean_absolute_error: MeanAbsoluteError,
  mae: MeanAbsoluteError,
  sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
  categorical_crossentropy: CategoricalCrossentropy,
} satisfies Record<string, new (given: { name: string }) => Metric>;

/** Other names of classes. */
export const ALIASES = {
  bce: "binary_crossentropy",
  mape: "mean_absolute_percentage_error",
  msle: "mean_squared_logarithmic_error",
  rmse: "root_mean_squared_error",
  kld: "kl_divergence",
  logcosh: "log_cosh_error",
  log_cosh: "log_cosh_error",
} as const;

export type MetricName =
  | keyof typeof TABLE
  | keyof typeof ALIASES
  | "accuracy"
  | "acc"
  | "auc"
  | "AUC"
  | "binary_crossentropy"
  | "categorical_hinge"
  | "cosine_similarity"
  | "f1_score"
  | "hinge"
  | "kl_divergence"
  | "mean_absolute_percentage_error"
  | "mean_squared_logarithmic_error"
  | "poisson"
  | "precision"
  | "r2_score"
  | "recall"
  | "root_mean_squared_error"
  | "squared_hinge"
  | "top_k_categorical_accuracy";
