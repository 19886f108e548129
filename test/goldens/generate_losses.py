"""Losses element by element or row by row, in float64: losses_torch, losses_keras, losses_jax.json.

    python3 test/goldens/generate_losses.py torch|keras|jax
"""

import sys
import zlib

import numpy as np

from golden_format import case, tensor, write


def rng(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def f32(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def draw(random, kind, shape):
    if kind == "number":
        return f32(random.normal(size=shape))
    if kind == "probability":
        return f32(random.uniform(0.05, 0.95, shape))
    if kind == "positive":
        return f32(random.uniform(0.2, 3, shape))
    if kind == "count":
        return f32(random.integers(0, 6, shape))
    if kind == "bit":
        return f32(random.integers(0, 2, shape))
    if kind == "sign":
        return f32(2 * random.integers(0, 2, shape) - 1)
    if kind == "row":
        rows = random.uniform(0.05, 1, shape)
        return f32(rows / rows.sum(-1, keepdims=True))
    if kind == "log_row":
        rows = random.uniform(0.05, 1, shape)
        return f32(np.log(rows / rows.sum(-1, keepdims=True)))
    if kind == "one_hot":
        return f32(np.eye(shape[-1])[random.integers(0, shape[-1], shape[:-1])])
    if kind == "unit":
        rows = random.normal(size=shape)
        return f32(rows / np.linalg.norm(rows, axis=-1, keepdims=True))
    if kind == "label":
        return random.integers(0, 5, shape).astype(np.int32)
    if kind == "lists":
        return np.array([[3, 0, -1, 1, 2], [1, -1, 0, 0, 0], [-1, 2, 2, 2, 2], [4, 3, 2, 1, 0]], dtype=np.int32)
    raise ValueError(kind)


S = (4, 5)
# name, kinds of the tensors (with a shape where it is not [4, 5]), arguments.
TORCH = [
    *[("mse_loss", ["number", "number"], {}), ("l1_loss", ["number", "number"], {})],
    *[("huber_loss", ["number", "number"], {"delta": d}) for d in (1.0, 0.3)],
    *[("smooth_l1_loss", ["number", "number"], {"beta": b}) for b in (1.0, 0.3, 0.0)],
    *[("poisson_nll_loss", ["positive", "count"], {"log_input": l, "full": f}) for l in (True, False) for f in (True, False)],
    *[("gaussian_nll_loss", ["number", "number", "positive"], {"full": f}) for f in (True, False)],
    ("gaussian_nll_loss", ["number", "number", "positive"], {"eps": 1.5}),
    ("binary_cross_entropy", ["probability", "probability"], {}),
    ("binary_cross_entropy_with_logits", ["number", "probability"], {}),
    ("binary_cross_entropy_with_logits", ["number", "probability", ("positive", (5,))], {"pos_weight": True}),
    *[("kl_div", [i, t], {"log_target": l}) for i, t, l in (("log_row", "row", False), ("log_row", "log_row", True))],
    *[("hinge_embedding_loss", ["number", "sign"], {"margin": m}) for m in (1.0, 0.4)],
    ("soft_margin_loss", ["number", "sign"], {}),
    ("margin_ranking_loss", ["number", "number", "sign"], {"margin": 0.3}),
    *[("multi_margin_loss", ["number", ("label", (4,))], {"p": p, "margin": m}) for p in (1, 2) for m in (1.0, 0.6)],
    ("multi_margin_loss", ["number", ("label", (4,)), ("positive", (5,))], {"p": 2, "weight": True}),
    ("multilabel_margin_loss", ["number", "lists"], {}),
    ("multilabel_soft_margin_loss", ["number", "bit"], {}),
    ("multilabel_soft_margin_loss", ["number", "bit", ("positive", (5,))], {"weight": True}),
    ("cosine_similarity", ["number", "number"], {}),
    ("cosine_embedding_loss", ["number", "number", ("sign", (4,))], {"margin": -0.2}),
    *[("pairwise_distance", ["number", "number"], {"p": p}) for p in (1.0, 2.0, 3.0, np.inf)],
    *[("triplet_margin_loss", ["number", "number", "number"], {"p": p, "swap": s}) for p in (2.0, 1.0) for s in (False, True)],
    ("nll_loss", ["log_row", ("label", (4,)), ("positive", (5,))], {"weight": True, "ignore_index": 2}),
]
# Keras' order: target, prediction.
KERAS = [
    ("huber", ["number", "number"], {"delta": 0.7}),
    ("log_cosh", ["number", "number"], {}),
    ("mean_absolute_percentage_error", ["number", "number"], {}),
    ("mean_squared_logarithmic_error", ["positive", "positive"], {}),
    ("poisson", ["count", "positive"], {}),
    ("kl_divergence", ["row", "row"], {}),
    ("hinge", ["sign", "number"], {}),
    ("squared_hinge", ["sign", "number"], {}),
    ("categorical_hinge", ["one_hot", "number"], {}),
    ("cosine_similarity", ["number", "number"], {}),
    ("binary_focal_crossentropy", ["bit", "probability"], {"gamma": 1.5}),
    ("binary_focal_crossentropy", ["bit", "probability"], {"gamma": 2.0, "apply_class_balancing": True, "alpha": 0.3}),
    ("binary_crossentropy", ["probability", "probability"], {}),
    ("categorical_focal_crossentropy", ["one_hot", "row"], {"gamma": 2.5, "alpha": 0.3}),
    ("dice", ["bit", "probability"], {}),
    ("tversky", ["bit", "probability"], {"alpha": 0.3, "beta": 0.6}),
    ("circle", [("label", (6,)), ("unit", (6, 5))], {"gamma": 8.0, "margin": 0.3}),
]
JAX = [
    ("huber_loss", ["number", "number"], {"delta": 0.7}),
    ("log_cosh", ["number", "number"], {}),
    ("sigmoid_focal_loss", ["number", "bit"], {"gamma": 1.5}),
    ("sigmoid_focal_loss", ["number", "bit"], {"gamma": 2.0, "alpha": 0.3}),
    ("kl_divergence", ["log_row", "row"], {}),
    ("cosine_similarity", ["number", "number"], {}),
    ("hinge_loss", ["number", "sign"], {}),
]


def inputs(label, kinds):
    random = rng(label)
    for kind in kinds:
        name, shape = kind if isinstance(kind, tuple) else (kind, S)
        yield draw(random, name, shape)


def held(label, fn, arguments, values, y, gradients):
    tensors = {"abcd"[i]: tensor(v, "int32" if v.dtype == np.int32 else "float32") for i, v in enumerate(values)}
    tensors |= {"y": tensor(y)}
    if gradients:
        tensors |= {"dy": tensor(cotangent(label, y.shape))}
        tensors |= {"d" + "abcd"[i]: tensor(g) for i, g in gradients.items()}
    clean = {k: ("inf" if v == np.inf else v) for k, v in arguments.items()}
    return case(label, {"fn": fn, **clean}, tensors)


def cotangent(label, shape):
    return f32(rng(label + "/dy").uniform(0.2, 1, shape))


def labelled(rows):
    for fn, kinds, arguments in rows:
        yield fn + "".join(f" {k} {v}" for k, v in arguments.items()), fn, kinds, arguments


def torch_cases():
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(1)
    for label, fn, kinds, arguments in labelled(TORCH):
        values = list(inputs(label, kinds))
        x = [torch.tensor(v.astype(np.int64) if v.dtype == np.int32 else v) for v in values]
        named = {k: v for k, v in arguments.items() if k not in ("weight", "pos_weight")}
        operands = x
        for k in ("weight", "pos_weight"):
            if k in arguments:
                named[k] = x[-1]
                operands = x[:-1]
        floats = [i for i, v in enumerate(operands) if v.dtype == torch.float64]
        if fn in ("gaussian_nll_loss", "margin_ranking_loss", "pairwise_distance", "cosine_similarity", "mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "kl_div", "triplet_margin_loss"):
            wanted = [i for i in floats if not (fn == "margin_ranking_loss" and i == 2) and not (fn == "kl_div" and i == 1)]
        else:
            wanted = [0, 1] if fn == "cosine_embedding_loss" else [0]
        for i in wanted:
            x[i].requires_grad_()
        none = {} if fn in ("cosine_similarity", "pairwise_distance") else {"reduction": "none"}
        y = getattr(F, fn)(*operands, **none, **named)
        dy = torch.tensor(cotangent(label, tuple(y.shape)))
        found = torch.autograd.grad(y, [x[i] for i in wanted], dy)
        yield held(label, fn, arguments, values, y.detach().numpy(), {i: g.numpy() for i, g in zip(wanted, found)})
    # The gradient of the logits: that of log-probabilities differs by what log_softmax takes away.
    for label, blank, lengths in (("ctc_loss", 0, [[7, 3], [6, 2], [7, 0]]), ("ctc_loss blank 4", 4, [[7, 3], [3, 3], [5, 1]])):
        random = rng(label)
        logits = f32(random.normal(size=(7, 3, 5)))
        labels = random.integers(0, 4, (3, 3)).astype(np.int32) + (blank == 0)
        labels = labels.astype(np.int32)
        counts = [np.array(column, dtype=np.int32) for column in zip(*lengths)]
        x = torch.tensor(logits, requires_grad=True)
        y = F.ctc_loss(x.log_softmax(-1), *(torch.tensor(v.astype(np.int64)) for v in (labels, *counts)), blank=blank, reduction="none")
        dy = torch.tensor(cotangent(label, tuple(y.shape)))
        (gradient,) = torch.autograd.grad(y, x, dy)
        arguments = {"blank": blank}
        yield held(label, "ctc_loss", arguments, [logits, labels, *counts], y.detach().numpy(), {0: gradient.numpy()})


def keras_cases():
    import keras
    import tensorflow as tf

    keras.config.set_floatx("float64")
    for label, fn, kinds, arguments in labelled(KERAS):
        values = list(inputs(label, kinds))
        x = [tf.constant(v) for v in values]
        with tf.GradientTape() as tape:
            tape.watch(x[1])
            y = getattr(keras.losses, fn)(*x, **arguments)
        dy = tf.constant(cotangent(label, tuple(y.shape)))
        gradient = tape.gradient(y, x[1], output_gradients=dy)
        yield held(label, fn, arguments, values, y.numpy(), {1: gradient.numpy()})


def jax_cases():
    import jax

    jax.config.update("jax_enable_x64", True)
    import optax

    for label, fn, kinds, arguments in labelled(JAX):
        values = list(inputs(label, kinds))
        y, pull = jax.vjp(lambda x: getattr(optax, fn)(x, values[1], **arguments), values[0])
        (gradient,) = pull(cotangent(label, y.shape))
        yield held(label, fn, arguments, values, np.asarray(y), {0: np.asarray(gradient)})


if __name__ == "__main__":
    which = sys.argv[1]
    versions = {"torch": ["torch"], "keras": ["keras", "tensorflow"], "jax": ["jax", "optax"]}[which]
    header = {"generator": "test/goldens/generate_losses.py", **{name: __import__(name).__version__ for name in versions}}
    write(f"losses_{which}", header, list({"torch": torch_cases, "keras": keras_cases, "jax": jax_cases}[which]()))
