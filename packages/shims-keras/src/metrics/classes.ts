// Metric classes around the values of every sample.
import type { Tensor as CoreTensor } from "@facet/autograd";
import { type Args, int, number, only, type Rules, signature, type Values } from "@facet/dialect";
import { type Makes, withoutNew } from "../callable.js";
import { snakeCase } from "../config.js";
import { nameKind } from "../kinds.js";
import { maskOf, type SmoothingArguments, type SparseArguments } from "../losses/functions.js";
import * as losses from "../losses/index.js";
import type { Tensor } from "../tensor.js";
import { binary_accuracy, categorical_accuracy, sparse_categorical_accuracy } from "./accuracy.js";
import { MeanMetric, type PerSample } from "./mean.js";
import { type Metric, noDtype } from "./metric.js";

interface Named {
  name: string;
}

/** A metric class: its own arguments after name and dtype, and the value of a sample for them. */
function metricClass<const R extends Rules>(
  className: string,
  rules: R,
  f: (given: Values<R>) => PerSample,
  mask?: (given: Values<R>) => (yTrue: Tensor) => CoreTensor | undefined,
) {
  const read = signature(`keras.metrics.${className}`, {
    name: nameKind.or(snakeCase(className)),
    dtype: noDtype,
    ...rules,
  });
  return class extends MeanMetric {
    static override readonly className = className;

    constructor(...args: readonly unknown[]) {
      const given = read(args) as unknown as Named & Values<R>;
      super(f(given), given.name ?? snakeCase(className), mask?.(given));
    }
  };
}

type Positions = [name: string, dtype: null | "float32"];
type MadeBy<P extends unknown[], N> = Makes<Args<P, N & Named>, Metric>;
const plain = (className: string, f: PerSample): MadeBy<Positions, object> =>
  withoutNew(metricClass(className, {}, () => f)) as never;

export const SparseCategoricalAccuracy = plain("SparseCategoricalAccuracy", sparse_categorical_accuracy);
export const CategoricalAccuracy = plain("CategoricalAccuracy", categorical_accuracy);
export const BinaryAccuracy = withoutNew(
  metricClass(
    "BinaryAccuracy",
    { threshold: 0.5 },
    ({ threshold }) =>
      (yTrue, yPred) =>
        binary_accuracy(yTrue, yPred, threshold),
  ),
) as unknown as MadeBy<[...Positions, threshold: number], { threshold: number }>;
export const MeanSquaredError = plain("MeanSquaredError", losses.mean_squared_error);
export const MeanAbsoluteError = plain("MeanAbsoluteError", losses.mean_absolute_error);

export const SparseCategoricalCrossentropy = withoutNew(
  metricClass(
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

export const CategoricalCrossentropy = withoutNew(
  metricClass(
    "CategoricalCrossentropy",
    { from_logits: false, label_smoothing: number.or(0), axis: int.or(-1) },
    ({ from_logits, label_smoothing, axis }) =>
      (yTrue, yPred) =>
        losses.categorical_crossentropy(yTrue, yPred, { from_logits, label_smoothing, axis }),
  ),
) as unknown as MadeBy<[...Positions, from_logits: boolean, label_smoothing: number, axis: number], SmoothingArguments>;

/** The classes by the names of their functions. */
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
} satisfies Record<string, new () => Metric>;

export type MetricName = keyof typeof TABLE | "accuracy" | "acc";
