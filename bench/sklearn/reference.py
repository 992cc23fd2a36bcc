"""The five small sets of scikit-learn as CSV files with folds, and what scikit-learn reaches on them.

    python3 bench/sklearn/reference.py build/sklearn

writes iris.csv, wine.csv, breast_cancer.csv, digits.csv, diabetes.csv and folds.json into the folder, and prints the
reference as JSON: for each set the mean score over 3 seeds x 5 folds of StandardScaler + MLPClassifier / MLPRegressor
and of StandardScaler + LogisticRegression / Ridge, all with their defaults (max_iter is raised until they converge).
Scores are accuracy, for diabetes R2.
"""

import csv
import json
import sys
import time
import warnings

import numpy
import sklearn
from sklearn import datasets
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
SEEDS = [0, 1, 2]
FOLDS = 5
SETS = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "diabetes": datasets.load_diabetes,
}


def main(folder):
    folds = {}
    scores = {}
    for name, load in SETS.items():
        loaded = load()
        x, y = loaded.data, loaded.target
        is_classes = name != "diabetes"
        names = [str(n).replace(" (cm)", "").replace(" ", "_") for n in loaded.feature_names]
        with open(f"{folder}/{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*names, "target"])
            labels = [str(loaded.target_names[k]) if is_classes else repr(float(k)) for k in y]
            for row, label in zip(x, labels):
                writer.writerow([*[repr(float(v)) for v in row], f"class {label}" if is_classes else label])
        kind = StratifiedKFold if is_classes else KFold
        folds[name] = []
        network, linear = [], []
        start = time.time()
        for seed in SEEDS:
            for train, test in kind(FOLDS, shuffle=True, random_state=seed).split(x, y):
                folds[name].append({"seed": seed, "test": test.tolist()})
                a = MLPClassifier if is_classes else MLPRegressor
                b = LogisticRegression(max_iter=5000) if is_classes else Ridge()
                for model, kept in [(a(max_iter=3000, random_state=seed), network), (b, linear)]:
                    fitted = make_pipeline(StandardScaler(), model).fit(x[train], y[train])
                    kept.append(fitted.score(x[test], y[test]))
        scores[name] = {
            "metric": "accuracy" if is_classes else "r2",
            "rows": len(y),
            "network": round(float(numpy.mean(network)), 5),
            "linear": round(float(numpy.mean(linear)), 5),
            "seconds": round(time.time() - start, 1),
        }
    with open(f"{folder}/folds.json", "w") as file:
        json.dump(folds, file)
    print(json.dumps({"sklearn": sklearn.__version__, "seeds": SEEDS, "folds": FOLDS, "sets": scores}, indent=2))


main(sys.argv[1])
