"""Raw articles for the whole chain on peers, some of them copies and some broken, each with the number of its text."""

import orjson
from msgspec import Struct

from benchmarks.bench_topics import Keyed, raw_record
from benchmarks.stages import SAMPLES, make_records

__all__ = ["Load", "make_load"]

WORDS = 700
COPY_EVERY, BROKEN_EVERY = 10, 50


class Load(Struct, frozen=True):
    """Raw records in the order in which they are sent; copies of a text have its number."""

    records: list[Keyed]
    texts: list[int]


def make_load(count: int, start: int) -> Load:
    """Make `count` raw records, numbered from `start`.

    Every tenth of the second half is a copy, at another address, of an article of the first half. Every fiftieth is
    not JSON and becomes a dead letter. All others are new articles of about 700 words.
    """
    originals = [record.value or b"" for record in make_records(SAMPLES, count, WORDS, start)]
    records, texts = [], []
    for place in range(count):
        number, value = start + place, originals[place]
        if place % BROKEN_EVERY == BROKEN_EVERY - 1:
            value = b'{"broken": '
        elif place >= count // 2 and place % COPY_EVERY == 0:
            number, value = number - count // 2, _copy(originals[place - count // 2], number)
        records.append(raw_record(value))
        texts.append(number)
    return Load(records, texts)


def _copy(value: bytes, number: int) -> bytes:
    return orjson.dumps({**orjson.loads(value), "url": f"https://copies.example/{number}"})
