// Digits by a compact linen module and a TrainState, as Flax's example.
import { linen as nn, training } from "@facet/shims-flax";
import * as jax from "@facet/shims-jax";
import { images } from "../formula.js";
import { start } from "./start.js";

const { optax, numpy: jnp } = jax;
const { TrainState } = training.train_state;
type Arr = InstanceType<typeof jax.Array>;
type State = InstanceType<typeof TrainState>;

/** A simple CNN model. */
class CNN extends nn.Module {
  override __call__(x: Arr): Arr {
    x = new nn.Conv({ features: 8, kernel_size: [3, 3] })(x);
    x = nn.relu(x);
    x = nn.avg_pool(x, { window_shape: [2, 2], strides: [2, 2] });
    x = new nn.Conv({ features: 16, kernel_size: [3, 3] })(x);
    x = nn.relu(x);
    x = nn.avg_pool(x, { window_shape: [2, 2], strides: [2, 2] });
    x = x.reshape([x.shape[0] as number, -1]);
    x = new nn.Dense({ features: 32 })(x);
    x = nn.relu(x);
    return new nn.Dense({ features: 10 })(x);
  }
}

/** Gradients, loss and accuracy of one batch. */
const apply_model = jax.jit((state: State, images: Arr, labels: Arr) => {
  function loss_fn(params: State["params"]): [Arr, Arr] {
    const logits = state.apply_fn({ params }, images);
    const one_hot = jax.nn.one_hot(labels, 10);
    const loss = jnp.mean(optax.softmax_cross_entropy({ logits, labels: one_hot }));
    return [loss, logits];
  }
  const [[loss, logits], grads] = jax.value_and_grad(loss_fn, { has_aux: true })(state.params);
  const accuracy = jnp.mean(jnp.argmax(logits, -1).equal(labels));
  return [grads, loss, accuracy] as const;
});

const update_model = jax.jit((state: State, grads: State["params"]) => state.apply_gradients({ grads }));

export async function train(steps: number): Promise<number[]> {
  const cnn = new CNN();
  const params = start(cnn.init(jax.random.key(0), jnp.ones([1, 12, 12, 1])).params);
  let state = TrainState.create({ apply_fn: cnn.apply, params, tx: optax.sgd(0.1, 0.9) });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, y } = images(16, [12, 12, 1], 10, 1000 + 2 * step);
    const [grads, loss] = apply_model(state, jnp.array(x).reshape([16, 12, 12, 1]), jnp.array(y));
    state = update_model(state, grads);
    losses.push(Number(await loss.item()));
  }
  return losses;
}
