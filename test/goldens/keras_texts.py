"""Golden cases of what Keras prints: model.summary() and lines of the progress bar; and the moments of its initializers."""

import os
import re
import types

import keras
import numpy as np
from keras.src.utils import io_utils, progbar

from golden_format import case
from keras_cases import stored

CNN = {
    "inputs": {"x": [28, 28, 1]},
    "nodes": [
        ["a", "Conv2D", {"filters": 32, "kernel_size": 3, "activation": "relu"}, ["x"]],
        ["b", "MaxPooling2D", {"pool_size": 2}, ["a"]],
        ["c", "Flatten", {}, ["b"]],
        ["d", "Dropout", {"rate": 0.5}, ["c"]],
        ["e", "Dense", {"units": 10, "activation": "softmax"}, ["d"]],
    ],
    "outputs": ["e"],
}
OTHERS = {
    "inputs": {"x": [9, 8, 2]},
    "nodes": [
        ["a", "ZeroPadding2D", {"padding": 1}, ["x"]],
        ["b", "AveragePooling2D", {"pool_size": 2, "padding": "same"}, ["a"]],
        ["c", "LeakyReLU", {}, ["b"]],
        ["d", "Rescaling", {"scale": 0.5}, ["c"]],
        ["e", "Reshape", {"target_shape": [4, -1]}, ["d"]],
        ["f", "ELU", {}, ["e"]],
        ["g", "Activation", {"activation": "tanh", "name": "a_name_longer_than_its_column_and_then_some"}, ["f"]],
        ["h", "Dense", {"units": 3, "trainable": False}, ["g"]],
        ["i", "Softmax", {}, ["h"]],
        ["j", "ReLU", {}, ["i"]],
    ],
    "outputs": ["j"],
}
BIG = {
    "inputs": {"x": [64, 64, 3]},
    "nodes": [
        ["a", "Conv2D", {"filters": 128, "kernel_size": 5, "padding": "same"}, ["x"]],
        ["b", "Flatten", {}, ["a"]],
        ["c", "Dense", {"units": 8}, ["b"]],
    ],
    "outputs": ["c"],
}
RESIDUAL = {
    "inputs": {"x": [8, 8, 2]},
    "nodes": [
        ["a", "Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same"}, ["x"]],
        ["b", "Conv2D", {"filters": 4, "kernel_size": 1, "name": "a_long_name_of_a_projection"}, ["x"]],
        ["c", "Add", {}, ["a", "b"]],
        ["d", "Concatenate", {}, ["c", "a", "b"]],
        ["e", "GlobalAveragePooling2D", {}, ["d"]],
        ["f", "Dense", {"units": 3}, ["e"]],
    ],
    "outputs": ["f"],
}
TWO_INPUTS = {
    "inputs": {"x": [4], "z": [3]},
    "nodes": [
        ["a", "Dense", {"units": 2}, ["x"]],
        ["b", "Dense", {"units": 2}, ["z"]],
        ["c", "Add", {}, ["a", "b"]],
    ],
    "outputs": ["c"],
}

# name: model, sequential, arguments of summary, columns of the terminal, compiled and trained with
SUMMARIES = {
    "cnn": (CNN, True, {}, 80, None),
    "cnn_wide": (CNN, True, {}, 200, None),
    "cnn_narrow": (CNN, True, {}, 44, None),
    "cnn_functional": (CNN, False, {}, 80, None),
    "cnn_line_length": (CNN, True, {"line_length": 65}, 80, None),
    "cnn_positions": (CNN, True, {"positions": [0.5, 0.7, 1.0]}, 80, None),
    "cnn_trainable": (CNN, True, {"show_trainable": True}, 120, None),
    "cnn_adam": (CNN, True, {}, 80, ["Adam", {}]),
    "cnn_sgd": (CNN, False, {}, 80, ["SGD", {}]),
    "two_inputs_adam": (TWO_INPUTS, False, {}, 80, ["Adam", {}]),
    "cnn_momentum": (CNN, True, {}, 80, ["SGD", {"momentum": 0.9}]),
    "cnn_amsgrad": (CNN, True, {}, 80, ["Adam", {"amsgrad": True}]),
    "others": (OTHERS, True, {}, 80, None),
    "others_trainable": (OTHERS, False, {"show_trainable": True}, 80, None),
    "others_narrow": (OTHERS, True, {}, 60, None),
    "big": (BIG, True, {}, 80, None),
    "residual": (RESIDUAL, False, {}, 80, None),
    "residual_wide": (RESIDUAL, False, {}, 200, None),
    "residual_trainable": (RESIDUAL, False, {"show_trainable": True}, 130, None),
    "two_inputs": (TWO_INPUTS, False, {}, 80, None),
}


def build(model, sequential):
    if sequential:
        [shape] = model["inputs"].values()
        made = [getattr(keras.layers, cls)(**options) for _, cls, options, _ in model["nodes"]]
        return keras.Sequential([keras.Input(shape=shape), *made])
    tensors = {name: keras.Input(shape=shape) for name, shape in model["inputs"].items()}
    inputs = list(tensors.values())
    for name, cls, options, sources in model["nodes"]:
        given = [tensors[source] for source in sources]
        tensors[name] = getattr(keras.layers, cls)(**options)(given if len(given) > 1 else given[0])
    outputs = [tensors[name] for name in model["outputs"]]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs[0])


