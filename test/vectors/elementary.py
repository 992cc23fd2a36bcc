"""Records exp, log, sin and cos of f64 arguments, to twice the digits of an f64: elementary.json.

What: for each function arguments x and the exact result as two f64, `high + low`: high is the f64 nearest to the result, low the f64
nearest to what is left. With them a test measures an error in units of the last place without more digits of its own.
Arguments: drawn in every magnitude, around the places where the methods change over, near multiples of pi / 2 (the f64 of
all that comes nearest to one, 6381956970095103 2^797, too), near 1 for log, and results among the denormals for exp.

How: mpmath with 1,300 bits; an f64 has at most 1,074 bits behind the point.

Recorded with Python 3.11.2 and mpmath 1.2.1 (Debian 12: apt-get install python3-mpmath).
Run: /usr/bin/python3 test/vectors/elementary.py
"""

from recording import versions, write

import math
import random

import mpmath
from mpmath import mpf

SEED = 5
mpmath.mp.prec = 1300


def parts(value):
    high = float(value)
    return high, float(value - mpf(high))


def arguments():
    draw = random.Random(SEED)
    signed = lambda: draw.choice((-1, 1)) * (1 + draw.random())
    near = lambda x, count: [x + k * math.ulp(x) for k in range(-count, count + 1)]
    exp = [signed() * 2.0 ** draw.randint(-30, 8) for _ in range(120)]
    exp += [-700 - 45 * draw.random() for _ in range(40)] + [1e-300, -1e-20, 5e-324]
    exp += [k * math.log(2) for k in range(-6, 7)] + near(709.782712893384, 2)[:3] + [-745.1332191019411, -708.3964185322641]
    log = [(1 + draw.random()) * 2.0 ** draw.randint(-1022, 1023) for _ in range(100)]
    log += [1 + signed() * 2.0 ** -draw.randint(1, 50) / 2 for _ in range(80)] + near(math.sqrt(0.5), 2) + near(math.sqrt(2), 2)
    log += [draw.randint(1, 2 ** 40) * 5e-324 for _ in range(20)] + [5e-324, 1.7976931348623157e308]
    angle = [signed() * 2.0 ** draw.randint(-20, 19) for _ in range(150)]
    angle += [signed() * 2.0 ** draw.randint(20, 1022) for _ in range(80)]
    angle += [float(mpf(k) * mpmath.pi / 2) for k in [*range(-9, 10), 1048570, 1048575, 1048580, 2 ** 40 + 1, 3 ** 200] if k]
    angle += [6381956970095103.0 * 2.0 ** 797, 1.7976931348623157e308, -1e22, 5e-324, 1e-300, math.pi / 4]
    angle += near(1647099.0, 2) + near(-1647099.0, 2) + near(math.pi / 4, 2)
    return {"exp": exp, "log": log, "sin": angle, "cos": angle}


functions = {}
for name, xs in arguments().items():
    pairs = [parts(getattr(mpmath, name)(mpf(x))) for x in xs]
    functions[name] = {"x": xs, "high": [p[0] for p in pairs], "low": [p[1] for p in pairs]}

write("elementary.json", {"versions": versions(mpmath=mpmath.__version__), "functions": functions})
