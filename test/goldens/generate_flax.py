"""Writes flax_nnx.json and flax_linen.json: layers of flax made of a key, their parameters, results and gradients, and programs
that train.

Run: python3 test/goldens/generate_flax.py [nnx] [linen]   (needs jax, flax and optax; a minute on one core)

A layer's case says what is made and called; its arrays are the parameters under their paths (p:kernel), what it gives for x (y), the
gradients of sum(y dy) (dp:kernel, dx), and statistics after the call (s:mean). A program's case has the losses of its steps.
"""

import os
import platform
import sys

os.environ["JAX_PLATFORMS"] = "cpu"

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from flax_programs import LINEN_PROGRAMS, NNX_PROGRAMS
from golden_format import case, tensor, write
from inputs import Inputs

# name: class, arguments, keywords, shape of x, keywords of the call
NNX = {
    "linear": ("Linear", [3, 4], {}, [2, 3], {}),
    "linear_unbiased": ("Linear", [3, 4], {"use_bias": False}, [2, 5, 3], {}),
    "linear_general": ("LinearGeneral", [[3, 4], [2, 5]], {"axis": [-2, -1]}, [2, 3, 4], {}),
    "linear_general_batch": ("LinearGeneral", [3, 4], {"batch_axis": {0: 2}}, [2, 5, 3], {}),
    "einsum": ("Einsum", ["nta,hab->nthb", [2, 3, 4], [2, 4]], {}, [2, 5, 3], {}),
    "conv": ("Conv", [3, 4, [3, 3]], {}, [2, 5, 6, 3], {}),
    "conv_strides": ("Conv", [2, 4, [3, 2], [2, 1]], {"padding": "VALID"}, [2, 6, 5, 2], {}),
    "conv_1d": ("Conv", [3, 4, 3], {}, [2, 7, 3], {}),
    "conv_1d_causal": ("Conv", [3, 4, 3], {"padding": "CAUSAL", "kernel_dilation": 2}, [2, 7, 3], {}),
    "conv_3d": ("Conv", [2, 3, [2, 2, 2]], {"strides": 2}, [1, 4, 4, 4, 2], {}),
    "conv_groups": ("Conv", [4, 6, [3, 3]], {"feature_group_count": 2, "use_bias": False}, [1, 5, 5, 4], {}),
    "conv_pairs": ("Conv", [2, 3, [3, 3]], {"padding": [[1, 0], [2, 1]], "kernel_dilation": [1, 2]}, [1, 6, 6, 2], {}),
    "conv_circular": ("Conv", [2, 3, [3, 3]], {"padding": "CIRCULAR"}, [1, 5, 5, 2], {}),
    "conv_no_batch": ("Conv", [2, 3, [3, 3]], {"input_dilation": 2, "padding": 1}, [4, 5, 2], {}),
    "conv_transpose": ("ConvTranspose", [3, 2, [3, 3]], {"strides": [2, 2]}, [2, 4, 5, 3], {}),
    "conv_transpose_valid": ("ConvTranspose", [3, 2, [2, 3]], {"strides": 2, "padding": "VALID"}, [1, 4, 5, 3], {}),
    "conv_transpose_kernel": ("ConvTranspose", [3, 2, [3]], {"strides": [3], "transpose_kernel": True}, [1, 5, 3], {}),
    "conv_transpose_pairs": ("ConvTranspose", [3, 2, [3, 3]], {"strides": [2, 2], "padding": [[2, 1], [1, 1]]}, [1, 4, 4, 3], {}),
    "batch_norm": ("BatchNorm", [3], {}, [4, 5, 3], {}),
    "batch_norm_running": ("BatchNorm", [3], {"use_running_average": True, "epsilon": 0.01}, [4, 3], {}),
    "batch_norm_momentum": ("BatchNorm", [3], {"momentum": 0.5, "use_bias": False}, [4, 2, 2, 3], {"use_running_average": False}),
    "layer_norm": ("LayerNorm", [4], {}, [3, 4], {}),
    "layer_norm_axes": ("LayerNorm", [4], {"reduction_axes": [-2, -1], "use_bias": False}, [2, 3, 4], {}),
    "rms_norm": ("RMSNorm", [4], {"epsilon": 0.001}, [3, 4], {}),
    "group_norm": ("GroupNorm", [6], {"num_groups": 3}, [2, 4, 6], {}),
    "group_norm_size": ("GroupNorm", [6], {"num_groups": None, "group_size": 3}, [2, 2, 3, 6], {}),
    "instance_norm": ("InstanceNorm", [3], {}, [2, 5, 3], {}),
    "dropout": ("Dropout", [0.4], {}, [5, 8], {}),
    "dropout_broadcast": ("Dropout", [0.4], {"broadcast_dims": [0]}, [5, 8], {}),
    "dropout_off": ("Dropout", [0.4], {}, [5, 8], {"deterministic": True}),
    "attention": ("MultiHeadAttention", [2, 6], {"decode": False}, [2, 5, 6], {}),
    "attention_causal": ("MultiHeadAttention", [2, 6], {"decode": False, "qkv_features": 8, "out_features": 3, "normalize_qk": True}, [2, 5, 6], {"is_causal": True}),
    "attention_groups": ("MultiHeadAttention", [4, 8], {"decode": False, "num_kv_heads": 2, "use_bias": False}, [1, 4, 8], {}),
    "attention_dropout": ("MultiHeadAttention", [2, 6], {"decode": False, "dropout_rate": 0.3}, [2, 5, 6], {"deterministic": False}),
    "prelu": ("PReLU", [0.2], {}, [3, 4], {}),
    "lstm": ("LSTMCell", [3, 4], {}, [2, 5, 3], {}),
    "optimized_lstm": ("OptimizedLSTMCell", [3, 4], {}, [2, 5, 3], {}),
    "gru": ("GRUCell", [3, 4], {}, [2, 5, 3], {}),
    "simple": ("SimpleCell", [3, 4], {"residual": True}, [2, 5, 3], {}),
}
CELLS = ("LSTMCell", "OptimizedLSTMCell", "GRUCell", "SimpleCell", "MGUCell")
UNKEYED = ("PReLU",)

