"""Golden cases of layers, losses and array operations: tables of configurations, each a row."""

import torch
import torch.nn.functional as F

from torch_cases import distinct, double, gradient_case, normal, seed

# name: x [N, C, H, W], w [O, C / groups, KH, KW], bias, then what differs from the defaults.
# padding is [[top, bottom], [left, right]].
CONV2D = {
    "basic": ((2, 3, 7, 6), (4, 3, 3, 3), True, {}),
    "no_bias": ((2, 3, 7, 6), (4, 3, 3, 3), False, {}),
    "pad_same": ((2, 3, 6, 7), (4, 3, 3, 3), True, {"padding": [[1, 1], [1, 1]]}),
    "pad_asymmetric": ((2, 2, 6, 6), (3, 2, 3, 3), True, {"padding": [[0, 1], [2, 1]]}),
    "stride_2": ((2, 3, 8, 9), (4, 3, 3, 3), True, {"stride": [2, 2], "padding": [[1, 1], [1, 1]]}),
    # the last rows and columns of x fall under no window
    "stride_2_rest": ((1, 2, 8, 8), (3, 2, 3, 3), False, {"stride": [2, 2]}),
    "stride_2_pad_asymmetric": ((2, 2, 8, 7), (3, 2, 3, 3), True, {"stride": [2, 2], "padding": [[0, 1], [0, 1]]}),
    "stride_3x1": ((1, 2, 10, 5), (2, 2, 3, 3), True, {"stride": [3, 1]}),
    "dilation_2": ((2, 2, 9, 8), (3, 2, 3, 3), True, {"dilation": [2, 2], "padding": [[2, 2], [2, 2]]}),
    "dilation_2x1_stride_2": ((1, 2, 9, 8), (3, 2, 3, 3), True, {"dilation": [2, 1], "stride": [2, 2]}),
    "groups_2": ((2, 4, 6, 6), (6, 2, 3, 3), True, {"groups": 2}),
    "depthwise": ((2, 3, 6, 6), (3, 1, 3, 3), True, {"groups": 3, "padding": [[1, 1], [1, 1]]}),
    "depthwise_multiplier_2": ((1, 3, 6, 5), (6, 1, 3, 3), True, {"groups": 3, "stride": [2, 2]}),
    "kernel_1x1": ((2, 5, 4, 4), (3, 5, 1, 1), True, {}),
    "kernel_1x1_stride_2": ((2, 5, 5, 4), (3, 5, 1, 1), False, {"stride": [2, 2]}),
    "kernel_5x5": ((1, 2, 8, 8), (3, 2, 5, 5), True, {"padding": [[2, 2], [2, 2]]}),
    "kernel_3x2": ((2, 2, 6, 7), (3, 2, 3, 2), True, {"padding": [[1, 1], [0, 1]]}),
    "whole_input": ((2, 2, 4, 5), (3, 2, 4, 5), True, {}),
    "everything": (
        (2, 4, 11, 9),
        (6, 2, 3, 2),
        True,
        {"stride": [2, 1], "padding": [[1, 2], [0, 1]], "dilation": [2, 3], "groups": 2},
    ),
}


def conv2d(x, w, b=None, *, stride, padding, dilation, groups):
    (top, bottom), (left, right) = padding
    return F.conv2d(F.pad(x, (left, right, top, bottom)), w, b, stride, 0, dilation, groups)


def conv2d_cases():
    for name, (x, w, bias, changes) in CONV2D.items():
        seed("conv2d", name)
        options = {"stride": [1, 1], "padding": [[0, 0], [0, 0]], "dilation": [1, 1], "groups": 1, **changes}
        inputs = {"x": normal(*x), "w": normal(*w)} | ({"b": normal(w[0])} if bias else {})
        yield gradient_case(name, "conv2d", lambda **t: conv2d(**t, **options), inputs, options=options)


