"""Computes sklearn.json: what scikit-learn makes of a small corpus, for the Rust tests to agree with.

    pip install -r benches/peers/requirements.txt
    python crates/sentiment/tests/goldens/make_sklearn_goldens.py

Every text was written for this file. The output states the versions that computed it; it is committed, so that the
tests need no Python.

Layout of sklearn.json
    provenance      versions, and the platform
    tokens          [{text, tokens}]: the analyzer of TfidfVectorizer() with its default token_pattern
    other_tokens    [{params, text, tokens}]: the same texts by the analyzer of TfidfVectorizer(**params)
    corpus          [{text, label}]: what is fitted; label 1 is positive
    unseen          [text]: what is only transformed
    tfidf           [{params, terms, idf, corpus_rows, unseen_rows}]: terms in column order; a row is
                    [[column, value], ...], columns ascending
    logistic        [{params, tfidf, coefficients, intercept, corpus_decisions, unseen_decisions, gradient_max,
                    lbfgs_apart}]: fitted on the corpus rows of tfidf[tfidf]; the last two say how converged it is
    word_characters {unicode_version, ranges, assigned}: code points that match \\w, and those that Unicode of that
                    version assigns; inclusive pairs
"""

import json
import pathlib
import platform
import re
import sys
import unicodedata
import warnings

import numpy
import scipy
import scipy.sparse
import sklearn
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

TOKEN_TEXTS = [
    "",
    " \t\r\n ",
    "a I x y z",
    "It isn't half bad, is it? Don't stop; o'clock rock'n'roll.",
    "snake_case __init__ _ __ a_ _b 1_000",
    "<br /><br />Great &amp; good &lt;3 <i>film</i> http://example.org/a?b=c",
    "x" * 300 + " " + "ab" * 2000,
    "Straße GROSSE STRASSE ẞ groß Übergröße naïve café",
    "e\u0301te\u0301 cafe\u0301 u\u0308ber A\u030angstro\u0308m",
    "İSTANBUL ıllı IĞDIR İ",
    "ΟΔΟΣ ΟΔΥΣΣΕΥΣ ΣΑΣ Σ ΣΣ ΑΣ. ΑΣ' ΑΣ'Α ΑΣ\u0301 ΑΣ\u0301Α",
    "映画は とても よかった。電影很好看！영화가 좋았다 한",
    "यह फ़िल्म बहुत अच्छी है कि क्षि",
    "நல்ல படம் ภาพยนตร์ดีมาก فيلم رائع سرد",
    "שָׁלוֹם סרט טוב",
    "x² y³ ½ 1½ ¾cup ²³ ₁₂ Ⅳ ⅷⅸ ①② ⑳ 一二三",
    "٣٤٥ ۱۲۳ १२३ 12٣٤ 3,14 10.000 1e5 0x1F",
    "emoji 😀😀 ok👍🏽ok 👨‍👩‍👧 ❤️ ✨good✨",
    "\u0000nul\u0001one\u001funit\u007fdel\u0085next\u00a0nbsp\u200bzero\u200djoin\ufeffbom\u2028line",
    "fi\u00adlm so\u2010called well\u2011made twenty\u2013five o\u2019clock \u201cquoted\u201d",
    "ﬁlm ﬂat ＦＵＬＬ ｗｉｄｔｈ １２３ ﷺ",
    "ǅungla ǈ ǋ ᏣᎳᎩ ꭰꭱ Ა ა Ⴀ ⴀ ΐ ŉ ǰ ẖ",
    "𝐁𝐨𝐥𝐝 𝟙𝟚𝟛 𐐀𐐁 𞤀𞤁 𒀀𒀁 🅰🅱",
    "ªº ʰʱ ˈabˈ ˆ ˇ ʻokina Hawaiʻi ʼn",
    "tie‿over ⁀ a＿b ﹍﹎ middle·dot l·l ·",
    "a\u0300b\u0300 \u0300\u0301 x\u0300y 1\u20e3 2\ufe0f\u20e3",
    "!!! ... ??? --- ***",
    "A1 B2B c3po R2-D2 4K 3D 2nd 90s '90s",
    "MiXeD CaSe LOWER lower Lower",
]

PUNCTUATION = r"(?u)\w+|[^\w\s]"

