"""Digits by two convolutions, Adadelta and a rate that falls by epochs: the program that PyTorch's examples begin with."""

import torch
import torch.nn.functional as F
from formula import images
from start import start
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR


class Net(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(dropout / 2)
        self.dropout2 = nn.Dropout(dropout)
        self.fc1 = nn.Linear(1600, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(self.dropout1(x), 1)
        x = self.dropout2(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


def train(steps, dropout=0.5):
    model = Net(dropout)
    start(model)
    optimizer = optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
    losses = []
    for step in range(steps):
        x, y = images(16, [1, 28, 28], 10, 1000 + 2 * step)
        optimizer.zero_grad()
        loss = F.nll_loss(model(torch.from_numpy(x)), torch.from_numpy(y).long())
        loss.backward()
        optimizer.step()
        if step % 4 == 3:  # an epoch of four batches
            scheduler.step()
        losses.append(loss.item())
    return losses
