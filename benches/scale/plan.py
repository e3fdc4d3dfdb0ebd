#!/usr/bin/env python3
"""Partitions, members, brokers and cost for a rate of reviews, from what measure.py measured.

    python3 benches/scale/plan.py [--rate 10000 …] [--cpu-price 0.05] [--storage-price 0.10] [--help]

The formulas stand in docs/scale.md. Standard library only.
"""

import argparse
import json
import math
import pathlib
import statistics

HERE = pathlib.Path(__file__).resolve().parent
HOURS, DAY = 730, 86_400


# A member at this rate is about half busy, as a plan wants it.
RATE = 10_000


def figures(measured):
    """What a review costs at RATE, and the broker where batches are full: medians."""
    half = [run for round_ in measured["paced"] for run in round_ if run["rate"] == RATE]
    full = [run for round_ in measured["drain"] for run in round_]
    middle = lambda key, runs=half: statistics.median(run[key] for run in runs)  # noqa: E731
    full_us = middle("broker_us", full) + measured["review"]["broker_us_to_publish"]
    return {"member_us": middle("member_us"), "broker_us": middle("broker_us"), "broker_us_full": full_us,
            "review": middle("bytes_in"), "verdict": middle("bytes_out")}


def plan(rate, of, args):
    """One row of the table."""
    members = max(2, math.ceil(rate * of["member_us"] / 1e6 / args.utilisation))
    # Two for each member at least, so that those of a lost member can be shared out; the default has twelve.
    partitions = max(12, math.ceil(2 * members / 12) * 12)
    copies = args.replicas
    # A follower fetches and appends what the leader has: half of the leader's work is assumed.
    work = rate / 1e6 * (1 + (copies - 1) / 2) / args.utilisation
    broker_cpus = work * of["broker_us"]
    into = rate * (of["review"] + of["verdict"]) * copies
    out = rate * sum(of[what] * (copies - 1 + readers)
                     for what, readers in (("review", args.review_readers), ("verdict", args.verdict_readers)))
    stored = rate * DAY * copies * (of["review"] * args.review_days + of["verdict"] * args.verdict_days) / 1e9
    by = {
        "replicas": copies,
        "CPU": math.ceil(broker_cpus / args.broker_cpus),
        "network": math.ceil(max(into, out) / (args.broker_network * 1e6)),
        "disk": math.ceil(stored / args.broker_disk),
    }
    brokers = max(by.values())
    usd = {
        "members": members * args.cpu_price * HOURS,
        "brokers": brokers * args.broker_cpus * args.cpu_price * HOURS,
        "storage": stored * args.storage_price,
    }
    return {
        "rate": rate, "members": members, "partitions": partitions, "brokers": brokers, "limit": max(by, key=by.get),
        "by": by, "CPUs of all brokers": broker_cpus, "the same with full batches": work * of["broker_us_full"],
        "in": into / 1e6, "out": out / 1e6, "stored": stored / 1e3, "usd": usd,
        "per_million": sum(usd.values()) / (rate * HOURS * 3600) * 1e6,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = lambda name, kind, default, text: parser.add_argument(  # noqa: E731
        name, type=kind, default=default, help=f"{text} [default: %(default)s]")
    parser.add_argument("--rate", type=float, nargs="+", default=[1e4, 1e5, 1e6], help="reviews/s")
    add("--cpu-price", float, 0.05, "USD for a vCPU and hour")
    add("--storage-price", float, 0.10, "USD for a GB and month")
    add("--utilisation", float, 0.5, "part of their CPUs that members and brokers use")
    add("--replicas", int, 3, "replication factor")
    add("--review-days", float, 7, "days that reviews are kept; by default they are kept for ever")
    add("--verdict-days", float, 7, "days that verdicts are kept")
    add("--review-readers", float, 2, "groups that read the reviews: the consumers and the monitor")
    add("--verdict-readers", float, 2, "groups that read the verdicts: the monitor and one more")
    add("--broker-cpus", int, 8, "vCPUs of a broker")
    add("--broker-network", float, 300, "MB/s that a broker sends, and as much that it receives, all the time")
    add("--broker-disk", float, 16_000, "GB of disk that a broker can have")
    args = parser.parse_args()
    of = figures(json.loads((HERE / "measured.json").read_text()))
    print("A review costs " + ", ".join(f"{key} {value:.1f}" for key, value in of.items()))
    rows = [plan(rate, of, args) for rate in args.rate]
    line = lambda name, show: print(f"| {name} | " + " | ".join(show(row) for row in rows) + " |")  # noqa: E731
    line("reviews/s", lambda row: f"{row['rate']:,.0f}")
    print("|---|" + "---:|" * len(rows))
    for key in ("members", "partitions", "brokers"):
        line(key, lambda row: f"{row[key]:,}")
    line("limited by", lambda row: row["limit"])
    line("brokers by CPU, network, disk", lambda row: ", ".join(str(row["by"][k]) for k in ("CPU", "network", "disk")))
    for key, unit in (("CPUs of all brokers", ""), ("the same with full batches", ""),
                      ("in", ", MB/s"), ("out", ", MB/s"), ("stored", ", TB")):
        line(key + unit, lambda row: f"{row[key]:,.1f}")
    for key in ("members", "brokers", "storage"):
        line(f"{key}, USD a month", lambda row: f"{row['usd'][key]:,.0f}")
    line("all, USD a million reviews", lambda row: f"{row['per_million']:.4f}")


main()
