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
    yield ".addbmm_", ["$sq", "$cube", "$cube"], {"beta": 0.5}
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


COPIES = [("alias", []), ("detach", []), ("expand", [[2, 2, 3]]), ("view", [[3, 2]]), ("permute", [[1, 0]]), ("diagonal", [1]),
          ("narrow", [1, 0, 2]), ("select", [1, -1]), ("squeeze", []), ("squeeze", [0]), ("unsqueeze", [0]), ("transpose", [0, 1]),
          ("t", []), ("unfold", [1, 2, 1]), ("as_strided", [[2, 2], [3, 1], 1]), ("unbind", [1]), ("split", [2, 1]),
          ("split_with_sizes", [[1, 2], 1])]


def views():
    for name, args in COPIES:
        for x in ["$f", "$i", "$b"]:
            yield f"{name}_copy", [x, *args], {}
        yield f"{name}_copy", ["$f", *[5 for _ in args]], {}
    for size, stride, offset in [([2, 2], [1, 2], 0), ([2, 2], [2, 1], 2), ([], [], 5), ([2, 0], [1, 1], None), ([4], [0], 1),
                                 ([2, 2], [1], 0), ([2, 2], [-1, 1], 0), ([7], [1], 0), ([2], [1], -1), ([-1], [1], 0)]:
        yield "as_strided", ["$f", size, stride, offset], {}
        yield ".as_strided", ["$i", size], {"stride": stride, "storage_offset": offset}
        yield "empty_strided", [size, stride], {"dtype": "~int64"}
    for src, size, stride in [("$sq", [2, 2], [1, 3]), ("$fv", [3], [2]), ("$f0", [], []), ("$sq", [4], [1])]:
        yield "as_strided_scatter", ["$f", src, size, stride], {}
    for size, order in [([2, 3], [1, 0]), ([2], [0]), ([2, 3], [0]), ([2, 3], [0, 0]), ([-1], [0])]:
        yield "empty_permuted", [size, order], {"dtype": "~bool"}
    for name in ["unsafe_split_with_sizes", ".unsafe_split_with_sizes"]:
        yield name, ["$f", [1, 2], 1], {}
    yield ".unsafe_split", ["$f", 2, 1], {}
    yield ".unsafe_chunk", ["$f", 2, 1], {}
    for start in ["$i0", "$i", "$f0"]:
        yield "narrow", ["$sq3", 1, start, 1], {}


def creations():
    for name in [".new_zeros", ".new_ones"]:
        for x in ["$f", "$i", "$b"]:
            for size in [[2, 3], [2], [], [-1], [[2, 3]], [[]], [2.5]]:
                yield name, [x, *size], {}
            yield name, [x, [2]], {"dtype": "~int64"}
    for x in ["$f", "$i", "$b"]:
        for value in [2, 2.5, True, "~nan"]:
            yield ".new_full", [x, [2], value], {}
            yield "fill", [x, value], {}
            yield "scalar_tensor", [value], {}
            yield "scalar_tensor", [value], {"dtype": "~int64"}
        for data in [[1, 2], [1.5], "$fv", 3, [True]]:
            yield ".new_tensor", [x, data], {}
        for y in ["$f0", "$i0", "$one", "$b0"]:
            yield "fill", [x, y], {}
        yield ".new_empty_strided", [x, [2, 2], [2]], {}
        for name in ["clone", "detach", ".byte", ".nelement", ".ndimension", ".element_size", ".stride", ".storage_offset",
                     ".is_contiguous", ".dim_order", ".is_complex", ".is_signed", ".is_nonzero", "is_floating_point", "is_complex",
                     "is_signed", "numel", "is_tensor", "is_nonzero", ".mT", "is_conj", "is_neg"]:
            if name != ".mT":
                yield name, [x], {}
        yield ".type_as", [x, "$i"], {}
        yield "is_same_size", [x, "$f"], {}
        yield ".is_same_size", [x, "$fv"], {}
        for dim in [0, -1, 2]:
            yield ".stride", [x, dim], {}
        for y in ["$f", "$iv", "$b0", "$f0", 2, 2.5, True]:
            yield "result_type", [x, y], {}
            yield "result_type", ["$i0", y], {}
    yield "is_nonzero", ["$f0"], {}
    yield "is_nonzero", ["$ve"], {}
    yield "is_tensor", [3], {}
    for a in ["~float32", "~int64", "~bool", "~uint8"]:
        for b in ["~float32", "~int64", "~bool"]:
            yield "promote_types", [a, b], {}
            yield "can_cast", [a, b], {}
    for args in [[0, 2, 3], [0, 2, 1], [2, -2, 5], [0.5, 3, 4], [0, 2, 0], [0, 2, -1], [0, 1, 4, 2], [1, 3, 3, 2.5], [0, 2, 3, 0.5]]:
        for dtype in ["~float32", "~int64"]:
            yield "logspace", args, {"dtype": dtype}
        yield "logspace", args, {}
    for args in [[0, 3], [1, 2, 0.5], [3, 0, -1], [0, 3, -1], [0, 3, 0], [0.5, 3]]:
        yield "range", args, {}
        if 0.5 not in args:
            yield "range", args, {"dtype": "~int64"}
    for data in [[1, 2], [1.5], 3, "$f", [True], []]:
        yield "asarray", [data], {}
        yield "asarray", [data], {"dtype": "~float32", "copy": True}
        yield "asarray", [data], {"copy": False}


