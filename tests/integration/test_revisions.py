"""Versions of an article on Kafka: revision, re-crawl, reversion, stale version, crash, retraction, reused URL."""

from collections.abc import Iterator

import orjson
import pytest

from pipeline.assembly import newest_version
from pipeline.ops.dedup_control import begin_log
from pipeline.settings import KafkaSettings
from tests.harness.cluster import TestCluster
from tests.harness.scenario import ALL, RAW, article, drain, retraction, send
from tests.harness.workers import WorkerProcess, environment
from tests.integration.conftest import Broker

URL = "https://news.example/story"
ENRICHED, REVISED, RETRACTED = (f"news.article.{kind}.v1" for kind in ("enriched", "revised", "retracted"))

FIRST = (
    "The harbour council agreed on Tuesday to rebuild the northern pier after the storm of last winter. "
    "Work is to begin in March and will take about eleven months, the council said. "
    "Fishing boats will use the eastern basin until then, and the ferry to the islands keeps its timetable. "
    "Merchants along the quay had asked for a faster plan, but engineers advised against building in autumn gales. "
    "The cost is shared between the town, the region and the port authority."
)
SECOND = FIRST.replace("eleven months", "fourteen months").replace("in March", "in late April") + (
    " A second contractor was named on Wednesday, after the first had withdrawn its offer."
)
OTHER = (
    "Volunteers counted more than four hundred herons along the river this weekend, the highest number in a decade. "
    "Biologists credit cleaner water and the return of reed beds that were cut down in the nineteen seventies. "
    "A festival with guided walks is planned for May, and schools may borrow binoculars free of charge. "
    "Anglers were less delighted and asked the district for talks about the stocking of young trout this spring."
)


class Bench:
    """A cluster with a running worker."""

    def __init__(self, broker: Broker, prefix: str, worker: WorkerProcess, cluster: TestCluster) -> None:
        self.broker, self.worker, self.cluster = broker, worker, cluster
        self.group = f"{prefix}news-ingest"


@pytest.fixture
def bench(kafka_broker: Broker, topic_prefix: str) -> Iterator[Bench]:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    assert begin_log(
        KafkaSettings(bootstrap_servers=kafka_broker.bootstrap_servers), cluster.catalogue, newest_version()
    )
    with WorkerProcess(environment(kafka_broker.bootstrap_servers, topic_prefix), ALL) as worker:
        worker.wait_ready()
        yield Bench(kafka_broker, topic_prefix, worker, cluster)


pytestmark = [pytest.mark.kafka, pytest.mark.broker]


def test_a_changed_text_is_a_revision_and_a_recrawl_a_repeat(bench: Bench) -> None:
    first, again, changed = send(
        bench.cluster,
        article(URL, "Pier to be rebuilt", FIRST, "2026-11-20T10:00:00Z"),
        article(URL, "Pier to be rebuilt", FIRST, "2026-11-20T11:00:00Z"),
        article(URL, "Pier to be rebuilt", SECOND, "2026-11-20T12:00:00Z"),
    )
    seen = drain(bench.cluster, bench.worker, bench.group)
    kind, value = seen.of(first.offset, first.partition)
    assert (kind, value["revision"], value["action"]) == (ENRICHED, 1, "add")
    kind, value = seen.of(again.offset, again.partition)
    assert (kind, value["dedup"]["kind"], value["revision"]) == ("duplicate", "repeat", 1)
    kind, value = seen.of(changed.offset, changed.partition)
    assert (kind, value["revision"], value["supersedes"], value["action"]) == (REVISED, 2, 1, "replace")
    assert "body" in [change["part"] for change in value["changed"]]


def test_a_return_to_the_first_text_is_a_revision_marked_reverted(bench: Bench) -> None:
    *_, back = send(
        bench.cluster,
        article(URL, "Pier to be rebuilt", FIRST, "2026-11-20T10:00:00Z"),
        article(URL, "Pier to be rebuilt", SECOND, "2026-11-20T11:00:00Z"),
        article(URL, "Pier to be rebuilt", FIRST, "2026-11-20T12:00:00Z"),
    )
    seen = drain(bench.cluster, bench.worker, bench.group)
    kind, value = seen.of(back.offset, back.partition)
    assert (kind, value["revision"], value["supersedes"], value["change_labels"]) == (REVISED, 3, 2, ["reverted"])
    assert [value["revision"] for _, value in seen.events] == [1, 2, 3]


