#!/usr/bin/env python3
"""Verdict beside what others classify texts with in Python: the same data, the same machine, the same run.

    python3 benches/peers/run.py --data aclImdb_v1.tar.gz --trainer target/release/trainer

Each round runs every contestant once, each in a process of its own, in an order that turns from round to round, so
that a machine that gets slower hits all of them. Before a clock starts, texts are in memory, or in the files that
fastText and Vowpal Wabbit learn from. Training may use --threads threads; of the others fastText does, Vowpal Wabbit
has two, and the rest one. Scoring uses one. Ratios are taken within a round, and the median of the rounds is shown
with the lowest and highest.

The Python side is installed once into a virtual environment in the cache folder, versions pinned in requirements.txt.
Standard library only.
"""

import argparse
import hashlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
PARAMS = {"default": HERE / "python.yaml", "sentences": HERE / "sentences.yaml"}
PEERS = ("scikit-learn", "fasttext", "vowpal-wabbit", "liblinear", "underthesea-core")
CONTESTANTS = ("verdict", "verdict-100k", *PEERS)
# Scoring the test split takes Verdict an eighth of a second, so one hiccup of the machine would be the figure.
SCORINGS = 5
MEASURES = {
    # name: (heading, unit divisor, format, whether higher is better)
    "fit_seconds": ("training: vectorise and fit, s", 1, "{:.2f}", False),
    "train_seconds": ("training with Verdict's calibration, s", 1, "{:.2f}", False),
    "peak_rss_bytes": ("peak memory of training, MB", 1e6, "{:.0f}", False),
    "reviews_per_second": ("scoring on one thread, reviews/s", 1, "{:,.0f}", True),
    "accuracy": ("test accuracy", 1, "{:.4f}", None),
    "auc": ("test AUC", 1, "{:.4f}", None),
}


def main():
    args = arguments()
    if not args.data.exists():
        raise SystemExit(f"run.py: {args.data} does not exist (--data)")
    names = args.only or list(CONTESTANTS)
    python = environment(args.cache) if set(names) & set(PEERS) else None
    runners = {
        "verdict": lambda: verdict(args, args.params or PARAMS[args.preset], "Verdict"),
        "verdict-100k": lambda: verdict(args, HERE / "wide.yaml", "Verdict, 100,000 terms"),
        "scikit-learn": lambda: peer(python, "peer_sklearn.py", args.data, args.preset),
        "fasttext": lambda: peer(python, "peer_fasttext.py", args.data, args.threads),
        "vowpal-wabbit": lambda: peer(python, "peer_vw.py", args.data),
        "liblinear": lambda: peer(python, "peer_liblinear.py", args.data),
        "underthesea-core": lambda: peer(python, "peer_underthesea.py", args.data),
    }
    rounds = []
    for number in range(args.rounds):
        order = names[number % len(names):] + names[:number % len(names)]
        figures = {}
        for name in order:
            print(f"round {number + 1} of {args.rounds}: {name} …", file=sys.stderr, flush=True)
            figures[name] = runners[name]()
        rounds.append(figures)
    result = summary(names, rounds, args)
    if args.json:
        args.json.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(table(names, result))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="aclImdb folder or archive")
    parser.add_argument("--trainer", type=pathlib.Path, default=pathlib.Path("target/release/trainer"),
                        help="the trainer, a release build [default: %(default)s]")
    parser.add_argument("--preset", choices=PARAMS, default="default",
                        help="features of Verdict and scikit-learn [default: %(default)s]")
    parser.add_argument("--params", type=pathlib.Path, help="training parameters [default: those of the preset]")
    parser.add_argument("--rounds", type=positive, default=3, help="rounds [default: %(default)s]")
    parser.add_argument("--threads", type=positive, default=os.cpu_count() or 1,
                        help="threads for training [default: all, %(default)s]")
    parser.add_argument("--only", action="append", choices=CONTESTANTS, help="may be given more than once")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also write all figures to this file")
    parser.add_argument("--cache", type=pathlib.Path, default=cache_folder(),
                        help="where the Python side is installed [default: %(default)s]")
    return parser.parse_args()


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "verdict"


def environment(cache):
    """The Python of a virtual environment with exactly requirements.txt, made if it is not there."""
    requirements = HERE / "requirements.txt"
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = cache / f"peers-{key}"
    python = home / "bin" / "python"
    complete = home / "complete"
    if not complete.exists():
        print(f"installing the Python side into {home} …", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements],
                       check=True)
        complete.touch()
    return python


