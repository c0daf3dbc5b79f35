"""Issues articles with known texts and relations, so that tests can compute the expected output."""

import random
from collections.abc import Iterator
from typing import Literal

import orjson
from msgspec import Struct

__all__ = ["CANARY", "Issued", "Relation", "issue"]

Relation = Literal["new", "copy", "near", "repeat", "revision", "stale", "retraction", "retracted copy"]

CANARY = "quixwyrd"
"""A word in every headline and text. No other word contains it, so a log line with it contains content."""

PARAGRAPHS = 6
_SYLLABLES = [consonant + vowel for consonant in "bklmnrstvz" for vowel in "aeo"]
_TODAY, _YESTERDAY = "2026-11-20T{:02d}:{:02d}:{:02d}Z", "2026-11-19T{:02d}:{:02d}:{:02d}Z"
_LOOK_BACK = 1000  # only the last so many texts are copied or revised
_SHARES: dict[Relation, float] = {
    "new": 0.78,
    "copy": 0.07,
    "near": 0.05,
    "repeat": 0.04,
    "revision": 0.04,
    "stale": 0.01,
    "retraction": 0.01,
    "retracted copy": 0.005,
}


class Issued(Struct, frozen=True):
    """One raw article; `relation` is its relation to the earlier article number `of`, or "new"."""

    number: int
    relation: Relation
    of: int | None
    url: str
    value: bytes


class _Text(Struct):
    """The last version of an article."""

    number: int
    url: str
    title: str
    body: str


def issue(count: int, *, seed: int, words: int = 120) -> Iterator[Issued]:
    """Yield articles: new ones; copies, repeats, revisions, old versions and retractions of earlier ones."""
    rng = random.Random(seed)
    writer = _Writer(rng, words)
    texts: list[_Text] = []
    copies: list[_Text] = []
    for number in range(count):
        relation: Relation = rng.choices(list(_SHARES), list(_SHARES.values()))[0] if texts else "new"
        if relation == "retracted copy" and not copies:
            relation = "new"
        if relation == "new":
            url = f"https://site{rng.randrange(200)}.example/{seed}/{number}"
            texts.append(_Text(number, url, writer.title(), writer.body()))
            yield _issued(number, relation, None, texts[-1])
            continue
        if relation == "retracted copy":
            copy = copies.pop(rng.randrange(len(copies)))
            yield _issued(number, relation, copy.number, copy)
            continue
        place = rng.randrange(max(0, len(texts) - _LOOK_BACK), len(texts))
        known = texts[place]
        if relation == "retraction":
            del texts[place]
        if relation == "revision":
            known.body = writer.revised(known.body)
        related = _related(relation, known, writer, f"{seed}/{number}")
        if relation in ("copy", "near"):
            copies.append(_Text(number, related.url, related.title, related.body))
        yield _issued(number, relation, known.number, related)


def _related(relation: Relation, known: _Text, writer: "_Writer", path: str) -> _Text:
    """Return a text that has the relation to a known one."""
    if relation == "copy":
        url = f"https://mirror{writer.rng.randrange(50)}.example/{path}"
        return _Text(known.number, url, known.title, known.body)
    if relation == "near":
        # Each on a site of its own: on one site, a similar article counts as an update.
        url = f"https://near{path.replace('/', '-')}.example/{path}"
        return _Text(known.number, url, known.title, writer.nearly(known.body))
    if relation == "stale":
        return _Text(known.number, known.url, known.title, writer.revised(known.body))
    return known


def _issued(number: int, relation: Relation, of: int | None, text: _Text) -> Issued:
    seconds = number % 86_400
    day = _YESTERDAY if relation == "stale" else _TODAY
    fetched = day.format(seconds // 3600, seconds // 60 % 60, seconds % 60)
    value = {"url": text.url, "title": text.title, "text": text.body, "fetched_at": fetched, "issued": number}
    if relation in ("retraction", "retracted copy"):
        value = {"url": text.url, "action": "retract", "fetched_at": fetched, "issued": number}
    return Issued(number, relation, of, text.url, orjson.dumps(value))


class _Writer:
    """Generates texts from a random vocabulary of its own."""

    def __init__(self, rng: random.Random, words: int) -> None:
        self.rng = rng
        self._words = words // PARAGRAPHS
        self._vocabulary = ["".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 4))) for _ in range(4000)]

    def title(self) -> str:
        return " ".join([*(self.rng.choice(self._vocabulary) for _ in range(6)), CANARY]).capitalize()

    def body(self) -> str:
        return "\n\n".join(self._sentence() for _ in range(PARAGRAPHS))

    def revised(self, body: str) -> str:
        """Replace four of six paragraphs.

        A fifth of the text is shared then: less than in a near copy, and more than the 20th of a reused URL.
        """
        return self._replaced(body, 4)

    def nearly(self, body: str) -> str:
        """Add a paragraph. The copy contains the whole text, so the common part does not count as a shared passage."""
        return f"{body}\n\n{self._sentence()}"

    def _replaced(self, body: str, count: int) -> str:
        paragraphs = body.split("\n\n")
        for place in self.rng.sample(range(PARAGRAPHS), count):
            paragraphs[place] = self._sentence()
        return "\n\n".join(paragraphs)

    def _sentence(self) -> str:
        words = [self.rng.choice(self._vocabulary) for _ in range(self._words)]
        words[self.rng.randrange(1, self._words)] = CANARY
        return " ".join(words).capitalize() + "."
