"""Fashion-MNIST as examples/fashion-mnist.mjs does it: the same files, network, batches, optimizer and epochs, on one thread.

    python3 bench/peers/fashion_mnist.py [FOLDER]
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
folder = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist"
EPOCHS = 12
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
model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
loss_of = torch.nn.CrossEntropyLoss()
for epoch in range(EPOCHS):
    order = torch.randperm(len(y))
    for at in range(0, len(y), BATCH):
        rows = order[at : at + BATCH]
        optimizer.zero_grad()
        loss_of(model(x[rows]), y[rows]).backward()
        optimizer.step()
with torch.no_grad():
    accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
print(f"test accuracy {100 * accuracy:.2f} % after {time.perf_counter() - start:.1f} s")
