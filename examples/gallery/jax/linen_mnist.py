"""Digits by a compact linen module and a TrainState, as Flax's example."""

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax.training import train_state
from formula import images
from start import start


class CNN(nn.Module):
    """A simple CNN model."""

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(features=8, kernel_size=(3, 3))(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nn.Conv(features=16, kernel_size=(3, 3))(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.Dense(features=32)(x)
        x = nn.relu(x)
        return nn.Dense(features=10)(x)


@jax.jit
def apply_model(state, images, labels):
    """Gradients, loss and accuracy of one batch."""

    def loss_fn(params):
        logits = state.apply_fn({"params": params}, images)
        one_hot = jax.nn.one_hot(labels, 10)
        loss = jnp.mean(optax.softmax_cross_entropy(logits=logits, labels=one_hot))
        return loss, logits

    (loss, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    accuracy = jnp.mean(jnp.argmax(logits, -1) == labels)
    return grads, loss, accuracy


@jax.jit
def update_model(state, grads):
    return state.apply_gradients(grads=grads)


def train(steps):
    cnn = CNN()
    params = start(cnn.init(jax.random.key(0), jnp.ones([1, 12, 12, 1]))["params"])
    state = train_state.TrainState.create(apply_fn=cnn.apply, params=params, tx=optax.sgd(0.1, 0.9))
    losses = []
    for step in range(steps):
        x, y = images(16, [12, 12, 1], 10, 1000 + 2 * step)
        grads, loss, _ = apply_model(state, jnp.asarray(x), jnp.asarray(y))
        state = update_model(state, grads)
        losses.append(float(loss))
    return losses
