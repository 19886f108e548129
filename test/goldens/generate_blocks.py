"""Writes blocks_torch.json, blocks_keras.json or blocks_jax.json: normalisation, embedding, attention and einsum, with
gradients, in float64. README.md describes the files.

Run: python3 test/goldens/generate_blocks.py torch|keras|jax   (the Python that has that framework)
"""

import platform
import sys

import numpy as np

from golden_format import case, tensor, write
from inputs import Inputs

CASES = []


def label_of(fn, params, shapes):
    return " ".join([fn] + [f"{k}={v}" for k, v in params.items()] + [str(list(s)) for s in shapes.values()])


def add_torch(fn, params, shapes, call, whole=None, more=None):
    """One case: y of call(inputs) and its gradients for a random dy. `whole` are integers given too, `more` what call leaves."""
    import torch

    label = label_of(fn, params, shapes)
    random = Inputs("blocks_torch", label)
    arrays = {k: random.normal(*s) for k, s in shapes.items()}
    leaves = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in arrays.items()}
    result = call(*leaves.values())
    tensors = {k: tensor(v) for k, v in arrays.items()}
    tensors |= {k: tensor(v, "int32") for k, v in (whole or {}).items()}
    dy = random.normal(*result.shape)
    gradients = torch.autograd.grad(result, list(leaves.values()), torch.tensor(dy, dtype=torch.float64), allow_unused=True)
    tensors |= {"y": tensor(result.detach().numpy()), "dy": tensor(dy)}
    for k, g in zip(leaves, gradients):
        if g is not None:
            tensors["d" + k] = tensor(g.numpy())
    for k, v in (more() if more else {}).items():
        tensors[k] = tensor(v.detach().numpy())
    CASES.append(case(label, {"fn": fn, **params}, tensors))


def torch_norms():
    import torch
    import torch.nn.functional as F

    for shape, scaled in [((4, 6), True), ((3, 5, 7), False), ((2, 3, 4, 5), True), ((2, 2, 3, 3, 4), True)]:
        channels = {"scale": (shape[1],), "bias": (shape[1],)} if scaled else {}
        for momentum in (0.1, 0.3):
            mean = torch.linspace(-1, 1, shape[1], dtype=torch.float64)
            variance = torch.linspace(0.5, 2, shape[1], dtype=torch.float64)
            add_torch(
                "batch_norm", {"momentum": momentum, "eps": 1e-5}, {"x": shape, **channels},
                lambda x, w=None, b=None: F.batch_norm(x, mean, variance, w, b, True, momentum, 1e-5),
                more=lambda: {"running_mean": mean, "running_variance": variance},
            )
        add_torch(
            "batch_norm_inference", {"eps": 1e-3}, {"x": shape, **channels},
            lambda x, w=None, b=None: F.batch_norm(
                x, torch.linspace(-1, 1, shape[1], dtype=torch.float64),
                torch.linspace(0.5, 2, shape[1], dtype=torch.float64), w, b, False, 0, 1e-3),
        )
    for shape, count in [((5, 8), 1), ((2, 3, 7), 1), ((3, 2, 4, 5), 2), ((2, 3, 4), 3), ((40, 6), 1)]:
        inner = shape[len(shape) - count:]
        add_torch("layer_norm", {"count": count, "eps": 1e-5}, {"x": shape, "scale": inner, "bias": inner},
                  lambda x, w, b: F.layer_norm(x, inner, w, b, 1e-5))
        add_torch("layer_norm", {"count": count, "eps": 1e-2}, {"x": shape}, lambda x: F.layer_norm(x, inner, None, None, 1e-2))
        add_torch("rms_norm", {"count": count, "eps": 1e-6}, {"x": shape, "scale": inner},
                  lambda x, w: F.rms_norm(x, inner, w, 1e-6))
    for shape, groups in [((3, 6), 2), ((2, 6, 5), 3), ((2, 4, 3, 4), 4), ((2, 8, 2, 3, 2), 1)]:
        channels = (shape[1],)
        add_torch("group_norm", {"groups": groups, "eps": 1e-5}, {"x": shape, "scale": channels, "bias": channels},
                  lambda x, w, b: F.group_norm(x, groups, w, b, 1e-5))
    for shape in [(2, 3, 7), (2, 3, 4, 5), (1, 2, 3, 2, 2)]:
        channels = (shape[1],)
        add_torch("instance_norm", {"eps": 1e-5}, {"x": shape, "scale": channels, "bias": channels},
                  lambda x, w, b: F.instance_norm(x, None, None, w, b, True, 0.1, 1e-5))
    for shape, dim in [((4, 3), 0), ((3, 2, 2), 1), ((3, 4), None)]:
        rows = [1] * len(shape) if dim is not None else []
        if dim is not None:
            rows[dim] = shape[dim]
        add_torch("weight_norm", {"dim": dim}, {"v": shape, "g": tuple(rows)},
                  lambda v, g: torch._weight_norm(v, g, dim) if dim is not None else g * v / v.norm())
    for shape, iterations in [((4, 3), 1), ((3, 2, 2), 4), ((2, 5), 0)]:
        state = {}

        def spectral(w):
            matrix = w.reshape(shape[0], -1)
            u = F.normalize(torch.linspace(1, 2, matrix.shape[0], dtype=torch.float64), dim=0, eps=1e-12)
            v = F.normalize(torch.linspace(-1, 2, matrix.shape[1], dtype=torch.float64), dim=0, eps=1e-12)
            with torch.no_grad():
                for _ in range(iterations):
                    v = F.normalize(torch.mv(matrix.t(), u), dim=0, eps=1e-12)
                    u = F.normalize(torch.mv(matrix, v), dim=0, eps=1e-12)
            state.update(u=u, v=v)
            return w / torch.dot(u, torch.mv(matrix, v))

        add_torch("spectral_norm", {"iterations": iterations}, {"w": shape}, spectral, more=lambda: state)


