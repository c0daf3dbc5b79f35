"""From bytes to text: the encoding that is right, and what damage costs."""

import pytest

from pipeline.text.charset import decode_bytes

ARABIC = "السد القديم صمد أمام أعلى منسوب للمياه منذ ثلاثين عاما، كما قال المهندسون يوم الثلاثاء."
FRENCH = "<p>Le barrage a tenu, a déclaré hier le maire d'Orléans, où l'eau a été élevée.</p>"


def test_one_bad_byte_costs_one_character() -> None:
    for stated in ("utf-8", None, "iso-8859-1"):
        data = FRENCH.encode() + b"\xff"
        assert decode_bytes(data, stated, is_html=True) == FRENCH + "\ufffd"


@pytest.mark.parametrize("text", [ARABIC, "The dam held – the minister said so"])
def test_a_body_cut_within_a_character_costs_that_character(text: str) -> None:
    data = text.encode()
    cut = data[: max(index for index, byte in enumerate(data) if byte > 0xBF) + 1]
    assert decode_bytes(cut, "utf-8", is_html=False) == cut[:-1].decode() + "\ufffd"


def test_a_stateful_charset_that_only_the_page_states() -> None:
    page = "<meta charset=iso-2022-jp><p>水位が下がり、ダムは持ちこたえた。"
    assert decode_bytes(page.encode("iso2022_jp"), None, is_html=True) == page


@pytest.mark.parametrize(
    ("text", "codec", "stated"),
    [
        ("Плотина выдержала", "cp1251", "windows-1251"),
        ("Плотина выдержала", "koi8-r", "koi8-r"),
        ("新华社北京电：大坝安全", "gb18030", "gb2312"),
        ("水位が下がり", "cp932", "shift_jis"),
        ("été", "cp1252", "iso-8859-1"),
    ],
)
def test_other_encodings_stay_what_they_are(text: str, codec: str, stated: str) -> None:
    assert decode_bytes(text.encode(codec), stated, is_html=False) == text
    page = f"<meta charset={stated}>{text}"
    assert decode_bytes(page.encode(codec), "utf-8", is_html=True) == page


@pytest.mark.parametrize(("good", "is_utf8"), [(3, True), (2, False)])
def test_damaged_utf8_has_three_good_characters_for_a_bad_one(good: int, is_utf8: bool) -> None:
    data = "é".encode() * good + b" \xff caf"
    assert ("é" * good in (decode_bytes(data, "iso-8859-1", is_html=False) or "")) == is_utf8


def test_stated_utf8_may_be_damaged_more() -> None:
    assert decode_bytes("é".encode() + b" \xff", "utf-8", is_html=False) == "é \ufffd"


@pytest.mark.parametrize(("before", "is_found"), [(4096 - 19, True), (4096 - 18, False)])
def test_a_page_declares_its_charset_at_the_beginning(before: int, is_found: bool) -> None:
    page = b" " * before + b"charset=iso-2022-jp" + "<p>水位".encode("iso2022_jp")
    assert ("水位" in (decode_bytes(page, None, is_html=True) or "")) == is_found
