#!/usr/bin/env python3
"""Cases from Keras' own tests, with Keras' results on TensorFlow. Writes JSON lines.

  KERAS_BACKEND=tensorflow PYTHONPATH=<folder with pytest> python3 generate_keras.py record --out DIR [--only PART_OF_PATH] [--jobs 2]
  python3 generate_keras.py own --out DIR                              # optimizers, initializers, models of our own
  python3 generate_keras.py merge DIR --out cases.jsonl.gz --part 0|1  # even or odd cases of every name

`record` runs the test files that Keras' wheel ships with every public function and class wrapped, and keeps the calls that stand in
the tests themselves: arguments and what Keras returns for them. float64 arguments become float32 and int64 ones int32 before.
  {"k": "op" | "sym", "fn": "ops.add", "args", "kw", "sig": names of parameters, "out": value | "err": class, "rand": shapes only}
  {"k": "obj", "fn": "losses.Huber", "args", "kw", "call": [args, kw], "out"}             a loss, regularizer, constraint, initializer
  {"k": "metric", "fn", "args", "kw", "steps": [["update", args, kw] | ["reset"]], "outs": result after each}
  {"k": "optim", "fn", "args", "kw", "params", "grads": per step, "trace": per step}  {"k": "sched", "fn", "args", "kw", "at", "outs"}
  {"k": "lsym", "fn", "args", "kw", "inputs", "ckw", "out" | "err"}  a layer called on placeholders
  {"k": "config", "fn", "args", "kw", "config": what get_config() gives, without name and dtype | "err"}
  {"k": "layer", "fn", "args", "kw", "inputs", "ckw", "w": weights, "out", "train", "after", "seeds", "gin", "gw", "mode", "count"}
Arrays are {"t": dtype, "s": shape, "d": base64}; placeholders {"kt": dtype, "s": shape}; objects {"new": name, "args", "kw"}.
"""

import argparse, base64, collections, functools, glob, gzip, hashlib, inspect, json, math, os, re, signal, subprocess, sys, time, warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")
LIMIT = 20000


class Skip(Exception):
    pass


TALLY = collections.Counter()
DTYPES = {"float32", "int32", "bool", "uint8"}
NOT_DT = {
    "float64",
    "float16",
    "bfloat16",
    "int8",
    "int16",
    "int64",
    "uint16",
    "uint32",
    "uint64",
    "complex64",
    "complex128",
    "float",
    "int",
    "string",
}


def setup():
    global np, tf, keras, kt, FN, CLS, PUB
    import numpy as np, tensorflow as tf, keras

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    kt = keras.KerasTensor
    FN, CLS = {}, {}
    for ns in "activations losses metrics initializers regularizers constraints ops ops.image ops.linalg random utils utils.bounding_boxes optimizers optimizers.schedules layers".split():
        m = keras
        for p in ns.split("."):
            m = getattr(m, p, None)
        for n in dir(m) if m else []:
            v = getattr(m, n)
            if n.startswith("_") or inspect.ismodule(v):
                continue
            if inspect.isclass(v):
                if id(v) not in CLS or v.__name__ == n and CLS[id(v)][0].split(".")[-1] != n:
                    CLS[id(v)] = (f"{ns}.{n}", v)
            elif callable(v) and id(v) not in FN:
                FN[id(v)] = (f"{ns}.{n}", v)
    for k in [
        k
        for k, (n, _) in FN.items()
        if re.search(
            r"file|dataset|plot|dot|_img|serialize|register|custom|scope|logging|source_inputs|get_registered|\.get$|standardize_dtype|Input$",
            n,
        )
    ]:
        del FN[k]


# ------------------------------------------------------------------ encoding
def num(v):
    if isinstance(v, float) and not math.isfinite(v):
        return {"f": "nan" if v != v else "inf" if v > 0 else "-inf"}
    if isinstance(v, int) and abs(v) > 2**53:
        raise Skip("large integer")
    return v


def b64(a):
    return base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()


def enc(a):
    if a.size > LIMIT:
        raise Skip("large")
    n = a.dtype.name
    if n == "int64":
        return {"t": "int64", "s": list(a.shape), "d": b64(np.clip(a, -(2**53), 2**53).astype(np.float64))}
    if n == "float64":
        return {"t": n, "s": list(a.shape), "d": b64(a)}
    if n not in DTYPES:
        raise Skip(f"dtype {n}")
    return {"t": n, "s": list(a.shape), "d": b64(a.astype(np.uint8) if n == "bool" else a)}


def narrow(a):
    a = np.asarray(a)
    if a.dtype.name == "float64":
        return a.astype(np.float32)
    if a.dtype.name == "int64":
        if a.size and (a.max() > 2**31 - 1 or a.min() < -(2**31)):
            raise Skip("large integer")
        return a.astype(np.int32)
    if a.dtype.name not in DTYPES:
        raise Skip(f"dtype {a.dtype.name}" if a.dtype != object and a.dtype.kind not in "US" else "strings or objects")
    return a


DATA = set(
    """x x1 x2 y inputs a b tensor y_true y_pred sample_weight condition updates values kernel query key value target output data segment_ids images
 image coordinates indices bias mask logits labels fp v xp weights bins sorted_sequence seq1 start stop base_image lower upper x_min x_max inputs_1 logits_ targets boxes depthwise_kernel pointwise_kernel
 target_length output_length target_lengths output_lengths sequence initial_state start_points end_points transforms transform moving_variance mean variance input tensors_ fill_value constant_values prepend append weight scale offset""".split()
)
LISTS = {"xs", "arrays", "tensors", "operands", "args"}


def isnum(v):
    return (
        isinstance(v, (bool, int, float, np.generic))
        or (isinstance(v, (list, tuple)) and len(v) > 0 and all(isnum(x) for x in v))
        or (isinstance(v, (list, tuple)) and len(v) == 0)
    )


def name_of(v):
    return getattr(v, "__k2__", None) or FN.get(id(v), (None,))[0]


