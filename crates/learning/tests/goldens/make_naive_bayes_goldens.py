"""Computes naive_bayes.json: log-count ratios and weighed regressions by scikit-learn, for the Rust tests to agree with.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r benches/peers/requirements.txt
    /tmp/peers/bin/python crates/learning/tests/goldens/make_naive_bayes_goldens.py

The corpus is that of crates/sentiment/tests/goldens/sklearn.json, which was written for the purpose.

Layout of naive_bayes.json
    provenance   versions
    smoothing    the alpha of MultinomialNB
    C            of the regression
    terms        [term], of TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    ratios       feature_log_prob_ of the positive class minus that of the negative one
    weights      coef_ of LogisticRegression(C, tol=1e-10) on rows times ratios, times the ratios
    intercept
"""

import json
import pathlib
import platform

import numpy as np
import scipy.sparse as sp
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

HERE = pathlib.Path(__file__).parent
CORPUS = HERE / "../../../crates/sentiment/tests/goldens/sklearn.json"
SMOOTHING, C = 0.5, 7.0

corpus = json.loads(CORPUS.read_text())["corpus"]
texts = [review["text"] for review in corpus]
labels = np.array([bool(review["label"]) for review in corpus])
vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
rows = vectorizer.fit_transform(texts)
bayes = MultinomialNB(alpha=SMOOTHING).fit(rows, labels)
ratios = bayes.feature_log_prob_[1] - bayes.feature_log_prob_[0]
model = LogisticRegression(C=C, tol=1e-10, max_iter=10000).fit(rows @ sp.diags(ratios), labels)
golden = {
    "provenance": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, Python {platform.python_version()}",
    "smoothing": SMOOTHING,
    "C": C,
    "terms": vectorizer.get_feature_names_out().tolist(),
    "ratios": ratios.tolist(),
    "weights": (model.coef_[0] * ratios).tolist(),
    "intercept": float(model.intercept_[0]),
}
(HERE / "naive_bayes.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
