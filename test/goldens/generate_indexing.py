"""Writes scan.json, and what else the core has of cumulative ops, indexing, sorting and selection. README.md describes the files.

Run: python3 test/goldens/generate_indexing.py [file ...]   (PyTorch 2.13; a second)

A case is one call: `params.fn` names PyTorch's function, `params.args` its arguments, where "$name" stands for an array of the
case and "inf" for infinity. Results are `y`, or `y0`, `y1`, ...; gradients of sum(y * dy) by the float inputs are `d<name>`. Everything of floats is
computed in float64 from values that float32 holds.
"""

import platform
import sys

import numpy as np
import torch

from golden_format import case, tensor, write
from inputs import Inputs

INF, NAN = float("inf"), float("nan")
torch.set_num_threads(1)


def resolve(fn):
    if fn in HERE:
        return HERE[fn]
    at = torch
    for part in fn.split("."):
        at = getattr(at, part)
    return at


def call(file, name, fn, arrays, args=(), kwargs=None, gradients=True):
    """`arrays`: name to values; whole numbers are int32, the rest float32."""
    held = {key: np.asarray(value) for key, value in arrays.items()}
    given = {}
    for key, value in held.items():
        isfloat = value.dtype.kind == "f"
        given[key] = torch.tensor(value, dtype=torch.float64 if isfloat else torch.bool if value.dtype.kind == "b" else torch.int64)
        if isfloat and gradients:
            given[key].requires_grad_(True)
    numbers = {"inf": INF, "-inf": -INF}
    look = lambda v: numbers[v] if isinstance(v, str) and v in numbers else given[v[1:]] if isinstance(v, str) and v.startswith("$") else [look(u) for u in v] if isinstance(v, list) else v
    kwargs = kwargs or {}
    results = resolve(fn)(*[look(v) for v in args], **{k: look(v) for k, v in kwargs.items()})
    results = [results] if torch.is_tensor(results) else list(results)
    store = lambda t: tensor(t.detach().to(torch.float64 if t.dtype.is_floating_point else torch.int64).numpy(), "float32" if t.dtype.is_floating_point else "int32")
    tensors = {key: store(given[key]) for key in given}
    names = ["y"] if len(results) == 1 else [f"y{i}" for i in range(len(results))]
    draw = Inputs(file, name + " dy")
    total = None
    for key, y in zip(names, results):
        tensors[key] = store(y)
        if gradients and y.requires_grad:
            dy = draw.normal(*y.shape)
            tensors["d" + key] = tensor(dy)
            part = (y * torch.tensor(dy)).sum()
            total = part if total is None else total + part
    if total is not None:
        wanted = [key for key in given if given[key].requires_grad]
        for key, d in zip(wanted, torch.autograd.grad(total, [given[key] for key in wanted], allow_unused=True)):
            if d is not None:
                tensors["d" + key] = store(d)
    bools = {"bools": b} if (b := [k for k in given if given[k].dtype == torch.bool]) else {}
    return case(name, {"fn": fn, "args": list(args), "kwargs": kwargs, **bools}, tensors)


