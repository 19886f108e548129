"""Golden cases of further arguments: each that jax.numpy, lax, nn, random and optax' losses take beside the usual ones."""

import numpy as np

from inputs import Inputs
from jax_cases import call_case

A = {"a": (3, 4)}
MASK = {"where": "$b"}
# name: fn, args, kwargs, shapes of arrays; b of the masked ones is a mask
CALLS = {
    "sum_dtype": ("jnp.sum", ["$a"], {"axis": 0, "dtype": "int32"}, A),
    "sum_initial": ("jnp.sum", ["$a"], {"axis": 1, "initial": 2.5}, A),
    "prod_initial": ("jnp.prod", ["$a"], {"initial": 2.0}, A),
    "max_initial": ("jnp.max", ["$a"], {"axis": 0, "initial": 0.1}, A),
    "min_initial": ("jnp.min", ["$a"], {"axis": 1, "initial": 0.1, "keepdims": True}, A),
    "var_correction": ("jnp.var", ["$a"], {"axis": 1, "correction": 1.5}, A),
    "std_by_position": ("jnp.std", ["$a", 1, None, None, 1, True], {}, A),
    "var_mean": ("jnp.var", ["$a"], {"axis": 1, "mean": "$i"}, {"a": (3, 4), "i": (3, 1)}),
    "var_too_few": ("jnp.var", ["$a"], {"axis": 1, "ddof": 4}, A),
    "reshape_f": ("jnp.reshape", ["$a", [2, 6]], {"order": "F"}, A),
    "reshape_f_nd": ("jnp.reshape", ["$a", [4, -1], "F"], {}, {"a": (2, 3, 4)}),
    "ravel_f": ("jnp.ravel", ["$a"], {"order": "F"}, {"a": (2, 3, 4)}),
    "method_reshape_f": ("Array.reshape", ["$a", 4, 3], {"order": "F"}, A),
    "method_flatten_f": ("Array.flatten", ["$a", "F"], {}, A),
    "moveaxis_lists": ("jnp.moveaxis", ["$a", [0, 1], [-1, 0]], {}, {"a": (2, 3, 4)}),
    "stack_dtype": ("jnp.stack", [["$a", "$b"]], {"dtype": "int32"}, {"a": (2, 3), "b": (2, 3)}),
    "concatenate_dtype": ("jnp.concatenate", [["$a", "$b"], 0, "int32"], {}, {"a": (2, 3), "b": (2, 3)}),
    "stack_rows": ("jnp.stack", ["$a", 1], {}, A),
    "pad_values": ("jnp.pad", ["$a", [[1, 0], [2, 1]]], {"constant_values": [[1, 2], [3, 4]]}, A),
    "pad_values_pair": ("jnp.pad", ["$a", [[1, 2]]], {"constant_values": [5, 6]}, A),
    "linspace_arrays": ("jnp.linspace", ["$a", "$b", 5], {"axis": 1}, {"a": (3,), "b": (3,)}),
    "linspace_open": ("jnp.linspace", [-1, 2.5, 7, False], {}, {}),
    "linspace_step": ("jnp.linspace", [-1, 2.5, 7], {"retstep": True}, {}),
    "linspace_int": ("jnp.linspace", [0, 10, 4], {"dtype": "int32"}, {}),
    "array_ndmin": ("jnp.array", ["$a"], {"ndmin": 3}, {"a": (3,)}),
    "array_of_arrays": ("jnp.array", [["$a", "$b"]], {}, {"a": (3,), "b": (3,)}),
    "full_like_shape": ("jnp.full_like", ["$a", 2], {"shape": [2, 2]}, A),
    "eye_below": ("jnp.eye", [3, 4], {"k": -1}, {}),
    "softmax_axes": ("nn.softmax", ["$a"], {"axis": [0, 2]}, {"a": (2, 3, 4)}),
    "softmax_all": ("nn.softmax", ["$a", None], {}, A),
    "log_softmax_axes": ("nn.log_softmax", ["$a"], {"axis": [1, 2]}, {"a": (2, 3, 4)}),
    "logsumexp_b": ("nn.logsumexp", ["$a", 1, "$b"], {}, {"a": (3, 4), "b": (3, 4)}),
    "logsumexp_sign": ("nn.logsumexp", ["$a", 1, "$b"], {"return_sign": True}, {"a": (3, 4), "b": (3, 4)}),
    "gelu_exact_by_name": ("nn.gelu", ["$a"], {"approximate": False}, A),
    "window_defaults": ("lax.reduce_window", ["$a", 0.0, "%lax.add", [1, 2, 3, 1]], {}, {"a": (1, 5, 6, 2)}),
    "window_dilation": (
        "lax.reduce_window",
        ["$a", float("-inf"), "%lax.max", [1, 2, 3, 1]],
        {"window_strides": [1, 2, 1, 1], "padding": "SAME", "window_dilation": [1, 2, 3, 1]},
        {"a": (1, 7, 9, 2)},
    ),
    "window_dilated_sum": (
        "lax.reduce_window",
        ["$a", 0.0, "%lax.add", [1, 1, 2, 2], [1, 1, 1, 2], "VALID", None, [1, 1, 3, 2]],
        {},
        {"a": (1, 2, 7, 8)},
    ),
    "window_min": ("lax.reduce_window", ["$a", float("inf"), "%lax.min", [1, 2, 2, 1], [1, 2, 2, 1]], {}, {"a": (1, 6, 6, 1)}),
    "conv_same_lower": ("lax.conv", ["$a", "$b", [1, 1], "SAME_LOWER"], {}, {"a": (1, 2, 5, 6), "b": (3, 2, 2, 2)}),
    "lax_reshape_dimensions": ("lax.reshape", ["$a", [3, 2], [1, 0]], {}, {"a": (2, 3)}),
    "lax_dot_numbers": ("lax.dot", ["$a", "$b"], {"dimension_numbers": [[[0], [1]], [[], []]]}, {"a": (3, 2), "b": (4, 3)}),
    "outer_number": ("jnp.outer", ["$a", 2.0], {}, {"a": (3,)}),
    "cross_entropy_axis": ("optax.softmax_cross_entropy", ["$a", "$b"], {"axis": 0}, {"a": (3, 4), "b": (3, 4)}),
    "cross_entropy_axes": ("optax.softmax_cross_entropy", ["$a", "$b"], {"axis": [0, 2]}, {"a": (2, 3, 2), "b": (2, 3, 2)}),
    "smooth_labels_axis": ("optax.smooth_labels", ["$a"], {"alpha": 0.2, "axis": [0, 1]}, A),
    "smooth_labels_all": ("optax.smooth_labels", ["$a", 0.3], {"axis": None}, A),
    "l2_loss_by_name": ("optax.l2_loss", [], {"predictions": "$a", "targets": "$b"}, {"a": (3, 4), "b": (3, 4)}),
}
MASKED = {
    "sum_where": ("jnp.sum", ["$a"], {"axis": 1, **MASK}),
    "prod_where": ("jnp.prod", ["$a"], {"axis": 0, **MASK}),
    "max_where": ("jnp.max", ["$a"], {"axis": 1, "initial": -0.5, **MASK}),
    "min_where": ("jnp.amin", ["$a"], {"initial": 0.5, **MASK}),
    "mean_where": ("jnp.mean", ["$a"], {"axis": 1, **MASK}),
    "var_where": ("jnp.var", ["$a"], {"axis": 0, "ddof": 1, **MASK}),
    "std_where": ("Array.std", ["$a"], {"axis": 1, "keepdims": True, **MASK}),
    "any_where": ("jnp.any", [{"call": ["jnp.greater", "$a", 0.5]}], {"axis": 1, **MASK}),
    "all_where": ("jnp.all", [{"call": ["jnp.greater", "$a", -0.5]}], {"axis": 1, **MASK}),
    "softmax_where": ("nn.softmax", ["$a"], dict(MASK)),
    "logsumexp_where": ("nn.logsumexp", ["$a"], {"axis": 1, **MASK}),
    "smooth_labels_where": ("optax.smooth_labels", ["$a", 0.2], dict(MASK)),
    "max_bool": ("jnp.max", ["$b"], {"axis": 1}),
    "min_bool": ("jnp.min", ["$b"], {"axis": 0}),
}


