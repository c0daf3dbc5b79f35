"""Settings of `story`."""

from pathlib import Path

from pydantic import Field

from pipeline.settings.groups import HOUR_SECS, Group

__all__ = ["StorySettings"]


class StorySettings(Group):
    """The stories: how long articles are compared, and where the fold is saved."""

    window_secs: int = Field(
        default=72 * HOUR_SECS,
        ge=60,
        le=168 * HOUR_SECS,
        description="How long an article is compared with later ones. The same for all workers of `story`.",
    )
    snapshot_dir: Path | None = Field(
        default=None,
        description="Directory for snapshots of the stories, without which a worker folds their whole log when it "
        "starts; no snapshots when unset.",
    )
    snapshot_interval_secs: float = Field(default=300.0, gt=0, description="Interval between snapshots.")
