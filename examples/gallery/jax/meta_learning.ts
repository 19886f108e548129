// Meta-learning of sines: a gradient taken through another one's step, so that a network learns a task from few points.
import * as jax from "@facet/shims-jax";
import { floats } from "../formula.js";
import { start } from "./start.js";

const { numpy: jnp, optax } = jax;
type Array = InstanceType<typeof jax.Array>;
type Params = [Array, Array][];
type Task = [x1: Array, y1: Array, x2: Array, y2: Array];

const SIZES = [1, 40, 40, 1];
const INNER_RATE = 0.1;

function net(params: Params, x: Array): Array {
  for (const [w, b] of params.slice(0, -1)) x = jax.nn.relu(jnp.matmul(x, w).add(b));
  const [w, b] = params.at(-1) as [Array, Array];
  return jnp.matmul(x, w).add(b);
}

const loss = (params: Params, x: Array, y: Array): Array => jnp.mean(net(params, x).sub(y).pow(2));

/** The parameters after one step on a task. */
function adapted(params: Params, x: Array, y: Array): Params {
  const grads = jax.grad(loss)(params, x, y);
  return jax.tree.map((p: Array, g: Array) => p.sub(g.mul(INNER_RATE)), params, grads) as Params;
}

/** How far a network that has seen (x1, y1) is from (x2, y2). */
const task_loss = (params: Params, ...[x1, y1, x2, y2]: Task): Array => loss(adapted(params, x1, y1), x2, y2);

const meta_loss = (params: Params, ...task: Task): Array =>
  jnp.mean(jax.vmap(task_loss, { in_axes: [null, 0, 0, 0, 0] })(params, ...task));

/** Sines of other heights and phases, each seen at two sets of places. */
function tasks(count: number, points: number, stream: number): Task {
  const drawn = (shape: number[], scale: number, offset: number): Array =>
    jnp.array(floats(shape, scale, stream + offset)).reshape(shape);
  const height = drawn([count, 1, 1], 2.4, 0).add(2.5);
  const phase = drawn([count, 1, 1], 1.5, 1);
  const [x1, x2] = [drawn([count, points, 1], 5, 2), drawn([count, points, 1], 5, 3)];
  return [x1, height.mul(jnp.sin(x1.add(phase))), x2, height.mul(jnp.sin(x2.add(phase)))];
}

export async function train(steps: number): Promise<number[]> {
  let params = start(
    SIZES.slice(1).map((n, i): [Array, Array] => [jnp.zeros([SIZES[i] as number, n]), jnp.zeros([n])]),
  );
  const optimizer = optax.adam(1e-2);
  let state = optimizer.init(params);

  const step = jax.jit((params: Params, state: ReturnType<typeof optimizer.init>, ...task: Task) => {
    const [value, grads] = jax.value_and_grad(meta_loss)(params, ...task);
    const [updates, next] = optimizer.update(grads, state);
    return [value, optax.apply_updates(params, updates), next] as const;
  });

  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const [value, updated, next] = step(params, state, ...tasks(8, 10, 1000 + 10 * i));
    losses.push(Number(await value.item()));
    params = updated as Params;
    state = next;
  }
  return losses;
}
