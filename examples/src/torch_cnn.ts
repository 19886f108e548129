// The CNN of the articles as a PyTorch user writes it: a Module, a DataLoader, the training loop by hand.
import { fileURLToPath } from "node:url";
import { defaultDataset, loadDataset } from "@facet/datasets";
import * as torch from "@facet/shims-torch";
import { alignedWeights } from "./aligned.js";
import type { TrainOptions, TrainResult } from "./options.js";
import { StepLog } from "./steps.js";

const { nn, optim } = torch;
const { DataLoader } = torch.utils.data;
const { datasets, transforms } = torch.torchvision;
const F = nn.functional;

const pooled = (extent: number): number => Math.floor((extent - 2) / 2);

class CNN extends nn.Module {
  conv1: InstanceType<typeof nn.Conv2d>;
  conv2 = new nn.Conv2d(32, 64, 3);
  pool = new nn.MaxPool2d(2);
  drop = new nn.Dropout(0.5);
  out: InstanceType<typeof nn.Linear>;

  constructor(channels: number, height: number, width: number) {
    super();
    this.conv1 = new nn.Conv2d(channels, 32, 3);
    this.out = new nn.Linear(64 * pooled(pooled(height)) * pooled(pooled(width)), 10);
  }

  override forward(x: torch.Tensor): torch.Tensor {
    x = this.pool(F.relu(this.conv1(x)));
    x = this.pool(F.relu(this.conv2(x)));
    return this.out(this.drop(x.flatten(1)));
  }
}

/** Trains on `data.train`, evaluates on `data.test`. */
export async function runTorch(options: TrainOptions): Promise<TrainResult> {
  const { data, epochs, batchSize, seed, align, plan = false, onStep } = options;
  const { channels, height, width } = data.train;
  const transform = new transforms.ToTensor();
  const train_loader = new DataLoader(new datasets.VisionDataset(data.train, { transform }), {
    batch_size: batchSize,
    shuffle: !align,
  });
  const test_loader = new DataLoader(new datasets.VisionDataset(data.test, { transform }), { batch_size: batchSize });

  torch.manual_seed(seed);
  const net = new CNN(channels, height, width);
  if (align) await loadAligned(net, options);
  // The other dialects average the losses of the samples in a step of its own.
  const criterion = new nn.CrossEntropyLoss({ reduction: align ? "none" : "mean" });
  const optimizer = new optim.Adam(net.parameters(), { lr: 1e-3 });
  const step = (x: torch.Tensor, y: torch.Tensor): torch.Tensor => {
    optimizer.zero_grad();
    const loss = criterion(net(x), y).mean();
    loss.backward();
    optimizer.step();
    return loss.detach();
  };
  const train_step = plan ? torch.compile(step) : step;

  const log = new StepLog(train_loader.length, onStep);
  const epochSeconds: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const began = performance.now();
    let done = 0;
    net.train();
    log.start();
    for await (const [x, y] of train_loader) await log.add(epoch, done++, train_step(x, y));
    epochSeconds.push((performance.now() - began) / 1000);
  }

  net.eval();
  const predict = plan ? torch.compile(net) : net;
  let correct = 0;
  for await (const [x, y] of test_loader) {
    const predicted = torch.no_grad(() => predict(x).argmax(1));
    correct += await predicted.eq(y).sum().item();
  }
  const parameters = [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0);
  return { parameters, ...log.result(), testAccuracy: correct / data.test.count, epochSeconds };
}

/** Gives the network the weights that all dialects start from, and the generator the draws of their dropout. */
async function loadAligned(net: CNN, { seed, data }: TrainOptions): Promise<void> {
  const { channels, height, width } = data.train;
  const names = ["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "out.weight", "out.bias"];
  const weights = await alignedWeights(seed, channels, height, width);
  const state = weights.map(({ shape, data }, i) => [names[i] as string, torch.tensor(data).view(shape)]);
  net.load_state_dict(Object.fromEntries(state));
  torch.manual_seed(seed);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const data = await loadDataset(await defaultDataset());
  const onStep: TrainOptions["onStep"] = ({ epoch, step, steps, loss }) => {
    if (step % 50 === 0 || step === steps) console.log(`epoch ${epoch} step ${step}/${steps} loss ${loss?.toFixed(4)}`);
  };
  const result = await runTorch({ data, epochs: 1, batchSize: 128, seed: 0, align: false, onStep });
  console.log(`${result.parameters} parameters, test accuracy ${result.testAccuracy}`);
}
