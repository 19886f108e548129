// Keras 3 over Facet's core: `import * as keras from "@facet/shims-keras"`. COMPAT.md says what is there and what differs.
import { startDevice } from "@facet/autograd";

await startDevice();

export * as activations from "./activations.js";
export * as backend from "./backend.js";
export * as callbacks from "./callbacks.js";
export { config } from "./config.js";
export * as datasets from "./datasets.js";
export * as initializers from "./initializers.js";
export { Initializer } from "./initializers.js";
export { Input } from "./layers/core.js";
export * as layers from "./layers/index.js";
export { Layer } from "./layers/layer.js";
export * as losses from "./losses.js";
export { Loss } from "./losses.js";
export * as metrics from "./metrics.js";
export { Metric } from "./metrics.js";
export * as models from "./models/index.js";
export { Model } from "./models/model.js";
export { Sequential } from "./models/sequential.js";
export { type HostArray, NdArray, ndarray } from "./ndarray.js";
export * as ops from "./ops.js";
export * as optimizers from "./optimizers.js";
export { Optimizer } from "./optimizers.js";
export { KerasTensor, Tensor } from "./tensor.js";
export * as utils from "./utils.js";
export { Variable } from "./variable.js";
