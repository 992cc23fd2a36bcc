"""Records pooling, images made larger, and depthwise and separable convolutions in double precision: pooling.json.

What: outputs, and the gradients of the sum of outputs times a fixed cotangent, with respect to input and parameters, of PyTorch's
max_pool, avg_pool, adaptive pools of size 1, interpolate, pad, and conv with groups. Channels come second there; here they come last, so
that arrays are transposed before they are written. Depthwise filters [c m, 1, kh, kw] become [kh, kw, c, m], pointwise ones [out, in, 1, 1] [in, out].

Recorded with Python 3.11.2, PyTorch 1.13.1 (Debian 12: apt-get install python3-torch).
Run: /usr/bin/python3 test/vectors/pooling.py
"""

from recording import Uniform, versions, write  # first: it pins the threads before torch loads

import torch
import torch.nn.functional as F


def drawn(uniform, shape, limit=2):
    size = 1
    for d in shape:
        size *= d
    return torch.tensor(uniform.matrix(1, size, -limit, limit)[0], dtype=torch.float64).reshape(shape).requires_grad_()


def first(x):
    """[n, .., c] as PyTorch has it."""
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def case(uniform, layer, shape, function, arguments=(), options=None, parameters=None):
    x = drawn(uniform, shape)
    weights = {name: drawn(uniform, own, 1) for name, own in (parameters or {}).items()}
    y = function(x, **weights)
    cotangent = drawn(uniform, tuple(y.shape))
    (y * cotangent).sum().backward()
    flat = lambda t: t.detach().reshape(-1).tolist()
    return {"layer": layer, "arguments": list(arguments), "options": options or {}, "shape": list(shape), "x": flat(x),
            "cotangent": flat(cotangent), "parameters": {name: flat(p) for name, p in weights.items()},
            "outputs": list(y.shape), "y": flat(y), "dx": flat(x.grad),
            "gradients": {name: flat(p.grad) for name, p in weights.items()}}


def cases():
    uniform = Uniform(21)
    for shape, size, options, torch_options in (
        ((2, 4, 6, 3), 2, {}, {}),
        ((2, 7, 7, 5), 3, {"stride": 2, "padding": 1}, {"stride": 2, "padding": 1}),
        ((2, 5, 6, 4), [2, 3], {"stride": 1}, {"stride": 1}),
        ((2, 6, 5, 6), [3, 2], {"stride": [2, 3], "padding": [1, 0]}, {"stride": (2, 3), "padding": (1, 0)}),
    ):
        yield case(uniform, "maxPool2d", shape, lambda x: last(F.max_pool2d(first(x), size, **torch_options)), [size], options)
        yield case(uniform, "averagePool2d", shape, lambda x: last(F.avg_pool2d(first(x), size, **torch_options)), [size], options)
        yield case(uniform, "averagePool2d", shape,
                   lambda x: last(F.avg_pool2d(first(x), size, count_include_pad=False, **torch_options)), [size],
                   {**options, "countPadding": False})
    yield case(uniform, "maxPool1d", (2, 9, 3), lambda x: last(F.max_pool1d(first(x), 3, stride=2, padding=1)), [3],
               {"stride": 2, "padding": 1})
    yield case(uniform, "averagePool1d", (2, 9, 3), lambda x: last(F.avg_pool1d(first(x), 3, stride=2, padding=1)), [3],
               {"stride": 2, "padding": 1})
    yield case(uniform, "globalMaxPool2d", (3, 3, 4, 5), lambda x: F.adaptive_max_pool2d(first(x), 1).flatten(1))
    yield case(uniform, "globalAveragePool2d", (3, 3, 4, 5), lambda x: F.adaptive_avg_pool2d(first(x), 1).flatten(1))
    yield case(uniform, "globalMaxPool1d", (3, 7, 5), lambda x: F.adaptive_max_pool1d(first(x), 1).flatten(1))
    yield case(uniform, "globalAveragePool1d", (3, 7, 5), lambda x: F.adaptive_avg_pool1d(first(x), 1).flatten(1))
    for factor in (2, [3, 2]):
        scale = tuple(factor) if isinstance(factor, list) else factor
        yield case(uniform, "upsample2d", (2, 3, 2, 5), lambda x: last(F.interpolate(first(x), scale_factor=scale)), [factor])
        yield case(uniform, "upsample2d", (2, 3, 2, 5),
                   lambda x: last(F.interpolate(first(x), scale_factor=scale, mode="bilinear", align_corners=False)), [factor],
                   {"mode": "bilinear"})
    yield case(uniform, "upsample1d", (2, 5, 3), lambda x: last(F.interpolate(first(x), scale_factor=4)), [4])
    yield case(uniform, "upsample1d", (2, 5, 3),
               lambda x: last(F.interpolate(first(x), scale_factor=4, mode="linear", align_corners=False)), [4], {"mode": "linear"})
    yield case(uniform, "zeroPadding2d", (2, 3, 2, 2), lambda x: last(F.pad(first(x), (2, 0, 1, 3))), [[[1, 3], [2, 0]]])
    yield case(uniform, "zeroPadding1d", (2, 3, 2), lambda x: last(F.pad(first(x), (2, 1))), [[2, 1]])
    for shape, kernel, m, options, torch_options in (
        ((2, 6, 5, 3), (3, 3), 1, {}, {}),
        ((2, 7, 8, 4), (3, 2), 1, {"stride": 2, "padding": [1, 1]}, {"stride": 2, "padding": 1}),
        ((2, 5, 6, 3), (2, 3), 2, {"padding": [1, 2], "dilation": [1, 2]}, {"padding": (1, 2), "dilation": (1, 2)}),
        ((2, 9, 8, 5), (3, 3), 3, {"stride": [3, 2], "dilation": 2}, {"stride": (3, 2), "dilation": 2}),
    ):
        c = shape[-1]

        def convolved(x, filters, bias=None):
            weight = filters.reshape(*kernel, c * m).permute(2, 0, 1).unsqueeze(1)
            return F.conv2d(first(x), weight, bias, groups=c, **torch_options)

        own = {"kernel": list(kernel), "multiplier": m, **options}
        yield case(uniform, "depthwiseConv2d", shape, lambda x, weight, bias: last(convolved(x, weight, bias)), [], own,
                   {"weight": (*kernel, c, m), "bias": (c * m,)})
        yield case(uniform, "separableConv2d", shape,
                   lambda x, depthwise, pointwise, bias: last(F.conv2d(convolved(x, depthwise), pointwise.T[:, :, None, None], bias)),
                   [4], own, {"depthwise": (*kernel, c, m), "pointwise": (c * m, 4), "bias": (4,)})

    def along(x, filters, bias=None):
        weight = filters.reshape(3, 4).T.unsqueeze(1)
        return F.conv1d(F.pad(first(x), (2, 0)), weight, bias, groups=4)

    yield case(uniform, "depthwiseConv1d", (2, 7, 4), lambda x, weight, bias: last(along(x, weight, bias)), [],
               {"kernel": 3, "padding": [2, 0]}, {"weight": (3, 4, 1), "bias": (4,)})
    yield case(uniform, "separableConv1d", (2, 7, 4),
               lambda x, depthwise, pointwise, bias: last(F.conv1d(along(x, depthwise), pointwise.T[:, :, None], bias)),
               [2], {"kernel": 3, "padding": [2, 0]}, {"depthwise": (3, 4, 1), "pointwise": (4, 2), "bias": (2,)})


write("pooling.json", {"versions": versions(torch=torch.__version__), "cases": list(cases())})
