"""How the detectors' answers are combined, at every threshold; both detectors are replaced by fixed answers."""

from collections.abc import Mapping
from itertools import cycle, islice, product

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.domain.article import Language, LanguageSpan
from pipeline.models import language
from pipeline.models.cld2 import Guess
from pipeline.models.close_languages import CloseLanguagesModel
from pipeline.models.familiarity import FamiliarityModel
from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.models.language_params import LanguageParams
from pipeline.models.ngrams import NgramModel

PARAMS = LanguageParams()
SURE = PARAMS.confidence
ENOUGH_SCORE = 500.0
Ranked = list[tuple[str, float]]


class _Ngrams(NgramModel, frozen=True):
    answer: tuple[tuple[str, float], ...] = ()

    def rank(self, points: NDArray[np.uint32], count: int) -> Ranked:
        return list(self.answer[:count])


class _Close(CloseLanguagesModel, frozen=True):
    answer: tuple[tuple[str, float], ...] = ()

    def rank(self, tag: str, points: NDArray[np.uint32]) -> Ranked:
        return list(self.answer)


class _Familiarity(FamiliarityModel, frozen=True):
    answer: Mapping[str, float] = {}

    def shortfall(self, tag: str, points: NDArray[np.uint32]) -> float:
        return self.answer.get(tag, 0.0)


def _model(
    ngrams: Ranked,
    close: Ranked | None = None,
    trusted: Mapping[str, float] | None = None,
    shortfalls: Mapping[str, float] | None = None,
) -> LanguageModel:
    empty = np.zeros((1, 1), dtype=np.float32)
    members = tuple(close or ())
    return LanguageModel(
        version="test",
        ngrams=_Ngrams(("da", "nb", "hr"), empty, empty, empty[0], 0, answer=tuple(ngrams)),
        close_languages=_Close(
            (),
            {tag: np.zeros(0, np.intp) for tag, _ in members},
            empty,
            empty[0],
            empty.astype(float),
            0,
            answer=members,
        ),
        familiarity=_Familiarity({}, {}, 0, answer=shortfalls or {}),
        trusted={"da": ENOUGH_SCORE} if trusted is None else trusted,
        simplified="国东",
        traditional="國東",
    )


