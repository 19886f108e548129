"""A language model by transformer blocks in nnx: attention under a causal mask, layer norm, embeddings of tokens and places."""

import jax.numpy as jnp
import optax
from flax import nnx
from formula import tokens
from start import start

VOCAB, LENGTH, WIDTH, HEADS, BLOCKS = 32, 12, 16, 2, 2


class TransformerBlock(nnx.Module):
    def __init__(self, rngs):
        self.layer_norm1 = nnx.LayerNorm(num_features=WIDTH, epsilon=1e-6, rngs=rngs)
        self.mha = nnx.MultiHeadAttention(num_heads=HEADS, in_features=WIDTH, rngs=rngs)
        self.layer_norm2 = nnx.LayerNorm(num_features=WIDTH, epsilon=1e-6, rngs=rngs)
        self.linear1 = nnx.Linear(in_features=WIDTH, out_features=4 * WIDTH, rngs=rngs)
        self.linear2 = nnx.Linear(in_features=4 * WIDTH, out_features=WIDTH, rngs=rngs)

    def __call__(self, inputs):
        mask = nnx.make_causal_mask(jnp.ones(inputs.shape[:2]))
        x = inputs + self.mha(self.layer_norm1(inputs), mask=mask, decode=False)
        return x + self.linear2(nnx.gelu(self.linear1(self.layer_norm2(x))))


class MiniGPT(nnx.Module):
    def __init__(self, rngs):
        self.token_emb = nnx.Embed(num_embeddings=VOCAB, features=WIDTH, rngs=rngs)
        self.pos_emb = nnx.Embed(num_embeddings=LENGTH, features=WIDTH, rngs=rngs)
        self.blocks = nnx.List([TransformerBlock(rngs) for _ in range(BLOCKS)])
        self.output_layer = nnx.Linear(in_features=WIDTH, out_features=VOCAB, use_bias=False, rngs=rngs)

    def __call__(self, inputs):
        positions = jnp.arange(0, inputs.shape[1])[None, :]
        x = self.token_emb(inputs) + self.pos_emb(positions)
        for block in self.blocks:
            x = block(x)
        return self.output_layer(x)


def loss_fn(model, inputs, targets):
    return optax.softmax_cross_entropy_with_integer_labels(model(inputs), targets).mean()


@nnx.jit
def train_step(model, optimizer, inputs, targets):
    loss, grads = nnx.value_and_grad(loss_fn)(model, inputs, targets)
    optimizer.update(model, grads)
    return loss


def train(steps):
    model = MiniGPT(nnx.Rngs(0))
    nnx.update(model, start(nnx.state(model, nnx.Param)))
    optimizer = nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)
    losses = []
    for step in range(steps):
        rows = jnp.asarray(tokens(4, LENGTH + 1, VOCAB, 1000 + 2 * step))
        losses.append(float(train_step(model, optimizer, rows[:, :-1], rows[:, 1:])))
    return losses
