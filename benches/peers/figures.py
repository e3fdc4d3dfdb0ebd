"""What each contestant of run.py says of itself: one JSON object on standard output."""

import importlib.metadata
import json
import resource


def peak_rss_bytes():
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def report(name, package, train_seconds, peak, score_seconds, labels, probabilities):
    # Here, so that it is in nobody's peak who has no other use for it.
    from sklearn.metrics import accuracy_score, roc_auc_score

    print(json.dumps(dict(
        version=f"{name} {importlib.metadata.version(package)}",
        train_seconds=train_seconds,
        peak_rss_bytes=peak,
        reviews_per_second=len(labels) / score_seconds,
        accuracy=accuracy_score(labels, [p >= 0.5 for p in probabilities]),
        auc=roc_auc_score(labels, probabilities),
    )))
