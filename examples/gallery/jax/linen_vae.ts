// A variational autoencoder of linen modules made in setup, as Flax's example: a key for the code's noise goes in with the call.
import { linen as nn, training } from "@facet/shims-flax";
import * as jax from "@facet/shims-jax";
import { images } from "../formula.js";
import { start } from "./start.js";

const { optax, numpy: jnp } = jax;
const { TrainState } = training.train_state;
type Arr = InstanceType<typeof jax.Array>;
type Key = ReturnType<typeof jax.random.key>;
type State = InstanceType<typeof TrainState>;

class Encoder extends nn.Module {
  declare latents: number;

  override __call__(x: Arr): [Arr, Arr] {
    x = new nn.Dense(64, { name: "fc1" })(x);
    x = nn.relu(x);
    const mean_x = new nn.Dense(this.latents, { name: "fc2_mean" })(x);
    const logvar_x = new nn.Dense(this.latents, { name: "fc2_logvar" })(x);
    return [mean_x, logvar_x];
  }
}

class Decoder extends nn.Module {
  override __call__(z: Arr): Arr {
    z = new nn.Dense(64, { name: "fc1" })(z);
    z = nn.relu(z);
    return new nn.Dense(196, { name: "fc2" })(z);
  }
}

function reparameterize(rng: Key, mean: Arr, logvar: Arr): Arr {
  const std = jnp.exp(logvar.mul(0.5));
  const eps = jax.random.normal(rng, logvar.shape);
  return mean.add(eps.mul(std));
}

class VAE extends nn.Module {
  declare latents: number;
  declare encoder: Encoder;
  declare decoder: Decoder;

  override setup(): void {
    this.encoder = new Encoder({ latents: this.latents });
    this.decoder = new Decoder();
  }

  override __call__(x: Arr, z_rng: Key): [Arr, Arr, Arr] {
    const [mean, logvar] = this.encoder(x) as [Arr, Arr];
    const z = reparameterize(z_rng, mean, logvar);
    return [this.decoder(z), mean, logvar];
  }
}

const kl_divergence = (mean: Arr, logvar: Arr): Arr =>
  jnp.sum(logvar.add(1).sub(jnp.square(mean)).sub(jnp.exp(logvar))).mul(-0.5);

function binary_cross_entropy_with_logits(logits: Arr, labels: Arr): Arr {
  logits = nn.log_sigmoid(logits);
  const other = jnp.log(jnp.expm1(logits).neg());
  return jnp.sum(labels.mul(logits).add(labels.neg().add(1).mul(other))).neg();
}

const train_step = jax.jit((state: State, batch: Arr, z_rng: Key) => {
  const loss_fn = (params: State["params"]): Arr => {
    const [recon_x, mean, logvar] = state.apply_fn({ params }, batch, z_rng) as [Arr, Arr, Arr];
    const bce_loss = jax.vmap(binary_cross_entropy_with_logits)(recon_x, batch).mean();
    const kld_loss = jax.vmap(kl_divergence)(mean, logvar).mean();
    return bce_loss.add(kld_loss);
  };
  const [loss, grads] = jax.value_and_grad(loss_fn)(state.params);
  return [state.apply_gradients({ grads }), loss] as const;
});

export async function train(steps: number): Promise<number[]> {
  let [rng, key] = jax.random.split(jax.random.key(0)) as [Key, Key];
  const vae = new VAE({ latents: 8 });
  const params = start(vae.init(key, jnp.ones([16, 196]), rng).params);
  let state = TrainState.create({ apply_fn: vae.apply, params, tx: optax.adam(1e-3) });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x } = images(16, [196], 10, 1000 + 2 * step);
    [rng, key] = jax.random.split(rng) as [Key, Key];
    const [next, loss] = train_step(state, jnp.array(x).reshape([16, 196]).add(1.5).div(3), key);
    state = next;
    losses.push(Number(await loss.item()));
  }
  return losses;
}