def test_an_older_version_that_arrives_late_is_stale(bench: Bench) -> None:
    *_, late = send(
        bench.cluster,
        article(URL, "Pier to be rebuilt", SECOND, "2026-11-20T12:00:00Z"),
        article(URL, "Pier to be rebuilt", FIRST, "2026-11-20T10:00:00Z"),
    )
    seen = drain(bench.cluster, bench.worker, bench.group)
    kind, value = seen.of(late.offset, late.partition)
    assert (kind, value["dedup"]["kind"]) == ("duplicate", "stale")
    assert [kind for kind, _ in seen.events] == [ENRICHED]


def test_a_retraction_is_published_once_and_not_for_an_unknown_article(bench: Bench) -> None:
    _, gone, unknown, again = send(
        bench.cluster,
        article(URL, "Pier to be rebuilt", FIRST),
        retraction(URL),
        retraction("https://news.example/never-seen"),
        retraction(URL, "2026-11-20T13:00:00Z"),
    )
    seen = drain(bench.cluster, bench.worker, bench.group)
    kind, value = seen.of(gone.offset, gone.partition)
    assert (kind, value["action"], value["revision"], value.get("body", "")) == (RETRACTED, "delete", 2, "")
    assert seen.of(unknown.offset, unknown.partition)[1]["dedup"]["kind"] == "unknown_article"
    assert seen.of(again.offset, again.partition)[1]["dedup"]["kind"] == "repeat"


def test_a_reused_url_is_a_new_article_with_a_flag(bench: Bench) -> None:
    _, new = send(
        bench.cluster,
        article(URL, "Pier to be rebuilt", FIRST, "2026-11-20T10:00:00Z"),
        article(URL, "Herons are back", OTHER, "2026-11-20T12:00:00Z"),
    )
    seen = drain(bench.cluster, bench.worker, bench.group)
    kind, value = seen.of(new.offset, new.partition)
    assert (kind, value["revision"], value["dedup"]["kind"]) == (ENRICHED, 2, "unique")
    assert "reused_url" in value["dedup"]["flags"]
    assert "supersedes" not in value


def test_an_exact_copy_elsewhere_is_a_syndicated_duplicate(bench: Bench) -> None:
    first, copy = send(
        bench.cluster,
        article(URL, "Pier to be rebuilt", FIRST),
        article("https://mirror.example.org/a", "Northern pier: council decides", FIRST),
    )
    seen = drain(bench.cluster, bench.worker, bench.group)
    canonical = seen.of(first.offset, first.partition)[1]["id"]
    kind, value = seen.of(copy.offset, copy.partition)
    assert (kind, value["dedup"]["kind"], value["dedup"]["canonical_id"]) == ("duplicate", "exact", canonical)
    assert value["syndication"]["is_syndicated"] is True


def test_a_crash_between_append_and_commit_repeats_the_verdict(kafka_broker: Broker, topic_prefix: str) -> None:
    """A crash leaves a signature in the log without outputs; the article must not become a copy of itself."""
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    (sent,) = send(cluster, article(URL, "Pier to be rebuilt", FIRST))
    group = f"{topic_prefix}news-ingest"
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    # Create the signature that the crashed worker would have appended, by a run under another prefix.
    other = TestCluster(kafka_broker.bootstrap_servers, f"x{topic_prefix}")
    other.provision()
    send(other, article(URL, "Pier to be rebuilt", FIRST))
    twin = environment(kafka_broker.bootstrap_servers, f"x{topic_prefix}")
    with WorkerProcess(twin, ALL) as worker:
        worker.wait_ready()
        drain(other, worker, f"x{topic_prefix}news-ingest")
    (signature,) = other.read("news.signatures.v1")
    left_behind = orjson.loads(signature.value)
    left_behind["origin"] = ["", sent.partition, sent.offset]
    cluster.produce("news.signatures.v1", [(signature.key, orjson.dumps(left_behind), ())])
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        seen = drain(cluster, worker, group)
    kind, value = seen.of(sent.offset, sent.partition)
    assert (kind, value["dedup"]["kind"], value["revision"]) == (ENRICHED, "unique", 1)
    assert cluster.lag(group, RAW) == 0
    assert len(cluster.read("news.signatures.v1")) == 1, "a replay appends nothing"
