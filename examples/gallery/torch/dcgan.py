"""Two convolutional networks that train against each other, as PyTorch's DCGAN: transposed convolutions, batch norm, two optimizers."""

import torch
from formula import floats, images
from start import start
from torch import nn, optim

NZ, NGF, NDF, NC = 16, 8, 8, 3


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(NZ, NGF * 2, 4, 1, 0, bias=False),
            nn.BatchNorm2d(NGF * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(NGF * 2, NGF, 4, 2, 1, bias=False),
            nn.BatchNorm2d(NGF),
            nn.ReLU(True),
            nn.ConvTranspose2d(NGF, NC, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, input):
        return self.main(input)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(NC, NDF, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(NDF, NDF * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(NDF * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(NDF * 2, 1, 4, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, input):
        return self.main(input).view(-1, 1).squeeze(1)


def train(steps):
    net_g, net_d = Generator(), Discriminator()
    start(net_g)
    start(net_d)
    criterion = nn.BCELoss()
    optimizer_d = optim.Adam(net_d.parameters(), lr=0.0002, betas=(0.5, 0.999))
    optimizer_g = optim.Adam(net_g.parameters(), lr=0.0002, betas=(0.5, 0.999))
    real_label, fake_label = 1.0, 0.0
    losses = []
    for step in range(steps):
        # The discriminator: real images, then made ones.
        net_d.zero_grad()
        x, _ = images(8, [NC, 16, 16], 10, 1000 + 4 * step)
        label = torch.full((8,), real_label)
        err_real = criterion(net_d(torch.from_numpy(x)), label)
        err_real.backward()
        noise = torch.from_numpy(floats([8, NZ, 1, 1], 1.7, 1002 + 4 * step))
        fake = net_g(noise)
        label.fill_(fake_label)
        err_fake = criterion(net_d(fake.detach()), label)
        err_fake.backward()
        optimizer_d.step()
        # The generator: its images shall pass for real.
        net_g.zero_grad()
        label.fill_(real_label)
        err_g = criterion(net_d(fake), label)
        err_g.backward()
        optimizer_g.step()
        losses += [(err_real + err_fake).item(), err_g.item()]
    return losses
