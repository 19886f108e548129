// torch.nn.modules.module
export { Module } from "./module.js";
export {
  register_module_forward_hook,
  register_module_forward_pre_hook,
  register_module_full_backward_hook,
  register_module_full_backward_pre_hook,
} from "./module_hooks.js";
