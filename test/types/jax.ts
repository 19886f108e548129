// What must compile of the JAX dialect and what must not: read by the compiler when types are checked, never run.
import * as jax from "@facet/shims-jax";
import { type Array as JaxArray, numpy as jnp, lax, optax, random } from "@facet/shims-jax";

declare const x: JaxArray;
interface Params {
  w: JaxArray;
  b: JaxArray;
}
declare const params: Params;
const loss = (p: Params, data: JaxArray): JaxArray => jnp.mean(jnp.add(jnp.matmul(data, p.w), p.b));
const withAux = (p: Params, data: JaxArray): [JaxArray, { logits: JaxArray }] => [loss(p, data), { logits: data }];

// A gradient has the structure of what it is taken by.
const g: Params = jax.grad(loss)(params, x);
// @ts-expect-error a structure, not an array
const g1: JaxArray = jax.grad(loss)(params, x);
// @ts-expect-error of params and an array
jax.grad(loss)(x, params);
const [value, g2]: [JaxArray, Params] = jax.value_and_grad(loss)(params, x);
const [[v, aux], g3] = jax.value_and_grad(withAux, { has_aux: true })(params, x);
const typed: [JaxArray, { logits: JaxArray }, Params] = [v, aux, g3];
// @ts-expect-error the auxiliary value keeps its names
aux.logit;
const g4: [Params, JaxArray] = jax.grad(loss, { argnums: [0, 1] })(params, x);
const g5: JaxArray = jax.grad(loss, { argnums: 1 })(params, x);
// @ts-expect-error the gradient by the second argument
const g6: Params = jax.grad(loss, { argnums: 1 })(params, x);
const [g7, aux7]: [Params, { logits: JaxArray }] = jax.grad(withAux, { has_aux: true })(params, x);
// @ts-expect-error a gradient and the auxiliary value
const g8: Params = jax.grad(withAux, { has_aux: true })(params, x);
const g9: JaxArray = jax.grad(loss, 1)(params, x);
// @ts-expect-error a misspelt keyword
jax.grad(loss, { argnum: 1 });

// Transforms keep the signature.
const jitted: typeof loss = jax.jit(loss);
// @ts-expect-error of params and an array
jax.jit(loss)(x);
// @ts-expect-error a misspelt keyword
jax.jit(loss, { static_argnum: 1 });
const mapped: JaxArray = jax.vmap(loss, { in_axes: [null, 0] })(params, x);
const struct: jax.ShapeDtypeStruct = jax.eval_shape(loss, params, x);
// @ts-expect-error a list of extents
const abstract: string = jax.eval_shape(loss, params, x).shape;

// Loops keep carry and results.
const [carry, ys]: [Params, JaxArray] = lax.scan((c: Params, each: JaxArray) => [c, jnp.sin(each)], params, x);
const looped: Params = lax.fori_loop(0, 3, (_i, p) => p, params);
// @ts-expect-error a misspelt keyword
jnp.sum(x, { axs: 0 });
// @ts-expect-error a key, not a number
random.normal(0, [2]);
// @ts-expect-error a misspelt dtype
jnp.zeros([2], "flaot32");
// @ts-expect-error a name that is absent
jnp.sume(x);
// @ts-expect-error a misspelt padding
lax.conv(x, x, [1, 1], "SMAE");

// Gradient transformations keep params and their state.
const tx = optax.adam(1e-3);
const state = tx.init(params);
const [updates, next] = tx.update(g, state, params);
const moved: Params = optax.apply_updates(params, updates);
// @ts-expect-error a misspelt keyword
optax.adam(1e-3, { beta1: 0.9 });

void [
  g,
  g1,
  value,
  g2,
  typed,
  g4,
  g5,
  g6,
  g7,
  aux7,
  g8,
  g9,
  jitted,
  mapped,
  struct,
  abstract,
  carry,
  ys,
  looped,
  next,
  moved,
];
