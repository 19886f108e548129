"""jax_transforms.json: functions of x [3] and w [3, 2] under every transform and their compositions.

Functions and transforms have the names that test/jax/goldens_transforms.test.ts gives them."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn

from golden_format import case, tensor

X = np.array([0.5, -1.25, 2.0], np.float32).astype(np.float64)
W = np.array([[0.75, -0.5], [0.25, 1.0], [-1.5, 0.125]], np.float32).astype(np.float64)
V = np.array([1.0, 0.5, -0.25], np.float32).astype(np.float64)
U = np.array([[0.5, 1.0], [-1.0, 0.25], [0.75, -0.5]], np.float32).astype(np.float64)
XS = np.array([[0.5, -1.25, 2.0], [1.5, 0.25, -0.75], [-0.5, 1.0, 0.125], [2.0, -2.0, 1.0]], np.float32).astype(np.float64)
WS = np.stack([W, W + 0.25, W * 2, W[::-1]])


@jax.custom_vjp
def given_vjp(x):
    return jnp.sin(x)


given_vjp.defvjp(lambda x: (jnp.sin(x), (x,)), lambda saved, dy: (dy * jnp.cos(saved[0]) * 3,))


@jax.custom_jvp
def given_jvp(x):
    return x * x


given_jvp.defjvp(lambda primals, tangents: (primals[0] * primals[0], tangents[0] * primals[0] * 5))


def rnn(x, w):
    def step(carry, row):
        after = jnp.tanh(carry * 0.5 + row[0] * row[1])
        return after, after * 2

    last, rows = lax.scan(step, jnp.zeros(2, x.dtype), (x, w))
    return jnp.concatenate([last, rows.reshape(-1)])


FUNCTIONS = {
    "affine": lambda x, w: x @ w,
    "tanh of a product": lambda x, w: jnp.tanh(x @ w),
    "softmax": lambda x, w: nn.softmax(x @ w),
    "log softmax": lambda x, w: nn.log_softmax(x @ w) * jnp.array([2.0, 0.5]),
    "logsumexp": lambda x, w: jnp.log(jnp.sum(jnp.exp(x[:, None] * w), axis=0)),
    "norms": lambda x, w: jnp.sqrt(jnp.sum(jnp.square(x))) + jnp.sum(jnp.square(w), axis=0),
    "product": lambda x, w: jnp.prod(x) * jnp.sum(w, axis=1),
    "largest": lambda x, w: jnp.max(x[:, None] * w, axis=0),
    "quadratic": lambda x, w: jnp.square(x @ w),
    "reversed": lambda x, w: nn.sigmoid(x) * jnp.flip(x, 0),
    "recurrent": rnn,
    "chosen by sign": lambda x, w: jnp.where(x > 0, x * x, jnp.exp(x) - 1),
    "quotient": lambda x, w: jnp.exp(jnp.sin(x)) / (1 + x * x),
    "gelu": lambda x, w: nn.gelu(x @ w),
    "moments": lambda x, w: jnp.var(x) * jnp.mean(w, axis=0),
    "outer": lambda x, w: (x[:, None] * x[None, :]) @ w,
    "taken": lambda x, w: jnp.take(x, jnp.array([2, 0, 2])) * jnp.sum(w),
    "power": lambda x, w: jnp.power(jnp.square(x) + 0.5, 1.5) * jnp.sum(w, axis=1),
    "joined and cut": lambda x, w: jnp.square(jnp.concatenate([x, x * 2])[1:5]),
    "loop": lambda x, w: lax.fori_loop(0, 3, lambda i, v: jnp.sin(v) * 1.5 + w[:, 0], x),
    "branch": lambda x, w: lax.cond(jnp.sum(x) > 1, lambda v: jnp.sin(v), lambda v: v * v * v, x),
    "gradient of its own": lambda x, w: given_vjp(x) * jnp.sum(w),
    "derivative of its own": lambda x, w: given_jvp(x) * jnp.sum(w),
    "computed again": lambda x, w: jax.checkpoint(lambda v: jnp.sin(jnp.cos(v) @ w))(x),
    "stopped": lambda x, w: x * lax.stop_gradient(jnp.square(x)),
}


def total(f):
    return lambda x, w: jnp.sum(f(x, w))


def cotangent(f):
    shape = jax.eval_shape(f, X, W).shape
    return jnp.asarray(np.linspace(-1, 1, int(np.prod(shape)) or 1).reshape(shape).astype(np.float32).astype(np.float64))


def hvp(f):
    return lambda x, w: jax.jvp(lambda v: jax.grad(total(f))(v, w), (x,), (V,))[1]


#: What each transform gives for a function, as a list of arrays.
TRANSFORMS = {
    "value": lambda f: [f(X, W)],
    "grad": lambda f: [jax.grad(total(f))(X, W)],
    "grad of both": lambda f: list(jax.grad(total(f), argnums=(0, 1))(X, W)),
    "jvp": lambda f: list(jax.jvp(f, (X, W), (V, U))),
    "linearize": lambda f: [jax.linearize(f, X, W)[1](V, U)],
    "vjp": lambda f: list(jax.vjp(f, X, W)[1](cotangent(f))),
    "jacfwd": lambda f: [jax.jacfwd(f)(X, W)],
    "jacrev": lambda f: [jax.jacrev(f)(X, W)],
    "jacrev of w": lambda f: [jax.jacrev(f, argnums=1)(X, W)],
    "hessian": lambda f: [jax.hessian(total(f))(X, W)],
    "jacrev of jacfwd": lambda f: [jax.jacrev(jax.jacfwd(total(f)))(X, W)],
    "jvp of grad": lambda f: [hvp(f)(X, W)],
    "grad of jvp": lambda f: [jax.grad(lambda x: jnp.sum(jax.jvp(lambda v: f(v, W), (x,), (V,))[1]))(X)],
    "vmap": lambda f: [jax.vmap(f, in_axes=(0, None))(XS, W)],
    "vmap of columns": lambda f: [jax.vmap(f, in_axes=(1, None), out_axes=-1)(XS.T, W)],
    "vmap of both": lambda f: [jax.vmap(f)(XS, WS)],
    "vmap of w": lambda f: [jax.vmap(f, in_axes=(None, 0))(X, WS)],
    "vmap in vmap": lambda f: [jax.vmap(jax.vmap(f, (None, 0)), (0, None))(XS, WS)],
    "vmap of grad": lambda f: [jax.vmap(jax.grad(total(f)), (0, None))(XS, W)],
    "gradients of w for each": lambda f: [jax.vmap(jax.grad(total(f), argnums=1), (0, None))(XS, W)],
    "grad of vmap": lambda f: list(
        jax.grad(lambda x, w: jnp.sum(jnp.square(jax.vmap(f, (0, None))(x, w))), argnums=(0, 1))(XS, W)
    ),
    "vmap of jvp": lambda f: [jax.vmap(lambda x: jax.jvp(lambda v: f(v, W), (x,), (V,))[1])(XS)],
    "vmap of jacrev": lambda f: [jax.vmap(jax.jacrev(f), (0, None))(XS, W)],
    "vmap of jvp of grad": lambda f: [jax.vmap(hvp(f), (0, None))(XS, W)],
    "jit of vmap of grad": lambda f: [jax.jit(jax.vmap(jax.grad(total(f)), (0, None)))(XS, W)],
}

#: A derivative given by custom_vjp cannot be pushed forward in JAX.
FORWARD = {"jvp", "linearize", "jacfwd", "hessian", "jacrev of jacfwd", "jvp of grad", "grad of jvp", "vmap of jvp"}
FORWARD |= {"vmap of jvp of grad"}


def transforms_cases():
    jax.config.update("jax_enable_x64", True)
    try:
        for name, f in FUNCTIONS.items():
            for transform, apply in TRANSFORMS.items():
                if name == "gradient of its own" and transform in FORWARD:
                    continue
                arrays = {f"y{i}": tensor(np.asarray(y)) for i, y in enumerate(apply(f))}
                yield case(f"{transform}: {name}", {"fn": name, "transform": transform}, arrays)
    finally:
        jax.config.update("jax_enable_x64", False)
