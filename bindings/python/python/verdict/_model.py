"""A model that was loaded."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._native import ModelError
from ._texts import Texts, as_list

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Label = Literal["negative", "positive"]


class Explanation(NamedTuple):
    """The exact account of one score: ``intercept + rest + sum(weights) == score``, to the last bit."""

    score: float
    """Log-odds before calibration."""
    probability: float
    """Calibrated probability of positive, 0 to 1."""
    label: Label
    """Positive from one half on."""
    decision: Literal["negative", "positive", "unsure"]
    """The label, or that the model cannot tell as surely as it must."""
    intercept: float
    """Log-odds of a text without a known term."""
    rest: float
    """Sum of the weights of the terms that are not listed."""
    terms: list[tuple[str, float]]
    """What each term adds, strongest first."""


class Info(NamedTuple):
    """What a model file says of itself."""

    name: str
    version: str
    """Given by a registry; without one the first twelve digits of the sha256."""
    sha256: str
    """Of the whole file, as ``sha256sum`` prints it: the identity of the model."""
    format_version: int
    n_terms: int
    about: dict[str, Any]
    """How it was made: parameters, data, metrics."""


class Model:
    """A trained model. Immutable, and safe to share between threads; `load` makes one."""

    __slots__ = ("_native",)
    classes_ = np.array(["negative", "positive"])
    classes_.setflags(write=False)

    def __init__(self, native: _native.Model) -> None:
        self._native = native

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Reads a model file from memory. Raises ModelError for what is none."""
        return cls(_native.Model.from_bytes(data))

    def predict(self, texts: Texts, *, threads: int | None = None) -> NDArray[np.str_]:
        """The label of each text, "negative" or "positive"."""
        return self.classes_[(self.predict_proba(texts, threads=threads)[:, 1] >= 0.5).astype(np.intp)]

    def predict_proba(self, texts: Texts, *, threads: int | None = None) -> NDArray[np.float64]:
        """The probabilities of negative and positive, one row a text: shape (n, 2).

        `texts` is a list of str, an array of NumPy, or a column of pandas, Polars or Arrow. It is scored by `threads`
        threads, None for one a core, while other threads of Python go on. Raises TextError for what is no text.
        """
        return np.frombuffer(self._native.probabilities(as_list(texts), threads)).reshape(-1, 2)

    def explain(self, text: str, max_terms: int | None = None) -> Explanation:
        """What decided about one text: its `max_terms` strongest terms, None for all."""
        return Explanation(*self._native.explain(text, max_terms))

    def verify(self, sha256: str | None = None) -> None:
        """Checks the bytes again: length, checksum, bounds, and that the model scores its own examples as it did when
        it was made. Raises ModelError if not, or if its SHA-256 is not `sha256`."""
        self._native.verify()
        if sha256 is not None and sha256.lower() != self.sha256:
            raise ModelError(f"the model's sha256 must be {sha256}, got {self.sha256}; load the file that is meant")

    @property
    def info(self) -> Info:
        """What the file says of itself."""
        info = self._native.info()
        return Info(**{**info, "about": json.loads(info["about"])})

    @property
    def sha256(self) -> str:
        """SHA-256 of the file: two models are the same exactly if it is."""
        return self._native.info()["sha256"]

    def to_bytes(self) -> bytes:
        """The model file."""
        return self._native.to_bytes()

    def to_sklearn(self) -> Pipeline:
        """A fitted Pipeline of scikit-learn with the model's numbers.

        Its probabilities differ by what rounding to the grid takes from each term, less than 2**-32 of the log-odds
        (docs/decisions/0003); where the model has preprocessing or negation, its analyzer is this package's.
        """
        from ._exporting import to_sklearn

        return to_sklearn(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model file to `path`."""
        with open(path, "wb") as file:
            file.write(self.to_bytes())

    def __reduce__(self) -> tuple[Any, ...]:
        return Model.from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        info = self._native.info()
        return f"<verdict.Model {info['name']} {info['version']}, {info['n_terms']} terms>"


def load(uri: str | os.PathLike[str]) -> Model:
    """Loads a model: a file, a folder with `model.verdict`, `dir:ROOT/NAME@ALIAS` or `dir:ROOT/NAME/VERSION` of a
    registry in a directory, `models:/NAME@ALIAS` or `models:/NAME/VERSION` of MLflow (MLFLOW_TRACKING_URI and its like).

    All of it is checked, as the services check it. Raises ModelError for what is not there or is no model.
    """
    return Model(_native.Model.load(os.fspath(uri), dict(os.environ)))
