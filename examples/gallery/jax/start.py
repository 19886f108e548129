"""The weights of the formula for a tree."""

import math

import jax
import jax.numpy as jnp
from formula import floats


def start(params):
    """A tree of the same shapes with the weights of the formula, by the order of its leaves. Vectors (biases, scales) stay as they are."""
    leaves, structure = jax.tree.flatten(params)

    def weight(stream, leaf):
        if leaf.ndim < 2:
            return leaf
        return jnp.asarray(floats(list(leaf.shape), 1 / math.sqrt(math.prod(leaf.shape[:-1])), stream))

    return jax.tree.unflatten(structure, [weight(i, leaf) for i, leaf in enumerate(leaves, 1)])
