"""The work of `cluster` on a batch: events, counts, dead letters; and that nothing changes before the commit."""

import orjson
from msgspec.structs import replace

from pipeline.clusters.fold import Clusters
from pipeline.domain.ids import ArticleId, ClusterId
from pipeline.domain.record import Origin, Record
from pipeline.domain.verdict import Decided, Lost, Verdict, VerdictRecord
from pipeline.runtime.cluster_service import ClusterService
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import decode_cluster, encode
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.partitioner import partitions

NOW = 1_790_000_000_000
CATALOGUE = load_catalogue().sized(article_partitions=4)
UNIQUE = Decided(
    verdict=Verdict(
        origin=Origin("", 0, 1),
        article_id=ArticleId("a"),
        kind="unique",
        revision=1,
        cluster_id=ClusterId("c-a"),
        canonical_id=ArticleId("a"),
        canonical_at_ms=NOW,
        method="new",
        window_secs=60,
    ),
    ingested_at_ms=NOW,
    publisher="a.example",
)
COPY = replace(UNIQUE, verdict=replace(UNIQUE.verdict, origin=Origin("", 0, 2), article_id=ArticleId("b"), kind="near"))


def _record(offset: int, verdict: VerdictRecord | bytes) -> Record:
    value = verdict if isinstance(verdict, bytes) else encode(verdict)
    return Record("news.verdicts.v1", 0, offset, NOW, b"k", value)


def _work(clusters: Clusters, *records: Record) -> Output:
    assembly = OutputAssembly(CATALOGUE, Reporter(app="t", version="1", group="g"), ("cluster",))
    service = ClusterService(lambda: clusters, assembly, lane="", version="1")
    return service.finish(service.prepare(records), [])


def test_every_change_is_an_event_on_the_partition_of_its_cluster() -> None:
    output = _work(Clusters(), _record(5, UNIQUE), _record(9, COPY))
    (expected,) = partitions([b"c-a"], 4)
    assert [(record.topic, record.key, partition) for record, partition in output.records] == [
        ("news.clusters.v1", b"c-a", expected)
    ] * 2
    first, second = (decode_cluster(record.value or b"") for record, _ in output.records)
    assert (first.version, first.size) == (5, 1)
    assert (second.version, second.supersedes, second.size) == (9, 5, 2)
    headers = dict(output.records[1][0].headers)
    assert headers["ce_type"] == b"news.cluster.changed.v1"
    assert (headers["ce_subject"], headers["ce_revision"]) == (b"c-a", b"9")
    assert output.clusters == [first, second]
    assert output.produced == {("cluster", "news.clusters.v1"): 2}


def test_counts_add_up() -> None:
    repeat = replace(COPY, verdict=replace(COPY.verdict, origin=Origin("", 0, 3), kind="repeat"))
    output = _work(Clusters(), _record(0, UNIQUE), _record(1, UNIQUE), _record(2, repeat), _record(3, b"{"))
    counts = output.counts["cluster"]
    assert (counts.consumed, counts.emitted) == (4, 1)
    assert counts.dropped == {"unchanged": 2}
    assert counts.rejected == {"invalid_schema": 1}
    assert output.dead_letters == {("cluster", "invalid_schema"): 1}


def test_what_cannot_be_read_is_a_dead_letter_with_its_bytes() -> None:
    ((letter, partition),) = _work(Clusters(), _record(3, b'{"type":"verdict"}')).records
    assert (letter.topic, letter.value, partition) == ("news.dlq.cluster.v1", b'{"type":"verdict"}', 0)
    headers = dict(letter.headers)
    assert headers["news.dlq.reason"] == b"invalid_schema"
    assert headers["__connect.errors.offset"] == b"3"


def test_nothing_changes_before_the_commit_and_the_same_work_gives_the_same_bytes() -> None:
    clusters = Clusters()
    once = _work(clusters, _record(0, UNIQUE), _record(1, COPY))
    assert len(clusters) == 0
    again = _work(clusters, _record(0, UNIQUE), _record(1, COPY))
    assert once.records == again.records
    assert again.draft is not None
    clusters.adopt(again.draft)
    after = _work(clusters, _record(2, Lost(verdict=UNIQUE.verdict, ingested_at_ms=NOW)))
    value = orjson.loads(after.records[0][0].value or b"")
    assert (value["canonical"]["state"], value["size"], value["supersedes"]) == ("void", 1, 1)
