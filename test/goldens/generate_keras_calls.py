"""Writes keras_calls.json: calls of Keras' functions with their arguments by position and by name, and what they give.

Run: python3 test/goldens/generate_keras_calls.py   (needs the keras and tensorflow packages; some seconds)

Each line is a call: [function, arguments by position, arguments by name, result]. Arrays are {"dtype", "values"}; a result
that Keras refuses is {"raises": class}.
"""

import itertools
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np


def array(values, dtype):
    return np.array(values, dtype)


F = array([[1.5, -2.0, 0.25], [0.0, 3.0, -0.5]], "float32")
I = array([[1, -2, 3], [0, 5, 4]], "int32")
B = array([[True, False, True], [False, False, True]], "bool")
V = array([2.0, 0.5, -1.0], "float32")
OPERANDS = [F, I, B, V, array([3, 1, 2], "int32"), 2, 2.5, -1, True]
MASKED = array([[0.1, 0.7, 0.2], [0.5, 0.25, 0.25]], "float32")
LABELS = array([1, 0], "int32")
ONE_HOT = array([[0, 1, 0], [1, 0, 0]], "float32")
BITS = array([[0, 1, 1], [1, 0, 1]], "float32")


def calls():
    for name in ["add", "subtract", "multiply", "divide", "maximum"]:
        for a, b in itertools.product(OPERANDS, OPERANDS):
            yield f"ops.{name}", [a, b], {}
    for name in ["abs", "exp", "sqrt", "square", "tanh", "relu", "sigmoid", "softmax"]:
        for x in [F, I, B]:
            yield f"ops.{name}", [x], {}
    yield "ops.log", [np.abs(F) + 1], {}
    for name in ["sum", "mean", "max", "min"]:
        for x, axis, keepdims in itertools.product([F, I, B], [None, 0, -1, [0, 1], [1], []], [False, True]):
            yield f"ops.{name}", [x], {"axis": axis, "keepdims": keepdims}
        yield f"ops.{name}", [F], {"axis": 2}
    for name in ["max", "min"]:
        for x, initial in [(F, 1), (I, 2), (F, -9.5)]:
            yield f"ops.{name}", [x], {"axis": 1, "keepdims": False, "initial": initial}
        yield f"ops.{name}", [np.zeros((0, 2), "float32")], {"axis": None, "keepdims": True, "initial": 3}
    for x, axis, keepdims in itertools.product([F, I], [None, 0, 1, -1], [False, True]):
        yield "ops.argmax", [x], {"axis": axis, "keepdims": keepdims}
    for axis in [-1, 0, 1, None, [0, 1], [1]]:
        yield "ops.softmax", [F], {"axis": axis}
    for axis, dtype in itertools.product([-1, 0, 1, 2], [None, "float32", "int32", "bool"]):
        yield "ops.one_hot", [array([[0, 2], [3, -1]], "int32"), 3], {"axis": axis, "dtype": dtype}
    for axes in [None, [1, 0], [-1, -2], [0, 1]]:
        yield "ops.transpose", [F], {"axes": axes}
    for shape in [[3, 2], [-1], [1, 6], [2, -1, 1], [4]]:
        yield "ops.reshape", [F, shape], {}
    for a, b in [(F, V), (V, V), (V, F.T), (F, F.T), (F, F), (B, F.T), (np.stack([F, F]), F.T)]:
        yield "ops.matmul", [a, b], {}
    for x, dtype in itertools.product([F, I, B, 2, 2.5, True], ["float32", "int32", "bool"]):
        yield "ops.cast", [x, dtype], {}
        yield "ops.convert_to_tensor", [x], {"dtype": dtype}
    for x in [F, I, B, 2, 2.5, True, -3]:
        yield "ops.convert_to_tensor", [x], {}

    x = array([[-10.0, -1.0, 0.0, 1.0, 5.0, 6.0, 10.0]], "float32")
    for slope, most, threshold in itertools.product([0.0, 0.5], [None, 6.0], [0.0, 5.0]):
        yield "activations.relu", [x], {"negative_slope": slope, "max_value": most, "threshold": threshold}
    for name in ["linear", "selu", "softplus", "silu", "tanh", "sigmoid", "relu"]:
        for each in [F, I, B]:
            yield f"activations.{name}", [each], {}
    for value in [0.0, 0.1, 1.5]:
        yield "activations.leaky_relu", [F], {"negative_slope": value}
        yield "activations.elu", [F], {"alpha": value}
    for value in [False, True]:
        yield "activations.gelu", [F], {"approximate": value}
    for axis in [-1, 0, 1, [0, 1], [1]]:
        yield "activations.softmax", [F], {"axis": axis}
        yield "activations.log_softmax", [F], {"axis": axis}

    for y, p in [(F, F + 1), (I, F), (I, I + 1), (V[:2], F[:, :1]), (F[:, :1], V[:2]), (V, F)]:
        yield "losses.mean_squared_error", [y, p], {}
        yield "losses.mean_absolute_error", [y, p], {}
    for logits, smoothing, axis in itertools.product([False, True], [0.0, 0.25], [-1, 0]):
        options = {"from_logits": logits, "label_smoothing": smoothing, "axis": axis}
        p = F if logits else MASKED
        yield "losses.binary_crossentropy", [BITS, p], options
        yield "losses.categorical_crossentropy", [ONE_HOT, p], options
    for logits, ignored in itertools.product([False, True], [None, 0]):
        options = {"from_logits": logits, "ignore_class": ignored}
        yield "losses.sparse_categorical_crossentropy", [LABELS, F if logits else MASKED], options
        yield "losses.sparse_categorical_crossentropy", [LABELS[:, None], F if logits else MASKED], options
    yield "metrics.sparse_categorical_accuracy", [LABELS, MASKED], {}
    yield "metrics.sparse_categorical_accuracy", [LABELS[:, None], MASKED], {}
    yield "metrics.categorical_accuracy", [ONE_HOT, MASKED], {}
    for threshold in [0.5, 0.2]:
        yield "metrics.binary_accuracy", [BITS, MASKED], {"threshold": threshold}


def stored(value):
    if isinstance(value, np.ndarray):
        values = value.astype("float64") if value.dtype == "float32" else value
        nested = np.vectorize(number, otypes=[object])(values).tolist() if value.size else values.tolist()
        return {"dtype": value.dtype.name, "shape": list(value.shape), "values": nested}
    return value


def number(value):
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not np.isfinite(value):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    return float(f"{value:.8g}") if isinstance(value, float) else value


def result(name, positional, named):
    namespace, function = name.split(".")
    try:
        # Tuples are lists in the file.
        named = {key: tuple(value) if isinstance(value, list) else value for key, value in named.items()}
        given = [keras.ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x for x in positional]
        found = getattr(getattr(keras, namespace), function)(*given, **named)
        return stored(keras.ops.convert_to_numpy(found))
    except Exception as error:
        return {"raises": type(error).__name__}


if __name__ == "__main__":
    lines = []
    for name, positional, named in calls():
        call = [name, [stored(x) for x in positional], named, result(name, positional, named)]
        lines.append(json.dumps(call, separators=(",", ":")))
    path = pathlib.Path(__file__).parent / "keras_calls.json"
    head = json.dumps({"generator": "test/goldens/generate_keras_calls.py", "keras": keras.__version__})
    path.write_text(head[:-1] + ',"calls":[\n' + ",\n".join(lines) + "\n]}\n")
    print(f"{len(lines)} calls")
