// What models are given: when they are made, compiled, trained and asked.
import { any, bool, func, int, listOf, number, only, signature } from "@facet/dialect";
import { array, classWeights, nameKind, positive } from "../kinds.js";
import type { LayerInput } from "../layers/arguments.js";
import type * as losses from "../losses/index.js";
import { type MetricArgument, metricKind } from "../metrics/index.js";
import type { HostArray } from "../ndarray.js";
import type * as optimizers from "../optimizers/index.js";
import type { KerasTensor, Tensor } from "../tensor.js";
import type { CallbackBase } from "../training/callback.js";
import type { ClassWeight, InputData } from "../training/data.js";
import type { Verbose } from "../training/loop.js";
import type { TrainingData } from "../training/sources.js";

export interface CompileArguments {
  optimizer: optimizers.OptimizerArgument;
  loss: losses.LossArgument | null;
  metrics: readonly MetricArgument[] | null;
  /** Runs steps op by op instead of as a replayed plan: for layers that look at values. Default false. */
  run_eagerly: boolean;
}

export interface EvaluateArguments {
  x: TrainingData;
  y: HostArray | null;
  batch_size: number | null;
  verbose: Verbose;
  sample_weight: HostArray | null;
  steps: number | null;
  callbacks: readonly CallbackBase[] | CallbackBase | null;
  return_dict: boolean;
}

export interface PredictArguments {
  x: TrainingData;
  batch_size: number | null;
  verbose: Verbose;
  steps: number | null;
  callbacks: readonly CallbackBase[] | CallbackBase | null;
}

export interface FunctionalArguments {
  inputs: LayerInput<KerasTensor>;
  outputs: LayerInput<KerasTensor>;
  name: string | null;
  trainable: boolean;
}

export interface OnBatchArguments {
  x: InputData;
  y: HostArray | null;
  sample_weight: HostArray | null;
  class_weight: ClassWeight | null;
  return_dict: boolean;
}
export type OnBatchResult = Promise<number | number[] | Record<string, number>>;

export const readModel = signature("keras.Model", {
  inputs: any.or(null),
  outputs: any.or(null),
  name: nameKind.or(null),
  "*": null,
  activity_regularizer: only(null),
  trainable: bool.or(true),
  dtype: only(null, "float32"),
  autocast: only(true, false),
});
export const readGetLayer = signature("keras.Model.get_layer", { name: nameKind.or(null), index: int.or(null) });
export const readBuild = signature("keras.Model.build", { input_shape: any });
export const readCompile = signature("keras.Model.compile", {
  optimizer: any.or("rmsprop"),
  loss: any.or(null),
  loss_weights: only(null),
  metrics: listOf(metricKind).or(null),
  weighted_metrics: only(null),
  run_eagerly: bool.or(false),
  steps_per_execution: only(1),
  jit_compile: only("auto"),
  auto_scale_loss: only(true),
});
export const readSummary = signature("keras.Model.summary", {
  line_length: positive.where("an integer from 1 to 10000", (characters) => characters <= 10_000).or(null),
  positions: listOf(number).or(null),
  print_fn: func.or(null),
  expand_nested: only(false),
  show_trainable: bool.or(false),
  layer_range: only(null),
});
const onBatch = { x: any, y: any.or(null), sample_weight: any.or(null) };
export const readTrainOnBatch = signature("keras.Model.train_on_batch", {
  ...onBatch,
  class_weight: classWeights.or(null),
  return_dict: bool.or(false),
});
export const readTestOnBatch = signature("keras.Model.test_on_batch", { ...onBatch, return_dict: bool.or(false) });
export const readPredictOnBatch = signature("keras.Model.predict_on_batch", { x: any });
export const readResetMetrics = signature("keras.Model.reset_metrics", {});
export const readTrainStep = signature("keras.Model.train_step", { data: any });
export const readTestStep = signature("keras.Model.test_step", { data: any });
export const readPredictStep = signature("keras.Model.predict_step", { data: any });
export const readComputeLoss = signature("keras.Model.compute_loss", {
  x: any.or(null),
  y: array.or(null),
  y_pred: any.or(null),
  sample_weight: array.or(null),
  training: bool.or(true),
});
export const readComputeMetrics = signature("keras.Model.compute_metrics", {
  x: any,
  y: array.orNone,
  y_pred: any,
  sample_weight: array.or(null),
});

/** Hooks of Keras' models that nothing here would call. */
export const UNSUPPORTED_HOOKS = [
  "make_train_function",
  "make_test_function",
  "make_predict_function",
  "get_metrics_result",
  "stateless_compute_loss",
];

/** What `train_step` and `test_step` get: inputs, targets, and sample weights where there are some. */
export type StepData = readonly [x: LayerInput<Tensor>, y?: Tensor, sample_weight?: Tensor];
