// The same language model by a transformer's encoder under a causal mask, with positions as sines.
import * as torch from "@facet/shims-torch";
import { tokens } from "../formula.js";
import { start } from "./start.js";

const { nn, optim } = torch;
const F = nn.functional;
const [NTOKENS, LENGTH, BATCH] = [30, 8, 4];

class PositionalEncoding extends nn.Module {
  dropout: InstanceType<typeof nn.Dropout>;
  declare pe: torch.Tensor;

  constructor(d_model: number, dropout: number, max_len = 64) {
    super();
    this.dropout = new nn.Dropout({ p: dropout });
    const position = torch.arange(0, max_len, { dtype: torch.float32 }).unsqueeze(1);
    const div_term = torch.exp(
      torch
        .arange(0, d_model, 2)
        .float()
        .mul(-Math.log(10000) / d_model),
    );
    const angles = position.mul(div_term);
    // Sines and cosines in turn.
    const pe = torch.stack([torch.sin(angles), torch.cos(angles)], 2).reshape([max_len, d_model]);
    this.register_buffer("pe", pe.unsqueeze(1));
  }

  override forward(x: torch.Tensor): torch.Tensor {
    return this.dropout(x.add(this.pe.get([0, x.size(0)])));
  }
}

class TransformerModel extends nn.Module {
  ninp: number;
  input_emb: InstanceType<typeof nn.Embedding>;
  pos_encoder: PositionalEncoding;
  encoder: InstanceType<typeof nn.TransformerEncoder>;
  decoder: InstanceType<typeof nn.Linear>;

  constructor(ntoken: number, ninp: number, nhead: number, nhid: number, nlayers: number, dropout: number) {
    super();
    this.ninp = ninp;
    this.input_emb = new nn.Embedding(ntoken, ninp);
    this.pos_encoder = new PositionalEncoding(ninp, dropout);
    this.encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(ninp, nhead, nhid, dropout), nlayers);
    this.decoder = new nn.Linear(ninp, ntoken);
  }

  override forward(src: torch.Tensor, src_mask: torch.Tensor): torch.Tensor {
    src = this.pos_encoder(this.input_emb(src).mul(Math.sqrt(this.ninp)));
    const output = this.decoder(this.encoder(src, { mask: src_mask }));
    return F.log_softmax(output, { dim: -1 });
  }
}

export async function train(steps: number, dropout = 0.2): Promise<number[]> {
  const model = new TransformerModel(NTOKENS, 16, 2, 32, 2, dropout);
  start(model);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const src_mask = nn.Transformer.generate_square_subsequent_mask(LENGTH);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const rows = tokens(BATCH, LENGTH + 1, NTOKENS, 1000 + 2 * step);
    const data = torch
      .tensor(rows)
      .reshape([BATCH, LENGTH + 1])
      .t();
    optimizer.zero_grad();
    const output = model(data.get([0, LENGTH]), src_mask);
    const loss = F.nll_loss(output.reshape(-1, NTOKENS), data.get([1, LENGTH + 1]).reshape(-1));
    loss.backward();
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5);
    optimizer.step();
    losses.push(await loss.item());
  }
  return losses;
}
