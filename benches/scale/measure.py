#!/usr/bin/env python3
"""Consumers at a real Kafka: rate, CPU and bytes of a review, and the lag while members come and go.

    make bench-scale DATA=aclImdb_v1.tar.gz      # a quarter of an hour; writes benches/scale/measured.json

It starts a Kafka of its own, and real consumers in the default mode, exactly once, with one scoring thread each, as in
a pod whose limit is one CPU. Every part is done ROUNDS times, in turn. Needs Linux (/proc, ss) and confluent-kafka.

    drain    RECORDS reviews wait; one, two and three members of a new group take them
    paced    one member at fixed rates: what a transaction costs beside what a review costs
    members  three members at a fixed rate; members leave, are killed, and come
"""

import argparse
import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))
import aclimdb  # noqa: E402

TOPIC, PARTITIONS = "reviews", 12
TICKS = os.sysconf("SC_CLK_TCK")
# Consumers of all parts: each has a port of its own.
PORTS = itertools.count(29300)
GROUPS = itertools.count(1)


def cpu(pid):
    """CPU seconds that a process has used, all threads: utime and stime of /proc/PID/stat."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def network(pid):
    """Bytes received and sent over the connections that a process has open."""
    text = subprocess.run(["ss", "-tinpHO"], capture_output=True, text=True, check=True).stdout
    lines = [line for line in text.splitlines() if f"pid={pid}," in line]
    return [sum(int(n) for line in lines for n in re.findall(rf"\b{name}:(\d+)", line))
            for name in ("bytes_received", "bytes_sent")]


def until(what, within, condition):
    """Looks again and again until the condition is true."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"measure.py: within {within} s: not {what}")
        time.sleep(0.02)
    return value


