#!/usr/bin/env python3
"""Cases from PyTorch's own op, module and optimizer databases, with PyTorch's results. Writes JSON lines.

  PYTHONPATH=stand_ins python3 generate_torch.py --out cases.jsonl.gz [--part 0|1] [--per 24]

--part keeps the even or the odd cases of each function. The databases ship in PyTorch's wheel (torch.testing._internal).
  {"k": "op", "op": name, "fn": path, "args": [...], "kw": {...}, "outs": [...], "seeds": [...], "grads": [...], "grads2": [...]} or {"err": message}
  {"k": "module", "cls", "args", "kw", "state": {name: tensor}, "train", "input", "outs", "gin", "gparams", "repr"}
  {"k": "optim", "cls", "kw", "params", "grads": per step, "trace": per step}
"""

import argparse, base64, collections, gzip, json, math, sys, warnings
import numpy as np, torch

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db
from torch.testing._internal.common_optimizers import optim_db

NAME = {torch.float32: "float32", torch.int64: "int64", torch.int32: "int32", torch.bool: "bool", torch.uint8: "uint8"}
LIMIT = 20000


class Skip(Exception):
    pass


def enc(t, req=False):
    if t is None:
        return None
    t = t.detach()
    if t.layout != torch.strided or t.dtype not in NAME:
        raise Skip(f"dtype {t.dtype}" if t.layout == torch.strided else "sparse")
    if t.numel() > LIMIT:
        raise Skip("large")
    a = t.resolve_conj().resolve_neg().contiguous().numpy()
    b = (
        np.clip(a, -(2**53), 2**53).astype(np.float64)
        if t.dtype == torch.int64
        else a.astype(np.uint8)
        if t.dtype == torch.bool
        else a
    )
    e = {"t": NAME[t.dtype], "s": list(t.shape), "d": base64.b64encode(b.tobytes()).decode()}
    if req:
        e["g"] = 1
    return e


def val(v):
    if isinstance(v, torch.Tensor):
        return enc(v, v.requires_grad)
    if v is None or isinstance(v, (bool, str)):
        return v
    if isinstance(v, (int, np.integer)):
        return int(v)
    if isinstance(v, (float, np.floating)):
        return float(v) if math.isfinite(v) else {"f": "nan" if v != v else "inf" if v > 0 else "-inf"}
    if isinstance(v, torch.dtype):
        if v not in NAME:
            raise Skip(f"dtype {v}")
        return {"dt": NAME[v]}
    if isinstance(v, slice):
        return {"sl": [v.start, v.stop, v.step]}
    if v is Ellipsis:
        return {"ell": 1}
    if isinstance(v, (list, tuple)):
        return [val(x) for x in v]
    if isinstance(v, dict):
        return {"o": {k: val(x) for k, x in v.items()}}
    raise Skip(f"argument {type(v).__name__}")


def tensors(v):
    if isinstance(v, torch.Tensor):
        return [v]
    if isinstance(v, (list, tuple)):
        return [t for x in v for t in tensors(x)]
    if isinstance(v, dict):
        return [t for x in v.values() for t in tensors(x)]
    return []


def copy(v):
    if isinstance(v, torch.Tensor):
        return v.detach().clone().requires_grad_(v.requires_grad)
    if isinstance(v, (list, tuple)):
        return type(v)(copy(x) for x in v) if not hasattr(v, "_fields") else v
    if isinstance(v, dict):
        return {k: copy(x) for k, x in v.items()}
    return v


def flat(o):
    if isinstance(o, torch.Tensor):
        return [o]
    if isinstance(o, (list, tuple)):
        return [t for x in o for t in flat(x)]
    if isinstance(o, (bool, int, float)):
        return [o]
    raise Skip(f"result {type(o).__name__}")


def out(o):
    return enc(o) if isinstance(o, torch.Tensor) else {"n": val(o)}


def path(name):
    for root, o in (("torch.", torch),):
        at = o
        try:
            for p in name.split("."):
                at = getattr(at, p)
            return root + name, at
        except AttributeError:
            pass
    if "." not in name and hasattr(torch.Tensor, name):
        return "Tensor." + name, lambda x, *a, **k: getattr(x, name)(*a, **k)
    raise Skip("no public name")


rng = np.random.default_rng(5)


def seed_like(o):
    return torch.tensor(rng.standard_normal(o.shape).astype(np.float32))


def same(a, b):
    return all(
        (
            x == y
            if not isinstance(x, torch.Tensor)
            else x.shape == y.shape and torch.equal(torch.nan_to_num(x.float()), torch.nan_to_num(y.float()))
        )
        for x, y in zip(a, b)
    )


RANDOM = (
    "bernoulli",
    "dropout",
    "rand",
    "normal",
    "multinomial",
    "poisson",
    "rrelu",
    "fractional",
    "empty",
    "exponential",
)


def index(i):  # what stands between Python's brackets: a tuple is several, a list of numbers is a tensor of them
    return [
        torch.tensor(x) if isinstance(x, list) and x and isinstance(x[0], (int, bool)) else x
        for x in (i if isinstance(i, tuple) else (i,))
    ]


