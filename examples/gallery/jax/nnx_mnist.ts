// Digits by a convolutional network with batch norm and dropout, as Flax's tutorial of nnx: modules with state, an optimizer, metrics.
import { nnx } from "@facet/shims-flax";
import * as jax from "@facet/shims-jax";
import { images } from "../formula.js";
import { start } from "./start.js";

const { optax, numpy: jnp } = jax;
type Array = InstanceType<typeof jax.Array>;
type Batch = { image: Array; label: Array };

class CNN extends nnx.Module {
  conv1: nnx.Conv;
  batch_norm1: nnx.BatchNorm;
  dropout1: nnx.Dropout;
  conv2: nnx.Conv;
  batch_norm2: nnx.BatchNorm;
  linear1: nnx.Linear;
  dropout2: nnx.Dropout;
  linear2: nnx.Linear;

  constructor(dropout: number, { rngs }: { rngs: nnx.Rngs }) {
    super();
    this.conv1 = new nnx.Conv(1, 8, { kernel_size: [3, 3], rngs });
    this.batch_norm1 = new nnx.BatchNorm(8, { rngs });
    this.dropout1 = new nnx.Dropout({ rate: dropout, rngs });
    this.conv2 = new nnx.Conv(8, 16, { kernel_size: [3, 3], rngs });
    this.batch_norm2 = new nnx.BatchNorm(16, { rngs });
    this.linear1 = new nnx.Linear(144, 32, { rngs });
    this.dropout2 = new nnx.Dropout({ rate: dropout, rngs });
    this.linear2 = new nnx.Linear(32, 10, { rngs });
  }

  avg_pool = (x: Array): Array => nnx.avg_pool(x, { window_shape: [2, 2], strides: [2, 2] });

  override __call__(x: Array): Array {
    x = this.avg_pool(nnx.relu(this.batch_norm1(this.dropout1(this.conv1(x)))));
    x = this.avg_pool(nnx.relu(this.batch_norm2(this.conv2(x))));
    x = x.reshape([x.shape[0] as number, -1]);
    x = nnx.relu(this.dropout2(this.linear1(x)));
    return this.linear2(x);
  }
}

function loss_fn(model: CNN, batch: Batch): [Array, Array] {
  const logits = model(batch.image);
  const loss = optax.softmax_cross_entropy_with_integer_labels({ logits, labels: batch.label }).mean();
  return [loss, logits];
}

const train_step = nnx.jit((model: CNN, optimizer: nnx.Optimizer, metrics: nnx.MultiMetric, batch: Batch) => {
  const [[loss, logits], grads] = nnx.value_and_grad(loss_fn, { has_aux: true })(model, batch);
  metrics.update({ loss, logits, labels: batch.label });
  optimizer.update(model, grads);
});

export async function train(steps: number, dropout = 0.025): Promise<number[]> {
  const model = new CNN(dropout, { rngs: new nnx.Rngs(0) });
  nnx.update(model, start(nnx.state(model, nnx.Param)));
  const optimizer = new nnx.Optimizer(model, optax.adamw(0.005, { b1: 0.9 }), { wrt: nnx.Param });
  const metrics = new nnx.MultiMetric({ accuracy: new nnx.metrics.Accuracy(), loss: new nnx.metrics.Average("loss") });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, y } = images(16, [12, 12, 1], 10, 1000 + 2 * step);
    train_step(model, optimizer, metrics, { image: jnp.array(x).reshape([16, 12, 12, 1]), label: jnp.array(y) });
    losses.push(Number(await metrics.compute().loss.item()));
    metrics.reset();
  }
  return losses;
}
