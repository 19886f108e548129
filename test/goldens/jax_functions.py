"""Golden cases of jax.numpy, jax.lax, jax.nn and optax' losses, and of the dtypes that operands are promoted to."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from golden_format import case
from inputs import Inputs
from jax_cases import call_case, named, stored

BOTH = ["$a", "$b"]
SMOOTH = ["sin", "cos", "tanh", "exp", "expm1", "negative", "square", "abs", "sign", "floor", "ceil", "round"]
POSITIVE = ["log", "log1p", "sqrt", "reciprocal"]
BINARY = ["add", "subtract", "multiply", "divide", "true_divide", "maximum", "minimum"]
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
NN = ["relu", "relu6", "sigmoid", "tanh", "silu", "swish", "softplus", "log_sigmoid", "leaky_relu", "elu", "gelu"]
LAX_UNARY = ["abs", "cos", "erf", "exp", "expm1", "floor", "logistic", "neg", "sign", "sin", "square", "tanh"]

# name: fn, args, kwargs, shapes of arrays
CALLS = {
    "power_number": ("jnp.power", ["$a", 3], {}, {"a": (3, 4)}),
    "clip": ("jnp.clip", ["$a", -0.4, 0.3], {}, {"a": (3, 4)}),
    "clip_below": ("jnp.clip", ["$a", 0.1], {}, {"a": (3, 4)}),
    "where": ("jnp.where", [{"call": ["jnp.less", "$a", 0.1]}, "$a", "$b"], {}, {"a": (3, 4), "b": (4,)}),
    "round_2": ("jnp.round", ["$a", 1], {}, {"a": (3, 4)}),
    "add_number": ("jnp.add", ["$a", 1.5], {}, {"a": (3,)}),
    "matmul_2d": ("jnp.matmul", BOTH, {}, {"a": (3, 4), "b": (4, 2)}),
    "matmul_vectors": ("jnp.matmul", BOTH, {}, {"a": (4,), "b": (4,)}),
    "matmul_broadcast": ("jnp.matmul", BOTH, {}, {"a": (2, 1, 3, 4), "b": (3, 4, 2)}),
    "matmul_vector_batch": ("jnp.matmul", BOTH, {}, {"a": (4,), "b": (3, 4, 2)}),
    "dot_2d": ("jnp.dot", BOTH, {}, {"a": (3, 4), "b": (4, 2)}),
    "dot_nd": ("jnp.dot", BOTH, {}, {"a": (2, 3, 4), "b": (3, 4, 2)}),
    "dot_nd_vector": ("jnp.dot", BOTH, {}, {"a": (2, 3, 4), "b": (4,)}),
    "outer": ("jnp.outer", BOTH, {}, {"a": (2, 3), "b": (4,)}),
    "tensordot_2": ("jnp.tensordot", BOTH, {}, {"a": (2, 3, 4), "b": (3, 4, 2)}),
    "tensordot_0": ("jnp.tensordot", [*BOTH, 0], {}, {"a": (2, 3), "b": (2,)}),
    "tensordot_axes": ("jnp.tensordot", [*BOTH, [[0, 2], [1, 0]]], {}, {"a": (3, 2, 4), "b": (4, 3, 2)}),
    "sum": ("jnp.sum", ["$a"], {}, {"a": (2, 3, 4)}),
    "sum_axes": ("jnp.sum", ["$a"], {"axis": [0, -1]}, {"a": (2, 3, 4)}),
    "mean_keepdims": ("jnp.mean", ["$a"], {"axis": 1, "keepdims": True}, {"a": (2, 3, 4)}),
    "max_axis": ("jnp.max", ["$a"], {"axis": 1}, {"a": (2, 3, 4)}),
    "amin": ("jnp.amin", ["$a"], {}, {"a": (2, 3)}),
    "prod_axis": ("jnp.prod", ["$a"], {"axis": 1}, {"a": (2, 3, 4)}),
    "var": ("jnp.var", ["$a"], {"axis": 0}, {"a": (4, 3)}),
    "var_ddof": ("jnp.var", ["$a"], {"axis": [0, 1], "ddof": 1, "keepdims": True}, {"a": (4, 3)}),
    "std": ("jnp.std", ["$a"], {"axis": 1}, {"a": (4, 3)}),
    "argmax": ("jnp.argmax", ["$a"], {"axis": 1}, {"a": (4, 3)}),
    "argmax_flat": ("jnp.argmax", ["$a"], {}, {"a": (4, 3)}),
    "argmin_keepdims": ("jnp.argmin", ["$a"], {"axis": 0, "keepdims": True}, {"a": (4, 3)}),
    "broadcast_to": ("jnp.broadcast_to", ["$a", [2, 3, 4]], {}, {"a": (3, 1)}),
    "expand_dims": ("jnp.expand_dims", ["$a", [0, 2]], {}, {"a": (2, 3)}),
    "flip": ("jnp.flip", ["$a"], {}, {"a": (2, 3)}),
    "flip_axis": ("jnp.flip", ["$a", 1], {}, {"a": (2, 3)}),
    "ravel": ("jnp.ravel", ["$a"], {}, {"a": (2, 3)}),
    "reshape": ("jnp.reshape", ["$a", [3, -1]], {}, {"a": (2, 6)}),
    "split": ("jnp.split", ["$a", 3], {"axis": 1}, {"a": (2, 6)}),
    "split_at": ("jnp.split", ["$a", [1, 4]], {}, {"a": (5, 2)}),
    "squeeze": ("jnp.squeeze", ["$a"], {}, {"a": (1, 3, 1)}),
    "squeeze_axis": ("jnp.squeeze", ["$a", -1], {}, {"a": (1, 3, 1)}),
    "stack": ("jnp.stack", [["$a", "$b"], -1], {}, {"a": (2, 3), "b": (2, 3)}),
    "concatenate": ("jnp.concatenate", [["$a", "$b"], 1], {}, {"a": (2, 3), "b": (2, 1)}),
    "concatenate_flat": ("jnp.concatenate", [["$a", "$b"], None], {}, {"a": (2, 3), "b": (2,)}),
    "concatenate_by_name": ("jnp.concatenate", [["$a", "$b"]], {"axis": -1}, {"a": (2, 3), "b": (2, 1)}),
    "stack_by_name": ("jnp.stack", [["$a", "$b"]], {"axis": 1}, {"a": (2, 3), "b": (2, 3)}),
    "flip_by_name": ("jnp.flip", ["$a"], {"axis": 0}, {"a": (2, 3)}),
    "squeeze_by_name": ("jnp.squeeze", ["$a"], {"axis": 0}, {"a": (1, 3, 1)}),
    "expand_dims_by_name": ("jnp.expand_dims", ["$a"], {"axis": -1}, {"a": (2, 3)}),
    "softmax_by_name": ("nn.softmax", ["$a"], {"axis": 0}, {"a": (3, 4)}),
    "log_softmax_by_name": ("nn.log_softmax", ["$a"], {"axis": 0}, {"a": (3, 4)}),
    "swapaxes": ("jnp.swapaxes", ["$a", 0, -1], {}, {"a": (2, 3, 4)}),
    "moveaxis": ("jnp.moveaxis", ["$a", 0, -1], {}, {"a": (2, 3, 4)}),
    "transpose": ("jnp.transpose", ["$a", [1, 2, 0]], {}, {"a": (2, 3, 4)}),
    "pad": ("jnp.pad", ["$a", [[1, 0], [2, 1]]], {"constant_values": 0.5}, {"a": (2, 3)}),
    "pad_pair": ("jnp.pad", ["$a", [1, 2]], {}, {"a": (2, 3)}),
    "linspace": ("jnp.linspace", [-1, 2.5, 7], {}, {}),
    "eye": ("jnp.eye", [3, 4, 1], {}, {}),
    "identity": ("jnp.identity", [3], {}, {}),
    "arange": ("jnp.arange", [5], {}, {}),
    "arange_step": ("jnp.arange", [7, 1, -2], {}, {}),
    "arange_float": ("jnp.arange", [0.5, 3], {}, {}),
    "full": ("jnp.full", [[2, 2], 1.5], {}, {}),
    "zeros_like": ("jnp.zeros_like", ["$a"], {}, {"a": (2, 3)}),
    "astype": ("Array.astype", ["$a", "int32"], {}, {"a": (3, 4)}),
    "method_max": ("Array.max", ["$a"], {"axis": 0, "keepdims": True}, {"a": (3, 4)}),
    "method_dot": ("Array.dot", BOTH, {}, {"a": (3, 4), "b": (4,)}),
    "softmax": ("nn.softmax", ["$a"], {}, {"a": (3, 4)}),
    "softmax_axis": ("nn.softmax", ["$a", 0], {}, {"a": (3, 4)}),
    "log_softmax": ("nn.log_softmax", ["$a", 1], {}, {"a": (2, 3, 4)}),
    "logsumexp": ("nn.logsumexp", ["$a"], {}, {"a": (3, 4)}),
    "logsumexp_axis": ("nn.logsumexp", ["$a"], {"axis": 1, "keepdims": True}, {"a": (3, 4)}),
    "gelu_exact": ("nn.gelu", ["$a", False], {}, {"a": (3, 4)}),
    "elu_half": ("nn.elu", ["$a", 0.5], {}, {"a": (3, 4)}),
    "leaky_relu_half": ("nn.leaky_relu", ["$a", 0.5], {}, {"a": (3, 4)}),
    "lax_clamp": ("lax.clamp", [-0.5, "$a", 0.4], {}, {"a": (3, 4)}),
    "lax_pow": ("lax.pow", ["$a", 2.0], {}, {"a": (3, 4)}),
    "lax_max": ("lax.max", BOTH, {}, {"a": (3, 4), "b": (3, 4)}),
    "lax_sub": ("lax.sub", BOTH, {}, {"a": (3, 4), "b": (3, 4)}),
    "lax_ge": ("lax.ge", BOTH, {}, {"a": (3, 4), "b": (3, 4)}),
    "lax_dot": ("lax.dot", BOTH, {}, {"a": (3, 4), "b": (4,)}),
    "lax_dot_general": ("lax.dot_general", [*BOTH, [[[2], [1]], [[0], [2]]]], {}, {"a": (2, 3, 4), "b": (5, 4, 2)}),
    "lax_rev": ("lax.rev", ["$a", [0, 1]], {}, {"a": (2, 3)}),
    "lax_slice": ("lax.slice", ["$a", [1, 0], [4, 5], [2, 3]], {}, {"a": (5, 6)}),
    "lax_reshape": ("lax.reshape", ["$a", [3, 2]], {}, {"a": (2, 3)}),
    "lax_transpose": ("lax.transpose", ["$a", [1, 0]], {}, {"a": (2, 3)}),
    "lax_concatenate": ("lax.concatenate", [["$a", "$b"], 0], {}, {"a": (2, 3), "b": (1, 3)}),
    "lax_iota": ("lax.iota", ["int32", 5], {}, {}),
    "lax_broadcasted_iota": ("lax.broadcasted_iota", ["float32", [2, 3], 1], {}, {}),
    "lax_conv": ("lax.conv", [*BOTH, [2, 1], "SAME"], {}, {"a": (2, 3, 7, 6), "b": (4, 3, 3, 2)}),
    "lax_conv_same": ("lax.conv_general_dilated", [*BOTH, [2, 2], "SAME"], {}, {"a": (1, 2, 6, 7), "b": (3, 2, 3, 3)}),
    "lax_conv_nhwc_dilated": (
        "lax.conv_general_dilated",
        [*BOTH, [1, 2], "SAME"],
        {"rhs_dilation": [2, 1], "dimension_numbers": ["NHWC", "HWIO", "NHWC"]},
        {"a": (2, 7, 8, 2), "b": (3, 2, 2, 3)},
    ),
    "lax_conv_groups_chwn": (
        "lax.conv_general_dilated",
        [*BOTH, [1, 1], [[1, 0], [0, 2]]],
        {"feature_group_count": 2, "dimension_numbers": ["CHWN", "OIHW", "NHCW"]},
        {"a": (4, 5, 4, 2), "b": (6, 2, 3, 3)},
    ),
    "lax_conv_batch_groups": (
        "lax.conv_general_dilated",
        [*BOTH, [1, 2], "SAME"],
        {"batch_group_count": 2},
        {"a": (6, 3, 4, 5), "b": (4, 3, 3, 2)},
    ),
    "lax_conv_batch_groups_nhwc": (
        "lax.conv_general_dilated",
        [*BOTH, [1, 1], [[1, 0], [0, 2]]],
        {"batch_group_count": 3, "dimension_numbers": ["NHWC", "HWIO", "NHWC"]},
        {"a": (3, 5, 4, 2), "b": (3, 3, 2, 6)},
    ),
    "lax_reduce_window_max": (
        "lax.reduce_window",
        ["$a", float("-inf"), "%lax.max", [1, 3, 2, 1], [1, 2, 2, 1], "SAME"],
        {},
        {"a": (1, 6, 7, 2)},
    ),
    "lax_reduce_window_sum": (
        "lax.reduce_window",
        ["$a", 0.0, "%lax.add", [1, 1, 2, 3], [1, 1, 1, 2], "VALID"],
        {},
        {"a": (1, 2, 6, 7)},
    ),
    "optax_squared_error": ("optax.squared_error", BOTH, {}, {"a": (3, 4), "b": (3, 4)}),
    "optax_l2_loss": ("optax.l2_loss", BOTH, {}, {"a": (3, 4), "b": (3, 4)}),
    "optax_l2_loss_alone": ("optax.l2_loss", ["$a"], {}, {"a": (3, 4)}),
    "optax_sigmoid_cross_entropy": ("optax.sigmoid_binary_cross_entropy", BOTH, {}, {"a": (3, 4), "b": (3, 4)}),
    "optax_smooth_labels": ("optax.smooth_labels", ["$a", 0.2], {}, {"a": (3, 4)}),
}
for f in BINARY:
    CALLS[f] = (f"jnp.{f}", BOTH, {}, {"a": (3, 4), "b": (3, 1)})
for f in COMPARISONS:
    CALLS[f] = (f"jnp.{f}", BOTH, {}, {"a": (3, 4), "b": (3, 4)})
for f in SMOOTH:
    CALLS[f] = (f"jnp.{f}", ["$a"], {}, {"a": (3, 4)})
for f in NN:
    CALLS[f"nn_{f}"] = (f"nn.{f}", ["$a"], {}, {"a": (4, 4)})
for f in LAX_UNARY:
    CALLS[f"lax_{f}"] = (f"lax.{f}", ["$a"], {}, {"a": (3, 4)})


def functions_cases():
    for name, (fn, args, kwargs, shapes) in CALLS.items():
        inputs = Inputs("jax_functions", name)
        arrays = {k: inputs.distinct(*shape) for k, shape in shapes.items()}
        if fn.endswith("equal"):
            arrays["b"] = np.where(inputs.integers(3, 4, high=2) == 1, arrays["a"], arrays["b"])
        if fn.split(".")[1] in ("divide", "true_divide"):
            arrays["b"] = inputs.uniform(3, 1, low=0.5, high=2)
        # JSON knows no infinity.
        stored_args = ["-inf" if a == float("-inf") else a for a in args]
        made = call_case(name, inputs, fn, args, arrays, kwargs)
        made["params"]["args"] = stored_args
        yield made
    for f in [*(f"jnp.{f}" for f in POSITIVE), "lax.rsqrt", "lax.sqrt", "lax.log"]:
        inputs = Inputs("jax_functions", f"{f}_positive")
        yield call_case(f"{f}_positive", inputs, f, ["$a"], {"a": inputs.uniform(3, 4, low=0.05, high=3)})
    inputs = Inputs("jax_functions", "power")
    yield call_case("power", inputs, "jnp.power", BOTH, {"a": inputs.uniform(3, 4, low=0.2, high=3), "b": inputs.normal(4)})
    yield call_case("lax_erf_inv", inputs, "lax.erf_inv", ["$a"], {"a": inputs.uniform(3, 4, low=-0.95, high=0.95)})
    yield from special_cases()


def special_cases():
    """Kinks, ties, bounds, integers and booleans."""
    inputs = Inputs("jax_functions", "special")
    zero = np.zeros((2, 2))
    for f in ["relu", "relu6", "leaky_relu", "elu", "silu", "softplus"]:
        yield call_case(f"nn_{f}_at_zero", inputs, f"nn.{f}", ["$a"], {"a": zero})
    yield call_case("nn_relu6_at_six", inputs, "nn.relu6", ["$a"], {"a": zero + 6})
    yield call_case("abs_at_zero", inputs, "jnp.abs", ["$a"], {"a": zero})
    far = np.array([[-90.0, -30, -12, -5], [5, 12, 30, 80]])
    for f in ["sigmoid", "silu", "softplus", "log_sigmoid", "elu", "gelu", "softmax", "log_softmax", "logsumexp"]:
        yield call_case(f"nn_{f}_far", inputs, f"nn.{f}", ["$a"], {"a": far})
    tied = np.array([[1.0, 2, 2], [3, 3, 3]])
    for f in ["max", "min"]:
        yield call_case(f"{f}_tied", inputs, f"jnp.{f}", ["$a"], {"a": tied}, {"axis": 1})
    for f in ["argmax", "argmin"]:
        yield call_case(f"{f}_tied", inputs, f"jnp.{f}", ["$a"], {"a": tied}, {"axis": 1})
    for f in ["maximum", "minimum"]:
        yield call_case(f"{f}_tied", inputs, f"jnp.{f}", BOTH, {"a": tied, "b": tied})
        yield call_case(f"{f}_tied_number", inputs, f"jnp.{f}", ["$a", 2], {"a": tied})
    yield call_case("clip_at_bounds", inputs, "jnp.clip", ["$a", 1, 3], {"a": tied})
    yield call_case("lax_clamp_at_bounds", inputs, "lax.clamp", [1.0, "$a", 3.0], {"a": tied})
    yield call_case("prod_with_zeros", inputs, "jnp.prod", ["$a"], {"a": np.array([[2.0, 0, 3], [0, 0, 1], [1, 2, 4]])}, {"axis": 1})
    halves = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    yield call_case("round_halves", inputs, "jnp.round", ["$a"], {"a": halves})
    yield call_case("astype_toward_zero", inputs, "Array.astype", ["$a", "int32"], {"a": halves})
    yield call_case("isnan", inputs, "jnp.isnan", [{"call": ["jnp.log", "$a"]}], {"a": np.array([-1.0, 0, 1])})
    yield call_case("power_zero", inputs, "jnp.power", ["$a", 0], {"a": tied})
    ints = inputs.integers(3, 4, high=9).astype(np.int32) - 4
    bits = inputs.integers(3, 4, high=2).astype(bool)
    words = inputs.integers(3, 4, high=9).astype(np.uint32) + np.uint32(2**31)
    for f in ["negative", "abs", "sign", "square", "floor", "exp", "round", "sum", "mean", "max", "prod", "any", "argmax", "var"]:
        yield call_case(f"{f}_int32", inputs, f"jnp.{f}", ["$a"], {"a": ints})
    for f in ["sum", "mean", "max", "any", "all", "argmax", "sqrt", "logical_not", "prod"]:
        yield call_case(f"{f}_bool", inputs, f"jnp.{f}", ["$a"], {"a": bits})
    for f in ["sum", "max", "square", "sqrt"]:
        yield call_case(f"{f}_uint32", inputs, f"jnp.{f}", ["$a"], {"a": words})
    yield call_case("nn_relu_int32", inputs, "nn.relu", ["$a"], {"a": ints})
    yield call_case("power_int32", inputs, "jnp.power", ["$a", 3], {"a": ints})
    yield call_case("logical_and", inputs, "jnp.logical_and", BOTH, {"a": bits, "b": ints})
    yield call_case("logical_or", inputs, "jnp.logical_or", BOTH, {"a": bits, "b": ints})
    yield call_case("nn_one_hot", inputs, "nn.one_hot", ["$a", 4], {"a": ints})
    index = np.array([[0, -1], [2, 1]], np.int32)
    x = inputs.normal(3, 4)
    for axis in [None, 0, 1]:
        yield call_case(f"take_{axis}", inputs, "jnp.take", ["$a", "$i"], {"a": x, "i": index}, {"axis": axis})
    labels = inputs.integers(3, high=4).astype(np.int32)
    fn = "optax.softmax_cross_entropy_with_integer_labels"
    yield call_case("optax_integer_labels", inputs, fn, ["$a", "$i"], {"a": x, "i": labels})
    rows = inputs.distribution(3, 4)
    yield call_case("optax_softmax_cross_entropy", inputs, "optax.softmax_cross_entropy", BOTH, {"a": x, "b": rows})


#: What is added up in the promotions: arrays by dtype, and Python's numbers.
OPERANDS = ["bool", "int32", "uint32", "float32", True, 2, 1.5]
FUNCTIONS = ["add", "multiply", "divide", "maximum", "less", "power", "where"]


def promotions_cases():
    """dtype of f(a, b) for arrays of every dtype and numbers, in params.results: [f, a, b, dtype]."""
    results = []
    with jax.enable_x64(False):
        held = lambda given: jnp.ones((2,), given) if isinstance(given, str) else given
        for f, a, b in itertools.product(FUNCTIONS, OPERANDS, OPERANDS):
            if not isinstance(a, str) and not isinstance(b, str):
                continue
            # Integers to the power of an array are not supported.
            if f == "power" and "float32" not in (a, b) and 1.5 not in (a, b) and (isinstance(b, str) or b is True):
                continue
            g = jnp.where if f == "where" else named(f"jnp.{f}")
            args = [jnp.array([True, False]), held(a), held(b)] if f == "where" else [held(a), held(b)]
            results.append([f, a, b, str(g(*args).dtype)])
        pairs = itertools.product(["bool", "uint8", "int32", "uint32", "float32"], repeat=2)
        results += [["promote_types", a, b, str(jnp.promote_types(a, b))] for a, b in pairs]
    # int64 and float64 do not exist with 64-bit types off: promote_types alone still names them.
    yield case("promotions", {"results": results}, {})


def second_cases():
    """Gradients of gradients: ddx is the gradient of sum(v * dx), dx that of sum(f(x))."""
    for f in [*(f"nn.{g}" for g in NN if g != "relu6"), "nn.softmax", "nn.log_softmax", "nn.logsumexp", "jnp.tanh", "lax.erf", "lax.rsqrt"]:
        inputs = Inputs("jax_second", f)
        x = inputs.uniform(3, 4, low=0.2, high=2) if f == "lax.rsqrt" else inputs.distinct(3, 4)
        c, v = inputs.normal(3, 4), inputs.normal(3, 4)
        with jax.enable_x64(True):
            total = lambda x: jnp.sum(jnp.square(named(f)(x)) * (1 if f == "nn.logsumexp" else c))
            first = jax.grad(total)
            second = jax.grad(lambda x: jnp.sum(first(x) * v))(jnp.asarray(x))
            arrays = {"x": x, "c": c, "v": v, "dx": first(jnp.asarray(x)), "ddx": second}
        yield case(f, {"fn": f}, {k: stored(a) for k, a in arrays.items()})
