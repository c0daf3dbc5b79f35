"""How a worker joins its consumer group: with its cut, and under a name of its own if it has one."""

from collections.abc import Sequence
from typing import Any

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from pipeline.domain.stage import StageName
from pipeline.settings import KafkaSettings

__all__ = ["membership_arguments"]


def membership_arguments(kafka: KafkaSettings, group: str, stages: Sequence[StageName]) -> dict[str, Any]:
    """Return the arguments of the group's consumer that concern the group.

    The name of the assignor contains the stages. A broker lets members join only if all offer one assignor in common,
    so that workers of two cuts are never in one group at the same time, even if they start at the same moment.
    """
    return {
        "group_id": group,
        "group_instance_id": kafka.instance_id,
        "partition_assignment_strategy": [_assignor(stages)],
    }


def _assignor(stages: Sequence[StageName]) -> type[RoundRobinPartitionAssignor]:
    """Return the assignor of a cut: its name is what `kafka-consumer-groups.sh --describe --state` shows."""
    return type("CutAssignor", (RoundRobinPartitionAssignor,), {"name": f"roundrobin:{'+'.join(stages)}"})
