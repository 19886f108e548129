// Keras 3 over Facet's core: `import * as keras from "@facet/shims-keras"`. COMPAT.md says what is there and what differs.
import { Tensor as CoreTensor } from "@facet/autograd";
import { instance, namespace, only, signature } from "@facet/dialect";
import * as activationsModule from "./activations.js";
import * as applicationsModule from "./applications/index.js";
import * as backendModule from "./backend.js";
import { type Makes, withoutNew } from "./callable.js";
import * as callbacksModule from "./callbacks.js";
import { automaticName, config as configMembers } from "./config.js";
import * as datasetsModule from "./datasets.js";
import * as facetModule from "./facet.js";
import * as initializersModule from "./initializers.js";
import { dtypeKind, nameKind, shape } from "./kinds.js";
import { inputOf } from "./layers/core.js";
import * as layersModule from "./layers/index.js";
import { Layer as LayerBase } from "./layers/layer.js";
import * as lossesModule from "./losses/index.js";
import * as metricsModule from "./metrics/index.js";
import * as modelsModule from "./models/index.js";
import { NdArray as NdArrayBase } from "./ndarray.js";
import * as opsModule from "./ops/index.js";
import * as optimizersModule from "./optimizers/index.js";
import * as randomModule from "./random.js";
import { KerasTensor as KerasTensorBase, type Shape, Tensor as TensorBase, type TensorDtype } from "./tensor.js";
import * as utilsModule from "./utils.js";

import "./start.js";

/** The base of layers, whole without `new`. */
export const Layer = withoutNew(LayerBase);
export type Layer = LayerBase;
export const Loss = withoutNew(lossesModule.Loss);
export type Loss = lossesModule.Loss;
export const Metric = withoutNew(metricsModule.Metric);
export type Metric = metricsModule.Metric;
export const Optimizer = withoutNew(optimizersModule.Optimizer);
export type Optimizer = optimizersModule.Optimizer;
export const Initializer = withoutNew(initializersModule.Initializer);
export type Initializer = initializersModule.Initializer;
export const NdArray = withoutNew(NdArrayBase);
export type NdArray = NdArrayBase;

const readTensor = signature("keras.Tensor", {
  core: instance(() => CoreTensor, "a Tensor of @facet/autograd"),
});
/** A device tensor around one of the core's: for programs that use both. Ops and layers make theirs themselves. */
export const Tensor = withoutNew(TensorBase, (args) => [readTensor(args).core]);
export type Tensor = TensorBase;

const readKerasTensor = signature("keras.KerasTensor", {
  shape,
  dtype: dtypeKind.or("float32"),
  sparse: only(false),
  ragged: only(false),
  record_history: only(true),
  name: nameKind.or(null),
});
type KerasTensorConstructor = Makes<
  [shape: Shape | { shape: Shape; dtype?: TensorDtype; name?: string | null }, ...rest: readonly unknown[]],
  KerasTensorBase
>;
/** `keras.KerasTensor(shape, dtype)`: a placeholder of no call, to ask ops and layers for the shapes of their results. */
export const KerasTensor = withoutNew(KerasTensorBase, (args) => {
  const given = readKerasTensor(args);
  return [given.shape, given.dtype, given.name ?? automaticName("KerasTensor")];
}) as unknown as KerasTensorConstructor;
export type KerasTensor = KerasTensorBase;

/** `keras.Input({ shape: [28, 28, 1] })`: a placeholder [null, 28, 28, 1]. `shape` leaves the batch out. */
export const Input = inputOf("keras.Input");
export { Model } from "./models/model.js";
export { Sequential } from "./models/sequential.js";
export { type HostArray, ndarray } from "./ndarray.js";
// Named at the root too, so that declarations made of what programs return can name them.
export type { BatchLogs, CallbackBase, Logs } from "./training/callback.js";
export { Variable } from "./variable.js";

/** What a module has for users: without what other modules of this package use of it. */
type Public<M, K extends keyof M, Own = unknown> = Omit<M, K> & Own;