# Texts for the pattern that keeps punctuation; it is asked for TOKEN_TEXTS too.
PUNCTUATION_TEXTS = [
    "Good... GOOD!? (really: good) -- \"so-so\", 10/10 & $5.00 @home #1 50% a^b ~c `d` {e} [f] \\ | <g> = +h_i;",
    "\u201cQuoted\u201d \u2018single\u2019 don\u2019t\u2014stop\u2013now\u2026 \u00abfran\u00e7ais\u00bb \u00a1hola! \u00bfqu\u00e9? \u00a9\u00ae\u2122 \u20ac5 \u00a35 \u00b0C \u00d7 \u00f7 \u2212",
    "\u3001\u3002\u300c\u5f15\u7528\u300d\uff01\uff1f \u060c\u061b\u061f \u0964\u0965 \u0f0b \u1362 \u05be\u05c0 \u0e2f",
    "\x1c\x1d\x1e\x1fa\x1cb\x1dc\x1ed\x1fe \x00\x01\x02\x7f\x80\x84\x85\x86\x9f\xa0\xad x\u1680y\u180ez\u2000\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff.",
    "\u0130\u0130! \u0391\u03a3. \u03a3' \u03a3\u2019 \u0391\u03a3\u00ad\u0391 \u0391\u03a3\u0301\u00b7 \u0049\u0307",
    "\U0001f600\U0001f44d\U0001f3fd\u200d\u2640\ufe0f!\U0001f600 \U0001f1e9\U0001f1ea \ud7ff\ue000\ufffd\U000e0001\U0010ffff",
    "e\u0301e\u0301 \u0915\u094d\u0937\u093f \u0e01\u0e33 \u0301\u0301",
    ("x" * 63 + "." + "y" * 64 + "!" + "z" * 62 + "?!" + " " * 63 + ",") * 3,
    "." * 200,
    "a" * 64 + "!" * 64 + "b" * 63 + "\u2014" + "c" * 61 + "\u2014\u2014",
    "one.two.three." * 30,
]

OTHER_ANALYZERS = [
    dict(token_pattern=PUNCTUATION),
    dict(token_pattern=PUNCTUATION, lowercase=False),
    dict(lowercase=False),
]

CORPUS = [
    ("A warm and funny film, and the cast is a joy to watch.", 1),
    ("A dull and empty film, and the cast is a chore to watch.", 0),
    ("The best film of the year; I loved every minute of it.", 1),
    ("The worst film of the year; I hated every minute of it.", 0),
    ("I loved the story, I loved the music, I loved the ending.", 1),
    ("I hated the story and the music was loud, loud, loud.", 0),
    ("Not bad at all: a good story and a good cast.", 1),
    ("Not good at all: a bad story and a bad cast.", 0),
    ("Großartig! Ein schöner Film, eine schöne Straße, ein schönes Ende.", 1),
    ("Langweilig! Ein öder Film ohne Ende.", 0),
    ("Un film magnifique, une histoire simple et belle.", 1),
    ("Un film ennuyeux, une histoire sans fin.", 0),
    ("Η ΤΑΙΝΙΑ ΕΙΝΑΙ ΥΠΕΡΟΧΗ ΚΑΙ Ο ΡΥΘΜΟΣ ΚΑΛΟΣ", 1),
    ("Η ταινία είναι βαρετή και ο ρυθμός κακός", 0),
    ("とても よい 映画 です", 1),
    ("とても 退屈な 映画 です", 0),
    ("यह फ़िल्म बहुत अच्छी है", 1),
    ("यह फ़िल्म बहुत बुरी है", 0),
    ("10/10, would watch again. 10/10! \U0001f600\U0001f600", 1),
    ("1/10, would not watch again. 0/10! \U0001f620", 0),
    ("Good good good good. What a good film, what a cast.<br /><br />See it.", 1),
    ("Bad bad bad bad. What a bad film, what a waste.<br /><br />Skip it.", 0),
    ("It isn't perfect, but it's warm, it's funny and it's short.", 1),
    ("It isn't short, it isn't funny and it isn't warm.", 0),
    ("See it with the best friends you have; the music is a joy.", 1),
    ("Skip it: the story is a waste of every minute you have.", 0),
    ("The ending is perfect and the story is simple.", 1),
    ("The ending is empty and the story is a chore.", 0),
    ("x² of joy, 1½ hours of fun, ١٢ out of ١٢", 1),
    ("snake_case dialogue, 3 hours of nothing, __ out of __", 0),
    ("a b c d e", 1),
    ("", 0),
]

UNSEEN = [
    "",
    "nothing known here whatsoever",
    "A good film.",
    "a GOOD, good film and the best cast; I loved the story.",
    "A bad film: the worst story of the year, and the music was loud.",
    "Not good, not bad. Skip it or see it, it isn't a joy to watch.",
    "ein schöner FILM ohne ende, GROSSARTIG STRASSE",
    "Ο ΡΥΘΜΟΣ είναι καλός",
    "映画 です とても",
    "the the the the the the the the",
    "film\x00film\u200bfilm film",
]

