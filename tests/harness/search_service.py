"""A small search over the events: it knows of the pipeline what docs/consumers.md and docs/events.md say, and no more.

The index is keyed by `dedup.canonical_id`. Topics may be read in any order, and an event again.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from msgspec import Struct

__all__ = ["SearchService", "Story"]

RETRACTED: Final = "news.article.retracted.v1"
PUBLISHED: Final = frozenset({"news.article.enriched.v1", "news.article.revised.v1", RETRACTED})
DUPLICATE: Final = "news.article.duplicate.v1"
CLUSTER: Final = "news.cluster.changed.v1"
COPIES: Final = frozenset({"exact", "near"})
STARTS_AGAIN_AFTER: Final = timedelta(days=7)


class Story(Struct, frozen=True):
    """One entry of the index, with the copies that are folded under it.

    name: `dedup.canonical_id`. copies: the values of the copies, by URL. origins: the origins of its cluster, as pairs
    of name and what shows it.
    """

    name: str
    value: dict[str, Any]
    copies: dict[str, dict[str, Any]]
    origins: tuple[tuple[str, str], ...]


class _Version(Struct, frozen=True):
    """The newest version of an article on one topic; without a value when it was withdrawn."""

    revision: int
    time: datetime
    value: dict[str, Any] | None
    is_taken_down: bool = False

    def is_replaced_by(self, other: "_Version") -> bool:
        return other.revision > self.revision or other.time > self.time + STARTS_AGAIN_AFTER


class SearchService:
    """Applies events, duplicates and states of clusters; `stories` is what a query would see."""

    def __init__(self) -> None:
        self._published: dict[str, _Version] = {}
        self._held_back: dict[str, _Version] = {}
        self._clusters: dict[str, dict[str, Any]] = {}
        self._successors: dict[str, str] = {}

    def apply(self, headers: Iterable[tuple[str, bytes]], content: bytes) -> None:
        """Apply one record of any of the three topics."""
        event = {name: value.decode() for name, value in headers if name.startswith("ce_")}
        kind, subject, value = event["ce_type"], event["ce_subject"], orjson.loads(content)
        if kind == CLUSTER:
            known = self._clusters.get(subject)
            if known is None or value["version"] > known["version"]:
                self._clusters[subject] = value
        elif kind in PUBLISHED:
            self._publish(kind, subject, _version(event, value))
        elif kind == DUPLICATE and value["dedup"]["kind"] in COPIES:
            _keep_newest(self._held_back, subject, _version(event, value))
        elif kind == DUPLICATE and value["dedup"]["kind"] == "retracted_copy":
            _keep_newest(self._held_back, subject, _version(event, None))

    def stories(self) -> dict[str, Story]:
        """Return the index, by name."""
        found: dict[str, Story] = {}
        for version in self._published.values():
            if version.value is None or version.is_taken_down:
                continue
            dedup = version.value["dedup"]
            name = dedup["canonical_id"]
            assert name not in found, f"two articles have the name {name}"
            state = self._clusters.get(dedup["cluster_id"], {"origins": {"top": []}})
            origins = tuple((origin["name"], origin["by"]) for origin in state["origins"]["top"])
            found[name] = Story(name, version.value, {}, origins)
        for article, version in self._held_back.items():
            if self._is_copy(article, version) and version.value is not None:
                name = self._name(version.value["dedup"]["canonical_id"], found)
                if name in found:
                    found[name].copies[version.value["url"]] = version.value
        return found

    def _publish(self, kind: str, article: str, version: _Version) -> None:
        value, known = version.value, self._published.get(article)
        assert value is not None
        if value["dedup"]["kind"] == "promoted":
            self._successors[value["dedup"]["matched_id"]] = value["dedup"]["canonical_id"]
        notices = [change for change in value.get("changed", ()) if change["part"] == "withdrawn_notice"]
        carried = value["dedup"]["kind"] == "revision" and known is not None and known.is_taken_down
        is_taken_down = any("added" in notice for notice in notices) if notices else carried
        kept = None if kind == RETRACTED else value
        _keep_newest(self._published, article, _Version(version.revision, version.time, kept, is_taken_down))

    def _is_copy(self, article: str, version: _Version) -> bool:
        """Return whether a held-back version is still the newest of its article."""
        published = self._published.get(article)
        return published is None or published.is_replaced_by(version)

    def _name(self, canonical: str, index: dict[str, Story]) -> str:
        """Return the name of the article that stands for a copy: its canonical one, or one promoted in its place."""
        passed = {canonical}
        while canonical not in index and canonical in self._successors:
            canonical = self._successors[canonical]
            if canonical in passed:
                break
            passed.add(canonical)
        return canonical


def _version(event: dict[str, str], value: dict[str, Any] | None) -> _Version:
    return _Version(int(event["ce_revision"]), datetime.fromisoformat(event["ce_time"]), value)


def _keep_newest(versions: dict[str, _Version], article: str, version: _Version) -> None:
    known = versions.get(article)
    if known is None or known.is_replaced_by(version):
        versions[article] = version
