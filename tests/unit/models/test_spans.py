"""Articles in several languages, on texts written for this test."""

import pytest

from pipeline.models.language import LanguageInput, LanguageModel

ENGLISH = (
    "The city council voted on Tuesday to rebuild the old bridge after months of heated debate about its cost. "
    "Residents welcomed the decision, while the mayor warned that the works would take at least two years. "
)
ARABIC = (
    "قرر مجلس المدينة يوم الثلاثاء إعادة بناء الجسر القديم بعد أشهر من الجدل حول تكلفته وفائدته للسكان. "
    "ورحب الأهالي بالقرار، فيما حذر رئيس البلدية من أن الأشغال ستستغرق عامين على الأقل. "
)
FRENCH = (
    "Le conseil municipal a décidé mardi de reconstruire le vieux pont après des mois de débats sur son coût. "
    "Les habitants ont salué la décision, mais le maire prévient que les travaux dureront au moins deux ans. "
)


@pytest.mark.parametrize(
    ("first", "second", "tags"), [(ENGLISH, ARABIC, ("en", "ar")), (FRENCH, ENGLISH, ("fr", "en"))]
)
def test_halves_are_found_where_they_are(first: str, second: str, tags: tuple[str, str], model: LanguageModel) -> None:
    body = first * 2 + "\n" + second * 2
    (found,) = model.detect([LanguageInput(body=body)])
    assert found.tag == "mul"
    assert tuple(span.tag for span in found.spans) == tags
    assert {item.tag for item in found.alternatives} == set(tags)
    edge = len(first * 2)
    assert abs(found.spans[0].end - edge) <= 40
    assert abs(found.spans[1].start - edge) <= 40
    assert found.spans[1].end <= len(body)


def test_most_of_the_text_decides_also_when_it_comes_later(model: LanguageModel) -> None:
    (found,) = model.detect([LanguageInput(body=ENGLISH * 2 + "\n" + ARABIC * 6)])
    assert found.tag == "ar"
    assert found.reliable
    assert [span.tag for span in found.spans] == ["en", "ar"]


@pytest.mark.parametrize("text", [ENGLISH, ARABIC, FRENCH])
def test_one_language_has_no_spans(text: str, model: LanguageModel) -> None:
    (found,) = model.detect([LanguageInput(body=text * 4)])
    assert found.spans == ()


def test_a_quotation_is_no_part_of_its_own(model: LanguageModel) -> None:
    (found,) = model.detect([LanguageInput(body=FRENCH * 3 + "He said: the show must go on. " + FRENCH * 2)])
    assert (found.tag, found.spans) == ("fr", ())
