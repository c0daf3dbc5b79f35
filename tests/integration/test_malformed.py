"""Bad records among good ones: each becomes a dead letter with its original bytes, and no good article is lost."""

from collections import Counter

import pytest

from pipeline.wire.raw import raw_key
from tests.harness.cluster import Sent, TestCluster
from tests.harness.issuer import issue
from tests.harness.malformed import Malformed, malformed
from tests.harness.scenario import ALL, RAW, Raw, drain
from tests.harness.workers import WorkerProcess, environment
from tests.integration.conftest import Broker

EACH = 7


@pytest.mark.broker
@pytest.mark.timeout(300)
def test_every_bad_record_is_a_dead_letter_and_every_good_one_is_published(broker: Broker, topic_prefix: str) -> None:
    bad = list(malformed(EACH))
    assert len(bad) >= 200
    assert len({record.kind for record in bad}) >= 20
    cluster = TestCluster(broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    guarantee = "exactly_once" if broker.has_transactions else "at_least_once"
    sent = cluster.produce(RAW, _mixed(bad))
    env = environment(broker.bootstrap_servers, topic_prefix, NEWS_GUARANTEE=guarantee)
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        seen = drain(cluster, worker, f"{topic_prefix}news-ingest", seconds=120)
        assert worker.alive
        assert worker.get("/livez")[0] == 200
        rejected = worker.metric("news_records_processed_total", stage="ingest", outcome="reject")
    good = len(sent) - len(bad)
    assert len(seen.events) + len(seen.duplicates) == good
    assert len(seen.dead_letters) == len(bad) == rejected
    _check_letters(bad, sent, seen.dead_letters)


def _mixed(bad: list[Malformed]) -> list[Raw]:
    records: list[Raw] = []
    for number, issued in enumerate(issue(len(bad), seed=5)):
        key = raw_key(issued.value, ())
        records.append((key.encode() if key is not None else None, issued.value, ()))
        wrong = bad[number]
        records.append((wrong.key, wrong.value, wrong.headers))
    return records


def _check_letters(bad: list[Malformed], sent: list[Sent], letters: list[object]) -> None:
    by_origin = {(record.partition, record.offset): bad[index // 2] for index, record in enumerate(sent) if index % 2}
    unexpected: Counter[str] = Counter()
    for letter in letters:
        headers = dict(letter.headers)  # type: ignore[attr-defined]
        origin = int(headers["__connect.errors.partition"]), int(headers["__connect.errors.offset"])
        record = by_origin.pop(origin)
        reason = headers["news.dlq.reason"].decode()
        assert (letter.key, letter.value) == (record.key, record.value), record.kind  # type: ignore[attr-defined]
        assert {name: headers[name] for name, _ in record.headers} == dict(record.headers)
        if reason not in record.reasons:
            unexpected[f"{record.kind}: {reason}"] += 1
    assert not by_origin
    assert not unexpected
