"""Columns of texts, as people have them, to a list of str."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from ._native import TextError

# Lists, NumPy arrays of str or object, Series of pandas, arrays of Arrow: whatever gives one text after the other.
Texts = Iterable[str]


def as_list(texts: Any) -> list[Any]:
    """The values one after the other; whether each is a str is seen where it is read.

    Raises TextError for what is no column: one text alone, a table, a mapping, or nothing at all.
    """
    if isinstance(texts, str):
        raise TextError(f"texts must be a list or column of str, got one str, {texts[:60]!r}; write [text]")
    if isinstance(texts, (bytes, Mapping, Set)):
        kind = type(texts).__name__
        raise TextError(f"texts must be a list or column of str, got one of type {kind}; give list(…) of what is meant")
    shape = getattr(texts, "shape", None)
    if shape is not None and len(shape) != 1:
        raise TextError(f"texts must be one column, got the shape {tuple(shape)}; choose a column, as in table[\"text\"]")
    for name in ("to_pylist", "tolist", "to_list"):  # Arrow; NumPy and pandas; Polars
        if hasattr(texts, name) and not isinstance(texts, list):
            values = getattr(texts, name)()
            break
    else:
        try:
            values = texts if isinstance(texts, list) else list(texts)
        except TypeError as error:
            raise TextError(f"texts must be a list or column of str, got {texts!r:.60}; write [text]") from error
    if not values:
        raise TextError("texts must be at least one text, got none; leave the call out where there is nothing to score")
    return values
