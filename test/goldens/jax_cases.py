"""Helpers of generate_jax.py: calls of functions by name, with the dtypes JAX gives and gradients in double precision."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import jax.image
import jax.ops
import jax.scipy.special
import jax.scipy.stats
import optax
from jax.example_libraries import optimizers, stax

from golden_format import case, tensor

NAMESPACES = {
    "jnp": jnp,
    "lax": jax.lax,
    "nn": jax.nn,
    "linalg": jnp.linalg,
    "special": jax.scipy.special,
    "random": jax.random,
    "stats": jax.scipy.stats,
    "image": jax.image,
    "ops": jax.ops,
    "optax": optax,
    "losses": optax.losses,
    "stax": stax,
    "optimizers": optimizers,
}


def named(name):
    """`jnp.add`, or the method of `Array.sum` or of `at.set`, or `initializers.normal` of jax.nn."""
    space, attribute = name.split(".", 1)
    if space == "Array":
        return lambda x, *args, **kwargs: getattr(x, attribute)(*args, **kwargs)
    if space == "at":
        return lambda x, index, *args, **kwargs: getattr(x.at[tuple(map(part, index))], attribute)(*args, **kwargs)
    if space == "initializers":
        return getattr(jax.nn.initializers, attribute)
    return functools.reduce(getattr, attribute.split("."), NAMESPACES[space])


def part(given):
    """A part of an index: [start, stop, step] is a slice, None all, "..." an ellipsis."""
    if isinstance(given, str):
        return Ellipsis
    return slice(None) if given is None else slice(*given) if isinstance(given, (list, tuple)) else given


def filled(value, arrays):
    """An argument with "$a" replaced by the array a, "%lax.add" by a function, and {"call": [...]} by what a call gives, {"new": class, "of": {...}} by an object."""
    if isinstance(value, str) and value.startswith("$"):
        return arrays[value[1:]]
    if value in ("inf", "-inf"):
        return float(value)
    if isinstance(value, str) and value.startswith("%"):
        return named(value[1:])
    if isinstance(value, (list, tuple)):
        return type(value)(filled(v, arrays) for v in value)
    if isinstance(value, dict) and "new" in value:
        return named(value["new"])(**{k: tuple(v) for k, v in value["of"].items()})
    if isinstance(value, dict) and "call" in value:
        fn, *args = value["call"]
        return named(fn)(*filled(args, arrays), **value.get("kwargs", {}))
    return value


def tuples(value):
    """Shapes and dimension numbers must be tuples where JAX hashes them."""
    return tuple(tuples(v) for v in value) if isinstance(value, (list, tuple)) else value


def stored(value):
    array = np.asarray(value)
    if array.dtype == np.uint32:
        return tensor(array, "uint32")
    if array.dtype.kind in "iub":
        return tensor(array.astype(np.int64), "int32")
    return tensor(array, "float32")


def wide(array):
    return jnp.asarray(np.asarray(array, np.float64)) if np.asarray(array).dtype.kind == "f" else jnp.asarray(array)


def narrow(array):
    given = np.asarray(array)
    return jnp.asarray(given.astype(np.float32) if given.dtype.kind == "f" else given)


def call_case(name, inputs, fn, args, arrays, kwargs=None, smooth=True, double=True):
    """One call. `y`, or `y0`, `y1`, ... of a list, has the dtype that float32 inputs give, in `params.dtype`.

    Floats are computed in float64 (in float32 unless `double`), and with `smooth` come with dy and the gradients of sum(y * dy) by all float inputs.
    """
    kwargs = kwargs or {}
    run = lambda held: named(fn)(*filled(args, held), **{k: tuples(filled(v, held)) for k, v in kwargs.items()})
    with jax.enable_x64(False):
        narrowed = run({k: narrow(v) for k, v in arrays.items()})
    several = isinstance(narrowed, (list, tuple))
    each = [str(one.dtype) for one in (narrowed if several else [narrowed])]
    # A list where the results differ.
    dtype = each[0] if len(set(each)) == 1 else each
    dtypes = {k: str(np.asarray(narrow(v)).dtype) for k, v in arrays.items()}
    params = {"fn": fn, "args": args, "kwargs": kwargs, "dtype": dtype}
    unusual = {k: v for k, v in dtypes.items() if v == "bool"}
    if unusual:
        params["dtypes"] = unusual
    tensors = dict(arrays)
    if dtype != "float32" or not double:
        ys = list(narrowed) if several else [narrowed]
    else:
        with jax.enable_x64(True):
            held = {k: wide(v) for k, v in arrays.items()}
            floats = [k for k, v in held.items() if v.dtype == jnp.float64]
            flat = lambda *xs: run({**held, **dict(zip(floats, xs))})
            leaves = lambda *xs: jax.tree.leaves(flat(*xs))
            ys = leaves(*(held[k] for k in floats))
            if smooth and floats:
                _, pullback = jax.vjp(leaves, *(held[k] for k in floats))
                dys = [inputs.normal(*one.shape) for one in ys]
                gradients = pullback([jnp.asarray(dy, one.dtype) for dy, one in zip(dys, ys)])
                tensors |= {f"dy{i if several else ''}": dy for i, dy in enumerate(dys)}
                tensors |= {f"d{k}": g for k, g in zip(floats, gradients)}
    tensors |= {f"y{i if several else ''}": y for i, y in enumerate(ys)}
    return case(name, params, {k: stored(v) for k, v in tensors.items()})