def scans():
    file = "scan"
    cases = []
    for fn in ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"):
        for shape, dim in (((5,), 0), ((3, 4), 0), ((3, 4), 1), ((2, 3, 4), -2), ((1, 70), 1), ((0, 3), 0), ((), 0), ((2, 0), 0)):
            name = f"{fn}_{'x'.join(map(str, shape)) or 'scalar'}_along_{dim}"
            i = Inputs(file, name)
            values = i.distinct(*shape) if fn in ("cummax", "cummin") else i.normal(*shape) * (1 if fn != "cumprod" else 1.5)
            cases.append(call(file, name, fn, {"x": np.asarray(values, dtype=np.float64)}, ["$x"], {"dim": dim}))
    for name, fn, row in (
        ("cumprod_zero", "cumprod", [[1.5, 0.0, 2.0, -1.0], [0.0, 3.0, 0.0, 2.0]]),
        ("cummax_ties", "cummax", [[1.0, 3.0, 3.0, 2.0, 3.0], [2.0, 2.0, 1.0, 2.0, 5.0]]),
        ("cummin_ties", "cummin", [[1.0, 3.0, 1.0, 2.0, 0.0], [2.0, 2.0, 1.0, 2.0, 1.0]]),
    ):
        cases.append(call(file, name, fn, {"x": np.array(row)}, ["$x"], {"dim": 1}))
    for name, fn, row in (
        ("cumsum_special", "cumsum", [[1.0, INF, 2.0, -INF], [NAN, 1.0, 2.0, 3.0]]),
        ("cummax_nan", "cummax", [[1.0, NAN, 3.0, NAN, 4.0], [-INF, -INF, INF, 1.0, NAN]]),
        ("cummin_nan", "cummin", [[1.0, NAN, 3.0, NAN, 0.0], [INF, INF, -INF, 1.0, NAN]]),
        ("logcumsumexp_special", "logcumsumexp", [[-INF, -INF, 0.0, 1.0], [1.0, INF, 2.0, -INF], [NAN, 1.0, 2.0, 3.0], [500.0, -500.0, 499.0, -INF]]),
        ("logsumexp_special", "logsumexp", [[-INF, -INF, -INF, -INF], [1.0, INF, 2.0, -INF], [NAN, 1.0, 2.0, 3.0], [500.0, -500.0, 499.0, -INF]]),
    ):
        cases.append(call(file, name, fn, {"x": np.array(row)}, ["$x"], {"dim": 1}, gradients=False))
    cases.append(call(file, "cumsum_int", "cumsum", {"x": np.array([[3, -4, 5], [7, 8, -9]])}, ["$x"], {"dim": 1}))
    cases.append(call(file, "cumprod_int", "cumprod", {"x": np.array([[3, -4, 5], [7, 0, -9]])}, ["$x"], {"dim": 0}))
    cases.append(call(file, "cummax_int", "cummax", {"x": np.array([[3, -4, 5, 5], [7, 7, -9, 7]])}, ["$x"], {"dim": 1}))
    for dim, keepdim in ((0, False), ([0, 2], True), ([-1], False), ([0, 1, 2], False)):
        name = f"logsumexp_over_{dim}_{keepdim}"
        cases.append(call(file, name, "logsumexp", {"x": Inputs(file, name).normal(2, 3, 4) * 3}, ["$x"], {"dim": dim, "keepdim": keepdim}))
    return file, cases


def put(x, *rest):
    """index_put with several indices: x, indices ..., values, whether values are added."""
    *indices, values, accumulate = rest
    return x.index_put(tuple(indices), values, accumulate=accumulate)


def get(x, *indices):
    return x[tuple(slice(None) if i is None else i for i in indices)]


