"""What counts as writing, and where it ends."""

import base64
import random

import pytest

from pipeline.models.language_gate import GateParams, is_writing
from pipeline.models.scripts import code_points, profile


def _passes(text: str) -> bool:
    points = code_points(text)
    return is_writing(text, points, profile(points), GateParams())


@pytest.mark.parametrize(
    "text",
    [
        "Prices rose 3.2% in May, to $41.50 a share, the company (NYSE: ABC) said on 12/05/2024.",
        "Der iPhone-Hersteller und die McDonald's-Kette: eBay, YouTube und OpenAI im Vergleich der Zahlen.",
        "Siehe https://example.org/a für mehr; der Bericht der Kommission erscheint am kommenden Montag in Brüssel.",
        "Donaudampfschifffahrtsgesellschaftskapitän trifft Rindfleischetikettierungsüberwachungsaufgabe",
        "東京で地震",
        "Чемпионат мира: 3:1 (1:0, 2:1). Голы: Иванов (12), Петров (45), Сидоров (78).",
    ],
)
def test_writing_passes(text: str) -> None:
    assert _passes(text)


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(random.Random(1).randbytes(200)).decode(),
        "for (int i = 0; i < n; i++) { a[i] = b[i] * c[i]; } // loop {x: [1, 2]}",
        "<div class='a'><span id=\"b\">x</span></div><br/><p>y</p>",
        "a1b2c3 d4e5f6 a7b8c9 0d1e2f 3a4b5c 6d7e8f",
        "xkcd qwrt zxcvb mnbvc sdfg hjkl qwrtp zxcv bnm",
        "me@example.org you@example.org they@example.org",
        "1,234 5,678 9,012",
        "🎉🎉🎉 🔥🔥 💯",
        "subscribe now and " * 10,
    ],
)
def test_other_text_does_not_pass(text: str) -> None:
    assert not _passes(text)


GATE = GateParams()
WORDS = "bale cemo dino fopu guri sate vila napo tuba lemi"


@pytest.mark.parametrize(
    ("least", "below"),
    [
        ("abracadabras", "abracadabra"),  # min_letters
        ("東京地震", "東京地"),  # min_letters_dense
        ("시의회는", "시의회"),
        (f"{WORDS} {'7' * 40}", f"{WORDS} {'7' * 41}"),  # min_letter_share of 80 characters
        ("ab" * 20, "ab" * 20 + "a"),  # max_word_length
        (f"{WORDS} bAle cEmo dIno fOpu gUri sAte", f"{WORDS} bAle cEmo dIno fOpu gUri sAte vIla"),  # max_case_flips
        (f"{WORDS} b7ale", f"{WORDS} b7ale c7emo"),  # max_digits_inside
        (f"{WORDS} bale(", f"{WORDS} bale(cemo("),  # max_calls
        (f"{WORDS} bale.cemo", f"{WORDS} bale.cemo dino.fopu"),
        (f"{WORDS} {{}}==;", f"{WORDS} {{}}==;;"),  # max_code_marks
        (f"{WORDS[:24]} " * 5 + WORDS[:-5], f"{WORDS[:24]} " * 5 + WORDS[:24]),  # min_distinct_share
        ("bcdfaghkl mnpare ", "bcdfaghkl mnparr "),  # min_vowel_share
    ],
)
def test_limits(least: str, below: str) -> None:
    assert _passes(least)
    assert not _passes(below)


def test_few_words_may_repeat() -> None:
    assert _passes("bale " * (GATE.repeating_words - 1))
    assert not _passes("bale " * GATE.repeating_words)


def test_only_the_beginning_is_examined_by_pairs() -> None:
    code = "for (int i = 0; i < n; i++) { a[i] = b[i] * c[i]; } "
    assert not _passes(code + WORDS)
    assert _passes(f"{WORDS} " * (GATE.max_chars // len(WORDS) + 1) + code)


def test_addresses_are_no_letters() -> None:
    assert _passes(f"{WORDS} {WORDS} www.example.org/{'a' * 60}")
    assert not _passes(f"{WORDS} www.example.org/{'a' * 60}")
