"""Writes spatial_torch.json, spatial_keras.json or spatial_jax.json: convolutions of all ranks and transposed ones, padding
modes, windows, poolings, resampling, with gradients, in float64 (TensorFlow's poolings and normalisation in float32, as it
has no others on CPUs). README.md describes the files.

Run: python3 test/goldens/generate_spatial.py torch|keras|jax   (the Python that has that framework)
"""

import platform
import sys

import numpy as np

from golden_format import case, tensor, write
from inputs import Inputs

CASES = []


def add_torch(fn, params, shapes, call=None, name=None, values="normal", whole=()):
    """One case: y of call(inputs) and its gradients for a random dy. Integers in `whole` are results to hold exactly."""
    import torch

    label = " ".join([name or fn] + [f"{k}={v}" for k, v in params.items()] + [str(list(s)) for s in shapes.values()])
    random = Inputs("spatial_torch", label)
    arrays = {k: getattr(random, values)(*s) for k, s in shapes.items()}
    leaves = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in arrays.items()}
    result = (call or getattr(torch.nn.functional, fn))(*leaves.values(), **params)
    tensors = {k: tensor(v) for k, v in arrays.items()}
    if isinstance(result, tuple):
        result, indices = result
        tensors["indices"] = tensor(indices.numpy(), "int32")
    dy = random.normal(*result.shape)
    gradients = torch.autograd.grad(result, list(leaves.values()), torch.tensor(dy, dtype=torch.float64))
    tensors["y"] = tensor(result.detach().numpy())
    tensors["dy"] = tensor(dy)
    for k, g in zip(leaves, gradients):
        tensors["d" + k] = tensor(g.numpy())
    CASES.append(case(label, {"fn": fn, **params}, tensors))


def torch_convolutions():
    for params, shapes in [
        ({}, {"x": (2, 3, 9), "w": (4, 3, 3), "b": (4,)}),
        ({"stride": [2], "padding": [3], "dilation": [2], "groups": 2}, {"x": (1, 4, 10), "w": (6, 2, 3), "b": (6,)}),
        ({"padding": [1], "groups": 3}, {"x": (2, 3, 7), "w": (3, 1, 2), "b": (3,)}),
    ]:
        add_torch("conv1d", params, shapes)
    for params, shapes in [
        ({}, {"x": (1, 2, 3, 4, 5), "w": (3, 2, 2, 2, 3), "b": (3,)}),
        (
            {"stride": [1, 2, 2], "padding": [1, 0, 2], "dilation": [2, 1, 2], "groups": 2},
            {"x": (1, 4, 4, 5, 6), "w": (6, 2, 2, 3, 2), "b": (6,)},
        ),
    ]:
        add_torch("conv3d", params, shapes)
    for rank, params, shapes in [
        (1, {}, {"x": (2, 3, 5), "w": (3, 4, 3), "b": (4,)}),
        (1, {"stride": [3], "padding": [1], "output_padding": [2]}, {"x": (1, 2, 4), "w": (2, 3, 2), "b": (3,)}),
        (1, {"stride": [2], "output_padding": [2], "dilation": [3], "groups": 2}, {"x": (1, 4, 3), "w": (4, 3, 2), "b": (6,)}),
        (2, {}, {"x": (1, 3, 3, 4), "w": (3, 2, 3, 2), "b": (2,)}),
        (2, {"stride": [2, 2], "padding": [1, 1], "output_padding": [1, 1]}, {"x": (2, 3, 3, 4), "w": (3, 2, 3, 3), "b": (2,)}),
        (2, {"stride": [2, 3], "padding": [0, 1], "output_padding": [1, 2], "groups": 2},
         {"x": (1, 4, 3, 2), "w": (4, 2, 1, 2), "b": (4,)}),
        (2, {"stride": [1, 2], "padding": [2, 0], "output_padding": [0, 3], "dilation": [2, 4]},
         {"x": (1, 2, 4, 3), "w": (2, 3, 3, 2), "b": (3,)}),
        (3, {"stride": [2, 1, 2], "padding": [1, 0, 1], "output_padding": [1, 0, 0]},
         {"x": (1, 2, 2, 3, 3), "w": (2, 3, 3, 2, 2), "b": (3,)}),
        (3, {"stride": [1, 2, 2], "dilation": [1, 2, 1], "groups": 2}, {"x": (1, 4, 2, 2, 2), "w": (4, 1, 2, 2, 3), "b": (2,)}),
    ]:
        add_torch(f"conv_transpose{rank}d", params, shapes)


