"""`news-pipeline erase`."""

import json
import sys
from typing import Annotated

from cyclopts import Parameter

from pipeline.cli.arguments import UsageError
from pipeline.cli.principals import named_principals
from pipeline.cli.signals import sigterm_unwinds
from pipeline.domain.ids import ArticleId
from pipeline.domain.times import from_epoch_ms
from pipeline.exit_codes import ExitCode
from pipeline.ops.clients import catalogue_for, consumer
from pipeline.ops.current_states import StandingArticle
from pipeline.ops.remains import ArticleRecords, find_records
from pipeline.ops.resending import RateLimiter
from pipeline.ops.withdrawal import WithdrawalProgress, withdrawal
from pipeline.settings import load_settings
from pipeline.wire.catalogue import CURRENT

__all__ = ["erase"]


def erase(
    article: str,
    *,
    copies: Annotated[bool, Parameter(negative="")] = False,
    yes: Annotated[bool, Parameter(negative="")] = False,
    json_lines: Annotated[bool, Parameter(name="--json", negative="")] = False,
    principal: tuple[str, ...] = (),
) -> int:
    """Erase an article from the product, and report where records of it remain and until when.

    Sends a retraction through the raw topic and a null value to the states, in one transaction. What is left on the
    other topics is removed by their retention. Without `--yes`, only the report is printed. Exit 1 when no record of
    the article was found.

    Parameters
    ----------
    article:
        The id of the article, as `id` in events and the key of records.
    copies:
        Also erase the articles that are held back as copies of it; otherwise one of them may be published in its place.
    yes:
        Erase it.
    json_lines:
        Print the report as JSON.
    principal:
        Who brought the articles, where NEWS_DEDUP__BIND_PRINCIPALS is on: the header `principal` of their raw records,
        such as `http:harbour`, or `-` if they have none. Give it several times if there were several.
    """
    if not article.strip():
        raise UsageError("give the id of an article")
    settings = load_settings()
    withdrawn_by = named_principals(settings, principal)
    catalogue = catalogue_for(settings)
    name = ArticleId(article.strip())
    with consumer(settings.kafka, enable_auto_commit=False, group_id=None) as client:
        found = find_records(client, catalogue, name)
        count = len(client.partitions_for_topic(catalogue.full_name(CURRENT)) or ())
    _print(name, found, json_lines=json_lines)
    if not found.topics:
        print(f"news-pipeline: no record of {name} was found", file=sys.stderr)
        return ExitCode.CRASH
    if not yes:
        print("nothing was changed; --yes erases the article", file=sys.stderr)
        return 0
    # Copies first: otherwise one of them is chosen to be published, and withdrawn again.
    wanted = dict(found.copies) if copies else {}
    wanted[name] = found.state or StandingArticle(id=name)
    done = WithdrawalProgress()
    with (
        sigterm_unwinds(),
        withdrawal(settings, "erase", count, ends_states=True, principals=withdrawn_by) as work,
    ):
        work.run(wanted.items(), done, RateLimiter(None))
    print(f"{done.articles} articles withdrawn; their records go as listed above", file=sys.stderr)
    if done.unaddressed:
        print(
            f"news-pipeline: {done.unaddressed} of them have no address, so consumers of events hear of it only from "
            f"{catalogue.full_name(CURRENT)}, and deduplication does not hear of it",
            file=sys.stderr,
        )
    return 0


def _print(article: ArticleId, found: ArticleRecords, *, json_lines: bool) -> None:
    if json_lines:
        topics = [
            {
                "topic": topic.topic,
                "records": topic.records,
                "kept_by": topic.kept_by,
                "until": None if topic.until_ms is None else from_epoch_ms(topic.until_ms),
            }
            for topic in found.topics
        ]
        report = {"article": article, "standing": found.standing, "topics": topics, "copies": sorted(found.copies)}
        print(json.dumps(report))
        return
    print(f"{article}: {'an article stands' if found.standing else 'no article stands'}")
    for topic in found.topics:
        until = (
            "until its null value is compacted" if topic.until_ms is None else f"until {from_epoch_ms(topic.until_ms)}"
        )
        print(f"{topic.topic:<45} {topic.records:>6} records, {until}")
    for copy in sorted(found.copies):
        print(f"copy held back: {copy}")
