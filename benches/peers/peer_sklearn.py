"""scikit-learn's side of run.py: one process, one JSON object on standard output."""

import re
import sys
import time

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import aclimdb
import figures


TOKEN = re.compile(r"\w+|[^\w\s]")
NEGATIONS = frozenset(
    "not no never nothing nowhere noone none nobody neither nor cannot without hardly scarcely barely aint arent cant "
    "couldnt didnt doesnt dont hadnt hasnt havent isnt shouldnt wasnt werent wont wouldnt".split()
)
ENDS = frozenset(".,:;!?()…-")


def words_and_bigrams(text):
    """The terms of `preset: sentences`: words and marks, and the five words behind a negation apart."""
    tokens, left, before = [], 0, ("", "")
    for token in TOKEN.findall(text.lower()):
        is_word = token[0].isalnum() or token[0] == "_"
        negates = token in NEGATIONS or (token == "t" and before[1] in "'’" and before[0].endswith("n"))
        before = (before[1], token)
        if negates:
            left = 5
        elif token in ENDS:
            left = 0
        elif is_word and left:
            left -= 1
            token = "¬" + token
        tokens.append(token)
    return tokens + [f"{first} {second}" for first, second in zip(tokens, tokens[1:])]


def main(data, preset="default"):
    texts, labels = aclimdb.load(data, "train")
    # The parameters of python.yaml, in scikit-learn's own names.
    vectorizer = TfidfVectorizer(max_features=20000, ngram_range=(1, 3), sublinear_tf=True)
    if preset == "sentences":
        vectorizer = TfidfVectorizer(max_features=80000, min_df=2, sublinear_tf=True, analyzer=words_and_bigrams)
    model = LogisticRegression(C=10, solver="lbfgs", max_iter=1000)
    started = time.perf_counter()
    model.fit(vectorizer.fit_transform(texts), labels)
    train_seconds = time.perf_counter() - started
    peak = figures.peak_rss_bytes()

    texts, labels = aclimdb.load(data, "test")
    started = time.perf_counter()
    probabilities = model.predict_proba(vectorizer.transform(texts))[:, 1]
    score_seconds = time.perf_counter() - started
    figures.report("scikit-learn", "scikit-learn", train_seconds, peak, score_seconds, labels, probabilities)


if __name__ == "__main__":
    main(*sys.argv[1:])
