"""Bodies in two charsets, and bodies that only look so."""

import pytest

from pipeline.text.charset import decode_bytes
from pipeline.text.mixed_bytes import decode_mixed

GERMAN = "Die Brücke über den Fluss wird nächstes Jahr gebaut, sagte die Bürgermeisterin. "
FERRY = "Die Fähre fährt täglich, außer an Feiertagen, und die Gäste müssen früh am Kai sein. "
RUSSIAN = "Городской совет во вторник решил перестроить старый мост. Жители довольны решением совета. "
JAPANESE = "港の理事会は新しい水先人の駅を火曜日に承認した。船長たちは喜んでいる。"
PAIRS = [
    (GERMAN, FERRY, "cp1252"),
    (GERMAN * 3, "Sie sagte: „Ja“ – und ging. ", "cp1252"),
    (RUSSIAN * 2, RUSSIAN, "cp1251"),
    (RUSSIAN * 2, RUSSIAN, "koi8-r"),
    (JAPANESE * 2, JAPANESE, "cp932"),
    (JAPANESE * 2, JAPANESE, "euc_jp"),
    ("Zarząd portu zatwierdził nową stację. " * 3, "Budynek stanie obok latarni, ład i żuraw. ", "iso8859-2"),
    ("Το συμβούλιο αποφάσισε την Τρίτη. " * 3, "Οι κάτοικοι είναι ευχαριστημένοι. ", "cp1253"),
    ("시의회는 다리를 다시 짓기로 했다. " * 3, "주민들은 기뻐했다. ", "cp949"),
    ("市议会决定重建旧桥，居民表示欢迎。" * 3, "工程明年开始，港口照常开放。", "gb18030"),
]


@pytest.mark.parametrize(("utf8", "other", "charset"), PAIRS)
@pytest.mark.parametrize("stated", [None, "utf-8", "iso-8859-1"])
def test_a_body_in_two_charsets(utf8: str, other: str, charset: str, stated: str | None) -> None:
    for data in (utf8.encode() + other.encode(charset), other.encode(charset) + b"\n" + utf8.encode()):
        text = decode_bytes(data, stated, is_html=False)
        assert text is not None
        assert text.replace("\n", "") in (utf8 + other, other + utf8)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (FERRY * 3, "cp1252"),
        (RUSSIAN * 3, "cp1251"),
        ("Жители «НАШЕЙ ГАВАНИ» и «СТАРОЙ РЕЧКИ» довольны. " * 4, "cp1251"),
        (JAPANESE * 3, "cp932"),
        (JAPANESE * 3, "euc_jp"),
        ("市议会决定重建旧桥，居民表示欢迎。" * 6, "gb18030"),
        ("시의회는 다리를 다시 짓기로 했다. " * 5, "cp949"),
        ("สภาเมืองมีมติให้สร้างสะพานเก่าขึ้นใหม่ " * 5, "cp874"),
    ],
)
def test_a_body_in_one_charset_is_not_mixed(text: str, charset: str) -> None:
    assert decode_mixed(text.encode(charset), ()) is None


@pytest.mark.parametrize(
    "text", [GERMAN * 3, RUSSIAN * 3, JAPANESE * 3, "قرر مجلس المدينة إعادة بناء الجسر القديم. " * 3]
)
def test_a_damaged_body_is_not_mixed(text: str) -> None:
    data = text.encode()
    beyond = [place for place, byte in enumerate(data) if byte > 0x7F]
    for place in (beyond[0], beyond[7], beyond[len(beyond) // 2], beyond[-1]):
        damaged = data[:place] + data[place + 1 :]
        found = decode_mixed(damaged, ())
        assert found is None or "\ufffd" in found or found == damaged.decode("utf-8", "replace")


def test_a_charset_that_the_body_names_comes_first() -> None:
    data = RUSSIAN.encode() * 2 + RUSSIAN.encode("iso8859-5")
    assert decode_mixed(data, ("iso-8859-5",)) == RUSSIAN * 3
