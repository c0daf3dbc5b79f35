"""`news-pipeline retract`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import Parameter

from pipeline.cli.arguments import Rate, UsageError
from pipeline.cli.principals import named_principals
from pipeline.cli.signals import sigterm_unwinds
from pipeline.ops.clients import catalogue_for, consumer
from pipeline.ops.current_states import standing_of_site
from pipeline.ops.resending import RateLimiter
from pipeline.ops.withdrawal import WithdrawalProgress, withdrawal
from pipeline.settings import load_settings
from pipeline.wire.catalogue import CURRENT

__all__ = ["retract"]


def retract(
    *,
    source: str,
    yes: Annotated[bool, Parameter(negative="")] = False,
    rate: Rate = None,
    principal: tuple[str, ...] = (),
) -> int:
    """Retract all articles of a source that stand, for example when its licence ends.

    Takes the articles from the states. Without `--yes`, only their number is printed. An interrupted command can be
    repeated: it takes what still stands. Copies of other sources are published in place of what is retracted.

    Parameters
    ----------
    source:
        The registrable domain of the publisher, such as `gazette.example`, or the `source` of its raw records.
    yes:
        Retract them.
    principal:
        Who brought the articles, where NEWS_DEDUP__BIND_PRINCIPALS is on: the header `principal` of their raw records,
        such as `http:harbour`, or `-` if they have none. Give it several times if there were several.
    """
    site = source.strip()
    if not site:
        raise UsageError("--source: give a domain")
    settings = load_settings()
    withdrawn_by = named_principals(settings, principal)
    catalogue = catalogue_for(settings)
    with consumer(settings.kafka, enable_auto_commit=False, group_id=None) as client:
        found = standing_of_site(client, catalogue, site)
        count = len(client.partitions_for_topic(catalogue.full_name(CURRENT)) or ())
    if not yes or not found:
        print(f"{len(found)} articles of {site} stand" + ("; --yes retracts them" if found else ""))
        return 0
    done = WithdrawalProgress()
    with (
        _reported(done, len(found)),
        sigterm_unwinds(),
        withdrawal(settings, "retract", count, ends_states=False, principals=withdrawn_by) as work,
    ):
        work.run(found.items(), done, RateLimiter(rate))
    return 0


@contextmanager
def _reported(done: WithdrawalProgress, count: int) -> Iterator[None]:
    """Print the result after the block, even when that was interrupted."""
    try:
        yield
    finally:
        print(f"{done.articles} of {count} articles retracted")
        if done.unaddressed:
            print(
                f"news-pipeline: {done.unaddressed} of them have no address, so only their states were ended",
                file=sys.stderr,
            )
