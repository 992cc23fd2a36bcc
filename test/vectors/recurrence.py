"""Records recurrent layers in double precision: recurrence.json.

What: outputs and last states of PyTorch's RNN (tanh and relu), LSTM and GRU, in one direction and in both, with lengths (packed sequences) and
with states to start from, and the gradients of the sum of all of these times fixed cotangents. A GRU with the reset gate before the product
with the state, which PyTorch does not have, is its formula in PyTorch's operations.

PyTorch has two biases where one would do: the bias is written as their sum, but for the one within a GRU's reset gate (`recurrentBias`).
Weights are transposed to [in, out]. Outputs of padding are 0 there, and so are their cotangents.

Recorded with Python 3.11.2, PyTorch 1.13.1 (Debian 12: apt-get install python3-torch).
Run: /usr/bin/python3 test/vectors/recurrence.py
"""

from recording import Uniform, versions, write  # first: it pins the threads before torch loads

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

GATES = {"simpleRnn": 1, "lstm": 4, "gru": 3}


def drawn(uniform, *shape, limit=1.0):
    size = 1
    for d in shape:
        size *= d
    return torch.tensor(uniform.row(size, -limit, limit), dtype=torch.float64).reshape(shape)


def flat(t):
    return t.detach().reshape(-1).tolist()


def gru_before(x, h, weight, recurrent, bias):
    """h [rows, u]; the reset gate multiplies the state before its product."""
    u = h.shape[-1]
    outputs = []
    for t in range(x.shape[1]):
        given = x[:, t] @ weight + bias
        r = torch.sigmoid(given[:, :u] + h @ recurrent[:, :u])
        z = torch.sigmoid(given[:, u:2 * u] + h @ recurrent[:, u:2 * u])
        n = torch.tanh(given[:, 2 * u:] + (r * h) @ recurrent[:, 2 * u:])
        h = (1 - z) * n + z * h
        outputs.append(h)
    return torch.stack(outputs, 1), h


def case(uniform, kind, rows, steps, features, units, lengths=None, initial=False, both=False, relu=False, before=False):
    gates, ways, states = GATES[kind], 2 if both else 1, 2 if kind == "lstm" else 1
    x = drawn(uniform, rows, steps, features).requires_grad_()
    own = [[drawn(uniform, features, gates * units, limit=0.5), drawn(uniform, units, gates * units, limit=0.5),
            drawn(uniform, gates * units, limit=0.5), drawn(uniform, units, limit=0.5)] for _ in range(ways)]
    start = [drawn(uniform, rows, units) if initial else torch.zeros(rows, units, dtype=torch.float64) for _ in range(ways * states)]
    cotangent = drawn(uniform, rows, steps, ways * units)
    ofStates = [drawn(uniform, rows, units) for _ in range(ways * states)]
    if lengths:
        for i, length in enumerate(lengths):
            cotangent[i, length:] = 0
    for tensor in [*start, *(p for way in own for p in way)]:
        tensor.requires_grad_()
    if before:
        y, last = gru_before(x, start[0], *own[0][:3])
        lasts = [last]
    else:
        classes = {"simpleRnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
        more = {"nonlinearity": "relu"} if relu else {}
        net = classes[kind](features, units, batch_first=True, bidirectional=both, **more).double()
        named = dict(net.named_parameters())
        tails = ["_l0", "_l0_reverse"][:ways]
        with torch.no_grad():
            for tail, (weight, recurrent, bias, inner) in zip(tails, own):
                named["weight_ih" + tail].copy_(weight.t())
                named["weight_hh" + tail].copy_(recurrent.t())
                named["bias_ih" + tail].copy_(bias)
                named["bias_hh" + tail].zero_()
                if kind == "gru":
                    named["bias_hh" + tail][2 * units:] = inner
        state = lambda k: torch.stack([start[way * states + k] for way in range(ways)])
        given = (state(0), state(1)) if kind == "lstm" else state(0)
        data = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False) if lengths else x
        y, last = net(data, given)
        if lengths:
            y, _ = pad_packed_sequence(y, batch_first=True, total_length=steps)
        last = last if kind == "lstm" else (last,)
        lasts = [last[k][way] for way in range(ways) for k in range(states)]
    total = (y * cotangent).sum() + sum((a * b).sum() for a, b in zip(lasts, ofStates))
    total.backward()
    if before:
        slopes = [[p.grad for p in own[0][:3]]]
    else:
        slopes = [[named["weight_ih" + tail].grad.t(), named["weight_hh" + tail].grad.t(), named["bias_ih" + tail].grad,
                   named["bias_hh" + tail].grad[2 * units:]] for tail in tails]
    names = ["weight", "recurrentWeight", "bias"] + (["recurrentBias"] if kind == "gru" and not before else [])
    options = {**({"activation": "relu"} if relu else {}), **({"resetAfter": False} if before else {})}
    return {
        "layer": kind, "options": options, "both": both, "rows": rows, "steps": steps, "features": features, "units": units,
        **({"lengths": lengths} if lengths else {}), "initial": [flat(s) for s in start] if initial else [],
        "x": flat(x), "parameters": [{name: flat(p) for name, p in zip(names, way)} for way in own],
        "y": flat(y), "states": [flat(s) for s in lasts],
        "cotangent": flat(cotangent), "cotangentsOfStates": [flat(s) for s in ofStates], "dx": flat(x.grad),
        "gradients": [{name: flat(slope) for name, slope in zip(names, way)} for way in slopes],
        "ofInitial": [flat(s.grad) for s in start] if initial else [],
    }


def cases():
    uniform = Uniform(12)
    for kind in GATES:
        yield case(uniform, kind, 2, 4, 3, 5)
        yield case(uniform, kind, 3, 3, 2, 4, initial=True)
        yield case(uniform, kind, 3, 4, 2, 3, lengths=[4, 1, 3], initial=True)
        yield case(uniform, kind, 3, 4, 2, 3, lengths=[2, 4, 3], initial=True, both=True)
        yield case(uniform, kind, 19, 2, 1, 2)
        yield case(uniform, kind, 2, 12, 1, 8, both=True)
    yield case(uniform, "simpleRnn", 3, 4, 2, 5, relu=True, initial=True)
    yield case(uniform, "gru", 3, 4, 2, 5, before=True, initial=True)
    yield case(uniform, "gru", 19, 2, 1, 2, before=True)


write("recurrence.json", {"versions": versions(torch=torch.__version__), "cases": list(cases())})
