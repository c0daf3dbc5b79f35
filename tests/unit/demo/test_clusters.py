from typing import Any

import orjson
from msgspec import Struct

from pipeline.demo.clusters import ClusterStates
from pipeline.wire.catalogue import load_catalogue


class Record(Struct):
    topic: str
    offset: int
    value: bytes


def verdict(offset: int, kind: str) -> Record:
    return Record("news.verdicts.v1", offset, orjson.dumps({"type": "verdict", "verdict": {"kind": kind}}))


def cluster_event(cluster: str, version: int, publishers: int) -> Record:
    value: dict[str, Any] = {
        "cluster_id": cluster,
        "version": version,
        "canonical": {"article_id": "a", "url": f"https://{cluster}.example/"},
        "size": publishers + 1,
        "publishers": {"count": publishers, "top": []},
        "origins": {"count": 1, "top": [{"name": "agency.example", "articles": 2}]},
    }
    return Record("news.clusters.v1", version, orjson.dumps(value))


def test_it_is_complete_after_the_last_verdict_that_counts() -> None:
    clusters = ClusterStates(load_catalogue())
    assert clusters.topics == ["news.verdicts.v1", "news.clusters.v1"]
    assert not clusters.complete
    for record in (verdict(3, "unique"), verdict(4, "near"), verdict(5, "repeat"), cluster_event("c-a", 3, 1)):
        clusters.add(record)
    assert not clusters.complete
    clusters.add(cluster_event("c-a", 4, 2))
    assert clusters.complete


def test_it_shows_the_latest_state_of_what_most_publishers_carry() -> None:
    clusters = ClusterStates(load_catalogue())
    for record in (cluster_event("c-a", 9, 3), cluster_event("c-a", 7, 1), cluster_event("c-b", 8, 2)):
        clusters.add(record)
    assert clusters.describe() == (
        "clusters 2, such as https://c-a.example/:\n"
        "         4 articles, 3 publishers, independent origins 1: agency.example"
    )
