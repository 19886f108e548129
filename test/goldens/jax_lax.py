"""Golden cases of jax.lax: a row a call."""

import numpy as np

from inputs import Inputs
from jax_cases import call_case, tuples

V = (7,)
X = (3, 4)
M = (2, 3, 4)
BOTH = ["$a", "$b"]
PAIR = {"a": X, "b": X}
INTS = np.array([[0, -1, 5, 7], [2, -(2**31), 2**31 - 1, -9], [3, 40, -3, 1]], np.int32)
SMALL = np.array([[1, 2, 3, 4], [1, 31, 7, 2], [2, 3, 5, 1]], np.int32)

#: Functions of one array by what their inputs lie between.
UNARY = {
    (-1.4, 1.4): "asinh atan cosh sinh tan cbrt exp2 bessel_i0e bessel_i1e erfc is_finite",
    (-0.95, 0.95): "asin acos atanh",
    (1.1, 4): "acosh digamma lgamma",
}
INTEGER_UNARY = "population_count clz bitwise_not"
INTEGER_BINARY = "bitwise_and bitwise_or bitwise_xor shift_left shift_right_arithmetic shift_right_logical rem"

ROWS = {"offset_dims": [1], "collapsed_slice_dims": [0], "start_index_map": [0]}
UPDATES = {"update_window_dims": [1], "inserted_window_dims": [0], "scatter_dims_to_operand_dims": [0]}
gather = lambda **kwargs: {"new": "lax.GatherDimensionNumbers", "of": kwargs}
scatter = lambda **kwargs: {"new": "lax.ScatterDimensionNumbers", "of": kwargs}
COLUMN = np.array([[2], [0], [1]], np.int32)
BEYOND = np.array([[2], [5], [-1]], np.int32)

