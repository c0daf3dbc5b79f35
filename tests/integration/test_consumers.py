"""The programs of docs/consumers.md, extracted and run against events of a worker and against difficult ones.

The topic has the events of a worker, then an aborted transaction, then cases that readers must handle: a late old
revision, an article that has left the pipeline's window, a type and fields of a later release, a large event.
"""

import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from kafka import KafkaProducer
from msgspec import Struct
from msgspec.structs import replace

from pipeline.wire.raw import raw_key
from tests.brokers.apache import kafka_jars
from tests.harness.cluster import TestCluster
from tests.harness.scenario import ALL, RAW, drain
from tests.harness.tools import REPOSITORY, program, run
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(240)]

PAGE = (REPOSITORY / "docs" / "consumers.md").read_text("utf-8")
PROGRAMS: dict[str, str] = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
PYTHON = sorted(name for name in PROGRAMS if name.startswith("read_"))
ENRICHED = "news.articles.enriched.v1"
LANGUAGES = ("ar", "en", "fr")  # the languages that the programs keep


class Event(Struct, frozen=True):
    """A record of the topic, its headers by name."""

    headers: dict[str, bytes]
    value: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.value["id"])

    @property
    def revision(self) -> int:
        return int(self.headers["ce_revision"])

    @property
    def language(self) -> str | None:
        """The language if readers keep the text, else None."""
        tag = self.headers.get("ce_language", b"").decode()
        return tag if tag.split("-")[0] in LANGUAGES else None

    def with_(self, headers: dict[str, str], **value: Any) -> "Event":
        return replace(
            self,
            headers=self.headers | {name: text.encode() for name, text in headers.items()},
            value=self.value | value,
        )


class Published(Struct, frozen=True):
    """The topic, the newest event of every article, the last article, and the end offset."""

    cluster: TestCluster
    newest: dict[str, Event]
    last: str
    end: int


def _samples() -> Iterator[tuple[bytes | None, bytes, tuple[()]]]:
    for name in ("1-originals", "5-versions"):
        for line in (REPOSITORY / "samples" / "articles" / f"{name}.jsonl").read_bytes().splitlines():
            key = raw_key(line, ())
            yield key.encode() if key else None, line, ()


def _of_a_worker(cluster: TestCluster, prefix: str) -> list[Event]:
    cluster.provision()
    with WorkerProcess(environment(cluster.bootstrap_servers, prefix), ALL) as worker:
        worker.wait_ready()
        cluster.produce(RAW, _samples())
        drain(cluster, worker, f"{prefix}news-ingest")
    return [Event(dict(record.headers), orjson.loads(record.value)) for record in cluster.read(ENRICHED)]


@contextmanager
def _transaction(cluster: TestCluster, events: Sequence[Event]) -> Iterator[KafkaProducer]:
    """Send events in a transaction; the caller ends it."""
    with closing(
        KafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers,
            transactional_id=uuid4().hex,
            max_request_size=4 << 20,
            compression_type="lz4",
        )
    ) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        for event in events:
            headers = list(event.headers.items())
            producer.send(cluster.name(ENRICHED), orjson.dumps(event.value), event.id.encode(), headers)
        producer.flush()
        yield producer


