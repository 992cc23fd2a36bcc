"""Records convolutions and their transposes in double precision: convolutions.json.

What: outputs, and the gradients of the sum of outputs times a fixed cotangent, with respect to input, weight and bias, of PyTorch's
conv1d, conv2d, conv_transpose1d and conv_transpose2d. Channels come second there, and filters first; here images are
[rows, h, w, c], weights [kh, kw, in / groups, filters], those of transposes [kh, kw, filters / groups, in]: arrays are transposed
before they are written. "same" padding with a stride, which PyTorch refuses, is padded as Keras pads it, the larger half behind.

Recorded with Python 3.11.2, PyTorch 1.13.1 (Debian 12: apt-get install python3-torch).
Run: /usr/bin/python3 test/vectors/convolutions.py
"""

from recording import Uniform, versions, write  # first: it pins the threads before torch loads

import torch
import torch.nn.functional as F


def drawn(uniform, shape, limit=1):
    size = 1
    for d in shape:
        size *= d
    return torch.tensor(uniform.matrix(1, size, -limit, limit)[0], dtype=torch.float64).reshape(shape).requires_grad_()


def same(lengths, kernel, stride, dilation):
    """Places in front of and behind each axis."""
    sides = []
    for n, k in zip(lengths, kernel):
        missing = max(0, (-(-n // stride) - 1) * stride + (k - 1) * dilation + 1 - n)
        sides.append((missing // 2, missing - missing // 2))
    return sides


def convolution(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    axes = x.dim() - 2
    channels_second = x.movedim(-1, 1)
    w = weight.movedim((-1, -2), (0, 1))
    if padding == "same":
        sides = same(x.shape[1:-1], weight.shape[:axes], stride, dilation)
        channels_second = F.pad(channels_second, [n for side in reversed(sides) for n in side])
        padding = 0
    function = F.conv1d if axes == 1 else F.conv2d
    return function(channels_second, w, bias, stride, padding, dilation, groups).movedim(1, -1)


def transposed(x, weight, bias, stride=1, padding=0, dilation=1, groups=1, outputPadding=0):
    axes = x.dim() - 2
    # [.., filters / groups, in] to PyTorch's [in, filters / groups, ..]
    w = weight.movedim((-1, -2), (0, 1))
    function = F.conv_transpose1d if axes == 1 else F.conv_transpose2d
    cut = None
    if padding == "same":
        extents = [(k - 1) * dilation + 1 for k in weight.shape[:axes]]
        cut = [(max(0, e - stride) // 2, n * stride) for n, e in zip(x.shape[1:-1], extents)]
        padding = 0
    y = function(x.movedim(-1, 1), w, bias, stride, padding, outputPadding, groups, dilation).movedim(1, -1)
    for axis, (before, length) in enumerate(cut or []):
        y = y.narrow(axis + 1, before, length)
    return y


def case(uniform, layer, shape, kernel, filters, bias=True, **options):
    groups = options.get("groups", 1)
    is_transposed = layer.endswith("Transpose")
    channels = [filters // groups, shape[-1]] if is_transposed else [shape[-1] // groups, filters]
    # Small weights: what rounding leaves of outputs goes into the cotangents of the test.
    x, weight = drawn(uniform, shape), drawn(uniform, [*kernel, *channels], 0.25)
    b = drawn(uniform, [filters], 0.25) if bias else None
    y = (transposed if is_transposed else convolution)(x, weight, b, **options)
    cotangent = drawn(uniform, list(y.shape))
    (y * cotangent).sum().backward()
    flat = lambda t: t.detach().contiguous().reshape(-1).tolist()
    parameters = {"weight": weight, **({"bias": b} if bias else {})}
    return {"layer": layer, "filters": filters, "options": {"kernel": kernel if len(kernel) > 1 else kernel[0], "bias": bias, **options},
            "shape": list(shape), "outputShape": list(y.shape), "x": flat(x), "cotangent": flat(cotangent),
            "parameters": {name: flat(p) for name, p in parameters.items()}, "y": flat(y), "dx": flat(x.grad),
            "gradients": {name: flat(p.grad) for name, p in parameters.items()}}


def cases():
    uniform = Uniform(21)
    yield case(uniform, "conv2d", (2, 5, 6, 3), (3, 2), 4)
    yield case(uniform, "conv2d", (3, 6, 5, 2), (3, 3), 9, padding="same")
    yield case(uniform, "conv2d", (2, 5, 6, 2), (3, 3), 3, padding="same", stride=2)
    yield case(uniform, "conv2d", (2, 7, 6, 2), (2, 3), 12, dilation=2, padding=1, bias=False)
    yield case(uniform, "conv2d", (5, 5, 5, 4), (3, 3), 6, groups=2, padding=1, stride=2)
    yield case(uniform, "conv2d", (2, 4, 4, 3), (3, 3), 6, groups=3, padding="same")
    yield case(uniform, "conv2d", (1, 3, 3, 8), (1, 1), 16)
    yield case(uniform, "conv1d", (3, 9, 2), (3,), 5, stride=2, padding=1)
    yield case(uniform, "conv1d", (2, 8, 4), (2,), 8, dilation=3, groups=2)
    yield case(uniform, "conv1d", (2, 7, 1), (4,), 3, padding="same")
    yield case(uniform, "conv2dTranspose", (2, 3, 4, 3), (3, 2), 2)
    yield case(uniform, "conv2dTranspose", (2, 3, 3, 4), (4, 4), 3, stride=2, padding=1)
    yield case(uniform, "conv2dTranspose", (2, 3, 3, 2), (3, 3), 9, stride=2, padding=1, outputPadding=1)
    yield case(uniform, "conv2dTranspose", (3, 3, 2, 4), (3, 3), 6, groups=2, dilation=2)
    yield case(uniform, "conv2dTranspose", (2, 3, 4, 2), (3, 3), 3, stride=2, padding="same", bias=False)
    yield case(uniform, "conv2dTranspose", (2, 4, 3, 8), (3, 3), 8, padding="same")
    yield case(uniform, "conv1dTranspose", (2, 4, 3), (3,), 5, stride=2)
    yield case(uniform, "conv1dTranspose", (2, 5, 2), (4,), 3, stride=3, padding=1, outputPadding=2)


write("convolutions.json", {"versions": versions(torch=torch.__version__), "cases": list(cases())})
