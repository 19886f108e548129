// A language model by transformer blocks in nnx: attention under a causal mask, layer norm, embeddings of tokens and places.
import { nnx } from "@facet/shims-flax";
import * as jax from "@facet/shims-jax";
import { tokens } from "../formula.js";
import { start } from "./start.js";

const { optax, numpy: jnp } = jax;
type Arr = InstanceType<typeof jax.Array>;

const [VOCAB, LENGTH, WIDTH, HEADS, BLOCKS] = [32, 12, 16, 2, 2];

class TransformerBlock extends nnx.Module {
  layer_norm1: nnx.LayerNorm;
  mha: nnx.MultiHeadAttention;
  layer_norm2: nnx.LayerNorm;
  linear1: nnx.Linear;
  linear2: nnx.Linear;

  constructor(rngs: nnx.Rngs) {
    super();
    this.layer_norm1 = new nnx.LayerNorm({ num_features: WIDTH, epsilon: 1e-6, rngs });
    this.mha = new nnx.MultiHeadAttention({ num_heads: HEADS, in_features: WIDTH, rngs });
    this.layer_norm2 = new nnx.LayerNorm({ num_features: WIDTH, epsilon: 1e-6, rngs });
    this.linear1 = new nnx.Linear({ in_features: WIDTH, out_features: 4 * WIDTH, rngs });
    this.linear2 = new nnx.Linear({ in_features: 4 * WIDTH, out_features: WIDTH, rngs });
  }

  override __call__(inputs: Arr): Arr {
    const mask = nnx.make_causal_mask(jnp.ones(inputs.shape.slice(0, 2)));
    const x = inputs.add(this.mha(this.layer_norm1(inputs), { mask, decode: false }));
    return x.add(this.linear2(nnx.gelu(this.linear1(this.layer_norm2(x)))));
  }
}

class MiniGPT extends nnx.Module {
  token_emb: nnx.Embed;
  pos_emb: nnx.Embed;
  blocks: nnx.List<TransformerBlock>;
  output_layer: nnx.Linear;

  constructor(rngs: nnx.Rngs) {
    super();
    this.token_emb = new nnx.Embed({ num_embeddings: VOCAB, features: WIDTH, rngs });
    this.pos_emb = new nnx.Embed({ num_embeddings: LENGTH, features: WIDTH, rngs });
    this.blocks = new nnx.List(Array.from({ length: BLOCKS }, () => new TransformerBlock(rngs)));
    this.output_layer = new nnx.Linear({ in_features: WIDTH, out_features: VOCAB, use_bias: false, rngs });
  }

  override __call__(inputs: Arr): Arr {
    const positions = jnp.arange(0, inputs.shape[1] as number).reshape([1, -1]);
    let x = this.token_emb(inputs).add(this.pos_emb(positions));
    for (const block of this.blocks) x = block(x);
    return this.output_layer(x);
  }
}

const loss_fn = (model: MiniGPT, inputs: Arr, targets: Arr): Arr =>
  optax.softmax_cross_entropy_with_integer_labels(model(inputs), targets).mean();

const train_step = nnx.jit((model: MiniGPT, optimizer: nnx.Optimizer, inputs: Arr, targets: Arr): Arr => {
  const [loss, grads] = nnx.value_and_grad(loss_fn)(model, inputs, targets);
  optimizer.update(model, grads);
  return loss;
});

export async function train(steps: number): Promise<number[]> {
  const model = new MiniGPT(new nnx.Rngs(0));
  nnx.update(model, start(nnx.state(model, nnx.Param)));
  const optimizer = new nnx.Optimizer(model, optax.adam(1e-2), { wrt: nnx.Param });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const rows = jnp.array(tokens(4, LENGTH + 1, VOCAB, 1000 + 2 * step)).reshape([4, LENGTH + 1]);
    const [inputs, targets] = [rows.slice(null, [0, LENGTH]), rows.slice(null, [1, LENGTH + 1])];
    losses.push(Number(await train_step(model, optimizer, inputs, targets).item()));
  }
  return losses;
}
