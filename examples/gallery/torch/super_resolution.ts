// Images three times as large: convolutions on the small image, whose channels PixelShuffle lays side by side. From PyTorch's examples.
import * as torch from "@facet/shims-torch";
import { images } from "../formula.js";
import { start } from "./start.js";

const { nn, optim } = torch;
const F = nn.functional;
const { init } = nn;

class Net extends nn.Module {
  conv1 = new nn.Conv2d(1, 64, [5, 5], [1, 1], [2, 2]);
  conv2 = new nn.Conv2d(64, 64, [3, 3], [1, 1], [1, 1]);
  conv3 = new nn.Conv2d(64, 32, [3, 3], [1, 1], [1, 1]);
  conv4: InstanceType<typeof nn.Conv2d>;
  pixel_shuffle: InstanceType<typeof nn.PixelShuffle>;

  constructor(upscale_factor: number) {
    super();
    this.conv4 = new nn.Conv2d(32, upscale_factor ** 2, [3, 3], [1, 1], [1, 1]);
    this.pixel_shuffle = new nn.PixelShuffle(upscale_factor);
    for (const conv of [this.conv1, this.conv2, this.conv3]) init.orthogonal_(conv.weight, init.calculate_gain("relu"));
    init.orthogonal_(this.conv4.weight);
  }

  override forward(x: torch.Tensor): torch.Tensor {
    x = F.relu(this.conv1(x));
    x = F.relu(this.conv2(x));
    x = F.relu(this.conv3(x));
    return this.pixel_shuffle(this.conv4(x));
  }
}

export async function train(steps: number): Promise<number[]> {
  const model = new Net(3);
  // In the place of what was drawn, so that both begin with the same.
  start(model);
  const criterion = new nn.MSELoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const target = torch.tensor(images(4, [1, 24, 24], 10, 1000 + 2 * step).x).reshape([4, 1, 24, 24]);
    const small = F.interpolate(target, { size: [8, 8], mode: "bicubic", antialias: true });
    optimizer.zero_grad();
    const loss = criterion(model(small), target);
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  return losses;
}
