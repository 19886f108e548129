"""Golden cases of what layers are made of in JAX: convolutions of all forms, windows, attention, images, segments."""

import numpy as np

from inputs import Inputs
from jax_cases import call_case, tuples

NWC = ["NWC", "WIO", "NWC"]
CALLS = [
    ("lax.conv_general_dilated", ["$a", "$w", [1], "SAME"], {"dimension_numbers": NWC}, {"a": (2, 5, 3), "w": (3, 3, 2)}),
    ("lax.conv_general_dilated", ["$a", "$w", [2], [[1, 2]]], {"rhs_dilation": [2]}, {"a": (1, 2, 7), "w": (3, 2, 2)}),
    ("lax.conv_general_dilated", ["$a", "$w", [1, 1], [[1, 1], [0, 2]]], {"lhs_dilation": [2, 1]}, {"a": (1, 2, 3, 3), "w": (2, 2, 2, 3)}),
    ("lax.conv_general_dilated", ["$a", "$w", [1, 1, 1], "VALID"], {}, {"a": (1, 1, 3, 3, 3), "w": (2, 1, 2, 2, 2)}),
    ("lax.conv_with_general_padding", ["$a", "$w", [1, 1], [[0, 1], [1, 0]], [1, 2], [1, 1]], {}, {"a": (1, 1, 3, 3), "w": (1, 1, 2, 2)}),
    ("lax.conv_transpose", ["$a", "$w", [2, 2], "SAME"], {}, {"a": (1, 3, 3, 2), "w": (3, 3, 2, 2)}),
    ("lax.conv_transpose", ["$a", "$w", [2, 1], "VALID"], {"transpose_kernel": True}, {"a": (1, 2, 3, 2), "w": (3, 2, 1, 2)}),
    ("lax.conv_transpose", ["$a", "$w", [3], [[1, 2]]], {"rhs_dilation": [2]}, {"a": (1, 3, 2), "w": (2, 2, 1)}),
    ("lax.reduce_window", ["$a", 0.0, "%lax.add", [2], [1], "SAME"], {}, {"a": (5,)}),
    ("lax.reduce_window", ["$a", 1.0, "%lax.mul", [2, 3], [1, 2], "VALID"], {}, {"a": (4, 5)}),
    ("lax.reduce_window", ["$a", "-inf", "%lax.max", [1, 2, 2], [1, 1, 2], [[0, 0], [1, 0], [0, 1]]], {"window_dilation": [1, 2, 1]}, {"a": (2, 4, 3)}),
    ("lax.reduce_window", ["$a", 0.0, "%lax.add", [3], [1], "VALID", [2]], {}, {"a": (4,)}),
    ("nn.dot_product_attention", ["$a", "$b", "$c"], {}, {"a": (2, 3, 2, 4), "b": (2, 5, 2, 4), "c": (2, 5, 2, 4)}),
    ("nn.dot_product_attention", ["$a", "$b", "$c"], {"is_causal": True, "scale": 0.5}, {"a": (3, 2, 4), "b": (3, 2, 4), "c": (3, 2, 4)}),
    ("nn.dot_product_attention", ["$a", "$b", "$c", "$x", "$p"], {}, {"a": (1, 2, 1, 4), "b": (1, 3, 1, 4), "c": (1, 3, 1, 4), "x": (1, 1, 2, 3), "p": np.array([[[[True, False, True], [True, True, False]]]])}),
    ("nn.dot_product_attention", ["$a", "$b", "$c"], {"key_value_seq_lengths": "$i", "query_seq_lengths": "$s"}, {"a": (2, 3, 1, 4), "b": (2, 3, 1, 4), "c": (2, 3, 1, 4), "i": np.array([2, 3], np.int32), "s": np.array([3, 1], np.int32)}),
    ("nn.dot_product_attention", ["$a", "$b", "$c"], {"local_window_size": [1, 0]}, {"a": (1, 4, 1, 4), "b": (1, 4, 1, 4), "c": (1, 4, 1, 4)}),
    ("nn.standardize", ["$a"], {}, {"a": (3, 4)}),
    ("nn.standardize", ["$a"], {"axis": [0, 1], "algorithm": "stable", "epsilon": 0.01}, {"a": (3, 4)}),
    ("nn.standardize", ["$a", 0, "$b", 2.0], {}, {"a": (3, 4), "b": (4,)}),
    ("nn.logmeanexp", ["$a"], {"axis": 1}, {"a": (3, 4)}),
    ("nn.logmeanexp", ["$a"], {"where": "$p", "axis": 0, "keepdims": True}, {"a": (2, 2), "p": np.array([[True, False], [True, True]])}),
    ("nn.log1mexp", ["$a"], {}, {"a": np.array([0.25, 0.5, 1.5, 4.0])}),
    ("image.resize", ["$a", [1, 4, 6, 2], "bilinear"], {}, {"a": (1, 2, 3, 2)}),
    ("image.resize", ["$a", [2, 3], "linear"], {}, {"a": (5, 4)}),
    ("image.resize", ["$a", [2, 3], "linear"], {"antialias": False}, {"a": (5, 4)}),
    ("image.resize", ["$a", [7, 3], "nearest"], {}, {"a": (3, 4)}),
    ("image.resize", ["$a", [7, 3], "cubic"], {}, {"a": (4, 5)}),
    ("ops.segment_sum", ["$a", "$i", 3], {}, {"a": (4, 2), "i": np.array([0, 2, 2, 5], np.int32)}),
    ("ops.segment_prod", ["$a", "$i"], {"num_segments": 2}, {"a": (4,), "i": np.array([1, 0, 1, 0], np.int32)}),
    ("ops.segment_max", ["$a", "$i", 2], {}, {"a": (4,), "i": np.array([1, 0, 1, 0], np.int32)}),
    ("ops.segment_min", ["$i", "$s", 3], {}, {"i": np.array([4, 2, 7, 1], np.int32), "s": np.array([1, 0, 1, 0], np.int32)}),
]
#: Of what the original has no gradient.
ROUGH = ("lax.reduce_window 2", "lax.reduce_window 3", "ops.segment_prod 1")


def layers_cases():
    counts = {}
    for fn, args, kwargs, arrays in CALLS:
        counts[fn] = counts.get(fn, 0) + 1
        name = f"{fn} {counts[fn]}"
        inputs = Inputs("jax_layers", name)
        held = {k: inputs.distinct(*v) if isinstance(v, tuple) else v for k, v in arrays.items()}
        case = call_case(name, inputs, fn, tuples(args), held, kwargs, smooth=name not in ROUGH)
        case["params"]["args"] = args
        yield case
