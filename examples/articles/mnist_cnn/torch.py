# A module with its parts as attributes, a loader, the loop by hand.
import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.activation = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(64 * 5 * 5, 10)

    def forward(self, x):
        x = self.pool(self.activation(self.conv1(x)))
        x = self.pool(self.activation(self.conv2(x)))
        x = self.drop(x.flatten(1))
        return self.out(x)


torch.manual_seed(0)
transform = transforms.ToTensor()
train_data = datasets.MNIST("data", train=True, transform=transform, download=True)
test_data = datasets.MNIST("data", train=False, transform=transform, download=True)
train_loader = DataLoader(train_data, batch_size=128, shuffle=True)
test_loader = DataLoader(test_data, batch_size=128)

net = CNN()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(net.parameters())

net.train()
for epoch in range(5):
    for step, (x, y) in enumerate(train_loader):
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        if (step + 1) % 100 == 0:
            print(f"epoch {epoch + 1}, step {step + 1}/{len(train_loader)}, loss {loss.item():.4f}")

net.eval()
correct = 0
for x, y in test_loader:
    with torch.no_grad():
        predicted = net(x).argmax(1)
    correct += predicted.eq(y).sum().item()
parameters = sum(p.numel() for p in net.parameters())
print(f"{parameters} parameters, test accuracy {correct / len(test_data):.4f}")