def cpu_of_threads(pid):
    """The same without the compilers of the JVM, which are done when it has run for some minutes."""
    used = 0.0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            name, fields = (thread / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
            if "Compiler" not in name:
                used += sum(map(int, fields.split()[11:13])) / TICKS
    return used


class Kafka:
    """A real broker of its own, and what the group has done on it."""

    def __init__(self, binaries, data):
        self.data = data
        port = next(PORTS)
        self.address = f"127.0.0.1:{port}"
        self.process = subprocess.Popen([binaries / "kafka-local", "run", "--port", str(port), "--data", data])
        self.pid = until("a Java process", 60, self.java)
        ensure = [binaries / "producer", "topics", "ensure", "--bootstrap-servers", self.address, "--timeout", "60"]
        subprocess.run(ensure, check=True, stdout=subprocess.DEVNULL)
        self.admin = AdminClient({"bootstrap.servers": self.address, "log_level": 2})
        self.all = [TopicPartition(TOPIC, p) for p in range(PARTITIONS)]

    def java(self):
        """The broker among the descendants of kafka-local."""
        pids = [self.process.pid]
        for pid in pids:
            pids += map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return next((pid for pid in pids if pathlib.Path(f"/proc/{pid}/comm").read_text() == "java\n"), None)

    def ends(self):
        found = self.admin.list_offsets({p: OffsetSpec.latest() for p in self.all})
        return {p.partition: future.result().offset for p, future in found.items()}

    def committed(self, group):
        asked = self.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, self.all)])
        return {p.partition: max(p.offset, 0) for p in asked[group].result().topic_partitions}

    def at_rest(self, topic):
        """Bytes of a topic's segments."""
        return sum(f.stat().st_size for f in self.data.glob(f"**/{topic}-*/*.log"))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Member:
    """A consumer. With a name it is a static member of the group, as the pods are."""

    def __init__(self, args, kafka, group, name=None):
        self.port = next(PORTS)
        command = [args.binaries / "consumer", "run", "--bootstrap-servers", kafka.address, "--group", group,
                   "--model", args.model, "--no-follow-models", "--score-threads", "1",
                   "--listen", f"127.0.0.1:{self.port}", *(["--instance", name] if name else []), *args.flag]
        self.name = name
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid

    def metrics(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as page:
                return page.read().decode()
        except OSError:
            return ""

    def transactions(self):
        found = re.search(r'verdict_transactions_total\{[^}]*outcome="committed"[^}]*\} (\d+)', self.metrics())
        return int(found[1]) if found else 0

    def partitions(self):
        return len(re.findall(r"^verdict_consumer_lag\{", self.metrics(), re.M))

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(30)


@contextlib.contextmanager
def members(args, kafka, group, names):
    """Members of a group, static ones where they have a name; whoever is in the list at the end is stopped."""
    them = [Member(args, kafka, group, name) for name in names]
    try:
        yield them
    finally:
        for one in them:
            one.end()


class Load:
    """Publishes reviews: so many at once, or so many a second until it is stopped."""

    def __init__(self, kafka, texts):
        self.texts = itertools.cycle(texts)
        settings = {"bootstrap.servers": kafka.address, "enable.idempotence": True, "compression.type": "lz4",
                    "linger.ms": 5, "log_level": 2,
                    "queue.buffering.max.messages": 1_000_000, "partitioner": "murmur2_random"}
        self.producer, self.number, self.stopped = Producer(settings), 0, threading.Event()

    def send(self, n):
        for _ in range(n):
            self.number += 1
            while True:
                try:
                    self.producer.produce(TOPIC, next(self.texts), key=f"r{self.number}")
                    break
                except BufferError:
                    self.producer.poll(0.1)
        self.producer.poll(0)

    def fill(self, n):
        self.send(n)
        self.producer.flush(120)

    def pace(self, rate):
        began, sent = time.monotonic(), 0
        while not self.stopped.wait(0.01):
            due = int((time.monotonic() - began) * rate)
            self.send(due - sent)
            sent = due
        self.producer.flush(60)

    @contextlib.contextmanager
    def at(self, rate):
        self.stopped.clear()
        thread = threading.Thread(target=self.pace, args=(rate,))
        thread.start()
        try:
            yield
        finally:
            self.stopped.set()
            thread.join()


class Reading:
    """What group, members and broker have used between two moments, for each review that got its outcome."""

    def __init__(self, kafka, group, them):
        self.kafka, self.group, self.them = kafka, group, them
        self.before = self.now()

    def now(self):
        return {
            "at": time.monotonic(), "reviews": sum(self.kafka.committed(self.group).values()),
            "member": sum(cpu(m.pid) for m in self.them), "broker": cpu_of_threads(self.kafka.pid),
            "network": [sum(both) for both in zip(*(network(m.pid) for m in self.them))],
            "transactions": sum(m.transactions() for m in self.them),
        }

    def result(self):
        a, b = self.before, self.now()
        n, seconds = b["reviews"] - a["reviews"], b["at"] - a["at"]
        received, sent = (y - x for x, y in zip(a["network"], b["network"]))
        transactions = b["transactions"] - a["transactions"]
        return {
            "members": len(self.them), "reviews": n, "per_second": n / seconds,
            "member_us": (b["member"] - a["member"]) / n * 1e6, "broker_us": (b["broker"] - a["broker"]) / n * 1e6,
            "bytes_in": received / n, "bytes_out": sent / n,
            "transactions_per_second": transactions / seconds, "reviews_per_transaction": n / max(transactions, 1),
        }


def drain(args, kafka, n):
    """What waits, taken by n members: eight seconds from when each of them has its part of the partitions."""
    group = f"drain-{next(GROUPS)}"
    done = lambda: sum(kafka.committed(group).values())  # noqa: E731
    with members(args, kafka, group, [None] * n) as them:
        until("work for every member", 60, lambda: all(m.partitions() == PARTITIONS // n for m in them))
        reading = Reading(kafka, group, them)
        time.sleep(8)
        result = reading.result()
        if done() > args.records * 0.97:
            sys.exit(f"measure.py: {args.records} reviews are too few for eight seconds (--records)")
        status = [pathlib.Path(f"/proc/{m.pid}/status").read_text() for m in them]
        result["memory_mb"] = max(int(re.search(r"VmHWM:\s+(\d+)", one)[1]) for one in status) / 1024
    result["taken"] = done()
    return result


def skip_to_the_end(kafka, group):
    """The positions of a group without members, set to the ends, as `consumer positions set` does."""
    ends = [TopicPartition(TOPIC, p, offset) for p, offset in kafka.ends().items()]
    kafka.admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, ends)])[group].result()


