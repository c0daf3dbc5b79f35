"""The quality flags of a text."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline.text.boilerplate import is_tail_marker
from pipeline.text.params import IngestParams
from pipeline.text.punctuation import CLOSING_QUOTES, ELLIPSIS, SENTENCE_ENDS
from pipeline.text.summary import word_count
from pipeline.text.walls import asks_for_consent, offers_subscription

__all__ = ["FlagParams", "text_flags"]


class FlagParams(Struct, frozen=True, kw_only=True):
    """Thresholds of flags, set by hand. Those that are limits of `ingest` are in `IngestParams`."""

    repeated_share: float = 0.2
    """Share of the text's characters in repeated paragraphs, above which it is flagged."""
    probes: int = 7
    """Pieces of the text, evenly over it, whose occurrences are counted."""
    probe_chars: int = 12
    """Characters of one; so long a piece seldom occurs twice by chance."""
    probed_chars: int = 300
    """A shorter text is not looked at."""
    repeats: int = 4
    """A text most of whose pieces occur so often says the same again and again. Of 2,667 articles in many languages one
    did, a list of share prices without the numbers; 24 had most pieces twice or more."""
    stub_chars: int = 4000
    """A free part of an article is shorter; longer texts that mention subscriptions are whole."""
    stub_tail_chars: int = 400
    """The offer to subscribe stands in so many characters at the end of the last two paragraphs."""
    list_lines: int = 8
    """Fewer lines are not judged to be a list."""
    list_line_chars: int = 90
    """A longer line is no item of a list and no marker of the tail."""
    list_share: float = 0.75
    """Share of the lines that are items."""
    long_enough_chars: int = 8
    """Characters per word of `short_words` from which a text cannot be short, whose words need not be counted then."""


_PARAMS = FlagParams()

# Not the ellipsis, with which the teasers on a page that lists articles end.
_SENTENCES = (*SENTENCE_ENDS, *CLOSING_QUOTES, ")", ":")
_CUT = (ELLIPSIS, "...", "[…]", "[...]", "(…)", "chars]")


def text_flags(paragraphs: Sequence[str], title: str | None, params: IngestParams) -> set[str]:
    """Return the flags of an article's own text; `pipeline.text.quality` has all of them."""
    flags = set()
    chars = sum(map(len, paragraphs))
    if not title:
        flags.add("no_title")
    if chars < params.short_words * _PARAMS.long_enough_chars and _words(paragraphs) < params.short_words:
        flags.add("too_short")
    if _repeated_share(paragraphs, chars) > _PARAMS.repeated_share or _says_the_same(paragraphs, chars):
        flags.add("repeated")
    if paragraphs and paragraphs[-1].endswith(_CUT):
        flags.add("truncated")
    if asks_for_consent(paragraphs):
        flags.add("cookie_wall")
    if chars < _PARAMS.stub_chars and offers_subscription(paragraphs[-2:], _PARAMS.stub_tail_chars):
        flags.add("paywall_stub")
    if _is_list(paragraphs):
        flags.add("list_page")
    if any(is_tail_marker(line) for line in paragraphs[len(paragraphs) // 2 :] if len(line) < _PARAMS.list_line_chars):
        flags.add("boilerplate_left")
    return flags


def _words(paragraphs: Sequence[str]) -> int:
    return word_count("\n\n".join(paragraphs), len(paragraphs))


def _is_list(paragraphs: Sequence[str]) -> bool:
    """Return whether most lines are short and no sentences, as on pages that list articles."""
    if len(paragraphs) < _PARAMS.list_lines:
        return False
    items = sum(len(line) < _PARAMS.list_line_chars and not line.endswith(_SENTENCES) for line in paragraphs)
    return items >= _PARAMS.list_share * len(paragraphs)


def _repeated_share(paragraphs: Sequence[str], chars: int) -> float:
    """Return which share of the text repeats earlier paragraphs."""
    distinct = set(paragraphs)
    if len(distinct) == len(paragraphs) or not chars:
        return 0.0
    return 1.0 - sum(map(len, distinct)) / chars


def _says_the_same(paragraphs: Sequence[str], chars: int) -> bool:
    """Return whether a text repeats a few words or sentences again and again, within paragraphs too."""
    if chars < _PARAMS.probed_chars:
        return False
    text = "\n".join(paragraphs)
    step = len(text) // _PARAMS.probes
    first = (step - _PARAMS.probe_chars) // 2
    places = range(first, first + step * _PARAMS.probes, step)
    counts = sorted([text.count(text[place : place + _PARAMS.probe_chars]) for place in places])
    return counts[len(counts) // 2] >= _PARAMS.repeats
