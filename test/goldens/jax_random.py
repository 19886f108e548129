"""Golden cases of jax.random and of initialisers: the bits and float32 numbers that JAX itself gives."""

import jax
import jax.numpy as jnp
import numpy as np

from golden_format import case
from inputs import Inputs
from jax_cases import stored

KEYS = {"key_0": 0, "key_42": 42, "key_negative": -1, "key_wide": 2**33 + 5}
# name: function, arguments after the key, keyword arguments
DRAWS = {
    "bits": ("bits", [[7]], {}),
    "bits_2d": ("bits", [[3, 5]], {}),
    "bits_scalar": ("bits", [[]], {}),
    "uniform": ("uniform", [[4, 5]], {}),
    "uniform_range": ("uniform", [[40]], {"minval": -2.0, "maxval": 3.0}),
    "uniform_small_range": ("uniform", [[40]], {"minval": 0.1, "maxval": 0.2}),
    "normal": ("normal", [[50]], {}),
    "truncated_normal": ("truncated_normal", [-2.0, 2.0, [50]], {}),
    "truncated_normal_one_side": ("truncated_normal", [0.5, 4.0, [50]], {}),
    "bernoulli": ("bernoulli", [0.3, [40]], {}),
    "bernoulli_half": ("bernoulli", [0.5, [5, 8]], {}),
    "randint_10": ("randint", [[40], 0, 10], {}),
    "randint_negative": ("randint", [[40], -5, 6], {}),
    "randint_power": ("randint", [[20], 0, 1024], {}),
    "randint_wide": ("randint", [[20], -(2**31), 2**31 - 1], {}),
    "randint_60000": ("randint", [[20], 0, 60000], {}),
    "permutation_1": ("permutation", [1], {}),
    "permutation_10": ("permutation", [10], {}),
    "permutation_1000": ("permutation", [1000], {}),
    "gumbel": ("gumbel", [[50]], {}),
    "exponential": ("exponential", [[50]], {}),
    "laplace": ("laplace", [[5, 10]], {}),
    "cauchy": ("cauchy", [[50]], {}),
    "logistic": ("logistic", [[50]], {}),
    "rademacher": ("rademacher", [[40]], {}),
    "gamma": ("gamma", [2.5, [50]], {}),
    "gamma_small": ("gamma", [0.25, [5, 10]], {}),
    "loggamma": ("loggamma", [0.01, [50]], {}),
    "beta": ("beta", [0.5, 2.0, [50]], {}),
    "poisson_small": ("poisson", [3.5, [50]], {}),
    "choice": ("choice", [7, [40]], {}),
    "choice_without": ("choice", [30, [20]], {"replace": False}),
    "randint_two_axes": ("randint", [[4, 6], 3, 5], {}),
}


