"""Loading, scoring, explaining, checking; and what is said of bad input."""

import hashlib
import math
import multiprocessing
import os
import pickle
import struct
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import REPOSITORY

import verdict

FILE = REPOSITORY / "models/default/model.verdict"


def test_a_model_says_what_it_is(model):
    data = FILE.read_bytes()
    info = model.info
    assert info.sha256 == model.sha256 == hashlib.sha256(data).hexdigest()
    assert info.version == info.sha256[:12]
    assert info.about["params"]["model_building"]["C"] > 0
    assert repr(model) == f"<verdict.Model {info.name} {info.version}, {info.n_terms} terms>"
    assert model.to_bytes() == data and verdict.Model.from_bytes(data) == model
    model.verify()
    model.verify(info.sha256.upper())


def test_without_scikit_learn_models_still_score():
    program = (
        "import sys; sys.modules['sklearn'] = None; import verdict\n"
        f"print(verdict.load({str(FILE)!r}).predict(['superb'])[0])\n"
        "try: verdict.VerdictClassifier\nexcept ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-B", "-c", program], check=True, capture_output=True, text=True).stdout
    assert said.startswith("positive\nverdict.VerdictClassifier needs scikit-learn") and "pip install" in said


def test_probabilities_are_one_row_a_text(model, texts):
    got = model.predict_proba(texts)
    assert got.shape == (5, 2) and got.dtype == np.float64 and got.flags.writeable
    assert np.array_equal(got.sum(axis=1), np.ones(5))
    assert got[0, 1] > 0.9 and got[1, 1] < 0.1
    assert model.predict(texts[:2]).tolist() == ["positive", "negative"]


@pytest.mark.parametrize(
    "column",
    [
        tuple,
        np.array,
        lambda texts: np.array(texts, dtype=object),
        lambda texts: np.array(texts, dtype=np.dtypes.StringDType()),
        pd.Series,
        lambda texts: pd.Series(texts, dtype=object),
        lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
        pa.array,
        lambda texts: pa.chunked_array([texts[:2], texts[2:]]),
        lambda texts: pa.array(texts).dictionary_encode(),
        iter,
    ],
)
def test_every_kind_of_column_gives_the_same(model, texts, column):
    # NumPy's fixed width cannot keep a zero character at the end of a text.
    texts = [text.rstrip("\0") for text in texts]
    assert np.array_equal(model.predict_proba(column(texts)), model.predict_proba(texts))


def test_any_number_of_threads_gives_the_same(model, texts):
    many = [f"{text} {i}" for i in range(4000) for text in texts]
    whole = model.predict_proba(many)
    for threads in (1, 2, 5):
        assert np.array_equal(model.predict_proba(many, threads=threads), whole)


def test_other_threads_of_python_go_on_while_texts_are_scored(model, texts):
    many = texts * 40_000
    done, turns = threading.Event(), 0

    def score():
        model.predict_proba(many, threads=1)
        done.set()

    scorer = threading.Thread(target=score)
    scorer.start()
    while not done.wait(0.001):
        turns += 1
    scorer.join()
    assert turns > 3


def forked(model, texts):
    return model.predict_proba(texts)


def test_a_process_that_forks_can_score(model, texts):
    many = texts * 4000
    whole = model.predict_proba(many)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert np.array_equal(pool.apply(forked, (model, many)), whole)


def test_an_explanation_adds_up_to_the_last_bit(model, texts):
    for text in texts:
        whole = model.explain(text)
        assert whole.rest == 0.0 and whole.intercept + math.fsum(w for _, w in whole.terms) == whole.score
        assert whole.probability == model.predict_proba([text])[0, 1]
        short = model.explain(text, max_terms=2)
        assert short.terms == whole.terms[:2]
        assert short.intercept + short.rest + sum(weight for _, weight in short.terms) == whole.score
    assert dict(model.explain(texts[0]).terms)["wonderful"] > 0
    assert model.explain("").decision == "unsure"


