"""Golden cases of training: second derivatives, optimiser trajectories, ten Adam steps of the CNN."""

import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "gallery"))
from formula import floats
from golden_format import case, tensor
from torch_cases import distinct, double, normal, second_derivative_case, seed, stored, uniform


def second_derivatives_cases():
    for fn in ("tanh", "sigmoid", "exp", "softplus", "gelu", "silu"):
        seed("second_derivatives", fn)
        function = lambda x: getattr(torch, fn, getattr(F, fn, None))(x)
        yield second_derivative_case(fn, fn, function, {"x": uniform(4, 5, low=-2, high=2)})
    for name, (x, w, options) in {
        "conv2d": ((2, 2, 5, 5), (3, 2, 3, 3), {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1}),
        "conv2d_everything": (
            (1, 4, 7, 6),
            (4, 2, 3, 2),
            {"stride": [2, 1], "padding": [1, 0], "dilation": [1, 2], "groups": 2},
        ),
    }.items():
        for squared in (False, True):
            label = name + ("_sum_of_squares" if squared else "")
            seed("second_derivatives", label)
            function = lambda x, w: F.conv2d(x, w, None, **options)
            outer = (lambda x, w: function(x, w).square().sum()) if squared else function
            both = {**options, "padding": [[p, p] for p in options["padding"]]}
            fn = "conv2d_sum_of_squares" if squared else "conv2d"
            yield second_derivative_case(label, fn, outer, {"x": normal(*x), "w": normal(*w)}, options=both)
    seed("second_derivatives", "matmul")
    yield second_derivative_case("matmul", "matmul", lambda a, b: a @ b, {"a": normal(2, 3, 4), "b": normal(4, 5)})
    seed("second_derivatives", "mul")
    yield second_derivative_case("mul", "mul", lambda a, b: a * b, {"a": normal(2, 3), "b": normal(3)})
    seed("second_derivatives", "div")
    inputs = {"a": normal(2, 3), "b": uniform(3, low=0.5, high=2)}
    yield second_derivative_case("div", "div", lambda a, b: a / b, inputs)
    for fn in ("softmax", "log_softmax"):
        seed("second_derivatives", fn)
        options = {"dim": 1}
        yield second_derivative_case(fn, fn, lambda x: getattr(F, fn)(x, dim=1), {"x": normal(3, 6)}, options=options)
    seed("second_derivatives", "var")
    function = lambda x: torch.var(x, dim=1, unbiased=False)
    yield second_derivative_case("var", "var", function, {"x": normal(3, 6)}, options={"dim": [1], "unbiased": False})
    # the gradient of pooling is linear in the cotangent, so only ddy and the square tell anything
    options = {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1]}
    for fn in ("max_pool2d", "avg_pool2d"):
        seed("second_derivatives", fn)
        function = lambda x: getattr(F, fn)(x, **options).square()
        label, inputs = f"{fn}_square", {"x": distinct(1, 2, 6, 7)}
        yield second_derivative_case(label, label, function, inputs, options=options)
    target = torch.tensor([3, 0, 4, -100, 1])
    for reduction in ("none", "mean", "sum"):
        for smoothing in (0.0, 0.1):
            options = {"reduction": reduction, "label_smoothing": smoothing}
            label = f"cross_entropy_{reduction}" + ("_smoothing" if smoothing else "")
            seed("second_derivatives", label)
            function = lambda x, target: F.cross_entropy(x, target, **options)
            inputs, constants = {"x": normal(5, 5)}, {"target": target}
            yield second_derivative_case(label, "cross_entropy", function, inputs, constants, options)


STEPS = 5
OPTIMISERS = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd_momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "sgd_dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    "sgd_nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd_weight_decay": ("SGD", {"lr": 0.1, "weight_decay": 0.05}),
    "sgd_everything": ("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05}),
    "sgd_maximize": ("SGD", {"lr": 0.1, "momentum": 0.9, "maximize": True}),
    "adam_defaults": ("Adam", {}),
    "adam": ("Adam", {"lr": 0.1}),
    "adam_betas": ("Adam", {"lr": 0.1, "betas": [0.5, 0.75]}),
    "adam_large_eps": ("Adam", {"lr": 0.1, "eps": 1e-2}),
    "adam_weight_decay": ("Adam", {"lr": 0.1, "weight_decay": 0.05}),
    "adam_amsgrad": ("Adam", {"lr": 0.1, "amsgrad": True}),
    "adam_amsgrad_large_eps": ("Adam", {"lr": 0.1, "amsgrad": True, "eps": 1e-2, "weight_decay": 0.05}),
    "adam_maximize": ("Adam", {"lr": 0.1, "maximize": True}),
    "adamw_defaults": ("AdamW", {}),
    "adamw": ("AdamW", {"lr": 0.1, "weight_decay": 0.05}),
    "adamw_large_eps": ("AdamW", {"lr": 0.1, "eps": 1e-2}),
    "adamw_amsgrad": ("AdamW", {"lr": 0.1, "amsgrad": True}),
}


