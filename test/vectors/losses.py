"""Records losses and their gradients in double precision: losses.json.

What: for m = 5 rows and n = 1 and 4 columns, the mean loss and its gradient with respect to the prediction (for the
losses that read logits: to the logits). With N = m n for the elementwise losses and d = prediction - target:

    meanSquaredError        sum d^2 / N                                           gradient 2 d / N
    meanAbsoluteError       sum |d| / N                                           gradient sign(d) / N, 0 at d = 0
    huber (delta)           sum (d^2 / 2 if |d| <= delta
                                 else delta (|d| - delta / 2)) / N                gradient clamp(d, -delta, delta) / N
    binaryCrossEntropy      sum (softplus(z) - z y) / N, z a logit                gradient (sigmoid(z) - y) / N
    crossEntropy            -sum_i sum_j y_ij logSoftmax(z_i)_j / m, z_i logits   gradient (softmax(z) - y) / m

With labelSmoothing s the targets of the last two are first y (1 - s) + s / 2 and y (1 - s) + s / n. The losses of `extended` are
recorded the same way; PyTorch has a function for most, and for the others (squaredHinge, categoricalHinge, logCosh, focal of Lin
et al., categoricalFocal, quantile) the formula is written in its operations, so that its autograd is what the gradient is compared
with. Their exact gradients are central differences of the exact value with step 1e-60.

Each case also has a weight for every row, and the loss and gradient with it: every term times the weight of its row, the
divisor as before. PyTorch's are `(weight * loss(.., reduction="none")).sum() / N` (m for crossEntropy).

How: the numbers are the formulas above in 400 decimal digits (mpmath), rounded once to f64, so that tiny gradients
at large logits keep all their digits. Each is compared with PyTorch's own loss and autograd in torch.float64, which
cancels there: they must agree within 1e-13 relative or 1e-16 of the largest number. Predictions and targets are
f32-representable; probability targets are multiples of 1/64, and each row sums to 1 exactly.

Recorded with Python 3.11.2, PyTorch 1.13.1 (which calls itself 1.13.0a0) and mpmath 1.2.1 (Debian 12: apt-get install python3-torch
python3-numpy python3-mpmath).
Run: /usr/bin/python3 test/vectors/losses.py
"""

from recording import Uniform, close, f32, versions, write  # first: it pins the threads before torch loads

import mpmath
import torch
import torch.nn.functional as F
from mpmath import mpf

SEED = 2
M = 5
mpmath.mp.dps = 400  # the smallest f64 is 5e-324: what 400 digits lose beside 1 is 0 in f64 as well


def sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


def mean_squared_error(d):
    return d * d, 2 * d


def mean_absolute_error(d):
    return abs(d), mpmath.sign(d)


def huber(delta):
    def loss(d):
        inside = abs(d) <= delta
        return (d * d / 2 if inside else delta * (abs(d) - mpf(delta) / 2)), max(-delta, min(delta, d))
    return loss


def elementwise(loss, prediction, target, weights):
    """Mean over all elements of a loss of (prediction - target), and its gradient."""
    count = sum(len(row) for row in prediction)
    cells = [[[mpf(w) * part for part in loss(mpf(p) - mpf(t))] for p, t in zip(*rows)]
             for *rows, w in zip(prediction, target, weights)]
    value = mpmath.fsum(cell[0] for row in cells for cell in row) / count
    return value, [[cell[1] / count for cell in row] for row in cells]


def binary_cross_entropy(logits, target, weights):
    count = sum(len(row) for row in logits)
    value = mpmath.fsum(mpf(w) * (mpmath.log(1 + mpmath.exp(mpf(z))) - mpf(z) * mpf(y))
                        for *rows, w in zip(logits, target, weights) for z, y in zip(*rows)) / count
    return value, [[mpf(w) * (sigmoid(mpf(z)) - mpf(y)) / count for z, y in zip(*rows)]
                   for *rows, w in zip(logits, target, weights)]


def cross_entropy(logits, target, weights):
    value, gradient = mpf(0), []
    for row, y, w in zip(logits, target, weights):
        powers = [mpmath.exp(mpf(z)) for z in row]
        total = mpmath.fsum(powers)
        value += mpf(w) * mpmath.fsum(mpf(yj) * (mpmath.log(total) - mpf(z)) for z, yj in zip(row, y))
        gradient.append([mpf(w) * (power / total - mpf(yj)) / len(logits) for power, yj in zip(powers, y)])
    return value / len(logits), gradient


def one_hot(labels, n):
    return [[float(j == label) for j in range(n)] for label in labels]


