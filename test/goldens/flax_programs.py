"""Programs of generate_flax.py: ten steps of training each, in nnx and in linen. test/flax/programs_*.ts are their likenesses."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax import nnx
from flax.training import train_state

from inputs import Inputs

STEPS = 10
draw = Inputs("flax", "programs")
MLP = {"x": draw.normal(16, 6).astype("float32"), "y": draw.integers(16, high=3).astype("int32")}
IMAGES = {"x": draw.normal(8, 8, 8, 2).astype("float32"), "y": draw.integers(8, high=3).astype("int32")}
WORDS = {"x": draw.integers(4, 6, high=11).astype("int32"), "y": draw.integers(4, 6, high=11).astype("int32")}


def mean_loss(logits, y):
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


def paths(state):
    return [".".join(map(str, path)) for path, _ in nnx.to_flat_state(state)]


class Mlp(nnx.Module):
    def __init__(self, din, dmid, dout, *, rngs):
        self.linear1 = nnx.Linear(din, dmid, rngs=rngs)
        self.norm = nnx.LayerNorm(dmid, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.linear2 = nnx.Linear(dmid, dout, rngs=rngs)

    def __call__(self, x):
        return self.linear2(self.dropout(nnx.gelu(self.norm(self.linear1(x)))))


class Cnn(nnx.Module):
    def __init__(self, *, rngs):
        self.conv1 = nnx.Conv(2, 4, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs)
        self.conv2 = nnx.Conv(4, 6, (3, 3), strides=2, rngs=rngs)
        self.out = nnx.Linear(24, 3, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.norm(self.conv1(x))), (2, 2), (2, 2))
        return self.out(nnx.relu(self.conv2(x)).reshape(x.shape[0], -1))


class Transformer(nnx.Module):
    def __init__(self, *, rngs):
        self.embed = nnx.Embed(11, 8, rngs=rngs)
        self.norm1 = nnx.LayerNorm(8, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs)
        self.norm2 = nnx.LayerNorm(8, rngs=rngs)
        self.mlp = nnx.Sequential(nnx.Linear(8, 16, rngs=rngs), nnx.gelu, nnx.Linear(16, 8, rngs=rngs))

    def __call__(self, x):
        h = self.embed(x)
        h = h + self.attention(self.norm1(h), mask=nnx.make_causal_mask(x))
        h = h + self.mlp(self.norm2(h))
        return self.embed.attend(h)


class Recurrent(nnx.Module):
    def __init__(self, *, rngs):
        self.embed = nnx.Embed(11, 5, rngs=rngs)
        cell = nnx.LSTMCell(5, 7, recurrent_kernel_init=nnx.initializers.lecun_normal(), rngs=rngs)
        self.rnn = nnx.RNN(cell, rngs=rngs)
        self.out = nnx.Linear(7, 11, rngs=rngs)

    def __call__(self, x):
        return self.out(self.rnn(self.embed(x)))


def nnx_trained(make, tx):
    def program(x, y):
        model = make(nnx.Rngs(0))
        optimizer = nnx.Optimizer(model, tx, wrt=nnx.Param)

        @nnx.jit
        def step(model, optimizer, x, y):
            loss, grads = nnx.value_and_grad(lambda model: mean_loss(model(x), y))(model)
            optimizer.update(model, grads)
            return loss

        return [step(model, optimizer, x, y) for _ in range(STEPS)], paths(nnx.state(model, nnx.Param))

    return program


NNX_PROGRAMS = {
    "mlp": (nnx_trained(lambda rngs: Mlp(6, 12, 3, rngs=rngs), optax.adam(0.01)), MLP),
    "cnn": (nnx_trained(lambda rngs: Cnn(rngs=rngs), optax.sgd(0.1, 0.9)), IMAGES),
    "transformer": (nnx_trained(lambda rngs: Transformer(rngs=rngs), optax.adamw(0.01)), WORDS),
    "recurrent": (nnx_trained(lambda rngs: Recurrent(rngs=rngs), optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.01))), WORDS),
}


class LinenMlp(nn.Module):
    features: tuple

    @nn.compact
    def __call__(self, x, train):
        for i, size in enumerate(self.features):
            x = nn.Dense(size)(x)
            if i < len(self.features) - 1:
                x = nn.Dropout(0.2, deterministic=not train)(nn.gelu(nn.LayerNorm()(x)))
        return x


class LinenCnn(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        x = nn.Conv(4, (3, 3))(x)
        x = nn.relu(nn.BatchNorm(use_running_average=not train)(x))
        x = nn.max_pool(x, (2, 2), strides=(2, 2))
        x = nn.relu(nn.Conv(6, (3, 3), strides=2, name="second")(x))
        return nn.Dense(3)(x.reshape((x.shape[0], -1)))


class LinenBlock(nn.Module):
    def setup(self):
        self.norms = [nn.LayerNorm(), nn.LayerNorm()]
        self.attention = nn.MultiHeadDotProductAttention(num_heads=2)
        self.mlp = nn.Sequential([nn.Dense(16), nn.gelu, nn.Dense(8)])

    def __call__(self, h, mask):
        h = h + self.attention(self.norms[0](h), mask=mask)
        return h + self.mlp(self.norms[1](h))


class LinenTransformer(nn.Module):
    def setup(self):
        self.embed = nn.Embed(11, 8)
        self.block = LinenBlock()

    def __call__(self, x, train):
        return self.embed.attend(self.block(self.embed(x), nn.make_causal_mask(x)))


class LinenRecurrent(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        x = nn.Embed(11, 5)(x)
        x = nn.RNN(nn.GRUCell(7, recurrent_kernel_init=nn.initializers.lecun_normal()))(x)
        return nn.Dense(11)(x)


class State(train_state.TrainState):
    batch_stats: dict


def linen_trained(model, tx):
    def program(x, y):
        variables = model.init(jax.random.key(0), x, train=False)
        state = State.create(apply_fn=model.apply, params=variables["params"], tx=tx, batch_stats=variables.get("batch_stats", {}))

        @jax.jit
        def step(state, key, x, y):
            def loss_of(params):
                logits, updates = state.apply_fn(
                    {"params": params, "batch_stats": state.batch_stats},
                    x,
                    train=True,
                    rngs={"dropout": jax.random.fold_in(key, state.step)},
                    mutable=["batch_stats"],
                )
                return mean_loss(logits, y), updates

            (loss, updates), grads = jax.value_and_grad(loss_of, has_aux=True)(state.params)
            state = state.apply_gradients(grads=grads, batch_stats=updates.get("batch_stats", {}))
            return state, loss

        losses = []
        for _ in range(STEPS):
            state, loss = step(state, jax.random.key(1), x, y)
            losses.append(loss)
        return losses, [".".join(str(part.key) for part in path) for path, _ in jax.tree_util.tree_leaves_with_path(state.params)]

    return program


LINEN_PROGRAMS = {
    "mlp": (linen_trained(LinenMlp((12, 8, 3)), optax.adam(0.01)), MLP),
    "cnn": (linen_trained(LinenCnn(), optax.sgd(0.1, 0.9)), IMAGES),
    "transformer": (linen_trained(LinenTransformer(), optax.adamw(0.01)), WORDS),
    "recurrent": (linen_trained(LinenRecurrent(), optax.adam(0.01)), WORDS),
}
