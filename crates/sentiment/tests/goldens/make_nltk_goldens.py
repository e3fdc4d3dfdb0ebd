"""Computes nltk.json: what Python and NLTK make of texts, for the Rust tests of preprocessing to agree with.

    python3 -m venv /tmp/nltk && /tmp/nltk/bin/pip install nltk==3.9.4
    apt-get install wordnet-base
    /tmp/nltk/bin/python crates/sentiment/tests/goldens/make_nltk_goldens.py [/usr/share/wordnet]

Every text was written for this file. The lemmatizer is NLTK's own, over the dictionary of WordNet 3.0 as Debian has it;
its files are read from the folder. The stop words are those of the Rust crate. The steps and their order are those with
which the Python system prepares its training data; stripping HTML is not among them, and what a tag is stands here.

Layout of nltk.json
    provenance   versions, and where the dictionary is from
    texts        [text]
    chains       [{steps, results}]: the steps that are on, and what each text becomes
    lemmas       [[word, lemma]]: those of the texts and many more
    digits       code points for which str.isdigit holds, inclusive ranges
    spaces       code points for which str.isspace holds, inclusive ranges
    lower        [[code point, str.lower of it]] where they differ
    assigned     code points that Unicode of that Python assigns, inclusive ranges
It also writes wordnet/index.noun and wordnet/noun.exc: those lines of the dictionary that any of the words needs, under
WordNet's licence.
"""

import html
import json
import pathlib
import platform
import re
import shutil
import string
import sys
import tempfile
import unicodedata
import warnings

import nltk
from nltk.corpus.reader import WordListCorpusReader, WordNetCorpusReader
from nltk.stem import WordNetLemmatizer

HERE = pathlib.Path(__file__).parent
STOP_WORDS = HERE / "../../src/preprocess"

TEXTS = [
    "",
    " \t\r\n ",
    "The Movies were great; the actors' performances, the stories and the 3 wolves were not!",
    "I've seen 12 movies, he's seen none. Don't you think she'll see us? We weren't sure, it isn't clear.",
    "Mice and geese, feet and teeth, oxen and children; women, men, firemen and specimens; was, us, has, his, as.",
    "See https://example.org/a?b=c&d=1, it's www.good.example! and (http://x.example) end.",
    "http://a https:// www. www.x http:///y HTTP://LOUD.example WWW.LOUD.example ahttp://glued.example bwww.glued.example.",
    "http://a\u00a0b http://c\u2003d http://e\x1cf http://g\u200bh www.\u00a0i www.\u200bj https://\u3000k",
    "w h ww htt hhttps://www.http:// wwww.x https:/x http//y",
    "1999 was 20 years ago; 3.5/10, ten10ten, x\u00b2+y\u00b3=z\u2074, \u00bd \u2460\u2461 \u0663\u0664\u0665 \u2163 \u096a 1st 2nd",
    "Semi\u061bcolon \u061b alone \u061b\u061b and \u060c comma \u061f",
    "tab\tfeed\x0cvertical\x0breturn\rseparators\x1c\x1d\x1e\x1fend\x85nel\u00a0nbsp\u1680ogham\u2003em\u2028line\u2029par\u202f\u205f\u3000wide\u200bzero\ufeffbom",
    "\u0130STANBUL \u039f\u0394\u039f\u03a3 \u0391\u03a3. \u03a3 \u0391\u03a3' \u0391\u03a3\u00ad\u0391 STRASSE \u1e9e \u01c5 \u212a \u023a\u023e \U00010400",
    "\u0391\u03a31\u0391 \u0391\u03a3-\u0391 \u0391\u03a3\u061b\u0391 w1ww.order.example ht2tp://order.example dog5s THE3 th3e",
    "snake_case --dashes-- [brackets] {braces} \\back\\slash ~tilde `tick` ^caret |pipe| <angle> $5 #1 @you 100% a&b a*b a+b=c",
    "\u201cQuoted\u201d \u2018words\u2019 don\u2019t\u2014stop\u2013now\u2026 \u00a1hola! \u00abx\u00bb",
    "e\u0301 cafe\u0301s na\u00efve r\u00e9sum\u00e9s \u00fcbers \u6620\u753b\u3067\u3059\u3002 \U0001f600\U0001f44d\U0001f3fd",
    "NOT Not not NO No no THE The the don't DON'T Don t s ll ve re y o ma ain",
    "classes churches dishes boxes quizzes knives lives stories ties dies buses gases lenses series species news glasses pants",
    "this is was his hers us as has does goes ss s es ses men women omen amen specimen mens",
    "axes bases analyses crises data media criteria phenomena indices vertices alumni cacti fungi stimuli",
    "dogs' dog's dogs. dogs, (dogs) Dogs DOGS dog-s dogs1 1dogs d0gs",
    "The plot's plots plot. Plots' PLOTS!plots?plots\u2026plots",
    "aaaa " * 40 + "bbbs " * 40,
    "end with url www.x.example",
    "\x00nul\x01s\x7fs",
    "A film of <b>two</b> halves.<br /><br />I <3 it, 3 < 5, 5 > 3, a<b, <- <= <> << >> </3 </ b>",
    "<p class=\"a > b\" id='c > d'>Quotes</p> <a title=\"x<y\">no</a> <a title='open>no <i don't>yes</i>",
    "<!-- gone > gone --> kept <!--> kept <!---> kept --> <!-- never ended > kept",
    "<!doctype html><?xml version='1.0'?><html lang=en>text</html> <! x> <!x <?",
    "<script>var x = 1 < 2;</script> <style>b{}</style> <my-tag/> <x:y z> <B><I>CAPS</I></B> <br<br/>",
    "&lt;b&gt;not a tag&lt;/b&gt; &amp;amp; &quot;q&quot; &#39;a&#39; &#x27;b&#X27; &apos; &nbsp; &eacute;t&eacute &copy &hellip; &notit; &bogus; & &; &#; &#x; &#xD800; &#1114112; &#128512; &#150; &mdash; AT&T R&D",
    "&nGt;&nLt; &NotEqualTilde; &#0; &ltimes; &lt3 &LT; &Lt; &amp",
    "<" * 50 + ">" * 50 + " <a" * 50 + ">",
    "It was so-so: 7/10 <br/>http://www.example.org/reviews?id=12&amp;x Not bad, the actors weren&#39;t awful (wolves &amp; women).",
]

