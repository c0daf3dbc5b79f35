import base64
import json
from collections.abc import Sequence
from typing import Any, cast

import pytest

from pipeline.clusters.params import ClusterParams
from pipeline.dedup.fold import Fold
from pipeline.domain.article import Article, EnrichedArticle, Event, Provenance, Quality, Versions
from pipeline.domain.events import dedup_block, duplicate_event
from pipeline.domain.ids import ArticleId, EventId, cluster_id
from pipeline.domain.outcome import Drop, Emit, Outcome, Reject
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import LogRecord, Signature, Void
from pipeline.domain.stage import STAGES, StageName
from pipeline.domain.verdict import Verdict
from pipeline.offline.clusters import ClusterLines
from pipeline.offline.engine import Engine
from pipeline.offline.funnel import Funnel
from pipeline.stages.chain import Chain


class Ingest:
    name: StageName = "ingest"

    def process(self, batch: Sequence[Record]) -> list[Outcome[Article]]:
        return [self._one(record) for record in batch]

    def _one(self, record: Record) -> Outcome[Article]:
        text = (record.value or b"").decode("utf-8", "replace")
        if text.startswith("bad"):
            return Reject("invalid_json", "bad")
        name = ArticleId(text)
        origin = Origin("run", 0, record.offset)
        return Emit(
            Article(
                id=name,
                ingested_at="2026-11-23T00:00:00.000Z",
                quality=Quality(score=1.0),
                provenance=Provenance(topic=record.topic, partition=0, offset=record.offset, content_sha256=""),
                signature=Signature(version=1, article_id=name, origin=origin, ingested_at_ms=7, observed_at_ms=7),
            )
        )


class Dedupe:
    name: StageName = "dedupe"

    def sign(self, batch: Sequence[Article]) -> list[Signature]:
        return [article.signature for article in batch]

    def judge(self, batch: Sequence[Article], verdicts: Sequence[Verdict]) -> list[Outcome[Article]]:
        return [
            Emit(article)
            if verdict.passes
            else Drop("repeat", duplicate_event(article, verdict, Versions(pipeline="0")))
            for article, verdict in zip(batch, verdicts, strict=True)
        ]


class Middle:
    def __init__(self, name: StageName) -> None:
        self.name: StageName = name

    def process(self, batch: Sequence[Article]) -> list[Outcome[Article]]:
        if any(article.id == "poison" for article in batch):
            raise ValueError
        return [Emit(article) for article in batch]


class Publish:
    name: StageName = "publish"

    def process(self, batch: Sequence[Article]) -> list[Outcome[Event]]:
        return [Emit(self._event(article)) for article in batch]

    def _event(self, article: Article) -> Event:
        value = EnrichedArticle(
            id=article.id,
            ingested_at=article.ingested_at,
            revision=1,
            action="add",
            dedup=dedup_block(verdict(article.signature, "unique")),
            quality=article.quality,
            provenance=article.provenance,
        )
        return Event(
            id=EventId("e"),
            type="news.article.enriched.v1",
            article_id=article.id,
            time=article.ingested_at,
            revision=1,
            observed_at=article.ingested_at,
            value=value,
        )


def verdict(signature: Signature, kind: Any) -> Verdict:
    return Verdict(
        origin=signature.origin,
        article_id=signature.article_id,
        kind=kind,
        revision=1,
        cluster_id=cluster_id(signature.article_id),
        canonical_id=signature.article_id,
        canonical_at_ms=0,
        method="new",
        window_secs=1,
    )


class FakeFold:
    """The second of the same name is a repeat, unless the first one died."""

    def __init__(self) -> None:
        self.log: list[tuple[LogRecord, int]] = []
        self.known: set[str] = set()

    def apply(self, record: LogRecord, append_time_ms: int) -> Verdict | None:
        self.log.append((record, append_time_ms))
        if isinstance(record, Void):
            self.known.discard(record.article_id)
            return None
        assert isinstance(record, Signature)
        kind = "repeat" if record.article_id in self.known else "unique"
        self.known.add(record.article_id)
        return verdict(record, kind)


class Lines:
    def __init__(self) -> None:
        self.lines: list[tuple[str, Any]] = []

    def write(self, key: str, line: bytes) -> None:
        self.lines.append((key, json.loads(line)))


