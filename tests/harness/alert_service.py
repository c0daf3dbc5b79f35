"""A small alerting service over the events: it knows of the pipeline what the documents for consumers say, and no more.

It notifies once for each cluster, and again when the meaning of an article may have changed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import orjson
from msgspec import Struct

__all__ = ["Alert", "AlertService", "Reason"]

Reason = Literal["new", "correction", "changed", "withdrawn"]
RETRACTED: Final = "news.article.retracted.v1"
EVENTS: Final = frozenset({"news.article.enriched.v1", "news.article.revised.v1", RETRACTED})
MEANING: Final = frozenset({"headline", "negation", "names", "numbers"})
STARTS_AGAIN_AFTER: Final = timedelta(days=7)


class Alert(Struct, frozen=True):
    """What was notified, for which revision of an article, and why."""

    reason: Reason
    url: str
    revision: int
    cluster_id: str
    parts: tuple[str, ...] = ()


class AlertService:
    """Applies events in the order in which they are read, and keeps the alerts."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self._newest: dict[str, tuple[int, datetime]] = {}
        self._notified: set[str] = set()

    def of(self, url: str) -> list[Reason]:
        """Return the reasons of the alerts about an article, in order."""
        return [alert.reason for alert in self.alerts if alert.url == url]

    def apply(self, headers: Iterable[tuple[str, bytes]], content: bytes) -> None:
        """Apply one event."""
        event = {name: value.decode() for name, value in headers if name.startswith("ce_")}
        kind, article = event["ce_type"], event["ce_subject"]
        revision, time = int(event["ce_revision"]), datetime.fromisoformat(event["ce_time"])
        known = self._newest.get(article)
        is_old = known is not None and revision <= known[0] and time <= known[1] + STARTS_AGAIN_AFTER
        if kind not in EVENTS or is_old:
            return
        self._newest[article] = revision, time
        value = orjson.loads(content)
        reason, parts = self._reason(kind, value, is_known=known is not None), _parts(value)
        if reason is not None:
            self.alerts.append(Alert(reason, value["url"], revision, value["dedup"]["cluster_id"], parts))

    def _reason(self, kind: str, value: dict[str, Any], *, is_known: bool) -> Reason | None:
        parts, labels = _parts(value), value.get("change_labels", ())
        if kind == RETRACTED:
            return "withdrawn" if is_known else None
        cluster = value["dedup"]["cluster_id"]
        if cluster not in self._notified:
            self._notified.add(cluster)
            return "new"
        if "withdrawn_notice" in parts:
            return "withdrawn"
        if "correction" in labels:
            return "correction"
        return "changed" if MEANING.intersection(parts) else None


def _parts(value: dict[str, Any]) -> tuple[str, ...]:
    return tuple(change["part"] for change in value.get("changed", ()))
