// JAX, jax.example_libraries and optax over Facet's core. Importing it opens the device; a missing one is reported by the
// first array.
import { namespace } from "@facet/dialect";
import * as optimizers from "./example_libraries/optimizers.js";
import * as stax from "./example_libraries/stax.js";
import * as laxMembers from "./lax.js";
import * as nnMembers from "./nn.js";
import * as numpyMembers from "./numpy/index.js";
import * as optaxMembers from "./optax.js";
import * as randomMembers from "./random.js";
import * as specialMembers from "./scipy/special.js";
import { short, treeUtil } from "./tree_util.js";

import "./start.js";

export { JaxArray as Array } from "./array.js";
export { checkpoint, custom_jvp, custom_vjp, remat } from "./custom_derivatives.js";
export { hessian, jacfwd, jacrev, jvp, linearize } from "./forward_mode.js";
export { disable_jit, jit } from "./jit.js";
export { block_until_ready, device_get, grad, value_and_grad, vjp } from "./transforms.js";
export { type MapAxes, vmap } from "./vmap.js";

export const lax = namespace("jax.lax", laxMembers);
export const nn = namespace("jax.nn", nnMembers);
export const numpy = namespace("jax.numpy", numpyMembers);
export const optax = namespace("optax", optaxMembers, "jax");
export const random = namespace("jax.random", randomMembers);
/** jax.scipy: special functions. */
export const scipy = namespace("jax.scipy", { special: namespace("jax.scipy.special", specialMembers) });
export const tree = namespace("jax.tree", short);
export const tree_util = namespace("jax.tree_util", treeUtil);

/** jax.example_libraries: stax and optimizers. */
export const example_libraries = namespace("jax.example_libraries", {
  stax: namespace("jax.example_libraries.stax", stax),
  optimizers: namespace("jax.example_libraries.optimizers", optimizers),
});