def paced(args, kafka, load, rate):
    """One member at a fixed rate, twelve seconds of it."""
    group = f"paced-{next(GROUPS)}"
    skip_to_the_end(kafka, group)
    with members(args, kafka, group, [None]) as them, load.at(rate):
        until("work", 60, lambda: them[0].partitions() == PARTITIONS and them[0].transactions() > 100)
        reading = Reading(kafka, group, them)
        time.sleep(12)
        return {"rate": rate, **reading.result()}


def watch(kafka, group, rows, stopped):
    """The lag ten times a second: time, all of it, and the position of each partition."""
    while not stopped.is_set():
        at, committed = time.monotonic(), kafka.committed(group)
        ends = kafka.ends()
        rows.append((at, sum(ends.values()) - sum(committed.values()), committed))
        stopped.wait(max(0.0, 0.1 - (time.monotonic() - at)))


def change(args, kafka, load, is_static):
    """Three members at a steady rate. One leaves in order, one joins, one is killed, one joins, one is killed and
    started again at once, under the same name if it has one."""
    group = f"members-{next(GROUPS)}"
    skip_to_the_end(kafka, group)
    numbers = itertools.count()
    name = lambda: f"{group}-{next(numbers)}" if is_static else None  # noqa: E731
    rows, stopped, events = [], threading.Event(), []
    with members(args, kafka, group, [name() for _ in range(3)]) as them, load.at(args.rate):
        until("work for every member", 60, lambda: all(m.partitions() == 4 for m in them))
        watcher = threading.Thread(target=watch, args=(kafka, group, rows, stopped))
        watcher.start()
        quiet = lambda: len(rows) > 50 and max(lag for _, lag, _ in rows[-50:]) < args.rate  # noqa: E731
        until("a lag below a second's reviews for five seconds", 60, quiet)
        for what in ("leaves", "joins", "killed", "joins again", "restarts"):
            events.append((time.monotonic(), what))
            if what.startswith("joins"):
                them.append(Member(args, kafka, group, name()))
            else:
                gone = them.pop(0)
                gone.end(signal.SIGTERM if what == "leaves" else signal.SIGKILL)
                if what == "restarts":
                    them.append(Member(args, kafka, group, gone.name))
            until(f"partitions for {len(them)} members", 60, lambda: sum(m.partitions() for m in them) == PARTITIONS
                  and all(m.partitions() for m in them))
            first = len(rows)
            until("quiet again", 120, lambda: len(rows) > first + 50 and quiet())
        stopped.set()
        watcher.join()
    return summary(rows, events, args.rate)


def summary(rows, events, rate):
    """Of each event: the longest standstill of a partition, the most lag, and the time until it is as before."""
    start = events[0][0]
    halves = itertools.groupby(rows, key=lambda row: int((row[0] - start) * 2))
    curve = [[half / 2, max(lag for _, lag, _ in part)] for half, part in halves]
    result = {"rate": rate, "events": [], "curve": curve}
    for (at, what), (end, _) in zip(events, [*events[1:], (rows[-1][0], None)]):
        part = [row for row in rows if at - 1 <= row[0] < end]
        longest = 0.0
        for p in range(PARTITIONS):
            moved = part[0]
            for row in part:
                if row[2][p] != moved[2][p]:
                    longest, moved = max(longest, row[0] - moved[0]), row
        late = [row[0] for row in part if row[1] > rate]
        result["events"].append({
            "at": round(at - start, 1), "what": what, "standstill_s": round(longest, 2),
            "most_lag": max(row[1] for row in part), "over_after_s": round(max(late) - at, 2) if late else 0.0,
        })
    return result


