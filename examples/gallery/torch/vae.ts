// A variational autoencoder of digits, as PyTorch's examples have it: the noise of the code is drawn outside of the gradient.
import * as torch from "@facet/shims-torch";
import { floats, images } from "../formula.js";
import { start } from "./start.js";

const { nn, optim } = torch;
const F = nn.functional;

class VAE extends nn.Module {
  fc1 = new nn.Linear(784, 400);
  fc21 = new nn.Linear(400, 20);
  fc22 = new nn.Linear(400, 20);
  fc3 = new nn.Linear(20, 400);
  fc4 = new nn.Linear(400, 784);

  encode(x: torch.Tensor): [mu: torch.Tensor, logvar: torch.Tensor] {
    const h1 = F.relu(this.fc1(x));
    return [this.fc21(h1), this.fc22(h1)];
  }

  reparameterize(mu: torch.Tensor, logvar: torch.Tensor, eps: torch.Tensor): torch.Tensor {
    const std = torch.exp(logvar.mul(0.5));
    return mu.add(eps.mul(std));
  }

  decode(z: torch.Tensor): torch.Tensor {
    const h3 = F.relu(this.fc3(z));
    return torch.sigmoid(this.fc4(h3));
  }

  override forward(x: torch.Tensor, eps: torch.Tensor) {
    const [mu, logvar] = this.encode(x.view(-1, 784));
    const z = this.reparameterize(mu, logvar, eps);
    return [this.decode(z), mu, logvar] as const;
  }
}

/** What is lost of the picture, and how far the codes are from a normal distribution. */
function loss_function(recon_x: torch.Tensor, x: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor): torch.Tensor {
  const bce = F.binary_cross_entropy(recon_x, x.view(-1, 784), { reduction: "sum" });
  const kld = torch.sum(logvar.add(1).sub(mu.pow(2)).sub(logvar.exp())).mul(-0.5);
  return bce.add(kld);
}

export async function train(steps: number): Promise<number[]> {
  const model = new VAE();
  start(model);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x } = images(16, [1, 28, 28], 10, 1000 + 4 * step);
    const data = torch.tensor(x).reshape([16, 1, 28, 28]).add(1.5).div(3);
    const eps = torch.tensor(floats([16, 20], 1.7, 1002 + 4 * step)).reshape([16, 20]);
    optimizer.zero_grad();
    const [recon_batch, mu, logvar] = model(data, eps);
    const loss = loss_function(recon_batch, data, mu, logvar);
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  return losses;
}
