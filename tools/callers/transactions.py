"""Transactions of confluent-kafka, the client of librdkafka for Python.

usage: transactions.py write BOOTSTRAP FILE    the lines, one review each, into partitions 1 and 2 of the reviews, five a
                                               transaction; after each, one with records that begin with "aborted" is
                                               aborted, by its producer or by another one that takes its place
       transactions.py aborted BOOTSTRAP       prints how many of such records are in the log
"""

import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

PATIENCE_S = 120


def producer(bootstrap):
    made = Producer({"bootstrap.servers": bootstrap, "transactional.id": "confluent"})
    made.init_transactions(PATIENCE_S)
    return made


def send(to, values):
    to.begin_transaction()
    for n, value in enumerate(values):
        to.produce("reviews", key="confluent", value=value, partition=1 + n % 2)
    # All of them are in the log, whatever becomes of the transaction.
    if to.flush(PATIENCE_S):
        sys.exit("not all was delivered")


def write(bootstrap, path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    current = producer(bootstrap)
    for at in range(0, len(lines), 5):
        send(current, lines[at : at + 5])
        current.commit_transaction(PATIENCE_S)
        send(current, [f"aborted {n}: {line}" for n, line in enumerate(lines[at : at + 5])])
        if at % 2:
            current.abort_transaction(PATIENCE_S)
            continue
        fenced, current = current, producer(bootstrap)
        try:
            fenced.commit_transaction(PATIENCE_S)
            sys.exit("a producer that was replaced could commit")
        except KafkaException as error:
            if not error.args[0].fatal():
                raise


def aborted(bootstrap):
    reader = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "none",
        "enable.auto.commit": False,
        "isolation.level": "read_uncommitted",
        "enable.partition.eof": True,
    })
    partitions = reader.list_topics("reviews", PATIENCE_S).topics["reviews"].partitions
    reader.assign([TopicPartition("reviews", partition, OFFSET_BEGINNING) for partition in partitions])
    found, ends = 0, 0
    while ends < len(partitions):
        message = reader.poll(PATIENCE_S)
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(message.error())
            ends += 1
        else:
            found += message.value().startswith(b"aborted")
    reader.close()
    print(found)


{"write": write, "aborted": aborted}[sys.argv[1]](*sys.argv[2:])