WORDS = """
abaci abacus aardwolves analyses antennae apices appendices axes ax axe axis banjoes bacteria bases basis beaux bison
boxes box boxen brothers brethren buses bus busses cacti calves calf cats cat catss cherubim children child churches church
classes class cod corpora corpus cows kine crises crisis criteria curricula data datum dice die dies dishes dish dogs dog
dogses dwarves echoes elves feet foot femora fezzes firemen fishes flies fly fungi gas gases geese goose genera glasses
halves heroes hooves houses ibises indices inches information is its knives knife lenses lens lice louse lives life loaves
loci lynxes matrices mattresses media men man menus mice mouse movies movie mottoes news ninjas octopi octopuses oxen ox
pants people pennies pence phenomena potatoes quizzes quiz radii roses rose runes scissors series sheep shelves species
specimen specimens stimuli stories story syllabi teeth tooth theses thieves ties tie tomatoes toys trousers us u vertices
was wa waltzes watches wharves wives wolves woman women xes yes zeroes zoes omen amen acumen abdomen cyclamen hymen
foremen yeomen germen semen stamen ramen regimen lumens s ss ses es ves xes zes ches shes ies men aes bes ces has as does
he his hers this thus less bless unless chess boss loss miss kiss pass mass grass dress press stress princess actress
actresses goddess goddesses processes premises promises plays day days way ways keys monkeys boys guys buys buy spies
cries tries replies armies bodies copies cities duties families ladies parties pastries berries ferries zombies cookies
hippies rookies selfies calories budgies lies pies beliefs chiefs roofs proofs cliffs staffs gulfs safes scarves leaves
leaf themselves ourselves selves himself shelf wolf dwarf hoof thief loaf half elf sheaves aboriginals aborigines
o'clock o'clocks 1960s 1860s 9/11 a.k.a. d.o.a.s don't dog's cats' naïves cafés résumés façades Übers
""".split()

TAG = re.compile(
    r"""<!--.*?-->|</?[A-Za-z](?:[^<>"']|"[^<"]*"|'[^<']*')*>|<[!?][^<>]*>""", re.DOTALL
)
STEPS = ["html", "urls", "digits", "lowercase", "punctuation", "stop_words", "lemmas"]
CHAINS = [[step] for step in STEPS] + [
    STEPS[1:],
    STEPS,
    STEPS[:-1],
    ["urls", "digits", "lowercase", "punctuation"],
    ["lowercase", "stop_words"],
    ["html", "lowercase", "lemmas"],
    ["punctuation", "stop_words", "lemmas"],
]


def strip_html(text):
    return html.unescape(TAG.sub(" ", text))


def remove_urls(text):
    return re.sub(r"https?://\S+|www\.\S+", "", text)


def remove_digits(text):
    return "".join(char for char in text if not char.isdigit())


def remove_punctuation(text):
    text = re.sub("[%s]" % re.escape(string.punctuation), " ", text)
    text = text.replace("\u061b", "")
    return re.sub(r"\s+", " ", text).strip()


