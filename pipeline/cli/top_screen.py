"""What `news-pipeline top` shows, as tables for a terminal."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.observability.units import rate_text, seconds_text
from pipeline.observability.worker_view import Part, StageView
from pipeline.ops.fleet import FleetView, Member
from pipeline.ops.headlines import Headline

__all__ = ["printable", "screen"]

_MOST_PARTS = 8
_WIDE = 110
"""Columns from which all columns of the tables fit."""


def screen(
    view: FleetView, width: int, headlines: Sequence[Headline] | None = None, note: str = "", keys: str = ""
) -> Group:
    """Return everything that is shown.

    Args:
        view: The workers.
        width: Columns of the terminal; a narrow one gets fewer columns of the tables.
        headlines: The newest headlines; None if they are not wanted.
        note: What there is to say about the headlines.
        keys: Which keys there are; empty without a keyboard.
    """
    wide = width >= _WIDE
    parts: list[RenderableType] = [_head(view, keys), _workers(view.members, wide=wide)]
    if view.total.stages:
        parts += [_stages(view, wide=wide), _shares(view)]
    if headlines is not None:
        parts.append(_headlines(headlines, note))
    return Group(*parts)


def printable(text: str) -> str:
    """Return a text without characters that steer a terminal or reverse the direction of what follows."""
    kept = (letter for letter in text if unicodedata.category(letter) != "Cf")
    return "".join(letter if letter.isprintable() else "�" for letter in kept)


def _head(view: FleetView, keys: str) -> Text:
    answering = sum(member.view is not None for member in view.members)
    at = datetime.fromtimestamp(view.at, UTC)
    lag = view.total.lag_records
    line = Text()
    line.append("news-pipeline", style="bold")
    line.append(f"  {at:%H:%M:%S} UTC  {answering} of {len(view.members)} workers answer  lag ")
    line.append("unknown" if lag is None else f"{lag:,}", style="bold")
    line.append(f"  rates over {seconds_text(view.total.secs)}", style="dim")
    line.append(f"  {keys}", style="dim")
    return line


def _workers(members: Sequence[Member], *, wide: bool) -> Table:
    heads = ("stages", "state", "in/s", "lag", *(("partitions", "cores", "memory") if wide else ()))
    table = _table("worker", *heads, title="Workers")
    for member in members:
        view, problems = member.view, ", ".join(member.problems)
        state = Text(printable(problems or "ready"), style="red" if problems else "green")
        cells = ["–"] * (len(heads) - 2)
        stages = "–"
        if view is not None:
            names = [stage.stage for stage in view.stages]
            stages = " → ".join(dict.fromkeys([*names[:1], *names[-1:]]))  # the stages between are known by that
            cells[0] = rate_text(view.stages[0].consumed) if view.stages else "–"
            cells[1] = "unknown" if view.lag_records is None else f"{view.lag_records:,}"
            cells[2:] = [
                str(len(view.partitions)),
                f"{view.cores:.2f}",
                f"{view.resident_bytes / 2**20:,.0f} MiB",
            ][: len(cells) - 2]
        table.add_row(Text(member.address), stages, state, *cells)
    return table


def _stages(view: FleetView, *, wide: bool) -> Table:
    heads = ("in/s", "out/s", "drop/s", "rej/s", "p50", "p95", "p99", "lag", *(("total", "last") if wide else ()))
    table = _table("stage", *heads, title="Stages")
    for stage in view.total.stages:
        table.add_row(stage.stage, *_stage_cells(stage, view.at)[: len(heads)])
    return table


def _stage_cells(stage: StageView, now: float) -> list[str]:
    rates = [rate_text(rate) for rate in (stage.consumed, stage.emitted, stage.dropped, stage.rejected)]
    latency = [seconds_text(value) for value in stage.latency] if stage.latency else ["–"] * 3
    lag = "–" if stage.lag_records is None else f"{stage.lag_records:,}"
    last = "–" if stage.last_commit_at is None else f"{seconds_text(max(0.0, now - stage.last_commit_at))} ago"
    return [*rates, *latency, lag, f"{stage.records:,}", last]


def _shares(view: FleetView) -> Columns:
    total = view.total
    return Columns(
        [
            _parts("Dead letters", total.dead_letters),
            _parts("Languages", total.languages),
            _parts("Subjects", total.subjects),
            _parts("Verdicts", total.verdicts),
        ],
        padding=(0, 2),
    )


def _parts(title: str, parts: Sequence[Part]) -> Table:
    table = _table(title, "total", "/s")
    for part in parts[:_MOST_PARTS]:
        table.add_row(Text(printable(part.name)), f"{part.records:,}", rate_text(part.per_sec))
    if len(parts) > _MOST_PARTS:
        rest = parts[_MOST_PARTS:]
        table.add_row(
            "others", f"{sum(part.records for part in rest):,}", rate_text(sum(part.per_sec for part in rest))
        )
    if not parts:
        table.add_row("none", "0", "0")
    return table


def _headlines(rows: Sequence[Headline], note: str) -> Table:
    table = Table(
        "at", "language", "publisher", "headline", title="Headlines", title_justify="left", title_style="bold", box=None
    )
    for row in rows:
        values = (row.at, row.language, row.publisher, row.headline)
        table.add_row(*(Text(printable(value), no_wrap=True, overflow="ellipsis") for value in values))
    if not rows:
        table.add_row(Text(printable(note or "none yet")))
    return table


def _table(first: str, *others: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="dim")
    table.add_column(first, no_wrap=True)
    for name in others:
        left = name in {"stages", "state"}
        table.add_column(name, justify="left" if left else "right", no_wrap=not left)
    return table
