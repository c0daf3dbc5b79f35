"""`news-pipeline eval language` and `eval subjects`."""

import sys
from collections.abc import Callable
from pathlib import Path

from pipeline_research.training.cards import put_tables
from pipeline_research.training.language_report import Report, language_report
from pipeline_research.training.plot import draw_calibration
from pipeline_research.training.subject_report import subject_report

__all__ = ["language", "subjects"]


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
    return _report(language_report, data, plot, write)


def subjects(
    *,
    data: Path,
    weights: Path | None = None,
    research: Path | None = None,
    baseline: bool = True,
    plot: Path | None = None,
    write: Path | None = None,
) -> int:
    """Measure the subject model by class, source, length and language, and compare it with a linear baseline.

    Parameters
    ----------
    data:
        A directory with `label_map.json` and `topic/*.jsonl.gz`.
    weights:
        The model to measure, npz; the shipped one by default.
    research:
        A model that was trained on all sets (`train subjects --all-data`), npz, to compare with.
    baseline:
        Whether to measure the n-gram linear baseline too, which takes minutes.
    plot:
        File for a drawing of confidence against the share of right answers: .svg, .png or .pdf.
    write:
        A model card to insert the tables into.
    """
    return _report(
        lambda data, log_line: subject_report(data, log_line, weights, research, baseline=baseline), data, plot, write
    )


def _report(
    measure: Callable[[Path, Callable[[str], None]], Report], data: Path, plot: Path | None, write: Path | None
) -> int:
    report = measure(data, _log_line)
    print("\n".join(report.lines))
    if plot is not None:
        draw_calibration(plot, report.calibration)
    if write is not None:
        put_tables(write, report.lines)
    return 0


def _log_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