TFIDF_PARAMS = [
    dict(ngram_range=(1, 1), min_df=1, max_df=1.0, max_features=None, sublinear_tf=False),
    dict(ngram_range=(1, 1), min_df=1, max_df=1.0, max_features=None, sublinear_tf=True),
    dict(ngram_range=(1, 3), min_df=1, max_df=1.0, max_features=None, sublinear_tf=True),
    dict(ngram_range=(1, 3), min_df=1, max_df=1.0, max_features=30, sublinear_tf=True),
    dict(ngram_range=(1, 3), min_df=2, max_df=0.7, max_features=None, sublinear_tf=False),
    dict(ngram_range=(1, 3), min_df=2, max_df=5, max_features=30, sublinear_tf=True),
    dict(ngram_range=(2, 3), min_df=2, max_df=1.0, max_features=None, sublinear_tf=True),
    dict(ngram_range=(2, 3), min_df=1, max_df=5, max_features=30, sublinear_tf=False),
    dict(ngram_range=(1, 1), min_df=0.1, max_df=0.7, max_features=None, sublinear_tf=True),
    dict(ngram_range=(1, 3), min_df=0.1, max_df=5, max_features=None, sublinear_tf=False),
    dict(ngram_range=(1, 1), min_df=2, max_df=5, max_features=30, sublinear_tf=False),
    dict(ngram_range=(1, 3), min_df=0.05, max_df=0.7, max_features=30, sublinear_tf=True),
]

# The options that not every model has; keys that are left out are scikit-learn's defaults.
ALL_TERMS = dict(ngram_range=(1, 2), min_df=1, max_df=1.0, max_features=None, sublinear_tf=False)
TFIDF_PARAMS += [
    dict(ALL_TERMS, token_pattern=PUNCTUATION),
    dict(ALL_TERMS, token_pattern=PUNCTUATION, lowercase=False, sublinear_tf=True, min_df=2),
    dict(ALL_TERMS, lowercase=False),
    dict(ALL_TERMS, binary=True),
    dict(ALL_TERMS, binary=True, sublinear_tf=True, use_idf=False),
    dict(ALL_TERMS, use_idf=False),
    dict(ALL_TERMS, norm=None),
    dict(ALL_TERMS, norm=None, use_idf=False),
    dict(ALL_TERMS, norm=None, binary=True, token_pattern=PUNCTUATION, ngram_range=(2, 3)),
]

LOGISTIC_ON = dict(ngram_range=(1, 3), min_df=2, max_df=0.7, max_features=None, sublinear_tf=False)
LOGISTIC_C = [1.0, 10.0]


def untied_limit(params, wanted):
    """The largest max_features up to `wanted` at which no two terms of one frequency are torn apart.

    Which of several terms of equal frequency scikit-learn keeps depends on the sorting algorithm of the platform, so a
    golden must not depend on it.
    """
    unlimited = CountVectorizer(**{k: params[k] for k in ("ngram_range", "min_df", "max_df")})
    counts = numpy.asarray(unlimited.fit_transform([text for text, _ in CORPUS]).sum(axis=0)).ravel()
    counts = numpy.sort(counts)[::-1]
    if len(counts) <= wanted:
        raise SystemExit(f"max_features={wanted} limits nothing: only {len(counts)} terms ({params})")
    for limit in range(wanted, 0, -1):
        if counts[limit - 1] > counts[limit]:
            return limit
    raise SystemExit(f"every max_features up to {wanted} falls into a tie ({params})")


def sparse_rows(matrix):
    matrix = scipy.sparse.csr_matrix(matrix)
    matrix.sort_indices()
    rows = []
    for row in range(matrix.shape[0]):
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        pairs = zip(matrix.indices[span].tolist(), matrix.data[span].tolist())
        rows.append([[column, value] for column, value in pairs])
    return rows


def tfidf(params):
    params = dict(params)
    if params["max_features"] is not None:
        params["max_features"] = untied_limit(params, params["max_features"])
    vectorizer = TfidfVectorizer(**params)
    rows = vectorizer.fit_transform([text for text, _ in CORPUS])
    terms = vectorizer.get_feature_names_out().tolist()
    if params["max_features"] is not None and len(terms) != params["max_features"]:
        raise SystemExit(f"expected {params['max_features']} terms, got {len(terms)}")
    return dict(
        params=params,
        terms=terms,
        idf=vectorizer.idf_.tolist() if vectorizer.use_idf else [1.0] * len(terms),
        corpus_rows=sparse_rows(rows),
        unseen_rows=sparse_rows(vectorizer.transform(UNSEEN)),
    ), vectorizer


