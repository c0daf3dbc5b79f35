"""Text that was read in the wrong encoding before it was sent: repaired as a page and as a text, or flagged."""

import pytest

from pipeline.text.characters import clean_characters
from pipeline.text.charset import decode_bytes
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.misread import is_zawgyi, reread_page

TEXTS = {
    "Arabic": "قال مهندسون يوم الثلاثاء إن السد القديم صمد أمام أعلى منسوب للمياه، محادثات.",
    "Urdu": "کپتانوں سے دو سال کی بات چیت کے بعد نئے اسٹیشن کی منظوری دی گئی۔",
    "Armenian": "Նավահանգստի խորհուրդը հաստատեց նոր կայանը։",
    "Chinese": "大坝安全，水位下降，附近村庄的居民已经返回家中。",
    "Ethiopic": "የወደብ ቦርድ አዲስ ጣቢያ አጸደቀ፤ ሥራው በሚያዝያ ይጀምራል።",
    "French": "Le barrage a tenu, où l'eau a été élevée à Orléans, déclare-t-il.",
    "Georgian": "პორტის საბჭომ დაამტკიცა ახალი სადგური.",
    "Greek": "Το φράγμα άντεξε όλη τη νύχτα, είπαν οι μηχανικοί την Τρίτη.",
    "Hebrew": "הסכר החזיק מעמד לאורך הלילה, אמרו המהנדסים ביום שלישי.",
    "Hindi": "बाँध रात भर टिका रहा, इंजीनियरों ने मंगलवार को कहा।",
    "Japanese": "水位が下がり、ダムは持ちこたえたと技術者は火曜日に語った。",
    "Korean": "댐은 밤새 버텼다고 기술자들이 화요일에 말했다.",
    "Russian": "Плотина выдержала ночь, сказали во вторник инженеры.",
    "Thai": "เขื่อนยังคงอยู่ได้ตลอดคืน วิศวกรกล่าวเมื่อวันอังคาร",
    "Ukrainian": "Гребля витримала ніч, її схвалила у вівторок міська рада.",
    "Vietnamese": "Hội đồng cảng đã phê duyệt trạm hoa tiêu mới vào thứ ba.",
}


def misread(text: str, codec: str) -> str:
    """Read UTF-8 as a browser reads Latin-1 and Windows-1252, or as Python does."""
    data = text.encode()
    if codec == "latin-1":
        return data.decode("latin-1")
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in b"\x81\x8d\x8f\x90\x9d" else chr(byte) for byte in data
    )


@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
@pytest.mark.parametrize("script", TEXTS)
def test_a_misread_text_is_repaired(script: str, codec: str) -> None:
    cleaned = clean_characters(misread(TEXTS[script], codec))
    assert cleaned.text == TEXTS[script]
    assert cleaned.repaired
    assert not cleaned.garbled


@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
@pytest.mark.parametrize("script", sorted(TEXTS.keys() - {"French"}))
def test_a_misread_page_is_read_again(script: str, codec: str) -> None:
    page = f"<meta charset=utf-8><article><p>{TEXTS[script]}</p><p>{TEXTS[script]}</p></article>"
    assert reread_page(EncodedPage.of(misread(page, codec))) == page


@pytest.mark.parametrize("script", sorted(TEXTS.keys() - {"French", "Vietnamese"}))
def test_a_misread_part_of_a_page_is_read_again(script: str) -> None:
    page = f"<meta charset=utf-8><p>{TEXTS['Greek']} “Café”</p><p>" + "{}</p>"
    assert reread_page(EncodedPage.of(page.format(misread(TEXTS[script], "latin-1")))) == page.format(TEXTS[script])


@pytest.mark.parametrize("script", TEXTS)
@pytest.mark.parametrize("words", ["", "« Voilà » – dit-il à « l’été » ; “é”, “à” ©"])
def test_a_page_that_was_read_well_stays(script: str, words: str) -> None:
    assert reread_page(EncodedPage.of(f"<meta charset=utf-8><p>{TEXTS[script]}</p>{words}")) is None


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Плотина выдержала ночь, сказали во вторник инженеры.", "windows-1251"),
        ("Плотина выдержала ночь, сказали во вторник инженеры.", "koi8-r"),
        ("大坝安全，水位下降，附近村庄的居民已经返回家中。", "gb2312"),
        ("水位下降，附近村莊的居民已經返回家中，大壩安全。", "big5"),
        ("댐은 밤새 버텼다고 기술자들이 화요일에 말했다.", "euc-kr"),
        ("Το φράγμα άντεξε όλη τη νύχτα, είπαν οι μηχανικοί.", "windows-1253"),
        ("قال مهندسون يوم الثلاثاء إن السد القديم صمد", "windows-1256"),
    ],
)
def test_a_page_in_its_own_charset(text: str, charset: str) -> None:
    page = f"<html><head><meta charset={charset}></head><p>{text}</p><p>{text}</p>"
    data = page.encode(charset)
    assert reread_page(EncodedPage.of(data.decode("latin-1"))) == page
    for stated in ("iso-8859-1", "windows-1252", None):
        assert decode_bytes(data, stated, is_html=True) == page


def test_a_western_page_that_names_another_charset_stays() -> None:
    page = "<meta charset=windows-1251><p>Le barrage a tenu, où l'eau a été élevée à Orléans.</p>"
    assert reread_page(EncodedPage.of(page)) is None


def test_a_western_charset_of_the_header_that_is_right_stays() -> None:
    page = "<meta charset=utf-8><p>Le barrage a tenu, où l'eau a été élevée à Orléans.</p>"
    assert decode_bytes(page.encode("cp1252"), "iso-8859-1", is_html=True) == page


ZAWGYI = "ေရကာတာသည္ တစ္ညလုံး ေတာင့္ခံႏိုင္ခဲ့ေၾကာင္း အင္ဂ်င္နီယာမ်ားက အဂၤါေန႔တြင္ ေျပာၾကားသည္။"
BURMESE = "ရေကာတာသည် တစ်ညလုံး တောင့်ခံနိုင်ခဲ့ကြောင်း အင်ဂျင်နီယာများက အင်္ဂါနေ့တွင် ပြောကြားသည်။ ဝတ္ထု သတ္တမ"


def test_zawgyi_is_garbled() -> None:
    assert is_zawgyi(ZAWGYI)
    assert clean_characters(ZAWGYI).garbled
    assert not is_zawgyi(BURMESE)
    assert not clean_characters(BURMESE * 5).garbled
