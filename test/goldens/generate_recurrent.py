"""Writes recurrent_torch.json, recurrent_keras.json or recurrent_flax.json: recurrent layers with their options, gradients by
inputs, states and weights, in float64. README.md describes the files.

Run: python3 test/goldens/generate_recurrent.py torch|keras|flax   (the Python that has that framework)
"""

import platform
import sys

import numpy as np

from golden_format import case, tensor, write
from inputs import Inputs

CASES = []
STEPS, BATCH, FEATURES, UNITS = 4, 3, 2, 3


def torch_case(kind, lengths=None, states=True, **options):
    """y holds output, h_n and c_n, one behind the other."""
    import torch

    label = " ".join([kind] + [f"{k}={v}" for k, v in options.items()] + ([f"lengths={lengths}"] if lengths else []) + ([] if states else ["no states"]))
    random = Inputs("recurrent_torch", label)
    layer = getattr(torch.nn, kind)(FEATURES, UNITS, dtype=torch.float64, **options)
    arrays = {"x": random.normal(STEPS, BATCH, FEATURES)}
    for name, weight in layer.named_parameters():
        arrays[name] = random.uniform(*weight.shape, low=-0.7, high=0.7)
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    if states:
        arrays["h0"] = random.normal(count, BATCH, options.get("proj_size") or UNITS)
        if kind == "LSTM":
            arrays["c0"] = random.normal(count, BATCH, UNITS)
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in arrays.items()}
    state = None
    if states:
        state = (leaves["h0"], leaves["c0"]) if kind == "LSTM" else leaves["h0"]
    x = leaves["x"]
    if lengths:
        x = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    parameters = {k: v for k, v in leaves.items() if k not in ("x", "h0", "c0")}
    output, last = torch.func.functional_call(layer, parameters, (x, state) if states else (x,))
    if lengths:
        output, _ = torch.nn.utils.rnn.pad_packed_sequence(output, total_length=STEPS)
    parts = [output, *(last if isinstance(last, tuple) else [last])]
    y = torch.cat([part.reshape(-1) for part in parts])
    dy = random.normal(*y.shape)
    gradients = torch.autograd.grad(y, list(leaves.values()), torch.tensor(dy))
    tensors = {k: tensor(v) for k, v in arrays.items()} | {"y": tensor(y.detach().numpy()), "dy": tensor(dy)}
    tensors |= {"d" + k: tensor(g.numpy()) for k, g in zip(leaves, gradients)}
    CASES.append(case(label, {"fn": kind, "lengths": lengths, "options": options}, tensors))


def torch_cases():
    import torch

    torch.set_num_threads(1)
    for kind in ("LSTM", "GRU", "RNN"):
        torch_case(kind)
        torch_case(kind, states=False, bias=False)
        torch_case(kind, num_layers=2, bidirectional=True)
        torch_case(kind, lengths=[2, 4, 1])
        torch_case(kind, lengths=[3, 1, 4], bidirectional=True, num_layers=2)
    torch_case("RNN", nonlinearity="relu")
    torch_case("LSTM", proj_size=2)
    torch_case("LSTM", proj_size=2, num_layers=2, bidirectional=True, lengths=[2, 4, 1])
    return {"torch": torch.__version__}


def keras_case(kind, mask=None, states=True, **options):
    """y holds the sequence and the last states, one behind the other. Inputs are [batch, steps, features]."""
    import keras
    import tensorflow as tf

    label = " ".join([kind] + [f"{k}={v}" for k, v in options.items()] + (["mask"] if mask else []) + ([] if states else ["no states"]))
    random = Inputs("recurrent_keras", label)
    layer = getattr(keras.layers, kind)(UNITS, return_sequences=True, return_state=True, **options)
    layer.build((BATCH, STEPS, FEATURES))
    names = ["kernel", "recurrent_kernel", "bias"][: len(layer.weights)]
    arrays = {"x": random.normal(BATCH, STEPS, FEATURES)}
    for name, weight in zip(names, layer.weights):
        arrays[name] = random.uniform(*weight.shape, low=-0.7, high=0.7)
    count = 2 if kind == "LSTM" else 1
    if states:
        for name in ("h0", "c0")[:count]:
            arrays[name] = random.normal(BATCH, UNITS)
    leaves = {k: tf.Variable(v) for k, v in arrays.items()}
    with tf.GradientTape() as tape:
        state = [leaves[k] for k in ("h0", "c0")[:count]] if states else None
        y = layer.stateless_call(
            [leaves[k] for k in names], [v.value for v in layer.non_trainable_variables], leaves["x"],
            initial_state=state, mask=None if mask is None else np.array(mask, bool),
        )[0]
        y = tf.concat([tf.reshape(part, [-1]) for part in y], 0)
    dy = random.normal(*y.shape)
    gradients = tape.gradient(y, list(leaves.values()), tf.constant(dy))
    tensors = {k: tensor(v) for k, v in arrays.items()} | {"y": tensor(y.numpy()), "dy": tensor(dy)}
    tensors |= {"d" + k: tensor(g.numpy()) for k, g in zip(leaves, gradients)}
    CASES.append(case(label, {"fn": kind, "mask": mask, "options": options}, tensors))