def logistic(index, vectorizer, c):
    rows = vectorizer.transform([text for text, _ in CORPUS])
    labels = numpy.array([label for _, label in CORPUS])
    # Second order, so that the golden is exact to rounding; the usual solver stops a little earlier and must agree.
    model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=10000).fit(rows, labels)
    usual = LogisticRegression(C=c, solver="lbfgs", tol=1e-10, max_iter=10000).fit(rows, labels)
    coefficients, intercept = model.coef_[0], model.intercept_[0]
    apart = max(abs(coefficients - usual.coef_[0]).max(), abs(intercept - usual.intercept_[0]))
    if apart > 1e-6:
        raise SystemExit(f"two solvers are {apart} apart at C={c}: not converged")
    # The gradient of C * sum(log loss) + |w|^2 / 2; the intercept is not penalised.
    residual = 1 / (1 + numpy.exp(-model.decision_function(rows))) - labels
    gradient = numpy.append(c * (rows.T @ residual) + coefficients, c * residual.sum())
    if abs(gradient).max() > 1e-10:
        raise SystemExit(f"the gradient is {abs(gradient).max()} at C={c}: not converged")
    return dict(
        params=dict(C=c, penalty="l2", solver="newton-cholesky", tol=1e-12),
        tfidf=index,
        coefficients=coefficients.tolist(),
        intercept=float(intercept),
        corpus_decisions=model.decision_function(rows).tolist(),
        unseen_decisions=model.decision_function(vectorizer.transform(UNSEEN)).tolist(),
        gradient_max=float(abs(gradient).max()),
        lbfgs_apart=float(apart),
    )


def ranges(matches):
    """Inclusive ranges of the code points (no surrogates) for which `matches` holds."""
    found = []
    for point in range(0x110000):
        if 0xD800 <= point <= 0xDFFF or not matches(chr(point)):
            continue
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return found


def written(golden):
    """JSON with one line for each item of each list, so that a change shows as a small diff."""
    def compact(value):
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"))

    parts = []
    for key, value in golden.items():
        if isinstance(value, list):
            inner = ",\n".join("    " + compact(item) for item in value)
            parts.append(f"  {compact(key)}: [\n{inner}\n  ]")
        elif key == "word_characters":
            inner = ",\n".join(f"    {compact(k)}: {compact(v)}" for k, v in value.items())
            parts.append(f"  {compact(key)}: {{\n{inner}\n  }}")
        else:
            parts.append(f"  {compact(key)}: {compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main():
    warnings.simplefilter("error")
    analyze = TfidfVectorizer().build_analyzer()
    others = [(params, TfidfVectorizer(**params).build_analyzer()) for params in OTHER_ANALYZERS]
    fitted = [tfidf(params) for params in TFIDF_PARAMS]
    on = TFIDF_PARAMS.index(LOGISTIC_ON)
    word = re.compile(r"\w")
    golden = dict(
        provenance=dict(
            made_by="make_sklearn_goldens.py",
            scikit_learn=sklearn.__version__,
            numpy=numpy.__version__,
            scipy=scipy.__version__,
            python=platform.python_version(),
            machine=platform.machine(),
        ),
        tokens=[dict(text=text, tokens=analyze(text)) for text in TOKEN_TEXTS],
        other_tokens=[
            dict(params=params, text=text, tokens=analyze_otherwise(text))
            for params, analyze_otherwise in others
            for text in TOKEN_TEXTS + PUNCTUATION_TEXTS
        ],
        corpus=[dict(text=text, label=label) for text, label in CORPUS],
        unseen=UNSEEN,
        tfidf=[golden for golden, _ in fitted],
        logistic=[logistic(on, fitted[on][1], c) for c in LOGISTIC_C],
        word_characters=dict(
            unicode_version=unicodedata.unidata_version,
            ranges=ranges(lambda c: word.match(c) is not None),
            assigned=ranges(lambda c: unicodedata.category(c) != "Cn"),
        ),
    )
    target = pathlib.Path(__file__).with_name("sklearn.json")
    target.write_text(written(golden), encoding="ascii", newline="\n")
    json.loads(target.read_text(encoding="ascii"))
    print(f"{target}: {target.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
