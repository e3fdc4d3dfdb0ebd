"""DataFrames: columns, checked before any work begins, and what is kept."""

from __future__ import annotations

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql.types import DataType, StringType

# On disk alone: it is read from its beginning to its end, and executors need their memory to sort.
KEPT = StorageLevel.DISK_ONLY


def column(df: DataFrame, name: str, what: str) -> DataType:
    """The type of a column. Raises ValueError where it is not there."""
    if name not in df.columns:
        raise ValueError(f"the DataFrame must have the column {name!r} ({what}), got {df.columns}")
    return df.schema[name].dataType


def text_column(df: DataFrame, name: str, what: str) -> None:
    """Raises ValueError where a column is not there or has no text."""
    kind = column(df, name, what)
    if not isinstance(kind, StringType):
        advice = f'df.withColumn("{name}", df["{name}"].cast("string")) if that is the text'
        raise ValueError(f"the column {name!r} ({what}) must be string, got {kind.simpleString()}; {advice}")
