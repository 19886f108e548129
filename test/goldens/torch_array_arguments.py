"""Calls of torch's array functions for torch_arguments.json, one table for each family: function or method (after a dot),
arguments, keywords. Tensors are named as in generate_torch_arguments.py."""

PRODUCTS = [
    ("dot", "tensor", ["$fv", "$iv", "$bv", "$p", "$f0", "$ve"]), ("vdot", "other", ["$fv", "$iv", "$p"]),
    ("mv", "vec", ["$fv", "$iv", "$f", "$p"]), ("inner", "other", ["$fv", "$f", "$iv", "$f0", "$p"]),
    ("outer", "vec2", ["$fv", "$iv", "$bv", "$f", "$ve"]), ("ger", "vec2", ["$fv"]),
    ("kron", "other", ["$fv", "$iv", "$f", "$f0", "$b"]), ("cross", "other", ["$fv", "$iv", "$bv", "$f", "$p"]),
]
SUMS = [("addmm", "$f", "$fm"), ("addmv", "$f", "$fv"), ("addbmm", "$cube", "$cube"), ("baddbmm", "$cube", "$cube"),
        ("addr", "$p", "$fv"), ("addr", "$iv", "$iv"), ("addr", "$bv", "$bv"), ("addmm", "$i", "$im")]


def products():
    for name, argument, others in PRODUCTS:
        for x in ["$fv", "$iv", "$bv", "$f", "$f0"]:
            for y in others:
                yield name, [x, y], {}
        yield f".{name}", ["$fv"], {argument: "$fv"}
        yield name, ["$fv", 2], {}
    for dim in [0, 1, -1, 2, None]:
        yield "cross", ["$sq3", "$sq3"], {"dim": dim}
    for name, a, b in SUMS:
        for x in ["$f0", "$i0", "$b0", "$p", "$sq", "$cube"]:
            yield name, [x, a, b], {}
        for beta, alpha in [(0, 1), (2, 0.5), (0.5, 0), (True, 2)]:
            yield name, ["$f0", a, b], {"beta": beta, "alpha": alpha}
            yield f".{name}", ["$i0", a, b], {"beta": beta, "alpha": alpha}
        yield name, ["~nan", a, b], {"beta": 0}
    yield "addmm", ["$nan0", "$f", "$fm"], {"beta": 0}
    yield ".addmm_", ["$sq", "$f", "$fm"], {"beta": 2}
    yield ".addmm_", ["$f0", "$f", "$fm"], {}
    yield ".addmv_", ["$p", "$f", "$fv"], {"alpha": 3}
    yield ".addr_", ["$sq", "$p", "$p"], {}
    yield ".baddbmm_", ["$cube", "$cube", "$cube"], {}
    for x, y, dims in [("f", "fm", 1), ("f", "f", 2), ("f", "f", 0), ("f", "f", 3), ("f", "f", -1), ("i", "i", 2), ("f", "i", 2),
                       ("f", "f", [[0], [0]]), ("f", "f", [[-1, 0], [1, 0]]), ("f", "f", [[0], [1]]), ("f", "f", [[0, 1], [1]]),
                       ("col", "f", [[1], [1]]), ("f0", "f", 0), ("f", "f", [[0, 0], [0, 0]])]:
        yield "tensordot", [f"${x}", f"${y}"], {"dims": dims}
    yield "tensordot", ["$f", "$f"], {}
    for equation, operands in [("ij->ji", ["f"]), ("ij,jk->ik", ["f", "fm"]), ("ij,jk", ["f", "fm"]), ("ii->i", ["sq"]), ("ii", ["sq"]),
                               ("i,j->ij", ["p", "fv"]), ("...ij,...jk->...ik", ["cube", "sq"]), ("i,i", ["iv", "iv"]),
                               ("ij,jk->ij", ["f"]), ("ij->k", ["f"]), ("ijk->i", ["f"]), ("i->i->i", ["fv"]), ("i,i", ["fv", "p"]),
                               ("i,i", ["fv", "iv"]), ("ij,ij,ij->j", ["f", "f", "f"])]:
        yield "einsum", [equation, *[f"${x}" for x in operands]], {}
        yield "einsum", [equation, [f"${x}" for x in operands]], {}
    yield "chain_matmul", ["$f", "$fm", "$f", "$fm"], {}
    yield "chain_matmul", ["$f"], {}
    yield "chain_matmul", ["$f", "$fv"], {}
    for p in [0, 1, 2, 3.5, "~inf", -1]:
        yield "cdist", ["$sq", "$cube", p], {}
        yield "pdist", ["$sq3", p], {}
    yield "cdist", ["$f", "$sq"], {}
    yield "cdist", ["$i", "$i"], {}
    yield "cdist", ["$f", "$fe"], {"compute_mode": "donot_use_mm_for_euclid_dist"}
    yield "cdist", ["$f", "$f"], {"compute_mode": "other"}
    for x in ["$f", "$fv", "$i", "$cube", "$f0"]:
        for kw in [{}, {"correction": 0}, {"fweights": "$iv"}, {"aweights": "$pv"}, {"fweights": "$ones3", "aweights": "$pv"},
                   {"aweights": "$iv"}, {"fweights": "$fv"}, {"aweights": "$f"}]:
            if x != "$f0" and kw != {"fweights": "$iv"}:
                yield "cov", [x], kw
        yield "corrcoef", [x], {}
    for kw in [{}, {"r": 0}, {"r": 1}, {"r": 3}, {"r": 4}, {"r": -1}, {"r": 2, "with_replacement": True}]:
        for x in ["$fv", "$iv", "$f", "$ve"]:
            yield "combinations", [x], kw
    for shapes in [[[2, 3], [3]], [[2, 1], [1, 3]], [[2], [3]], [3, [2, 1]], [[]], []]:
        yield "broadcast_shapes", shapes, {}


def array_cases():
    yield from products()
