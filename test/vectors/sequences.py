"""Records losses of sequences some of whose labels are ignored, in double precision: sequences.json.

What: logits [rows, T, classes], labels [rows, T], the mean loss over the labels that are not `ignoreIndex`, and its gradient. Of
crossEntropy they are those of `F.cross_entropy` with `ignore_index` (and `label_smoothing`), whose classes come second; of
categoricalFocal (gamma 2) the formula in PyTorch's operations, with the same mean. Logits are f32-representable.

Recorded with Python 3.11.2, PyTorch 1.13.1 (Debian 12: apt-get install python3-torch).
Run: /usr/bin/python3 test/vectors/sequences.py
"""

from recording import Uniform, versions, write  # first: it pins the threads before torch loads

import torch
import torch.nn.functional as F


def cross_entropy(logits, labels, ignore, smoothing=0.0):
    return F.cross_entropy(logits.movedim(-1, 1), labels, ignore_index=ignore, label_smoothing=smoothing)


def categorical_focal(logits, labels, ignore):
    counted = labels != ignore
    logs = F.log_softmax(logits, -1)[counted].gather(1, labels[counted][:, None])[:, 0]
    return (-((1 - logs.exp()) ** 2) * logs).mean()


def case(uniform, loss, function, shape, ignore, **options):
    *units, classes = shape
    count = 1
    for d in units:
        count *= d
    drawn = uniform.matrix(1, count * classes, -4, 4)[0]
    labels = [ignore if uniform.random.random() < 0.4 else uniform.random.randrange(classes) for _ in range(count)]
    p = torch.tensor(drawn, dtype=torch.float64).reshape(shape).requires_grad_()
    t = torch.tensor(labels, dtype=torch.int64).reshape(units)
    value = function(p, t, ignore, *options.values())
    value.backward()
    return {"loss": loss, "options": {"ignoreIndex": ignore, **({"labelSmoothing": s for s in options.values()})},
            "shape": shape, "logits": drawn, "labels": labels, "value": value.item(), "gradient": p.grad.reshape(-1).tolist()}


def cases():
    uniform = Uniform(12)
    for shape in ([2, 3, 4], [4, 5, 3], [3, 2, 2, 5], [6, 4]):
        for ignore in (-100, 0, 255):
            yield case(uniform, "crossEntropy", cross_entropy, shape, ignore)
        yield case(uniform, "crossEntropy", cross_entropy, shape, -1, smoothing=0.125)
        yield case(uniform, "categoricalFocal", categorical_focal, shape, -1)


write("sequences.json", {"versions": versions(torch=torch.__version__), "cases": list(cases())})
