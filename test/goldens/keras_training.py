"""Golden cases of keras.optimizers, and of whole runs of fit, evaluate and predict."""

import keras
import numpy as np

from golden_format import case
from inputs import Inputs
from keras_cases import stored

STEPS = 5
# name: class, options, learning rates set before single steps
OPTIMIZERS = {
    "sgd": ("SGD", {}, {}),
    "sgd_lr": ("SGD", {"learning_rate": 0.2}, {}),
    "sgd_momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}, {}),
    "sgd_nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}, {}),
    "sgd_nesterov_without_momentum": ("SGD", {"learning_rate": 0.1, "nesterov": True}, {}),
    "sgd_decay": ("SGD", {"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.1}, {}),
    "sgd_new_rate": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}, {"2": 0.01, "4": 0.5}),
    "adam": ("Adam", {}, {}),
    "adam_lr": ("Adam", {"learning_rate": 0.1}, {}),
    "adam_betas": ("Adam", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9}, {}),
    "adam_epsilon": ("Adam", {"learning_rate": 0.1, "epsilon": 0.01}, {}),
    "adam_amsgrad": ("Adam", {"learning_rate": 0.1, "beta_2": 0.5, "amsgrad": True}, {}),
    "adam_decay": ("Adam", {"learning_rate": 0.1, "weight_decay": 0.05}, {}),
    "adam_new_rate": ("Adam", {"learning_rate": 0.1}, {"2": 0.01, "4": 0.5}),
    "adamw": ("AdamW", {"learning_rate": 0.1}, {}),
    "adamw_amsgrad": ("AdamW", {"learning_rate": 0.1, "weight_decay": 0.1, "amsgrad": True}, {}),
}


def optimizers_cases():
    for name, (cls, options, rates) in OPTIMIZERS.items():
        inputs = Inputs("keras_optimizers", name)
        start = {"p0": inputs.normal(2, 3), "p1": inputs.normal(4)}
        gradients = {"g0": inputs.normal(STEPS, 2, 3), "g1": inputs.normal(STEPS, 4)}
        # The size of gradients changes on the way: amsgrad's maximum and the moments' ages must be seen.
        gradients = {k: g * np.array([1, 4, 0.25, 0.25, 2]).reshape(-1, *[1] * (g.ndim - 1)) for k, g in gradients.items()}
        keras.utils.clear_session()
        variables = [keras.Variable(value) for value in start.values()]
        optimizer = getattr(keras.optimizers, cls)(**options)
        after = [[], []]
        for step in range(STEPS):
            if str(step) in rates:
                optimizer.learning_rate = rates[str(step)]
            optimizer.apply_gradients(zip([g[step] for g in gradients.values()], variables))
            for found, variable in zip(after, variables):
                found.append(np.asarray(variable))
        tensors = {**start, **gradients, "y0": np.stack(after[0]), "y1": np.stack(after[1])}
        count = int(sum(np.prod(v.shape) for v in optimizer.variables))
        params = {"optimizer": cls, "options": options, "rates": rates, "name": optimizer.name, "variables": count}
        yield case(name, params, {k: stored(v) for k, v in tensors.items()})


def image_model():
    layers = [
        ["Conv2D", {"filters": 3, "kernel_size": 3, "padding": "same", "activation": "relu"}],
        ["MaxPooling2D", {"pool_size": 2}],
        ["Flatten", {}],
        ["Dense", {"units": 3, "activation": "softmax"}],
    ]
    return [6, 6, 2], layers


def dense_model(units, activation):
    return [5], [["Dense", {"units": 4, "activation": "tanh"}], ["Dense", {"units": units, "activation": activation}]]


# name: model, compile's arguments (optimizer as class and options), targets, arguments of fit
RUNS = {
    "adam_sparse": (
        image_model(),
        {"optimizer": ["Adam", {"learning_rate": 0.01}], "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "labels",
        {"batch_size": 4, "epochs": 3},
    ),
    "sgd_validation_split": (
        image_model(),
        {
            "optimizer": ["SGD", {"learning_rate": 0.05, "momentum": 0.9}],
            "loss": "categorical_crossentropy",
            "metrics": ["accuracy", "mae"],
        },
        "one-hot",
        {"batch_size": 3, "epochs": 2, "validation_split": 0.3},
    ),
    "class_weight": (
        image_model(),
        {"optimizer": ["SGD", {"learning_rate": 0.1}], "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "labels",
        {"batch_size": 4, "epochs": 2, "class_weight": {"0": 0.5, "1": 2.0, "2": 1.0}},
    ),
    "sample_weight": (
        dense_model(1, "sigmoid"),
        {"optimizer": ["SGD", {"learning_rate": 0.5}], "loss": "binary_crossentropy", "metrics": ["accuracy"]},
        "bits",
        {"batch_size": 4, "epochs": 2, "sample_weight": True},
    ),
    "regression": (
        dense_model(2, None),
        {"optimizer": ["AdamW", {"learning_rate": 0.05}], "loss": "mse", "metrics": ["mae", "mse"]},
        "values",
        {"batch_size": 5, "epochs": 3, "initial_epoch": 1},
    ),
}


def build(shape, layers):
    made = [getattr(keras.layers, cls)(**options) for cls, options in layers]
    return keras.Sequential([keras.Input(shape=shape), *made])


def fit_cases():
    for name, ((shape, layers), compiling, kind, fitting) in RUNS.items():
        inputs = Inputs("keras_fit", name)
        n, units = 10, layers[-1][1]["units"]
        x = inputs.normal(n, *shape)
        labels = inputs.integers(n, high=units)
        y = {
            "labels": labels,
            "one-hot": np.eye(units)[labels],
            "bits": inputs.integers(n, 1, high=2),
            "values": inputs.normal(n, units),
        }[kind]
        model = build(shape, layers)
        start = [inputs.normal(*w.shape) * 0.5 for w in model.get_weights()]
        model.set_weights(start)
        cls, options = compiling["optimizer"]
        model.compile(**{**compiling, "optimizer": getattr(keras.optimizers, cls)(**options)})
        weights = inputs.uniform(n, low=0.5, high=2)
        arguments = {**fitting}
        if "sample_weight" in fitting:
            arguments["sample_weight"] = weights
        if "class_weight" in fitting:
            arguments["class_weight"] = {int(k): v for k, v in fitting["class_weight"].items()}
        history = model.fit(x, y, shuffle=False, verbose=0, **arguments)
        evaluated = model.evaluate(x, y, batch_size=4, verbose=0)
        tensors = {"x": x, "target": y, "weights": weights}
        tensors |= {f"w{i}": w for i, w in enumerate(start)}
        tensors |= {f"final{i}": w for i, w in enumerate(model.get_weights())}
        tensors |= {f"history_{k}": v for k, v in history.history.items()}
        tensors |= {"evaluated": evaluated, "predicted": model.predict(x, batch_size=4, verbose=0)}
        params = {"shape": shape, "layers": layers, "compile": compiling, "fit": fitting, "epoch": history.epoch}
        yield case(name, params, {k: stored(v) for k, v in tensors.items()})
