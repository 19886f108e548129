"""Writes torch_arguments.json: what PyTorch makes of arguments: dtypes of results by those of operands, defaults, what it refuses.
README.md describes the file.

Run: python3 test/goldens/generate_torch_arguments.py   (PyTorch 2.13; a second)
"""

import json
import math
import operator
import os
import platform
import warnings

import torch

from torch_array_arguments import UNWRITTEN, array_cases

warnings.filterwarnings("ignore")

HERE = os.path.dirname(os.path.abspath(__file__))

# Operands by name: cases write "$f" for a tensor.
TENSORS = {
    "f": torch.tensor([[1.5, -2.0, 3.0], [4.0, 0.5, -6.25]]), "i": torch.tensor([[1, -2, 3], [4, 0, -6]]),
    "b": torch.tensor([[True, False, True], [False, False, True]]), "fv": torch.tensor([1.5, -2.0, 3.0]),
    "iv": torch.tensor([1, -2, 3]), "bv": torch.tensor([True, False, True]), "f0": torch.tensor(2.5), "i0": torch.tensor(2),
    "b0": torch.tensor(True), "one": torch.tensor([2.0]), "fe": torch.zeros(0, 3), "ve": torch.zeros(0),
    "index": torch.tensor([[0, 1, 0], [1, 0, 1]]), "rows": torch.tensor([1, 0]), "sq": torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
    "cube": torch.arange(8.0).reshape(2, 2, 2), "p": torch.tensor([0.0, 1.0]), "col": torch.tensor([[1.0], [2.0]]),
    "fm": torch.tensor([[1.0, 2.0], [-0.5, 3.0], [2.5, 0.0]]), "im": torch.tensor([[1, 2], [0, 3], [2, -1]]),
    "sq3": torch.tensor([[4.0, 1.5, 0.5], [1.0, 3.0, -1.0], [-0.5, 2.0, 5.0]]), "nan0": torch.tensor(math.nan),
    "bernoulli": torch.tensor([1.0, 0.0, 1.0]), "pd": torch.tensor([[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 5.0]]), "sqe": torch.zeros(0, 0),
    "pv": torch.tensor([0.5, 0.25, 1.0]), "ones3": torch.tensor([1, 2, 3]),
}
DTYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool, "uint8": torch.uint8}
KINDS = ["f", "i", "b"]
NUMBERS = [2, 1.5, True]


def value(each):
    if isinstance(each, str) and each.startswith("$"):
        return TENSORS[each[1:]].clone()
    if isinstance(each, str) and each.startswith("~"):
        return DTYPES.get(each[1:], None) or float(each[1:])
    if isinstance(each, list):
        return [value(part) for part in each]
    return each


def shown(result):
    if isinstance(result, torch.Tensor):
        flat = result.detach().flatten().tolist()
        return {"dtype": str(result.dtype)[6:], "shape": list(result.shape),
                "values": [str(x) if isinstance(x, float) and not math.isfinite(x) else x for x in flat]}
    if isinstance(result, torch.dtype):
        return str(result)
    if isinstance(result, (tuple, list)):
        return [shown(part) for part in result]
    return result


