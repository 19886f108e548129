"""Golden cases of keras.layers, keras.activations and keras.ops."""

import keras
import numpy as np

from golden_format import case
from inputs import Inputs
from keras_cases import gradient_case, stored

CF = "channels_first"
# name: class, keyword arguments, shapes of the inputs
LAYERS = {
    "dense": ("Dense", {"units": 3}, [(4, 5)]),
    "dense_rank_4": ("Dense", {"units": 3, "activation": "tanh"}, [(2, 3, 2, 4)]),
    "dense_softmax": ("Dense", {"units": 4, "activation": "softmax"}, [(3, 5)]),
    "dense_no_bias": ("Dense", {"units": 2, "use_bias": False, "activation": "silu"}, [(4, 3)]),
    "conv": ("Conv2D", {"filters": 4, "kernel_size": 3, "activation": "sigmoid"}, [(2, 6, 7, 3)]),
    "conv_no_bias": ("Conv2D", {"filters": 2, "kernel_size": [2, 3], "use_bias": False}, [(2, 5, 6, 2)]),
    "conv_same": ("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same"}, [(1, 5, 6, 2)]),
    "conv_same_even": ("Conv2D", {"filters": 2, "kernel_size": [2, 4], "padding": "same"}, [(1, 5, 6, 2)]),
    "conv_same_stride_2_even": (
        "Conv2D",
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"},
        [(2, 6, 8, 2)],
    ),
    "conv_same_stride_2_odd": (
        "Conv2D",
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"},
        [(2, 7, 5, 2)],
    ),
    "conv_same_stride_3_kernel_2": (
        "Conv2D",
        {"filters": 2, "kernel_size": 2, "strides": 3, "padding": "same"},
        [(1, 7, 8, 2)],
    ),
    "conv_same_stride_2x1": (
        "Conv2D",
        {"filters": 2, "kernel_size": [5, 2], "strides": [2, 1], "padding": "same"},
        [(1, 8, 5, 2)],
    ),
    "conv_valid_stride_2": ("Conv2D", {"filters": 2, "kernel_size": 3, "strides": 2}, [(1, 8, 7, 2)]),
    "conv_same_dilation": (
        "Conv2D",
        {"filters": 2, "kernel_size": [2, 3], "dilation_rate": [2, 3], "padding": "same"},
        [(1, 7, 8, 2)],
    ),
    "conv_dilation": ("Conv2D", {"filters": 3, "kernel_size": 3, "dilation_rate": 2}, [(1, 7, 8, 2)]),
    "conv_groups": ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2, "padding": "same"}, [(2, 5, 4, 4)]),
    "conv_depthwise_stride": (
        "Conv2D",
        {"filters": 6, "kernel_size": 3, "groups": 3, "strides": 2, "padding": "same"},
        [(1, 6, 5, 3)],
    ),
    "conv_1x1_stride": ("Conv2D", {"filters": 3, "kernel_size": 1, "strides": 2}, [(2, 5, 4, 3)]),
    "conv_first": ("Conv2D", {"filters": 4, "kernel_size": 3, "data_format": CF}, [(2, 3, 6, 5)]),
    "conv_first_same_stride": (
        "Conv2D",
        {"filters": 2, "kernel_size": [3, 2], "strides": 2, "padding": "same", "data_format": CF},
        [(2, 2, 6, 7)],
    ),
    # Where rows are as wide as there are filters Keras 3.15 adds the bias along the rows here: that is not imitated.
    "conv_first_groups": (
        "Conv2D",
        {"filters": 4, "kernel_size": 3, "groups": 2, "padding": "same", "data_format": CF},
        [(1, 4, 5, 3)],
    ),
    "max": ("MaxPooling2D", {}, [(2, 6, 8, 2)]),
    "max_rest": ("MaxPooling2D", {"pool_size": 2}, [(1, 7, 5, 2)]),
    "max_same": ("MaxPooling2D", {"pool_size": 2, "padding": "same"}, [(1, 7, 5, 2)]),
    "max_same_overlap": ("MaxPooling2D", {"pool_size": [3, 2], "strides": 1, "padding": "same"}, [(1, 4, 5, 2)]),
    "max_same_stride_2": ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [(2, 6, 7, 2)]),
    "max_first": ("MaxPooling2D", {"pool_size": [2, 3], "strides": [1, 2], "data_format": CF}, [(2, 2, 5, 7)]),
    "max_first_same": ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same", "data_format": CF}, [(1, 2, 6, 5)]),
    "avg": ("AveragePooling2D", {"pool_size": 2}, [(2, 6, 7, 2)]),
    "avg_same": ("AveragePooling2D", {"pool_size": 3, "padding": "same"}, [(1, 7, 5, 2)]),
    "avg_same_overlap": ("AveragePooling2D", {"pool_size": [3, 2], "strides": 1, "padding": "same"}, [(1, 4, 5, 2)]),
    "avg_same_stride_2": ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [(2, 6, 7, 2)]),
    "avg_same_gaps": ("AveragePooling2D", {"pool_size": 2, "strides": 3, "padding": "same"}, [(1, 8, 7, 2)]),
    "avg_first_same": ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same", "data_format": CF}, [(1, 2, 6, 5)]),
    "global": ("GlobalAveragePooling2D", {}, [(2, 4, 5, 3)]),
    "global_first_keepdims": ("GlobalAveragePooling2D", {"data_format": CF, "keepdims": True}, [(2, 3, 4, 5)]),
    "pad_1": ("ZeroPadding2D", {}, [(1, 3, 2, 2)]),
    "pad_2x1": ("ZeroPadding2D", {"padding": [2, 1]}, [(1, 3, 2, 2)]),
    "pad_each": ("ZeroPadding2D", {"padding": [[0, 1], [2, 3]], "data_format": CF}, [(1, 2, 3, 2)]),
    "flatten": ("Flatten", {}, [(2, 3, 2, 2)]),
    "flatten_first": ("Flatten", {"data_format": CF}, [(2, 3, 2, 2)]),
    "flatten_first_rank_3": ("Flatten", {"data_format": CF}, [(2, 3, 4)]),
    "reshape": ("Reshape", {"target_shape": [3, -1, 2]}, [(2, 4, 6)]),
    "relu": ("ReLU", {}, [(3, 4)]),
    "leaky_relu": ("LeakyReLU", {}, [(3, 4)]),
    "leaky_relu_half": ("LeakyReLU", {"negative_slope": 0.5}, [(3, 4)]),
    "elu": ("ELU", {}, [(3, 4)]),
    "elu_half": ("ELU", {"alpha": 0.5}, [(3, 4)]),
    "softmax": ("Softmax", {}, [(2, 3, 4)]),
    "softmax_axis_1": ("Softmax", {"axis": 1}, [(2, 3, 4)]),
    "activation_gelu": ("Activation", {"activation": "gelu"}, [(3, 4)]),
    "activation_leaky_relu": ("Activation", {"activation": "leaky_relu"}, [(3, 4)]),
    "rescaling": ("Rescaling", {"scale": 1 / 127.5, "offset": -1}, [(2, 3, 4)]),
    "dropout_at_inference": ("Dropout", {"rate": 0.5}, [(3, 4)]),
    "add": ("Add", {}, [(2, 3, 4), (2, 3, 4), (2, 3, 4)]),
    "concatenate": ("Concatenate", {}, [(2, 3, 4), (2, 3, 2)]),
    "concatenate_axis_1": ("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 1, 4)]),
}
KINKED = ("MaxPooling2D", "ReLU", "LeakyReLU", "ELU", "Activation")


