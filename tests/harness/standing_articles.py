"""Two ways to the articles that stand: all events and duplicates by the rules of docs/consumers.md, or the states."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from msgspec import Struct

from tests.harness.states import effect_of

__all__ = ["StandingArticles", "compacted"]

STARTS_AGAIN_AFTER: Final = timedelta(days=7)


class _Version(Struct, frozen=True):
    revision: int
    time: datetime
    value: bytes | None

    def is_replaced_by(self, other: "_Version") -> bool:
        if abs(other.time - self.time) > STARTS_AGAIN_AFTER:  # numbering has started again in between
            return other.time > self.time
        return other.revision > self.revision


class StandingArticles:
    """What a consumer has that reads every event and, if it wants to, every duplicate; topics in any order."""

    def __init__(self) -> None:
        self._versions: dict[bytes, _Version] = {}

    def apply(self, headers: Mapping[str, bytes], content: bytes) -> None:
        """Apply an event, or a duplicate."""
        value: dict[str, Any] = orjson.loads(content)
        effect = effect_of(value)
        if effect == "as before":
            return
        version = _Version(
            int(headers["ce_revision"]),
            datetime.fromisoformat(headers["ce_time"].decode()),
            content if effect == "stands" else None,
        )
        known = self._versions.get(headers["ce_subject"])
        if known is None or known.is_replaced_by(version):
            self._versions[headers["ce_subject"]] = version

    @property
    def values(self) -> dict[bytes, bytes]:
        """The values of the articles that stand, by id."""
        return {article: version.value for article, version in self._versions.items() if version.value is not None}


def compacted(records: Iterable[tuple[bytes | None, bytes | None]]) -> dict[bytes, bytes]:
    """Return what is left of keys and values, in the order of their partitions, after compaction and its delay."""
    left = {key: value for key, value in records if key is not None}
    return {key: value for key, value in left.items() if value is not None}
