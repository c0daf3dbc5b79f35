"""Find the parts of a text in different languages. Called only for texts that look mixed."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from pipeline.domain.article import LanguageSpan
from pipeline.models.cld2 import parts
from pipeline.models.ngrams import NgramModel
from pipeline.models.scripts import code_points, profile

__all__ = ["SpanParams", "shares", "spans_of"]


class SpanParams(Struct, frozen=True):
    """What counts as a part in one language; chosen on articles joined from texts in two languages."""

    max_chars: int = 5_000  # characters read
    min_chars: int = 120  # a shorter part is a quotation, a list of names, or boilerplate
    min_probability: float = 0.7  # of the same language by the n-gram model
    # Latin letters that say about as much as one letter of a script, by the lengths of translations; set by hand.
    weights: tuple[tuple[str, float], ...] = (("Hani", 3.0), ("Kana", 2.0), ("Hang", 2.0), ("Yiii", 2.0))


def spans_of(text: str, ngrams: NgramModel, params: SpanParams) -> tuple[LanguageSpan, ...]:
    """Return the parts of a text in order, with their bounds in characters of `text`.

    There are none unless CLD2 and the n-gram model agree on parts in at least two languages.
    """
    found = _merged(parts(text[: params.max_chars]))
    known = frozenset(ngrams.labels)
    sure = [
        span
        for span in _merged(
            (span.tag, span.start, span.end)
            for span in found
            if _size(text[span.start : span.end], params) >= params.min_chars
        )
        if span.tag not in known or _agrees(text[span.start : span.end], span.tag, ngrams, params)
    ]
    return tuple(sure) if len({span.tag for span in sure}) > 1 else ()


def shares(spans: Sequence[LanguageSpan], text: str, params: SpanParams) -> list[tuple[str, float]]:
    """Return the languages with their share of all spans of a text, the greatest first.

    What is shared is not characters but what they say, which in Chinese is three times as much as in English.
    """
    sizes: dict[str, float] = {}
    for span in spans:
        sizes[span.tag] = sizes.get(span.tag, 0.0) + _size(text[span.start : span.end], params)
    total = sum(sizes.values())
    return sorted(((tag, round(size / total, 4)) for tag, size in sizes.items()), key=lambda item: -item[1])


def _size(text: str, params: SpanParams) -> float:
    """Return the length of a text as Latin letters would say it."""
    weights = dict(params.weights)
    scripts = profile(code_points(text)).scripts
    return len(text) + sum((weights[script] - 1) * count for script, count in scripts if script in weights)


def _merged(found: Iterable[tuple[str, int, int]]) -> list[LanguageSpan]:
    """Join neighbouring parts in one language; parts in no known language are left out."""
    spans: list[LanguageSpan] = []
    for tag, start, end in found:
        if tag == "und":
            continue
        begin = spans.pop().start if spans and spans[-1].tag == tag else start
        spans.append(LanguageSpan(tag=tag, start=begin, end=end))
    return spans


def _agrees(text: str, tag: str, ngrams: NgramModel, params: SpanParams) -> bool:
    best, odds = ngrams.rank(code_points(text), 1)[0]
    return best.split("-", 1)[0] == tag.split("-", 1)[0] and odds >= params.min_probability
