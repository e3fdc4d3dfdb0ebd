"""underthesea-core's side of run.py: one process, one JSON object on standard output.

Its `TextClassifier` is TF-IDF and a linear support vector machine in Rust. It has as many terms as the others, and
n-grams of up to two words, its default: with three it takes twice as long and is not more accurate.
"""

import sys
import time

from underthesea_core import TextClassifier

import aclimdb
import figures


def main(data):
    texts, labels = aclimdb.load(data, "train")
    labels = [str(label) for label in labels]
    model = TextClassifier(max_features=20000, ngram_range=(1, 2))
    started = time.perf_counter()
    model.fit(texts, labels)
    train_seconds = time.perf_counter() - started
    peak = figures.peak_rss_bytes()

    texts, labels = aclimdb.load(data, "test")
    started = time.perf_counter()
    answers = model.predict_with_scores(texts)
    score_seconds = time.perf_counter() - started
    # The likelier label and its score, from a half to 1.
    probabilities = [score if label == "1" else 1.0 - score for label, score in answers]
    figures.report("underthesea-core", "underthesea-core", train_seconds, peak, score_seconds, labels, probabilities)


if __name__ == "__main__":
    main(sys.argv[1])
