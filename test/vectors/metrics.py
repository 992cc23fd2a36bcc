"""Records metrics of classifiers and regressions: metrics.json.

What: for each case truth, prediction, and what scikit-learn's functions say of them. Classes: decisions of two to five classes, with
classes that are never predicted or never true, and one class alone. Labels: rows of several zeros and ones with probabilities.
Scores: probabilities with and without ties, constant ones, all rows of one class. Numbers: one and several columns, constant
columns, one row.

How: every number is scikit-learn's, in float64. Where it raises an error or warns that a number is undefined, what it then gives is
recorded if it gives a number (`zero_division=0`), and nothing otherwise. `f1` and its like are recorded for every average.
`brier` of several classes is not in this version of scikit-learn: it is the sum of the squares by numpy. `topK` is recorded
without ties, where there is only one answer.

Recorded with Python 3.11.2, scikit-learn 1.2.1 and numpy 1.24.2 (Debian 12: apt-get install python3-sklearn).
Run: /usr/bin/python3 test/vectors/metrics.py
"""

from recording import versions, write  # first: it pins the threads

import math
import random
import warnings

import numpy as np
import sklearn
from sklearn import metrics as sk

warnings.simplefilter("ignore")
draw = random.Random(11)


def number(value):
    """A finite number, or None for one that is undefined."""
    value = float(value)
    return value if math.isfinite(value) else None


def attempt(f):
    try:
        return number(f())
    except ValueError:
        return None


AVERAGED = {
    "precision": lambda t, p, **k: sk.precision_score(t, p, zero_division=0, **k),
    "recall": lambda t, p, **k: sk.recall_score(t, p, zero_division=0, **k),
    "f1": lambda t, p, **k: sk.f1_score(t, p, zero_division=0, **k),
}


def averaged(truth, prediction, count, several):
    found = {}
    for name, f in AVERAGED.items():
        found[name] = {
            "macro": number(f(truth, prediction, average="macro")),
            "micro": number(f(truth, prediction, average="micro")),
            "none": [number(v) for v in f(truth, prediction, average=None, **({} if several else {"labels": list(range(count))}))],
        }
        if count == 2 and not several:
            found[name]["default"] = number(f(truth, prediction, average="binary"))
    return found


def classes(name, truth, prediction, count):
    return {"name": name, "truth": truth, "prediction": prediction, "count": count,
            "accuracy": number(sk.accuracy_score(truth, prediction)),
            "balancedAccuracy": number(sk.balanced_accuracy_score(truth, prediction)),
            "matthews": number(sk.matthews_corrcoef(truth, prediction)),
            "confusionMatrix": sk.confusion_matrix(truth, prediction, labels=list(range(count))).tolist(),
            **averaged(truth, prediction, count, False)}


def softmax(rows):
    made = []
    for row in rows:
        powers = [math.exp(v) for v in row]
        made.append([p / sum(powers) for p in powers])
    return made


def probabilities(name, truth, p, count):
    """Of several classes: rows of probabilities; of two a list, those of class 1."""
    t, q = np.array(truth), np.array(p)
    one_hot = np.eye(count)[t]
    found = {"name": name, "truth": truth, "probabilities": p, "count": count,
             "logLoss": attempt(lambda: sk.log_loss(t, q, labels=list(range(count))))}
    if q.ndim == 1:
        found["rocAuc"] = attempt(lambda: sk.roc_auc_score(t, q))
        found["prAuc"] = attempt(lambda: sk.average_precision_score(t, q))
        found["brier"] = number(sk.brier_score_loss(t, q))
        return found
    found["brier"] = number(((q - one_hot) ** 2).sum(axis=1).mean())
    each = lambda f: [attempt(lambda i=i: f(one_hot[:, i], q[:, i])) for i in range(count)]
    found["rocAucNone"], found["prAucNone"] = each(sk.roc_auc_score), each(sk.average_precision_score)
    found["rocAuc"] = attempt(lambda: sk.roc_auc_score(t, q, multi_class="ovr", average="macro"))
    found["rocAucMicro"] = attempt(lambda: sk.roc_auc_score(one_hot, q, average="micro"))
    found["prAuc"] = attempt(lambda: sk.average_precision_score(one_hot, q, average="macro"))
    found["prAucMicro"] = attempt(lambda: sk.average_precision_score(one_hot, q, average="micro"))
    if all(len(set(row)) == count for row in p):
        found["topK"] = [number(sk.top_k_accuracy_score(t, q, k=k, labels=list(range(count)))) for k in range(1, count)]
    return found


def labels(name, truth, p, thresholds):
    t, q = np.array(truth), np.array(p)
    decided = (q >= np.array(thresholds)).astype(int)
    return {"name": name, "truth": truth, "probabilities": p, "thresholds": thresholds,
            "accuracy": number(sk.accuracy_score(t, decided)),
            **averaged(t, decided, t.shape[1], True),
            "rocAuc": attempt(lambda: sk.roc_auc_score(t, q, average="macro")),
            "rocAucMicro": attempt(lambda: sk.roc_auc_score(t, q, average="micro")),
            "prAuc": attempt(lambda: sk.average_precision_score(t, q, average="macro")),
            "prAucMicro": attempt(lambda: sk.average_precision_score(t, q, average="micro"))}


