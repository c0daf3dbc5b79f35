"""The HTML of the status page. Every value passes through `_text`, which escapes it; numbers are formatted here."""

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from pipeline.observability.progress import Status
from pipeline.observability.units import rate_text, seconds_text
from pipeline.observability.worker_view import Part, StageView, WorkerView

__all__ = ["HtmlView", "page_html"]

_MOST_PARTS = 8
"""Languages and subjects on the page; the rest is one line."""
_REFRESH_SECS = 10
"""What the page's own link sets."""


class HtmlView(Struct, frozen=True, kw_only=True):
    """What the page shows.

    Attributes:
        stages: The worker's stages.
        state: Phase of the process.
        problems: Why the worker is not ready, or hangs.
        facts: What the worker is, by name.
        status: Its progress.
        view: Its numbers.
        since_start: Whether rates and latencies are about the whole time since the start.
        settings: Variable, value, and whether it is the default.
        versions: Versions by what they are versions of.
        now: Unix time of the page.
        style: The style sheet.
        refresh_secs: Seconds after which a browser loads the page again; None for never.
    """

    stages: Sequence[str]
    state: str
    problems: Sequence[str]
    facts: Mapping[str, str]
    status: Status
    view: WorkerView
    since_start: bool
    settings: Sequence[tuple[str, str, bool]]
    versions: Mapping[str, str]
    now: float
    style: str
    refresh_secs: int | None


def page_html(page: HtmlView) -> str:
    """Return the whole page."""
    refresh = f'<meta http-equiv="refresh" content="{page.refresh_secs}">' if page.refresh_secs else ""
    title = " → ".join(page.stages)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)} · news-pipeline</title>{refresh}<style>{page.style}</style></head><body>"
        f"{_header(page, title)}<main>{_numbers(page)}{_stages(page)}"
        f'<div class="side">{_partitions(page.view)}{_dead_letters(page.view)}</div>'
        f'<div class="side">{_shares("Languages", "language", page.view.languages)}'
        f"{_shares('Subjects', 'subject', page.view.subjects)}{_shares('Verdicts', 'kind', page.view.verdicts)}</div>"
        f"{_versions(page.versions)}{_settings(page.settings)}</main>{_footer(page)}</body></html>\n"
    )


def _text(value: str) -> str:
    return html.escape(value)


def _header(page: HtmlView, title: str) -> str:
    ready = not page.problems
    badge = f'<span class="badge {"good" if ready else "bad"}">{"ready" if ready else "not ready"}</span>'
    problems = f"<p>Not ready because of: {_text(', '.join(page.problems))}.</p>" if page.problems else ""
    return (
        f'<header><h1>{_text(title)}</h1><p>{badge} <span class="soft">news-pipeline worker, state '
        f"{_text(page.state)}</span></p>{problems}</header>"
    )


def _numbers(page: HtmlView) -> str:
    view, status = page.view, page.status
    unknown = "unknown"
    lag = unknown if status.lag_records is None else f"{status.lag_records:,}"
    first = view.stages[0] if view.stages else None
    numbers = {
        "articles in, per second": rate_text(first.consumed) if first else "0",
        "records waiting (lag)": lag,
        "partitions assigned": "none yet" if status.assigned is None else str(status.assigned),
        "records in progress": f"{view.in_progress:,}",
        "processor cores in use": f"{view.cores:.2f}",
        "memory": f"{view.resident_bytes / 2**20:,.0f} MiB" if view.resident_bytes else unknown,
    }
    return (
        f'<section aria-label="At a glance">{_terms(numbers, "numbers")}'
        f'<p class="soft">Rates and latencies: {_span(page)}.</p></section>'
        f'<section aria-label="This worker">{_terms(page.facts)}</section>'
    )


def _span(page: HtmlView) -> str:
    length = seconds_text(page.view.secs)
    return f"since the start, {length} ago" if page.since_start else f"the last {length}, since an earlier look"


def _stages(page: HtmlView) -> str:
    heads = ("stage", "in / s", "out / s", "dropped / s", "rejected / s", "latency p50 · p95 · p99", "in total", "last")
    rows = [_stage_cells(stage, page.now) for stage in page.view.stages]
    return _table("Stages", heads, rows, empty="The stages have not been built yet.", class_name="cards")


