"""The cutting of text without spaces into words, and the joining of words that a text repeats side by side."""

import pytest

from pipeline.text.compounds import CompoundParams, join_compounds
from pipeline.text.segmentation import BETWEEN, Segmenter, clusters, segmenter


def _cut(language: str, text: str) -> list[str]:
    cutter = segmenter(language)
    assert cutter is not None
    return "|".join(cutter.cut(text)).strip("|").split("||")


@pytest.mark.parametrize(
    ("language", "text", "runs"),
    [
        ("zh", "中国政府宣布，公司将减税。", ["中国|政府|宣布", "公司|将|减税"]),
        ("zh-Hans", "图书馆", ["图书馆"]),
        ("zh-Hant", "圖書館開放", ["圖書館|開放"]),
        ("zh-Hant-TW", "圖書館", ["圖書館"]),
        ("yue", "圖書館", ["圖書館"]),
        ("th", "โรงพยาบาลขอเลือด", ["โรงพยาบาล|ขอ|เลือด"]),
        ("lo", "ໂຮງຮຽນ", ["ໂຮງຮຽນ"]),
        ("km", "កូដកម្ម", ["កូដកម្ម"]),
        ("my", "ဆေးရုံ", ["ဆေးရုံ"]),
    ],
)
def test_text_is_cut_into_words(language: str, text: str, runs: list[str]) -> None:
    assert _cut(language, text) == runs


def test_the_most_probable_cut_is_taken_not_the_one_with_the_longest_first_word() -> None:
    cutter = Segmenter("zh", ["甲乙", "丙丁", "丁", "甲乙丙"], [])
    assert cutter.cut("甲乙丙丁") == ["甲乙", "丙丁", BETWEEN]


def test_what_is_in_no_list_is_cut_into_letters_with_their_signs() -> None:
    assert Segmenter("zh", ["人"], []).cut("龘人") == ["龘", "人", BETWEEN]
    assert Segmenter("th", [], ["ก"]).cut("ปู่ย่า") == ["ปู่", "ย่า", BETWEEN]


def test_the_signs_of_a_letter_and_silent_letters_stay_with_it() -> None:
    assert clusters("เบอร์นาร์ด") == ["เบ", "อร์", "นาร์", "ด"]
    assert clusters("ကျောင်း") == ["ကျောင်း"]


def test_words_with_spaces_need_no_cutting() -> None:
    for language in ("en", "ja", "ko", "und", ""):
        assert segmenter(language) is None


def test_burmese_in_an_old_encoding_is_not_cut() -> None:
    assert _cut("my", "ျမိဳ႕ ေတာ္") == [""]


def _joined(text: str, barred: str = "") -> str:
    joined = join_compounds(
        text.split(" "), is_barred=lambda word: word in (barred, "/"), is_letter=lambda word: len(word) == 1
    )
    return " ".join(joined)


def test_letters_that_stand_together_are_a_name() -> None:
    assert _joined("a b c / x a b c / b") == "abc / x abc / b"


def test_words_are_joined_that_are_never_apart() -> None:
    assert _joined("ab cd / ab cd") == "abcd / abcd"
    assert _joined("ab cd / ab cd / ab") == "ab cd / ab cd / ab"
    assert _joined("ab cd / ab cd / ab cd / ab") == "abcd / abcd / abcd / ab"


def test_words_of_all_texts_are_part_of_no_compound() -> None:
    assert _joined("ab cd / ab cd", barred="cd") == "ab cd / ab cd"


def test_a_repeated_clause_is_no_compound() -> None:
    text = "a" * CompoundParams().max_chars + " b"
    assert _joined(f"{text} / {text}") == f"{text} / {text}"
