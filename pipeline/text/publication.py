"""When an article was published: the first claim that can be read and true."""

from collections.abc import Iterator, Sequence

from pipeline.domain.article import PublishedAt
from pipeline.domain.raw import RawArticle
from pipeline.text.dates import DateSource, Moment, read_moment, read_url_date
from pipeline.text.params import IngestParams

__all__ = ["find_modification", "find_publication"]

_DATE_CHARS = 100
_CLAIMS = 60


def find_publication(
    raw: RawArticle, claims: Sequence[tuple[str, DateSource]], line: str | None, seen_ms: int, params: IngestParams
) -> tuple[PublishedAt | None, frozenset[str]]:
    """Take the first claim that can be read and true: the raw record's, the page's, the date line's, the URL's.

    Where none can be true, the first that can be read.
    """
    candidates: list[tuple[str, DateSource]] = [(raw.published_at, "raw")] if raw.published_at else []
    candidates += claims[:_CLAIMS]
    first: tuple[Moment, DateSource] | None = None
    for moment, source in _moments(candidates, raw, line):
        if _is_plausible(moment, seen_ms, params):
            return _stated(moment, source, seen_ms, params)
        first = first or (moment, source)
    if first is not None:
        return _stated(*first, seen_ms, params)
    return None, frozenset({"published_at_unreadable"}) if candidates else frozenset()


def find_modification(raw: RawArticle, claims: Sequence[str], seen_ms: int, params: IngestParams) -> str | None:
    """Return the first claim of the last change that can be read and true; a claim that cannot be true says nothing."""
    for text in filter(None, (raw.modified_at, *claims[:_CLAIMS])):
        moment = read_moment(text[:_DATE_CHARS])
        if moment is not None and _is_plausible(moment, seen_ms, params):
            return moment.text
    return None


def _moments(
    candidates: Sequence[tuple[str, DateSource]], raw: RawArticle, line: str | None
) -> Iterator[tuple[Moment, DateSource]]:
    """Yield what can be read: claims, then the date line's and the URL's date, the more exact one first."""
    for text, source in candidates:
        moment = read_moment(text[:_DATE_CHARS])
        if moment is not None:
            yield moment, source
    from_url = read_url_date(raw.canonical) if raw.canonical is not None else None
    from_line = read_moment(line) if line is not None else None
    if from_line is not None and (from_url is None or from_line.precision != "month"):
        yield from_line, "text"
    if from_url is not None:
        yield from_url, "url"


def _stated(
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
    earliest_ms = (params.earliest_year - 1970) * 31_556_952_000
    return earliest_ms <= moment.epoch_ms <= seen_ms + params.future_tolerance_secs * 1000
