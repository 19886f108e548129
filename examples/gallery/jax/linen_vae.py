"""A variational autoencoder of linen modules made in setup, as Flax's example: a key for the code's noise goes in with the call."""

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax.training import train_state
from formula import images
from start import start


class Encoder(nn.Module):
    latents: int

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(64, name="fc1")(x)
        x = nn.relu(x)
        mean_x = nn.Dense(self.latents, name="fc2_mean")(x)
        logvar_x = nn.Dense(self.latents, name="fc2_logvar")(x)
        return mean_x, logvar_x


class Decoder(nn.Module):
    @nn.compact
    def __call__(self, z):
        z = nn.Dense(64, name="fc1")(z)
        z = nn.relu(z)
        return nn.Dense(196, name="fc2")(z)


def reparameterize(rng, mean, logvar):
    std = jnp.exp(0.5 * logvar)
    eps = jax.random.normal(rng, logvar.shape)
    return mean + eps * std


class VAE(nn.Module):
    latents: int = 8

    def setup(self):
        self.encoder = Encoder(self.latents)
        self.decoder = Decoder()

    def __call__(self, x, z_rng):
        mean, logvar = self.encoder(x)
        z = reparameterize(z_rng, mean, logvar)
        return self.decoder(z), mean, logvar


def kl_divergence(mean, logvar):
    return -0.5 * jnp.sum(1 + logvar - jnp.square(mean) - jnp.exp(logvar))


def binary_cross_entropy_with_logits(logits, labels):
    logits = nn.log_sigmoid(logits)
    return -jnp.sum(labels * logits + (1.0 - labels) * jnp.log(-jnp.expm1(logits)))


@jax.jit
def train_step(state, batch, z_rng):
    def loss_fn(params):
        recon_x, mean, logvar = state.apply_fn({"params": params}, batch, z_rng)
        bce_loss = jax.vmap(binary_cross_entropy_with_logits)(recon_x, batch).mean()
        kld_loss = jax.vmap(kl_divergence)(mean, logvar).mean()
        return bce_loss + kld_loss

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


def train(steps):
    rng, key = jax.random.split(jax.random.key(0))
    vae = VAE()
    params = start(vae.init(key, jnp.ones((16, 196)), rng)["params"])
    state = train_state.TrainState.create(apply_fn=vae.apply, params=params, tx=optax.adam(1e-3))
    losses = []
    for step in range(steps):
        x, _ = images(16, [196], 10, 1000 + 2 * step)
        rng, key = jax.random.split(rng)
        state, loss = train_step(state, (jnp.asarray(x) + 1.5) / 3, key)
        losses.append(float(loss))
    return losses
