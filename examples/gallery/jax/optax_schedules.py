"""One fit, four schedules: rates that warm up, fall along a cosine, step down or stay, each with its own optimizer state."""

import jax
import jax.numpy as jnp
import optax
from formula import floats
from start import start

SCHEDULES = {
    "constant": optax.constant_schedule(0.05),
    "cosine": optax.cosine_decay_schedule(0.1, decay_steps=10, alpha=0.1),
    "warmup": optax.linear_schedule(0.0, 0.1, transition_steps=5),
    "steps": optax.piecewise_constant_schedule(0.1, boundaries_and_scales={3: 0.5, 6: 0.5}),
}


def loss(params, x, y):
    hidden = jnp.tanh(x @ params["w1"] + params["b1"])
    return optax.l2_loss(hidden @ params["w2"], y).mean()


def fit(schedule, steps):
    params = start({"b1": jnp.zeros(16), "w1": jnp.zeros((4, 16)), "w2": jnp.zeros((16, 1))})
    optimizer = optax.sgd(schedule, momentum=0.9, nesterov=True)
    state = optimizer.init(params)
    losses = []
    for i in range(steps):
        x = jnp.asarray(floats([16, 4], 1, 1000 + i))
        y = jnp.sin(3 * x[:, :1])
        value, grads = jax.value_and_grad(loss)(params, x, y)
        updates, state = optimizer.update(grads, state)
        params = optax.apply_updates(params, updates)
        losses.append(float(value))
    return losses


def train(steps):
    return [value for schedule in SCHEDULES.values() for value in fit(schedule, steps)]
