"""Normalising by the table gives the same as Unicode's rules, for every character, alone and beside others."""

import random
import unicodedata

import numpy as np
import pytest

from pipeline.dedup.signature.character_classes import CONTROL, classes_of, without_controls
from pipeline.dedup.signature.normalise import normalised

_LAST = 0x2_0400


def by_rules(text: str) -> str:
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(without_controls(" ".join(text.split())).split())


@pytest.mark.parametrize(("before", "after"), [("", ""), ("a", "B"), ("\u0627\u064b", "\u0301 "), (" ", "\u3000")])
def test_every_character_is_normalised_by_the_rules(before: str, after: str) -> None:
    texts = [f"{before}{chr(point)}{after}" for point in range(0, _LAST, 7)]
    assert normalised(texts) == [by_rules(text) for text in texts]


def test_characters_together_are_normalised_by_the_rules() -> None:
    rng = random.Random(7)
    marks = [chr(point) for point in range(0x300, 0x3000) if unicodedata.combining(chr(point))]
    pools = [
        marks,
        list("aB \n\t\x00\x1c\x7f9"),
        list("\u2026\u2116\u00bd\u0587\u0130\u00df\u03a3\ufb01\u00a8\u00ad\u200b\u200c\u3000\u0085\u2028"),
        [chr(point) for point in (*range(0x1100, 0x1200), *range(0xAC00, 0xAC40))],
        [chr(point) for point in range(0x900, 0xA00)],
        list("\u0130I\u0307\u0323\u0915\u093c\u0928\u09c7\u09be\u09d7\u09af\u1025\u102e\u1005"),
        [chr(point) for point in (*range(0x600, 0x700), 0xD800, 0xDFFF, 0x1F600, 0x1D400, 0x2F800, 0x10FFFF)],
    ]
    texts = ["".join(rng.choice(rng.choice(pools)) for _ in range(rng.randrange(12))) for _ in range(2000)]
    assert normalised(texts) == [by_rules(text) for text in texts]


def test_texts_of_a_batch_do_not_affect_each_other() -> None:
    texts = ["", " ", "\u0301", "a ", "", " b", "\u200b", "\u1100", "\u1161", "x\n\ny", "\u00e9", ""]
    assert normalised(texts) == [normalised([text])[0] for text in texts] == [by_rules(text) for text in texts]


def test_no_control_is_printable() -> None:
    points = np.arange(_LAST, dtype=np.uint32)
    assert not any(chr(point).isprintable() for point in points[classes_of(points) == CONTROL].tolist())


@pytest.mark.parametrize(
    "text",
    [
        "caf\u00e9\u2026",
        "stra\u00dfe \u2116 5",
        "\u00df\u0323 \u2026\u0301",
        "\u0915\u093c\u2026",
        "\u0130\u0323 \u0130l",
    ],
)
def test_a_character_that_becomes_several_does_so_beside_any_other(text: str) -> None:
    assert normalised([text, "\u00e9"]) == [by_rules(text), "\u00e9"]
