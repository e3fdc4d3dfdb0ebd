"""The review log on Spark, by its own Kafka source, beside the trainer that reads it alone."""

import json
import os
import pathlib
import subprocess
import sys
import uuid

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

REPOSITORY = pathlib.Path(os.environ["VERDICT_REPOSITORY"])
PARAMS = "preset: default\nfeature_engineering: {max_features: 300}\npromotion: {min_reviews: 50}\n"


def said(review_id, label):
    what = {"review_id": review_id, "label": label, "source": "user", "labelled_at": "2026-01-02T03:04:05Z"}
    return json.dumps(what)


@pytest.fixture(scope="module")
def topics():
    """A log with labels that changed or were taken back, reviews that were erased, and records that are neither."""
    broker = {"bootstrap.servers": os.environ["VERDICT_KAFKA"]}
    reviews, labels = (f"spark-{what}-{uuid.uuid4()}" for what in ("reviews", "labels"))
    admin = AdminClient(broker)
    for topic in admin.create_topics([NewTopic(reviews, 3, 1), NewTopic(labels, 2, 1)]).values():
        topic.result()
    producer = Producer(broker)
    good, bad = "warm witty superb moving clever".split(), "dull clumsy boring awful wooden".split()
    for i in range(800):
        side, label = ((bad, "negative"), (good, "positive"))[i % 2]
        text = f"A {side[i % 5]} and {side[i // 5 % 5]} film. Scene {i} was {side[i // 3 % 5]}."
        producer.produce(reviews, json.dumps({"id": f"r{i}", "text": text}), key=f"r{i}")
        if i % 10:
            producer.produce(labels, said(f"r{i}", label), key=f"r{i}")
    producer.flush()
    producer.produce(labels, said("r5", "negative"), key="r5")
    producer.produce(labels, None, key="r1")
    producer.produce(labels, "{", key="r2")
    producer.produce(labels, said("nobody", "positive"), key="nobody")
    producer.produce(reviews, None, key="r3")
    producer.produce(reviews, '{"text": ""}', key="r4")
    producer.produce(reviews, json.dumps({"id": "r7", "text": "A witty film, and told anew."}), key="r7")
    producer.flush()
    return ["--reviews-topic", reviews, "--labels-topic", labels]


def test_the_model_and_the_manifest_are_those_of_the_trainer(topics, tmp_path):
    jars = sorted(pathlib.Path(os.environ["VERDICT_SPARK_JARS"]).glob("*.jar"))
    conf = {
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "4",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    }
    submit = ["--jars", ",".join(map(str, jars)), *(part for item in conf.items() for part in ("--conf", "=".join(item)))]
    spark = {"PYSPARK_PYTHON": sys.executable, "PYSPARK_SUBMIT_ARGS": " ".join([*submit, "pyspark-shell"])}
    trainer = os.environ["VERDICT_TRAINER"]
    script = [sys.executable, REPOSITORY / "tools/spark/rebuild.py", "--trainer", trainer]

    def run(command, root, *more):
        root.mkdir()
        (root / "params.yaml").write_text(PARAMS, encoding="utf-8")
        where = ["--root", root, "--params", root / "params.yaml", "--registry", root / "registry", "--no-announce"]
        broker = ["--bootstrap-servers", os.environ["VERDICT_KAFKA"]]
        command = [*command, *broker, *topics, *where, *more]
        done = subprocess.run(list(map(str, command)), env=os.environ | spark, capture_output=True, text=True)
        # 1: the gate refuses so small a model.
        assert done.returncode in (0, 1), done.stderr
        manifest = json.loads((root / "data/raw/manifest.json").read_text(encoding="utf-8"))
        decision = json.loads((root / "reports/promotion.json").read_text(encoding="utf-8"))
        [model] = (root / "registry").rglob("model.verdict")
        return done, manifest, decision, model.read_bytes(), (root / "data/raw/test.csv").read_text(encoding="utf-8")

    alone = run([trainer, "rebuild"], tmp_path / "alone")
    spread = run(script, tmp_path / "spread")
    for told in (alone, spread):
        told[1]["origin"]["log"].pop("ranges")
        told[2].pop("candidate", None)
    assert spread[1] == alone[1]
    counts = spread[1]["origin"]["log"]["counts"]
    assert counts["relabelled"] == counts["labels_erased"] == counts["reviews_erased"] == 1
    assert (counts["rejected"], counts["unknown_review"]) == (2, 2)
    assert spread[3] == alone[3] and spread[4] == alone[4]
    assert (spread[0].returncode, spread[2]["accepted"]) == (alone[0].returncode, alone[2]["accepted"])
    again = run(script, tmp_path / "again", "--snapshot", tmp_path / "alone/data/raw/manifest.json")
    assert again[3] == alone[3]
