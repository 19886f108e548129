#!/usr/bin/env python3
"""Cases recorded while JAX's own tests run, with JAX's results, derivatives and batches. Writes JSON lines.

  python3 generate_jax.py --tests <folder of JAX's tests, of the installed version> --out cases.jsonl.gz [--part 0|1] [--per 30] [--seconds 150]

Needs jax, optax, pytest, hypothesis. --tests may be left out: then only what stands at the end of this file (optax) is made.
Every public callable of jax.numpy, lax, nn, random, scipy and their like is wrapped; outermost calls with concrete, small arguments are kept, one of each signature first,
and computed anew:
  {"k": "fn", "op": "numpy.add", "args": [...], "kw": {...}, "outs": [...], "cot": [...], "vjp": [...], "tan": [...], "jvp": [...], "vmap": {"args": [...], "axes": [...], "outs": [...]}}
  {"k": "optax", "op": "optax.adam", "kw", "params", "grads": per step, "trace": updates per step} / {"k": "schedule", "op", "kw", "steps", "values"}
"""

import argparse, base64, collections, gzip, inspect, json, math, os, subprocess, sys, tempfile, types, warnings

warnings.filterwarnings("ignore")
import numpy as np, jax, jax.numpy as jnp

LIMIT = 20000
NAMES = {"float32", "int32", "uint32", "bool", "uint8"}


class Skip(Exception):
    pass


def module(path):
    o = jax
    for p in path.split("."):
        o = getattr(o, p)
    return o


SPACES = [
    "numpy",
    "numpy.linalg",
    "numpy.fft",
    "lax",
    "lax.linalg",
    "nn",
    "random",
    "scipy.special",
    "scipy.linalg",
    "scipy.signal",
    "scipy.ndimage",
    "image",
]
import jax.scipy.stats, jax.scipy.special, jax.scipy.signal, jax.scipy.linalg, jax.scipy.ndimage, jax.image

SPACES += [
    "scipy.stats." + n for n in dir(jax.scipy.stats) if isinstance(getattr(jax.scipy.stats, n), types.ModuleType)
]


def arr(x):
    a = np.asarray(x)
    if a.dtype == np.float64:
        a = a.astype(np.float32)
    if a.dtype == np.int64:
        a = a.astype(np.int32)
    if a.dtype == np.uint64:
        a = a.astype(np.uint32)
    if str(a.dtype) not in NAMES:
        raise Skip(f"dtype {a.dtype}")
    if a.size > LIMIT:
        raise Skip("large")
    return a


def enc(x):
    a = arr(x)
    s = list(a.shape)
    a = np.ascontiguousarray(a).reshape(s)
    return {
        "t": str(a.dtype),
        "s": s,
        "d": base64.b64encode((a.astype(np.uint8) if a.dtype == bool else a).tobytes()).decode(),
    }


def is_array(v):
    return isinstance(v, (np.ndarray, np.generic, jax.Array))


def val(v):
    if isinstance(v, jax.Array) and jax.dtypes.issubdtype(v.dtype, jax.dtypes.prng_key):
        raise Skip("typed key")
    if is_array(v):
        return enc(v)
    if v is None or isinstance(v, (bool, str)):
        return v
    if isinstance(v, int):
        return v
    if isinstance(v, float):
        if not math.isfinite(v):
            return {"f": "nan" if v != v else "inf" if v > 0 else "-inf"}
        return v
    if isinstance(v, slice):
        return {"sl": [val(v.start), val(v.stop), val(v.step)]}
    if (
        isinstance(v, np.dtype)
        or (isinstance(v, type) and issubclass(v, np.generic))
        or type(v).__name__ == "_ScalarMeta"
    ):
        n = str(np.dtype(v)).replace("64", "32")
        if n not in NAMES:
            raise Skip(f"dtype {n}")
        return {"dt": n}
    if type(v) in (list, tuple) or hasattr(v, "_fields"):
        return [val(x) for x in v]
    if type(v) is dict and all(isinstance(k, str) for k in v):
        return {"o": {k: val(x) for k, x in v.items()}}
    if hasattr(v, "name") and type(v).__module__.startswith("jax"):
        return {"enum": v.name}
    raise Skip(f"argument {type(v).__name__}")


