"""Threefry-2x32 (20 rounds) and the jax.random functions defined on it, in plain Python integers and doubles.

Written from Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC11), which defines Threefry, and from
JAX's documented definitions with jax_threefry_partitionable=True, its default since 0.5. A key is a pair of
32-bit words. float32 arithmetic is a double rounded after each operation, by `f32`.
"""

import math
import struct

MASK = 0xFFFFFFFF
PARITY = 0x1BD11BDA
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def threefry2x32(key, counter):
    schedule = (key[0], key[1], key[0] ^ key[1] ^ PARITY)
    x0, x1 = (counter[0] + schedule[0]) & MASK, (counter[1] + schedule[1]) & MASK
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            x0 = (x0 + x1) & MASK
            x1 = ((x1 << rotation) | (x1 >> (32 - rotation))) & MASK
            x1 ^= x0
        x0 = (x0 + schedule[(group + 1) % 3]) & MASK
        x1 = (x1 + schedule[(group + 2) % 3] + group + 1) & MASK
    return x0, x1


def words(index):
    """The 64-bit counter of element `index`, high word first."""
    return index >> 32, index & MASK


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def f32_from_bits(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


# Keys


def seed_key(seed):
    """jax.random.key(seed) without jax_enable_x64: the seed is cut to its low 32 bits."""
    return 0, seed & MASK


def split(key, count=2):
    return [threefry2x32(key, words(i)) for i in range(count)]


def fold_in(key, data):
    return threefry2x32(key, (0, data & MASK))


# Samplers: `count` values in row-major order, whatever the shape


def bits_at(key, index):
    x0, x1 = threefry2x32(key, words(index))
    return x0 ^ x1


def bits(key, count):
    return [bits_at(key, i) for i in range(count)]


def uniform_of_bits(word, low=0.0, high=1.0):
    """float32 in [low, high): 23 random mantissa bits in [1, 2), less 1, scaled; each step rounded to float32."""
    unit = f32_from_bits((word >> 9) | 0x3F800000) - 1.0
    low, high = f32(low), f32(high)
    return max(low, f32(f32(unit * f32(high - low)) + low))


def uniform(key, count, low=0.0, high=1.0):
    return [uniform_of_bits(word, low, high) for word in bits(key, count)]


def erfinv(y):
    """Inverse error function to double precision: Newton on erf near zero, on erfc, exact in the tail, elsewhere."""
    size = abs(y)
    excess = (lambda x: size - math.erf(x)) if size < 0.5 else (lambda x: math.erfc(x) - (1.0 - size))
    x = 0.0
    for _ in range(100):
        step = excess(x) * math.sqrt(math.pi) / 2.0 * math.exp(x * x)
        x += step
        if abs(step) <= 1e-15 * x:
            break
    return math.copysign(x, y)


BELOW_ONE = f32_from_bits(0x3F7FFFFF)


def normal_of_bits(word):
    """sqrt(2) * erfinv(u), u float32 uniform in (-1, 1); erfinv and the product in double precision."""
    return math.sqrt(2.0) * erfinv(uniform_of_bits(word, -BELOW_ONE, 1.0))


def normal(key, count):
    return [normal_of_bits(word) for word in bits(key, count)]


def truncated_normal(key, count, low, high):
    """The uniform is float32 between erf(low/sqrt2) and erf(high/sqrt2); erfinv and the product in double precision."""
    ends = (math.erf(low / math.sqrt(2.0)), math.erf(high / math.sqrt(2.0)))
    return [math.sqrt(2.0) * erfinv(u) for u in uniform(key, count, *ends)]


def bernoulli(key, count, p):
    return [int(u < f32(p)) for u in uniform(key, count)]


def randint(key, count, low, high):
    """int32 in [low, high): two words per value reduced modulo the span, so that the bias is small."""
    higher, lower = (bits(k, count) for k in split(key))
    span = high - low
    multiplier = (2**16 % span) ** 2 % span
    return [low + (((h % span) * multiplier + l % span) & MASK) % span for h, l in zip(higher, lower)]


def permutation(key, count):
    """range(count), sorted stably by fresh random words as many times as make collisions harmless."""
    order = list(range(count))
    for _ in range(permutation_rounds(count)):
        key, subkey = split(key)
        words_ = bits(subkey, count)
        order = [order[i] for i in sorted(range(count), key=words_.__getitem__)]
    return order


def permutation_rounds(count):
    return math.ceil(3 * math.log(max(1, count)) / math.log(MASK))


# Before 0.5 (jax_threefry_partitionable=False): counters 0..n-1 are cut in two halves, hashed pairwise, and joined


def legacy_hash(key, counters):
    padded = counters + [0] * (len(counters) % 2)
    half = len(padded) // 2
    pairs = [threefry2x32(key, pair) for pair in zip(padded[:half], padded[half:])]
    return ([x0 for x0, _ in pairs] + [x1 for _, x1 in pairs])[: len(counters)]


def legacy_split(key, count=2):
    flat = legacy_hash(key, list(range(2 * count)))
    return [(flat[2 * i], flat[2 * i + 1]) for i in range(count)]


def legacy_bits(key, count):
    return legacy_hash(key, list(range(count)))


def legacy_normal(key, count):
    return [normal_of_bits(word) for word in legacy_bits(key, count)]


KNOWN_ANSWERS = [
    # Random123's kat_vectors, threefry2x32 with 20 rounds: key, counter, output
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]


def check_known_answers():
    for key, counter, output in KNOWN_ANSWERS:
        if threefry2x32(key, counter) != output:
            raise AssertionError(f"threefry2x32({key}, {counter}) is {threefry2x32(key, counter)}, published {output}")
