"""The expected cluster events: a simple implementation of the rules over the verdict log, in dicts and lists.

Only for logs that lie within one window. It uses nothing of the pipeline's own fold.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

__all__ = ["actual_events", "expected_events"]

Fields = dict[str, Any]


def expected_events(log: Iterable[Any]) -> dict[str, list[Fields]]:
    """Fold records of news.verdicts.v1; return the fields of each cluster's events, in order."""
    facts: dict[str, list[Fields]] = {}
    home: dict[str, str] = {}
    events: dict[str, list[Fields]] = {}

    def emit(cluster: str, offset: int) -> None:
        known = events.setdefault(cluster, [])
        before = known[-1]["version"] if known else None
        known.append({"version": offset, "supersedes": before, **_state(cluster, facts[cluster])})

    for record in log:
        value = orjson.loads(record.value)
        verdict = value["verdict"]
        cluster, article = verdict["cluster_id"], verdict["article_id"]
        known = facts.setdefault(cluster, [])
        same = [fact for fact in known if fact["origin"] == verdict["origin"]]
        if value["type"] == "void":
            for fact in same:
                fact["gone"] = True
            if same:
                emit(cluster, record.offset)
            continue
        if same or verdict["kind"] in ("repeat", "stale", "unknown_article"):
            continue
        before = home.get(article)
        if before not in (None, cluster):
            for fact in facts[before]:
                fact["gone"] = fact["gone"] or fact["article_id"] == article
            emit(before, record.offset)
        home[article] = cluster
        known.append(
            {**verdict, "publisher": value.get("publisher", ""), "credit": value.get("credit", ""), "gone": False}
        )
        emit(cluster, record.offset)
    return events


def _state(cluster: str, facts: Sequence[Fields]) -> Fields:
    latest: dict[str, Fields] = {}
    for fact in facts:
        if not fact["gone"]:
            latest[fact["article_id"]] = fact
    standing = [fact for fact in latest.values() if fact["kind"] != "retraction"]
    by_text: dict[str, list[Fields]] = {}
    for fact in standing:
        by_text.setdefault(fact["canonical_id"], []).append(fact)
    origins = Counter[str]()
    for text, carriers in by_text.items():
        credit = next((fact["credit"] for fact in carriers if fact["credit"]), None)
        first = [fact["publisher"] for fact in facts if fact["article_id"] == text]
        matched = [fact["matched_source"] for fact in carriers if fact.get("matched_source")]
        origins[credit or next(iter((*first, *matched)), text)] += len(carriers)
    founding = cluster.split("-")[1]
    return {
        "size": len(standing),
        "members": sorted(fact["article_id"] for fact in standing),
        "publishers": len({fact["publisher"] for fact in standing} - {""}),
        "origins": dict(origins),
        "stands": founding in latest and latest[founding]["kind"] != "retraction",
    }


def actual_events(records: Iterable[Any]) -> dict[str, list[Fields]]:
    """Return the fields of records of news.clusters.v1, by cluster in order, named as in `expected_events`."""
    events: dict[str, list[Fields]] = {}
    for record in records:
        value = orjson.loads(record.value)
        assert record.key.decode() == value["cluster_id"]
        assert dict(record.headers)["ce_revision"].decode() == str(value["version"])
        events.setdefault(value["cluster_id"], []).append(
            {
                "version": value["version"],
                "supersedes": value.get("supersedes"),
                "size": value["size"],
                "members": sorted(member["article_id"] for member in value.get("members", ())),
                "publishers": value["publishers"]["count"],
                "origins": {origin["name"]: origin["articles"] for origin in value["origins"]["top"]},
                "stands": value["canonical"]["state"] == "standing",
            }
        )
    return events
