"""Settings of `news-pipeline monitor`."""

from pathlib import Path

from pydantic import Field

from pipeline.settings.groups import Group

__all__ = ["MonitorSettings"]


class MonitorSettings(Group):
    """The monitor: what it asks the brokers, and how it learns the rhythm of sources and languages."""

    interval_secs: float = Field(
        default=15.0, ge=0.2, le=30, description="Interval between two questions to the brokers about groups and logs."
    )
    sources: int = Field(
        default=200,
        ge=1,
        le=2000,
        description="Sources with metrics of their own, those with the most articles; the rest counts as `other`.",
    )
    state_file: Path | None = Field(
        default=None,
        description="File that keeps the learned rhythm, so that a restart goes on from there; none when unset.",
    )
    learn_hours: float = Field(
        default=24.0,
        ge=0,
        le=336,
        description="Hours of past events that a monitor without a state file reads at its start.",
    )
    known_hours: float = Field(
        default=24.0,
        gt=0,
        le=336,
        description="Hours for which a source or language must have been known before its silence counts.",
    )
