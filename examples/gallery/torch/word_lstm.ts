// A language model of words by an LSTM whose state goes on from batch to batch, gradients clipped, weights moved by hand.
import * as torch from "@facet/shims-torch";
import { tokens } from "../formula.js";
import { start } from "./start.js";

const { nn } = torch;
const F = nn.functional;
const [NTOKENS, BPTT, BATCH] = [30, 7, 4];
type Hidden = [h: torch.Tensor, c: torch.Tensor];

class RNNModel extends nn.Module {
  ntoken: number;
  nhid: number;
  nlayers: number;
  drop: InstanceType<typeof nn.Dropout>;
  encoder: InstanceType<typeof nn.Embedding>;
  rnn: InstanceType<typeof nn.LSTM>;
  decoder: InstanceType<typeof nn.Linear>;

  constructor(ntoken: number, ninp: number, nhid: number, nlayers: number, dropout: number) {
    super();
    [this.ntoken, this.nhid, this.nlayers] = [ntoken, nhid, nlayers];
    this.drop = new nn.Dropout(dropout);
    this.encoder = new nn.Embedding(ntoken, ninp);
    this.rnn = new nn.LSTM(ninp, nhid, nlayers, { dropout });
    this.decoder = new nn.Linear(nhid, ntoken);
  }

  override forward(input: torch.Tensor, hidden: Hidden): [torch.Tensor, Hidden] {
    const emb = this.drop(this.encoder(input));
    const [output, next] = this.rnn(emb, hidden);
    const decoded = this.decoder(this.drop(output)).view(-1, this.ntoken);
    return [F.log_softmax(decoded, { dim: 1 }), next];
  }

  init_hidden(bsz: number): Hidden {
    const [weight] = [...this.parameters()] as [torch.Tensor];
    return [weight.new_zeros([this.nlayers, bsz, this.nhid]), weight.new_zeros([this.nlayers, bsz, this.nhid])];
  }
}

export async function train(steps: number, dropout = 0.2): Promise<number[]> {
  const model = new RNNModel(NTOKENS, 16, 24, 2, dropout);
  start(model);
  const criterion = new nn.NLLLoss();
  const lr = 2.0;
  const length = steps * BPTT + 1;
  const data = torch
    .tensor(tokens(BATCH, length, NTOKENS, 1000))
    .reshape([BATCH, length])
    .t()
    .contiguous();
  let hidden = model.init_hidden(BATCH);
  const losses: number[] = [];
  for (let i = 0; i < steps * BPTT; i += BPTT) {
    const x = data.get([i, i + BPTT]);
    const targets = data.get([i + 1, i + 1 + BPTT]).reshape(-1);
    model.zero_grad();
    // What came before is a start for this batch and no more.
    const [output, next] = model(x, hidden.map((h) => h.detach()) as Hidden);
    hidden = next;
    const loss = criterion(output, targets);
    loss.backward();
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25);
    for (const p of model.parameters()) p.data.add_(p.grad as torch.Tensor, { alpha: -lr });
    losses.push(await loss.item());
  }
  return losses;
}
