"""jax_compositions.json: whole programs of several transforms: per-example gradients of models, loops under maps, axes as trees.

Programs have the names that test/jax/goldens_compositions.test.ts gives them."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn

from golden_format import case, tensor


def wave(*shape, step=0.37, phase=0.0):
    """Numbers that both sides can make: sin(phase + step i), in float32."""
    count = int(np.prod(shape))
    return np.sin(phase + step * np.arange(count)).astype(np.float32).astype(np.float64).reshape(shape)


IMAGES = wave(3, 6, 6, 1)
LABELS = np.array([1, 0, 2], np.int32)
TOKENS = np.array([[0, 2, 1, 3], [3, 3, 0, 1], [2, 0, 2, 0]], np.int32)
XS = wave(4, 3, step=0.9)


def cnn(p, image):
    y = lax.conv_general_dilated(image[None], p["conv"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    y = nn.relu(y + p["bias"])
    y = lax.reduce_window(y, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return y.reshape(-1) @ p["dense"]


CNN = {"bias": wave(2, phase=1), "conv": wave(3, 3, 1, 2, phase=2), "dense": wave(18, 3, phase=3)}


def cross_entropy(logits, label):
    return -jnp.sum(nn.one_hot(label, logits.shape[-1]) * nn.log_softmax(logits))


def norm(x, p):
    mean = jnp.mean(x, axis=-1, keepdims=True)
    return (x - mean) / jnp.sqrt(jnp.var(x, axis=-1, keepdims=True) + 1e-3) * p


def transformer(p, tokens):
    x = jnp.take(p["embed"], tokens, axis=0)
    h = norm(x, p["scale"])
    q, k, v = h @ p["q"], h @ p["k"], h @ p["v"]
    scores = jnp.where(np.tril(np.ones((4, 4))) > 0, q @ k.T / 2, -1e9)
    x = x + nn.softmax(scores) @ v
    return jnp.mean(x + nn.gelu(x @ p["up"]) @ p["down"], axis=0)


TRANSFORMER = {
    "down": wave(8, 4, phase=1),
    "embed": wave(4, 4, phase=2),
    "k": wave(4, 4, phase=3),
    "q": wave(4, 4, phase=4),
    "scale": wave(4, phase=5),
    "up": wave(4, 8, phase=6),
    "v": wave(4, 4, phase=7),
}


def lstm(p, xs):
    def step(state, x):
        h, c = state
        i, f, g, o = jnp.split(x @ p["w"] + h @ p["u"] + p["b"], 4)
        c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
        h = nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    (h, _), all = lax.scan(step, (jnp.zeros(2), jnp.zeros(2)), xs)
    return h + jnp.mean(all, axis=0)


LSTM = {"b": wave(8, phase=1), "u": wave(2, 8, phase=2), "w": wave(3, 8, phase=3)}
SERIES = wave(3, 4, 3, phase=4)


@jax.custom_vjp
def clipped(x):
    return x


clipped.defvjp(lambda x: (x, None), lambda _, dy: (jnp.clip(dy, -0.5, 0.5),))


@jax.custom_jvp
def softened(x):
    return jnp.abs(x)


@softened.defjvp
def _(primals, tangents):
    (x,), (t,) = primals, tangents
    return jnp.abs(x), jnp.tanh(4 * x) * t


def newton(x):
    """A loop whose gradient goes through every step."""
    return lax.fori_loop(0, 4, lambda i, y: y - (y * y - x) / (2 * y), jnp.ones_like(x))


def remembered(x):
    step = jax.checkpoint(lambda carry, a: (jnp.sin(carry + a), carry * a))
    last, rows = lax.scan(step, 0.5, x)
    return last + jnp.sum(rows)


def branch(x):
    return lax.cond(x[0] > 0, lambda v: jnp.sum(v * v), lambda v: jnp.sum(jnp.exp(v)), x)


def choice(i, x):
    return lax.switch(i, [lambda v: jnp.sin(v), lambda v: v * v, lambda v: -v], x)


def curve(x):
    return jnp.sum(lax.scan(lambda c, a: (c * a + jnp.sin(c), c), 1.0, x)[1]) ** 2


PAIR = {"a": wave(3, 2), "b": wave(2, 3, phase=1)}

#: What every program gives: a tree of arrays, whose leaves stand in the order of the tree.
PROGRAMS = {
    "per-example gradients of a convolution network": lambda: jax.vmap(
        jax.grad(lambda p, x, y: cross_entropy(cnn(p, x), y)), in_axes=(None, 0, 0)
    )(CNN, IMAGES, LABELS),
    "per-example gradients of a transformer": lambda: jax.vmap(
        jax.grad(lambda p, t, y: cross_entropy(transformer(p, t), y)), in_axes=(None, 0, 0)
    )(TRANSFORMER, TOKENS, LABELS),
    "per-example gradients of an LSTM": lambda: jax.vmap(
        jax.grad(lambda p, x: jnp.sum(lstm(p, x) ** 2)), in_axes=(None, 0)
    )(LSTM, SERIES),
    "jit of per-example gradients of an LSTM": lambda: jax.jit(
        jax.vmap(jax.grad(lambda p, x: jnp.sum(lstm(p, x) ** 2)), in_axes=(None, 0))
    )(LSTM, SERIES),
    "an ensemble of models": lambda: jax.vmap(lambda p, x: jnp.tanh(x @ p), in_axes=(0, None))(wave(4, 3, 2), XS),
    "vmap of jit of grad": lambda: jax.vmap(jax.jit(jax.grad(lambda x: jnp.sum(jnp.sin(x) * x))))(XS),
    "vmap of jacfwd over a batch": lambda: jax.vmap(jax.jacfwd(lambda x: jnp.outer(x, jnp.sin(x))))(XS),
    "vmap of hessian of scan": lambda: jax.vmap(jax.hessian(curve))(XS),
    "hessian of scan": lambda: jax.hessian(curve)(XS[0]),
    "jacfwd of jacrev of a loop": lambda: jax.jacfwd(jax.jacrev(newton))(np.abs(XS[0]) + 0.5),
    "vmap of the gradient of a loop": lambda: jax.vmap(jax.vmap(jax.grad(newton)))(np.abs(XS) + 0.5),
    "vmap of cond": lambda: jax.vmap(branch)(XS),
    "gradient of vmap of cond": lambda: jax.grad(lambda x: jnp.sum(jax.vmap(branch)(x)))(XS),
    "vmap of switch": lambda: jax.vmap(choice)(np.array([2, 0, 5, -1], np.int32), XS),
    "checkpoint in scan in vmap": lambda: jax.vmap(jax.grad(remembered))(XS),
    "hessian of checkpoint in scan": lambda: jax.hessian(remembered)(XS[0]),
    "custom_vjp under vmap": lambda: jax.vmap(jax.grad(lambda x: jnp.sum(clipped(x) ** 2)))(XS),
    "gradient of vmap of custom_vjp": lambda: jax.grad(lambda x: jnp.sum(jax.vmap(clipped)(x) * x))(XS),
    "jvp of custom_jvp": lambda: jax.jvp(lambda x: softened(x) * x, (XS,), (XS[::-1],)),
    "vmap of jvp of custom_jvp": lambda: jax.vmap(lambda x, t: jax.jvp(softened, (x,), (t,))[1])(XS, XS[::-1]),
    "gradient of custom_jvp in scan": lambda: jax.grad(
        lambda x: lax.scan(lambda c, a: (softened(c + a), c), 0.1, x)[0]
    )(XS[0]),
    "axes as trees": lambda: jax.vmap(
        lambda p, x: p["a"] @ x + p["b"][0], in_axes=({"a": None, "b": 1}, 0), out_axes=1
    )({"a": wave(3, 2), "b": wave(2, 4, 3)}, wave(4, 2)),
    "axes that count from the end": lambda: jax.vmap(
        lambda a, b: (a @ b, b), in_axes=(-1, -2), out_axes=(-1, 0)
    )(wave(2, 3, 4), wave(3, 4, 2, phase=2)),
    "an output that is the same for all": lambda: jax.vmap(
        lambda x, y: (x + y, y * 2), in_axes=(0, None), out_axes=(0, None)
    )(XS, XS[0]),
    "a scan of a vmapped step": lambda: lax.scan(
        lambda c, x: (jax.vmap(lambda a, b: jnp.tanh(a * b))(c, x), c.sum()), jnp.ones(3), XS
    ),
    "a map inside a scan inside a map": lambda: jax.vmap(
        lambda x: lax.scan(lambda c, a: (c + jax.vmap(jnp.sin)(a * x), a), jnp.zeros(3), XS)[0]
    )(XS),
    "gradient through vjp": lambda: jax.grad(lambda x: jnp.sum(jax.vjp(jnp.sin, x)[1](x)[0]))(XS[0]),
    "vjp with aux": lambda: (lambda out, pull, aux: (out, pull(XS[0]), aux))(
        *jax.vjp(lambda x: (jnp.sin(x), x * 2), XS[0], has_aux=True)
    ),
    "grad with aux under vmap": lambda: jax.vmap(jax.grad(lambda x: (jnp.sum(x**3), jnp.cos(x)), has_aux=True))(XS),
    "value_and_grad of a tree under vmap": lambda: jax.vmap(
        jax.value_and_grad(lambda p, x: jnp.sum(jnp.tanh(p["a"] @ p["b"]) * x)), in_axes=(None, 0)
    )(PAIR, wave(2, 3, 3, phase=3)),
    "linearize inside vmap": lambda: jax.vmap(lambda x: jax.linearize(jnp.tanh, x)[1](x))(XS),
    "vmap of a pullback": lambda: jax.vmap(jax.vjp(lambda x: jnp.outer(x, x)[0], XS[0])[1])(np.eye(3)),
    "gradient of vmap of take": lambda: jax.grad(
        lambda x: jnp.sum(jax.vmap(lambda r, i: jnp.take(r, i) ** 2)(x, np.array([[0, 0], [2, 1], [1, 1], [0, 2]])))
    )(XS),
    "sums over a named axis": lambda: jax.vmap(
        lambda x: (x / lax.psum(x, "i"), x - lax.pmean(x, "i"), lax.pmax(x, "i"), lax.psum(1, "i")), axis_name="i"
    )(XS),
    "gradients through sums over a named axis": lambda: jax.vmap(
        jax.grad(lambda x: jnp.sum((x - lax.pmean(x, "i")) ** 2 * x)), axis_name="i"
    )(XS),
    "names of maps in maps": lambda: jax.vmap(
        lambda x: jax.vmap(
            lambda y: (lax.psum(y * x[0], ("i", "j")), lax.psum(y, "i") * lax.axis_index("j")), axis_name="j"
        )(x),
        axis_name="i",
    )(XS),
    "gathered from all": lambda: jax.vmap(
        lambda x: (lax.all_gather(x, "i"), lax.all_gather(x, "i", axis=1), lax.all_gather(x, "i", tiled=True)),
        axis_name="i",
    )(XS),
}


def compositions_cases():
    jax.config.update("jax_enable_x64", True)
    try:
        for name, program in PROGRAMS.items():
            leaves = jax.tree.leaves(program())
            yield case(name, {}, {f"y{i}": tensor(np.asarray(y, np.float64)) for i, y in enumerate(leaves)})
    finally:
        jax.config.update("jax_enable_x64", False)
