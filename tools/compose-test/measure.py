#!/usr/bin/env python3
"""Asks the running stack, from outside of it: posts reviews, reads Prometheus. Prints one JSON object; exit code 1 if the answer is no.

    measure.py post URL --reviews N --concurrency C [--first K] [--imdb ARCHIVE] [--wait S] [--rate R]
    measure.py targets URL JOB=N …
    measure.py query URL PROMQL
"""

import argparse
import http.client
import json
import queue
import sys
import tarfile
import threading
import time
import urllib.parse
import urllib.request

# What is posted when the data set is not at hand.
PLAIN = [
    "A superb film, the best I have seen in years.",
    "Dull, far too long, and badly acted.",
    "Not bad at all: I laughed more than once.",
    "The plot makes no sense and the ending is worse.",
]


def reviews(archive, first, count):
    """`count` texts: of the test split of IMDB if its archive is given, else plain sentences with a number."""
    if not archive:
        return [f"{PLAIN[n % len(PLAIN)]} ({n})" for n in range(first, first + count)]
    texts = []
    with tarfile.open(archive) as tar:
        seen = 0
        for member in tar:
            if "/test/pos/" in member.name or "/test/neg/" in member.name:
                seen += 1
                if seen > first:
                    texts.append(tar.extractfile(member).read().decode())
                if len(texts) == count:
                    return texts
    raise SystemExit(f"measure: {archive} has {len(texts)} reviews after the first {first}, not {count}")


class Client(threading.Thread):
    """One client with one connection, that takes reviews until none is left."""

    def __init__(self, url, todo, wait):
        super().__init__(daemon=True)
        self.url, self.todo, self.wait = urllib.parse.urlsplit(url), todo, wait
        self.seconds, self.problems, self.late = [], [], 0

    def run(self):
        connection = self.connect()
        while True:
            text = self.todo.get()
            if text is None:
                return
            start = time.monotonic()
            try:
                problem = self.ask(connection, text)
            except (OSError, http.client.HTTPException) as error:
                problem = repr(error)
                connection = self.connect()
            self.seconds.append(time.monotonic() - start)
            if problem:
                self.problems.append(problem)

    def connect(self):
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=self.wait + 30)

    def ask(self, connection, text):
        """Posts a review and reads its verdict; a verdict that was late is asked for again. Returns what went wrong."""
        headers = {"content-type": "application/json", "prefer": f"wait={self.wait}"}
        connection.request("POST", "/api/v1/reviews", json.dumps({"text": text}), headers)
        response = connection.getresponse()
        body = response.read()
        deadline = time.monotonic() + 60
        place = response.headers.get("location")
        if response.status in (202, 504) and place:
            self.late += 1
            while response.status != 200 and time.monotonic() < deadline:
                time.sleep(0.5)
                connection.request("GET", place)
                response = connection.getresponse()
                body = response.read()
        if response.status != 200:
            return f"{response.status}: {body[:200].decode(errors='replace')}"
        verdict = json.loads(body)
        if verdict.get("label") not in ("positive", "negative") or not 0 <= verdict.get("probability", -1) <= 1:
            return f"no verdict: {body[:200].decode(errors='replace')}"
        return None


def post(args):
    todo = queue.Queue()
    clients = [Client(args.url, todo, args.wait) for _ in range(args.concurrency)]
    texts = reviews(args.imdb, args.first, args.reviews)
    start = time.monotonic()
    for client in clients:
        client.start()
    for number, text in enumerate(texts):
        if args.rate:
            time.sleep(max(0, start + number / args.rate - time.monotonic()))
        todo.put(text)
    for _ in clients:
        todo.put(None)
    for client in clients:
        client.join()
    took = time.monotonic() - start
    seconds = sorted(second for client in clients for second in client.seconds)
    problems = [problem for client in clients for problem in client.problems]
    at = lambda share: round(1000 * seconds[min(len(seconds) - 1, int(share * len(seconds)))], 1)
    print(json.dumps({
        "posted": len(seconds), "answered": len(seconds) - len(problems), "late": sum(client.late for client in clients),
        "seconds": round(took, 2), "per_second": round(len(seconds) / took), "p50_ms": at(0.5), "p95_ms": at(0.95),
        "p99_ms": at(0.99), "max_ms": at(1.0), "problems": problems[:3],
    }))
    return not problems and len(seconds) == args.reviews


def get(url):
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)["data"]


def targets(args):
    """Whether Prometheus has so many targets of each job, all of them up; waits for it, since it finds them as time goes by."""
    wanted = {job: int(count) for job, count in (pair.split("=") for pair in args.jobs)}
    deadline = time.monotonic() + args.within
    while True:
        found = {job: 0 for job in wanted}
        not_up = []
        for target in get(f"{args.url}/api/v1/targets?state=active")["activeTargets"]:
            job = target["labels"]["job"]
            found[job] = found.get(job, 0) + 1
            if target["health"] != "up":
                not_up.append(f"{job} {target['labels']['instance']}: {target['health']} {target['lastError']}")
        is_right = not not_up and all(found[job] == count for job, count in wanted.items())
        if is_right or time.monotonic() > deadline:
            print(json.dumps({"targets": found, "not_up": not_up}))
            return is_right
        time.sleep(1)


def query(args):
    answer = get(f"{args.url}/api/v1/query?{urllib.parse.urlencode({'query': args.promql})}")
    print(json.dumps({one["metric"].get("instance", ""): float(one["value"][1]) for one in answer["result"]}))
    return bool(answer["result"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("post")
    one.add_argument("url")
    one.add_argument("--reviews", type=int, required=True)
    one.add_argument("--concurrency", type=int, default=32)
    one.add_argument("--first", type=int, default=0)
    one.add_argument("--imdb")
    one.add_argument("--wait", type=int, default=30)
    one.add_argument("--rate", type=float, help="reviews a second, instead of as fast as they are answered")
    one.set_defaults(run=post)
    one = commands.add_parser("targets")
    one.add_argument("url")
    one.add_argument("jobs", nargs="+")
    one.add_argument("--within", type=int, default=60)
    one.set_defaults(run=targets)
    one = commands.add_parser("query")
    one.add_argument("url")
    one.add_argument("promql")
    one.set_defaults(run=query)
    args = parser.parse_args()
    sys.exit(0 if args.run(args) else 1)


if __name__ == "__main__":
    main()