def _stage_cells(stage: StageView, now: float) -> tuple[str, ...]:
    latency = " · ".join(seconds_text(value) for value in stage.latency) if stage.latency else "–"
    last = "–" if stage.last_commit_at is None else f"{seconds_text(max(0.0, now - stage.last_commit_at))} ago"
    rates = (stage.consumed, stage.emitted, stage.dropped, stage.rejected)
    return (stage.stage, *(rate_text(rate) for rate in rates), latency, f"{stage.records:,}", last)


def _partitions(view: WorkerView) -> str:
    rows = [(topic, str(number), f"{lag:,}", f"{held:,}") for topic, number, lag, held in view.partitions]
    heads = ("topic", "partition", "lag", "behind open transactions")
    empty = "No partition is assigned, or no lag is known."
    return _table("Assignment and lag", heads, rows, empty=empty, class_name="cards")


def _dead_letters(view: WorkerView) -> str:
    rows = [(part.name, f"{part.records:,}", rate_text(part.per_sec)) for part in view.dead_letters]
    return _table("Dead letters", ("stage: reason", "since the start", "per second"), rows, empty="None.")


def _shares(title: str, label: str, parts: Sequence[Part]) -> str:
    if not parts:
        return ""
    total = sum(part.records for part in parts)
    shown = [(part.name, part.records) for part in parts[:_MOST_PARTS]]
    if rest := sum(part.records for part in parts[_MOST_PARTS:]):
        shown.append(("all others", rest))
    rows = [(name, f"{records:,}", f"{records / total:.0%}") for name, records in shown]
    meters = [f'<meter min="0" max="1" value="{records / total:.4f}"></meter> ' for _, records in shown]
    return _table(title, (label, "articles", "share"), rows, meters=meters)


def _versions(versions: Mapping[str, str]) -> str:
    return _section("Versions", _terms(versions))


def _settings(settings: Sequence[tuple[str, str, bool]]) -> str:
    rows = [(name, value, "default" if is_default else "set") for name, value, is_default in settings]
    return _table("Settings", ("setting", "value", "origin"), rows, class_name="cards words")


def _footer(page: HtmlView) -> str:
    at = datetime.fromtimestamp(page.now, UTC)
    shown = f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at:%Y-%m-%d %H:%M:%S} UTC</time>'
    again = (
        '<a href="/">stop refreshing</a>'
        if page.refresh_secs
        else f'<a href="/?refresh={_REFRESH_SECS}">refresh every {_REFRESH_SECS} s</a>'
    )
    return (
        f'<footer><p>As of {shown} · {again}</p><nav aria-label="Other pages"><a href="/metrics">metrics</a> · '
        '<a href="/livez">live</a> · <a href="/readyz">ready</a> · <a href="/startupz">started</a></nav></footer>'
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{_text(title)}</h2>{content}</section>"


def _terms(values: Mapping[str, str], class_name: str = "") -> str:
    kind = f' class="{class_name}"' if class_name else ""
    inner = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in values.items())
    return f"<dl{kind}>{inner}</dl>"


def _table(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    empty: str = "None.",
    class_name: str = "",
    meters: Sequence[str] = (),
) -> str:
    """Return a section with a table whose first column names the row.

    Args:
        title: Heading of the section.
        heads: Names of the columns.
        rows: Values, shape (rows, columns).
        empty: What to say without rows.
        class_name: Class of the table. Roles are written out, because styles that change `display` would remove them.
        meters: HTML before the last value of each row; none if empty.
    """
    if not rows:
        return _section(title, f'<p class="soft">{_text(empty)}</p>')
    head = f'<th scope="col" role="columnheader">{_text(heads[0])}</th>' + "".join(
        f'<th scope="col" role="columnheader" class="number">{_text(name)}</th>' for name in heads[1:]
    )
    body = "".join(
        f'<tr role="row">{_cells(heads, row, meters[number] if meters else "")}</tr>' for number, row in enumerate(rows)
    )
    style = f' class="{class_name}"' if class_name else ""
    return _section(
        title,
        f'<table role="table"{style}><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table>',
    )


def _cells(heads: Sequence[str], row: Sequence[str], meter: str) -> str:
    first, *others = (_text(value) for value in row)
    others[-1] = meter + others[-1]
    cells = [
        f'<td role="cell" data-label="{_text(name)}" class="number">{value}</td>'
        for name, value in zip(heads[1:], others, strict=True)
    ]
    return f'<th scope="row" role="rowheader">{first}</th>{"".join(cells)}'
