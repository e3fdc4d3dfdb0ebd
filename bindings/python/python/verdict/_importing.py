"""Models of scikit-learn to models of Verdict: the same probabilities, or a refusal that says why."""

from __future__ import annotations

import json
import warnings
from typing import Any, NamedTuple

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from . import _native
from ._model import Model
from ._native import ModelError

# Largest difference of a probability: a model's weights are floats of 32 bits.
BOUND = 1e-6

_WORDS = (r"(?u)\b\w\w+\b", r"\b\w\w+\b", r"(?u)\w\w+", r"\w\w+")
_ONE_CHARACTER = (r"(?u)\b\w+\b", r"\b\w+\b", r"(?u)\w+", r"\w+")
_PUNCTUATION = (r"(?u)\w+|[^\w\s]", r"\w+|[^\w\s]")


class _Linear(NamedTuple):
    """P(classes[1]) = sigmoid(slope * (row @ weights + intercept) + offset)."""

    weights: NDArray[np.float64]
    intercept: float
    slope: float
    offset: float
    classes: list[Any]


def from_sklearn(vectorizer: Any, classifier: Any = None, *, positive: Any = None, name: str = "sentiment") -> Model:
    """Makes a model of a fitted vectoriser and classifier, or of a fitted Pipeline of both.

    Vectorisers are TfidfVectorizer, CountVectorizer, and CountVectorizer with TfidfTransformer; classifiers are
    LogisticRegression of two classes, and it or LinearSVC in a CalibratedClassifierCV with method="sigmoid" and
    ensemble=False. `positive` is the class that the model calls positive, by default the second of `classes_`.

    Raises ModelError, with the parameter and its value, for what a model cannot represent exactly; on texts of its own the
    result is compared with scikit-learn's, and must be within 1e-6.
    """
    *before, last = steps = _flat(vectorizer, classifier)
    if not before:
        raise ModelError(f"there must be a vectoriser and a classifier, got {_kind(last)} alone; give both, or a Pipeline")
    for step in steps:
        try:
            check_is_fitted(step)
        except NotFittedError as error:
            raise ModelError(f"{_kind(step)} must be fitted; call fit first") from error
        except TypeError as error:
            raise ModelError(f"each part must be an estimator of scikit-learn, got {_kind(step)}; give the objects that were fitted") from error
    linear = _linear(last)
    parts = _rows(before)
    columns = parts.pop("columns")
    if linear.weights.shape != (parts.pop("n_columns"),):
        raise ModelError(f"{_kind(last)} must have a weight for each term, got {linear.weights.shape[0]}; give the two that were fitted together")
    positive = linear.classes[1] if positive is None else positive
    if positive not in linear.classes:
        raise ModelError(f"positive must be one of {linear.classes}, got {positive!r}")
    sign = 1.0 if positive == linear.classes[1] else -1.0
    about = {
        "imported": {
            "scikit-learn": sklearn.__version__,
            "vectorizer": [repr(step) for step in before],
            "classifier": repr(last),
            "positive": str(positive),
        }
    }
    parts |= {
        "name": name,
        "about": json.dumps(about),
        "weights": (sign * linear.weights[columns]).tolist(),
        "intercept": float(sign * linear.intercept),
        "slope": linear.slope,
        "offset": float(sign * linear.offset),
        "long": None,
        "special": False,
        "idf": [],
    }
    model = Model.from_bytes(_native.assemble(parts))
    examples = model._native.examples()
    check(model, examples, probabilities(vectorizer, classifier, examples, positive))
    return model


def probabilities(vectorizer: Any, classifier: Any, texts: list[str], positive: Any) -> NDArray[np.float64]:
    """What scikit-learn says of texts, as `from_sklearn` takes its arguments."""
    whole = vectorizer if classifier is None else make_pipeline(vectorizer, classifier)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        both = whole.predict_proba(texts)
    classes = whole.classes_.tolist()
    return np.asarray(both[:, 1 if positive is None else classes.index(positive)])


def check(model: Model, texts: list[str], theirs: NDArray[np.float64]) -> float:
    """The largest difference from scikit-learn's probabilities of the positive class; ModelError beyond the bound."""
    differences = np.abs(model.predict_proba(texts)[:, 1] - theirs)
    worst = int(differences.argmax())
    if not differences[worst] <= BOUND:
        raise ModelError(
            f"the model must give scikit-learn's probabilities within {BOUND}, got a difference of {differences[worst]:.2e} for "
            f"{texts[worst][:60]!r}; norm=\"l2\" and weights below 100 are exact enough"
        )
    return float(differences[worst])


