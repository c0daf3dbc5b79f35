"""When an article was published: the first stated date that can be read and can be true."""

from collections.abc import Iterator, Sequence

from pipeline.domain.article import PublishedAt
from pipeline.text.dates import DateSource, Moment, read_moment, read_url_date
from pipeline.text.params import IngestParams

__all__ = ["find_modification", "find_publication"]

_MS_PER_YEAR = 31_556_952_000  # of 365.2425 days, the mean Gregorian year


def find_publication(
    stated: Sequence[tuple[str, DateSource]], line: str | None, url: str | None, seen_ms: int, params: IngestParams
) -> tuple[PublishedAt | None, frozenset[str]]:
    """Return the first date that can be read and can be true, or else the first that can be read.

    Args:
        stated: Clean dates of the raw record and its page, by falling trust, with where each comes from.
        line: The date line above the text, clean, which comes after them.
        url: The article's canonical URL, whose date comes last.
        seen_ms: When the article was fetched, in epoch milliseconds; a publication cannot be much later.
        params: How early and how late a date can be true.

    Returns:
        The date, None without one that can be read; and the quality flags that it leads to.
    """
    first: tuple[Moment, DateSource] | None = None
    for moment, source in _moments(stated, line, url):
        if _is_plausible(moment, seen_ms, params):
            return _published(moment, source, seen_ms, params)
        first = first or (moment, source)
    if first is not None:
        return _published(*first, seen_ms, params)
    return None, frozenset({"published_at_unreadable"}) if stated else frozenset()


def find_modification(stated: Sequence[str], seen_ms: int, params: IngestParams) -> str | None:
    """Return the first of the stated clean dates that can be read and can be true, as the contract writes it."""
    for text in stated:
        moment = read_moment(text)
        if moment is not None and _is_plausible(moment, seen_ms, params):
            return moment.text
    return None


def _moments(
    stated: Sequence[tuple[str, DateSource]], line: str | None, url: str | None
) -> Iterator[tuple[Moment, DateSource]]:
    """Yield the dates that can be read; a date line that names only a month gives way to the URL's date."""
    for text, source in stated:
        moment = read_moment(text)
        if moment is not None:
            yield moment, source
    from_url = read_url_date(url) if url is not None else None
    from_line = read_moment(line) if line is not None else None
    if from_line is not None and (from_url is None or from_line.precision != "month"):
        yield from_line, "text"
    if from_url is not None:
        yield from_url, "url"


def _published(
    moment: Moment, source: DateSource, seen_ms: int, params: IngestParams
) -> tuple[PublishedAt, frozenset[str]]:
    flags = set()
    plausible = _is_plausible(moment, seen_ms, params)
    if not plausible:
        flags.add("published_at_implausible")
    if not moment.zoned and moment.precision in {"second", "minute"}:
        flags.add("published_at_without_zone")
    published = PublishedAt(value=moment.text, precision=moment.precision, source=source, plausible=plausible)
    return published, frozenset(flags)


def _is_plausible(moment: Moment, seen_ms: int, params: IngestParams) -> bool:
    earliest_ms = (params.earliest_year - 1970) * _MS_PER_YEAR
    return earliest_ms <= moment.epoch_ms <= seen_ms + params.future_tolerance_secs * 1000