def layers_cases():
    for name, (cls, options, shapes) in LAYERS.items():
        inputs = Inputs("keras_layers", name)
        layer = getattr(keras.layers, cls)(**options)
        draw = inputs.distinct if cls in KINKED else inputs.normal
        arrays = {f"x{i or ''}": draw(*shape) for i, shape in enumerate(shapes)}
        layer.build(shapes[0] if len(shapes) == 1 else shapes)
        layer.set_weights([inputs.normal(*weight.shape) for weight in layer.weights])
        call = lambda **xs: layer(list(xs.values()) if len(xs) > 1 else xs["x"])
        weights = dict(zip("wb", layer.weights))
        xla = options.get("data_format") == CF
        yield gradient_case(name, {"layer": cls, "options": options}, inputs, call, arrays, None, weights, xla)


# name, positional arguments after x
ACTIVATIONS = [
    ("linear", []),
    ("relu", []),
    ("leaky_relu", []),
    ("leaky_relu", [0.3]),
    ("elu", []),
    ("elu", [0.7]),
    ("selu", []),
    ("sigmoid", []),
    ("tanh", []),
    ("softplus", []),
    ("silu", []),
    ("gelu", []),
    ("gelu", [True]),
    ("softmax", []),
    ("softmax", [0]),
    ("log_softmax", []),
    ("log_softmax", [1]),
    *((name, []) for name in (
        "celu", "exponential", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "log_sigmoid", "mish",
        "relu6", "soft_shrink", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "tanh_shrink",
    )),
    ("threshold", [0.4, -2.0]),
    ("soft_shrink", [0.3]),
]


