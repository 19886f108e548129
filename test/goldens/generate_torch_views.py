"""Writes torch_views.json: what tensors hold after writing through views, and what Python's brackets give. README.md describes the file.

Run: python3 test/goldens/generate_torch_views.py   (PyTorch 2.13; a second)
"""

import json
import os
import platform

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def index(each):
    """An index as the dialect writes it: lists are slices, text is that of a slice, "$name" a tensor."""
    if isinstance(each, list):
        return slice(*each)
    if isinstance(each, str) and each.startswith("$"):
        return TENSORS[each[1:]]
    if each == "...":
        return Ellipsis
    if isinstance(each, str):
        return slice(*[int(part) if part.strip() else None for part in each.split(":")])
    return each


TENSORS = {"rows": torch.tensor([0, 2]), "last": torch.tensor([-1, 1]), "column": torch.tensor([[1], [0]]), "at": torch.tensor(1),
           "mask": torch.tensor([True, False, True]), "whole": torch.arange(12).reshape(3, 4) % 3 == 0, "two": torch.tensor([7.5, -2.0]),
           "row": torch.tensor([[1.0, 2.0, 3.0, 4.0]]), "six": torch.arange(6.0) - 9, "some": torch.tensor([20.0, 30.0, 40.0, 50.0])}

# Each step is a chain of calls on x = arange(12).reshape(3, 4); "=" keeps what it gives as the tensor that "?" goes on with.
PROGRAMS = [
    [["get", 0], ["fill_", 1.5]], [["get", -1, 2], ["zero_"]], [["get", ":", 1], ["add_", 5]], [["get", [1, 3], [2, 4]], ["mul_", -1]],
    [["get", "::2", "1::2"], ["fill_", 9]], [["get", None, "...", 0], ["fill_", 7]], [["get", 1], ["get", [1, None]], ["neg_"]],
    [["get", [2, 2]], ["fill_", 9]], [["t"], ["get", 0], ["fill_", -1]], [["transpose", 0, 1], ["get", [0, 2], 1], ["zero_"]],
    [["permute", 1, 0], ["mul_", 2]], [["view", 2, 6], ["get", 1, 1], ["fill_", 100]], [["get", 0], ["view", 2, 2], ["get", 1], ["fill_", -3]],
    [["narrow", 1, 1, 2], ["sqrt_"]], [["select", 1, 2], ["fill_", 3]], [["diagonal"], ["fill_", 0.5]], [["unsqueeze", 0], ["get", 0, 1], ["zero_"]],
    [["flatten"], ["get", "::5"], ["fill_", 8]], [["movedim", 0, 1], ["get", 3], ["fill_", 6]], [["swapaxes", 0, 1], ["get", 0], ["exp_"]],
    [["unflatten", 1, [2, 2]], ["get", ":", 1, 0], ["fill_", 11]], [["detach"], ["get", 2], ["fill_", 12]], [["as_strided", [2, 2], [5, 1], 1], ["fill_", 13]],
    [["unfold", 1, 2, 2], ["get", 0, 1], ["fill_", 14]], [["reshape", 4, 3], ["t"], ["get", 1], ["fill_", 15]],
    [["expand", 2, 3, 4], ["fill_", 1]], [["expand", 2, 3, 4], ["add_", 1]], [["get", 0], ["expand", 2, 4], ["zero_"]], [["unfold", 1, 3, 1], ["zero_"]],
    [["get", "$rows"], ["fill_", 1]], [["get", "$rows", "$last"], ["fill_", 1]],
    [["set", 0, 1.5]], [["set", ":", 0, "$at"]], [["set", [0, 2], "$row"]], [["set", "...", "$row"]], [["set", 1, "$row"]], [["set", 2.5]],
    [["set", "$rows", 3]], [["set", "$rows", [0, 2], "$two"]], [["set", ":", "$rows", "$two"]], [["set", "$rows", "$last", "$two"]],
    [["set", "$column", "$rows", 4]], [["set", "$mask", 0]], [["set", "$whole", -1]], [["set", "$whole", "$some"]], [["set", "$mask", [1, 3], 6]],
    [["set", 0, "$last", 6]], [["set", "$at", 9]], [["set", 5, 1]], [["set", 0, 0, 0, 1]], [["set", 0, "$two"]], [["set", 1, "$last", "$some"]],
]
READS = [
    [0], [-1], [0, -1], [":", 0], [[1, None]], [[None, -1], [None, None, 2]], ["1:", ":2"], ["::2"], [None, 0], [0, None], ["...", 0], [0, "..."],
    ["...", None], ["..."], [[0, 0]], [[5, 9]], [[-9, 1]], ["$rows"], [":", "$rows"], ["$rows", "$last"], ["$column", "$rows"], [0, "$rows"], ["$rows", 0],
    ["$at"], ["$at", "$at"], ["$rows", None], ["$rows", [1, 3]], [3], [-4], [0, 0, 0], [[0, 2, 0]], [[2, 0, -1]], ["::-1"], [[0, 1], 2],
    [None, "$rows", None, "$last"], ["$rows", None, "$last"],
]
IN_PLACE = [
    [["unsqueeze_", 0]], [["unsqueeze_", -1]], [["squeeze_"]], [["unsqueeze_", 0], ["squeeze_", 0]], [["t_"]], [["transpose_", 0, 1]],
    [["swapaxes_", 0, -1]], [["swapdims_", 1, 0]], [["resize_as_", "$six2"]],  [["resize_", 2, 2]], [["resize_", [12]]], [["fill_diagonal_", 5]], [["t_"], ["fill_diagonal_", 5]],
    [["t_"], ["fill_diagonal_", 5, True]], [["resize_", 4, 3], ["fill_diagonal_", 1, True]], [["t_"], ["get", 0], ["fill_", 1]],
    [["scatter_", 1, "$column2", 5]], [["scatter_", 0, "$column", "$six2"]],
]
TENSORS["column2"] = torch.tensor([[0, 1], [2, 2], [3, 0]])
TENSORS["six2"] = torch.tensor([[1.0], [2.0]])


def shown(x):
    return {"shape": list(x.shape), "values": x.flatten().tolist()}


def called(x, step):
    name, *args = step
    if name == "get":
        return x[tuple(index(each) for each in args)]
    if name == "set":
        value = index(args[-1])
        x[tuple(index(each) for each in args[:-1]) if len(args) > 1 else Ellipsis] = value
        return x
    return getattr(x, name)(*[index(each) if isinstance(each, str) else each for each in args])


def row(kind, steps):
    x = torch.arange(12.0).reshape(3, 4)
    y = x
    made = {"kind": kind, "steps": steps}
    try:
        for step in steps:
            y = called(y, step)
        made["gives"] = shown(y if kind == "read" else x)
    except Exception as error:  # noqa: BLE001
        made["raises"] = str(error).split("\n")[0][:160]
    return json.dumps(made)


def main():
    rows = [row("view", steps) for steps in PROGRAMS] + [row("read", [["get", *each]]) for each in READS]
    rows += [row("in place", steps) for steps in IN_PLACE]
    tensors = {name: {**shown(x), "dtype": str(x.dtype)[6:]} for name, x in TENSORS.items()}
    with open(os.path.join(HERE, "torch_views.json"), "w", encoding="utf-8") as file:
        head = {"generator": "test/goldens/generate_torch_views.py", "torch": torch.__version__, "python": platform.python_version()}
        file.write("{\n" + "".join(f"{json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items()))
        file.write(f'"tensors": {json.dumps(tensors)},\n"programs": [\n' + ",\n".join(rows) + "\n]\n}\n")


if __name__ == "__main__":
    main()