def numbers(name, truth, prediction):
    return {"name": name, "truth": truth, "prediction": prediction,
            "mae": number(sk.mean_absolute_error(truth, prediction)),
            "rmse": number(sk.mean_squared_error(truth, prediction, squared=False)),
            "r2": attempt(lambda: sk.r2_score(truth, prediction))}


def some(count, rows, right):
    """Truth and decisions of which a share is right."""
    truth = [draw.randrange(count) for _ in range(rows)]
    return truth, [t if draw.random() < right else draw.randrange(count) for t in truth]


def class_cases():
    for count, rows, right in ((2, 40, 0.7), (3, 60, 0.5), (5, 100, 0.6), (2, 7, 0.3)):
        truth, prediction = some(count, rows, right)
        truth[:count] = range(count)
        yield classes(f"{count} classes, {rows} rows", truth, prediction, count)
    yield classes("all right", [0, 1, 2, 1], [0, 1, 2, 1], 3)
    yield classes("all wrong", [0, 1, 2, 1], [1, 2, 0, 0], 3)
    yield classes("one class predicted", [0, 1, 2, 2], [2, 2, 2, 2], 3)
    yield classes("a class that is never true", [0, 1, 1, 0], [0, 2, 1, 0], 3)
    yield classes("two classes, no positive", [0, 0, 0], [0, 1, 0], 2)
    yield classes("two classes, none predicted", [0, 1, 0], [0, 0, 0], 2)
    yield classes("one row", [1], [1], 2)


def probability_cases():
    truth = [draw.randrange(2) for _ in range(50)]
    yield probabilities("two classes", truth, [min(0.999, max(0.001, 0.3 * t + 0.7 * draw.random())) for t in truth], 2)
    yield probabilities("two classes with ties", truth, [round(0.3 * t + 0.7 * draw.random(), 1) for t in truth], 2)
    yield probabilities("two classes, one probability", truth, [0.25] * 50, 2)
    yield probabilities("two classes, sure and wrong", [0, 1, 1], [1.0, 0.0, 1.0], 2)
    yield probabilities("no positive", [0, 0, 0], [0.2, 0.7, 0.5], 2)
    yield probabilities("all positive", [1, 1, 1], [0.2, 0.7, 0.5], 2)
    for count in (3, 6):
        truth = [*range(count), *(draw.randrange(count) for _ in range(60))]
        rows = [[draw.gauss(0, 1) + (2 if j == t else 0) for j in range(count)] for t in truth]
        yield probabilities(f"{count} classes", truth, softmax(rows), count)
    tied = [draw.choice(([0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5])) for _ in range(30)]
    yield probabilities("3 classes with ties", [draw.randrange(3) for _ in range(30)], tied, 3)
    yield probabilities("a class without rows", [0, 1, 1, 0], softmax([[1, 2, 0], [0, 1, 0.5], [2, 1, 0.1], [3, 1, 2]]), 3)


def label_cases():
    truth = [[int(draw.random() < share) for share in (0.5, 0.2, 0.7)] for _ in range(40)]
    p = [[min(1, max(0, 0.4 * t + 0.6 * draw.random())) for t in row] for row in truth]
    yield labels("3 labels", truth, p, [0.5, 0.5, 0.5])
    yield labels("3 labels, a threshold each", truth, p, [0.2, 0.6, 0.9])
    yield labels("with ties", truth, [[round(v, 1) for v in row] for row in p], [0.5, 0.5, 0.5])
    yield labels("a label that no row has", [[1, 0], [0, 0], [1, 0]], [[0.9, 0.1], [0.2, 0.3], [0.4, 0.2]], [0.5, 0.5])


def number_cases():
    truth = [draw.gauss(3, 2) for _ in range(30)]
    yield numbers("one column", truth, [t + draw.gauss(0, 1) for t in truth])
    yield numbers("a bad fit", truth, [-t for t in truth])
    rows = [[draw.gauss(0, 1), draw.gauss(100, 50)] for _ in range(20)]
    yield numbers("two columns", rows, [[a + draw.gauss(0, 0.3), b + draw.gauss(0, 20)] for a, b in rows])
    yield numbers("a perfect fit", [1.0, 2.0, 4.0], [1.0, 2.0, 4.0])
    yield numbers("a constant column, missed", [2.0, 2.0, 2.0], [1.0, 2.0, 2.0])
    yield numbers("a constant column, met", [2.0, 2.0, 2.0], [2.0, 2.0, 2.0])
    yield numbers("one row", [2.0], [1.5])


write("metrics.json", {
    "versions": versions(**{"scikit-learn": sklearn.__version__, "numpy": np.__version__}),
    "classes": list(class_cases()), "probabilities": list(probability_cases()),
    "labels": list(label_cases()), "numbers": list(number_cases()),
})
