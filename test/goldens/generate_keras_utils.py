"""Writes keras_utils.json: what functions of keras.utils give.

Run: KERAS_BACKEND=tensorflow python3 test/goldens/generate_keras_utils.py   (needs keras and tensorflow; some seconds)

Each case is [function, arguments by name, result]; an array is {"dtype", "shape", "values"}, what gives batches a list of
batches, each a list of arrays.
"""

import json
import pathlib

import keras
import numpy as np


def stored(value):
    if isinstance(value, (list, tuple)):
        return [stored(each) for each in value]
    value = np.asarray(value)
    return {"dtype": str(value.dtype), "shape": list(value.shape), "values": value.ravel().tolist()}


RAGGED = [[1], [2, 3, 4], [], [5, 6, 7, 8, 9]]
PAIRS = [[[1, 2]], [[3, 4], [5, 6], [7, 8]]]
MATRIX = [[1.5, -2.0, 0.25], [0.0, 3.0, -0.5], [0.0, 0.0, 0.0]]
SERIES = [float(i) for i in range(20)]

CASES = [
    *[("pad_sequences", {"sequences": RAGGED, **more}) for more in (
        {}, {"maxlen": 3}, {"maxlen": 3, "truncating": "post"}, {"padding": "post"}, {"maxlen": 7, "value": -1},
        {"maxlen": 2, "padding": "post", "truncating": "post", "dtype": "float32", "value": 0.5},
        {"dtype": "float64", "value": 2.5}, {"dtype": "bool"}, {"dtype": "uint8", "value": 7},
    )],
    ("pad_sequences", {"sequences": PAIRS}),
    ("pad_sequences", {"sequences": PAIRS, "maxlen": 2, "dtype": "float32", "padding": "post"}),
    ("pad_sequences", {"sequences": [[1.9, -1.9], [0.5]], "maxlen": 3}),
    ("pad_sequences", {"sequences": [[], []]}),
    *[("normalize", {"x": ("float32", MATRIX), "axis": axis, "order": order})
      for axis in (-1, 1) for order in (1, 2, 3, 0, float("inf"), float("-inf"))],
    ("normalize", {"x": ("float32", MATRIX), "axis": 0}),
    ("normalize", {"x": ("int32", [[3, 4], [0, -5]])}),
    ("normalize", {"x": ("float64", [[[1.0, 2.0], [3.0, 4.0]], [[0.0, 2.0], [0.0, -1.0]]]), "axis": 1}),
    *[("timeseries_dataset_from_array", {"data": ("float32", SERIES), "sequence_length": 4, **more}) for more in (
        {"targets": None}, {"targets": ("int32", list(range(0, 200, 10))), "batch_size": 5},
        {"targets": None, "sequence_stride": 3, "sampling_rate": 2, "batch_size": 4},
        {"targets": None, "start_index": 3, "end_index": 15, "batch_size": 3},
        {"targets": ("float32", SERIES[:6]), "batch_size": None},
    )],
    ("timeseries_dataset_from_array",
     {"data": ("float32", [[i, -i] for i in range(9)]), "targets": ("float32", [[i] for i in range(9)]),
      "sequence_length": 3, "sequence_stride": 2, "batch_size": 2}),
]


def given(value):
    return np.array(value[1], value[0]) if isinstance(value, tuple) else value


def written(value):
    if isinstance(value, tuple):
        return stored(np.array(value[1], value[0]))
    return str(value) if isinstance(value, float) and abs(value) == float("inf") else value


def main():
    cases = []
    for name, named in CASES:
        # Of axis 0 Keras divides by norms of other rows (its `axis or -1`): what is stored is what it documents.
        if name == "normalize" and named.get("axis") == 0:
            x = given(named["x"])
            norm = np.linalg.norm(x, 2, 0)
            result = stored(x / np.where(norm == 0, 1, norm))
        else:
            result = getattr(keras.utils, name)(**{key: given(value) for key, value in named.items()})
            if name.startswith("timeseries"):
                result = [stored([each.numpy() for each in (batch if isinstance(batch, tuple) else (batch,))]) for batch in result]
            else:
                result = stored(result)
        cases.append([name, {key: written(value) for key, value in named.items()}, result])
    path = pathlib.Path(__file__).parent / "keras_utils.json"
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path.write_text(f'{{"generator": "Keras {keras.__version__}", "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
