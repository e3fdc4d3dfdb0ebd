"""Computes curves.json: what scikit-learn and SciPy make of a few made-up scores, for the Rust tests to agree with.

    pip install -r benches/peers/requirements.txt
    python crates/learning/tests/goldens/make_curves_goldens.py

The output states the versions that computed it; it is committed, so that the tests need no Python.

Layout of curves.json
    provenance  versions, and the platform
    sets        [{name, labels, probabilities, roc, precision_recall, average_precision, calibration, log_loss, brier, auc}]:
                roc is {fpr, tpr, threshold} of roc_curve(drop_intermediate=False), its first threshold (infinity) as null;
                precision_recall is {precision, recall, threshold}, the last point without a threshold;
                calibration is {predicted, actual} of calibration_curve(n_bins=15)
    mcnemar     [{b, c, p}]: scipy.stats.binomtest(b, b + c, 0.5).pvalue
    wilson      [{k, n, low, high}]: binomtest(k, n).proportion_ci(0.95, method="wilson")
"""

import json
import pathlib
import platform

import numpy
import scipy
import sklearn
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)


def one(name, labels, probabilities):
    fpr, tpr, thresholds = roc_curve(labels, probabilities, drop_intermediate=False)
    precision, recall, pr_thresholds = precision_recall_curve(labels, probabilities)
    actual, predicted = calibration_curve(labels, probabilities, n_bins=15)
    return {
        "name": name,
        "labels": [int(x) for x in labels],
        "probabilities": [float(x) for x in probabilities],
        "roc": {
            "fpr": fpr.tolist(),
            "tpr": tpr.tolist(),
            "threshold": [None] + thresholds[1:].tolist(),
        },
        "precision_recall": {
            "precision": precision.tolist(),
            "recall": recall.tolist(),
            "threshold": pr_thresholds.tolist(),
        },
        "average_precision": float(average_precision_score(labels, probabilities)),
        "calibration": {"predicted": predicted.tolist(), "actual": actual.tolist()},
        "log_loss": float(log_loss(labels, probabilities)),
        "brier": float(brier_score_loss(labels, probabilities)),
        "auc": float(roc_auc_score(labels, probabilities)),
    }


def sets():
    draw = numpy.random.default_rng(7)
    labels = draw.integers(0, 2, 120)
    scores = draw.normal(1.5 * (2 * labels - 1), 1.6)
    yield one("continuous", labels, 1 / (1 + numpy.exp(-scores)))
    # Many equal scores; two decimals that never meet the edge of a bin, where two programs may differ by rounding.
    labels = draw.integers(0, 2, 80)
    yield one("ties", labels, (numpy.round(draw.random(80) * 7) + 0.5) / 9)
    yield one("two reviews", numpy.array([0, 1]), numpy.array([0.2, 0.9]))
    yield one("ranked backwards", numpy.array([1, 1, 0, 0]), numpy.array([0.1, 0.2, 0.7, 0.97]))


PAIRS = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 6), (2, 9), (5, 5), (9, 2), (40, 60), (512, 430), (0, 900), (1203, 1000)]
SHARES = [(0, 1), (1, 1), (0, 30), (7, 30), (15, 30), (30, 30), (22389, 25000)]


def mcnemar(b, c):
    p = float(binomtest(b, b + c, 0.5).pvalue) if b + c else 1.0
    return {"b": b, "c": c, "p": p}


def wilson(k, n):
    interval = binomtest(k, n).proportion_ci(0.95, method="wilson")
    return {"k": k, "n": n, "low": float(interval.low), "high": float(interval.high)}


golden = {
    "provenance": {
        "computed_by": "crates/learning/tests/goldens/make_curves_goldens.py",
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
        "platform": platform.machine(),
    },
    "sets": list(sets()),
    "mcnemar": [mcnemar(b, c) for b, c in PAIRS],
    "wilson": [wilson(k, n) for k, n in SHARES],
}
out = pathlib.Path(__file__).with_name("curves.json")
out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
