"""The review log, read by Spark's own Kafka source."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from .. import _native
from ._columns import KEPT
from ._workers import on_workers

_EVENTS = "topic string, partition int, at long, is_review boolean, id string, text string, positive boolean"


class Log(NamedTuple):
    """What `read_log` read."""

    reviews: DataFrame
    """The labelled reviews: id, text, label (boolean), and held_out."""
    ranges: list[dict[str, Any]]
    """The offsets that were read, as a manifest has them: topic, partition, from, to."""
    counts: dict[str, int]
    """What was seen, as a manifest has it."""
    joined: DataFrame
    """What Spark keeps of it."""

    def close(self) -> None:
        """Lets go of what Spark keeps."""
        self.joined.unpersist()


def read_log(
    spark: SparkSession,
    bootstrap_servers: str,
    params: str = "{}",
    *,
    reviews: str = "reviews",
    labels: str = "labels",
    ranges: Sequence[Mapping[str, Any]] | None = None,
    options: Mapping[str, str] | None = None,
) -> Log:
    """The labelled reviews of the log, as the trainer reads them: the last label of a review counts, a tombstone takes
    a label back or erases a review.

    `ranges` are the offsets to read, those of a manifest; without them all that the log has is read. `params` is the
    text of a params.yaml, whose split says what is held out; `options` are more of the source's, such as
    {"kafka.security.protocol": "SASL_SSL"}. Needs spark-sql-kafka: `spark-submit --packages
    org.apache.spark:spark-sql-kafka-0-10_2.13:VERSION`.
    """
    split = json.dumps(json.loads(_native.settings(params))["split"])
    source = spark.read.format("kafka").option("kafka.bootstrap.servers", bootstrap_servers)
    # What an aborted transaction wrote is no record.
    source = source.option("kafka.isolation.level", "read_committed").option("includeHeaders", "true")
    if ranges is None:
        source = source.option("subscribe", f"{reviews},{labels}")
    else:
        known = [r for r in ranges if r["topic"] in (reviews, labels) and r["from"] < r["to"]]
        topics: dict[str, dict[str, Mapping[str, Any]]] = {r["topic"]: {} for r in known}
        for r in known:
            topics[r["topic"]][str(r["partition"])] = r
        ends = {"startingOffsets": "from", "endingOffsets": "to"}
        for option, end in ends.items():
            of = {topic: {partition: r[end] for partition, r in all_.items()} for topic, all_ in topics.items()}
            source = source.option(option, json.dumps(of))
        assigned = {topic: [int(partition) for partition in all_] for topic, all_ in topics.items()}
        source = source.option("assign", json.dumps(assigned))
    records = source.options(**(options or {})).load()
    events = records.mapInArrow(on_workers("log_events", reviews), _EVENTS).persist(KEPT)
    read = events.groupBy("topic", "partition").agg(F.min("at").alias("from"), (F.max("at") + 1).alias("to"))
    read_ranges = [row.asDict() for row in read.sort("topic", "partition").collect()]
    in_order = events.repartition("id").sortWithinPartitions("id", "is_review", "at")
    schema = "id string, text string, label boolean, held_out boolean, counts string"
    joined = in_order.mapInArrow(on_workers("join_log", split), schema).persist(KEPT)
    counts: Counter[str] = Counter()
    for row in joined.where("counts is not null").select("counts").collect():
        counts.update(json.loads(row["counts"]))
    events.unpersist()
    found = joined.where("counts is null").drop("counts")
    return Log(found, read_ranges if ranges is None else list(map(dict, ranges)), dict(counts), joined)