def show(result):
    """The tables of docs/scale.md: the median of the rounds, with the least and the most."""
    def cell(runs, key, form="{:,.0f}"):
        values = sorted(run[key] for run in runs)
        return f"{form.format(statistics.median(values))} ({form.format(values[0])}–{form.format(values[-1])})"
    columns = {"per_second": "reviews/s", "member_us": "members, µs", "broker_us": "broker, µs",
               "bytes_in": "bytes in", "bytes_out": "bytes out", "transactions_per_second": "transactions/s",
               "reviews_per_transaction": "reviews a transaction"}
    for part, first in (("drain", "members"), ("paced", "rate")):
        print(f"\n| {first} | " + " | ".join(columns.values()) + " |\n|---|" + "---:|" * len(columns))
        for runs in zip(*result.get(part, [])):
            print(f"| {runs[0][first]:,} | " + " | ".join(cell(runs, key) for key in columns) + " |")
    columns = {"standstill_s": "{:.1f}", "most_lag": "{:,.0f}", "over_after_s": "{:.1f}"}
    for kind in ("pods", "unnamed"):
        print(f"\n| {kind} | " + " | ".join(columns) + " |\n|---|" + "---:|" * len(columns))
        for runs in zip(*(round_[kind]["events"] for round_ in result.get("members", []))):
            print(f"| {runs[0]['what']} | " + " | ".join(cell(runs, *column) for column in columns.items()) + " |")
    print("\n" + json.dumps({**result["review"], "verdict_at_rest_bytes": result.get("verdict_at_rest_bytes")}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="aclImdb folder or archive")
    parser.add_argument("--binaries", type=pathlib.Path, default=pathlib.Path("target/release"),
                        help="folder of consumer, producer and kafka-local, release builds [default: %(default)s]")
    parser.add_argument("--model", type=pathlib.Path, default=HERE.parents[1] / "models/default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=900_000, help="reviews that wait [default: %(default)s]")
    parser.add_argument("--rate", type=int, default=4_000, help="reviews/s while members change [default: %(default)s]")
    parser.add_argument("--parts", nargs="+", default=["drain", "paced", "members"])
    parser.add_argument("--flag", action="append", default=[], help="one more for the consumers: --flag=--kafka …")
    parser.add_argument("--show", action="store_true", help="measure nothing, show what --json has")
    parser.add_argument("--json", type=pathlib.Path, default=HERE / "measured.json")
    args = parser.parse_args()
    if args.show:
        return show(json.loads(args.json.read_text()))
    texts = [text.encode() for text in aclimdb.load(args.data, "test")[0]]
    result = json.loads(args.json.read_text()) if args.json.exists() else {}
    data = pathlib.Path(tempfile.mkdtemp(prefix="verdict-scale-"))
    kafka = None
    try:
        kafka = Kafka(args.binaries, data)
        load = Load(kafka, texts)
        before = cpu_of_threads(kafka.pid)
        load.fill(args.records)
        at_rest = kafka.at_rest(TOPIC) / args.records
        result["review"] = {"text_bytes": statistics.mean(map(len, texts)), "at_rest_bytes": at_rest,
                            "broker_us_to_publish": (cpu_of_threads(kafka.pid) - before) / args.records * 1e6}
        parts = {
            "drain": lambda: [drain(args, kafka, n) for n in (1, 2, 3)],
            "paced": lambda: [paced(args, kafka, load, rate) for rate in (200, 1_000, 4_000, 10_000)],
            "members": lambda: {"pods": change(args, kafka, load, True), "unnamed": change(args, kafka, load, False)},
        }
        for part in args.parts:
            result[part] = []
        for number in range(args.rounds):
            for part in [part for part in parts if part in args.parts]:
                print(f"round {number + 1} of {args.rounds}: {part} …", file=sys.stderr, flush=True)
                verdicts = kafka.at_rest("reviews.verdicts")
                found = parts[part]()
                if part == "drain":
                    result["verdict_at_rest_bytes"] = (kafka.at_rest("reviews.verdicts") - verdicts) / sum(
                        one["taken"] for one in found)
                result[part].append(found)
                args.json.write_text(json.dumps(result) + "\n")
    finally:
        if kafka:
            kafka.end()
        shutil.rmtree(data)
    return show(result)


main()
