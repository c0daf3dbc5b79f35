"""What became of every raw record, read from the topics that the pipeline writes."""

from collections import Counter
from typing import Any, Literal, cast

import orjson
from msgspec import Struct

from pipeline.wire.catalogue import DUPLICATES, Catalogue
from pipeline.wire.dead_letters import CONNECT_PREFIX, OWN_PREFIX

__all__ = ["Fate", "Fates", "result_topics"]

FateKind = Literal["enriched", "revised", "retracted", "duplicate", "dead letter"]
_ACTIONS: dict[str, FateKind] = {"add": "enriched", "replace": "revised", "delete": "retracted"}


class Fate(Struct, frozen=True, kw_only=True):
    """One raw record's end, ready to be shown. `why` is the verdict or the reason."""

    kind: FateKind
    why: str
    language: str = ""
    subjects: str = ""
    headline: str = ""


class Fates:
    """Gathers the ends of raw records; a repeated delivery of the same record counts once."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()
        self._counts: Counter[tuple[FateKind, str]] = Counter()

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, record: Any) -> Fate | None:
        """Read a record of a result topic; None when its raw record's end is known already."""
        headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers or ()}
        if f"{OWN_PREFIX}reason" in headers:
            place = (int(headers[f"{CONNECT_PREFIX}partition"]), int(headers[f"{CONNECT_PREFIX}offset"]))
            fate = Fate(
                kind="dead letter",
                why=headers[f"{OWN_PREFIX}reason"],
                headline=headers.get(f"{CONNECT_PREFIX}exception.message", ""),
            )
        else:
            value = orjson.loads(record.value)
            place = (value["provenance"]["partition"], value["provenance"]["offset"])
            fate = _event_fate(value)
        if place in self._seen:
            return None
        self._seen.add(place)
        self._counts[fate.kind, fate.why if fate.kind in {"duplicate", "dead letter"} else ""] += 1
        return fate

    def funnel(self) -> dict[str, Any]:
        """Return how many records ended how; kinds of duplicates and reasons of dead letters apart."""
        funnel: dict[str, Any] = {kind: self._counts[kind, ""] for kind in ("enriched", "revised", "retracted")}
        for name, kind in (("duplicates", "duplicate"), ("dead_letters", "dead letter")):
            funnel[name] = {why: count for (found, why), count in sorted(self._counts.items()) if found == kind}
        return funnel


def result_topics(catalogue: Catalogue) -> list[str]:
    """Return the topics in which raw records end."""
    dead_letters = [catalogue.stage(stage).dead_letters for stage in catalogue.stages]
    return [catalogue.stage("publish").emits, catalogue.full_name(DUPLICATES), *dead_letters]


def _event_fate(value: dict[str, Any]) -> Fate:
    dedup = value["dedup"]
    action = value.get("action")
    if action is None:
        return Fate(kind="duplicate", why=dedup["kind"], headline=value.get("headline", ""))
    kind = _ACTIONS[action]
    change = value.get("change_class")
    language = value.get("language")
    return Fate(
        kind=kind,
        why=f"revision {value['revision']}, {change or dedup['kind']}" if kind != "enriched" else dedup["kind"],
        language=cast("str", language["tag"]) if language else "",
        subjects=", ".join(subject["name"] for subject in value.get("subjects", ())),
        headline=value.get("headline") or value.get("url") or "",
    )
