"""What Spark's workers do, on batches of Arrow. They need this package, and no PySpark.

A block has the reviews of one range of numbers and stands in one partition, in order; a chunk is what of it is in
memory at once.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from .. import _native
from .._model import Model
from .._native import __version__

# Reviews in a chunk. Up to two million reviews, no block has more.
_CHUNK = 1 << 14

Batches = Iterator[pa.RecordBatch]


def on_workers(name: str, *arguments: Any) -> Callable[[Batches], Batches]:
    """The function of this module with these arguments behind the batches, for `mapInArrow`."""
    version = __version__

    # It is sent as it stands and names nothing of this module, so that a worker without the package can say so.
    def function(batches: Any) -> Any:
        advice = (
            f"install verdict {version} on every worker, or send it along: spark-submit --archives "
            "environment.tar.gz#environment (docs/python.md)"
        )
        try:
            from verdict import __version__ as here
            from verdict.spark import _workers
        except ImportError as error:
            raise ImportError(f"this Spark worker cannot import the package verdict ({error}); {advice}") from error
        if here != version:
            raise ImportError(f"this Spark worker has verdict {here}, the driver has {version}; {advice}")
        yield from getattr(_workers, name)(batches, *arguments)

    return function


def score(batches: Batches, text_col: str, names: list[str], data: bytes, version: str) -> Batches:
    """Each batch with label, probability, version and error, called `names`."""
    model = Model.from_bytes(data)
    for batch in batches:
        texts = _texts(batch.column(text_col))
        good = [text for text in texts if isinstance(text, str)]
        scores = iter(model.predict_proba(good, threads=1)[:, 1].tolist() if good else [])
        probability = [next(scores) if isinstance(text, str) else None for text in texts]
        label = [None if p is None else "positive" if p >= 0.5 else "negative" for p in probability]
        versions = [None if p is None else version for p in probability]
        errors = [None if isinstance(t, str) else "the text is null" if t is None else str(t) for t in texts]
        strings = [pa.array(values, pa.string()) for values in (label, versions, errors)]
        added = [strings[0], pa.array(probability, pa.float64()), *strings[1:]]
        yield pa.RecordBatch.from_arrays([*batch.columns, *added], [*batch.schema.names, *names])


def _texts(column: pa.Array) -> list[str | UnicodeDecodeError | None]:
    """The texts of a column, or why there is none."""
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        return [_decoded(value) for value in column.cast(pa.binary()).to_pylist()]


def _decoded(value: bytes | None) -> str | UnicodeDecodeError | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError as error:
        return error


def new_tokens(batches: Batches) -> Batches:
    """A token for each row, another one whenever it is made."""
    yield from (pa.RecordBatch.from_pydict({"token": [str(uuid.uuid4()) for _ in range(len(batch))]}) for batch in batches)


def number(batches: Batches, first: dict[int, int]) -> Batches:
    """The rows of a partition with their numbers; `first` is that of the first row of each partition."""
    seen = 0
    for batch in batches:
        start = seen + (first[batch.column("part")[0].as_py()] if len(batch) else 0)
        rows = pa.array(range(start, start + len(batch)), pa.int64())
        seen += len(batch)
        yield pa.RecordBatch.from_arrays([rows, batch.column("text"), batch.column("label")], ["row", "text", "label"])


def over_texts(batches: Batches, params: str, work: bytes) -> Batches:
    """What a task makes of each chunk: bytes for the driver, and bytes that stay."""
    task = _native.Task(params, work)
    for block, first, texts, labels in _chunks(batches):
        told, kept = task.of_texts(texts, labels, first)
        columns = [pa.array([block], pa.int32()), pa.array([first]), pa.array([told]), pa.array([kept])]
        yield pa.RecordBatch.from_arrays(columns, ["block", "first", "told", "kept"])


def over_terms(batches: Batches, params: str, free: int) -> Batches:
    """The terms that occur more than `free` times in each chunk, and how often beyond that."""
    for _, _, texts, _ in _chunks(batches):
        terms, counts = _native.frequent_terms(params, texts, free)
        yield pa.RecordBatch.from_arrays([pa.array(terms, pa.string()), pa.array(counts, pa.int64())], ["term", "n"])


def over_rows(batches: Batches, asked: bytes) -> Batches:
    """The answers of each block."""
    chunks = (chunk for batch in batches for chunk in zip(batch.column("block").to_pylist(), batch.column("kept")))
    for block, of_block in itertools.groupby(chunks, key=lambda chunk: chunk[0]):
        told = _native.answer(asked, (kept.as_py() for _, kept in of_block))
        yield pa.RecordBatch.from_arrays([pa.array([block], pa.int64()), pa.array([told])], ["first", "told"])


def _chunks(batches: Batches) -> Iterator[tuple[int, int, list[str], list[bool]]]:
    """Block, number of the first review, texts and labels of each chunk."""
    at, first = -1, 0
    texts: list[str] = []
    labels: list[bool] = []
    for batch in batches:
        columns = (batch.column(name).to_pylist() for name in ("block", "row", "text", "label"))
        for block, row, text, label in zip(*columns):
            if block != at or len(texts) == _CHUNK:
                if texts:
                    yield at, first, texts, labels
                at, first, texts, labels = block, row, [], []
            texts.append(text)
            labels.append(label)
    if texts:
        yield at, first, texts, labels


def log_events(batches: Batches, reviews: str) -> Batches:
    """What each record of the log says; without an id, what is no review and no label."""
    for batch in batches:
        events = []
        for record in batch.to_pylist():
            at = record["topic"], record["partition"], record["offset"]
            is_review = record["topic"] == reviews
            if is_review:
                headers = [(header["key"], header["value"]) for header in record["headers"] or []]
                event = _native.review_event(record["key"], record["value"], headers, at)
                said = (*(event or (None, None)), None)
            else:
                of, positive = _native.label_event(record["key"], record["value"]) or (None, None)
                said = of, None, positive
            events.append((*at, is_review, *said))
        names = ["topic", "partition", "at", "is_review", "id", "text", "positive"]
        kinds = [pa.string(), pa.int32(), pa.int64(), pa.bool_(), pa.string(), pa.string(), pa.bool_()]
        columns = zip(*events, strict=True) if events else [[]] * len(names)
        yield pa.RecordBatch.from_arrays([pa.array(list(c), kind) for c, kind in zip(columns, kinds)], names)


def join_log(batches: Batches, split: str) -> Batches:
    """The labelled reviews of events that are sorted by id, labels before reviews; at last a row of counts."""
    join = _native.Join()
    for batch in batches:
        for event in batch.select(["is_review", "id", "text", "positive"]).to_pylist():
            if event["is_review"]:
                join.review(event["id"], event["text"])
            else:
                join.label(event["id"], event["positive"])
    found, counts = join.finish()
    names = ["id", "text", "label", "held_out", "counts"]
    kinds = [pa.string(), pa.string(), pa.bool_(), pa.bool_(), pa.string()]
    rows: list[tuple[Any, ...]] = [(None, None, None, None, counts)]
    for start in range(0, len(found), _CHUNK):
        some = found[start : start + _CHUNK]
        held_out = _native.holds_out([text for _, text, _ in some], split)
        rows.extend((*review, held, None) for review, held in zip(some, held_out))
    yield pa.RecordBatch.from_arrays([pa.array(list(c), kind) for c, kind in zip(zip(*rows), kinds)], names)
