"""Sends raw articles at a constant rate while faults happen."""

import itertools
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
from kafka import KafkaProducer
from msgspec import Struct

from pipeline.wire.raw import raw_key
from tests.harness.cluster import Sent, TestCluster
from tests.harness.issuer import issue
from tests.harness.malformed import malformed

__all__ = ["Feed", "Input", "issued", "moved", "other_schemas", "poison", "resent", "to_wrong_partitions"]

_BURST = 50
RAW = "news.articles.raw.v1"


class Input(Struct, frozen=True):
    """One raw record; without a partition, the key determines it."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


def issued(count: int, seed: int) -> Iterator[Input]:
    """Yield issued articles, of all relations."""
    for item in issue(count, seed=seed):
        yield _keyed(item.value)


def resent(count: int, seed: int) -> Iterator[Input]:
    """Yield every third record twice, as a producer does that missed the acknowledgement."""
    for number, item in enumerate(issued(count * 3 // 4, seed)):
        yield item
        if number % 3 == 0:
            yield item


def to_wrong_partitions(count: int, seed: int, *, partitions: int = 4) -> Iterator[Input]:
    """Yield records without keys, for each partition in turn; no revisions, whose order is not guaranteed then."""
    first = (item for item in issue(3 * count, seed=seed) if item.relation in ("new", "copy", "near"))
    for number, item in enumerate(itertools.islice(first, count)):
        yield Input(None, item.value, partition=number % partitions)


def other_schemas(count: int, seed: int) -> Iterator[Input]:
    """Yield records in turn as of the next release (unknown fields) and of the first one (only the oldest fields).

    No record is an old version: without a time it would count as the newest, and the next might share nothing with it.
    """
    for number, item in enumerate(one for one in issue(count, seed=seed) if one.relation != "stale"):
        value = orjson.loads(item.value)
        del value["fetched_at"]  # all versions of an article have it or none
        if number % 2:
            value |= {"paywall": {"kind": "metered", "articles": 3}, "embargo_until": None, "tones": ["calm", 1, {}]}
        else:
            del value["issued"]
        yield _keyed(orjson.dumps(value))


def poison(count: int, seed: int) -> Iterator[Input]:
    """Yield good articles with bad records of every kind among them, two of which have 20 MB."""
    bad = [Input(one.key, one.value, one.headers) for one in malformed(3, seed=seed)]
    good = list(issued(count - len(bad), seed))
    step = len(good) // len(bad)
    for number, item in enumerate(good):
        if number % step == 0 and bad:
            yield bad.pop(0)
        yield item
    yield from bad


def moved(value: bytes | None, url: str, *, copy: bool = False) -> bytes:
    """Return the article at another URL; unless it is a copy, with its words in reverse order as a text of its own."""
    article = orjson.loads(value or b"")
    text = article["text"] if copy else " ".join(reversed(article["text"].split()))
    return orjson.dumps({**article, "url": url, "text": text})


def _keyed(value: bytes) -> Input:
    key = raw_key(value, ())
    return Input(key.encode() if key else None, value)


class Feed(threading.Thread):
    """Sends inputs at `rate` records per second: all of them, or with `least` at least so many and until `finish`.

    `sent` are the acknowledged records, complete once the thread has ended.
    """

    def __init__(self, cluster: TestCluster, inputs: Iterable[Input], rate: float, *, least: int | None = None) -> None:
        super().__init__(name="feed", daemon=True)
        self.sent: list[Sent] = []
        self.handed_over = 0
        self.largest = 0
        self.error: BaseException | None = None
        self._cluster = cluster
        self._inputs = iter(inputs)
        self._rate = rate
        self._least = least
        self._enough = threading.Event()

    def run(self) -> None:
        producer = KafkaProducer(
            bootstrap_servers=self._cluster.bootstrap_servers.split(","),
            acks="all",
            linger_ms=10,
            batch_size=256 * 1024,
            max_request_size=28 * 1024 * 1024,
            request_timeout_ms=10_000,
        )
        try:
            self._send(producer)
        except BaseException as error:  # noqa: BLE001  `finish` raises it
            self.error = error
        finally:
            producer.close()

    def finish(self, seconds: float) -> list[Sent]:
        """Stop sending, wait for the end, and return the acknowledged records."""
        self._enough.set()
        self.join(seconds)
        assert not self.is_alive(), "the feed did not end in time"
        if self.error is not None:
            raise self.error
        return self.sent

    def _is_done(self) -> bool:
        return self._least is not None and self._enough.is_set() and self.handed_over >= self._least

    def _send(self, producer: Any) -> None:
        pending = []
        began = time.monotonic()
        topic = self._cluster.name(RAW)
        while not self._is_done() and (burst := list(itertools.islice(self._inputs, _BURST))):
            early = began + self.handed_over / self._rate - time.monotonic()
            if early > 0:
                time.sleep(early)
            for item in burst:
                self.largest = max(self.largest, len(item.value or b""))
                future = producer.send(topic, item.value, item.key, list(item.headers), partition=item.partition)
                pending.append((item, future))
            self.handed_over += len(burst)
        producer.flush()
        for item, future in pending:
            where = future.get(60)
            self.sent.append(Sent(where.partition, where.offset, item.key, item.value))
