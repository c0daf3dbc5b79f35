"""The fold's state as bytes: a safe format, versioned and checksummed, in parts that are never copied together."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.interner import Interner
from pipeline.dedup.store.row_codec import RowCodec
from pipeline.dedup.store.row_layout import FIELDS_OF_NAMES, SKETCH_BYTES, TABLE, Sketches, Table
from pipeline.dedup.store.verdict_codec import Versions

__all__ = ["Image", "pack", "unpack"]

_FORMAT: Final = 2
_DIGEST_BYTES: Final = 16
_SIZE_BYTES: Final = 8


class Image(Struct, frozen=True, kw_only=True):
    """A state, told so that equal states look the same: names are numbered as the rows first use them."""

    active: int
    """The version of the fold in force."""
    time_ms: int
    rows: Table
    sketches: Sketches
    details: bytes
    names: tuple[list[str], ...]

    @classmethod
    def of(cls, rows: RowCodec, active: int, time_ms: int) -> "Image":
        """Take the image of a state."""
        table, sketches, details = rows.facts.live()
        names = tuple(
            _renumber(table, field, register) for field, register in zip(FIELDS_OF_NAMES, rows.registers, strict=True)
        )
        return cls(active=active, time_ms=time_ms, rows=table, sketches=sketches, details=details, names=names)

    def put(self, rows: RowCodec) -> None:
        """Fill empty rows with the state."""
        for field, register, names in zip(FIELDS_OF_NAMES, rows.registers, self.names, strict=True):
            uses = np.bincount(self.rows[field], minlength=len(names)).tolist()
            register.load(names, uses)
        rows.facts.load(self.rows, self.sketches, self.details)


class _Head(Struct, frozen=True, kw_only=True):
    format: int
    versions: dict[int, FoldParams]
    active: int
    time_ms: int
    names: tuple[list[str], ...]
    rows: int
    details: int
    digest: bytes


def pack(image: Image, versions: Versions) -> list[bytes | memoryview]:
    """Return an image as bytes that `unpack` can trust, to be written one after the other."""
    body = [image.rows.view(np.uint8).data, image.sketches.reshape(-1).data, memoryview(image.details)]
    head = _Head(
        format=_FORMAT,
        versions=dict(versions),
        active=image.active,
        time_ms=image.time_ms,
        names=image.names,
        rows=len(image.rows),
        details=len(image.details),
        digest=_digest(body),
    )
    data = msgspec.msgpack.encode(head)
    return [_digest([data]), len(data).to_bytes(_SIZE_BYTES, "big"), data, *body]


def unpack(data: bytes | memoryview, versions: Versions) -> Image:
    """Read an image back.

    Raises:
        ValueError: The data is damaged, or of another version or other parameters.
    """
    view = memoryview(data)
    size = int.from_bytes(view[_DIGEST_BYTES : _DIGEST_BYTES + _SIZE_BYTES], "big")
    body_at = _DIGEST_BYTES + _SIZE_BYTES + size
    packed = view[_DIGEST_BYTES + _SIZE_BYTES : body_at]
    if _digest([packed]) != view[:_DIGEST_BYTES]:
        raise ValueError("the snapshot is damaged")
    head = msgspec.msgpack.decode(packed, type=_Head)
    if head.format != _FORMAT or not head.versions.items() <= versions.items():
        raise ValueError("the snapshot is of another version or other parameters")
    body = view[body_at:]
    rows, sketches = head.rows * TABLE.itemsize, head.rows * SKETCH_BYTES
    if len(body) != rows + sketches + head.details or _digest([body]) != head.digest:
        raise ValueError("the snapshot is damaged")
    return Image(
        active=head.active,
        time_ms=head.time_ms,
        rows=np.frombuffer(body[:rows], dtype=TABLE),
        sketches=np.frombuffer(body[rows : rows + sketches], dtype=np.uint8).reshape(-1, SKETCH_BYTES),
        details=bytes(body[rows + sketches :]),
        names=head.names,
    )


def _digest(parts: Iterable[bytes | memoryview]) -> bytes:
    hasher = blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        hasher.update(part)
    return hasher.digest()


def _renumber(table: Table, field: str, register: Interner) -> list[str]:
    """Number the names of a column as they first appear, after the empty one; return them."""
    used, first, where = np.unique(table[field], return_index=True, return_inverse=True)
    order = np.argsort(np.where(used == 0, -1, first), kind="stable")
    offset = 0 if len(used) and used[order[0]] == 0 else 1
    place = np.empty(len(used), dtype=np.uint32)
    place[order] = np.arange(offset, offset + len(used), dtype=np.uint32)
    table[field] = place[where]
    return [""] * offset + [register.name(number) for number in used[order].tolist()]
