"""Publishes one review as plain text and prints its verdict: what any Kafka client can do, here confluent-kafka.

usage: foreign_client.py BOOTSTRAP
"""

import json
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer

bootstrap = sys.argv[1]
key = f"foreign-{uuid.uuid4()}"
placed = []


def delivered(error, message):
    if error:
        sys.exit(f"not delivered: {error}")
    placed.append((message.topic(), message.partition(), message.offset()))


producer = Producer({"bootstrap.servers": bootstrap, "message.timeout.ms": 30000})
producer.produce("reviews", key=key, value="A superb film, funny and moving.", on_delivery=delivered)
producer.flush(30)
topic, partition, offset = placed[0]

consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": key, "auto.offset.reset": "earliest"})
consumer.subscribe(["reviews.verdicts"])
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    message = consumer.poll(1.0)
    if message is None or message.error():
        continue
    verdict = json.loads(message.value())
    if verdict["source"] == {"topic": topic, "partition": partition, "offset": offset}:
        print(json.dumps(verdict))
        consumer.close()
        sys.exit(0)
sys.exit(f"no verdict for {topic}-{partition}-{offset} within 60 s")
