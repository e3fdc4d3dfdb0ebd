"""Two pickles of scikit-learn, imported and served on a real Kafka: the probabilities stay theirs."""

import json
import os
import subprocess
import uuid

import joblib
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from test_conversion import LABELS, TEXTS, UNSEEN

from verdict._command import main

BROKER = {"bootstrap.servers": os.environ["VERDICT_KAFKA"]}
WITHIN = 60  # s


@pytest.fixture
def topics():
    names = {what: f"served-{what}-{uuid.uuid4()}" for what in ("reviews", "verdicts", "dead-letters")}
    admin = AdminClient(BROKER)
    for topic in admin.create_topics([NewTopic(name, 2, 1) for name in names.values()]).values():
        topic.result()
    return names


def verdicts(topic, n):
    """The first verdicts of a topic, by the ids of their reviews."""
    consumer = Consumer(BROKER | {"group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    records = [consumer.poll(WITHIN) for _ in range(n)]
    consumer.close()
    assert None not in records, f"fewer than {n} verdicts within {WITHIN} s"
    return {verdict["id"]: verdict for verdict in (json.loads(record.value()) for record in records)}


def test_an_imported_model_answers_on_kafka_as_the_pickles_do(topics, tmp_path):
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    classifier = LogisticRegression(C=10.0).fit(vectorizer.fit_transform(TEXTS), LABELS)
    pickles = [tmp_path / "model.pkl", tmp_path / "vectorizer.pkl"]
    for what, path in zip([classifier, vectorizer], pickles):
        joblib.dump(what, path)
    assert main([*map(str, pickles), "-o", str(tmp_path / "theirs"), "--trust"]) == 0

    texts = {f"r{i}": text for i, text in enumerate(UNSEEN) if text}
    producer = Producer(BROKER)
    for key, text in texts.items():
        producer.produce(topics["reviews"], json.dumps({"id": key, "text": text}), key=key)
    producer.flush()
    where = [f"--{what}-topic={name}" for what, name in topics.items()]
    program = [os.environ["VERDICT_CONSUMER"], "--bootstrap-servers", BROKER["bootstrap.servers"], *where]
    program += ["--group", topics["reviews"], "--listen=127.0.0.1:0"]
    program += [f"--model={tmp_path / 'theirs'}", "--no-follow-models"]
    with open(tmp_path / "log", "wb") as log, subprocess.Popen(program, stdout=log, stderr=log) as running:
        try:
            answers = verdicts(topics["verdicts"], len(texts))
        finally:
            running.terminate()
            assert running.wait(WITHIN) == 0, (tmp_path / "log").read_text()
    theirs = classifier.predict_proba(vectorizer.transform(texts.values()))[:, 1]
    assert [answers[key]["probability"] for key in texts] == pytest.approx(theirs, abs=1e-6)
    assert [answers[key]["label"] == "positive" for key in texts] == (theirs >= 0.5).tolist()