def random_cases():
    for name, seed in KEYS.items():
        key = jax.random.key(seed)
        yield case(name, {"fn": "key", "seed": seed}, {"y": stored(jax.random.key_data(key))})
        for n in (1, 2, 5):
            y = jax.random.key_data(jax.random.split(key, n))
            yield case(f"{name}_split_{n}", {"fn": "split", "seed": seed, "args": [n]}, {"y": stored(y)})
        for data in (0, 7, 2**31, 2**32 - 1):
            y = jax.random.key_data(jax.random.fold_in(key, data))
            yield case(f"{name}_fold_in_{data}", {"fn": "fold_in", "seed": seed, "args": [data]}, {"y": stored(y)})
    for name, (fn, args, kwargs) in DRAWS.items():
        for seed in (0, 123456789):
            y = getattr(jax.random, fn)(jax.random.key(seed), *args, **kwargs)
            params = {"fn": fn, "seed": seed, "args": args, "kwargs": kwargs}
            yield case(f"{name}_{seed}", params, {"y": stored(y)})
    # Sorted twice, three times: every 97th element is held.
    for n in (2000, 60000):
        y = jax.random.permutation(jax.random.key(1), n)[::97]
        yield case(f"permutation_{n}", {"fn": "permutation", "seed": 1, "args": [n], "kwargs": {}, "every": 97}, {"y": stored(y)})
    inputs = Inputs("jax_random", "arrays")
    x = inputs.normal(6, 4)
    for axis in (0, 1):
        y = jax.random.permutation(jax.random.key(3), jnp.asarray(x, jnp.float32), axis)
        params = {"fn": "permutation", "seed": 3, "args": ["$x", axis], "kwargs": {}}
        yield case(f"permutation_axis_{axis}", params, {"x": stored(x), "y": stored(y)})
    p = inputs.uniform(4, 10)
    y = jax.random.bernoulli(jax.random.key(4), jnp.asarray(p, jnp.float32))
    yield case("bernoulli_array", {"fn": "bernoulli", "seed": 4, "args": ["$x"], "kwargs": {}}, {"x": stored(p), "y": stored(y)})
    weights = inputs.uniform(6, low=0.1)
    for fn, args in {
        "gamma": ["$x", [3, 6]],
        "poisson": ["$x"],
        "dirichlet": ["$x", [4]],
        "choice": [6, [40], True, "$x"],
        "choice_without": [6, [4], False, "$x"],
    }.items():
        given = [jnp.asarray(weights, jnp.float32) if a == "$x" else tuple(a) if isinstance(a, list) else a for a in args]
        name = fn.split("_")[0]
        y = getattr(jax.random, name)(jax.random.key(6), *given)
        yield case(f"{fn}_array", {"fn": name, "seed": 6, "args": args, "kwargs": {}}, {"x": stored(weights), "y": stored(y)})
    logits = inputs.normal(30, 5)
    for axis in (-1, 0):
        y = jax.random.categorical(jax.random.key(5), jnp.asarray(logits, jnp.float32), axis)
        params = {"fn": "categorical", "seed": 5, "args": ["$x", axis], "kwargs": {}}
        yield case(f"categorical_{axis}", params, {"x": stored(logits), "y": stored(y)})


# function of jax.nn.initializers, its arguments and keyword arguments, shape
INITIALIZERS = [
    ("zeros", None, {}, [2, 3]),
    ("ones", None, {}, [2, 3]),
    ("constant", [0.5], {}, [2, 3]),
    ("normal", [], {}, [5, 4]),
    ("normal", [0.5], {}, [5, 4]),
    ("uniform", [], {}, [5, 4]),
    ("uniform", [3.0], {}, [5, 4]),
    ("truncated_normal", [], {}, [5, 4]),
    ("truncated_normal", [0.5], {}, [5, 4]),
    ("variance_scaling", [2.0, "fan_out", "normal"], {}, [5, 4]),
    ("variance_scaling", [0.5, "fan_avg", "uniform"], {"in_axis": 0, "out_axis": 1}, [3, 4, 5]),
    ("variance_scaling", [1.0, "fan_in", "truncated_normal"], {"in_axis": 1, "out_axis": 0}, [4, 3, 2, 2]),
    *((f, [], {}, shape) for f in ("glorot_uniform", "glorot_normal", "xavier_uniform", "xavier_normal", "lecun_uniform", "lecun_normal", "he_uniform", "he_normal", "kaiming_uniform", "kaiming_normal") for shape in ([6, 4], [3, 3, 2, 4])),
]


def initializers_cases():
    for i, (fn, args, kwargs, shape) in enumerate(INITIALIZERS):
        f = getattr(jax.nn.initializers, fn)
        y = (f if args is None else f(*args, **kwargs))(jax.random.key(i), tuple(shape))
        params = {"initializer": fn, "args": args, "kwargs": kwargs, "shape": shape, "seed": i}
        yield case(f"{i}_{fn}_{'x'.join(map(str, shape))}", params, {"y": stored(y)})
