"""Golden cases of array operations: matrix products, elementwise operations with broadcasting, reductions, shapes."""

import torch
import torch.nn.functional as F

from torch_cases import distinct, double, gradient_case, normal, seed, uniform

MATMUL = {
    "square": ((4, 4), (4, 4)),
    "rectangular": ((5, 3), (3, 7)),
    "inner": ((1, 9), (9, 1)),
    "outer": ((6, 1), (1, 5)),
    "long_inner": ((3, 200), (200, 2)),
    "batched": ((3, 4, 5), (3, 5, 2)),
    "batch_by_matrix": ((3, 4, 5), (5, 2)),
    "matrix_by_batch": ((4, 5), (3, 5, 2)),
    "broadcast_1": ((1, 4, 5), (3, 5, 2)),
    "broadcast_both": ((2, 1, 4, 3), (5, 3, 6)),
    "broadcast_4d": ((2, 3, 4, 5), (2, 1, 5, 2)),
    "vector_vector": ((6,), (6,)),
    "vector_matrix": ((4,), (4, 3)),
    "matrix_vector": ((3, 4), (4,)),
    "vector_batch": ((4,), (2, 4, 3)),
    "batch_vector": ((2, 3, 4), (4,)),
}


def matmul_cases():
    for name, (a, b) in MATMUL.items():
        seed("matmul", name)
        yield gradient_case(name, "matmul", lambda a, b: a @ b, {"a": normal(*a), "b": normal(*b)})
    transposed = {"a": ((2, 5, 3), (2, 5, 4)), "b": ((2, 3, 5), (2, 4, 5)), "ab": ((2, 5, 3), (2, 4, 5))}
    for name, (a, b) in transposed.items():
        seed("matmul", f"transpose_{name}")
        options = {"transpose_a": "a" in name, "transpose_b": "b" in name}
        flip = lambda t, wanted: t.transpose(-1, -2) if wanted else t
        function = lambda a, b: flip(a, options["transpose_a"]) @ flip(b, options["transpose_b"])
        inputs = {"a": normal(*a), "b": normal(*b)}
        yield gradient_case(f"transpose_{name}", "matmul", function, inputs, options=options)


BROADCASTS = {
    "same": ((2, 3, 4), (2, 3, 4)),
    "row": ((2, 3, 4), (4,)),
    "both": ((2, 1, 4), (3, 1)),
    "scalar": ((), (2, 3)),
    "leading": ((3,), (2, 3)),
}
UNARY = {
    "exp": lambda: uniform(24, low=-3, high=3),
    "log": lambda: uniform(24, low=0.05, high=5),
    "sqrt": lambda: uniform(24, low=0.05, high=5),
    "rsqrt": lambda: uniform(24, low=0.05, high=5),
    "reciprocal": lambda: distinct(24, gap=0.25),
    "square": lambda: normal(24),
    "abs": lambda: distinct(24),
    "neg": lambda: normal(24),
    "sin": lambda: uniform(24, low=-4, high=4),
    "cos": lambda: uniform(24, low=-4, high=4),
    "erf": lambda: uniform(24, low=-3, high=3),
}


def elementwise_cases():
    for fn in ("add", "sub", "mul", "div", "pow", "maximum", "minimum"):
        for name, (a, b) in BROADCASTS.items():
            label = f"{fn}_{name}"
            seed("elementwise", label)
            # no ties for maximum, no pole for div, no complex results for pow
            together = distinct(int(torch.tensor(a).prod() + torch.tensor(b).prod()))
            size = together.numel() - int(torch.tensor(b).prod())
            pair = {"a": together[:size].reshape(a), "b": together[size:].reshape(b)}
            if fn == "div":
                pair["b"] = double(pair["b"].sign() * (pair["b"].abs() + 0.5))
            if fn == "pow":
                pair["a"] = double(pair["a"].abs() + 0.25)
            yield gradient_case(label, fn, lambda a, b: getattr(torch, fn)(a, b), pair)
    for fn, draw in UNARY.items():
        seed("elementwise", fn)
        yield gradient_case(fn, fn, lambda x: getattr(torch, fn)(x), {"x": draw().reshape(4, 6)})
    seed("elementwise", "clamp")
    options = {"min": -0.5, "max": 0.25}
    inputs = {"x": double(distinct(4, 6) + 1 / 64)}
    yield gradient_case("clamp", "clamp", lambda x: torch.clamp(x, **options), inputs, options=options)
    seed("elementwise", "where")
    inputs = {"a": normal(2, 3, 4), "b": normal(3, 1)}
    condition = torch.rand(2, 3, 4) < 0.5
    function = lambda a, b, condition: torch.where(condition, a, b)
    yield gradient_case("where", "where", function, inputs, {"condition": condition})


