"""Records activations, elementary functions and their derivatives in double precision: activations.json.

What: value and derivative of each function at every `x` (or `positive` for log and sqrt); softmax and logSoftmax of
rows with their vector-Jacobian products for a fixed cotangent c:

    softmax      y = exp(x) / sum exp(x)       dx = y (c - sum c y)
    logSoftmax   y = x - log sum exp(x)        dx = c - softmax(x) sum c

All x are f32-representable. Where a derivative jumps, PyTorch's choice is recorded: relu'(0) = 0, leakyRelu'(0) =
0.01, elu'(0) = 1, selu'(0) = scale alpha, hardSigmoid'(-3) = hardSigmoid'(3) = 0. Numbers are f64: exp(100) is
finite here and infinite in f32, tails such as gelu(-20) are 0 in f32.

How: the formulas below in 400 decimal digits (mpmath), rounded once to f64, so that tails where f64 formulas cancel
keep all their digits. Each is compared with PyTorch's own function and autograd in torch.float64; they must agree
within 1e-12 relative or 1e-15 absolute. The sign of a zero value is PyTorch's.

Recorded with Python 3.11.2, PyTorch 1.13.1 and mpmath 1.2.1 (Debian 12: apt-get install python3-torch
python3-numpy python3-mpmath).
Run: /usr/bin/python3 test/vectors/activations.py
"""

from recording import Uniform, close, f32, versions, write  # first: it pins the threads before torch loads

import mpmath
import torch
import torch.nn.functional as F
from mpmath import mpf

SEED = 3
mpmath.mp.dps = 400  # the smallest f64 is 5e-324: what 400 digits lose beside 1 is 0 in f64 as well

MAGNITUDES = [1e-8, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.3, 1.7, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10,
              12, 15, 17, 20, 30, 50, 88, 100]
X = [-f32(m) for m in reversed(MAGNITUDES)] + [-0.0, 0.0] + [f32(m) for m in MAGNITUDES]
EXTRA = [2**-126, 1e-30, 1e-20, 0.9, 1 - 2**-24, 1 + 2**-23, 1.1, 1e6, 1e10, 1e30, 3e38]
POSITIVE = sorted(f32(x) for x in MAGNITUDES + EXTRA)

SELU_ALPHA = mpf("1.6732632423543772848170429916717")
SELU_SCALE = mpf("1.0507009873554804934193349852946")


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def relu(x):
    return (x, 1) if x > 0 else (0 * x, 0)


def leaky_relu(x):
    slope = mpf("0.01")
    return (x, 1) if x > 0 else (slope * x, slope)


def elu(x):
    return (x, 1) if x > 0 else (mpmath.expm1(x), mpmath.exp(x))


def selu(x):
    if x > 0:
        return SELU_SCALE * x, SELU_SCALE
    return SELU_SCALE * SELU_ALPHA * mpmath.expm1(x), SELU_SCALE * SELU_ALPHA * mpmath.exp(x)


def gelu(x):
    """x Phi(x); derivative Phi(x) + x phi(x). Phi through erfc, which does not cancel."""
    cumulative = mpmath.erfc(-x / mpmath.sqrt(2)) / 2
    return x * cumulative, cumulative + x * mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)


def gelu_tanh(x):
    """x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3); (1 + tanh u) / 2 = sigmoid(2 u) does not cancel."""
    root, cubic = mpmath.sqrt(2 / mpmath.pi), mpf("0.044715")
    u, du = root * (x + cubic * x**3), root * (1 + 3 * cubic * x**2)
    gate = sigmoid(2 * u)
    return x * gate, gate + 2 * x * gate * sigmoid(-2 * u) * du


def silu(x):
    return x * sigmoid(x), sigmoid(x) * (1 + x * sigmoid(-x))


def softplus(x):
    return mpmath.log(1 + mpmath.exp(x)), sigmoid(x)


def sigmoid_pair(x):
    return sigmoid(x), sigmoid(x) * sigmoid(-x)


def tanh(x):
    return mpmath.tanh(x), 1 / mpmath.cosh(x) ** 2


def hard_sigmoid(x):
    return max(mpf(0), min(mpf(1), (x + 3) / 6)), mpf(1) / 6 if -3 < x < 3 else mpf(0)


