"""Golden cases of every class of keras.layers: results, gradients of all weights, shapes of placeholders, configurations."""

import keras
import numpy as np

from inputs import Inputs
from golden_format import case
from keras_cases import stored
import tensorflow as tf

CF = {"data_format": "channels_first"}


def ints(*shape, high):
    return ("int", shape, high)


def new(layer, /, **options):
    """A layer among the arguments of another."""
    return {"new": layer, "options": options}


# name: class, keyword arguments, inputs (shapes, or ints), keywords of the call
ROWS = {
    "prelu": ("PReLU", {}, [(2, 3, 4)]),
    "prelu_shared": ("PReLU", {"shared_axes": [1]}, [(2, 3, 4)]),
    "conv1d": ("Conv1D", {"filters": 3, "kernel_size": 3}, [(2, 6, 2)]),
    "conv1d_causal": ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, [(2, 6, 2)]),
    "conv1d_same_stride": ("Conv1D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "groups": 2}, [(2, 6, 2)]),
    "conv3d": ("Conv3D", {"filters": 2, "kernel_size": 2, "activation": "tanh"}, [(1, 3, 4, 3, 2)]),
    "conv3d_same": ("Conv3D", {"filters": 2, "kernel_size": [2, 3, 1], "strides": [2, 1, 1], "padding": "same"}, [(1, 3, 4, 3, 2)]),
    "conv1d_transpose": ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}, [(2, 4, 2)]),
    "conv1d_transpose_same": ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, [(2, 4, 2)]),
    "conv2d_transpose": ("Conv2DTranspose", {"filters": 2, "kernel_size": [2, 3]}, [(1, 3, 4, 2)]),
    "conv2d_transpose_same_stride": (
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1, "use_bias": False},
        [(1, 3, 4, 2)],
    ),
    "conv3d_transpose": ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, [(1, 2, 3, 2, 2)]),
    "depthwise1d": ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, [(2, 5, 3)]),
    "depthwise2d": ("DepthwiseConv2D", {"kernel_size": [2, 3], "padding": "same"}, [(1, 4, 5, 3)]),
    "depthwise2d_stride": ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "depth_multiplier": 2}, [(1, 5, 5, 2)]),
    "separable1d": ("SeparableConv1D", {"filters": 3, "kernel_size": 3}, [(2, 5, 2)]),
    "separable2d": ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "depth_multiplier": 2, "padding": "same"}, [(1, 4, 5, 2)]),
    "max1d": ("MaxPooling1D", {}, [(2, 7, 3)]),
    "max1d_same": ("MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, [(2, 7, 3)]),
    "max3d": ("MaxPooling3D", {}, [(1, 4, 5, 4, 2)]),
    "avg1d": ("AveragePooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, [(2, 7, 3)]),
    "avg3d": ("AveragePooling3D", {"pool_size": [2, 3, 1]}, [(1, 4, 5, 4, 2)]),
    "adaptive_avg1d": ("AdaptiveAveragePooling1D", {"output_size": 3}, [(2, 7, 3)]),
    "adaptive_avg2d": ("AdaptiveAveragePooling2D", {"output_size": [2, 3]}, [(1, 5, 7, 2)]),
    "adaptive_avg3d": ("AdaptiveAveragePooling3D", {"output_size": 2}, [(1, 3, 4, 5, 2)]),
    "adaptive_max1d": ("AdaptiveMaxPooling1D", {"output_size": 3}, [(2, 7, 3)]),
    "adaptive_max2d": ("AdaptiveMaxPooling2D", {"output_size": [2, 3], **CF}, [(1, 2, 5, 7)]),
    "adaptive_max3d": ("AdaptiveMaxPooling3D", {"output_size": 2}, [(1, 3, 4, 5, 2)]),
    "global_avg1d": ("GlobalAveragePooling1D", {"keepdims": True}, [(2, 5, 3)]),
    "global_avg3d": ("GlobalAveragePooling3D", {**CF}, [(2, 3, 2, 2, 3)]),
    "global_max1d": ("GlobalMaxPooling1D", {}, [(2, 5, 3)]),
    "global_max2d": ("GlobalMaxPooling2D", {"keepdims": True}, [(2, 3, 4, 3)]),
    "global_max3d": ("GlobalMaxPooling3D", {}, [(2, 3, 2, 2, 3)]),
    "crop1d": ("Cropping1D", {"cropping": [1, 2]}, [(2, 6, 3)]),
    "crop2d": ("Cropping2D", {"cropping": [[1, 0], [2, 1]], **CF}, [(1, 2, 4, 5)]),
    "crop3d": ("Cropping3D", {}, [(1, 3, 4, 5, 2)]),
    "pad1d": ("ZeroPadding1D", {"padding": [1, 2]}, [(2, 3, 2)]),
    "pad3d": ("ZeroPadding3D", {"padding": [[0, 1], [1, 0], [2, 1]]}, [(1, 2, 3, 2, 2)]),
    "up1d": ("UpSampling1D", {"size": 3}, [(2, 3, 2)]),
    "up2d": ("UpSampling2D", {"size": [2, 3]}, [(1, 2, 3, 2)]),
    "up2d_bilinear": ("UpSampling2D", {"interpolation": "bilinear"}, [(1, 2, 3, 2)]),
    "up2d_bicubic": ("UpSampling2D", {"interpolation": "bicubic"}, [(1, 3, 3, 2)]),
    "up3d": ("UpSampling3D", {"size": [1, 2, 2]}, [(1, 2, 2, 3, 2)]),
    "permute": ("Permute", {"dims": [3, 1, 2]}, [(2, 3, 4, 5)]),
    "repeat_vector": ("RepeatVector", {"n": 3}, [(2, 4)]),
    "subtract": ("Subtract", {}, [(2, 3, 4), (2, 3, 4)]),
    "multiply": ("Multiply", {}, [(2, 3, 4), (2, 1, 4)]),
    "average": ("Average", {}, [(2, 3, 4), (2, 3, 4), (2, 3, 4)]),
    "maximum": ("Maximum", {}, [(2, 3), (2, 3)]),
    "minimum": ("Minimum", {}, [(2, 3), (2, 3)]),
    "add_rank": ("Add", {}, [(2, 3, 4), (2, 4)]),
    "dot": ("Dot", {"axes": 1}, [(2, 5), (2, 5)]),
    "dot_pair": ("Dot", {"axes": [2, 1]}, [(2, 3, 4), (2, 4, 5)]),
    "dot_normalize": ("Dot", {"axes": -1, "normalize": True}, [(2, 3, 4), (2, 5, 4)]),
    "einsum_dense": ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}, [(2, 4)]),
    "einsum_dense_elided": (
        "EinsumDense",
        {"equation": "...x,xyz->...yz", "output_shape": [3, 2], "bias_axes": "yz", "activation": "relu"},
        [(2, 3, 4)],
    ),
    "embedding": ("Embedding", {"input_dim": 5, "output_dim": 3, "mask_zero": True}, [ints(2, 4, high=5)]),
    "reversible": ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3}, [ints(2, 4, high=5)]),
    "identity": ("Identity", {}, [(2, 3)]),
    "masking": ("Masking", {}, [(2, 3, 4)]),
    "spatial_dropout": ("SpatialDropout2D", {"rate": 0.5}, [(2, 3, 4, 2)]),
    "gaussian_noise": ("GaussianNoise", {"stddev": 0.5}, [(2, 3)]),
    "alpha_dropout": ("AlphaDropout", {"rate": 0.5}, [(2, 3)]),
    "batch_norm": ("BatchNormalization", {}, [(4, 3)]),
    "batch_norm_training": ("BatchNormalization", {"momentum": 0.8}, [(4, 2, 3)], {"training": True}),
    "batch_norm_axis": ("BatchNormalization", {"axis": 1, "scale": False, "epsilon": 0.01}, [(4, 3, 2, 2)], {"training": True}),
    "batch_norm_middle": ("BatchNormalization", {"axis": 2, "center": False}, [(2, 2, 3, 2)], {"training": True}),
    "layer_norm": ("LayerNormalization", {}, [(3, 4)]),
    "layer_norm_axes": ("LayerNormalization", {"axis": [1, 2], "scale": False}, [(2, 3, 4)]),
    "layer_norm_first": ("LayerNormalization", {"axis": 1, "epsilon": 0.1}, [(2, 3, 4)]),
    "rms_norm": ("RMSNormalization", {}, [(3, 4)]),
    "group_norm": ("GroupNormalization", {"groups": 2}, [(2, 3, 4)]),
    "group_norm_first": ("GroupNormalization", {"groups": -1, "axis": 1}, [(2, 4, 3, 2)]),
    "unit_norm": ("UnitNormalization", {}, [(2, 3, 4)]),
    "unit_norm_axes": ("UnitNormalization", {"axis": [1, 2]}, [(2, 3, 4)]),
    "spectral_norm": ("SpectralNormalization", {"layer": new("Dense", units=3), "power_iterations": 3}, [(2, 4)]),
    "simple_rnn": ("SimpleRNN", {"units": 3}, [(2, 4, 2)]),
    "simple_rnn_sequences": ("SimpleRNN", {"units": 3, "return_sequences": True, "activation": "gelu", "use_bias": False}, [(2, 4, 2)]),
    "lstm": ("LSTM", {"units": 3}, [(2, 4, 2)]),
    "lstm_all": ("LSTM", {"units": 3, "return_sequences": True, "return_state": True, "go_backwards": True}, [(2, 4, 2)]),
    "lstm_activations": ("LSTM", {"units": 2, "activation": "softsign", "recurrent_activation": "hard_sigmoid", "unit_forget_bias": False}, [(2, 3, 2)]),
    "gru": ("GRU", {"units": 3, "return_sequences": True}, [(2, 4, 2)]),
    "gru_state": ("GRU", {"units": 3, "return_state": True, "use_bias": False}, [(2, 4, 2)]),
    "gru_reset_before": ("GRU", {"units": 3, "reset_after": False}, [(2, 4, 2)]),
    "gru_activations": ("GRU", {"units": 2, "recurrent_activation": "softsign", "reset_after": False}, [(2, 3, 2)]),
    "rnn_stacked": ("RNN", {"cell": [new("LSTMCell", units=3), new("GRUCell", units=2)], "return_sequences": True}, [(2, 3, 2)]),
    "rnn_state": ("RNN", {"cell": new("SimpleRNNCell", units=3), "return_state": True}, [(2, 3, 2)]),
    "bidirectional": ("Bidirectional", {"layer": new("LSTM", units=3, return_sequences=True)}, [(2, 4, 2)]),
    "bidirectional_sum": ("Bidirectional", {"layer": new("GRU", units=3, return_state=True), "merge_mode": "sum"}, [(2, 4, 2)]),
    "bidirectional_both": ("Bidirectional", {"layer": new("SimpleRNN", units=3), "merge_mode": None}, [(2, 4, 2)]),
    "time_distributed": ("TimeDistributed", {"layer": new("Dense", units=3)}, [(2, 4, 2)]),
    "time_distributed_norm": ("TimeDistributed", {"layer": new("BatchNormalization")}, [(3, 2, 4)], {"training": True}),
    "attention": ("Attention", {}, [(2, 3, 4), (2, 5, 4)]),
    "attention_scale": ("Attention", {"use_scale": True}, [(2, 3, 4), (2, 5, 3), (2, 5, 4)], {"use_causal_mask": True}),
    "attention_concat": (
        "Attention",
        {"score_mode": "concat", "use_scale": True},
        [(2, 3, 4), (2, 5, 4)],
        {"return_attention_scores": True},
    ),
    "additive_attention": ("AdditiveAttention", {}, [(2, 3, 4), (2, 5, 4)]),
    "multi_head": ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, {"query": (2, 4, 5), "value": (2, 3, 5)}),
    "multi_head_causal": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 4, "output_shape": 6, "use_bias": False},
        {"query": (2, 4, 5), "value": (2, 4, 3), "key": (2, 4, 2)},
        {"use_causal_mask": True},
    ),
    "multi_head_scores": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "use_gate": True, "sliding_window": 2},
        {"query": (2, 4, 5), "value": (2, 4, 5)},
        {"return_attention_scores": True},
    ),
    "multi_head_axes": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "attention_axes": [2]},
        {"query": (2, 2, 3, 4), "value": (2, 2, 5, 4)},
    ),
    "group_query": (
        "GroupQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        {"query": (2, 4, 5), "value": (2, 3, 5)},
    ),
    "group_query_scores": (
        "GroupQueryAttention",
        {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2, "use_gate": True},
        {"query": (2, 4, 5), "value": (2, 4, 5)},
        {"return_attention_scores": True, "use_causal_mask": True},
    ),
    "normalization": ("Normalization", {"mean": [1.0, -2.0, 0.5], "variance": [2.0, 0.5, 4.0]}, [(2, 4, 3)]),
    "normalization_invert": ("Normalization", {"axis": None, "mean": 1.5, "variance": 4.0, "invert": True}, [(2, 3)]),
    "resizing": ("Resizing", {"height": 4, "width": 7}, [(2, 5, 4, 2)]),
    "resizing_crop": ("Resizing", {"height": 4, "width": 6, "crop_to_aspect_ratio": True, "interpolation": "nearest"}, [(1, 7, 5, 2)]),
    "resizing_pad": ("Resizing", {"height": 5, "width": 6, "pad_to_aspect_ratio": True, "fill_value": 0.5}, [(2, 4, 3, 2)]),
    "resizing_antialias": ("Resizing", {"height": 2, "width": 3, "antialias": True, "interpolation": "bicubic"}, [(1, 7, 8, 2)]),
    "center_crop": ("CenterCrop", {"height": 2, "width": 3}, [(2, 5, 6, 2)]),
    "center_crop_small": ("CenterCrop", {"height": 4, "width": 6}, [(1, 5, 3, 2)]),
    "flip_at_inference": ("RandomFlip", {}, [(2, 3, 4, 1)], {"training": False}),
    "crop_at_inference": ("RandomCrop", {"height": 3, "width": 4, "seed": 3}, [(2, 3, 4, 1)], {"training": True}),
    "rotation": ("RandomRotation", {"factor": [0.1, 0.1]}, [(2, 5, 6, 2)], {"training": True}),
    "rotation_constant": (
        "RandomRotation",
        {"factor": [-0.2, -0.2], "fill_mode": "constant", "fill_value": 0.5},
        [(1, 5, 4, 2)],
        {"training": True},
    ),
    "translation": (
        "RandomTranslation",
        {"height_factor": [0.3, 0.3], "width_factor": [-0.2, -0.2], "fill_mode": "nearest"},
        [(2, 5, 6, 1)],
        {"training": True},
    ),
    "zoom": ("RandomZoom", {"height_factor": [0.3, 0.3], "width_factor": [-0.4, -0.4]}, [(2, 5, 6, 1)], {"training": True}),
    "brightness": ("RandomBrightness", {"factor": [0.1, 0.1], "value_range": [-1, 1]}, [(2, 3, 4, 2)], {"training": True}),
    "category_multi_hot": ("CategoryEncoding", {"num_tokens": 5}, [ints(3, 2, high=5)]),
    "category_count": ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, [ints(2, 5, high=4)]),
    "category_one_hot": ("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, [ints(3, 1, high=4)]),
    "discretization": ("Discretization", {"bin_boundaries": [-0.5, 0.0, 0.7]}, [(3, 4)]),
    "discretization_count": ("Discretization", {"bin_boundaries": [-0.5, 0.0], "output_mode": "count"}, [(3, 4)]),
}
# TensorFlow has these in float32 only.
SINGLE = ("MaxPooling3D", "AveragePooling3D", "AdaptiveAveragePooling3D", "AdaptiveMaxPooling3D", "Resizing", "CenterCrop", "Random")
# TensorFlow's gradients of these are not of what they compute.
FORWARD_ONLY = ("RandomRotation", "RandomTranslation", "RandomZoom")
KINKED = ("MaxPooling", "GlobalMax", "AdaptiveMax", "PReLU")


