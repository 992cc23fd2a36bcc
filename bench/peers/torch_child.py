"""PyTorch on one thread; speaks the protocol of child.mjs."""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F

from torch_models import MODELS

torch.set_num_threads(1)
CHECKED_STEPS = 5
CHECKED_UPDATES = 3
# Of a turn, at most: short ones, so that most escape what else the machine does.
SAMPLES = 64


def read(folder, name):
    with open(os.path.join(folder, name + ".f32"), "rb") as f:
        return torch.frombuffer(bytearray(f.read()), dtype=torch.float32)


def sample(values):
    stride = max(1, len(values) // 64)
    return [float(values[i * stride + i % stride]) for i in range(min(64, len(values)))]


def network(workload, folder):
    sizes = workload["layers"]
    layers = []
    for l, (n, units) in enumerate(zip(sizes, sizes[1:])):
        layer = torch.nn.Linear(n, units)
        with torch.no_grad():
            layer.weight.copy_(read(folder, f"w{l}").reshape(n, units).T)
            layer.bias.copy_(read(folder, f"b{l}"))
        layers.append(layer)
        if l + 2 < len(sizes):
            layers.append(torch.nn.ReLU() if workload["hidden"] == "relu" else torch.nn.Tanh())
    return torch.nn.Sequential(*layers)


def train(workload, folder):
    model = network(workload, folder)
    x = read(folder, "x").reshape(workload["batch"], -1)
    y = read(folder, "y")
    binary = workload["loss"] == "binaryCrossEntropy"
    t = y.reshape(-1, 1) if binary else y.long()
    loss_of = F.binary_cross_entropy_with_logits if binary else F.cross_entropy
    optimizer = torch.optim.Adam(model.parameters(), lr=workload["learningRate"])

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(x), t)
        loss.backward()
        optimizer.step()
        return loss

    return lambda: [step().item() for _ in range(CHECKED_STEPS)], step


def model(workload, folder):
    """A training step of a network of models.mjs."""
    arrays = {name: read(folder, name).reshape(shape) for name, shape in workload["shapes"].items()}
    target = workload["target"]
    rows = [workload["batch"]]
    arrays["x"] = read(folder, "x").reshape(rows + workload["x"])
    arrays["y"] = read(folder, "y").reshape(rows + [target[k] for k in ("steps", "units") if k in target])
    parameters, loss_of = MODELS[workload["model"]](arrays)
    make = torch.optim.Adam if workload["optimizer"] == "adam" else torch.optim.SGD
    optimizer = make(parameters, lr=workload["learningRate"])

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss

    return lambda: [step().item() for _ in range(CHECKED_STEPS)], step


def product(workload, folder):
    n = workload["n"]
    a = read(folder, "a").reshape(n, n)
    b = read(folder, "b").reshape(n, n)
    if workload["transposed"]:
        a = a.T
    return lambda: sample((a @ b).reshape(-1)), lambda: a @ b


def adam(workload, folder):
    w = torch.nn.Parameter(read(folder, "w"))
    w.grad = read(folder, "g")
    optimizer = torch.optim.Adam([w], lr=workload["learningRate"])

    def check():
        for _ in range(CHECKED_UPDATES):
            optimizer.step()
        return sample(w.detach())

    return check, optimizer.step


def predict(workload, folder):
    model = network(workload, folder)
    x = read(folder, "x").reshape(workload["batch"], -1)

    def once():
        with torch.inference_mode():
            return torch.softmax(model(x), 1)

    return lambda: once().reshape(-1).tolist(), once


PREPARE = {"train": train, "model": model, "product": product, "adam": adam, "predict": predict}


def measure(run, ms):
    """Median time of a unit over calls that fill about `ms`."""
    units, samples = 1, []
    start = time.perf_counter()
    while (time.perf_counter() - start) * 1e3 < ms or not samples:
        # By the clock, less what other processes took.
        busy, before = time.process_time(), time.perf_counter()
        for _ in range(units):
            run()
        took = min(time.perf_counter() - before, time.process_time() - busy) * 1e3
        if took < ms / SAMPLES:
            units *= max(2, min(64, int(2 * ms / SAMPLES / max(took, 1e-3))))
            continue
        samples.append(took / units)
    return sorted(samples)[len(samples) // 2]


def blas():
    """The library that multiplies, as the loader found it: the reference one is an order of magnitude slower."""
    torch.ones(64, 64) @ torch.ones(64, 64)
    try:
        with open("/proc/self/maps") as f:
            paths = {os.path.realpath(line.split()[-1]) for line in f if "/" in line}
    except OSError:
        return "unknown BLAS"
    names = sorted(os.path.basename(p).split(".so")[0] for p in paths if "blas" in p or "mkl" in p or "blis" in p)
    return next((n for n in names if "open" in n or "mkl" in n or "blis" in n), "reference BLAS")


def answer(value):
    print(json.dumps(value), flush=True)


if sys.argv[1:2] == ["--first-step"]:
    _, run = train(json.loads(sys.argv[3]), sys.argv[2])
    run()
    answer({"done": True})
    sys.exit(0)

answer({"version": f"{torch.__version__} ({blas()})"})
run = None
for line in sys.stdin:
    command = json.loads(line)
    try:
        if "prepare" in command:
            check, run = PREPARE[command["prepare"]["kind"]](command["prepare"], command["folder"])
            answer({"check": check()})
        else:
            answer({"ms": measure(run, command["time"])})
    except Exception as error:
        answer({"missing": f"fails: {error}"[:200]})