def op_case(op, s, dtype, grad, second, form):
    fn, f = path(op.name)
    if form == "method":
        if not hasattr(torch.Tensor, op.name):
            raise Skip("no method")
        fn, f = "Tensor." + op.name, lambda x, *a, **k: getattr(x, op.name)(*a, **k)
    args, kw = (s.input, *s.args), dict(s.kwargs)
    if op.name == "einsum":
        args = (s.args[0], *s.input)
    if grad:
        for t in tensors([args, kw]):
            if t.dtype == torch.float32:
                t.requires_grad_()
    if op.name == "__getitem__":
        args = (args[0], tuple(index(args[1])))
    c = {"k": "op", "op": op.name, "fn": fn, "args": [val(a) for a in args], "kw": {k: val(v) for k, v in kw.items()}}
    a, k = copy(args), copy(kw)
    torch.manual_seed(1)
    outs = flat(f(*a, **k))
    torch.manual_seed(2)
    again = flat(f(*copy(args), **copy(kw)))
    c["outs"] = [out(o) for o in outs]
    if not same(outs, again) or any(r in op.name for r in RANDOM):
        c["random"] = True
        return c
    leaves = [t for t in tensors([a, k]) if t.requires_grad]
    flt = [o for o in outs if isinstance(o, torch.Tensor) and o.dtype == torch.float32 and o.requires_grad]
    if grad and leaves and flt:
        w = [seed_like(o) for o in flt]
        g1 = torch.autograd.grad(flt, leaves, grad_outputs=w, allow_unused=True, create_graph=second)
        c["seeds"] = [enc(x) for x in w]
        c["grads"] = [enc(g) for g in g1]
        q = [(g * g).sum() for g in g1 if g is not None and g.requires_grad] if second else []
        if q and sum(q).requires_grad:
            c["grads2"] = [enc(g) for g in torch.autograd.grad(sum(q), leaves, allow_unused=True)]
    return c


def signature(c):
    def shape(v):
        if isinstance(v, dict) and "s" in v:
            return ("T", v["t"], len(v["s"]), 0 in v["s"])
        if isinstance(v, dict):
            return tuple((k, shape(x)) for k, x in v.items()) if "o" in v else tuple(v)
        if isinstance(v, list):
            return ("L", min(len(v), 3), *(shape(x) for x in v[:2]))
        return v if isinstance(v, (bool, str, type(None))) else type(v).__name__

    return json.dumps([c["fn"], [shape(a) for a in c["args"]], {k: shape(v) for k, v in c["kw"].items()}])


def ops(per, skipped):
    for op in op_db:
        if op.name.startswith("__r") or op.variant_test_name in ("jit",):
            continue
        got, seen = [], collections.Counter()
        for dtype, share in ((torch.float32, 0.7), (torch.int64, 0.2), (torch.bool, 0.1)):
            if dtype not in op.dtypes:
                continue
            want, n, i = max(2, int(per * share)), 0, 0
            grad = dtype == torch.float32 and op.supports_autograd
            try:
                gen = list(op.sample_inputs("cpu", dtype, requires_grad=False))
            except Exception as e:
                skipped[f"samples: {type(e).__name__}"] += 1
                continue
            for rounds in range(3):  # first one of each signature, then more of the same
                for s in gen:
                    if n >= want:
                        break
                    i += 1
                    try:
                        c = op_case(
                            op,
                            s,
                            dtype,
                            grad,
                            grad and i % 3 == 0 and op.supports_gradgrad,
                            "method" if i % 4 == 3 and op.method_variant is not None else "function",
                        )
                    except Skip as e:
                        skipped[str(e)] += 1
                        continue
                    except Exception as e:
                        skipped[f"torch raised: {type(e).__name__}"] += 1
                        continue
                    g = signature(c)
                    if seen[g] != rounds:
                        continue
                    seen[g] += 1
                    n += 1
                    got.append(c)
        if op.error_inputs_func:
            try:
                for n, e in enumerate(op.error_inputs("cpu")):
                    if n >= 6:
                        break
                    s = e.sample_input
                    try:
                        fn, f = path(op.name)
                        c = {
                            "k": "op",
                            "op": op.name,
                            "fn": fn,
                            "args": [val(a) for a in (s.input, *s.args)],
                            "kw": {k: val(v) for k, v in s.kwargs.items()},
                        }
                    except Skip:
                        continue
                    try:
                        f(*copy((s.input, *s.args)), **copy(s.kwargs))
                        continue
                    except Exception as x:
                        c["err"] = str(x).split("\n")[0][:200]
                        if "float" not in c["err"]:
                            got.append(c)  # JavaScript's numbers do not tell 1 from 1.0
            except Exception:
                pass
        yield op.name, got