def draws():
    """What is refused, and shapes and dtypes: numbers are random."""
    for x in ["$f", "$i", "$b"]:
        yield ".geometric_", [x, 1.5], {}
        yield ".random_", [x, 3, 1], {}
        yield ".random_", [x], {"to": 1}
        yield ".random_", [x, 0, 1], {}
        yield "randint_like", [x, 1], {}
        yield "randint_like", [x, 3, 1], {}
        yield "poisson", [x], {} if x != "$f" else {"generator": 3}
        for name, bad in [(".exponential_", [0]), (".cauchy_", [0, 0]), (".log_normal_", [0, 0]), (".exponential_", [-1.5])]:
            yield name, [x, *bad], {}
        yield ".bernoulli_", [x, 1], {}
        yield ".bernoulli_", [x, 0], {}
        yield ".bernoulli", [x, 1], {}
        yield ".bernoulli_", [x, 1.5], {}
        yield "multinomial", [x, 4], {}
        yield "multinomial", [x, 0], {}
        yield "multinomial", [x, 0, True], {}
    yield ".bernoulli_", ["$f", "$bernoulli"], {}
    yield "multinomial", ["$p", 1], {}
    yield "multinomial", ["$p", 3, True], {}
    yield "multinomial", ["$p", 3], {}
    yield "multinomial", ["$cube", 1], {}
    yield "multinomial", ["$fv", 1], {}
    yield "normal", ["$i", 1.0], {}
    yield "normal", ["$f", -1.0], {}
    yield "normal", ["$f", "$p"], {}
    yield "normal", ["$f", 0], {}
    yield "normal", [0.0, -1.0, [2]], {}
    yield "normal", [0.0, 0.0, [2]], {}
    yield "normal", [0.0, 1.0, [2]], {"dtype": "~int64"}
    yield "normal", [0.0, 1.0], {}


