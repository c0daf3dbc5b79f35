"""Whatever moment a process dies at, each record arrives once. The topic is a list here."""

import asyncio
import random
from pathlib import Path

import orjson
import pytest

from pipeline.errors import ConfigError, FatalError
from pipeline.observability.feeds_table import FEEDS_METRICS
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.database import Database
from pipeline.sources.feeds.outbox import Outbox
from pipeline.sources.raw_topic import RawTopic
from pipeline.wire.output import OutputRecord

COUNT = 2000


class Topic:
    """What has arrived, and the number that arrived with it: both or neither, as in a transaction."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.number = 0


class DyingSender:
    """Dies before or after a batch has arrived, sooner or later."""

    def __init__(self, topic: Topic, rng: random.Random) -> None:
        self.number = topic.number
        self._topic = topic
        self._left = rng.randrange(3)
        self._after = rng.random() < 0.5

    async def send(self, number: int, records: list[tuple[OutputRecord, int]]) -> None:
        dies = self._left == 0
        self._left -= 1
        if not dies or self._after:
            assert number > self._topic.number
            self._topic.values += [record.value or b"" for record, _ in records]
            self._topic.number = number
        if dies:
            raise FatalError("killed")
        self.number = number


def _outbox(path: Path) -> tuple[Database, Outbox]:
    database = Database(path)
    topic = RawTopic(name="raw", partitions=4, max_message_bytes=25_165_824, producers=None)  # type: ignore[arg-type]
    return database, Outbox(database, topic, SourceMetrics("feeds", FEEDS_METRICS), b"feeds")


def _fill(path: Path, count: int, size: int = 10) -> None:
    database, _ = _outbox(path)
    rows = [(orjson.dumps({"url": f"https://gazette.example/{n}", "text": "x" * size}),) for n in range(count)]
    with database.changes() as connection:
        connection.executemany("INSERT INTO queue (feed, value) VALUES (1, ?)", rows)
    database.close()


@pytest.mark.parametrize("seed", range(8))
def test_every_record_arrives_once_whenever_the_process_dies(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    _fill(tmp_path / "feeds.db", COUNT)
    arrived, deaths = Topic(), 0
    while True:
        database, outbox = _outbox(tmp_path / "feeds.db")
        stop = asyncio.Event()
        stop.set()
        try:
            asyncio.run(outbox.run(DyingSender(arrived, rng), stop))
            break
        except FatalError:
            deaths += 1
        finally:
            (left,) = database.one("SELECT count(*) FROM queue")
            database.close()
    assert left == 0
    assert deaths > 0
    urls = [orjson.loads(value)["url"] for value in arrived.values]
    assert urls == [f"https://gazette.example/{n}" for n in range(COUNT)]


def test_batches_are_bounded_in_bytes(tmp_path: Path) -> None:
    _fill(tmp_path / "feeds.db", 12, size=1024 * 1024)
    database, outbox = _outbox(tmp_path / "feeds.db")
    sizes: list[int] = []

    class Sender:
        number = 0

        async def send(self, number: int, records: list[tuple[OutputRecord, int]]) -> None:
            sizes.append(len(records))
            self.number = number

    stop = asyncio.Event()
    stop.set()
    asyncio.run(outbox.run(Sender(), stop))
    database.close()
    assert sum(sizes) == 12
    assert max(sizes) <= 4


def test_a_second_process_cannot_use_the_file(tmp_path: Path) -> None:
    database, _ = _outbox(tmp_path / "feeds.db")
    with pytest.raises(ConfigError, match="another process"):
        Database(tmp_path / "feeds.db")
    Database(tmp_path / "feeds.db", read_only=True).close()
    database.close()
    _outbox(tmp_path / "feeds.db")[0].close()


def test_a_file_of_another_release_is_refused(tmp_path: Path) -> None:
    database, _ = _outbox(tmp_path / "feeds.db")
    database.connection.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(ConfigError, match="its version is 99"):
        Database(tmp_path / "feeds.db")