LINEN = {
    "dense": ("Dense", [4], {}, [2, 3], {}),
    "dense_unbiased": ("Dense", [4], {"use_bias": False}, [2, 5, 3], {}),
    "dense_general": ("DenseGeneral", [[2, 5]], {"axis": [-2, -1]}, [2, 3, 4], {}),
    "dense_general_batch": ("DenseGeneral", [4], {"batch_dims": [0]}, [2, 5, 3], {}),
    "einsum": ("Einsum", [[2, 3, 4], "nta,hab->nthb"], {}, [2, 5, 3], {}),
    "conv": ("Conv", [4, [3, 3]], {}, [2, 5, 6, 3], {}),
    "conv_strides": ("Conv", [4, [3, 2], [2, 1]], {"padding": "VALID"}, [2, 6, 5, 2], {}),
    "conv_1d": ("Conv", [4, 3], {"padding": "REFLECT"}, [2, 7, 3], {}),
    "conv_groups": ("Conv", [6, [3, 3]], {"feature_group_count": 2, "use_bias": False}, [1, 5, 5, 4], {}),
    "conv_transpose": ("ConvTranspose", [2, [3, 3]], {"strides": [2, 2]}, [2, 4, 5, 3], {}),
    "batch_norm": ("BatchNorm", [], {"use_running_average": False}, [4, 5, 3], {}),
    "batch_norm_running": ("BatchNorm", [], {}, [4, 3], {"use_running_average": True}),
    "layer_norm": ("LayerNorm", [], {}, [3, 4], {}),
    "rms_norm": ("RMSNorm", [], {}, [3, 4], {}),
    "group_norm": ("GroupNorm", [3], {}, [2, 4, 6], {}),
    "group_norm_size": ("GroupNorm", [], {"num_groups": None, "group_size": 3}, [2, 2, 3, 6], {}),
    "instance_norm": ("InstanceNorm", [], {}, [2, 5, 3], {}),
    "dropout": ("Dropout", [0.4], {}, [5, 8], {"deterministic": False}),
    "dropout_off": ("Dropout", [0.4], {"deterministic": True}, [5, 8], {}),
    "attention": ("MultiHeadDotProductAttention", [2], {}, [2, 5, 6], {}),
    "attention_features": ("MultiHeadDotProductAttention", [2], {"qkv_features": 8, "out_features": 3, "normalize_qk": True}, [2, 5, 6], {}),
    "self_attention": ("SelfAttention", [2], {"dropout_rate": 0.3, "broadcast_dropout": False}, [2, 5, 6], {"deterministic": False}),
    "prelu": ("PReLU", [], {}, [3, 4], {}),
    "lstm": ("LSTMCell", [4], {}, [2, 5, 3], {}),
    "optimized_lstm": ("OptimizedLSTMCell", [4], {}, [2, 5, 3], {}),
    "gru": ("GRUCell", [4], {}, [2, 5, 3], {}),
    "mgu": ("MGUCell", [4], {}, [2, 5, 3], {}),
    "simple": ("SimpleCell", [4], {}, [2, 5, 3], {}),
}