def matrices():
    for name in ["det", "logdet", "slogdet", "inverse", "matrix_exp", "pinverse", "linalg.det", "linalg.slogdet", "linalg.inv",
                 "linalg.matrix_exp", "linalg.pinv", "linalg.matrix_rank", "linalg.cond", "linalg.svdvals", "linalg.eigvalsh",
                 "linalg.cholesky", "cholesky", ".det", ".inverse", ".slogdet"]:
        for x in ["$sq3", "$pd", "$f", "$fv", "$i", "$sqe"]:
            if (name, x) not in {("linalg.cond", "$sqe"), ("linalg.cholesky", "$sqe"), ("linalg.matrix_rank", "$sqe")}:
                yield name, [x], {}
    for hermitian in [True, False]:
        yield "linalg.pinv", ["$pd"], {"hermitian": hermitian}
        yield "linalg.matrix_rank", ["$pd"], {"hermitian": hermitian, "atol": 2.0}
        yield "linalg.matrix_rank", ["$sq3"], {"rtol": 0.5}
        yield "linalg.matrix_rank", ["$pd", 3.0, hermitian], {}
        yield "linalg.pinv", ["$pd", 0.5, hermitian], {}
    for upper in [True, False]:
        yield "linalg.cholesky", ["$pd"], {"upper": upper}
        yield "cholesky_inverse", ["$sq3", upper], {}
        yield "cholesky_solve", ["$sq3", "$pd"], {"upper": upper}
        yield "triangular_solve", ["$sq3", "$pd", upper], {}
        yield "triangular_solve", ["$sq3", "$pd"], {"transpose": upper, "unitriangular": True}
        for left in [True, False]:
            yield "linalg.solve_triangular", ["$pd", "$sq3"], {"upper": upper, "left": left}
            yield "linalg.solve_triangular", ["$pd", "$fm"], {"upper": upper, "left": left, "unitriangular": True}
    for a, b in [("pd", "fv"), ("pd", "fm"), ("pd", "f"), ("sq", "p"), ("cube", "sq"), ("cube", "col"), ("f", "f"), ("pd", "i"), ("pd", "p")]:
        yield "linalg.solve", [f"${a}", f"${b}"], {}
        yield "linalg.solve", [f"${a}", f"${b}"], {"left": False}
    yield "cholesky_solve", ["$f", "$pd"], {}
    for ord in [None, 0, 1, 2, 3, -1, "~inf", "~-inf", 0.5]:
        for dim in [None, 0, [0, 1], 2]:
            yield "linalg.vector_norm", ["$f", 2 if ord is None else ord, dim], {}
            yield "linalg.norm", ["$f", ord, dim], {"keepdim": True}
        yield "linalg.norm", ["$fv", ord], {}
        yield "linalg.norm", ["$cube", ord], {}
        yield "linalg.matrix_norm", ["$cube", "fro" if ord is None else ord], {}
        yield "linalg.cond", ["$pd", ord], {}
        yield "linalg.vector_norm", ["$ve", 2 if ord is None else ord], {}
    for ord in ["fro", "nuc", "other"]:
        yield "linalg.norm", ["$f", ord], {}
        yield "linalg.norm", ["$fv", ord], {}
        yield "linalg.matrix_norm", ["$cube", ord, [0, 2], True], {}
    yield "linalg.vector_norm", ["$i"], {}
    yield "linalg.matrix_norm", ["$fv"], {}
    for n in [0, 1, 3, -2]:
        for name in ["matrix_power", "linalg.matrix_power", ".matrix_power"]:
            yield name, ["$sq", n], {}
            yield name, ["$f", n], {}
    for tensors in [["f", "fm"], ["f", "fm", "f"], ["p", "f", "fv"], ["f", "fv"], ["f"], ["f", "f"], ["f", "fv", "f"], ["f", "i"]]:
        yield "linalg.multi_dot", [[f"${x}" for x in tensors]], {}
    for mode in ["reduced", "complete", "r", "other"]:
        yield "linalg.qr", ["$fm", mode], {}
    for x in ["$fv", "$iv", "$f", "$f0", "$bv"]:
        for count in [None, 0, 1, 2, 5]:
            yield "linalg.vander", [x], {"N": count}
            yield "vander", [x, count], {}
        yield "vander", [x], {"increasing": True}
        for y in ["$fv", "$iv", "$f", "$p"]:
            yield "linalg.vecdot", [x, y], {}
        yield "linalg.diagonal", [x], {"offset": 1}
        yield "linalg.cross", [x, "$fv"], {}
    yield "linalg.vecdot", ["$f", "$f"], {"dim": 0}
    yield "linalg.cross", ["$sq3", "$sq3"], {"dim": 0}
    yield "linalg.diagonal", ["$cube"], {"dim1": 0, "dim2": 0}
    yield "linalg.diagonal", ["$cube"], {"dim1": 0, "dim2": 1}
    yield "linalg.tensorinv", ["$sq"], {"ind": 1}
    yield "linalg.tensorinv", ["$cube"], {"ind": 1}
    yield "linalg.tensorinv", ["$sq"], {"ind": 0}
    yield "linalg.tensorsolve", ["$sq", "$p"], {}
    yield "linalg.tensorsolve", ["$sq", "$p"], {"dims": [0]}
    yield "linalg.tensorsolve", ["$sq", "$fv"], {}
    yield "linalg.householder_product", ["$fm", "$p"], {}
    yield "linalg.householder_product", ["$f", "$p"], {}
    yield "orgqr", ["$fm", "$p"], {}


