"""What the text of segments says about them, in any language: length, links, punctuation, repetition."""

import re
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

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
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_SENTENCE = re.compile(r"[.!?؟](?=\s)|[。！？।॥۔።။។։]")
_COMMA = re.compile(r"[,;،؛、，；]")
_DIGIT = re.compile(r"\d")
_SIGN = re.compile(r"[|©®@#/•·→*+=_<>]")
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|\w+")
_ASCII_WORD = re.compile("[a-z0-9_]+")
"""The same in ASCII without capital letters, found in half the time."""
_MARKS = [f"{mark}{space}" for mark in ".!?" for space in " \n"]
"""What ends sentences in ASCII, in a segment's text, whose white space is single spaces and line feeds."""
_ASCII = frozenset(range(0x80))
# All of ASCII but some characters: deleting it counts these.
_NO_COMMAS, _NO_DIGITS, _NO_SIGNS = (bytes(_ASCII - set(chars)) for chars in (b",;", b"0123456789", b"|@#/*+=_<>"))
_NO_CAPITALS = bytes(_ASCII - set(range(ord("A"), ord("Z") + 1)))
_OPENING_QUOTES = frozenset("\"'“„«»‚‘「『‹”")
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
    pattern = _ASCII_WORD if text.isascii() else _WORD
    return pattern.findall(text.casefold())[: _PARAMS.compared_words]


def read_texts(segments: Sequence[Segment], titles: Sequence[str], description: str | None) -> TextFacts:
    """Return what the texts of a page's segments say.

    Args:
        segments: Of the page.
        titles: What the page states as its titles.
        description: The page's description in its metadata.
    """
    title = frozenset(word for text in titles for word in words_of(text))
    words = PageWords(title, frozenset(words_of(description or "")))
    counts: dict[str, int] = {}
    for segment in segments:
        counts[segment.text] = counts.get(segment.text, 0) + 1
    seen: dict[str, int] = {}
    rows = []
    for segment in segments:
        text = segment.text
        seen[text] = seen.get(text, 0) + 1
        rows.append((*_facts(segment, words), counts[text], seen[text]))
    table = np.array(rows, np.float64).reshape(len(rows), -1)
    chars = table[:, 0]
    links = table[:, 1] * chars
    features = np.column_stack((table, np.log1p(links))).astype(np.float32)
    features[:, 0] = np.log1p(chars)
    return TextFacts(features, chars, chars * table[:, 2], links)


def _facts(segment: Segment, words: PageWords) -> tuple[float, ...]:
    text = segment.text
    size = len(text)
    head = text[: _PARAMS.read_chars]
    width = float(size)
    if not head.isascii():
        width += _PARAMS.extra_width * len(_WIDE.findall(head)) * size / len(head)
    title_share = share_of_title = description_share = 0.0
    compares_title = bool(words.title) and size <= _PARAMS.title_chars
    own = set(words_of(head)) if compares_title or words.description else ()
    if own:
        if compares_title:
            common = len(words.title.intersection(own))
            title_share, share_of_title = common / len(own), common / len(words.title)
        description_share = len(words.description.intersection(own)) / len(own)
    ends = text.endswith(_ENDS)
    return (
        width,
        segment.link_chars / size,
        float(is_prose(text, segment.link_chars)),
        float(ends),
        float(text.endswith((":", "："))),
        float(text.endswith((ELLIPSIS, "..."))),
        _sentences(text),
        *_shares(head),
        _first(text[0]),
        text.count("\n") + 1.0,
        title_share,
        share_of_title,
        description_share,
    )


def _sentences(text: str) -> float:
    """Return how many sentences end within a text and not at its end."""
    if not text.isascii():
        return float(len(_SENTENCE.findall(text)))
    return float(sum(map(text.count, _MARKS))) if "." in text or "!" in text or "?" in text else 0.0


def _shares(head: str) -> tuple[float, float, float, float]:
    """Return the shares of commas, digits, capital letters and signs at the beginning of a text."""
    size = len(head)
    case = head[: _PARAMS.case_chars]
    if head.isascii():
        data = head.encode()
        comma = len(data.translate(None, _NO_COMMAS))
        digit = len(data.translate(None, _NO_DIGITS))
        sign = len(data.translate(None, _NO_SIGNS))
        upper = len(data[: _PARAMS.case_chars].translate(None, _NO_CAPITALS))
    else:
        comma, digit, sign = len(_COMMA.findall(head)), len(_DIGIT.findall(head)), len(_SIGN.findall(head))
        upper = sum(map(str.isupper, case))
    return comma / size, digit / size, upper / len(case), sign / size


def _first(char: str) -> float:
    if char.isalpha():
        return 0.0 if char.isupper() else 1.0 if char.islower() else 2.0
    if char.isdigit():
        return 3.0
    return 4.0 if char in _OPENING_QUOTES else 5.0
