"""Meta-learning of sines: a gradient taken through another one's step, so that a network learns a task from few points."""

import jax
import jax.numpy as jnp
import optax
from formula import floats
from start import start

SIZES = [1, 40, 40, 1]
INNER_RATE = 0.1


def net(params, x):
    for w, b in params[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = params[-1]
    return x @ w + b


def loss(params, x, y):
    return jnp.mean((net(params, x) - y) ** 2)


def adapted(params, x, y):
    """The parameters after one step on a task."""
    grads = jax.grad(loss)(params, x, y)
    return jax.tree.map(lambda p, g: p - INNER_RATE * g, params, grads)


def task_loss(params, x1, y1, x2, y2):
    """How far a network that has seen (x1, y1) is from (x2, y2)."""
    return loss(adapted(params, x1, y1), x2, y2)


def meta_loss(params, x1, y1, x2, y2):
    return jnp.mean(jax.vmap(task_loss, in_axes=(None, 0, 0, 0, 0))(params, x1, y1, x2, y2))


def tasks(count, points, stream):
    """Sines of other heights and phases, each seen at two sets of places."""
    height = 2.5 + floats([count, 1, 1], 2.4, stream)
    phase = floats([count, 1, 1], 1.5, stream + 1)
    x1, x2 = (floats([count, points, 1], 5, stream + 2 + i) for i in range(2))
    return x1, height * jnp.sin(x1 + phase), x2, height * jnp.sin(x2 + phase)


def train(steps):
    params = start([(jnp.zeros((m, n)), jnp.zeros(n)) for m, n in zip(SIZES[:-1], SIZES[1:])])
    optimizer = optax.adam(1e-2)
    state = optimizer.init(params)

    @jax.jit
    def step(params, state, *task):
        value, grads = jax.value_and_grad(meta_loss)(params, *task)
        updates, state = optimizer.update(grads, state)
        return value, optax.apply_updates(params, updates), state

    losses = []
    for i in range(steps):
        value, params, state = step(params, state, *tasks(8, 10, 1000 + 10 * i))
        losses.append(float(value))
    return losses