def chain(names: Sequence[StageName] = STAGES) -> Chain:
    stages: list[Any] = [Ingest(), Dedupe(), Middle("detect-language"), Middle("classify"), Publish()]
    return Chain([stage for stage in stages if stage.name in names])


def run(*values: bytes, batch: int = 256) -> tuple[list[tuple[str, Any]], Funnel, FakeFold, list[int]]:
    lines, fold, funnel = Lines(), FakeFold(), Funnel()
    records = [Record("in", 0, offset, 5, None, value, (("h", b"x"),)) for offset, value in enumerate(values)]
    done = list(Engine(chain(), cast("Fold", fold), lines, funnel).run(records, batch))
    return lines.lines, funnel, fold, done


def test_every_record_ends_once_and_in_order() -> None:
    lines, funnel, _, done = run(b"a", b"bad", b"b", b"a", batch=3)
    assert [(key, value.get("id")) for key, value in sorted(lines, key=lambda line: line[0])] == [
        ("dead_letters", None),
        ("duplicates", "a"),
        ("output", "a"),
        ("output", "b"),
    ]
    assert done == [3, 4]
    report = funnel.report()
    assert (report["raw"], report["enriched"]) == (4, 2)
    assert report["duplicates"] == {"repeat": 1}
    assert report["dead_letters"] == {"invalid_json": 1}


@pytest.mark.parametrize("batch", [1, 2, 5, 256])
def test_the_size_of_batches_makes_no_difference(batch: int) -> None:
    values = [b"a", b"bad", b"poison", b"b", b"a", b"c"]
    one, other = run(*values, batch=batch)[0], run(*values, batch=4)[0]
    for output in ("output", "duplicates", "dead_letters"):
        assert [line for key, line in one if key == output] == [line for key, line in other if key == output]


def test_no_records_at_all() -> None:
    lines, funnel, _, done = run()
    assert (lines, done, funnel.report()["raw"]) == ([], [], 0)


def test_what_dies_after_its_verdict_does_not_hold_back_the_next_copy() -> None:
    lines, _, fold, _ = run(b"poison", b"poison", batch=1)
    assert [(key, value["reason"], value["stage"]) for key, value in lines] == [
        ("dead_letters", "unexpected", "detect-language")
    ] * 2
    assert [type(record).__name__ for record, _ in fold.log] == ["Signature", "Void", "Signature", "Void"]


def test_clusters_follow_articles_that_died() -> None:
    lines = Lines()
    clusters = ClusterLines(lines, ClusterParams(), "run")
    records = [Record("in", 0, offset, 5, None, value) for offset, value in enumerate([b"a", b"poison", b"a"])]
    list(Engine(chain(), cast("Fold", FakeFold()), lines, Funnel(), clusters).run(records))
    written = [value for key, value in lines.lines if key == "clusters"]
    assert [(value["cluster_id"], value["version"], value["canonical"]["state"]) for value in written] == [
        ("c-a", 0, "standing"),
        ("c-poison", 1, "standing"),
        ("c-poison", 3, "void"),
    ]


def test_the_log_has_the_articles_own_time() -> None:
    assert [time for _, time in run(b"a")[2].log] == [7]


def test_a_dead_letter_has_everything_needed_to_try_again() -> None:
    lines = run(b"bad \xff", "bad é".encode())[0]
    assert lines[0][1] == {
        "stage": "ingest",
        "reason": "invalid_json",
        "detail": "bad",
        "topic": "in",
        "partition": 0,
        "offset": 0,
        "timestamp_ms": 5,
        "headers": {"h": "x"},
        "value_base64": base64.b64encode(b"bad \xff").decode(),
    }
    assert lines[1][1]["value"] == "bad é"


def test_a_dead_letter_keeps_names_and_bytes_as_they_are() -> None:
    name = ("a\u200e" * 2000 + ".html").encode()
    record = Record("in", 0, 0, 5, None, b"bad", (("file", name), ("news.dlq.reason", b"older")))
    lines = Lines()
    list(Engine(chain(), cast("Fold", FakeFold()), lines, Funnel()).run([record]))
    ((_, line),) = lines.lines
    assert line["headers"] == {"file": name.decode(), "news.dlq.reason": "older"}


def test_a_part_of_the_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="all stages"):
        Engine(chain(["ingest"]), cast("Fold", FakeFold()), Lines(), Funnel())
