"""Compares news.articles.current.v1 with the events and duplicates that it must be made of, as the documentation says.

Knows nothing of the pipeline's own rules; records are those of kafka-python.
"""

from collections import Counter
from typing import Any

import orjson

__all__ = ["CURRENT", "States", "effect_of"]

CURRENT = "news.articles.current.v1"
AS_BEFORE = frozenset({"repeat", "stale", "refused_retraction"})

State = tuple[bytes, bytes, bytes | None]
"""Article id, id of the event, and the value."""


def effect_of(value: dict[str, Any]) -> str:
    """Return what an event or duplicate makes of the state of its article: "stands", "gone" or "as before"."""
    if "action" in value:
        return "gone" if value["action"] == "delete" else "stands"
    return "as before" if value["dedup"]["kind"] in AS_BEFORE else "gone"


class States:
    """Collects the states that were written, and those that follow from the events."""

    def __init__(self) -> None:
        self._expected: set[State] = set()
        self._found: Counter[State] = Counter()
        self._revisions: dict[bytes, int] = {}
        self._late = 0

    def add_event(self, record: Any) -> None:
        """Take a record of the events or of the duplicates."""
        effect = effect_of(orjson.loads(record.value))
        if effect != "as before":
            value = record.value if effect == "stands" else None
            self._expected.add((record.key, dict(record.headers)["ce_id"], value))

    def add_state(self, record: Any) -> None:
        """Take a record of the states, in the order of its partition."""
        headers = dict(record.headers)
        state = record.key, headers["ce_id"], record.value
        if state not in self._found:
            revision = int(headers["ce_revision"])
            self._late += revision < self._revisions.get(record.key, 0)
            self._revisions[record.key] = revision
        self._found[state] += 1

    @property
    def wrong(self) -> int:
        """States that are missing, that no event explains, or that came after one of a higher revision."""
        return len(self._expected ^ self._found.keys()) + self._late

    @property
    def repeated(self) -> int:
        """States that were written more than once, which only happens in at_least_once."""
        return self._found.total() - len(self._found)