def test_a_pickle_is_the_model(model, texts, tmp_path):
    again = pickle.loads(pickle.dumps(model))
    assert again == model and hash(again) == hash(model)
    assert np.array_equal(again.predict_proba(texts), model.predict_proba(texts))
    model.save(tmp_path / "a.verdict")
    assert verdict.load(str(tmp_path / "a.verdict")) == model


def test_a_registry_gives_the_model_and_its_version(model, tmp_path, monkeypatch):
    registry = os.environ["VERDICT_REGISTRY"]
    loaded = verdict.load(f"dir:{registry}/sentiment@production")
    assert loaded == model and loaded.info.version == "1"
    with pytest.raises(verdict.ModelError, match="sentiment"):
        verdict.load(f"dir:{tmp_path}/sentiment@production")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(verdict.ModelError, match="MLFLOW_TRACKING_URI"):
        verdict.load("models:/sentiment@production")


def test_what_is_no_model_is_refused_with_what_to_do(model, tmp_path):
    data = model.to_bytes()
    future = data[:8] + struct.pack("<I", 99) + data[12:]
    damaged = data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]
    for wrong, said in [
        (b"", "not a Verdict model.*from_sklearn"),
        (b"PK\x03\x04 a wheel", "not a Verdict model.*50, 4b.*from_sklearn"),
        (future, "model format version must be 1 to .*, got 99.*update the package"),
        (damaged, "checksum mismatch.*copy the file again"),
        (data[:1000], "truncated.*copy the file again"),
    ]:
        path = tmp_path / "wrong.verdict"
        path.write_bytes(wrong)
        with pytest.raises(verdict.ModelError, match=f"wrong.verdict: {said}"):
            verdict.load(path)
        with pytest.raises(verdict.ModelError, match=said):
            verdict.Model.from_bytes(wrong)
    with pytest.raises(verdict.ModelError, match="nowhere"):
        verdict.load(tmp_path / "nowhere")
    with pytest.raises(verdict.ModelError, match=f"must be {'0' * 64}, got {model.sha256}"):
        model.verify("0" * 64)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["good", None], "text 1 must be a str, got None of type NoneType; leave it out"),
        (["good", float("nan")], "text 1 must be a str, got nan of type float; leave it out"),
        (pd.Series(["good", None]), "text 1 must be a str, got nan of type float; leave it out"),
        (pd.Series(["good", pd.NA], dtype="string"), "text 1 must be a str, got <NA> of type NAType; leave it out"),
        (pa.array(["good", None]), "text 1 must be a str, got None"),
        ([7], "text 0 must be a str, got 7 of type int; give str"),
        ([b"good"], "text 0 must be a str, got b'good' of type bytes; decode it"),
        (["\ud800"], "text 0 must be text that UTF-8 can hold, got a lone surrogate"),
        ([["good"]], r"text 0 must be a str, got \['good'\] of type list"),
        (np.ones(2), "text 0 must be a str, got 1.0 of type float"),
        (np.array([["good"]]), r"one column, got the shape \(1, 1\)"),
        (pd.DataFrame({"text": ["good"]}), r"one column, got the shape \(1, 1\)"),
        ("good", "got one str, 'good'; write"),
        (b"good", "got one of type bytes"),
        ({"text": "good"}, "got one of type dict"),
        ({"good"}, "got one of type set"),
        (7, "got 7; write"),
        ([], "at least one text, got none"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place_value_and_what_to_do(model, texts, said):
    with pytest.raises(verdict.TextError, match=said):
        model.predict_proba(texts)


def test_other_arguments_out_of_bounds_are_refused(model):
    with pytest.raises(verdict.TextError, match="text must be a str, got None"):
        model.explain(None)
    with pytest.raises(ValueError, match="threads must be at least 1, or None for all cores, got 0"):
        model.predict(["good"], threads=0)