def torch_paddings():
    for pad, mode, shape in [
        ([2, 3], "reflect", (2, 4)), ([1, 2, 3, 0], "reflect", (1, 2, 4, 5)), ([1, 0, 2, 1, 1, 1], "reflect", (1, 1, 2, 3, 3)),
        ([5, 1], "replicate", (2, 3)), ([1, 2, 0, 3], "replicate", (1, 2, 3, 2)), ([-1, 2, 1, -1], "replicate", (1, 2, 3, 4)),
        ([2, 0, 1, 1, 0, 2], "replicate", (1, 1, 2, 2, 3)),
        ([3, 2], "circular", (2, 3)), ([1, 2, 2, 0], "circular", (1, 2, 2, 3)), ([1, 1, 0, 2, 1, 0], "circular", (1, 1, 2, 2, 3)),
        ([-1, 2, 3, -2], "constant", (2, 3, 4)),
    ]:
        add_torch("pad", {"pad": pad, "mode": mode}, {"x": shape})
    for params, shape in [
        ({"kernel_size": [2, 3]}, (2, 3, 4, 5)),
        ({"kernel_size": [3, 2], "dilation": [1, 2], "padding": [2, 1], "stride": [2, 1]}, (1, 2, 5, 4)),
    ]:
        add_torch("unfold", params, {"x": shape})
    for params, shape in [
        ({"output_size": [4, 5], "kernel_size": [2, 3]}, (2, 18, 9)),
        ({"output_size": [5, 4], "kernel_size": [3, 2], "dilation": [1, 2], "padding": [2, 1], "stride": [2, 1]}, (1, 12, 16)),
    ]:
        add_torch("fold", params, {"x": shape})


