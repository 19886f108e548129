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
    yield from state_metrics_cases()


CURVES = [("ROC", "interpolation"), ("ROC", "majoring"), ("PR", "interpolation"), ("PR", "minoring"), ("PRGAIN", "interpolation")]
# class, options, kind of the targets, their shape, shape of the predictions
STATE_METRICS = [
    *[(cls, {}, "bits", (12,), (12,)) for cls in ["TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"]],
    *[(cls, {"thresholds": [0.25, 0.75]}, "bits", (6, 2), (6, 2)) for cls in ["TruePositives", "FalseNegatives"]],
    ("TrueNegatives", {"thresholds": [0.0, 0.5, 1.0]}, "bits", (8, 1), (8,)),
    *[(cls, {}, "bits", (12,), (12, 1)) for cls in ["Precision", "Recall"]],
    *[(cls, {"thresholds": [0.3, 0.6]}, "bits", (12,), (12,)) for cls in ["Precision", "Recall"]],
    *[(cls, {"top_k": 2}, "bits", (6, 4), (6, 4)) for cls in ["Precision", "Recall"]],
    *[(cls, {"class_id": 1}, "bits", (6, 3), (6, 3)) for cls in ["Precision", "Recall"]],
    ("Precision", {"top_k": 2, "class_id": 0}, "bits", (8, 3), (8, 3)),
    *[("AUC", {"curve": curve, "summation_method": method, "num_thresholds": 20}, "bits", (16,), (16,)) for curve, method in CURVES],
    ("AUC", {}, "bits", (16, 1), (16, 1)),
    ("AUC", {"thresholds": [0.2, 0.5, 0.9]}, "bits", (16,), (16,)),
    ("AUC", {"multi_label": True}, "bits", (8, 3), (8, 3)),
    ("AUC", {"multi_label": True, "num_labels": 3, "label_weights": [1.0, 2.0, 0.5]}, "bits", (8, 3), (8, 3)),
    ("AUC", {"label_weights": [1.0, 2.0, 0.5]}, "bits", (8, 3), (8, 3)),
    ("AUC", {"from_logits": True}, "bits", (12,), (12,)),
    ("SensitivityAtSpecificity", {"specificity": 0.5}, "bits", (16,), (16,)),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6, "num_thresholds": 10}, "bits", (16,), (16,)),
    ("PrecisionAtRecall", {"recall": 0.7}, "bits", (16,), (16,)),
    ("RecallAtPrecision", {"precision": 0.6, "class_id": 1}, "bits", (10, 3), (10, 3)),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, "classes", (9,), (9,)),
    ("IoU", {"num_classes": 3, "target_class_ids": [1], "ignore_class": 0, "sparse_y_pred": False}, "classes", (9,), (9, 3)),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.4}, "bits", (10,), (10,)),
    ("MeanIoU", {"num_classes": 4}, "classes", (3, 4), (3, 4)),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 1]}, "rows", (8, 3), (8, 3)),
    ("OneHotMeanIoU", {"num_classes": 3}, "rows", (8, 3), (8, 3)),
    *[("FBetaScore", {"average": average, "beta": 2.0}, "bits", (8, 3), (8, 3)) for average in ["micro", "macro", "weighted"]],
    ("FBetaScore", {"threshold": 0.4}, "bits", (8, 3), (8, 3)),
    ("F1Score", {"average": "macro"}, "rows", (8, 3), (8, 3)),
    ("R2Score", {}, "values", (8, 2), (8, 2)),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 2}, "values", (8, 2), (8, 2)),
    ("R2Score", {"class_aggregation": None}, "values", (8, 2), (8, 2)),
    ("RootMeanSquaredError", {}, "values", (6, 3), (6, 3)),
    ("Accuracy", {}, "classes", (8,), (8, 1)),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, "bits", (6, 2), (6, 2)),
    *[(cls, {}, "values", (6, 3), (6, 3)) for cls in ["LogCoshError", "CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation"]],
    *[(cls, {}, "bits", (6, 3), (6, 3)) for cls in ["Hinge", "SquaredHinge", "CategoricalHinge", "Poisson", "MeanSquaredLogarithmicError"]],
    ("KLDivergence", {}, "rows", (6, 3), (6, 3)),
    ("MeanAbsolutePercentageError", {}, "values", (6, 3), (6, 3)),
    ("TopKCategoricalAccuracy", {"k": 2}, "rows", (8, 4), (8, 4)),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "classes", (8,), (8, 4)),
    ("SparseTopKCategoricalAccuracy", {"k": 1, "from_sorted_ids": True}, "classes", (8,), (8, 3)),
]


def state_metrics_cases():
    """Two batches, the second with weights; a metric of values by sum and mean."""
    for cls, options, kind, wanted, given in STATE_METRICS:
        words = [cls, *[f"{key}_{value}" for key, value in options.items()], "x".join(map(str, given)), "weighted"]
        name = "_".join(words).replace(" ", "")
        inputs = Inputs("keras_metrics", name)
        metric = getattr(keras.metrics, cls)(**options)
        tensors, results = {}, []
        for batch in range(2):
            high = options.get("num_classes", 4 if "TopK" in cls else 3)
            classes = kind == "classes" and (wanted == given or given[-1] == 1 or options.get("from_sorted_ids"))
            x = inputs.integers(*given, high=high) if classes else inputs.uniform(*given)
            if kind == "values" or options.get("from_logits"):
                x = inputs.normal(*given)
            target = {
                "bits": lambda: inputs.integers(*wanted, high=2),
                "classes": lambda: inputs.integers(*wanted, high=high),
                "rows": lambda: np.eye(wanted[-1])[inputs.integers(*wanted[:-1], high=wanted[-1])],
                "values": lambda: inputs.normal(*wanted),
            }[kind]()
            weights = {}
            if batch == 1:
                size = wanted if cls in ["MeanIoU"] else wanted[:1]
                weights = {"sample_weight": inputs.integers(*size, high=4) if "IoU" in cls else inputs.uniform(*size)}
            # TensorFlow looks for the first k among float32 only.
            metric.update_state(target, tf.constant(x, tf.float32) if "TopK" in cls and not classes else x, **weights)
            results.append(np.array(metric.result(), np.float64))
            tensors |= {f"target{batch}": stored(target), f"x{batch}": stored(x)}
            tensors |= {f"weights{batch}": stored(value) for value in weights.values()}
        params = {"metric": cls, "options": options, "name": metric.name}
        yield case(name, params, {**tensors, "y": stored(np.stack(results))})
    for cls in ["Mean", "Sum"]:
        inputs = Inputs("keras_metrics", cls)
        metric = getattr(keras.metrics, cls)()
        x, weights = inputs.normal(4, 3), inputs.uniform(4)
        metric.update_state(x)
        results = [float(metric.result())]
        metric.update_state(x, sample_weight=weights)
        results.append(float(metric.result()))
        tensors = {"x0": stored(x), "x1": stored(x), "weights1": stored(weights), "y": stored(results)}
        yield case(cls, {"metric": cls, "options": {}, "name": metric.name}, tensors)
