"""A recurrent network as lax.scan of its cell, which adds up numbers that it hears one by one."""

import jax
import jax.numpy as jnp
import optax
from formula import floats
from jax import lax
from start import start

HIDDEN, LENGTH, BATCH = 16, 12, 8


def cell(params, h, x):
    h = jnp.tanh(x @ params["wx"] + h @ params["wh"] + params["b"])
    return h, h @ params["out"]


def predict(params, xs):
    """What one sequence [LENGTH, 1] says after each number."""
    _, ys = lax.scan(lambda h, x: cell(params, h, x), jnp.zeros(HIDDEN), xs)
    return ys


def loss(params, xs, targets):
    return jnp.mean((jax.vmap(predict, in_axes=(None, 0))(params, xs) - targets) ** 2)


def train(steps):
    params = start(
        {
            "wx": jnp.zeros((1, HIDDEN)),
            "wh": jnp.zeros((HIDDEN, HIDDEN)),
            "b": jnp.zeros(HIDDEN),
            "out": jnp.zeros((HIDDEN, 1)),
        }
    )
    schedule = optax.warmup_cosine_decay_schedule(0.0, 2e-2, 3, 20)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule))
    state = optimizer.init(params)

    @jax.jit
    def step(params, state, xs, targets):
        value, grads = jax.value_and_grad(loss)(params, xs, targets)
        updates, state = optimizer.update(grads, state, params)
        return value, optax.apply_updates(params, updates), state

    losses = []
    for i in range(steps):
        xs = jnp.asarray(floats([BATCH, LENGTH, 1], 1, 1000 + i))
        value, params, state = step(params, state, xs, jnp.cumsum(xs, axis=1))
        losses.append(float(value))
    return losses
