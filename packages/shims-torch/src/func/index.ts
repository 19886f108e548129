// torch.func
export { hessian, jacfwd, jacrev } from "./jacobians.js";
export { functional_call, stack_module_state } from "./modules.js";
export { grad, grad_and_value, jvp, linearize, vjp } from "./transforms.js";
export { vmap } from "./vmap.js";