def prep(v, param=None):
    """JSON and the value to hand to Keras."""
    if v is None or isinstance(v, bool):
        return v, v
    if isinstance(v, str):
        if v in NOT_DT:
            raise Skip(f"dtype {v}")
        return v, v
    if isinstance(v, (int, float)) and not isinstance(v, np.generic):
        return num(v), v
    if isinstance(v, np.ndarray) or isinstance(v, np.generic):
        a = narrow(v)
        return enc(a), a
    if isinstance(v, keras.Variable):
        a = narrow(v.numpy())
        return enc(a), tf.constant(a)
    if isinstance(v, kt):
        if v.dtype not in DTYPES or getattr(v, "sparse", False) or getattr(v, "ragged", False):
            raise Skip("symbolic of another kind")
        return {"kt": v.dtype, "s": list(v.shape)}, kt(v.shape, v.dtype)
    if isinstance(v, (tf.SparseTensor, tf.RaggedTensor, tf.IndexedSlices)):
        raise Skip("sparse")
    if isinstance(v, (tf.Tensor, tf.Variable)):
        if not hasattr(v, "numpy"):
            raise Skip("inside a graph")
        try:
            a = v.numpy()
        except Exception:
            raise Skip("inside a graph")
        a = narrow(a)
        return enc(a), tf.constant(a)
    if isinstance(v, (list, tuple)):
        if param in DATA and isnum(v) and len(v):
            try:
                a = narrow(np.array(v))
            except ValueError:
                raise Skip("ragged list")
            return enc(a), a
        pairs = [prep(x, "x" if param in LISTS and isinstance(x, (list, tuple)) else None) for x in v]
        if hasattr(v, "_fields"):
            raise Skip("named tuple")
        return [p[0] for p in pairs], type(v)(p[1] for p in pairs)
    if isinstance(v, slice):
        return {"sl": [prep(v.start)[0], prep(v.stop)[0], prep(v.step)[0]]}, v
    if v is Ellipsis:
        return {"ell": 1}, v
    if isinstance(v, dict):
        ps = {k: prep(x) for k, x in v.items()}
        if not all(isinstance(k, (str, int)) for k in v):
            raise Skip("dictionary")
        return {"o": {str(k): p[0] for k, p in ps.items()}}, {k: p[1] for k, p in ps.items()}
    if (
        isinstance(v, (np.dtype, tf.DType))
        or v in (float, int, bool)
        or (inspect.isclass(v) and issubclass(v, np.generic))
    ):
        n = keras.backend.standardize_dtype(v) if v not in (float, int) else "float32" if v is float else "int32"
        if n not in DTYPES:
            raise Skip(f"dtype {n}")
        return {"dt": n}, n
    if callable(v) and not inspect.isclass(v) and name_of(v):
        return {"fn": name_of(v)}, getattr(v, "__wrapped__", v)
    if inspect.isclass(v):
        raise Skip("a class")
    if id(type(v)) in CLS and "_k2" in getattr(v, "__dict__", {}):
        return remake(v)
    if isinstance(v, tf.TensorShape):
        return prep(list(v))
    if callable(v) and not hasattr(v, "_k2"):
        raise Skip("callback")
    raise Skip(f"argument {type(v).__name__}")


def params_of(f):
    try:
        return [n for n in inspect.signature(f).parameters if n != "self"]
    except Exception:
        return []


def prep_args(a, k, names):
    ja, va = zip(*[prep(x, names[i] if i < len(names) else None) for i, x in enumerate(a)]) if a else ((), ())
    ps = {n: prep(x, n) for n, x in k.items()}
    return list(ja), list(va), {n: p[0] for n, p in ps.items()}, {n: p[1] for n, p in ps.items()}


def make_spec(v):
    a, k = v._k2
    names = params_of(type(v).__init__)
    k = {n: x for n, x in k.items() if not (n == "dtype" and (x is None or x == "float32"))}
    if any(n == "dtype" for n in k):
        raise Skip("dtype policy")
    return prep_args(a, k, names)


def remake(v):
    ja, va, jk, vk = make_spec(v)
    return {"new": CLS[id(type(v))][0], "args": ja, "kw": jk}, type(v)(*va, **vk)


def encr(v, shapes=False):
    if v is None or isinstance(v, (bool, str)):
        return v
    if isinstance(v, (int, float)) and not isinstance(v, np.generic):
        return num(v)
    if isinstance(v, kt):
        return {"kt": v.dtype, "s": list(v.shape)}
    if isinstance(v, (tf.SparseTensor, tf.RaggedTensor, tf.IndexedSlices)):
        raise Skip("sparse result")
    if isinstance(v, keras.Variable):
        v = v.value
    if isinstance(v, (tf.Tensor, tf.Variable)):
        if v.dtype == tf.float64:
            raise Skip("float64 result")
        v = v.numpy()
        if isinstance(v, (bytes, str)):
            raise Skip("strings")
    if isinstance(v, (np.ndarray, np.generic)):
        e = enc(np.asarray(v))
        if shapes:
            del e["d"]
        return e
    if isinstance(v, (list, tuple)):
        return [encr(x, shapes) for x in v]
    if isinstance(v, tf.TensorShape):
        return [x for x in v]
    if isinstance(v, dict):
        return {"o": {str(k): encr(x, shapes) for k, x in v.items()}}
    raise Skip(f"result {type(v).__name__}")


def sig_key(j):
    if isinstance(j, dict):
        if "d" in j:
            return f"{j['t']}{len(j['s'])}{'e' if 0 in j['s'] else ''}"
        if "kt" in j:
            return f"k{j['kt']}{len(j['s'])}{None in j['s']}"
        return "{" + ",".join(f"{k}:{sig_key(v)}" for k, v in j.items()) + "}"
    if isinstance(j, list):
        return "[" + ",".join(sig_key(x) for x in j) + "]" if len(j) < 6 else "[...]"
    if isinstance(j, bool) or j is None or isinstance(j, str):
        return str(j)
    if isinstance(j, (int, float)):
        return f"n{'-' if j < 0 else '0' if j == 0 else '+'}{'f' if isinstance(j, float) else min(abs(j), 3)}"
    return "?"


# ------------------------------------------------------------------ recording
OUT = None
BUSY = [False]
SEEN = set()
PER = collections.Counter()
PERSIG = collections.Counter()
WHERE = [""]


def write(case):
    OUT.write(json.dumps(case, separators=(",", ":")) + "\n")
    OUT.flush()
    TALLY[f"kept {case['k']}"] += 1


def admit(k, fn, key, spec, per=200, persig=2):
    h = hashlib.md5(f"{k}{fn}{json.dumps(spec)}".encode()).hexdigest()
    if h in SEEN:
        return False
    SEEN.add(h)
    if PER[k, fn] >= per or PERSIG[k, fn, key] >= persig:
        return False
    PER[k, fn] += 1
    PERSIG[k, fn, key] += 1
    return True


def same(a, b):
    return json.dumps(a) == json.dumps(b)


def from_test(depth=2):
    return sys._getframe(depth).f_code.co_filename.endswith("_test.py")


def guarded(what, f, *a):
    BUSY[0] = True
    try:
        f(*a)
    except Skip as e:
        TALLY[f"skipped {what}: {e}"] += 1
    except Exception as e:
        TALLY[f"failed {what}: {type(e).__name__} {str(e)[:80]}"] += 1
    finally:
        BUSY[0] = False


def copy_in(v):
    if isinstance(v, np.ndarray):
        return v.copy()
    if isinstance(v, (list, tuple)):
        return type(v)(copy_in(x) for x in v)
    if isinstance(v, dict):
        return {k: copy_in(x) for k, x in v.items()}
    return v


def outcome(case, f, va, vk, floats=True, hard=False):
    """Result of the call, or its error; twice, to tell what is random."""
    try:
        r1 = f(*copy_in(va), **copy_in(vk))
    except Exception as e:
        case["err"] = type(e).__name__
        return case
    r2 = f(*copy_in(va), **copy_in(vk))
    e1 = encr(r1)
    e2 = encr(r2)
    if not same(e1, e2):
        case["rand"] = True
        case["out"] = encr(r1, True)
    else:
        case["out"] = e1
    whole = (
        [
            i
            for i, v in enumerate(va)
            if isinstance(v, float) and v == int(v if math.isfinite(v) else 1) and math.isfinite(v)
        ],
        [n for n, v in vk.items() if isinstance(v, float) and math.isfinite(v) and v == int(v)],
    )
    if floats and (whole[0] or whole[1]):
        va2 = [int(v) if i in whole[0] else v for i, v in enumerate(va)]
        vk2 = {n: int(v) if n in whole[1] else v for n, v in vk.items()}
        try:
            ok = same(encr(f(*copy_in(va2), **copy_in(vk2)), "rand" in case), case["out"])
        except Exception:
            ok = False
        if not ok:
            raise Skip("1.0 against 1")
    if (
        not hard
        and '"d"' not in json.dumps([case["args"], case["kw"]])
        and any(isinstance(v, int) and not isinstance(v, bool) for v in case["args"])
        and '"kt"' not in json.dumps(case["args"])
    ):
        va2 = [float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in va]
        try:
            ok = same(encr(f(*va2, **copy_in(vk)), "rand" in case), case["out"])
        except Exception:
            ok = True
        if not ok:
            raise Skip("1.0 against 1")
    return case