def _text(letters: int) -> str:
    """Return different words of four letters."""
    syllables = product(("ba", "ce", "di", "fo", "gu"), ("la", "me", "ni", "po", "ru", "sa", "te", "vi"))
    words = islice(cycle("".join(pair) for pair in syllables), letters // 4)
    return " ".join(words) + "a" * (letters % 4)


def _detect(
    monkeypatch: pytest.MonkeyPatch,
    guess: Guess,
    model: LanguageModel,
    *,
    letters: int = 100,
    text: str | None = None,
    hint: str | None = None,
) -> Language:
    monkeypatch.setattr(language, "guess", lambda _: guess)
    return model.detect([LanguageInput(body=_text(letters) if text is None else text, hint=hint)])[0]


def _guess(
    tag: str, share: float = 1.0, *others: tuple[str, float], reliable: bool = True, score: float = 0.0
) -> Guess:
    return Guess(languages=((tag, share), *others), reliable=reliable, score=score)


@pytest.mark.parametrize(
    ("share", "score", "reliable", "letters", "alone"),
    [
        (PARAMS.trusted_share, ENOUGH_SCORE, True, PARAMS.trusted_letters, True),
        (PARAMS.trusted_share - 0.01, ENOUGH_SCORE, True, PARAMS.trusted_letters, False),
        (PARAMS.trusted_share, ENOUGH_SCORE - 1, True, PARAMS.trusted_letters, False),
        (PARAMS.trusted_share, ENOUGH_SCORE, False, PARAMS.trusted_letters, False),
        (PARAMS.trusted_share, ENOUGH_SCORE, True, PARAMS.trusted_letters - 1, False),
    ],
)
def test_when_cld2_decides_alone(
    share: float, score: float, reliable: bool, letters: int, alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _model([("nb", 0.99)])
    found = _detect(monkeypatch, _guess("da", share, reliable=reliable, score=score), model, letters=letters)
    assert (found.tag, found.method, found.confidence) == (
        ("da", "cld2", SURE.trusted) if alone else ("nb", "ngram", round(0.99 * SURE.ngram_factor, 4))
    )


def test_cld2_never_decides_alone_without_a_score_for_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _detect(monkeypatch, _guess("da", score=9e9), _model([("nb", 0.99)], trusted={})).tag == "nb"


def test_further_languages_of_cld2_are_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    guess = Guess((("da", 0.95), ("nb", 0.04), ("fo", 0.01)), reliable=True, score=ENOUGH_SCORE)
    found = _detect(monkeypatch, guess, _model([]))
    assert [(item.tag, item.confidence) for item in found.alternatives] == [("nb", 0.04 * SURE.share_factor)]


@pytest.mark.parametrize(
    ("guess", "probability", "tag", "confidence", "method"),
    [
        (_guess("nb"), 0.7, "nb", SURE.agreed_base + SURE.agreed_factor * 0.7, "cld2+ngram"),
        (_guess("da"), PARAMS.overrules, "nb", PARAMS.overrules * SURE.ngram_factor, "ngram"),
        (_guess("da"), PARAMS.overrules - 0.01, "da", SURE.cld2_reliable, "cld2"),
        (_guess("da", reliable=False), PARAMS.sure, "nb", PARAMS.sure * SURE.ngram_factor, "ngram"),
        (_guess("und"), 0.6, "nb", 0.6 * SURE.ngram_factor, "ngram"),
        (_guess("br"), PARAMS.overrules - 0.01, "br", SURE.cld2_unknown, "cld2"),
        (_guess("br"), PARAMS.overrules, "nb", PARAMS.overrules * SURE.ngram_factor, "ngram"),
        (_guess("br", reliable=False), 0.6, "nb", 0.6 * SURE.ngram_factor, "ngram"),
    ],
)
def test_two_detectors(
    guess: Guess, probability: float, tag: str, confidence: float, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _detect(monkeypatch, guess, _model([("nb", probability)]))
    assert (found.tag, found.method) == (tag, method)
    assert found.confidence == round(confidence, 4)


def test_an_unreliable_cld2_against_an_unsure_model_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _detect(monkeypatch, _guess("da", reliable=False), _model([("nb", PARAMS.sure - 0.01)]))
    assert (found.tag, found.confidence, found.method) == ("und", 0.0, "cld2")
    assert [item.tag for item in found.alternatives] == ["da", "nb"]
    assert found.alternatives[0].confidence == SURE.cld2_unreliable


@pytest.mark.parametrize(
    ("guess", "tag", "confidence", "method"),
    [
        (_guess("nb"), "nb", SURE.short_agreed, "cld2+ngram"),
        (_guess("da"), "da", SURE.short_reliable, "cld2"),
        (_guess("und"), "nb", 0.95 * SURE.short_ngram_factor, "ngram"),
    ],
)
def test_few_letters(guess: Guess, tag: str, confidence: float, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _detect(monkeypatch, guess, _model([("nb", 0.95)]), letters=PARAMS.short_letters - 1)
    assert (found.tag, found.confidence, found.method) == (tag, round(confidence, 4), method)
    longer = _detect(monkeypatch, guess, _model([("nb", 0.95)]), letters=PARAMS.short_letters)
    assert (longer.tag, longer.confidence) != (tag, round(confidence, 4))


def test_few_letters_and_an_unreliable_cld2(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _detect(monkeypatch, _guess("da", reliable=False), _model([("nb", 0.95)]), letters=16)
    assert [(item.tag, item.confidence) for item in found.alternatives] == [
        ("da", SURE.short_unreliable),
        ("nb", SURE.short_other),
    ]


@pytest.mark.parametrize(("confidence", "tag"), [(PARAMS.enough, "nb"), (PARAMS.enough - 0.01, "und")])
def test_below_a_confidence_there_is_no_answer(confidence: float, tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model([("nb", confidence / SURE.ngram_factor)])
    assert _detect(monkeypatch, _guess("und"), model).tag == tag


@pytest.mark.parametrize("more", [0.0, -0.01])
def test_reliable_from_a_confidence_on(more: float, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model([("nb", (PARAMS.reliable + more) / SURE.ngram_factor)])
    assert _detect(monkeypatch, _guess("und"), model).reliable == (more == 0)


def test_alternatives_are_few_and_not_improbable(monkeypatch: pytest.MonkeyPatch) -> None:
    least = SURE.min_alternative
    languages = (("da", 0.9), ("nb", 2 * least), ("sv", 2 * least - 0.004), ("fo", 2 * least))
    found = _detect(monkeypatch, Guess(languages, reliable=True, score=ENOUGH_SCORE), _model([]))
    assert [item.tag for item in found.alternatives] == ["nb", "fo"]
    many = (("da", 0.9), *((tag, 0.025) for tag in ("nb", "sv", "fo", "is")))
    found = _detect(monkeypatch, Guess(many, reliable=True, score=ENOUGH_SCORE), _model([]))
    assert len(found.alternatives) == PARAMS.max_alternatives


@pytest.mark.parametrize(
    ("hint", "other", "probability", "method"),
    [
        ("nb", PARAMS.hint_share, 0.6, "hint"),
        ("nb_NO", PARAMS.hint_share, 0.6, "hint"),
        ("nb", PARAMS.hint_share - 0.01, 0.6, "ngram"),
        ("sv", PARAMS.hint_share, 0.6, "ngram"),
        (None, PARAMS.hint_share, 0.6, "ngram"),
        ("nb", PARAMS.hint_share, PARAMS.reliable / SURE.ngram_factor, "ngram"),
    ],
)
def test_a_hint_decides_among_alternatives(
    hint: str | None, other: float, probability: float, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _model([("hr", probability), ("nb", other)])
    found = _detect(monkeypatch, _guess("und"), model, hint=hint)
    assert (found.tag, found.method) == ("nb" if method == "hint" else "hr", method)
    assert found.confidence == round(probability * SURE.ngram_factor, 4)


def test_close_languages_share_the_probability_of_their_group(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model([("hr", 0.9), ("bs", 0.02), ("nb", 0.01)], close=[("bs", 0.75), ("hr", 0.25)])
    found = _detect(monkeypatch, _guess("und"), model)
    group = 0.9 * SURE.ngram_factor + 0.02
    assert (found.tag, found.confidence) == ("bs", round(0.75 * group, 4))
    assert [(item.tag, item.confidence) for item in found.alternatives] == [
        ("hr", round(0.25 * group, 4)),
        ("nb", 0.01),
    ]


def test_a_close_language_is_named_even_if_none_is_probable(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model([("hr", 1.0), ("bs", 0.2)], close=[("sr", 0.4), ("bs", 0.35), ("hr", 0.25)])
    found = _detect(monkeypatch, _guess("und"), model)
    assert (found.tag, found.confidence) == ("sr-Latn", PARAMS.enough)
    assert found.alternatives[0].confidence == round(0.35 * SURE.max_group, 4)


def test_close_languages_are_distinguished_in_latin_letters_only(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model([("hr", 0.9)], close=[("bs", 0.9), ("hr", 0.1)])
    cyrillic = "Городской совет во вторник решил перестроить старый мост после нескольких месяцев споров."
    assert _detect(monkeypatch, _guess("und"), model, text=cyrillic).tag == "hr"


def _words(pidgin: int, words: int) -> str:
    return " ".join(["wetin"] * pidgin + _text(4 * (words - pidgin)).split())


@pytest.mark.parametrize(("pidgin", "tag"), [(6, "en"), (7, "pcm")])
def test_pidgin_by_its_share_of_words(pidgin: int, tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PARAMS.pidgin.share == 6 / 100
    found = _detect(monkeypatch, _guess("en", score=1), _model([], trusted={"en": 0.0}), text=_words(pidgin, 100))
    assert found.tag == tag
    if tag == "pcm":
        assert (found.confidence, found.alternatives[0].confidence) == (SURE.pidgin, SURE.english_for_pidgin)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("国" * 2 + "國" + "天" * 197, "zh-Hans"),
        ("国" + "國" * 2 + "天" * 197, "zh-Hant"),
        ("国國" + "天" * 198, "zh-Hans"),
        ("唔" * 3 + "國" + "天" * 196, "zh-Hant"),
        ("唔" * 4 + "國" + "天" * 195, "yue"),
    ],
)
def test_chinese_by_characters(text: str, tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PARAMS.cantonese_share == 3 / 200
    found = _detect(monkeypatch, _guess("zh-Hans"), _model([]), text=text)
    assert (found.tag, found.confidence, found.method) == (tag, SURE.chinese, "cld2+rules")


@pytest.mark.parametrize(
    ("guess", "text", "tag"),
    [
        ("ku", "شار ڕۆژی سێشەممە بڕیاری دا پردە کۆنەکە دووبارە دروست", "ckb"),
        ("ku", _text(100), "ku"),
        ("uz", _text(100), "uz"),
        ("uz", "Городской совет во вторник решил перестроить старый мост", "uz-Cyrl"),
        ("sr", _text(100), "sr-Latn"),
        ("sr", "Градско веће је у уторак одлучило да обнови стари мост", "sr-Cyrl"),
    ],
)
def test_scripts_in_tags(guess: str, text: str, tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _detect(monkeypatch, _guess(guess, score=1), _model([("nb", 0.1)], trusted={}), text=text).tag == tag


@pytest.mark.parametrize(
    ("second", "letters", "cut"),
    [
        (PARAMS.mixed_hint, PARAMS.mixed_letters, True),
        (PARAMS.mixed_hint - 0.01, PARAMS.mixed_letters, False),
        (PARAMS.mixed_hint, PARAMS.mixed_letters - 1, False),
    ],
)
def test_when_a_text_is_cut_into_parts(second: float, letters: int, cut: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    spans = (LanguageSpan(tag="da", start=0, end=50), LanguageSpan(tag="nb", start=50, end=100))
    monkeypatch.setattr(language, "spans_of", lambda *_: spans)
    found = _detect(monkeypatch, _guess("da", 0.8, ("nb", second)), _model([("da", 0.9)]), letters=letters)
    assert (found.tag, found.spans) == (("mul", spans) if cut else ("da", ()))


@pytest.mark.parametrize(("first", "tag"), [(59, "mul"), (60, "nb")])
def test_the_language_of_most_of_the_parts(first: int, tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PARAMS.mixed_share == 60 / 100
    spans = (LanguageSpan(tag="da", start=0, end=100 - first), LanguageSpan(tag="nb", start=100 - first, end=100))
    read = []

    def guess(text: str) -> Guess:
        read.append(text)
        return _guess("da", 0.8, ("nb", 0.2)) if len(read) == 1 else _guess("nb")

    monkeypatch.setattr(language, "guess", guess)
    monkeypatch.setattr(language, "spans_of", lambda *_: spans)
    text = _text(200)
    (found,) = _model([("nb", 0.9)]).detect([LanguageInput(body=text)])
    assert (found.tag, found.spans) == (tag, spans)
    assert read[1:] == ([] if tag == "mul" else ["\n" + text[40:100]])


def _read(monkeypatch: pytest.MonkeyPatch, body: str) -> str:
    read = []

    def guess(text: str) -> Guess:
        read.append(text)
        return _guess("da")

    monkeypatch.setattr(language, "guess", guess)
    _model([("da", 0.9)]).detect([LanguageInput(headline="overskrift", body=body)])
    return read[0]


def test_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    body = (_text(40 * 4) + " ") * 30
    short, enough = body[: PARAMS.min_body_chars - 1], body[: PARAMS.min_body_chars]
    assert _read(monkeypatch, short) == f"overskrift\n{short}"
    assert _read(monkeypatch, enough) == enough
    head, start = PARAMS.max_chars - PARAMS.tail_chars, int(len(body) * PARAMS.tail_from)
    assert _read(monkeypatch, body) == f"{body[:head]}\n{body[start : start + PARAMS.tail_chars]}"
    longer = body[: PARAMS.max_chars + 100]
    start = int(len(longer) * PARAMS.tail_from)
    assert _read(monkeypatch, longer) == f"{longer[:head]}\n{longer[start : start + PARAMS.tail_chars]}"
    # The tail would lie within the beginning.
    near = body[: round((PARAMS.max_chars - PARAMS.tail_chars) / PARAMS.tail_from)]
    assert _read(monkeypatch, near) == near[: PARAMS.max_chars]


@pytest.mark.parametrize(
    ("shortfall", "tag", "confidence"),
    [
        (0.0, "da", SURE.trusted),
        (0.01, "da", SURE.unfamiliar),
        (PARAMS.unlike - 0.01, "da", SURE.unfamiliar),
        (PARAMS.unlike, "und", 0.0),
    ],
)
def test_a_text_with_few_of_the_ngrams_of_a_language(
    shortfall: float, tag: str, confidence: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _model([], shortfalls={"da": shortfall})
    found = _detect(monkeypatch, _guess("da", score=ENOUGH_SCORE), model)
    assert (found.tag, found.confidence) == (tag, confidence)
    assert found.reliable is (shortfall == 0.0)
    if tag == "und":
        assert [(item.tag, item.confidence) for item in found.alternatives] == [("da", SURE.unlike)]


def test_a_hint_decides_where_the_best_language_is_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    guess = Guess((("da", 0.6), ("nb", 0.4)), reliable=True, score=ENOUGH_SCORE)
    model = _model([("nb", 0.85)], shortfalls={"da": 0.05})
    assert _detect(monkeypatch, guess, model, hint="nb").tag == "nb"
