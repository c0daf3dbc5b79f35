"""The words of texts and queries, in all scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.analysis import analysed, languages_of, words
from pipeline.search.arabic import arabic_stem
from pipeline.search.documents import stemmed
from pipeline.search.params import INDEX


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L'été à İSTANBUL", "l ete a istanbul"),
        ("Straße naïve ıslak smørrebrød", "strasse naive islak smorrebrod"),
        ("COVID-19 costs 10,000", "covid 19 costs 10 000"),
        ("Ёлка и новый", "елка и новый"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("soft\u00adhyphen", "softhyphen"),
        ("الأخبارُ فى إيران", "الاخبار في ايران"),
        ("می‌خواهم کتاب", "ميخواهم كتاب"),
        ("שָׁלוֹם", "שלום"),
        ("हिन्दी में", "हिन्दी में"),
        ("東京都", "東京 京都 都"),
        ("日本 ABC", "日本 本 abc"),
        ("뉴스를", "뉴스 스를 를"),
        ("ภาษาไทย", "ภาษา ษาไท ไทย ย"),
        ("ខ្មែរ", "ខ្មែរ រ"),
        ("* ? ~ \x00 \u202e …", ""),
    ],
)
def test_texts_are_cut_into_normal_words(text: str, expected: str) -> None:
    assert analysed(text) == expected


@given(st.text(max_size=200))
def test_words_are_of_the_text_in_order_and_bounded(text: str) -> None:
    found = list(words(text))
    assert all(0 <= word.start < word.end <= len(text) for word in found)
    assert [word.start for word in found] == sorted(word.start for word in found)
    assert all(0 < len(word.text) <= INDEX.max_word_chars and not word.text.isspace() for word in found)
    assert analysed(text) == " ".join(word.text for word in found)
    assert len(analysed(text).split(" ")) == max(1, len(found))


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=200))
def test_the_short_way_for_ascii_gives_the_same(text: str) -> None:
    assert analysed(text) == " ".join(word.text for word in words(text))


@pytest.mark.parametrize(
    "forms",
    [("انتخابات", "الانتخابات", "والانتخابات"), ("معلمون", "المعلمين", "معلم"), ("مدينه", "المدينه"), ("ورد",)],
)
def test_arabic_forms_come_together(forms: tuple[str, ...]) -> None:
    assert len({arabic_stem(form) for form in forms}) == 1
    assert all(len(arabic_stem(form)) >= 2 for form in forms)


def test_forms_come_together_by_language() -> None:
    assert stemmed("elections", "en") == stemmed("election", "en") == "en:elect"
    assert stemmed("wahlen", "de") != stemmed("wahlen", "en")
    assert languages_of("انتخابات") == ("ar",)
    assert "en" in languages_of("election")
    assert languages_of("選挙") == ()