def cases():
    """Function or method (after a dot), arguments, keywords."""
    one = ["neg", "abs", "sign", "square", "floor", "ceil", "round", "relu", "exp", "expm1", "log", "log1p", "sqrt", "rsqrt",
           "reciprocal", "sin", "cos", "tanh", "sigmoid", "erf", "erfinv", "isnan", "logical_not", "sum", "mean", "prod", "amax",
           "amin", "argmax", "argmin", "max", "min", "any", "all", "std", "var", "norm"]
    for name in one:
        for x in KINDS:
            yield name, [f"${x}"], {}
    for name in ["sum", "mean", "prod", "amax", "amin", "argmax", "argmin", "max", "min", "any", "all", "std", "var", "norm",
                 "softmax", "log_softmax"]:
        for x in KINDS:
            yield name, [f"${x}"], {"dim": -1}
        yield name, ["$f0"], {"dim": 0}
        yield name, ["$f"], {"axis": 0}
        yield name, ["$f"], {"dim": 2}
        if "soft" not in name:
            yield name, ["$f"], {"dim": 0, "keepdim": True}
            yield name, ["$f"], {"dim": 1, "keepdims": True}
            yield name, ["$f"], {"keepdim": True}
        for dim in [[], [0, 1], None]:
            yield name, ["$f"], {"dim": dim}
        for x in ["fe", "ve"]:
            yield name, [f"${x}"], {} if "soft" not in name else {"dim": 0}
        yield name, ["$fe"], {"dim": 0}
        yield name, ["$fe"], {"dim": 1}
    for name in ["sum", "prod", "mean", "norm"]:
        for x in KINDS:
            for dtype in ["float32", "int64", "bool"]:
                yield name, [f"${x}"], {"dtype": f"~{dtype}"}
    for name in ["softmax", "log_softmax"]:
        yield name, ["$i", 0], {"dtype": "~float32"}
        yield name, ["$f", 0, "~int64"], {}
        yield name, ["$f"], {}
    two = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "logical_and",
           "logical_or"]
    for name in two:
        second = "exponent" if name == "pow" else "other"
        for x in KINDS:
            for y in KINDS:
                yield name, [f"${x}", f"${y}v"], {}
                yield name, [f"${x}", f"${y}0"], {}
            for number in NUMBERS:
                yield name, [f"${x}", number], {}
                yield name, [number, f"${x}"], {}
            yield name, [f"${x}"], {second: "$fv"}
        yield name, ["$f", "text"], {}
        yield name, ["$f", None], {}
        yield name, ["$f"], {}
    for name in ["add", "sub"]:
        for x in KINDS:
            for y in KINDS:
                for alpha in [2, 0.5, True]:
                    yield name, [f"${x}", f"${y}v"], {"alpha": alpha}
            for alpha in [3, 0.5, True]:
                yield name, [f"${x}", 1], {"alpha": alpha}
    for mode in ["floor", "trunc"]:
        for x in KINDS:
            for number in [2, 1.5, True, -3]:
                yield "div", [f"${x}", number], {"rounding_mode": mode}
            for y in ["fv", "iv", "b0"]:
                yield "div", [f"${x}", f"${y}"], {"rounding_mode": mode}
        yield "div", ["$i", 0], {"rounding_mode": mode}
        yield "div", ["$f", 0], {"rounding_mode": mode}
    yield "div", ["$f", 2], {"rounding_mode": "up"}
    yield "pow", ["$i", -1], {}
    yield "pow", ["$b", False], {}
    yield "pow", [2, 3], {}
    bounds = [None, 0, 0.5, True, "$fv", "$iv", "$bv", "~nan", "~inf"]
    for low in bounds:
        for high in [None, 1, 1.5, "$fv", "~-inf"]:
            for x in KINDS:
                yield "clamp", [f"${x}"], {"min": low, "max": high}
    for x in KINDS:
        for number in [1, 1.5, True, "$f0", "$i0", "$b0", "$one", 0]:
            yield "masked_fill", [f"${x}", "$b", number], {}
        yield "masked_fill", ["$f", f"${x}", 1], {}
        for decimals in [-1, 0, 2]:
            yield "round", [f"${x}"], {"decimals": decimals}
        for y in [*KINDS, 2, 1.5, True]:
            yield "where", ["$b", f"${x}", f"${y}" if isinstance(y, str) else y], {}
        yield "where", [f"${x}", "$f", 0], {}
        for y in KINDS:
            yield "cat", [[f"${x}", f"${y}"]], {}
            yield "stack", [[f"${x}", f"${y}"]], {"dim": 1}
            yield "matmul", [f"${x}v", f"${y}v"], {}
    yield "where", ["$bv", 1, 2], {}
    yield "where", ["$bv", 1.5, True], {}
    yield "cat", [["$ve", "$f"]], {"dim": 1}
    yield "cat", [["$f0", "$f0"]], {}
    yield "cat", [[]], {}
    yield "cat", ["$f"], {}
    yield "cat", [["$f", "$f"]], {"axis": 1}
    yield "stack", [[]], {}
    yield "stack", [["$f", "$fv"]], {}
    for chunks in [2, 3, 5, 0, -1]:
        yield "chunk", ["$f", chunks], {"dim": 1}
        yield "chunk", ["$fe", chunks], {}
    yield "chunk", ["$f0", 1], {}
    for size in [1, 2, 0, -1, [1, 2], [1, 1], [-1, 4]]:
        yield "split", ["$f", size], {"dim": 1}
        yield ".split", ["$f", size, 1], {}
        yield "split", ["$ve", size], {}
    yield ".split", ["$f"], {"split_size": 2, "dim": -1}
    yield "split", ["$f"], {"split_size_or_sections": 2, "dim": -1}
    for dims in [[1, 0], [0, 1], [0], [0, 0], [0, 2], [-1, -2]]:
        yield "permute", ["$f", dims], {}
        yield ".permute", ["$f", *dims], {}
        yield "flip", ["$f", dims], {}
        yield ".flip", ["$f", *dims], {}
        yield ".flip", ["$f"], {"dims": dims}
    for dims in [[], [0], [-1], [1], [0, -1]]:
        yield "flip", ["$f0", dims], {}
        yield ".flip", ["$i0"], {"dims": dims}
    yield "flip", ["$f", 0], {}
    yield "permute", ["$f", 1, 0], {}
    for shape in [[6], [3, -1], [-1, -1], [7], [], [2, 3, 1]]:
        yield "reshape", ["$f", shape], {}
        yield ".reshape", ["$f", *shape], {}
        yield ".view", ["$f"], {"size": shape}
        yield ".expand", ["$col", shape], {}
    yield "reshape", ["$f", 6], {}
    yield ".expand", ["$col", -1, 3], {}
    yield ".repeat", ["$f", 2], {}
    yield ".repeat", ["$fv", 2, 2], {}
    yield ".repeat", ["$fv"], {"repeats": [-1]}
    yield ".repeat", ["$f", 1, 2], {}
    for dim in [0, 1, -1, [0, 1], [0, 0], 5]:
        yield "squeeze", ["$col", dim], {}
        yield ".squeeze", ["$col"], {"dim": dim}
        yield "unsqueeze", ["$f"], {"dim": dim}
    yield ".squeeze", ["$col", 0, 1], {}
    yield "squeeze", ["$col", 0, 1], {}
    yield "transpose", ["$f"], {"dim0": 0, "dim1": -1}
    yield "transpose", ["$f", 0, 5], {}
    yield "t", ["$f"], {}
    yield "t", ["$cube"], {}
    yield "flatten", ["$cube"], {"start_dim": 1}
    yield "flatten", ["$f0"], {}
    yield "flatten", ["$cube", 1, 0], {}
    for start, length in [(0, 2), (-2, 2), (1, 3), (0, -1), (3, 0), (4, 0)]:
        yield "narrow", ["$f", 1, start, length], {}
        yield ".narrow", ["$f"], {"dim": 1, "start": start, "length": length}
    yield "narrow", ["$f0", 0, 0, 1], {}
    for x in ["f", "f0", "fv"]:
        for y in ["index", "rows", "i0", "f"]:
            yield "gather", [f"${x}", 0, f"${y}"], {}
            yield "index_select", [f"${x}"], {"dim": 0, "index": f"${y}"}
    for args in [[3], [5.69], [0, 3], [0.9, 3.5], [3, 0], [3, 0, -1], [0, 3, 0], [0, 3, -2], [0.5, 3.5, 0.5], [-1.5, 3.5, 1.5],
                 ["~inf"], ["~nan"], [1, 1], [True], [0, 1, 0.1], [0.1, 0], [0.5, 0, -1], [0, 5, 0.5], [], ["text"]]:
        for dtype in [None, "~int64", "~float32", "~bool", "~uint8"]:
            yield "arange", args, {} if dtype is None else {"dtype": dtype}
    yield "arange", [], {"start": 1, "end": 5, "step": 2}
    yield "arange", [1], {"end": 3}
    for start, end in [(0, 1), (0, 10), (-5.5, 5.5), (5, -5), (0.5, 3.9), (0, 300)]:
        for steps in [4, 1, 0, -1, 7]:
            for dtype in ["~float32", "~int64", "~bool", "~uint8"]:
                yield "linspace", [start, end, steps], {"dtype": dtype}
    yield "linspace", [0, 1], {}
    yield "linspace", [0, 1], {"steps": 3}
    yield "linspace", [0, 1, 2.5], {}
    for args in [[2], [2, 3], [0], [-1], [2, -1], [2.5]]:
        for dtype in ["~float32", "~int64", "~bool"]:
            yield "eye", args, {"dtype": dtype}
    for number in [2, 2.5, -2.5, True, 0, "~nan", 300, "text", None]:
        for dtype in [None, "~float32", "~int64", "~bool", "~uint8"]:
            yield "full", [[2], number], {} if dtype is None else {"dtype": dtype}
            yield "full_like", ["$i", number], {} if dtype is None else {"dtype": dtype}
    yield "full", [2, 1], {}
    for size in [[2, 3], [2], [], [-1], [2.5], ["text"], [[2, 3]], [[]], [[2], [3]]]:
        yield "zeros", size, {}
        yield "ones", size, {"dtype": "~bool"}
    yield "zeros", [], {"size": [2, 3]}
    yield "zeros", [2], {"dtype": "~int64", "requires_grad": True}
    for data in [[1.5, None], "text", None, [], [[], []], [1, 2.5, True], [True, 2], 3, True, [[1, 2], [3]], [["a"]], "$f", ["$f"]]:
        for dtype in [None, "~float32", "~int64", "~bool"]:
            yield "tensor", [data], {} if dtype is None else {"dtype": dtype}
            yield "as_tensor", [data], {} if dtype is None else {"dtype": dtype}
    yield "tensor", [["~nan"]], {"dtype": "~int64"}
    yield "tensor", [["~inf", 1]], {"dtype": "~bool"}
    for name in ["rand_like", "randn_like"]:
        yield name, ["$i"], {}
    for name in ["rand", "randn"]:
        yield name, [2], {"dtype": "~int64"}
    for args in [[3, 3, [2]], [2.5, [2]], [3], [0, [2]], [5, -5, [2]]]:
        yield "randint", args, {}
    yield "randint", [5, [2]], {"dtype": "~bool"}
    yield "randint", [0, 3, [2]], {"requires_grad": True}
    yield "randperm", [-1], {}
    yield "randperm", [0], {}
    yield "randperm", [3], {"dtype": "~bool"}
    yield "bernoulli", ["$p"], {}
    yield "bernoulli", ["$fv"], {}
    yield "bernoulli", ["$i"], {}
    yield "bernoulli", ["$i", 1.5], {}
    yield "bernoulli", ["$i", 0], {}
    yield "bernoulli", ["$f"], {"p": 1}
    for unbiased in [True, False]:
        yield "var", ["$f", unbiased], {}
        yield "std", ["$f", 0, unbiased, True], {}
        yield "var", ["$f"], {"dim": None, "unbiased": unbiased}
    for correction in [0, 1, 0.5, 10, None]:
        yield "var", ["$f"], {"correction": correction}
        yield "std", ["$f"], {"dim": 0, "correction": correction}
    yield "var", ["$f"], {"dim": 0, "unbiased": True, "correction": 1}
    yield "var", ["$f"], {"unbiased": None}
    for p in [0, 1, 2, 3, 0.5, -1, "~inf", "~-inf", "fro", None, "text"]:
        yield "norm", ["$f"], {"p": p}
        yield "norm", ["$f", p, 1], {}
        yield "norm", ["$ve", p], {}
    yield "norm", ["$cube"], {"dim": [0, 1, 2]}
    yield "max", ["$f", "$fv"], {}
    yield "max", ["$f", 0, True], {}
    yield "max", ["$f"], {"other": "$i"}
    yield "max", [2, 3], {}
    yield "max", ["$f", 2.5], {}
    for x, y in [("f", "f"), ("sq", "sq"), ("fv", "sq"), ("sq", "f0"), ("f0", "f0"), ("sq", "i0")]:
        yield "matmul", [f"${x}", f"${y}"], {}
        yield "mm", [f"${x}", f"${y}"], {}
        yield "bmm", [f"${x}", f"${y}"], {}
    yield "bmm", ["$cube", "$cube"], {}
    for x in KINDS:
        for y in KINDS:
            for name in ["add_", "sub_", "mul_", "div_", "copy_"]:
                yield f".{name}", [f"${x}", f"${y}v"], {}
        for number in [2, 1.5, True, "$f0", "$one"]:
            for name in ["add_", "mul_", "fill_", "copy_", "clamp_"]:
                yield f".{name}", [f"${x}", number], {}
        yield f".zero_", [f"${x}"], {}
        yield ".div_", [f"${x}", 2], {"rounding_mode": "floor"}
        for name in ["float", "long", "bool"]:
            yield f".{name}", [f"${x}"], {}
            yield f".{name}", [f"${x}", 1], {}
        for dtype in ["~float32", "~int64", "~bool"]:
            yield ".to", [f"${x}", dtype], {}
            yield ".to", [f"${x}", "cpu", dtype], {}
            yield ".to", [f"${x}"], {"dtype": dtype, "copy": True}
            yield ".type", [f"${x}", dtype], {}
        yield ".to", [f"${x}", "$i"], {}
        yield ".to", [f"${x}"], {"device": "cpu"}
        yield ".type", [f"${x}"], {}
        yield ".type", [f"${x}", "torch.LongTensor"], {}
        for name in ["normal_", "uniform_"]:
            yield f".{name}", [f"${x}", 0, 0], {}
    yield ".normal_", ["$f", 0, -1], {}
    yield ".uniform_", ["$f", 1, 0], {}
    yield ".add_", ["$fv", "$f"], {}
    for dim in [0, -1, 2, None]:
        yield ".size", ["$f"], {"dim": dim}
        yield ".size", ["$f", dim], {}
    yield ".size", ["$f0", 0], {}
    for name in ["dim", "numel", "is_floating_point", "t", "detach", "clone", "contiguous", "cpu"]:
        yield f".{name}", ["$f"], {}
        yield f".{name}", ["$f", 1], {}
    yield ".where", ["$f", "$b", 0], {}
    yield ".where", ["$f"], {"condition": "$b", "other": "$i"}
    yield ".view_as", ["$f"], {"other": "$i"}
    yield ".expand_as", ["$col", "$sq"], {}
    yield ".requires_grad_", ["$i"], {}
    yield ".requires_grad_", ["$f"], {"requires_grad": False}


