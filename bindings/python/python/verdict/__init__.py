"""Verdict's models in Python: the code of its services, loaded into the interpreter.

    model = verdict.load("models/default")
    model.predict_proba(["What a wonderful film"])
    model.explain("What a wonderful film").terms
"""

from ._model import Explanation, Info, Model, load
from ._native import ModelError, TextError

__all__ = ["Explanation", "Info", "Model", "ModelError", "TextError", "load"]
