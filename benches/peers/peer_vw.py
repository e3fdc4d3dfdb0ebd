"""Vowpal Wabbit's side of run.py: one process, one JSON object on standard output.

It learns from and scores a file of prepared lines, as from its command line, with bigrams as fastText. Preparing and
writing the files is not on the clock, which is in its favour; a process of its own does it, so that the peak of memory
is Vowpal Wabbit's alone, which never has all texts in memory.
"""

import json
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time

from vowpalwabbit import Workspace

import aclimdb
import figures


def write(data, split, file, labels_file):
    texts, labels = aclimdb.load(data, split)
    # A bar begins a namespace and a colon a value.
    lines = [aclimdb.prepared(text).replace("|", " ").replace(":", " ") for text in texts]
    lines = [f"{1 if label else -1} | {line}" for label, line in zip(labels, lines)]
    file.write_text("\n".join(aclimdb.mixed(lines)) + "\n", encoding="utf-8")
    labels_file.write_text(json.dumps(aclimdb.mixed(labels)))


def run(command):
    started = time.perf_counter()
    Workspace(f"--quiet {command}").finish()
    return time.perf_counter() - started


def main(data):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        train, test, model, scores, labels = (folder / name for name in ("train", "test", "model", "scores", "labels"))
        for split, file in (("train", train), ("test", test)):
            writer = multiprocessing.Process(target=write, args=(data, split, file, labels))
            writer.start()
            writer.join()
            if writer.exitcode != 0:
                raise SystemExit(f"peer_vw.py: the files of {split} could not be written")
        train_seconds = run(
            f"-d {train} -f {model} --cache_file {folder}/cache -k --passes 3 --holdout_off --loss_function logistic "
            "--ngram 2 -b 22"
        )
        peak = figures.peak_rss_bytes()
        # It has a thread that reads beside the one that scores, and no flag against it: both on one processor.
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        score_seconds = run(f"-t -d {test} -i {model} -p {scores} --link logistic")
        probabilities = [float(line) for line in scores.read_text().splitlines()]
        labels = json.loads(labels.read_text())

    figures.report("Vowpal Wabbit", "vowpalwabbit", train_seconds, peak, score_seconds, labels, probabilities)


if __name__ == "__main__":
    main(sys.argv[1])