def peer(python, script, data, more=None):
    """A peer's figures; its training is vectorise and fit, and nothing else."""
    command = [python, HERE / script, data.resolve()] + ([] if more is None else [str(more)])
    # One thread for the linear algebra under it: scoring is compared on one, and fitting hardly uses more.
    env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    figures = last_json(command, env)
    return dict(figures, fit_seconds=figures["train_seconds"])


def verdict(args, params, version):
    """Trains, scores and evaluates with the trainer, each command a process of its own."""
    trainer = args.trainer.resolve()
    if not trainer.exists():
        raise SystemExit(f"run.py: {args.trainer} does not exist: build it with `cargo build --release -p "
                         "verdict-trainer`, or say where it is (--trainer)")
    with tempfile.TemporaryDirectory() as model:
        data = ["--data", args.data.resolve()]
        # The peers do not calibrate: all fits of a training go on together, so it is done once more without the others.
        alone = pathlib.Path(model, "params.yaml")
        none = "\ncalibration: {method: none}\ndecision: {target_error: null}\n"
        alone.write_text(pathlib.Path(params).read_text(encoding="utf-8") + none, encoding="utf-8")
        fitted, trained = (
            last_json([trainer, "train", *data, "--params", file, "--out", model, "--threads", str(args.threads), "--json"])
            for file in (alone, params)
        )
        score = [trainer, "score", "--model", model, *data, "--threads", "1", "--summary", "--json"]
        rates = [last_json(score)["reviews_per_second"] for _ in range(SCORINGS)]
        evaluated = last_json([trainer, "evaluate", "--model", model, *data, "--json"])
    return dict(
        version=version,
        fit_seconds=sum(fitted["steps_seconds"][step] for step in ("vocabulary", "vectorise", "fit")),
        train_seconds=trained["train_seconds"],
        peak_rss_bytes=trained["peak_rss_bytes"],
        reviews_per_second=statistics.median(rates),
        accuracy=evaluated["accuracy"],
        auc=evaluated["auc"],
    )


def last_json(command, env=None):
    """Runs a command and reads the JSON object of its last line of output."""
    command = [str(part) for part in command]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"run.py: exit code {done.returncode} of: {' '.join(command)}")
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise SystemExit(f"run.py: no JSON in the last line of: {' '.join(command)} ({error})")


def summary(names, rounds, args):
    ours = "verdict"
    medians, ratios = {}, {}
    for name in names:
        medians[name] = {key: statistics.median(figures[name][key] for figures in rounds) for key in MEASURES}
        if name.startswith(ours) or ours not in names:
            continue
        ratios[name] = {}
        for key, (_, _, _, higher) in MEASURES.items():
            if higher is None:
                continue
            # How many times better ours is, round by round.
            times = [figures[ours][key] / figures[name][key] for figures in rounds]
            times = times if higher else [1 / value for value in times]
            ratios[name][key] = dict(median=statistics.median(times), lowest=min(times), highest=max(times))
    return dict(
        machine=dict(cpu=cpu(), cpus=os.cpu_count(), system=platform.platform(), python=platform.python_version()),
        threads=args.threads,
        versions={name: rounds[0][name]["version"] for name in names},
        rounds=rounds,
        medians=medians,
        ratios=ratios,
    )


def cpu():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def table(names, result):
    """One row a contestant: its figures, then how many times better Verdict is."""
    versions, medians, ratios = result["versions"], result["medians"], result["ratios"]
    rows = [
        [versions[name], *(shape.format(medians[name][key] / unit) for key, (_, unit, shape, _) in MEASURES.items())]
        for name in names
    ]
    text = markdown(["", *(heading for heading, *_ in MEASURES.values())], rows)
    if ratios:
        rows = [
            [versions[name], *("{median:.1f} ({lowest:.1f}–{highest:.1f})".format(**ratio) for ratio in of.values())]
            for name, of in ratios.items()
        ]
        compared = (heading.split(",")[0] for heading, *_, higher in MEASURES.values() if higher is not None)
        text += "\n\n" + markdown(["times better than", *compared], rows)
    machine = result["machine"]
    note = (f"Median of {len(result['rounds'])} rounds, ratios within a round (lowest–highest). {machine['cpus']} CPUs: "
            f"{machine['cpu']}. Training may use {result['threads']} threads, scoring uses one.")
    return f"{text}\n\n{note}"


def markdown(head, rows):
    rows = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