def torch_says(loss, prediction, target, weights=None):
    p = torch.tensor(prediction, dtype=torch.float64, requires_grad=True)
    labels = not isinstance(target[0], list)
    t = torch.tensor(target, dtype=torch.int64 if labels else torch.float64)
    if weights is None:
        value = loss(p, t)
    else:
        terms = loss(p, t, reduction="none")  # [m, n], or [m] for crossEntropy
        w = torch.tensor(weights, dtype=torch.float64)
        value = (terms * (w if terms.dim() == 1 else w[:, None])).sum() / terms.numel()
    value.backward()
    return value.item(), p.grad.tolist()


WEIGHTS = [1.0, 0.25, 0.0, 3.5, 0.9765625]  # one a row; f32-representable


def case(name, loss, exact, torch_loss, prediction, target, target_kind="values", **options):
    n = len(prediction[0])
    dense = one_hot(target, n) if target_kind == "labels" else target
    found = []
    for weights in (None, WEIGHTS):
        value, gradient = exact(prediction, dense, weights or [1.0] * M)
        value, gradient = float(value), [[float(g) for g in row] for row in gradient]
        torch_value, torch_gradient = torch_says(torch_loss, prediction, target, weights)
        what = f"{loss} {name} n={n}{' weighted' if weights else ''}"
        close(torch_value, value, 1e-13, 1e-16 * max(abs(p) for row in prediction for p in row), what)
        for torch_row, row in zip(torch_gradient, gradient):
            for g, want in zip(torch_row, row):
                close(g, want, 1e-13, 1e-16 * max(WEIGHTS), f"gradient of {what}")
        found.append((value, gradient))
    (value, gradient), (weighted_value, weighted_gradient) = found
    return {"name": f"{name}, n = {n}", "loss": loss, "options": options, "targetKind": target_kind,
            "prediction": prediction, "target": target, "value": value, "gradient": gradient,
            "weights": WEIGHTS, "weightedValue": weighted_value, "weightedGradient": weighted_gradient}


def regression(name, prediction, target):
    yield case(name, "meanSquaredError", lambda p, t, w: elementwise(mean_squared_error, p, t, w), F.mse_loss, prediction, target)
    yield case(name, "meanAbsoluteError", lambda p, t, w: elementwise(mean_absolute_error, p, t, w), F.l1_loss, prediction, target)
    for delta in (1, 0.5):
        yield case(name, "huber", lambda p, t, w: elementwise(huber(delta), p, t, w),
                   lambda p, t, **how: F.huber_loss(p, t, delta=delta, **how), prediction, target, delta=delta)


def binary(name, logits, target, kind):
    yield case(name, "binaryCrossEntropy", binary_cross_entropy, F.binary_cross_entropy_with_logits, logits, target, kind)


def categorical(name, logits, labels, probabilities):
    n = len(logits[0])
    yield case(name, "crossEntropy", cross_entropy, F.cross_entropy, logits, labels, "labels")
    yield case(name, "crossEntropy", cross_entropy, F.cross_entropy, logits, one_hot(labels, n), "oneHot")
    yield case(name, "crossEntropy", cross_entropy, F.cross_entropy, logits, probabilities, "probabilities")


def probabilities(uniform, n):
    """M rows of multiples of 1/64 that sum to 1 exactly."""
    rows = []
    for _ in range(M):
        row, left = [], 64
        for j in range(n):
            share = left if j == n - 1 else uniform.random.randint(0, left)
            row.append(share / 64)
            left -= share
        rows.append(row)
    return rows


HUGE = {
    1: [[100.0], [-100.0], [1e4], [-1e4], [0.0]],
    4: [[100.0, -100.0, 0.0, 1.0],
        [-100.0, 100.0, 100.0, -100.0],
        [1e4, -1e4, 0.0, 9999.0],
        [-1e4, -1e4, -1e4, -1e4],
        [1e4, 1e4, 100.0, -1e4]],
}
HUGE_BITS = {
    "same side": {1: [[1.0], [0.0], [1.0], [0.0], [1.0]],
                  4: [[float(z > 0) for z in row] for row in HUGE[4]]},
    "wrong side": {1: [[0.0], [1.0], [0.0], [1.0], [0.0]],
                   4: [[float(z <= 0) for z in row] for row in HUGE[4]]},
}
HUGE_LABELS = {1: [0] * M, 4: [1, 2, 3, 0, 3]}


def by_differences(value):
    """An exact loss of (prediction, target, weights) with its gradient by central differences in 400 digits."""
    h = mpf(10) ** -60

    def exact(prediction, target, weights):
        p = [[mpf(v) for v in row] for row in prediction]
        t = [[mpf(v) for v in row] for row in target]
        found = value(p, t, weights)
        gradient = []
        for i, row in enumerate(p):
            gradient.append([])
            for j, v in enumerate(row):
                row[j] = v + h
                above = value(p, t, weights)
                row[j] = v - h
                gradient[i].append((above - value(p, t, weights)) / (2 * h))
                row[j] = v
        return found, gradient
    return exact


