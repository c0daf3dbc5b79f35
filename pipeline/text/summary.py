"""A summary out of the article's own first sentences, and how long the article is."""

import re
from collections.abc import Sequence

__all__ = ["summarise", "word_count"]

# The end of a sentence: terminal, closing quotes, then space; terminals of scripts without spaces need none.
_SENTENCE_END = re.compile(r"[.!?؟۔।…։။။][\"'”’»)\]]{0,3}(?=\s)|[。！？][」』”’）]{0,3}")
_WINDOW_FACTOR = 4
# Scripts written without spaces: a Han character, kana or Hangul-free run counts by characters, South-East Asian
# scripts at about four letters a word. Runs, because counting their lengths is faster than finding every character.
_IDEOGRAPHS = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_LETTERS = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]+")
_LETTERS_PER_WORD = 4
_MIN_CHARS_PER_SPACE = 14


def summarise(paragraphs: Sequence[str], target_chars: int) -> str | None:
    """Return whole first sentences up to about `target_chars`; a first sentence that is longer is cut at a word."""
    text = ""
    for paragraph in paragraphs:
        # Sub-headlines and datelines are no sentences.
        if len(paragraph) < 40 and not paragraph.endswith((".", "!", "?", "。", "؟", "।", "۔")):
            continue
        text = f"{text} {paragraph}" if text else paragraph
        if len(text) > target_chars:
            break
    if not text:
        return None
    if len(text) <= target_chars:
        return text
    end = 0
    for found in _SENTENCE_END.finditer(text, 0, target_chars * _WINDOW_FACTOR):
        if found.end() > target_chars:
            break
        end = found.end()
    if end >= target_chars // 4:
        return text[:end]
    space = text.rfind(" ", target_chars // 2, target_chars)
    return text[: space if space > 0 else target_chars].rstrip() + "…"


def word_count(body: str, paragraphs: int) -> int:
    """Count words of a body whose spaces are collapsed; in scripts without spaces, characters that make a word."""
    if not body:
        return 0
    spaces = body.count(" ")
    words = spaces + paragraphs
    if body.isascii() or len(body) < _MIN_CHARS_PER_SPACE * words:
        return words
    characters = sum(map(len, _IDEOGRAPHS.findall(body)))
    return max(words, characters + sum(len(run) // _LETTERS_PER_WORD for run in _LETTERS.findall(body)))
