"""`news-pipeline source http` under load: every 202 is on the topic, and nothing is that was refused for good."""

import asyncio
import signal
from collections import Counter
from pathlib import Path

import aiohttp
import orjson
import pytest

from pipeline.ops.broker import EmbeddedBroker
from tests.harness.cluster import TestCluster
from tests.harness.pushing import KEY, keys_text
from tests.harness.scenario import RAW
from tests.harness.source_process import SourceProcess
from tests.harness.workers import environment, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

CLIENTS = 12
TEXT = "Waves. " * 20_000  # with 12 clients more than may be in flight


class _Load:
    """Clients that send articles one after the other until they are told to stop."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/v1/articles"
        self.answers: dict[str, int] = {}
        """By number of the article: the status, 0 where there was no answer."""
        self.stop = False

    @property
    def statuses(self) -> Counter[int]:
        return Counter(self.answers.values())

    async def run(self) -> None:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
            await asyncio.gather(*(self._client(session, number) for number in range(CLIENTS)))

    async def _client(self, session: aiohttp.ClientSession, client: int) -> None:
        count = 0
        while not self.stop:
            count += 1
            number = f"{client}-{count}"
            article = {"url": f"https://harbour-gazette.example/{number}", "text": TEXT}
            if count % 5 == 0:
                article["source"] = "Valley Post"  # not of this key
            try:
                async with session.post(self._url, json=article) as answer:
                    self.answers[number] = answer.status
            except (aiohttp.ClientError, OSError):
                self.answers[number] = 0
            if self.answers[number] not in {202, 403}:
                await asyncio.sleep(0.1)

    async def until(self, reached: int, status: int) -> None:
        """Wait until so many requests have been answered with a status."""
        while self.statuses[status] < reached:  # noqa: ASYNC110  plain counts suffice here
            await asyncio.sleep(0.05)


async def test_every_202_is_on_the_topic_through_overload_an_outage_and_sigterm(
    tmp_path: Path, topic_prefix: str
) -> None:
    keys = tmp_path / "keys.yaml"
    keys.write_text(keys_text(records_per_sec=100_000))
    with EmbeddedBroker() as broker:
        cluster = TestCluster(broker.bootstrap_servers, topic_prefix)
        cluster.provision()
        env = environment(
            broker.bootstrap_servers,
            topic_prefix,
            NEWS_GUARANTEE="at_least_once",
            NEWS_SOURCES__MAX_IN_FLIGHT_BYTES=str(1 << 20),
            NEWS_SOURCE_HTTP__PORT="0",
            NEWS_SOURCE_HTTP__KEYS_FILE=str(keys),
            NEWS_SOURCE_HTTP__STATE_DIR=str(tmp_path / "state"),
            NEWS_SOURCE_HTTP__ACKNOWLEDGE_SECS="1",
        )
        with SourceProcess(env, "http") as process:
            await asyncio.to_thread(process.wait_ready)
            load = _Load(_port(process))
            running = asyncio.create_task(load.run())
            await load.until(50, 202)
            _signal(broker, signal.SIGSTOP)
            await load.until(load.statuses[503] + CLIENTS, 503)
            _signal(broker, signal.SIGCONT)
            await load.until(load.statuses[202] + 50, 202)
            process.send(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 60) == 0
            load.stop = True
            await running
        arrived = Counter(_number(one.value) for one in await asyncio.to_thread(cluster.read, RAW))
    accepted = {number for number, status in load.answers.items() if status == 202}
    refused = {number for number, status in load.answers.items() if status == 403}
    assert len(refused) > 10
    assert accepted <= set(arrived)
    assert not refused & set(arrived)
    assert {status for number, status in load.answers.items() if number in arrived} <= {202, 503, 0}
    assert set(load.answers.values()) <= {202, 403, 503, 0}


def _signal(broker: EmbeddedBroker, number: signal.Signals) -> None:
    assert broker._process is not None
    broker._process.send_signal(number)


def _port(process: SourceProcess) -> int:
    def listening() -> list[dict[str, object]]:
        lines = [line for line in process.log_text().splitlines() if "source_listening" in line]
        return [orjson.loads(line) for line in lines]

    wait_until(lambda: bool(listening()), seconds=60, what="the service listens")
    port = listening()[0]["port"]
    assert isinstance(port, int)
    return port


def _number(value: bytes | None) -> str:
    return str(orjson.loads(value or b"{}")["url"]).rpartition("/")[2]
