// A pole on a cart, balanced by a policy that learns from whole episodes: PyTorch's REINFORCE, on a cart of our own.
import * as torch from "@facet/shims-torch";
import { floats } from "../formula.js";
import { start } from "./start.js";

const { nn, optim } = torch;
const F = nn.functional;
const { Categorical } = torch.distributions;

const GAMMA = 0.99;
const LONGEST = 12;

/** Position, speed, angle and its speed under a push to either side, in steps of 20 ms. */
class CartPole {
  state: number[] = [];

  reset(stream: number): number[] {
    this.state = [...floats([4], 0.05, stream)];
    return this.state;
  }

  step(action: number): [state: number[], reward: number, done: boolean] {
    const [x, v, angle, turn] = this.state as [number, number, number, number];
    const push = action === 1 ? 10 : -10;
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    const pull = (push + 0.05 * turn * turn * sin) / 1.1;
    const turning = (9.8 * sin - cos * pull) / (0.5 * (4 / 3 - (0.1 * cos * cos) / 1.1));
    const speeding = pull - (0.05 * turning * cos) / 1.1;
    this.state = [x + 0.02 * v, v + 0.02 * speeding, angle + 0.02 * turn, turn + 0.02 * turning];
    const fallen = Math.abs(this.state[0] as number) > 2.4 || Math.abs(this.state[2] as number) > 0.21;
    return [this.state, 1, fallen];
  }
}

class Policy extends nn.Module {
  affine1 = new nn.Linear(4, 128);
  dropout: InstanceType<typeof nn.Dropout>;
  affine2 = new nn.Linear(128, 2);

  constructor(dropout: number) {
    super();
    this.dropout = new nn.Dropout({ p: dropout });
  }

  override forward(x: torch.Tensor): torch.Tensor {
    x = F.relu(this.dropout(this.affine1(x)));
    return F.softmax(this.affine2(x), { dim: 1 });
  }
}

/** An action by the policy's probabilities, and the logarithm of its own. `chance` stands in for what is drawn. */
async function select_action(policy: Policy, state: number[], chance: number): Promise<[number, torch.Tensor]> {
  const probs: torch.Tensor = policy(torch.tensor([state]));
  const m = new Categorical(probs);
  const action = chance < (await probs.get(0, 0).item()) ? 0 : 1;
  return [action, m.log_prob(torch.tensor([action]))];
}

export async function train(steps: number, dropout = 0.6): Promise<number[]> {
  const policy = new Policy(dropout);
  start(policy);
  const optimizer = new optim.Adam(policy.parameters(), { lr: 1e-2 });
  const env = new CartPole();
  const losses: number[] = [];
  for (let episode = 0; episode < steps; episode++) {
    let state = env.reset(1000 + 2 * episode);
    const chances = [...floats([LONGEST], 1, 1001 + 2 * episode)].map((x) => (x + 1) / 2);
    const saved_log_probs: torch.Tensor[] = [];
    const rewards: number[] = [];
    for (let t = 0; t < LONGEST; t++) {
      const [action, log_prob] = await select_action(policy, state, chances[t] as number);
      const [next, reward, done] = env.step(action);
      state = next;
      saved_log_probs.push(log_prob);
      rewards.push(reward);
      if (done) break;
    }
    let total = 0;
    const discounted: number[] = [];
    for (const reward of rewards.reverse()) {
      total = reward + GAMMA * total;
      discounted.unshift(total);
    }
    let returns = torch.tensor(discounted);
    returns = returns.sub(returns.mean()).div(returns.std().add(1e-8));
    const terms = saved_log_probs.map((log_prob, i) => log_prob.neg().mul(returns.get(i)));
    const policy_loss = torch.cat(terms).sum();
    optimizer.zero_grad();
    policy_loss.backward();
    optimizer.step();
    losses.push(await policy_loss.item());
  }
  return losses;
}
