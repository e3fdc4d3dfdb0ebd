"""Accuracy of scikit-learn with the features of Verdict's presets `default` and `python-seed`, on IMDB's own split.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r benches/peers/requirements.txt nltk==3.9.4
    apt-get install wordnet-base
    /tmp/peers/bin/python benches/peers/accuracy.py data/raw/aclImdb_v1.tar.gz [/usr/share/wordnet]

The chain of `python-seed` is the Python system's: URLs, digits, lower case, punctuation, stop words, nouns to their base form
by NLTK's own lemmatizer over WordNet 3.0. The stop words are the list that Verdict carries. One JSON object a preset.
"""

import functools
import json
import pathlib
import re
import shutil
import string
import sys
import tempfile
import warnings

from nltk.corpus.reader import WordNetCorpusReader
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import aclimdb

ROOT = pathlib.Path(__file__).parents[2]
STOP_WORDS = set((ROOT / "crates/sentiment/src/preprocess/nltk-english.txt").read_text().split())
PUNCTUATION = re.compile("[%s]" % re.escape(string.punctuation))


def chain(lemma, text):
    text = re.sub(r"https?://\S+|www\.\S+", "", text)
    text = "".join(c for c in text if not c.isdigit()).lower()
    text = PUNCTUATION.sub(" ", text).replace("؛", "")
    words = (word for word in text.split() if word not in STOP_WORDS)
    return " ".join(lemma(word) for word in words)


class Dictionary(WordNetCorpusReader):
    """NLTK's reader, without the map to other versions of WordNet that it would look for in NLTK's own data."""

    def map_wn(self, version="wordnet"):
        return None


def wordnet(folder):
    """The reader over WordNet's files. Debian leaves out `lexnames`, which lemmas do not need: an empty one stands in."""
    with tempfile.TemporaryDirectory() as root:
        for file in pathlib.Path(folder).iterdir():
            if file.name.startswith(("index.", "data.", "cntlist")) or file.suffix == ".exc":
                shutil.copy(file, root)
        pathlib.Path(root, "lexnames").touch()
        return Dictionary(root, omw_reader=None)


def main():
    archive = sys.argv[1]
    dictionary = sys.argv[2] if len(sys.argv) > 2 else "/usr/share/wordnet"
    warnings.simplefilter("ignore")
    reader = wordnet(dictionary)
    # What WordNetLemmatizer.lemmatize does, over this dictionary instead of a corpus that NLTK would download.
    lemma = functools.lru_cache(None)(lambda word: min(reader._morphy(word, "n") or [word], key=len))
    (train, train_labels), (test, test_labels) = aclimdb.load(archive, "train"), aclimdb.load(archive, "test")
    for preset, prepare in (("default", str), ("python-seed", functools.partial(chain, lemma))):
        vectorizer = TfidfVectorizer(max_features=20000, ngram_range=(1, 3), sublinear_tf=True)
        rows = vectorizer.fit_transform(prepare(text) for text in train)
        model = LogisticRegression(C=10.0, max_iter=1000).fit(rows, train_labels)
        held_out = vectorizer.transform(prepare(text) for text in test)
        accuracy = model.score(held_out, test_labels)
        print(json.dumps({"preset": preset, "accuracy": accuracy}), flush=True)


if __name__ == "__main__":
    main()
