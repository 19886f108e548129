// A recurrent network as lax.scan of its cell, which adds up numbers that it hears one by one.
import * as jax from "@facet/shims-jax";
import { floats } from "../formula.js";
import { start } from "./start.js";

const { lax, optax, numpy: jnp } = jax;
type Array = InstanceType<typeof jax.Array>;
type Params = { wx: Array; wh: Array; b: Array; out: Array };

const [HIDDEN, LENGTH, BATCH] = [16, 12, 8];

function cell(params: Params, h: Array, x: Array): [Array, Array] {
  const next = jnp.tanh(jnp.matmul(x, params.wx).add(jnp.matmul(h, params.wh)).add(params.b));
  return [next, jnp.matmul(next, params.out)];
}

/** What one sequence [LENGTH, 1] says after each number. */
function predict(params: Params, xs: Array): Array {
  const [, ys] = lax.scan((h: Array, x: Array) => cell(params, h, x), jnp.zeros([HIDDEN]), xs);
  return ys;
}

const loss = (params: Params, xs: Array, targets: Array): Array =>
  jnp.mean(
    jax
      .vmap(predict, { in_axes: [null, 0] })(params, xs)
      .sub(targets)
      .pow(2),
  );

export async function train(steps: number): Promise<number[]> {
  let params = start({
    wx: jnp.zeros([1, HIDDEN]),
    wh: jnp.zeros([HIDDEN, HIDDEN]),
    b: jnp.zeros([HIDDEN]),
    out: jnp.zeros([HIDDEN, 1]),
  });
  const schedule = optax.warmup_cosine_decay_schedule(0, 2e-2, 3, 20);
  const optimizer = optax.chain(optax.clip_by_global_norm(1), optax.adam(schedule));
  let state = optimizer.init(params);

  const step = jax.jit((params: Params, state: ReturnType<typeof optimizer.init>, xs: Array, targets: Array) => {
    const [value, grads] = jax.value_and_grad(loss)(params, xs, targets);
    const [updates, next] = optimizer.update(grads, state, params);
    return [value, optax.apply_updates(params, updates), next] as const;
  });

  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const xs = jnp.array(floats([BATCH, LENGTH, 1], 1, 1000 + i)).reshape([BATCH, LENGTH, 1]);
    const [value, updated, next] = step(params, state, xs, jnp.cumsum(xs, { axis: 1 }));
    losses.push(Number(await value.item()));
    params = updated as Params;
    state = next;
  }
  return losses;
}
