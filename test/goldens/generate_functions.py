"""Elementwise functions, in float64: functions.json from PyTorch 2.13, functions_jax.json from JAX 0.10 (scipy's names),
functions_keras.json from Keras 3.15.

    python3 test/goldens/generate_functions.py torch|jax|keras
"""

import sys
import zlib

import numpy as np

from golden_format import case, tensor, write


def rng(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def f32(values):
    """Values that are exact in float32, as float64."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def drawn(name, intervals, shape=(3, 5)):
    """One operand for each interval; further ones broadcast."""
    random = rng(name)
    shapes = [shape, shape[-1:], (shape[0], 1)]
    return [f32(random.uniform(low, high, shapes[i])) for i, (low, high) in enumerate(intervals)]


inf, nan = np.inf, np.nan
SPECIAL = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 3.0, -3.0, 6.0]
FINITE = SPECIAL[3:]
PAIRS = [[nan, 1], [1, nan], [0, 0], [0, 1], [1, 0], [-1, 2], [2, -1], [inf, 1], [1, inf], [-inf, inf], [3, 3], [-0.0, 1], [7, -3]]

# name, intervals of the operands, scalars under the original's names; `edges`: which special operands are held too.
ONE = [(-4, 4)]
UNIT = [(-0.95, 0.95)]
POSITIVE = [(0.1, 9)]
# Not of NaN, of which PyTorch makes what memory holds.
DEGREES = [[1, 8], [-1, 7], [0, 5], [0.25, -1], [0.25, -0.5], [0.25, 0], [0.25, 1], [-2, 3]]
POLYNOMIALS = [
    *[f"{shift}chebyshev_polynomial_{kind}" for shift in ("", "shifted_") for kind in "tuvw"],
    *"hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p".split(),
]
TORCH = [
    *[(n, ONE, {}, SPECIAL) for n in ("sin cos tan atan sinh cosh asinh exp exp2 expm1 sinc frac trunc floor ceil round erf erfc sigmoid").split()],
    *[(n, UNIT, {}, SPECIAL) for n in ("asin acos atanh erfinv").split()],
    *[(n, POSITIVE, {}, SPECIAL) for n in ("log log2 log10 log1p sqrt rsqrt lgamma special.entr").split()],
    ("acosh", [(1.1, 9)], {}, [nan, inf, 1.0, 0.5, 2.5]),
    ("digamma", POSITIVE, {}, [nan, inf, 0.0, -0.0, 1.0, 0.5, -0.5, -2.5]),
    ("deg2rad", [(-360, 360)], {}, SPECIAL),
    ("rad2deg", ONE, {}, SPECIAL),
    ("logit", [(0.05, 0.95)], {}, [nan, inf, -inf, 0.0, 1.0, -1.0, 0.5, 2.5]),
    ("logit", [(0.01, 0.99)], {"eps": 0.1}, [0.0, 1.0, -1.0, 0.5]),
    ("round", [(-400, 400)], {"decimals": 2}, []),
    ("round", [(-400, 400)], {"decimals": -1}, []),
    ("polygamma", [(0.3, 9)], {"n": 1}, []),
    ("polygamma", [(0.3, 9)], {"n": 2}, []),
    ("special.multigammaln", [(2.2, 9)], {"p": 3}, []),
    # At infinity and NaN PyTorch's own values or slopes are of no use here: NaN for I0(inf), a number for I1e'(NaN).
    *[(n, [(-12, 12)], {}, FINITE) for n in ("special.i0 special.i0e special.i1 special.i1e").split()],
    *[(n, [(-30, 30)], {}, FINITE) for n in ("special.bessel_j0 special.bessel_j1").split()],
    ("special.erfcx", [(-3, 20)], {}, [nan, inf, 0.0]),
    ("special.ndtr", [(-6, 4)], {}, SPECIAL),
    ("special.log_ndtr", [(-20, 4)], {}, [nan, inf, 0.0]),
    ("special.ndtri", [(0.001, 0.999)], {}, [nan, 0.0, 1.0, 2.0, 0.5]),
    *[(n, ONE, {}, SPECIAL) for n in ("isnan isinf isposinf isneginf isfinite signbit").split()],
    ("nan_to_num", ONE, {}, [nan, 1.0, -0.0]),
    ("nan_to_num", ONE, {"nan": 2.0, "posinf": 7.0, "neginf": -7.0}, SPECIAL),
    ("atan2", [(-4, 4), (-4, 4)], {}, PAIRS),
    ("hypot", [(-4, 4), (-4, 4)], {}, PAIRS),
    ("logaddexp", [(-9, 9), (-9, 9)], {}, PAIRS),
    ("logaddexp2", [(-9, 9), (-9, 9)], {}, PAIRS),
    ("fmod", [(-90, 90), (3, 9)], {}, PAIRS),
    ("remainder", [(-90, 90), (3, 9)], {}, PAIRS),
    ("copysign", [(-4, 4), (-4, 4)], {}, [[0, 0], [0, 1], [1, 0], [1, -0.0], [-1, 2], [2, -1], [-0.0, 1]]),
    ("ldexp", [(-4, 4), (-9, 9)], {}, [[nan, 1], [1, nan], [3, 4]]),
    ("xlogy", [(-4, 4), (0.1, 9)], {}, PAIRS),
    ("special.xlog1py", [(-4, 4), (-0.9, 9)], {}, PAIRS),
    ("heaviside", [(-4, 4), (-4, 4)], {}, PAIRS),
    ("special.zeta", [(1.2, 9), (0.2, 9)], {}, [[1, 2], [0.5, 2], [2, 0], [2, -1], [2, -1.5]]),
    ("igamma", [(0.2, 20), (0.1, 30)], {}, [[0, 1], [-1, 2], [2, -1], [2, inf]]),
    ("igammac", [(0.2, 20), (0.1, 30)], {}, [[0, 1], [-1, 2], [2, -1], [2, inf]]),
    *[("special." + n, [(-1.5, 1.5), (0, 9)], {}, DEGREES) for n in POLYNOMIALS],
    ("lerp", [(-4, 4), (-4, 4), (0, 1)], {}, []),
    ("addcmul", [(-4, 4), (-4, 4), (-4, 4)], {"value": 0.75}, []),
    ("addcdiv", [(-4, 4), (-4, 4), (1, 4)], {"value": 0.75}, []),
    *[("nn.functional." + n, ONE, {}, SPECIAL) for n in ("relu relu6 hardtanh hardswish hardsigmoid hardshrink softshrink tanhshrink selu celu elu mish silu gelu logsigmoid softplus").split()],
    ("nn.functional.softsign", ONE, {}, [nan, *FINITE]),
    ("nn.functional.hardtanh", ONE, {"min_val": -2.0, "max_val": 0.5}, SPECIAL),
    ("nn.functional.threshold", ONE, {"threshold": 0.5, "value": -7.0}, SPECIAL),
    ("nn.functional.celu", ONE, {"alpha": 0.7}, SPECIAL),
    ("nn.functional.hardshrink", ONE, {"lambd": 1.5}, SPECIAL),
    ("nn.functional.softshrink", ONE, {"lambd": 1.5}, SPECIAL),
    ("nn.functional.prelu", [(-4, 4), (-1, 1)], {}, []),
]
GRADIENT_FREE = {"isnan", "isinf", "isposinf", "isneginf", "isfinite", "signbit", "heaviside", "special.zeta"}
NO_GRADIENT_OF_FIRST = {"igamma", "igammac"}
NO_GRADIENT = {"special.bessel_j0", "special.bessel_j1", *("special." + n for n in POLYNOMIALS)} | GRADIENT_FREE


def operands(name, intervals, edges):
    values = drawn(name, intervals)
    yield "", values
    if edges:
        columns = np.asarray(edges, dtype=np.float64).reshape(len(edges), -1).T
        yield " at edges", [f32(column) for column in columns]


def torch_cases():
    import torch

    torch.set_num_threads(1)
    for fn, intervals, scalars, edges in TORCH:
        label = fn + "".join(f" {k} {v}" for k, v in scalars.items())
        for suffix, values in operands(label, intervals, edges):
            f = torch
            for part in fn.split("."):
                f = getattr(f, part)
            needs = [fn not in NO_GRADIENT and not (i == 0 and fn in NO_GRADIENT_OF_FIRST) for i in range(len(values))]
            inputs = [torch.tensor(v, requires_grad=n) for v, n in zip(values, needs)]
            if fn == "polygamma":
                y = f(scalars["n"], *inputs)
            else:
                y = f(*inputs, **scalars)
            tensors = {"abc"[i]: tensor(v) for i, v in enumerate(values)}
            tensors["y"] = tensor(y.detach().double().numpy())
            if any(needs):
                dy = f32(rng(label + suffix + "/dy").uniform(-1, 1, tuple(y.shape)))
                wanted = [x for x, n in zip(inputs, needs) if n]
                found = iter(torch.autograd.grad(y, wanted, torch.tensor(dy)))
                tensors["dy"] = tensor(dy)
                for i, n in enumerate(needs):
                    if n:
                        tensors["d" + "abc"[i]] = tensor(next(found).numpy())
            yield case(label + suffix, {"fn": fn, **scalars}, tensors)


JAX = [
    *[("jax.numpy." + n, ONE, {}, []) for n in ("cbrt sinc exp2").split()],
    *[("jax.nn." + n, ONE, {}, [-3.0, 3.0, -1.0, 1.0, 0.5, -0.5, 7.0]) for n in ("squareplus sparse_plus hard_silu hard_sigmoid hard_tanh relu6 soft_sign mish celu selu log_sigmoid sparse_sigmoid").split()],
    ("jax.nn.squareplus", ONE, {"b": 1.0}, []),
    *[("jax.scipy.special." + n, [(0.2, 9), (0.2, 9)], {}, []) for n in ("rel_entr kl_div betaln beta").split()],
    *[("jax.scipy.special." + n, [(0.1, 9)], {}, []) for n in ("digamma gammaln entr i0 i0e i1 i1e").split()],
    ("jax.scipy.special.ndtri", [(0.001, 0.999)], {}, []),
    ("jax.scipy.special.log_ndtr", [(-20, 4)], {}, []),
]


def jax_cases():
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.scipy.special  # noqa: F401

    for fn, intervals, scalars, edges in JAX:
        label = fn + "".join(f" {k} {v}" for k, v in scalars.items())
        f = jax
        for part in fn.split(".")[1:]:
            f = getattr(f, part)
        for suffix, values in operands(label, intervals, edges):
            y, pull = jax.vjp(lambda *xs: f(*xs, **scalars), *values)
            dy = f32(rng(label + suffix + "/dy").uniform(-1, 1, y.shape))
            tensors = {"abc"[i]: tensor(v) for i, v in enumerate(values)}
            tensors |= {"y": tensor(y), "dy": tensor(dy)}
            tensors |= {"d" + "abc"[i]: tensor(d) for i, d in enumerate(pull(dy))}
            yield case(label + suffix, {"fn": fn, **scalars}, tensors)


KERAS = [
    # Not sparsemax: Keras 3.15 sums the sums of all places instead of taking the last, and gives no distribution.
    ("glu", {"axis": 1}),
    *[(n, {}) for n in ("hard_shrink soft_shrink tanh_shrink squareplus sparse_plus sparse_sigmoid hard_silu celu softsign").split()],
    ("threshold", {"threshold": 0.5, "default_value": -7.0}),
]


def keras_cases():
    import keras
    import tensorflow as tf

    keras.config.set_floatx("float64")
    for fn, scalars in KERAS:
        label = fn + "".join(f" {k} {v}" for k, v in scalars.items())
        f = getattr(keras.activations, fn)
        x = drawn(label, [(-2, 2)], (3, 6))[0]
        with tf.GradientTape() as tape:
            given = tf.constant(x)
            tape.watch(given)
            y = f(given, **scalars)
        dy = f32(rng(label + "/dy").uniform(-1, 1, tuple(y.shape)))
        gradient = tape.gradient(y, given, output_gradients=tf.constant(dy))
        tensors = {"a": tensor(x), "y": tensor(y.numpy()), "dy": tensor(dy), "da": tensor(gradient.numpy())}
        yield case(label, {"fn": fn, **scalars}, tensors)


if sys.argv[1] == "keras":
    import keras
    import tensorflow as tf

    header = {"generator": "test/goldens/generate_functions.py", "keras": keras.__version__, "tensorflow": tf.__version__}
    write("functions_keras", header, list(keras_cases()))
elif sys.argv[1] == "torch":
    import torch

    write("functions", {"generator": "test/goldens/generate_functions.py", "torch": torch.__version__, "numpy": np.__version__}, list(torch_cases()))
else:
    import jax

    write("functions_jax", {"generator": "test/goldens/generate_functions.py", "jax": jax.__version__, "numpy": np.__version__}, list(jax_cases()))
