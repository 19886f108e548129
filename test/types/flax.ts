// What must compile of the Flax dialect and what must not: read by the compiler when types are checked, never run.
import { linen, nnx } from "@facet/shims-flax";
import { type Array as JaxArray, optax, random } from "@facet/shims-jax";

declare const x: JaxArray;

// nnx: modules are called; a gradient has the module's state.
const rngs = new nnx.Rngs(0);
const layer = new nnx.Linear(4, 3, { rngs });
const y: JaxArray = layer(x);
// @ts-expect-error of arrays
layer("x");
// @ts-expect-error a misspelt keyword
new nnx.Linear(4, 3, { rng: rngs });
// @ts-expect-error features are numbers
new nnx.Linear("4", 3, { rngs });
// @ts-expect-error a misspelt padding
new nnx.Conv(1, 2, [3, 3], { padding: "SMAE", rngs });
const optimizer = new nnx.Optimizer(layer, optax.adam(1e-3), { wrt: nnx.Param });

// linen: features and options of a layer, and its variables.
const dense = new linen.Dense(3);
const variables = dense.init(random.key(0), x);
// @ts-expect-error a misspelt keyword
new linen.Dense(3, { usebias: false });
// @ts-expect-error a misspelt padding
new linen.Conv(3, [3, 3], { padding: "SMAE" });

void [y, optimizer, variables];
