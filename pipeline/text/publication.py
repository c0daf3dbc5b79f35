"""When an article was published: the first stated date that can be read and can be true."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pipeline.domain.article import PublishedAt, Zone
from pipeline.domain.times import to_epoch_ms
from pipeline.text.dates import DateSource, Moment, read_moment, read_url_date
from pipeline.text.params import IngestParams

__all__ = ["PublicationParams", "find_modification", "find_publication", "is_before"]

_TIMED = frozenset({"second", "minute"})
_MS_PER_HOUR = 3_600_000
_MS_PER_YEAR = 31_556_952_000  # of 365.2425 days, the mean Gregorian year


class PublicationParams(Struct, frozen=True, kw_only=True):
    """How the zone of a time is found elsewhere on its page. Set by hand."""

    same_event_hours: int = 14
    """A time without a zone and one with a zone, both of the publication, are the same event up to this distance: the
    largest offset on earth."""
    zone_days: int = 14
    """The offset of a change counts for a publication up to this long before it: summer time may lie between."""
    offset_minutes: int = 15
    """Offsets are multiples of this."""


_PARAMS = PublicationParams()


def find_publication(
    stated: Sequence[tuple[str, DateSource]],
    line: str | None,
    url: str | None,
    seen_ms: int,
    params: IngestParams,
    changed: Sequence[str] = (),
) -> tuple[PublishedAt | None, frozenset[str]]:
    """Return the first date that can be read and can be true, or else the first that can be read.

    Args:
        stated: Clean dates of the raw record and its page, by falling trust, with where each comes from.
        line: The date line above the text, clean, which comes after them.
        url: The article's canonical URL, whose date comes last.
        seen_ms: When the article was fetched, in epoch milliseconds; a publication cannot be much later.
        params: How early and how late a date can be true.
        changed: Stated dates of modification, clean; their zone is that of a publication without one.

    Returns:
        The date, None without one that can be read; and the quality flags that it leads to.
    """
    first: tuple[Moment, DateSource] | None = None
    for moment, source in _moments(stated, line, url):
        if _is_plausible(moment, seen_ms, params):
            same = [text for text, _ in stated]
            known = _zoned(moment, same if line is None else [*same, line], changed)
            return _published(known, source, seen_ms, params, elsewhere=known is not moment)
        first = first or (moment, source)
    if first is not None:
        return _published(*first, seen_ms, params)
    return None, frozenset({"published_at_unreadable"}) if stated else frozenset()


def find_modification(
    stated: Sequence[str], published: Sequence[tuple[str, DateSource]], seen_ms: int, params: IngestParams
) -> Moment | None:
    """Return the first of the stated clean dates that can be read and can be true.

    Args:
        stated: Dates of modification, by falling trust.
        published: Stated dates of publication; their zone is that of a modification without one.
        seen_ms: When the article was fetched, in epoch milliseconds.
        params: How early and how late a date can be true.
    """
    for text in stated:
        moment = read_moment(text)
        if moment is not None and _is_plausible(moment, seen_ms, params):
            return _zoned(moment, stated, [text for text, _ in published])
    return None


def is_before(modified: Moment, published: PublishedAt) -> bool:
    """Return whether a modification is stated to be before the publication, as templates do that state any date."""
    published_ms = to_epoch_ms(published.value)
    # A day begins up to so much later in UTC than where it was written.
    vague = published.precision not in _TIMED or modified.precision not in _TIMED
    if vague:
        return modified.epoch_ms < published_ms - 24 * _MS_PER_HOUR
    return modified.epoch_ms < published_ms


def _zoned(moment: Moment, same: Sequence[str], others: Sequence[str]) -> Moment:
    """Return a time without a zone with the one that is stated elsewhere.

    Args:
        moment: A time; with a zone, or without a time of day, it is returned as it is.
        same: Further statements of the same event: one with a zone is the event itself.
        others: Statements of other events, whose offset from UTC counts.
    """
    if moment.zoned or moment.precision not in _TIMED:
        return moment
    for other in filter(None, map(read_moment, same)):
        if other.zoned and other.precision in _TIMED and _is_offset(moment.epoch_ms - other.epoch_ms):
            return other
    for other in filter(None, map(read_moment, others)):
        near = abs(other.epoch_ms - moment.epoch_ms) <= _PARAMS.zone_days * 24 * _MS_PER_HOUR
        if other.zoned and other.offset_ms and near:
            return replace(moment, epoch_ms=moment.epoch_ms - other.offset_ms, zoned=True, offset_ms=other.offset_ms)
    return moment


def _is_offset(difference_ms: int) -> bool:
    """Return whether two times differ by what can be an offset, up to a minute that one of them leaves open."""
    beyond_ms = difference_ms % (_PARAMS.offset_minutes * 60_000)
    is_multiple = beyond_ms < 60_000 or beyond_ms > (_PARAMS.offset_minutes - 1) * 60_000
    return is_multiple and abs(difference_ms) <= _PARAMS.same_event_hours * _MS_PER_HOUR


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
    moment: Moment, source: DateSource, seen_ms: int, params: IngestParams, *, elsewhere: bool = False
) -> tuple[PublishedAt, frozenset[str]]:
    flags = set()
    zone: Zone | None = None
    if moment.precision in _TIMED:
        zone = ("elsewhere" if elsewhere else "stated") if moment.zoned else "unknown"
    plausible = _is_plausible(moment, seen_ms, params)
    if not plausible:
        flags.add("published_at_implausible")
    if zone == "unknown":
        flags.add("published_at_without_zone")
    published = PublishedAt(
        value=moment.text, precision=moment.precision, source=source, zone=zone, plausible=plausible
    )
    return published, frozenset(flags)


def _is_plausible(moment: Moment, seen_ms: int, params: IngestParams) -> bool:
    earliest_ms = (params.earliest_year - 1970) * _MS_PER_YEAR
    return earliest_ms <= moment.epoch_ms <= seen_ms + params.future_tolerance_secs * 1000
