"""`news-pipeline source warc`: every page of an archive is on the lane's raw topic, also after kills."""

import gzip
import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from pipeline.wire.raw import raw_key
from tests.harness.cluster import TestCluster
from tests.harness.scenario import RAW
from tests.harness.source_process import SourceProcess
from tests.harness.warc_files import archive, page, record
from tests.harness.workers import environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

PAGES = 3000
LANE = "archive"


@pytest.fixture
def cluster(embedded_broker: Broker, topic_prefix: str) -> TestCluster:
    found = TestCluster(embedded_broker.bootstrap_servers, f"{topic_prefix}{LANE}.")
    found.provision()
    return found


@pytest.fixture
def env(embedded_broker: Broker, topic_prefix: str) -> dict[str, str]:
    return environment(embedded_broker.bootstrap_servers, topic_prefix, NEWS_GUARANTEE="at_least_once")


def _archive(path: Path, count: int) -> Path:
    others = [
        record(b"", kind="request"),
        page(0, status="404 Not Found"),
        page(0, http="Content-Type: image/png\r\n"),
        page(1, states=4),
    ]
    path.write_bytes(archive(*others, *(page(number) for number in range(count)), is_gzip=True))
    return path


def _numbers(cluster: TestCluster) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in cluster.read(RAW):
        headers = tuple(one.headers)
        assert one.key is not None
        assert one.key.decode() == raw_key(one.value, headers)
        assert dict(headers)["principal"] == b"warc"
        found[dict(headers)["url"].decode().rpartition("/")[2]] += 1
    return found


def test_all_pages_arrive_although_the_process_is_killed_and_a_second_run_sends_nothing(
    cluster: TestCluster, env: dict[str, str], tmp_path: Path
) -> None:
    path = _archive(tmp_path / "news.warc.gz", PAGES)
    progress = path.with_name("news.warc.gz.progress.json")
    with SourceProcess(env, "warc", str(path)) as process:
        wait_until(progress.exists, seconds=60, what="the first batch is acknowledged", pause_secs=0.01)
        process.send(signal.SIGKILL)
        process.wait(10)
        stored = json.loads(progress.read_bytes())
        assert 0 < stored["counts"]["sent"] < PAGES, "the kill came too late"
        process.start()
        assert process.wait(60) == 0
        process.start()
        assert process.wait(60) == 0
        assert "archive_was_sent_before" in process.log_text()
    found = _numbers(cluster)
    assert set(found) == {str(number) for number in range(PAGES)}
    repeated = sum(found.values()) - PAGES
    assert repeated <= PAGES - stored["counts"]["sent"]
    stored = json.loads(progress.read_bytes())
    assert stored["done"]
    assert stored["counts"]["sent"] == PAGES
    assert stored["counts"]["skipped"] == {"record_type": 1, "status": 2, "media_type": 1, "damaged": 1}


def test_an_archive_that_changed_is_refused(cluster: TestCluster, env: dict[str, str], tmp_path: Path) -> None:
    path = _archive(tmp_path / "news.warc.gz", 3)
    with SourceProcess(env, "warc", str(path)) as process:
        assert process.wait(60) == 0
        path.write_bytes(gzip.compress(page(4)))
        process.start()
        assert process.wait(60) == 1
        assert "has changed since it was begun" in process.log_text()
