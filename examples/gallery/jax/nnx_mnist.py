"""Digits by a convolutional network with batch norm and dropout, as Flax's tutorial of nnx: modules with state, an optimizer, metrics."""

from functools import partial

import jax.numpy as jnp
import optax
from flax import nnx
from formula import images
from start import start


class CNN(nnx.Module):
    def __init__(self, dropout, *, rngs):
        self.conv1 = nnx.Conv(1, 8, kernel_size=(3, 3), rngs=rngs)
        self.batch_norm1 = nnx.BatchNorm(8, rngs=rngs)
        self.dropout1 = nnx.Dropout(rate=dropout, rngs=rngs)
        self.conv2 = nnx.Conv(8, 16, kernel_size=(3, 3), rngs=rngs)
        self.batch_norm2 = nnx.BatchNorm(16, rngs=rngs)
        self.avg_pool = partial(nnx.avg_pool, window_shape=(2, 2), strides=(2, 2))
        self.linear1 = nnx.Linear(144, 32, rngs=rngs)
        self.dropout2 = nnx.Dropout(rate=dropout, rngs=rngs)
        self.linear2 = nnx.Linear(32, 10, rngs=rngs)

    def __call__(self, x):
        x = self.avg_pool(nnx.relu(self.batch_norm1(self.dropout1(self.conv1(x)))))
        x = self.avg_pool(nnx.relu(self.batch_norm2(self.conv2(x))))
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.dropout2(self.linear1(x)))
        return self.linear2(x)


def loss_fn(model, batch):
    logits = model(batch["image"])
    loss = optax.softmax_cross_entropy_with_integer_labels(logits=logits, labels=batch["label"]).mean()
    return loss, logits


@nnx.jit
def train_step(model, optimizer, metrics, batch):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)
    metrics.update(loss=loss, logits=logits, labels=batch["label"])
    optimizer.update(model, grads)


def train(steps, dropout=0.025):
    model = CNN(dropout, rngs=nnx.Rngs(0))
    nnx.update(model, start(nnx.state(model, nnx.Param)))
    optimizer = nnx.Optimizer(model, optax.adamw(0.005, b1=0.9), wrt=nnx.Param)
    metrics = nnx.MultiMetric(accuracy=nnx.metrics.Accuracy(), loss=nnx.metrics.Average("loss"))
    losses = []
    for step in range(steps):
        x, y = images(16, [12, 12, 1], 10, 1000 + 2 * step)
        train_step(model, optimizer, metrics, {"image": jnp.asarray(x), "label": jnp.asarray(y)})
        losses.append(float(metrics.compute()["loss"]))
        metrics.reset()
    return losses
