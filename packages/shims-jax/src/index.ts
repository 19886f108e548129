// JAX, jax.example_libraries and optax over Facet's core. Importing it opens the device; a missing one is reported by the
// first array.
import "./start.js";

export { JaxArray as Array } from "./array.js";
export { checkpoint, custom_jvp, custom_vjp, remat } from "./custom_derivatives.js";
export { hessian, jacfwd, jacrev, jvp, linearize } from "./forward_mode.js";
export { disable_jit, jit } from "./jit.js";
export { example_libraries, lax, nn, numpy, optax, random, scipy, tree, tree_util } from "./namespaces.js";
export { block_until_ready, device_get, grad, value_and_grad, vjp } from "./transforms.js";
export { type MapAxes, vmap } from "./vmap.js";
