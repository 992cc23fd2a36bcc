"""Records attention in double precision: attention.json.

What: outputs, and the gradients of the sum of outputs times a fixed cotangent, with respect to inputs and parameters, of PyTorch's
MultiheadAttention (causal, with padding, across two sequences) and TransformerEncoderLayer (norms first and last), with dropout 0.
Weights are written [in, out]; `in_proj_weight` in its three parts. Masks hold 1 for real places, PyTorch's hold True for padding.

Recorded with Python 3.11.2, PyTorch 1.13.1 (Debian 12: apt-get install python3-torch).
Run: /usr/bin/python3 test/vectors/attention.py
"""

from recording import Uniform, versions, write  # first: it pins the threads before torch loads

import torch
from torch import nn


def drawn(uniform, shape, limit=1):
    size = 1
    for d in shape:
        size *= d
    return torch.tensor(uniform.matrix(1, size, -limit, limit)[0], dtype=torch.float64).reshape(shape).requires_grad_()


def flat(t):
    return t.detach().reshape(-1).tolist()


def own_names(prefix, module):
    """Our name and PyTorch's parameter, the rows of it, whether it is a matrix."""
    n = module.embed_dim
    for i, part in enumerate(("query", "key", "value")):
        rows = slice(i * n, (i + 1) * n)
        yield f"{prefix}{part}.weight", module.in_proj_weight, rows
        yield f"{prefix}{part}.bias", module.in_proj_bias, rows
    yield f"{prefix}output.weight", module.out_proj.weight, slice(None)
    yield f"{prefix}output.bias", module.out_proj.bias, slice(None)


def block_names(block):
    for ours, norm in (("norm1", block.norm1), ("norm2", block.norm2)):
        yield f"{ours}.gamma", norm.weight, slice(None)
        yield f"{ours}.beta", norm.bias, slice(None)
    yield from own_names("attention.", block.self_attn)
    for ours, linear in (("hidden", block.linear1), ("output", block.linear2)):
        yield f"{ours}.weight", linear.weight, slice(None)
        yield f"{ours}.bias", linear.bias, slice(None)


def parameters(names, of):
    return {name: flat(of(p)[rows].T if p.dim() == 2 else of(p)[rows]) for name, p, rows in names}


def redraw(uniform, module):
    for p in module.parameters():
        p.data = drawn(uniform, tuple(p.shape), 0.7).detach()


def causal_mask(t):
    return torch.triu(torch.ones(t, t, dtype=torch.bool), diagonal=1)


def attention(uniform, rows, t, n, heads, causal=False, mask=None, context=None):
    module = nn.MultiheadAttention(n, heads, batch_first=True, dtype=torch.float64)
    redraw(uniform, module)
    x = drawn(uniform, (rows, t, n))
    other = x if context is None else drawn(uniform, (rows, context, n))
    cotangent = drawn(uniform, (rows, t, n))
    padding = None if mask is None else torch.tensor(mask) == 0
    y, _ = module(x, other, other, key_padding_mask=padding, attn_mask=causal_mask(t) if causal else None)
    (y * cotangent).sum().backward()
    names = list(own_names("", module))
    case = {"layer": "multiHeadAttention", "options": {"heads": heads, "causal": causal}, "shape": [rows, t, n],
            "x": flat(x), "cotangent": flat(cotangent), "y": flat(y), "dx": flat(x.grad),
            "parameters": parameters(names, lambda p: p), "gradients": parameters(names, lambda p: p.grad)}
    if mask is not None:
        case["mask"] = mask
    if context is not None:
        case.update({"context": flat(other), "contextShape": [rows, context, n], "dcontext": flat(other.grad)})
    return case


def block(uniform, rows, t, n, heads, hidden, first, activation, causal=False, mask=None):
    module = nn.TransformerEncoderLayer(n, heads, hidden, dropout=0.0, activation=activation, batch_first=True,
                                        norm_first=first, dtype=torch.float64)
    redraw(uniform, module)
    x, cotangent = drawn(uniform, (rows, t, n)), drawn(uniform, (rows, t, n))
    padding = None if mask is None else torch.tensor(mask) == 0
    y = module(x, src_mask=causal_mask(t) if causal else None, src_key_padding_mask=padding)
    (y * cotangent).sum().backward()
    names = list(block_names(module))
    case = {"layer": "transformerBlock",
            "options": {"heads": heads, "hidden": hidden, "normFirst": first, "activation": activation, "causal": causal},
            "shape": [rows, t, n], "x": flat(x), "cotangent": flat(cotangent), "y": flat(y), "dx": flat(x.grad),
            "parameters": parameters(names, lambda p: p), "gradients": parameters(names, lambda p: p.grad)}
    if mask is not None:
        case["mask"] = mask
    return case


def cases():
    uniform = Uniform(12)
    padding = [[1, 1, 1, 0, 0], [1, 0, 1, 1, 1]]
    yield attention(uniform, 2, 5, 6, 2)
    yield attention(uniform, 2, 9, 4, 1, causal=True)
    yield attention(uniform, 2, 5, 6, 3, mask=padding)
    yield attention(uniform, 2, 5, 6, 2, causal=True, mask=[[1, 1, 1, 0, 0], [1, 0, 1, 1, 1]])
    yield attention(uniform, 2, 3, 4, 2, context=5, mask=padding)
    yield block(uniform, 2, 5, 6, 2, 10, True, "gelu", causal=True)
    yield block(uniform, 2, 5, 6, 2, 8, False, "relu", mask=padding)


write("attention.json", {"versions": versions(torch=torch.__version__), "cases": list(cases())})
