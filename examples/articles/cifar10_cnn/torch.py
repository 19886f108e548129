# PyTorch: a Sequential, CrossEntropyLoss, the loop by hand.
import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

torch.manual_seed(0)
transform = transforms.ToTensor()
train_data = datasets.CIFAR10("data", train=True, transform=transform, download=True)
test_data = datasets.CIFAR10("data", train=False, transform=transform, download=True)
train_loader = DataLoader(train_data, batch_size=128, shuffle=True)
test_loader = DataLoader(test_data, batch_size=128)

net = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2, 2),
    nn.Conv2d(16, 32, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2, 2),
    nn.Flatten(),
    nn.Linear(32 * 8 * 8, 64),
    nn.ReLU(),
    nn.Linear(64, 10),
)
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(net.parameters(), lr=1e-4)

net.train()
for epoch in range(5):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch + 1}, loss {loss.item():.4f}")

net.eval()
predictions, targets = [], []
for x, y in test_loader:
    with torch.no_grad():
        predictions.append(net(x))
    targets.append(y)
predicted = torch.argmax(torch.cat(predictions), 1)
accuracy = predicted.eq(torch.cat(targets)).float().mean().item()
parameters = sum(p.numel() for p in net.parameters())
print(f"{parameters} parameters, test accuracy {accuracy:.4f}")
