"""Characters are counted as Python's own classes have them, in any script."""

import re

import pytest

from pipeline.text.page.character_kinds import CharacterKinds

TEXTS = [
    "A dam, 30 years old; it is «quite» @ home.",
    "«Привет», сказал он 12 раз.",
    "第１話、はじめまして。",
    "سعر النفط ١٢٫٥، اليوم؛",
    "x",
    "²nd 𝟙 𝐀 ǅ",
    "\ud800 lone",
    "a" * 150 + "B" * 10,
]


@pytest.mark.parametrize("case_chars", [1, 100])
def test_counts(case_chars: int) -> None:
    kinds = CharacterKinds.count(TEXTS, case_chars)
    assert kinds.commas.tolist() == [len(re.findall("[,;،؛、，；]", text)) for text in TEXTS]
    assert kinds.digits.tolist() == [len(re.findall(r"\d", text)) for text in TEXTS]
    assert kinds.signs.tolist() == [len(re.findall(r"[|©®@#/•·→*+=_<>]", text)) for text in TEXTS]
    assert kinds.capitals.tolist() == [sum(map(str.isupper, text[:case_chars])) for text in TEXTS]
    assert kinds.wide.tolist() == [
        len(re.findall(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]", text)) for text in TEXTS
    ]


def test_what_a_text_begins_with() -> None:
    kinds = CharacterKinds.count(["Ab", "éb", "第", "٣", "²", "«", "-"], 100)
    assert kinds.first.tolist() == [0, 1, 2, 3, 3, 4, 5]
