"""Clients and connectors read every event of one run: the programs and configurations of docs/connectors.md.

One broker and one run serve all tests. A connector for OpenSearch is in no package registry, so its test runs only
where PIPELINE_TEST_CONNECT_PLUGINS names a directory with it.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Consumer

from pipeline.ops.ready import free_port
from tests.brokers.connect import KafkaConnect, connect_jars
from tests.harness.published_run import (
    CLUSTERS,
    CURRENT,
    DUPLICATES,
    ENRICHED,
    ODD,
    Fact,
    PublishedRun,
    publish_samples,
)
from tests.harness.search_engine import SearchEngine
from tests.harness.tools import REPOSITORY, node_packages, program, run
from tests.harness.workers import wait_until
from tests.integration.conftest import Broker

pytestmark = [
    pytest.mark.broker,
    pytest.mark.kafka,
    pytest.mark.timeout(600),
]  # the first run fetches jars and packages

TOPICS = (ENRICHED, DUPLICATES, CURRENT, CLUSTERS)
NODE_CLIENTS = Path(__file__).with_name("node_clients")
PAGE = (REPOSITORY / "docs" / "connectors.md").read_text("utf-8")
FILES: dict[str, str] = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def jars() -> Path:
    """The jars of Connect and Streams."""
    program("java", "openjdk-17-jdk-headless")
    program("mvn", "maven")
    return connect_jars()


@pytest.fixture(scope="module")
def published(kafka_broker: Broker) -> PublishedRun:
    """The run that all clients read."""
    return publish_samples(kafka_broker.bootstrap_servers)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with the files of the page."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@contextmanager
def _running(command: Sequence[str], directory: Path, env: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Run a program until the block ends; yield the file that its output goes to."""
    output = directory / "output"
    with output.open("wb") as out, (directory / "errors").open("wb") as errors:
        process = subprocess.Popen(command, cwd=directory, env=env, stdout=out, stderr=errors)
    try:
        yield output
        assert process.poll() is None, (directory / "errors").read_text("utf-8", "replace")[-2000:]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()


def _lines(output: Path) -> list[str]:
    """Return the complete lines of a file that a program is writing."""
    return output.read_text("utf-8").split("\n")[:-1]


def test_kafka_python_finds_an_outcome_of_every_raw_record(published: PublishedRun) -> None:
    outcomes = [json.loads(fact.value or b"") for topic in (ENRICHED, DUPLICATES) for fact in published.facts[topic]]
    places = {(value["provenance"]["partition"], value["provenance"]["offset"]) for value in outcomes}
    assert len(places) + published.rejected == published.sent > 70
    assert published.rejected
    assert any(fact.value is None for fact in published.facts[CURRENT])
    assert any(
        value.get("extra") == {"odd": ODD} and value.get("rights") == ODD for value in published.standing().values()
    )
    assert "aborted" not in {fact.key for facts in published.facts.values() for fact in facts}
    for topic in (ENRICHED, DUPLICATES, CLUSTERS):
        assert set(Counter(fact.event for fact in published.facts[topic]).values()) == {1}


