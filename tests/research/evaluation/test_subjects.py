"""Figures and tables about subjects."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from pipeline.domain.subject import Subject
from pipeline.models.subjects.classifier import SubjectResult
from pipeline.models.subjects.reading import SubjectInput
from pipeline_research.evaluation.subjects_answers import Answered, RememberingReader
from pipeline_research.evaluation.subjects_languages import documents, expectations, language_name
from pipeline_research.evaluation.subjects_scores import at_coverage, macro_f1, micro_f1, share
from pipeline_research.evaluation.subjects_speed import curve, curve_table
from pipeline_research.evaluation.subjects_tables import by_set, forms, served
from pipeline_research.evaluation.subjects_vectors import documents_in, found_first, untouched, vectors_of
from pipeline_research.training.subject_cases import Case, Form
from tests.research.subject_stubs import WordReader, write_subject_corpora

Write = Callable[..., None]

SPORT, POLITICS, HEALTH = "15000000", "11000000", "07000000"


def _answer(
    odds: Mapping[str, float],
    codes: tuple[str, ...] = (SPORT,),
    defensible: tuple[str, ...] = (),
    *,
    tag: str = "en",
    form: Form = "article",
    group: str = "g",
    name: str = "ntrex_news",
) -> Answered:
    """Return an answer of which all above .3 is served, and reliable from .8."""
    subjects = tuple(
        Subject(
            code=f"medtop:{code}", name="", confidence=value, reliable=value >= 0.8, method="fast", scheme_version="1"
        )
        for code, value in sorted(odds.items(), key=lambda item: -item[1])
        if value >= 0.3
    )
    case = Case(name, group, tag, SubjectInput(body=group), form, codes, defensible)
    return Answered(case, odds, SubjectResult(subjects, None if subjects else "below_floor", "fast"))


def test_the_best_answer_counts_whether_it_is_served_or_not() -> None:
    answer = _answer({SPORT: 0.2, POLITICS: 0.1}, (POLITICS, SPORT))
    assert (answer.is_main, answer.is_in_codes, answer.served) == (False, True, ())
    assert _answer({HEALTH: 0.9}, (SPORT,), (HEALTH,)).is_right
    assert not _answer({}).is_right


def test_a_defensible_code_counts_neither_way() -> None:
    without, wrong = _answer({SPORT: 0.9}), _answer({SPORT: 0.9, HEALTH: 0.5})
    defensible = _answer({SPORT: 0.9, HEALTH: 0.5}, (SPORT,), (HEALTH,))
    assert micro_f1([without]).value == micro_f1([defensible]).value == 1.0
    assert micro_f1([wrong]).value == pytest.approx(2 / 3)
    assert macro_f1([without, _answer({SPORT: 0.9}, (POLITICS,))]) == pytest.approx((2 / 3 + 0) / 2)


def test_translations_of_one_document_leave_the_share_uncertain() -> None:
    rows = [
        _answer({SPORT: 0.9}, (SPORT,) if number % 2 else (HEALTH,), group=str(number % 2)) for number in range(100)
    ]
    single = [_answer({SPORT: 0.9}, item.case.codes, group=str(number)) for number, item in enumerate(rows)]
    together, apart = share(rows, lambda a: a.is_right), share(single, lambda a: a.is_right)
    assert together.value == apart.value == 0.5
    assert together.high - together.low > 3 * (apart.high - apart.low)


def test_the_surest_answers_make_the_coverage() -> None:
    rows = [_answer({SPORT: 0.9}), _answer({SPORT: 0.5}, (HEALTH,))]
    assert (at_coverage(rows, 0.5), at_coverage(rows, 1.0)) == (1.0, 0.5)


def test_what_is_served_and_its_forms() -> None:
    rows = [_answer({SPORT: 0.9, HEALTH: 0.4}), _answer({SPORT: 0.1}), _answer({SPORT: 0.5}, form="headline")]
    (line,) = [row for row in served({"fast": rows[:2]}) if "fast" in row]
    assert "0.500" in line
    assert "| 1.00 |" in line  # subjects an article
    assert any("headline alone | 1 | 1.000" in row for row in forms({"fast": rows}))


def test_sets_with_few_texts_share_a_line() -> None:
    rows = [_answer({SPORT: 0.9}, name="read_a", group=str(number)) for number in range(15)]
    few = [_answer({SPORT: 0.9}, (HEALTH,), name=name) for name in ("b", "c")]
    first, others = by_set({"fast": rows + few})[2:]
    assert first.startswith("| a | whole article | 15 | 1.000")
    assert others.startswith("| other sets | whole article | 2 | 0.000")


def test_each_language_has_a_line_with_its_name() -> None:
    rows = [
        _answer({SPORT: 0.9}, tag="de"),
        _answer({SPORT: 0.9}, (HEALTH,), tag="pt-BR"),
        _answer({SPORT: 0.9}, tag="pt"),
    ]
    lines = expectations({"fast": rows}, "fast")
    assert [line.split("|")[1:4] for line in lines[2:]] == [
        [" German (`de`) ", " 1 ", " 1.00 "],
        [" Portuguese (`pt`) ", " 2 ", " 0.50 "],
    ]
    assert documents({"fast": rows})[2].endswith("| 2 |")
    assert language_name("xx-Latn") == "xx-Latn"


def test_the_cascade_asks_below_the_bar() -> None:
    fast = [_answer({SPORT: 0.9}, group="a"), _answer({SPORT: 0.5}, (HEALTH,), group="b")]
    encoder = [_answer({SPORT: 0.9}, group="a"), _answer({HEALTH: 0.9}, (HEALTH,), group="b")]
    never, some, always = curve(fast, encoder, (0.0, 0.6, 1.01))
    assert [(point.asked, point.right) for point in (never, some, always)] == [(0.0, 0.5), (0.5, 1.0), (1.0, 1.0)]
    assert "**0.60**" in curve_table({"gold": [never, some, always]}, 0.6)[3]


def test_a_text_is_read_once() -> None:
    reader = WordReader()
    remembering = RememberingReader(reader)
    texts = [SubjectInput(body="match"), SubjectInput(body="minister"), SubjectInput(body="match")]
    assert remembering.read(texts) == remembering.read(texts) == WordReader().read(texts)
    assert reader.asked == 2


def test_a_translation_is_found_by_its_vector(tmp_path: Path, write: Write) -> None:
    write_subject_corpora(write)
    texts = documents_in(tmp_path, ["de"])
    few = {tag: dict(list(found.items())[:3]) for tag, found in texts.items()}
    (found,) = found_first(vectors_of(WordReader("encoder"), few))
    assert (found.tag, found.all) == ("de", 1.0)
    (same,) = found_first(untouched(lambda given: np.ones((len(given), 4)), few, 100))
    assert same.all == pytest.approx(1 / 3)
