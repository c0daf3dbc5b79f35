"""Generate realistic copies of articles, and articles that resemble others without being copies, from a seed."""

import random
import re
from collections.abc import Callable

from msgspec import Struct

__all__ = ["KINDS", "Kind", "with_boilerplate", "with_shared_passage"]

Change = Callable[[random.Random, str, str], str]
"""A random generator, an article and another article → the text to compare with the first article."""

_SENTENCE = re.compile(r"(?<=[.!?。।؟])\s*")
_WITHOUT_STOPS = re.compile(r".{1,120}(?:\s|$)|.{1,120}", re.DOTALL)
_BLOCK = 3
"""Sentences per paragraph, because many of the texts have no paragraphs."""
_OCR = {"m": "rn", "l": "1", "o": "0", "e": "c", "i": "l", "s": "5", "h": "b", "n": "u", "a": "o", "t": "f"}
_DATELINES = ("LONDON, March 3 (Agency) - ", "(AP) — ", "نيويورك (وكالة) - ", "PARIS, 4 mars (AFP) - ", "【通信社】")
_BYLINES = ("By Our Correspondent\n", "Por la redacción\n", "Von unserem Reporter\n", "Staff writer, updated 14:05\n")
_BOILERPLATE = (
    "Sign up for our newsletter and never miss the stories that matter to you.",
    "Follow us on social media for the latest updates from around the world.",
    "All rights reserved. No part of this page may be used without permission.",
    "Read also: five things to know before the markets open this morning.",
    "This website uses cookies so that we can offer you the best experience.",
    "Share this article with your friends or save it to read it later at home.",
    "Most read today: weather warning for the north, new timetable for trains.",
    "Support independent journalism: subscribe today for less than a coffee a week.",
    "Do you have a story for us? Write to the newsroom in confidence at any time.",
    "Comments are closed for this article; our moderators are taking a break.",
)


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of change, and the answer that is expected for its result."""

    name: str
    change: Change
    is_copy: bool = True
    aim: float | None = None
    """Required share of right answers (recognised as copies, or let through); None if there is no requirement."""
    same_source: bool = False
    """Whether the result appears at the source of the article that was changed."""


def with_boilerplate(rng: random.Random, text: str) -> str:
    """Return an article with six of the ten boilerplate lines around it."""
    lines = rng.sample(_BOILERPLATE, k=6)
    return "\n".join([*lines[:2], text, *lines[2:]])


def with_shared_passage(rng: random.Random, own: str, passage: str) -> str:
    """Return a short article of which the shared passage is 30 to 60 %."""
    share = rng.uniform(0.3, 0.6)
    return own[: int(len(passage) * (1 / share - 1))] + "\n" + passage


def _sentences(text: str) -> list[str]:
    parts = [part for part in _SENTENCE.split(text) if part.strip()]
    return parts if len(parts) > _BLOCK else _WITHOUT_STOPS.findall(text)


def _paragraphs(text: str) -> list[str]:
    sentences = _sentences(text)
    return [" ".join(sentences[start : start + _BLOCK]) for start in range(0, len(sentences), _BLOCK)]


def _same(_rng: random.Random, text: str, _other: str) -> str:
    return text


def _start(share: float) -> Change:
    return lambda _rng, text, _other: text[: int(len(text) * share)]


def _rewritten(share: float) -> Change:
    def word(rng: random.Random, old: str) -> str:
        letters = list(old)
        rng.shuffle(letters)
        return "".join(letters) + rng.choice("aeiou")

    def change(rng: random.Random, text: str, _other: str) -> str:
        return re.sub(r"\S+", lambda old: word(rng, old[0]) if rng.random() < share else old[0], text)

    return change


def _misread(share: float) -> Change:
    def sign(rng: random.Random, char: str) -> str:
        return _OCR.get(char) or rng.choice((char + char, "", ".", chr(ord(char) + 1)))

    def change(rng: random.Random, text: str, _other: str) -> str:
        return "".join(sign(rng, char) if char.strip() and rng.random() < share else char for char in text)

    return change


def _dateline(rng: random.Random, text: str, _other: str) -> str:
    return rng.choice(_BYLINES) + rng.choice(_DATELINES) + text


def _boilerplate(rng: random.Random, text: str, _other: str) -> str:
    return with_boilerplate(rng, text)


def _dropped(rng: random.Random, text: str, _other: str) -> str:
    paragraphs = _paragraphs(text)
    gone = rng.sample(range(len(paragraphs)), k=max(1, len(paragraphs) // 5)) if len(paragraphs) > 1 else []
    return "\n".join(paragraph for place, paragraph in enumerate(paragraphs) if place not in gone)


def _reordered(rng: random.Random, text: str, _other: str) -> str:
    paragraphs = _paragraphs(text)
    rng.shuffle(paragraphs)
    return "\n".join(paragraphs)


def _typographic(_rng: random.Random, text: str, _other: str) -> str:
    noisy = text.replace(" - ", " — ").replace('"', "”").replace("'", "’").replace("fi", "ﬁ").replace(". ", ".\u00a0 ")
    return "\u200b".join(noisy[start : start + 97] for start in range(0, len(noisy), 97))


def _mixed(rng: random.Random, text: str, other: str) -> str:
    kept = _rewritten(0.02)(rng, text[: int(len(text) * 0.8)], other)
    return with_boilerplate(rng, _dateline(rng, kept, other))


def _numbers(rng: random.Random, text: str, _other: str) -> str:
    return re.sub(r"\d", lambda _: str(rng.randint(0, 9)), text) + f" {rng.randint(100, 999)}"


def _updated(_rng: random.Random, text: str, other: str) -> str:
    old, new = _sentences(text), _sentences(other)
    return " ".join([*new[: len(old)], *old[: max(1, len(old) // 3)]])


def _continued(rng: random.Random, text: str, other: str) -> str:
    """Continue a report: 60 to 90 % of the result is the old text, and the numbers are unchanged."""
    new = re.sub(r"\d", "", other)
    return " ".join([text, new[: int(len(text) * (1 / rng.uniform(0.6, 0.9) - 1))]])


def _half_own(_rng: random.Random, text: str, other: str) -> str:
    """Return a report that takes half of its text from an agency, whose text it shortens to a half."""
    old, new = _sentences(text), _sentences(other)
    half = "".join(old)[: len(text) // 2]
    kept = [sentence for place, sentence in enumerate(old) if len(" ".join(old[: place + 1])) <= len(half)]
    return " ".join([*new[: max(1, len(new) // 2)], *kept])[: len(text)]


def _quoting(rng: random.Random, text: str, other: str) -> str:
    start = rng.randrange(max(1, len(text) // 2))
    half = len(other) // 2
    return "\n".join([other[:half], text[start : start + len(other) // 6], other[half:]])


def _same_boilerplate(rng: random.Random, _text: str, other: str) -> str:
    return with_boilerplate(rng, other)


def _other(_rng: random.Random, _text: str, other: str) -> str:
    return other


KINDS: tuple[Kind, ...] = (
    Kind(name="new headline", change=_same, aim=0.97),
    Kind(name="dateline and byline changed", change=_dateline, aim=0.97),
    Kind(name="typographic and Unicode noise", change=_typographic, aim=0.97),
    Kind(name="first 90 %", change=_start(0.9), aim=0.97),
    Kind(name="first 70 %", change=_start(0.7), aim=0.97),
    Kind(name="first 50 %", change=_start(0.5), aim=0.90),
    Kind(name="first 30 %", change=_start(0.3)),
    Kind(name="boilerplate added", change=_boilerplate, aim=0.90),
    Kind(name="a fifth of paragraphs dropped", change=_dropped, aim=0.97),
    Kind(name="paragraphs reordered", change=_reordered, aim=0.97),
    Kind(name="5 % of words rewritten", change=_rewritten(0.05), aim=0.97),
    Kind(name="10 % of words rewritten", change=_rewritten(0.10), aim=0.97),
    Kind(name="1 % of characters misread", change=_misread(0.01), aim=0.97),
    Kind(name="5 % of characters misread", change=_misread(0.05), aim=0.80),
    Kind(name="mixed", change=_mixed),
    Kind(name="template, other numbers", change=_numbers, is_copy=False, aim=0.995, same_source=True),
    Kind(name="update that keeps a third", change=_updated, is_copy=False, aim=0.995, same_source=True),
    Kind(name="update that keeps 60 to 90 %", change=_continued, is_copy=False, aim=0.995, same_source=True),
    Kind(name="half its own text", change=_half_own, is_copy=False),
    Kind(name="quotes the article", change=_quoting, is_copy=False, aim=0.995),
    Kind(name="same boilerplate only", change=_same_boilerplate, is_copy=False, aim=0.995),
    Kind(name="same set and language", change=_other, is_copy=False, aim=0.995),
)
"""Kinds of copies, then kinds of texts that only resemble one."""