CALLS = [
    ("broadcast", ["$a", [2, 3]], {}, {"a": X}),
    ("broadcast_in_dim", ["$a", [2, 3, 4], [0, 2]], {}, {"a": (2, 4)}),
    ("broadcast_in_dim", ["$a", [3, 5], [1]], {}, {"a": (1,)}),
    ("broadcast_to_rank", ["$a", 4], {}, {"a": X}),
    ("expand_dims", ["$a", [0, -1]], {}, {"a": X}),
    ("squeeze", ["$a", [0, -2]], {}, {"a": (1, 3, 1, 2)}),
    ("collapse", ["$a", 1, 3], {}, {"a": (2, 3, 4, 2)}),
    ("collapse", ["$a", 1], {}, {"a": M}),
    ("pad", ["$a", 0.5, [[1, 2, 0], [0, 1, 2]]], {}, {"a": X}),
    ("pad", ["$a", "$b", [[-1, 2, 1], [2, -1, 0]]], {}, {"a": X, "b": ()}),
    ("split", ["$a", [1, 3]], {"axis": 1}, {"a": X}),
    ("tile", ["$a", [2, 1, 3]], {}, {"a": (2, 1, 3)}),
    ("stack", [["$a", "$b"]], {"axis": 1}, PAIR),
    ("unstack", ["$a"], {"axis": 1}, {"a": X}),
    ("index_in_dim", ["$a", -1], {"axis": 1}, {"a": X}),
    ("index_in_dim", ["$a", 1], {"keepdims": False}, {"a": X}),
    ("slice_in_dim", ["$a", 1, None], {"stride": 2, "axis": 1}, {"a": X}),
    ("slice_in_dim", ["$a", None, -1], {}, {"a": X}),
    ("full", [[2, 3], 1.5], {}, {}),
    ("full_like", ["$a", 2], {}, {"a": X}),
    ("full_like", ["$a", 2], {"dtype": "int32", "shape": [3]}, {"a": X}),
    ("shape_as_value", [[2, 3]], {}, {}),
    ("select_n", ["$i", "$a", "$b"], {}, {**PAIR, "i": np.array([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1]], np.int32)}),
    ("select_n", ["$p", "$a", "$b"], {}, {**PAIR, "p": np.array(True)}),
    ("select_n", ["$i", "$a", "$b", "$c"], {}, {**PAIR, "c": X, "i": np.array([[0, 1, 2, 0], [2, 1, 0, 0], [0, 2, 2, 1]], np.int32)}),
    ("batch_matmul", BOTH, {}, {"a": (2, 3, 4), "b": (2, 4, 2)}),
    ("sort", ["$a"], {}, {"a": X}),
    ("sort", ["$a"], {"dimension": 0}, {"a": M}),
    ("sort", [["$i", "$a"]], {}, {"a": V, "i": np.array([2, 1, 2, 0, 1, 0, 2], np.int32)}),
    ("sort", [["$i", "$a", "$b"]], {"num_keys": 2}, {"a": V, "b": V, "i": np.array([2, 1, 2, 0, 1, 0, 2], np.int32)}),
    ("sort_key_val", BOTH, {"dimension": 0}, PAIR),
    ("top_k", ["$a", 2], {}, {"a": X}),
    ("top_k", ["$a", 2], {"axis": 0}, {"a": X}),
    ("cumsum", ["$a"], {}, {"a": X}),
    ("cumsum", ["$a", 1, True], {}, {"a": X}),
    ("cumprod", ["$a"], {"axis": 1, "reverse": True}, {"a": X}),
    ("cummax", ["$a", 1], {}, {"a": X}),
    ("cummin", ["$a"], {"axis": 1, "reverse": True}, {"a": X}),
    ("cumlogsumexp", ["$a", 1], {}, {"a": X}),
    ("argmax", ["$a", 1, "int32"], {}, {"a": X}),
    ("argmin", ["$a", 0, "uint32"], {}, {"a": X}),
    ("reduce_sum", ["$a", [0, 2]], {}, {"a": M}),
    ("reduce_prod", ["$a", [1]], {}, {"a": X}),
    ("reduce_max", ["$a", [1]], {}, {"a": X}),
    ("reduce_min", ["$a", [0, 1]], {}, {"a": X}),
    ("reduce_and", ["$i", [1]], {}, {"i": INTS}),
    ("reduce_or", ["$i", [0]], {}, {"i": SMALL}),
    ("reduce_xor", ["$i", [0, 1]], {}, {"i": INTS}),
    ("reduce", ["$a", 0.5, "%lax.add", [1]], {}, {"a": X}),
    ("reduce", ["$a", 1.0, "%lax.mul", [0, 2]], {}, {"a": M}),
    ("reduce", ["$a", "-inf", "%lax.max", [0]], {}, {"a": V}),
    ("associative_scan", ["%lax.add", "$a"], {}, {"a": V}),
    ("associative_scan", ["%lax.mul", "$a"], {"reverse": True, "axis": 1}, {"a": (2, 6)}),
    ("associative_scan", ["%lax.max", "$a"], {}, {"a": (1, 2)}),
    ("dynamic_slice", ["$a", [1, 2], [2, 3]], {}, {"a": X}),
    ("dynamic_slice", ["$a", "$i", [2, 4]], {}, {"a": X, "i": np.array([-1, 2], np.int32)}),
    ("dynamic_slice", ["$a", [-2, 0], [1, 2]], {}, {"a": X}),
    ("dynamic_slice_in_dim", ["$a", "$i", 2], {"axis": 1}, {"a": X, "i": np.array(1, np.int32)}),
    ("dynamic_index_in_dim", ["$a", "$i"], {"keepdims": False}, {"a": X, "i": np.array(-1, np.int32)}),
    ("dynamic_update_slice", ["$a", "$b", [0, 3]], {}, {"a": X, "b": (2, 2)}),
    ("dynamic_update_slice", ["$a", "$b", "$i"], {}, {"a": X, "b": (2, 4), "i": np.array([5, 3], np.int32)}),
    ("dynamic_update_slice_in_dim", ["$a", "$b", 1, 1], {}, {"a": X, "b": (3, 2)}),
    ("dynamic_update_index_in_dim", ["$a", "$b", "$i", 0], {}, {"a": X, "b": (4,), "i": np.array(1, np.int32)}),
    ("gather", ["$a", "$i", gather(**ROWS), [1, 4]], {}, {"a": X, "i": COLUMN}),
    ("gather", ["$a", "$i", gather(**ROWS), [1, 4]], {"mode": "clip"}, {"a": X, "i": BEYOND}),
    ("gather", ["$a", "$i", gather(**ROWS), [1, 4]], {"mode": "fill", "fill_value": 7}, {"a": X, "i": BEYOND}),
    ("gather", ["$a", "$i", gather(offset_dims=[0, 2], collapsed_slice_dims=[], start_index_map=[1, 0]), [2, 3]], {}, {"a": X, "i": np.array([[1, 0], [0, 1]], np.int32)}),
    ("gather", ["$a", "$i", gather(offset_dims=[1], collapsed_slice_dims=[], start_index_map=[1], operand_batching_dims=[0], start_indices_batching_dims=[0]), [1, 2]], {}, {"a": X, "i": COLUMN}),
    ("scatter", ["$a", "$i", "$b", scatter(**UPDATES)], {}, {"a": X, "b": X, "i": COLUMN}),
    ("scatter_add", ["$a", "$i", "$b", scatter(**UPDATES)], {}, {"a": X, "b": X, "i": BEYOND}),
    ("scatter_add", ["$a", "$i", "$b", scatter(**UPDATES)], {"mode": "clip"}, {"a": X, "b": X, "i": BEYOND}),
    ("scatter_sub", ["$a", "$i", "$b", scatter(**UPDATES)], {}, {"a": X, "b": X, "i": np.array([[1], [1], [0]], np.int32)}),
    ("scatter_mul", ["$a", "$i", "$b", scatter(**UPDATES)], {"unique_indices": True}, {"a": X, "b": X, "i": COLUMN}),
    ("scatter_max", ["$a", "$i", "$b", scatter(**UPDATES)], {}, {"a": X, "b": X, "i": COLUMN}),
    ("scatter_min", ["$a", "$i", "$b", scatter(update_window_dims=[1, 2], inserted_window_dims=[], scatter_dims_to_operand_dims=[0, 1])], {}, {"a": X, "b": (2, 2, 2), "i": np.array([[0, 1], [2, 0]], np.int32)}),
    ("round", ["$a"], {}, {"a": np.array([0.5, -0.5, 1.5, 2.5, -2.4, 2.6])}),
    ("round", ["$a", 1], {}, {"a": np.array([0.5, -0.5, 1.5, 2.5, -2.4, 2.6])}),
    ("integer_pow", ["$a", 5], {}, {"a": X}),
    ("integer_pow", ["$a", -2], {}, {"a": X}),
    ("integer_pow", ["$i", 3], {}, {"i": SMALL}),
    ("atan2", BOTH, {}, PAIR),
    ("rem", BOTH, {}, PAIR),
    ("igamma", BOTH, {}, {"a": np.array([0.5, 1.5, 3.0]), "b": np.array([0.7, 1.1, 4.0])}),
    ("igammac", BOTH, {}, {"a": np.array([0.5, 1.5, 3.0]), "b": np.array([0.7, 1.1, 4.0])}),
    ("zeta", BOTH, {}, {"a": np.array([1.5, 2.5, 3.0]), "b": np.array([0.7, 1.1, 4.0])}),
]
#: Steps, or gradients that the original does not have.
ROUGH = "is_finite argmax argmin reduce_and reduce_or reduce_xor round rem igamma igammac zeta"


def lax_cases():
    counts = {}

    def row(f, args, arrays, kwargs=None):
        counts[f] = counts.get(f, 0) + 1
        name = f"lax.{f} {counts[f]}"
        inputs = Inputs("jax_lax", name)
        held = {k: inputs.normal(*v) if isinstance(v, tuple) else v(inputs) if callable(v) else v for k, v in arrays.items()}
        case = call_case(name, inputs, f"lax.{f}", tuples(args), held, kwargs, smooth=f not in ROUGH.split())
        case["params"]["args"] = args
        return case

    for (low, high), names in UNARY.items():
        for f in names.split():
            yield row(f, ["$a"], {"a": lambda inputs: inputs.uniform(3, 4, low=low, high=high)})
    for f in INTEGER_UNARY.split():
        yield row(f, ["$i"], {"i": INTS})
    for f in INTEGER_BINARY.split():
        yield row(f, ["$i", "$s"], {"i": INTS, "s": SMALL})
    for f, args, kwargs, arrays in CALLS:
        yield row(f, args, arrays, kwargs)
