"""Values and gradients of tensor functions whose conventions differ between libraries, in double precision: python3 tensors.py > tensors.json"""
import json
import torch

X = [[-2.0, -1.0, -0.5, 0.0], [0.5, 1.0, 1.5, 2.5]]
CASES = {
    "clamp": lambda x: x.clamp(-1, 1),
    "round": torch.round,
    "floor": torch.floor,
    "pow2": lambda x: x**2,
    "pow0": lambda x: x**0,
    "exponent": lambda x: torch.zeros_like(x).pow(x.abs()) + torch.full_like(x, 2).pow(x),
    "variance": lambda x: x.var(1),
    "logSumExp": lambda x: x.logsumexp(1),
    "cumSum": lambda x: x.cumsum(1),
    "erf": torch.erf,
    "gather": lambda x: x.gather(1, x.argmax(1, keepdim=True)),
}
out = {}
for name, fn in CASES.items():
    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    y = fn(x)
    weights = torch.arange(1, y.numel() + 1, dtype=torch.float64).reshape(y.shape)
    total = (y * weights).sum()
    total.backward()
    out[name] = {"total": total.item(), "gradient": x.grad.flatten().tolist()}
print(json.dumps({"x": X, "cases": out}, indent=1))