def activations_cases():
    for fn, args in ACTIVATIONS:
        name = "_".join([fn, *(str(arg) for arg in args)])
        f = getattr(keras.activations, fn)
        inputs = Inputs("keras_activations", name)
        x = inputs.distinct(4, 3, 8)
        yield gradient_case(name, {"fn": fn, "args": args}, inputs, lambda x: f(x, *args), {"x": x})
        far = np.array([[-90.0, -30, -12, -5], [5, 12, 30, 80]])
        yield gradient_case(f"{name}_far", {"fn": fn, "args": args}, inputs, lambda x: f(x, *args), {"x": far})
        if fn in ("relu", "leaky_relu", "elu", "selu"):
            zero = np.zeros((2, 2))
            yield gradient_case(f"{name}_at_zero", {"fn": fn, "args": args}, inputs, lambda x: f(x, *args), {"x": zero})


# name: function of keras.ops, arguments ("$x" stands for an array), keyword arguments, shapes
OPS = {
    "reshape": ("reshape", ["$x", [3, -1]], {}, [(2, 6)]),
    "transpose": ("transpose", ["$x"], {}, [(2, 3, 4)]),
    "transpose_axes": ("transpose", ["$x", [1, 2, 0]], {}, [(2, 3, 4)]),
    "matmul": ("matmul", ["$x", "$x1"], {}, [(2, 3, 4), (4, 2)]),
    "abs": ("abs", ["$x"], {}, [(3, 4)]),
    "exp": ("exp", ["$x"], {}, [(3, 4)]),
    "square": ("square", ["$x"], {}, [(3, 4)]),
    "maximum": ("maximum", ["$x", "$x1"], {}, [(3, 4), (3, 4)]),
    "maximum_number": ("maximum", ["$x", 0.3], {}, [(3, 4)]),
    "add": ("add", ["$x", "$x1"], {}, [(3, 4), (4,)]),
    "subtract": ("subtract", ["$x", "$x1"], {}, [(3, 4), (3, 1)]),
    "multiply": ("multiply", ["$x", "$x1"], {}, [(3, 4), (4,)]),
    "divide": ("divide", ["$x", "$x1"], {}, [(3, 4), (3, 4)]),
    "divide_number": ("divide", ["$x", 3], {}, [(3, 4)]),
    "sum": ("sum", ["$x"], {"axis": 1}, [(2, 3, 4)]),
    "sum_all": ("sum", ["$x"], {}, [(2, 3, 4)]),
    "mean": ("mean", ["$x"], {"axis": [0, 2], "keepdims": True}, [(2, 3, 4)]),
    "max": ("max", ["$x"], {"axis": -1}, [(2, 3, 4)]),
    "min": ("min", ["$x"], {"axis": 0, "keepdims": True}, [(2, 3, 4)]),
    "relu": ("relu", ["$x"], {}, [(3, 4)]),
    "sigmoid": ("sigmoid", ["$x"], {}, [(3, 4)]),
    "tanh": ("tanh", ["$x"], {}, [(3, 4)]),
    "softmax": ("softmax", ["$x", 0], {}, [(3, 4)]),
    "var": ("var", ["$x", 1], {}, [(2, 3, 4)]),
    "std": ("std", ["$x"], {"axis": [0, 2]}, [(2, 3, 4)]),
    "prod": ("prod", ["$x", 1], {"keepdims": True}, [(2, 3)]),
    "ptp": ("ptp", ["$x", 1], {}, [(2, 3, 4)]),
    "average": ("average", ["$x", 1, "$x1"], {}, [(2, 3), (3,)]),
    "nanmean": ("nanmean", ["$x", 0], {}, [(2, 3)]),
    "logsumexp": ("logsumexp", ["$x", -1], {}, [(2, 3)]),
    "median": ("median", ["$x", 1], {}, [(2, 5)]),
    "cumsum": ("cumsum", ["$x", 1], {}, [(2, 5)]),
    "cumprod": ("cumprod", ["$x", 0], {}, [(3, 2)]),
    "sign": ("sign", ["$x"], {}, [(3, 4)]),
    "clip": ("clip", ["$x", -0.5, 0.5], {}, [(3, 4)]),
    "expm1": ("expm1", ["$x"], {}, [(3, 4)]),
    "sinh": ("sinh", ["$x"], {}, [(3, 4)]),
    "arctan2": ("arctan2", ["$x", "$x1"], {}, [(3, 4), (3, 4)]),
    "erf": ("erf", ["$x"], {}, [(3, 4)]),
    "swapaxes": ("swapaxes", ["$x", 0, 2], {}, [(2, 3, 4)]),
    "moveaxis": ("moveaxis", ["$x", [0, 1], [-1, 0]], {}, [(2, 3, 4)]),
    "expand_dims": ("expand_dims", ["$x", [0, -1]], {}, [(2, 3)]),
    "squeeze": ("squeeze", ["$x", 1], {}, [(2, 1, 3)]),
    "broadcast_to": ("broadcast_to", ["$x", [4, 2, 3]], {}, [(2, 3)]),
    "flip": ("flip", ["$x", 1], {}, [(2, 3)]),
    "roll": ("roll", ["$x", 2], {"axis": 1}, [(2, 5)]),
    "tile": ("tile", ["$x", [2, 1, 3]], {}, [(2, 3)]),
    "repeat": ("repeat", ["$x", [2, 0, 1]], {"axis": 1}, [(2, 3)]),
    "pad": ("pad", ["$x", [[1, 0], [2, 1]]], {"mode": "reflect"}, [(3, 4)]),
    "tril": ("tril", ["$x", 1], {}, [(3, 4)]),
    "diagonal": ("diagonal", ["$x", 1], {}, [(3, 4)]),
    "trace": ("trace", ["$x"], {}, [(3, 4)]),
    "append": ("append", ["$x", "$x1"], {"axis": 1}, [(2, 3), (2, 2)]),
    "take": ("take", ["$x", [[2, 0], [-1, 1]]], {"axis": 1}, [(2, 3)]),
    "take_along_axis": ("take_along_axis", ["$x", [[2, 0], [1, 1]]], {"axis": 1}, [(2, 3)]),
    "slice": ("slice", ["$x", [0, 1], [2, 2]], {}, [(2, 4)]),
    "where": ("where", [[[True, False, True]], "$x", "$x1"], {}, [(2, 3), (2, 3)]),
    "sort": ("sort", ["$x"], {"axis": 0}, [(4, 3)]),
    "dot": ("dot", ["$x", "$x1"], {}, [(2, 3), (4, 3, 2)]),
    "inner": ("inner", ["$x", "$x1"], {}, [(2, 3), (4, 3)]),
    "outer": ("outer", ["$x", "$x1"], {}, [(2, 3), (4,)]),
    "tensordot": ("tensordot", ["$x", "$x1"], {"axes": [[1, 2], [1, 0]]}, [(2, 3, 4), (4, 3, 2)]),
    "einsum": ("einsum", ["ij,kj->ik", "$x", "$x1"], {}, [(2, 3), (4, 3)]),
    "cross": ("cross", ["$x", "$x1"], {}, [(2, 3), (2, 3)]),
    "norm": ("norm", ["$x"], {"ord": 3, "axis": 1}, [(2, 3)]),
    "norm_matrix": ("norm", ["$x"], {}, [(2, 3)]),
    "normalize": ("normalize", ["$x"], {"axis": 0}, [(2, 3)]),
    "det": ("det", ["$x"], {}, [(2, 3, 3)]),
    "inv": ("inv", ["$x"], {}, [(3, 3)]),
    "solve": ("solve", ["$x", "$x1"], {}, [(3, 3), (3, 2)]),
    "diff": ("diff", ["$x", 2], {}, [(2, 5)]),
    "trapezoid": ("trapezoid", ["$x"], {"dx": 0.5, "axis": 0}, [(4, 3)]),
    "gelu": ("gelu", ["$x"], {}, [(3, 4)]),
    "softplus": ("softplus", ["$x"], {}, [(3, 4)]),
    "glu": ("glu", ["$x"], {}, [(3, 4)]),
    "layer_normalization": ("layer_normalization", ["$x", "$x1", "$x2", [0, 2]], {}, [(2, 3, 4), (2, 4), (2, 4)]),
    "rms_normalization": ("rms_normalization", ["$x", "$x1"], {}, [(2, 3, 4), (4,)]),
    "conv": ("conv", ["$x", "$x1", 2, "same"], {}, [(2, 5, 4, 2), (3, 2, 2, 3)]),
    "conv_groups": ("conv", ["$x", "$x1"], {"dilation_rate": 2}, [(2, 7, 4), (3, 2, 4)]),
    "depthwise_conv": ("depthwise_conv", ["$x", "$x1"], {}, [(2, 5, 4, 2), (2, 2, 2, 3)]),
    "separable_conv": ("separable_conv", ["$x", "$x1", "$x2"], {}, [(2, 5, 4, 2), (2, 2, 2, 3), (1, 1, 6, 2)]),
    "conv_transpose": ("conv_transpose", ["$x", "$x1", 2, "same"], {}, [(2, 3, 4, 2), (3, 3, 3, 2)]),
    "max_pool": ("max_pool", ["$x", 2, None, "same"], {}, [(2, 5, 4, 2)]),
    "average_pool": ("average_pool", ["$x", 3, 1, "same"], {}, [(2, 5, 4, 2)]),
    "attention": ("dot_product_attention", ["$x", "$x1", "$x2"], {"is_causal": True}, [(2, 3, 2, 4)] * 3),
    "unfold": ("unfold", ["$x", 2], {"padding": 1}, [(1, 2, 3, 4)]),
    "depth_to_space": ("depth_to_space", ["$x", 2], {}, [(1, 2, 3, 8)]),
    "binary_crossentropy": ("binary_crossentropy", ["$x1", "$x", True], {}, [(2, 3), (2, 3)]),
    "correlate": ("correlate", ["$x", "$x1"], {"mode": "same"}, [(6,), (4,)]),
}
POSITIVE = {
    "batch_normalization": ("batch_normalization", ["$x", "$x1", "$x2", 1], {}, [(2, 3, 4), (3,), (3,)]),
    "log": ("log", ["$x"], {}, [(3, 4)]),
    "sqrt": ("sqrt", ["$x"], {}, [(3, 4)]),
    "rsqrt": ("rsqrt", ["$x"], {}, [(3, 4)]),
    "log1p": ("log1p", ["$x"], {}, [(3, 4)]),
    "power": ("power", ["$x", "$x1"], {}, [(3, 4), (4,)]),
    "arcsinh": ("arcsinh", ["$x"], {}, [(3, 4)]),
    "mod": ("mod", ["$x", "$x1"], {}, [(3, 4), (4,)]),
}


