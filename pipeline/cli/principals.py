"""The option `--principal` of the commands that withdraw articles."""

from collections.abc import Sequence
from typing import Final

from pipeline.cli.arguments import UsageError
from pipeline.settings import Settings

__all__ = ["named_principals"]

_NONE: Final = "-"


def named_principals(settings: Settings, given: Sequence[str]) -> list[str | None]:
    """Return whose articles are withdrawn; None stands for records that name nobody.

    Raises:
        UsageError: It counts and was not given: deduplication would refuse the withdrawals.
    """
    if not given and settings.dedup.bind_principals:
        raise UsageError(
            "--principal: withdrawals are bound to principals (NEWS_DEDUP__BIND_PRINCIPALS); give the header of the "
            "raw records of the articles, or `-` if they have none"
        )
    return [None if name == _NONE else name for name in given] or [None]