def torch_embeddings():
    import torch
    import torch.nn.functional as F

    index = np.array([[3, 0, 2], [0, 3, 3]])
    t = torch.tensor(index)
    for params in [{}, {"padding_idx": 3}, {"padding_idx": -2, "scale_grad_by_freq": True}]:
        add_torch("embedding", params, {"w": (5, 3)}, lambda w: F.embedding(t, w, **params), {"index": index})
    for most, norm_type in [(1.0, 2.0), (0.8, 1.0), (0.5, float("inf")), (0.9, 3.0)]:
        left = {}

        def clipped(w):
            own = w.detach().clone()
            result = F.embedding(t, own, max_norm=most, norm_type=norm_type)
            left["table"] = own
            return result + 0 * w.sum()

        add_torch("renorm", {"max_norm": most, "norm_type": str(norm_type)}, {"w": (5, 3)}, clipped, {"index": index}, lambda: left)
    flat, offsets = np.array([4, 1, 1, 0, 3, 2, 1]), np.array([0, 3, 3, 5])
    for mode in ("sum", "mean", "max"):
        for padding in (None, 1):
            add_torch("embedding_bag", {"mode": mode, "padding_idx": padding}, {"w": (5, 4)},
                      lambda w: F.embedding_bag(torch.tensor(flat), w, torch.tensor(offsets), mode=mode, padding_idx=padding),
                      {"index": flat, "offsets": offsets})
        add_torch("embedding_bag", {"mode": mode}, {"w": (5, 3)}, lambda w: F.embedding_bag(t, w, mode=mode), {"index": index})
    closed = np.array([0, 2, 2, 7])
    add_torch("embedding_bag", {"mode": "sum", "include_last_offset": True}, {"w": (5, 3), "weights": (7,)},
              lambda w, s: F.embedding_bag(torch.tensor(flat), w, torch.tensor(closed), mode="sum", per_sample_weights=s,
                                           include_last_offset=True),
              {"index": flat, "offsets": closed})
    add_torch("embedding_bag", {"mode": "sum", "padding_idx": 0}, {"w": (5, 4), "weights": (2, 3)},
              lambda w, s: F.embedding_bag(t, w, mode="sum", per_sample_weights=s, padding_idx=0), {"index": index})


