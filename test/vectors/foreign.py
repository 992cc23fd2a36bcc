"""Writes foreign.safetensors as PyTorch's users do, with the reference implementation of safetensors, and what a network of these
tensors computes, in double precision. Needs numpy and safetensors: python3 foreign.py"""

import json
import pathlib

import numpy as np
import safetensors

folder = pathlib.Path(__file__).parent
draw = np.random.default_rng(5)


def bfloat16(values):
    """Rounded towards zero, which is exact enough for a test that knows the result."""
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


weights = {
    "fc1.weight": draw.normal(size=(4, 3)).astype(np.float32),
    "fc1.bias": np.array([0.5, -0.25, 6e-8, 1.0], np.float16),
    "fc2.weight": bfloat16(draw.normal(size=(2, 4))),
    "fc2.bias": draw.normal(size=2),
    "bn.num_batches_tracked": np.array(7, np.int64),
}
names = {"uint16": "bfloat16"}
tensors = {
    name: safetensors.TensorSpec(
        dtype=names.get(w.dtype.name, w.dtype.name), shape=w.shape, data_ptr=w.ctypes.data, data_len=w.nbytes
    )
    for name, w in weights.items()
}
(folder / "foreign.safetensors").write_bytes(safetensors.serialize(tensors, {"format": "pt"}))

wide = (weights["fc2.weight"].astype(np.uint32) << 16).view(np.float32).astype(np.float64)
x = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
hidden = np.tanh(x @ weights["fc1.weight"].T.astype(np.float64) + weights["fc1.bias"].astype(np.float64))
y = hidden @ wide.T + weights["fc2.bias"]
every_half = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
halves = {word: float(every_half[word]) for word in (0x0001, 0x03FF, 0x0400, 0x3C00, 0x3555, 0x7BFF, 0x8001, 0xC2A5)}
(folder / "foreign.json").write_text(
    json.dumps({"x": x.tolist(), "y": y.tolist(), "bias": weights["fc1.bias"].astype(float).tolist(), "halves": halves}, indent=2)
    + "\n"
)
