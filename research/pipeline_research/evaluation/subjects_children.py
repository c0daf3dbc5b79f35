"""Tables about subjects below the top level, on texts that were read for these."""

from collections.abc import Callable, Sequence
from typing import Final

from pipeline.models.subjects.calibration import SecondLevel
from pipeline.models.subjects.taxonomy import CODES, SECOND_LEVEL, SUBJECT_NAMES
from pipeline_research.evaluation.subjects_answers import Answered
from pipeline_research.evaluation.subjects_scores import Share, share, share_of
from pipeline_research.evaluation.subjects_tables import FORM_NAMES, Answers
from pipeline_research.training.measures import table
from pipeline_research.training.subject_cases import Form

__all__ = ["children", "children_by_parent", "children_codes", "children_figures"]

_FORMS: Final[tuple[Form, ...]] = ("article", "opening", "headline", "sentence")


def children(readers: Answers) -> list[str]:
    """Return a line per reader and form: how many texts have a child, and how many of these are right.

    Children that cannot be judged, because the reader of the text did not look there, count neither way.
    """
    rows: list[list[object]] = []
    for name, answers in readers.items():
        for form in _FORMS:
            part = [answer for answer in _read(answers) if answer.case.form == form]
            if part:
                rows.append([name, FORM_NAMES[form], len(part), *_shares(part)])
    head = ("", "form", "texts", "with a child", "right of these", "with a reliable child", "right of these")
    return table(head, rows)


def children_by_parent(answers: Sequence[Answered]) -> list[str]:
    """Return a line per top-level subject: how many codes below it are found, and how many of the served are right."""
    rows: list[list[object]] = []
    for parent in CODES:
        below = {code for code, child in SECOND_LEVEL.items() if child.parent == parent}
        found = share_of(_read(answers), _found_of(below))
        right = share_of(_read(answers), _right_of(below))
        if found.count or right.count:
            rows.append([f"{parent} {SUBJECT_NAMES[parent]}", found.count, found, right.count, right])
    return table(("parent", "codes that texts have", "found", "children served", "right of these"), rows)


def children_codes(second: SecondLevel | None) -> list[str]:
    """Return which codes are served and which are not, by their parent."""
    served = frozenset[str]() if second is None else second.codes
    rows: list[list[object]] = []
    for parent in CODES:
        below = [(code, child.name) for code, child in SECOND_LEVEL.items() if child.parent == parent]
        kept = [f"{name} ({code})" for code, name in below if code in served]
        rows.append([SUBJECT_NAMES[parent], ", ".join(kept) or "–", len(below) - len(kept)])
    return table(("parent", "served", "codes that are not"), rows)


def children_figures(readers: Answers) -> dict[str, dict[str, list[float]]]:
    """Return reader → figure → [value, low, high, count] of all forms."""
    names = ("with_child", "right_of_children", "with_reliable_child", "right_of_reliable_children")
    found = {name: _shares(_read(answers)) for name, answers in readers.items()}
    return {
        name: {
            what: [round(value.value, 4), round(value.low, 4), round(value.high, 4), value.count]
            for what, value in zip(names, values, strict=True)
        }
        for name, values in found.items()
    }


def _read(answers: Sequence[Answered]) -> list[Answered]:
    return [answer for answer in answers if answer.case.second is not None]


def _shares(answers: Sequence[Answered]) -> list[Share]:
    return [
        share(answers, lambda answer: bool(answer.children)),
        share_of(answers, lambda answer: _right(answer, answer.children)),
        share(answers, lambda answer: bool(answer.reliable_children)),
        share_of(answers, lambda answer: _right(answer, answer.reliable_children)),
    ]


def _right(answer: Answered, codes: Sequence[str]) -> tuple[int, int]:
    said = [found for found in map(answer.case.has_child, codes) if found is not None]
    return sum(said), len(said)


def _found_of(below: set[str]) -> Callable[[Answered], tuple[int, int]]:
    def counts(answer: Answered) -> tuple[int, int]:
        meant = below & set(answer.case.second or ())
        return len(meant & set(answer.children)), len(meant)

    return counts


def _right_of(below: set[str]) -> Callable[[Answered], tuple[int, int]]:
    return lambda answer: _right(answer, [code for code in answer.children if code in below])
