"""The result of every raw record, read from the topics that the pipeline writes."""

from collections import Counter
from typing import Any, Final, Literal, cast

import orjson
from msgspec import Struct

from pipeline.wire.catalogue import DUPLICATES, Catalogue
from pipeline.wire.dead_letters import CONNECT_PREFIX, OWN_PREFIX

__all__ = ["RecordResult", "RecordResults", "result_topics"]

ResultKind = Literal["enriched", "revised", "retracted", "duplicate", "dead letter"]
_WITH_TEXT: Final[tuple[ResultKind, ...]] = ("enriched", "revised")
_ACTIONS: dict[str, ResultKind] = {"add": "enriched", "replace": "revised", "delete": "retracted"}


class RecordResult(Struct, frozen=True, kw_only=True):
    """The result of one raw record as text for the screen.

    `why` is the verdict or the reason. Subjects are those of the top level; a question mark follows those that are not
    reliable.
    """

    kind: ResultKind
    why: str
    language: str = ""
    subjects: str = ""
    headline: str = ""


class RecordResults:
    """Collects the results of raw records; a result that is delivered again counts once."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()
        self._counts: Counter[tuple[ResultKind, str]] = Counter()
        self._texts = 0
        self._with_subject = 0

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def subjects(self) -> tuple[int, int]:
        """How many events have a subject, and how many have a text and so might."""
        return self._with_subject, self._texts

    def add(self, record: Any) -> RecordResult | None:
        """Read a record of a result topic; return None when the result of its raw record is known already."""
        headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers or ()}
        if f"{OWN_PREFIX}reason" in headers:
            place = (int(headers[f"{CONNECT_PREFIX}partition"]), int(headers[f"{CONNECT_PREFIX}offset"]))
            result = RecordResult(
                kind="dead letter",
                why=headers[f"{OWN_PREFIX}reason"],
                headline=headers.get(f"{CONNECT_PREFIX}exception.message", ""),
            )
        else:
            value = orjson.loads(record.value)
            place = (value["provenance"]["partition"], value["provenance"]["offset"])
            result = _event_result(value)
        if place in self._seen:
            return None
        self._seen.add(place)
        self._texts += result.kind in _WITH_TEXT
        self._with_subject += bool(result.subjects)
        self._counts[result.kind, result.why if result.kind in {"duplicate", "dead letter"} else ""] += 1
        return result

    def funnel(self) -> dict[str, Any]:
        """Return the number of records by result; of duplicates by kind, of dead letters by reason."""
        funnel: dict[str, Any] = {kind: self._counts[kind, ""] for kind in ("enriched", "revised", "retracted")}
        for name, kind in (("duplicates", "duplicate"), ("dead_letters", "dead letter")):
            funnel[name] = {why: count for (found, why), count in sorted(self._counts.items()) if found == kind}
        return funnel


def result_topics(catalogue: Catalogue) -> list[str]:
    """Return the topics that contain the results of raw records."""
    dead_letters = [catalogue.stage(stage).dead_letters for stage in catalogue.stages]
    return [catalogue.stage("publish").emits, catalogue.full_name(DUPLICATES), *dead_letters]


def _event_result(value: dict[str, Any]) -> RecordResult:
    dedup = value["dedup"]
    action = value.get("action")
    if action is None:
        return RecordResult(kind="duplicate", why=dedup["kind"], headline=value.get("headline", ""))
    kind = _ACTIONS[action]
    change = ", ".join(value.get("change_labels") or [item["part"] for item in value.get("changed", ())])
    language = value.get("language")
    return RecordResult(
        kind=kind,
        why=f"revision {value['revision']}, {change or dedup['kind']}" if kind != "enriched" else dedup["kind"],
        language=cast("str", language["tag"]) if language else "",
        subjects=", ".join(_named(item) for item in value.get("subjects", ()) if "parent" not in item),
        headline=value.get("headline") or value.get("url") or "",
    )


def _named(subject: dict[str, Any]) -> str:
    return f"{subject['name']}{'' if subject['reliable'] else '?'}"
