# PyTorch; for Fashion-MNIST nothing changes but the data.
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST  # or FashionMNIST as MNIST


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 5, padding=2)
        self.conv2 = nn.Conv2d(32, 64, 5, padding=2)
        self.fc1 = nn.Linear(64 * 7 * 7, 1024)
        self.drop = nn.Dropout(0.5)
        self.fc2 = nn.Linear(1024, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(self.drop(x))


torch.manual_seed(0)
transform = transforms.ToTensor()
train_data = MNIST("data", train=True, transform=transform, download=True)
test_data = MNIST("data", train=False, transform=transform, download=True)
train_loader = DataLoader(train_data, batch_size=128, shuffle=True)
test_loader = DataLoader(test_data, batch_size=128)

net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(net.parameters())

net.train()
for epoch in range(5):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch + 1}, loss {loss.item():.4f}")

net.eval()
correct = 0
for x, y in test_loader:
    with torch.no_grad():
        predicted = net(x).argmax(1)
    correct += predicted.eq(y).sum().item()
parameters = sum(p.numel() for p in net.parameters())
print(f"{parameters} parameters, test accuracy {correct / len(test_data):.4f}")
