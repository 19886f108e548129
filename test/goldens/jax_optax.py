"""Golden cases of optax' losses beyond those of jax_functions.py."""

import numpy as np

from inputs import Inputs
from jax_cases import call_case

# name: fn, what the arrays are, keywords
LOSSES = {
    "huber": ("optax.huber_loss", {"a": "distinct", "b": "normal"}, {"delta": 0.7}),
    "log_cosh": ("optax.log_cosh", {"a": "normal", "b": "normal"}, {}),
    "cosine_similarity": ("optax.cosine_similarity", {"a": "normal", "b": "normal"}, {}),
    "cosine_distance_axis": ("optax.cosine_distance", {"a": "normal", "b": "normal"}, {"axis": 0, "epsilon": 1e-3}),
    "hinge": ("optax.hinge_loss", {"a": "distinct", "b": "sides"}, {}),
    "perceptron": ("losses.perceptron_loss", {"a": "distinct", "b": "sides"}, {}),
    "kl_divergence": ("optax.kl_divergence", {"a": "logs", "b": "rows"}, {}),
    "kl_divergence_axis": ("optax.kl_divergence", {"a": "logs", "b": "rows"}, {"axis": 0}),
    "kl_divergence_logs": ("losses.kl_divergence_with_log_targets", {"a": "logs", "b": "logs"}, {}),
    "generalized_kl": ("optax.generalized_kl_divergence", {"a": "normal", "b": "rows"}, {}),
    "convex_kl": ("optax.convex_kl_divergence", {"a": "normal", "b": "rows"}, {}),
    "focal": ("optax.sigmoid_focal_loss", {"a": "normal", "b": "uniform"}, {"alpha": 0.3}),
    "focal_gamma": ("optax.sigmoid_focal_loss", {"a": "normal", "b": "uniform"}, {"gamma": 1.5}),
    "poly": ("losses.poly_loss_cross_entropy", {"a": "normal", "b": "rows"}, {"epsilon": 0.5}),
    "safe_cross_entropy": ("optax.safe_softmax_cross_entropy", {"a": "normal", "b": "rows"}, {}),
    "multiclass_hinge": ("losses.multiclass_hinge_loss", {"a": "distinct", "i": "labels"}, {}),
    "multiclass_perceptron": ("losses.multiclass_perceptron_loss", {"a": "distinct", "i": "labels"}, {}),
    "triplet": ("losses.triplet_margin_loss", {"a": "normal", "b": "normal", "c": "normal"}, {"margin": 2.0}),
    "ntxent": ("optax.ntxent", {"a": "normal", "i": "pairs"}, {"temperature": 0.5}),
}


def drawn(inputs, kind):
    if kind == "labels":
        return inputs.integers(3, high=4).astype(np.int32)
    if kind == "pairs":
        return np.array([0, 1, 0], np.int32)
    rows = inputs.distribution(3, 4)
    return {
        "normal": lambda: inputs.normal(3, 4),
        "distinct": lambda: inputs.distinct(3, 4),
        "uniform": lambda: inputs.uniform(3, 4, low=0.1, high=0.9),
        "sides": lambda: inputs.integers(3, 4, high=2) * 2.0 - 1.0,
        "rows": lambda: rows,
        "logs": lambda: np.log(rows).astype(np.float32).astype(np.float64),
    }[kind]()


def optax_cases():
    for name, (fn, arrays, kwargs) in LOSSES.items():
        inputs = Inputs("jax_optax", name)
        held = {key: drawn(inputs, kind) for key, kind in arrays.items()}
        yield call_case(name, inputs, fn, [f"${key}" for key in held], held, kwargs)
