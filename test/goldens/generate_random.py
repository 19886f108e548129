"""Writes random.json: jax.random values by the definitions in threefry.py, held against every value found in print.

Run: python3 test/goldens/generate_random.py   (numpy only; needs neither JAX nor torch)

Each case is one call: params.fn and its arguments, tensors.key (uint32 [2]) and tensors.y. `normal` and
`truncated_normal` are double precision rounded to float32: JAX's own float32 erfinv is within a few units in the last
place of them. Cases with params.source were printed by JAX itself; the generator fails unless ours agree with them.
"""

import base64
import math
import platform

import numpy as np

import threefry as t
from golden_format import case, tensor, write

KEYS = {"0": t.seed_key(0), "42": t.seed_key(42), "123": t.seed_key(123), "deadbeef": (0xDEADBEEF, 0x01234567)}
FAR = [0, 1, 255, 256, 65535, 65536, 16777215, 16777216, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 3 * 2**32 + 7]
FOLDS = [0, 1, 2, 7, 1000, 2**31 - 1, 2**31, 2**32 - 1]

FUNCTIONS = {
    "bits": ("uint32", t.bits),
    "uniform": ("float32", t.uniform),
    "normal": ("float32", t.normal),
    "truncated_normal": ("float32", t.truncated_normal),
    "bernoulli": ("int32", t.bernoulli),
    "randint": ("int32", t.randint),
    "split": ("uint32", t.split),
    "permutation": ("int32", t.permutation),
    "legacy_bits": ("uint32", t.legacy_bits),
    "legacy_split": ("uint32", t.legacy_split),
    "legacy_normal": ("float32", t.legacy_normal),
}


def evaluate(fn, key, shape, arguments):
    """The reference's values for one call; `shape` is that of the draw, for split and permutation the count alone."""
    dtype, function = FUNCTIONS[fn]
    values = function(key, math.prod(shape), *arguments.values())
    return tensor(values, dtype, None if fn.endswith("split") else shape)


def call(name, fn, key, shape, **arguments):
    y = evaluate(fn, key, shape, arguments)
    return case(name, {"fn": fn, "shape": list(shape), **arguments}, {"key": tensor(key, "uint32"), "y": y})


def published(name, source, fn, key, printed, **arguments):
    """A call whose value JAX printed. Integers equal ours; floats lie within float32 erfinv's error and digits shown."""
    dtype, _ = FUNCTIONS[fn]
    y = np.asarray(printed)
    shape = y.shape[:-1] if fn.endswith("split") else y.shape
    data = evaluate(fn, key, shape, arguments)["data"]
    ours = np.frombuffer(base64.b64decode(data), f"<{dtype[0]}4")
    error = np.abs(ours.reshape(y.shape).astype(np.float64) - y)
    if (error > (5e-7 * np.maximum(1, np.abs(y)) if dtype == "float32" else 0)).any():
        raise AssertionError(f"{name}: ours {ours.tolist()}, published {printed}")
    params = {"fn": fn, "shape": list(shape), **arguments, "source": source}
    return case(name, params, {"key": tensor(key, "uint32"), "y": tensor(printed, dtype)})


def reference_cases():
    for label, key in KEYS.items():
        yield call(f"bits_{label}", "bits", key, (2, 3, 5))
        yield call(f"bits_odd_{label}", "bits", key, (7,))
        yield call(f"uniform_{label}", "uniform", key, (4, 16))
        yield call(f"uniform_range_{label}", "uniform", key, (16,), minval=-2.0, maxval=3.0)
        yield call(f"normal_{label}", "normal", key, (16, 16))
        yield call(f"truncated_normal_{label}", "truncated_normal", key, (8, 8), lower=-2.0, upper=2.0)
        for p in (0.1, 0.5, 0.9):
            yield call(f"bernoulli_{p}_{label}", "bernoulli", key, (40,), p=p)
        yield call(f"randint_{label}", "randint", key, (16,), minval=-5, maxval=12)
        for count in (1, 2, 3, 10):
            yield call(f"split_{count}_{label}", "split", key, (count,))
        # up to 1625 elements are sorted once, 2000 twice
        for count in (1, 2, 10, 100, 2000):
            yield call(f"permutation_{count}_{label}", "permutation", key, (count,))
        folded = [t.fold_in(key, d) for d in FOLDS]
        tensors = {"key": tensor(key, "uint32"), "data": tensor(FOLDS, "uint32"), "y": tensor(folded, "uint32")}
        yield case(f"fold_in_{label}", {"fn": "fold_in"}, tensors)
        counters = [t.words(i) for i in FAR]
        far = [t.bits_at(key, i) for i in FAR]
        tensors = {"key": tensor(key, "uint32"), "index": tensor(counters, "uint32"), "y": tensor(far, "uint32")}
        yield case(f"bits_far_{label}", {"fn": "bits_at"}, tensors)
        yield call(f"legacy_bits_{label}", "legacy_bits", key, (9,))
        yield call(f"legacy_split_{label}", "legacy_split", key, (3,))


