// Digits by stax's convolutions and the triple of an optimizer, as JAX's example of a classifier.
import * as jax from "@facet/shims-jax";
import { images } from "../formula.js";
import { start } from "./start.js";

const { grad, jit, random, numpy: jnp } = jax;
const { optimizers, stax } = jax.example_libraries;
const { Conv, Dense, Flatten, LogSoftmax, MaxPool, Relu } = stax;
type Array = InstanceType<typeof jax.Array>;
type Batch = [inputs: Array, targets: Array];

const [init_random_params, predict] = stax.serial(
  Conv(16, [3, 3], { padding: "SAME" }),
  Relu,
  MaxPool([2, 2], [2, 2]),
  Conv(16, [3, 3], { padding: "SAME" }),
  Relu,
  Flatten,
  Dense(10),
  LogSoftmax,
);

function loss(params: unknown, [inputs, targets]: Batch): Array {
  const preds = predict(params as Parameters<typeof predict>[0], inputs);
  return jnp.mean(jnp.sum(preds.mul(targets), { axis: 1 })).neg();
}

export async function train(steps: number): Promise<number[]> {
  const [, init_params] = init_random_params(random.key(0), [-1, 14, 14, 1]);
  const [opt_init, opt_update, get_params] = optimizers.momentum(0.05, { mass: 0.9 });

  const update = jit((i: number, opt_state: ReturnType<typeof opt_init>, batch: Batch) => {
    const params = get_params(opt_state);
    return opt_update(i, grad(loss)(params, batch), opt_state);
  });

  let opt_state = opt_init(start(init_params));
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const { x, y } = images(8, [14, 14, 1], 10, 1000 + 2 * i);
    const batch: Batch = [jnp.array(x).reshape([8, 14, 14, 1]), jax.nn.one_hot(jnp.array(y), 10)];
    losses.push(Number(await loss(get_params(opt_state), batch).item()));
    opt_state = update(i, opt_state, batch);
  }
  return losses;
}
