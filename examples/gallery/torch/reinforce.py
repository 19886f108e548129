"""A pole on a cart, balanced by a policy that learns from whole episodes: PyTorch's REINFORCE, on a cart of our own."""

import math

import torch
import torch.nn.functional as F
from formula import floats
from start import start
from torch import nn, optim
from torch.distributions import Categorical

GAMMA = 0.99
LONGEST = 12


class CartPole:
    """Position, speed, angle and its speed under a push to either side, in steps of 20 ms."""

    def reset(self, stream):
        self.state = [float(v) for v in floats([4], 0.05, stream)]
        return self.state

    def step(self, action):
        x, v, angle, turn = self.state
        push = 10.0 if action == 1 else -10.0
        sin, cos = math.sin(angle), math.cos(angle)
        pull = (push + 0.05 * turn * turn * sin) / 1.1
        turning = (9.8 * sin - cos * pull) / (0.5 * (4.0 / 3.0 - 0.1 * cos * cos / 1.1))
        speeding = pull - 0.05 * turning * cos / 1.1
        self.state = [x + 0.02 * v, v + 0.02 * speeding, angle + 0.02 * turn, turn + 0.02 * turning]
        fallen = abs(self.state[0]) > 2.4 or abs(self.state[2]) > 0.21
        return self.state, 1.0, fallen


class Policy(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.affine1 = nn.Linear(4, 128)
        self.dropout = nn.Dropout(p=dropout)
        self.affine2 = nn.Linear(128, 2)

    def forward(self, x):
        x = F.relu(self.dropout(self.affine1(x)))
        return F.softmax(self.affine2(x), dim=1)


def select_action(policy, state, chance):
    """An action by the policy's probabilities, and the logarithm of its own. `chance` stands in for what is drawn."""
    probs = policy(torch.tensor([state], dtype=torch.float32))
    m = Categorical(probs)
    action = torch.tensor([0 if chance < probs[0, 0].item() else 1])
    return action.item(), m.log_prob(action)


def train(steps, dropout=0.6):
    policy = Policy(dropout)
    start(policy)
    optimizer = optim.Adam(policy.parameters(), lr=1e-2)
    env = CartPole()
    losses = []
    for episode in range(steps):
        state = env.reset(1000 + 2 * episode)
        chances = (floats([LONGEST], 1, 1001 + 2 * episode).astype(float) + 1) / 2
        saved_log_probs, rewards = [], []
        for t in range(LONGEST):
            action, log_prob = select_action(policy, state, chances[t])
            state, reward, done = env.step(action)
            saved_log_probs.append(log_prob)
            rewards.append(reward)
            if done:
                break
        total, returns = 0.0, []
        for reward in reversed(rewards):
            total = reward + GAMMA * total
            returns.insert(0, total)
        returns = torch.tensor(returns)
        returns = (returns - returns.mean()) / (returns.std() + 1e-8)
        policy_loss = torch.cat([-log_prob * value for log_prob, value in zip(saved_log_probs, returns)]).sum()
        optimizer.zero_grad()
        policy_loss.backward()
        optimizer.step()
        losses.append(policy_loss.item())
    return losses
