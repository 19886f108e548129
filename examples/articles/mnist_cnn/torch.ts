// A module with its parts as attributes, a loader, the loop by hand.
import * as torch from "@facet/shims-torch";
import { alone } from "../alone.js";
import type { Program } from "../run.js";

const { nn, optim } = torch;
const { DataLoader } = torch.utils.data;
const { datasets, transforms } = torch.torchvision;

class CNN extends nn.Module {
  conv1: InstanceType<typeof nn.Conv2d>;
  conv2 = new nn.Conv2d(32, 64, 3);
  activation = new nn.ReLU();
  pool = new nn.MaxPool2d(2);
  drop = new nn.Dropout(0.5);
  out: InstanceType<typeof nn.Linear>;

  constructor(channels: number, height: number, width: number) {
    super();
    const pooled = (extent: number) => Math.floor((extent - 2) / 2);
    this.conv1 = new nn.Conv2d(channels, 32, 3);
    this.out = new nn.Linear(64 * pooled(pooled(height)) * pooled(pooled(width)), 10);
  }

  override forward(x: torch.Tensor): torch.Tensor {
    x = this.pool(this.activation(this.conv1(x)));
    x = this.pool(this.activation(this.conv2(x)));
    x = this.drop(x.flatten(1));
    return this.out(x);
  }
}

export const program: Program = async (run) => {
  torch.manual_seed(run.seed);
  const { train, test } = run.data;
  const transform = new transforms.ToTensor();
  const train_data = new datasets.VisionDataset(train, { transform });
  const test_data = new datasets.VisionDataset(test, { transform });
  const train_loader = new DataLoader(train_data, { batch_size: 128, shuffle: true });
  const test_loader = new DataLoader(test_data, { batch_size: 128 });

  const net = new CNN(train.channels, train.height, train.width);
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(net.parameters());

  run.phase("train");
  net.train();
  for (let epoch = 0; epoch < run.epochs; epoch++) {
    for await (const [x, y] of train_loader) {
      optimizer.zero_grad();
      const loss = criterion(net(x), y);
      loss.backward();
      optimizer.step();
      await run.step(loss);
    }
    await run.epoch();
  }

  run.phase("predict");
  net.eval();
  let correct = 0;
  for await (const [x, y] of test_loader) {
    const predicted = torch.no_grad(() => net(x).argmax(1));
    correct += await predicted.eq(y).sum().item();
  }
  const parameters = [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0);
  return { parameters, accuracy: correct / test.count };
};

await alone(import.meta, program);
