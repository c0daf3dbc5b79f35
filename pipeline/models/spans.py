"""Find where a text changes its language. Asked only about texts that look mixed."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from pipeline.domain.article import LanguageSpan
from pipeline.models.cld2 import parts
from pipeline.models.ngrams import NgramModel
from pipeline.models.scripts import code_points

__all__ = ["SpanParams", "shares", "spans_of"]


class SpanParams(Struct, frozen=True):
    """What counts as a part in a language of its own; chosen on articles put together of two languages."""

    max_chars: int = 5_000  # characters read
    min_chars: int = 120  # a shorter part is a quotation, a row of names, or what was left of the page
    sure: float = 0.7  # probability that the n-gram model must give to the same language


def spans_of(text: str, ngrams: NgramModel, params: SpanParams) -> tuple[LanguageSpan, ...]:
    """Return the parts of a text in order, none where fewer than two languages are sure; characters of `text`."""
    found = _merged(parts(text[: params.max_chars]))
    known = frozenset(ngrams.labels)
    sure = [
        span
        for span in _merged(
            (span.tag, span.start, span.end) for span in found if span.end - span.start >= params.min_chars
        )
        if span.tag not in known or _agrees(text[span.start : span.end], span.tag, ngrams, params)
    ]
    return tuple(sure) if len({span.tag for span in sure}) > 1 else ()


def shares(spans: Sequence[LanguageSpan]) -> list[tuple[str, float]]:
    """Return tag and share of the characters in all spans, most first."""
    sizes: Counter[str] = Counter()
    for span in spans:
        sizes[span.tag] += span.end - span.start
    return [(tag, round(size / sizes.total(), 4)) for tag, size in sizes.most_common()]


def _merged(found: Iterable[tuple[str, int, int]]) -> list[LanguageSpan]:
    """Join neighbours in one language; what is in none is left out between them."""
    spans: list[LanguageSpan] = []
    for tag, start, end in found:
        if tag == "und":
            continue
        begin = spans.pop().start if spans and spans[-1].tag == tag else start
        spans.append(LanguageSpan(tag=tag, start=begin, end=end))
    return spans


def _agrees(text: str, tag: str, ngrams: NgramModel, params: SpanParams) -> bool:
    best, odds = ngrams.rank(code_points(text), 1)[0]
    return best.split("-", 1)[0] == tag.split("-", 1)[0] and odds >= params.sure
