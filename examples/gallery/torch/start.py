"""The weights of the formula for a module."""

import math

import torch
from formula import floats


def start(module):
    """Gives a module the weights of the formula, by its parameters' order. Scales of norms stay as they are."""
    for stream, (name, parameter) in enumerate(module.named_parameters(), 1):
        shape = parameter.shape
        if len(shape) == 1 and "bias" not in name:
            continue
        scale = 0.05 if len(shape) == 1 else 1 / math.sqrt(math.prod(shape[1:]))
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(floats(list(shape), scale, stream)))
