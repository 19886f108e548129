// flax.nnx.initializers and flax.linen.initializers: those of jax.nn under flax' names too.
import { define } from "@facet/dialect";
import { ones, zeros } from "@facet/shims-jax/nn/initializers";
import type { Initializer } from "@facet/shims-jax/parts";

export * from "@facet/shims-jax/nn/initializers";

/** An initialiser of zeros. */
export const zeros_init: () => Initializer = define(
  "flax.linen.initializers.zeros_init",
  {},
  () => zeros as unknown as Initializer,
);
/** An initialiser of ones. */
export const ones_init: () => Initializer = define(
  "flax.linen.initializers.ones_init",
  {},
  () => ones as unknown as Initializer,
);
