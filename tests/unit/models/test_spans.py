"""Parts of articles in several languages, on texts written for this test and at every threshold."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.domain.article import LanguageSpan
from pipeline.models import spans
from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.models.ngrams import NgramModel
from pipeline.models.spans import SpanParams

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


class _Ngrams(NgramModel, frozen=True):
    answer: tuple[str, float] = ("", 0.0)

    def rank(self, points: NDArray[np.uint32], count: int) -> list[tuple[str, float]]:
        return [self.answer]


PARAMS = SpanParams()
LEAST = PARAMS.min_chars


def _spans(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[str, float], *parts: tuple[str, int, int]
) -> list[tuple[str, int, int]]:
    """Return the spans of a text of which CLD2 finds such parts; the n-gram model has two languages."""
    empty = np.zeros((1, 1), dtype=np.float32)
    ngrams = _Ngrams(("da", "nb-x"), empty, empty, empty[0], 0, answer=answer)
    monkeypatch.setattr(spans, "parts", lambda _: list(parts))
    found = spans.spans_of("x" * 1000, ngrams, PARAMS)
    return [(span.tag, span.start, span.end) for span in found]


@pytest.mark.parametrize("more", [0, -1])
def test_short_parts_are_left_out(more: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = ("da", 0, 500), ("br", 500, 500 + LEAST + more)
    assert _spans(monkeypatch, ("da", 0.9), *parts) == (list(parts) if more == 0 else [])


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        (("da", PARAMS.min_probability), True),
        (("da-Latn", PARAMS.min_probability), True),
        (("da", PARAMS.min_probability - 0.01), False),
        (("nb-x", 0.99), False),
    ],
)
def test_the_models_agree(answer: tuple[str, float], agrees: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = ("da", 0, 300), ("br", 300, 600), ("la", 600, 900)
    assert _spans(monkeypatch, answer, *parts) == list(parts)[0 if agrees else 1 :]


def test_parts_of_one_language_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = ("br", 0, 100), ("und", 100, 150), ("br", 150, 200), ("la", 200, 300), ("la", 300, 400)
    assert _spans(monkeypatch, ("da", 0.9), *parts) == [("br", 0, 200), ("la", 200, 400)]
    around = ("br", 0, 200), ("da", 200, 210), ("br", 210, 400), ("la", 400, 600)
    assert _spans(monkeypatch, ("da", 0.9), *around) == [("br", 0, 400), ("la", 400, 600)]


def test_one_language_is_no_reason_for_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _spans(monkeypatch, ("da", 0.9), ("br", 0, 400), ("und", 400, 900)) == []


def test_shares_of_what_all_parts_say() -> None:
    found = [LanguageSpan(tag="br", start=0, end=100), LanguageSpan(tag="la", start=500, end=800)]
    assert spans.shares(found, "a" * 800, SpanParams()) == [("la", 0.75), ("br", 0.25)]
    found = [LanguageSpan(tag="en", start=0, end=300), LanguageSpan(tag="zh-Hans", start=300, end=400)]
    assert spans.shares(found, "a" * 300 + "东" * 100, SpanParams()) == [("en", 0.5), ("zh-Hans", 0.5)]