def torch_poolings():
    import torch
    import torch.nn.functional as F

    distinct = {"values": "distinct"}
    for rank, params, shape in [
        (1, {"kernel_size": [3], "stride": [2], "padding": [1]}, (2, 2, 7)),
        (2, {"kernel_size": [2, 3], "stride": [1, 2], "padding": [1, 1], "dilation": [2, 1]}, (1, 2, 5, 6)),
        (2, {"kernel_size": [2, 2], "stride": [2, 2], "ceil_mode": True}, (1, 2, 5, 3)),
        (3, {"kernel_size": [2, 2, 2], "stride": [2, 2, 2]}, (1, 2, 4, 4, 5)),
        (3, {"kernel_size": [2, 3, 2], "stride": [1, 2, 1], "padding": [1, 0, 1], "dilation": [1, 2, 2]}, (1, 2, 3, 6, 4)),
    ]:
        add_torch(f"max_pool{rank}d", {**params, "return_indices": True}, {"x": shape}, **distinct)
    add_torch("max_pool3d", {"kernel_size": [2, 2, 2], "stride": [1, 2, 2], "ceil_mode": True}, {"x": (1, 2, 3, 3, 5)}, **distinct)
    add_torch("max_pool1d", {"kernel_size": [2], "stride": [2]}, {"x": (2, 2, 5)}, **distinct)
    for rank, params, shape in [
        (1, {"kernel_size": [3], "stride": [2], "padding": [1]}, (2, 2, 7)),
        (1, {"kernel_size": [2], "stride": [3], "padding": [1], "ceil_mode": True, "count_include_pad": False}, (1, 2, 6)),
        (2, {"kernel_size": [3, 2], "stride": [2, 2], "padding": [1, 1], "divisor_override": 4}, (1, 2, 5, 6)),
        (3, {"kernel_size": [2, 3, 2], "stride": [1, 2, 2], "padding": [1, 1, 0], "ceil_mode": True}, (1, 2, 3, 5, 4)),
        (3, {"kernel_size": [2, 2, 2], "stride": [2, 1, 2], "padding": [1, 0, 1], "count_include_pad": False}, (1, 2, 3, 3, 4)),
    ]:
        add_torch(f"avg_pool{rank}d", params, {"x": shape})
    for rank, size, shape in [
        (1, [3], (2, 2, 7)), (1, [5], (1, 2, 3)), (2, [3, 2], (1, 2, 5, 7)), (2, [4, None], (1, 2, 6, 3)),
        (3, [2, 3, 1], (1, 2, 3, 4, 5)),
    ]:
        add_torch(f"adaptive_avg_pool{rank}d", {"output_size": size}, {"x": shape})
        add_torch(f"adaptive_max_pool{rank}d", {"output_size": size, "return_indices": True}, {"x": shape}, **distinct)
    for rank, params, shape in [
        (1, {"norm_type": 2.0, "kernel_size": 3, "stride": 2}, (1, 2, 7)),
        (2, {"norm_type": 3.0, "kernel_size": [2, 3], "stride": [2, 2], "ceil_mode": True}, (1, 2, 5, 6)),
        (3, {"norm_type": 1.0, "kernel_size": [2, 2, 1], "stride": [2, 1, 2]}, (1, 1, 4, 3, 4)),
    ]:
        add_torch(f"lp_pool{rank}d", params, {"x": shape}, values="uniform")
    for rank, shape in [(1, (2, 2, 7)), (2, (1, 2, 5, 4)), (3, (1, 2, 4, 5, 4))]:
        pool, unpool = getattr(F, f"max_pool{rank}d"), getattr(F, f"max_unpool{rank}d")

        def call(x, kernel_size):
            return unpool(*pool(x, kernel_size, return_indices=True), kernel_size, output_size=list(x.shape[2:]))

        add_torch(f"max_unpool{rank}d", {"kernel_size": 2}, {"x": shape}, call, **distinct)
    # Samples by which no window begins at a tie that float32 may round the other way.
    for rank, size, out, samples, shape in [
        (2, [2, 3], [4, 5], [[[0.3, 0.75], [0.55, 0.1]]], (1, 2, 7, 9)),
        (2, [2, 2], [1, 5], [[[0.9, 0.45]], [[0.0, 0.7]]], (2, 1, 5, 8)),
        (3, [2, 1, 3], [3, 6, 4], [[[0.3, 0.8, 0.95], [0.6, 0.25, 0.5]]], (1, 2, 5, 7, 8)),
    ]:
        def call(x, kernel_size, output_size, samples):
            drawn = torch.tensor(samples, dtype=torch.float64)
            return getattr(F, f"fractional_max_pool{rank}d")(
                x, kernel_size, output_size=output_size, return_indices=True, _random_samples=drawn)

        params = {"kernel_size": size, "output_size": out, "samples": samples}
        add_torch(f"fractional_max_pool{rank}d", params, {"x": shape}, call, **distinct)
    for params, shape in [
        ({"size": 3}, (2, 5, 3)), ({"size": 4, "alpha": 0.5, "beta": 0.6, "k": 2.0}, (1, 6, 2, 3)), ({"size": 2, "alpha": 0.3}, (1, 3, 2, 1, 2)),
    ]:
        add_torch("local_response_norm", params, {"x": shape})


def torch_resizing():
    def interpolate(size, shape, **params):
        add_torch("interpolate", {"size": size, **params}, {"x": shape})

    interpolate([7], (1, 2, 4), mode="nearest")
    interpolate([3, 9], (1, 2, 5, 4), mode="nearest")
    interpolate([3, 9], (1, 2, 5, 4), mode="nearest-exact")
    interpolate([4, 2, 5], (1, 1, 2, 3, 3), mode="nearest")
    interpolate([7, 3, 2], (1, 1, 3, 2, 4), mode="nearest-exact")
    for align in (False, True):
        interpolate([7], (1, 2, 4), mode="linear", align_corners=align)
        interpolate([1, 4], (1, 2, 3, 6), mode="bilinear", align_corners=align)
        interpolate([6, 5], (1, 2, 4, 7), mode="bilinear", align_corners=align)
        interpolate([4, 3, 5], (1, 1, 2, 4, 3), mode="trilinear", align_corners=align)
        interpolate([6, 3], (1, 2, 4, 5), mode="bicubic", align_corners=align)
    interpolate([3, 5], (1, 2, 7, 4), mode="area")
    for mode in ("bilinear", "bicubic"):
        interpolate([3, 8], (1, 1, 8, 5), mode=mode, antialias=True)
        interpolate([2, 3], (1, 1, 7, 11), mode=mode, antialias=True)
    for mode, scale in [("nearest", 2.5), ("bilinear", 1.7), ("bicubic", 0.6), ("nearest-exact", 1.3)]:
        add_torch("interpolate", {"scale_factor": scale, "mode": mode}, {"x": (1, 2, 4, 5)})
    for fn, factor, shape in [("pixel_shuffle", 2, (2, 8, 3, 2)), ("pixel_unshuffle", 3, (1, 2, 6, 3))]:
        key = "upscale_factor" if fn == "pixel_shuffle" else "downscale_factor"
        add_torch(fn, {key: factor}, {"x": shape})
    import torch

    add_torch("channel_shuffle", {"groups": 3}, {"x": (2, 6, 3)}, torch.channel_shuffle)


