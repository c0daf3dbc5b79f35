"""Realistic copies of articles, and articles that resemble others without being copies; all from a seed."""

import random
import re
from collections.abc import Callable, Sequence

__all__ = ["COPIES", "NEGATIVES", "Text", "furnished"]

Text = str
Change = Callable[[random.Random, Text, Sequence[Text]], Text]

_SENTENCE = re.compile(r"(?<=[.!?。।؟])\s*")
_OCR = {"m": "rn", "l": "1", "o": "0", "e": "c", "i": "l", "s": "5", "h": "b", "n": "u", "a": "o", "t": "f"}
_DATELINES = ("LONDON, March 3 (Agency) - ", "(AP) — ", "نيويورك (وكالة) - ", "PARIS, 4 mars (AFP) - ", "【通信社】")
_BYLINES = ("By Our Correspondent\n", "Por la redacción\n", "Von unserem Reporter\n", "Staff writer, updated 14:05\n")
_FURNITURE = (
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


def _sentences(text: Text) -> list[str]:
    parts = [part for part in _SENTENCE.split(text) if part.strip()]
    return parts if len(parts) > 3 else re.findall(r".{1,120}(?:\s|$)|.{1,120}", text, re.DOTALL)


def _words(change: Callable[[random.Random, str], str], share: float) -> Change:
    def changed(rng: random.Random, text: Text, _: Sequence[Text]) -> Text:
        return re.sub(r"\S+", lambda word: change(rng, word[0]) if rng.random() < share else word[0], text)

    return changed


def _other_word(rng: random.Random, word: str) -> str:
    letters = list(word)
    rng.shuffle(letters)
    return "".join(letters) + rng.choice("aeiou")


def _signs(share: float) -> Change:
    def changed(rng: random.Random, text: Text, _: Sequence[Text]) -> Text:
        return "".join(_misread(rng, char) if char.strip() and rng.random() < share else char for char in text)

    return changed


def _misread(rng: random.Random, char: str) -> str:
    return _OCR.get(char) or rng.choice((char + char, "", ".", chr(ord(char) + 1)))


def _start(share: float) -> Change:
    return lambda _rng, text, _: text[: int(len(text) * share)]


def _dateline(rng: random.Random, text: Text, _: Sequence[Text]) -> Text:
    return rng.choice(_BYLINES) + rng.choice(_DATELINES) + text


def _furnished(rng: random.Random, text: Text, _: Sequence[Text]) -> Text:
    lines = rng.sample(_FURNITURE, k=6)
    return "\n".join([*lines[:2], text, *lines[2:]])


def _dropped(rng: random.Random, text: Text, _: Sequence[Text]) -> Text:
    return " ".join(sentence for sentence in _sentences(text) if rng.random() > 0.2)


def _reordered(rng: random.Random, text: Text, _: Sequence[Text]) -> Text:
    sentences = _sentences(text)
    blocks = [sentences[i : i + 3] for i in range(0, len(sentences), 3)]
    rng.shuffle(blocks)
    return " ".join(sentence for block in blocks for sentence in block)


def _typographic(_rng: random.Random, text: Text, _: Sequence[Text]) -> Text:
    noisy = text.replace(" - ", " — ").replace('"', "”").replace("'", "’").replace("fi", "ﬁ").replace(". ", ".\u00a0 ")
    return "\u200b".join(noisy[i : i + 97] for i in range(0, len(noisy), 97))


def _mixed(rng: random.Random, text: Text, others: Sequence[Text]) -> Text:
    kept = _words(_other_word, 0.02)(rng, text[: int(len(text) * 0.8)], others)
    return _furnished(rng, _dateline(rng, kept, others), others)


def _numbers(rng: random.Random, text: Text, _: Sequence[Text]) -> Text:
    return re.sub(r"\d", lambda _: str(rng.randint(0, 9)), text) + f" {rng.randint(100, 999)}"


def _updated(rng: random.Random, text: Text, others: Sequence[Text]) -> Text:
    sentences, news = _sentences(text), _sentences(rng.choice(others))
    return " ".join([*news[: len(sentences)], *sentences[: max(1, len(sentences) // 3)]])


def _quoting(rng: random.Random, text: Text, others: Sequence[Text]) -> Text:
    own = rng.choice(others)
    start = rng.randrange(max(1, len(text) // 2))
    return own[: len(own) // 2] + "\n" + text[start : start + len(own) // 6] + "\n" + own[len(own) // 2 :]


def _same_furniture(rng: random.Random, _: Text, others: Sequence[Text]) -> Text:
    return _furnished(rng, rng.choice(others), others)


def furnished(rng: random.Random, text: Text) -> Text:
    """Return an article with furniture around it, of the kind that "same furniture only" puts around another one."""
    return _furnished(rng, text, ())


COPIES: dict[str, Change] = {
    "new headline": lambda _rng, text, _: text,
    "dateline, byline": _dateline,
    "typographic noise": _typographic,
    "first 90 %": _start(0.9),
    "first 70 %": _start(0.7),
    "first 50 %": _start(0.5),
    "first 30 %": _start(0.3),
    "furniture added": _furnished,
    "20 % of sentences dropped": _dropped,
    "sentences reordered": _reordered,
    "5 % of words rewritten": _words(_other_word, 0.05),
    "10 % of words rewritten": _words(_other_word, 0.10),
    "5 % of characters misread": _signs(0.05),
    "2 % of characters misread": _signs(0.02),
    "mixed": _mixed,
}
"""Changes that leave a copy. Given an article and others in its language."""

NEGATIVES: dict[str, Change] = {
    "template, other numbers": _numbers,
    "update of a third": _updated,
    "quotes the article": _quoting,
    "same furniture only": _same_furniture,
    "same subject": lambda rng, _text, others: rng.choice(others),
}
"""Changes that leave another article. The first two stay with the source."""
