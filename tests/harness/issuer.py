"""Issues articles with known texts and relations: what goes in is known, so what comes out can be held against it."""

import random
from collections.abc import Iterator

import orjson
from msgspec import Struct

__all__ = ["Issued", "issue"]

_SYLLABLES = [consonant + vowel for consonant in "bklmnrstvz" for vowel in "aeo"]
PARAGRAPHS = 6
_EPOCH = "2026-11-20T{:02d}:{:02d}:{:02d}Z"


class Issued(Struct, frozen=True):
    """One raw article. `relation` is what it is to `of`, an earlier one (by number), or "new"."""

    number: int
    relation: str
    of: int | None
    url: str
    value: bytes


def issue(count: int, *, seed: int, words: int = 120) -> Iterator[Issued]:
    """Yield articles: new ones, exact copies on other sites, repeats and revisions of earlier ones."""
    rng = random.Random(seed)
    vocabulary = ["".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 4))) for _ in range(4000)]
    texts: list[tuple[str, str, str, int]] = []
    for number in range(count):
        draw = rng.random()
        if not texts or draw < 0.80:
            texts.append(
                (f"https://site{rng.randrange(200)}.example/{seed}/{number}", *_text(rng, vocabulary, words), number)
            )
            relation, of = "new", None
            url, title, body, _ = texts[-1]
        else:
            index = rng.randrange(max(0, len(texts) - 2000), len(texts))
            url, title, body, of = texts[index]
            if draw < 0.88:
                relation, url = "copy", f"https://mirror{rng.randrange(50)}.example/{seed}/{number}"
            elif draw < 0.94:
                relation = "repeat"
            else:
                relation = "revision"
                body = _revised(rng, vocabulary, body, words)
                texts[index] = (url, title, body, of)
        fetched = _EPOCH.format(*_clock(number))
        value = {"url": url, "title": title, "text": body, "fetched_at": fetched, "issued": number}
        yield Issued(number, relation, of, url, orjson.dumps(value))


def _clock(number: int) -> tuple[int, int, int]:
    seconds = number % 86_400
    return seconds // 3600, seconds // 60 % 60, seconds % 60


def _text(rng: random.Random, vocabulary: list[str], words: int) -> tuple[str, str]:
    title = " ".join(rng.choice(vocabulary) for _ in range(7)).capitalize()
    paragraphs = [_sentence(rng, vocabulary, words // PARAGRAPHS) for _ in range(PARAGRAPHS)]
    return title, "\n\n".join(paragraphs)


def _revised(rng: random.Random, vocabulary: list[str], body: str, words: int) -> str:
    """Replace four of six paragraphs: far from a near-duplicate (a fifth is shared), far from a reused URL (a 20th)."""
    paragraphs = body.split("\n\n")
    for place in rng.sample(range(PARAGRAPHS), 4):
        paragraphs[place] = _sentence(rng, vocabulary, words // PARAGRAPHS)
    return "\n\n".join(paragraphs)


def _sentence(rng: random.Random, vocabulary: list[str], words: int) -> str:
    return " ".join(rng.choice(vocabulary) for _ in range(words)).capitalize() + "."