def record_op(name, f, names, a, k):
    ja, va, jk, vk = prep_args(a, k, names)
    text = json.dumps([ja, jk])
    kind = "sym" if '"kt"' in text else "op"
    if not admit(kind, name, sig_key([ja, jk]), [ja, jk], 60 if kind == "sym" else 200):
        return
    write(outcome({"k": kind, "fn": name, "args": ja, "kw": jk, "sig": names, "src": WHERE[0]}, f, va, vk))


def wrap_fn(name, f):
    names = params_of(f)

    @functools.wraps(f)
    def w(*a, **k):
        if not BUSY[0] and from_test():
            guarded(name, record_op, name, f, names, a, k)
        return f(*a, **k)

    w.__k2__ = name
    return w


def record_obj(obj, a, k, names):
    cls = type(obj)
    if id(cls) not in CLS or "_k2" not in obj.__dict__:
        raise Skip("a class of the test's own")
    name = CLS[id(cls)][0]
    ia, iva, ik, ivk = make_spec(obj)
    ja, va, jk, vk = prep_args(a, k, names)
    if '"kt"' in json.dumps([ja, jk]):
        raise Skip("symbolic")
    if not admit("obj", name, sig_key([ia, ik, ja, jk]), [ia, ik, ja, jk]):
        return
    write(
        outcome(
            {"k": "obj", "fn": name, "args": ia, "kw": ik, "call": [ja, jk], "sig": names, "src": WHERE[0]},
            lambda *x, **y: cls(*copy_in(iva), **copy_in(ivk))(*x, **y),
            va,
            vk,
            False,
        )
    )


def wrap_call(cls):
    f = cls.__dict__["__call__"]
    names = params_of(f)

    @functools.wraps(f)
    def w(self, *a, **k):
        if not BUSY[0] and from_test():
            guarded(f"{type(self).__name__}()", record_obj, self, a, k, names)
        return f(self, *a, **k)

    cls.__call__ = w


LOG = {}


def wrap_metric(cls, method):
    f = cls.__dict__[method]
    names = params_of(f)

    @functools.wraps(f)
    def w(self, *a, **k):
        if not BUSY[0] and from_test() and id(type(self)) in CLS and "_k2" in self.__dict__:
            LOG.setdefault(id(self), (self, []))[1].append(
                ("reset",) if method == "reset_state" else ("update", copy_in(a), copy_in(k), names)
            )
        return f(self, *a, **k)

    setattr(cls, method, w)


def flush_metric(obj, events):
    cls = type(obj)
    name = CLS[id(cls)][0]
    ia, iva, ik, ivk = make_spec(obj)
    steps, vals = [], []
    for e in events[:6]:
        if e[0] == "reset":
            steps.append(["reset"])
            vals.append(None)
            continue
        a, k = e[1], e[2]
        ja, va, jk, vk = prep_args(
            a,
            k,
            [
                "y_true" if cls.__name__ not in ("Mean", "Sum") else "values",
                "y_pred" if cls.__name__ not in ("Mean", "Sum") else "sample_weight",
                "sample_weight",
            ],
        )
        if '"kt"' in json.dumps([ja, jk]):
            raise Skip("symbolic")
        steps.append(["update", ja, jk])
        vals.append((va, vk))
    if not any(s[0] == "update" for s in steps):
        return
    if not admit("metric", name, sig_key([ia, ik, [s[1:] for s in steps]]), [ia, ik, steps]):
        return
    case = {"k": "metric", "fn": name, "args": ia, "kw": ik, "steps": steps, "outs": [], "src": WHERE[0]}
    try:
        m = cls(*iva, **ivk)
        for s, v in zip(steps, vals):
            if v is None:
                m.reset_state()
            else:
                m.update_state(*v[0], **v[1])
            case["outs"].append(encr(m.result()))
    except Skip:
        raise
    except Exception as e:
        case["err"] = type(e).__name__
        del case["outs"]
    write(case)


PENDING = []


def patch_new(base):
    old = base.__dict__.get("__new__")
    old = old.__func__ if isinstance(old, staticmethod) else old

    def new(cls, *a, **k):
        obj = old(cls, *a, **k) if old else object.__new__(cls)
        try:
            object.__setattr__(obj, "_k2", (a, dict(k)))
        except Exception:
            pass
        if not BUSY[0] and id(cls) in CLS:
            n = CLS[id(cls)][0]
            if not n.startswith(("optimizers.", "random.")) and from_test():
                PENDING.append(("ctor", cls, obj))
            elif n.startswith("optimizers.") and from_test():
                PENDING.append(("sched" if ".schedules." in n else "optim", cls, obj))
        return obj

    base.__new__ = staticmethod(new)


SHAPES = [(4, 3), (3,), (2, 2, 2)]


def optim_case(cls, name, ja, va, jk, vk):
    rng = np.random.default_rng(7)
    ps = [rng.standard_normal(s).astype(np.float32) for s in SHAPES]
    gs = [[(rng.standard_normal(s) * (0.3 + 0.4 * t)).astype(np.float32) for s in SHAPES] for t in range(6)]
    case = {
        "k": "optim",
        "fn": name,
        "args": ja,
        "kw": jk,
        "params": [enc(p) for p in ps],
        "grads": [[enc(g) for g in r] for r in gs],
        "trace": [],
        "src": WHERE[0],
    }
    try:
        o = cls(*va, **vk)
        vs = [keras.Variable(p) for p in ps]
        for r in gs:
            o.apply_gradients(zip([tf.constant(g) for g in r], vs))
            case["trace"].append([enc(v.numpy()) for v in vs])
    except Exception as e:
        case["err"] = type(e).__name__
        del case["trace"]
        del case["grads"]
    return case


def plain_config(v):
    if isinstance(v, dict):
        return {
            str(k): plain_config(x)
            for k, x in v.items()
            if k not in ("name", "dtype", "build_config", "shared_object_id")
        }
    if isinstance(v, (list, tuple)):
        return [plain_config(x) for x in v]
    if v is None or isinstance(v, (bool, str)):
        return v
    if isinstance(v, (int, float)) and not isinstance(v, np.generic):
        return num(v)
    if isinstance(v, np.generic):
        return num(v.item())
    raise Skip(f"config with {type(v).__name__}")


