"""`news-pipeline source files`."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipeline.cli.arguments import above_zero
from pipeline.errors import ConfigError
from pipeline.settings import load_settings

__all__ = ["files"]

_STATE = ".news-pipeline"


def files(
    *,
    watch: Path,
    move_to: Path | None = None,
    state_dir: Path | None = None,
    settle_secs: Annotated[float, Parameter(validator=above_zero)] = 5.0,
) -> int:
    """Send the files of a directory to the raw topic, and those that arrive, until SIGTERM or Ctrl-C.

    The kinds of files are those of `produce`, and XML of NewsML-G2 and NITF. A file is taken once it is complete: when
    it has not changed for a while, or was renamed from a name such as `x.part`. What was sent is noted after the
    brokers have acknowledged; after a crash, at most 200 records are sent again. It needs the extra `sources`.

    Parameters
    ----------
    watch:
        The directory, with those below it.
    move_to:
        Directory on the same file system into which files are moved once sent. Without it they stay where they are.
    state_dir:
        Where it is noted what was sent; `.news-pipeline` in the directory by default.
    settle_secs:
        Seconds without a change after which a file is complete.
    """
    if find_spec("defusedxml") is None:
        raise ConfigError("the extra `sources` is not installed: pip install 'news-pipeline[sources]'")
    from pipeline.sources.directory.sending import DirectorySending  # noqa: PLC0415  # needs the extra
    from pipeline.sources.service import Source, run_source  # noqa: PLC0415

    work = DirectorySending(watch, state_dir=state_dir or watch / _STATE, settle_secs=settle_secs, move_to=move_to)
    return run_source(load_settings(), Source(name="files", work=work))
