"""`--from` as an offset of a partition."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from pipeline.errors import ConfigError
from pipeline.kafka_io.start_position import StartPosition

TP = TopicPartition("t", 0)
TIME_MS = 1_793_491_200_000


class Consumer:
    """Has offset 7 at `TIME_MS` and ends at 20."""

    async def offsets_for_times(self, times: dict[TopicPartition, int]) -> dict[TopicPartition, Any]:
        return {TP: SimpleNamespace(offset=7) if times[TP] <= TIME_MS else None}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("earliest", 3),
        ("latest", 20),
        ("2026-11-01T00:00:00Z", 7),
        ("2026-11-01T00:00:00.001Z", 20),
        ("2026-11-01T01:00:00+01:00", 7),
    ],
)
async def test_a_position_is_resolved_on_a_partition(text: str, expected: int) -> None:
    assert await StartPosition.parse(text).offset(Consumer(), TP, 3) == expected


@pytest.mark.parametrize("text", ["", "now", "2026-11-01", "2026-11-01T00:00:00", "7"])
def test_anything_else_is_rejected_with_the_value(text: str) -> None:
    with pytest.raises(ConfigError, match=f"--from {text!r} is not"):
        StartPosition.parse(text)
