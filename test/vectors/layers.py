"""Records norms, prelu and activations made of ops in double precision: layers.json.

What: outputs, and the gradients of the sum of outputs times a fixed cotangent, with respect to input and parameters, of PyTorch's
GroupNorm, PReLU, ReLU6, Hardswish and Mish, and of the formulas `clip(alpha x + beta, 0, 1)` and `gamma x / sqrt(mean(x^2) + epsilon)` in PyTorch's operations (1.13 has no RMSNorm).
GroupNorm's channels come second there; here they come last, so that arrays are transposed before they are written.

Recorded with Python 3.11.2, PyTorch 1.13.1 (Debian 12: apt-get install python3-torch).
Run: /usr/bin/python3 test/vectors/layers.py
"""

from recording import Uniform, versions, write  # first: it pins the threads before torch loads

import torch
import torch.nn.functional as F

EPSILON = 1e-5


def drawn(uniform, shape, limit=2):
    size = 1
    for d in shape:
        size *= d
    return torch.tensor(uniform.matrix(1, size, -limit, limit)[0], dtype=torch.float64).reshape(shape).requires_grad_()


def case(uniform, layer, shape, names, function, limit=2, **options):
    """Input and output [rows, .., channels]; parameters [channels]."""
    x, cotangent = drawn(uniform, shape, limit), drawn(uniform, shape)
    parameters = {name: drawn(uniform, shape[-1:]) for name in names}
    y = function(x, **parameters)
    (y * cotangent).sum().backward()
    flat = lambda t: t.detach().reshape(-1).tolist()
    return {"layer": layer, "options": options, "shape": list(shape), "x": flat(x), "cotangent": flat(cotangent),
            "parameters": {name: flat(p) for name, p in parameters.items()}, "y": flat(y), "dx": flat(x.grad),
            "gradients": {name: flat(p.grad) for name, p in parameters.items()}}


def cases():
    uniform = Uniform(7)
    for shape in ((3, 5), (2, 3, 6)):
        yield case(uniform, "rmsNorm", shape, ["gamma"],
                   lambda x, gamma: gamma * x / torch.sqrt((x * x).mean(-1, keepdim=True) + EPSILON))
        yield case(uniform, "prelu", shape, ["alpha"],
                   lambda x, alpha: F.prelu(x.movedim(-1, 1), alpha).movedim(1, -1))
    for shape, groups in (((3, 6), 2), ((2, 3, 6), 3), ((2, 2, 3, 4), 2), ((2, 3, 4), 1), ((2, 5, 3), 3)):
        yield case(uniform, "groupNorm", shape, ["gamma", "beta"],
                   lambda x, gamma, beta: F.group_norm(x.movedim(-1, 1), groups, gamma, beta, EPSILON).movedim(1, -1), groups=groups)


def activations():
    uniform = Uniform(8)
    for name, function in (("relu6", F.relu6), ("hardSwish", F.hardswish), ("mish", F.mish)):
        yield case(uniform, name, (4, 5), [], function, 9)
    for alpha, beta in ((0.2, 0.5), (0.5, 0.25)):
        yield case(uniform, "hardSigmoid", (4, 5), [], lambda x: torch.clamp(alpha * x + beta, 0, 1), alpha=alpha, beta=beta)


write("layers.json", {"versions": versions(torch=torch.__version__), "cases": [*cases(), *activations()]})