def tuples(value):
    return tuple(tuples(v) for v in value) if isinstance(value, (list, tuple)) else value


def words(path):
    return ".".join(str(getattr(part, "key", part)) for part in path)


def nnx_layer(name):
    kind, args, kwargs, shape, call = NNX[name]
    inputs = Inputs("flax_nnx", name)
    rngs = {} if kind in UNKEYED else {"rngs": nnx.Rngs(0)}
    layer = getattr(nnx, kind)(*tuples(args), **{k: tuples(v) for k, v in kwargs.items()}, **rngs)
    if kind in CELLS:
        layer = nnx.RNN(layer, rngs=nnx.Rngs(1))
    x = jnp.asarray(inputs.normal(*shape), jnp.float32)
    graphdef, params, rest = nnx.split(layer, nnx.Param, ...)

    def f(params, x):
        model = nnx.merge(graphdef, params, jax.tree.map(lambda value: value, rest))
        y = model(x, **call)
        return y, nnx.state(model, nnx.BatchStat)

    (y, stats), pull = jax.vjp(f, params, x)
    dy = inputs.normal(*y.shape)
    dparams, dx = pull((jnp.asarray(dy, jnp.float32), jax.tree.map(jnp.zeros_like, stats)))
    flat = lambda prefix, state: {f"{prefix}:{words(path)}": tensor(np.asarray(v[...])) for path, v in nnx.to_flat_state(state)}
    arrays = {"x": tensor(x), **flat("p", params), "y": tensor(y), "dy": tensor(dy), "dx": tensor(dx)}
    arrays |= flat("dp", dparams) | flat("s", stats)
    return case(name, {"layer": kind, "args": args, "kwargs": kwargs, "call": call}, arrays)


def linen_layer(name):
    kind, args, kwargs, shape, call = LINEN[name]
    inputs = Inputs("flax_linen", name)
    layer = getattr(nn, kind)(*tuples(args), **{k: tuples(v) for k, v in kwargs.items()})
    if kind in CELLS:
        layer = nn.RNN(layer)
    x = jnp.asarray(inputs.normal(*shape), jnp.float32)
    variables = layer.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, x, **call)
    params = variables.get("params", {})
    rest = {k: v for k, v in variables.items() if k != "params"}

    def f(params, x):
        return layer.apply({"params": params, **rest}, x, rngs={"dropout": jax.random.key(2)}, mutable=["batch_stats"], **call)

    (y, stats), pull = jax.vjp(f, params, x)
    dy = inputs.normal(*y.shape)
    dparams, dx = pull((jnp.asarray(dy, jnp.float32), jax.tree.map(jnp.zeros_like, stats)))
    flat = lambda prefix, tree: {f"{prefix}:{words(path)}": tensor(np.asarray(v)) for path, v in flax.traverse_util.flatten_dict(tree).items()}
    arrays = {"x": tensor(x), **flat("p", params), "y": tensor(y), "dy": tensor(dy), "dx": tensor(dx)}
    arrays |= flat("dp", dparams) | flat("s", stats.get("batch_stats", {}))
    return case(name, {"layer": kind, "args": args, "kwargs": kwargs, "call": call}, arrays)


def programs(table):
    for name, (program, arrays) in table.items():
        losses, structure = program(**{key: jnp.asarray(value) for key, value in arrays.items()})
        stored = {key: tensor(value, "int32" if np.asarray(value).dtype.kind == "i" else "float32") for key, value in arrays.items()}
        yield case(f"train_{name}", {"parameters": structure}, {**stored, "losses": tensor(np.asarray(losses))})


if __name__ == "__main__":
    header = {
        "generator": "test/goldens/generate_flax.py",
        "seed": "numpy.random.default_rng(crc32('<file>/<case>')) draws the inputs of each case",
        "jax": jax.__version__,
        "flax": flax.__version__,
        "optax": optax.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "precision": "float32 throughout, as flax computes",
    }
    wanted = sys.argv[1:] or ["nnx", "linen"]
    if "nnx" in wanted:
        write("flax_nnx", header, [*map(nnx_layer, NNX), *programs(NNX_PROGRAMS)])
    if "linen" in wanted:
        write("flax_linen", header, [*map(linen_layer, LINEN), *programs(LINEN_PROGRAMS)])
