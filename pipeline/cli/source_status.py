"""`news-pipeline source status`."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from pipeline.settings import load_settings
from pipeline.sources.feeds.status import STATE_FILE, FeedsStatus, FeedStatus, read_status

__all__ = ["status"]

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object.")]


def status(*, failing: bool = False, json: Json = False) -> int:
    """Print how each feed is: last success, items, new articles, error, next poll; exit 1 if one has failed for a day.

    Feeds that hubs push have the end of their subscriptions, too.

    It reads the state in NEWS_FEEDS__STATE_DIR, whether or not the source runs.

    Parameters
    ----------
    failing:
        Only feeds that fail or were retired.
    """
    found = read_status(load_settings().feeds.state_dir / STATE_FILE)
    feeds = [feed for feed in found.feeds if not failing or feed.error is not None or feed.retired is not None]
    if json:
        print(msgspec.json.encode(msgspec.structs.replace(found, feeds=tuple(feeds))).decode())
    else:
        _print(found, feeds)
    now = datetime.now(UTC).timestamp()
    return int(any(feed.retired is None and now - (feed.failing_since or now) > 86_400 for feed in feeds))


def _print(found: FeedsStatus, feeds: list[FeedStatus]) -> None:
    table = Table(box=None, pad_edge=False)
    are_pushed = any(feed.pushed_until for feed in feeds)
    names = ("source", "feed", "last success", "items", "new", "error", "failures", "next poll")
    for name in (*names, *(("pushed until",) if are_pushed else ())):
        table.add_column(name, justify="right" if name in ("items", "new", "failures") else "left", overflow="fold")
    for feed in feeds:
        table.add_row(
            feed.source,
            feed.url,
            _time(feed.last_success),
            str(feed.items),
            str(feed.new_items),
            feed.error or "",
            str(feed.failures or ""),
            f"retired: {feed.retired}" if feed.retired else _time(feed.next_poll),
            *((_time(feed.pushed_until),) if are_pushed else ()),
        )
    Console(highlight=False, soft_wrap=True).print(table)
    errors = ", ".join(f"{count} {kind}" for kind, count in found.errors.items()) or "none"
    if found.retired_sources:
        print(f"no feed is polled any more of {', '.join(found.retired_sources)}: their silence is no alert")
    print(f"{len(found.feeds)} feeds; failing: {errors}; {found.queued} records and {found.waiting_pages} pages wait")


def _time(secs: float | None) -> str:
    return datetime.fromtimestamp(secs, UTC).strftime("%Y-%m-%d %H:%M:%SZ") if secs is not None else "never"