def _kind(step: Any) -> str:
    return type(step).__name__


def _refuse(step: Any, parameter: str, advice: str) -> ModelError:
    value = getattr(step, parameter)
    shown = f"{value!r:.80}"
    return ModelError(f"{_kind(step)}({parameter}={shown}) cannot be a model's; {advice}")


def _steps(estimator: Any) -> list[Any]:
    """The steps of a Pipeline, and of Pipelines in it."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    return [inner for _, step in estimator.steps if step not in (None, "passthrough") for inner in _steps(step)]


def _flat(vectorizer: Any, classifier: Any) -> list[Any]:
    steps = _steps(vectorizer) + ([] if classifier is None else [classifier])
    if type(steps[-1]) is CalibratedClassifierCV:
        steps[-1:-1] = _steps(_base(steps[-1]))[:-1]
    return steps


def _base(calibrated: CalibratedClassifierCV) -> Any:
    """What is calibrated, which must be one classifier with one calibration."""
    try:
        all_of_them = calibrated.calibrated_classifiers_
    except AttributeError as error:
        raise ModelError("CalibratedClassifierCV must be fitted; call fit first") from error
    if calibrated.method != "sigmoid":
        raise _refuse(calibrated, "method", 'fit it with method="sigmoid"')
    if len(all_of_them) != 1:
        raise ModelError(
            f"CalibratedClassifierCV(ensemble={calibrated.ensemble!r}) is the mean of {len(all_of_them)} classifiers, which is no "
            "model; fit it with ensemble=False"
        )
    base = all_of_them[0].estimator
    return base.estimator if _kind(base) == "FrozenEstimator" else base


def _linear(classifier: Any) -> _Linear:
    slope, offset = 1.0, 0.0
    base = classifier
    if type(classifier) is CalibratedClassifierCV:
        base = _steps(_base(classifier))[-1]
        (calibrator,) = classifier.calibrated_classifiers_[0].calibrators[:1]
        slope, offset = -float(calibrator.a_), -float(calibrator.b_)
        if not slope > 0:
            raise ModelError(f"the calibration must rise with the score, got a slope of {slope}; the classifier has learned nothing")
    elif type(classifier) is LinearSVC:
        raise ModelError(
            'LinearSVC has no probabilities; fit CalibratedClassifierCV(LinearSVC(), method="sigmoid", ensemble=False)'
        )
    if type(base) not in (LogisticRegression, LogisticRegressionCV, LinearSVC):
        raise ModelError(f"the classifier must be a LogisticRegression or a calibrated LinearSVC, got {_kind(base)}")
    if len(base.classes_) != 2:
        raise ModelError(f"there must be two classes, got {len(base.classes_)}: {base.classes_.tolist()}; leave some out, or join them")
    # A parameter of versions before 1.8.
    if getattr(base, "multi_class", "auto") == "multinomial":
        raise _refuse(base, "multi_class", 'fit it with multi_class="ovr"')
    coef = base.coef_.toarray() if hasattr(base.coef_, "toarray") else np.asarray(base.coef_)
    intercept = float(np.ravel(base.intercept_)[0]) if base.fit_intercept else 0.0
    return _Linear(coef[0].astype(np.float64), intercept, slope, offset, base.classes_.tolist())


def _rows(before: list[Any]) -> dict[str, Any]:
    """The vectoriser as parts of a model, with the columns that each of its terms has in scikit-learn."""
    counts, *rest = before
    if type(counts) not in (CountVectorizer, TfidfVectorizer):
        raise ModelError(f"the vectoriser must be a TfidfVectorizer or CountVectorizer, got {_kind(counts)}")
    weigh = counts if type(counts) is TfidfVectorizer else None
    for step in rest:
        if type(step) is not TfidfTransformer or weigh is not None:
            raise ModelError(f"between vectoriser and classifier there can be one TfidfTransformer, got {_kind(step)}")
        weigh = step
    parts = _tokens(counts)
    terms, columns = _terms(counts, parts["punctuation"])
    use_idf = bool(weigh is not None and weigh.use_idf)
    if weigh is not None and weigh.norm not in ("l2", None):
        raise _refuse(weigh, "norm", 'fit it with norm="l2" or None')
    df, n = _document_frequency(weigh, columns) if use_idf else ([1] * len(terms), 1)
    return parts | {
        "terms": terms,
        "columns": columns,
        "n_columns": len(counts.vocabulary_),
        "document_frequency": df,
        "n_documents": n,
        "use_idf": use_idf,
        "sublinear_tf": bool(weigh is not None and weigh.sublinear_tf),
        "l2": weigh is not None and weigh.norm == "l2",
    }


def _tokens(counts: Any) -> dict[str, Any]:
    """How texts become tokens and terms."""
    longest = counts.ngram_range[1]
    if counts.input != "content":
        raise _refuse(counts, "input", "a model takes texts")
    if counts.analyzer != "word":
        raise _refuse(counts, "analyzer", "a model has n-grams of words")
    for parameter in ("preprocessor", "tokenizer"):
        if getattr(counts, parameter) is not None:
            raise _refuse(counts, parameter, "a model holds no function of Python; do it to the texts before")
    if counts.strip_accents is not None:
        raise _refuse(counts, "strip_accents", "a model keeps accents")
    # A term that is left out is unknown: that is all where no longer terms bridge the gap.
    if counts.stop_words is not None and longest > 1:
        raise _refuse(counts, "stop_words", "a model leaves out words only if ngram_range is (1, 1)")
    if np.dtype(counts.dtype).kind == "f" and np.dtype(counts.dtype) != np.float64:
        raise _refuse(counts, "dtype", "fit it with dtype=numpy.float64")
    pattern = counts.token_pattern
    if pattern in _ONE_CHARACTER and longest > 1:
        raise _refuse(counts, "token_pattern", "a model has words of one character only with ngram_range=(1, 1), or with " + _PUNCTUATION[0])
    if pattern not in _WORDS + _ONE_CHARACTER + _PUNCTUATION:
        raise _refuse(counts, "token_pattern", f"use {_WORDS[0]} or {_PUNCTUATION[0]}")
    return {
        "lowercase": bool(counts.lowercase),
        "punctuation": pattern not in _WORDS,
        "ngram_range": tuple(int(n) for n in counts.ngram_range),
        "binary": bool(counts.binary),
    }


def _terms(counts: Any, punctuation: bool) -> tuple[list[str], NDArray[np.intp]]:
    """The terms that can occur, ascending by their bytes, and the column of each."""
    stop_words = counts.get_stop_words() or ()
    vocabulary = [(term.encode(), term, column) for term, column in counts.vocabulary_.items() if term not in stop_words]
    if punctuation and counts.token_pattern in _ONE_CHARACTER:
        vocabulary = [entry for entry in vocabulary if entry[1].replace("_", "a").isalnum()]
    vocabulary.sort()
    return [term for _, term, _ in vocabulary], np.array([column for *_, column in vocabulary], dtype=np.intp)


def _document_frequency(weigh: Any, columns: NDArray[np.intp]) -> tuple[list[int], int]:
    """The document frequencies and the number of documents, which scikit-learn does not keep, from the idf.

    exp(idf - 1) is a ratio of whole numbers, (1 + n) / (1 + df), or n / df without smoothing. The first denominator of the
    rarest term is taken by which all numbers are whole. It need not be the one that there was: the ratios are the same.
    """
    ratios = np.exp(np.asarray(weigh.idf_, dtype=np.float64)[columns] - 1.0)
    rarest = ratios.max()
    for start in range(1, 1 << 22, 1 << 16) if np.isfinite(rarest) else ():
        numerators = rarest * np.arange(start, start + (1 << 16))
        for numerator in numerators[_are_whole(numerators, 1e-11) & (numerators < 1 << 31)]:
            denominators = round(float(numerator)) / ratios
            if _are_whole(denominators, 1e-9).all():
                # A model has documents for each term, and one more than with it.
                times = 2 if denominators.min() < 1.5 else 1
                df = np.round(denominators).astype(np.int64) * times - 1
                return df.tolist(), round(float(numerator)) * times - 1
    raise ModelError(
        f"{_kind(weigh)}.idf_ must be that of a fit, got numbers that no documents have ({weigh.idf_!r:.60}); fit it on texts"
    )


def _are_whole(numbers: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]:
    return np.abs(numbers - np.round(numbers)) <= tolerance * numbers