async def test_aiokafka_reads_every_event(published: PublishedRun) -> None:
    consumer = AIOKafkaConsumer(
        *map(published.name, TOPICS),
        bootstrap_servers=published.cluster.bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    found: list[Fact] = []
    expected = [fact for topic in TOPICS for fact in published.facts[topic]]
    async with consumer:
        while len(found) < len(expected):
            batches = await consumer.getmany(timeout_ms=500)
            found += [Fact.of(record) for records in batches.values() for record in records]
    assert sorted(found, key=_order) == sorted(expected, key=_order)


def _fact(message: Any) -> Fact:
    """Return the fact of a message of confluent-kafka."""
    return Fact(message.key().decode(), dict(message.headers())["ce_id"].decode(), message.value())


def test_confluent_kafka_reads_every_event(published: PublishedRun) -> None:
    servers = published.cluster.bootstrap_servers
    consumer = Consumer({"bootstrap.servers": servers, "group.id": uuid4().hex, "auto.offset.reset": "earliest"})
    consumer.subscribe([published.name(topic) for topic in TOPICS])
    expected = [fact for topic in TOPICS for fact in published.facts[topic]]
    found: list[Fact] = []
    try:
        while len(found) < len(expected):
            for message in consumer.consume(500, timeout=1.0):
                assert message.error() is None
                found.append(_fact(message))
    finally:
        consumer.close()
    assert sorted(found, key=_order) == sorted(expected, key=_order)


def _order(fact: Fact) -> tuple[str, str, bytes]:
    return fact.key, fact.event, fact.value or b""


def _node(published: PublishedRun, directory: Path, script: str) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment of a program for Node.js that reads all topics."""
    topics = map(published.name, TOPICS)
    command = [program("node", "nodejs"), script, published.cluster.bootstrap_servers, uuid4().hex, *topics]
    return command, {**os.environ, "NODE_PATH": str(node_packages(NODE_CLIENTS)), "KAFKAJS_NO_PARTITIONER_WARNING": "1"}


def test_kafkajs_with_a_codec_reads_every_event(published: PublishedRun, directory: Path) -> None:
    command, env = _node(published, directory, "read_kafkajs.js")
    expected = [(published.name(topic), fact) for topic in TOPICS for fact in published.facts[topic]]
    with _running(command, directory, env) as output:
        wait_until(lambda: len(_lines(output)) >= len(expected), seconds=60, what="every event")
    found = [json.loads(line) for line in _lines(output)]
    told = [
        {"topic": topic, "event": fact.event, "key": fact.key, "article": fact.value and json.loads(fact.value)}
        for topic, fact in expected
    ]
    assert sorted(found, key=json.dumps) == sorted(told, key=json.dumps)


def test_kafkajs_without_a_codec_says_what_it_lacks(published: PublishedRun, directory: Path) -> None:
    text, count = re.subn(r"^Compression.*?^}\);\n", "", FILES["read_kafkajs.js"], flags=re.MULTILINE | re.DOTALL)
    assert count == 1
    (directory / "bare.js").write_text(text, "utf-8")
    command, env = _node(published, directory, "bare.js")
    done = run(command, cwd=directory, env=env, seconds=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "LZ4 compression not implemented" in done.stderr


def test_kafka_streams_joins_articles_with_their_clusters(published: PublishedRun, directory: Path, jars: Path) -> None:
    javac = program("javac", "openjdk-17-jdk-headless")
    compiled = run([javac, "-Xlint:all", "-cp", f"{jars}/*", "JoinClusters.java"], cwd=directory)
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    clusters = published.last(CLUSTERS)
    expected = {}
    for name, article in published.standing().items():
        cluster = clusters[article["dedup"]["cluster_id"]]
        assert cluster is not None
        expected[name] = f"{article['revision']} {cluster['size']}"
    assert any(joined.split()[1] > "1" for joined in expected.values())

    def joined() -> dict[str, str]:
        rows = dict(line.split(" ", 1) for line in _lines(directory / "output"))
        return {name: row for name, row in rows.items() if row != "null"}

    words = [published.cluster.bootstrap_servers, f"{published.cluster.catalogue.prefix}join", str(directory / "state")]
    flags = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    command = ["java", *flags, "-cp", f"{directory}:{jars}/*", "JoinClusters", *words]
    with _running([*command, published.name(CURRENT), published.name(CLUSTERS)], directory):
        wait_until(lambda: joined() == expected, seconds=60, what="every article with its cluster")


def _properties(name: str, changes: Mapping[str, str]) -> str:
    """Return a file of the page with other values of some properties."""
    text = FILES[name]
    for key, value in changes.items():
        text, count = re.subn(rf"^{re.escape(key)}=.*$", f"{key}={value}", text, flags=re.MULTILINE)
        assert count == 1, key
    return text


def _worker(published: PublishedRun, directory: Path, plugins: str) -> str:
    return _properties(
        "worker.properties",
        {
            "bootstrap.servers": published.cluster.bootstrap_servers,
            "listeners": f"http://127.0.0.1:{free_port()}",
            "plugin.path": plugins,
            "offset.storage.file.filename": str(directory / "offsets"),
        },
    )


def test_connect_archives_every_event_in_a_file(published: PublishedRun, tmp_path: Path, jars: Path) -> None:
    archive = tmp_path / "archive.jsonl"
    topics = ",".join(map(published.name, (ENRICHED, DUPLICATES)))
    sink = _properties("archive.properties", {"topics": topics, "file": str(archive)})
    expected = sorted(fact.value or b"" for topic in (ENRICHED, DUPLICATES) for fact in published.facts[topic])
    with KafkaConnect(
        jars, tmp_path, _worker(published, tmp_path, str(tmp_path)), {"archive.properties": sink}
    ) as connect:

        def there() -> bool:
            connect.check()
            return archive.exists() and archive.read_bytes().count(b"\n") >= len(expected)

        wait_until(there, seconds=90, what="every event in the archive")
    assert sorted(archive.read_bytes().splitlines()) == expected


def test_an_opensearch_connector_keeps_what_stands(published: PublishedRun, tmp_path: Path, jars: Path) -> None:
    plugins = os.environ.get("PIPELINE_TEST_CONNECT_PLUGINS")
    if plugins is None:
        pytest.skip("PIPELINE_TEST_CONNECT_PLUGINS names no directory with a connector, which no package registry has")
    with SearchEngine() as engine:
        changes = {"topics": published.name(CURRENT), "connection.url": engine.address}
        sink = _properties("opensearch.properties", changes)
        with KafkaConnect(
            jars, tmp_path, _worker(published, tmp_path, plugins), {"opensearch.properties": sink}
        ) as connect:

            def there() -> bool:
                connect.check()
                return engine.documents(published.name(CURRENT)) == published.standing()

            wait_until(there, seconds=90, what="the documents are what stands")
        assert engine.deleted
        assert engine.indices[published.name(CURRENT)] == {"mappings": {"dynamic": "true"}}  # as the page warns


def _index(published: PublishedRun, directory: Path, engine: SearchEngine) -> None:
    """Let the program of the page read the topic to its end, as a group of its own."""
    group = f"{published.cluster.catalogue.prefix}index{uuid4().hex[:6]}"
    words = [published.cluster.bootstrap_servers, published.name(CURRENT), group, engine.address, "articles"]
    with _running([sys.executable, "index_articles.py", *words], directory):
        wait_until(lambda: published.cluster.lag(group, CURRENT) == 0, seconds=60, what="the end of the topic")


def test_a_program_indexes_what_stands_once(published: PublishedRun, directory: Path) -> None:
    ended = {fact.key for fact in published.facts[CURRENT] if fact.value is None}
    with SearchEngine() as engine:
        for _ in range(2):  # the second one reads all again, and changes nothing
            _index(published, directory, engine)
            assert engine.documents("articles") == published.standing()
            assert engine.deleted == ended
        assert engine.conflicts == len(published.facts[CURRENT])
