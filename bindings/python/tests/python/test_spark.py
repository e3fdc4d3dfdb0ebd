"""Scoring and training on a real Spark, in this process and its workers."""

import random
import subprocess
import sys

import pytest
from pyspark import cloudpickle
from pyspark.errors import PythonException
from pyspark.sql import functions as F

import verdict
import verdict.spark
from verdict import ModelError, VerdictClassifier
from verdict.spark._workers import on_workers

# What Spark warns of itself: of pandas 3, which it does not use here.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def reviews():
    good, bad = "warm witty superb moving clever".split(), "dull clumsy boring awful wooden".split()
    rows = []
    for i in range(300):
        first, other = (good, bad) if i % 2 else (bad, good)
        words = first[i % 5], first[i // 5 % 5], (other if i % 7 == 0 else first)[i % 3]
        text = f"A {words[0]} and {words[1]} film. Scene {i} was not {words[2]}, though! It is {first[i // 2 % 5]}."
        rows.append((f"{i:03}", text, "positive" if i % 2 else "negative"))
    return rows


@pytest.fixture(scope="module")
def df(spark, reviews):
    mixed = random.Random(1).sample(reviews, len(reviews))
    return spark.createDataFrame(mixed, "id string, text string, label string").repartition(3)


def test_scores_are_the_models_and_a_broken_row_says_why(spark, model, texts):
    rows = [(i, text) for i, text in enumerate([*texts, None])]
    df = spark.createDataFrame(rows, "n int, text string")
    broken = spark.createDataFrame([(99, b"caf\xe9")], "n int, text binary").withColumn("text", F.expr("cast(text as string)"))
    scored = verdict.spark.score(df.union(broken), "text", model).sort("n").collect()
    good = scored[: len(texts)]
    assert [row.probability for row in good] == model.predict_proba(texts)[:, 1].tolist()
    assert [row.label for row in good] == model.predict(texts).tolist()
    assert {row.model_version for row in good} == {model.info.version} and {row.error for row in good} == {None}
    null, not_utf8 = scored[len(texts) :]
    for row, reason in ((null, "the text is null"), (not_utf8, "'utf-8' codec can't decode byte 0xe9 in position 3")):
        assert (row.label, row.probability, row.model_version) == (None, None, None)
        assert row.error.startswith(reason), row.error


def test_nothing_is_scored_to_nothing_and_columns_stay(spark, model, df):
    nothing = verdict.spark.score(spark.createDataFrame([], "text string"), "text", model)
    assert nothing.columns == ["text", "label", "probability", "model_version", "error"] and nothing.collect() == []
    with_truth = verdict.spark.score(df, "text", model, prefix="verdict_")
    assert with_truth.columns[:4] == ["id", "text", "label", "verdict_label"]
    assert with_truth.where("verdict_probability is null").count() == 0


def test_what_cannot_be_scored_is_said_at_once(spark, model, df):
    for column, table, says in [
        ("review", df, r"must have the column 'review' \(text_col\), got \['id', 'text', 'label'\]"),
        ("n", spark.createDataFrame([(1,)], "n int"), "'n' .* must be string, got int; .*cast"),
        ("text", df, r"has the columns \['label'\] already; set another prefix"),
    ]:
        with pytest.raises(ValueError, match=says):
            verdict.spark.score(table, column, model)
    with pytest.raises(ModelError, match="params.yaml"):
        verdict.spark.score(df.drop("label"), "text", "params.yaml")


@pytest.mark.parametrize("preset", ["default", "sentences"])
def test_training_gives_the_bytes_of_the_estimator(df, reviews, preset):
    texts, labels = [text for _, text, _ in reviews], [label for _, _, label in reviews]
    expected = VerdictClassifier(preset, C=3.5).fit(texts, labels).model_
    trained = verdict.spark.train(df, "text", "label", {"preset": preset, "C": 3.5}, id_col="id")
    assert trained.sha256 == expected.sha256


def test_without_ids_the_order_is_that_of_the_texts_and_nothing_is_kept(spark, df, reviews, tmp_path):
    in_order = sorted(reviews, key=lambda review: review[1])
    texts, labels = [text for _, text, _ in in_order], [label for _, _, label in in_order]
    expected = VerdictClassifier("default", C=2.0).fit(texts, labels).model_
    path = tmp_path / "params.yaml"
    path.write_text("preset: default\nmodel_building: {C: 2.0}\npromotion: {min_reviews: 7}\n", encoding="utf-8")
    numbers = F.when(F.col("label") == "positive", 1.0).otherwise(0.0)
    assert verdict.spark.train(df.coalesce(1).withColumn("label", numbers), params=path) == expected
    assert spark.sparkContext._jsc.getPersistentRDDs().isEmpty()


def test_what_cannot_be_trained_on_is_said_with_the_value(spark, df):
    no_text = df.withColumn("text", F.when(F.col("id") != "007", F.col("text")))
    stars = df.withColumn("label", F.when(F.col("id") != "007", F.col("label")).otherwise("3 stars"))
    for table, arguments, says in [
        (df, {"text_col": "review"}, "must have the column 'review'"),
        (df, {"label_col": "stars"}, "must have the column 'stars'"),
        (df, {"id_col": "key"}, "must have the column 'key'"),
        (df, {"params": {"C": -1.0}}, "C must be > 0, got -1"),
        (df, {"params": {"c": 1.0}}, "'c' is no parameter of training"),
        (df, {"params": {"preset": "default", "solver": "linfa", "max_features": 9}}, "linfa needs all reviews in one"),
        (no_text, {}, "every row must have a text, 1 of 300 have none; df.dropna"),
        (stars, {}, "every row must have a label, 1 of 300 have none; it is boolean, 0 or 1, or negative or positive"),
        (df.where("label = 'positive'"), {}, "both classes, got 150 positive and 0 negative"),
        (df.where("id is null"), {}, "both classes, got 0 positive and 0 negative"),
        (df.withColumn("text", F.lit("! ?")), {"params": {"preset": "default"}}, "vocabulary is empty: of 300"),
    ]:
        with pytest.raises(ValueError, match=says):
            verdict.spark.train(table, **arguments)
    assert spark.sparkContext._jsc.getPersistentRDDs().isEmpty()


def test_a_worker_without_the_package_or_with_another_version_says_what_to_do(monkeypatch):
    lone = "import sys, pickle; list(pickle.load(sys.stdin.buffer)(iter([])))"

    def said(function):
        run = subprocess.run([sys.executable, "-c", lone], input=cloudpickle.dumps(function), capture_output=True, env={})
        assert run.returncode == 1
        return run.stderr.decode()

    assert "this Spark worker cannot import the package verdict" in said(on_workers("score"))
    assert f"install verdict {verdict.__version__} on every worker" in said(on_workers("score"))
    function = on_workers("score")
    monkeypatch.setattr(verdict, "__version__", "9.9.9")
    with pytest.raises(ImportError, match="this Spark worker has verdict 9.9.9, the driver has"):
        list(function(iter([])))


def test_an_engine_that_does_not_keep_what_it_made_is_refused(df, monkeypatch):
    monkeypatch.setattr("verdict.spark._train._Cluster._keep", lambda _, df: df)
    with pytest.raises(RuntimeError, match=r"persist\(\) of this engine \(Spark 4.* keeps nothing; train on Apache Spark"):
        verdict.spark.train(df)


def test_an_error_of_a_worker_ends_the_training(df, monkeypatch):
    monkeypatch.setattr("verdict.spark._train.on_workers", lambda name, *_: lambda batches: [{}["no such key"]])
    with pytest.raises(PythonException, match="no such key"):
        verdict.spark.train(df)
