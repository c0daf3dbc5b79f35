"""Counting and explaining what the logs of deduplication hold."""

from itertools import count
from typing import Any

import pytest

from pipeline.dedup.fold import Fold
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import Decided, Lost, VerdictRecord
from pipeline.ops.dedup_explanation import explanation
from pipeline.ops.dedup_logs import LogEntry, LogName, statistics


def signature(article: str, text: str, offset: int) -> Signature:
    return Signature(
        version=1,
        article_id=ArticleId(article),
        origin=Origin("", 0, offset),
        content_hash=text.encode().ljust(16, b"."),
        text_hash=text.encode().ljust(16, b"."),
        source=f"{article}.example",
        ingested_at_ms=offset,
        observed_at_ms=offset,
        shingles=300,
    )


class Logs:
    """Both logs, as a worker writes them."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self._fold = Fold()
        self._offsets = {"signatures": count(), "verdicts": count()}

    def add(self, log: LogName, record: LogRecord | VerdictRecord | None) -> None:
        at_ms = len(self.entries)
        self.entries.append(LogEntry(log=log, offset=next(self._offsets[log]), at_ms=at_ms, record=record))

    def article(self, article: str, text: str, **more: Any) -> Decided:
        signed = signature(article, text, len(self.entries))
        verdict = self._fold.apply(signed, len(self.entries))
        assert verdict is not None
        decided = Decided(verdict=verdict, ingested_at_ms=0, publisher=f"{article}.example", **more)
        self.add("signatures", signed)
        self.add("verdicts", decided)
        return decided


@pytest.fixture
def logs() -> Logs:
    return Logs()


def test_everything_in_the_logs_is_counted(logs: Logs) -> None:
    logs.article("a", "one")
    logs.article("b", "one")
    lost = logs.article("a", "two").verdict
    logs.add("signatures", Void(article_id=lost.article_id, origin=lost.origin))
    logs.add("verdicts", Lost(verdict=lost, ingested_at_ms=0))
    logs.add("signatures", None)
    logs.add("verdicts", None)
    logs.add("verdicts", None)
    found = statistics(logs.entries)
    assert (found.signatures, found.articles) == (3, {"a", "b"})
    assert found.kinds == {"unique": 1, "exact": 1, "revision": 1}
    assert found.syndicated == {"b.example": 1}
    assert (found.voids, found.lost) == (1, 1)
    assert found.undecodable == {"signatures": 1, "verdicts": 2}
    assert found.times_ms == {"signatures": (0, 8), "verdicts": (1, 10)}
    assert found.ends == {"signatures": 5, "verdicts": 6}


def test_the_version_in_force_is_the_last_one_in_the_log(logs: Logs) -> None:
    logs.article("a", "one")
    assert statistics(logs.entries).fold_version == 1
    logs.add("signatures", Activate(fold_version=2, signature_version=1))
    found = statistics(logs.entries)
    assert (found.activations, found.fold_version) == (1, 2)


def test_an_article_is_explained_by_its_verdicts_in_order_and_by_who_points_at_it(logs: Logs) -> None:
    logs.article("a", "one")
    logs.article("b", "one", url="https://b.example/1")
    logs.article("c", "other")
    revision = logs.article("a", "two").verdict
    logs.add("verdicts", Lost(verdict=revision, ingested_at_ms=0))
    found = explanation(logs.entries, ArticleId("a"))
    assert found is not None
    assert [(step.verdict.kind, step.verdict.revision, step.void) for step in found.steps] == [
        ("unique", 1, False),
        ("revision", 2, False),
        ("revision", 2, True),
    ]
    assert [(step.verdict.article_id, step.url) for step in found.pointers] == [("b", "https://b.example/1")]
    assert found.cluster_id == "c-a"


def test_who_has_another_text_now_points_no_more(logs: Logs) -> None:
    logs.article("a", "one")
    logs.article("b", "one")
    logs.article("c", "other")
    logs.article("b", "other")
    found = explanation(logs.entries, ArticleId("a"))
    assert found is not None
    assert found.pointers == []


def test_a_repeat_leaves_a_copy_pointing(logs: Logs) -> None:
    logs.article("a", "one")
    logs.article("b", "one")
    logs.article("b", "one")
    found = explanation(logs.entries, ArticleId("a"))
    assert found is not None
    assert [step.verdict.kind for step in found.pointers] == ["exact"]


def test_a_verdict_that_is_written_twice_is_returned_once(logs: Logs) -> None:
    logs.add("verdicts", logs.article("a", "one"))
    found = explanation(logs.entries, ArticleId("a"))
    assert found is not None
    assert len(found.steps) == 1


def test_an_article_without_a_verdict_has_no_explanation(logs: Logs) -> None:
    logs.article("a", "one")
    assert explanation(logs.entries, ArticleId("b")) is None
