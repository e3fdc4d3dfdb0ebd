"""Computes nltk-negation.json: the words that NLTK's mark_negation marks, for the Rust tests to agree with.

    python3 -m venv /tmp/nltk && /tmp/nltk/bin/pip install nltk==3.9.4
    /tmp/nltk/bin/python crates/sentiment/tests/goldens/make_nltk_negation.py

Every text was written for this file, and only of what both know: scopes of at most five words, one
negation of NLTK's list in each, and of the marks only those that end a scope in both. NLTK takes
"don't" for one token, as its own tokenizers for social media do; words and marks otherwise are
tokens by Verdict's pattern.
"""

import json
import pathlib
import re

import nltk
from nltk.sentiment.util import mark_negation

TEXTS = [
    "not bad at all",
    "Not bad at all. Good.",
    "I did not love it! It was great",
    "I didn't love it. I liked it",
    "I don't think so; it is fine",
    "It isn't the worst: it is good",
    "nothing works here? all works",
    "There is no plot. None of it works! Well made.",
    "It was never dull",
    "nowhere to be seen. there",
    "noone laughed. everybody cried",
    "the film wasn't good. the book was",
    "havent seen it. saw it",
    "cant stand it! love it",
    "I couldn't wait for it. I waited",
    "dont go. go",
    "doesnt work. works",
    "arent you glad? glad",
    "aint right. left",
    "good film. very good film",
    "won't watch it again; would read it",
    "The cast shouldn't be blamed. The script should",
    "a film with nothing new: an old film",
    "hadnt hoped for much. got more",
]

cases = []
for text in TEXTS:
    tokens = re.findall(r"\w+n't|\w+|[^\w\s]", text.lower())
    marked = [token[: -len("_NEG")] for token in mark_negation(tokens) if token.endswith("_NEG")]
    cases.append({"text": text, "marked": marked})
out = {"provenance": f"nltk {nltk.__version__}, nltk.sentiment.util.mark_negation", "cases": cases}
path = pathlib.Path(__file__).parent / "nltk-negation.json"
path.write_text(json.dumps(out, indent=1) + "\n")
