"""Draws the panels of a Grafana dashboard as a plain page, from what a Prometheus server answers to their queries.

It is no Grafana: it shows in one picture what the queries of the dashboard return. Knows the kinds of panels in use.
"""

import html
import math
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

__all__ = ["Frame", "dashboard_page"]

_COLUMN, _ROW, _GAP = 56, 34, 6  # pixels of a column and a row of Grafana's grid, and between two panels
_COLOURS = (
    "#3274d9",
    "#e0752d",
    "#56a64b",
    "#b877d9",
    "#e02f44",
    "#0a8f8f",
    "#c4a000",
    "#7b7b8a",
    "#8f3bb8",
    "#37872d",
)
_MOST_NAMES = 6
_STYLE = """
body { margin: 0; background: #f4f5f8; color: #24292e; font: 12px/1.35 system-ui, "Noto Sans", sans-serif; }
main { position: relative; }
section { position: absolute; background: #fff; border: 1px solid #dfe1e6; border-radius: 3px; overflow: hidden; }
h1 { font-size: 16px; margin: 10px; } h2 { font-size: 12px; margin: 6px 8px 2px; font-weight: 600; }
.row { background: none; border: 0; } .row h2 { font-size: 14px; margin: 8px 2px; }
.value { font-size: 30px; text-align: center; margin-top: 14px; } .soft { color: #6a737d; }
.names { margin: 2px 8px; } .names span { margin-right: 10px; white-space: nowrap; }
table { border-collapse: collapse; width: 94%; margin: 4px 3%; } td, th { text-align: right; padding: 3px 6px; }
th { color: #6a737d; font-weight: 400; } td:first-child, th:first-child { text-align: left; }
td { border-top: 1px solid #eceef1; }
"""


class Frame(Struct, frozen=True):
    """The time that is shown, in Unix seconds, and the variables of the dashboard."""

    start: float
    end: float
    step: float
    variables: Mapping[str, str]


def dashboard_page(board: dict[str, Any], get: Callable[[str], Any], frame: Frame, *, rows: int) -> str:
    """Return the page.

    Args:
        board: The dashboard.
        get: Returns the data of a path of Prometheus' API.
        frame: What to show.
        rows: Rows of the grid that are drawn; panels below are left out.
    """
    parts = []
    for panel in board["panels"]:
        place = panel["gridPos"]
        if place["y"] + place["h"] > rows:
            continue
        style = (
            f"left:{place['x'] * _COLUMN}px;top:{place['y'] * _ROW}px;"
            f"width:{place['w'] * _COLUMN - _GAP}px;height:{place['h'] * _ROW - _GAP}px"
        )
        kind = ' class="row"' if panel["type"] == "row" else ""
        inner = "" if panel["type"] == "row" else _panel(panel, get, frame)
        parts.append(f'<section{kind} style="{style}"><h2>{html.escape(panel["title"])}</h2>{inner}</section>')
    width, height = 24 * _COLUMN, rows * _ROW
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>dashboard</title><style>{_STYLE}</style>'
        f"<h1>{html.escape(board['title'])}</h1>"
        f'<main style="width:{width}px;height:{height}px">{"".join(parts)}</main></html>'
    )


def _panel(panel: dict[str, Any], get: Callable[[str], Any], frame: Frame) -> str:
    unit = panel["fieldConfig"]["defaults"].get("unit", "short")
    asked = [(target.get("legendFormat", ""), _filled(target["expr"], frame)) for target in panel["targets"]]
    if panel["type"] == "timeseries":
        return _chart(panel["gridPos"], _ranges(asked, get, frame), unit, frame)
    found = [
        (_name(legend, labels), labels, value) for legend, query in asked for labels, value in _now(get, query, frame)
    ]
    if panel["type"] == "stat":
        return f'<div class="value">{_number(found[0][2], unit) if found else "no data"}</div>'
    if panel["type"] == "bargauge":
        rows = sorted(((name, value) for name, _, value in found), key=lambda row: -row[1])
        return _table([(name, _number(value, unit)) for name, value in rows[:8]], ("", ""))
    return _table(*_joined(found, [legend for legend, _ in asked], unit))