def torch_grids():
    import torch.nn.functional as F

    for mode in ("bilinear", "nearest"):
        for padding in ("zeros", "border", "reflection"):
            for align in (False, True):
                params = {"mode": mode, "padding_mode": padding, "align_corners": align}
                shapes = {"x": (2, 3, 4, 5), "grid": (2, 3, 6, 2)}
                add_torch("grid_sample", params, shapes)
                add_torch("grid_sample", params, {"x": (1, 2, 3, 4, 5), "grid": (1, 2, 3, 2, 3)})
    for padding in ("zeros", "border", "reflection"):
        for align in (False, True):
            params = {"mode": "bicubic", "padding_mode": padding, "align_corners": align}
            add_torch("grid_sample", params, {"x": (2, 3, 4, 5), "grid": (2, 3, 6, 2)})
    for size in ([2, 1, 3, 4], [1, 2, 3, 2, 5], [2, 3, 1, 2]):
        for align in (False, True):
            theta = (size[0], len(size) - 2, len(size) - 1)
            add_torch("affine_grid", {"size": size, "align_corners": align}, {"theta": theta})
    add_torch("spatial_transformer", {"size": [1, 2, 5, 4]}, {"x": (1, 2, 4, 6), "theta": (1, 2, 3)},
              lambda x, theta, size: F.grid_sample(x, F.affine_grid(theta, size, align_corners=False), align_corners=False))


def add_keras(fn, params, shapes, call):
    import tensorflow as tf

    label = " ".join([fn] + [f"{k}={v}" for k, v in params.items()] + [str(list(s)) for s in shapes.values()])
    random = Inputs("spatial_keras", label)
    arrays = {k: random.normal(*s) for k, s in shapes.items()}
    leaves = {k: tf.Variable(v) for k, v in arrays.items()}
    with tf.GradientTape() as tape:
        y = call(*leaves.values(), **params)
    dy = random.normal(*y.shape)
    gradients = tape.gradient(y, list(leaves.values()), tf.constant(dy))
    tensors = {k: tensor(v) for k, v in arrays.items()} | {"y": tensor(y.numpy()), "dy": tensor(dy)}
    tensors |= {"d" + k: tensor(g.numpy()) for k, g in zip(leaves, gradients)}
    CASES.append(case(label, {"fn": fn, **params}, tensors))


