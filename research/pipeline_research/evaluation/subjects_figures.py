"""The figures of an evaluation of subjects by name, so that runs can be compared by a program."""

from collections.abc import Sequence
from typing import Any

from pipeline_research.evaluation.subjects_answers import Answered
from pipeline_research.evaluation.subjects_scores import Share, at_coverage, macro_f1, micro_f1, share, share_of
from pipeline_research.evaluation.subjects_tables import Answers

__all__ = ["figures_of"]


def figures_of(readers: Answers) -> dict[str, dict[str, Any]]:
    """Return reader → figure → value; shares are [value, low, high, count] with a 95 % interval."""
    return {name: _figures(answers) for name, answers in readers.items() if answers}


def _figures(answers: Sequence[Answered]) -> dict[str, Any]:
    shares = {
        "main": share(answers, lambda answer: answer.is_main),
        "in_codes": share(answers, lambda answer: answer.is_in_codes),
        "defensible": share(answers, lambda answer: answer.is_right),
        "micro_f1": micro_f1(answers),
        "answered": share(answers, lambda answer: bool(answer.served)),
        "right_of_answered": share([a for a in answers if a.served], lambda answer: answer.is_right),
        "reliable": share(answers, lambda answer: bool(answer.reliable)),
        "right_of_reliable": share([a for a in answers if a.reliable], lambda answer: answer.is_right),
        "with_second": share(answers, lambda answer: len(answer.served) > 1),
        "right_of_further": share_of(answers, _further),
        "asked_encoder": share(answers, lambda answer: answer.result.reader == "encoder"),
    }
    return {
        **{name: _as_list(found) for name, found in shares.items()},
        "macro_f1": round(macro_f1(answers), 4),
        "at_coverage": {str(part): round(at_coverage(answers, part), 4) for part in (0.5, 0.7, 0.9)},
        "by_main": _grouped(answers, lambda answer: answer.case.codes[0]),
        "by_language": _grouped(answers, lambda answer: answer.case.tag),
    }


def _further(answer: Answered) -> tuple[int, int]:
    return sum(code in answer.case.right for code in answer.served[1:]), len(answer.served[1:])


def _grouped(answers: Sequence[Answered], key: Any) -> dict[str, list[float]]:
    names = sorted({key(answer) for answer in answers})
    groups = {name: [answer for answer in answers if key(answer) == name] for name in names}
    return {
        name: [round(sum(answer.is_right for answer in found) / len(found), 4), len(found)]
        for name, found in groups.items()
    }


def _as_list(found: Share) -> list[float]:
    return [round(found.value, 4), round(found.low, 4), round(found.high, 4), found.count]