def config_case(cls, name, ja, va, jk, vk):
    """The configuration of an object, or that its constructor raises."""
    if not admit("config", name, sig_key([ja, jk]) + str([ja, jk])[:80], [ja, jk], 60):
        return
    case = {"k": "config", "fn": name, "args": ja, "kw": jk, "src": WHERE[0]}
    try:
        o = cls(*copy_in(va), **copy_in(vk))
    except (ValueError, TypeError, KeyError, AttributeError) as e:
        case["err"] = type(e).__name__
        return write(case)
    if not hasattr(o, "get_config"):
        return
    if name.startswith(("optimizers.", "losses.", "metrics.")) and ".schedules." not in name:
        case["name"] = o.name
    try:
        case["config"] = plain_config(keras.saving.serialize_keras_object(o)["config"])
    except Skip:
        raise
    except Exception as e:
        TALLY[f"no config {name} {type(e).__name__}"] += 1
        return
    write(case)


AT = [0, 1, 2, 3, 5, 7, 10, 20, 50, 100, 500, 1000]


def flush_new(kind, cls, obj):
    name = CLS[id(cls)][0]
    ja, va, jk, vk = make_spec(obj)
    if kind != "ctor" and not admit(kind, name, sig_key([ja, jk]) + str([ja, jk])[:60], [ja, jk], 60):
        return
    config_case(cls, name, ja, va, jk, vk)
    if kind == "ctor":
        return
    if kind == "optim":
        return write(optim_case(cls, name, ja, va, jk, vk))
    case = {"k": "sched", "fn": name, "args": ja, "kw": jk, "at": AT, "src": WHERE[0]}
    try:
        s = cls(*va, **vk)
        case["outs"] = [float(s(t)) for t in AT]
    except Exception as e:
        case["err"] = type(e).__name__
    write(case)


# ------------------------------------------------------------------ layers
def eager(shape, dtype, rng):
    if isinstance(shape, dict):
        return {
            k.removesuffix("_shape"): eager(v, dtype[k] if isinstance(dtype, dict) else dtype, rng)
            for k, v in shape.items()
        }
    if isinstance(shape, (list, tuple)) and len(shape) and isinstance(shape[0], (list, tuple)):
        return type(shape)(
            eager(s, dtype[i] if isinstance(dtype, (list, tuple)) else dtype, rng) for i, s in enumerate(shape)
        )
    s = [3 if d is None else d for d in shape]
    dtype = dtype or "float32"
    if "int" in dtype:
        return rng.integers(0, 3, s).astype(np.int32)
    return (rng.standard_normal(s) if "float" in dtype else rng.integers(0, 2, s)).astype(
        "float32" if "float" in dtype else dtype
    )


def short(path):
    return path.split("/")[-1]


def layer_case(cls, name, init, inputs, ckw, src):
    ja, va, jk, vk = init
    ji, vi = prep(inputs, "x")
    jc, vc = prep_args((), ckw, [])[2:]
    as_kw = isinstance(vi, dict) and "new" not in vi
    if '"kt"' in json.dumps([ji, jc]):
        if not admit("lsym", name, sig_key([ja, jk, ji, jc]), [ja, jk, ji, jc], 60):
            return
        case = {"k": "lsym", "fn": name, "args": ja, "kw": jk, "inputs": ji, "ckw": jc, "src": src}
        try:
            r = cls(*va, **vk)(vi, **vc)
        except (ValueError, TypeError) as e:
            case["err"] = type(e).__name__
        else:
            case["out"] = encr(r)
        return write(case)
    if not admit("layer", name, sig_key([ja, jk, ji, jc]), [ja, jk, [sig_key(ji)], jc], 120):
        return
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(11)
    try:
        layer = cls(*va, **vk)
        (layer(**vi, **vc) if as_kw else layer(vi, **vc))
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as e:
        if "TFSM" in name or "custom" in str(e):
            raise
        write(
            {
                "k": "layer",
                "fn": name,
                "args": ja,
                "kw": jk,
                "inputs": ji,
                "ckw": jc,
                "err": type(e).__name__,
                "src": src,
            }
        )
        return

    def call(x, **kw):
        if as_kw:
            return layer(**x, **vc, **kw)
        return layer(x, **vc, **kw)

    vc.pop("training", None)
    jc.pop("training", None)
    call(vi)
    has_training = bool(getattr(layer, "_call_has_training_arg", False))
    T = (lambda t: {"training": t}) if has_training else (lambda t: {})
    ws = layer.weights
    init_values = []
    for w in ws:
        v = w.numpy()
        n = w.name
        if v.dtype == np.float32 and (w.trainable or "moving" in n):
            v = (
                rng.uniform(0.5, 1.5, v.shape)
                if "variance" in n
                else 1 + 0.2 * rng.standard_normal(v.shape)
                if n in ("gamma", "scale")
                else 0.4 * rng.standard_normal(v.shape)
            ).astype(np.float32)
        init_values.append(v)

    def reset():
        for w, v in zip(ws, init_values):
            w.assign(v)
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
            layer.reset_states()

    case = {
        "k": "layer",
        "fn": name,
        "args": ja,
        "kw": jk,
        "inputs": ji,
        "ckw": jc,
        "w": [{"n": short(w.path), "tr": bool(w.trainable), **enc(v)} for w, v in zip(ws, init_values)],
        "count": int(layer.count_params()),
        "src": src,
    }
    reset()
    y = call(vi, **T(False))
    reset()
    y2 = call(vi, **T(False))
    flatten = keras.tree.flatten
    e1 = [encr(t) for t in flatten(y)]
    rand = not same(e1, [encr(t) for t in flatten(y2)])
    case["out"] = [encr(t, True) for t in flatten(y)] if rand else e1
    if rand:
        case["rand"] = True
    mode = False
    if has_training and not rand:
        reset()
        t1 = [encr(t) for t in flatten(call(vi, training=True))]
        after = [enc(w.numpy()) for w in ws]
        reset()
        t2 = [encr(t) for t in flatten(call(vi, training=True))]
        if same(t1, t2):
            mode = True
            case["train"] = t1
            if not same(after, [enc(v) for v in init_values]):
                case["after"] = after
        else:
            case["train"] = [{k: v for k, v in t.items() if k != "d"} for t in t1]
            case["trainrand"] = True
    if not rand and not name.startswith("layers.Random"):
        try:
            reset()
            keras.utils.set_random_seed(3)
            xs = keras.tree.map_structure(lambda t: tf.constant(t) if hasattr(t, "shape") else t, vi)
            fl = [t for t in flatten(xs) if hasattr(t, "dtype") and t.dtype == tf.float32]
            tw = [w for w in layer.trainable_weights]
            with tf.GradientTape(persistent=True) as tape:
                for t in fl:
                    tape.watch(t)
                outs = flatten(call(xs, **T(mode)))
                fo = [o for o in outs if o.dtype == tf.float32]
                seeds = [rng.standard_normal(o.shape).astype(np.float32) for o in fo]
                total = sum(tf.reduce_sum(o * s) for o, s in zip(fo, seeds))
            dense = lambda g: None if g is None else enc(tf.convert_to_tensor(g).numpy())
            if fo and (fl or tw):
                case["gin"] = [dense(g) for g in tape.gradient(total, fl)]
                case["gw"] = [dense(g) for g in tape.gradient(total, [w.value for w in tw])]
                case["seeds"] = [enc(s) for s in seeds]
                case["mode"] = mode
        except Skip:
            raise
        except Exception as e:
            TALLY[f"no gradient {name}: {type(e).__name__} {str(e)[:60]}"] += 1
    write(case)