export const activations: Public<typeof activationsModule, "resolve" | "softmaxAlong"> = namespace(
  "keras.activations",
  without(activationsModule, "resolve", "softmaxAlong"),
);
export const applications = namespace("keras.applications", applicationsModule);
export const backend = namespace("keras.backend", backendModule);
export const facet = namespace("keras.facet", facetModule);
export const callbacks: typeof callbacksModule = namespace("keras.callbacks", callbacksModule);
export const config = namespace("keras.config", configMembers);
export const datasets = namespace("keras.datasets", datasetsModule);
export const initializers: Public<
  typeof initializersModule,
  "resolve" | "initializerKind" | "Initializer",
  { readonly Initializer: typeof Initializer }
> = namespace("keras.initializers", { ...without(initializersModule, "resolve", "initializerKind"), Initializer });
export const layers: Public<typeof layersModule, "inputOf" | "Layer", { readonly Layer: typeof Layer }> = namespace(
  "keras.layers",
  { ...without(layersModule, "inputOf"), Layer },
);
export const losses: Public<typeof lossesModule, "resolve" | "Loss", { readonly Loss: typeof Loss }> = namespace(
  "keras.losses",
  { ...without(lossesModule, "resolve"), Loss },
);
export const metrics: Public<
  typeof metricsModule,
  "resolve" | "metricKind" | "Metric",
  { readonly Metric: typeof Metric }
> = namespace("keras.metrics", { ...without(metricsModule, "resolve", "metricKind"), Metric });
export const models: typeof modelsModule = namespace("keras.models", modelsModule);
export const ops: typeof opsModule = namespace("keras.ops", opsModule);
export const optimizers: Public<
  typeof optimizersModule,
  "resolve" | "Optimizer",
  { readonly Optimizer: typeof Optimizer }
> = namespace("keras.optimizers", { ...without(optimizersModule, "resolve"), Optimizer });
export const random: typeof randomModule = namespace("keras.random", randomModule);
export const utils = namespace("keras.utils", utilsModule);

/** A module without what other modules of this package use of it. */
function without<T extends object, K extends keyof T>(module: T, ...names: readonly K[]): Omit<T, K> {
  return Object.fromEntries(Object.entries(module).filter(([name]) => !names.includes(name as K))) as Omit<T, K>;
}

// Types of the namespaces' members, beside their values.
export declare namespace activations {
  type Activation = activationsModule.ActivationFunction;
}
export declare namespace callbacks {
  type BatchLogs = callbacksModule.BatchLogs;
  type Callback = callbacksModule.Callback;
  type History = callbacksModule.History;
  type Logs = callbacksModule.Logs;
}
export declare namespace initializers {
  type Initializer = initializersModule.Initializer;
}
export declare namespace layers {
  type CallContext = layersModule.CallContext;
  type Layer = LayerBase;
}
export declare namespace losses {
  type Loss = lossesModule.Loss;
}
export declare namespace metrics {
  type Metric = metricsModule.Metric;
}
export declare namespace models {
  type Model = modelsModule.Model;
  type Sequential = modelsModule.Sequential;
}
export declare namespace optimizers {
  type Adam = optimizersModule.Adam;
  type AdamW = optimizersModule.AdamW;
  type Adadelta = optimizersModule.Adadelta;
  type Adagrad = optimizersModule.Adagrad;
  type Adamax = optimizersModule.Adamax;
  type Ftrl = optimizersModule.Ftrl;
  type Adafactor = optimizersModule.Adafactor;
  type Lamb = optimizersModule.Lamb;
  type Muon = optimizersModule.Muon;
  type ScheduleFreeAdamW = optimizersModule.ScheduleFreeAdamW;
  type Lion = optimizersModule.Lion;
  type Nadam = optimizersModule.Nadam;
  type Optimizer = optimizersModule.Optimizer;
  type RMSprop = optimizersModule.RMSprop;
  type SGD = optimizersModule.SGD;
}
