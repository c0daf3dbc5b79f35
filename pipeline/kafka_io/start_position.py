"""Where a group without committed offsets starts: `--from earliest|latest|TIME`."""

from dataclasses import dataclass
from typing import Any, Literal

from pipeline.domain.times import to_epoch_ms
from pipeline.errors import ConfigError

__all__ = ["StartPosition"]


@dataclass(frozen=True, slots=True)
class StartPosition:
    """A position in a log.

    Attributes:
        place: `earliest` and `latest` are the ends of the log; `time` is the first record at or after `time_ms`.
        time_ms: Milliseconds since the epoch, UTC; 0 unless `place` is `time`.
    """

    place: Literal["earliest", "latest", "time"]
    time_ms: int = 0

    @classmethod
    def parse(cls, text: str) -> "StartPosition":
        """Parse the value of `--from`.

        Raises:
            ConfigError: It is neither a place nor an RFC 3339 time with an offset.
        """
        if text == "earliest":
            return cls("earliest")
        if text == "latest":
            return cls("latest")
        try:
            return cls("time", to_epoch_ms(text))
        except ValueError:
            raise ConfigError(
                f"--from {text!r} is not earliest, latest or a time such as 2026-11-01T00:00:00Z"
            ) from None

    async def offset(self, consumer: Any, partition: Any, first: int) -> int:
        """Return the offset of the position on one partition.

        Args:
            consumer: A started `AIOKafkaConsumer`.
            partition: The `TopicPartition`.
            first: The partition's first offset, which the caller has read already.
        """
        if self.place == "earliest":
            return first
        if self.place == "time":
            found = (await consumer.offsets_for_times({partition: self.time_ms}))[partition]
            if found is not None:
                return int(found.offset)
        return int((await consumer.end_offsets([partition]))[partition])
