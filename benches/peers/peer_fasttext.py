"""fastText's side of run.py: one process, one JSON object on standard output.

fastText learns from a file of prepared lines and takes words apart at blanks only. Writing and preparing that file is
not on the clock, which is in its favour: the others prepare the raw text while they are timed.
"""

import pathlib
import sys
import tempfile
import time

import fasttext

import aclimdb
import figures


def main(data, threads):
    texts, labels = aclimdb.load(data, "train")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "train.txt"
        lines = aclimdb.mixed([f"__label__{label} {aclimdb.prepared(text)}" for text, label in zip(texts, labels)])
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        del texts, labels, lines
        started = time.perf_counter()
        model = fasttext.train_supervised(
            str(file), lr=0.5, epoch=10, wordNgrams=2, dim=100, minCount=2, thread=threads, verbose=0
        )
        train_seconds = time.perf_counter() - started
    peak = figures.peak_rss_bytes()

    texts, labels = aclimdb.load(data, "test")
    lines = [aclimdb.prepared(text) + "\n" for text in texts]
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
    figures.report("fastText", "fasttext-wheel", train_seconds, peak, score_seconds, labels, probabilities)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
