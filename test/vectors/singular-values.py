"""Records singular values and numerical ranks: singular-values.json.

What: 34 matrices in f32 and f64, from 1x1 to 12x12: tall, wide, rank deficient, zero, ill-conditioned, of extreme scale.
Each with its singular values in descending order and its rank, the count of singular values above

    tolerance = max(m, n) eps s_max,  eps = 2^-23 for f32 data, 2^-52 for f64 data

How: numpy.linalg.svd in float64 (LAPACK gesdd); f32 data is widened first. A computed singular value is right to a
small multiple of 2^-52 s_max, so one that is 0 in exact arithmetic shows up as noise of that size: compare
absolutely, relative to s_max. Each value is checked against mpmath in 60 digits within max(m, n) 2^-52 s_max, the
rank is the same from both, and no singular value lies within a factor 4 of the tolerance, so that every
backward stable algorithm counts the same rank.

Recorded with Python 3.11.2, NumPy 1.24.2, LAPACK 3.11.0 and mpmath 1.2.1 (Debian 12: apt-get install
python3-numpy python3-mpmath).
Run: /usr/bin/python3 test/vectors/singular-values.py
"""

from recording import Uniform, close, f32, versions, write  # first: it pins the threads before numpy loads

import mpmath
import numpy

SEED = 5
EPS = {"f32": 2.0**-23, "f64": 2.0**-52}
mpmath.mp.dps = 60


def product(a, b):
    """a b with exact sums, rounded once to f64: independent of the BLAS at hand."""
    return [[float(mpmath.fdot(row, column)) for column in zip(*b)] for row in a]


def scaled(matrix, factor):
    return [[factor * v for v in row] for row in matrix]


def transposed(matrix):
    return [list(column) for column in zip(*matrix)]


def diagonal(values):
    return [[float(v) if i == j else 0.0 for j in range(len(values))] for i, v in enumerate(values)]


def hilbert(n):
    return [[1 / (i + j + 1) for j in range(n)] for i in range(n)]


def hadamard8():
    """Entries +-1, orthogonal rows: H H^T = 8 I."""
    return [[float((-1) ** bin(i & j).count("1")) for j in range(8)] for i in range(8)]


def graded(values):
    """H diag(values) P^T H^T / 8 with P a cyclic shift: singular values are `values`, up to the rounding of the entries."""
    h = hadamard8()
    return scaled(product(product(h, diagonal(values)), h[1:] + h[:1]), 1 / 8)


def kahan(n, cosine=0.6, sine=0.8):
    """Upper triangular, diag(sine^i) (I - cosine U): nearly singular with no small diagonal entry."""
    return [[sine**i * (1 if i == j else -cosine if j > i else 0) for j in range(n)] for i in range(n)]


def matrices():
    uniform = Uniform(SEED)

    def draw(m, n):
        return uniform.matrix(m, n, -1, 1)

    tall, square = draw(12, 8), draw(10, 10)
    thin, flat = draw(10, 2), draw(2, 10)
    rank3 = draw(12, 3), draw(3, 8)
    yield "scalar", "f32", [[3.5]]
    yield "negative scalar", "f64", [[-0.1]]
    yield "zero scalar", "f32", [[0.0]]
    yield "row 3 4 0 0 12", "f32", [[3.0, 4.0, 0.0, 0.0, 12.0]]
    yield "column 1 -2 2", "f64", [[1.0], [-2.0], [2.0]]
    yield "zero 3x7", "f32", [[0.0] * 7] * 3
    yield "zero 7x3", "f64", [[0.0] * 3] * 7
    yield "identity", "f32", diagonal([1] * 4)
    yield "diagonal 3 -2 0 1", "f32", diagonal([3, -2, 0, 1])
    yield "cyclic permutation", "f64", [[float((i + 1) % 5 == j) for j in range(5)] for i in range(5)]
    yield "1 2 3 4", "f32", [[1.0, 2.0], [3.0, 4.0]]
    yield "Hadamard", "f32", hadamard8()
    yield "ones 6x4", "f32", [[1.0] * 4] * 6
    yield "square", "f32", square
    yield "tall", "f32", tall
    yield "wide", "f32", transposed(tall)
    yield "square in f64", "f64", [[uniform.random.uniform(-1, 1) for _ in range(9)] for _ in range(9)]
    yield "outer product in f32", "f32", product(draw(6, 1), draw(1, 4))
    yield "bottleneck 10x2 times 2x10 in f32", "f32", product(thin, flat)
    yield "bottleneck 10x2 times 2x10 in f64", "f64", product(thin, flat)
    yield "rank 3 in f32", "f32", product(*rank3)
    yield "rank 3 in f64", "f64", product(*rank3)
    yield "repeated columns", "f32", [[row[0], row[1], row[0], row[1] + row[0]] for row in
                                      [[round(v * 64) / 64 for v in row] for row in draw(7, 2)]]
    yield "nearly equal columns as f32", "f32", [[1.0, 1.0], [1.0, 1 + 2.0**-23]]
    yield "nearly equal columns as f64", "f64", [[1.0, 1.0], [1.0, 1 + 2.0**-23]]
    yield "graded to 1e-5 in f32", "f32", graded([10 ** (-5 * k / 7) for k in range(8)])
    yield "graded to 1e-13 in f64", "f64", graded([10 ** (-13 * k / 7) for k in range(8)])
    yield "Hilbert 6 in f32", "f32", hilbert(6)
    yield "Hilbert 8", "f64", hilbert(8)
    yield "Hilbert 12", "f64", hilbert(12)
    yield "Kahan 12", "f64", kahan(12)
    yield "scale 2^600", "f64", scaled(square, 2.0**600)
    yield "scale 2^-600", "f64", scaled(product(thin, flat), 2.0**-600)
    yield "scale 2^100 in f32", "f32", scaled(tall, 2.0**100)


def record(name, dtype, matrix):
    if dtype == "f32":
        matrix = [[f32(v) for v in row] for row in matrix]
    m, n = len(matrix), len(matrix[0])
    values = numpy.linalg.svd(numpy.array(matrix, dtype=numpy.float64), compute_uv=False).tolist()
    largest = values[0]
    tolerance = max(m, n) * EPS[dtype] * largest
    rank = sum(value > tolerance for value in values)
    exact = sorted(mpmath.svd_r(mpmath.matrix(matrix), compute_uv=False), reverse=True)
    for i, (value, want) in enumerate(zip(values, exact)):
        close(value, want, 0, max(m, n) * EPS["f64"] * largest, f"{name}, singular value {i}")
        if want and tolerance / 4 < want < tolerance * 4:
            raise AssertionError(f"{name}: singular value {i} must be clear of the tolerance {tolerance}; got {value}")
    if rank != sum(bool(want > tolerance) for want in exact):
        raise AssertionError(f"{name}: LAPACK and mpmath must count one rank; got {values} and {exact}")
    gap = min((float(max(v / tolerance, tolerance / v)) for v in exact if v and tolerance), default=float("inf"))
    print(f"{name} [{m}, {n}] {dtype}: rank {rank}, s_max {largest:.3g}, s_min {values[-1]:.3g}, gap {gap:.3g}")
    return {"name": name, "dtype": dtype, "shape": [m, n], "data": [v for row in matrix for v in row],
            "singularValues": values, "tolerance": tolerance, "rank": rank}


write("singular-values.json", {
    "versions": versions(numpy=numpy.__version__, mpmath=mpmath.__version__),
    "matrices": [record(*entry) for entry in matrices()],
})
