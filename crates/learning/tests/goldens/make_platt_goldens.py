"""Computes platt.json: what scikit-learn makes of calibrations at their edges, for the Rust tests to agree with.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r benches/peers/requirements.txt
    /tmp/peers/bin/python crates/learning/tests/goldens/make_platt_goldens.py

Layout of platt.json
    provenance  versions
    fits        [{name, scores, labels, slope, offset}]: the sigmoid that CalibratedClassifierCV fits to scores, by
                sklearn.calibration._sigmoid_calibration
    models      [{name, reviews: [[text, label]], says: {text: P(positive)}}]: CalibratedClassifierCV(LogisticRegression(C=10),
                method="sigmoid", cv=3, ensemble=False) on TfidfVectorizer(sublinear_tf=True)
"""

import json
import pathlib
import platform

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV, _sigmoid_calibration
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

GOOD = "superb warm witty charming lovely moving delightful brilliant touching fresh".split()
BAD = "dreadful dull awful clumsy boring weak tedious poor stale wooden".split()
PLAIN = "film scene script camera music story cast plot actor ending".split()
TEXTS = ["superb warm witty film", "dreadful dull awful film", "zebra quartz"]


def fit(name, scores, labels):
    slope, offset = _sigmoid_calibration(np.array(scores, dtype=float), np.array(labels))
    # scikit-learn has 1 / (1 + exp(a * score + b)).
    return {
        "name": name,
        "scores": [float(x) for x in scores],
        "labels": [int(x) for x in labels],
        "slope": -float(slope),
        "offset": -float(offset),
    }


def fits():
    draw = np.random.default_rng(11)
    yield fit("twenty that are parted", [-1.0] * 10 + [1.0] * 10, [0] * 10 + [1] * 10)
    apart = draw.uniform(0.5, 3.0, 200) * np.repeat([-1, 1], 100)
    labels = np.repeat([0, 1], 100)
    yield fit("two hundred that are parted", apart, labels)
    wrong = labels.copy()
    wrong[150] = 0
    yield fit("one label of two hundred is wrong", apart, wrong)
    noisy = draw.integers(0, 2, 120)
    scores = draw.normal(1.2 * (2 * noisy - 1), 1.5)
    yield fit("noise", scores, noisy)
    yield fit("noise, tiny scores", scores * 1e-6, noisy)
    yield fit("noise, huge scores", scores * 1e6, noisy)
    rare = (np.arange(90) % 30 == 7).astype(int)
    yield fit("three of ninety are positive", draw.normal(2.0 * rare - 3.0, 1.0), rare)
    yield fit("one review of each class", [-0.4, 0.3], [0, 1])
    yield fit("one review is negative", [-0.1, 0.4, 0.2, 0.9, 0.7], [0, 1, 1, 1, 1])


def reviews(n, is_positive, seed):
    draw = np.random.default_rng(seed)
    for i in range(n):
        label = int(is_positive(i))
        words = list(draw.choice(GOOD if label else BAD, 3, replace=False)) + list(draw.choice(PLAIN, 2, replace=False))
        yield [" ".join(words), label]


def model(name, rows):
    rows = list(rows)
    labels = np.array([label for _, label in rows])
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    matrix = vectorizer.fit_transform([text for text, _ in rows])
    calibrated = CalibratedClassifierCV(LogisticRegression(C=10), method="sigmoid", cv=3, ensemble=False)
    says = calibrated.fit(matrix, labels).predict_proba(vectorizer.transform(TEXTS))[:, 1]
    return {"name": name, "reviews": rows, "says": dict(zip(TEXTS, says.tolist()))}


def models():
    kept = pathlib.Path(__file__).with_name("separable.json")
    yield model("twenty, no word in both classes", json.loads(kept.read_text()))
    yield model("two hundred, a positive one and a negative one in turn", reviews(200, lambda i: i % 2, 1))
    yield model("three hundred, every third positive", reviews(300, lambda i: i % 3 == 0, 2))
    yield model("three hundred, every third negative", reviews(300, lambda i: i % 3 != 0, 3))
    yield model("three hundred, every sixth positive", reviews(300, lambda i: i % 6 == 5, 4))
    yield model("three hundred, sorted by class", reviews(300, lambda i: i >= 100, 5))
    yield model("three hundred, three positive, two apart", reviews(300, lambda i: i in (0, 3, 6), 6))


golden = {
    "provenance": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, Python {platform.python_version()}",
    "fits": list(fits()),
    "models": list(models()),
}
out = pathlib.Path(__file__).with_name("platt.json")
out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
