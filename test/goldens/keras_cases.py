"""Helpers of generate_keras.py: seeded inputs, and cases of layers and functions with all their gradients."""

import numpy as np
import tensorflow as tf

from golden_format import case, tensor


def stored(value):
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        return tensor(array.astype(np.int64), "int32")
    return tensor(array, "float32")


def gradient_case(name, params, inputs, f, arrays, constants=None, variables=None, xla=False):
    """y = f(**arrays), dy drawn from `inputs`, and for each array x the gradient dx of sum(y * dy).

    `constants` are stored and not differentiated; `variables` maps names to the Keras variables that f reads. `xla`
    compiles: TensorFlow has no convolution of channels-first images on CPUs otherwise.
    """
    given = [tf.constant(v, tf.float64) for v in arrays.values()]
    variables = variables or {}

    def run(dy):
        with tf.GradientTape() as tape:
            tape.watch(given)
            y = f(**dict(zip(arrays, given)))
            total = tf.reduce_sum(y * dy) if dy is not None else 0
        sources = [*given, *(v.value for v in variables.values())]
        return y, tape.gradient(total, sources) if dy is not None else []

    if xla:
        run = tf.function(run, jit_compile=True)
    dy = tf.constant(inputs.normal(*run(None)[0].shape))
    y, gradients = run(dy)
    held = {k: np.asarray(v) for k, v in variables.items()}
    named = dict(zip([*arrays, *variables], gradients))
    tensors = {**arrays, **held, **(constants or {}), "y": y, "dy": dy}
    tensors |= {f"d{k}": tf.convert_to_tensor(g) for k, g in named.items()}
    return case(name, params, {k: stored(v) for k, v in tensors.items()})
