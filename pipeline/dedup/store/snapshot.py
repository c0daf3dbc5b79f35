"""The fold's state as bytes: versioned, checksummed, and in parts, so that large arrays are not copied together.

Layout: hash of the head (16 bytes), size of the head (8 bytes), head (MessagePack), rows, sketches, packed verdicts.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct, field

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.interner import Interner
from pipeline.dedup.store.row_codec import RowCodec
from pipeline.dedup.store.row_layout import INTERNED_FIELDS, SKETCH_BYTES, TABLE, Sketches, Table
from pipeline.dedup.store.verdict_codec import FoldVersions

__all__ = ["Image", "pack", "unpack"]

_FORMAT: Final = 3
"""Raise it with any change to the layout of a snapshot or its rows."""
_DIGEST_BYTES: Final = 16
_SIZE_BYTES: Final = 8
_OTHER_VERSION: Final = "the snapshot is of another version or other parameters"


class Image(Struct, frozen=True, kw_only=True):
    """A copy of the fold's state in a normal form: interned texts are numbered in the order in which rows use them."""

    active: int
    """The fold version that decides."""
    time_ms: int
    """The time of the fold."""
    rows: Table
    """The rows, oldest first, of shape (n,)."""
    sketches: Sketches
    """Their sketches, of shape (n, SKETCH_BYTES)."""
    packed_verdicts: bytes
    """Their packed verdicts, concatenated."""
    texts: tuple[list[str], ...]
    """For each of INTERNED_FIELDS the texts in the order of their numbers."""

    @classmethod
    def of(cls, codec: RowCodec, active: int, time_ms: int) -> "Image":
        """Copy the state of a row codec and its store."""
        rows, sketches, packed_verdicts = codec.store.live()
        texts = tuple(
            _renumber(rows, column, interner) for column, interner in zip(INTERNED_FIELDS, codec.interners, strict=True)
        )
        return cls(
            active=active,
            time_ms=time_ms,
            rows=rows,
            sketches=sketches,
            packed_verdicts=packed_verdicts,
            texts=texts,
        )

    def put(self, codec: RowCodec) -> None:
        """Load the state into an empty row codec and its store."""
        for column, interner, texts in zip(INTERNED_FIELDS, codec.interners, self.texts, strict=True):
            uses = np.bincount(self.rows[column], minlength=len(texts)).tolist()
            interner.load(texts, uses)
        codec.store.load(self.rows, self.sketches, self.packed_verdicts)


class _Head(Struct, frozen=True, kw_only=True):
    """The part of a snapshot before the body. Its keys are part of the format."""

    format: int
    versions: dict[int, FoldParams]
    active: int
    time_ms: int
    texts: tuple[list[str], ...] = field(name="names")
    rows: int
    packed_verdicts_bytes: int = field(name="details")
    digest: bytes
    """Hash of the body."""


def pack(image: Image, versions: FoldVersions) -> list[bytes | memoryview]:
    """Return an image as bytes that `unpack` can verify, in parts to be written one after the other."""
    body = [image.rows.view(np.uint8).data, image.sketches.reshape(-1).data, memoryview(image.packed_verdicts)]
    head = _Head(
        format=_FORMAT,
        versions=dict(versions),
        active=image.active,
        time_ms=image.time_ms,
        texts=image.texts,
        rows=len(image.rows),
        packed_verdicts_bytes=len(image.packed_verdicts),
        digest=_digest(body),
    )
    data = msgspec.msgpack.encode(head)
    return [_digest([data]), len(data).to_bytes(_SIZE_BYTES, "big"), data, *body]


def unpack(data: bytes | memoryview, versions: FoldVersions) -> Image:
    """Return the image that `pack` was given.

    Args:
        data: The parts that `pack` returned, joined.
        versions: The fold versions of the reader, which must include those of the snapshot, with equal parameters.

    Raises:
        ValueError: The data is damaged, or of another format, version or other parameters.
    """
    view = memoryview(data)
    size = int.from_bytes(view[_DIGEST_BYTES : _DIGEST_BYTES + _SIZE_BYTES], "big")
    body_at = _DIGEST_BYTES + _SIZE_BYTES + size
    packed = view[_DIGEST_BYTES + _SIZE_BYTES : body_at]
    if _digest([packed]) != view[:_DIGEST_BYTES]:
        raise ValueError("the snapshot is damaged")
    head = _decoded(packed)
    if head.format != _FORMAT or not head.versions.items() <= versions.items():
        raise ValueError(_OTHER_VERSION)
    body = view[body_at:]
    rows, sketches = head.rows * TABLE.itemsize, head.rows * SKETCH_BYTES
    if len(body) != rows + sketches + head.packed_verdicts_bytes or _digest([body]) != head.digest:
        raise ValueError("the snapshot is damaged")
    return Image(
        active=head.active,
        time_ms=head.time_ms,
        rows=np.frombuffer(body[:rows], dtype=TABLE),
        sketches=np.frombuffer(body[rows : rows + sketches], dtype=np.uint8).reshape(-1, SKETCH_BYTES),
        packed_verdicts=bytes(body[rows + sketches :]),
        texts=head.texts,
    )


def _decoded(packed: memoryview) -> _Head:
    try:
        return msgspec.msgpack.decode(packed, type=_Head)
    except msgspec.DecodeError as error:  # intact, but written by a release with another head
        raise ValueError(_OTHER_VERSION) from error


def _digest(parts: Iterable[bytes | memoryview]) -> bytes:
    hasher = blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        hasher.update(part)
    return hasher.digest()


def _renumber(rows: Table, column: str, interner: Interner) -> list[str]:
    """Number the texts of a column in the order in which rows use them, after the empty text.

    Args:
        rows: The rows; the column is updated in place.
        column: One of INTERNED_FIELDS.
        interner: Holds the texts by their present numbers.

    Returns:
        The texts in the order of their new numbers.
    """
    used, first, where = np.unique(rows[column], return_index=True, return_inverse=True)
    order = np.argsort(np.where(used == 0, -1, first), kind="stable")
    offset = 0 if len(used) and used[order[0]] == 0 else 1
    place = np.empty(len(used), dtype=np.uint32)
    place[order] = np.arange(offset, offset + len(used), dtype=np.uint32)
    rows[column] = place[where]
    return [""] * offset + [interner.text(number) for number in used[order].tolist()]
