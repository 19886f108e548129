"""Writes articles.json: the losses that JAX itself computes with the JAX programs of examples/articles.

Run: python3 test/goldens/generate_articles.py   (jax, optax, keras with any backend; keras' loaders are replaced)

The programs run as they stand, on images that test/bench/articles.test.ts makes likewise (noise_images), for two epochs instead of
five, and with every step's loss noted. JAX' random numbers are Facet's, so that weights, order and dropout are the same.
"""

import pathlib
import platform
import re

import jax
import keras
import numpy as np
import optax

from golden_format import case, tensor, write

PROGRAMS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "articles"
EPOCHS = 2
#: Images to train and test on, their shape, and the seed that stands in the program.
RUNS = {
    "mnist_cnn/jax": (300, 20, (28, 28), 0),
    "cifar10_cnn/jax": (150, 20, (32, 32, 3), 123),
    "cifar10_cnn/jax_as_printed": (150, 20, (32, 32, 3), 123),
}


def noise_images(count, shape):
    size = count * int(np.prod(shape))
    words = (np.arange(1, size + 1, dtype=np.uint64) * 2654435761) & 0xFFFFFFFF
    return (words >> 24).astype(np.uint8).reshape(count, *shape), (np.arange(count) % 10).astype(np.uint8)


def losses_of(name):
    train, test, shape, _ = RUNS[name]
    sets = noise_images(train, shape), noise_images(test, shape)
    keras.datasets.mnist.load_data = lambda: sets
    keras.datasets.cifar10.load_data = lambda: tuple((x, y.reshape(-1, 1)) for x, y in sets)
    source = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8").replace("in range(5)", f"in range({EPOCHS})")
    # After the statement that takes a step, whatever it is followed by.
    step = r"^( +)(value, opt_state = train_step\(.*|opt_state = opt_update\(.*)$"
    loss = "value" if "value, opt_state" in source else "loss"
    source, count = re.subn(step, rf"\1\2\n\1steps.append(float({loss}))", source, flags=re.M)
    assert count == 1, name
    steps = []
    exec(compile(source, name, "exec"), {"__name__": "__main__", "steps": steps})
    return steps


def main():
    header = {
        "generator": "test/goldens/generate_articles.py",
        "jax": jax.__version__,
        "optax": optax.__version__,
        "python": platform.python_version(),
    }
    cases = []
    for name, (train, test, shape, seed) in RUNS.items():
        params = {"fn": name, "train": train, "test": test, "shape": list(shape), "epochs": EPOCHS, "seed": seed}
        cases.append(case(name, params, {"losses": tensor(losses_of(name))}))
    write("articles", header, cases)


if __name__ == "__main__":
    main()
