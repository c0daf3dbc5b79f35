"""The fold's state as bytes: versioned and checksummed, in parts, so that large arrays are not copied together.

Layout: hash of the head (16 bytes), size of the head (8 bytes), head (MessagePack), arrays. Of the tables of fixed size
only what is in use is written.
"""

from array import array
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.ids import ArticleId, StoryId
from pipeline.stories.fold import Stories
from pipeline.stories.open_story import OpenStory
from pipeline.stories.params import StoryParams
from pipeline.stories.state import INTERNED

__all__ = ["pack", "unpack"]

_FORMAT: Final = 2
"""Raise it with any change to the layout of a snapshot, or to what a fold decides."""
_DIGEST_BYTES: Final = 16
_SIZE_BYTES: Final = 8

Arrays = dict[str, NDArray[Any]]


class _Packed(Struct, frozen=True, array_like=True):
    """A story, with the fields of OpenStory."""

    id: StoryId
    key: int
    founder: ArticleId
    members: list[int]
    first_ms: int
    articles: int
    version: int
    supersedes: int
    absorbed: tuple[StoryId, ...]
    split_from: StoryId | None


class _Head(Struct, frozen=True, kw_only=True):
    """The part of a snapshot before the arrays. Its keys are part of the format."""

    format: int
    params: StoryParams
    lane: str
    time_ms: int
    first: int
    counted: list[int]
    half: int
    coded: int
    texts: dict[str, list[str]]
    stories: list[_Packed]
    notes: list[bytes]
    arrays: list[tuple[str, str, tuple[int, ...]]]
    digest: bytes


def pack(stories: Stories) -> list[bytes | memoryview]:
    """Return the state of a fold as bytes that `unpack` can verify, in parts to be written one after the other."""
    table = stories.table
    arrays, texts = _arrays(stories)
    body = [np.ascontiguousarray(values).reshape(-1).view(np.uint8).data for values in arrays.values()]
    head = _Head(
        format=_FORMAT,
        params=stories.params,
        lane=table.lane,
        time_ms=stories.time_ms,
        first=table.rows.first,
        counted=table.frequencies.articles,
        half=table.frequencies.half,
        coded=table.candidates.codes.count,
        texts=texts,
        stories=[_packed(story) for _, story in sorted(table.open.items())],
        notes=[table.rows.note(number) for number in range(table.rows.first, table.rows.end)],
        arrays=[(name, values.dtype.str, values.shape) for name, values in arrays.items()],
        digest=_digest(body),
    )
    data = msgspec.msgpack.encode(head)
    return [_digest([data]), len(data).to_bytes(_SIZE_BYTES, "big"), data, *body]


def unpack(data: bytes | memoryview, params: StoryParams, lane: str) -> Stories:
    """Return the fold that `pack` was given.

    Args:
        data: The parts that `pack` returned, joined.
        params: The parameters of the reader, which must be those of the snapshot.
        lane: Its lane, the same.

    Raises:
        ValueError: The data is damaged, or of another format or other parameters.
    """
    view = memoryview(data)
    size = int.from_bytes(view[_DIGEST_BYTES : _DIGEST_BYTES + _SIZE_BYTES], "big")
    body_at = _DIGEST_BYTES + _SIZE_BYTES + size
    packed = view[_DIGEST_BYTES + _SIZE_BYTES : body_at]
    if _digest([packed]) != view[:_DIGEST_BYTES]:
        raise ValueError("the snapshot is damaged")
    try:
        head = msgspec.msgpack.decode(packed, type=_Head)
    except msgspec.DecodeError as error:  # intact, but written by a release with another head
        raise ValueError("the snapshot is of another version") from error
    if (head.format, head.params, head.lane) != (_FORMAT, params, lane):
        raise ValueError("the snapshot is of another version, other parameters or another lane")
    body = view[body_at:]
    if _digest([body]) != head.digest:
        raise ValueError("the snapshot is damaged")
    return _restored(head, _split(body, head.arrays))


def _arrays(stories: Stories) -> tuple[Arrays, dict[str, list[str]]]:
    """Return the arrays of a fold, and the texts that its columns number."""
    table = stories.table
    columns, texts = table.rows.live(), {}
    for name in INTERNED:
        # In the order of the alphabet, so that equal states have equal bytes however their texts were numbered.
        text = {number: table.interners[name].text(number) for number in {0, *columns[name].tolist()}}
        ordered = sorted(text, key=text.__getitem__)
        place = {number: at for at, number in enumerate(ordered)}
        columns[name] = np.array([place[number] for number in columns[name].tolist()], dtype=columns[name].dtype)
        texts[name] = [text[number] for number in ordered]
    arrays = {f"rows.{name}": values for name, values in columns.items()}
    arrays["codes.sums"] = table.candidates.codes.sums
    counters = table.frequencies.counters
    arrays["counters.at"] = np.flatnonzero(counters.any(axis=0)).astype(np.uint32)
    arrays["counters"] = counters[:, arrays["counters.at"]]
    for name, postings in (("terms", table.candidates.by_term), ("vectors", table.candidates.by_vector)):
        at = np.flatnonzero(postings.entries.any(axis=1)).astype(np.uint32)
        arrays |= {f"{name}.at": at, name: postings.entries[at], f"{name}.cursors": postings.cursors[at]}
    return arrays, texts


def _restored(head: _Head, arrays: Arrays) -> Stories:
    stories = Stories(head.params, head.lane)
    stories.time_ms = head.time_ms
    table = stories.table
    columns = {name.removeprefix("rows."): values for name, values in arrays.items() if name.startswith("rows.")}
    table.rows.load(head.first, columns, head.notes)
    for name in INTERNED:
        uses = np.bincount(columns[name], minlength=len(head.texts[name])).tolist()
        table.interners[name].load(head.texts[name], uses)
    numbers = range(head.first, table.rows.end)
    # The same article may have left and come again: the newest row that has not left counts.
    table.numbers = {
        digest: number
        for digest, number, key in zip(columns["digest"].tolist(), numbers, columns["story"].tolist(), strict=True)
        if key >= 0
    }
    table.open = {packed.key: _unpacked(packed) for packed in head.stories}
    table.candidates.codes.sums[:] = arrays["codes.sums"]
    table.candidates.codes.count = head.coded
    table.frequencies.counters[:, arrays["counters.at"]] = arrays["counters"]
    table.frequencies.articles, table.frequencies.half = list(head.counted), head.half
    for name, postings in (("terms", table.candidates.by_term), ("vectors", table.candidates.by_vector)):
        postings.entries[arrays[f"{name}.at"]] = arrays[name]
        postings.cursors[arrays[f"{name}.at"]] = arrays[f"{name}.cursors"]
    return stories


def _split(body: memoryview, arrays: list[tuple[str, str, tuple[int, ...]]]) -> Arrays:
    found: Arrays = {}
    start = 0
    for name, kind, shape in arrays:
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        found[name] = np.frombuffer(body[start : start + size], dtype=kind).reshape(shape)
        start += size
    return found


def _packed(story: OpenStory) -> _Packed:
    fields = {name: getattr(story, name) for name in _Packed.__struct_fields__}
    return _Packed(**{**fields, "members": story.members.tolist()})


def _unpacked(packed: _Packed) -> OpenStory:
    fields = {name: getattr(packed, name) for name in _Packed.__struct_fields__}
    return OpenStory(**{**fields, "members": array("q", packed.members)})


def _digest(parts: Iterable[bytes | memoryview]) -> bytes:
    hasher = blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        hasher.update(part)
    return hasher.digest()
