// JAX, jax.example_libraries and optax over Facet's core. Importing it opens the device; a missing one is reported by the
// first array.
import { startDevice } from "@facet/autograd";
import * as optimizers from "./example_libraries/optimizers.js";
import * as stax from "./example_libraries/stax.js";

await startDevice();

export { JaxArray as Array } from "./array.js";
export { disable_jit, jit } from "./jit.js";
export * as lax from "./lax.js";
export * as nn from "./nn.js";
export * as numpy from "./numpy/index.js";
export * as optax from "./optax.js";
export * as random from "./random.js";
export {
  block_until_ready,
  device_get,
  grad,
  value_and_grad,
  vjp,
} from "./transforms.js";
export * as tree from "./tree.js";
export * as tree_util from "./tree_util.js";

/** jax.example_libraries: stax and optimizers. */
export const example_libraries = { stax, optimizers };