DIMS = {"all": [0, 1, 2], "0": [0], "1": [1], "2": [2], "0_2": [0, 2], "1_2": [1, 2]}


def reduce_cases():
    functions = {"sum": torch.sum, "mean": torch.mean, "amax": torch.amax, "amin": torch.amin}
    for fn, function in functions.items():
        for name, dims in DIMS.items():
            for keepdim in (False, True):
                label = f"{fn}_{name}" + ("_keepdim" if keepdim else "")
                seed("reduce", label)
                options = {"dim": dims, "keepdim": keepdim}
                x = distinct(3, 4, 5) if fn.startswith("a") else normal(3, 4, 5)
                yield gradient_case(label, fn, lambda x: function(x, **options), {"x": x}, options=options)
    for fn in ("max", "min"):
        for dim in (0, 1, -1):
            label = f"{fn}_{dim}"
            seed("reduce", label)
            options = {"dim": dim, "keepdim": False}
            function = lambda x: tuple(getattr(torch, fn)(x, **options))
            yield gradient_case(label, fn, function, {"x": distinct(3, 4, 5)}, options=options)
    draws = {"": lambda: normal(3, 4), "_one_zero": lambda: zeroed(1), "_two_zeros": lambda: zeroed(2)}
    for name, draw in draws.items():
        for dim in (0, 1):
            label = f"prod_{dim}{name}"
            seed("reduce", label)
            options = {"dim": dim, "keepdim": False}
            yield gradient_case(label, "prod", lambda x: torch.prod(x, **options), {"x": draw()}, options=options)
    for name in ("all", "0", "1_2"):
        for unbiased in (True, False):
            label = f"var_{name}_{'unbiased' if unbiased else 'biased'}"
            seed("reduce", label)
            options = {"dim": DIMS[name], "unbiased": unbiased, "keepdim": False}
            # an offset far larger than the spread: the mean must be taken off before squaring
            x = double(normal(3, 4, 5) + 100)
            yield gradient_case(label, "var", lambda x: torch.var(x, **options), {"x": x}, options=options)


def zeroed(count):
    """[3, 4] with `count` zeros in row 1, and so at most one zero in a column."""
    x = normal(3, 4)
    x[1, :count] = 0
    return x


def shape_cases():
    rows = {0: [(2, 3), (1, 3), (4, 3)], 1: [(2, 3), (2, 1)], -1: [(2, 3, 1), (2, 3, 4), (2, 3, 2)]}
    for dim, shapes in rows.items():
        seed("shape", f"cat_{dim}")
        inputs = {f"x{i}": normal(*shape) for i, shape in enumerate(shapes)}
        function = lambda **t: torch.cat(list(t.values()), dim=dim)
        yield gradient_case(f"cat_{dim}", "cat", function, inputs, options={"dim": dim})
    for name, ranges in {
        "middle": [[1, 4, 1], [0, 3, 1], [2, 5, 1]],
        "steps": [[0, 5, 2], [1, 3, 1], [0, 6, 4]],
        "one_element": [[2, 3, 1], [1, 2, 1], [5, 6, 1]],
    }.items():
        seed("shape", f"slice_{name}")
        options = {"ranges": ranges}
        function = lambda x: x[tuple(slice(*r) for r in ranges)]
        yield gradient_case(f"slice_{name}", "slice", function, {"x": normal(5, 3, 6)}, options=options)
    for dims in ((1, 0, 2), (2, 0, 1), (2, 1, 0)):
        label = "permute_" + "".join(str(d) for d in dims)
        seed("shape", label)
        options = {"dims": list(dims)}
        yield gradient_case(label, "permute", lambda x: x.permute(dims), {"x": normal(2, 3, 4)}, options=options)
    seed("shape", "nchw_to_nhwc")
    options = {"dims": [0, 2, 3, 1]}
    inputs = {"x": normal(2, 3, 4, 5)}
    yield gradient_case("nchw_to_nhwc", "permute", lambda x: x.permute(0, 2, 3, 1), inputs, options=options)
    seed("shape", "index_select")
    # an index that comes twice gets two gradients
    index = torch.tensor([3, 0, 3, 2, 1, 3])
    function = lambda x, index: torch.index_select(x, 0, index)
    yield gradient_case("index_select", "index_select", function, {"x": normal(5, 4)}, {"index": index}, {"dim": 0})
    seed("shape", "pad")
    options = {"padding": [[1, 2], [0, 3]], "value": 0.5}
    yield gradient_case("pad", "pad", lambda x: F.pad(x, (0, 3, 1, 2), value=0.5), {"x": normal(3, 4)}, options=options)
    seed("shape", "expand")
    options = {"shape": [2, 3, 4]}
    yield gradient_case("expand", "expand", lambda x: x.expand(2, 3, 4), {"x": normal(3, 1)}, options=options)
