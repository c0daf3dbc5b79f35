"""Articles of the last day as they are stored: cut into words, compressed, so that any query can be compared later."""

from collections.abc import Mapping
from typing import Any

import orjson
import zstandard
from msgspec import Struct

from pipeline.alert.article_keys import ArticleKeys, keys_of

__all__ = ["Document", "packed", "unpacked"]


class Document(Struct, frozen=True):
    """An article of the last day.

    keys: what queries are compared with. story: its story, or its cluster. shown: what the page tells of it.
    """

    keys: ArticleKeys
    story: str
    shown: Mapping[str, Any]


def packed(keys: ArticleKeys, language: str, cluster: str, shown: Mapping[str, Any]) -> bytes:
    """Return an article as it is stored; the common forms of its words are found again from its language."""
    values = [key for key in keys.keys if "=" in key and not key.startswith("first=")]
    content = [keys.headline[1:-1], keys.text[1:-1], language, sorted(values), cluster, shown]
    return zstandard.ZstdCompressor(level=1).compress(orjson.dumps(content))


def unpacked(content: bytes, story: str | None) -> Document:
    """Return an article that was stored; `story` is its story, if that is known."""
    headline, text, language, values, cluster, shown = orjson.loads(zstandard.ZstdDecompressor().decompress(content))
    return Document(keys_of(headline, text, language, values), story or cluster, shown)
