"""Writes edges.json: what PyTorch gives, in float32, for special values: zeros of both signs, infinities, NaN, subnormal, tiny,
huge and tied elements, zero rows. README.md describes the files.

Run: python3 test/goldens/generate_edges.py   (PyTorch 2.13; a second)
"""

import platform

import numpy as np
import torch
import torch.nn.functional as F

from golden_format import case, tensor, write

INF, NAN = float("inf"), float("nan")
LARGEST = float(np.finfo(np.float32).max)
VALUES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.0, -2.0, 2.5, -2.5, 3.0, -3.0, 6.0, 9.5, -9.5, 20.0, 25.0, 88.0, -88.0,
          100.0, -100.0, 1e-6, -1e-6, 1e-20, -1e-20, 1e-30, -1e-30, 2.0**-126, 12345.678, -12345.678, 16777216.0, -16777215.0,
          1e10, -1e10, 1e19, 1e30, -1e30, LARGEST, -LARGEST, INF, -INF, NAN, 0.99999994, 1.0000001, -0.99999994]
PAIRED = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -2.5, 3.0, 7.0, 1e-30, 1e10, 1e30, -1e30, LARGEST, INF, -INF, NAN]

SPECIAL = torch.tensor(VALUES)

# name: arguments beside the tensor. Every function is torch's, or torch.nn.functional's where torch has none.
UNARY = {
    "neg": {}, "abs": {}, "sign": {}, "square": {}, "floor": {}, "ceil": {}, "round": {}, "exp": {}, "expm1": {}, "log": {},
    "log1p": {}, "sqrt": {}, "rsqrt": {}, "reciprocal": {}, "sin": {}, "cos": {}, "tanh": {}, "sigmoid": {}, "erf": {},
    "erfinv": {}, "relu": {}, "isnan": {}, "logical_not": {}, "silu": {}, "gelu": {}, "elu": {}, "leaky_relu": {},
    "softplus": {},
}
WITH_ARGUMENTS = [
    ("gelu", {"approximate": "tanh"}), ("elu", {"alpha": 0.5}), ("leaky_relu", {"negative_slope": 0.25}),
    ("softplus", {"beta": 2.0, "threshold": 10.0}),
    ("clamp", {"min": 0.0}), ("clamp", {"max": 2.0}), ("clamp", {"min": -2.0, "max": 2.0}), ("clamp", {"min": 3.0, "max": 1.0}),
    *(("pow", {"exponent": e}) for e in (0, 1, 2, 3, -1, -2, 0.5, -1.5, 2.5, 1.0 / 3)),
]
BINARY = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "logical_and",
          "logical_or"]
ROUNDED = [("div", {"rounding_mode": "floor"}), ("div", {"rounding_mode": "trunc"})]

ROWS = {
    "plain": [[1.0, 2.0, 3.0], [-4.0, 5.0, 0.5]],
    "equal": [[2.0, 2.0, 2.0], [0.1, 0.1, 0.1]],
    "zeros": [[0.0, 0.0, 0.0], [1.0, -2.0, 2.0]],
    "one_zero": [[0.0, 3.0, 2.0], [0.0, 0.0, 5.0]],
    "signed_zeros": [[-0.0, 0.0, -0.0], [0.0, -0.0, 0.0]],
    "ties": [[3.0, 1.0, 3.0], [-1.0, -1.0, 7.0]],
    "nan": [[NAN, 1.0, 2.0], [3.0, NAN, NAN]],
    "infinite": [[INF, 1.0, 2.0], [-INF, 1.0, 2.0]],
    "infinities": [[INF, -INF, 0.0], [INF, INF, 1.0]],
    "all_infinite": [[-INF, -INF, -INF], [INF, INF, INF]],
    "infinite_and_nan": [[INF, NAN, 0.0], [-INF, NAN, 1.0]],
    "huge": [[1e19, 1e18, -1e19], [1e19, 1e19, 1e19]],
    "overflowing": [[3e38, 3e38, 1.0], [-3e38, -3e38, 1.0]],
    "tiny": [[1e-25, 2e-25, 3e-25], [1e-30, 0.0, 0.0]],
    "far": [[1000.0, 0.0, -1000.0], [88.0, 89.0, 90.0]],
}
REDUCTIONS = [
    ("sum", {}), ("mean", {}), ("prod", {}), ("amax", {}), ("amin", {}), ("max", {}), ("min", {}), ("var", {}), ("std", {}),
    ("norm", {}), ("norm", {"p": 1}), ("norm", {"p": INF}),
    ("sum", {"dim": 1}), ("mean", {"dim": 1}), ("prod", {"dim": 1}), ("amax", {"dim": 1}), ("amin", {"dim": 1}),
    ("var", {"dim": 1}), ("std", {"dim": 1}), ("var", {"dim": 1, "correction": 0}), ("norm", {"dim": 1}),
    ("norm", {"p": 1, "dim": 1}), ("norm", {"p": INF, "dim": 1}), ("argmax", {"dim": 1}), ("argmin", {"dim": 1}),
    ("softmax", {"dim": 1}), ("log_softmax", {"dim": 1}),
]
# An element of 0 here or in another row, an even number of factors and an odd one.
PRODUCTS = [
    ("beside_zeros", [[1.5, 3.4e38], [0.0, 2.0], [-0.0, 0.0], [1e-30, 1e-30]]),
    ("one_zero_of_five", [[2.0, -1.0, 0.0, 3.0, 0.5], [1e10, 1e-10, 4.0, 1e9, 2.0]]),
    ("two_zeros_of_four", [[0.0, 2.0, 0.0, 3.0], [1.0, 2.0, 3.0, 4.0]]),
    ("no_zero_of_seven", [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -7.0], [1e-3, 1e3, 0.5, 2.0, -1.0, 1.5, 1.0]]),
]
# Labels that are ignored, and smoothing that keeps nothing of the label.
CROSS_ENTROPIES = [
    *((f"ignored_{rows}", rows, [-100, -100], {}) for rows in ("plain", "nan", "infinite", "all_infinite")),
    *((f"one_ignored_{rows}", rows, [-100, 1], {"reduction": "sum"}) for rows in ("plain", "nan", "infinite")),
    ("smooth_infinite", "infinite", [1, 0], {"reduction": "none", "label_smoothing": 0.5}),
    ("all_smooth_infinite", "infinite", [1, 0], {"reduction": "none", "label_smoothing": 1.0}),
    ("all_smooth_plain", "plain", [1, 0], {"reduction": "none", "label_smoothing": 1.0}),
]
# Several NaN in a window, in windows that overlap or not, of one channel and of several.
NAN_IMAGE = [[NAN if (3 * row + 5 * col) % 7 < 3 else float((row * col) % 5) for col in range(8)] for row in range(6)]
POOLS = [
    (f"nan_{channels}_{kernel}_{stride}_{pad}", [[NAN_IMAGE] * channels],
     {"kernel_size": kernel, "stride": stride, "padding": pad})
    for channels in (1, 4) for kernel, stride, pad in ((2, 2, 0), (3, 2, 0), (3, 2, 1), (3, 1, 1))
]
LOSSES = ["mse_loss", "l1_loss", "binary_cross_entropy_with_logits"]


