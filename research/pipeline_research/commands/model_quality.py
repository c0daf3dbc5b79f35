"""`news-pipeline eval language`."""

import sys
from pathlib import Path

from pipeline_research.training.cards import put_tables
from pipeline_research.training.language_report import language_report
from pipeline_research.training.plot import draw_calibration

__all__ = ["language"]


def language(*, data: Path, plot: Path | None = None, write: Path | None = None) -> int:
    """Measure language identification by set, length and language, and compare it with the installed detectors.

    Parameters
    ----------
    data:
        A directory with labelled sets in `topic` and `lid`.
    plot:
        File for a drawing of confidence against the share of right answers: .svg, .png or .pdf.
    write:
        A model card to insert the tables into.
    """
    report = language_report(data, _log_line)
    print("\n".join(report.lines))
    if plot is not None:
        draw_calibration(plot, report.calibration)
    if write is not None:
        put_tables(write, report.lines)
    return 0


def _log_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
