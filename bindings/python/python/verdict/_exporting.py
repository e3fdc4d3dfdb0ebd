"""Models of Verdict as pipelines of scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

if TYPE_CHECKING:
    from ._model import Model


class Analyzer:
    """The terms of a text as the model has them: what scikit-learn's own analyzers lack, such as negation."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.ngram_range = tuple(model._native.parts()["ngram_range"])

    def __call__(self, text: str) -> list[str]:
        """The n-grams of `text`, in scikit-learn's order."""
        tokens = self.model._native.tokens(text)
        least, most = self.ngram_range
        return [" ".join(tokens[i : i + n]) for n in range(least, most + 1) for i in range(len(tokens) - n + 1)]


class LogisticRegressionByLength(LogisticRegression):
    """A logistic regression whose calibration knows the number of terms of a text, which is that of its row's columns."""

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """The calibrated log-odds of the second class."""
        n = np.diff(X.indptr)
        few, many = n / (n + 4), n / (n + 64)
        scores = super().decision_function(X)
        return (self.slope_ * few + self.long_ * many) * scores + self.offset_ * many


def to_sklearn(model: Model) -> Pipeline:
    """A fitted Pipeline of a TfidfVectorizer and a LogisticRegression with the model's numbers."""
    parts = model._native.parts()
    tokens: dict[str, Any] = {
        "lowercase": parts["lowercase"],
        "token_pattern": r"(?u)\w+|[^\w\s]" if parts["punctuation"] else r"(?u)\b\w\w+\b",
        "ngram_range": tuple(parts["ngram_range"]),
    }
    vectorizer = TfidfVectorizer(
        **({"analyzer": Analyzer(model)} if parts["special"] else tokens),
        sublinear_tf=parts["sublinear_tf"],
        binary=parts["binary"],
        use_idf=parts["use_idf"],
        norm="l2" if parts["l2"] else None,
        vocabulary={term: column for column, term in enumerate(parts["terms"])},
    )
    # What fit does, on a vocabulary that is given.
    vectorizer.fit([parts["terms"][0]])
    if parts["use_idf"]:
        vectorizer.idf_ = np.array(parts["idf"])
    weights, slope = np.array([parts["weights"]]), parts["slope"]
    if parts["long"] is None:
        classifier = LogisticRegression()
        classifier.coef_ = slope * weights
        classifier.intercept_ = np.array([slope * parts["intercept"] + parts["offset"]])
    else:
        classifier = LogisticRegressionByLength()
        classifier.coef_, classifier.intercept_ = weights, np.array([parts["intercept"]])
        classifier.slope_, classifier.offset_, classifier.long_ = slope, parts["offset"], parts["long"]
    classifier.classes_ = model.classes_.copy()
    classifier.n_features_in_ = weights.shape[1]
    classifier.n_iter_ = np.array([1], dtype=np.int32)
    return Pipeline([("vectorizer", vectorizer), ("classifier", classifier)])
