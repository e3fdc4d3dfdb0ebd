"""Scoring a DataFrame."""

from __future__ import annotations

import os

from pyspark.sql import DataFrame
from pyspark.sql.types import DoubleType, StringType, StructField, StructType

from .._model import Model, load
from ._columns import text_column
from ._workers import on_workers

_ADDED = {"label": StringType(), "probability": DoubleType(), "model_version": StringType(), "error": StringType()}


def score(df: DataFrame, text_col: str, model: Model | str | os.PathLike[str], *, prefix: str = "") -> DataFrame:
    """`df` with the verdict on each text: `label` ("negative" or "positive"), `probability` of positive, and
    `model_version`.

    `model` is a model, or where `verdict.load` finds one: the driver reads it and sends it along. A row whose text is
    null, or is not UTF-8, has nulls there and the reason in `error`; it never fails the job. `prefix` goes before the
    names of the four columns, where `df` has one of them.

    Raises ValueError for a column that is not there, has no text, or is there already, and ModelError for what is no
    model.
    """
    text_column(df, text_col, "text_col")
    names = [prefix + name for name in _ADDED]
    if taken := [name for name in names if name in df.columns]:
        raise ValueError(f'the DataFrame has the columns {taken} already; set another prefix, as in prefix="verdict_"')
    model = model if isinstance(model, Model) else load(model)
    added = [StructField(name, kind) for name, kind in zip(names, _ADDED.values())]
    function = on_workers("score", text_col, names, model.to_bytes(), model.info.version)
    return df.mapInArrow(function, StructType([*df.schema.fields, *added]))
