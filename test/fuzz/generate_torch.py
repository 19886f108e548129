#!/usr/bin/env python3
"""Random calls of what Facet's torch dialect claims, run by real PyTorch first. Writes one JSON case a line.

  python3 generate_torch.py --seed S --count N [--first I] [--area a,b] [--out FILE]

A case is a program: {id, area, inputs: [tensor], steps: [[op, args, kw]], grad: null|"backward"|"grad"|"double", expect}.
Values are referred to as {"r": i}: inputs first, then one per step (a step with several results is a list; {"r": i, "k": j}).
"""

import argparse, base64, functools, json, math, random, sys, warnings
import numpy as np
import torch, torch.nn.functional as F
import torch_rows

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

R = random.Random()
ND = {torch.float32: np.float32, torch.int64: np.int64, torch.bool: np.bool_, torch.uint8: np.uint8}
NAME = {
    torch.float32: "float32",
    torch.int64: "int64",
    torch.bool: "bool",
    torch.uint8: "uint8",
    torch.float64: "float64",
}


def enc(t):
    if t is None:
        return None
    t = t.detach()
    if t._is_zerotensor():
        t = torch.zeros(t.shape, dtype=t.dtype)  # .numpy() of one shows whatever lies in memory
    a = t.contiguous().numpy()
    if t.dtype == torch.int64:
        b = np.clip(a, -(2**53), 2**53).astype(np.float64)
    elif t.dtype == torch.float32:
        b = a
    elif t.dtype == torch.bool:
        b = a.astype(np.uint8)
    elif t.dtype == torch.uint8:
        b = a
    elif t.dtype == torch.float64:
        b = a
    else:
        raise ValueError(f"dtype {t.dtype}")
    return {"t": NAME[t.dtype], "s": list(t.shape), "d": base64.b64encode(b.tobytes()).decode()}


SPECIAL = [
    math.nan,
    math.inf,
    -math.inf,
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    -2.5,
    3.4e38,
    -3.4e38,
    1e-30,
    1e30,
    88.5,
    89.0,
    -87.0,
    -104.0,
    20.0,
    -20.0,
    1e4,
    -1e4,
    0.1,
    1e-7,
    1.5,
    2.5,
    -0.5,
    16777217.0,
]
DENORM = [1e-40, -1e-40, 1e-45, 1.17549435e-38, 0.0, 1.0, -3e-39]


def values(shape, kind):
    n = int(np.prod(shape)) if len(shape) else 1
    if kind == "normal":
        v = [R.gauss(0, 1) for _ in range(n)]
    elif kind == "ties":
        v = [float(R.choice([-1, 0, 0, 1, 2])) for _ in range(n)]
    elif kind == "special":
        v = [R.choice(SPECIAL) if R.random() < 0.6 else R.gauss(0, 2) for _ in range(n)]
    elif kind == "denorm":
        v = [R.choice(DENORM) for _ in range(n)]
    elif kind == "inf":
        v = [R.choice([math.inf, -math.inf]) if R.random() < 0.25 else R.gauss(0, 2) for _ in range(n)]
    elif kind == "big":
        v = [R.gauss(0, 1) * 10 ** R.randint(1, 6) for _ in range(n)]
    elif kind == "small":
        v = [R.gauss(0, 1) * 10 ** -R.randint(1, 12) for _ in range(n)]
    elif kind == "pos":
        v = [abs(R.gauss(0, 1)) + 0.05 for _ in range(n)]
    elif kind == "unit":
        v = [R.random() for _ in range(n)]
    elif kind == "const":
        c = R.gauss(0, 1)
        v = [c] * n
    elif kind == "offset":
        c = R.choice([100.0, 1000.0, -5000.0])
        v = [c + R.gauss(0, 1) for _ in range(n)]
    else:
        raise ValueError(kind)
    return torch.tensor(np.array(v, dtype=np.float32).reshape(shape))


def shape(lo=0, hi=4, m=5, empty=0.04):
    r = R.randint(lo, hi)
    return [0 if R.random() < empty else R.choice([1, 1, 2, 3, R.randint(1, m), R.randint(1, m)]) for _ in range(r)]


def tens(shape_, kinds=("normal", "normal", "normal", "ties", "special", "big", "small", "inf"), req=None):
    return {"x": values(shape_, R.choice(kinds)), "req": R.random() < 0.6 if req is None else req}


def ints(shape_, lo=-4, hi=5):
    n = int(np.prod(shape_)) if len(shape_) else 1
    return {
        "x": torch.tensor(np.array([R.randint(lo, hi - 1) for _ in range(n)], dtype=np.int64).reshape(shape_)),
        "req": False,
    }


def bools(shape_):
    n = int(np.prod(shape_)) if len(shape_) else 1
    return {
        "x": torch.tensor(np.array([R.random() < 0.5 for _ in range(n)], dtype=np.bool_).reshape(shape_)),
        "req": False,
    }


def bytes_(shape_):
    n = int(np.prod(shape_)) if len(shape_) else 1
    return {
        "x": torch.tensor(np.array([R.randint(0, 255) for _ in range(n)], dtype=np.uint8).reshape(shape_)),
        "req": False,
    }


def anyt(shape_, **k):
    p = R.random()
    return ints(shape_) if p < 0.15 else bools(shape_) if p < 0.25 else tens(shape_, **k)


def bshape(s):
    """A shape that broadcasts with s, mostly."""
    t = [e if R.random() < 0.65 else 1 for e in s]
    if R.random() < 0.3:
        t = t[R.randint(0, len(t)) :]
    if R.random() < 0.1:
        t = [R.randint(1, 3)] + t
    if R.random() < 0.04 and t:
        t[R.randrange(len(t))] += 1
    return t


def dim(rank, bad=0.03):
    if R.random() < bad:
        return R.choice([rank, -rank - 1, rank + 3])
    r = max(1, rank)
    return R.randint(-r, r - 1)


def dims(rank, bad=0.03):
    if rank == 0:
        return [R.choice([0, -1])] if R.random() < 0.5 else []
    k = R.randint(1, rank)
    d = R.sample(range(rank), k)
    d = [x - rank if R.random() < 0.4 else x for x in d]
    if R.random() < bad:
        d.append(d[0])
    if R.random() < bad:
        d.append(rank)
    return d


r = lambda i, k=None: {"r": i} if k is None else {"r": i, "k": k}

# ---------------------------------------------------------------- areas
UN = "abs neg sign square floor ceil round exp expm1 log log1p sqrt rsqrt reciprocal sin cos tanh sigmoid erf erfinv relu isnan logical_not".split()


def a_unary():
    op = R.choice(UN)
    s = shape()
    kinds = ["normal", "special", "special", "ties", "small", "big", "inf", "pos", "unit"]
    if op in ("sin", "cos"):
        kinds = ["normal", "ties", "small", "special"]
    x = anyt(s, kinds=kinds)
    return [x], [["torch." + op, [r(0)], {}]]


def a_denorm():
    op = R.choice(UN + ["F.gelu", "F.silu", "F.softplus", "F.elu", "F.leaky_relu"])
    return [tens(shape(1, 2), kinds=["denorm"])], [[op if "." in op else "torch." + op, [r(0)], {}]]


def a_activation():
    op = R.choice(["relu", "silu", "leaky_relu", "elu", "sigmoid", "tanh", "gelu", "softplus"])
    kw = {}
    if op == "leaky_relu" and R.random() < 0.7:
        kw["negative_slope"] = R.choice([0.2, 0.0, -0.5, 1.0, 2.0])
    if op == "elu" and R.random() < 0.7:
        kw["alpha"] = R.choice([0.5, 2.0, -1.0, 0.0])
    if op == "gelu" and R.random() < 0.5:
        kw["approximate"] = R.choice(["tanh", "none"])
    if op == "softplus":
        if R.random() < 0.6:
            kw["beta"] = R.choice([0.5, 2.0, 10.0, 0.01])
        if R.random() < 0.6:
            kw["threshold"] = R.choice([1.0, 20.0, 50.0, 0.0, -2.0, 100.0])
    x = anyt(shape(), kinds=["normal", "special", "ties", "big", "small", "inf"])
    return [x], [["F." + op, [r(0)], kw]]


