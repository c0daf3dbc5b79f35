"""What the alert service reads of an event."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from pipeline.alert.story import cluster_of
from pipeline.domain.times import from_epoch_ms, is_epoch_ms, to_epoch_ms
from pipeline.downstream.links import link_to, shown

__all__ = ["ArticleEvent", "article_event"]

_MEANING: Final = frozenset({"headline", "names", "numbers", "negation"})
"""Parts whose change changes what an article says, as docs/consumers.md has it."""
_NOTICE: Final = "withdrawn_notice"
_HEADLINE_CHARS: Final = 500
_NAME_CHARS: Final = 200
_ID_CHARS: Final = 200
_LAST_REVISION: Final = 2**53


class ArticleEvent(Struct, frozen=True, kw_only=True):
    """An event about one article.

    Attributes:
        id: The article. revision, time_ms: What tells its versions apart; `time_ms` is `ce_time`.
        cluster: Its cluster.
        is_withdrawn: Whether it has no text any more, because it was withdrawn.
        is_corrected: Whether its meaning has changed since the version before.
        has_notice: Whether it has had a notice that it is withdrawn since the version before.
        changed: The parts that changed.
        shown: What notifications and the page tell of it; nothing in it needs to be cut or cleaned any more.
    """

    id: str
    revision: int
    time_ms: int
    cluster: str
    is_withdrawn: bool
    is_corrected: bool
    has_notice: bool
    changed: tuple[str, ...]
    shown: Mapping[str, Any]


def article_event(value: Mapping[str, Any]) -> ArticleEvent:
    """Return the event of a value.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: The value is not as its schema says.
    """
    changes = {change["part"]: int(change.get("added", 0)) for change in value.get("changed", ())}
    return ArticleEvent(
        id=_id(value["id"]),
        revision=_revision(value["revision"]),
        time_ms=_instant(value["ingested_at"]),
        cluster=_id(cluster_of(value)),
        is_withdrawn=value["action"] == "delete",
        is_corrected=bool((_MEANING | {_NOTICE}) & changes.keys()) or "correction" in value.get("change_labels", ()),
        has_notice=changes.get(_NOTICE, 0) > 0,
        changed=tuple(shown(part, _ID_CHARS) for part in changes),
        shown=_shown(value),
    )


def _id(text: object) -> str:
    if not isinstance(text, str) or not text or len(text) > _ID_CHARS:
        raise TypeError("an id is a text of at most 200 characters")
    return text


def _revision(number: object) -> int:
    if not isinstance(number, int) or not 0 <= number <= _LAST_REVISION:
        raise ValueError("a revision is a number from 0 that the database can hold")
    return number


def _instant(text: str) -> int:
    found = to_epoch_ms(text)
    if not is_epoch_ms(found):
        raise ValueError("an instant is between 1970 and 9999")
    return found


def _shown(value: Mapping[str, Any]) -> dict[str, Any]:
    publisher = value.get("publisher") or {}
    found: dict[str, Any] = {"id": value["id"], "revision": int(value["revision"])}
    url = link_to(value.get("canonical_url")) or link_to(value.get("url"))
    if url is not None:
        found["url"] = url
    headline = shown(value.get("headline") or "", _HEADLINE_CHARS)
    if headline and value["action"] != "delete":
        found["headline"] = headline
    named = {name: shown(publisher[name], _NAME_CHARS) for name in ("id", "name", "country") if publisher.get(name)}
    if "id" in named:
        found["publisher"] = named
    if "language" in value:
        found["language"] = shown(value["language"]["tag"], _NAME_CHARS)
    published = value.get("published_at")
    if published and published.get("plausible") is not False and _is_time(published.get("value")):
        found["published_at"] = from_epoch_ms(_instant(published["value"]))
    return found


def _is_time(text: object) -> bool:
    try:
        return isinstance(text, str) and _instant(text) >= 0
    except ValueError:
        return False
