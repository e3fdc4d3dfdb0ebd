"""Reads what the pipeline wrote with the tools that data scientists have, and computes it again from its definition.

Usage: read_outputs.py ROOT, the folder of data and models. Prints one JSON object.
"""

import csv
import json
import math
import re
import sys
from collections import Counter
from pathlib import Path

import numpy
import scipy.sparse.linalg

root = Path(sys.argv[1])
csv.field_size_limit(1 << 30)


def reviews(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(row.keys() == {"id", "review", "sentiment"} for row in rows)
    assert {row["sentiment"] for row in rows} <= {"positive", "negative"}
    return rows


vectorizer = json.loads((root / "models/vectorizer.json").read_text())
features = vectorizer["params"]["feature_engineering"]
shortest, longest = features["ngram_range"]
column = {term: i for i, term in enumerate(vectorizer["terms"])}
assert list(column) == sorted(column) and len(column) == len(vectorizer["terms"])


def terms(text):
    """scikit-learn's default tokens and n-grams."""
    tokens = re.findall(r"(?u)\b\w\w+\b", text.lower())
    for n in range(shortest, longest + 1):
        for i in range(len(tokens) - n + 1):
            yield " ".join(tokens[i : i + n])


def known_terms(text):
    return Counter(column[term] for term in terms(text) if term in column)


train = reviews(root / "data/interim/train.csv")
frequency = Counter(i for row in train for i in known_terms(row["review"]))
assert vectorizer["n_documents"] == len(train)
assert vectorizer["document_frequency"] == [frequency[i] for i in range(len(column))]
# TfidfTransformer(smooth_idf=True)
idf = [math.log((1 + len(train)) / (1 + frequency[i])) + 1 for i in range(len(column))]
numpy.testing.assert_allclose(vectorizer["idf"], idf, rtol=1e-14)

shapes = {}
for part in ["train", "test"]:
    rows = reviews(root / f"data/interim/{part}.csv")
    path = root / f"data/processed/{part}.npz"
    matrix = scipy.sparse.load_npz(path)
    n_values = matrix.nnz
    matrix.sum_duplicates()
    assert matrix.format == "csr" and matrix.nnz == n_values, "a column stands once in a row"
    assert matrix.shape == (len(rows), len(column))
    expected = numpy.zeros(matrix.shape)
    for row, review in enumerate(rows):
        for i, count in known_terms(review["review"]).items():
            expected[row, i] = (1 + math.log(count)) * idf[i]
    norms = numpy.linalg.norm(expected, axis=1, keepdims=True)
    numpy.testing.assert_allclose(matrix.toarray(), expected / norms, rtol=1e-6, atol=0)
    numpy.testing.assert_allclose(scipy.sparse.linalg.norm(matrix, axis=1), 1.0, rtol=1e-6)
    labels = numpy.load(path)["labels"].tolist()
    assert labels == [int(review["sentiment"] == "positive") for review in rows]
    shapes[part] = matrix.shape

for path in ["data/raw/manifest.json", "reports/metrics.json", *sorted(root.glob("reports/plots/*.json"))]:
    json.loads((root / path).read_text())
with open(root / "reports/plots/confusion.csv", newline="") as file:
    confusion = Counter((row["actual"], row["predicted"]) for row in csv.DictReader(file))
assert sum(confusion.values()) == shapes["test"][0]
right = sum(n for (actual, predicted), n in confusion.items() if actual == predicted)

print(json.dumps({"shapes": shapes, "accuracy": right / shapes["test"][0]}))
