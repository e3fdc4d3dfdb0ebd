"""Models of scikit-learn to Verdict's, and back."""

import pickle
import re

import joblib
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import LinearSVC
from test_estimator import corpus

import verdict
from verdict._command import main
from verdict._importing import check

TEXTS, LABELS = corpus(240)
UNSEEN = [*(text.upper().replace("FILM", "Œuvre, naïve & ½ a film.") for text in TEXTS[::3]), "", "superb", "!!! a I 7", "ΟΔΥΣΣΕΥΣ ﬁlm ǅ"]
LR = LogisticRegression(C=10.0, max_iter=1000)


def largest_difference(model, theirs, texts=UNSEEN, column=1):
    return np.abs(model.predict_proba(texts)[:, 1] - theirs.predict_proba(texts)[:, column]).max()


@pytest.mark.parametrize(
    "steps",
    [
        [TfidfVectorizer(), LR],
        [TfidfVectorizer(max_features=100, ngram_range=(1, 3), sublinear_tf=True, min_df=3, max_df=0.9), LR],
        [TfidfVectorizer(lowercase=False, binary=True, use_idf=False), LR],
        [TfidfVectorizer(norm=None), LogisticRegression(C=0.1)],
        [TfidfVectorizer(smooth_idf=False), LR],
        [TfidfVectorizer(vocabulary=["wooden", "the", "nowhere", "a film", "¬witty", "b"]), LR],
        [TfidfVectorizer(stop_words="english"), LR],
        [TfidfVectorizer(token_pattern=r"(?u)\b\w+\b"), LR],
        [TfidfVectorizer(token_pattern=r"(?u)\w+|[^\w\s]", ngram_range=(2, 2)), LR],
        [CountVectorizer(ngram_range=(1, 2)), LogisticRegression(C=0.1)],
        [CountVectorizer(ngram_range=(1, 2)), TfidfTransformer(sublinear_tf=True), LR],
        [make_pipeline(CountVectorizer(), TfidfTransformer()), "passthrough", LR],
        [TfidfVectorizer(), LogisticRegression(fit_intercept=False)],
        [TfidfVectorizer(), CalibratedClassifierCV(LR, method="sigmoid", ensemble=False, cv=3)],
        [TfidfVectorizer(), CalibratedClassifierCV(LinearSVC(), method="sigmoid", ensemble=False, cv=3)],
        [CalibratedClassifierCV(make_pipeline(TfidfVectorizer(), LinearSVC()), ensemble=False, cv=3)],
    ],
)
def test_a_pipeline_becomes_a_model_with_its_probabilities(steps):
    pipeline = make_pipeline(*steps).fit(TEXTS, LABELS)
    model = verdict.from_sklearn(pipeline, name="theirs")
    assert largest_difference(model, pipeline) < 1e-6
    assert model.info.name == "theirs" and model.info.about["imported"]["positive"] == "positive"
    assert verdict.from_sklearn(pipeline, name="theirs").sha256 == model.sha256
    # And back again.
    assert largest_difference(model, model.to_sklearn()) < 1e-8


def test_a_vectoriser_and_a_classifier_become_a_model():
    vectorizer = TfidfVectorizer(ngram_range=(1, 2))
    rows = vectorizer.fit_transform(TEXTS)
    classifier = LogisticRegression().fit(rows, np.array(LABELS) == "negative")
    model = verdict.from_sklearn(vectorizer, classifier, positive=False)
    assert largest_difference(model, make_pipeline(vectorizer, classifier), column=0) < 1e-6
    assert model.predict(TEXTS[:2]).tolist() == LABELS[:2]
    svm = CalibratedClassifierCV(FrozenEstimator(LinearSVC().fit(rows, LABELS)), ensemble=False).fit(rows, LABELS)
    assert largest_difference(verdict.from_sklearn(vectorizer, svm), make_pipeline(vectorizer, svm)) < 1e-6
    classifier.sparsify()
    assert verdict.from_sklearn(vectorizer, classifier, positive=False).predict_proba(UNSEEN).tolist() == model.predict_proba(UNSEEN).tolist()


def test_there_and_back_all_numbers_are_the_same():
    model = verdict.from_sklearn(fitted(TfidfVectorizer(ngram_range=(1, 3), sublinear_tf=True), LR))
    again = verdict.from_sklearn(model.to_sklearn())
    told = model._native.parts(), again._native.parts()
    assert told[0].pop("about") != told[1].pop("about")  # where it is from
    assert told[0] == told[1]


