"""Areas of generate_torch.py that are tables: a row is a name and what draws its inputs, arguments and keywords.

areas(g) gives {area: (function, weight)}; g is the module generate_torch, for its draws. A row's function gives inputs, arguments,
and, where there are some, keywords and steps before.
"""

import math


def areas(g):
    R, r = g.R, g.r
    tens, ints, bools, shape, dim, bshape = g.tens, g.ints, g.bools, g.shape, g.dim, g.bshape
    calm = ["normal", "normal", "ties", "const"]
    wild = ["normal", "special", "ties", "small", "big", "inf"]

    # ------------------------------------------------------------ kinds of rows
    def one(*kinds, lo=0, hi=3):
        return lambda: ([tens(shape(lo, hi), kinds=list(kinds or wild))], [r(0)])

    def two(*kinds):
        def make():
            s = shape(0, 3)
            return [tens(s, kinds=list(kinds or wild)), tens(bshape(s), kinds=list(kinds or wild))], [r(0), r(1)]

        return make

    def two_ints(lo, hi, least=None):
        def make():
            s = shape(0, 3)
            return [ints(s, lo, hi), ints(bshape(s), lo if least is None else least, hi)], [r(0), r(1)]

        return make

    def three(*kinds, more=lambda: {}):
        def make():
            s = shape(0, 3)
            all_ = [s, bshape(s), bshape(s)]
            return [tens(each, kinds=list(kinds or calm)) for each in all_], [r(0), r(1), r(2)], more()

        return make

    def along(*kinds, lo=1, more=lambda: {}, empty=0.04):
        """One tensor and one of its dimensions."""

        def make():
            s = shape(lo, 3, empty=empty)
            return [tens(s, kinds=list(kinds or calm))], [r(0), dim(len(s), 0.02)], more()

        return make

    def some(name, *values, often=0.5):
        return {name: R.choice(values)} if R.random() < often else {}

    def matrix(n, m, batch=True):
        return ([R.randint(1, 3)] if batch and R.random() < 0.4 else []) + [n, m]

    def square(kind="normal", hi=4):
        """Matrices that are far from singular: of rows that differ, a multiple of one added."""
        n = R.randint(1, hi)
        x = tens(matrix(n, n), kinds=[kind])
        x["x"] = x["x"] + 3 * g.torch.eye(n)
        return x

    def products(*shapes):
        """Names of extents, drawn once."""

        def make():
            e = {letter: R.randint(1, 4) for letter in "bnmkp"}
            got = [tens([e[c] for c in each], kinds=["normal"]) for each in shapes]
            return got, [r(i) for i in range(len(got))]

        return make

    def labelled(kinds, classes=True, more=lambda: {}):
        def make():
            n, c = R.randint(1, 4), R.randint(2, 4)
            y = ints([n], 0, c) if classes else ints([n, c], 0, 2)
            y["x"] = y["x"] if classes else y["x"].float()
            return [tens([n, c], kinds=list(kinds)), y], [r(0), r(1)], {**more(), **some("reduction", "sum", "none")}

        return make

    reduction = lambda: some("reduction", "sum", "none", "mean")

    def signs(x):
        x["x"] = 2.0 * (x["x"] > 0).float() - 1
        x["req"] = False
        return x

    def pair(kinds, more=lambda: {}, target=None):
        def make():
            s = shape(1, 3, empty=0)
            y = tens(s, kinds=[target or kinds[0]], req=False)
            return [tens(s, kinds=list(kinds)), y], [r(0), r(1)], {**more(), **reduction()}

        return make

    # ------------------------------------------------------------ rows
    elementwise = {
        **{
            name: one()
            for name in "torch.atan torch.asinh torch.frac torch.trunc torch.positive torch.sgn torch.signbit torch.isposinf "
            "torch.isneginf torch.isfinite torch.nan_to_num torch.deg2rad torch.rad2deg torch.erfc torch.exp2 "
            "torch.special.expit F.hardsigmoid F.hardswish F.hardtanh F.relu6 F.celu F.selu F.mish F.softsign "
            "F.logsigmoid F.hardshrink F.softshrink F.tanhshrink".split()
        },
        **{name: one("unit", "special") for name in "torch.acos torch.asin torch.atanh torch.logit torch.special.ndtri".split()},
        **{
            name: one("normal", "ties", "pos")
            for name in "torch.sinh torch.cosh torch.tan torch.sinc torch.i0 torch.special.i0e torch.special.i1 torch.special.i1e "
            "torch.special.erfcx torch.special.ndtr torch.special.log_ndtr torch.special.bessel_j0 torch.special.bessel_j1".split()
        },
        **{
            name: one("pos", "unit")
            for name in "torch.acosh torch.digamma torch.lgamma torch.special.entr torch.log2 torch.log10".split()
        },
        "torch.polygamma": lambda: ([tens(shape(0, 2), kinds=["pos"])], [R.choice([0, 1, 2, 3]), r(0)]),
        "torch.mvlgamma": lambda: ([tens(shape(0, 2), kinds=["const"], req=True)], [r(0), R.choice([1, 2])]),
        "torch.clamp_min": lambda: ([tens(shape(0, 2))], [r(0), R.choice([-1, 0, 0.5])]),
        "torch.clamp_max": lambda: ([tens(shape(0, 2))], [r(0), R.choice([-1, 0, 0.5])]),
        "F.threshold": lambda: ([tens(shape(0, 2))], [r(0), R.choice([0, 0.5]), R.choice([-1, 0, 2])]),
        "F.prelu": lambda: ([tens([2, 3, 2], kinds=calm), tens([R.choice([1, 3])], kinds=["normal"])], [r(0), r(1)]),
        "F.glu": along(),
        "F.softmin": along(),
        "F.log_softmax": along(),
        "torch.bitwise_not": lambda: ([ints(shape(0, 3), -50, 50)], [r(0)]),
    }

    arithmetic = {
        **{
            name: two()
            for name in "torch.atan2 torch.copysign torch.fmax torch.fmin torch.heaviside torch.isclose torch.true_divide "
            "torch.floor_divide torch.less torch.greater_equal torch.not_equal torch.logical_xor torch.rsub".split()
        },
        **{
            name: two("normal", "ties")
            for name in "torch.fmod torch.remainder torch.hypot torch.logaddexp torch.logaddexp2".split()
        },
        **{name: two("pos", "unit") for name in "torch.xlogy torch.special.xlog1py".split()},
        **{
            name: two_ints(-60, 60)
            for name in "torch.bitwise_and torch.bitwise_or torch.bitwise_xor torch.gcd torch.lcm".split()
        },
        **{name: two_ints(0, 12) for name in "torch.bitwise_left_shift torch.bitwise_right_shift".split()},
        "torch.ldexp": lambda: ([tens([3], kinds=["normal"]), ints([3], -4, 5)], [r(0), r(1)]),
        "torch.lerp": three(),
        "torch.addcmul": three(more=lambda: some("value", 0.5, -2)),
        "torch.addcdiv": three("pos", "unit", more=lambda: some("value", 0.5, -2)),
        "torch.dist": lambda: ([tens([2, 3], kinds=["normal"]), tens([2, 3], kinds=["normal"])], [r(0), r(1), R.choice([1, 2, 3, math.inf])]),
        "torch.dot": products("n", "n"),
        "torch.vdot": products("n", "n"),
        "torch.inner": products("bn", "mn"),
        "torch.outer": products("n", "m"),
        "torch.kron": products("nm", "kp"),
        "torch.mv": products("nm", "m"),
        "torch.addmm": products("np", "nm", "mp"),
        "torch.addmv": products("n", "nm", "m"),
        "torch.addr": products("nm", "n", "m"),
        "torch.baddbmm": products("bnp", "bnm", "bmp"),
        "torch.addbmm": products("np", "bnm", "bmp"),
        "torch.chain_matmul": products("nm", "mk", "kp"),
        "torch.linalg.vecdot": products("bn", "bn"),
        "torch.cross": lambda: ([tens([2, 3], kinds=["normal"]), tens([2, 3], kinds=["normal"])], [r(0), r(1)], {"dim": 1}),
        "torch.tensordot": lambda: ([tens([2, 3, 4], kinds=["normal"]), tens([3, 4, 2], kinds=["normal"])], [r(0), r(1)], {"dims": 2}),
        "torch.cdist": lambda: (
            [tens([R.randint(1, 4), 3], kinds=["normal"]), tens([R.randint(1, 4), 3], kinds=["normal"])],
            [r(0), r(1)],
            some("p", 1.0, 3.0, math.inf, 0.0),
        ),
        "F.cosine_similarity": lambda: ([tens([3, 4], kinds=["normal"]), tens([3, 4], kinds=["normal"])], [r(0), r(1)], some("dim", 0, -1)),
        "F.pairwise_distance": lambda: ([tens([3, 4], kinds=["normal"]), tens([3, 4], kinds=["normal"])], [r(0), r(1)], some("p", 1.0, 3.0)),
        "F.pdist": lambda: ([tens([4, 3], kinds=["normal"])], [r(0)], some("p", 1.0, 3.0)),
        "F.bilinear": lambda: (
            [tens([2, 3], kinds=["normal"]), tens([2, 4], kinds=["normal"]), tens([5, 3, 4], kinds=["normal"])],
            [r(0), r(1), r(2)],
        ),
    }

    keep = lambda: some("keepdim", True)
    collected = {
        **{
            name: along(*calm)
            for name in "torch.cumsum torch.cumprod torch.logcumsumexp torch.cummax torch.cummin".split()
        },
        **{name: along(more=keep) for name in "torch.logsumexp torch.median torch.nanmedian torch.amax torch.amin".split()},
        "torch.mode": lambda: ([tens(shape(1, 3, empty=0), kinds=["ties"], req=False)], [r(0), -1]),
        "torch.nansum": along("special", "ties", more=keep),
        "torch.nanmean": along("normal", "special", more=keep),
        "torch.aminmax": lambda: ([tens(shape(1, 3, empty=0), kinds=calm)], [r(0)], {"dim": -1, **keep()}),
        "torch.std_mean": along("normal", more=lambda: {**keep(), **some("correction", 0, 1)}),
        "torch.var_mean": along("normal", more=lambda: {**keep(), **some("correction", 0, 1)}),
        "torch.count_nonzero": along("ties"),
        "torch.quantile": lambda: ([tens(shape(1, 2, empty=0), kinds=calm)], [r(0), R.choice([0, 0.25, 0.5, 0.9, 1])], {**some("dim", 0, -1), **some("interpolation", "lower", "higher", "midpoint", "nearest")}),
        "torch.nanquantile": lambda: ([tens(shape(1, 2, empty=0), kinds=["normal", "ties"])], [r(0), R.choice([0.25, 0.5])], some("dim", 0, -1)),
        "torch.kthvalue": lambda: ([tens([3, 4], kinds=["normal"])], [r(0), R.randint(1, 4)], {"dim": 1, **keep()}),
        "torch.sort": lambda: ([tens(shape(1, 3), kinds=["normal"])], [r(0)], {"stable": True, **some("dim", 0, -1), **some("descending", True)}),
        "torch.msort": lambda: ([tens(shape(1, 3), kinds=["normal"])], [r(0)]),
        "torch.topk": lambda: ([tens([3, 5], kinds=["normal"])], [r(0), R.randint(0, 5)], {**some("largest", False), **some("dim", 1)}),
        "torch.renorm": lambda: ([tens([3, 4], kinds=["normal"])], [r(0), R.choice([1, 2, 3]), R.choice([0, 1, -1]), R.choice([0.5, 1.5])]),
        "torch.diff": lambda: ([tens(shape(1, 3, empty=0), kinds=["normal", "ties"])], [r(0)], {**some("n", 1, 2, 0), **some("dim", 0, -1)}),
        "torch.trapezoid": lambda: ([tens(shape(1, 3, empty=0), kinds=["normal"])], [r(0)], {**some("dx", 0.5, 2), **some("dim", 0, -1)}),
        "torch.cumulative_trapezoid": lambda: ([tens(shape(1, 3, empty=0), kinds=["normal"])], [r(0)], some("dim", 0, -1)),
        "torch.cov": lambda: ([tens([3, 5], kinds=["normal"])], [r(0)], some("correction", 0, 1)),
        "torch.corrcoef": lambda: ([tens([3, 5], kinds=["normal"])], [r(0)]),
        "torch.trace": lambda: ([tens([R.randint(1, 4), R.randint(1, 4)], kinds=["normal"])], [r(0)]),
        "torch.histc": lambda: ([tens([7], kinds=["normal"], req=False)], [r(0)], {"bins": R.randint(1, 5), "min": -1, "max": 1}),
        "torch.bincount": lambda: ([ints([6], 0, 5)], [r(0)], some("minlength", 0, 8)),
        "torch.bucketize": lambda: ([tens(shape(0, 2), kinds=["normal"], req=False), {"x": g.torch.tensor([-1.0, 0.0, 0.5, 2.0]), "req": False}], [r(0), r(1)], some("right", True)),
        "torch.searchsorted": lambda: ([{"x": g.torch.tensor([-1.0, 0.0, 0.5, 2.0]), "req": False}, tens(shape(0, 2), kinds=["normal"], req=False)], [r(0), r(1)], some("right", True)),
        "torch.unique_consecutive": lambda: ([ints([6], 0, 3)], [r(0)], some("return_counts", True)),
        "torch.unique": lambda: ([ints([6], 0, 4)], [r(0)], {**some("return_inverse", True), **some("return_counts", True)}),
        "torch.argsort": lambda: ([tens([3, 4], kinds=["normal"], req=False)], [r(0)], {**some("dim", 0, 1), **some("descending", True)}),
        "torch.isin": lambda: ([ints([2, 3], 0, 5), ints([3], 0, 5)], [r(0), r(1)], some("invert", True)),
    }

    def any_of(lo, hi, *args, empty=0.04):
        return lambda: ([g.anyt(shape(lo, hi, empty=empty), kinds=calm)], [r(0), *[a() if callable(a) else a for a in args]])

    def placed(*more):
        """An index of the rank of x along dimension 1, and values of its shape."""

        def make():
            x = tens([3, 4], kinds=["normal"])
            return [x, ints([2, 3], 0, 4), tens([2, 3], kinds=["normal"])], [r(0), 1, r(1), r(2), *[m() for m in more]]

        return make

    def rows_of(*more):
        def make():
            x, n = tens([4, 3], kinds=["normal"]), 2
            picked = {"x": g.torch.tensor(R.sample(range(4), n)), "req": False}
            return [x, picked, tens([n, 3], kinds=["normal"])], [r(0), 0, r(1), r(2), *[m() for m in more]]

        return make

    arranged = {
        "torch.roll": any_of(1, 3, lambda: R.randint(-4, 4)),
        "torch.rot90": any_of(2, 3, lambda: R.randint(-3, 3), lambda: [0, 1]),
        "torch.fliplr": any_of(2, 3),
        "torch.flipud": any_of(1, 3),
        "torch.tile": any_of(0, 3, lambda: [R.randint(0, 3) for _ in range(R.randint(1, 4))]),
        "torch.repeat_interleave": any_of(1, 2, lambda: R.randint(0, 3), empty=0),
        "torch.movedim": any_of(2, 3, 0, -1),
        "torch.swapaxes": any_of(2, 3, 0, 1),
        "torch.diagonal": any_of(2, 3, lambda: R.randint(-2, 2)),
        "torch.diag": any_of(1, 2, lambda: R.randint(-2, 2), empty=0),
        "torch.diag_embed": any_of(1, 2, lambda: R.randint(-2, 2), empty=0),
        "torch.diagflat": any_of(0, 2, lambda: R.randint(-2, 2), empty=0),
        "torch.tril": any_of(2, 3, lambda: R.randint(-2, 2)),
        "torch.triu": any_of(2, 3, lambda: R.randint(-2, 2)),
        "torch.unbind": any_of(1, 3, 0),
        "torch.ravel": any_of(0, 3),
        "torch.atleast_1d": any_of(0, 2),
        "torch.atleast_2d": any_of(0, 2),
        "torch.atleast_3d": any_of(0, 3),
        "torch.broadcast_to": lambda: ([g.anyt([1, 3], kinds=calm)], [r(0), [2, 4, 3]]),
        "torch.tensor_split": any_of(1, 3, lambda: R.randint(1, 4)),
        "torch.unflatten": lambda: ([tens([2, 6], kinds=calm)], [r(0), 1, R.choice([[2, 3], [-1, 2], [6, 1]])]),
        "torch.vander": lambda: ([tens([3], kinds=["normal"], req=False)], [r(0)], {**some("N", 2, 4), **some("increasing", True)}),
        "torch.block_diag": lambda: ([tens([1, 2], kinds=calm), tens([2, 2], kinds=calm)], [r(0), r(1)]),
        "torch.cartesian_prod": lambda: ([tens([2], kinds=calm), tens([3], kinds=calm)], [r(0), r(1)]),
        "torch.combinations": lambda: ([tens([4], kinds=calm)], [r(0)], {**some("r", 2, 3), **some("with_replacement", True)}),
        **{
            name: lambda: ([tens([2, 3, 2], kinds=calm), tens([2, 3, 2], kinds=calm)], [[r(0), r(1)]])
            for name in "torch.column_stack torch.hstack torch.vstack torch.dstack".split()
        },
        "torch.take": lambda: ([tens([2, 3], kinds=calm), ints([4], -6, 6)], [r(0), r(1)]),
        "torch.take_along_dim": lambda: ([tens([2, 3], kinds=calm), ints([2, 2], 0, 3)], [r(0), r(1)], {"dim": 1}),
        "torch.scatter": lambda: ([tens([3, 4], kinds=calm), {"x": g.torch.tensor([[0, 2], [3, 1]]), "req": False}, tens([2, 2], kinds=calm)], [r(0), 1, r(1), r(2)]),
        "torch.scatter_add": placed(),
        "torch.scatter_reduce": placed(lambda: R.choice(["sum", "prod", "mean", "amax", "amin"])),
        "torch.index_add": rows_of(),
        "torch.index_copy": rows_of(),
        "torch.index_reduce": rows_of(lambda: R.choice(["prod", "mean", "amax", "amin"])),
        "torch.index_fill": lambda: ([tens([4, 3], kinds=calm), ints([2], 0, 4)], [r(0), 0, r(1), R.choice([0, -1.5])]),
        "torch.masked_scatter": lambda: ([tens([2, 3], kinds=calm), bools([2, 3]), tens([6], kinds=calm)], [r(0), r(1), r(2)]),
        "torch.masked_select": lambda: ([tens([2, 3], kinds=calm), bools([2, 3])], [r(0), r(1)]),
        "torch.select_scatter": lambda: ([tens([2, 3], kinds=calm), tens([2], kinds=calm)], [r(0), r(1), 1, R.randint(-3, 2)]),
        "torch.slice_scatter": lambda: ([tens([4, 2], kinds=calm), tens([2, 2], kinds=calm)], [r(0), r(1)], {"start": 1, "end": 3}),
        "torch.diagonal_scatter": lambda: ([tens([3, 3], kinds=calm), tens([3], kinds=calm)], [r(0), r(1)]),
        "F.one_hot": lambda: ([ints(shape(0, 2), 0, 4)], [r(0)], {"num_classes": R.choice([4, 6])}),
        "F.pixel_shuffle": lambda: ([tens([1, 8, 2, 3], kinds=calm)], [r(0), R.choice([1, 2])]),
        "F.pixel_unshuffle": lambda: ([tens([1, 2, 4, 2], kinds=calm)], [r(0), R.choice([1, 2])]),
        "F.channel_shuffle": lambda: ([tens([2, 6, 2], kinds=calm)], [r(0), R.choice([1, 2, 3])]),
    }

    def spd():
        x = square()
        x["x"] = x["x"] @ x["x"].mT + g.torch.eye(x["x"].shape[-1])
        return x

    def system(make=square):
        a = make()
        n = a["x"].shape[-1]
        return [a, tens([*a["x"].shape[:-2], n, R.randint(1, 3)], kinds=["normal"])]

    linear = {
        **{name: lambda: ([square()], [r(0)]) for name in "torch.det torch.logdet torch.slogdet torch.inverse torch.linalg.inv torch.pinverse".split()},
        **{name: lambda: ([spd()], [r(0)]) for name in "torch.linalg.cholesky torch.linalg.eigvalsh torch.linalg.svdvals torch.logdet".split()},
        "torch.matrix_power": lambda: ([square()], [r(0), R.randint(-2, 3)]),
        "torch.matrix_exp": lambda: ([tens(matrix(3, 3), kinds=["unit"])], [r(0)]),
        "torch.linalg.solve": lambda: (system(), [r(0), r(1)]),
        "torch.linalg.solve_triangular": lambda: (system(), [r(0), r(1)], {"upper": R.random() < 0.5, **some("unitriangular", True, often=0.3)}),
        "torch.cholesky_solve": lambda: (list(reversed(system(spd))), [r(0), r(2)], {}, [["torch.tril", [r(1)], {}]]),
        "torch.linalg.multi_dot": lambda: ([tens([2, 3], kinds=["normal"]), tens([3, 4], kinds=["normal"]), tens([4, 1], kinds=["normal"])], [[r(0), r(1), r(2)]]),
        "torch.linalg.vector_norm": lambda: ([tens(shape(1, 3, empty=0), kinds=["normal"])], [r(0), R.choice([0, 1, 2, 3, math.inf, -math.inf])], {**some("dim", 0, -1), **keep()}),
        "torch.linalg.matrix_norm": lambda: ([tens(matrix(3, 2), kinds=["normal"])], [r(0), R.choice(["fro", "nuc", 1, -1, 2, -2, math.inf])], keep()),
        "torch.linalg.cond": lambda: ([{**square(), "req": False}], [r(0)], some("p", 1, "fro", math.inf)),
        "torch.linalg.matrix_rank": lambda: ([tens(matrix(3, 4), kinds=["normal"], req=False)], [r(0)]),
        "torch.einsum": lambda: ([tens([2, 3], kinds=["normal"]), tens([3, 4], kinds=["normal"])], [R.choice(["ij,jk->ik", "ij,jk->ki", "ij,jk->i", "ij,jk"]), r(0), r(1)]),
    }

    def normed(name):
        def make():
            c = R.choice([2, 4])
            lead = [R.randint(2, 3), c, *[R.randint(2, 3) for _ in range(R.randint(0 if name == "batch" else 1, 2))]]
            # Far from 0 the gradient is what is left of larger numbers.
            far = R.random() < 0.4
            x = tens(lead, kinds=["offset" if far else "normal"], req=False if far else None)
            wants = R.random() < 0.7
            if name in ("layer", "rms"):
                wanted = [tens([lead[-1]], kinds=["normal"])] if wants else []
                if wants and name == "layer":
                    wanted.append(tens([lead[-1]], kinds=["normal"]))
                return [x, *wanted], [r(0), [lead[-1]], *[r(i + 1) for i in range(len(wanted))]], some("eps", 1e-3)
            wanted = [tens([c], kinds=["normal"]), tens([c], kinds=["normal"])] if wants else []
            kw = {"weight": r(1), "bias": r(2)} if wants else {}
            if name == "group":
                return [x, *wanted], [r(0), R.choice([1, 2])], {**kw, **some("eps", 1e-3)}
            if name == "instance":
                return [x, *wanted], [r(0)], {**kw, **some("eps", 1e-3)}
            given = [tens([c], kinds=["normal"], req=False), tens([c], kinds=["pos"], req=False)]
            at = len(wanted) + 1
            return [x, *wanted, *given], [r(0), r(at), r(at + 1)], {**kw, "training": R.random() < 0.5, **some("eps", 1e-3)}

        return make

    def attention():
        n, h, t, s, e = R.randint(1, 2), R.randint(1, 2), R.randint(1, 4), R.randint(1, 4), R.randint(1, 4)
        x = [tens([n, h, each, e], kinds=["normal"]) for each in (t, s, s)]
        return x, [r(0), r(1), r(2)], {**some("is_causal", True, often=0.3), **some("scale", 0.3, often=0.3)}

    layers = {
        **{f"F.{name}_norm": normed(name) for name in ("batch", "layer", "group", "instance", "rms")},
        "F.local_response_norm": lambda: ([tens([2, 5, 3], kinds=["normal"])], [r(0), R.choice([1, 2, 3])]),
        "F.normalize": lambda: ([tens([R.randint(1, 3), 3, 4], kinds=["normal"])], [r(0)], {**some("p", 1.0, 3.0), **some("dim", 1, -1)}),
        "F.embedding": lambda: ([ints(shape(1, 2), 0, 5), tens([5, 3], kinds=["normal"])], [r(0), r(1)], some("padding_idx", 0, -1)),
        "F.embedding_bag": lambda: ([ints([3, 2], 0, 5), tens([5, 3], kinds=["normal"])], [r(0), r(1)], some("mode", "sum", "mean", "max")),
        "F.scaled_dot_product_attention": attention,
        "F.affine_grid": lambda: ([tens([2, 2, 3], kinds=["normal"])], [r(0), [2, 1, 3, 4]], {"align_corners": R.random() < 0.5}),
        "F.grid_sample": lambda: (
            [tens([1, 2, 3, 4], kinds=["normal"]), tens([1, 2, 3, 2], kinds=["unit"])],
            [r(0), r(1)],
            {"align_corners": R.random() < 0.5, **some("padding_mode", "border", "reflection"), **some("mode", "nearest", "bicubic", often=0.3)},
        ),
    }

    def triple():
        return [tens([3, 4], kinds=["normal"]) for _ in range(3)], [r(0), r(1), r(2)], {**some("margin", 0.5, 2.0), **some("swap", True), **reduction()}

    def ranked(name):
        def make():
            y = signs(tens([4], kinds=["normal"]))
            if name == "cosine_embedding_loss":
                return [tens([4, 3], kinds=["normal"]), tens([4, 3], kinds=["normal"]), y], [r(0), r(1), r(2)], {**some("margin", 0.3), **reduction()}
            return [tens([4], kinds=["normal"]), tens([4], kinds=["normal"]), y], [r(0), r(1), r(2)], {**some("margin", 0.3), **reduction()}

        return make

    def signed(name):
        def make():
            s = shape(1, 2, empty=0)
            return [tens(s, kinds=["normal"]), signs(tens(s, kinds=["normal"]))], [r(0), r(1)], reduction()

        return make

    losses = {
        "F.l1_loss": pair(calm),
        "F.smooth_l1_loss": pair(["normal", "big"], lambda: some("beta", 0.5, 2.0)),
        "F.huber_loss": pair(["normal", "big"], lambda: some("delta", 0.5, 2.0)),
        "F.kl_div": pair(["normal"], lambda: some("log_target", True), target="unit"),
        "F.poisson_nll_loss": pair(["normal"], lambda: {**some("log_input", True), **some("full", True)}, target="pos"),
        "F.gaussian_nll_loss": lambda: ([tens([3, 2], kinds=["normal"]), tens([3, 2], kinds=["normal"]), tens([3, 2], kinds=["pos"])], [r(0), r(1), r(2)], {**some("full", True), **reduction()}),
        "F.hinge_embedding_loss": signed("hinge"),
        "F.soft_margin_loss": signed("soft"),
        "F.margin_ranking_loss": ranked("margin_ranking_loss"),
        "F.cosine_embedding_loss": ranked("cosine_embedding_loss"),
        "F.triplet_margin_loss": triple,
        "F.multi_margin_loss": labelled(["normal"], more=lambda: {**some("p", 1, 2), **some("margin", 0.5)}),
        "F.multilabel_soft_margin_loss": labelled(["normal"], classes=False),
        "F.multilabel_margin_loss": lambda: ([tens([2, 3], kinds=["normal"]), {"x": g.torch.tensor([[0, 2, -1], [1, -1, 0]]), "req": False}], [r(0), r(1)], reduction()),
        "F.ctc_loss": lambda: (
            [tens([5, 2, 4], kinds=["normal"]), ints([2, 2], 1, 4)],
            [r(2), r(1), [5, 5], [2, R.randint(1, 2)]],
            {**reduction(), **some("zero_infinity", True)},
            [["F.log_softmax", [r(0), -1], {}]],
        ),
    }

    def area(rows):
        names = list(rows)

        def draw():
            name = R.choice(names)
            ins, args, *more = rows[name]()
            kw = more[0] if more else {}
            before = more[1] if len(more) > 1 else []
            return ins, [*before, [name, args, kw]]

        return draw

    tables = {
        "math": (elementwise, 6),
        "arithmetic": (arithmetic, 6),
        "collect": (collected, 6),
        "arrange": (arranged, 6),
        "linalg": (linear, 4),
        "layers": (layers, 4),
        "losses": (losses, 4),
    }
    return {name: (area(rows), weight) for name, (rows, weight) in tables.items()}
