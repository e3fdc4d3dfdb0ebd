"""Training on a DataFrame: counting, rows and the sums over them are Spark's work, the steps of L-BFGS the driver's.
See crates/learning/src/spread.rs."""

from __future__ import annotations

import itertools
import logging
import os
import time
import warnings
from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType

from .. import _native
from .._model import Model
from .._params import as_yaml
from ._columns import KEPT, column, text_column
from ._workers import on_workers

log = logging.getLogger("verdict.spark")

# What to do about rows without one.
_NULLS = {"text": "df.dropna() leaves them out", "label": "it is boolean, 0 or 1, or negative or positive"}


def train(
    df: DataFrame,
    text_col: str = "text",
    label_col: str = "label",
    params: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    id_col: str | None = None,
    name: str = "sentiment",
) -> Model:
    """Trains a model called `name` on the texts and labels of `df`.

    `params` are those of `VerdictClassifier` by their names, as in {"preset": "sentences", "C": 20.0}, or the path of a
    params.yaml. Labels are boolean, 0 and 1, or "negative" and "positive".

    Reviews are taken in the order of `id_col`, compared as text, or without one in the order of their texts: however
    they are partitioned, the same reviews give the same bytes. With the ids of their source, these are the bytes of
    `trainer train`. Says its steps in the log `verdict.spark` (INFO).

    Raises ValueError for a column that is not there or has nulls or other labels, for parameters out of their bounds,
    and where there are not two classes.
    """
    text_column(df, text_col, "text_col")
    if id_col is not None:
        column(df, id_col, "id_col")
    yaml = _yaml(params)
    _native.check_params(yaml)
    rows = df.select(
        (F.lit("") if id_col is None else F.col(id_col).cast("string")).alias("id"),
        F.col(text_col).alias("text"),
        _positive(df, label_col).alias("label"),
    )
    cluster = _Cluster(yaml)
    try:
        cluster.put_in_blocks(rows)
        fitted = _native.fit_spread(cluster, yaml, name)
    finally:
        cluster.close()
    if not fitted["converged"]:
        warnings.warn(f"not converged after {fitted['iterations']} iterations; raise max_iter", stacklevel=2)
    return Model.from_bytes(fitted["artifact"])


def _yaml(params: Mapping[str, Any] | str | os.PathLike[str] | None) -> str:
    if params is None or isinstance(params, Mapping):
        values = dict(params or {})
        return as_yaml(values.pop("preset", "sentences"), values)
    with open(params, encoding="utf-8") as file:
        return file.read()


def _positive(df: DataFrame, label_col: str) -> Column:
    if isinstance(column(df, label_col, "label_col"), BooleanType):
        return F.col(label_col)
    words = F.lower(F.col(label_col).cast("string"))
    return F.when(words.isin("positive", "1", "1.0"), True).when(words.isin("negative", "0", "0.0"), False)


class _Cluster:
    """What `fit_spread` asks: the reviews in blocks, and then their rows."""

    def __init__(self, params: str) -> None:
        self._params = params
        self._kept: list[DataFrame] = []
        self._began = time.monotonic()

    def put_in_blocks(self, rows: DataFrame) -> None:
        """Puts the reviews in order and numbers them; each block of them stands in one partition."""
        self._check_that_it_keeps(rows.sparkSession)
        nulls = [F.count_if(F.col(name).isNull()).alias(name) for name in ("text", "label")]
        [seen] = rows.agg(F.count("*").alias("n"), *nulls).collect()
        for what, advice in _NULLS.items():
            if seen[what]:
                raise ValueError(f"every row must have a {what}, {seen[what]} of {seen['n']} have none; {advice}")
        size = _native.rows_a_block(seen["n"])
        n_blocks = max(-(-seen["n"] // size), 1)
        # As many partitions as blocks: Spark's own number, 200, would cost more than the work in them.
        ordered = rows.repartitionByRange(n_blocks, "id", "text", "label").sortWithinPartitions("id", "text", "label")
        ordered = self._keep(ordered.withColumn("part", F.spark_partition_id()))
        parts = sorted(ordered.groupBy("part").count().collect())
        firsts = itertools.accumulate((part["count"] for part in parts), initial=0)
        first = {part["part"]: n for part, n in zip(parts, firsts)}
        numbered = ordered.mapInArrow(on_workers("number", first), "row long, text string, label boolean")
        numbered = numbered.withColumn("block", F.floor(F.col("row") / size).cast("int"))
        in_blocks = numbered.repartitionByRange(n_blocks, "block").sortWithinPartitions("row")
        self._texts = self._keep(in_blocks)
        self._texts.count()
        self._drop(ordered)
        self.done("order")

    def _check_that_it_keeps(self, spark: SparkSession) -> None:
        """Rows that are made anew may stand in another order, and the numbers of reviews would be wrong."""
        once = self._keep(spark.range(1).mapInArrow(on_workers("new_tokens"), "token string"))
        if once.collect() != once.collect():
            raise RuntimeError(f"persist() of this engine (Spark {spark.version}) keeps nothing; train on Apache Spark")
        self._drop(once)

    def texts(self, work: bytes) -> list[bytes]:
        """What a task makes of each chunk of texts, in their order."""
        return _in_order(self._over_texts(work))

    def terms(self, free: int, beyond: int) -> list[str]:
        """The terms that occur so often beyond `free` times in each chunk."""
        counted = self._texts.mapInArrow(on_workers("over_terms", self._params, free), "term string, n long")
        sums = counted.groupBy("term").agg(F.sum("n").alias("n"))
        return sums.where(F.col("n") >= beyond).select("term").toArrow()["term"].to_pylist()

    def vectorize(self, work: bytes) -> list[bytes]:
        """What is to be known of the rows of each chunk, in their order; the rows are kept."""
        self._rows = self._keep(self._over_texts(work))
        told = _in_order(self._rows)
        self._drop(self._texts)
        return told

    def rows(self, asked: bytes) -> list[bytes]:
        """The answers of each block, in their order."""
        rows = self._rows.select("block", "kept")
        return _in_order(rows.mapInArrow(on_workers("over_rows", asked), "first long, told binary"))

    def done(self, step: str) -> None:
        """A step has ended."""
        log.info("%s: %.1f s since the start", step, time.monotonic() - self._began)

    def close(self) -> None:
        """Lets go of what is kept."""
        for df in list(self._kept):
            self._drop(df)

    def _over_texts(self, work: bytes) -> DataFrame:
        schema = "block int, first long, told binary, kept binary"
        return self._texts.mapInArrow(on_workers("over_texts", self._params, work), schema)

    def _keep(self, df: DataFrame) -> DataFrame:
        self._kept.append(df.persist(KEPT))
        return df

    def _drop(self, df: DataFrame) -> None:
        self._kept = [kept for kept in self._kept if kept is not df]
        df.unpersist()


def _in_order(df: DataFrame) -> list[bytes]:
    told = df.select("first", "told").toArrow()
    return [told for _, told in sorted(zip(told["first"].to_pylist(), told["told"].to_pylist()))]
