"""The Large Movie Review Dataset in memory, from its folder or its tar archive. Standard library only."""

import pathlib
import re
import tarfile

_MARKUP = re.compile(r"<[^>]*>")
_PUNCTUATION = re.compile(r"([^\w\s])")
_REVIEW = re.compile(r"(?:^|/)(train|test)/(pos|neg)/([^/.][^/]*)\.txt$")


def load(path, split):
    """The texts and labels (1 positive) of `split`, ordered by name, so that every reader trains on the same order."""
    path = pathlib.Path(path)
    found = []
    if path.is_dir():
        root = path / "aclImdb" if (path / "aclImdb").is_dir() else path
        for label in ("pos", "neg"):
            for file in (root / split / label).glob("[!.]*.txt"):
                found.append((f"{label}/{file.stem}", file.read_bytes()))
    else:
        with tarfile.open(path) as archive:
            for member in archive:
                match = _REVIEW.search(member.name)
                if match and match.group(1) == split and member.isfile():
                    found.append((f"{match.group(2)}/{match.group(3)}", archive.extractfile(member).read()))
    if not found:
        raise SystemExit(f"{path}: holds no review in the split {split}")
    found.sort()
    texts = [text.decode("utf-8") for _, text in found]
    return texts, [int(name.startswith("pos/")) for name, _ in found]


def prepared(text):
    """Lower case, markup gone, punctuation as words of its own: the preparation of fastText's tutorial."""
    return " ".join(_PUNCTUATION.sub(r" \1 ", _MARKUP.sub(" ", text).lower()).split())


def mixed(lines):
    """Both labels in turn: what learns line by line must not see all of one label first, as the order by name has it."""
    half = len(lines) // 2
    return [line for pair in zip(lines[:half], lines[half:]) for line in pair] + lines[2 * half:]
