"""A topic that is deleted and created again is noticed; a broker that does not answer is not taken for one."""

import asyncio
import time
from collections.abc import Collection, Mapping

import pytest

from pipeline.errors import FatalError
from pipeline.runtime import log_watch
from pipeline.runtime.log_watch import LogWatch


class Ids:
    """What the cluster answers."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {"a": "1" * 32, "b": "2" * 32}
        self.error: Exception | None = None

    async def __call__(self, topics: Collection[str]) -> Mapping[str, str]:
        if self.error is not None:
            raise self.error
        return {topic: self.found[topic] for topic in topics if topic in self.found}


@pytest.fixture
def ids() -> Ids:
    return Ids()


async def test_a_topic_is_known_by_the_beginning_of_its_id(ids: Ids) -> None:
    assert await LogWatch(ids, {"a", "b"}).id_of("a") == "1" * 12


async def test_a_broker_without_ids_is_no_reason_for_anything(ids: Ids) -> None:
    ids.found = {}
    watch = LogWatch(ids, {"a"})
    assert await watch.id_of("a") == ""
    await watch.check()


@pytest.mark.parametrize("topic", ["a", "b"])
async def test_another_topic_of_the_same_name_ends_the_worker(ids: Ids, topic: str) -> None:
    watch = LogWatch(ids, {"a", "b"})
    await watch.check()
    del ids.found[topic]
    await watch.check()
    ids.found[topic] = "3" * 32
    with pytest.raises(FatalError, match=f"{topic} was deleted"):
        await watch.check()
    with pytest.raises(FatalError):
        await watch.id_of("a")


async def test_a_broker_that_does_not_answer_ends_nothing(ids: Ids) -> None:
    watch = LogWatch(ids, {"a"})
    await watch.check()
    ids.error = ConnectionError("gone")
    await watch.check()


async def test_a_lease_waits_for_a_broker_that_answers(ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_watch, "_PAUSE_SECS", 0.001)
    ids.error = ConnectionError("gone")
    asked = asyncio.create_task(LogWatch(ids, {"a"}).id_of("a"))
    await asyncio.sleep(0.02)
    assert not asked.done()
    ids.error = None
    assert await asked == "1" * 12


async def test_what_was_compared_after_a_fetch_is_not_compared_again(ids: Ids) -> None:
    watch = LogWatch(ids, {"a"})
    before = time.monotonic()
    await watch.check(before)
    ids.found["a"] = "3" * 32
    await watch.check(before)
    with pytest.raises(FatalError):
        await watch.check(time.monotonic() + 1)