RANDOM = {"rand", "randn", "rand_like", "randn_like", "randint", "randperm", ".normal_", ".uniform_"}


def main():
    rows = []
    for name, args, keywords in [*cases(), *array_cases()]:
        row = {"fn": name, "args": args, "kw": keywords}
        try:
            given, named = [value(x) for x in args], {k: value(x) for k, x in keywords.items()}
            call = operator.attrgetter(name.lstrip("."))(given.pop(0) if name.startswith(".") else torch)
            result = shown(call(*given, **named))
            if name in RANDOM | UNWRITTEN and isinstance(result, dict) and not (name[1:] in ("normal_", "uniform_") and 0 in args):
                del result["values"]
            row["gives"] = result
        except Exception as error:  # noqa: BLE001
            row["raises"] = str(error).split("\n")[0][:200]
        rows.append(json.dumps(row, allow_nan=False))
    tensors = json.dumps({name: shown(each) for name, each in TENSORS.items()})
    with open(os.path.join(HERE, "torch_arguments.json"), "w", encoding="utf-8") as file:
        head = {"generator": "test/goldens/generate_torch_arguments.py", "torch": torch.__version__,
                "python": platform.python_version()}
        file.write("{\n" + "".join(f"{json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items()))
        file.write(f'"tensors": {tensors},\n"calls": [\n' + ",\n".join(rows) + "\n]\n}\n")


if __name__ == "__main__":
    main()