def over_elements(term):
    def value(p, t, weights):
        count = sum(len(row) for row in p)
        return mpmath.fsum(mpf(w) * term(a, b) for *rows, w in zip(p, t, weights) for a, b in zip(*rows)) / count
    return by_differences(value)


def over_rows(term):
    def value(p, t, weights):
        return mpmath.fsum(mpf(w) * term(a, b) for a, b, w in zip(p, t, weights)) / len(p)
    return by_differences(value)


def softmax_row(row):
    powers = [mpmath.exp(z) for z in row]
    total = mpmath.fsum(powers)
    return [power / total for power in powers]


def reduced(terms, reduction="mean"):
    return terms if reduction == "none" else terms.mean()


def dense_of(t, n):
    return F.one_hot(t, n).double() if t.dtype == torch.int64 else t


def smoothed_binary(s):
    return lambda p, t, **how: F.binary_cross_entropy_with_logits(p, t * (1 - s) + s / 2, **how)


def binary_focal(gamma, alpha):
    def term(z, t):
        p = sigmoid(z)
        cross = -t * mpmath.log(p) - (1 - t) * mpmath.log(1 - p)
        weight = 1 if alpha is None else alpha * t + (1 - alpha) * (1 - t)
        return weight * (p * (1 - t) + (1 - p) * t) ** gamma * cross

    def torch_loss(z, t, **how):  # torchvision.ops.sigmoid_focal_loss
        p = torch.sigmoid(z)
        cross = F.binary_cross_entropy_with_logits(z, t, reduction="none")
        loss = cross * (1 - (p * t + (1 - p) * (1 - t))) ** gamma
        return reduced(loss if alpha is None else (alpha * t + (1 - alpha) * (1 - t)) * loss, **how)
    return term, torch_loss


def categorical_focal(gamma):
    def term(z, t):
        return -mpmath.fsum(y * (1 - p) ** gamma * mpmath.log(p) for y, p in zip(t, softmax_row(z)))

    def torch_loss(z, t, **how):
        logs = F.log_softmax(z, 1)
        return reduced(-(dense_of(t, z.shape[1]) * (1 - logs.exp()) ** gamma * logs).sum(1), **how)
    return term, torch_loss


def torch_categorical_hinge(p, t, **how):
    t = dense_of(t, p.shape[1])
    return reduced(torch.relu(((1 - t) * p).max(1).values - (t * p).sum(1) + 1), **how)


def torch_kl(p, t, reduction="mean"):
    terms = F.kl_div(F.log_softmax(p, 1), dense_of(t, p.shape[1]), reduction="none").sum(1)
    return reduced(terms, reduction)


def torch_cosine(p, t, reduction="mean"):
    return F.cosine_embedding_loss(p, t, torch.ones(len(p)), reduction=reduction)


