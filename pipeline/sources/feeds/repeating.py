"""Do something again and again, until a source is stopped."""

import asyncio
from collections.abc import Callable

__all__ = ["repeat"]


async def repeat(look: Callable[[], None], pause_secs: float, stop: asyncio.Event) -> None:
    """Call `look` at once and after each pause, in seconds, until `stop` is set, which ends a pause too."""
    while not stop.is_set():
        look()
        try:
            async with asyncio.timeout(pause_secs):
                await stop.wait()
        except TimeoutError:
            continue