def arguments_cases():
    for name, (fn, args, kwargs, shapes) in CALLS.items():
        inputs = Inputs("jax_arguments", name)
        arrays = {k: inputs.distinct(*shape) for k, shape in shapes.items()}
        # JSON knows no infinity.
        words = {float("-inf"): "-inf", float("inf"): "inf"}
        # The original has no gradient of a dilated maximum.
        made = call_case(name, inputs, fn, args, arrays, kwargs, smooth="window_dilation" not in kwargs)
        made["params"]["args"] = [words.get(a, a) if isinstance(a, float) else a for a in args]
        yield made
    mask = np.array([[True, False, True, True], [False, True, True, False], [True, True, False, True]])
    for name, (fn, args, kwargs) in MASKED.items():
        inputs = Inputs("jax_arguments", name)
        yield call_case(name, inputs, fn, args, {"a": inputs.distinct(3, 4), "b": mask}, kwargs)
    inputs = Inputs("jax_arguments", "indices")
    x = inputs.normal(3, 4)
    far = np.array([[0, 5], [-1, -6]], np.int32)
    for mode in ["clip", "wrap"]:
        yield call_case(f"take_{mode}", inputs, "jnp.take", ["$a", "$i"], {"a": x, "i": far}, {"axis": 1, "mode": mode})
    index = np.array([[0, 3], [1, -1]], np.int32)
    yield call_case("one_hot_axis", inputs, "nn.one_hot", ["$i", 4], {"i": index}, {"axis": 0, "dtype": "int32"})
    yield call_case("one_hot_middle", inputs, "nn.one_hot", ["$i", 4], {"i": index}, {"axis": 1})
    words = np.array([[5, 7, 9], [2, 0, 4]], np.uint32)
    yield call_case("min_initial_wraps", inputs, "jnp.min", ["$a"], {"a": words}, {"axis": 1, "initial": -1})
    yield call_case("lax_div_by_zero", inputs, "lax.div", ["$a", "$b"], {"a": np.array([7, -7, 0, 9], np.int32), "b": np.array([0, 2, 0, -2], np.int32)})
    yield call_case("sign_words", inputs, "jnp.sign", ["$a"], {"a": words})
    yield call_case("lax_sign_words", inputs, "lax.sign", ["$a"], {"a": words})
    yield call_case("lax_div_words_by_zero", inputs, "lax.div", ["$a", "$a"], {"a": words})
    x = inputs.distinct(3, 4)
    yield call_case("lax_clamp_reversed", inputs, "lax.clamp", ["$a", "$x", "$b"], {"a": x + 0.3, "x": inputs.distinct(3, 4), "b": x})
    labels = np.array([0, 2, 1, 2], np.int32)
    fn = "optax.softmax_cross_entropy_with_integer_labels"
    yield call_case("integer_labels_axis", inputs, fn, [], {"a": x, "i": labels}, {"logits": "$a", "labels": "$i", "axis": 0})
    rows = np.array([3, 0, 2], np.int32)
    yield call_case("integer_labels_where", inputs, fn, ["$a", "$i"], {"a": x, "i": rows, "b": mask | (np.arange(4) == rows[:, None])}, {"where": "$b"})
    yield call_case("sum_by_name", inputs, "jnp.sum", [], {"a": x}, {"a": "$a", "axis": 1, "keepdims": True})
