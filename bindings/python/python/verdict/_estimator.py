"""Training as an estimator of scikit-learn."""

from __future__ import annotations

import inspect
import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from . import _native
from ._model import Model
from ._params import PRESET, SECTIONS, as_yaml
from ._texts import Texts, as_list

class VerdictClassifier(ClassifierMixin, BaseEstimator):
    """Trains a Verdict model: texts in, two classes out.

    The parameters are those of params.yaml, under its names, and what is not set is as `preset` says ("default",
    "sentences", "best" or "python-seed"; docs/model.md). The same parameters and texts in the same order give the same
    bytes as `trainer train`: training is its code. X is a column of texts as `Model.predict_proba` takes it, y has two
    classes of any type; the greater one (`classes_[1]`) is what the model calls positive.

    `threads` is how many threads train and score, None for one a core; `name` is what the model is called.

    Fitted, it has `model_` (a `verdict.Model`, to save or serve), `classes_` and `n_iter_`.
    """

    def __init__(
        self,
        preset: str = "sentences",
        *,
        html: str = PRESET,
        urls: str = PRESET,
        digits: str = PRESET,
        case: str = PRESET,
        punctuation: str = PRESET,
        stop_words: str | os.PathLike[str] = PRESET,
        lemmatizer: str = PRESET,
        wordnet: str | os.PathLike[str] = PRESET,
        tokens: str = PRESET,
        negation: str = PRESET,
        max_features: int | str | None = PRESET,
        ngram_range: tuple[int, int] | str = PRESET,
        min_df: int | float | str = PRESET,
        max_df: int | float | str = PRESET,
        sublinear_tf: bool | str = PRESET,
        binary: bool | str = PRESET,
        use_idf: bool | str = PRESET,
        norm: str = PRESET,
        windows: int | str = PRESET,
        weighting: str = PRESET,
        smoothing: float | str = PRESET,
        C: float | str = PRESET,
        penalty: str = PRESET,
        solver: str = PRESET,
        max_iter: int | str = PRESET,
        window_weight: float | str = PRESET,
        tol: float | str = PRESET,
        method: str = PRESET,
        folds: int | str = PRESET,
        target_error: float | str | None = PRESET,
        name: str = "sentiment",
        threads: int | None = None,
    ) -> None:
        values = locals()
        for parameter in inspect.signature(type(self).__init__).parameters:
            if parameter in values and parameter != "self":
                setattr(self, parameter, values[parameter])

    def _params(self) -> str:
        """What is set, as params.yaml has it."""
        return as_yaml(self.preset, {name: getattr(self, name) for names in SECTIONS.values() for name in names})

    def fit(self, X: Texts, y: Any) -> VerdictClassifier:
        """Trains on texts and their classes. Raises ValueError where a parameter is out of its bounds, where there are
        not two classes, or where there is nothing to learn from; TextError for what is no text."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        params = self._params()
        _native.check_params(params)
        texts = as_list(X)
        y = column_or_1d(y, warn=True)
        check_consistent_length(texts, y)
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        classes = np.unique(y)
        if kind != "binary":
            raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
        if len(classes) < 2:
            raise ValueError(f"y must have two classes, got one class only, {classes.tolist()}; add texts of the other")
        fitted = _native.fit(texts, (y == classes[1]).tolist(), params, self.name, self.threads)
        self.model_ = Model.from_bytes(fitted["artifact"])
        self.classes_ = classes
        self.n_iter_ = fitted["iterations"]
        if not fitted["converged"]:
            said = f"not converged after {self.n_iter_} iterations; raise max_iter, got {self.max_iter}"
            warnings.warn(said, ConvergenceWarning, stacklevel=2)
        return self

    def predict(self, X: Texts) -> NDArray[Any]:
        """The class of each text."""
        check_is_fitted(self)
        return self.classes_[(self.predict_proba(X)[:, 1] >= 0.5).astype(np.intp)]

    def predict_proba(self, X: Texts) -> NDArray[np.float64]:
        """The probability of each class, in the order of `classes_`: shape (n, 2)."""
        check_is_fitted(self)
        return self.model_.predict_proba(X, threads=self.threads)

    def decision_function(self, X: Texts) -> NDArray[np.float64]:
        """The calibrated log-odds of `classes_[1]`: shape (n,)."""
        check_is_fitted(self)
        return np.frombuffer(self.model_._native.log_odds(as_list(X), self.threads))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_class = False
        return tags