def keras_cases():
    import keras
    import tensorflow as tf

    keras.backend.set_floatx("float64")
    for rank, params, shapes in [
        (1, {"strides": 2, "padding": "same"}, ((1, 5, 2), (3, 4, 2))),
        (1, {"strides": 3, "padding": "valid"}, ((1, 4, 2), (2, 3, 2))),
        (2, {"strides": 2, "padding": "same"}, ((1, 3, 4, 2), (3, 3, 3, 2))),
        (2, {"strides": 3, "padding": "same"}, ((1, 3, 2, 2), (2, 2, 3, 2))),
        (2, {"strides": 2, "padding": "valid"}, ((1, 3, 2, 2), (3, 4, 3, 2))),
        (2, {"strides": 2, "padding": "valid"}, ((1, 3, 2, 2), (1, 1, 3, 2))),
        (2, {"strides": 2, "padding": "same", "output_padding": 1}, ((1, 3, 4, 2), (3, 3, 3, 2))),
        (2, {"strides": 2, "padding": "same", "output_padding": 0}, ((1, 3, 4, 2), (3, 3, 3, 2))),
        (2, {"strides": 2, "padding": "valid", "output_padding": 1}, ((1, 3, 4, 2), (2, 3, 3, 2))),
        (3, {"strides": 2, "padding": "same"}, ((1, 2, 3, 2, 2), (3, 2, 3, 3, 2))),
    ]:
        add_keras(f"conv_transpose{rank}d", params, {"x": shapes[0], "w": shapes[1]},
                  lambda x, w, **given: keras.ops.conv_transpose(x, w, data_format="channels_last", **given))
    for rank, size, strides, padding, shape in [
        (1, 3, 2, "same", (2, 6, 2)), (1, 2, 1, "valid", (1, 5, 3)), (3, 2, 2, "same", (1, 3, 4, 5, 2)),
        (3, 2, 1, "valid", (1, 3, 3, 2, 4)),
    ]:
        params = {"pool_size": size, "strides": strides, "padding": padding}
        given = {"data_format": "channels_last"}
        add_keras(f"max_pool{rank}d", params, {"x": shape}, lambda x, **p: tf.cast(keras.ops.max_pool(tf.cast(x, tf.float32), **p, **given), tf.float64))
        add_keras(f"average_pool{rank}d", params, {"x": shape}, lambda x, **p: tf.cast(keras.ops.average_pool(tf.cast(x, tf.float32), **p, **given), tf.float64))
    for size, shape, method in [((7, 3), (1, 4, 5, 2), "bilinear"), ((3, 8), (1, 7, 4, 1), "bilinear"), ((7, 3), (1, 4, 5, 2), "nearest")]:
        add_keras("image.resize", {"size": size, "interpolation": method}, {"x": shape},
                  lambda x, **p: tf.cast(keras.ops.image.resize(tf.cast(x, tf.float32), **p, data_format="channels_last"), tf.float64))
    for factor, shape in [(2, (1, 2, 3, 8)), (3, (1, 1, 2, 9))]:
        add_keras("depth_to_space", {"block_size": factor}, {"x": shape}, tf.nn.depth_to_space)
    add_keras("space_to_depth", {"block_size": 2}, {"x": (1, 4, 6, 2)}, tf.nn.space_to_depth)
    for radius, alpha, beta, bias in [(2, 0.5, 0.75, 1.0), (1, 1.0, 0.5, 2.0)]:
        params = {"depth_radius": radius, "alpha": alpha, "beta": beta, "bias": bias}
        add_keras("local_response_normalization", params, {"x": (1, 2, 3, 6)},
                  lambda x, **p: tf.cast(tf.nn.local_response_normalization(tf.cast(x, tf.float32), **p), tf.float64))
    for size, strides, dilation, padding in [(3, 2, 1, "valid"), (2, 1, 1, "same"), (3, 2, 1, "same")]:
        params = {"size": size, "strides": strides, "dilation_rate": dilation, "padding": padding}
        add_keras("extract_patches", params, {"x": (2, 5, 6, 2)}, keras.ops.image.extract_patches)
    return {"keras": keras.__version__, "tensorflow": tf.__version__}


def add_jax(fn, params, shapes, call):
    import jax

    label = " ".join([fn] + [f"{k}={v}" for k, v in params.items()] + [str(list(s)) for s in shapes.values()])
    random = Inputs("spatial_jax", label)
    arrays = {k: random.normal(*s) for k, s in shapes.items()}
    y, pull = jax.vjp(call, *arrays.values())
    dy = random.normal(*y.shape)
    tensors = {k: tensor(v) for k, v in arrays.items()} | {"y": tensor(y), "dy": tensor(dy)}
    tensors |= {"d" + k: tensor(g) for k, g in zip(arrays, pull(dy))}
    CASES.append(case(label, {"fn": fn, **params}, tensors))


