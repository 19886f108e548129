"""Random inputs of golden cases, for generators without PyTorch."""

import zlib

import numpy as np


class Inputs:
    """Random inputs of one case, from a seed of its own: float64 arrays whose values float32 holds exactly."""

    def __init__(self, file, name):
        self.rng = np.random.default_rng(zlib.crc32(f"{file}/{name}".encode()))

    def normal(self, *shape):
        return self.rng.standard_normal(shape).astype(np.float32).astype(np.float64)

    def uniform(self, *shape, low=0.0, high=1.0):
        return self.rng.uniform(low, high, shape).astype(np.float32).astype(np.float64)

    def distinct(self, *shape, gap=1 / 16):
        """Values in random order, `gap` apart and never 0: no ties, no kinks."""
        n = int(np.prod(shape))
        return ((self.rng.permutation(n) - n // 2 + 0.5) * gap).reshape(shape)

    def integers(self, *shape, high):
        return self.rng.integers(0, high, shape)

    def distribution(self, *shape):
        """Rows that sum to 1 but for rounding to float32."""
        weights = self.rng.uniform(0.05, 1, shape)
        return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32).astype(np.float64)
