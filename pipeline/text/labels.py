"""Titles, names and labels: one clean line each."""

import re
from collections.abc import Iterable

from pipeline.text.characters import clean_characters

__all__ = ["clean_labels", "has_markup", "one_line"]

# Tags that text about markup would hardly write out in pairs.
_MARKUP = re.compile(
    r"</(?:p|div|li|h[1-6]|blockquote|strong|em|a|span|b|i|u|sup|sub)>|<(?:p|br|br/|br /)>", re.IGNORECASE
)
_TAG = re.compile(
    r"</?(?:p|br|div|strong|em|a|span|b|i|u|s|sup|sub|small|mark|font)(?:[\s/][^<>]{0,300})?>", re.IGNORECASE
)


def one_line(text: str | None) -> str | None:
    """Clean a title, name or label; None when nothing remains."""
    if text is None:
        return None
    text = clean_characters(text).text
    if has_markup(text):
        text = _TAG.sub("", text)
    return " ".join(text.split()) or None


def clean_labels(texts: Iterable[str], limit: int, max_chars: int) -> tuple[str, ...]:
    """Return distinct labels, without those that are too long to be one."""
    labels: dict[str, str] = {}
    for text in texts:
        label = one_line(text[: 4 * max_chars])
        if label is not None and len(label) <= max_chars:
            labels.setdefault(label.casefold(), label)
        if len(labels) >= limit:
            break
    return tuple(labels.values())


def has_markup(text: str) -> bool:
    """Tell whether a text has tags in it."""
    return "<" in text and _MARKUP.search(text) is not None
