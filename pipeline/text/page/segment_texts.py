"""What the text of segments says about them, in any language: length, links, punctuation, repetition."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.character_kinds import CharacterKinds
from pipeline.text.page.prose import is_prose
from pipeline.text.page.segments import Segment
from pipeline.text.punctuation import CLOSING_QUOTES, ELLIPSIS, SENTENCE_ENDS

__all__ = ["TEXT_FEATURES", "PageWords", "TextFacts", "read_texts"]

Floats = NDArray[np.float32]

TEXT_FEATURES = (
    "width",
    "link_share",
    "is_prose",
    "ends_as_sentence",
    "ends_with_colon",
    "ends_with_ellipsis",
    "sentences",
    "comma_share",
    "digit_share",
    "upper_share",
    "sign_share",
    "first_char",
    "lines",
    "title_share",
    "share_of_title",
    "description_share",
    "occurrences",
    "occurrence",
    "link_width",
)
_SENTENCE = re.compile(r"[.!?؟](?=\s)|[。！？।॥۔።။។։]")
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|\w+")
_ASCII_WORDS = "".join(char if char.isalnum() or char == "_" else " " for char in map(chr, range(0x80)))
"""Maps each character of ASCII between words to a space: splitting takes half the time of a pattern."""
_MARKS = [f"{mark}{space}" for mark in ".!?" for space in " \n"]
"""What ends sentences in ASCII, in a segment's text, whose white space is single spaces and line feeds."""
_ENDS = (*SENTENCE_ENDS, *CLOSING_QUOTES, ")")


class _TextParams(Struct, frozen=True):
    read_chars: int = 200
    """Characters in which signs are counted; a limit on work."""
    case_chars: int = 100
    """The same for capital letters."""
    compared_words: int = 60
    """Words compared with title and description."""
    title_chars: int = 300
    """A longer segment is not compared with the title."""
    extra_width: int = 2
    """A Chinese, Japanese or Korean character is this much wider than a letter."""


_PARAMS = _TextParams()


class PageWords(Struct, frozen=True):
    """The words of a page's titles and description."""

    title: frozenset[str]
    description: frozenset[str]


class TextFacts(Struct, frozen=True):
    """N segments."""

    features: Floats
    """[N, len(TEXT_FEATURES)]."""
    chars: NDArray[np.float64]
    """Width of each segment's text, in letters: [N]."""
    prose: NDArray[np.float64]
    """The same of running text, 0 for other segments: [N]."""
    links: NDArray[np.float64]
    """Width within links: [N]."""


def words_of(text: str) -> list[str]:
    """Return the words that are compared; a Chinese, Japanese or Korean character is one."""
    folded = text.casefold()
    words: list[str] = folded.translate(_ASCII_WORDS).split() if text.isascii() else _WORD.findall(folded)
    return words[: _PARAMS.compared_words]


def read_texts(segments: Sequence[Segment], titles: Sequence[str], description: str | None) -> TextFacts:
    """Return what the texts of a page's segments say.

    Args:
        segments: Of the page.
        titles: What the page states as its titles.
        description: The page's description in its metadata.
    """
    title = frozenset(word for text in titles for word in words_of(text))
    words = PageWords(title, frozenset(words_of(description or "")))
    if not segments:
        empty = np.zeros(0)
        return TextFacts(np.zeros((0, len(TEXT_FEATURES)), np.float32), empty, empty, empty)
    texts = [segment.text for segment in segments]
    heads = [text[: _PARAMS.read_chars] for text in texts]
    kinds = CharacterKinds.count(heads, _PARAMS.case_chars)
    sizes = _array(map(len, texts))
    read = _array(map(len, heads))
    chars = sizes + _PARAMS.extra_width * kinds.wide * sizes / read
    link_chars = [segment.link_chars for segment in segments]
    link_share = _array(link_chars) / sizes
    links = link_share * chars
    is_running = _array(map(is_prose, texts, link_chars))
    shares = np.array([_common(*pair, words) for pair in zip(texts, heads, strict=True)])
    features = np.column_stack(
        (
            np.log1p(chars),
            link_share,
            is_running,
            _array([text.endswith(_ENDS) for text in texts]),
            _array([text.endswith((":", "：")) for text in texts]),
            _array([text.endswith((ELLIPSIS, "...")) for text in texts]),
            _array(map(_sentences, texts)),
            kinds.commas / read,
            kinds.digits / read,
            kinds.capitals / np.minimum(read, _PARAMS.case_chars),
            kinds.signs / read,
            kinds.first,
            _array([text.count("\n") for text in texts]) + 1,
            shares,
            *_occurrences(texts),
            np.log1p(links),
        )
    ).astype(np.float32)
    return TextFacts(features, chars, chars * is_running, links)


def _array(values: Iterable[float]) -> NDArray[np.float64]:
    return np.array(list(values), np.float64)


def _occurrences(texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how often each text occurs on the page, and which of these occurrences it is."""
    counts: dict[str, int] = {}
    places = []
    for text in texts:
        counts[text] = place = counts.get(text, 0) + 1
        places.append(place)
    return _array([counts[text] for text in texts]), _array(places)


def _common(text: str, head: str, words: PageWords) -> tuple[float, float, float]:
    """Return the share of a text's words in the title, of the title's in it, and of its words in the description."""
    compares_title = bool(words.title) and len(text) <= _PARAMS.title_chars
    found = words_of(head) if compares_title or words.description else ()
    if words.title.isdisjoint(found) and words.description.isdisjoint(found):
        return 0.0, 0.0, 0.0
    own = frozenset(found)
    common = len(words.title.intersection(own)) if compares_title else 0
    described = len(words.description.intersection(own)) / len(own)
    return common / len(own), common / max(len(words.title), 1), described


def _sentences(text: str) -> float:
    """Return how many sentences end within a text and not at its end."""
    if not text.isascii():
        return float(len(_SENTENCE.findall(text)))
    return float(sum(map(text.count, _MARKS))) if "." in text or "!" in text or "?" in text else 0.0
