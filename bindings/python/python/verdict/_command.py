"""verdict-import: pickles of scikit-learn to a model file."""

from __future__ import annotations

import argparse
import csv
import pathlib
import sys
import warnings
from typing import Any

import joblib
from sklearn.exceptions import InconsistentVersionWarning

from . import _importing
from ._model import Model
from ._native import ModelError

_COLUMNS = ("review", "text", "content")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; 0 where the model is written, 1 where it is refused."""
    parser = argparse.ArgumentParser(
        prog="verdict-import", description="Makes a Verdict model of a fitted scikit-learn classifier and vectoriser."
    )
    parser.add_argument("model", metavar="MODEL.pkl", help="the classifier, or a Pipeline with the vectoriser")
    parser.add_argument("vectorizer", metavar="VECTORIZER.pkl", nargs="?", help="the vectoriser, if MODEL.pkl has none")
    parser.add_argument("-o", "--out", metavar="DIR", required=True, help="folder that gets model.verdict")
    parser.add_argument("--check", metavar="TEXTS.csv", help="texts to compare both models on: the column review or text")
    parser.add_argument("--positive", metavar="CLASS", help="the class that is positive; the second one by default")
    parser.add_argument("--name", default="sentiment", help="what the model is called (default: %(default)s)")
    parser.add_argument("--trust", action="store_true", help="load the pickles: whoever made them can run programs here")
    args = parser.parse_args(arguments)
    try:
        _import(args)
    except (ModelError, OSError) as error:
        print(f"verdict-import: {error}", file=sys.stderr)
        return 1
    return 0


def _import(args: argparse.Namespace) -> None:
    if not args.trust:
        raise ModelError(
            f"{args.model} is a pickle, which can run any program while it is loaded; if you know who made it, add --trust"
        )
    classifier = _load(args.model)
    vectorizer = None if args.vectorizer is None else _load(args.vectorizer)
    pair: tuple[Any, Any] = (classifier, None) if vectorizer is None else (vectorizer, classifier)
    classes = [str(value) for value in getattr(classifier, "classes_", [])]
    positive = args.positive
    if positive in classes:
        positive = classifier.classes_.tolist()[classes.index(positive)]
    model = _importing.from_sklearn(*pair, positive=positive, name=args.name)
    if args.check is not None:
        texts = _texts(args.check)
        difference = _importing.check(model, texts, _importing.probabilities(*pair, texts, positive))
        print(f"{len(texts)} texts, largest difference of a probability {difference:.2e}, at most {_importing.BOUND}")
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.verdict")
    print(f"{out / 'model.verdict'}\n  sha256 {model.sha256}")


def _load(path: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(path)
        except InconsistentVersionWarning as error:
            raise ModelError(
                f"{path} is of scikit-learn {error.original_sklearn_version}, got scikit-learn "
                f"{error.current_sklearn_version} to read it; pip install scikit-learn=={error.original_sklearn_version}"
            ) from error
        except OSError:
            raise
        except Exception as error:  # whatever a pickle does
            raise ModelError(f"{path} cannot be read as a pickle: {type(error).__name__}: {error}; pickle the model again") from error


def _texts(path: str) -> list[str]:
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        column = next((name for name in _COLUMNS if name in (rows.fieldnames or [])), None)
        if column is None:
            raise ModelError(f"{path} must have a column {' or '.join(_COLUMNS)}, got {rows.fieldnames}; name one in its first line")
        texts = [row[column] or "" for row in rows]
    if not texts:
        raise ModelError(f"{path} must have texts, got none; leave --check out")
    return texts
