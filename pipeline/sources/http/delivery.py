"""Delivers records to the brokers, and begins anew with another producer where one no longer gets through."""

import asyncio
from typing import Final

from pipeline.errors import ConfigError, TransientError
from pipeline.observability.logging import get_logger
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import ProblemError
from pipeline.sources.raw_writer import RawWriter
from pipeline.sources.service import SourceContext
from pipeline.wire.output import OutputRecord

__all__ = ["Delivery"]

log = get_logger(__name__)

_FIRST_PAUSE_SECS: Final = 0.5
_LONGEST_PAUSE_SECS: Final = 10.0


class Delivery:
    """Sends records for many requests at once. While no broker acknowledges, it refuses them at once."""

    def __init__(self, context: SourceContext, params: HttpSourceParams) -> None:
        """Connect to nothing yet; `open` does."""
        settings = context.settings
        self._context = context
        self._params = params
        self._wait_secs = settings.source_http.acknowledge_secs
        self._sending = settings.sources.model_copy(update={"send_secs": self._wait_secs})
        self._writer: RawWriter | None = None
        self._reopening: asyncio.Task[None] | None = None
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Gets the error of a setting that does not fit any more; nothing can be delivered then."""

    async def open(self) -> None:
        """Connect a producer.

        Raises:
            TransientError: The cluster cannot be reached.
        """
        self._writer = await RawWriter.open(self._context.topic, self._sending, self._context.metrics)

    def require_room(self) -> None:
        """Check that something can be sent now.

        Raises:
            ProblemError: The brokers do not acknowledge, or are slower than what comes in.
        """
        if self._writer is None:
            raise self._unavailable()
        if not self._writer.has_room:
            raise ProblemError("busy", retry_secs=self._params.busy_retry_secs)

    async def send(self, record: OutputRecord) -> None:
        """Send a record, and return when all replicas have it.

        Raises:
            ProblemError: It was not acknowledged in time. It may arrive nevertheless, unless the kind is `busy`.
        """
        writer = self._writer
        if writer is None:
            raise self._unavailable()
        try:
            # Twice the time: it waits for others first, and then for its own acknowledgement.
            async with asyncio.timeout(2 * self._wait_secs):
                await writer.write(record)
        except TimeoutError:
            raise self._unavailable() from None
        except TransientError as error:
            self._lose(writer, error)
            raise self._unavailable() from error

    async def close(self) -> None:
        """Disconnect. What was begun should have been acknowledged by now."""
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.wait({self._reopening})
        if self._writer is not None:
            await self._writer.close()

    def _unavailable(self) -> ProblemError:
        return ProblemError(
            "unavailable",
            "the article may arrive nevertheless; send it again",
            retry_secs=self._params.outage_retry_secs,
        )

    def _lose(self, writer: RawWriter, error: TransientError) -> None:
        """Give up a producer, with all that it still holds: nothing of it may take memory, or arrive after hours."""
        if self._writer is writer:
            log.warning("brokers_do_not_acknowledge", **{"error.message": str(error)})
            self._writer = None
            self._reopening = asyncio.create_task(self._reopen(writer, error), name="reopen")

    async def _reopen(self, lost: RawWriter, error: TransientError) -> None:
        await lost.drop(error)
        pause = _FIRST_PAUSE_SECS
        while True:
            try:
                await self.open()
            except ConfigError as wrong:
                if not self.failure.done():
                    self.failure.set_exception(wrong)
                return
            except Exception as again:  # noqa: BLE001  whatever a client raises while no broker answers
                log.info("brokers_not_reached", **{"error.type": type(again).__name__})
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECS)
            else:
                log.info("brokers_acknowledge_again")
                return