@pytest.mark.parametrize("preset", ["default", "sentences", "best"])
def test_a_model_becomes_a_pipeline_with_its_numbers(preset):
    fitted = verdict.VerdictClassifier(preset).fit(TEXTS, LABELS)
    pipeline = fitted.model_.to_sklearn()
    assert largest_difference(fitted.model_, pipeline) < 1e-8
    assert pipeline.predict(TEXTS).tolist() == fitted.predict(TEXTS).tolist()
    again = pickle.loads(pickle.dumps(pipeline))
    assert np.array_equal(again.predict_proba(UNSEEN), pipeline.predict_proba(UNSEEN))


def test_the_default_model_becomes_a_pipeline(model, texts):
    pipeline = model.to_sklearn()
    assert largest_difference(model, pipeline, texts + TEXTS) < 1e-7
    with pytest.raises(verdict.ModelError, match="got LogisticRegressionByLength"):
        verdict.from_sklearn(pipeline)


def fitted(*steps, labels=LABELS):
    return make_pipeline(*steps).fit(TEXTS, labels)


THREE = ["negative", "positive", "neutral"] * 80


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: fitted(TfidfVectorizer(analyzer="char", ngram_range=(2, 3)), LR), "analyzer='char'"),
        (lambda: fitted(TfidfVectorizer(analyzer=str.split), LR), "analyzer=<method 'split'"),
        (lambda: fitted(TfidfVectorizer(tokenizer=str.split, token_pattern=None), LR), "tokenizer=<method 'split'"),
        (lambda: fitted(TfidfVectorizer(preprocessor=str.lower), LR), "preprocessor=<method 'lower'"),
        (lambda: fitted(TfidfVectorizer(token_pattern=r"\S+"), LR), re.escape(r"token_pattern='\\S+'") + ".*use "),
        (lambda: fitted(TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2)), LR), "token_pattern='.*ngram_range"),
        (lambda: fitted(TfidfVectorizer(strip_accents="unicode"), LR), "strip_accents='unicode'"),
        (lambda: fitted(TfidfVectorizer(stop_words="english", ngram_range=(1, 2)), LR), "stop_words='english'"),
        (lambda: fitted(TfidfVectorizer(norm="l1"), LR), "norm='l1'"),
        (lambda: fitted(TfidfVectorizer(dtype=np.float32), LR), "dtype=<class 'numpy.float32'>"),
        (lambda: fitted(TfidfVectorizer(ngram_range=(1, 9)), LR), r"ngram_range.*got \[1, 9\]"),
        (lambda: fitted(HashingVectorizer(), LR), "TfidfVectorizer or CountVectorizer, got HashingVectorizer"),
        (lambda: fitted(TfidfVectorizer(), MaxAbsScaler(), LR), "one TfidfTransformer, got MaxAbsScaler"),
        (lambda: fitted(TfidfVectorizer(), RandomForestClassifier(2)), "LogisticRegression .*got RandomForestClassifier"),
        (lambda: fitted(TfidfVectorizer(), LinearSVC()), "LinearSVC has no probabilities; fit Calibrated"),
        (lambda: fitted(TfidfVectorizer(), LR, labels=THREE), "two classes, got 3: .*neutral"),
        (lambda: fitted(TfidfVectorizer(), CalibratedClassifierCV(LR, cv=3)), "ensemble=.*mean of 3 classifiers"),
        (
            lambda: fitted(TfidfVectorizer(), CalibratedClassifierCV(LR, method="isotonic", ensemble=False)),
            "method='isotonic'",
        ),
        (lambda: make_pipeline(TfidfVectorizer(), LR), "TfidfVectorizer must be fitted; call fit"),
        (lambda: LogisticRegression(), "LogisticRegression alone"),
    ],
)
def test_what_a_model_cannot_be_is_refused_with_parameter_and_value(make, said):
    with pytest.raises(verdict.ModelError, match=said):
        verdict.from_sklearn(make())


