"""Helpers of generate_torch.py: seeded inputs, and cases that hold inputs, output, its cotangent and all gradients."""

import zlib

import torch

from golden_format import case, tensor


def seed(file, name):
    """Every case has a seed of its own, so that adding one leaves the others as they are."""
    torch.manual_seed(zlib.crc32(f"{file}/{name}".encode()))


def double(values):
    """float64 tensor of values rounded to float32: what is stored is exactly what was computed on."""
    return torch.as_tensor(values).to(torch.float32).to(torch.float64)


def normal(*shape):
    return double(torch.randn(shape))


def uniform(*shape, low=-1.0, high=1.0):
    return double(torch.rand(shape) * (high - low) + low)


def distinct(*shape, gap=1 / 16):
    """Values in random order, `gap` apart and never 0: no ties, no kinks."""
    n = int(torch.tensor(shape).prod()) if shape else 1
    return double((torch.randperm(n) - n // 2 + 0.5) * gap).reshape(shape)


def integers(*shape, high):
    return torch.randint(0, high, shape)


def stored(value):
    """A tensor as it goes into the file."""
    value = value.detach()
    if value.dtype in (torch.int64, torch.bool):
        return tensor(value.to(torch.int64).numpy(), "int32")
    return tensor(value.numpy(), "float32")


def gradient_case(name, fn, function, inputs, constants=None, options=None):
    """One case of `function(**inputs, **constants)`.

    `inputs` get gradients: for input `x` the file holds `x` and `dx`, the gradient of sum(y * dy). `constants` do not.
    A function that returns a pair gives y and integer `indices`. `options` are params: how the function was called.
    """
    constants = constants or {}
    leaves = {k: v.clone().requires_grad_(True) for k, v in inputs.items()}
    result = function(**leaves, **constants)
    y, extra = (result[0], {"indices": result[1]}) if isinstance(result, tuple) else (result, {})
    dy = normal(*y.shape)
    gradients = torch.autograd.grad(y, list(leaves.values()), dy)
    arrays = {**inputs, **constants, "y": y, **extra, "dy": dy}
    arrays |= {f"d{k}": g for k, g in zip(leaves, gradients)}
    return case(name, {"fn": fn, **(options or {})}, {k: stored(v) for k, v in arrays.items()})


def second_derivative_case(name, fn, function, inputs, constants=None, options=None):
    """Gradients of gradients.

    dx is the gradient of sum(y * dy), as above. With random weights vx per input, s = sum over inputs of sum(dx * vx);
    ddx is the gradient of s with respect to x, and ddy that with respect to dy.
    """
    constants = constants or {}
    leaves = {k: v.clone().requires_grad_(True) for k, v in inputs.items()}
    y = function(**leaves, **constants)
    dy = normal(*y.shape).requires_grad_(True)
    first = torch.autograd.grad(y, list(leaves.values()), dy, create_graph=True)
    weights = [normal(*g.shape) for g in first]
    total = sum((g * v).sum() for g, v in zip(first, weights))
    second = torch.autograd.grad(total, [*leaves.values(), dy], allow_unused=True)
    second = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip([*leaves.values(), dy], second)]
    arrays = {**inputs, **constants, "y": y, "dy": dy}
    arrays |= {f"d{k}": g for k, g in zip(leaves, first)}
    arrays |= {f"v{k}": v for k, v in zip(leaves, weights)}
    arrays |= {f"dd{k}": g for k, g in zip([*leaves, "y"], second)}
    return case(name, {"fn": fn, **(options or {})}, {k: stored(v) for k, v in arrays.items()})