def raw(v):  # what val() means, as JAX's arguments
    if is_array(v):
        return jnp.asarray(arr(v))
    if type(v) in (list, tuple):
        return type(v)(raw(x) for x in v)
    if hasattr(v, "_fields"):
        return type(v)(*[raw(x) for x in v])
    if type(v) is dict:
        return {k: raw(x) for k, x in v.items()}
    return v


def wraps(record):
    depth = [0]
    for space in SPACES:
        m = module(space)
        for name in dir(m):
            f = getattr(m, name)
            if (
                name.startswith("_")
                or not callable(f)
                or isinstance(f, type)
                or isinstance(f, types.ModuleType)
                or type(f).__name__ == "_ScalarMeta"
            ):
                continue

            def make(f, op):
                def g(*a, **k):
                    if depth[0]:
                        return f(*a, **k)
                    depth[0] += 1
                    try:
                        r = f(*a, **k)
                    finally:
                        depth[0] -= 1
                    record(op, a, k)
                    return r

                for n in ("__name__", "__doc__", "__module__", "__qualname__", "__wrapped__"):
                    try:
                        setattr(g, n, getattr(f, n) if n != "__wrapped__" else f)
                    except Exception:
                        pass
                g.__dict__.update({k: v for k, v in getattr(f, "__dict__", {}).items() if k not in g.__dict__})
                for n in dir(f):  # ufuncs' at, reduce, outer and the like
                    if not n.startswith("_") and not hasattr(g, n):
                        try:
                            setattr(g, n, getattr(f, n))
                        except Exception:
                            pass
                return g

            try:
                setattr(m, name, make(f, f"{space}.{name}"))
            except Exception:
                pass


def signature(op, a, k):
    def s(v):
        if isinstance(v, dict) and "d" in v:
            return ("T", v["t"], len(v["s"]), 0 in v["s"])
        if isinstance(v, dict):
            return (
                tuple((n, s(x)) for n, x in v["o"].items())
                if "o" in v
                else json.dumps(v)
                if "enum" in v or "dt" in v
                else tuple(v)
            )
        if isinstance(v, list):
            return ("L", min(len(v), 3), *(s(x) for x in v[:2]))
        return v if isinstance(v, (bool, str, type(None))) else type(v).__name__

    return json.dumps([op, [s(x) for x in a], {n: s(x) for n, x in k.items()}], default=str)


if os.environ.get("FACET_RECORD"):  # ---------------- inside pytest: a plugin that records
    kept, seen, per = collections.defaultdict(list), collections.Counter(), int(os.environ.get("FACET_PER", 30))

    def clean(v):
        if isinstance(v, jax.core.Tracer):
            raise Skip("tracer")
        if is_array(v):
            return np.array(v)
        if type(v) in (list, tuple):
            return type(v)(clean(x) for x in v)
        if type(v) is dict:
            return {n: clean(x) for n, x in v.items()}
        return v

    def ambiguous(a):  # 2.0 beside integers: JavaScript cannot say it
        flat = [x for v in a for x in (v if isinstance(v, (list, tuple)) else [v])]
        return any(isinstance(x, float) and math.isfinite(x) and x == int(x) for x in flat) and not any(
            is_array(x) and np.asarray(x).dtype.kind == "f" for x in flat
        )

    def record(op, a, k):
        try:
            a, k = clean(tuple(a)), clean(dict(k))
            if ambiguous([*a, *k.values()]):
                return
            ea, ek = [val(x) for x in a], {n: val(x) for n, x in k.items()}
            g = signature(op, ea, ek)
            if seen[g] >= 3 or len(kept[op]) >= 4 * per:
                return
            seen[g] += 1
            kept[op].append((seen[g], a, k))
        except Exception:
            pass

    def pytest_configure(config):
        wraps(record)

    def pytest_sessionfinish(session, exitstatus):
        import pickle

        with open(os.environ["FACET_RECORD"], "wb") as f:
            pickle.dump(dict(kept), f)


