// Small colour images by two convolutions of 5 x 5 and three dense layers, with momentum: PyTorch's tutorial of a classifier.
import * as torch from "@facet/shims-torch";
import { images } from "../formula.js";
import { start } from "./start.js";

const { nn, optim } = torch;
const F = nn.functional;

class Net extends nn.Module {
  conv1 = new nn.Conv2d(3, 6, 5);
  pool = new nn.MaxPool2d(2, 2);
  conv2 = new nn.Conv2d(6, 16, 5);
  fc1 = new nn.Linear(16 * 5 * 5, 120);
  fc2 = new nn.Linear(120, 84);
  fc3 = new nn.Linear(84, 10);

  override forward(x: torch.Tensor): torch.Tensor {
    x = this.pool(F.relu(this.conv1(x)));
    x = this.pool(F.relu(this.conv2(x)));
    x = torch.flatten(x, 1);
    x = F.relu(this.fc1(x));
    x = F.relu(this.fc2(x));
    return this.fc3(x);
  }
}

export async function train(steps: number): Promise<number[]> {
  const net = new Net();
  start(net);
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.01, momentum: 0.9 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, y } = images(8, [3, 32, 32], 10, 1000 + 2 * step);
    optimizer.zero_grad();
    const loss = criterion(net(torch.tensor(x).reshape([8, 3, 32, 32])), torch.tensor(y));
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  return losses;
}