def exp(x):
    return mpmath.exp(x), mpmath.exp(x)


def log(x):
    return mpmath.log(x), 1 / x


def sqrt(x):
    return mpmath.sqrt(x), 1 / (2 * mpmath.sqrt(x))


FUNCTIONS = {
    "relu": (relu, F.relu, X),
    "leakyRelu": (leaky_relu, lambda x: F.leaky_relu(x, 0.01), X),
    "elu": (elu, F.elu, X),
    "selu": (selu, F.selu, X),
    "gelu": (gelu, F.gelu, X),
    "geluTanh": (gelu_tanh, lambda x: F.gelu(x, approximate="tanh"), X),
    "silu": (silu, F.silu, X),
    "softplus": (softplus, F.softplus, X),
    "sigmoid": (sigmoid_pair, torch.sigmoid, X),
    "tanh": (tanh, torch.tanh, X),
    "hardSigmoid": (hard_sigmoid, F.hardsigmoid, X),
    "exp": (exp, torch.exp, X),
    "log": (log, torch.log, POSITIVE),
    "sqrt": (sqrt, torch.sqrt, POSITIVE),
}


def torch_says(function, x):
    inputs = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    values = function(inputs)
    values.sum().backward()
    return values.tolist(), inputs.grad.tolist()


def record_function(name):
    exact, torch_function, points = FUNCTIONS[name]
    values, derivatives = [], []
    for x, torch_value, torch_derivative in zip(points, *torch_says(torch_function, points)):
        value, derivative = map(float, exact(mpf(x)))
        close(torch_value, value, 1e-12, 1e-15, f"{name}({x})")
        relative = 2**-24 if name == "hardSigmoid" else 1e-12  # PyTorch's slope 1 / 6 is an f32 constant
        close(torch_derivative, derivative, relative, 1e-15, f"{name}'({x})")
        values.append(value or torch_value)  # mpmath has no -0
        derivatives.append(derivative)
    return {"domain": "positive" if points is POSITIVE else "x", "value": values, "derivative": derivatives}


def record_row(x, cotangent):
    powers = [mpmath.exp(mpf(z)) for z in x]
    total, c = mpmath.fsum(powers), [mpf(v) for v in cotangent]
    y = [power / total for power in powers]
    weighted, plain = mpmath.fsum(a * b for a, b in zip(c, y)), mpmath.fsum(c)
    row = {
        "softmax": [float(v) for v in y],
        "softmaxVjp": [float(v * (cj - weighted)) for v, cj in zip(y, c)],
        "logSoftmax": [float(mpf(z) - mpmath.log(total)) for z in x],
        "logSoftmaxVjp": [float(cj - v * plain) for v, cj in zip(y, c)],
    }
    for name, function in (("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)):
        inputs = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        values = function(inputs, 0)
        values.backward(torch.tensor(cotangent, dtype=torch.float64))
        for got, want in ((values, row[name]), (inputs.grad, row[f"{name}Vjp"])):
            for a, b in zip(got.tolist(), want):
                close(a, b, 1e-12, 1e-15, f"{name} of {x}")
    return {"x": x, "cotangent": cotangent, **row}


def rows():
    uniform = Uniform(SEED)
    for n in (1, 2, 3, 4, 5, 8, 17):
        yield uniform.row(n, -4, 4)
    yield [0.0, 0.0, 0.0, 0.0]
    yield [100.0, 100.0, 100.0]
    yield [100.0, -100.0, 0.0, 99.0, 88.0]
    yield [-100.0, -101.0, -102.5]
    yield [1e4, -1e4, 0.0, 9999.0, 1e4]
    yield [-1e4, -10000.5, -1e4, -9999.75]


def main():
    cotangents = Uniform(SEED + 1)
    write("activations.json", {
        "versions": versions(torch=torch.__version__, mpmath=mpmath.__version__),
        "x": X,
        "positive": POSITIVE,
        "functions": {name: record_function(name) for name in FUNCTIONS},
        "rows": [record_row(row, cotangents.row(len(row), -2, 2)) for row in rows()],
    })


main()