def flush_layer(cls, a, k, inputs, ckw, src):
    if id(cls) not in CLS:
        raise Skip("a class of the test's own")
    if "dtype" in k and k["dtype"] not in (None, "float32"):
        raise Skip("dtype policy")
    k = {n: v for n, v in k.items() if n != "dtype"}
    name = CLS[id(cls)][0]
    init = prep_args(a, k, params_of(cls.__init__))
    if callable(inputs):
        inputs = inputs()
    layer_case(cls, name, init, inputs, ckw, src)


def install():
    from keras.src.losses.loss import Loss
    from keras.src.metrics.metric import Metric
    from keras.src.optimizers.base_optimizer import BaseOptimizer
    from keras.src.initializers.initializer import Initializer
    from keras.src.layers.layer import Layer
    from keras.src.testing.test_case import TestCase

    S = keras.optimizers.schedules.LearningRateSchedule
    R = keras.regularizers.Regularizer
    C = keras.constraints.Constraint
    for b in (Loss, Metric, BaseOptimizer, Initializer, Layer, S, R, C, keras.random.SeedGenerator):
        patch_new(b)
    for _, c in list(CLS.values()):
        for m in c.__mro__:
            if (
                "__call__" in m.__dict__
                and issubclass(c, (Loss, Initializer, R, C))
                and not hasattr(m.__dict__["__call__"], "__wrapped__")
            ):
                wrap_call(m)
            if issubclass(c, Metric) and m.__module__.startswith("keras"):
                for meth in ("update_state", "reset_state"):
                    if meth in m.__dict__ and not hasattr(m.__dict__[meth], "__wrapped__"):
                        wrap_metric(m, meth)
    old = Metric.__call__

    def mcall(self, *a, **k):
        if not BUSY[0] and from_test() and id(type(self)) in CLS and "_k2" in self.__dict__:
            LOG.setdefault(id(self), (self, []))[1].append(("update", copy_in(a), copy_in(k), []))
        return old(self, *a, **k)

    Metric.__call__ = mcall

    def run_layer_test(
        self,
        layer_cls,
        init_kwargs,
        input_shape=None,
        input_dtype=None,
        input_sparse=False,
        input_ragged=False,
        input_data=None,
        call_kwargs=None,
        **rest,
    ):
        if input_sparse or input_ragged:
            TALLY[f"skipped layer {layer_cls.__name__}: sparse"] += 1
            return
        if input_data is None and input_shape is None:
            return
        data = (
            input_data
            if input_data is not None
            else (lambda: eager(input_shape, input_dtype, np.random.default_rng(5)))
        )
        PENDING.append(("layer", layer_cls, (), dict(init_kwargs or {}), data, dict(call_kwargs or {})))

    TestCase.run_layer_test = run_layer_test
    lcall = Layer.__call__

    @functools.wraps(lcall)
    def call(self, *a, **k):
        if not BUSY[0] and from_test() and id(type(self)) in CLS and "_k2" in self.__dict__ and a:
            names = self._call_signature.parameters if hasattr(self, "_call_signature") else {}
            pos = [n for n in names if n != "self"][1:]
            PENDING.append(("layer", type(self), self._k2[0], dict(self._k2[1]), a[0], {**dict(zip(pos, a[1:])), **k}))
        return lcall(self, *a, **k)

    Layer.__call__ = call
    swaps = {k: wrap_fn(n, f) for k, (n, f) in FN.items()}
    for mn, m in list(sys.modules.items()):
        if not mn.startswith("keras") or m is None:
            continue
        for n, v in list(vars(m).items()):
            if id(v) in swaps and callable(v) and FN[id(v)][1] is v:
                setattr(m, n, swaps[id(v)])


class Plugin:
    def pytest_runtest_protocol(self, item):
        WHERE[0] = re.sub(r".*keras/src/", "", item.nodeid).replace("_test.py", "")[:120]

    def pytest_collection_modifyitems(self, items):  # tests of dtypes that no case may have
        items[:] = [
            i
            for i in items
            if not re.search(r"Dtype.*(float16|u?int8|int16|uint32|int64|float64|float8|complex)", i.nodeid)
        ]

    def pytest_runtest_setup(self, item):
        def late(*_):
            raise TimeoutError("late")

        signal.signal(signal.SIGALRM, late)
        signal.alarm(20)

    def pytest_runtest_teardown(self, item):
        signal.alarm(40)
        try:
            self.drain()
        except TimeoutError:
            TALLY["late"] += 1
        signal.alarm(0)

    def drain(self):
        BUSY[0] = False
        for obj, ev in list(LOG.values()):
            guarded(f"metric {type(obj).__name__}", flush_metric, obj, ev)
        LOG.clear()
        while PENDING:
            p = PENDING.pop(0)
            if p[0] == "layer":
                guarded(f"layer {p[1].__name__}", flush_layer, *p[1:], WHERE[0])
            else:
                guarded(f"{p[0]} {p[1].__name__}", flush_new, *p)

    def pytest_sessionfinish(self, session):
        TALLY["tests"] += session.testscollected


def run_files(out, files):
    global OUT
    setup()
    import pytest, keras.src.testing

    install()
    OUT = open(out, "w")
    pytest.main(
        [
            "-q",
            "-x",
            "--maxfail=1000000",
            "-p",
            "no:cacheprovider",
            "--tb=no",
            "--no-header",
            "-W",
            "ignore",
            "--import-mode=importlib",
            "--continue-on-collection-errors",
            *files,
        ],
        plugins=[Plugin()],
    )
    OUT.close()
    json.dump(TALLY, open(out + ".tally", "w"))


GROUPS = "ops/numpy_test ops/nn_test ops/math_test ops/core_test ops/image_test ops/linalg_test ops/ activations/ losses/ metrics/ initializers/ regularizers/ constraints/ optimizers/ random/ utils/ layers/activations layers/attention layers/convolutional layers/core layers/merging layers/normalization layers/pooling layers/preprocessing layers/regularization layers/reshaping layers/rnn layers/ models/ trainers/ backend/common callbacks/ saving/ legacy/ quantizers/ dtype_policies/ distillation/ testing/ tree/ wrappers/ applications/ datasets/ backend/ export/ distribution/".split()


def record(o):
    import importlib.util

    src = os.path.join(os.path.dirname(importlib.util.find_spec("keras").origin), "src")
    files = sorted(glob.glob(f"{src}/**/*_test.py", recursive=True))
    os.makedirs(o.out, exist_ok=True)
    todo, used = [], set()
    for g in GROUPS:
        fs = [
            f
            for f in files
            if os.path.relpath(f, src).startswith(g)
            and f not in used
            and not re.search(r"backend/(jax|torch|numpy|openvino)|jax_layer|applications_test|orbax|tensorboard", f)
        ]
        used.update(fs)
        if fs and (not o.only or re.search(o.only, g)):
            todo.append((re.sub(r"\W+", "_", g).strip("_"), fs))
    running = []
    while todo or running:
        while todo and len(running) < o.jobs:
            n, fs = todo.pop(0)
            log = open(os.path.join(o.out, n + ".log"), "w")
            running.append(
                (
                    n,
                    time.time(),
                    subprocess.Popen(
                        [
                            sys.executable,
                            os.path.abspath(__file__),
                            "_run",
                            *fs,
                            "--out",
                            os.path.join(o.out, n + ".jsonl"),
                        ],
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    ),
                )
            )
        time.sleep(0.5)
        for r in list(running):
            if r[2].poll() is None and time.time() - r[1] > o.limit:
                r[2].kill()
                r[2].wait()
            if r[2].poll() is not None:
                running.remove(r)
                print(f"{r[0]}: exit {r[2].returncode} after {time.time() - r[1]:.0f} s", flush=True)


