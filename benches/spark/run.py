#!/usr/bin/env python3
"""Training on Spark with IMDB's 50,000 labelled reviews, repeated with a marker word each so that no text repeats: time,
and the most memory that executors had, of two cores. Needs the wheel, pyspark and a Java.

    benches/spark/run.py --data aclImdb_v1.tar.gz --reviews 50000 200000 1000000
    benches/spark/run.py --data aclImdb_v1.tar.gz --train     # the 25,000 to train on, whose sha256 trainer train gives
    benches/spark/run.py --data aclImdb_v1.tar.gz --score     # reviews/s of score beside Model.predict_proba
"""

import argparse
import json
import logging
import os
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))

import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import aclimdb
import verdict.spark


class Memory(threading.Thread):
    """The most resident memory, in bytes, of executors and their Python workers together, looked at twice a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most, self.ended = 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.5):
            self.most = max(self.most, sum(resident(pid) for pid in executors()))


def executors():
    """Processes of executors: the JVM, and all that descend from it."""
    parents, found = {}, set()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if b"CoarseGrainedExecutorBackend" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
        except OSError:
            continue
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def resident(pid):
    """Its own share of memory: what forked workers have in common counts once."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith("Pss:"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--heap", type=int, default=1536, help="of the one executor, MB")
    parser.add_argument("--reviews", type=int, nargs="*", default=[])
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--score", action="store_true")
    args = parser.parse_args()
    logging.basicConfig(format="%(name)s: %(message)s")
    logging.getLogger("verdict.spark").setLevel(logging.INFO)
    os.environ.setdefault("SPARK_HOME", str(pathlib.Path(pyspark.__file__).parent))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        parts = {part: aclimdb.load(args.data, part) for part in ("train", "test")}
        for part, (texts, labels) in parts.items():
            ids = [f"{part}{i:05}" for i in range(len(texts))]
            table = pa.table({"id": ids, "text": texts, "label": labels})
            pq.write_table(table, f"{folder}/{part}.parquet", row_group_size=2500)
        builder = SparkSession.builder.master(f"local-cluster[1,2,{args.heap}]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.executor.memory", f"{args.heap}m").config("spark.driver.memory", "3g")
        builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
        builder = builder.config("spark.driver.maxResultSize", "0").config("spark.ui.showConsoleProgress", "false")
        builder = builder.config("spark.executorEnv.PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
        if args.train:
            report(spark, spark.read.parquet(f"{folder}/train.parquet"), args.preset)
        both = spark.read.parquet(f"{folder}/train.parquet", f"{folder}/test.parquet")
        for n in args.reviews:
            copies = spark.range(-(-n // 50_000)).withColumnRenamed("id", "copy")
            marked = both.crossJoin(F.broadcast(copies)).withColumn("id", F.concat("copy", F.lit("m"), "id"))
            marked = marked.withColumn("text", F.concat("text", F.lit(" "), "id"))
            report(spark, marked.select("id", "text", "label"), args.preset)
        if args.score:
            rates(spark, spark.read.parquet(f"{folder}/test.parquet"), parts["test"][0])
        spark.stop()


def report(spark, df, preset):
    memory = Memory()
    memory.start()
    began = time.perf_counter()
    model = verdict.spark.train(df, params={"preset": preset}, id_col="id")
    took = time.perf_counter() - began
    memory.ended.set()
    memory.join()
    n = model.info.about["data"]["n_reviews"]
    said = {"reviews": n, "preset": preset, "seconds": round(took, 1), "executors_mb": memory.most >> 20, "sha256": model.sha256}
    print(json.dumps(said), flush=True)


def rates(spark, df, texts):
    """Of 200,000 reviews, in turns."""
    model = verdict.load(pathlib.Path(__file__).resolve().parents[2] / "models/default")
    df = df.drop("label").crossJoin(spark.range(8).withColumnRenamed("id", "copy")).repartition(8).persist()
    n = df.count()
    for _ in range(5):
        began = time.perf_counter()
        verdict.spark.score(df, "text", model).agg(F.avg("probability")).collect()
        on_spark = n / (time.perf_counter() - began)
        began = time.perf_counter()
        model.predict_proba(texts * 8, threads=2)
        alone = n / (time.perf_counter() - began)
        print(json.dumps({"spark": round(on_spark), "predict_proba": round(alone), "ratio": round(on_spark / alone, 2)}), flush=True)


if __name__ == "__main__":
    main()