def ops_cases():
    for name, (fn, args, options, shapes) in {**OPS, **POSITIVE}.items():
        inputs = Inputs("keras_ops", name)
        draw = (lambda *s: inputs.uniform(*s, low=0.1, high=3)) if name in POSITIVE else inputs.distinct
        arrays = {f"x{i or ''}": draw(*shape) for i, shape in enumerate(shapes)}
        f = getattr(keras.ops, fn)
        call = lambda **t: f(*[t[a[1:]] if isinstance(a, str) and a[0] == "$" else a for a in args], **options)
        yield gradient_case(name, {"fn": fn, "args": args, "options": options}, inputs, call, arrays)
    inputs = Inputs("keras_ops", "argmax")
    x = inputs.distinct(2, 3, 4)
    for name, args in {"argmax": ["$x"], "argmax_axis": ["$x", 1]}.items():
        y = keras.ops.argmax(x, *args[1:])
        yield case(name, {"fn": "argmax", "args": args, "options": {}}, {"x": stored(x), "y": stored(y)})
    tied = np.array([[1.0, 3, 3], [2, 2, 2]])
    y = keras.ops.argmax(tied, 1)
    yield case("argmax_tied", {"fn": "argmax", "args": ["$x", 1], "options": {}}, {"x": stored(tied), "y": stored(y)})
    labels = np.array([[0, 2], [5, -1]])
    y = keras.ops.one_hot(labels, 4)
    yield case("one_hot", {"fn": "one_hot", "args": ["$x", 4], "options": {}}, {"x": stored(labels), "y": stored(y)})
