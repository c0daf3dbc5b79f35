"""Issues articles with known texts and relations: what goes in is known, so what comes out can be held against it."""

import random
from collections.abc import Iterator
from typing import Literal

import orjson
from msgspec import Struct

__all__ = ["CANARY", "Issued", "Relation", "issue"]

Relation = Literal["new", "copy", "near", "repeat", "revision", "stale", "retraction"]

CANARY = "quixwyrd"
"""In every headline and text. No other word has its letters: where it turns up in a log, content was logged."""

PARAGRAPHS = 6
_SYLLABLES = [consonant + vowel for consonant in "bklmnrstvz" for vowel in "aeo"]
_TODAY, _YESTERDAY = "2026-11-20T{:02d}:{:02d}:{:02d}Z", "2026-11-19T{:02d}:{:02d}:{:02d}Z"
_LOOK_BACK = 1000  # texts: what is older is not copied any more
_SHARES: dict[Relation, float] = {
    "new": 0.78,
    "copy": 0.07,
    "near": 0.05,
    "repeat": 0.04,
    "revision": 0.04,
    "stale": 0.01,
    "retraction": 0.01,
}


class Issued(Struct, frozen=True):
    """One raw article. `relation` is what it is to `of`, an earlier one (by number), or "new"."""

    number: int
    relation: Relation
    of: int | None
    url: str
    value: bytes


class _Text(Struct):
    """An article that came first with its text, as its last version has it."""

    number: int
    url: str
    title: str
    body: str


def issue(count: int, *, seed: int, words: int = 120) -> Iterator[Issued]:
    """Yield articles: new ones; copies, repeats, revisions, old versions and retractions of earlier ones."""
    rng = random.Random(seed)
    writer = _Writer(rng, words)
    texts: list[_Text] = []
    for number in range(count):
        relation: Relation = rng.choices(list(_SHARES), list(_SHARES.values()))[0] if texts else "new"
        if relation == "new":
            url = f"https://site{rng.randrange(200)}.example/{seed}/{number}"
            texts.append(_Text(number, url, writer.title(), writer.body()))
            yield _issued(number, relation, None, texts[-1])
            continue
        place = rng.randrange(max(0, len(texts) - _LOOK_BACK), len(texts))
        known = texts[place]
        if relation == "retraction":
            del texts[place]
        if relation == "revision":
            known.body = writer.revised(known.body)
        yield _issued(number, relation, known.number, _related(relation, known, writer, f"{seed}/{number}"))


def _related(relation: Relation, known: _Text, writer: "_Writer", path: str) -> _Text:
    """Return what comes in that has this relation to a known text."""
    if relation == "copy":
        url = f"https://mirror{writer.rng.randrange(50)}.example/{path}"
        return _Text(known.number, url, known.title, known.body)
    if relation == "near":
        # A site for each: within one site, what is alike is an update.
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
    if relation == "retraction":
        value = {"url": text.url, "action": "retract", "fetched_at": fetched, "issued": number}
    return Issued(number, relation, of, text.url, orjson.dumps(value))


class _Writer:
    """Writes texts of words that nobody else writes."""

    def __init__(self, rng: random.Random, words: int) -> None:
        self.rng = rng
        self._words = words // PARAGRAPHS
        self._vocabulary = ["".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 4))) for _ in range(4000)]

    def title(self) -> str:
        return " ".join([*(self.rng.choice(self._vocabulary) for _ in range(6)), CANARY]).capitalize()

    def body(self) -> str:
        return "\n\n".join(self._sentence() for _ in range(PARAGRAPHS))

    def revised(self, body: str) -> str:
        """Replace four of six paragraphs: far from a near copy (a fifth is shared) and from a reused URL (a 20th)."""
        return self._replaced(body, 4)

    def nearly(self, body: str) -> str:
        """Add a paragraph: the text is whole in its copy, so what two copies share is not taken for boilerplate."""
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
