#!/usr/bin/env python3
"""Asks a running Verdict whether it does its work: ready, reviews answered as they must be, a verdict found again, bad input refused.

usage: smoke.py URL [--wait SECONDS]

Prints one line for each check. Exit code 0 if all pass, 1 if not, 2 for bad usage. Needs nothing but Python 3.9 or newer.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
import uuid


def request(base, method, path, body=None, headers=None, timeout=15):
    """Status, headers and text of an answer; an error status is an answer too."""
    data = json.dumps(body).encode() if body is not None else None
    asked = urllib.request.Request(base + path, data=data, method=method, headers={"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(asked, timeout=timeout) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def ready(base, wait):
    """Ready, within the time that is given for it."""
    end = time.monotonic() + wait
    while True:
        try:
            status, _, text = request(base, "GET", "/readyz", timeout=5)
            said = text.strip().replace("\n", "; ")
        except OSError as error:
            status, said = None, str(error)
        if status == 200:
            return
        if time.monotonic() > end:
            raise AssertionError(f"not ready after {wait:g} s: {said}")
        time.sleep(0.5)


def answered(base, text, label):
    """A review is answered with the right label, its probability and the model, and found again under its id."""
    name = f"smoke-{uuid.uuid4()}"
    # `source` tells readers of the log what these are.
    status, _, body = request(base, "POST", "/api/v1/reviews", {"id": name, "text": text, "source": "smoke-test"}, {"prefer": "wait=10"})
    assert status == 200, f"status {status}: {body[:300]}"
    verdict = json.loads(body)
    assert verdict["id"] == name, f"the answer is to {verdict['id']}, asked was {name}"
    assert verdict["label"] == label, f"{text!r} is {verdict['label']}, must be {label}"
    right = verdict["probability"] > 0.5 if label == "positive" else verdict["probability"] < 0.5
    assert right, f"{label} with a probability of {verdict['probability']}"
    assert len(verdict["model"]["sha256"]) == 64, f"model {verdict['model']}"
    return verdict


def refused(base):
    status, headers, body = request(base, "POST", "/api/v1/reviews", {"words": "none"})
    assert 400 <= status < 500, f"a body without a text has status {status}"
    assert headers.get_content_type() == "application/problem+json", headers.get_content_type()
    assert "title" in json.loads(body), body


def page(base):
    status, headers, body = request(base, "GET", "/")
    assert status == 200 and headers.get_content_type() == "text/html", f"status {status}, {headers.get_content_type()}"
    assert "<form" in body, "the page has no form"


def metrics(base):
    status, _, body = request(base, "GET", "/metrics")
    assert status == 200, f"status {status}"
    assert "app_request_count_total" in body, "app_request_count_total is not among the metrics"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("url", help="where web is, for instance http://127.0.0.1:8080")
    parser.add_argument("--wait", type=float, default=60, help="how long it may take to be ready, in seconds (default 60)")
    args = parser.parse_args()
    base = args.url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        parser.error(f"URL must begin with http:// or https://, got {args.url!r}")
    checks = [
        ("is ready", lambda: ready(base, args.wait)),
        ("shows the page", lambda: page(base)),
        ("answers a good review", lambda: answered(base, "A wonderful film: superb acting, and a moving, beautiful story.", "positive")),
        ("answers a bad review", lambda: answered(base, "Awful. The worst, most boring film, a complete waste of time.", "negative")),
        ("refuses what is no review", lambda: refused(base)),
        ("counts", lambda: metrics(base)),
    ]
    failed = 0
    for what, check in checks:
        try:
            check()
            print(f"ok      {what}")
        except (AssertionError, KeyError, OSError, ValueError) as error:
            failed += 1
            print(f"FAILED  {what}: {error!r}" if not isinstance(error, AssertionError) else f"FAILED  {what}: {error}")
            if what == "is ready":
                break
    sys.exit(1 if failed else 0)


main()
