"""Writes losses.json of a dialect: the first ten losses of each program beside this file, by the real framework.

    python3 examples/gallery/run.py torch    # PyTorch 2.13; or keras (3.15.1, tensorflow 2.21.0), jax (0.10.2, flax 0.12.8, optax 0.2.8)
"""

import importlib
import importlib.util
import inspect
import json
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = {"torch": ["torch"], "keras": ["keras", "tensorflow"], "jax": ["jax", "flax", "optax"]}

dialect = sys.argv[1]
folder = HERE / dialect
# Not this file's own folder: frameworks would take the folders in it for packages.
sys.path[0] = str(folder)
spec = importlib.util.spec_from_file_location("formula", HERE / "formula.py")
sys.modules["formula"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["formula"])
header = {"generator": "examples/gallery/run.py"}
header |= {name: importlib.import_module(name).__version__ for name in VERSIONS[dialect]}
losses = {}
for file in sorted(folder.glob("*.py")):
    if file.stem == "start":
        continue
    train = importlib.import_module(file.stem).train
    # Masks of dropout are each framework's own: the comparison is made without.
    quiet = {"dropout": 0} if "dropout" in inspect.signature(train).parameters else {}
    losses[file.stem] = train(10, **quiet)
    print(file.stem, losses[file.stem])
rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(values)}" for name, values in losses.items())
head = "".join(f"  {json.dumps(k)}: {json.dumps(v)},\n" for k, v in header.items())
(folder / "losses.json").write_text("{\n" + head + '  "losses": {\n' + rows + "\n  }\n}\n", encoding="utf-8")
