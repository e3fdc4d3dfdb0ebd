"""fastText's side of run.py: one process, one JSON object on standard output.

fastText learns from a file of prepared lines and takes words apart at blanks only. Writing and preparing that file is
not on the clock, which is in its favour: the others prepare the raw text while they are timed.
"""

import importlib.metadata
import json
import pathlib
import re
import resource
import sys
import tempfile
import time

import fasttext
from sklearn.metrics import accuracy_score, roc_auc_score

import aclimdb

_MARKUP = re.compile(r"<[^>]*>")
_PUNCTUATION = re.compile(r"([^\w\s])")


def prepared(text):
    """Lower case, markup gone, punctuation as words of its own: the preparation of fastText's tutorial."""
    return " ".join(_PUNCTUATION.sub(r" \1 ", _MARKUP.sub(" ", text).lower()).split())


def main(data, threads):
    texts, labels = aclimdb.load(data, "train")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "train.txt"
        # It visits lines in the order of the file, and the order by name has all of one label first.
        lines = [f"__label__{label} {prepared(text)}" for text, label in zip(texts, labels)]
        half = len(lines) // 2
        mixed = [line for pair in zip(lines[:half], lines[half:]) for line in pair] + lines[2 * half:]
        file.write_text("\n".join(mixed) + "\n", encoding="utf-8")
        del texts, labels, lines, mixed
        started = time.perf_counter()
        model = fasttext.train_supervised(
            str(file), lr=0.5, epoch=10, wordNgrams=2, dim=100, minCount=2, thread=threads, verbose=0
        )
        train_seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    texts, labels = aclimdb.load(data, "test")
    lines = [prepared(text) + "\n" for text in texts]
    # A line must end as lines do, or it is taken for part of the next one.
    # Below the Python wrapper, whose conversion to arrays fails with NumPy 2; one call for all lines, one thread.
    started = time.perf_counter()
    names, scores = model.f.multilinePredict(lines, 1, 0.0, "strict")
    score_seconds = time.perf_counter() - started
    # The likelier label and its probability; asked for both, it gives the first one's probability twice.
    probabilities = []
    for row, values in zip(names, scores):
        likelier = float(values[0])
        probabilities.append(likelier if row[0] == "__label__1" else 1.0 - likelier)
    print(json.dumps(dict(
        version=f"fastText {importlib.metadata.version('fasttext-wheel')}",
        train_seconds=train_seconds,
        peak_rss_bytes=peak,
        reviews_per_second=len(lines) / score_seconds,
        accuracy=accuracy_score(labels, [p >= 0.5 for p in probabilities]),
        auc=roc_auc_score(labels, probabilities),
    )))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
