"""What counts as writing."""

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
def test_what_is_no_writing_is_held_back(text: str) -> None:
    assert not _passes(text)
