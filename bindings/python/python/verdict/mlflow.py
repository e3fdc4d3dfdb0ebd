"""Verdict's models in MLflow: what ``mlflow.pyfunc.load_model`` calls.

Verdict's registry writes the files that name this module.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np

from ._model import Model
from ._texts import as_list

if TYPE_CHECKING:
    import pandas as pd


class _Pyfunc:
    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, table: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Label and P(positive) of each text of the column ``text``."""
        import pandas as pd

        if isinstance(table, pd.DataFrame):
            if "text" not in table.columns:
                raise ValueError(f'the table must have a column "text", got {list(table.columns)}')
            table = table["text"]
        probability = self.model.predict_proba(as_list(table))[:, 1]
        return pd.DataFrame({"label": np.where(probability >= 0.5, "positive", "negative"), "probability": probability})


def _load_pyfunc(path: str) -> _Pyfunc:
    return _Pyfunc(Model.from_bytes(pathlib.Path(path).read_bytes()))
