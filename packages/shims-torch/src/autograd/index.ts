// torch.autograd
import { AutogradFunction } from "./function.js";
import { once_differentiable } from "./once_differentiable.js";

export { enable_grad, inference_mode, no_grad, set_grad_enabled } from "../grad_mode.js";
export { detect_anomaly, set_detect_anomaly } from "./anomaly.js";
export { AutogradFunction as Function, type FunctionCtx } from "./function.js";
export * as functional from "./functional.js";
export { gradcheck, gradgradcheck } from "./gradcheck.js";
export { type BackwardAllArguments, backward, grad } from "./gradients.js";
export { Variable } from "./variable.js";

/** torch.autograd.function */
const functionMembers = { Function: AutogradFunction, once_differentiable } as const;

export { functionMembers as function };
