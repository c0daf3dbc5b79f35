"""Documents of the index, made from the values of topics."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson
import tantivy
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from pipeline.downstream.links import link_to, shown
from pipeline.search.analysis import STEMMERS, analysed
from pipeline.search.arabic import arabic_stem
from pipeline.search.params import INDEX
from pipeline.search.schema import ARTICLE, POSITIONS, STORY, key_of

__all__ = ["Vector", "article_document", "positions_document", "stemmed", "story_document", "story_number", "vector_of"]

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAME_CHARS: Final = 200
"""Longest name of a publisher, author or subject that is shown."""
_ID_CHARS: Final = 200
"""Longest value of a facet."""


class Vector(Struct, frozen=True):
    """The meaning of a text: signed bytes, and the model that made them."""

    model: str
    values: bytes


def article_document(value: Mapping[str, Any]) -> tantivy.Document:
    """Return the document of an enriched article.

    Args:
        value: The value of its event.

    Raises:
        KeyError, TypeError, ValueError: A field that every event has is missing, or of another type.
    """
    article_id, cluster = _text(value["id"]), _text(value["dedup"]["cluster_id"])
    headline = _text(value.get("headline") or "")[: INDEX.max_headline_chars]
    body = _text(value.get("body") or "")[: INDEX.max_body_chars]
    tag = _text(value["language"]["tag"]) if "language" in value else "und"
    subjects = [subject for subject in value.get("subjects", ()) if isinstance(subject["code"], str)]
    publisher = value.get("publisher") or {}
    time = _time(value)
    found = tantivy.Document()
    _add(found, "key", (key_of(ARTICLE, article_id),))
    _add(found, "kind", (ARTICLE,))
    _add(found, "cluster", (cluster,))
    _add(found, "language", (_facet(tag.partition("-")[0]),))
    _add(found, "subject", (_facet(subject["code"]) for subject in subjects))
    _add(found, "publisher", (_facet(_text(publisher["id"])),) if publisher.get("id") else ())
    _add(found, "day", (time.date().isoformat(),))
    lead = _text(value.get("subheadline") or "")[: INDEX.max_headline_chars]
    _add_text(found, tag, "headline", headline)
    _add_text(found, tag, "body", f"{lead}\n{body}")
    found.add_unsigned("story", story_number(cluster))
    found.add_integer("time", int(time.timestamp()))
    found.add_bytes("value", orjson.dumps(_kept(value, headline, lead, body, tag, time)))
    vector = vector_of(value)
    if vector is not None:
        found.add_bytes("vector", orjson.dumps([article_id, vector.model, base64.b64encode(vector.values).decode()]))
    return found


def story_document(value: Mapping[str, Any]) -> tantivy.Document:
    """Return the document with the counts of a cluster.

    Raises:
        KeyError, TypeError, ValueError: A field that every event has is missing, or of another type.
    """
    publishers = value["publishers"]
    kept = {
        "size": int(value["size"]),
        "publishers": int(publishers["count"]),
        "top": [shown(_text(one["name"]), _NAME_CHARS) for one in publishers["top"][:5]],
        "version": int(value["version"]),
    }
    found = tantivy.Document()
    _add(found, "key", (key_of(STORY, _text(value["cluster_id"])),))
    _add(found, "kind", (STORY,))
    found.add_bytes("value", orjson.dumps(kept))
    return found


def positions_document(content: Mapping[str, Any]) -> tantivy.Document:
    """Return the document with the positions in the topics."""
    found = tantivy.Document()
    _add(found, "key", (key_of(POSITIONS),))
    _add(found, "kind", (POSITIONS,))
    found.add_bytes("value", orjson.dumps(content))
    return found


def story_number(cluster: str) -> int:
    """Return the number that stands for a cluster: 64 bits of a hash, so that two have the same once in never."""
    return xxh3_64_intdigest(cluster.encode())


def vector_of(value: Mapping[str, Any]) -> Vector | None:
    """Return the vector of an event, or None if it has no readable one."""
    found = value.get("vector")
    if not isinstance(found, dict):
        return None
    try:
        return Vector(_text(found["model"]), base64.b64decode(found["values"], validate=True))
    except (KeyError, TypeError, binascii.Error, ValueError):
        return None


def stemmed(words: str, language: str) -> str:
    """Return words of the index, separated by spaces, in the common form of a language, which stands before each."""
    name = STEMMERS[language]
    stems = map(arabic_stem, words.split()) if name == "arabic" else _stemmer(name).analyze(words)
    return " ".join(f"{language}:{stem}" for stem in stems)


@lru_cache
def _stemmer(name: str) -> tantivy.TextAnalyzer:
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).filter(tantivy.Filter.stemmer(name)).build()


def _add(document: tantivy.Document, field: str, texts: Iterable[str]) -> None:
    for text in texts:
        document.add_text(field, text)


def _add_text(document: tantivy.Document, tag: str, field: str, text: str) -> None:
    found = analysed(text)
    document.add_text(field, found)
    language = tag.partition("-")[0]
    if language in STEMMERS:
        document.add_text(f"{field}_stems", stemmed(found, language))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is expected, not {type(value).__name__}")
    return value


def _facet(value: str) -> str:
    return shown(value, _ID_CHARS)


def _time(value: Mapping[str, Any]) -> datetime:
    """Return the publication, if it is known and plausible, else the arrival; never a time after the arrival."""
    arrived = _instant(value.get("ingested_at")) or _EARLIEST
    stated = value.get("published_at")
    if not isinstance(stated, dict) or stated.get("plausible") is False:
        return arrived
    published = _instant(stated.get("value"))
    return arrived if published is None else min(published, arrived)


def _instant(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found >= _EARLIEST else None


def _kept(value: Mapping[str, Any], headline: str, lead: str, body: str, tag: str, time: datetime) -> dict[str, Any]:
    """Return what answers show of an article, without what must not be shown."""
    publisher = value.get("publisher") or {}
    name = publisher.get("name") or publisher.get("id") or ""
    return {
        "id": value["id"],
        "url": link_to(value.get("canonical_url")) or link_to(value.get("url")),
        "headline": headline,
        "lead": lead,
        "body": body[: INDEX.max_kept_chars],
        "language": shown(tag, _NAME_CHARS),
        "publisher": shown(_text(name), _NAME_CHARS),
        "publisher_id": _facet(_text(publisher.get("id") or "")),
        "subjects": [
            {
                "code": _facet(one["code"]),
                "name": shown(_text(one["name"]), _NAME_CHARS),
                "reliable": bool(one["reliable"]),
            }
            for one in value.get("subjects", ())
        ],
        "time": time.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "revision": int(value["revision"]),
        "cluster": value["dedup"]["cluster_id"],
    }
