"""Fashion-MNIST as examples/fashion-mnist.mjs does it, or with --lenet bench/fashion-lenet.mjs: the same files, network,
batches, optimizer and epochs, on one thread.

    python3 bench/peers/fashion_mnist.py [--lenet] [FOLDER [EPOCHS]]
"""

import gzip
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy
import torch

torch.set_num_threads(1)
torch.manual_seed(1)
arguments = [argument for argument in sys.argv[1:] if argument != "--lenet"]
LENET = len(arguments) < len(sys.argv) - 1
folder = arguments[0] if arguments else "/usr/share/datasets/fashion-mnist"
EPOCHS = int(arguments[1]) if len(arguments) > 1 else 14 if LENET else 12
BATCH = 64


def read(name):
    with gzip.open(f"{folder}/{name}-images-idx3-ubyte.gz") as file:
        images = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 784)
    with gzip.open(f"{folder}/{name}-labels-idx1-ubyte.gz") as file:
        labels = numpy.frombuffer(file.read(), numpy.uint8, offset=8)
    return torch.from_numpy(images.astype(numpy.float32) / 255), torch.from_numpy(labels.astype(numpy.int64))


start = time.perf_counter()
x, y = read("train")
x_test, y_test = read("t10k")
print(f"read {len(y)} + {len(y_test)} images after {time.perf_counter() - start:.1f} s", flush=True)
nn = torch.nn
if LENET:
    model = nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )
else:
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
loss_of = torch.nn.CrossEntropyLoss()


def accuracy_of():
    with torch.no_grad():
        return 100 * (model(x_test).argmax(1) == y_test).float().mean().item()


training = 0
for epoch in range(EPOCHS):
    if LENET and epoch == 10:
        optimizer.param_groups[0]["lr"] = 0.0001
    began = time.process_time()
    order = torch.randperm(len(y))
    for at in range(0, len(y), BATCH):
        rows = order[at : at + BATCH]
        optimizer.zero_grad()
        loss_of(model(x[rows]), y[rows]).backward()
        optimizer.step()
    training += time.process_time() - began
    if LENET:
        print(f"epoch {epoch + 1}: test accuracy {accuracy_of():.2f} %, {training:.1f} s of CPU", flush=True)
print(f"test accuracy {accuracy_of():.2f} % after {time.perf_counter() - start:.1f} s")