def gather_scatter():
    file = "gather_scatter"
    cases = []

    def add(name, fn, arrays, args, kwargs=None, gradients=True):
        draw = Inputs(file, name)
        # No ties between arrays either.
        held = {key: draw.distinct(*v) + i / 64 if isinstance(v, tuple) else np.asarray(v) for i, (key, v) in enumerate(arrays.items())}
        cases.append(call(file, name, fn, held, args, kwargs, gradients))

    i23 = [[2, 0, 2, 1], [1, 0, 0, 2]]
    add("gather_0", "gather", {"x": (3, 4), "index": i23}, ["$x", 0, "$index"])
    add("gather_1", "gather", {"x": (2, 3), "index": i23}, ["$x", 1, "$index"])
    add("gather_last_smaller", "gather", {"x": (3, 2, 5), "index": [[[4, 4, 0]]]}, ["$x", -1, "$index"])
    add("gather_scalar", "gather", {"x": (), "index": np.array(0)}, ["$x", 0, "$index"])
    add("gather_empty", "gather", {"x": (3, 4), "index": np.zeros((0, 4), dtype=int)}, ["$x", 0, "$index"])
    add("gather_int", "gather", {"x": [[5, 6], [7, 8]], "index": [[1, 1], [0, 1]]}, ["$x", 1, "$index"])
    add("take_along_dim_broadcast", "take_along_dim", {"x": (3, 1), "index": [[2, 0, 1]]}, ["$x", "$index", 0])
    for dim in (0, 1, -1):
        add(f"index_select_{dim}", "index_select", {"x": (2, 3, 4), "index": [1, 0, 1]}, ["$x", dim, "$index"])
    add("index_select_empty", "index_select", {"x": (2, 3), "index": np.zeros((0,), dtype=int)}, ["$x", 1, "$index"])
    add("scatter_0", "scatter", {"x": (3, 4), "index": [[2, 0, 1, 1]], "source": (1, 4)}, ["$x", 0, "$index", "$source"])
    # PyTorch has no gradient of a source that is larger than the index.
    add("scatter_1_larger_source", "scatter", {"x": (3, 4), "index": [[2, 0], [3, 1]], "source": (3, 3)}, ["$x", 1, "$index", "$source"], gradients=False)
    add("scatter_value", "scatter", {"x": (3, 4), "index": [[2, 0], [3, 3]]}, ["$x", 1, "$index", 7.5])
    for dim in (0, 1):
        shape = (2, 4)
        add(f"scatter_add_{dim}", "scatter_add", {"x": (3, 4), "index": [[2, 0, 2, 1], [1, 0, 2, 2]], "source": shape}, ["$x", dim, "$index", "$source"])
    add("scatter_add_int", "scatter_add", {"x": [1, 2, 3], "index": [2, 2, 0, 2], "source": [4, 5, 6, 7]}, ["$x", 0, "$index", "$source"])
    for reduce in ("sum", "prod", "mean", "amax", "amin"):
        for include in (True, False):
            add(f"scatter_reduce_{reduce}_{include}", "scatter_reduce", {"x": (3, 4), "index": [[2, 0, 2, 1], [2, 0, 2, 1], [2, 1, 0, 2]], "source": (3, 4)},
                ["$x", 0, "$index", "$source"], {"reduce": reduce, "include_self": include})
    add("scatter_reduce_prod_zeros", "scatter_reduce", {"x": np.array([0.0, 2.0, 3.0]), "index": [0, 1, 1, 2, 2, 2], "source": np.array([2.0, 0.0, 5.0, 0.0, 0.0, 2.0])},
        ["$x", 0, "$index", "$source"], {"reduce": "prod", "include_self": True})
    add("scatter_reduce_amax_ties", "scatter_reduce", {"x": np.array([1.0, 2.0, 3.0]), "index": [0, 0, 1, 1, 2], "source": np.array([1.0, 1.0, 2.0, 5.0, 0.0])},
        ["$x", 0, "$index", "$source"], {"reduce": "amax", "include_self": True})
    add("scatter_reduce_mean_int", "scatter_reduce", {"x": [1, 2, -3], "index": [0, 0, 1, 2], "source": [4, 4, -7, -4]}, ["$x", 0, "$index", "$source"], {"reduce": "mean", "include_self": True})
    for dim in (0, 1):
        shape = [(5, 3), (2, 5)][dim]
        add(f"index_add_{dim}", "index_add", {"x": (2, 3), "index": [1, 0, 1, 1, 0], "source": shape}, ["$x", dim, "$index", "$source"])
    add("index_copy", "index_copy", {"x": (4, 3), "index": [2, 0], "source": (2, 3)}, ["$x", 0, "$index", "$source"])
    for reduce in ("prod", "mean", "amax", "amin"):
        add(f"index_reduce_{reduce}", "index_reduce", {"x": (2, 3), "index": [1, 0, 1, 1], "source": (4, 3)}, ["$x", 0, "$index", "$source", reduce], {"include_self": False})
    add("index_fill", "index_fill", {"x": (2, 3), "index": [2, 0]}, ["$x", 1, "$index", -1.5])
    add("get_one", "get", {"x": (3, 4), "i": [2, 0, -1]}, ["$x", "$i"])
    add("get_two", "get", {"x": (3, 4, 2), "i": [2, 0, -1], "j": [1, 1, 3]}, ["$x", "$i", "$j"])
    add("get_broadcast", "get", {"x": (3, 4), "i": [[2], [0]], "j": [1, -1, 3]}, ["$x", "$i", "$j"])
    add("get_second", "get", {"x": (3, 4, 2), "j": [[1, 1], [3, 0]]}, ["$x", None, "$j"])
    add("get_apart", "get", {"x": (3, 4, 2), "i": [2, 0], "k": [1, 0]}, ["$x", "$i", None, "$k"])
    add("get_scalar_index", "get", {"x": (3, 4), "i": np.array(1), "j": np.array(-1)}, ["$x", "$i", "$j"])
    add("put_set", "put", {"x": (3, 4), "i": [2, 0], "j": [1, -1], "v": (2,)}, ["$x", "$i", "$j", "$v", False])
    add("put_add", "put", {"x": (3, 4), "i": [2, 0, 2], "j": [1, -1, 1], "v": (3,)}, ["$x", "$i", "$j", "$v", True])
    add("put_add_rows", "put", {"x": (3, 4), "i": [2, 0, 2], "v": (1, 4)}, ["$x", "$i", "$v", True])
    return file, cases


