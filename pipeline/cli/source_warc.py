"""`news-pipeline source warc`."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipeline.cli.arguments import UsageError, read_lane
from pipeline.errors import ConfigError
from pipeline.settings import Settings, load_settings

__all__ = ["warc"]

DEFAULT_LANE = "archive"


def warc(
    *archives: Path,
    lane: str | None = None,
    live: Annotated[bool, Parameter(negative="")] = False,
    state_dir: Path | None = None,
    again: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Send the HTML pages of WARC archives (.warc, .warc.gz) to the raw topic of a lane, and end when all are sent.

    Pages go to the lane of NEWS_LANE, or else to `archive`, so that a backfill does not disturb live traffic. Progress
    is kept beside each archive: an interrupted command continues where it was, a repeated one sends nothing. The exit
    code is 1 if an archive could not be read to its end. It needs the extra `sources`.

    Parameters
    ----------
    archives:
        The archives.
    lane:
        Another lane, whose topics must exist: `NEWS_LANE=… news-pipeline topics apply` creates them.
    live:
        Send to the live topics instead of a lane.
    state_dir:
        Directory for the progress of all archives, where theirs cannot be written to.
    again:
        Send everything from the beginning; `dedupe` treats what it has had as repeats.
    """
    if not archives:
        raise UsageError("name at least one archive")
    settings = _in_lane(load_settings(), lane, live=live)
    if find_spec("fastwarc") is None:
        raise ConfigError("the extra `sources` is not installed: pip install 'news-pipeline[sources]'")
    from pipeline.sources.service import Source, run_source  # noqa: PLC0415
    from pipeline.sources.warc.sending import WarcSending  # noqa: PLC0415  # needs the extra

    work = WarcSending(archives, state_dir=state_dir, again=again)
    return run_source(settings, Source(name="warc", work=work)) or int(work.given_up > 0)


def _in_lane(settings: Settings, lane: str | None, *, live: bool) -> Settings:
    if live and (lane is not None or settings.lane):
        raise UsageError("--live sends to no lane; leave out --lane and NEWS_LANE")
    chosen = "" if live else read_lane(lane or settings.lane or DEFAULT_LANE)
    return settings.model_copy(update={"lane": chosen})
