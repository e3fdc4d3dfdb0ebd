#!/usr/bin/env python3
"""Rebuilds the model from the review log on Spark, and lets it serve if the gate accepts it: `trainer rebuild` for logs
that no single machine could train on.

    spark-submit --packages org.apache.spark:spark-sql-kafka-0-10_2.13:4.3.0 tools/spark/rebuild.py \\
        --bootstrap-servers kafka:9092 --registry models/registry

It reads the log by Spark's Kafka source and trains by `verdict.spark.train`. It leaves what `trainer stage
model_building` leaves (data/raw/manifest.json, data/raw/test.csv, models/model.verdict), and the trainer does the rest
as ever: evaluation, registration, gate and announcement.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import pathlib
import subprocess
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import verdict
from verdict import _native, spark as on_spark


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bootstrap-servers", required=True, metavar="HOST:PORT,…", help="the Kafka that has the log")
    parser.add_argument("--params", default="params.yaml", metavar="FILE", help="training parameters [%(default)s]")
    parser.add_argument("--root", type=pathlib.Path, default=".", metavar="DIR", help="gets data, models, reports [.]")
    parser.add_argument("--snapshot", metavar="MANIFEST", help="read the offsets again that this manifest states")
    parser.add_argument("--reviews-topic", default="reviews", metavar="TOPIC", help="[%(default)s]")
    parser.add_argument("--labels-topic", default="labels", metavar="TOPIC", help="[%(default)s]")
    parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE", help="of Spark's Kafka source")
    parser.add_argument("--trainer", default="trainer", metavar="PATH", help="the program trainer [%(default)s]")
    parser.add_argument("--registry", metavar="DIR|mlflow", help="as of trainer rebuild")
    parser.add_argument("--no-announce", action="store_true", help="as of trainer rebuild")
    args = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("verdict.spark").setLevel(logging.INFO)
    build(args)
    serving = ["--registry", args.registry] if args.registry else []
    where = ["--params", args.params, "--root", str(args.root)]
    announcing = ["--no-announce"] if args.no_announce else ["--bootstrap-servers", args.bootstrap_servers]
    for command in (
        ["stage", "model_evaluation", *where],
        ["stage", "model_registration", *where, *serving],
        ["promote", *where, *serving, *announcing],
    ):
        if code := subprocess.run([args.trainer, *command]).returncode:
            return code
    return 0


def build(args: argparse.Namespace) -> None:
    """Reads the log, trains, and writes the model, the manifest and what is held out."""
    params = pathlib.Path(args.params).read_text(encoding="utf-8")
    settings = json.loads(_native.settings(params))
    before = json.loads(pathlib.Path(args.snapshot).read_text(encoding="utf-8")) if args.snapshot else None
    session = SparkSession.builder.appName("verdict rebuild").getOrCreate()
    log = on_spark.read_log(
        session,
        args.bootstrap_servers,
        params,
        reviews=args.reviews_topic,
        labels=args.labels_topic,
        ranges=before["origin"]["log"]["ranges"] if before else None,
        options=dict(option.split("=", 1) for option in args.option),
    )
    held_out = log.reviews.where("held_out").select("id", "text", "label").collect()
    test, test_facts = _native.corpus_facts([tuple(row) for row in held_out])
    texts = log.reviews.groupBy("text").agg(F.count("*").alias("n"), F.count_distinct("label").alias("labels"))
    both = F.count_if(F.col("labels") > 1).alias("contradictory")
    [texts] = texts.agg(F.coalesce(F.sum(F.col("n") - 1), F.lit(0)).alias("duplicates"), both).collect()
    if not test:
        sys.exit(f"the held-out part has no review: {log.counts} (data_ingestion.test_size)")
    model = on_spark.train(log.reviews.where("not held_out"), params=args.params, id_col="id", name=settings["name"])
    manifest = {
        "source": "kafka",
        "origin": {"log": {"ranges": log.ranges, "counts": log.counts}},
        "split": settings["split"],
        "train": model.info.about["data"],
        "test": json.loads(test_facts),
        "texts": texts.asDict(),
        "code_version": verdict.__version__,
    }
    for part in ("train", "test"):
        if before and before[part]["sha256"] != manifest[part]["sha256"]:
            sys.exit(
                f"the snapshot's {part} reviews must have SHA-256 {before[part]['sha256']}, got {manifest[part]['sha256']}:"
                " labels have been compacted away since, or the split differs"
            )
    raw, models = args.root / "data/raw", args.root / "models"
    for folder in (raw, models):
        folder.mkdir(parents=True, exist_ok=True)
    (raw / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    with open(raw / "test.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["id", "review", "sentiment"])
        rows.writerows((id_, text, "positive" if label else "negative") for id_, text, label in test)
    model.save(models / "model.verdict")
    log.close()


if __name__ == "__main__":
    sys.exit(main())
