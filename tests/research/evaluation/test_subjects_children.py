"""Tables about subjects below the top level."""

from collections.abc import Mapping

import pytest

from pipeline.domain.subject import Subject
from pipeline.models.subjects.calibration import SecondLevel
from pipeline.models.subjects.classifier import SubjectResult
from pipeline.models.subjects.reading import SubjectInput
from pipeline.models.subjects.taxonomy import SECOND_LEVEL
from pipeline_research.evaluation.subjects_answers import Answered
from pipeline_research.evaluation.subjects_children import (
    children,
    children_by_parent,
    children_codes,
    children_figures,
)
from pipeline_research.training.subject_cases import Case

SPORT, POLITICS = "15000000", "11000000"
EVENT, DISCIPLINE, ELECTION = "20001108", "20000822", "20000574"


def _answer(
    served: Mapping[str, float],
    second: tuple[str, ...] | None,
    codes: tuple[str, ...] = (SPORT,),
    defensible: tuple[str, ...] = (),
) -> Answered:
    """Return an answer with sport as its top-level subject; children are reliable from .8."""
    top = Subject(code=f"medtop:{SPORT}", name="", confidence=0.9, reliable=True, method="encoder", scheme_version="1")
    below = tuple(
        Subject(
            code=f"medtop:{code}",
            parent=f"medtop:{SECOND_LEVEL[code].parent}",
            name="",
            confidence=value,
            reliable=value >= 0.8,
            method="encoder",
            scheme_version="1",
        )
        for code, value in served.items()
    )
    case = Case("s", str(id(served)), "en", SubjectInput(body="x"), "article", codes, defensible, second)
    return Answered(case, {SPORT: 0.9}, SubjectResult((top, *below), None, "encoder"))


ANSWERS = [
    _answer({EVENT: 0.9}, (EVENT,)),
    _answer({DISCIPLINE: 0.6}, (EVENT,)),
    _answer({}, (EVENT,)),
    _answer({EVENT: 0.9}, None),
]


def test_children_are_no_top_level_subjects() -> None:
    answer = ANSWERS[0]
    assert (answer.served, answer.reliable) == ((SPORT,), (SPORT,))
    assert (answer.children, answer.reliable_children) == ((EVENT,), (EVENT,))


@pytest.mark.parametrize(
    ("codes", "defensible", "second", "right"),
    [
        ((SPORT,), (), (EVENT,), True),
        ((SPORT,), (), (DISCIPLINE,), False),
        ((SPORT,), (), (), False),
        ((POLITICS,), (), (ELECTION,), False),
        ((POLITICS, SPORT), (), (ELECTION,), None),
        ((POLITICS,), (SPORT,), (ELECTION,), None),
        ((POLITICS, SPORT), (), (ELECTION, DISCIPLINE), False),
        ((SPORT,), (), None, None),
    ],
)
def test_a_child_is_judged_where_the_reader_looked(
    codes: tuple[str, ...], defensible: tuple[str, ...], second: tuple[str, ...] | None, right: object
) -> None:
    case = Case("s", "g", "en", SubjectInput(), "article", codes, defensible, second)
    assert case.has_child(EVENT) is right


def test_texts_that_nobody_read_for_it_count_neither_way() -> None:
    (line,) = children({"encoder": ANSWERS})[2:]
    cells = [cell.strip().split(" ")[0] for cell in line.split("|")[1:-1]]
    assert cells == ["encoder", "whole", "3", "0.667", "0.500", "0.333", "1.000"]
    figures = children_figures({"encoder": ANSWERS})["encoder"]
    assert [figures[name][0] for name in figures] == [0.6667, 0.5, 0.3333, 1.0]


def test_each_parent_has_a_line() -> None:
    lines = children_by_parent([*ANSWERS, _answer({}, (ELECTION,), (POLITICS,))])[2:]
    cells = [[cell.strip().split(" ")[0] for cell in line.split("|")[1:-1]] for line in lines]
    assert cells == [[POLITICS, "1", "0.000", "0", "–"], [SPORT, "3", "0.333", "2", "0.500"]]


def test_codes_served_are_listed_by_parent() -> None:
    second = SecondLevel(slope=1.0, base=0.0, bar=0.5, reliable=0.9, codes=frozenset({EVENT}))
    lines = children_codes(second)
    assert f"| sport | sport event ({EVENT}) | 11 |" in lines
    assert "| sport | – | 12 |" in children_codes(None)