def test_parts_that_do_not_fit_are_refused():
    vectorizer, classifier = fitted(TfidfVectorizer(), LR)
    other = TfidfVectorizer().fit(TEXTS[:7])
    with pytest.raises(verdict.ModelError, match="a weight for each term, got"):
        verdict.from_sklearn(other, classifier)
    with pytest.raises(verdict.ModelError, match="positive must be one of .*got 'good'"):
        verdict.from_sklearn(vectorizer, classifier, positive="good")
    vectorizer.idf_ = np.random.default_rng(1).uniform(1, 9, len(vectorizer.idf_))
    with pytest.raises(verdict.ModelError, match="idf_ must be that of a fit"):
        verdict.from_sklearn(vectorizer, classifier)
    heavy = fitted(TfidfVectorizer(), LR)
    heavy[-1].coef_ *= 1e4
    with pytest.raises(verdict.ModelError, match="weight must be between -1024 and 1024, got"):
        verdict.from_sklearn(heavy)
    pipeline = fitted(TfidfVectorizer(), LR)
    theirs = pipeline.predict_proba(UNSEEN)[:, 1]
    theirs[3] += 2e-6
    with pytest.raises(verdict.ModelError, match=f"within 1e-06, got a difference of 2.00e-06 for {UNSEEN[3][:9]!r:.9}"):
        check(verdict.from_sklearn(pipeline), UNSEEN, theirs)


@pytest.fixture
def pickles(tmp_path):
    vectorizer, classifier = fitted(TfidfVectorizer(ngram_range=(1, 2)), LR)
    (tmp_path / "vectorizer.pkl").write_bytes(pickle.dumps(vectorizer))
    joblib.dump(classifier, tmp_path / "model.pkl", compress=3)
    lines = ["review,sentiment", *(f'"{text}",x' for text in TEXTS), ",x"]
    (tmp_path / "texts.csv").write_text("\n".join(lines))
    return tmp_path


def run(folder, *more, capsys):
    status = main([str(folder / "model.pkl"), str(folder / "vectorizer.pkl"), "-o", str(folder / "out"), *more])
    return status, capsys.readouterr()


def test_the_command_makes_a_model_of_pickles_and_compares_them(pickles, capsys):
    status, said = run(pickles, "--trust", "--check", str(pickles / "texts.csv"), capsys=capsys)
    assert status == 0, said.err
    difference = re.search(r"^241 texts, largest difference of a probability (\S+), at most 1e-06$", said.out, re.M)
    assert float(difference[1]) < 1e-6
    model = verdict.load(pickles / "out")
    assert f"sha256 {model.sha256}" in said.out and model.predict(TEXTS[:2]).tolist() == LABELS[:2]
    joblib.dump(fitted(TfidfVectorizer(), LR), pickles / "model.pkl")
    assert main([str(pickles / "model.pkl"), "-o", str(pickles / "out"), "--trust", "--positive", "negative", "--check", str(pickles / "texts.csv")]) == 0
    assert verdict.load(pickles / "out").predict(TEXTS[:1]).tolist() == ["negative"]


class Bomb:
    def __reduce__(self):
        return open, ("went-off", "w")


def test_a_pickle_is_not_loaded_without_trust(pickles, capsys, monkeypatch):
    monkeypatch.chdir(pickles)
    (pickles / "model.pkl").write_bytes(pickle.dumps(Bomb()))
    status, said = run(pickles, capsys=capsys)
    assert status == 1 and "can run any program while it is loaded" in said.err and "--trust" in said.err
    assert not (pickles / "went-off").exists() and not (pickles / "out").exists()


def test_the_command_refuses_what_it_cannot_read(pickles, capsys):
    trust = ("--trust", "--check")
    (pickles / "other.csv").write_text("a,b\n1,2\n")
    (pickles / "empty.csv").write_text("text\n")
    for file, said in [("other.csv", "review or text.*got \\['a', 'b'\\]"), ("empty.csv", "got none"), ("no.csv", "no.csv")]:
        status, output = run(pickles, *trust, str(pickles / file), capsys=capsys)
        assert status == 1 and re.search(said, output.err), output.err
    data = (pickles / "vectorizer.pkl").read_bytes()
    old = re.sub(rb"_sklearn_version\x94\x8c\x05\d\.\d\.\d", b"_sklearn_version\x94\x8c\x051.2.0", data)
    assert old != data
    for content, said in [
        (old, r"is of scikit-learn 1.2.0, got scikit-learn .*pip install scikit-learn==1.2.0"),
        (b"no pickle", "cannot be read as a pickle"),
        (pickle.dumps({"a": 1}), "must be an estimator of scikit-learn, got dict"),
    ]:
        (pickles / "vectorizer.pkl").write_bytes(content)
        status, output = run(pickles, "--trust", capsys=capsys)
        assert status == 1 and re.search(said, output.err), output.err
