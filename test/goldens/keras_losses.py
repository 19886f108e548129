"""Golden cases of keras.losses and keras.metrics."""

import keras
import numpy as np
import tensorflow as tf

from golden_format import case
from inputs import Inputs
from keras_cases import gradient_case, stored

LOGITS = {"from_logits": True}
REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "none"]
# class, options, what the predictions are, their shape
LOSSES = [
    ("SparseCategoricalCrossentropy", {**LOGITS}, "logits", (5, 4)),
    ("SparseCategoricalCrossentropy", {**LOGITS}, "logits", (2, 3, 4)),
    ("SparseCategoricalCrossentropy", {}, "softmax", (5, 4)),
    ("SparseCategoricalCrossentropy", {}, "probabilities", (5, 4)),
    ("SparseCategoricalCrossentropy", {**LOGITS, "ignore_class": 1}, "logits", (6, 4)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 0}, "softmax", (6, 3)),
    ("CategoricalCrossentropy", {**LOGITS}, "logits", (5, 4)),
    ("CategoricalCrossentropy", {**LOGITS, "label_smoothing": 0.1}, "logits", (5, 4)),
    ("CategoricalCrossentropy", {}, "softmax", (2, 3, 4)),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2}, "softmax", (5, 4)),
    ("CategoricalCrossentropy", {}, "probabilities", (5, 4)),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2}, "probabilities", (5, 4)),
    ("CategoricalCrossentropy", {}, "not normalised", (5, 4)),
    ("BinaryCrossentropy", {**LOGITS}, "logits", (5, 3)),
    ("BinaryCrossentropy", {**LOGITS, "label_smoothing": 0.1}, "logits", (5, 1)),
    ("BinaryCrossentropy", {}, "sigmoid", (5, 3)),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, "sigmoid", (2, 3, 2)),
    ("BinaryCrossentropy", {}, "probabilities", (5, 3)),
    ("BinaryCrossentropy", {"label_smoothing": 0.3}, "probabilities", (5, 3)),
    ("MeanSquaredError", {}, "values", (5, 3)),
    ("MeanSquaredError", {}, "values", (2, 3, 4)),
    ("MeanAbsoluteError", {}, "values", (5, 3)),
]
ACTIVATED = {"softmax": keras.activations.softmax, "sigmoid": keras.activations.sigmoid}


def targets_of(cls, inputs, shape):
    if cls == "SparseCategoricalCrossentropy":
        return inputs.integers(*shape[:-1], high=shape[-1])
    if cls == "CategoricalCrossentropy":
        return inputs.distribution(*shape)
    if cls == "BinaryCrossentropy":
        return inputs.integers(*shape, high=2).astype(np.float64)
    return inputs.normal(*shape)


def predictions_of(kind, inputs, shape):
    if kind == "probabilities":
        return inputs.distribution(*shape)
    return inputs.uniform(*shape, low=0.2, high=2) if kind == "not normalised" else inputs.normal(*shape)


def losses_cases():
    for cls, options, kind, shape in LOSSES:
        for reduction in REDUCTIONS:
            for weighted in (False, True):
                # all reductions of a function's first row, one of the others
                if kind not in ("logits", "values") and (reduction in ("mean", "sum") or weighted):
                    continue
                extra = "_".join(str(v) for v in options.values() if v is not True)
                name = "_".join(
                    part
                    for part in [cls, kind.replace(" ", "_"), extra, "x".join(map(str, shape)), reduction, weighted and "weighted"]
                    if part
                )
                inputs = Inputs("keras_losses", name)
                x, target = predictions_of(kind, inputs, shape), targets_of(cls, inputs, shape)
                loss = getattr(keras.losses, cls)(**options, reduction=reduction)
                constants = {"target": target}
                if weighted:
                    constants["weights"] = inputs.uniform(shape[0], *[1] * (len(shape) - 2), low=0.5, high=2)
                seen = ACTIVATED.get(kind, lambda values: values)
                call = lambda x: loss(target, seen(x), sample_weight=constants.get("weights"))
                params = {"loss": cls, "options": {**options, "reduction": reduction}, "predictions": kind}
                yield gradient_case(name, params, inputs, call, {"x": x}, constants)
    yield from weights_cases()
    yield from edge_cases()


def weights_cases():
    """Weights of other ranks than the losses: NumPy's broadcasting, after Keras has made the ranks equal by a last 1."""
    for losses, weights in [((4,), (4, 1)), ((3, 3), (3,)), ((2, 3), (3,)), ((2, 3), (2, 3)), ((2, 3), (2, 3, 1)), ((4,), (1,))]:
        for reduction in ("sum_over_batch_size", "none"):
            name = f"weights_{'x'.join(map(str, weights))}_losses_{'x'.join(map(str, losses))}_{reduction}"
            inputs = Inputs("keras_losses", name)
            x, target = inputs.normal(*losses, 2), inputs.normal(*losses, 2)
            constants = {"target": target, "weights": inputs.uniform(*weights, low=0.5, high=2)}
            loss = keras.losses.MeanSquaredError(reduction=reduction)
            call = lambda x: loss(target, x, sample_weight=constants["weights"])
            params = {"loss": "MeanSquaredError", "options": {"reduction": reduction}, "predictions": "values"}
            yield gradient_case(name, params, inputs, call, {"x": x}, constants)
    inputs = Inputs("keras_losses", "targets_differentiated")
    arrays = {"x": inputs.normal(4, 3), "target": inputs.distribution(4, 3)}
    options = {**LOGITS, "label_smoothing": 0.1}
    loss = keras.losses.CategoricalCrossentropy(**options)
    params = {"loss": "CategoricalCrossentropy", "options": options, "predictions": "logits"}
    yield gradient_case("targets_differentiated", params, inputs, lambda x, target: loss(target, x), arrays)
    inputs = Inputs("keras_losses", "reduction_None")
    x, target = inputs.normal(4, 2), inputs.normal(4, 2)
    params = {"loss": "MeanSquaredError", "options": {"reduction": None}, "predictions": "values"}
    loss = keras.losses.MeanSquaredError(reduction=None)
    yield gradient_case("reduction_None", params, inputs, lambda x: loss(target, x), {"x": x}, {"target": target})
    inputs = Inputs("keras_losses", "all_ignored")
    x, target = inputs.normal(3, 2), np.ones(3, np.int64)
    options = {**LOGITS, "ignore_class": 1}
    loss = keras.losses.SparseCategoricalCrossentropy(**options)
    params = {"loss": "SparseCategoricalCrossentropy", "options": options, "predictions": "logits"}
    yield gradient_case("all_ignored", params, inputs, lambda x: loss(target, x), {"x": x}, {"target": target})