def out(o):
    if isinstance(o, jax.Array) and jax.dtypes.issubdtype(o.dtype, jax.dtypes.prng_key):
        raise Skip("typed key")
    return enc(o) if is_array(o) else {"n": val(o)}


def flat(o):
    if is_array(o) or isinstance(o, (bool, int, float)):
        return [o]
    if isinstance(o, (list, tuple)):
        return [t for x in o for t in flat(x)]
    if isinstance(o, dict):
        return [t for x in o.values() for t in flat(x)]
    if isinstance(o, str) or o is None:
        raise Skip("result text")
    raise Skip(f"result {type(o).__name__}")


rng = np.random.default_rng(7)


def like(x):
    return jnp.asarray(rng.standard_normal(np.shape(x)).astype(np.float32))


def case(op, a, k, n):
    space, name = op.rsplit(".", 1)
    f = getattr(module(space), name)
    a, k = raw(a), raw(k)
    c = {"k": "fn", "op": op, "args": [val(x) for x in a], "kw": {m: val(v) for m, v in k.items()}}
    o = f(*a, **k)
    outs = flat(o)
    if name.startswith("empty"):
        c["random"] = True
    c["outs"] = [out(x) for x in outs]
    at = [i for i, x in enumerate(a) if is_array(x) and x.dtype == jnp.float32]
    lists = [
        i
        for i, x in enumerate(a)
        if type(x) in (list, tuple) and x and all(is_array(y) and y.dtype == jnp.float32 for y in x)
    ]
    if not at or space == "random" or not all(is_array(x) for x in outs) or sum(x.size for x in outs) > 4000:
        return c

    def g(*xs):
        b = list(a)
        for i, x in zip(at, xs):
            b[i] = x
        return flat(f(*b, **k))

    xs = [a[i] for i in at]
    fl = [i for i, x in enumerate(outs) if x.dtype == jnp.float32]
    try:
        if fl:
            h = lambda *xs: [g(*xs)[i] for i in fl]
            y, pull = jax.vjp(h, *xs)
            w = [like(x) for x in y]
            d = pull(w)
            t = [like(x) for x in xs]
            _, dy = jax.jvp(h, tuple(xs), tuple(t))
            c.update(
                at=at,
                fl=fl,
                cot=[enc(x) for x in w],
                vjp=[enc(x) for x in d],
                tan=[enc(x) for x in t],
                jvp=[enc(x) for x in dy],
            )
    except Skip:
        raise
    except Exception:
        pass
    if n % 2 == 0 and sum(x.size for x in xs) < 2000:
        try:
            axes = [0 if j == 0 or j % 2 == 0 else None for j in range(len(at))]
            bs = [jnp.stack([x, like(x) * 0.5 + x, x * 0.75]) if ax == 0 else x for x, ax in zip(xs, axes)]
            c["vmap"] = {
                "args": [enc(x) for x in bs],
                "axes": axes,
                "outs": [enc(x) for x in jax.vmap(g, in_axes=tuple(axes))(*bs)],
            }
            c["at"] = at
        except Exception:
            c.pop("vmap", None)
    return c