def masked():
    reductions = "sum prod mean median norm var std amax amin argmax argmin logsumexp".split()
    for name in reductions:
        one = {"dim": 0} if name in ["median"] else {}
        for x in ["$f", "$i", "$b"]:
            yield f"masked.{name}", [x], one
            yield f"masked.{name}", [x], {"mask": "$b", **one}
            yield f"masked.{name}", [x], {"mask": "$bv", "dim": 1, "keepdim": True}
        yield f"masked.{name}", ["$f"], {"mask": "$b", "dim": -2, "dtype": "~float32"}
        yield f"masked.{name}", ["$fv"], {"mask": "$b"}
        yield f"masked.{name}", ["$f"], {"mask": "$b", "dim": 2}
    for name in "var std".split():
        yield f"masked.{name}", ["$f", 1, False], {"mask": "$b"}
        yield f"masked.{name}", ["$f", 1], {"mask": "$bv", "correction": 0}
        yield f"masked.{name}", ["$f", 1, True], {"correction": 0}
    for order in [1, 2.5, 0, "~inf", "~-inf"]:
        yield "masked.norm", ["$f", order, 1], {"mask": "$bv"}
        yield "masked.normalize", ["$f", order, 1], {"mask": "$bv"}
    for name in "cumsum cumprod softmax log_softmax softmin".split():
        for x in ["$f", "$i"]:
            yield f"masked.{name}", [x, 1], {"mask": "$bv"}
            # Of 64 bits PyTorch's logarithms of integers tell the least.
            if name != "log_softmax" or x == "$f":
                yield f"masked.{name}", [x, 1], {"mask": "$bv", "dtype": "~float32"}
        yield f"masked.{name}", ["$f", 0], {}
    yield "masked.normalize", ["$f", 2, 0], {"eps": 10.0}
    yield "masked.logaddexp", ["$f", "$fv"], {"input_mask": "$b", "other_mask": "$bv"}
    yield "masked.logaddexp", ["$f", "$fv"], {}


def transforms():
    for name in ["fft.irfft", "fft.hfft"]:
        for x in ["$f", "$i", "$bv", "$cube", "$f0"]:
            for norm in [None, "ortho", "forward", "backward", "other"]:
                yield name, [x], {"norm": norm}
            yield name, [x, 5], {"dim": 0}
        yield name, ["$f", 4, 2], {}
    for name in ["fft.irfft2", "fft.irfftn", "fft.hfft2", "fft.hfftn"]:
        for x in ["$f", "$cube", "$i", "$f0"]:
            for norm in [None, "ortho", "forward", "backward"]:
                yield name, [x], {"norm": norm}
            yield name, [x, [3, 5]], {}
            yield name, [x, [-1, 4]], {"dim": [1, 0]}
        yield name, ["$cube"], {"dim": [0, 0]}
    for name in ["fft.fftshift", "fft.ifftshift"]:
        for x in ["$f", "$i", "$b", "$fv", "$cube"]:
            yield name, [x], {}
            yield name, [x, 0], {}
        yield name, ["$cube"], {"dim": [2, 0]}
        yield name, ["$fv"], {"dim": 1}
    for x in ["$i", "$f"]:
        yield "linalg.cholesky_ex", [x], {}
    for x in ["$f", "$i", "$b"]:
        yield "zero_", [x], {}
    for p in [1, 2, 0, "~inf"]:
        yield "nn.functional.pdist", ["$fm", p], {}


def windows():
    own = {"general_cosine": [{"a": [0.5, 0.25, 0.1]}, {"a": []}, {}], "gaussian": [{}, {"std": 0.5}, {"std": 0}], "kaiser": [{}, {"beta": 2.5}, {"beta": -1}],
           "exponential": [{}, {"tau": 0}, {"center": 1}, {"sym": False, "center": 1, "tau": 2.0}], "general_hamming": [{}, {"alpha": 0.75}]}
    for name in ["bartlett", "hann", "blackman", "nuttall", "hamming", "cosine", *own]:
        for m in [0, 1, 2, 5, -1]:
            for further in own.get(name, [{}]):
                yield f"signal.windows.{name}", [m], further
                yield f"signal.windows.{name}", [m], {"sym": False, **further}


def array_cases():
    yield from windows()
    yield from masked()
    yield from transforms()
    yield from matrices()
    yield from products()
    yield from views()
    yield from creations()
    yield from draws()


# Memory that nobody has written to.
UNWRITTEN = {"empty_strided", "empty_permuted", ".new_empty_strided"}
