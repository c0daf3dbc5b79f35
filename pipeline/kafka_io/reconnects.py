"""Pauses between attempts to connect to a broker that is down, and between requests for metadata that do not help.

aiokafka has neither. While a broker is down, or a partition has no leader, its producers, fetchers and coordinators ask
again as fast as the machine can, and log each failure. The pauses are those of Kafka's own client for Java.
"""

import asyncio
import functools
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from aiokafka.client import AIOKafkaClient, ConnectionGroup
from msgspec import Struct

__all__ = ["Pace", "PaceParams", "install_reconnect_pauses"]


class PaceParams(Struct, frozen=True):
    """Pauses, in seconds.

    The first two are `reconnect.backoff.ms` and `reconnect.backoff.max.ms` of Kafka's client for Java. Requests for
    metadata are free until there were `free_updates` of them within a second: a worker that starts has a few at once.
    From then on they are `update_secs` apart, its `retry.backoff.ms`.
    """

    first_secs: float = 0.05
    most_secs: float = 1.0
    update_secs: float = 0.1
    free_updates: int = 8


class Pace:
    """When one client may try again."""

    def __init__(self, params: PaceParams = PaceParams(), clock: Callable[[], float] = time.monotonic) -> None:  # noqa: B008  frozen
        """Take the pauses, and a clock in seconds that never goes back."""
        self._params, self._clock = params, clock
        self._failed: dict[Any, tuple[int, float]] = {}
        self.turn = asyncio.Lock()
        """Held by the one task that waits and tries while a node is down."""
        self._updates: deque[float] = deque(maxlen=params.free_updates)

    def before_connecting(self, node: Any) -> float:
        """Return how long to wait before the next attempt to connect to a node."""
        _, not_before = self._failed.get(node, (0, 0.0))
        return max(0.0, not_before - self._clock())

    def failures(self, node: Any) -> int:
        """Return how many attempts failed since the last success."""
        return self._failed.get(node, (0, 0.0))[0]

    def failed(self, node: Any) -> None:
        """Note an attempt that failed: the next pause is twice as long, and up to a fifth shorter or longer."""
        count = self.failures(node)
        pause = min(self._params.first_secs * 2**count, self._params.most_secs) * random.uniform(0.8, 1.2)  # noqa: S311
        # A count that never ends would overflow the power after an outage of minutes.
        self._failed[node] = (min(count + 1, 16), self._clock() + pause)

    def connected(self, node: Any) -> None:
        """Note a connection."""
        self._failed.pop(node, None)

    def before_update(self) -> float:
        """Return how long to wait before the next request for metadata, and count that request."""
        now, updates = self._clock(), self._updates
        is_busy = len(updates) == updates.maxlen and now - updates[0] < 1.0
        at = max(now, updates[-1] + self._params.update_secs) if is_busy else now
        updates.append(at)
        return at - now


_paces: WeakKeyDictionary[Any, Pace] = WeakKeyDictionary()
_get_connection = AIOKafkaClient._get_conn  # noqa: SLF001
_update = AIOKafkaClient._metadata_update  # noqa: SLF001


@functools.wraps(_get_connection)
async def _paced_connection(
    client: Any, node: Any, *, group: Any = ConnectionGroup.DEFAULT, no_hint: bool = False
) -> Any:
    pace = _paces.setdefault(client, Pace())
    known = pace.failures(node)
    if not known:
        return await _attempt(pace, client, node, group=group, no_hint=no_hint)
    async with pace.turn:
        if pace.failures(node) > known:
            return None  # another task tried meanwhile
        await asyncio.sleep(pace.before_connecting(node))
        return await _attempt(pace, client, node, group=group, no_hint=no_hint)


async def _attempt(pace: Pace, client: Any, node: Any, **options: Any) -> Any:
    connection = await _get_connection(client, node, **options)
    if connection is None:
        pace.failed(node)
    else:
        pace.connected(node)
    return connection


@functools.wraps(_update)
async def _paced_update(client: Any, *arguments: Any) -> bool:
    await asyncio.sleep(_paces.setdefault(client, Pace()).before_update())
    update: Awaitable[bool] = _update(client, *arguments)
    return await update


def install_reconnect_pauses() -> None:
    """Make every aiokafka client of the process pause."""
    AIOKafkaClient._get_conn = _paced_connection  # noqa: SLF001
    AIOKafkaClient._metadata_update = _paced_update  # noqa: SLF001
