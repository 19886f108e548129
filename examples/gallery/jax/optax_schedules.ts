// One fit, four schedules: rates that warm up, fall along a cosine, step down or stay, each with its own optimizer state.
import * as jax from "@facet/shims-jax";
import { floats } from "../formula.js";
import { start } from "./start.js";

const { optax, numpy: jnp } = jax;
type Array = InstanceType<typeof jax.Array>;
type Params = { b1: Array; w1: Array; w2: Array };

const SCHEDULES = {
  constant: optax.constant_schedule(0.05),
  cosine: optax.cosine_decay_schedule(0.1, { decay_steps: 10, alpha: 0.1 }),
  warmup: optax.linear_schedule(0, 0.1, { transition_steps: 5 }),
  steps: optax.piecewise_constant_schedule(0.1, { 3: 0.5, 6: 0.5 }),
};

function loss(params: Params, x: Array, y: Array): Array {
  const hidden = jnp.tanh(jnp.matmul(x, params.w1).add(params.b1));
  return optax.l2_loss(jnp.matmul(hidden, params.w2), y).mean();
}

async function fit(schedule: (typeof SCHEDULES)[keyof typeof SCHEDULES], steps: number): Promise<number[]> {
  let params = start<Params>({ b1: jnp.zeros([16]), w1: jnp.zeros([4, 16]), w2: jnp.zeros([16, 1]) });
  const optimizer = optax.sgd(schedule, { momentum: 0.9, nesterov: true });
  let state = optimizer.init(params);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const x = jnp.array(floats([16, 4], 1, 1000 + i)).reshape([16, 4]);
    const y = jnp.sin(x.slice(null, [0, 1]).mul(3));
    const [value, grads] = jax.value_and_grad(loss)(params, x, y);
    const [updates, next] = optimizer.update(grads, state);
    params = optax.apply_updates(params, updates) as Params;
    state = next;
    losses.push(Number(await value.item()));
  }
  return losses;
}

export async function train(steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (const schedule of Object.values(SCHEDULES)) losses.push(...(await fit(schedule, steps)));
  return losses;
}
