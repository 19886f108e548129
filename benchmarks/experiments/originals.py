"""Runs the Python programs of examples/articles in their own frameworks, at the scale of an experiment, and keeps what they find.

    python3 benchmarks/experiments/originals.py mnist-cnn [--limit N] [--test-limit N] [--epochs E] [--seeds S] [--programs a,b]

Needs FACET_DATA and, for the programs asked for, keras, tensorflow, jax with optax, or torch (torchvision is replaced). Each
program runs in a process of its own as it stands, but for the loaders of images, the number of epochs, and the seed. Results
are added to benchmarks/results/experiments/<experiment>/originals.json, which reports put beside Facet's of the same scale;
what is there already is not run again.
"""

import argparse
import datetime
import gzip
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: Folder of the programs, and the data sets they are run on.
EXPERIMENTS = {
    "mnist-cnn": ("mnist_cnn", ["mnist"]),
    "mnist-fashion-5x5": ("fashion_5x5", ["mnist", "fashion_mnist"]),
    "cifar10-cnn": ("cifar10_cnn", ["cifar10"]),
}
SEED = r"(set_random_seed|manual_seed|random\.set_seed|random\.key|PRNGKey|GlorotUniform)\((?:seed=)?\d+\)"


def load(data, limit, test_limit):
    """Training and test images as bytes [n, height, width(, channels)], and labels."""
    import numpy as np

    folder = pathlib.Path(os.environ["FACET_DATA"]) / data.replace("_", "-")
    read = lambda name: np.frombuffer(gzip.open(folder / name).read(), np.uint8)
    if data == "cifar10":
        splits = []
        for pattern, count in (("data_batch_*.bin.gz", limit), ("test_batch*.bin.gz", test_limit)):
            rows = np.concatenate([read(file.name).reshape(-1, 3073) for file in sorted(folder.glob(pattern))])[:count]
            splits.append((rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy(), rows[:, 0].copy()))
        return splits
    return [
        (read(f"{name}-images-idx3-ubyte.gz")[16:].reshape(-1, 28, 28)[:count], read(f"{name}-labels-idx1-ubyte.gz")[8:][:count])
        for name, count in (("train", limit), ("t10k", test_limit))
    ]


def replace_loaders(source, splits):
    """Makes the frameworks' own loaders give these images; returns the versions of what the program imports."""
    versions = {}
    if "torchvision" in source:
        import torch

        def dataset(root, train, transform=None, download=False):
            x, y = splits[0 if train else 1]
            images = torch.from_numpy(x.copy()).float().div(255)
            images = images.unsqueeze(1) if images.dim() == 3 else images.permute(0, 3, 1, 2)
            return torch.utils.data.TensorDataset(images.contiguous(), torch.from_numpy(y.astype("int64")))

        members = {
            "datasets": {"MNIST": dataset, "FashionMNIST": dataset, "CIFAR10": dataset},
            "transforms": {"ToTensor": lambda: None},
        }
        vision = sys.modules["torchvision"] = types.ModuleType("torchvision")
        for name, attributes in members.items():
            module = sys.modules[f"torchvision.{name}"] = types.ModuleType(name)
            vars(module).update(attributes)
            setattr(vision, name, module)
        versions["torch"] = torch.__version__
        return versions
    import keras

    versions["keras"] = keras.__version__
    for name in ("mnist", "fashion_mnist"):
        getattr(keras.datasets, name).load_data = lambda: tuple(splits)
    keras.datasets.cifar10.load_data = lambda: tuple((x, y.reshape(-1, 1)) for x, y in splits)
    if "import jax" in source:
        import jax

        versions["jax"] = jax.__version__
    else:
        import tensorflow as tf

        versions["tensorflow"] = tf.__version__
        for name in ("mnist", "fashion_mnist", "cifar10"):
            getattr(tf.keras.datasets, name).load_data = getattr(keras.datasets, name).load_data
    return versions


def run_here(file, data, limit, test_limit, epochs, seed):
    """In a process of its own: prints the versions and counts as JSON, then what the program prints."""
    source = pathlib.Path(file).read_text(encoding="utf-8")
    splits = load(data, limit, test_limit)
    versions = replace_loaders(source, splits)
    source = re.sub(SEED, lambda call: re.sub(r"\d+\)$", f"{seed})", call[0]), source)
    source = source.replace("range(5)", f"range({epochs})").replace("epochs=5", f"epochs={epochs}, verbose=2")
    print(json.dumps({"versions": versions, "train": len(splits[0][0]), "test": len(splits[1][0])}), flush=True)
    exec(compile(source, file, "exec"), {"__name__": "__main__"})


def run_apart(program, file, data, options, seed):
    arguments = [str(file), data, str(options.limit), str(options.test_limit), str(options.epochs), str(seed)]
    began = time.monotonic()
    done = subprocess.run([sys.executable, __file__, "--here", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"originals: {file.name} failed\n{done.stderr[-2000:]}")
    lines = done.stdout.strip().splitlines()
    found = json.loads(next(line for line in lines if line.startswith('{"versions"')))
    return {
        "program": program,
        "data": data,
        "seed": seed,
        "epochs": options.epochs,
        "train": found["train"],
        "test": found["test"],
        "accuracy": float(re.search(r"test accuracy ([\d.]+)", lines[-1])[1]),
        "seconds": round(time.monotonic() - began, 1),
        "versions": found["versions"],
        "host": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()},
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--limit", type=int, help="training images (default: all)")
    parser.add_argument("--test-limit", type=int, help="test images (default: all)")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--programs", help="only these, separated by commas")
    parser.add_argument("--data", help="only this data set")
    options = parser.parse_args()
    folder, sets = EXPERIMENTS[options.experiment]
    target = ROOT / "benchmarks" / "results" / "experiments" / options.experiment / "originals.json"
    results = json.loads(target.read_text()) if target.exists() else []
    programs = sorted((ROOT / "examples" / "articles" / folder).glob("*.py"))
    for seed in range(options.seeds):
        for data in sets if options.data is None else [options.data]:
            splits = load(data, options.limit, options.test_limit)
            scale = {"seed": seed, "epochs": options.epochs, "train": len(splits[0][0]), "test": len(splits[1][0])}
            for file in programs:
                if options.programs and file.stem not in options.programs.split(","):
                    continue
                wanted = {"program": file.stem, "data": data, **scale}
                if any(wanted.items() <= result.items() for result in results):
                    continue
                result = run_apart(file.stem, file, data, options, seed)
                print(f"{file.stem} {data} seed {seed}: test accuracy {result['accuracy']}, {result['seconds']} s", flush=True)
                results.append(result)
                target.parent.mkdir(parents=True, exist_ok=True)
                lines = ",\n".join(json.dumps(one) for one in results)
                target.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        path, data_set, *numbers = sys.argv[2:]
        run_here(path, data_set, *(None if number == "None" else int(number) for number in numbers))
    else:
        main()