# name: x, then the arguments that differ from the defaults; padding is symmetric, [height, width]
MAX_POOL2D = {
    "k2_s2": ((2, 3, 6, 8), {"kernel_size": [2, 2], "stride": [2, 2]}),
    "k2_s2_rest": ((2, 2, 7, 5), {"kernel_size": [2, 2], "stride": [2, 2]}),
    "k3_s2_p1": ((2, 3, 7, 8), {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1]}),
    "k3_s1_overlap": ((1, 2, 6, 6), {"kernel_size": [3, 3], "stride": [1, 1]}),
    "k2_s3_gaps": ((1, 2, 8, 8), {"kernel_size": [2, 2], "stride": [3, 3]}),
    "k3x2_s1x2": ((2, 2, 6, 7), {"kernel_size": [3, 2], "stride": [1, 2], "padding": [1, 0]}),
    "ceil_mode": ((2, 2, 7, 6), {"kernel_size": [2, 2], "stride": [2, 2], "ceil_mode": True}),
    "ceil_mode_p1": ((1, 2, 6, 7), {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1], "ceil_mode": True}),
    # a last window that would start in the padding is left out
    "ceil_mode_dropped": (
        (1, 1, 5, 5),
        {"kernel_size": [2, 2], "stride": [3, 3], "padding": [1, 1], "ceil_mode": True},
    ),
    "dilation_2": ((1, 2, 8, 8), {"kernel_size": [3, 3], "stride": [1, 1], "dilation": [2, 2]}),
    "dilation_2_s2_p1": (
        (1, 2, 9, 8),
        {"kernel_size": [3, 2], "stride": [2, 2], "padding": [1, 1], "dilation": [2, 2], "ceil_mode": True},
    ),
}
AVG_POOL2D = {
    "k2_s2": ((2, 3, 6, 8), {"kernel_size": [2, 2], "stride": [2, 2]}),
    "k3_s1": ((1, 2, 5, 6), {"kernel_size": [3, 3], "stride": [1, 1]}),
    "p1_count_pad": ((2, 2, 7, 8), {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1]}),
    "p1_skip_pad": (
        (2, 2, 7, 8),
        {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1], "count_include_pad": False},
    ),
    "ceil_mode": ((1, 2, 7, 6), {"kernel_size": [2, 2], "stride": [2, 2], "ceil_mode": True}),
    # the part of a window beyond the padding never counts
    "ceil_mode_p1_count_pad": (
        (1, 2, 6, 7),
        {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1], "ceil_mode": True},
    ),
    "ceil_mode_p1_skip_pad": (
        (1, 2, 6, 7),
        {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1], "ceil_mode": True, "count_include_pad": False},
    ),
    "k3x2_s2x1": ((2, 2, 6, 5), {"kernel_size": [3, 2], "stride": [2, 1], "padding": [1, 1]}),
    "divisor_override": ((1, 2, 6, 6), {"kernel_size": [2, 2], "stride": [2, 2], "divisor_override": 3}),
    "global": ((2, 3, 4, 5), {"kernel_size": [4, 5], "stride": [4, 5]}),
}


def pool2d_cases(file, table, defaults, function):
    for name, (x, changes) in table.items():
        seed(file, name)
        options = {"padding": [0, 0], "ceil_mode": False, **defaults, **changes}
        yield gradient_case(name, file, lambda x: function(x, **options), {"x": distinct(*x)}, options=options)


def max_pool2d_cases():
    function = lambda x, **options: F.max_pool2d(x, **options, return_indices=True)
    return pool2d_cases("max_pool2d", MAX_POOL2D, {"dilation": [1, 1]}, function)


def avg_pool2d_cases():
    defaults = {"count_include_pad": True, "divisor_override": None}
    return pool2d_cases("avg_pool2d", AVG_POOL2D, defaults, F.avg_pool2d)


def linear_cases():
    rows = {"bias": ((5, 7), True), "no_bias": ((5, 7), False), "batch_1": ((1, 7), True)}
    rows |= {"leading_axes": ((2, 3, 7), True), "vector": ((7,), True)}
    for name, (x, bias) in rows.items():
        seed("linear", name)
        inputs = {"x": normal(*x), "w": normal(4, 7)} | ({"b": normal(4)} if bias else {})
        yield gradient_case(name, "linear", lambda x, w, b=None: F.linear(x, w, b), inputs)


ACTIVATIONS = {
    "relu": [{}],
    "sigmoid": [{}],
    "tanh": [{}],
    "gelu": [{"approximate": "none"}, {"approximate": "tanh"}],
    "softplus": [{"beta": 1, "threshold": 20}, {"beta": 2, "threshold": 5}],
    "elu": [{"alpha": 1.0}, {"alpha": 0.5}],
    "leaky_relu": [{"negative_slope": 0.01}, {"negative_slope": 0.3}],
    "silu": [{}],
}


def activations_cases():
    for fn, variants in ACTIVATIONS.items():
        for options in variants:
            label = "_".join([fn, *(str(v) for v in options.values())])
            function = lambda x: getattr(torch, fn, getattr(F, fn, None))(x, **options)
            seed("activations", label)
            x = torch.cat([double(torch.linspace(-6, 6, 24)), normal(24)]).reshape(6, 8)
            yield gradient_case(label, fn, function, {"x": x}, options=options)
            far = double([-100.0, -88.5, -30.0, -12.0, 12.0, 30.0, 88.5, 100.0])
            yield gradient_case(f"{label}_far", fn, function, {"x": far}, options=options)
            yield gradient_case(f"{label}_at_zero", fn, function, {"x": double([0.0])}, options=options)


def softmax_cases():
    for fn in ("softmax", "log_softmax"):
        function = getattr(F, fn)
        for name, shape, dim in (
            ("rows", (4, 10), 1),
            ("columns", (4, 10), 0),
            ("dim_0", (3, 4, 5), 0),
            ("dim_1", (3, 4, 5), 1),
            ("dim_last", (3, 4, 5), -1),
            ("long_row", (2, 300), 1),
            ("one_class", (3, 1), 1),
        ):
            seed("softmax", f"{fn}_{name}")
            inputs, options = {"x": normal(*shape)}, {"dim": dim}
            yield gradient_case(f"{fn}_{name}", fn, lambda x: function(x, dim=dim), inputs, options=options)
        x = double([[1000.0, 999.0, -1000.0], [-5000.0, -5001.0, -5000.5], [80.0, -80.0, 0.0]])
        yield gradient_case(f"{fn}_large", fn, lambda x: function(x, dim=1), {"x": x}, options={"dim": 1})
