"""Values as JSON in UTF-8, and back.

Decoding checks names, types and enumerations. It ignores unknown fields, so that workers of two releases can share a
topic during an upgrade.
"""

import re
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from pipeline.domain.article import Article, DuplicateArticle, EnrichedArticle
from pipeline.domain.cluster import Cluster
from pipeline.domain.signature import LogRecord
from pipeline.domain.sketch import Sketch
from pipeline.domain.story import Story, StoryMembership
from pipeline.domain.verdict import VerdictRecord
from pipeline.errors import ContractError
from pipeline.stories.sketching import Reported

__all__ = [
    "decode_article",
    "decode_cluster",
    "decode_duplicate",
    "decode_enriched",
    "decode_log_record",
    "decode_membership",
    "decode_reported",
    "decode_sketch",
    "decode_story",
    "decode_verdict_record",
    "encode",
    "to_plain",
]

T = TypeVar("T")

# Takes a third of the time of orjson over plain objects, and gives the same bytes.
_ENCODER = msgspec.json.Encoder()
_ARTICLE = msgspec.json.Decoder(Article)
_ENRICHED = msgspec.json.Decoder(EnrichedArticle)
_DUPLICATE = msgspec.json.Decoder(DuplicateArticle)
_LOG_RECORD: msgspec.json.Decoder[LogRecord] = msgspec.json.Decoder(LogRecord)
_VERDICT_RECORD: msgspec.json.Decoder[VerdictRecord] = msgspec.json.Decoder(VerdictRecord)
_CLUSTER = msgspec.json.Decoder(Cluster)
_SKETCH = msgspec.json.Decoder(Sketch)
_REPORTED = msgspec.json.Decoder(Reported)
_STORY = msgspec.json.Decoder(Story)
_MEMBERSHIP = msgspec.json.Decoder(StoryMembership)

# The only parts of msgspec's messages that cannot quote content: a type, one of our field names, a path.
_SAFE_MESSAGE = re.compile(
    r"(Expected `[\w |.]+`(, got `[\w |.]+`)?|Object missing required field `\w+`|Input data was truncated"
    r"|JSON is malformed: [\w ',:]+\(byte \d+\))"
)
_PLACE = re.compile(r" - at `(\$[\w.\[\]]*)`")


def encode(value: Struct) -> bytes:
    """Return a domain value as JSON; absent fields are omitted, bytes become base64.

    Raises:
        ContractError: The value has parts that JSON cannot represent.
    """
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as error:  # lone surrogates, integers over 64 bits, deep `extra`
        raise ContractError(f"{type(value).__name__} cannot be written as JSON") from error


def decode_article(data: bytes) -> Article:
    """Read an article between stages."""
    return _decode(_ARTICLE, data, "article")


def decode_enriched(data: bytes) -> EnrichedArticle:
    """Read a value of news.articles.enriched.v1."""
    return _decode(_ENRICHED, data, "enriched article")


def decode_duplicate(data: bytes) -> DuplicateArticle:
    """Read a value of news.articles.duplicates.v1."""
    return _decode(_DUPLICATE, data, "duplicate")


def decode_log_record(data: bytes) -> LogRecord:
    """Read a record of the deduplication log."""
    return _decode(_LOG_RECORD, data, "log record")


def decode_verdict_record(data: bytes) -> VerdictRecord:
    """Read a record of news.verdicts.v1."""
    return _decode(_VERDICT_RECORD, data, "verdict")


def decode_cluster(data: bytes) -> Cluster:
    """Read a value of news.clusters.v1."""
    return _decode(_CLUSTER, data, "cluster")


def decode_sketch(data: bytes) -> Sketch:
    """Read a record of news.sketches.v1."""
    return _decode(_SKETCH, data, "sketch")


def decode_reported(data: bytes) -> Reported:
    """Read the part of a value of news.articles.enriched.v1 that stories are made of."""
    return _decode(_REPORTED, data, "enriched article")


def decode_story(data: bytes) -> Story:
    """Read a value of news.stories.v1."""
    return _decode(_STORY, data, "story")


def decode_membership(data: bytes) -> StoryMembership:
    """Read a value of news.memberships.v1."""
    return _decode(_MEMBERSHIP, data, "membership")


def _decode(decoder: "msgspec.json.Decoder[T]", data: bytes, what: str) -> T:
    """Decode, or raise ContractError with a message that does not quote the input."""
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # Not chained: the original message may quote the input.
        raise ContractError(f"not a valid {what}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """Return the part of a decoder's message that contains no content."""
    message = str(error)
    safe = _SAFE_MESSAGE.match(message)
    reason = safe[0] if safe else type(error).__name__
    place = _PLACE.search(message)
    return f"{reason} at {place[1]}" if place else reason


def to_plain(value: Struct) -> Any:
    """Return a value as plain objects, for validation by a schema."""
    return msgspec.to_builtins(value)