# PyTorch on the CPU loses the mean to overflow, or multiplies in another order when an element is 0.
UNLIKE = {("std", "overflowing"), ("prod", "infinities"), ("prod", "infinite_and_nan")}
# Of a NaN PyTorch says no element is the largest, here, and gives none a gradient.
UNLIKE_INFINITE_NORM = {"nan", "infinite_and_nan"}


def function(name):
    return getattr(F, name) if hasattr(F, name) and "_" in name else getattr(torch, name, None) or getattr(F, name)


def inputs(**tensors):
    return {name: value.clone().requires_grad_() for name, value in tensors.items()}


def entry(name, fn, arguments, leaves, given=(), call=None):
    """Forward, and the gradients of the sum of a float result."""
    f = call or function(fn)
    y = f(*leaves.values(), *given, **arguments)
    arrays = {key: tensor(value.detach().numpy()) for key, value in leaves.items()}
    if given:
        labels = not given[0].is_floating_point()
        arrays["target"] = tensor(given[0].numpy().astype(np.int64), "int32") if labels else tensor(given[0].numpy())
    if y.dtype == torch.float32:
        arrays["y"] = tensor(y.detach().numpy())
        y.sum().backward() if y.requires_grad else None
        for key, value in leaves.items():
            if value.grad is not None:
                arrays[f"d{key}"] = tensor(value.grad.numpy())
    else:
        arrays["y"] = tensor(y.numpy().astype(np.int64), "int32")
    params = {"fn": fn, **{k: "inf" if v == INF else v for k, v in arguments.items()}}
    return case(name, params, arrays)


def label(fn, arguments):
    return "_".join([fn, *(f"{k}_{v:.4g}" if isinstance(v, float) else f"{k}_{v}" for k, v in arguments.items())])


def cases():
    for fn, arguments in [*UNARY.items(), *WITH_ARGUMENTS]:
        yield entry(label(fn, arguments), fn, arguments, inputs(x=SPECIAL))
    a = torch.tensor(PAIRED).repeat_interleave(len(PAIRED))
    b = torch.tensor(PAIRED).repeat(len(PAIRED))
    for fn, arguments in [*((fn, {}) for fn in BINARY), *ROUNDED]:
        yield entry(f"{label(fn, arguments)}_pairs", fn, arguments, inputs(a=a, b=b))
    for rows, values in ROWS.items():
        for fn, arguments in REDUCTIONS:
            if (fn, rows) in UNLIKE or arguments.get("p") == INF and rows in UNLIKE_INFINITE_NORM:
                continue
            yield entry(f"{label(fn, arguments)}_{rows}", fn, arguments, inputs(x=torch.tensor(values)))
        labels = torch.tensor([0, 2])
        yield entry(f"cross_entropy_{rows}", "cross_entropy", {}, inputs(x=torch.tensor(values)), (labels,))
        yield entry(
            f"cross_entropy_none_{rows}", "cross_entropy", {"reduction": "none"}, inputs(x=torch.tensor(values)), (labels,)
        )
    for name, values in PRODUCTS:
        for arguments in ({"dim": 0}, {"dim": 1}) if name == "beside_zeros" else ({}, {"dim": 0}, {"dim": 1}):
            yield entry(f"{label('prod', arguments)}_{name}", "prod", arguments, inputs(x=torch.tensor(values)))
    for name, rows, labels, arguments in CROSS_ENTROPIES:
        given = (torch.tensor(labels),)
        yield entry(f"cross_entropy_{name}", "cross_entropy", arguments, inputs(x=torch.tensor(ROWS[rows])), given)
    for name, values, arguments in POOLS:
        yield entry(f"max_pool2d_{name}", "max_pool2d", arguments, inputs(x=torch.tensor(values)))
    for fn in LOSSES:
        yield entry(f"{fn}_pairs", fn, {"reduction": "none"}, inputs(a=a), (b,))


if __name__ == "__main__":
    torch.set_num_threads(1)
    write("edges", {
        "generator": "test/goldens/generate_edges.py",
        "precision": "computed in float32, as the values that overflow are PyTorch's own",
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }, list(cases()))
