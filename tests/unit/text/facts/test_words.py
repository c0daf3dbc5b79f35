"""Words of a text, whichever way they are found."""

import re

import pytest

from pipeline.text.facts.words import IN_WORD, words_of


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain words, and-others (3.5 %) with_underscores!",
        "Curly “quotes” — and ‘others’… naïve",
        "rare \u2318signs\u2042between\u00b6words é \u2603",
        "अ\u200dब हिन्दी में समाचार।",
        "قالَ الرئيسُ إنّ الطريق، مغلق؟",
        "ไทยรัฐ กำลัง",
        "日本語の文章、そして「引用」。",
        "e\u0301te\u0301 \u00e9 İstanbul",
    ],
)
def test_all_ways_find_the_words_of_the_pattern(text: str) -> None:
    assert words_of(text) == re.findall(f"{IN_WORD}+", text)