def summaries():
    for name, (description, sequential, options, columns, optimizer) in SUMMARIES.items():
        keras.utils.clear_session()
        model = build(description, sequential)
        if optimizer:
            model.compile(getattr(keras.optimizers, optimizer[0])(**optimizer[1]), "mse")
            model.optimizer.build(model.trainable_variables)
        os.environ["COLUMNS"] = str(columns)
        parts = []
        model.summary(print_fn=parts.append, **options)
        params = {
            "fn": "summary",
            "model": description,
            "sequential": sequential,
            "options": options,
            "columns": columns,
            "optimizer": optimizer,
            "text": "".join(parts),
        }
        yield case(f"summary_{name}", params, {})


# name: steps in all, then for every update the time, the step and the values
PROGRESS = {
    "one_step": (1, [[0.25, 1, {"loss": 0.5}]]),
    "three_steps": (3, [[0.5, 1, {"loss": 1.25}], [1.0, 2, {"loss": 1.0}], [1.5, 3, {"loss": 0.90625}]]),
    "halves": (2, [[0.125, 1, {"accuracy": 0.90625, "loss": 2.00005}], [2.5, 2, {"accuracy": 0.03125, "loss": 0.00015625}]]),
    "ties_of_milliseconds": (5, [[1.0, 1, {}], [1.0105, 5, {}], [1.0105, 5, {}]]),
    "long": (40000, [[0.5, 1, {"loss": 3.0}], [1.5, 2, {"loss": 2.0}], [30.5, 400, {"loss": 1.0}]]),
    "hours": (422, [[10.0, 1, {"loss": 3.0}], [40.0, 2, {"loss": -2.5}], [100.0, 7, {"loss": -0.0001}]]),
    "microseconds": (100000, [[0.5, 1, {}], [0.75, 25000, {"loss": 1e-12}], [1.0, 100000, {"loss": 12345.678}]]),
    "not_finite": (2, [[1, 1, {"loss": float("inf")}], [3, 2, {"loss": float("nan"), "mae": float("-inf")}]]),
    "negative": (2, [[1, 1, {"loss": -1.5}], [3, 2, {"loss": -1.5, "mae": -0.0005}]]),
}


def text_of(value):
    return {**{k: v if np.isfinite(v) else str(v) for k, v in value.items()}}


def progress():
    clock = types.SimpleNamespace(now=0.0)
    original, printed = progbar.time, []
    progbar.time = types.SimpleNamespace(time=lambda: clock.now)
    write, io_utils.print_msg = io_utils.print_msg, lambda message, line_break=True: printed.append(message)
    try:
        for name, (target, updates) in PROGRESS.items():
            for verbose in (1, 2):
                clock.now = 1000.0
                bar = progbar.Progbar(target, verbose=verbose, stateless_metrics=[], interval=0)
                states = []
                for at, step, values in updates:
                    clock.now = 1000.0 + at
                    printed.clear()
                    bar.update(step, list(values.items()))
                    # The line itself: without the return to its start, and the blanks that delete what was there.
                    line = re.sub(" +(\\n?)$", r"\1", printed[0].lstrip("\b\r")) if printed else None
                    states.append({"at": at, "step": step, "values": text_of(values), "line": line})
                params = {"fn": "Progbar", "target": target, "verbose": verbose, "updates": states}
                yield case(f"progress_{name}_{verbose}", params, {})
    finally:
        progbar.time, io_utils.print_msg = original, write


def texts_cases():
    keras.config.set_floatx("float32")
    try:
        yield from summaries()
    finally:
        keras.config.set_floatx("float64")
    yield from progress()


# class, options; numbers are other ones here, so what is compared are moments and extremes
INITIALIZERS = [
    ("RandomUniform", {}),
    ("RandomUniform", {"minval": -1, "maxval": 3}),
    ("RandomNormal", {}),
    ("RandomNormal", {"mean": 1, "stddev": 0.5}),
    ("TruncatedNormal", {}),
    ("TruncatedNormal", {"mean": 1, "stddev": 0.5}),
    ("VarianceScaling", {}),
    ("VarianceScaling", {"scale": 2, "mode": "fan_out", "distribution": "uniform"}),
    ("VarianceScaling", {"scale": 0.5, "mode": "fan_avg", "distribution": "untruncated_normal"}),
    ("GlorotUniform", {}),
    ("GlorotNormal", {}),
    ("HeUniform", {}),
    ("HeNormal", {}),
    ("LecunUniform", {}),
    ("LecunNormal", {}),
    ("Orthogonal", {}),
    ("Orthogonal", {"gain": 2}),
]


def initializers_cases():
    for cls, options in INITIALIZERS:
        for shape in ([60, 200], [3, 3, 12, 100]):
            values = np.asarray(getattr(keras.initializers, cls)(**options, seed=1)(shape))
            name = "_".join([cls, *(str(v) for v in options.values()), str(len(shape))])
            moments = [values.mean(), values.std(), values.min(), values.max()]
            yield case(name, {"initializer": cls, "options": options, "shape": shape}, {"y": stored(moments)})