# ------------------------------------------------------------------ of our own: optimizers' options, initializers' statistics, models
def own_optimizers():
    K = keras.optimizers
    S = K.schedules
    common = [
        {},
        {"learning_rate": 0.1},
        {"clipnorm": 0.5},
        {"clipvalue": 0.2},
        {"global_clipnorm": 0.7},
        {"weight_decay": 0.02},
        {"use_ema": True, "ema_momentum": 0.9},
        {"gradient_accumulation_steps": 2},
        {"loss_scale_factor": 8.0},
        {"learning_rate": ("ExponentialDecay", (0.1, 2, 0.5), {})},
        {"learning_rate": ("CosineDecay", (0.1, 4), {"warmup_target": 0.3, "warmup_steps": 2})},
    ]
    extra = {
        "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
        "Adam": [{"amsgrad": True}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}],
        "AdamW": [{"weight_decay": 0.1, "amsgrad": True}],
        "RMSprop": [{"momentum": 0.5}, {"centered": True}, {"rho": 0.5}],
        "Adagrad": [{"initial_accumulator_value": 0.5}],
        "Adadelta": [{"rho": 0.5, "learning_rate": 1.0}],
        "Adamax": [{"beta_1": 0.5}],
        "Nadam": [{"beta_1": 0.5}],
        "Ftrl": [
            {"l1_regularization_strength": 0.01},
            {"l2_regularization_strength": 0.1, "beta": 0.1},
            {"l2_shrinkage_regularization_strength": 0.1},
        ],
        "Lion": [{"beta_1": 0.5}],
        "Adafactor": [{"relative_step": False}, {"clip_threshold": 0.5}],
        "Lamb": [{"beta_1": 0.5}],
    }
    for n in "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax Nadam Ftrl Lion Lamb Adafactor Muon".split():
        if not hasattr(K, n):
            continue
        for kw in common + extra.get(n, []):
            jk, vk = {}, {}
            for a, v in kw.items():
                if isinstance(v, tuple):
                    jk[a] = {"new": f"optimizers.schedules.{v[0]}", "args": list(v[1]), "kw": v[2]}
                    vk[a] = getattr(S, v[0])(*v[1], **v[2])
                else:
                    jk[a] = v
                    vk[a] = v
            try:
                write(optim_case(getattr(K, n), f"optimizers.{n}", [], [], jk, vk))
            except Exception as e:
                TALLY[f"own {n} {type(e).__name__}"] += 1


def own_initializers():
    I = keras.initializers
    cs = [
        (n, kw, sh)
        for n in "GlorotUniform GlorotNormal HeUniform HeNormal LecunUniform LecunNormal".split()
        for kw in ({}, {"seed": 3})
        for sh in ((64, 48), (3, 3, 16, 32))
    ]
    cs += [
        ("RandomNormal", {"mean": 0.5, "stddev": 0.2}, (60, 70)),
        ("RandomNormal", {}, (4000,)),
        ("RandomUniform", {"minval": -1.0, "maxval": 3.0}, (60, 70)),
        ("RandomUniform", {}, (4000,)),
        ("TruncatedNormal", {"stddev": 0.3}, (60, 70)),
        ("TruncatedNormal", {"mean": 1.5}, (60, 70)),
        ("Orthogonal", {}, (64, 48)),
        ("Orthogonal", {"gain": 2.0}, (3, 3, 16, 32)),
    ]
    cs += [
        ("VarianceScaling", {"scale": sc, "mode": m, "distribution": d}, (64, 48))
        for sc in (1.0, 2.5)
        for m in ("fan_in", "fan_out", "fan_avg")
        for d in ("truncated_normal", "untruncated_normal", "uniform")
    ]
    for n, kw, sh in cs:
        v = np.concatenate([getattr(I, n)(**{**kw, "seed": 11 + i})(sh).numpy().ravel() for i in range(12)])
        write(
            {
                "k": "stat",
                "fn": f"initializers.{n}",
                "args": [],
                "kw": kw,
                "shape": list(sh),
                "mean": 0.0 if "mean" not in kw and "minval" not in kw else float(v.mean()),
                "std": float(v.std()),
                "top": float(np.abs(v).max()),
                "bounded": "niform" in n or kw.get("distribution") == "uniform",
            }
        )


def L(layer, *args, **kw):
    return {"layer": f"layers.{layer}", "args": list(args), "kw": kw}


def I(*shape, **kw):
    return {"input": list(shape), **kw}


def N(id, spec, *frm):
    return {"id": id, **spec, **({"from": list(frm)} if frm else {})}


def U(id, of, *frm):
    return {"id": id, "use": of, "from": list(frm)}


def assemble(spec):
    def lay(s):
        return getattr(keras.layers, s["layer"].split(".")[1])(*s.get("args", []), **s.get("kw", {}))

    if "seq" in spec:
        return keras.Sequential(
            [
                keras.Input(shape=tuple(s["input"]))
                if "input" in s
                else assemble(s["model"])
                if "model" in s
                else lay(s)
                for s in spec["seq"]
            ],
            **({"name": spec["name"]} if "name" in spec else {}),
        )
    made, vals = {}, {}
    for s in spec["nodes"]:
        if "input" in s:
            vals[s["id"]] = keras.Input(shape=tuple(s["input"]), dtype=s.get("dtype"), name=s.get("name"))
            continue
        l = made[s["use"]] if "use" in s else assemble(s["model"]) if "model" in s else lay(s)
        made[s["id"]] = l
        g = [vals[f] for f in s["from"]]
        vals[s["id"]] = l(g[0] if len(g) == 1 else g)
    pick = lambda ids: vals[ids[0]] if len(ids) == 1 else [vals[i] for i in ids]
    return keras.Model(
        inputs=pick(spec["inputs"]), outputs=pick(spec["outputs"]), **({"name": spec["name"]} if "name" in spec else {})
    )


