"""Records files as NumPy writes them: numpy-files.json.

What: arrays of each type that readNpy takes, in both byte orders, in both orders of axes, of 0 to 4 axes, and two archives, one
stored and one deflated. Each file is base64, with the numbers that it holds, row-major, as `tolist` gives them.

Run: python3 test/vectors/numpy-files.py
"""

import base64
import io
import json
import os

import numpy


def file_of(save):
    buffer = io.BytesIO()
    save(buffer)
    return base64.b64encode(buffer.getvalue()).decode()


def entry(name, array):
    return {
        "name": name,
        "file": file_of(lambda buffer: numpy.save(buffer, array)),
        "shape": list(array.shape),
        "data": [float(value) for value in array.flatten(order="C").tolist()],
    }


grid = numpy.arange(-6, 18)
arrays = []
for kind in ["i1", "i2", "i4", "i8", "f2", "f4", "f8"]:
    for order in "<>":
        values = (grid / 8 if kind[0] == "f" else grid).astype(order + kind).reshape(2, 3, 4)
        arrays.append(entry(f"{order}{kind}", values))
for kind in ["u1", "u2", "u4", "u8"]:
    arrays.append(entry(kind, numpy.arange(200, 212).astype(kind).reshape(3, 4)))
arrays.append(entry("b1", numpy.array([True, False, True])))
arrays.append(entry("fortran", numpy.asfortranarray(grid.astype("f4").reshape(2, 3, 4))))
arrays.append(entry("fortran of two axes", numpy.asfortranarray(grid.astype("i2").reshape(4, 6))))
arrays.append(entry("no axis", numpy.array(1.5)))
arrays.append(entry("no rows", numpy.zeros((0, 3), "f4")))
arrays.append(entry("four axes", numpy.arange(16, dtype="f8").reshape(2, 2, 2, 2)))
arrays.append(entry("halves", numpy.array([65504, 6.1e-05, 5.96e-08, -0.333, 0, 2048.0], dtype="f2")))

two = {"x": grid.astype("f4").reshape(6, 4), "y": numpy.arange(6)}
archives = [
    {"name": "stored", "file": file_of(lambda buffer: numpy.savez(buffer, **two))},
    {"name": "deflated", "file": file_of(lambda buffer: numpy.savez_compressed(buffer, **two))},
]
refused = {
    "complex numbers": numpy.array([1j]),
    "text": numpy.array(["abc"]),
    "records": numpy.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "large integers": numpy.array([2**60]),
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "numpy-files.json")
with open(path, "w") as out:
    json.dump(
        {
            "versions": {"numpy": numpy.__version__},
            "arrays": arrays,
            "archives": archives,
            "refused": [
                {"name": name, "file": file_of(lambda buffer, array=array: numpy.save(buffer, array))}
                for name, array in refused.items()
            ],
        },
        out,
        indent=1,
    )
    out.write("\n")
