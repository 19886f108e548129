// torch.autograd
export { enable_grad, inference_mode, no_grad, set_grad_enabled } from "../grad_mode.js";
export { AutogradFunction as Function, type FunctionCtx } from "./function.js";
export * as functional from "./functional.js";
export { type BackwardAllArguments, backward, grad } from "./gradients.js";
