"""The funnel of a run: the outcome of every raw record, checked to add up."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pipeline.domain.article import EventType
from pipeline.domain.stage import STAGES, StageName
from pipeline.stages.counts import StageCounts

__all__ = ["Funnel"]

_EVENT_NAMES: dict[EventType, str] = {
    "news.article.enriched.v1": "enriched",
    "news.article.revised.v1": "revised",
    "news.article.retracted.v1": "retracted",
}


class Funnel:
    """Counts records and their outcomes twice: by the lines written, and by the counts of the stages."""

    def __init__(self) -> None:
        self._raw = 0
        self._events: Counter[str] = Counter()
        self._duplicates = 0
        self._dead_letters: Counter[str] = Counter()
        self._stages: dict[StageName, Counter[tuple[str, str]]] = {}

    @property
    def raw(self) -> int:
        """How many raw records were read."""
        return self._raw

    def read(self, records: int) -> None:
        """Count raw records."""
        self._raw += records

    def event(self, kind: EventType) -> None:
        """Count an event that came out."""
        self._events[_EVENT_NAMES[kind]] += 1

    def duplicate(self) -> None:
        """Count a duplicate that was written."""
        self._duplicates += 1

    def dead_letter(self, reason: str) -> None:
        """Count a record that cannot be processed."""
        self._dead_letters[reason] += 1

    def stages(self, counts: Mapping[StageName, StageCounts]) -> None:
        """Add what the stages did to a batch."""
        for name, stage in counts.items():
            sums = self._stages.setdefault(name, Counter())
            sums["consumed", ""] += stage.consumed
            sums["emitted", ""] += stage.emitted
            sums.update({("dropped", reason): count for reason, count in stage.dropped.items()})
            sums.update({("rejected", reason): count for reason, count in stage.rejected.items()})

    def check(self) -> None:
        """Raise RuntimeError when a record is missing or was counted twice."""
        ended = self._events.total() + self._duplicates + self._dead_letters.total()
        if ended != self._raw:
            raise RuntimeError(f"{self._raw} raw records came to {ended} ends")
        reaching = self._raw
        for name in STAGES:
            sums = self._stages.get(name, Counter())
            held = sum(count for (outcome, _), count in sums.items() if outcome in {"dropped", "rejected"})
            if sums["consumed", ""] != reaching or sums["emitted", ""] + held != reaching:
                raise RuntimeError(f"the counts of {name} do not add up")
            reaching = sums["emitted", ""]
        dropped = sum(self._dropped().values())
        if dropped != self._duplicates:
            raise RuntimeError(f"{dropped} dropped, {self._duplicates} duplicates written")
        if reaching != self._events.total():
            raise RuntimeError(f"{reaching} emitted, {self._events.total()} written")

    def report(self) -> dict[str, Any]:
        """Return it as plain JSON values: raw = enriched + revised + retracted + duplicates + dead letters."""
        return {
            "raw": self._raw,
            **{name: self._events[name] for name in _EVENT_NAMES.values()},
            "duplicates": dict(sorted(self._dropped().items())),
            "dead_letters": dict(sorted(self._dead_letters.items())),
            "stages": {name: _stage_report(self._stages[name]) for name in STAGES if name in self._stages},
        }

    def _dropped(self) -> Counter[str]:
        """Return the number of dropped records by reason."""
        dropped: Counter[str] = Counter()
        for sums in self._stages.values():
            dropped.update({reason: count for (outcome, reason), count in sums.items() if outcome == "dropped"})
        return dropped


def _stage_report(sums: Counter[tuple[str, str]]) -> dict[str, Any]:
    report: dict[str, Any] = {"consumed": sums["consumed", ""], "emitted": sums["emitted", ""]}
    for outcome in ("dropped", "rejected"):
        report[outcome] = {reason: count for (kind, reason), count in sorted(sums.items()) if kind == outcome}
    return report
