"""LIBLINEAR's side of run.py: one process, one JSON object on standard output.

LIBLINEAR takes rows of numbers, so scikit-learn's vectoriser makes them, with the parameters of python.yaml, on the
clock. The solver is its own for logistic regression, with the same C.
"""

import sys
import time

from liblinear.liblinearutil import predict, train
from sklearn.feature_extraction.text import TfidfVectorizer

import aclimdb
import figures


def main(data):
    texts, labels = aclimdb.load(data, "train")
    vectorizer = TfidfVectorizer(max_features=20000, ngram_range=(1, 3), sublinear_tf=True)
    started = time.perf_counter()
    model = train(labels, vectorizer.fit_transform(texts), "-s 0 -c 10 -B 1 -q")
    train_seconds = time.perf_counter() - started
    peak = figures.peak_rss_bytes()

    texts, labels = aclimdb.load(data, "test")
    started = time.perf_counter()
    _, _, probabilities = predict([], vectorizer.transform(texts), model, "-b 1 -q")
    score_seconds = time.perf_counter() - started
    positive = model.get_labels().index(1)
    probabilities = [row[positive] for row in probabilities]
    figures.report("LIBLINEAR", "liblinear-official", train_seconds, peak, score_seconds, labels, probabilities)


if __name__ == "__main__":
    main(sys.argv[1])
