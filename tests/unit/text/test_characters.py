"""Character repair: what is removed, what is kept, what is flagged."""

import pytest

from pipeline.text.characters import _without_piles, clean_characters


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("cafe\u0301", "café"),
        ("a\u200bb\u00adc\ufeff", "abc"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("\u200fנכון\u200e", "נכון"),
        ("&amp;amp; &lt;3 &#8217;", "& <3 ’"),
        ("R&D &unknown; &;", "R&D &unknown; &;"),
        ("&" + "amp;" * 50 + "lt;", "<"),
        ("a" + "\u0301\u0323" * 100, "\u1ea1" + "\u0323" * 14 + "\u0301" * 15),
        ("lâ€™Ã©tÃ©", "l’été"),
        ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет"),
        ("РџСЂРёРІРµС‚, РєР°Рє РґРµР»Р°", "Привет, как дела"),
        ("it\u0092s", "it’s"),
        ("É uma maçã à beira-mar", "É uma maçã à beira-mar"),
    ],
)
def test_cleaned(text: str, cleaned: str) -> None:
    assert clean_characters(text).text == cleaned


@pytest.mark.parametrize("text", ["می\u200cخواهم", "क्\u200dष", "👩\u200d🚀", "ශ්\u200dරී"])
def test_joiners_stay_where_they_shape(text: str) -> None:
    assert clean_characters(text).text == text


def test_joiners_go_where_they_carry_nothing() -> None:
    assert clean_characters("a\u200cb\u200dc").text == "abc"


@pytest.mark.parametrize("text", ["abc\u202edef", "pаypаl today", "pay\u200b\u200bpal", "a" + "\u0301" * 40])
def test_suspicious(text: str) -> None:
    assert clean_characters(text).suspicious


def test_marks_around_a_foreign_name_and_flags_are_nothing_odd() -> None:
    for text in (
        "השר \u2066Ada Okafor\u2069 אמר",
        "Wales \U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
    ):
        assert not clean_characters(text).suspicious


@pytest.mark.parametrize(
    "text", ["Ïëîòèíà âûäåðæàëà íàïîð âîäû â ðåêå ïîñëå ïàâîäêà", "The dam\ufffds wall", "The dam â€x held €â xâ"]
)
def test_garbled(text: str) -> None:
    assert clean_characters(text).garbled


@pytest.mark.parametrize(
    "text", ["É uma maçã à beira-mar", "Größe, Übung, straßenüberführung", "Đường phố Hà Nội", "Привет"]
)
def test_not_garbled(text: str) -> None:
    assert not clean_characters(text).garbled


@pytest.mark.parametrize("text", ["plain", "Привет мир", "naïve café", "השלום", "日本語 text"])
def test_not_suspicious(text: str) -> None:
    cleaned = clean_characters(text)
    assert not cleaned.suspicious
    assert not cleaned.repaired
    assert cleaned.text == text


@pytest.mark.parametrize(("marks", "kept", "piled"), [(30, 30, False), (31, 30, True), (200, 30, True)])
def test_a_letter_keeps_thirty_marks(marks: int, kept: int, piled: bool) -> None:
    text, was_piled = _without_piles("abcde" + "\u0301" * marks + "f")
    assert (text, was_piled) == ("abcde" + "\u0301" * kept + "f", piled)
