"""The wheel beside the trainer and scikit-learn: the same data, the same machine, the same run.

docs/python.md has its figures.

    make wheel && cargo build --release -p verdict-trainer
    python3 -m venv /tmp/wheel && /tmp/wheel/bin/pip install dist/verdict-*.whl -r benches/peers/requirements.txt
    /tmp/wheel/bin/python benches/peers/wheel.py data/raw/aclImdb_v1.tar.gz target/release/trainer models/default [ROUNDS]

Rates are ratios within a round, with the median of the rounds and the lowest and highest. One JSON object.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import aclimdb
import verdict


SCORINGS = 5


def seconds(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def asked(*command):
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return json.loads(lines[-1])


def main():
    archive, trainer, model = sys.argv[1:4]
    (train, labels), (test, _) = aclimdb.load(archive, "train"), aclimdb.load(archive, "test")
    loaded = verdict.load(model)
    ratios = {"one thread": [], "two threads": [], "fit": []}
    with tempfile.TemporaryDirectory() as folder:
        params = pathlib.Path(folder) / "params.yaml"
        params.write_text("preset: default\n")
        for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 5):
            for threads, name in ((1, "one thread"), (2, "two threads")):
                score = [trainer, "score", "--data", archive, "--model", model, "--threads", str(threads), "--summary", "--json"]
                theirs = statistics.median(asked(*score)["reviews_per_second"] for _ in range(SCORINGS))
                ours = statistics.median(seconds(lambda: loaded.predict_proba(test, threads=threads)) for _ in range(SCORINGS))
                ratios[name].append(len(test) / ours / theirs)
            said = asked(trainer, "train", "--data", archive, "--params", str(params), "--out", folder, "--json")
            estimator = verdict.VerdictClassifier("default")
            ratios["fit"].append(said["train_seconds"] / seconds(lambda: estimator.fit(train, labels)))
        same = estimator.model_.sha256 == said["sha256"]
    pipeline = make_pipeline(TfidfVectorizer(max_features=20000, ngram_range=(1, 3), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))
    pipeline.fit(train, labels)
    imported = verdict.from_sklearn(pipeline)

    def difference(ours, theirs):
        return float(np.abs(ours.predict_proba(test) - theirs.predict_proba(test)).max())

    print(json.dumps({
        "speed, of the trainer's": {name: [statistics.median(all_of), min(all_of), max(all_of)] for name, all_of in ratios.items()},
        "the same bytes as trainer train": same,
        "largest difference, from_sklearn": difference(imported, pipeline),
        "largest difference, to_sklearn of the default model": difference(loaded, loaded.to_sklearn()),
        "largest difference, to_sklearn of the imported model": difference(imported, imported.to_sklearn()),
    }, indent=2))


if __name__ == "__main__":
    main()