def published_cases():
    guide = "JAX documentation, Pseudorandom numbers"
    key0, key42 = t.seed_key(0), t.seed_key(42)
    yield published("published_normal_42_scalar", guide, "normal", key42, -0.028304616)
    yield published("published_normal_42", guide, "normal", key42, [-0.02830462, 0.46713185, 0.29570296])
    for i, value in enumerate([0.07592554, 0.60576403, 0.4323065]):
        yield published(f"published_normal_42_subkey_{i}", guide, "normal", t.split(key42, 3)[i], value)
    key = key42
    for i, value in enumerate([0.6057640314102173, -0.21089035272598267, -0.3948981463909149]):
        key, subkey = t.split(key)
        yield published(f"published_normal_42_draw_{i}", guide, "normal", subkey, value)

    module = "JAX documentation, jax.random module"
    yield published("published_uniform_0_scalar", module, "uniform", key0, 0.947667)
    yield published("published_uniform_0_subkey", module, "uniform", t.split(key0)[1], 0.00729382)

    jax_js = "jax-js, test/random.test.ts, values taken from JAX"
    yield published("published_bits_0", jax_js, "bits", key0, 4070199207)
    values = [169096361, 1572511259, 2689743692, 2228103506]
    yield published("published_bits_10", jax_js, "bits", t.seed_key(10), values)
    pairs = [[1797259609, 2579123966], [928981903, 3453687069], [4146024105, 2718843009]]
    yield published("published_split_0", jax_js, "split", key0, pairs)

    notes = "Notes on the JAX API with the output of jax 0.11.1 (in Japanese)"
    pairs = [[1832780943, 270669613], [64467757, 2916123636]]
    yield published("published_split_42", notes, "split", key42, pairs)
    yield published("published_normal_0", notes, "normal", key0, [1.6226422, 2.0252647, -0.43359444])
    yield published("published_uniform_0", notes, "uniform", key0, [0.947667, 0.9785799, 0.33229148])
    yield published("published_randint_1", notes, "randint", t.seed_key(1), [6, 7, 0, 3, 8], minval=0, maxval=10)
    yield published("published_permutation_3", notes, "permutation", t.seed_key(3), [0, 4, 2, 1, 3])

    vectors = "alphafold3_mlx, vectors captured from JAX 0.8.1"
    key = (1705926158, 899080142)
    rows = [[-0.21089035, -1.3627948, -0.04500385], [-1.1536394, 1.9141139, -0.47701314]]
    yield published("published_normal_derived_key", vectors, "normal", key, rows)
    pairs = [[2829437526, 3258650986], [2451885785, 2215112154], [4179084902, 2188378661]]
    pairs += [[435435197, 103253076], [2907409616, 1437230654]]
    yield published("published_split_derived_key", vectors, "split", key, pairs)

    tests = "JAX, tests/random_test.py, testRngRandomBits (values before 0.5)"
    values = [56197195, 4200222568, 961309823]
    yield published("published_legacy_bits_1701", tests, "legacy_bits", t.seed_key(1701), values)
    book = "F. Chollet, M. Watson, Deep Learning with Python, 3rd edition, listing 3.30 (values before 0.5)"
    values = [-0.1470326, 0.5524756, 1.648498]
    yield published("published_legacy_normal_123", book, "legacy_normal", t.seed_key(123), values)
    subkey = t.legacy_split(t.seed_key(123), 1)[0]
    values = [0.5362355, -1.1920372, 2.450225]
    yield published("published_legacy_normal_123_subkey", book, "legacy_normal", subkey, values)


def cipher_cases():
    t.check_known_answers()
    keys, counters, outputs = (tensor(column, "uint32") for column in zip(*t.KNOWN_ANSWERS))
    params = {"fn": "threefry2x32", "source": "Random123, kat_vectors"}
    yield case("published_threefry2x32", params, {"key": keys, "counter": counters, "y": outputs})
    # From test_prng_seeds_and_keys, jax_enable_x64 off; a seed may need more than 32 bits, so it stands in params
    rows = {0: (0, 0), 1: (0, 1), 3: (0, 3), -1: (0, 4294967295), -3: (0, 4294967293)}
    rows |= {2147483747: (0, 2147483747), 2147483748: (0, 2147483748)}
    rows |= {-2147483748: (0, 2147483548), -2147483749: (0, 2147483547)}
    for seed, key in rows.items():
        if t.seed_key(seed) != key:
            raise AssertionError(f"key({seed}) is {t.seed_key(seed)}, published {key}")
    params = {"fn": "key", "seeds": list(rows), "source": "JAX, tests/random_test.py, test_prng_seeds_and_keys"}
    yield case("published_seed_keys", params, {"y": tensor(list(rows.values()), "uint32")})


if __name__ == "__main__":
    header = {
        "generator": "test/goldens/generate_random.py",
        "definition": "Threefry-2x32-20; jax.random with jax_threefry_partitionable=True, legacy_* with False",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    write("random", header, [*cipher_cases(), *published_cases(), *reference_cases()])
