"""Writes the golden values that real JAX and optax compute. README.md describes the files.

Run: python3 test/goldens/generate_jax.py [file ...]   (needs the jax and optax packages; a minute on one core)
"""

import os
import platform
import sys

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import numpy as np
import optax

from golden_format import write
from jax_arguments import arguments_cases
from jax_compositions import compositions_cases
from jax_functions import functions_cases, promotions_cases, second_cases
from jax_halves import halves_cases
from jax_layers import layers_cases
from jax_lax import lax_cases
from jax_numpy import numpy_cases
from jax_optax import optax_cases
from jax_random import initializers_cases, random_cases
from jax_scipy import scipy_cases
from jax_training import optimizers_cases, stax_cases
from jax_transforms import transforms_cases

FILES = {
    "jax_random": random_cases,
    "jax_initializers": initializers_cases,
    "jax_functions": functions_cases,
    "jax_arguments": arguments_cases,
    "jax_numpy": numpy_cases,
    "jax_lax": lax_cases,
    "jax_scipy": scipy_cases,
    "jax_layers": layers_cases,
    "jax_promotions": promotions_cases,
    "jax_second": second_cases,
    "jax_stax": stax_cases,
    "jax_optax": optax_cases,
    "jax_optimizers": optimizers_cases,
    "jax_transforms": transforms_cases,
    "jax_compositions": compositions_cases,
    # Of the files above, as they are stored.
    "jax_halves": halves_cases,
}
RANDOM = ("jax_random", "jax_initializers")

if __name__ == "__main__":
    header = {
        "generator": "test/goldens/generate_jax.py",
        "seed": "numpy.random.default_rng(crc32('<file>/<case>')) draws the inputs of each case",
        "jax": jax.__version__,
        "optax": optax.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    double = "inputs are float32 values; computed in float64, rounded to float32"
    unknown = [name for name in sys.argv[1:] if name not in FILES]
    if unknown:
        sys.exit(f"no such file: {', '.join(unknown)}; there are {', '.join(FILES)}")
    for name in sys.argv[1:] or FILES:
        precision = "as JAX gives them with 64-bit types off" if name in RANDOM else double
        if name == "jax_halves":
            precision = "dtypes alone"
        write(name, {"precision": precision, **header}, list(FILES[name]()))
