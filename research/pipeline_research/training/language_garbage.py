"""Make texts without a language: of the kinds that the gate was tuned on, and of others."""

import base64
import json
import random
from collections.abc import Callable, Sequence
from typing import Final

__all__ = ["garbage", "other_garbage"]

_LATIN: Final = "abcdefghijklmnopqrstuvwxyz"
_CYRILLIC: Final = "абвгдежзиклмнопрстуфхцчшщыэюя"
_ARABIC: Final = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"

Maker = Callable[[], str]


def garbage(count: int) -> list[str]:
    """Return texts of the nine kinds that the gate was tuned on, in turn."""
    rng = random.Random(11)  # noqa: S311  no secrets

    def name() -> str:
        return "".join(rng.choices(_LATIN, k=8))

    makers: list[Maker] = [
        lambda: base64.b64encode(rng.randbytes(rng.randint(60, 500))).decode(),
        lambda: " ".join("".join(rng.choices(_LATIN, k=rng.randint(2, 11))) for _ in range(rng.randint(10, 80))),
        lambda: " ".join(str(rng.randint(0, 10**6)) for _ in range(rng.randint(10, 90))),
        lambda: "\n".join(f"https://www.{name()}.com/{name()}/{rng.randint(1, 9999)}?q={name()}" for _ in range(8)),
        lambda: " ".join(chr(rng.randint(0x1F600, 0x1F64F)) for _ in range(rng.randint(10, 80))),
        lambda: json.dumps({name(): {name(): rng.random(), "id": rng.randint(0, 999)} for _ in range(9)}),
        lambda: "\n".join(f"def {name()}(self, {name()}): return self.{name()}[0] + 1" for _ in range(6)),
        lambda: "\n".join(f"var {name()} = function() {{ {name()}.push('{name()}'); }};" for _ in range(6)),
        lambda: " ".join(rng.randbytes(8).hex() for _ in range(rng.randint(8, 40))),
    ]
    return _in_turn(makers, count)


def other_garbage(each: int) -> dict[str, list[str]]:
    """Return texts by kind; of these, the gate was tuned only on the repeated word."""
    rng = random.Random(12)  # noqa: S311  no secrets

    def word() -> str:
        return "".join(rng.choice("bcdfghjklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randint(1, 4)))

    def letters(alphabet: Sequence[str], most: int) -> str:
        return " ".join("".join(rng.choices(alphabet, k=rng.randint(2, most))) for _ in range(30))

    def columns() -> str:
        return ", ".join(word() for _ in range(8))

    hangul = [chr(point) for point in range(0xAC00, 0xD7A4)]
    makers: dict[str, Maker] = {
        "made-up words": lambda: " ".join(word() for _ in range(40)),
        "style sheet": lambda: "\n".join(
            f".{word()} {{ margin: {rng.randint(1, 99)}px; color: red; }}" for _ in "12345678"
        ),
        "SQL": lambda: f"SELECT {columns()} FROM {word()} WHERE {word()} IS NOT NULL ORDER BY {word()} DESC",  # noqa: S608  never executed
        "markup": lambda: "".join(f'<div class="{word()}"><a href="/{word()}">{word()}</a></div>' for _ in "12345678"),
        "settings": lambda: "\n".join(
            f"{word()}:\n  - {word()}: true\n  - {word()}: {rng.randint(1, 99)}" for _ in "12345678"
        ),
        "table": lambda: "\n".join(f"{word()},{rng.randint(1, 999)},{word()},{rng.random():.3f}" for _ in "1234567890"),
        "random Cyrillic": lambda: letters(_CYRILLIC, 10),
        "random Arabic": lambda: letters(_ARABIC, 8),
        "random Hangul": lambda: letters(hangul, 5),
        "one word repeated": lambda: f"{word()}{word()} " * 60,
    }
    return {kind: [make() for _ in range(each)] for kind, make in makers.items()}


def _in_turn(makers: Sequence[Maker], count: int) -> list[str]:
    return [makers[number % len(makers)]() for number in range(count)]
