"""When an article was published: the first claim that can be read, and whether it can be true."""

from collections.abc import Sequence

from pipeline.domain.article import PublishedAt
from pipeline.text.dates import DateSource, Moment, read_moment, read_url_date
from pipeline.text.params import IngestParams
from pipeline.wire.raw import RawArticle

__all__ = ["find_publication"]

_DATE_CHARS = 100


def find_publication(
    raw: RawArticle, claims: Sequence[tuple[str, DateSource]], line: str | None, seen_ms: int, params: IngestParams
) -> tuple[PublishedAt | None, frozenset[str]]:
    """Take the first readable claim: the raw record's, the page's, the URL's, the date line's."""
    candidates: list[tuple[str, DateSource]] = [(raw.published_at, "raw")] if raw.published_at else []
    candidates += claims
    for text, source in candidates:
        moment = read_moment(text[:_DATE_CHARS])
        if moment is not None:
            return _stated(moment, source, seen_ms, params)
    from_url = read_url_date(raw.canonical) if raw.canonical is not None else None
    from_line = read_moment(line) if line is not None else None
    if from_line is not None and (from_url is None or from_line.precision != "month"):
        return _stated(from_line, "text", seen_ms, params)
    if from_url is not None:
        return _stated(from_url, "url", seen_ms, params)
    return None, frozenset({"published_at_unreadable"}) if candidates else frozenset()


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
