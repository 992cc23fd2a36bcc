"""Records learning rates of PyTorch's schedulers in double precision: schedules.json.

What: for each run the rates of the first steps, as torch.optim.lr_scheduler gives them; for `ReduceLROnPlateau` a row of values and
the rate after each. Warmups in a line, and polynomials, which PyTorch 1.13 has not in this form, come from their formulas.

Recorded with Python 3.11.2 and PyTorch 1.13.1 (Debian 12: apt-get install python3-torch python3-numpy).
Run: /usr/bin/python3 test/vectors/schedules.py
"""

import math
import warnings

from recording import versions, write  # first: it pins the threads before torch loads

import torch
from torch.optim import lr_scheduler

warnings.filterwarnings("ignore")


def rates(initial, make, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=initial)
    scheduler = make(optimizer)
    result = []
    for _ in range(steps):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return result


def run(name, settings, values, source):
    return {"schedule": name, "settings": settings, "source": source, "rates": values}


def cosine_warmup(initial, steps, warmup, final, count):
    def at(t):
        if t < warmup:
            return initial * (t + 1) / (warmup + 1)
        share = min(t - warmup, steps) / steps
        return final + (initial - final) * (1 + math.cos(math.pi * share)) / 2
    return [at(t) for t in range(count)]


def polynomial(initial, steps, final, power, count):
    return [final + (initial - final) * (1 - min(t, steps) / steps) ** power for t in range(count)]


def plateau():
    values = [1, 0.9, 0.89995, 0.9, 0.91, 0.8, 0.85, 0.83, 0.82, 0.81, 0.805, 0.9, 0.9, 0.9, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, threshold=1e-4, threshold_mode="abs",
                                               cooldown=1, min_lr=0.02)
    after = []
    for value in values:
        scheduler.step(value)
        after.append(optimizer.param_groups[0]["lr"])
    return {"settings": {"initial": 0.1, "factor": 0.5, "patience": 2, "minDelta": 1e-4, "cooldown": 1, "minimum": 0.02},
            "values": values, "rates": after}


RUNS = [
    run("cosineDecay", {"initial": 0.1, "steps": 20, "final": 0.01},
        rates(0.1, lambda o: lr_scheduler.CosineAnnealingLR(o, 20, eta_min=0.01), 21), "CosineAnnealingLR"),
    run("cosineDecay", {"initial": 0.1, "steps": 20, "warmup": 5}, cosine_warmup(0.1, 20, 5, 0, 30), "formula"),
    run("cosineRestarts", {"initial": 0.1, "steps": 7},
        rates(0.1, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 7), 40), "CosineAnnealingWarmRestarts"),
    run("cosineRestarts", {"initial": 0.1, "steps": 4, "growth": 2, "final": 0.001},
        rates(0.1, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 4, T_mult=2, eta_min=0.001), 70),
        "CosineAnnealingWarmRestarts"),
    run("stepDecay", {"initial": 0.1, "every": 6, "factor": 0.3},
        rates(0.1, lambda o: lr_scheduler.StepLR(o, 6, gamma=0.3), 30), "StepLR"),
    run("stepDecay", {"initial": 0.1, "at": [3, 8, 20]},
        rates(0.1, lambda o: lr_scheduler.MultiStepLR(o, [3, 8, 20]), 30), "MultiStepLR"),
    run("exponentialDecay", {"initial": 0.1, "factor": 0.9},
        rates(0.1, lambda o: lr_scheduler.ExponentialLR(o, 0.9), 40), "ExponentialLR"),
    run("exponentialDecay", {"initial": 0.1, "factor": 0.5, "steps": 10},
        [0.1 * 0.5 ** (t / 10) for t in range(40)], "formula"),
    run("polynomialDecay", {"initial": 0.1, "steps": 20, "final": 0.02, "power": 2},
        polynomial(0.1, 20, 0.02, 2, 30), "formula"),
    run("polynomialDecay", {"initial": 0.1, "steps": 20}, rates(0.1, lambda o: lr_scheduler.LambdaLR(
        o, lambda t: 1 - min(t, 20) / 20), 30), "LambdaLR"),
    run("oneCycle", {"maximum": 0.5, "steps": 40},
        rates(0.5, lambda o: lr_scheduler.OneCycleLR(o, 0.5, total_steps=40, cycle_momentum=False), 40), "OneCycleLR"),
    run("oneCycle", {"maximum": 0.5, "steps": 33, "rising": 0.4, "startDivisor": 10, "endDivisor": 100, "shape": "line"},
        rates(0.5, lambda o: lr_scheduler.OneCycleLR(o, 0.5, total_steps=33, pct_start=0.4, anneal_strategy="linear",
                                                     div_factor=10, final_div_factor=100, cycle_momentum=False), 33),
        "OneCycleLR"),
]

write("schedules.json", {"versions": versions(torch=torch.__version__), "runs": RUNS, "plateau": plateau()})
