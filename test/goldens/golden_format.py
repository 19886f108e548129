"""The file format of the golden values; README.md describes it, packages/testing/src/golden.ts reads it."""

import base64
import json
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent
DTYPES = {"float32": "<f4", "int32": "<i4", "uint32": "<u4"}


def tensor(values, dtype="float32", shape=None):
    """One array of a case. `values` is anything numpy takes; a value that `dtype` cannot hold is refused."""
    wide = np.asarray(values)
    array = wide.astype(DTYPES[dtype])
    if dtype != "float32" and not np.array_equal(array.astype(object), wide.astype(object)):
        raise ValueError(f"values do not fit {dtype}: {values}")
    if shape is not None:
        array = array.reshape(shape)
    return {"shape": list(array.shape), "dtype": dtype, "data": base64.b64encode(array.tobytes()).decode("ascii")}


def case(name, params, tensors):
    return {"name": name, "params": params, "tensors": tensors}


def write(name, header, cases):
    """Writes <name>.json: the header's fields, then a line per name, params and tensor, so that diffs can be read."""
    names = [c["name"] for c in cases]
    if len(set(names)) != len(names):
        raise ValueError(f"{name}: a case name is used twice: {sorted(n for n in names if names.count(n) > 1)}")
    line = lambda value: json.dumps(value, separators=(", ", ": "), ensure_ascii=False, allow_nan=False)
    blocks = []
    for c in cases:
        rows = ",\n".join(f"        {line(k)}: {line(v)}" for k, v in c["tensors"].items())
        blocks.append(
            f'    {{\n      "name": {line(c["name"])},\n      "params": {line(c["params"])},\n'
            f'      "tensors": {{\n{rows}\n      }}\n    }}'
        )
    head = "".join(f"  {line(k)}: {line(v)},\n" for k, v in header.items())
    text = "{\n" + head + '  "cases": [\n' + ",\n".join(blocks) + "\n  ]\n}\n"
    json.loads(text)
    path = FOLDER / f"{name}.json"
    path.write_text(text, encoding="utf-8")
    print(f"{path.name}: {len(cases)} cases, {len(text) / 1024:.1f} KiB")
