"""Verdict's models in Python: the code of its services, loaded into the interpreter.

    model = verdict.load("models/default")
    model.predict_proba(["What a wonderful film"])
    model.explain("What a wonderful film").terms
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._model import Explanation, Info, Model, load
from ._native import ModelError, TextError, __version__

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
    "__version__",
    "from_sklearn",
    "load",
]


# scikit-learn is needed only by these, and takes a second to import.
_OF_SKLEARN = {"VerdictClassifier": "_estimator", "from_sklearn": "_importing"}


def __getattr__(name: str) -> Any:
    if name not in _OF_SKLEARN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f".{_OF_SKLEARN[name]}", __name__), name)
    except ModuleNotFoundError as error:
        raise ImportError(f"verdict.{name} needs scikit-learn, got {error}; pip install 'verdict[sklearn]'") from error
