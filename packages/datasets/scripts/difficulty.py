"""How hard a set of 28x28 images is: test accuracy of a linear model and of the example CNN, by PyTorch.

difficulty.py <directory with the four IDX files, plain or .gz> [--seed S] [--linear-epochs L] [--epochs E]
"""
import argparse
import gzip
import os
import time

import numpy as np
import torch
from torch import nn


def read_idx(directory, name):
    path = os.path.join(directory, name)
    raw = open(path, "rb").read() if os.path.exists(path) else gzip.open(path + ".gz").read()
    rank = raw[3]
    shape = np.frombuffer(raw, ">u4", rank, 4)
    return torch.from_numpy(np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape).copy())


def accuracy(model, images, labels):
    model.eval()
    with torch.no_grad():
        hits = sum(int((model(x / 255).argmax(1) == y).sum()) for x, y in zip(images.split(1000), labels.split(1000)))
    model.train()
    return hits / len(labels)


def fit(name, model, epochs, train, test):
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    images, labels = train
    for epoch in range(1, epochs + 1):
        start = time.time()
        for batch in torch.randperm(len(labels)).split(128):
            loss = nn.functional.cross_entropy(model(images[batch] / 255), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        print(f"{name} epoch {epoch}: test accuracy {accuracy(model, *test):.4f} ({time.time() - start:.0f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--linear-epochs", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=1)
    args = parser.parse_args()

    def split(prefix):
        images = read_idx(args.directory, f"{prefix}-images-idx3-ubyte")
        return images[:, None].float(), read_idx(args.directory, f"{prefix}-labels-idx1-ubyte").long()

    train, test = split("train"), split("t10k")
    torch.manual_seed(args.seed)
    fit("linear", nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), args.linear_epochs, train, test)
    torch.manual_seed(args.seed)
    cnn = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10),
    )
    fit("cnn", cnn, args.epochs, train, test)


main()