SPECIAL = [[2.0, NAN, -1.0, INF, 2.0, -INF, NAN], [0.0, -0.0, 1.0, -0.0, 0.0, 3.0, -2.0], [5.0, 5.0, 5.0, 4.0, 4.0, 4.0, 1.0]]


def sorting():
    file = "sorting"
    cases = []

    def add(name, fn, arrays, args, kwargs=None, gradients=True):
        draw = Inputs(file, name)
        held = {key: draw.distinct(*v) if isinstance(v, tuple) else np.asarray(v) for key, v in arrays.items()}
        cases.append(call(file, name, fn, held, args, kwargs, gradients))

    special, whole = {"x": np.array(SPECIAL)}, {"x": [[3, -4, 5, 3], [7, 7, -9, 0]]}
    for descending in (False, True):
        order = {"descending": descending, "stable": True}
        for shape, dim in (((), 0), ((1,), 0), ((7,), -1), ((3, 40), 1), ((40, 3), 0), ((2, 100, 2), 1), ((0, 3), 0), ((2, 0), 1)):
            add(f"sort_{'x'.join(map(str, shape)) or 'scalar'}_{dim}_{descending}", "sort", {"x": shape}, ["$x"], {"dim": dim, **order})
        add(f"sort_special_{descending}", "sort", special, ["$x"], {"dim": 1, **order}, gradients=False)
        add(f"sort_int_{descending}", "sort", whole, ["$x"], {"dim": 1, **order})
    add("argsort", "argsort", {"x": (4, 5)}, ["$x"], {"dim": 0})
    for largest in (True, False):
        add(f"topk_{largest}", "topk", {"x": (3, 9)}, ["$x", 4], {"dim": 1, "largest": largest})
    add("topk_nan", "topk", {"x": np.array([1.0, NAN, 3.0, 2.0])}, ["$x", 2], gradients=False)
    add("topk_none", "topk", {"x": (3, 9)}, ["$x", 0], {"dim": 0})
    add("topk_scalar", "topk", {"x": ()}, ["$x", 1])
    add("kthvalue", "kthvalue", {"x": (3, 9)}, ["$x", 4], {"dim": 1})
    add("kthvalue_keepdim", "kthvalue", {"x": (5, 2)}, ["$x", 1], {"dim": 0, "keepdim": True})
    for shape, dim in (((5,), 0), ((3, 6), 1), ((6, 3), 0), ((), 0)):
        add(f"median_{'x'.join(map(str, shape))}_{dim}", "median", {"x": shape}, ["$x"], {"dim": dim})
    add("median_keepdim", "median", {"x": (3, 6)}, ["$x"], {"dim": 1, "keepdim": True})
    add("median_special", "median", special, ["$x"], {"dim": 1}, gradients=False)
    add("nanmedian_special", "nanmedian", special, ["$x"], {"dim": 1}, gradients=False)
    add("median_int", "median", whole, ["$x"], {"dim": 1})
    # Which of equal numbers is told is PyTorch's own choice, save in a mode.
    for name, x in (("ties", [[1.0, 2.0, 2.0, 1.0, 3.0], [4.0, 4.0, 4.0, 2.0, 2.0], [1.0, 5.0, 3.0, 2.0, 9.0]]), ("one", [[3.0]])):
        add(f"mode_{name}", "mode", {"x": np.array(x)}, ["$x"], {"dim": 1})
    add("mode_int", "mode", whole, ["$x"], {"dim": -1, "keepdim": True})
    for how in ("linear", "lower", "higher", "midpoint", "nearest"):
        add(f"quantile_{how}", "quantile", {"x": (3, 6)}, ["$x", 0.3], {"dim": 1, "interpolation": how})
        add(f"nanquantile_{how}", "nanquantile", {"x": np.array([[1.0, NAN, 4.0, 2.0, NAN], [5.0, 1.0, 2.0, 8.0, 3.0], [NAN] * 5])}, ["$x", 0.625], {"dim": 1, "interpolation": how}, gradients=False)
    add("quantile_several", "quantile", {"x": (3, 5), "q": np.array([0.0, 0.25, 0.75, 1.0])}, ["$x", "$q"], {"dim": 0, "keepdim": True})
    add("quantile_all", "quantile", {"x": (3, 5)}, ["$x", 0.5])
    add("quantile_nan", "quantile", special, ["$x", 0.5], {"dim": 1}, gradients=False)
    edges = [1.0, 3.0, 3.0, 5.0, 7.0]
    for right in (False, True):
        add(f"searchsorted_{right}", "searchsorted", {"s": np.array([edges, [2.0, 4.0, 6.0, 8.0, 8.0]]), "v": np.array([[3.0, 6.0, 9.0], [8.0, 6.0, -1.0]])}, ["$s", "$v"], {"right": right}, gradients=False)
        add(f"bucketize_{right}", "bucketize", {"v": np.array([[3.0, 6.0, 9.0], [8.0, INF, -INF]]), "s": np.array(edges)}, ["$v", "$s"], {"right": right}, gradients=False)
    add("searchsorted_sorter", "searchsorted", {"s": [5, 1, 3], "v": [4, 0, 9, 3], "sorter": [1, 2, 0]}, ["$s", "$v"], {"sorter": "$sorter"})
    return file, cases


