"""The weights of the formula for a model."""

import math

from formula import floats


def start(model):
    """Gives a model the weights of the formula, by the order of its trainable ones. Vectors (biases, scales) stay as they are."""
    for stream, weight in enumerate(model.trainable_variables, 1):
        shape = tuple(weight.shape)
        if len(shape) > 1:
            weight.assign(floats(list(shape), 1 / math.sqrt(math.prod(shape[:-1])), stream))
