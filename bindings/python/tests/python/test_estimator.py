"""The estimator, alone and in scikit-learn's own tools."""

import json
import os
import pathlib
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

import verdict
from verdict import VerdictClassifier

GOOD = "warm witty superb moving clever".split()
BAD = "dull clumsy boring awful wooden".split()


def corpus(n=120):
    texts, labels = [], []
    for i in range(n):
        side = (GOOD, BAD)[i % 2]
        other = (BAD, GOOD)[i % 2]
        words = [side[i % 5], side[i // 5 % 5], f"scene {i}", other[i % 5] if i % 7 == 0 else side[i // 3 % 5]]
        texts.append(f"A {words[0]} and {words[1]} film. The {words[2]} was not {words[3]}, though!")
        labels.append(("positive", "negative")[i % 2])
    return texts, labels


@pytest.fixture(scope="module")
def data():
    return corpus()


@pytest.mark.parametrize("preset", ["default", "sentences", "best"])
def test_the_same_parameters_give_the_bytes_of_trainer_train(preset):
    trained = pathlib.Path(os.environ["VERDICT_TRAINED"])
    reviews = [json.loads(line) for line in (trained / "reviews.jsonl").read_text().splitlines()]
    fitted = VerdictClassifier(preset=preset, C=np.float64(3.5), threads=1)
    fitted.fit([review["text"] for review in reviews], [review["label"] for review in reviews])
    assert fitted.model_.sha256 == verdict.load(trained / f"{preset}.verdict").sha256


def test_fit_predict_and_pickle(data):
    texts, labels = data
    fitted = VerdictClassifier().fit(texts, labels)
    assert fitted.classes_.tolist() == ["negative", "positive"] and fitted.n_iter_ > 0
    assert fitted.score(texts, labels) > 0.9
    p, log_odds = fitted.predict_proba(texts)[:, 1], fitted.decision_function(texts)
    assert log_odds.shape == (len(texts),) and np.abs(1 / (1 + np.exp(-log_odds)) - p).max() < 1e-12
    again = pickle.loads(pickle.dumps(fitted))
    assert again.model_ == fitted.model_ and np.array_equal(again.predict(texts), fitted.predict(texts))
    assert isinstance(fitted.model_, verdict.Model)
    with pytest.raises(NotFittedError):
        clone(fitted).predict(texts)


def test_parameters_are_those_of_params_yaml(data):
    params = VerdictClassifier(preset="default", C=2.0, ngram_range=(1, 2)).get_params()
    assert params["C"] == 2.0 and params["min_df"] == "preset" and params["preset"] == "default"
    fitted = VerdictClassifier(**params).set_params(max_features=None, target_error=None).fit(*data)
    said = fitted.model_.info.about["params"]
    assert said["model_building"]["C"] == 2.0 and said["feature_engineering"]["max_features"] is None
    assert said["feature_engineering"]["ngram_range"] == [1, 2]


def test_pipelines_cross_validation_and_searches_take_it(data):
    texts, labels = data
    steps = [("clean", FunctionTransformer(lambda texts: [t.replace("film", "movie") for t in texts])), ("model", VerdictClassifier("default"))]
    pipeline = Pipeline(steps).fit(texts, labels)
    assert "movie" in dict(pipeline[-1].model_.explain("a film, a movie").terms)
    scores = cross_val_score(VerdictClassifier("default"), texts, labels, cv=3, scoring="roc_auc", error_score="raise")
    assert scores.shape == (3,) and scores.min() > 0.8
    grid = {"C": [0.1, 10.0], "ngram_range": [(1, 1), (1, 2)], "preset": ["default", "sentences"]}
    search = GridSearchCV(VerdictClassifier(), grid, cv=2, error_score="raise").fit(np.array(texts), np.array(labels))
    assert search.best_score_ > 0.8 and search.predict(texts[:2]).tolist() == labels[:2]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"C": -0.5}, r"model_building.C must be > 0, got -0.5 \(VerdictClassifier\)"),
        ({"C": "much"}, "model_building.C"),
        ({"preset": "huge"}, "preset must be default, sentences, best or python-seed, got huge"),
        ({"ngram_range": (2, 1)}, r"ngram_range must be \[min, max\] with 1 <= min <= max <= 8, got \[2, 1\]"),
        ({"folds": 1000}, "folds must be"),
        ({"stop_words": "/no/such/list"}, "stop words /no/such/list .*No such file"),
        ({"C": 0, "penalty": "l1"}, "penalty must be l2, got l1(.|\n)*C must be > 0|C must be > 0(.|\n)*got l1"),
        ({"min_df": 110, "max_df": 119}, "vocabulary is empty"),
        ({"threads": 0}, "threads must be at least 1"),
    ],
)
def test_parameters_out_of_bounds_are_refused_with_name_and_value(data, params, said):
    with pytest.raises(ValueError, match=said):
        VerdictClassifier(**params).fit(*data)


def test_labels_and_texts_that_nothing_can_be_learned_from_are_refused(data):
    texts, labels = data
    for y, said in [
        (["positive"] * len(texts), "two classes, got one class only, .*positive"),
        ((labels[:-1] + ["neutral"]), "Only binary classification is supported.*multiclass"),
        (labels[:-1], "inconsistent numbers of samples"),
        (None, "requires y"),
    ]:
        with pytest.raises(ValueError, match=said):
            VerdictClassifier().fit(texts, y)
    with pytest.raises(verdict.TextError, match="text 3 must be a str, got None"):
        VerdictClassifier().fit([*texts[:3], None, *texts[4:]], labels)
    with pytest.raises(verdict.TextError, match="at least one text"):
        VerdictClassifier().fit([], [])
    with pytest.warns(ConvergenceWarning, match="raise max_iter, got 1"):
        VerdictClassifier("default", max_iter=1, method="none").fit(texts, labels)


# scikit-learn checks estimators with tables of numbers, and leaves out nearly all checks for one that takes texts. So two:
# the estimator as it is, and one that writes each number of a table as a word.


@parametrize_with_checks([VerdictClassifier()])
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


class OfTables(VerdictClassifier):
    def _words(self, X, reset):
        X = validate_data(self, X, reset=reset, dtype="numeric")
        if X.dtype.kind not in "fiu":
            raise ValueError("numbers are asked for")
        # Halves and whole numbers, each with its sign and its column: near numbers have words in common.
        halves = np.clip(np.round(X * 2), -50, 50).astype(int)
        return [
            " ".join(f"column{j}at{h // k}of{k}".replace("-", "minus") for j, h in enumerate(row) for k in (1, 2, 6, 200))
            for row in halves
        ]

    def fit(self, X, y=None):
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        X, y = validate_data(self, X, y, dtype="numeric")[0], y
        return super().fit(self._words(X, reset=False), y)

    def predict_proba(self, X):
        check_is_fitted(self)
        return super().predict_proba(self._words(X, reset=False))

    def decision_function(self, X):
        check_is_fitted(self)
        return super().decision_function(self._words(X, reset=False))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = False
        tags.input_tags.one_d_array = False
        tags.input_tags.two_d_array = True
        return tags


# None of them is expected to fail.
@parametrize_with_checks([OfTables("default", method="none", ngram_range=(1, 1), sublinear_tf=False, threads=1)])
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_checks_of_classifiers_pass_on_tables_as_words(estimator, check):
    check(estimator)
