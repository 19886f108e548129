// PyTorch; for Fashion-MNIST nothing changes but the data.
import * as torch from "@facet/shims-torch";
import { alone } from "../alone.js";
import type { Program } from "../run.js";

const { nn, optim } = torch;
const F = nn.functional;
const { DataLoader } = torch.utils.data;
const { datasets, transforms } = torch.torchvision;

class Net extends nn.Module {
  conv1: InstanceType<typeof nn.Conv2d>;
  conv2 = new nn.Conv2d(32, 64, 5, { padding: 2 });
  fc1: InstanceType<typeof nn.Linear>;
  drop = new nn.Dropout(0.5);
  fc2 = new nn.Linear(1024, 10);

  constructor(channels: number, height: number, width: number) {
    super();
    this.conv1 = new nn.Conv2d(channels, 32, 5, { padding: 2 });
    this.fc1 = new nn.Linear(64 * Math.floor(height / 4) * Math.floor(width / 4), 1024);
  }

  override forward(x: torch.Tensor): torch.Tensor {
    x = F.max_pool2d(F.relu(this.conv1(x)), 2);
    x = F.max_pool2d(F.relu(this.conv2(x)), 2);
    x = F.relu(this.fc1(x.flatten(1)));
    return this.fc2(this.drop(x));
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

  const net = new Net(train.channels, train.height, train.width);
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
