"""Verdict's models in MLflow: ``log_model`` puts one there, ``mlflow.pyfunc.load_model`` loads it by this module.

What ``log_model`` and Verdict's registries write has the same layout, so services take either.
"""

from __future__ import annotations

import datetime
import os
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np

from ._model import Model
from ._native import __version__
from ._texts import as_list

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models.model import Model as Description
    from mlflow.models.model import ModelInfo

_FILE = "model.verdict"


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


def save_model(model: Model, path: str | os.PathLike[str], mlflow_model: Description | None = None) -> None:
    """Writes ``model`` into the folder ``path``, which must not exist, as a model of MLflow's."""
    import mlflow.pyfunc
    from mlflow.models import Model as Description
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    folder = pathlib.Path(path)
    folder.mkdir(parents=True)
    model.save(folder / _FILE)
    (folder / "requirements.txt").write_text(f"verdict=={__version__}\n")
    (folder / "python_env.yaml").write_text("python: '3.10'\ndependencies:\n- -r requirements.txt\n")
    described = mlflow_model or Description()
    described.signature = ModelSignature(
        Schema([ColSpec("string", "text")]), Schema([ColSpec("string", "label"), ColSpec("double", "probability")])
    )
    mlflow.pyfunc.add_to_model(described, loader_module=__name__, data=_FILE, python_env="python_env.yaml")
    described.save(str(folder / "MLmodel"))


def log_model(model: Model, name: str = "sentiment", registered_model_name: str | None = None) -> ModelInfo:
    """Logs ``model`` to the MLflow server that is set, with ``registered_model_name`` as the next version of that name.

    A version has the tags by which Verdict's services find it: ``consumer --model models:/NAME@ALIAS`` takes it.
    """
    import sys

    import mlflow
    from mlflow.models import Model as Description

    info = Description.log(None, sys.modules[__name__], registered_model_name, name=name, model=model)
    if registered_model_name is not None:
        now = datetime.datetime.now(datetime.timezone.utc)
        own = {
            "sha256": model.sha256,
            "bytes": len(model.to_bytes()),
            "name": registered_model_name,
            "created_at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        client = mlflow.MlflowClient()
        for key, value in own.items():
            client.set_model_version_tag(registered_model_name, info.registered_model_version, f"verdict.{key}", value)
    return info
