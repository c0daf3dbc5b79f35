"""Strings that make a reader slow: repeated beginnings, near matches and nesting.

A string that nearly matches costs a backtracking pattern most: many beginnings of a match, none of which ends well. So
strings are drawn from a pattern's own syntax, and pieces of them are repeated to any length, with a last character that
fits nowhere. Readers that are no patterns get pieces of everything that some reader looks for.
"""

import random
import re
import string
from collections.abc import Callable, Iterator
from re import _constants as codes  # type: ignore[attr-defined]  # the parser of `re` has no public name
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

__all__ = ["PIECES", "Pump", "pumped", "pumps"]

Pump = Callable[[int], str]
"""Returns a string of a given length."""

PIECES = (
    *" ,.;:|-–—/\\\"'()[]{}<>&%@#*=_~!?©…0aZ",
    *"\t\n\r\u00a0\u200b\u202e\ufeff\u0301\u00e9\u4e2d\uac00\u0e01\u0627\u0905\u1019\u3042\U0001f30a",
    "\r\n", "\n\n", " \n", "a ", "a\n", "A. ", "a, ", "a | ", "a - ", "aA", "a-", "a.", "a_",
    "1.", "1/", "1-", "1:", "12 ", "2026-", "2026-11-", "2026-11-14T", "14.03.", "14 March ", "March 14, ", "12:30 ",
    "10:00 a.m. ", "+01:00", "昨天", "3月14日", "2026年", "๑๔ ", "١٤ ", "Mon, ", "Updated: ",
    "By ", "By A and ", "Von A und ", "A, B and ", " and ", "记者", "기자", "(Reuters) - ", "(AP) ", "新华社",
    "Copyright ", "© 2026 ", "Source: ", "Read more: ", "Subscribe ", "Photo: ", "cookie ",
    "a@a", "a@a.a", "1@a@", "@a.", "www.", "http://", "https://a.a/", "http://a@",
    "/../", "/./", "//", "?a=", "&a=b", "&utm_a=b", "%41", "%E4", "%", "xn--",
    "&amp;", "&amp;amp;", "&#", "&#x41;", "&lt;b&gt;", "&x", "\\u0041", "\\ud83d", "\\", '\\"', '""', '","',
    "<b", "<b>", "<b a=", "</", "</b>", "<p>", "<br>", "<!--", "-->", "<![CDATA[", "]]>", "<meta charset=",
    "<script>", "<a href='", "<p class='", '{"a":', '{"@type":"Article",', "[[", "[{", "{}", "/*", "*/", "//\n",
    "â€™", "Ã©", "ÐŸ", "Ã¢â‚¬", "e\u0301\u0323", "\u102b\u1031", "\ud55c ", "क्", "لله",
)  # fmt: skip
"""Pieces of what readers look for."""

_DRAWS = 6
"""Strings drawn from a pattern."""
_MOST_REPEATED = 3
"""Repetitions that are drawn for `*` and `+`, beside the fewest."""
_CATEGORIES = {
    codes.CATEGORY_DIGIT: "0123456789",
    codes.CATEGORY_SPACE: " \n",
    codes.CATEGORY_WORD: "ab1",
    codes.CATEGORY_NOT_DIGIT: "a ",
    codes.CATEGORY_NOT_SPACE: "a1",
    codes.CATEGORY_NOT_WORD: " -",
}
_PLAIN = string.ascii_lowercase + string.digits + " .,:-'\"<>/=&;()[]{}\n\u00e9\u0416\u4e2d"


def pumped(piece: str, before: str = "") -> Pump:
    """Return strings of about a length that repeat a piece as a whole and end in what fits nowhere."""

    def make(length: int) -> str:
        return f"{before}{piece * (length // len(piece))}\x00"

    return make


def pumps(pattern: "re.Pattern[str] | re.Pattern[bytes]", seed: int = 1) -> list[Pump]:
    """Return strings on which a pattern may be slow.

    Args:
        pattern: Any pattern; strings for one of bytes have characters up to U+00FF.
        seed: Chooses among what the pattern allows.
    """
    choice = random.Random(seed)
    tree = parser.parse(pattern.pattern, pattern.flags)
    pieces: dict[str, None] = {}
    for _ in range(_DRAWS):
        for piece in _pieces_of(_draw(tree, choice, [])):
            pieces.setdefault(piece)
    first = next(iter(pieces), "x")
    return [pumped(piece, before) for piece in pieces for before in ("", first)]


def _pieces_of(drawn: str) -> Iterator[str]:
    """Return what is repeated of a string: all, its beginnings and ends, its characters."""
    if drawn:
        yield drawn
        yield f"{drawn}\x00"
        for length in sorted({1, 2, len(drawn) // 2, len(drawn) - 1} - {0}):
            yield drawn[:length]
            yield drawn[-length:]
        yield from dict.fromkeys(drawn[:24])


def _draw(tree: Any, choice: random.Random, groups: list[str]) -> str:
    return "".join(_draw_one(kind, value, choice, groups) for kind, value in tree)


def _draw_one(kind: Any, value: Any, choice: random.Random, groups: list[str]) -> str:
    """Draw a string for one element of a parsed pattern; the empty one for what takes no characters."""
    rules: dict[Any, Callable[[], str]] = {
        codes.LITERAL: lambda: chr(value),
        codes.NOT_LITERAL: lambda: next(char for char in _PLAIN if char != chr(value)),
        codes.ANY: lambda: choice.choice("ab 1"),
        codes.IN: lambda: _draw_of_set(value, choice),
        codes.BRANCH: lambda: _draw(choice.choice(value[1]), choice, groups),
        codes.MAX_REPEAT: lambda: _draw_repeated(value, choice, groups),
        codes.MIN_REPEAT: lambda: _draw_repeated(value, choice, groups),
        codes.POSSESSIVE_REPEAT: lambda: _draw_repeated(value, choice, groups),
        codes.SUBPATTERN: lambda: _draw_group(value[3], choice, groups),
        codes.ATOMIC_GROUP: lambda: _draw(value, choice, groups),
        codes.GROUPREF: lambda: groups[-1] if groups else "",
        codes.ASSERT: lambda: _draw(value[1], choice, groups) if value[0] > 0 else "",
    }
    return rules.get(kind, str)()


def _draw_repeated(value: Any, choice: random.Random, groups: list[str]) -> str:
    least, most, inner = value
    times = choice.randint(least, min(most, least + _MOST_REPEATED))
    return "".join(_draw(inner, choice, groups) for _ in range(times))


def _draw_group(inner: Any, choice: random.Random, groups: list[str]) -> str:
    drawn = _draw(inner, choice, groups)
    groups.append(drawn)
    return drawn


def _draw_of_set(items: Any, choice: random.Random) -> str:
    allowed: list[str] = []
    ranges: list[tuple[int, int]] = []
    for kind, value in items:
        if kind is codes.LITERAL:
            allowed.append(chr(value))
        elif kind is codes.RANGE:
            ranges.append(value)
            allowed += [chr(value[0]), chr(value[1]), chr((value[0] + value[1]) // 2)]
        elif kind is codes.CATEGORY:
            allowed += _CATEGORIES[value]
    if items[0][0] is not codes.NEGATE:
        return choice.choice(allowed)
    others = [
        char for char in _PLAIN if char not in allowed and not any(low <= ord(char) <= high for low, high in ranges)
    ]
    return choice.choice(others or ["\u4e2d"])