BIN = "add sub mul div pow maximum minimum eq ne lt le gt ge logical_and logical_or".split()


def scalar():
    return R.choice([0, 1, 2, -1, 3, 0.5, -1.5, 1e-3, 2.5, 1e10, -3])


def a_binary():
    op = R.choice(BIN)
    s = shape()
    kinds = ["normal", "special", "ties", "pos", "inf", "big", "small"]
    a = anyt(s, kinds=kinds)
    kw = {}
    if op == "div" and R.random() < 0.5:
        kw["rounding_mode"] = R.choice(["floor", "trunc"])
    if op in ("add", "sub") and R.random() < 0.35:
        kw["alpha"] = R.choice([2, -1, 0.5, 0, 3])
    if R.random() < 0.3 and op not in ("maximum", "minimum", "logical_and", "logical_or"):
        return [a], [["torch." + op, [r(0), scalar()], kw]]
    b = anyt(bshape(s), kinds=kinds)
    if R.random() < 0.1 and op in ("add", "mul", "sub", "div", "maximum"):
        return [a], [["torch." + op, [r(0), r(0)], kw]]
    return [a, b], [["torch." + op, [r(0), r(1)], kw]]


def a_intarith():
    op = R.choice(["add", "sub", "mul", "div", "pow", "maximum", "minimum", "eq", "lt"])
    s = shape()
    big = R.random() < 0.3
    a = ints(s, -3, 4) if not big else ints(s, -40000, 40000)
    b = ints(bshape(s), -3, 4) if R.random() < 0.8 else bools(bshape(s))
    kw = {}
    if op == "div":
        kw["rounding_mode"] = R.choice(["floor", "trunc"])
    if R.random() < 0.4:
        return [a], [["torch." + op, [r(0), scalar() if R.random() < 0.5 else R.choice([2, 3, -2, 0])], kw]]
    return [a, b], [["torch." + op, [r(0), r(1)], kw]]


def a_bigint():
    # whole numbers that a float32 cannot hold
    op = R.choice(
        [
            "div",
            "add",
            "mul",
            "sum",
            "mean_f",
            "max",
            "float",
            "eq",
            "lt",
            "cumul",
            "sub",
            "abs",
            "where",
            "clamp",
            "prod",
            "neg",
            "sign",
            "floor",
            "gather",
            "cat",
        ]
    )
    s = shape(1, 2, 4, 0)
    a = ints(s, 2**24 - 5, 2**24 + 50) if R.random() < 0.7 else ints(s, -(2**31) + 1, 2**31 - 1)
    if op == "div":
        return [a], [["torch.div", [r(0), R.choice([1, 2, 3, 7])], {"rounding_mode": R.choice(["floor", "trunc"])}]]
    if op in ("add", "sub"):
        return [a], [["torch." + op, [r(0), R.choice([1, 3, 2**24 + 1])], {}]]
    if op == "mul":
        return [a], [["torch.mul", [r(0), R.choice([1, -1, 3])], {}]]
    if op in ("sum", "max", "prod"):
        return [a], [["torch." + op, [r(0)] + ([0] if R.random() < 0.5 else []), {}]]
    if op in ("eq", "lt"):
        return [a, ints(s, 2**24 - 5, 2**24 + 5)], [["torch." + op, [r(0), r(1)], {}]]
    if op == "where":
        return [bools(s), a, ints(s, 2**24, 2**24 + 9)], [["torch.where", [r(0), r(1), r(2)], {}]]
    if op == "clamp":
        return [a], [["torch.clamp", [r(0)], {"min": 2**24 + 1, "max": 2**24 + 30}]]
    if op in ("abs", "neg", "sign", "floor"):
        return [a], [["torch." + op, [r(0)], {}]]
    if op == "cat":
        return [a], [["torch.cat", [[r(0), r(0)]], {}]]
    if op == "gather":
        return [a], [["torch.flip", [r(0), [0]], {}]]
    return [a], [["Tensor.float", [r(0)], {}]]


def a_clampwhere():
    s = shape()
    op = R.choice(["clamp", "clamp", "where", "masked_fill"])
    if op == "clamp":
        x = anyt(s)
        kw = {}
        if R.random() < 0.8:
            kw["min"] = R.choice([-1, 0, 0.5, -0.3, 1, -math.inf])
        if R.random() < 0.7:
            kw["max"] = R.choice([1, 0.5, 2, -1, 0, math.inf])
        return [x], [["torch.clamp", [r(0)], kw]]
    if op == "where":
        a = anyt(s)
        b = anyt(bshape(s))
        c = bools(bshape(s))
        if R.random() < 0.3:
            return [c, a], [["torch.where", [r(0), r(1), scalar()], {}]]
        return [c, a, b], [["torch.where", [r(0), r(1), r(2)], {}]]
    return [anyt(s), bools(bshape(s))], [["torch.masked_fill", [r(0), r(1), R.choice([0, 1, -math.inf, 0.5, -3])], {}]]


RED = "sum mean amax amin any all argmax argmin prod max min var std norm".split()


def a_reduce():
    op = R.choice(RED)
    s = shape(0, 4, 6, 0.06)
    kinds = (
        ["normal", "normal", "ties", "special", "inf", "const", "offset", "big"]
        if op not in ("prod",)
        else ["normal", "ties", "special"]
    )
    x = anyt(s, kinds=kinds)
    args = [r(0)]
    kw = {}
    multi = op in ("sum", "mean", "amax", "amin", "var", "std", "norm")
    if R.random() < 0.75:
        d = dims(len(s)) if multi and R.random() < 0.6 else dim(len(s))
        if op == "norm":
            kw["dim"] = d
        elif op in ("var", "std") and R.random() < 0.9 and isinstance(d, int):
            kw["dim"] = d
        elif R.random() < 0.5:
            args.append(d)
        else:
            kw["dim"] = d
        if R.random() < 0.4:
            kw["keepdim"] = R.random() < 0.8
    if op in ("var", "std") and R.random() < 0.5:
        kw["unbiased"] = R.random() < 0.5
    if op in ("var", "std") and "unbiased" in kw and "dim" not in kw and len(args) == 1:
        kw = {"unbiased": kw["unbiased"]}
    if op == "norm":
        p = R.choice([1, 2, "fro", math.inf, 2.0])
        kw["p"] = p
        if p == "fro" and R.random() < 0.5:
            del kw["p"]
    if op in ("any", "all") and R.random() < 0.6:
        x = bools(s)
    return [x], [["torch." + op, args, kw]]


def a_matmul():
    op = R.choice(["matmul", "matmul", "matmul", "mm", "bmm", "linear"])
    m, k, n = [R.choice([1, 2, 3, 4, 5, 8, 17, 33, 64, 65]) for _ in range(3)]
    if R.random() < 0.05:
        k = 0
    if R.random() < 0.04:
        m = 0
    kb = k + (1 if R.random() < 0.04 else 0)
    K = ["normal", "normal", "normal", "big", "ties"] + (["inf"] if R.random() < 0.3 else [])
    if op == "linear":
        lead = shape(0, 3, 4, 0.05)
        b = R.random() < 0.6
        ins = [tens(lead + [k], kinds=K), tens([n, kb], kinds=K)] + ([tens([n], kinds=K)] if b else [])
        return ins, [["F.linear", [r(i) for i in range(len(ins))], {}]]
    if op == "mm":
        return [tens([m, k], kinds=K), tens([kb, n], kinds=K)], [["torch.mm", [r(0), r(1)], {}]]
    if op == "bmm":
        B = R.randint(0 if R.random() < 0.1 else 1, 4)
        return [tens([B, m, k], kinds=K), tens([B, kb, n], kinds=K)], [["torch.bmm", [r(0), r(1)], {}]]
    m, k, n = min(m, 17), min(k, 17), min(n, 17)
    kb = min(kb, k + (kb != k))
    lead = shape(0, 3, 3, 0.03)
    a = [k] if R.random() < 0.2 else bshape(lead) + [m, k]
    b = [kb] if R.random() < 0.2 else bshape(lead) + [kb, n]
    if R.random() < 0.03:
        return [tens(a), ints(b)], [["torch.matmul", [r(0), r(1)], {}]]
    if R.random() < 0.06:
        return [ints(a), ints(b)], [["torch.matmul", [r(0), r(1)], {}]]
    return [tens(a, kinds=K), tens(b, kinds=K)], [["torch.matmul", [r(0), r(1)], {}]]