def keras_images(rank, **options):
    """A convolutional LSTM; y holds the sequence and the last states. Inputs are [batch, steps, ..., channels]."""
    import keras
    import tensorflow as tf

    kind = f"ConvLSTM{rank}D"
    label = " ".join([kind] + [f"{k}={v}" for k, v in options.items()])
    random = Inputs("recurrent_keras", label)
    layer = getattr(keras.layers, kind)(2, (3, 2)[:rank], return_sequences=True, return_state=True, **options)
    shape = (2, 3, *(5, 4)[:rank], 3)
    layer.build(shape)
    names = ["kernel", "recurrent_kernel", "bias"]
    arrays = {"x": random.normal(*shape)}
    for name, weight in zip(names, layer.weights):
        arrays[name] = random.uniform(*weight.shape, low=-0.5, high=0.5)
    leaves = {k: tf.Variable(v) for k, v in arrays.items()}
    with tf.GradientTape() as tape:
        y = layer.stateless_call([leaves[k] for k in names], [v.value for v in layer.non_trainable_variables], leaves["x"])[0]
        y = tf.concat([tf.reshape(part, [-1]) for part in y], 0)
    dy = random.normal(*y.shape)
    gradients = tape.gradient(y, list(leaves.values()), tf.constant(dy))
    tensors = {k: tensor(v) for k, v in arrays.items()} | {"y": tensor(y.numpy()), "dy": tensor(dy)}
    tensors |= {"d" + k: tensor(g.numpy()) for k, g in zip(leaves, gradients)}
    CASES.append(case(label, {"fn": kind, "options": options}, tensors))


def keras_cases():
    import keras
    import tensorflow as tf

    keras.backend.set_floatx("float64")
    holes = [[1, 1, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1]]
    for kind in ("LSTM", "GRU", "SimpleRNN"):
        keras_case(kind, implementation=1) if kind == "GRU" else keras_case(kind)
        keras_case(kind, states=False, go_backwards=True, use_bias=False)
        keras_case(kind, mask=holes)
        keras_case(kind, mask=holes, zero_output_for_mask=True, go_backwards=True)
        keras_case(kind, activation="relu", **({} if kind == "SimpleRNN" else {"recurrent_activation": "hard_sigmoid"}))
    keras_images(1, padding="same")
    keras_images(2, padding="valid", strides=2, recurrent_activation="hard_sigmoid")
    keras_images(2, padding="same", go_backwards=True)
    keras_case("GRU", reset_after=False)
    keras_case("GRU", reset_after=False, mask=holes, implementation=1)
    return {"keras": keras.__version__, "tensorflow": tf.__version__}


def flax_case(kind, **options):
    """flax.linen.RNN over a cell. The cell's dense layers are given by their names; y holds outputs and the last state."""
    import flax.linen as nn
    import jax

    label = " ".join([kind] + [f"{k}={v}" for k, v in options.items()])
    random = Inputs("recurrent_flax", label)
    layer = nn.RNN(getattr(nn, kind)(UNITS, param_dtype=np.float64), return_carry=True, **options)
    x = random.normal(BATCH, STEPS, FEATURES)
    shapes = jax.eval_shape(layer.init, jax.random.key(0), x)["params"]["cell"]
    weights = {f"{d}_{k}": random.uniform(*v.shape, low=-0.7, high=0.7) for d, of in shapes.items() for k, v in of.items()}

    def call(x, weights):
        cell = {d: {k: weights[f"{d}_{k}"] for k in of} for d, of in shapes.items()}
        carry, y = layer.apply({"params": {"cell": cell}}, x)
        return jax.numpy.concatenate([p.reshape(-1) for p in (y, *jax.tree.leaves(carry))])

    y, pull = jax.vjp(call, x, weights)
    dy = random.normal(*y.shape)
    dx, dw = pull(dy)
    tensors = {"x": tensor(x)} | {k: tensor(v) for k, v in weights.items()} | {"y": tensor(y), "dy": tensor(dy), "dx": tensor(dx)}
    CASES.append(case(label, {"fn": kind, "options": options}, tensors | {"d" + k: tensor(v) for k, v in dw.items()}))


def flax_cases():
    import flax
    import jax

    jax.config.update("jax_enable_x64", True)
    for kind in ("LSTMCell", "OptimizedLSTMCell", "GRUCell", "SimpleCell"):
        flax_case(kind)
    flax_case("GRUCell", reverse=True, keep_order=True)
    return {"jax": jax.__version__, "flax": flax.__version__}


if __name__ == "__main__":
    which = sys.argv[1]
    versions = {"torch": torch_cases, "keras": keras_cases, "flax": flax_cases}[which]()
    header = {"generator": f"test/goldens/generate_recurrent.py {which}", "python": platform.python_version(), "numpy": np.__version__}
    write(f"recurrent_{which}", header | versions, CASES)
