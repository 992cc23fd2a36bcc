"""What the recording scripts of this folder share: f32-representable numbers, exact rounding, one JSON layout.

Not run by itself. Importing it pins every source of variation that the libraries leave open: one thread, and
PyTorch's baseline code path instead of the one chosen by the CPU.
"""

import json
import math
import os
import platform
import random
import struct

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["ATEN_CPU_CAPABILITY"] = "default"

HERE = os.path.dirname(os.path.abspath(__file__))


def f32(value):
    """`value` rounded to the nearest f32 and widened again, so that f32 and f64 programs start from one number."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


class Uniform:
    """Seeded f32-representable uniform numbers from `random.random()`, whose sequence Python guarantees."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self, low, high):
        return f32(low + (high - low) * self.random.random())

    def row(self, n, low, high):
        return [self.number(low, high) for _ in range(n)]

    def matrix(self, m, n, low, high):
        return [self.row(n, low, high) for _ in range(m)]


def close(got, want, relative, absolute, what):
    """Fails the recording when two independent computations of one number differ."""
    error = abs(got - want)
    if not error <= absolute + relative * abs(want):
        raise AssertionError(f"{what}: two computations must agree; got {got!r} and {want!r}")


def versions(**libraries):
    return {"python": platform.python_version(), **{name: str(version) for name, version in libraries.items()}}


def _refuse_non_finite(value, path):
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_non_finite(inner, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            _refuse_non_finite(inner, f"{path}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{path}: vectors hold finite numbers only; got {value}")


def _lines(value, depth):
    """JSON with one line for whatever fits in 110 columns and one line per entry otherwise."""
    flat = json.dumps(value, allow_nan=False)
    pad = "  " * (depth + 1)
    numbers = isinstance(value, list) and not any(isinstance(inner, (list, dict)) for inner in value)
    if len(flat) + 2 * depth <= 110 or numbers or not isinstance(value, (dict, list)):
        return flat
    if isinstance(value, dict):
        body = [f"{pad}{json.dumps(key)}: {_lines(inner, depth + 1)}" for key, inner in value.items()]
        return "{\n" + ",\n".join(body) + "\n" + "  " * depth + "}"
    return "[\n" + ",\n".join(pad + _lines(inner, depth + 1) for inner in value) + "\n" + "  " * depth + "]"


def write(name, value):
    """Writes `value` beside this script. Floats keep the shortest decimal that reads back as the same f64."""
    _refuse_non_finite(value, name)
    text = _lines(value, 0) + "\n"
    with open(os.path.join(HERE, name), "w", encoding="ascii", newline="\n") as file:
        file.write(text)
    print(f"{name}: {len(text)} bytes")