def selection():
    file = "selection"
    cases = []

    def add(name, fn, arrays, args, kwargs=None, gradients=False):
        draw = Inputs(file, name)
        held = {key: draw.distinct(*v) if isinstance(v, tuple) else np.asarray(v) for key, v in arrays.items()}
        cases.append(call(file, name, fn, held, args, kwargs, gradients))

    whole = [[3, 1, 3, 2], [1, 1, 9, 3]]
    some = np.array([[0.0, 2.0, -0.0], [NAN, 0.0, -1.0]])
    add("nonzero", "nonzero", {"x": some}, ["$x"])
    add("nonzero_deep", "nonzero", {"x": [[[0, 1], [2, 0]], [[0, 0], [0, 3]]]}, ["$x"])
    add("nonzero_none", "nonzero", {"x": [0, 0, 0]}, ["$x"])
    add("nonzero_empty", "nonzero", {"x": np.zeros((0, 2))}, ["$x"])
    add("nonzero_scalar", "nonzero", {"x": np.array(2.0)}, ["$x"])
    add("masked_select", "masked_select", {"x": (2, 3), "mask": np.array([[True, False, True], [False, False, True]])}, ["$x", "$mask"], gradients=True)
    add("masked_select_broadcast", "masked_select", {"x": (2, 3), "mask": np.array([True, False, True])}, ["$x", "$mask"], gradients=True)
    add("masked_select_none", "masked_select", {"x": (2,), "mask": np.array([False, False])}, ["$x", "$mask"])
    everything = {"return_inverse": True, "return_counts": True}
    add("unique", "unique", {"x": whole}, ["$x"], everything)
    add("unique_float", "unique", {"x": np.array([0.5, -0.0, NAN, 0.5, 0.0, NAN, -3.0])}, ["$x"], everything)
    add("unique_one", "unique", {"x": [7]}, ["$x"], everything)
    add("unique_empty", "unique", {"x": np.zeros((0,))}, ["$x"], everything)
    add("unique_rows", "unique", {"x": [[1, 2], [0, 5], [1, 2], [1, 0], [0, 5], [0, 5]]}, ["$x"], {"dim": 0, **everything})
    add("unique_columns", "unique", {"x": [[1, 0, 1], [2, 3, 2]]}, ["$x"], {"dim": 1, **everything})
    add("unique_consecutive", "unique_consecutive", {"x": [1, 1, 2, 2, 3, 1, 1, 2]}, ["$x"], everything)
    add("bincount", "bincount", {"x": [1, 4, 1, 0, 6, 1]}, ["$x"])
    add("bincount_weights", "bincount", {"x": [1, 4, 1, 0], "w": np.array([0.5, 2.0, 0.25, 1.0])}, ["$x", "$w"], {"minlength": 8})
    add("bincount_empty", "bincount", {"x": np.zeros((0,), dtype=int)}, ["$x"], {"minlength": 3})
    add("histc", "histc", {"x": (40,)}, ["$x"], {"bins": 7})
    add("histc_range", "histc", {"x": np.array([0.0, 1.0, 2.0, 3.0, 3.0, -1.0, 5.0])}, ["$x"], {"bins": 3, "min": 0, "max": 3})
    add("histc_equal", "histc", {"x": np.array([2.0, 2.0])}, ["$x"], {"bins": 4})
    add("histogram", "histogram", {"x": (30,)}, ["$x", 5])
    add("histogram_density", "histogram", {"x": (30,), "w": np.linspace(0.5, 2.0, 30, dtype=np.float32).astype(float)}, ["$x", 5], {"weight": "$w", "density": True})
    add("histogram_edges", "histogram", {"x": np.array([0.0, 1.0, 2.0, 3.0, 3.0, -1.0, 5.0]), "edges": np.array([0.0, 1.0, 2.5, 3.0])}, ["$x", "$edges"])
    return file, cases