def edge_cases():
    """Probabilities of exactly 0 and 1, in float32 since 1 - 1e-7 is; labels as columns, predictions of one column."""
    rows = [[1.0, 0.0, 0.0], [0.25, 0.5, 0.25]]
    for cls, target in {
        "SparseCategoricalCrossentropy": np.array([1, 1]),
        "CategoricalCrossentropy": np.array([[0.0, 1, 0], [0, 1, 0]]),
        "BinaryCrossentropy": np.array([[0.0, 1, 0], [0, 1, 0]]),
    }.items():
        loss = getattr(keras.losses, cls)(reduction="none", dtype="float32")
        params = {"loss": cls, "options": {"reduction": "none"}, "predictions": "probabilities"}
        y = loss(target, tf.constant(rows, tf.float32))
        yield case(f"{cls}_clipped", params, {"x": stored(rows), "target": stored(target), "y": stored(y)})
    inputs = Inputs("keras_losses", "columns")
    for cls, x, target in [
        ("SparseCategoricalCrossentropy", inputs.normal(4, 3), inputs.integers(4, 1, high=3)),
        ("BinaryCrossentropy", inputs.normal(4, 1), inputs.integers(4, high=2)),
        ("MeanSquaredError", inputs.normal(4, 1), inputs.normal(4)),
        ("MeanAbsoluteError", inputs.normal(4), inputs.normal(4, 1)),
    ]:
        options = LOGITS if "Crossentropy" in cls else {}
        loss = getattr(keras.losses, cls)(**options)
        params = {"loss": cls, "options": options, "predictions": "logits"}
        yield gradient_case(f"{cls}_columns", params, inputs, lambda x: loss(target, x), {"x": x}, {"target": target})


# class, options, shape of the targets, shape of the predictions; two batches each
METRICS = [
    ("SparseCategoricalAccuracy", {}, (6,), (6, 3)),
    ("SparseCategoricalAccuracy", {}, (6, 1), (6, 3)),
    ("SparseCategoricalAccuracy", {}, (3, 2), (3, 2, 4)),
    ("CategoricalAccuracy", {}, (6, 3), (6, 3)),
    ("BinaryAccuracy", {}, (6, 1), (6, 1)),
    ("BinaryAccuracy", {}, (6,), (6, 1)),
    ("BinaryAccuracy", {"threshold": 0.7}, (6, 3), (6, 3)),
    ("MeanSquaredError", {}, (6, 3), (6, 3)),
    ("MeanAbsoluteError", {}, (6,), (6, 1)),
    ("SparseCategoricalCrossentropy", {}, (6,), (6, 3)),
    ("CategoricalCrossentropy", {}, (6, 3), (6, 3)),
]


def metrics_cases():
    for cls, options, wanted, given in METRICS:
        name = "_".join([cls, *map(str, options.values()), "x".join(map(str, wanted)), "x".join(map(str, given))])
        inputs = Inputs("keras_metrics", name)
        metric = getattr(keras.metrics, cls)(**options)
        tensors, results = {}, []
        for batch in range(2):
            x = inputs.distribution(*given) if given[-1] > 1 else inputs.uniform(*given)
            if cls.startswith("Sparse"):
                target = inputs.integers(*wanted, high=given[-1])
            elif cls.startswith("Categorical"):
                target = inputs.distribution(*wanted)
            elif cls.startswith("Binary"):
                target = inputs.integers(*wanted, high=2)
            else:
                target = inputs.normal(*wanted)
            metric.update_state(target, x)
            results.append(float(metric.result()))
            tensors |= {f"target{batch}": stored(target), f"x{batch}": stored(x)}
        yield case(name, {"metric": cls, "options": options, "name": metric.name}, {**tensors, "y": stored(results)})
    # The first of equal predictions counts; predictions at the threshold are not above it.
    x = np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])
    for cls, target in {
        "SparseCategoricalAccuracy": np.array([0, 2]),
        "CategoricalAccuracy": np.array([[0.5, 0.5, 0], [0, 0, 1.0]]),
    }.items():
        metric = getattr(keras.metrics, cls)()
        metric.update_state(target, x)
        arrays = {"target0": stored(target), "x0": stored(x), "y": stored([float(metric.result())])}
        yield case(f"{cls}_tied", {"metric": cls, "options": {}, "name": metric.name}, arrays)
    metric = keras.metrics.BinaryAccuracy()
    target, x = np.array([[1], [0], [1]]), np.array([[0.5], [0.5], [0.75]])
    metric.update_state(target, x)
    arrays = {"target0": stored(target), "x0": stored(x), "y": stored([float(metric.result())])}
    yield case("BinaryAccuracy_tied", {"metric": "BinaryAccuracy", "options": {}, "name": metric.name}, arrays)