def optimisers_cases():
    """Two parameters p0, p1 with gradients g0, g1 given per step; y0, y1 are the parameters after each step."""
    for name, (fn, options) in OPTIMISERS.items():
        seed("optimisers", name)
        shapes = ((3, 4), (5,))
        starts = [normal(*shape) for shape in shapes]
        gradients = [normal(STEPS, *shape) for shape in shapes]
        # from gradients far above eps to far below, shrinking over time for amsgrad, and one that is always 0
        gradients[1] *= double([1.0, 1e-2, 1e-4, 1e-8, 0.0])
        gradients[0] *= double([3.0, 1.0, 0.3, 0.1, 0.03]).reshape(STEPS, 1, 1)
        gradients = [double(g) for g in gradients]
        parameters = [p.clone().requires_grad_(True) for p in starts]
        optimiser = getattr(torch.optim, fn)(parameters, **options)
        history = [[], []]
        for step in range(STEPS):
            for parameter, gradient in zip(parameters, gradients):
                parameter.grad = gradient[step].clone()
            optimiser.step()
            for row, parameter in zip(history, parameters):
                row.append(parameter.detach().clone())
        arrays = {"p0": starts[0], "p1": starts[1], "g0": gradients[0], "g1": gradients[1]}
        arrays |= {"y0": torch.stack(history[0]), "y1": torch.stack(history[1])}
        yield case(name, {"fn": fn, "options": options, "steps": STEPS}, {k: stored(v) for k, v in arrays.items()})


# PyTorch's default bound, 1 / sqrt(fan_in), in decimals so that both languages read the same double
PARAMETERS = [
    {"name": "conv1.weight", "shape": [32, 1, 3, 3], "scale": 0.333, "stream": 0},
    {"name": "conv1.bias", "shape": [32], "scale": 0.333, "stream": 1},
    {"name": "conv2.weight", "shape": [64, 32, 3, 3], "scale": 0.0589, "stream": 2},
    {"name": "conv2.bias", "shape": [64], "scale": 0.0589, "stream": 3},
    {"name": "fc.weight", "shape": [10, 1600], "scale": 0.025, "stream": 4},
    {"name": "fc.bias", "shape": [10], "scale": 0.025, "stream": 5},
]
FIRST, SPREAD = 16, 64


def cnn_logits(p, images):
    h = F.max_pool2d(F.relu(F.conv2d(images, p["conv1.weight"], p["conv1.bias"])), 2)
    h = F.max_pool2d(F.relu(F.conv2d(h, p["conv2.weight"], p["conv2.bias"])), 2)
    return F.linear(h.flatten(1), p["fc.weight"], p["fc.bias"])


def cnn_run(dtype, images, labels, steps):
    """Losses before each of `steps` Adam(1e-3) steps, logits and gradients of the first, parameters after the last."""
    p = {}
    for row in PARAMETERS:
        values = floats(row["shape"], row["scale"], row["stream"])
        p[row["name"]] = torch.tensor(values).to(dtype).requires_grad_(True)
    optimiser = torch.optim.Adam(p.values(), lr=1e-3)
    losses = []
    for step in range(steps):
        optimiser.zero_grad()
        logits = cnn_logits(p, images.to(dtype))
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            first = {"logits": logits.detach().clone(), **{k: v.grad.clone() for k, v in p.items()}}
        optimiser.step()
    return losses, first, {k: v.detach() for k, v in p.items()}


def summary(prefix, value):
    """16 first values, 64 spread over the whole (flat index floor(i * size / 64), all if smaller), and the l2 norm."""
    flat = value.flatten()
    spread = torch.arange(min(SPREAD, flat.numel())) * flat.numel() // min(SPREAD, flat.numel())
    return {f"{prefix}_first": flat[:FIRST], f"{prefix}_spread": flat[spread], f"{prefix}_norm": flat.norm()}


def cnn_cases():
    seed("cnn", "cnn")
    images, labels, steps = uniform(8, 1, 28, 28, low=0, high=1), torch.tensor([3, 1, 4, 1, 5, 9, 2, 6]), 10
    losses, first, last = cnn_run(torch.float64, images, labels, steps)
    losses_float32, _, _ = cnn_run(torch.float32, images, labels, steps)
    arrays = {"images": images, "labels": labels, "losses": double(losses), "losses_float32": double(losses_float32)}
    arrays["logits"] = first.pop("logits")
    for name, gradient in first.items():
        arrays |= summary(f"d_{name}", gradient)
    for name, value in last.items():
        arrays |= summary(f"final_{name}", value)
    words = [floats(r["shape"], r["scale"], r["stream"]).view(np.uint32) for r in PARAMETERS]
    checksums = tensor([int(w.astype(np.uint64).sum() % 2**32) for w in words], "uint32")
    params = {
        "fn": "cnn",
        "model": "conv 3x3 32, relu, max pool 2, conv 3x3 64, relu, max pool 2, flatten (NCHW), linear 10; no dropout",
        "optimiser": {"fn": "Adam", "lr": 1e-3},
        "steps": steps,
        "formula": "w[i] = scale * (mix(i + stream * 2^20) / 2^31 - 1), formulaWeights of packages/testing",
        "parameters": PARAMETERS,
    }
    yield case("cnn", params, {**{k: stored(v) for k, v in arrays.items()}, "checksums": checksums})
