// PyTorch: a Sequential, CrossEntropyLoss, the loop by hand.
import * as torch from "@facet/shims-torch";
import { alone } from "../alone.js";
import type { Program } from "../run.js";

const { nn, optim } = torch;
const { DataLoader } = torch.utils.data;
const { datasets, transforms } = torch.torchvision;

export const program: Program = async (run) => {
  torch.manual_seed(run.seed);
  const { train, test } = run.data;
  const transform = new transforms.ToTensor();
  const train_data = new datasets.VisionDataset(train, { transform });
  const test_data = new datasets.VisionDataset(test, { transform });
  const train_loader = new DataLoader(train_data, { batch_size: 128, shuffle: true });
  const test_loader = new DataLoader(test_data, { batch_size: 128 });

  const net = new nn.Sequential(
    new nn.Conv2d(train.channels, 16, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2, 2),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2, 2),
    new nn.Flatten(),
    new nn.Linear(32 * Math.floor(train.height / 4) * Math.floor(train.width / 4), 64),
    new nn.ReLU(),
    new nn.Linear(64, 10),
  );
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(net.parameters(), { lr: 1e-4 });

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
  const predictions: torch.Tensor[] = [];
  const targets: torch.Tensor[] = [];
  for await (const [x, y] of test_loader) {
    predictions.push(torch.no_grad(() => net(x)));
    targets.push(y);
  }
  const predicted = torch.argmax(torch.cat(predictions), 1);
  const accuracy = await predicted.eq(torch.cat(targets)).float().mean().item();
  const parameters = [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0);
  return { parameters, accuracy };
};

await alone(import.meta, program);