def torch_attention():
    import torch
    import torch.nn.functional as F

    def sdpa(params, q, k, v, mask=None, whole=None, bias=None, **given):
        shapes = {"q": q, "k": k, "v": v} | ({"bias": bias} if bias else {})

        def call(q, k, v, bias=None):
            seen = None if mask is None else torch.tensor(mask).bool()
            return F.scaled_dot_product_attention(q, k, v, bias if bias is not None else seen, **given)

        add_torch("attention", params, shapes, call, {} if mask is None else {"mask": mask})

    sdpa({}, (2, 3, 5, 16), (2, 3, 7, 16), (2, 3, 7, 16))
    sdpa({}, (4, 3), (5, 3), (5, 2))
    sdpa({"scale": 0.3}, (2, 1, 3, 2, 4), (2, 1, 3, 3, 4), (2, 1, 3, 3, 5), scale=0.3)
    sdpa({"is_causal": True}, (1, 2, 6, 5), (1, 2, 4, 5), (1, 2, 4, 3), is_causal=True)
    sdpa({"is_causal": True}, (1, 2, 4, 8), (1, 2, 6, 8), (1, 2, 6, 8), is_causal=True)
    sdpa({"enable_gqa": True}, (2, 6, 4, 8), (2, 2, 5, 8), (2, 2, 5, 8), enable_gqa=True)
    sdpa({"enable_gqa": True, "is_causal": True}, (1, 4, 70, 3), (1, 1, 70, 3), (1, 1, 70, 3), enable_gqa=True, is_causal=True)
    rng = Inputs("blocks_torch", "masks").rng
    sdpa({}, (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), rng.integers(0, 2, (2, 1, 3, 5)))
    empty = rng.integers(0, 2, (3, 5))
    empty[1] = 0
    sdpa({"rows": "empty"}, (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), empty)
    sdpa({}, (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), bias=(1, 2, 3, 5))
    for more in [{}, {"add_zero_attn": True, "add_bias_kv": True}, {"kdim": 5, "vdim": 3}]:
        own = {"kdim": 6, "vdim": 6, "add_zero_attn": False, "add_bias_kv": False} | more
        packed = own["kdim"] == 6
        shapes = {"q": (2, 3, 6), "k": (2, 4, own["kdim"]), "v": (2, 4, own["vdim"])}
        if packed:
            shapes |= {"w": (18, 6)}
        else:
            shapes |= {"wq": (6, 6), "wk": (6, own["kdim"]), "wv": (6, own["vdim"])}
        shapes |= {"b": (18,), "wo": (6, 6), "bo": (6,)}
        if own["add_bias_kv"]:
            shapes |= {"bk": (1, 1, 6), "bv": (1, 1, 6)}
        mask = np.array([[0, 1, 1, 0], [1, 1, 0, 1], [1, 0, 1, 1]])
        left = {}

        def call(*leaves):
            given = dict(zip(shapes, leaves))
            y, left["weights"] = F.multi_head_attention_forward(
                *(given[name].transpose(0, 1) for name in "qkv"), 6, 2, given.get("w"), given["b"], given.get("bk"),
                given.get("bv"), own["add_zero_attn"], 0.0, given["wo"], given["bo"], need_weights=True,
                attn_mask=~torch.tensor(mask).bool(), average_attn_weights=False, use_separate_proj_weight=not packed,
                q_proj_weight=given.get("wq"), k_proj_weight=given.get("wk"), v_proj_weight=given.get("wv"))
            return y.transpose(0, 1)

        add_torch("multi_head_attention", more, shapes, call, {"mask": mask}, lambda: left)


def torch_einsum():
    import torch

    for equation, *shapes in [
        ("ij,jk->ik", (3, 4), (4, 2)),
        ("ij,jk", (3, 4), (4, 2)),
        ("ba,ca", (3, 4), (2, 4)),
        ("ij,kj->ki", (3, 4), (2, 4)),
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
        ("bthd,bshd->bhts", (2, 3, 2, 4), (2, 5, 2, 4)),
        ("bhts,bshd->bthd", (2, 2, 3, 5), (2, 5, 2, 4)),
        ("ak,bck->bac", (2, 3), (4, 5, 3)),
        ("ii", (3, 3)),
        ("ii->i", (3, 3)),
        ("iji->j", (2, 3, 2)),
        ("iij,jkk->ik", (2, 2, 3), (3, 2, 2)),
        ("ij->ji", (2, 3)),
        ("ijk->", (2, 3, 2)),
        ("i,j->ij", (3,), (2,)),
        ("ij,ij->ij", (2, 3), (2, 3)),
        ("ij,ij->i", (2, 3), (2, 3)),
        ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)),
        ("...i->...", (2, 3, 4)),
        ("b...,b...->...", (2, 3, 4), (2, 3, 4)),
        ("i...j,j->...i", (2, 3, 4), (4,)),
        ("bn,anm,bm->ba", (2, 3), (5, 3, 4), (2, 4)),
        ("ij,jk,kl,lm->im", (2, 5), (5, 3), (3, 6), (6, 2)),
        ("ij,jk->ik", (3, 1), (4, 2)),
        ("abcdef,fedcba->", (2, 1, 2, 2, 1, 3), (3, 1, 2, 2, 1, 2)),
        ("abc,cbd,ae->de", (2, 3, 2), (2, 3, 4), (2, 3)),
        ("ij,k->ik", (2, 3), (4,)),
    ]:
        names = {"abcd"[i]: shape for i, shape in enumerate(shapes)}
        add_torch("einsum", {"equation": equation}, names, lambda *xs: torch.einsum(equation, *xs))