def remove_stop_words(text, words):
    return " ".join(word for word in text.split() if word not in words)


def lemmatize(text, lemmatizer):
    return " ".join(lemmatizer.lemmatize(word) for word in text.split())


class Dictionary(WordNetCorpusReader):
    """NLTK's reader without its mapping to other versions of WordNet, which needs a file of senses that lemmas do not."""

    def map_wn(self, version="wordnet"):
        return None


def wordnet(folder):
    """NLTK's reader over WordNet's files. Debian leaves out `lexnames`, which lemmas do not need: an empty one stands in."""
    with tempfile.TemporaryDirectory() as root:
        for file in pathlib.Path(folder).iterdir():
            if file.name.startswith(("index.", "data.", "cntlist")) or file.suffix == ".exc":
                shutil.copy(file, root)
        pathlib.Path(root, "lexnames").touch()
        warnings.simplefilter("ignore")  # "The multilingual functions are not available"
        return Dictionary(root, omw_reader=None)


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


def needed(words, reader):
    """Every form that a lemmatizer may look up for these words."""
    rules = reader.MORPHOLOGICAL_SUBSTITUTIONS[reader.NOUN]
    forms = set(words)
    for word in words:
        forms.update(word[: -len(old)] + new for old, new in rules if word.endswith(old))
        forms.update(reader._exception_map[reader.NOUN].get(word, []))
    return forms


def write_dictionary(folder, forms, words):
    (HERE / "wordnet").mkdir(exist_ok=True)
    for name, keep in (("index.noun", forms), ("noun.exc", words)):
        lines = pathlib.Path(folder, name).read_text(encoding="utf8").splitlines(keepends=True)
        kept = [line for line in lines if line.startswith("  ") or line.split()[0] in keep]
        (HERE / "wordnet" / name).write_text("".join(kept), encoding="utf8", newline="\n")


def written(golden):
    def compact(value):
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"))

    parts = []
    for key, value in golden.items():
        if key in ("texts", "chains"):
            inner = ",\n".join("    " + compact(item) for item in value)
            parts.append(f"  {compact(key)}: [\n{inner}\n  ]")
        else:
            parts.append(f"  {compact(key)}: {compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/wordnet"
    reader = nltk.corpus.wordnet = wordnet(folder)
    lemmatizer = WordNetLemmatizer()
    stop_words = WordListCorpusReader(str(STOP_WORDS.resolve()), ["nltk-english.txt"]).words()
    if len(stop_words) != 198:
        raise SystemExit(f"expected the 198 stop words of NLTK's data since 2025, got {len(stop_words)}")
    doing = dict(
        html=strip_html,
        urls=remove_urls,
        digits=remove_digits,
        lowercase=str.lower,
        punctuation=remove_punctuation,
        stop_words=lambda text: remove_stop_words(text, set(stop_words)),
        lemmas=lambda text: lemmatize(text, lemmatizer),
    )
    seen = set(WORDS)

    def result(steps, text):
        for step in steps:
            if step == "lemmas":
                seen.update(text.split())
            text = doing[step](text)
        return text

    chains = [dict(steps=steps, results=[result(steps, text) for text in TEXTS]) for steps in CHAINS]
    spaces = ranges(str.isspace)
    if spaces != ranges(lambda c: re.fullmatch(r"\s", c)) or spaces != ranges(lambda c: len(f"x{c}x".split()) == 2):
        raise SystemExit("re and str.split do not agree on white space")
    words = sorted(seen)
    if any("_" in form for word in words for form in reader._exception_map[reader.NOUN].get(word, [])):
        raise SystemExit("a lemma of several words, which the Rust dictionary leaves out")
    write_dictionary(folder, needed(words, reader), words)
    golden = dict(
        provenance=dict(
            made_by="make_nltk_goldens.py",
            nltk=nltk.__version__,
            python=platform.python_version(),
            unicode_version=unicodedata.unidata_version,
            wordnet="3.0 (Debian wordnet-base 1:3.0-37)",
            stop_words="stopwords/english of nltk_data since February 2025, 198 words",
        ),
        texts=TEXTS,
        chains=chains,
        lemmas=[[word, lemmatizer.lemmatize(word)] for word in words],
        digits=ranges(str.isdigit),
        spaces=spaces,
        lower=[[p, chr(p).lower()] for p in range(0x110000) if chr(p).lower() != chr(p)],
        assigned=ranges(lambda c: unicodedata.category(c) != "Cn"),
    )
    target = HERE / "nltk.json"
    target.write_text(written(golden), encoding="ascii", newline="\n")
    print(f"{target}: {target.stat().st_size} bytes, {len(words)} words", file=sys.stderr)


if __name__ == "__main__":
    main()