def optax_cases(skipped):
    import optax

    KW = {"learning_rate": 0.05}
    rows = {
        "sgd": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
        "adam": [{}, {"b1": 0.8, "b2": 0.95, "eps": 1e-6}, {"eps_root": 1e-8}, {"nesterov": True}],
        "adamw": [{}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "mask": {"w": True, "b": False, "k": True}}],
        "nadam": [{}],
        "nadamw": [{}],
        "adamax": [{}],
        "adamaxw": [{}],
        "adagrad": [{}],
        "adadelta": [{}, {"weight_decay": 0.01}],
        "rmsprop": [
            {},
            {"centered": True},
            {"momentum": 0.9},
            {"eps_in_sqrt": False},
            {"initial_scale": 1.0, "bias_correction": True},
        ],
        "amsgrad": [{}],
        "radam": [{}],
        "lion": [{}],
        "lamb": [{}, {"weight_decay": 0.1}],
        "lars": [{}, {"weight_decay": 0.1, "momentum": 0.9}],
        "yogi": [{}],
        "novograd": [{}],
        "adabelief": [{}],
        "fromage": [{}],
        "noisy_sgd": [],
        "sm3": [{}],
        "rprop": [{}],
        "sign_sgd": [{}],
        "adafactor": [{}, {"min_dim_size_to_factor": 2}],
        "optimistic_gradient_descent": [{}],
        "adan": [{}],
        "polyak_sgd": [],
        "lbfgs": [],
        "scale": [{"step_size": -0.1}],
        "scale_by_adam": [{}],
        "scale_by_rms": [{}],
        "scale_by_stddev": [{}],
        "scale_by_rss": [{}],
        "scale_by_amsgrad": [{}],
        "scale_by_belief": [{}],
        "scale_by_lion": [{}],
        "scale_by_adamax": [{}],
        "scale_by_yogi": [{}],
        "scale_by_radam": [{}],
        "scale_by_novograd": [{}],
        "scale_by_trust_ratio": [{}],
        "scale_by_sign": [{}],
        "scale_by_optimistic_gradient": [{}],
        "scale_by_adadelta": [{}],
        "scale_by_learning_rate": [{"learning_rate": 0.1}],
        "trace": [{"decay": 0.9}, {"decay": 0.9, "nesterov": True}],
        "ema": [{"decay": 0.9}, {"decay": 0.9, "debias": False}],
        "clip": [{"max_delta": 0.3}],
        "clip_by_global_norm": [{"max_norm": 0.5}],
        "clip_by_block_rms": [{"threshold": 0.3}],
        "adaptive_grad_clip": [{"clipping": 0.05}],
        "add_decayed_weights": [{"weight_decay": 0.1}],
        "centralize": [{}],
        "identity": [{}],
        "set_to_zero": [{}],
        "zero_nans": [{}],
        "keep_params_nonnegative": [{}],
        "normalize_by_update_norm": [{}],
    }
    own = {
        "sgd",
        "adam",
        "adamw",
        "nadam",
        "nadamw",
        "adamax",
        "adamaxw",
        "adagrad",
        "adadelta",
        "rmsprop",
        "amsgrad",
        "radam",
        "lion",
        "lamb",
        "lars",
        "yogi",
        "novograd",
        "adabelief",
        "fromage",
        "sm3",
        "rprop",
        "sign_sgd",
        "adafactor",
        "optimistic_gradient_descent",
        "adan",
    }
    for name, kws in rows.items():
        got = []
        for kw in kws:
            try:
                full = {**({"learning_rate": 0.05} if name in own else {}), **kw}
                p = {"w": like(np.zeros((4, 3))), "b": like(np.zeros(3)), "k": like(np.zeros((2, 3, 2)))}
                tx = getattr(optax, name)(**full)
                st = tx.init(p)
                c = {
                    "k": "optax",
                    "op": f"optax.{name}",
                    "kw": {n: val(v) for n, v in full.items()},
                    "params": {n: enc(v) for n, v in p.items()},
                    "grads": [],
                    "trace": [],
                }
                for _ in range(6):
                    g = {n: like(v) for n, v in p.items()}
                    u, st = tx.update(g, st, p)
                    p = optax.apply_updates(p, u)
                    c["grads"].append({n: enc(v) for n, v in g.items()})
                    c["trace"].append({n: enc(v) for n, v in u.items()})
                got.append(c)
            except Exception as e:
                skipped[f"optax {name}: {type(e).__name__}"] += 1
        if got:
            yield f"optax.{name}", got
    S = {
        "constant_schedule": [{"value": 0.3}],
        "polynomial_schedule": [
            {"init_value": 1.0, "end_value": 0.1, "power": 2, "transition_steps": 10, "transition_begin": 3}
        ],
        "linear_schedule": [{"init_value": 1.0, "end_value": 0.1, "transition_steps": 10, "transition_begin": 2}],
        "exponential_decay": [
            {"init_value": 1.0, "transition_steps": 4, "decay_rate": 0.5},
            {
                "init_value": 1.0,
                "transition_steps": 4,
                "decay_rate": 0.5,
                "staircase": True,
                "transition_begin": 3,
                "end_value": 0.2,
            },
        ],
        "cosine_decay_schedule": [
            {"init_value": 1.0, "decay_steps": 10, "alpha": 0.1},
            {"init_value": 1.0, "decay_steps": 10, "exponent": 2.0},
        ],
        "cosine_onecycle_schedule": [{"transition_steps": 20, "peak_value": 1.5}],
        "linear_onecycle_schedule": [{"transition_steps": 20, "peak_value": 1.5}],
        "warmup_cosine_decay_schedule": [
            {"init_value": 0.1, "peak_value": 1.0, "warmup_steps": 5, "decay_steps": 20, "end_value": 0.05}
        ],
        "warmup_exponential_decay_schedule": [
            {"init_value": 0.1, "peak_value": 1.0, "warmup_steps": 5, "transition_steps": 4, "decay_rate": 0.5}
        ],
        "warmup_constant_schedule": [{"init_value": 0.1, "peak_value": 1.0, "warmup_steps": 5}],
        "piecewise_constant_schedule": [{"init_value": 1.0, "boundaries_and_scales": None}],
        "piecewise_interpolate_schedule": [],
        "sgdr_schedule": [],
    }
    for name, kws in S.items():
        got = []
        for kw in kws:
            if kw.get("boundaries_and_scales", 1) is None:
                continue
            try:
                f = getattr(optax, name)(**kw)
                got.append(
                    {
                        "k": "schedule",
                        "op": f"optax.{name}",
                        "kw": {n: val(v) for n, v in kw.items()},
                        "steps": list(range(26)),
                        "values": [float(f(i)) for i in range(26)],
                    }
                )
            except Exception as e:
                skipped[f"optax {name}: {type(e).__name__}"] += 1
        if got:
            yield f"optax.{name}", got
    lg, lb = like(np.zeros((6, 5))), jnp.asarray(rng.integers(0, 5, 6).astype(np.int32))
    pr = jax.nn.softmax(like(np.zeros((6, 5))))
    y = like(np.zeros((6, 5)))
    sg = jnp.sign(like(np.zeros((6, 5))))
    bn = (sg > 0).astype(jnp.float32)
    L = {
        "squared_error": [(lg, y)],
        "l2_loss": [(lg, y), (lg,)],
        "huber_loss": [(lg, y), (lg, y, 0.3)],
        "log_cosh": [(lg, y)],
        "cosine_similarity": [(lg, y)],
        "cosine_distance": [(lg, y)],
        "sigmoid_binary_cross_entropy": [(lg, bn)],
        "hinge_loss": [(lg, sg)],
        "softmax_cross_entropy": [(lg, pr)],
        "softmax_cross_entropy_with_integer_labels": [(lg, lb)],
        "safe_softmax_cross_entropy": [(lg, pr)],
        "kl_divergence": [(jnp.log(pr), pr)],
        "kl_divergence_with_log_targets": [(jnp.log(pr), jnp.log(pr))],
        "convex_kl_divergence": [(jnp.log(pr), pr)],
        "poly_loss_cross_entropy": [(lg, pr)],
        "sigmoid_focal_loss": [(lg, bn)],
        "smooth_labels": [(bn, 0.1)],
        "ctc_loss": [],
        "global_norm": [],
        "ntxent": [(lg, lb)],
        "ranking_softmax_loss": [],
        "perceptron_loss": [(lg, sg)],
        "multiclass_hinge_loss": [(lg, lb)],
        "multiclass_perceptron_loss": [(lg, lb)],
        "triplet_margin_loss": [(lg, y, pr)],
    }
    for name, argl in L.items():
        got = []
        for a in argl:
            f = getattr(optax, name, None) or getattr(getattr(optax, "losses", None), name, None)
            if f is None:
                continue
            try:
                o = f(*a)
                g = jax.grad(lambda x: f(x, *a[1:]).sum())(a[0])
                got.append(
                    {
                        "k": "fn",
                        "op": f"optax.{name}",
                        "args": [val(x) for x in a],
                        "kw": {},
                        "outs": [enc(o)],
                        "at": [0],
                        "fl": [0],
                        "cot": [enc(jnp.ones_like(o))],
                        "vjp": [enc(g)],
                    }
                )
            except Exception as e:
                skipped[f"optax {name}: {type(e).__name__}"] += 1
        if got:
            yield f"optax.{name}", got


