"""Tables about the answers of the subject readers."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pipeline.models.subjects.taxonomy import CODES, SUBJECT_NAMES
from pipeline_research.evaluation.subjects_answers import Answered
from pipeline_research.evaluation.subjects_scores import Share, at_coverage, macro_f1, micro_f1, share, share_of
from pipeline_research.training.measures import table
from pipeline_research.training.subject_cases import FORMS, Form

__all__ = ["FORM_NAMES", "Answers", "by_class", "by_group", "by_set", "forms", "quality", "reasons", "served"]

Answers = Mapping[str, Sequence[Answered]]
"""Name of the reader → its answers to the same texts."""

FORM_NAMES: Final[Mapping[Form, str]] = {
    "article": "whole article",
    "opening": "headline and first sentence",
    "headline": "headline alone",
    "sentence": "single sentence",
}

_COVERAGES: Final = (0.5, 0.7, 0.9)
_FEWEST: Final = 15  # texts of a set with a line of its own
_OTHERS: Final = "other sets"


def quality(readers: Answers) -> list[str]:
    """Return a line per reader: how good best answers are, served or not, and all codes at the served floor."""
    head = ("", "texts", "main", "in codes", "defensible", "defensible at 50/70/90 % coverage", "micro F1", "macro F1")
    return table(head, [[name, len(answers), *_quality(answers)] for name, answers in readers.items() if answers])


def _quality(answers: Sequence[Answered]) -> list[object]:
    return [
        share(answers, lambda answer: answer.is_main),
        share(answers, lambda answer: answer.is_in_codes),
        share(answers, lambda answer: answer.is_right),
        " / ".join(f"{at_coverage(answers, part):.2f}" for part in _COVERAGES),
        micro_f1(answers),
        macro_f1(answers),
    ]


def by_class(readers: Answers) -> list[str]:
    """Return a line per main subject of the texts: the share of defensible best answers of each reader."""
    names = {code: f"{code} {SUBJECT_NAMES[code]}" for code in CODES}
    return by_group(readers, lambda answer: names[answer.case.codes[0]], "main subject")


def by_group(readers: Answers, key: Callable[[Answered], str], what: str) -> list[str]:
    """Return a line per group of texts: the share of defensible best answers of each reader."""
    groups = sorted({key(answer) for answers in readers.values() for answer in answers})
    rows: list[list[object]] = []
    for group in groups:
        mine = [[answer for answer in answers if key(answer) == group] for answers in readers.values()]
        rows.append([group, len(mine[0]), *(f"{share(part, _is_right).value:.2f}" for part in mine)])
    return table((what, "texts", *readers), rows)


def by_set(readers: Answers) -> list[str]:
    """Return a line per set and form: best answers in codes, and micro F1 of what is served, of each reader.

    Sets with few texts share a line; nobody said which of their further codes are defensible.
    """
    first = next(iter(readers.values()))
    texts = Counter(_set_of(answer) for answer in first if answer.case.form != "opening")
    names = [name for name in sorted(texts) if texts[name] >= _FEWEST]
    rows: list[list[object]] = []
    for name in [*names, _OTHERS]:
        for form in ("article", "headline", "sentence"):
            mine = [_of_set(answers, name, form, names) for answers in readers.values()]
            if mine[0]:
                codes = [share(part, _is_in_codes) for part in mine]
                rows.append([name, FORM_NAMES[form], len(mine[0]), *codes, *(f"{micro_f1(p).value:.2f}" for p in mine)])
    heads = (*(f"in codes, {name}" for name in readers), *(f"micro F1, {name}" for name in readers))
    return table(("set", "form", "texts", *heads), rows)


def _of_set(answers: Sequence[Answered], name: str, form: str, names: Sequence[str]) -> list[Answered]:
    found = [answer for answer in answers if answer.case.form == form]
    if name == _OTHERS:
        return [answer for answer in found if _set_of(answer) not in names]
    return [answer for answer in found if _set_of(answer) == name]


def _set_of(answer: Answered) -> str:
    """Return the set, the same for labels of two rounds."""
    return answer.case.set.removeprefix("read_")


def _is_in_codes(answer: Answered) -> bool:
    return answer.is_in_codes


def _is_right(answer: Answered) -> bool:
    return answer.is_right


def forms(readers: Answers) -> list[str]:
    """Return a line per reader and form of the article: how many are answered, and how many of these are right."""
    rows = []
    for name, answers in readers.items():
        for form in FORMS:
            part = [answer for answer in answers if answer.case.form == form]
            first = [answer for answer in part if answer.served]
            sure = [answer for answer in part if answer.reliable]
            rows.append(
                [
                    name,
                    FORM_NAMES[form],
                    len(part),
                    share(part, lambda answer: bool(answer.served)),
                    share(first, _is_right),
                    share(part, lambda answer: bool(answer.reliable)),
                    share(sure, _is_right),
                ]
            )
    return table(("", "form", "texts", "answered", "right of these", "reliable", "right of these"), rows)


def served(readers: Answers) -> list[str]:
    """Return a line per reader: what consumers get with the default settings."""
    rows = []
    for name, answers in readers.items():
        codes = share_of(answers, lambda answer: (len(answer.served), 1))
        rows.append(
            [
                name,
                share(answers, lambda answer: bool(answer.served)),
                share([answer for answer in answers if answer.served], _is_right),
                share(answers, lambda answer: bool(answer.reliable)),
                share_of(answers, lambda answer: _right_of(answer, answer.reliable)),
                f"{codes.value:.2f}",
                share(answers, lambda answer: len(answer.served) > 1),
                share_of(answers, lambda answer: _right_of(answer, answer.served[1:])),
            ]
        )
    head = ("", "articles with a subject", "first one right", "with a reliable one", "reliable ones right")
    return table((*head, "subjects an article", "articles with a second", "further ones right"), rows)


def _right_of(answer: Answered, codes: Sequence[str]) -> tuple[int, int]:
    return sum(code in answer.case.right for code in codes), len(codes)


def reasons(readers: Answers) -> list[str]:
    """Return a line per reader: the share of texts without a subject, by reason."""
    names = sorted({answer.result.reason or "" for answers in readers.values() for answer in answers} - {""})
    rows = [
        [name, len(answers), *(_of(share(answers, _has_reason(reason))) for reason in names)]
        for name, answers in readers.items()
    ]
    return table(("", "texts", *(f"`{name}`" for name in names)), rows)


def _has_reason(reason: str) -> Callable[[Answered], bool]:
    return lambda answer: answer.result.reason == reason


def _of(found: Share) -> str:
    return f"{found.value:.3f}"