def _filled(expression: str, frame: Frame) -> str:
    for name, value in frame.variables.items():
        expression = expression.replace(name, value)
    return expression


def _now(get: Callable[[str], Any], query: str, frame: Frame) -> list[tuple[dict[str, str], float]]:
    answer = get(f"query?{urllib.parse.urlencode({'query': query, 'time': frame.end})}")
    return [(found["metric"], float(found["value"][1])) for found in answer["result"]]


def _ranges(
    asked: Sequence[tuple[str, str]], get: Callable[[str], Any], frame: Frame
) -> list[tuple[str, list[tuple[float, float]]]]:
    lines = []
    for legend, query in asked:
        given = {"query": query, "start": frame.start, "end": frame.end, "step": frame.step}
        for found in get(f"query_range?{urllib.parse.urlencode(given)}")["result"]:
            points = [(float(at), float(value)) for at, value in found["values"]]
            lines.append((_name(legend, found["metric"]), [point for point in points if math.isfinite(point[1])]))
    return sorted(lines)


def _name(legend: str, labels: Mapping[str, str]) -> str:
    for label, value in labels.items():
        legend = legend.replace("{{" + label + "}}", value)
    return legend


def _chart(
    place: Mapping[str, int], lines: Sequence[tuple[str, list[tuple[float, float]]]], unit: str, frame: Frame
) -> str:
    width, height = place["w"] * _COLUMN - 70, place["h"] * _ROW - 78
    top = max((value for _, points in lines for _, value in points), default=0.0) or 1.0
    paths, names = [], []
    for number, (name, points) in enumerate(lines):
        colour = _COLOURS[number % len(_COLOURS)]
        spots = " ".join(
            f"{(at - frame.start) / (frame.end - frame.start) * width:.1f},{height - value / top * (height - 6):.1f}"
            for at, value in points
        )
        paths.append(f'<polyline points="{spots}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        names.append(f'<span><b style="color:{colour}">—</b> {html.escape(name)}</span>')
    more = f'<span class="soft">and {len(names) - _MOST_NAMES} more</span>' if len(names) > _MOST_NAMES else ""
    scale = f'<text x="0" y="10" font-size="10" fill="#6a737d">{_number(top, unit)}</text>'
    base = f'<line x1="0" y1="{height}" x2="{width}" y2="{height}" stroke="#dfe1e6"/>'
    nothing = "" if lines else '<text x="40" y="40" fill="#6a737d">no data</text>'
    return (
        f'<svg width="{width + 40}" height="{height + 4}" style="margin-left:12px">'
        f"{base}{scale}{nothing}{''.join(paths)}</svg>"
        f'<div class="names">{"".join(names[:_MOST_NAMES])}{more}</div>'
    )


def _joined(
    found: Sequence[tuple[str, Mapping[str, str], float]], legends: Sequence[str], unit: str
) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Return the rows of a table whose queries are its columns, as the dashboard's transformation joins them."""
    cells: dict[str, dict[str, str]] = {}
    for name, labels, value in found:
        key = labels.get("stage") or " ".join(value for label, value in sorted(labels.items()) if label != "__name__")
        cells.setdefault(key, {})[name] = _number(value, unit)
    return [(key, *(row.get(legend, "–") for legend in legends)) for key, row in cells.items()], ("", *legends)


def _table(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _number(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s" if value < 120 else f"{value / 60:.0f} min"
    if unit in {"bytes", "Bps"}:
        return f"{value / 2**20:.1f} MiB{'/s' if unit == 'Bps' else ''}"
    if unit == "percentunit":
        return f"{value:.0%}"
    text = f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.2f}"
    return f"{text} / s" if unit == "cps" else text
