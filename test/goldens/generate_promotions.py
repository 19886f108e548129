"""Writes promotions_<framework>.json: in which dtype two operands meet. README.md describes the files.

Run: python3 test/goldens/generate_promotions.py torch|jax|keras   (in an environment that has the framework; a second)

An operand is a dtype and what has it: `array` (with dimensions), `scalar` (a 0-d array) or `number` (of the program, which has none of its own).
"""

import itertools
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FLOATS = ["float16", "bfloat16", "float32"]
NUMBERS = {"bool": True, "int32": 2, "float32": 1.5}


def torch_rows():
    import torch

    names = {"bool": torch.bool, "uint8": torch.uint8, "int32": torch.int64, **{name: getattr(torch, name) for name in FLOATS}}
    back = {dtype: name for name, dtype in names.items()}
    made = {
        **{("array", name): torch.ones(2, dtype=dtype) for name, dtype in names.items()},
        **{("scalar", name): torch.ones((), dtype=dtype) for name, dtype in names.items()},
        **{("number", name): number for name, number in NUMBERS.items()},
    }
    for (a, x), (b, y) in itertools.product(made.items(), repeat=2):
        yield [*a, *b, back[torch.result_type(x, y)]]


def jax_rows():
    import jax
    import jax.numpy as jnp

    names = ["bool", "uint8", "int32", "uint32", *FLOATS]
    made = {
        **{("array", name): jnp.ones(2, name) for name in names},
        **{("scalar", name): jnp.ones((), name) for name in names},
        **{("number", name): number for name, number in NUMBERS.items()},
    }
    for (a, x), (b, y) in itertools.product(made.items(), repeat=2):
        if a[0] == "number" and b[0] == "number":
            continue
        yield [*a, *b, str(jnp.result_type(x, y))]


def keras_rows():
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    names = ["bool", "uint8", "int32", "uint32", *FLOATS]
    made = {**{("array", name): name for name in names}, ("number", "int32"): int, ("number", "float32"): float}
    for (a, x), (b, y) in itertools.product(made.items(), repeat=2):
        if a[0] == "number" and b[0] == "number":
            continue
        yield [*a, *b, keras.backend.result_type(x, y)]


def version(framework):
    module = __import__(framework)
    return module.__version__


if __name__ == "__main__":
    framework = sys.argv[1]
    rows = list({"torch": torch_rows, "jax": jax_rows, "keras": keras_rows}[framework]())
    path = os.path.join(HERE, f"promotions_{framework}.json")
    with open(path, "w") as file:
        lines = ",\n      ".join(json.dumps(row) for row in rows)
        file.write('{\n  "generator": "test/goldens/generate_promotions.py",\n')
        file.write(f'  "{framework}": "{version(framework).split("+")[0]}",\n')
        file.write(f'  "cases": [{{ "name": "promotions", "params": {{ "results": [\n      {lines}\n  ] }}, "tensors": {{}} }}]\n}}\n')
