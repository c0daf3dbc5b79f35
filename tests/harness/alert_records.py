"""Events as the alert service reads them, and files of queries, made without the pipeline."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from pipeline.domain.record import Record
from tests.harness.standing_records import enriched

__all__ = [
    "ENRICHED",
    "KEY",
    "MEMBERSHIPS",
    "SECRET",
    "event",
    "membership",
    "query_file",
    "revised",
    "value_of",
    "withdrawn",
]

ENRICHED: Final = "news.articles.enriched.v1"
MEMBERSHIPS: Final = "news.memberships.v1"
KEY: Final = bytes(range(32))
SECRET: Final = f"whsec_{base64.b64encode(KEY).decode()}"


def value_of(article_id: str, headline: str, body: str = "", **fields: Any) -> dict[str, Any]:
    """Return the value of an event of a new article."""
    return enriched(article_id, headline, body, **fields)


def event(value: Mapping[str, Any], at_ms: int = 2**42, offset: int = 0) -> Record:
    """Return the record of an event, written long after the first start of any service under test."""
    return Record(ENRICHED, 0, offset, at_ms, value["id"].encode(), orjson.dumps(value))


def membership(article: str, story: str | None, *absorbed: str, revision: int = 1, at_ms: int = 2**42) -> Record:
    """Return the record of the membership of an article in a story, which has absorbed others."""
    value = {
        "article_id": article,
        "revision": revision,
        "version": 1,
        "how": "withdrawn" if story is None else "similar",
        "ingested_at": "2026-11-29T12:00:00.000Z",
        **({} if story is None else {"story_id": story}),
        **({"absorbed": absorbed} if absorbed else {}),
    }
    return Record(MEMBERSHIPS, 0, 0, at_ms, article.encode(), orjson.dumps(value))


def revised(value: Mapping[str, Any], revision: int, *parts: str, **fields: Any) -> dict[str, Any]:
    """Return the value of a revision that changed these parts."""
    changed = [{"part": part, "added": 1, "removed": 1} for part in parts]
    return {**value, "revision": revision, "action": "replace", "changed": changed, **fields}


def withdrawn(value: Mapping[str, Any], revision: int, **fields: Any) -> dict[str, Any]:
    """Return the value of a withdrawal."""
    left = {name: content for name, content in value.items() if name not in ("headline", "body")}
    return {**left, "revision": revision, "action": "delete", **fields}


def query_file(
    directory: Path, queries: Sequence[Mapping[str, Any]], webhooks: Mapping[str, str] | None = None
) -> Path:
    """Write a file of queries, with webhooks by name and address; return its path."""
    (directory / "secret").write_text(f"{SECRET}\n", "utf-8")
    hooks = {name: {"url": url, "secret_file": "secret"} for name, url in (webhooks or {}).items()}
    path = directory / "queries.json"
    scratch = directory / "queries.new"
    scratch.write_bytes(orjson.dumps({"queries": list(queries), "webhooks": hooks}))
    scratch.replace(path)  # a service under test never sees half a file
    return path
