"""What the originals print of arrays: `python generate_printing.py torch|jax|keras`, each with its own environment.

A case is a dtype, a shape and a rule for the elements, so that elided arrays need no room here:
element i is float32(((i * step) % period - shift) * scale), or the listed values over and over.
"""

import json
import os
import random
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent

SPECIAL = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0]
VALUES = [
    [1.0], [0.5], [-1.5, 2.25], [1e-5], [1e-4, 1.0], [1e5, 1e6], [123456.0], [1234567.0], [1e8], [1e9], [3.4e38, 1.0],
    [0.1, 0.2, 0.3], [1 / 3, 2 / 3], [100.0, 0.1], [1000.0, 0.9], [1000.5, 1.0], [0.03125, 0.09375], [0.00390625],
    [16777216.0], [16777217.0], [33554432.0], [1e16], [1e15], [9.999999e-5], [1.17549435e-38], [1e-45], [0.0], [-0.0],
    [float("nan")], [float("inf")], [float("-inf")], [float("nan"), 1.0], [float("inf"), -2.5], [float("-inf"), 1e-7],
    [1e10, float("nan"), -3.0], [2.0, 3.0, float("inf")], [0.0, float("nan")], [12345.678, 0.01], [1e-3, 1e-2, 1e-1],
    [5e-324, 1.0], [1e20, -1e-20], [99999.9, 0.5], [999999.9, 0.5], [0.00012345678, 1.0], [0.00012345678],
    [2.5, -0.00012345678], [7.0, -7.0], [1.00005, 2.00015], [3.14159274, 2.71828175, 1.41421354],
]
INTEGERS = [[0], [1, 2, 3], [-1, 10, 100], [2147483647, -2147483648], [7], [-7, 7], [123456, 1]]
SHAPES = [[], [1], [3], [0], [0, 3], [2, 0], [2, 3], [1, 1], [2, 2, 2], [1, 2, 1, 3], [12], [25], [40], [3, 30], [30, 2]]
LARGE = [[1001], [1000], [40, 40], [7, 200], [200, 6], [11, 11, 11], [2, 3, 10, 20], [1, 1001], [1001, 1], [7, 7, 7, 7]]


def cases():
    chosen = random.Random(20)
    for values in VALUES:
        yield {"dtype": "float32", "shape": [len(values)], "values": values}
        yield {"dtype": "float32", "shape": [], "values": values[:1]}
        yield {"dtype": "float32", "shape": chosen.choice(SHAPES), "values": values}
    for values in INTEGERS:
        yield {"dtype": "int", "shape": [len(values)], "values": values}
        yield {"dtype": "int", "shape": chosen.choice(SHAPES), "values": values}
    for shape in SHAPES:
        yield {"dtype": "bool", "shape": shape, "values": [1, 0, 0]}
        yield {"dtype": "int", "shape": shape, "values": [3, -14, 159]}
        yield {"dtype": "float32", "shape": shape, "values": [1.0, 0.0, 2.0]}
    for shape in SHAPES:
        for _ in range(6):
            yield {"dtype": "float32", "shape": shape, "rule": rule(chosen)}
    for i, shape in enumerate(LARGE):
        yield {"dtype": ["float32", "int", "bool"][i % 3], "shape": shape, "values": [1.0, 0.0, 0.0]}
        yield {"dtype": "float32", "shape": shape, "rule": rule(chosen)}


def halves():
    """Of JAX alone."""
    for dtype in ("float16", "bfloat16"):
        for values in VALUES:
            yield {"dtype": dtype, "shape": [len(values)], "values": values}
            yield {"dtype": dtype, "shape": [], "values": values[:1]}
        yield {"dtype": dtype, "shape": [2, 3], "values": [1.0, -0.5, 100.25, 3.0]}
        yield {"dtype": dtype, "shape": [40], "values": [0.1, 2.5, 12.0]}


def rule(chosen):
    period = chosen.choice([7, 101, 1009, 65537])
    return {
        "step": chosen.randrange(1, 10000),
        "period": period,
        "shift": chosen.choice([0, period // 2, period]),
        "scale": chosen.choice([1.0, 0.5, 0.01, 1 / 3, 1e-3, 1e-6, 123.456, 1e6]),
    }


def array(case):
    size = int(np.prod(case["shape"], dtype=np.int64))
    if "rule" in case:
        r = case["rule"]
        values = ((np.arange(size, dtype=np.int64) * r["step"]) % r["period"] - r["shift"]) * np.float64(r["scale"])
    else:
        values = np.resize(np.array(case["values"], dtype=np.float64), size)
    return values.reshape(case["shape"])


def as_json(values):
    return [v if v == v and abs(v) != float("inf") else str(v) for v in values]


def printers(dialect):
    if dialect == "torch":
        import torch

        dtypes = {"float32": torch.float32, "int": torch.int64, "bool": torch.bool}
        return lambda case: [str(torch.tensor(array(case), dtype=torch.float64).to(dtypes[case["dtype"]]))]
    if dialect == "jax":
        import jax.numpy as jnp

        dtypes = {"float32": jnp.float32, "int": jnp.int32, "bool": jnp.bool_}
        dtypes |= {name: getattr(jnp, name) for name in ("float16", "bfloat16")}

        def jax_texts(case):
            x = jnp.asarray(array(case).astype(dtypes[case["dtype"]]))
            return [str(x), repr(x)]

        return jax_texts
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    dtypes = {"float32": "float32", "int": "int32", "bool": "bool"}

    def keras_texts(case):
        x = keras.ops.convert_to_tensor(array(case).astype(dtypes[case["dtype"]]))
        return [str(x), repr(x)]

    return keras_texts


def main():
    dialect = sys.argv[1]
    texts = printers(dialect)
    lines = []
    # Keras prints NumPy's text with a frame around it, which fewer cases show.
    every = 4 if dialect == "keras" else 1
    with np.errstate(over="ignore"):
        for case in [*list(cases())[every - 1 :: every], *(halves() if dialect == "jax" else [])]:
            found = texts(case)
            if "values" in case:
                case = {**case, "values": as_json(case["values"])}
            lines.append(json.dumps({**case, "texts": found}))
    (HERE / f"printing_{dialect}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{len(lines)} cases")


main()
