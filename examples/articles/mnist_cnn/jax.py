# Pure functions of parameters, an optimiser triple, the step compiled.
import jax
import jax.numpy as jnp
import optax
from jax import random, tree_util
from jax.example_libraries import optimizers, stax
from keras.datasets import mnist


def cnn(mode):
    return stax.serial(
        stax.Conv(32, (3, 3)),
        stax.Relu,
        stax.MaxPool((2, 2), (2, 2)),
        stax.Conv(64, (3, 3)),
        stax.Relu,
        stax.MaxPool((2, 2), (2, 2)),
        stax.Flatten,
        stax.Dropout(0.5, mode),  # the probability of keeping
        stax.Dense(10),
    )


init, apply = cnn("train")
_, apply_test = cnn("test")
opt_init, opt_update, get_params = optimizers.adam(1e-3)


def scaled(x):
    return x.astype(jnp.float32) / 255


def loss(params, x, y, rng):
    return optax.softmax_cross_entropy_with_integer_labels(apply(params, scaled(x), rng=rng), y).mean()


(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = (jnp.array(x).reshape(-1, 28, 28, 1) for x in (x_train, x_test))
y_train, y_test = (jnp.array(y).astype(jnp.int32) for y in (y_train, y_test))

init_key, order_key, drop_key = random.split(random.key(0), 3)
_, params = init(init_key, (-1, 28, 28, 1))
opt_state = opt_init(params)


@jax.jit
def train_step(i, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(get_params(opt_state), x, y, random.fold_in(drop_key, i))
    return value, opt_update(i, grads, opt_state)


@jax.jit
def correct(params, x, y):
    return (apply_test(params, scaled(x), rng=drop_key).argmax(1) == y).sum()


i = 0
for epoch in range(5):
    order = random.permutation(random.fold_in(order_key, epoch), len(x_train))
    for start in range(0, len(x_train), 128):
        batch = order[start:start + 128]
        value, opt_state = train_step(i, opt_state, x_train[batch], y_train[batch])
        i += 1
    print(f"epoch {epoch + 1}, loss {value:.4f}")

hits = 0
for start in range(0, len(x_test), 128):
    hits += int(correct(get_params(opt_state), x_test[start:start + 128], y_test[start:start + 128]))
parameters = tree_util.tree_reduce(lambda total, leaf: total + leaf.size, params, 0)
print(f"{parameters} parameters, test accuracy {hits / len(x_test):.4f}")
