"""Signals of whether the text that was found on a page is its article; none depends on a language."""

import re

import numpy as np
from numpy.typing import NDArray

from pipeline.text.page.content import MainText
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.prose import is_prose
from pipeline.text.page.scored_text import Chosen
from pipeline.text.punctuation import CLOSING_QUOTES, SENTENCE_ENDS

__all__ = ["SCORED_SIGNALS", "TEXT_SIGNALS", "scored_signals", "text_signals"]

TEXT_SIGNALS = (
    "page_share",
    "chars",
    "page_chars",
    "link_share",
    "lines",
    "line_chars",
    "prose_share",
    "sentence_share",
    "repeated_share",
    "longest_share",
    "has_lead",
    "description_share",
    "description_place",
    "title_share",
    "body_chars",
    "body_share",
    "is_article",
    "is_list",
    "is_free",
    "headlines",
    "has_date",
    "has_authors",
)
SCORED_SIGNALS = (
    *TEXT_SIGNALS,
    "expected_f1",
    "agreement",
    "unsure_share",
    "scored_share",
    "expected_loss",
    "unsure_size",
    "disagreement",
    "amiss",
)
_WORD = re.compile(r"\w{3,}")
_ENDS = (*SENTENCE_ENDS, *CLOSING_QUOTES, ":", ")")
_COMPARED_WORDS = 30
"""Words of title and description that are looked for."""
_MOST_SHARE = 1.5
"""A text of short lines can be greater than the running text of its page; how much tells nothing."""
_BEGINNING_CHARS = 30
"""Characters by which the description is found in the text."""


def text_signals(main: MainText, metadata: PageMetadata, title: str | None) -> NDArray[np.float32]:
    """Return the signals that any reading of a page gives: [len(TEXT_SIGNALS)].

    Args:
        main: The text that was found.
        metadata: What the page states.
        title: The page's <title>.
    """
    lines = main.lines
    sizes = [len(line) for line in lines]
    chars = sum(sizes)
    joined = "\n".join(lines).casefold()
    prose = sum(size for line, size in zip(lines, sizes, strict=True) if is_prose(line, 0))
    ended = sum(size for line, size in zip(lines, sizes, strict=True) if line.endswith(_ENDS))
    description = " ".join((metadata.description or "").casefold().split())
    place = joined.find(description[:_BEGINNING_CHARS]) if len(description) >= _BEGINNING_CHARS else -1
    body = metadata.body
    signals = (
        min(main.page_share, _MOST_SHARE),
        np.log1p(chars),
        np.log1p(chars / main.page_share if main.page_share else 0.0),
        main.link_share,
        np.log1p(len(lines)),
        np.log1p(chars / len(lines) if lines else 0.0),
        prose / max(chars, 1),
        ended / max(chars, 1),
        1 - sum(map(len, set(lines))) / chars if chars else 0.0,
        max(sizes, default=0) / max(chars, 1),
        float(main.lead is not None),
        _share(description, joined),
        place / max(chars, 1) if place >= 0 else -1.0,
        _share(" ".join((*metadata.titles[:1], title or "")).casefold(), joined),
        min(len(body) / max(chars, 1), 5.0) if body else -1.0,
        _share(body[-len(body) // 2 :].casefold(), joined) if body else -1.0,
        float(metadata.is_article),
        float(metadata.is_list),
        -1.0 if metadata.is_free is None else float(metadata.is_free),
        float(len(main.headlines)),
        float(bool(metadata.published)),
        float(bool(metadata.authors)),
    )
    return np.array(signals, np.float32)


def scored_signals(signals: NDArray[np.float32], chosen: Chosen) -> NDArray[np.float32]:
    """Return the signals of a text with those of the scorer: [len(SCORED_SIGNALS)]."""
    own = (
        chosen.expected_f1,
        chosen.agreement,
        chosen.unsure_share,
        min(chosen.page_share, 1.0),
        # As logarithms too: the difference of .99 and .95 is that of .95 and .75.
        np.log(1.01 - chosen.expected_f1),
        np.log(0.01 + chosen.unsure_share),
        np.log(1.02 - chosen.agreement),
        abs(np.log(min(max(chosen.page_share, 0.05), 3.0))),
    )
    return np.concatenate((signals, np.array(own, np.float32)))


def _share(words: str, text: str) -> float:
    """Return which share of the first words is in a text; -1 without words."""
    found = _WORD.findall(words)[:_COMPARED_WORDS]
    return sum(word in text for word in found) / len(found) if found else -1.0
