"""The fold's state as bytes: a safe format, versioned and checksummed."""

from hashlib import blake2b
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.facts import FIELDS_OF_NAMES, Facts
from pipeline.dedup.names import Names
from pipeline.dedup.params import FoldParams
from pipeline.dedup.rows import Rows

__all__ = ["Image", "pack", "unpack"]

_FORMAT: Final = 1
_DIGEST_BYTES: Final = 16


class Image(Struct, frozen=True, kw_only=True):
    """A state, told so that equal states look the same: names are numbered as the rows first use them."""

    time_ms: int
    rows: bytes
    details: list[bytes | None]
    names: tuple[list[str], list[str], list[str]]

    @classmethod
    def of(cls, rows: Rows, time_ms: int) -> "Image":
        """Take the image of a state."""
        live = rows.facts.live()
        table = Facts.table(live)
        names = tuple(
            _renumber(table, field, register) for field, register in zip(FIELDS_OF_NAMES, rows.registers, strict=True)
        )
        return cls(time_ms=time_ms, rows=live.tobytes(), details=rows.facts.details(), names=names)  # type: ignore[arg-type]

    def put(self, rows: Rows) -> int:
        """Fill empty rows with the state; return its time."""
        live = Facts.as_rows(self.rows)
        table = Facts.table(live)
        for field, register, names in zip(FIELDS_OF_NAMES, rows.registers, self.names, strict=True):
            uses = np.bincount(table[field], minlength=len(names)).tolist()
            register.load(names, uses)
        rows.facts.load(live, self.details)
        return self.time_ms


class _Envelope(Struct, frozen=True, kw_only=True):
    format: int
    fold_version: int
    params: FoldParams
    image: bytes


def pack(image: Image, params: FoldParams, fold_version: int) -> bytes:
    """Return an image as bytes that `unpack` can trust."""
    envelope = _Envelope(format=_FORMAT, fold_version=fold_version, params=params, image=msgspec.msgpack.encode(image))
    data = msgspec.msgpack.encode(envelope)
    return blake2b(data, digest_size=_DIGEST_BYTES).digest() + data


def unpack(data: bytes, params: FoldParams, fold_version: int) -> Image:
    """Read an image back.

    Raises:
        ValueError: The data is damaged, or of another version or other parameters.
    """
    digest, body = data[:_DIGEST_BYTES], memoryview(data)[_DIGEST_BYTES:]
    if blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        raise ValueError("the snapshot is damaged")
    envelope = msgspec.msgpack.decode(body, type=_Envelope)
    if (envelope.format, envelope.fold_version, envelope.params) != (_FORMAT, fold_version, params):
        raise ValueError("the snapshot is of another version or other parameters")
    return msgspec.msgpack.decode(envelope.image, type=Image)


def _renumber(table: NDArray[np.void], field: str, register: Names) -> list[str]:
    """Number the names of a column as they first appear, after the empty one; return them."""
    used, first, where = np.unique(table[field], return_index=True, return_inverse=True)
    order = np.argsort(np.where(used == 0, -1, first), kind="stable")
    offset = 0 if len(used) and used[order[0]] == 0 else 1
    place = np.empty(len(used), dtype=np.uint32)
    place[order] = np.arange(offset, offset + len(used), dtype=np.uint32)
    table[field] = place[where]
    return [""] * offset + [register.name(number) for number in used[order].tolist()]
