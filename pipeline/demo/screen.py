"""The output of the demo: a row per result as it arrives, and the funnel."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.demo.results import RecordResult

__all__ = ["Screen", "funnel_total"]

_STYLES = {"enriched": "green", "revised": "cyan", "retracted": "magenta", "duplicate": "yellow", "dead letter": "red"}
_WIDTHS = (("result", 12), ("lang", 8), ("verdict or reason", 24))
_SUBJECTS_SHARE = 0.35  # share of the remaining width; the headline gets the rest
_MIN_WIDTH = 8
_PLAIN_WIDTH = 150  # width without a terminal, such as in a CI log


class Screen:
    """Prints rows on standard output, in columns of the same width in every table."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(width=None if Console().is_terminal else _PLAIN_WIDTH, highlight=False)
        self._has_header = False

    def line(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False, highlight=False)

    def rows(self, results: Sequence[RecordResult]) -> None:
        """Print rows; the first ones below a heading."""
        if not results:
            return
        table = Table(box=None, show_header=not self._has_header, pad_edge=False, header_style="bold")
        for name, width in _WIDTHS:
            table.add_column(name, width=width, no_wrap=True, overflow="ellipsis")
        room = self._console.width - sum(width + 1 for _, width in _WIDTHS) - 1
        subjects = max(_MIN_WIDTH, int(room * _SUBJECTS_SHARE))
        for name, width in (("subjects", subjects), ("headline", max(_MIN_WIDTH, room - subjects))):
            table.add_column(name, width=width, no_wrap=True, overflow="ellipsis")
        for result in results:
            cells = (result.kind, result.language, result.why, result.subjects, result.headline)
            # As plain text: headlines may contain brackets, which are markup for rich.
            table.add_row(*(Text(cell.replace("\n", " "), style=_STYLES[result.kind]) for cell in cells))
        self._console.print(table)
        self._has_header = True

    def funnel(self, raw: int, funnel: Mapping[str, Any]) -> None:
        """Print the funnel with its sum, which should be `raw`."""
        table = Table(title=f"{raw} raw records", title_style="bold", box=None, show_header=False, pad_edge=False)
        table.add_column(justify="right")
        table.add_column()
        for name, count in funnel.items():
            total, details = _summed(count)
            table.add_row(str(total), f"{name.replace('_', ' ')}{details}")
        table.add_row("———", "")
        table.add_row(str(funnel_total(funnel)), "total")
        self._console.print()
        self._console.print(table)


def funnel_total(funnel: Mapping[str, Any]) -> int:
    """Return the sum of a funnel."""
    return sum(_summed(count)[0] for count in funnel.values())


def _summed(count: Any) -> tuple[int, str]:
    if isinstance(count, int):
        return count, ""
    details = ", ".join(f"{number} {reason}" for reason, number in count.items())
    return sum(count.values()), f" ({details})" if details else ""