FILES = [
    "lax_numpy_operators_test",
    "lax_numpy_reducers_test",
    "lax_numpy_test",
    "lax_numpy_indexing_test",
    "lax_numpy_einsum_test",
    "lax_test",
    "nn_test",
    "random_lax_test",
    "random_test",
    "lax_scipy_test",
    "lax_scipy_special_functions_test",
    "scipy_stats_test",
    "linalg_test",
    "fft_test",
    "lax_autodiff_test",
    "lax_numpy_setops_test",
    "lax_numpy_ufuncs_test",
    "polynomial_test",
    "scipy_signal_test",
    "image_test",
    "scipy_ndimage_test",
    "lax_control_flow_test",
]
if __name__ == "__main__":
    import pickle

    p = argparse.ArgumentParser()
    p.add_argument("--tests")
    p.add_argument("--out", required=True)
    p.add_argument("--part", type=int)
    p.add_argument("--per", type=int, default=30)
    p.add_argument("--seconds", type=int, default=150)
    p.add_argument("--keep", default=os.path.join(tempfile.gettempdir(), "facet-jax-records"))
    o = p.parse_args()
    os.makedirs(o.keep, exist_ok=True)
    skipped = collections.Counter()
    kept = collections.defaultdict(list)
    for name in FILES if o.tests else []:
        rec = os.path.join(o.keep, name + ".pickle")
        if not os.path.exists(rec):
            env = {
                **os.environ,
                "FACET_RECORD": rec,
                "FACET_PER": str(o.per),
                "JAX_NUM_GENERATED_CASES": "10",
                "PYTHONPATH": os.path.dirname(os.path.abspath(__file__)),
                "JAX_PLATFORMS": "cpu",
                "JAX_SKIP_SLOW_TESTS": "1",
            }
            r = subprocess.run(
                [
                    "timeout",
                    "-s",
                    "INT",
                    str(o.seconds),
                    sys.executable,
                    "-m",
                    "pytest",
                    "-q",
                    "-x",
                    "--maxfail=100000",
                    "-p",
                    "generate_jax",
                    "-p",
                    "no:cacheprovider",
                    os.path.join(o.tests, name + ".py"),
                ],
                env=env,
                capture_output=True,
                text=True,
            )
            print(name, (r.stdout.strip().split("\n") or [""])[-1][:120], file=sys.stderr)
        if os.path.exists(rec):
            with open(rec, "rb") as f:
                for op, rows in pickle.load(f).items():
                    kept[op] += rows

    def recorded():
        for op in sorted(kept):
            got, rows = [], sorted(kept[op], key=lambda r: r[0])
            for _, a, k in rows:
                if len(got) >= o.per:
                    break
                try:
                    got.append(case(op, a, k, len(got)))
                except Skip as e:
                    skipped[str(e)] += 1
                except Exception as e:
                    skipped[f"JAX raised: {type(e).__name__}"] += 1
            if got:
                yield op, got

    total, names = 0, 0
    with gzip.open(o.out, "wt", compresslevel=9) as f:
        for gen in (recorded(), optax_cases(skipped)):
            for op, got in gen:
                names += 1
                for n, c in enumerate(got):
                    if o.part is not None and len(got) > 1 and n % 2 != o.part:
                        continue
                    c["id"] = f"{op}#{n}"
                    total += 1
                    f.write(json.dumps(c, separators=(",", ":")) + "\n")
    print(f"{total} cases of {names} names; skipped: {dict(skipped.most_common(20))}")
