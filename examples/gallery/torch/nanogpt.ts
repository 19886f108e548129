// A small GPT: causal attention, weights of the embedding shared with the head, decay for matrices only, a rate that warms up and falls.
import * as torch from "@facet/shims-torch";
import { tokens } from "../formula.js";
import { start } from "./start.js";

const { nn } = torch;
const F = nn.functional;
const [VOCAB, BLOCK, LAYERS, HEADS, WIDTH] = [32, 16, 2, 2, 16];

/** A layer norm whose bias may be left out. */
class LayerNorm extends nn.Module {
  weight: torch.Tensor;
  bias: torch.Tensor | null;

  constructor(ndim: number, { bias }: { bias: boolean }) {
    super();
    this.weight = new nn.Parameter(torch.ones([ndim]));
    this.bias = bias ? new nn.Parameter(torch.zeros([ndim])) : null;
  }

  override forward(input: torch.Tensor): torch.Tensor {
    return F.layer_norm(input, this.weight.shape, this.weight, this.bias, 1e-5);
  }
}

class CausalSelfAttention extends nn.Module {
  c_attn = new nn.Linear(WIDTH, 3 * WIDTH, { bias: false });
  c_proj = new nn.Linear(WIDTH, WIDTH, { bias: false });
  resid_dropout: InstanceType<typeof nn.Dropout>;
  dropout: number;

  constructor(dropout: number) {
    super();
    this.resid_dropout = new nn.Dropout(dropout);
    this.dropout = dropout;
  }

  override forward(x: torch.Tensor): torch.Tensor {
    const [b, t, c] = x.size() as [number, number, number];
    const [q, k, v] = this.c_attn(x)
      .split(WIDTH, { dim: 2 })
      .map((part: torch.Tensor) => part.view(b, t, HEADS, c / HEADS).transpose(1, 2)) as [
      torch.Tensor,
      torch.Tensor,
      torch.Tensor,
    ];
    const dropout_p = this.training ? this.dropout : 0;
    let y = F.scaled_dot_product_attention(q, k, v, { attn_mask: null, dropout_p, is_causal: true });
    y = y.transpose(1, 2).contiguous().view(b, t, c);
    return this.resid_dropout(this.c_proj(y));
  }
}

class MLP extends nn.Module {
  c_fc = new nn.Linear(WIDTH, 4 * WIDTH, { bias: false });
  gelu = new nn.GELU();
  c_proj = new nn.Linear(4 * WIDTH, WIDTH, { bias: false });
  dropout: InstanceType<typeof nn.Dropout>;

  constructor(dropout: number) {
    super();
    this.dropout = new nn.Dropout(dropout);
  }

  override forward(x: torch.Tensor): torch.Tensor {
    return this.dropout(this.c_proj(this.gelu(this.c_fc(x))));
  }
}

class Block extends nn.Module {
  ln_1 = new LayerNorm(WIDTH, { bias: false });
  attn: CausalSelfAttention;
  ln_2: LayerNorm;
  mlp: MLP;

  constructor(dropout: number) {
    super();
    this.attn = new CausalSelfAttention(dropout);
    this.ln_2 = new LayerNorm(WIDTH, { bias: false });
    this.mlp = new MLP(dropout);
  }

  override forward(x: torch.Tensor): torch.Tensor {
    x = x.add(this.attn(this.ln_1(x)));
    return x.add(this.mlp(this.ln_2(x)));
  }
}

class GPT extends nn.Module {
  wte = new nn.Embedding(VOCAB, WIDTH);
  wpe = new nn.Embedding(BLOCK, WIDTH);
  drop: InstanceType<typeof nn.Dropout>;
  h: InstanceType<typeof nn.ModuleList>;
  ln_f: LayerNorm;
  lm_head = new nn.Linear(WIDTH, VOCAB, { bias: false });

  constructor(dropout: number) {
    super();
    this.drop = new nn.Dropout(dropout);
    this.h = new nn.ModuleList(Array.from({ length: LAYERS }, () => new Block(dropout)));
    this.ln_f = new LayerNorm(WIDTH, { bias: false });
    this.wte.weight = this.lm_head.weight;
    this.apply((module) => this._init_weights(module));
  }

  _init_weights(module: torch.nn.Module): void {
    if (module instanceof nn.Linear) nn.init.normal_(module.weight, { mean: 0, std: 0.02 });
    else if (module instanceof nn.Embedding) nn.init.normal_(module.weight, { mean: 0, std: 0.02 });
  }

  override forward(idx: torch.Tensor, targets: torch.Tensor): torch.Tensor {
    const pos = torch.arange(0, idx.size(1), { dtype: torch.long });
    let x: torch.Tensor = this.drop(this.wte(idx).add(this.wpe(pos)));
    for (const block of this.h) x = block(x);
    const logits: torch.Tensor = this.lm_head(this.ln_f(x));
    return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.reshape(-1), { ignore_index: -1 });
  }

  /** Matrices decay; scales of norms do not. */
  configure_optimizers(weight_decay: number, learning_rate: number) {
    const params = [...this.named_parameters()].map(([, p]) => p).filter((p) => p.requires_grad);
    const groups = [
      { params: params.filter((p) => p.dim() >= 2), weight_decay },
      { params: params.filter((p) => p.dim() < 2), weight_decay: 0 },
    ];
    return new torch.optim.AdamW(groups, { lr: learning_rate, betas: [0.9, 0.95] });
  }
}

function rate_at(it: number, peak = 1e-2, least = 1e-3, warmup = 3, last = 10): number {
  if (it < warmup) return (peak * (it + 1)) / (warmup + 1);
  if (it > last) return least;
  return least + 0.5 * (1 + Math.cos((Math.PI * (it - warmup)) / (last - warmup))) * (peak - least);
}

export async function train(steps: number, dropout = 0.1): Promise<number[]> {
  const model = new GPT(dropout);
  start(model);
  const optimizer = model.configure_optimizers(0.1, 1e-2);
  const losses: number[] = [];
  for (let it = 0; it < steps; it++) {
    for (const group of optimizer.param_groups) group.lr = rate_at(it);
    const rows = torch.tensor(tokens(4, BLOCK + 1, VOCAB, 1000 + 2 * it)).reshape([4, BLOCK + 1]);
    const loss: torch.Tensor = model(rows.get(":", [0, BLOCK]), rows.get(":", [1, BLOCK + 1]));
    loss.backward();
    nn.utils.clip_grad_norm_(model.parameters(), 1.0);
    optimizer.step();
    optimizer.zero_grad({ set_to_none: true });
    losses.push(await loss.item());
  }
  return losses;
}
