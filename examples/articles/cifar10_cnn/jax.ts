// JAX as intended: the optimiser is told the step, the loss is a mean over samples. jax_as_printed.ts tells it the epoch and
// takes the mean over samples and classes, and differs in nothing else. Neither is compiled.
import type { ImageSplit } from "@facet/datasets";
import * as jax from "@facet/shims-jax";
import { alone } from "../alone.js";
import type { Program } from "../run.js";

const { numpy: jnp, random, tree_util, value_and_grad } = jax;
const { stax, optimizers } = jax.example_libraries;
type Array = InstanceType<typeof jax.Array>;

const [conv_init, conv_apply] = stax.serial(
  stax.Conv(16, [3, 3], [1, 1], "SAME"),
  stax.Relu,
  stax.MaxPool([2, 2], [2, 2]),
  stax.Conv(32, [3, 3], [1, 1], "SAME"),
  stax.Relu,
  stax.MaxPool([2, 2], [2, 2]),
  stax.Flatten,
  stax.Dense(64),
  stax.Relu,
  stax.Dense(10),
  stax.Softmax,
);
type Params = Parameters<typeof conv_apply>[0];

const BATCH = 128;
const EPSILON = 1e-7; // tf.keras.backend.epsilon()

function cross_entropy(params: Params, x: Array, y: Array, { model }: { model: typeof conv_apply }): Array {
  const log_likelihood = jax.nn.one_hot(y, 10).mul(jnp.log(model(params, x).add(EPSILON)));
  return log_likelihood.sum({ axis: 1 }).mean().neg();
}

export const program: Program = async (run) => {
  const { train, test } = run.data;
  const batches = (count: number) => Math.floor((count - 1) / BATCH) + 1; // n // bs + 1 makes an empty one where bs divides n
  const batch_of = ({ images, labels, count, height, width, channels }: ImageSplit, batch: number): [Array, Array] => {
    const [start, stop] = [batch * BATCH, Math.min((batch + 1) * BATCH, count)];
    const pixels = height * width * channels;
    const x = jnp.array(images.subarray(start * pixels, stop * pixels)).reshape([-1, height, width, channels]);
    return [x.astype(jnp.float32).div(255), jnp.array(Int32Array.from(labels.subarray(start, stop)))];
  };

  const [, params] = conv_init(random.PRNGKey(run.seed), [18, train.height, train.width, train.channels]);
  const [opt_init, opt_update, get_params] = optimizers.adam(1e-4);
  let opt_state = opt_init(params);

  run.phase("train");
  for (let i = 0; i < run.epochs; i++) {
    for (let batch = 0; batch < batches(train.count); batch++) {
      const [x, y] = batch_of(train, batch);
      const [loss, gradients] = value_and_grad(cross_entropy)(get_params(opt_state), x, y, { model: conv_apply });
      opt_state = opt_update(i * batches(train.count) + batch, gradients, opt_state);
      await run.step(loss);
    }
    await run.epoch();
  }

  run.phase("predict");
  let correct = 0;
  for (let batch = 0; batch < batches(test.count); batch++) {
    const [x, y] = batch_of(test, batch);
    correct += Number(await conv_apply(get_params(opt_state), x).argmax(1).equal(y).sum().item());
  }
  const parameters = tree_util.tree_reduce((sum: number, leaf: Array) => sum + leaf.size, params, 0);
  return { parameters, accuracy: correct / test.count };
};

await alone(import.meta, program);
