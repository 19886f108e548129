// Digits by two convolutions, Adadelta and a rate that falls by epochs: the program that PyTorch's examples begin with.
import * as torch from "@facet/shims-torch";
import { images } from "../formula.js";
import { start } from "./start.js";

const { nn, optim } = torch;
const F = nn.functional;
const { StepLR } = optim.lr_scheduler;

class Net extends nn.Module {
  conv1 = new nn.Conv2d(1, 32, 3, 1);
  conv2 = new nn.Conv2d(32, 64, 3, 1);
  dropout1: InstanceType<typeof nn.Dropout>;
  dropout2: InstanceType<typeof nn.Dropout>;
  fc1 = new nn.Linear(1600, 128);
  fc2 = new nn.Linear(128, 10);

  constructor(dropout: number) {
    super();
    this.dropout1 = new nn.Dropout(dropout / 2);
    this.dropout2 = new nn.Dropout(dropout);
  }

  override forward(x: torch.Tensor): torch.Tensor {
    x = F.max_pool2d(F.relu(this.conv1(x)), 2);
    x = F.max_pool2d(F.relu(this.conv2(x)), 2);
    x = torch.flatten(this.dropout1(x), 1);
    x = this.dropout2(F.relu(this.fc1(x)));
    return F.log_softmax(this.fc2(x), { dim: 1 });
  }
}

export async function train(steps: number, dropout = 0.5): Promise<number[]> {
  const model = new Net(dropout);
  start(model);
  const optimizer = new optim.Adadelta(model.parameters(), { lr: 1.0 });
  const scheduler = new StepLR(optimizer, { step_size: 1, gamma: 0.7 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, y } = images(16, [1, 28, 28], 10, 1000 + 2 * step);
    optimizer.zero_grad();
    const loss = F.nll_loss(model(torch.tensor(x).reshape([16, 1, 28, 28])), torch.tensor(y));
    loss.backward();
    optimizer.step();
    // An epoch of four batches.
    if (step % 4 === 3) scheduler.step();
    losses.push(await loss.item());
  }
  return losses;
}
