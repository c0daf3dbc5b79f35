"""Turns are shared by a few units, or one unit has all of them."""

import asyncio

from pipeline.runtime.turns import Turns


async def test_turns_are_bounded() -> None:
    turns, most, now = Turns(2), 0, 0

    async def work() -> None:
        nonlocal most, now
        async with turns.shared():
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1

    await asyncio.gather(*(work() for _ in range(8)))
    assert most == 2


async def test_alone_means_alone_however_many_want_it() -> None:
    turns, now = Turns(2), 0
    seen: list[int] = []

    async def alone() -> None:
        nonlocal now
        async with turns.alone():
            now += 1
            await asyncio.sleep(0.001)
            seen.append(now)
            now -= 1

    async def shared() -> None:
        nonlocal now
        async with turns.shared():
            now += 1
            await asyncio.sleep(0.001)
            now -= 1

    async with asyncio.timeout(5):
        await asyncio.gather(*(alone() for _ in range(4)), *(shared() for _ in range(6)), *(alone() for _ in range(4)))
    assert seen == [1] * 8


async def test_giving_up_the_wait_leaves_all_turns_free() -> None:
    turns = Turns(2)
    async with turns.shared():
        waiting = asyncio.create_task(_enter(turns))
        await asyncio.sleep(0.001)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1), turns.alone():
        pass


async def _enter(turns: Turns) -> None:
    async with turns.alone():
        raise AssertionError("another has a turn")
