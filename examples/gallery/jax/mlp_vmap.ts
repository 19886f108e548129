// A perceptron written for one image and mapped over a batch, trained by plain gradient descent: JAX's notebook of the basics.
import * as jax from "@facet/shims-jax";
import { images } from "../formula.js";
import { start } from "./start.js";

const { grad, jit, vmap, numpy: jnp } = jax;
const { relu } = jax.nn;
const { logsumexp } = jax.scipy.special;
type Array = InstanceType<typeof jax.Array>;
type Params = [Array, Array][];

const SIZES = [784, 64, 64, 10];

/** Log-probabilities of one image. */
function predict(params: Params, image: Array): Array {
  let activations = image;
  for (const [w, b] of params.slice(0, -1)) activations = relu(jnp.dot(activations, w).add(b));
  const [w, b] = params.at(-1) as [Array, Array];
  const logits = jnp.dot(activations, w).add(b);
  return logits.sub(logsumexp(logits));
}

const batched_predict = vmap(predict, { in_axes: [null, 0] });

const loss = (params: Params, images: Array, targets: Array): Array =>
  jnp.mean(batched_predict(params, images).mul(targets)).neg();

const update = jit((params: Params, x: Array, y: Array, rate: number): Params => {
  const grads = grad(loss)(params, x, y);
  return params.map(([w, b], i): [Array, Array] => {
    const [dw, db] = grads[i] as [Array, Array];
    return [w.sub(dw.mul(rate)), b.sub(db.mul(rate))];
  });
});

export async function train(steps: number): Promise<number[]> {
  let params = start(
    SIZES.slice(1).map((n, i): [Array, Array] => [jnp.zeros([SIZES[i] as number, n]), jnp.zeros([n])]),
  );
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, y } = images(16, [784], 10, 1000 + 2 * step);
    const inputs = jnp.array(x).reshape([16, 784]);
    const targets = jax.nn.one_hot(jnp.array(y), 10);
    losses.push(Number(await loss(params, inputs, targets).item()));
    params = update(params, inputs, targets, 0.5);
  }
  return losses;
}