@pytest.fixture(scope="module")
def published(kafka_broker: Broker) -> Published:
    prefix = f"t{uuid4().hex[:10]}."
    cluster = TestCluster(kafka_broker.bootstrap_servers, prefix, partitions=1)
    events = _of_a_worker(cluster, prefix)
    newest = {event.id: event for event in events}  # a worker publishes in order
    assert {event.value["action"] for event in newest.values()} == {"add", "replace", "delete"}
    assert {event.language for event in newest.values()} >= {None, "en", "fr"}

    held, forgotten, *_ = [event for event in newest.values() if event.revision > 1 and event.language == "en"]
    with _transaction(cluster, [held.with_({"ce_revision": "9"}, revision=9, headline="Aborted")]) as producer:
        producer.abort_transaction()

    later = datetime.fromisoformat(forgotten.headers["ce_time"].decode()) + timedelta(days=8)
    again = forgotten.with_({"ce_revision": "1", "ce_time": later.isoformat()}, revision=1, headline="Again")
    of_later_release = held.with_(
        {"ce_subject": "later", "ce_mood": "calm"}, id="later", mood={"calm": True, "why": "y" * 2_000_000}
    )
    late = next(event for event in events if event.id == held.id and event.revision < held.revision)
    unknown = held.with_({"ce_type": "news.article.translated.v1", "ce_revision": "9"}, revision=9)
    with _transaction(cluster, [late, again, unknown, of_later_release]) as producer:
        producer.commit_transaction()
    everything = cluster.read(ENRICHED, isolation_level="read_uncommitted")
    assert any(orjson.loads(record.value).get("headline") == "Aborted" for record in everything)
    newest |= {again.id: again, "later": of_later_release}
    return Published(cluster, newest, "later", everything[-1].offset + 1)


class Reader:
    """A program of the page, run as a process."""

    def __init__(self, command: list[str], published: Published, directory: Path) -> None:
        self.group = f"{published.cluster.catalogue.prefix}search{uuid4().hex[:6]}"
        self.published = published
        self._output, self._errors = directory / "output", directory / "errors"
        words = [published.cluster.bootstrap_servers, published.cluster.name(ENRICHED), self.group]
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self.process = subprocess.Popen([*command, *words], cwd=directory, stdout=output, stderr=errors)

    @property
    def lines(self) -> list[str]:
        return self._output.read_text("utf-8").splitlines()

    def stop(self) -> int:
        """Wait until it has committed the end of the topic, then stop it; return its exit code."""

        def committed() -> bool:
            assert self.process.poll() is None, self._errors.read_text("utf-8")[-2000:]
            return self.published.cluster.committed(self.group, ENRICHED) >= self.published.end

        try:
            wait_until(committed, seconds=60, what="the reader has committed")
            self.process.send_signal(signal.SIGTERM)
            return self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory with the programs of the page."""
    for name, text in PROGRAMS.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_the_page_has_a_program_for_each_client() -> None:
    assert PYTHON == ["read_aiokafka.py", "read_confluent.py", "read_kafka_python.py"]
    parts = {"articles.py", "choose_subjects.py", "compare_vectors.py", "lanes.py"}  # all but the first: tests/contract
    assert PROGRAMS.keys() - set(PYTHON) == parts | {"ReadEvents.java"}


@pytest.mark.parametrize("name", PYTHON)
def test_a_python_reader_holds_the_newest_of_every_article(name: str, published: Published, programs: Path) -> None:
    reader = Reader([sys.executable, name], published, programs)
    assert reader.stop() == 0
    with closing(sqlite3.connect(programs / f"{reader.group}.sqlite")) as database:
        found = database.execute("SELECT id, revision, language, headline FROM articles").fetchall()
    assert sorted(found) == sorted(
        (event.id, event.revision, event.language, event.value["headline"] if event.language else None)
        for event in published.newest.values()
    )


def test_the_java_reader_holds_the_newest_of_every_article(published: Published, programs: Path) -> None:
    javac = program("javac", "openjdk-17-jdk-headless")
    jars = f"{kafka_jars()}/*"
    compiled = run([javac, "-Xlint:all", "-Werror", "-cp", jars, "ReadEvents.java"], cwd=programs)
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    reader = Reader(["java", "-Xmx128m", "-cp", f"{programs}:{jars}", "ReadEvents"], published, programs)
    assert reader.stop() == 128 + signal.SIGTERM
    *changes, last = reader.lines
    assert last == "stopped"
    held = {}
    for change in changes:
        verb, article, revision, *rest = change.split()
        held[article] = (verb, int(revision), *rest)
    assert held == {
        event.id: ("keep", event.revision, event.language, str(event.value["word_count"]))
        if event.language
        else ("remove", event.revision)
        for event in published.newest.values()
    }
