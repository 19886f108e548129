// Two convolutional networks that train against each other, as PyTorch's DCGAN: transposed convolutions, batch norm, two optimizers.
import * as torch from "@facet/shims-torch";
import { floats, images } from "../formula.js";
import { start } from "./start.js";

const { nn, optim } = torch;
const [NZ, NGF, NDF, NC] = [16, 8, 8, 3];

class Generator extends nn.Module {
  main = new nn.Sequential(
    new nn.ConvTranspose2d(NZ, NGF * 2, 4, 1, 0, { bias: false }),
    new nn.BatchNorm2d(NGF * 2),
    new nn.ReLU(true),
    new nn.ConvTranspose2d(NGF * 2, NGF, 4, 2, 1, { bias: false }),
    new nn.BatchNorm2d(NGF),
    new nn.ReLU(true),
    new nn.ConvTranspose2d(NGF, NC, 4, 2, 1, { bias: false }),
    new nn.Tanh(),
  );

  override forward(input: torch.Tensor): torch.Tensor {
    return this.main(input);
  }
}

class Discriminator extends nn.Module {
  main = new nn.Sequential(
    new nn.Conv2d(NC, NDF, 4, 2, 1, { bias: false }),
    new nn.LeakyReLU(0.2, { inplace: true }),
    new nn.Conv2d(NDF, NDF * 2, 4, 2, 1, { bias: false }),
    new nn.BatchNorm2d(NDF * 2),
    new nn.LeakyReLU(0.2, { inplace: true }),
    new nn.Conv2d(NDF * 2, 1, 4, 1, 0, { bias: false }),
    new nn.Sigmoid(),
  );

  override forward(input: torch.Tensor): torch.Tensor {
    return this.main(input).view(-1, 1).squeeze(1);
  }
}

export async function train(steps: number): Promise<number[]> {
  const [net_g, net_d] = [new Generator(), new Discriminator()];
  start(net_g);
  start(net_d);
  const criterion = new nn.BCELoss();
  const optimizer_d = new optim.Adam(net_d.parameters(), { lr: 0.0002, betas: [0.5, 0.999] });
  const optimizer_g = new optim.Adam(net_g.parameters(), { lr: 0.0002, betas: [0.5, 0.999] });
  const [real_label, fake_label] = [1, 0];
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    // The discriminator: real images, then made ones.
    net_d.zero_grad();
    const { x } = images(8, [NC, 16, 16], 10, 1000 + 4 * step);
    const label = torch.full([8], real_label, { dtype: torch.float32 });
    const err_real = criterion(net_d(torch.tensor(x).reshape([8, NC, 16, 16])), label);
    err_real.backward();
    const noise = torch.tensor(floats([8, NZ, 1, 1], 1.7, 1002 + 4 * step)).reshape([8, NZ, 1, 1]);
    const fake = net_g(noise);
    label.fill_(fake_label);
    const err_fake = criterion(net_d(fake.detach()), label);
    err_fake.backward();
    optimizer_d.step();
    // The generator: its images shall pass for real.
    net_g.zero_grad();
    label.fill_(real_label);
    const err_g = criterion(net_d(fake), label);
    err_g.backward();
    optimizer_g.step();
    losses.push(await err_real.add(err_fake).item(), await err_g.item());
  }
  return losses;
}
