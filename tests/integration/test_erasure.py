"""Articles are erased by id, and retracted by source, through the commands, on Apache Kafka."""

import json
import sys
from collections.abc import Iterator
from subprocess import CompletedProcess
from uuid import uuid4

import pytest
from msgspec import Struct

from pipeline.assembly import newest_version
from pipeline.ops.dedup_control import begin_log
from pipeline.settings import KafkaSettings
from pipeline.wire.raw import raw_key
from tests.harness.cluster import TestCluster
from tests.harness.downstream_articles import arrivals
from tests.harness.oracle import check_states
from tests.harness.scenario import ALL, RAW, article, read, send
from tests.harness.standing_articles import compacted
from tests.harness.states import CURRENT
from tests.harness.tools import run
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.broker, pytest.mark.timeout(300)]

PERSON = (
    "Aldous Fenwick of Mill Lane was fined on Monday for mooring his boat at the landing of the lifeboat. He told the "
    "court that he had been ill for weeks and could not row. The magistrate accepted a letter of his doctor and halved "
    "the fine. Neighbours said that the landing had no sign. The harbour office put one up on the same day, and lent "
    "him a place behind the boathouse until he can walk to the quay again."
)
FIRST, SECOND = "https://herald.example/fine", "https://courier.example/fine"
SITE, LABEL = "granary.example", "Granary Weekly"


class Stand(Struct, frozen=True):
    """A running worker and its topics."""

    cluster: TestCluster
    env: dict[str, str]
    worker: WorkerProcess

    def command(self, *words: str) -> CompletedProcess[str]:
        done = run([sys.executable, "-m", "pipeline", *words], env=self.env, seconds=100)
        assert done.returncode == 0, done.stderr
        return done

    def settle(self) -> None:
        """Wait until nothing is left to do twice in a row: promoted copies come back through the raw topic."""
        quiet = 0

        def done() -> bool:
            nonlocal quiet
            assert self.worker.alive, self.worker.log_text()[-3000:]
            quiet = quiet + 1 if self.cluster.lag(f"{self.cluster.catalogue.prefix}news-ingest", RAW) == 0 else 0
            return quiet == 2

        wait_until(done, seconds=60, what="lag 0", pause_secs=0.3)

    def standing(self) -> set[str]:
        """Return the URLs of the articles that stand."""
        records = self.cluster.read(CURRENT)
        values = compacted([(record.key, record.value) for record in records]).values()
        return {json.loads(value)["url"] for value in values}


@pytest.fixture(scope="module")
def stand(kafka_broker: Broker) -> Iterator[Stand]:
    cluster = TestCluster(kafka_broker.bootstrap_servers, f"t{uuid4().hex[:10]}.")
    cluster.provision()
    assert begin_log(
        KafkaSettings(bootstrap_servers=kafka_broker.bootstrap_servers), cluster.catalogue, newest_version()
    )
    env = environment(kafka_broker.bootstrap_servers, cluster.catalogue.prefix)
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        found = Stand(cluster, env, worker)
        send(cluster, article(FIRST, "Fined for mooring", PERSON), article(SECOND, "Boat at the landing", PERSON))
        texts = [json.loads(raw[1] or b"")["text"] for raw in arrivals()[0] if "text" in json.loads(raw[1] or b"")]
        send(
            cluster,
            article(f"https://{SITE}/1", "One", texts[0]),
            article(f"https://www.{SITE}/2", "Two", texts[1], source=LABEL),
            article(f"https://{SITE}/3", "Three", texts[2], source=SITE),
            article("https://other.example/4", "Four", f"{SITE} was not asked. {texts[3]}"),
        )
        found.settle()
        yield found


def _id(url: str) -> str:
    found = raw_key(json.dumps({"url": url, "action": "retract"}).encode(), ())
    assert found is not None
    return found


def test_an_article_is_erased_with_its_copies(stand: Stand) -> None:
    before = len(stand.cluster.read(RAW))
    report = json.loads(stand.command("erase", _id(FIRST), "--json").stdout)
    assert (report["standing"], report["copies"]) == (True, [_id(SECOND)])
    prefix = stand.cluster.catalogue.prefix
    records = {topic["topic"].removeprefix(prefix): topic for topic in report["topics"]}
    assert {RAW, CURRENT, "news.articles.enriched.v1", "news.signatures.v1", "news.verdicts.v1"} <= records.keys()
    assert records[CURRENT]["kept_by"] == "compaction"
    assert records[RAW]["until"] < records["news.articles.enriched.v1"]["until"]
    assert len(stand.cluster.read(RAW)) == before, "a report changes nothing"

    stand.command("erase", _id(FIRST), "--copies", "--yes")
    stand.settle()
    assert not {FIRST, SECOND} & stand.standing()
    ended = {value["url"] for kind, value in read(stand.cluster).events if kind == "news.article.retracted.v1"}
    assert FIRST in ended
    report = json.loads(stand.command("erase", _id(FIRST), "--json").stdout)
    assert (report["standing"], report["copies"]) == (False, [])


def test_all_articles_of_a_source_are_retracted(stand: Stand) -> None:
    assert "3 articles" in stand.command("retract", "--source", SITE).stdout
    assert "1 articles" in stand.command("retract", "--source", LABEL).stdout
    before = stand.standing()
    stand.command("retract", "--source", SITE, "--yes")
    stand.settle()
    assert stand.standing() == {url for url in before if SITE not in url}
    assert "https://other.example/4" in stand.standing()
    assert "0 articles" in stand.command("retract", "--source", SITE, "--yes").stdout
    assert not read(stand.cluster).dead_letters
    # Nothing but the null values that `erase` has added is without an event.
    assert check_states(stand.cluster)["repeated states"] == 0
