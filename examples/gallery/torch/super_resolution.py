"""Images three times as large: convolutions on the small image, whose channels PixelShuffle lays side by side. From PyTorch's examples."""

import torch
import torch.nn.functional as F
from formula import images
from start import start
from torch import nn, optim
from torch.nn import init


class Net(nn.Module):
    def __init__(self, upscale_factor):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 64, (5, 5), (1, 1), (2, 2))
        self.conv2 = nn.Conv2d(64, 64, (3, 3), (1, 1), (1, 1))
        self.conv3 = nn.Conv2d(64, 32, (3, 3), (1, 1), (1, 1))
        self.conv4 = nn.Conv2d(32, upscale_factor**2, (3, 3), (1, 1), (1, 1))
        self.pixel_shuffle = nn.PixelShuffle(upscale_factor)
        for conv in (self.conv1, self.conv2, self.conv3):
            init.orthogonal_(conv.weight, init.calculate_gain("relu"))
        init.orthogonal_(self.conv4.weight)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.relu(self.conv3(x))
        return self.pixel_shuffle(self.conv4(x))


def train(steps):
    model = Net(3)
    # In the place of what was drawn, so that both begin with the same.
    start(model)
    criterion = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    losses = []
    for step in range(steps):
        target = torch.from_numpy(images(4, [1, 24, 24], 10, 1000 + 2 * step)[0])
        small = F.interpolate(target, size=(8, 8), mode="bicubic", antialias=True)
        optimizer.zero_grad()
        loss = criterion(model(small), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