def extended(uniform):
    zero = mpf(0)
    for n in (1, 4):
        prediction, target = uniform.matrix(M, n, -3, 3), uniform.matrix(M, n, -3, 3)
        signs = [[1.0 if uniform.random.random() < 0.5 else -1.0 for _ in range(n)] for _ in range(M)]
        counts = [[float(uniform.random.randint(0, 6)) for _ in range(n)] for _ in range(M)]
        rates = uniform.matrix(M, n, 0.25, 6)
        soft = [[uniform.random.randint(0, 64) / 64 for _ in range(n)] for _ in range(M)]
        bits = [[float(uniform.random.random() < 0.5) for _ in range(n)] for _ in range(M)]

        yield case("drawn", "hinge", over_elements(lambda p, t: max(zero, 1 - t * p)),
                   lambda p, t, **how: reduced(torch.relu(1 - t * p), **how), prediction, signs)
        yield case("drawn", "squaredHinge", over_elements(lambda p, t: max(zero, 1 - t * p) ** 2),
                   lambda p, t, **how: reduced(torch.relu(1 - t * p) ** 2, **how), prediction, signs)
        yield case("drawn", "poisson", over_elements(lambda p, t: mpmath.exp(p) - t * p), F.poisson_nll_loss,
                   prediction, counts, logInput=True)
        yield case("drawn", "poisson", over_elements(lambda p, t: p - t * mpmath.log(p + mpf("1e-8"))),
                   lambda p, t, **how: F.poisson_nll_loss(p, t, log_input=False, **how), rates, counts, logInput=False)
        for name, near in (("drawn", prediction), ("residuals near 0", [[f32(t + 1e-3) for t in row] for row in target])):
            yield case(name, "logCosh", over_elements(lambda p, t: mpmath.log(mpmath.cosh(p - t))),
                       lambda p, t, **how: reduced(torch.log(torch.cosh(p - t)), **how), near, target)
        for q in (0.5, 0.875):
            yield case("drawn", "quantile", over_elements(lambda p, t: max(q * (t - p), (q - 1) * (t - p))),
                       lambda p, t, **how: reduced(torch.maximum(q * (t - p), (q - 1) * (t - p)), **how), prediction, target, q=q)
        for gamma, alpha in ((2, None), (2, 0.25), (0.5, None), (0, None)):
            term, torch_loss = binary_focal(gamma, alpha)
            options = {"gamma": gamma, **({} if alpha is None else {"alpha": alpha})}
            yield case("drawn", "focal", over_elements(term), torch_loss, prediction, bits, "binary", **options)
            yield case("drawn", "focal", over_elements(term), torch_loss, prediction, soft, "probabilities", **options)
        s = 0.125
        yield case("drawn", "binaryCrossEntropy",
                   lambda p, t, w: binary_cross_entropy(p, [[v * (1 - s) + s / 2 for v in row] for row in t], w),
                   smoothed_binary(s), prediction, bits, "binary", labelSmoothing=s)
        yield case("drawn", "cosineSimilarity",
                   over_rows(lambda p, t: 1 - mpmath.fdot(p, t) / mpmath.sqrt((mpmath.fdot(p, p) + mpf("1e-12")) * (mpmath.fdot(t, t) + mpf("1e-12")))),
                   torch_cosine, prediction, target)
        if n == 1:
            continue
        labels = [uniform.random.randrange(n) for _ in range(M)]
        shares = probabilities(uniform, n)
        for kind, given in (("labels", labels), ("oneHot", one_hot(labels, n)), ("probabilities", shares)):
            yield case("drawn", "categoricalHinge",
                       over_rows(lambda p, t: max(zero, max((1 - y) * z for z, y in zip(p, t)) - mpmath.fdot(p, t) + 1)),
                       torch_categorical_hinge, prediction, given, kind)
            yield case("drawn", "klDivergence",
                       over_rows(lambda p, t: mpmath.fsum(y * (mpmath.log(y) - mpmath.log(q)) for y, q in zip(t, softmax_row(p)) if y)),
                       torch_kl, prediction, given, kind)
            for gamma in (2, 0.5):
                term, torch_loss = categorical_focal(gamma)
                yield case("drawn", "categoricalFocal", over_rows(term), torch_loss, prediction, given, kind, gamma=gamma)
            yield case("drawn", "crossEntropy",
                       lambda p, t, w: cross_entropy(p, [[v * (1 - s) + s / n for v in row] for row in t], w),
                       lambda p, t, **how: F.cross_entropy(p, t, label_smoothing=s, **how), prediction, given, kind, labelSmoothing=s)


def cases():
    uniform = Uniform(SEED)
    for n in (1, 4):
        prediction, target = uniform.matrix(M, n, -3, 3), uniform.matrix(M, n, -3, 3)
        yield from regression("drawn", prediction, target)
        near = [[f32(t + offset) for t in row] for row, offset in zip(target, (0, 1, -1, 0.5, -0.5))]
        exactly = [[round(t * 8) / 8 for t in row] for row in target]
        on_kinks = [[t + offset for t in row] for row, offset in zip(exactly, (0, 1, -1, 0.5, -0.5))]
        yield from regression("residuals near 0, 1, 0.5", near, target)
        yield from regression("residuals exactly 0, 1, -1, 0.5, -0.5", on_kinks, exactly)
        yield from regression("predictions up to 1e4", HUGE[n], target)

        logits = uniform.matrix(M, n, -6, 6)
        bits = [[float(uniform.random.random() < 0.5) for _ in range(n)] for _ in range(M)]
        soft = [[uniform.random.randint(0, 64) / 64 for _ in range(n)] for _ in range(M)]
        yield from binary("drawn", logits, bits, "binary")
        yield from binary("drawn", logits, soft, "probabilities")
        for side, targets in HUGE_BITS.items():
            yield from binary(f"logits up to 1e4, {side}", HUGE[n], targets[n], "binary")
        yield from binary("logits up to 1e4", HUGE[n], soft, "probabilities")

        labels = [uniform.random.randrange(n) for _ in range(M)]
        yield from categorical("drawn", logits, labels, probabilities(uniform, n))
        yield from categorical("logits up to 1e4", HUGE[n], HUGE_LABELS[n], probabilities(uniform, n))
    # Last, so that what is drawn above stays as it was recorded.
    yield from extended(uniform)


write("losses.json", {"versions": versions(torch=torch.__version__, mpmath=mpmath.__version__), "cases": list(cases())})
