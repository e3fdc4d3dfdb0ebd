"""Verdict's models in Python: the code of its services, loaded into the interpreter.

    model = verdict.load("models/default")
    model.predict_proba(["What a wonderful film"])
    model.explain("What a wonderful film").terms
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._model import Explanation, Info, Model, load
from ._native import ModelError, TextError

if TYPE_CHECKING:
    from ._estimator import VerdictClassifier
    from ._importing import from_sklearn

__all__ = [
    "Explanation",
    "Info",
    "Model",
    "ModelError",
    "TextError",
    "VerdictClassifier",
    "from_sklearn",
    "load",
]


def __getattr__(name: str) -> Any:
    # scikit-learn is needed only by these, and takes a second to import.
    if name == "VerdictClassifier":
        from ._estimator import VerdictClassifier

        return VerdictClassifier
    if name == "from_sklearn":
        from ._importing import from_sklearn

        return from_sklearn
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