MODELS = {
    "mlp": {"seq": [I(6), L("Dense", 8, activation="relu"), L("Dense", 3, activation="softmax")]},
    "regression": {"seq": [I(5), L("Dense", 7, activation="tanh"), L("Dense", 1)], "name": "regression"},
    "cnn": {
        "seq": [
            I(8, 8, 1),
            L("Conv2D", 4, 3, activation="relu", padding="same"),
            L("MaxPooling2D", 2),
            L("Conv2D", 6, 3, activation="relu"),
            L("Flatten"),
            L("Dense", 3, activation="softmax"),
        ]
    },
    "cnn2": {
        "seq": [
            I(7, 9, 2),
            L("ZeroPadding2D", 1),
            L("Conv2D", 3, [3, 2], strides=2, use_bias=False),
            L("LeakyReLU"),
            L("AveragePooling2D", 2),
            L("GlobalAveragePooling2D"),
            L("Dense", 2, activation="sigmoid"),
        ]
    },
    "residual": {
        "nodes": [
            N("x", I(6)),
            N("a", L("Dense", 6, activation="relu"), "x"),
            N("b", L("Dense", 6), "a"),
            N("s", L("Add"), "x", "b"),
            N("r", L("ReLU"), "s"),
            N("y", L("Dense", 3, activation="softmax"), "r"),
        ],
        "inputs": ["x"],
        "outputs": ["y"],
    },
    "two inputs": {
        "nodes": [
            N("p", I(4, name="left")),
            N("q", I(3, name="right")),
            N("a", L("Dense", 5, activation="elu"), "p"),
            N("b", L("Dense", 5, activation="silu"), "q"),
            N("c", L("Concatenate"), "a", "b"),
            N("y", L("Dense", 1, activation="sigmoid"), "c"),
        ],
        "inputs": ["p", "q"],
        "outputs": ["y"],
        "name": "two_inputs",
    },
    "shared": {
        "nodes": [
            N("p", I(4)),
            N("q", I(4)),
            N("d", L("Dense", 5, activation="relu", name="tower"), "p"),
            U("e", "d", "q"),
            N("c", L("Concatenate"), "d", "e"),
            N("y", L("Dense", 2), "c"),
        ],
        "inputs": ["p", "q"],
        "outputs": ["y"],
    },
    "nested": {
        "seq": [
            I(8, 8, 1),
            {"model": {"seq": [I(8, 8, 1), L("Conv2D", 3, 3, activation="relu"), L("Flatten")], "name": "features"}},
            L("Dense", 4, activation="relu"),
            L("Dense", 3, activation="softmax"),
        ]
    },
    "nested functional": {
        "nodes": [
            N("p", I(5)),
            N("q", I(5)),
            N(
                "m",
                {
                    "model": {
                        "nodes": [
                            N("x", I(5)),
                            N("h", L("Dense", 4, activation="tanh"), "x"),
                            N("y", L("Dense", 3), "h"),
                        ],
                        "inputs": ["x"],
                        "outputs": ["y"],
                        "name": "encoder",
                    }
                },
                "p",
            ),
            U("n", "m", "q"),
            N("s", L("Subtract"), "m", "n"),
            N("y", L("Dense", 1), "s"),
        ],
        "inputs": ["p", "q"],
        "outputs": ["y"],
    },
    "two outputs": {
        "nodes": [
            N("x", I(6)),
            N("h", L("Dense", 5, activation="relu"), "x"),
            N("a", L("Dense", 3, activation="softmax", name="kind"), "h"),
            N("b", L("Dense", 1, name="size"), "h"),
        ],
        "inputs": ["x"],
        "outputs": ["a", "b"],
    },
    "batch norm": {
        "seq": [
            I(6, 6, 2),
            L("Conv2D", 4, 3, use_bias=False),
            L("BatchNormalization"),
            L("Activation", "relu"),
            L("GlobalMaxPooling2D"),
            L("Dense", 3, activation="softmax"),
        ]
    },
    "separable": {
        "seq": [
            I(8, 8, 2),
            L("SeparableConv2D", 4, 3, activation="relu"),
            L("DepthwiseConv2D", 3),
            L("UpSampling2D", 2),
            L("Conv2DTranspose", 2, 3, strides=2),
            L("Flatten"),
            L("Dense", 2),
        ]
    },
    "lstm": {"seq": [I(5, 3), L("LSTM", 4, return_sequences=True), L("LSTM", 3), L("Dense", 2, activation="softmax")]},
    "gru both ways": {
        "nodes": [
            N("x", I(5, 3)),
            N("g", L("GRU", 4), "x"),
            N("h", L("GRU", 4, go_backwards=True), "x"),
            N("c", L("Concatenate"), "g", "h"),
            N("y", L("Dense", 1), "c"),
        ],
        "inputs": ["x"],
        "outputs": ["y"],
    },
    "text": {
        "seq": [
            I(6),
            L("Embedding", 10, 4),
            L("Conv1D", 5, 3, activation="relu"),
            L("GlobalMaxPooling1D"),
            L("Dense", 1, activation="sigmoid"),
        ]
    },
    "attention": {
        "nodes": [
            N("x", I(4, 6)),
            N("n", L("LayerNormalization"), "x"),
            N("a", L("MultiHeadAttention", 2, 3), "n", "n"),
            N("s", L("Add"), "x", "a"),
            N("p", L("GlobalAveragePooling1D"), "s"),
            N("y", L("Dense", 3, activation="softmax"), "p"),
        ],
        "inputs": ["x"],
        "outputs": ["y"],
    },
    "dropout": {"seq": [I(6), L("Dense", 8, activation="gelu"), L("Dropout", 0.5), L("Dense", 3)]},
    "autoencoder": {
        "seq": [
            I(6, 6, 1),
            L("Rescaling", 0.5, offset=0.1),
            L("Flatten"),
            L("Dense", 5, activation="selu"),
            L("Dense", 36, activation="sigmoid"),
            L("Reshape", [6, 6, 1]),
        ]
    },
}
MODELS["attention"]["nodes"][2] = N("a", L("Attention"), "n", "n")
TRAIN = [
    ("mlp", "adam", "sparse_categorical_crossentropy", ["accuracy"]),
    ("mlp", {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}, "categorical_crossentropy", ["accuracy"]),
    ("mlp", "rmsprop", "sparse_categorical_crossentropy", None),
    ("regression", "sgd", "mse", ["mae"]),
    ("regression", {"Adam": {"learning_rate": 0.01}}, "mae", None),
    ("regression", "nadam", "huber", None),
    ("regression", "adagrad", "log_cosh", None),
    ("cnn", "adam", "sparse_categorical_crossentropy", ["accuracy"]),
    ("cnn", {"AdamW": {"learning_rate": 0.01, "weight_decay": 0.1}}, "categorical_crossentropy", None),
    ("cnn2", "sgd", "binary_crossentropy", ["accuracy"]),
    ("residual", "adam", "categorical_crossentropy", ["accuracy"]),
    ("two inputs", "adam", "binary_crossentropy", ["accuracy"]),
    ("shared", "adam", "mse", None),
    ("nested", "adam", "sparse_categorical_crossentropy", None),
    ("nested functional", "adam", "mse", None),
    ("two outputs", "adam", ["sparse_categorical_crossentropy", "mse"], None),
    ("batch norm", "adam", "sparse_categorical_crossentropy", ["accuracy"]),
    ("separable", "adam", "mse", None),
    ("lstm", "adam", "sparse_categorical_crossentropy", None),
    ("gru both ways", "adam", "mse", None),
    ("text", "adam", "binary_crossentropy", None),
    ("attention", "adam", "sparse_categorical_crossentropy", None),
    ("autoencoder", "adam", "mse", None),
    ("autoencoder", "adam", "binary_crossentropy", None),
]


