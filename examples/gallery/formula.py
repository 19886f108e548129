"""Weights and data that formula.ts computes to the same bits."""

import numpy as np


def floats(shape, scale, stream):
    """Numbers in [-scale, scale): scale * (mix(i + stream * 2^20) / 2^31 - 1), in float64, rounded to float32."""
    count = int(np.prod(shape))
    h = (np.arange(count, dtype=np.uint64) + stream * 2**20 + 1) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    h = h ^ (h >> 16)
    return (scale * (h / 2.0**31 - 1)).astype(np.float32).reshape(shape)


def integers(count, high, stream):
    """Whole numbers in [0, high)."""
    x = floats([count], 1, stream).astype(np.float64)
    return np.minimum(high - 1, np.floor((x + 1) * 0.5 * high)).astype(np.int32)


def images(count, shape, classes, stream):
    """Images that can be told apart: each class has a pattern, which noise half as strong covers."""
    patterns = floats([classes, *shape], 1, 900).astype(np.float64)
    y = integers(count, classes, stream)
    noise = floats([count, *shape], 0.5, stream + 1).astype(np.float64)
    return (noise + patterns[y]).astype(np.float32), y


def tokens(count, length, vocabulary, stream):
    """Rows of tokens in which one mostly follows from the one before."""
    starts = integers(count, vocabulary, stream)
    jumps = integers(count * length, 8, stream + 1).reshape(count, length)
    rows = np.zeros((count, length), np.int32)
    for i in range(count):
        before = int(starts[i])
        for j in range(length):
            # One in eight is a jump.
            before = (before * 3 + 5 if jumps[i, j] == 0 else before + 1) % vocabulary
            rows[i, j] = before
    return rows
