"""What is odd about a text, and whether it is an article at all."""

from collections.abc import Sequence

from pipeline.text.boilerplate import is_tail_marker
from pipeline.text.params import IngestParams
from pipeline.text.summary import word_count
from pipeline.text.wordlists import load_words

__all__ = ["is_no_article", "text_flags"]

_WORDS = load_words("walls")
_PAYWALL: tuple[str, ...] = tuple(_WORDS["paywall"])
_COOKIE: tuple[str, ...] = tuple(_WORDS["cookie"])
_BLOCK: tuple[str, ...] = tuple(_WORDS["block"])

_TERMINAL = (".", "!", "?", "。", "！", "？", "؟", "।", "۔", "”", '"', "»", "」", "”", ")", "።", "။", "៕", ":")
_CUT = ("…", "...", "[…]", "[...]", "(…)", "chars]")
_REPEATED_SHARE = 0.2
# Walls are short: longer texts speak about cookies and subscriptions.
_WALL_CHARS = 1500
_STUB_TAIL_CHARS = 400
_STUB_CHARS = 4000
_LIST_LINES = 8
_LIST_LINE_CHARS = 90
_LIST_SHARE = 0.75
# Digits and symbols alone say nothing; a text that is only short is flagged, not refused.
_MIN_LETTERS = 2
# A text with so many characters for each word that a short one has is not short; counting its words can be spared.
_LONG_ENOUGH_CHARS = 8
# What the server sends instead of an article says so at once; an article may speak of captchas further down.
_BLOCK_LINE_CHARS = 200
_LETTER_WINDOW = 40


def text_flags(paragraphs: Sequence[str], title: str | None, params: IngestParams) -> set[str]:
    """Return the flags of an article's own text; bounded names, see pipeline/text/quality.py."""
    flags = set()
    chars = sum(map(len, paragraphs))
    if not title:
        flags.add("no_title")
    if chars < params.short_words * _LONG_ENOUGH_CHARS and _words(paragraphs) < params.short_words:
        flags.add("too_short")
    if _repeated_share(paragraphs, chars) > _REPEATED_SHARE:
        flags.add("repeated")
    if paragraphs and paragraphs[-1].endswith(_CUT):
        flags.add("truncated")
    if chars < _WALL_CHARS and _mentions(paragraphs, _COOKIE):
        flags.add("cookie_wall")
    if chars < _STUB_CHARS and _mentions(paragraphs[-2:], _PAYWALL, _STUB_TAIL_CHARS):
        flags.add("paywall_stub")
    if _is_list(paragraphs):
        flags.add("list_page")
    if any(is_tail_marker(line) for line in paragraphs[len(paragraphs) // 2 :] if len(line) < _LIST_LINE_CHARS):
        flags.add("boilerplate_left")
    return flags


def _words(paragraphs: Sequence[str]) -> int:
    return word_count("\n\n".join(paragraphs), len(paragraphs))


def is_no_article(paragraphs: Sequence[str], title: str | None, *, from_page: bool) -> str | None:
    """Return why the text is too poor to be an article, or None."""
    letters = 0
    for paragraph in paragraphs:
        letters += sum(map(str.isalpha, paragraph[:_LETTER_WINDOW]))
        if letters >= _MIN_LETTERS:
            break
    else:
        return "next to no text"
    if from_page and sum(map(len, paragraphs)) < _WALL_CHARS // 3:
        if _mentions([(title or "")[:_BLOCK_LINE_CHARS], paragraphs[0][:_BLOCK_LINE_CHARS]], _BLOCK):
            return "an error or access page"
        if _mentions(paragraphs, _COOKIE):
            return "a consent page"
    return None


def _mentions(paragraphs: Sequence[str], phrases: tuple[str, ...], limit: int = _WALL_CHARS) -> bool:
    text = "\n".join(paragraphs)
    if len(text) > limit:
        text = text[-limit:]
    text = text.casefold()
    return any(map(text.__contains__, phrases))


def _is_list(paragraphs: Sequence[str]) -> bool:
    """Tell whether most lines are short and no sentences, as on pages that list articles."""
    if len(paragraphs) < _LIST_LINES:
        return False
    items = sum(len(line) < _LIST_LINE_CHARS and not line.endswith(_TERMINAL) for line in paragraphs)
    return items >= _LIST_SHARE * len(paragraphs)


def _repeated_share(paragraphs: Sequence[str], chars: int) -> float:
    """Return which share of the text repeats earlier paragraphs."""
    distinct = set(paragraphs)
    if len(distinct) == len(paragraphs) or not chars:
        return 0.0
    return 1.0 - sum(map(len, distinct)) / chars