def modules(skipped):
    for m in module_db:
        cls, got = m.module_cls, []
        if not cls.__module__.startswith("torch.nn.modules"):
            continue
        for train in (True, False):
            try:
                ins = m.module_inputs_func(m, "cpu", torch.float32, True, training=train)
            except Exception as e:
                skipped[f"modules: {type(e).__name__}"] += 1
                continue
            for s in ins[:10]:
                try:
                    ci, fi = s.constructor_input, s.forward_input
                    if fi is None:
                        continue
                    c = {
                        "k": "module",
                        "op": "nn." + cls.__name__,
                        "cls": cls.__name__,
                        "args": [val(a) for a in ci.args],
                        "kw": {k: val(v) for k, v in ci.kwargs.items()},
                        "train": train,
                    }
                    torch.manual_seed(3)
                    mod = cls(*ci.args, **ci.kwargs)
                    mod.train(train)
                    c["state"] = {k: enc(v) for k, v in mod.state_dict().items()}
                    c["repr"] = repr(mod)
                    a, k = copy(fi.args), copy(fi.kwargs)
                    c["input"] = [val(x) for x in a]
                    c["inkw"] = {n: val(v) for n, v in k.items()}
                    torch.manual_seed(1)
                    outs = flat(mod(*a, **k))

                    c["outs"] = [out(o) for o in outs]
                    if cls.__name__.find("Dropout") >= 0 or cls.__name__ in (
                        "RReLU",
                        "FractionalMaxPool2d",
                        "FractionalMaxPool3d",
                    ):
                        if train:
                            c["random"] = True
                            got.append(c)
                            continue
                    leaves = [t for t in tensors([a, k]) if t.requires_grad]
                    ps = [p for _, p in mod.named_parameters()]
                    flt = [
                        o for o in outs if isinstance(o, torch.Tensor) and o.dtype == torch.float32 and o.requires_grad
                    ]
                    if flt:
                        w = [seed_like(o) for o in flt]
                        gs = torch.autograd.grad(flt, leaves + ps, grad_outputs=w, allow_unused=True)
                        c["seeds"] = [enc(x) for x in w]
                        c["gin"] = [enc(g) for g in gs[: len(leaves)]]
                        c["gparams"] = {n: enc(g) for (n, _), g in zip(mod.named_parameters(), gs[len(leaves) :])}
                    c["after"] = {k: enc(v) for k, v in mod.state_dict().items() if k in dict(mod.named_buffers())}
                    got.append(c)
                except Skip as e:
                    skipped[str(e)] += 1
                except Exception as e:
                    skipped[f"module raised: {type(e).__name__}"] += 1
        yield "nn." + cls.__name__, got


def optims(skipped):
    for o in optim_db:
        got = []
        for i in o.optim_inputs_func("cpu"):
            try:
                if any(k in i.kwargs for k in ("foreach", "fused", "capturable", "differentiable")) and any(
                    i.kwargs.get(k) for k in ("foreach", "fused", "capturable", "differentiable")
                ):
                    continue
                kw = {k: v for k, v in i.kwargs.items()}
                shapes = [(4, 3), (5, 2), (6, 4)] if o.optim_cls.__name__ == "Muon" else [(4, 3), (5,), (2, 3, 2)]
                ps = [torch.tensor(rng.standard_normal(s).astype(np.float32)).requires_grad_() for s in shapes]
                c = {
                    "k": "optim",
                    "op": "optim." + o.optim_cls.__name__,
                    "cls": o.optim_cls.__name__,
                    "kw": {k: val(v) for k, v in kw.items()},
                    "params": [enc(p) for p in ps],
                    "grads": [],
                    "trace": [],
                }
                opt = o.optim_cls(ps, **kw)
                for _ in range(6):
                    gs = [torch.tensor(rng.standard_normal(p.shape).astype(np.float32)) for p in ps]
                    for p, g in zip(ps, gs):
                        p.grad = g
                    if o.optim_cls.__name__ == "LBFGS":
                        opt.step(lambda: sum((p * g).sum() + 0.5 * (p * p).sum() for p, g in zip(ps, gs)))
                    else:
                        opt.step()
                    c["grads"].append([enc(g) for g in gs])
                    c["trace"].append([enc(p) for p in ps])
                if o.optim_cls.__name__ in ("LBFGS", "SparseAdam"):
                    skipped["optim needs a closure or sparse"] += 1
                    continue
                got.append(c)
            except Skip as e:
                skipped[str(e)] += 1
            except Exception as e:
                skipped[f"optim raised: {type(e).__name__}: {str(e)[:50]}"] += 1
        yield "optim." + o.optim_cls.__name__, got


p = argparse.ArgumentParser()
p.add_argument("--out", required=True)
p.add_argument("--part", type=int)
p.add_argument("--per", type=int, default=24)
p.add_argument("--only")
a = p.parse_args()
skipped, total, names = collections.Counter(), 0, set()
with gzip.open(a.out, "wt", compresslevel=9) as f:
    for gen in (ops(a.per, skipped), modules(skipped), optims(skipped)):
        for name, cases in gen:
            if a.only and a.only != name:
                continue
            if not cases:
                print("nothing of", name, file=sys.stderr)
                continue
            names.add(name)
            for n, c in enumerate(cases):
                if a.part is not None and n % 2 != a.part:
                    continue
                c["id"] = f"{name}#{n}"
                total += 1
                f.write(json.dumps(c, separators=(",", ":")) + "\n")
print(f"{total} cases of {len(names)} names; skipped: {dict(skipped.most_common())}")