def own_models():
    rng = np.random.default_rng(17)

    def fresh(spec):
        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        m = assemble(spec)
        r = np.random.default_rng(5)
        m.set_weights(
            [
                (r.uniform(0.5, 1.5, w.shape) if "variance" in w.name else 0.4 * r.standard_normal(w.shape)).astype(
                    np.float32
                )
                if w.dtype == "float32"
                else w.numpy()
                for w in m.weights
                if "seed" not in w.name
            ]
            if not any("seed" in w.name for w in m.weights)
            else [0.4 * r.standard_normal(w.shape) if "seed" not in w.name else w for w in m.get_weights()]
        )
        return m

    def data(m, name, n=10):
        xs = [
            (
                rng.integers(0, 10, (n,) + t.shape[1:]).astype(np.int32)
                if name == "text"
                else rng.standard_normal((n,) + tuple(t.shape[1:])).astype(np.float32)
            )
            for t in m.inputs
        ]
        return xs

    def target(shape, loss, n=10):
        c = shape[-1]
        if loss == "sparse_categorical_crossentropy":
            return rng.integers(0, c, (n,)).astype(np.int32)
        if loss == "categorical_crossentropy":
            return np.eye(c, dtype=np.float32)[rng.integers(0, c, n)]
        if loss == "binary_crossentropy":
            return rng.integers(0, 2, (n,) + tuple(shape[1:])).astype(np.float32)
        return rng.standard_normal((n,) + tuple(shape[1:])).astype(np.float32)

    for name, spec in MODELS.items():
        try:
            m = fresh(spec)
            base = {
                "k": "model",
                "fn": f"model.{name}",
                "spec": spec,
                "w": [{"n": short(w.path), "tr": bool(w.trainable), **enc(w.numpy())} for w in m.weights],
                "count": int(m.count_params()),
            }
            text = []
            m.summary(line_length=80, print_fn=lambda s, **k: text.append(s))
            write({**base, "part": "summary", "summary": "\n".join(text)})
            xs = data(m, name)
            y = m(xs[0] if len(xs) == 1 else xs, training=False)
            write(
                {
                    **base,
                    "part": "output",
                    "x": [enc(x) for x in xs],
                    "out": [enc(t.numpy()) for t in keras.tree.flatten(y)],
                }
            )
            for mn, opt, loss, metrics in TRAIN:
                if mn != name:
                    continue
                losses = loss if isinstance(loss, list) else [loss] * len(m.outputs)
                ys = [target(o.shape, l) for o, l in zip(m.outputs, losses)]
                gx, gy = (xs[0] if len(xs) == 1 else xs), (ys[0] if len(ys) == 1 else ys)
                mk = lambda: (
                    opt if isinstance(opt, str) else getattr(keras.optimizers, list(opt)[0])(**list(opt.values())[0])
                )
                jopt = (
                    opt
                    if isinstance(opt, str)
                    else {"new": f"optimizers.{list(opt)[0]}", "args": [], "kw": list(opt.values())[0]}
                )
                ck = {"optimizer": jopt, "loss": loss, **({"metrics": metrics} if metrics else {})}
                m = fresh(spec)
                m.compile(optimizer=mk(), loss=loss, metrics=metrics, jit_compile=False)
                ls = [[float(v) for v in keras.tree.flatten(m.train_on_batch(gx, gy))] for _ in range(3)]
                case = {**base, "x": [enc(x) for x in xs], "y": [enc(v) for v in ys], "compile": ck}
                write({**case, "part": "train", "losses": ls, "after": [enc(w.numpy()) for w in m.weights]})
                m = fresh(spec)
                m.compile(optimizer=mk(), loss=loss, metrics=metrics, jit_compile=False)
                fit = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
                h = m.fit(gx, gy, **fit)
                write(
                    {
                        **case,
                        "part": "fit",
                        "fit": fit,
                        "history": {k: [float(x) for x in v] for k, v in h.history.items()},
                        "evaluate": [float(v) for v in keras.tree.flatten(m.evaluate(gx, gy, verbose=0, batch_size=4))],
                    }
                )
        except Exception as e:
            print("model", name, type(e).__name__, str(e)[:200])


def own(o):
    global OUT
    setup()
    os.makedirs(o.out, exist_ok=True)
    OUT = open(os.path.join(o.out, "own.jsonl"), "w")
    WHERE[0] = "own"
    own_optimizers()
    own_initializers()
    own_models()
    OUT.close()
    print(dict(TALLY))


RANDOM = re.compile(r"^random\.|^initializers\.(Random|Truncated|Variance|Glorot|He|Lecun|Orthogonal)")


def shapes_only(v):
    if isinstance(v, dict):
        return {k: shapes_only(x) for k, x in v.items() if not (k == "d" and "t" in v)}
    return [shapes_only(x) for x in v] if isinstance(v, list) else v


def merge(o):
    by, total = collections.OrderedDict(), collections.Counter()
    for f in sorted(glob.glob(os.path.join(o.rest[0], "*.jsonl"))):
        for line in open(f):
            try:
                c = json.loads(line)
            except ValueError:
                continue
            total[c["k"]] += 1
            if c["k"] in ("op", "obj") and RANDOM.match(c["fn"]) and "out" in c:
                c["rand"] = True
                c["out"] = shapes_only(c["out"])  # also where a seed is given
            by.setdefault(({"sym": 1, "lsym": 1, "config": 2}.get(c["k"], 0), c["fn"]), []).append((len(line), c))
    n = 0
    with gzip.GzipFile(o.out, "wb", mtime=0) as out:
        for (sym, fn), cs in sorted(by.items()):
            seen, groups = set(), {}
            for size, c in sorted(cs, key=lambda p: (p[0], json.dumps(p[1], sort_keys=True))):
                h = json.dumps({k: v for k, v in c.items() if k not in ("src", "out", "trace")}, sort_keys=True)
                if h in seen:
                    continue
                seen.add(h)
                groups.setdefault(
                    (
                        "err" if "err" in c else "",
                        sig_key(
                            [
                                c["k"],
                                c.get("part"),
                                c.get("args"),
                                c.get("kw"),
                                c.get("call"),
                                [s[1:] for s in c.get("steps", [])],
                                c.get("inputs"),
                                c.get("ckw"),
                            ]
                        ),
                    ),
                    [],
                ).append(c)
            lists = [g for g in sorted(groups.items(), key=lambda g: (g[0][0] != "", len(json.dumps(g[1][0]))))]
            errs, picked, cap = (
                0,
                [],
                12 if sym == 1 else 10 if sym == 2 else 1000 if fn.startswith("model.") else o.per,
            )
            if len(lists) > cap:
                lists = [lists[int(i * len(lists) / cap)] for i in range(cap)]
            depth = 0
            while len(picked) < cap and any(len(g) > depth for _, g in lists):
                for (e, _), g in lists:
                    if (
                        len(g) > depth
                        and len(picked) < cap
                        and not (e and errs >= (cap // 2 if sym == 2 else cap // 6 + 1))
                    ):
                        picked.append(g[depth])
                        errs += bool(e)
                depth += 1
            for i, c in enumerate(picked):
                if o.part is None or i % 2 == o.part:
                    out.write((json.dumps({"id": f"{fn}#{i}", **c}, separators=(",", ":")) + "\n").encode())
                    n += 1
    print(f"{n} cases of {len(by)} names, {os.path.getsize(o.out) / 2**20:.2f} MiB; recorded {dict(total)}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=["record", "_run", "own", "merge"])
    p.add_argument("rest", nargs="*")
    p.add_argument("--out", required=True)
    p.add_argument("--only")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--limit", type=int, default=500)
    p.add_argument("--part", type=int)
    p.add_argument("--per", type=int, default=40)
    o = p.parse_args()
    if o.what == "record":
        record(o)
    elif o.what == "_run":
        run_files(o.out, o.rest)
    elif o.what == "own":
        own(o)
    else:
        merge(o)


if __name__ == "__main__":
    main()
