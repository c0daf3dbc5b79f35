"""A grammar of record batches as a broker returns them, made by whoever may write to the raw topic."""

import random
import struct
from typing import Final

import crc32c
import orjson

from benchmarks.fuzzing.pages import make_page
from benchmarks.fuzzing.values import HTML_TYPE, Input, length, mutated, words
from tests.harness.hostile_batches import CODECS, batch, empty_members, record

__all__ = ["make_batch"]

_ATTRIBUTES: Final = struct.Struct(">h")
_TIMES: Final = struct.Struct(">qq")
_COUNT: Final = struct.Struct(">i")
_CHECKED_FROM, _TIMES_AT, _COUNT_AT = 21, 27, 57
_ODD_TIMES: Final = (-1, 0, -(2**63), 2**63 - 1, 2**53, 4_102_444_800_000, 253_402_300_800_000)
_TIME_MS: Final = 1_790_000_000_000
_ZEROS: Final = 30 * 1024 * 1024


def make_batch(choice: random.Random) -> Input:
    """Return one to three batches, one after the other."""
    made = [_batch(choice) for _ in range(choice.randint(1, 3))]
    offset, parts, plain = 0, [], 0
    for data, count, size in made:
        parts.append(offset.to_bytes(8, "big") + data[8:])
        offset += max(1, count)
        plain += size
    value = b"".join(parts)
    if choice.random() < 0.1:
        value = value[: choice.randrange(len(value) + 1)]
    return Input("batch", value, (), plain)


def _batch(choice: random.Random) -> tuple[bytes, int, int]:
    """Return a batch with its number of records and their size."""
    count = length(choice, 1, 3000 if choice.random() < 0.1 else 20)
    records = [_record(choice, number) for number in range(count)]
    size = sum(map(len, records))
    if choice.random() < 0.1:
        records = [mutated(choice, b"".join(records), choice.randint(1, 10))]
    codec = choice.choice(tuple(CODECS))
    after = b""
    if choice.random() < 0.05:
        after = empty_members(length(choice, 1, 2000)) if codec == "gzip" else choice.randbytes(30)
    data = batch(codec, records, count, after=after).data
    if choice.random() < 0.4:
        data = _rewritten(choice, bytearray(data))
    return data, count, size


def _record(choice: random.Random, number: int) -> bytes:
    key = choice.choice((b"", b"k", b"\xff\xfe", choice.randbytes(length(choice, 1, 500))))
    headers: list[tuple[bytes, bytes]] = []
    kind = choice.random()
    if kind < 0.5:
        body = {"url": f"https://news.example.com/{number}", "text": words(choice, length(choice, 1, 300))}
        value = orjson.dumps(body)
    elif kind < 0.7:
        value = make_page(choice, 2000).encode("utf-8", "surrogatepass")
        headers = [(name.encode(), content) for name, content in HTML_TYPE]
    elif kind < 0.998:
        value = choice.randbytes(length(choice, 1, 5000))
    else:
        value = bytes(length(choice, 1, _ZEROS))
    if choice.random() < 0.2:
        name = choice.choice((b"content-type", b"url", b"\xff\xfe", b"", b"news-arrived-at", b"\0" * 9))
        headers += [(name, choice.randbytes(length(choice, 1, 50)))] * length(choice, 1, 20_000 if kind < 0.05 else 20)
    return record(value, key=key, headers=headers, delta=number if choice.random() < 0.95 else choice.randint(-9, 9999))


def _rewritten(choice: random.Random, data: bytearray) -> bytes:
    """Return a batch of which a part of the header or the content is another; its checksum is right."""
    what = choice.randrange(5)
    if what == 0:
        _TIMES.pack_into(data, _TIMES_AT, choice.choice(_ODD_TIMES), choice.choice(_ODD_TIMES))
    elif what == 1:
        _COUNT.pack_into(data, _COUNT_AT, choice.choice((0, 1, -1, 7, 100_000, 2**31 - 1)))
    elif what == 2:
        flags = choice.choice((1, 2, 3, 4, 5, 7, 0x08, 0x10, 0x40))
        (before,) = _ATTRIBUTES.unpack_from(data, _CHECKED_FROM)
        _ATTRIBUTES.pack_into(data, _CHECKED_FROM, before ^ flags)
    else:
        start = _COUNT_AT + _COUNT.size
        data[start:] = mutated(choice, bytes(data[start:]), choice.randint(1, 5))
        data[8:12] = (len(data) - 12).to_bytes(4, "big")
    data[17:21] = crc32c.crc32c(bytes(data[_CHECKED_FROM:])).to_bytes(4, "big")
    return bytes(data)