def meshgrid(*x, indexing):
    return torch.meshgrid(*x, indexing=indexing)


def rearranging():
    file = "rearranging"
    cases = []

    def add(name, fn, arrays, args, kwargs=None, gradients=True):
        draw = Inputs(file, name)
        held = {key: draw.distinct(*v) + i / 64 if isinstance(v, tuple) else np.asarray(v) for i, (key, v) in enumerate(arrays.items())}
        cases.append(call(file, name, fn, held, args, kwargs, gradients))

    add("roll_flat", "roll", {"x": (2, 3)}, ["$x", 2])
    add("roll_axis", "roll", {"x": (3, 4)}, ["$x", -1, 1])
    add("roll_axes", "roll", {"x": (3, 4)}, ["$x", [5, 2], [0, 1]])
    add("roll_empty", "roll", {"x": (3, 0)}, ["$x", 1, 1])
    add("roll_scalar", "roll", {"x": ()}, ["$x", 1])
    add("tile_fewer", "tile", {"x": (2, 3)}, ["$x", [2]])
    add("tile_more", "tile", {"x": (2, 3)}, ["$x", [2, 1, 2]])
    add("tile_none", "tile", {"x": (2, 3)}, ["$x", [0, 2]])
    add("repeat_interleave", "repeat_interleave", {"x": (2, 3)}, ["$x", 2], {"dim": 1})
    add("repeat_interleave_flat", "repeat_interleave", {"x": (2, 3)}, ["$x", 3])
    add("repeat_interleave_counts", "repeat_interleave", {"x": (3, 2), "r": [2, 0, 3]}, ["$x", "$r"], {"dim": 0})
    for k in (0, 1, -2, 5):
        add(f"triu_{k}", "triu", {"x": (3, 4)}, ["$x", k])
        add(f"tril_{k}", "tril", {"x": (2, 4, 3)}, ["$x", k])
    for offset in (0, 1, -2, 7):
        add(f"diagonal_{offset}", "diagonal", {"x": (3, 4)}, ["$x", offset])
    add("diagonal_axes", "diagonal", {"x": (2, 3, 4)}, ["$x", 1, -1, 0])
    add("diag_vector", "diag", {"x": (3,)}, ["$x", -1])
    add("diag_matrix", "diag", {"x": (3, 4)}, ["$x", 1])
    add("diag_embed", "diag_embed", {"x": (2, 3)}, ["$x"])
    add("diag_embed_axes", "diag_embed", {"x": (2, 3)}, ["$x"], {"offset": 1, "dim1": 0, "dim2": 2})
    add("diagonal_scatter", "diagonal_scatter", {"x": (3, 4), "v": (3,)}, ["$x", "$v", 1])
    add("trace", "trace", {"x": (3, 4)}, ["$x"])
    add("kron", "kron", {"a": (2, 3), "b": (3, 2)}, ["$a", "$b"])
    add("kron_ranks", "kron", {"a": (2,), "b": (2, 2)}, ["$a", "$b"])
    add("outer", "outer", {"a": (3,), "b": (2,)}, ["$a", "$b"])
    add("cross", "linalg.cross", {"a": (2, 3), "b": (2, 3)}, ["$a", "$b"])
    add("cross_broadcast", "linalg.cross", {"a": (3, 1), "b": (3, 4)}, ["$a", "$b"], {"dim": 0})
    for p in (0.0, 0.5, 1.0, 2.0, 3.0, INF):
        word = str(p).replace("inf", "infinite")
        add(f"cdist_{word}", "cdist", {"a": (3, 4), "b": (2, 4)}, ["$a", "$b"], {"p": p if p != INF else "inf"}, gradients=p > 0)
    add("cdist_batch", "cdist", {"a": (2, 3, 4), "b": (1, 2, 4)}, ["$a", "$b"])
    add("cdist_same", "cdist", {"a": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.array([[1.0, 2.0], [0.0, 0.0]])}, ["$a", "$b"])
    for p in (0.5, 1.0, 1.5, 2.0, 3.0, INF, -INF, -1.0):
        word = str(p).replace("inf", "infinite")
        for dim, keepdim in ((None, False), (1, False), ([0, 2], True)):
            add(f"vector_norm_{word}_{dim}", "linalg.vector_norm", {"x": (2, 3, 2)}, ["$x", "inf" if p == INF else "-inf" if p == -INF else p], {"dim": dim, "keepdim": keepdim})
    add("vector_norm_zero", "linalg.vector_norm", {"x": np.array([[0.0, 0.0], [0.0, 3.0]])}, ["$x", 2.0], {"dim": 1})
    add("vector_norm_zero_1.5", "linalg.vector_norm", {"x": np.array([[0.0, 0.0], [0.0, 3.0]])}, ["$x", 1.5], {"dim": 1})
    add("vector_norm_count", "linalg.vector_norm", {"x": np.array([[0.0, 2.0], [0.0, 3.0]])}, ["$x", 0.0], {"dim": 0}, gradients=False)
    for ord in ("fro", 1.0, -1.0, INF, -INF):
        word = str(ord).replace("inf", "infinite")
        given = {INF: "inf", -INF: "-inf"}.get(ord, ord)
        add(f"matrix_norm_{word}", "linalg.matrix_norm", {"x": (2, 3, 4)}, ["$x", given])
        add(f"matrix_norm_{word}_axes", "linalg.matrix_norm", {"x": (2, 3, 4)}, ["$x", given], {"dim": [2, 0], "keepdim": True})
    add("diff", "diff", {"x": (2, 5)}, ["$x"])
    add("diff_twice", "diff", {"x": (4, 2), "before": (1, 2), "after": (2, 2)}, ["$x"], {"n": 2, "dim": 0, "prepend": "$before", "append": "$after"})
    add("diff_short", "diff", {"x": (2, 2)}, ["$x"], {"n": 3})
    add("flip", "flip", {"x": (2, 3, 2)}, ["$x", [0, -1]])
    for k in (-1, 0, 1, 2, 7):
        add(f"rot90_{k}", "rot90", {"x": (2, 3, 2)}, ["$x", k, [0, 2]])
    for indexing in ("ij", "xy"):
        add(f"meshgrid_{indexing}", "meshgrid", {"a": (2,), "b": (3,), "c": (2,)}, ["$a", "$b", "$c"], {"indexing": indexing})
    return file, cases


HERE = {"get": get, "put": put, "meshgrid": meshgrid}
FILES = [scans, gather_scatter, sorting, selection, rearranging]

if __name__ == "__main__":
    header = {"generator": "test/goldens/generate_indexing.py", "python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    for make in FILES:
        if sys.argv[1:] and make.__name__ not in sys.argv[1:]:
            continue
        file, cases = make()
        write(file, header, cases)
