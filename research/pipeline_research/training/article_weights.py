"""Train the scorer of segments: from labelled pages to weights, with figures of publishers that were not seen."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.article_scorer import Logistic
from pipeline.text.page.forest import Forest
from pipeline_research.training.article_pages import COPIES, EMPTIED, ArticlePage, load_pages
from pipeline_research.training.article_quality import (
    JudgedPage,
    QualityTraining,
    area_under_curve,
    fit_doubt,
    fit_gain,
    judge_page,
    predict_unseen_pages,
)
from pipeline_research.training.article_scorer import ScorerTraining, fit_scorer, predict_unseen, split_kept
from pipeline_research.training.forest_export import ForestArrays

__all__ = ["train_article_scorer"]

Floats = NDArray[np.float32]
LogLine = Callable[[str], None]

_MADE = frozenset({COPIES, EMPTIED})
"""Sources of pages that were made of others; figures are of the others."""


class _Judges(Struct, frozen=True):
    gain: ForestArrays
    doubt: Logistic
    scored_doubt: Logistic


class _Task(Struct, frozen=True):
    """What is to be predicted of pages, and by which signals."""

    signals: list[Floats]
    outcomes: list[bool]

    def at(self, places: Sequence[int]) -> tuple[list[Floats], list[bool]]:
        """Return signals and outcomes of some pages."""
        return [self.signals[place] for place in places], [self.outcomes[place] for place in places]


def train_article_scorer(
    data: Path, output: Path, version: str, scorer: ScorerTraining, quality: QualityTraining, log_line: LogLine
) -> None:
    """Train the scorer of segments and the judges of texts, and write their weights.

    Args:
        data: Directory with the corpora of pages.
        output: File for the weights, npz.
        version: Of the weights.
        scorer: How the scorer is trained.
        quality: How the judges are trained.
        log_line: Called with lines on progress, and with the figures.
    """
    pages: list[ArticlePage] = []
    for page in load_pages(data):
        if isinstance(page, ArticlePage):
            pages.append(page)
        else:
            log_line(f"{page}: left out, its text is not on the page or the page is cut differently now")
    pages, kept = split_kept(pages)
    log_line(f"{len(pages)} pages to learn from, {len(kept)} pages of kept publishers")
    unseen = predict_unseen(pages, scorer, lambda forest, rows: Forest.of(*forest).probabilities(rows), log_line)
    judged = [judge_page(page, scores) for page, scores in zip(pages, unseen, strict=True)]
    for line in _figures([page for page in judged if page.source not in _MADE]):
        log_line(line)
    judges = _judges(judged, quality, log_line)
    _write(output, fit_scorer(pages, scorer), judges, version)


def _judges(judged: Sequence[JudgedPage], training: QualityTraining, log_line: LogLine) -> _Judges:
    """Train the judges on texts of publishers that the scorer had not seen, and report how well they predict."""
    asked = [page for page in judged if page.source != EMPTIED]
    gain = _Task([page.rules_signals for page in asked], [_gains(page, training) for page in asked])
    doubt = _Task([page.rules_signals for page in judged], [page.rules_f1 < training.wrong_below for page in judged])
    scored = _Task([page.scored_signals for page in judged], [page.scored_f1 < training.wrong_below for page in judged])

    def learn_gain(places: Sequence[int]) -> Callable[[Floats], float]:
        forest = Forest.of(*fit_gain(*gain.at(places), training))
        return lambda signals: float(forest.probabilities(signals[None, :])[0])

    def learn_doubt(task: _Task, places: Sequence[int]) -> Callable[[Floats], float]:
        return fit_doubt([judged[place] for place in places], *task.at(places), training).probability

    for name, pages, task, learn in (
        ("the scorer finds a better text", asked, gain, learn_gain),
        ("the rules' text is wrong", judged, doubt, partial(learn_doubt, doubt)),
        ("the scorer's text is wrong", judged, scored, partial(learn_doubt, scored)),
    ):
        found = predict_unseen_pages(pages, task.signals, learn, training.folds)
        real = np.array([page.source not in _MADE for page in pages])
        truth = np.array(task.outcomes)
        area = area_under_curve(found[real], list(truth[real]))
        log_line(f"{name}: {truth[real].sum()} pages, {found[real].sum():.0f} predicted, area {area:.3f}")
        empty = np.array([page.source == EMPTIED for page in pages])
        if empty.any():
            area = area_under_curve(found[real | empty], list(empty[real | empty]))
            log_line(f"  {empty.sum()} emptied pages: mean {found[empty].mean():.2f}, area against others {area:.3f}")
    return _Judges(
        fit_gain(gain.signals, gain.outcomes, training),
        fit_doubt(judged, doubt.signals, doubt.outcomes, training),
        fit_doubt(judged, scored.signals, scored.outcomes, training),
    )


def _gains(page: JudgedPage, training: QualityTraining) -> bool:
    return page.scored_f1 > page.rules_f1 + training.min_gain


def _figures(judged: Sequence[JudgedPage]) -> list[str]:
    """Return rows of a table: F1 of rules and scorer by corpus and language."""
    groups: defaultdict[str, list[JudgedPage]] = defaultdict(list)
    for page in judged:
        groups["all"].append(page)
        groups[page.source].append(page)
        groups[page.language].append(page)
    rows = ["| pages | number | F1 rules | >= .95 | < .8 | F1 scorer | >= .95 | < .8 |", "|---|" + "---:|" * 7]
    for name, members in sorted(groups.items(), key=lambda item: -len(item[1])):
        cells = [f"| {name} | {len(members)}"]
        for f1 in ([page.rules_f1 for page in members], [page.scored_f1 for page in members]):
            values = np.array(f1)
            cells.append(f"{values.mean():.3f} | {np.mean(values >= 0.95):.0%} | {np.sum(values < 0.8)}")
        rows.append(" | ".join(cells) + " |")
    return rows


def _write(path: Path, segments: ForestArrays, judges: _Judges, version: str) -> None:
    arrays: dict[str, NDArray[Any]] = {"version": np.array(version)}
    for name, forest in (("segments", segments), ("gain", judges.gain)):
        arrays[f"{name}.features"], arrays[f"{name}.thresholds"], arrays[f"{name}.leaves"] = forest
    for name, line in (("doubt", judges.doubt), ("scored_doubt", judges.scored_doubt)):
        arrays[f"{name}.weights"] = line.weights
        arrays[f"{name}.bias"] = np.array(line.bias)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
