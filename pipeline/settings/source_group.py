"""Settings that all sources share."""

from pydantic import Field

from pipeline.settings.groups import MIB, Group

__all__ = ["SourceSettings"]


class SourceSettings(Group):
    """What every `news-pipeline source` does: how much it sends before it waits for the brokers."""

    max_in_flight_bytes: int = Field(
        default=32 * MIB,
        ge=MIB,
        description="Raw records that were sent and are not acknowledged yet, in bytes; a source waits while there are "
        "more. A larger record is sent alone.",
    )
    send_secs: float = Field(
        default=60.0,
        ge=1,
        le=600,
        description="Longest time in which the brokers must acknowledge a raw record; then the source exits.",
    )