def pr(lo, hi):
    return R.randint(lo, hi) if R.random() < 0.5 else [R.randint(lo, hi), R.randint(lo, hi)]


def a_conv():
    g = R.choice([1, 1, 1, 2, 3, 4])
    cin, cout = g * R.randint(1, 4), g * R.randint(1, 4)
    if R.random() < 0.1:
        g = cin
        cout = cin * R.randint(1, 2)
    kh, kw_ = R.choice([(1, 1), (3, 3), (2, 2), (5, 5), (7, 1), (1, 4), (R.randint(1, 9), R.randint(1, 9)), (3, 2)])
    h, w = R.randint(1, 14), R.randint(1, 14)
    n = 0 if R.random() < 0.02 else R.choice([1, 1, 2, 3])
    kw = {}
    if R.random() < 0.5:
        kw["stride"] = pr(1, 3)
    if R.random() < 0.5:
        kw["dilation"] = pr(1, 3)
    q = R.random()
    if q < 0.45:
        kw["padding"] = pr(0, 4)
    elif q < 0.7:
        kw["padding"] = "same"
        if R.random() < 0.9:
            kw.pop("stride", None)
    elif q < 0.75:
        kw["padding"] = "valid"
    if g != 1:
        kw["groups"] = g
    if R.random() < 0.03:
        kw["groups"] = g + 1
    K = ["normal"] * 6 + ["ties", "inf"]
    x = tens([n, cin, h, w] if R.random() < 0.85 else [cin, h, w], kinds=K)
    wt = tens([cout, cin // g, kh, kw_], kinds=["normal"] * 4 + ["ties"])
    ins = [x, wt]
    if R.random() < 0.6:
        ins.append(tens([cout + (R.random() < 0.03)], kinds=["normal"]))
        kw["bias"] = r(2)
    return ins, [["F.conv2d", [r(0), r(1)], kw]]


def a_pool():
    op = R.choice(["max_pool2d", "avg_pool2d"])
    n, c, h, w = 0 if R.random() < 0.02 else R.choice([1, 2]), R.randint(1, 3), R.randint(1, 12), R.randint(1, 12)
    k = pr(1, 4)
    kw = {}
    if R.random() < 0.6:
        kw["stride"] = pr(1, 4)
    if R.random() < 0.6:
        kw["padding"] = pr(0, 2)
    if R.random() < 0.5:
        kw["ceil_mode"] = R.random() < 0.85
    if op == "max_pool2d":
        if R.random() < 0.4:
            kw["dilation"] = pr(1, 3)
    elif R.random() < 0.5:
        kw["count_include_pad"] = R.random() < 0.5
    x = tens(
        [n, c, h, w] if R.random() < 0.85 else [c, h, w], kinds=["normal", "normal", "ties", "special", "inf", "const"]
    )
    if R.random() < 0.04:
        x = ints(list(x["x"].shape))
    if op == "max_pool2d" and pools_padding(x["x"].shape, k, kw):
        x["req"] = False
    return [x], [["F." + op, [r(0), k], kw]]


def pools_padding(shape, k, kw):
    """Whether a window holds nothing but padding: PyTorch sends its gradient to an element that is not in it."""
    try:
        return bool(torch.isinf(torch.nn.functional.max_pool2d(torch.zeros(shape), k, **kw)).any())
    except RuntimeError:
        return False


def a_softmax():
    op = R.choice(["torch.softmax", "torch.log_softmax", "F.softmax", "F.log_softmax"])
    s = shape(0, 4, 9, 0.03)
    x = tens(s, kinds=["normal", "normal", "big", "inf", "special", "ties", "offset", "const"])
    if R.random() < 0.12 and x["x"].numel():
        x["x"] = x["x"].clone()
        x["x"].reshape(-1)[:] = -math.inf if R.random() < 0.5 else x["x"].reshape(-1)[0]
    return [x], [[op, [r(0)], {"dim": dim(len(s))}]]


def a_loss():
    op = R.choice(
        ["cross_entropy"] * 4
        + ["nll_loss"] * 2
        + ["mse_loss", "l1_loss", "binary_cross_entropy_with_logits", "binary_cross_entropy_with_logits"]
    )
    kw = {}
    if R.random() < 0.7:
        kw["reduction"] = R.choice(["mean", "sum", "none"])
    if op in ("mse_loss", "l1_loss"):
        s = shape()
        return [tens(s), anyt(bshape(s) if R.random() < 0.3 else s)], [["F." + op, [r(0), r(1)], kw]]
    if op.startswith("binary"):
        s = shape()
        ins = [
            tens(s, kinds=["normal", "big", "inf", "special", "ties", "offset"]),
            {"x": values(s, "unit"), "req": R.random() < 0.3},
        ]
        if R.random() < 0.3:
            ins[1]["x"] = (ins[1]["x"] > 0.5).float()
        if R.random() < 0.35:
            ins.append({"x": values(bshape(s), "unit"), "req": False})
            kw["weight"] = r(len(ins) - 1)
        if R.random() < 0.35:
            ins.append({"x": values(bshape(s), "pos"), "req": False})
            kw["pos_weight"] = r(len(ins) - 1)
        return ins, [["F." + op, [r(0), r(1)], kw]]
    C = R.choice([1, 2, 3, 4, 5, 10])
    n = R.choice([1, 2, 3, 5, 7]) if R.random() > 0.04 else 0
    extra = shape(0, 2, 3, 0.02) if R.random() < 0.4 else []
    one = R.random() < 0.12
    xs = [C] if one else [n, C] + extra
    ts = [] if one else [n] + extra
    K = ["normal", "normal", "big", "inf", "offset", "ties", "const"]
    x = tens(xs, kinds=K)
    if op == "nll_loss" and R.random() < 0.7:
        x["x"] = torch.log_softmax(x["x"], 0 if one else 1)
    ins = [x]
    prob = op == "cross_entropy" and R.random() < 0.3
    if prob:
        v = values(xs, "unit")
        if R.random() < 0.7 and v.numel():
            v = v / v.sum(0 if one else 1, keepdim=True)
        ins.append({"x": v, "req": False})
    else:
        t = ints(ts, 0, C)
        if R.random() < 0.35:
            kw["ignore_index"] = R.choice([0, C - 1, -1, 255, -100])
            ii = kw["ignore_index"]
        else:
            ii = -100
        if R.random() < 0.4 and t["x"].numel():
            fl = t["x"].reshape(-1)
            for i in range(fl.numel()):
                if R.random() < (0.4 if R.random() < 0.8 else 1):
                    fl[i] = ii
        if R.random() < 0.04 and t["x"].numel():
            t["x"].reshape(-1)[0] = R.choice([C, -1, C + 5, 2**31 - 1])
        ins.append(t)
    if R.random() < 0.45:
        w = values([C + (R.random() < 0.03)], R.choice(["unit", "pos"]))
        if R.random() < 0.2:
            w[0] = 0
        ins.append({"x": w, "req": False})
        kw["weight"] = r(2)
    if op == "cross_entropy" and R.random() < 0.4:
        kw["label_smoothing"] = R.choice([0.1, 0.5, 1.0, 0.0, 0.9])
    return ins, [["F." + op, [r(0), r(1)], kw]]


def a_index():
    op = R.choice(["getitem"] * 3 + ["index_select", "gather", "narrow", "slice"])
    s = shape(0 if R.random() < 0.05 else 1, 4, 6, 0.03)
    x = anyt(s)
    if op == "getitem":
        idx = []
        ins = [x]
        used = False
        for e in s[: R.randint(0, len(s))]:
            q = R.random()
            if q < 0.3:
                idx.append(R.randint(-e, e - 1) if e and R.random() < 0.96 else e)
            elif q < 0.7:
                a = R.choice([None, R.randint(-e - 2, e + 2)])
                b = R.choice([None, R.randint(-e - 2, e + 2)])
                idx.append({"sl": [a, b] + ([R.randint(1, 3)] if R.random() < 0.4 else [])})
            elif q < 0.8:
                idx.append({"sl": [None, None]})
            elif q < 0.92 and not used and e:
                used = True
                ins.append(ints(shape(1, 2, 3, 0.04), -e if R.random() < 0.5 else 0, e))
                idx.append(r(1))
            else:
                idx.append(None)
                idx.append({"sl": [None, None]})
        # an integer and a tensor index together are advanced indexing both: leave that to a case of its own
        return ins, [["getitem", [r(0), idx], {}]]
    if op == "index_select":
        d = dim(len(s))
        e = s[d] if s and -len(s) <= d < len(s) else 1
        return [
            x,
            ints(
                [R.randint(0, 5)] if R.random() < 0.9 else [],
                0 if R.random() < 0.95 else -1,
                max(1, e + (R.random() < 0.03)),
            ),
        ], [["torch.index_select", [r(0), d, r(1)], {}]]
    if op == "gather":
        d = dim(len(s))
        e = s[d] if s and -len(s) <= d < len(s) else 1
        gs = [R.randint(1, max(1, k)) if R.random() < 0.4 else k for k in s]
        if gs and -len(s) <= d < len(s):
            gs[d] = R.randint(0, 6)
        return [x, ints(gs, 0 if R.random() < 0.96 else -1, max(1, e + (R.random() < 0.03)))], [
            ["torch.gather", [r(0), d, r(1)], {}]
        ]
    d = dim(len(s))
    e = s[d] if s and -len(s) <= d < len(s) else 1
    if op == "narrow":
        a = R.randint(-e, e)
        return [x], [
            ["torch.narrow", [r(0), d, a, R.randint(0, max(0, e - (a % e if e else 0)) + (R.random() < 0.1))], {}]
        ]
    return [x], [["getitem", [r(0), [{"sl": [R.randint(-7, 7), R.randint(-7, 7)]}]], {}]]


def a_shape():
    op = R.choice(
        "cat stack split chunk reshape view flatten squeeze unsqueeze transpose permute t flip expand repeat pad one_hot".split()
    )
    s = shape(0, 4, 5, 0.03)
    x = anyt(s)
    n = len(s)
    if op == "cat":
        d = dim(n)
        k = R.randint(1, 4)
        ins = [x]
        for _ in range(k - 1):
            t = list(s)
            if n and -n <= d < n:
                t[d] = R.randint(0, 4)
            if R.random() < 0.04 and n:
                t[R.randrange(n)] += 1
            ins.append(anyt(t) if R.random() < 0.3 else tens(t))
        return ins, [["torch.cat", [[r(i) for i in range(k)], d], {}]]
    if op == "stack":
        k = R.randint(1, 4)
        return [anyt(s) if R.random() < 0.3 else tens(s) for _ in range(k)], [
            ["torch.stack", [[r(i) for i in range(k)], dim(n + 1)], {}]
        ]
    if op == "split":
        d = dim(n)
        e = s[d] if n and -n <= d < n else 1
        if R.random() < 0.4 and e:
            parts = []
            left = e
            while left > 0:
                p = R.randint(0, left)
                parts.append(p)
                left -= p
            if R.random() < 0.05:
                parts[-1] += 1
            return [x], [["torch.split", [r(0), parts, d], {}]]
        return [x], [["torch.split", [r(0), R.randint(0 if R.random() < 0.05 else 1, 4), d], {}]]
    if op == "chunk":
        return [x], [["torch.chunk", [r(0), R.randint(0 if R.random() < 0.05 else 1, 6), dim(n)], {}]]
    if op in ("reshape", "view"):
        t = list(s)
        R.shuffle(t)
        if len(t) > 1 and R.random() < 0.6:
            i = R.randrange(len(t) - 1)
            t[i : i + 2] = [t[i] * t[i + 1]]
        if t and R.random() < 0.4:
            t[R.randrange(len(t))] = -1
        if R.random() < 0.05:
            t.append(-1)
        if R.random() < 0.03:
            t.append(2)
        return [x], [["Tensor." + op, [r(0), t], {}]]
    if op == "flatten":
        kw = {}
        if R.random() < 0.7:
            kw["start_dim"] = dim(n)
        if R.random() < 0.7:
            kw["end_dim"] = dim(n)
        return [x], [["torch.flatten", [r(0)], kw]]
    if op == "squeeze":
        return [x], [["torch.squeeze", [r(0)] + ([dim(n)] if R.random() < 0.6 else []), {}]]
    if op == "unsqueeze":
        return [x], [["torch.unsqueeze", [r(0), dim(n + 1)], {}]]
    if op == "transpose":
        return [x], [["torch.transpose", [r(0), dim(n), dim(n)], {}]]
    if op == "permute":
        p = list(range(n))
        R.shuffle(p)
        p = [i - n if R.random() < 0.3 else i for i in p]
        if R.random() < 0.05 and n:
            p = p[:-1]
        return [x], [["torch.permute", [r(0), p], {}]]
    if op == "t":
        return [x], [["torch.t", [r(0)], {}]]
    if op == "flip":
        return [x], [["torch.flip", [r(0), dims(n)], {}]]
    if op == "expand":
        t = [R.randint(1, 4) if e == 1 else (e if R.random() < 0.7 else -1) for e in s]
        if R.random() < 0.4:
            t = [R.randint(1, 3)] + t
        if R.random() < 0.05:
            t = [-1] + t
        if R.random() < 0.04 and t:
            t[-1] += 1
        return [x], [["Tensor.expand", [r(0), t], {}]]
    if op == "repeat":
        t = [R.randint(0 if R.random() < 0.1 else 1, 3) for _ in range(n + R.choice([0, 0, 1, 2]))]
        if R.random() < 0.04 and t:
            t = t[1:]
        return [x], [["Tensor.repeat", [r(0), t], {}]]
    if op == "pad":
        k = R.randint(0, n)
        p = [R.randint(0, 3) for _ in range(2 * k)]
        if R.random() < 0.04:
            p.append(1)
        kw = {}
        if R.random() < 0.5:
            kw = {"value": R.choice([1, 0.5, -math.inf, -2])}
        return [x], [["F.pad", [r(0), p], kw]]
    C = R.randint(1, 6)
    return [ints(s, 0 if R.random() < 0.95 else -1, C + (R.random() < 0.05))], [["F.one_hot", [r(0), C], {}]]


def a_create():
    op = R.choice(["arange", "linspace", "eye", "full", "zeros", "ones"])
    dt = R.choice([None, None, "float32", "int64", "bool"])
    kw = {} if dt is None else {"dtype": {"dt": dt}}
    f = lambda: R.choice([R.randint(-6, 12), R.uniform(-5, 10), 0, 1, 0.1])
    if op == "arange":
        a = [f() for _ in range(R.randint(1, 3))]
        if len(a) == 1:
            a = [abs(a[0])]
        if len(a) == 3 and R.random() < 0.7:
            a[2] = abs(a[2]) + 0.3 if a[1] >= a[0] else -abs(a[2]) - 0.3
        if dt == "bool":
            kw = {}
        return [], [["torch.arange", a, kw]]
    if op == "linspace":
        return [], [["torch.linspace", [f(), f(), R.randint(0, 12)], kw if dt != "bool" else {}]]
    if op == "eye":
        return [], [["torch.eye", [R.randint(0, 5)] + ([R.randint(0, 5)] if R.random() < 0.5 else []), kw]]
    if op == "full":
        return [], [["torch.full", [shape(), R.choice([1, 0, 2.5, -3, math.nan, math.inf, 7])], kw]]
    return [], [["torch." + op, [shape()], kw]]


def a_convert():
    src = R.choice([tens, ints, bools, bytes_])
    s = shape()
    x = src(s) if src is not tens else tens(s, kinds=["normal", "big", "ties", "pos"])
    if src is tens and R.random() < 0.5:
        x["x"] = x["x"].clamp(-1e6, 1e6)
    return [x], [["Tensor.to", [r(0), {"dt": R.choice(["float32", "int64", "bool", "uint8"])}], {}]]


def a_inplace():
    op = R.choice(["add_", "sub_", "mul_", "div_", "clamp_", "copy_", "fill_", "zero_"])
    s = shape()
    x = anyt(s)
    x["req"] = False
    if op == "zero_":
        return [x], [["Tensor.zero_", [r(0)], {}], ["torch.add", [r(0), 0], {}]]
    if op == "fill_":
        return [x], [["Tensor.fill_", [r(0), scalar()], {}]]
    if op == "clamp_":
        return [x], [["Tensor.clamp_", [r(0)], {"min": -1, "max": R.choice([1, 0.5])}]]
    y = anyt(bshape(s))
    y["req"] = False
    if op == "copy_":
        return [x, y], [["Tensor.copy_", [r(0), r(1)], {}]]
    kw = {"alpha": R.choice([2, 0.5, -1])} if op in ("add_", "sub_") and R.random() < 0.4 else {}
    if R.random() < 0.3:
        return [x], [["Tensor." + op, [r(0), scalar()], kw]]
    if R.random() < 0.15:
        return [x], [["Tensor." + op, [r(0), r(0)], kw]]
    return [x, y], [["Tensor." + op, [r(0), r(1)], kw]]


def a_compose():
    """A small graph of smooth and piecewise ops on one 2-d or 3-d shape, with values used more than once."""
    s = [R.randint(1, 4) for _ in range(R.choice([2, 2, 3]))]
    sub = lambda: [e if R.random() < 0.6 else 1 for e in s][(0 if R.random() < 0.7 else R.randint(0, len(s))) :]
    ins = [tens(s if R.random() < 0.7 else sub(), kinds=["normal", "pos"], req=True) for _ in range(R.randint(1, 3))]
    steps = []
    full = []
    base = len(ins)
    for i in range(len(ins)):
        steps.append(
            ["torch.add", [r(i), 0.0], {}] if list(ins[i]["x"].shape) == s else ["Tensor.expand", [r(i), s], {}]
        )
        full.append(base + len(steps) - 1)
    one = [
        "tanh",
        "sigmoid",
        "exp",
        "sin",
        "cos",
        "square",
        "neg",
        "erf",
        "relu",
        "abs",
        "log1p_abs",
        "softmax",
        "log_softmax",
        "sqrt_pos",
        "flip",
        "mulself",
        "gelu",
        "silu",
        "softplus",
        "clamp",
        "t2",
        "matmulT",
        "norm_keep",
        "mean_keep",
        "std_keep",
        "getset",
        "cumcat",
        "pow2",
        "amax_keep",
        "sum_expand",
        "elu",
    ]
    for _ in range(R.randint(2, 7)):
        a = R.choice(full)

        def push(op, args, kw=None):
            steps.append([op, args, kw or {}])
            return base + len(steps) - 1

        if R.random() < 0.4 and len(full) > 1:
            b = R.choice(full)
            full.append(push("torch." + R.choice(["add", "mul", "sub", "maximum", "minimum"]), [r(a), r(b)]))
            continue
        o = R.choice(one)
        d = R.randrange(len(s))
        if o == "log1p_abs":
            t = push("torch.abs", [r(a)])
            t = push("torch.log1p", [r(t)])
        elif o in ("softmax", "log_softmax"):
            t = push("torch." + o, [r(a)], {"dim": d})
        elif o == "sqrt_pos":
            t = push("torch.square", [r(a)])
            t = push("torch.add", [r(t), 0.5])
            t = push("torch.sqrt", [r(t)])
        elif o == "flip":
            t = push("torch.flip", [r(a), [d]])
        elif o == "mulself":
            t = push("torch.mul", [r(a), r(a)])
        elif o in ("gelu", "silu", "softplus", "elu"):
            t = push("F." + o, [r(a)], {"approximate": R.choice(["none", "tanh"])} if o == "gelu" else {})
        elif o == "clamp":
            t = push("torch.clamp", [r(a)], {"min": -0.7, "max": 0.9})
        elif o == "t2":
            t = push("torch.transpose", [r(a), 0, 1])
            t = push("torch.exp", [r(push("torch.tanh", [r(t)]))])
            t = push("torch.transpose", [r(t), 0, 1])
        elif o == "matmulT":
            t = push("torch.transpose", [r(a), -1, -2])
            t = push("torch.matmul", [r(a), r(t)])
            t = push("torch.tanh", [r(t)])
            t = push("torch.matmul", [r(t), r(a)])
        elif o == "norm_keep":
            t = push("torch.add", [r(a), 1.5])
            q = push("torch.norm", [r(t)], {"dim": d, "keepdim": True})
            t = push("torch.div", [r(a), r(q)])
        elif o == "mean_keep":
            q = push("torch.mean", [r(a)], {"dim": d, "keepdim": True})
            t = push("torch.sub", [r(a), r(q)])
        elif o == "std_keep":
            q = push("torch.var", [r(a)], {"dim": d, "keepdim": True, "unbiased": False})
            t = push("torch.add", [r(a), r(q)])
        elif o == "getset":
            q = push("getitem", [r(a), [{"sl": [0, 1]}]])
            t = push("torch.add", [r(a), r(q)])
        elif o == "cumcat":
            q = push("torch.cat", [[r(a), r(a)], d])
            t = push("torch.narrow", [r(q), d, s[d] // 2, s[d]])
        elif o == "pow2":
            q = push("torch.square", [r(a)])
            q = push("torch.add", [r(q), 0.3])
            t = push("torch.pow", [r(q), R.choice([2, 3, 0.5, -1, 1.7])])
        elif o == "amax_keep":
            q = push("torch.amax", [r(a)], {"dim": d, "keepdim": True})
            t = push("torch.sub", [r(a), r(q)])
        elif o == "sum_expand":
            q = push("torch.sum", [r(a)], {"dim": d, "keepdim": True})
            q = push("Tensor.expand", [r(q), s])
            t = push("torch.mul", [r(a), r(q)])
        else:
            t = push("torch." + o, [r(a)])
        full.append(t)
    return ins, steps


def a_double():
    """conv, pool, matmul, losses, differentiated twice."""
    q = R.choice(["compose", "conv", "matmul", "ce", "softmax", "avg", "linear"])
    if q == "compose":
        return a_compose()
    if q == "conv":
        i, st = a_conv()
    elif q == "matmul":
        i, st = a_matmul()
    elif q == "ce":
        i, st = a_loss()
    elif q == "softmax":
        i, st = a_softmax()
    elif q == "avg":
        i, st = a_pool()
    else:
        i, st = a_matmul()
    for t in i:
        if t["x"].dtype == torch.float32:
            t["x"] = torch.nan_to_num(t["x"], 0.5, 1.0, -1.0).clamp(-3, 3)
            t["req"] = True
    if q == "ce" and i[1]["x"].dtype == torch.float32:
        i[1]["req"] = False
    if q == "ce":
        for t in i[2:]:
            t["req"] = False
    return i, st


def a_large():
    """Larger shapes, where other variants of the kernels run."""
    q = R.choice(
        [
            "matmul",
            "matmul",
            "bmm",
            "linear",
            "conv",
            "conv",
            "pool",
            "softmax",
            "reduce",
            "reduce",
            "ce",
            "binary",
            "gather",
            "transpose",
            "cat",
        ]
    )
    if q in ("matmul", "linear"):
        m, k, n = [R.choice([1, 3, 16, 31, 64, 65, 100, 128, 200, 257, 300]) for _ in range(3)]
        if R.random() < 0.15:
            k = R.choice([1000, 2049])
        if R.random() < 0.1:
            m = R.choice([1000, 2500])
        if R.random() < 0.1:
            n = R.choice([1000, 2500])
        if q == "linear":
            return [tens([m, k], kinds=["normal"]), tens([n, k], kinds=["normal"]), tens([n], kinds=["normal"])], [
                ["F.linear", [r(0), r(1), r(2)], {}]
            ]
        return [tens([m, k], kinds=["normal"]), tens([k, n], kinds=["normal"])], [["torch.matmul", [r(0), r(1)], {}]]
    if q == "bmm":
        B, m, k, n = R.randint(1, 20), *[R.choice([1, 7, 32, 50, 65]) for _ in range(3)]
        b = [B, k, n] if R.random() < 0.5 else [k, n]
        return [tens([B, m, k], kinds=["normal"]), tens(b, kinds=["normal"])], [["torch.matmul", [r(0), r(1)], {}]]
    if q == "conv":
        g = R.choice([1, 1, 1, 2, 8])
        cin, cout = g * R.choice([1, 2, 4, 8, 16]), g * R.choice([1, 2, 8, 16, 24])
        if R.random() < 0.15:
            g = cin
            cout = cin
        kh, kw_ = R.choice([(1, 1), (3, 3), (5, 5), (7, 7), (11, 11), (2, 3), (1, 7)])
        h, w = R.choice([12, 16, 17, 28, 33]), R.choice([12, 16, 19, 28, 40])
        n = R.choice([1, 2, 5, 16])
        if n * cin * cout // g * kh * kw_ * h * w > 6e7:
            n = 1
            cout = g
        kw = {"padding": R.choice([0, 1, kh // 2, "same"])}
        if kw["padding"] != "same":
            kw["stride"] = R.choice([1, 1, 2, 3])
        kw["dilation"] = R.choice([1, 1, 1, 2]) if kh <= 5 else 1
        if g != 1:
            kw["groups"] = g
        ins = [tens([n, cin, h, w], kinds=["normal"]), tens([cout, cin // g, kh, kw_], kinds=["normal"])]
        if R.random() < 0.6:
            ins.append(tens([cout], kinds=["normal"]))
            kw["bias"] = r(2)
        return ins, [["F.conv2d", [r(0), r(1)], kw]]
    if q == "pool":
        return [
            tens([R.randint(1, 6), R.randint(1, 20), R.randint(10, 40), R.randint(10, 40)], kinds=["normal", "ties"])
        ], [
            [
                "F." + R.choice(["max_pool2d", "avg_pool2d"]),
                [r(0), pr(2, 7)],
                {"stride": pr(1, 5), "padding": 1, "ceil_mode": R.random() < 0.5},
            ]
        ]
    if q == "softmax":
        s = R.choice([[7, 3000], [3000, 7], [40, 100, 3], [1, 20000], [500, 10], [3, 4, 999]])
        return [tens(s, kinds=["normal", "big", "offset"])], [
            ["torch." + R.choice(["softmax", "log_softmax"]), [r(0)], {"dim": R.randrange(len(s))}]
        ]
    if q == "reduce":
        s = R.choice(
            [[100000], [300, 400], [7, 9000], [9000, 7], [20, 30, 50], [3, 1, 20000], [65537], [2, 3, 4, 5, 6, 7]]
        )
        op = R.choice(["sum", "mean", "amax", "amin", "argmax", "argmin", "max", "min", "var", "std", "norm", "prod"])
        x = tens(s, kinds=["normal", "ties"] if op != "prod" else ["pos"])
        if op == "prod":
            x["x"] = x["x"].clamp(0.97, 1.03)
        kw = {}
        if R.random() < 0.8:
            kw["dim"] = R.randrange(len(s))
            kw["keepdim"] = R.random() < 0.4
        return [x], [["torch." + op, [r(0)], kw]]
    if q == "ce":
        n, C = R.choice([(300, 10), (5, 3000), (1000, 100), (64, 1000)])
        kw = {"reduction": R.choice(["mean", "sum", "none"]), "label_smoothing": R.choice([0.0, 0.1])}
        return [tens([n, C], kinds=["normal", "big"], req=True), ints([n], 0, C)], [
            ["F.cross_entropy", [r(0), r(1)], kw]
        ]
    if q == "binary":
        s = R.choice([[50000], [300, 301], [40, 50, 60], [5, 6, 7, 8, 9]])
        return [tens(s, kinds=["normal", "pos"]), tens(bshape(s), kinds=["normal", "pos"])], [
            ["torch." + R.choice(["add", "mul", "div", "pow", "maximum", "sub"]), [r(0), r(1)], {}]
        ]
    if q == "gather":
        return [tens([500, 37], kinds=["normal"]), ints([2000], 0, 500)], [["torch.index_select", [r(0), 0, r(1)], {}]]
    if q == "transpose":
        s = R.choice([[300, 401], [20, 30, 40], [7, 8, 9, 10], [2, 3, 4, 5, 6, 7]])
        p = list(range(len(s)))
        R.shuffle(p)
        return [tens(s, kinds=["normal"])], [["torch.permute", [r(0), p], {}]]
    return [tens([30, 40, R.randint(1, 50)], kinds=["normal"]) for _ in range(3)], [
        ["torch.cat", [[r(0), r(1), r(2)], 2], {}]
    ]


def a_chain():
    """A long graph of elementwise ops of one size (and numbers, and vectors to be repeated), as plans fuse them."""
    s = R.choice([[3], [2, 3], [1], [4, 1], [2, 2, 2], [17]])
    kinds = ["normal", "pos"]
    ins = [
        tens(s if R.random() < 0.75 else R.choice([[], [1], s[-1:]]), kinds=kinds, req=R.random() < 0.6)
        for _ in range(R.randint(1, 4))
    ]
    if R.random() < 0.2:
        ins.append(bools(s))
    base = len(ins)
    steps = []
    fl = [i for i in range(len(ins)) if ins[i]["x"].dtype == torch.float32]
    bo = [i for i in range(len(ins)) if i not in fl]

    def push(op, args, kw=None):
        steps.append([op, args, kw or {}])
        return base + len(steps) - 1

    def pick():
        return fl[-1] if R.random() < 0.55 else R.choice(fl[-6:] if R.random() < 0.6 else fl)

    for _ in range(R.randint(4, 30)):
        q = R.random()
        a = pick()
        if q < 0.3:
            fl.append(
                push(
                    "torch."
                    + R.choice(["tanh", "sigmoid", "sin", "cos", "neg", "relu", "abs", "erf", "floor", "sign"]),
                    [r(a)],
                )
            )
        elif q < 0.35:
            fl.append(push("torch." + R.choice(["square", "exp"]), [r(push("torch.tanh", [r(a)]))]))
        elif q < 0.42:
            fl.append(push("F." + R.choice(["silu", "gelu", "leaky_relu", "elu", "softplus"]), [r(a)]))
        elif q < 0.6:
            fl.append(
                push("torch." + R.choice(["add", "mul", "sub", "div"]), [r(a), R.choice([0.5, 2.0, -1.5, 1.0, 3.0])])
            )
        elif q < 0.78:
            fl.append(
                push(
                    "torch." + R.choice(["add", "sub", "maximum", "minimum"]),
                    [r(a), r(a) if R.random() < 0.15 else r(pick())],
                )
            )
        elif q < 0.86:
            fl.append(push("torch.mul", [r(push("torch.tanh", [r(a)])), r(pick())]))
            fl.append(push("torch.tanh", [r(fl[-1])]))
        elif q < 0.9:
            t = push("torch.tanh", [r(a)])
            fl.append(push("torch.mul", [r(t), r(t)]))
        elif q < 0.95:
            bo.append(
                push(
                    "torch." + R.choice(["lt", "gt", "le", "eq", "ne"]), [r(a), r(pick()) if R.random() < 0.5 else 0.5]
                )
            )
        elif bo:
            fl.append(push("torch.where", [r(R.choice(bo)), r(a), r(pick()) if R.random() < 0.6 else 0.25]))
        if R.random() < 0.06:
            fl.append(push("torch.sum" if R.random() < 0.5 else "torch.mean", [r(a)]))
            fl.append(push("torch.tanh", [r(fl[-1])]))
    return ins, steps


def sizes(rank, lo, hi):
    """One number, or one for each of the dimensions."""
    return R.randint(lo, hi) if R.random() < 0.5 else [R.randint(lo, hi) for _ in range(rank)]


def empties(taps, extents, kw):
    """Whether a transposed convolution has no elements: some of PyTorch's kernels refuse that, others give it."""
    each = lambda name, d, none: (lambda v: v if isinstance(v, int) else v[d])(kw.get(name, none))
    whole = lambda d: (extents[d] - 1) * each("stride", d, 1) + each("dilation", d, 1) * (taps[d] - 1) + 1
    return any(whole(d) - 2 * each("padding", d, 0) + each("output_padding", d, 0) == 0 for d in range(len(taps)))


def a_space():
    """Convolutions of all ranks and transposed ones, poolings with places and to sizes, paddings, resizing, columns."""
    rank = R.choice([1, 1, 2, 3])
    n, c = 0 if R.random() < 0.03 else R.choice([1, 2]), R.randint(1, 4)
    extents = [R.randint(1, 7) for _ in range(rank)]
    lead = [n, c] if R.random() < 0.8 else [c]
    kw = {}

    def some(name, value, often=0.5):
        if R.random() < often:
            kw[name] = value

    kind = R.choice(["conv", "transposed", "max", "avg", "lp", "adaptive", "unpool", "pad", "resize", "columns"])
    floats = ["normal", "normal", "ties", "special", "const"]
    x = tens([*lead, *extents], kinds=["normal", "ties"] if kind in ("conv", "transposed", "lp") else floats)
    if kind in ("conv", "transposed"):
        groups = R.choice([g for g in (1, 1, 2, 3) if c % g == 0])
        out = R.randint(1, 3)
        taps = [R.randint(1, 3) for _ in range(rank)]
        some("stride", sizes(rank, 1, 3))
        some("padding", sizes(rank, 0, 2))
        some("dilation", sizes(rank, 1, 2))
        if groups > 1:
            kw["groups"] = groups
        shape = [groups * out, c // groups, *taps] if kind == "conv" else [c, out, *taps]
        if kind == "transposed":
            # Of an empty batch PyTorch does not check it.
            some("output_padding", sizes(rank, 0, 2), 0.3 if n else 0)
        elif R.random() < 0.2:
            kw["padding"] = R.choice(["same", "valid"])
        if kind == "transposed" and empties(taps, extents, kw):
            kw.pop("padding", None)
        ins = [x, tens(shape, kinds=["normal"])]
        if R.random() < 0.5:
            ins.append(tens([groups * out], kinds=["normal"]))
            kw["bias"] = r(2)
        return ins, [[f"F.conv{'_transpose' if kind == 'transposed' else ''}{rank}d", [r(0), r(1)], kw]]
    if kind in ("max", "avg", "lp", "unpool"):
        k = sizes(rank, 1, 3)
        if kind != "unpool":
            some("stride", sizes(rank, 1, 3))
            some("ceil_mode", True)
        if kind in ("max", "avg"):
            some("padding", sizes(rank, 0, 1))
        if kind == "avg":
            some("count_include_pad", False)
            if rank > 1:
                some("divisor_override", R.choice([1, 3, -2]), 0.2)
        if kind == "max":
            some("dilation", sizes(rank, 1, 2), 0.3)
            try:
                y = getattr(F, f"max_pool{rank}d")(torch.zeros([*lead, *extents]), k, **kw)
                x["req"] = x["req"] and not bool(torch.isinf(y).any())
            except RuntimeError:
                pass
            some("return_indices", True)
        if kind == "lp":
            x = tens([*lead, *extents], kinds=["normal"])
            return [x], [["F.relu", [r(0)], {}], [f"F.lp_pool{rank}d", [r(1), R.choice([1, 2, 3]), k], kw]]
        if kind == "unpool":
            pool = [f"F.max_pool{rank}d", [r(0), k], {"return_indices": True}]
            given = {"output_size": extents} if R.random() < 0.7 else {}
            return [x], [pool, [f"F.max_unpool{rank}d", [{"r": 1, "k": 0}, {"r": 1, "k": 1}, k], given]]
        return [x], [[f"F.{kind}_pool{rank}d", [r(0), k], kw]]
    if kind == "adaptive":
        op = R.choice(["avg", "max"])
        if op == "max":
            some("return_indices", True)
        return [x], [[f"F.adaptive_{op}_pool{rank}d", [r(0), sizes(rank, 1, 5)], kw]]
    if kind == "pad":
        mode = R.choice(["constant", "reflect", "replicate", "circular"])
        some("mode", mode, 1)
        least = -1 if mode != "circular" and R.random() < 0.3 else 0
        return [x], [["F.pad", [r(0), [R.randint(least, 3) for _ in range(2 * rank)]], kw]]
    if kind == "resize":
        mode = R.choice(["nearest", "nearest-exact", "area", {1: "linear", 2: "bilinear", 3: "trilinear"}[rank]])
        if rank == 2 and R.random() < 0.3:
            mode = "bicubic"
        kw["mode"] = mode
        if R.random() < 0.6:
            kw["size"] = sizes(rank, 1, 9)
        else:
            # By half an extent of 1 the mode "area" gives nothing, of which PyTorch has no gradient.
            kw["scale_factor"] = R.choice([1 if mode == "area" else 0.5, 1.5, 2, 2.25, [R.choice([0.75, 1.25, 3]) for _ in range(rank)]])
            some("recompute_scale_factor", True, 0.3)
        if "linear" in mode or mode == "bicubic":
            some("align_corners", R.random() < 0.5)
            if rank == 2:
                # To a width of 1 PyTorch takes the rows for channels.
                some("antialias", True, 0.3)
                if kw.get("antialias") and "size" in kw:
                    kw["size"] = sizes(2, 2, 9)
        return [tens([*lead, *extents], kinds=["normal", "ties"])], [["F.interpolate", [r(0)], kw]]
    k = sizes(2, 1, 3)
    some("dilation", sizes(2, 1, 2))
    some("padding", sizes(2, 0, 2))
    some("stride", sizes(2, 1, 3))
    image = [R.randint(1, 6), R.randint(1, 6)]
    steps = [["F.unfold", [r(0), k], kw]]
    if R.random() < 0.6:
        steps.append(["F.fold", [r(1), image, k], kw])
    return [tens([*lead, *image], kinds=["normal"])], steps


AREAS = {
    "chain": (a_chain, 4),
    "large": (a_large, 1),
    "unary": (a_unary, 10),
    "activation": (a_activation, 6),
    "denorm": (a_denorm, 2),
    "binary": (a_binary, 12),
    "intarith": (a_intarith, 4),
    "bigint": (a_bigint, 4),
    "clampwhere": (a_clampwhere, 5),
    "reduce": (a_reduce, 14),
    "matmul": (a_matmul, 8),
    "conv": (a_conv, 9),
    "pool": (a_pool, 8),
    "space": (a_space, 12),
    "softmax": (a_softmax, 6),
    "loss": (a_loss, 12),
    "index": (a_index, 9),
    "shape": (a_shape, 9),
    "create": (a_create, 4),
    "convert": (a_convert, 3),
    "inplace": (a_inplace, 4),
    "compose": (a_compose, 6),
    "double": (a_double, 5),
    **torch_rows.areas(sys.modules[__name__]),
}


# ---------------------------------------------------------------- running in PyTorch
def resolve(op):
    ns, *within, name = op.split(".")
    if ns == "torch":
        return getattr(functools.reduce(getattr, within, torch), name)
    if ns == "F":
        return getattr(F, name)
    return lambda x, *a, **k: getattr(x, name)(*a, **k)


DT = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool, "uint8": torch.uint8}


def arg(v, vals):
    if isinstance(v, dict):
        if "r" in v:
            x = vals[v["r"]]
            return x[v["k"]] if "k" in v else x
        if "dt" in v:
            return DT[v["dt"]]
        if "sl" in v:
            return slice(*v["sl"])
    if isinstance(v, list):
        return [arg(x, vals) for x in v]
    return v


def outs(v):
    return list(v) if isinstance(v, (tuple, list)) else [v]


def run(ins, steps, grad, seeds):
    vals = []
    for t in ins:
        x = t["x"].clone()
        if t["req"]:
            x.requires_grad_()
        vals.append(x)
    for op, args, kw in steps:
        a = [arg(v, vals) for v in args]
        k = {n: arg(v, vals) for n, v in kw.items()}
        if op == "getitem":
            y = a[0][tuple(a[1])] if a[1] else a[0][()]
        elif op in ("torch.cat", "torch.stack"):
            y = resolve(op)(a[0], *a[1:], **k)
        else:
            y = resolve(op)(*a, **k)
        vals.append(y)
    last = outs(vals[-1])
    res = {"outs": [enc(o) for o in last]}
    leaves = [v for v, t in zip(vals, ins) if t["req"]]
    flt = [o for o in last if o.dtype == torch.float32 and o.requires_grad]
    if grad and leaves and flt:
        # the weights of the outputs in the loss
        w = (
            [
                torch.tensor(np.array([R.gauss(0, 1) for _ in range(o.numel())], dtype=np.float32).reshape(o.shape))
                for o in flt
            ]
            if seeds is None
            else seeds
        )
        res["seeds"] = [enc(x) for x in w]
        total = sum((o * x).sum() for o, x in zip(flt, w)) if len(flt) > 1 or grad == "double" else None
        if grad == "backward":
            if total is None:
                flt[0].backward(w[0])
            else:
                total.backward()
            gs = [v.grad for v in leaves]
        elif grad == "grad":
            gs = torch.autograd.grad(
                flt[0] if total is None else total,
                leaves,
                grad_outputs=w[0] if total is None else None,
                allow_unused=True,
            )
        else:
            g1 = torch.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
            tot2 = None
            for g in g1:
                if g is None:
                    continue
                q = (g * g).sum()
                tot2 = q if tot2 is None else tot2 + q
            res["first"] = [enc(g) for g in g1]
            if tot2 is None or not tot2.requires_grad:
                gs = [None for _ in g1]
            else:
                gs = torch.autograd.grad(tot2, leaves, allow_unused=True)
        res["grads"] = [enc(g) for g in gs]
    return res


# ---------------------------------------------------------------- optimisers
def optim_case():
    kind = R.choice(["Adam", "AdamW", "SGD"])

    def setting():
        kw = {"lr": R.choice([0.1, 0.01, 1e-3, 0.5, 0])}
        if kind == "SGD":
            if R.random() < 0.6:
                kw["momentum"] = R.choice([0.9, 0.5, 0.99, 0])
            if R.random() < 0.4:
                kw["nesterov"] = R.random() < 0.8
            elif R.random() < 0.4:
                kw["dampening"] = R.choice([0.1, 0.5, 1.0])
            if R.random() < 0.05:
                kw["dampening"] = 0.3
        else:
            if R.random() < 0.5:
                kw["betas"] = R.choice([[0.9, 0.999], [0.5, 0.9], [0.0, 0.99], [0.9, 0.0], [0.95, 0.95]])
            if R.random() < 0.4:
                kw["eps"] = R.choice([1e-8, 1e-3, 1e-7, 0.1])
            if R.random() < 0.4:
                kw["amsgrad"] = R.random() < 0.85
        if R.random() < 0.5:
            kw["weight_decay"] = R.choice([0.01, 0.1, 0.0, 0.5])
        if R.random() < 0.3:
            kw["maximize"] = R.random() < 0.8
        return kw

    n = R.randint(1, 4)
    params = [
        values([R.randint(1, 4) for _ in range(R.randint(0, 2))], R.choice(["normal", "ties", "big"])) for _ in range(n)
    ]
    groups = None
    kw = setting()
    if n > 1 and R.random() < 0.45:
        cut = R.randint(1, n - 1)
        g2 = setting()
        groups = [
            {"params": list(range(cut)), "kw": {}},
            {"params": list(range(cut, n)), "kw": g2 if R.random() < 0.8 else {}},
        ]
    steps = []
    for i in range(R.randint(2, 7)):
        gr = []
        for p in params:
            if R.random() < 0.12:
                gr.append(None)
            else:
                g = values(list(p.shape), R.choice(["normal", "normal", "ties", "small", "big"]))
                gr.append(g)
        steps.append(
            {
                "grads": gr,
                "lr": R.choice([0.05, 0.2]) if R.random() < 0.15 else None,
                "clip": R.choice([1.0, 0.1, 5.0, 1e6]) if R.random() < 0.25 else None,
                "clipv": R.choice([0.5, 0.01]) if R.random() < 0.1 else None,
                "reload": R.random() < 0.1,
            }
        )
    case = {
        "area": "optim",
        "kind": kind,
        "kw": kw,
        "groups": groups,
        "params": [enc(p) for p in params],
        "steps": [{**s, "grads": [enc(g) for g in s["grads"]]} for s in steps],
    }
    try:
        ps = [p.clone().requires_grad_() for p in params]
        cls = getattr(torch.optim, kind)
        make = lambda: cls(
            ps if groups is None else [{"params": [ps[i] for i in g["params"]], **g["kw"]} for g in groups], **kw
        )
        opt = make()
        trace = []
        norms = []
        for s in steps:
            for p, g in zip(ps, s["grads"]):
                p.grad = None if g is None else g.clone()
            if s["lr"] is not None:
                opt.param_groups[0]["lr"] = s["lr"]
            if s["reload"]:
                sd = opt.state_dict()
                opt = make()
                opt.load_state_dict(sd)
            if s["clip"] is not None:
                norms.append(enc(torch.nn.utils.clip_grad_norm_(ps, s["clip"])))
            if s["clipv"] is not None:
                torch.nn.utils.clip_grad_value_(ps, s["clipv"])
            opt.step()
            trace.append([enc(p) for p in ps])
        case["expect"] = {"trace": trace, "norms": norms}
    except Exception as e:
        case["expect"] = {"err": f"{type(e).__name__}: {e}".split("\n")[0][:200]}
    return case


def clean(o):
    """JSON has no inf and nan."""
    if isinstance(o, float):
        if math.isnan(o):
            return {"f": "nan"}
        if math.isinf(o):
            return {"f": "inf" if o > 0 else "-inf"}
        if o == 0 and math.copysign(1, o) < 0:
            return {"f": "-0"}
    if isinstance(o, dict):
        return {k: clean(v) for k, v in o.items()}
    if isinstance(o, (list, tuple)):
        return [clean(v) for v in o]
    return o


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--count", type=int, default=1000)
    ap.add_argument("--area", default="")
    ap.add_argument("--first", type=int, default=0)
    ap.add_argument("--out")
    a = ap.parse_args()
    out = open(a.out, "w") if a.out else sys.stdout
    only = [x for x in a.area.split(",") if x]
    table = [(k, f, w) for k, (f, w) in AREAS.items() if not only or k in only]
    with_optim = not only or "optim" in only
    names = [k for k, _, _ in table]
    weights = [w for _, _, w in table]
    if with_optim:
        names.append("optim")
        weights.append(5)
    fn = {k: f for k, f, _ in table}
    for i in range(a.first, a.first + a.count):
        R.seed(a.seed * 1000003 + i)
        area = R.choices(names, weights)[0]
        if area == "optim":
            case = optim_case()
        else:
            ins, steps = fn[area]()
            grad = None
            if any(t["req"] for t in ins):
                grad = "double" if area == "double" else R.choice(["backward", "backward", "grad", None])
            case = {
                "area": area,
                "inputs": [{**enc(t["x"]), "req": t["req"]} for t in ins],
                "steps": steps,
                "grad": grad,
            }
            try:
                case["expect"] = run(ins, steps, grad, None)
            except Exception as e:
                case["expect"] = {"err": f"{type(e).__name__}: {e}".split("\n")[0][:200]}
        case["id"] = f"{a.seed}:{i}"
        out.write(json.dumps(clean(case), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
