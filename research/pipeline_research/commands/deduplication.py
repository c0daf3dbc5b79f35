"""`news-pipeline eval dedupe`."""

import sys
from pathlib import Path
from typing import Final

from pipeline.cli.arguments import UsageError
from pipeline_research.evaluation.copy_finders import OURS, Finder, finders
from pipeline_research.evaluation.deduplication import (
    Case,
    measure,
    shared_passage_trial,
    story_clusters,
    trials,
)
from pipeline_research.evaluation.deduplication_tables import render, render_templates
from pipeline_research.evaluation.news_texts import Story, TextSet, load_sets, load_stories, sample_fillers, sample_set
from pipeline_research.evaluation.outcomes import OutcomeCounts, summed
from pipeline_research.evaluation.templates import TEMPLATE_KINDS, measure_templates

__all__ = ["dedupe"]

_LEAST_PER_LANGUAGE: Final = 4


def dedupe(
    *,
    data: Path | None = None,
    per_language: int = 30,
    seed: int = 1,
    peers: bool = True,
    min_recall: float | None = None,
    min_precision: float | None = None,
) -> int:
    """Measure how well copies are distinguished from texts that only resemble them, and compare with other methods.

    Copies and other texts are generated from the project's samples and from news in `data`; the same options give the
    same texts. Peers that are not installed are left out; `uv run --with datasketch --with simhash news-pipeline eval
    dedupe …` installs them for one run. Texts are not printed.

    Parameters
    ----------
    data:
        A directory with `topic/*.jsonl.gz`, lines with `text` and `lang`; reports of one event in
        `dup/ecbplus.jsonl.gz`, lines with `text` and `cluster`. It may be absent.
    per_language:
        Articles to draw from every file and language; those with fewer long articles are left out.
    seed:
        Seed of the choice of articles and changes.
    peers:
        Whether to measure the peers too.
    min_recall:
        Exit 1 when a smaller share of any kind of copies with an aim is recognised.
    min_precision:
        Exit 1 when a smaller share of the texts that are no copies is let through.
    """
    if per_language < _LEAST_PER_LANGUAGE:
        raise UsageError(f"--per-language must be {_LEAST_PER_LANGUAGE} or more")
    for name, value in (("--min-recall", min_recall), ("--min-precision", min_precision)):
        if value is not None and not 0 <= value <= 1:
            raise UsageError(f"{name} must be from 0 to 1")
    methods, absent = finders(peers=peers)
    for name in absent:
        _log_line(f"{name}: not installed, left out")
    failed = _evaluate("The project's samples", sample_set(), [], methods, seed, (min_recall, min_precision))
    failed |= _evaluate_templates(methods, seed, min_precision)
    if data is not None and data.is_dir():
        sets, stories = list(load_sets(data, per_language, seed)), load_stories(data)
        if not sets:
            raise UsageError(f"{data} has no file with {per_language} long articles in one language")
        title = f"News in {len({texts.language for texts in sets})} languages: {per_language} articles of each of "
        title += ", ".join(f"{texts.name} ({texts.language})" for texts in sets)
        failed |= _evaluate(title, sets, stories, methods, seed, (min_recall, min_precision))
    elif data is not None:
        _log_line(f"{data}: no such directory, skipped")
    return int(failed)


def _evaluate(
    title: str,
    sets: list[TextSet],
    stories: list[Story],
    methods: list[Finder],
    seed: int,
    least: tuple[float | None, float | None],
) -> bool:
    """Measure all methods on one data set and print the tables; return whether ours is below the required shares."""
    made, shared = trials(sets, stories, seed), shared_passage_trial(sets, seed)
    results = {}
    for method in methods:
        _log_line(f"{title[:24]}: {method.name}")
        results[method.name] = [outcome for trial in (*made, shared) for outcome in measure(method, trial)]
    print("\n".join(render(title, results, [story_clusters(trial) for trial in made])), flush=True)
    return _is_below(results[OURS], *least)


def _evaluate_templates(methods: list[Finder], seed: int, min_precision: float | None) -> bool:
    """Measure all methods on templates and print the table; return whether ours lets too few of an aim through."""
    _log_line("Templates and notices")
    fillers = sample_fillers()
    found, aside = (
        {method.name: measure_templates(method, fillers, seed, held_out=held_out) for method in methods}
        for held_out in (False, True)
    )
    print("\n".join(render_templates(found, aside)), flush=True)
    with_aim = {kind.name for kind in TEMPLATE_KINDS if kind.aim is not None and not kind.is_copy}
    rows = [row for results in (found, aside) for name, row in results[OURS].items() if name in with_aim]
    return min_precision is not None and any(row.share_right < min_precision for row in rows)


def _is_below(
    outcomes: list[tuple[Case, OutcomeCounts]], min_recall: float | None, min_precision: float | None
) -> bool:
    with_aims = [(case, row) for case, row in outcomes if case.kind.aim is not None]
    with_aim = [(case.kind.name, row) for case, row in with_aims if case.kind.is_copy]
    kinds = summed(with_aim)
    others = summed([("what is no copy", row) for case, row in with_aims if not case.kind.is_copy])
    below = False
    for rows, what, least in ((kinds, "recognised", min_recall), (others, "let through", min_precision)):
        for name, row in rows.items():
            if least is not None and row.share_right < least:
                _log_line(f"{name}: {row.share_right:.4f} {what} is below {least}")
                below = True
    return below


def _log_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