def jax_cases():
    import jax

    jax.config.update("jax_enable_x64", True)
    numbers = ("NHWC", "HWIO", "NHWC")
    for stride, padding, dilation, taps in [
        ([2, 2], "SAME", [1, 1], (3, 3)), ([2, 1], "VALID", [1, 1], (3, 2)), ([3, 2], "SAME", [1, 1], (2, 1)),
        ([3, 2], "VALID", [1, 1], (2, 1)), ([1, 1], "SAME", [2, 2], (3, 2)), ([2, 2], "SAME", [1, 1], (4, 5)),
    ]:
        add_jax(
            "conv_transpose", {"stride": stride, "padding": padding, "dilation": dilation},
            {"x": (1, 3, 4, 2), "w": (*taps, 2, 3)},
            lambda x, w: jax.lax.conv_transpose(x, w, stride, padding, rhs_dilation=dilation, dimension_numbers=numbers),
        )
    for stride, padding, inner, dilation, groups in [
        ([1, 1], [[1, 2], [0, 1]], [2, 3], [1, 1], 1), ([2, 1], [[-1, 2], [1, -1]], [2, 1], [1, 2], 2),
    ]:
        add_jax(
            "conv_general_dilated",
            {"stride": stride, "padding": padding, "input_dilation": inner, "dilation": dilation, "groups": groups},
            {"x": (1, 4, 5, 4), "w": (2, 2, 4 // groups, 2)},
            lambda x, w: jax.lax.conv_general_dilated(
                x, w, stride, padding, lhs_dilation=inner, rhs_dilation=dilation, dimension_numbers=numbers,
                feature_group_count=groups),
        )
    for stride, groups in [([1, 2], 2), ([1, 1], 3)]:
        add_jax(
            "conv_general_dilated",
            {"stride": stride, "padding": [[1, 0], [0, 2]], "dilation": [1, 1], "groups": 1, "batch_groups": groups},
            {"x": (6, 4, 5, 2), "w": (2, 3, 2, 2 * groups)},
            lambda x, w: jax.lax.conv_general_dilated(
                x, w, stride, [[1, 0], [0, 2]], dimension_numbers=numbers, batch_group_count=groups),
        )
    for shape, size, method, antialias in [
        ((1, 4, 5, 2), (7, 3), "linear", True), ((1, 9, 4, 1), (4, 6), "cubic", True), ((1, 5, 6, 2), (8, 9), "cubic", False),
        ((1, 7, 8, 1), (3, 4), "lanczos3", True), ((1, 6, 6, 1), (9, 3), "lanczos5", True), ((1, 4, 5, 2), (7, 3), "nearest", False),
        ((1, 8, 8, 1), (3, 5), "linear", False),
    ]:
        add_jax("image.resize", {"size": size, "method": method, "antialias": antialias}, {"x": shape},
                lambda x: jax.image.resize(x, (shape[0], *size, shape[3]), method, antialias))
    for scale, translation, method in [([1.5, 0.7], [0.6, -1.2], "linear"), ([0.5, 2.0], [1.0, 3.0], "cubic")]:
        add_jax("image.scale_and_translate", {"size": [6, 5], "scale": scale, "translation": translation, "method": method},
                {"x": (1, 4, 6, 2)},
                lambda x: jax.image.scale_and_translate(
                    x, (1, 6, 5, 2), (1, 2), jax.numpy.array(scale), jax.numpy.array(translation), method))
    for width, mode in [([[1, 2], [3, 0]], "edge"), ([[0, 5], [7, 2]], "wrap"), ([[4, 1], [0, 9]], "reflect"),
                        ([[3, 0], [8, 5]], "symmetric")]:
        add_jax("pad", {"pad_width": width, "mode": mode}, {"x": (2, 3)}, lambda x: jax.numpy.pad(x, width, mode))
    return {"jax": jax.__version__}


def torch_cases():
    import torch

    torch.set_num_threads(1)
    torch_convolutions()
    torch_paddings()
    torch_poolings()
    torch_resizing()
    torch_grids()
    return {"torch": torch.__version__}


if __name__ == "__main__":
    which = sys.argv[1]
    versions = {"torch": torch_cases, "keras": keras_cases, "jax": jax_cases}[which]()
    header = {"generator": f"test/goldens/generate_spatial.py {which}", "python": platform.python_version(), "numpy": np.__version__}
    write(f"spatial_{which}", header | versions, CASES)
