"""A perceptron written for one image and mapped over a batch, trained by plain gradient descent: JAX's notebook of the basics."""

import jax
import jax.numpy as jnp
from formula import images
from jax import grad, jit, vmap
from jax.nn import relu
from jax.scipy.special import logsumexp
from start import start

SIZES = [784, 64, 64, 10]


def predict(params, image):
    """Log-probabilities of one image."""
    activations = image
    for w, b in params[:-1]:
        activations = relu(jnp.dot(activations, w) + b)
    w, b = params[-1]
    logits = jnp.dot(activations, w) + b
    return logits - logsumexp(logits)


batched_predict = vmap(predict, in_axes=(None, 0))


def loss(params, images, targets):
    return -jnp.mean(batched_predict(params, images) * targets)


@jit
def update(params, x, y, rate):
    grads = grad(loss)(params, x, y)
    return [(w - rate * dw, b - rate * db) for (w, b), (dw, db) in zip(params, grads)]


def train(steps):
    params = start([(jnp.zeros((m, n)), jnp.zeros(n)) for m, n in zip(SIZES[:-1], SIZES[1:])])
    losses = []
    for step in range(steps):
        x, y = images(16, [784], 10, 1000 + 2 * step)
        targets = jax.nn.one_hot(y, 10)
        losses.append(float(loss(params, x, targets)))
        params = update(params, x, targets, 0.5)
    return losses
