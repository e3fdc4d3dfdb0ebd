"""Verdict on Spark: scores a DataFrame, and trains on one that no single machine could hold.

    verdict.spark.score(df, "text", "models:/sentiment@production")
    verdict.spark.train(df, "text", "label", {"preset": "sentences"}).save("model.verdict")

Every worker needs this package: `spark-submit --archives environment.tar.gz#environment`, or a cluster's libraries.
"""

from __future__ import annotations

from ._log import Log, read_log
from ._score import score
from ._train import train

__all__ = ["Log", "read_log", "score", "train"]
