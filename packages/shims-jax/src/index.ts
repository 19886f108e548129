// JAX, jax.example_libraries and optax over Facet's core. Importing it opens the device; a missing one is reported by the
// first array.
import "./start.js";

export { eval_shape, make_jaxpr, ShapeDtypeStruct } from "./abstract.js";
export { JaxArray as Array } from "./array.js";
export { checkpoint, custom_jvp, custom_vjp, remat } from "./custom_derivatives.js";
export { effects_barrier } from "./debug.js";
export {
  clear_caches,
  Device,
  default_backend,
  device_count,
  device_put,
  devices,
  host_count,
  host_id,
  host_ids,
  local_device_count,
  local_devices,
  process_count,
  process_index,
  process_indices,
} from "./devices.js";
export { hessian, jacfwd, jacrev as jacobian, jacrev, jvp, linearize } from "./forward_mode.js";
export { disable_jit, jit } from "./jit.js";
export {
  ensure_compile_time_eval,
  linear_transpose,
  named_call,
  named_scope,
  pmap,
  typeof_ as typeof,
} from "./more_transforms.js";
export {
  ad_checkpoint,
  checkpoint_policies,
  config,
  debug,
  example_libraries,
  image,
  lax,
  nn,
  numpy,
  ops,
  optax,
  random,
  scipy,
  tree,
  tree_util,
} from "./namespaces.js";
export { block_until_ready, device_get, grad, value_and_grad, vjp } from "./transforms.js";
export { type MapAxes, vmap } from "./vmap.js";