def torch_cases():
    import torch

    torch.set_num_threads(1)
    torch_norms()
    torch_embeddings()
    torch_attention()
    torch_einsum()
    return {"torch": torch.__version__}


def add_keras(fn, params, shapes, call, more=None, whole=None):
    import tensorflow as tf

    label = label_of(fn, params, shapes)
    random = Inputs("blocks_keras", label)
    arrays = {k: random.normal(*s) for k, s in shapes.items()}
    leaves = {k: tf.Variable(v) for k, v in arrays.items()}
    with tf.GradientTape() as tape:
        y = call(*leaves.values())
    dy = random.normal(*y.shape)
    gradients = tape.gradient(y, list(leaves.values()), tf.constant(dy))
    tensors = {k: tensor(v) for k, v in arrays.items()} | {"y": tensor(y.numpy()), "dy": tensor(dy)}
    tensors |= {"d" + k: tensor(g.numpy()) for k, g in zip(leaves, gradients) if g is not None}
    tensors |= {k: tensor(v) for k, v in (more() if more else {}).items()}
    tensors |= {k: tensor(v, "int32") for k, v in (whole or {}).items()}
    CASES.append(case(label, {"fn": fn, **params}, tensors))


def keras_norms():
    import keras

    for shape, axis, momentum in [((4, 5), -1, 0.99), ((2, 3, 4, 6), -1, 0.9), ((2, 3, 2, 2), 1, 0.9)]:
        layer = keras.layers.BatchNormalization(axis=axis, momentum=momentum, dtype="float64")
        layer.build(shape)
        add_keras("batch_normalization", {"axis": axis, "momentum": momentum, "epsilon": 1e-3}, {"x": shape},
                  lambda x: layer(x, training=True),
                  more=lambda: {"running_mean": layer.moving_mean.numpy(), "running_variance": layer.moving_variance.numpy()})
    for shape, axis in [((3, 4), -1), ((2, 3, 4), -1)]:
        add_keras("batch_normalization_given", {"axis": axis, "epsilon": 1e-3},
                  {"x": shape, "mean": (shape[-1],), "scale": (shape[-1],), "bias": (shape[-1],)},
                  lambda x, mean, scale, bias: keras.ops.batch_normalization(
                      x, mean, keras.ops.square(mean) + 0.5, axis, bias, scale, 1e-3))
    for shape, groups in [((2, 3, 3, 4), 2), ((2, 5, 6), 3)]:
        layer = keras.layers.GroupNormalization(groups, dtype="float64")
        layer.build(shape)
        add_keras("group_normalization", {"groups": groups, "epsilon": 1e-3}, {"x": shape}, lambda x: layer(x))
    add_keras("rms_normalization", {"epsilon": 1e-6}, {"x": (3, 4), "scale": (4,)},
              lambda x, scale: keras.ops.rms_normalization(x, scale, -1, 1e-6))


def keras_attention():
    import keras

    seen = np.array([[[[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]]]])
    for params, mask in [({"scale": 0.4}, None), ({"rows": "empty"}, seen)]:
        add_keras("dot_product_attention", params, {"q": (1, 3, 2, 4), "k": (1, 4, 2, 4), "v": (1, 4, 2, 4)},
                  lambda q, k, v: keras.ops.dot_product_attention(
                      q, k, v, mask=None if mask is None else keras.ops.convert_to_tensor(mask, "bool"), scale=params.get("scale")),
                  whole={} if mask is None else {"mask": mask})


