"""scikit-learn's side of run.py: one process, one JSON object on standard output."""

import json
import resource
import sys
import time

import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score

import aclimdb


def main(data):
    texts, labels = aclimdb.load(data, "train")
    # The parameters of python.yaml, in scikit-learn's own names.
    vectorizer = TfidfVectorizer(max_features=20000, ngram_range=(1, 3), sublinear_tf=True)
    model = LogisticRegression(C=10, solver="lbfgs", max_iter=1000)
    started = time.perf_counter()
    model.fit(vectorizer.fit_transform(texts), labels)
    train_seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    texts, labels = aclimdb.load(data, "test")
    started = time.perf_counter()
    probabilities = model.predict_proba(vectorizer.transform(texts))[:, 1]
    score_seconds = time.perf_counter() - started
    print(json.dumps(dict(
        version=f"scikit-learn {sklearn.__version__}",
        train_seconds=train_seconds,
        peak_rss_bytes=peak,
        reviews_per_second=len(texts) / score_seconds,
        accuracy=accuracy_score(labels, probabilities >= 0.5),
        auc=roc_auc_score(labels, probabilities),
    )))


if __name__ == "__main__":
    main(sys.argv[1])
