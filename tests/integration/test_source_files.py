"""`source files` takes every file once, across a kill; `source kafka` copies another topic exactly once."""

import signal
from collections import Counter
from pathlib import Path

import orjson
import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from tests.harness.cluster import TestCluster
from tests.harness.scenario import RAW
from tests.harness.source_process import SourceProcess
from tests.harness.workers import environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

LINES = 12_000
COPIED = 6000


def _cluster(broker: Broker, prefix: str) -> TestCluster:
    found = TestCluster(broker.bootstrap_servers, prefix)
    found.provision()
    return found


def _env(broker: Broker, prefix: str) -> dict[str, str]:
    guarantee = "exactly_once" if broker.has_transactions else "at_least_once"
    return environment(broker.bootstrap_servers, prefix, NEWS_GUARANTEE=guarantee)


def _article(number: int) -> bytes:
    return orjson.dumps({"url": f"https://harbour-gazette.example/{number}", "text": "The board has voted."})


def _numbers(cluster: TestCluster) -> Counter[str]:
    values = [one.value or b"" for one in cluster.read(RAW)]
    return Counter(orjson.loads(value)["url"].rpartition("/")[2] if value[:1] == b"{" else "broken" for value in values)


def test_files_are_taken_once_and_moved_away_although_the_process_is_killed(
    embedded_broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    cluster = _cluster(embedded_broker, topic_prefix)
    arriving, done = tmp_path / "in", tmp_path / "done"
    arriving.mkdir()
    (arriving / "many.jsonl").write_bytes(b"\n".join(map(_article, range(LINES))) + b"\nno article\n")
    (arriving / "cut.json.gz.part").write_bytes(b"\x1f\x8b\x08")
    arguments = ("--watch", str(arriving), "--move-to", str(done), "--settle-secs", "0.1")
    with SourceProcess(_env(embedded_broker, topic_prefix), "files", *arguments) as process:
        wait_until(lambda: _acknowledged(process, "files") > 0, seconds=90, what="the first records", pause_secs=0.02)
        process.send(signal.SIGKILL)
        process.wait(10)
        was_killed_within = (arriving / "many.jsonl").exists()
        process.start()
        wait_until((done / "many.jsonl").exists, seconds=90, what="the file is moved away")
        (arriving / "late.txt.headers").write_text("url: https://harbour-gazette.example/late\n")
        (arriving / "late.txt").write_text("The board has voted.")
        wait_until((done / "late.txt").exists, seconds=60, what="a file that arrives later is moved too")
        process.send(signal.SIGTERM)
        assert process.wait(60) == 0
    assert was_killed_within, "the kill came too late"
    assert not list(arriving.glob("*.jsonl"))
    assert (done / "late.txt.headers").exists()
    found = _numbers_of_files(cluster)
    assert set(found) == {*map(str, range(LINES)), "late", "broken"}
    assert sum(found.values()) - len(found) <= 200, "at most one batch is repeated"


def _numbers_of_files(cluster: TestCluster) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in cluster.read(RAW):
        headers, value = dict(one.headers), one.value or b""
        assert headers["principal"] == b"files"
        address = headers.get("url", b"").decode() or (orjson.loads(value)["url"] if value[:1] == b"{" else "broken")
        found[address.rpartition("/")[2]] += 1
    return found


def _acknowledged(process: SourceProcess, source: str) -> float:
    return process.metric("news_source_records_total", source=source, result="acknowledged")


def test_another_topic_is_copied_exactly_once_although_the_process_is_killed(broker: Broker, topic_prefix: str) -> None:
    cluster = _cluster(broker, topic_prefix)
    other = f"{topic_prefix}wire"
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    admin.create_topics([NewTopic(other, 2, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all", linger_ms=20)
    for value in (*map(_article, range(COPIED)), b"broken"):
        producer.send(other, value, headers=[("principal", b"somebody else")])
    producer.flush()
    producer.close()
    with SourceProcess(_env(broker, topic_prefix), "kafka", "--from", other) as process:
        wait_until(lambda: _acknowledged(process, "kafka") > 0, seconds=90, what="the first records", pause_secs=0.01)
        process.send(signal.SIGKILL)
        process.wait(10)
        before = sum(_numbers(cluster).values())
        process.start()
        process.wait_ready()
        wait_until(lambda: len(_numbers(cluster)) == COPIED + 1, seconds=90, what="all are copied", pause_secs=1)
        process.send(signal.SIGTERM)
        assert process.wait(60) == 0
    assert before <= COPIED, "the kill came too late"
    found = _numbers(cluster)
    assert set(found) == {*map(str, range(COPIED)), "broken"}
    if broker.has_transactions:
        assert set(found.values()) == {1}
    principals = {dict(one.headers)["principal"] for one in cluster.read(RAW)}
    assert principals == {f"kafka:{other}".encode()}