def keras_cases():
    import keras
    import tensorflow as tf

    keras.backend.set_floatx("float64")
    keras_norms()
    keras_attention()
    return {"keras": keras.__version__, "tensorflow": tf.__version__}


def add_jax(fn, params, shapes, call, whole=None):
    import jax

    label = label_of(fn, params, shapes)
    random = Inputs("blocks_jax", label)
    arrays = {k: random.normal(*s) for k, s in shapes.items()}
    y, pull = jax.vjp(call, *arrays.values())
    dy = random.normal(*y.shape)
    tensors = {k: tensor(v) for k, v in arrays.items()} | {k: tensor(v, "int32") for k, v in (whole or {}).items()}
    tensors |= {"y": tensor(y), "dy": tensor(dy)}
    tensors |= {"d" + k: tensor(g) for k, g in zip(arrays, pull(dy))}
    CASES.append(case(label, {"fn": fn, **params}, tensors))


def jax_norms():
    import jax.numpy as jnp
    from flax import linen

    for shape in [(4, 5), (2, 3, 4)]:
        layer = linen.BatchNorm(use_running_average=False, momentum=0.9, epsilon=1e-5, use_fast_variance=False,
                                param_dtype=jnp.float64, dtype=jnp.float64)
        state = {"batch_stats": {"mean": jnp.zeros(shape[-1]), "var": jnp.ones(shape[-1])}}
        add_jax("BatchNorm", {"epsilon": 1e-5}, {"x": shape, "scale": (shape[-1],), "bias": (shape[-1],)},
                lambda x, scale, bias: layer.apply({"params": {"scale": scale, "bias": bias}, **state}, x, mutable=["batch_stats"])[0])
    for name, layer in [("LayerNorm", linen.LayerNorm(epsilon=1e-6, use_bias=False, use_fast_variance=False)),
                        ("RMSNorm", linen.RMSNorm(epsilon=1e-6))]:
        add_jax(name, {"epsilon": 1e-6}, {"x": (3, 2, 5), "scale": (5,)},
                lambda x, scale: layer.apply({"params": {"scale": scale}}, x))


def jax_attention():
    import jax
    import jax.numpy as jnp

    seen = np.array([[[[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]]]])
    for params, shapes in [
        ({}, {"q": (2, 3, 4, 8), "k": (2, 5, 2, 8), "v": (2, 5, 2, 8)}),
        ({"is_causal": True, "scale": 0.5}, {"q": (1, 4, 2, 3), "k": (1, 6, 2, 3), "v": (1, 6, 2, 3)}),
        ({"local_window_size": [1, 2]}, {"q": (1, 6, 2, 4), "k": (1, 6, 2, 4), "v": (1, 6, 2, 4)}),
        ({"local_window_size": [1, 0]}, {"q": (6, 2, 4), "k": (6, 1, 4), "v": (6, 1, 4)}),
    ]:
        given = {k: tuple(v) if isinstance(v, list) else v for k, v in params.items()}
        add_jax("dot_product_attention", params, shapes, lambda q, k, v: jax.nn.dot_product_attention(q, k, v, **given))
    add_jax("dot_product_attention", {"rows": "empty"}, {"q": (2, 3, 2, 4), "k": (2, 4, 2, 4), "v": (2, 4, 2, 4)},
            lambda q, k, v: jax.nn.dot_product_attention(q, k, v, mask=jnp.array(seen, bool)), {"mask": seen})
    add_jax("dot_product_attention", {"bias": True},
            {"q": (1, 3, 2, 4), "k": (1, 4, 2, 4), "v": (1, 4, 2, 4), "bias": (1, 2, 3, 4)},
            lambda q, k, v, bias: jax.nn.dot_product_attention(q, k, v, bias))


def jax_cases():
    import flax
    import jax

    jax.config.update("jax_enable_x64", True)
    jax_norms()
    jax_attention()
    return {"jax": jax.__version__, "flax": flax.__version__}


if __name__ == "__main__":
    which = sys.argv[1]
    versions = {"torch": torch_cases, "keras": keras_cases, "jax": jax_cases}[which]()
    header = {"generator": f"test/goldens/generate_blocks.py {which}", "python": platform.python_version(), "numpy": np.__version__}
    write(f"blocks_{which}", header | versions, CASES)
