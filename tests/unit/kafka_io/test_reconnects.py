"""Pauses between attempts to connect, on a clock of the test and on sockets where nobody listens."""

import asyncio
import itertools
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.metadata import MetadataResponse_v1

from pipeline.kafka_io.reconnects import Pace, PaceParams, install_reconnect_pauses
from pipeline.ops.ready import free_port
from tests.harness.internals import restore_internals

PARAMS = PaceParams()


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_pauses_double_up_to_the_longest_and_end_with_a_connection() -> None:
    clock = Clock()
    pace = Pace(PARAMS, clock)
    assert pace.before_connecting(1) == 0
    pauses = []
    for _ in range(40):
        pace.failed(1)
        pauses.append(pace.before_connecting(1))
        clock.now += pauses[-1]
    assert 0.8 * PARAMS.first_secs <= pauses[0] <= 1.2 * PARAMS.first_secs
    assert all(later > 1.3 * earlier for earlier, later in itertools.pairwise(pauses[:4]))
    assert max(pauses) <= 1.2 * PARAMS.most_secs
    assert min(pauses[6:]) >= 0.8 * PARAMS.most_secs
    assert pace.before_connecting(2) == 0, "another node"
    pace.failed(1)
    pace.connected(1)
    assert pace.before_connecting(1) == 0


def test_updates_of_metadata_are_free_until_there_are_many() -> None:
    clock = Clock()
    pace = Pace(PARAMS, clock)
    assert [pace.before_update() for _ in range(PARAMS.free_updates)] == [0.0] * PARAMS.free_updates
    waits = [pace.before_update() for _ in range(3)]
    assert waits == pytest.approx([PARAMS.update_secs * n for n in (1, 2, 3)])
    clock.now += 10
    assert pace.before_update() == 0


@pytest.fixture
def dead_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A factory of clients that know one broker, which is down."""
    restore_internals(monkeypatch)

    def make() -> AIOKafkaClient:
        client = AIOKafkaClient(bootstrap_servers="127.0.0.1:1")
        client.cluster.update_metadata(MetadataResponse_v1([(1, "127.0.0.1", free_port(), None)], 1, []))
        return client

    return make  # type: ignore[return-value]


async def attempts_in(client: Any, seconds: float, caplog: pytest.LogCaptureFixture) -> int:
    """Return how often a loop like that of aiokafka's sender tries in vain to connect."""
    caplog.set_level(logging.ERROR, "aiokafka")
    caplog.clear()

    async def spin() -> None:
        while True:
            await client._metadata_update(client.cluster, ["topic"])

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(spin(), seconds)
    await client.close()
    return sum("Unable connect" in line for line in caplog.messages)


async def test_a_loop_without_a_pause_of_its_own_is_slowed_down(
    dead_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    before = await attempts_in(dead_client(), 0.5, caplog)
    install_reconnect_pauses()
    install_reconnect_pauses()
    after = await attempts_in(dead_client(), 0.5, caplog)
    assert 1 <= after <= 8, "0.05 + 0.1 + 0.2 s, a fifth shorter at most, are three pauses"
    assert before > 5 * after, "without the pauses it spins"


async def test_tasks_that_wait_together_share_one_attempt(dead_client: Any, caplog: pytest.LogCaptureFixture) -> None:
    install_reconnect_pauses()
    client = dead_client()
    caplog.set_level(logging.ERROR, "aiokafka")
    assert not await client.ready(1)
    assert len(caplog.messages) == 1
    assert await asyncio.gather(*(client.ready(1) for _ in range(5))) == [False] * 5
    assert len(caplog.messages) == 2
    await client.close()
