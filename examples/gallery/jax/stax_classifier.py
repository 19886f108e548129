"""Digits by stax's convolutions and the triple of an optimizer, as JAX's example of a classifier."""

import jax
import jax.numpy as jnp
from formula import images
from jax import grad, jit, random
from jax.example_libraries import optimizers, stax
from jax.example_libraries.stax import Conv, Dense, Flatten, LogSoftmax, MaxPool, Relu
from start import start

init_random_params, predict = stax.serial(
    Conv(16, (3, 3), padding="SAME"),
    Relu,
    MaxPool((2, 2), (2, 2)),
    Conv(16, (3, 3), padding="SAME"),
    Relu,
    Flatten,
    Dense(10),
    LogSoftmax,
)


def loss(params, batch):
    inputs, targets = batch
    preds = predict(params, inputs)
    return -jnp.mean(jnp.sum(preds * targets, axis=1))


def train(steps):
    _, init_params = init_random_params(random.key(0), (-1, 14, 14, 1))
    opt_init, opt_update, get_params = optimizers.momentum(0.05, mass=0.9)

    @jit
    def update(i, opt_state, batch):
        params = get_params(opt_state)
        return opt_update(i, grad(loss)(params, batch), opt_state)

    opt_state = opt_init(start(init_params))
    losses = []
    for i in range(steps):
        x, y = images(8, [14, 14, 1], 10, 1000 + 2 * i)
        batch = (jnp.asarray(x), jax.nn.one_hot(y, 10))
        losses.append(float(loss(get_params(opt_state), batch)))
        opt_state = update(i, opt_state, batch)
    return losses
