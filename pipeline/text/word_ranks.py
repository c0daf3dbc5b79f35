"""The frequent words of a language, in the order of their frequency."""

import gzip
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import orjson

__all__ = ["word_ranks"]

_NO_RANKS: Final[Mapping[str, int]] = {}


def word_ranks(language: str) -> Mapping[str, int]:
    """Return the rank of each frequent word, from 1; nothing for a language without a list.

    Args:
        language: A BCP 47 tag; without a list of its own it has that of its language without script and region.
    """
    return _ranks(language)


@cache
def _lists() -> dict[str, str]:
    data = files("pipeline.text").joinpath("data", "word_ranks.json.gz").read_bytes()
    lists: dict[str, str] = orjson.loads(gzip.decompress(data))
    return lists


@lru_cache(maxsize=128)
def _ranks(language: str) -> Mapping[str, int]:
    lists = _lists()
    words = lists.get(language) or lists.get(language.partition("-")[0])
    return {word: rank for rank, word in enumerate(words.split(" "), 1)} if words else _NO_RANKS