def made(spec):
    return getattr(keras.layers, spec["new"])(**{k: inside(v) for k, v in spec["options"].items()})


def inside(value):
    if isinstance(value, list):
        return [inside(v) for v in value]
    return made(value) if isinstance(value, dict) and "new" in value else value


def plain(value):
    """A configuration as JSON has it, without names, dtypes and where classes live."""
    if isinstance(value, dict):
        hidden = ("name", "dtype", "module", "registered_name", "build_config")
        return {k: plain(v) for k, v in value.items() if k not in hidden}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value if isinstance(value, (str, bool, int, type(None))) else float(value)


def layer_rows_cases():
    for name, (cls, options, given, *more) in ROWS.items():
        inputs = Inputs("keras_layer_rows", name)
        floatx = "float32" if cls.startswith(SINGLE) else "float64"
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(floatx)
        call = more[0] if more else {}
        layer = made(new(cls, **options))
        draw = inputs.distinct if cls.startswith(KINKED) else inputs.normal
        named = list(given) if isinstance(given, dict) else None
        given = list(given.values()) if named else given
        arrays = [
            tf.constant(inputs.integers(*one[1], high=one[2]), tf.int32) if one[0] == "int" else tf.constant(draw(*one), floatx)
            for one in given
        ]
        run = lambda xs: (
            layer(**dict(zip(named, xs)), **call) if named else layer(xs if len(xs) > 1 else xs[0], **call)
        )
        run(arrays)
        for weight in layer.weights:
            weight.assign(inputs.normal(*weight.shape) * 0.5 + (1 if "variance" in weight.name else 0))
        floats = [x for x in arrays if x.dtype != tf.int32]
        before = [np.asarray(w) for w in layer.weights]
        with tf.GradientTape() as tape:
            tape.watch(floats)
            y = run(arrays)
            ys = [one for one in tf.nest.flatten(y) if one is not None]
            dys = [tf.constant(inputs.normal(*one.shape), one.dtype) for one in ys if one.dtype.is_floating]
            total = sum((tf.reduce_sum(one * dy) for one, dy in zip(ys, dys)), tf.constant(0.0, floatx))
        trained = layer.trainable_weights
        gradients = tape.gradient(total, [*floats, *(w.value for w in trained)])
        tensors = {f"x{i}": x for i, x in enumerate(arrays)}
        tensors |= {f"w{i}": w for i, w in enumerate(before)}
        for i, w in enumerate(layer.weights):
            if not np.array_equal(before[i], np.asarray(w)):
                tensors[f"a{i}"] = np.asarray(w)
        tensors |= {f"y{i}": one for i, one in enumerate(ys)} | {f"dy{i}": dy for i, dy in enumerate(dys)}
        for i, g in enumerate(gradients):
            if g is not None and cls not in FORWARD_ONLY:
                tensors[f"g{i}"] = tf.convert_to_tensor(g)
        placeholders = [keras.Input(x.shape[1:], dtype=x.dtype) for x in arrays]
        symbolic = run(placeholders)
        params = {
            "layer": new(cls, **options),
            "call": call,
            **({"named": named} if named else {}),
            "weights": [w.name for w in layer.weights],
            "specs": [list(one.shape) for one in tf.nest.flatten(symbolic) if one is not None],
            "config": plain(layer.get_config()),
        }
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        yield case(name, params, {k: stored(v) for k, v in tensors.items()})
