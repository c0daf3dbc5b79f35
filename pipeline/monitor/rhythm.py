"""The rhythm of one source or language: how much it usually sends at each hour of the week, and what silence is then.

Silence is measured in articles that were missed, not in time: the usual rate is summed up over the hours since the last
article, so a night or a weekend without articles adds nothing. A silence counts when more was missed than is normal for
this name: bursts are learned from the silences that ended by themselves.

Time is that of arrival in raw, and goes on only while anything arrives. So neither a pipeline that stands still nor a
fetcher of everything that stopped looks like the silence of each source; other alerts tell those.
"""

from datetime import UTC, datetime

from msgspec import Struct, field

__all__ = ["HOUR_MS", "Rhythm", "RhythmParams", "Span"]

HOUR_MS = 3_600_000
_SLOTS = 168  # hours of a week
_HOURS = 24
_EPOCH_WEEKDAY = datetime.fromtimestamp(0, UTC).weekday()


class RhythmParams(Struct, frozen=True, kw_only=True):
    """What counts as silent, as a drop of quality, as a jump of duplicates.

    Attributes:
        half_life_hours: After this time an hour of the past counts half. Two weeks: a new schedule shows in the third.
        prior_hours: An hour of the week is known by its own past and, as much as so many hours are worth, by that hour
            of all days; these by the mean of all hours. One hour: own past prevails from the third week on.
        least_missed: Fewer missed articles than this are no silence. Five: a Poisson process of that mean is empty in
            .7 % of all cases.
        burst_factor: How much longer than the longest normal silence a silence must be, both in missed articles.
        burst_half_life_hours: After this time a normal silence counts half. Two weeks: an empty weekend still makes the
            next one normal while the rates are being learned.
        known_hours: For how long a name must have been known.
        known_articles: How many articles of it must have been seen. Twenty: a rate is then known to a quarter.
        forget_hours: After a silence of this long a name is forgotten. Four weeks: a source that is closed.
        recent_weight: Weight of an article in the recent means: they are of about the last 30.
        usual_weight: Weight of an article in the usual means: they are of about the last 1,000.
    """

    half_life_hours: float = 336.0
    prior_hours: float = 1.0
    least_missed: float = 5.0
    burst_factor: float = 1.5
    burst_half_life_hours: float = 336.0
    known_hours: float = 24.0
    known_articles: int = 20
    forget_hours: float = 672.0
    recent_weight: float = 1 / 32
    usual_weight: float = 1 / 1024


class Span(Struct):
    """A mean that follows its values, of recent ones and of the usual."""

    recent: float = 0.0
    usual: float = 0.0
    seen: int = 0

    def add(self, value: float, params: RhythmParams) -> None:
        """Take a value into both means; the first values weigh as in a plain mean."""
        self.seen += 1
        self.recent += (value - self.recent) * max(params.recent_weight, 1 / self.seen)
        self.usual += (value - self.usual) * max(params.usual_weight, 1 / self.seen)


class Rhythm(Struct, kw_only=True):
    """What is known of one name. All times are epoch milliseconds.

    Attributes:
        first_ms: When its first article arrived.
        last_ms: When its last article arrived.
        articles: Number of its articles.
        counts: Articles by hour of the week, Monday 0:00 UTC first; the past counts less.
        hours: Hours for which it was watched, likewise.
        burst: The most articles that were missed in a silence that ended by itself; the past counts less.
        quality: The quality of extraction, 0 to 1.
        held_back: 1 for articles that deduplication held back, 0 for others.
    """

    first_ms: int
    last_ms: int
    articles: int = 0
    counts: list[float] = field(default_factory=lambda: [0.0] * _SLOTS)
    hours: list[float] = field(default_factory=lambda: [0.0] * _SLOTS)
    burst: float = 0.0
    quality: Span = field(default_factory=Span)
    held_back: Span = field(default_factory=Span)

    @classmethod
    def begin(cls, at_ms: int) -> "Rhythm":
        """Return the rhythm of a name of which nothing was seen before."""
        return cls(first_ms=at_ms, last_ms=at_ms)

    def arrived(self, at_ms: int, params: RhythmParams) -> None:
        """Learn from an article; one that arrived before the last one counts as if with it."""
        at_ms = max(at_ms, self.last_ms)
        if at_ms > self.last_ms:
            missed = self.missed(at_ms, params)
            # One outage must not make the next one normal: it doubles what is normal at most.
            self.burst = max(self.burst, min(missed, 2 * self.allowed(params)))
            self._watch(at_ms, params)
        self.counts[_slot(at_ms)] += 1.0
        self.articles += 1
        self.last_ms = at_ms

    def missed(self, now_ms: int, params: RhythmParams) -> float:
        """Return how many articles would usually have arrived since the last one."""
        if now_ms <= self.last_ms or not self.articles:
            return 0.0
        rates = self._rates(params)
        return sum(rates[slot] * part for slot, part in _slots_between(self.last_ms, now_ms))

    def allowed(self, params: RhythmParams) -> float:
        """Return how many missed articles are normal."""
        return max(params.least_missed, params.burst_factor * self.burst)

    def silence(self, now_ms: int, params: RhythmParams) -> float | None:
        """Return the missed articles as a share of those that are normal; above 1 it is silent, None is unknown."""
        known_hours = (self.last_ms - self.first_ms) / HOUR_MS
        if known_hours < params.known_hours or self.articles < params.known_articles:
            return None
        return self.missed(now_ms, params) / self.allowed(params)

    def is_forgotten(self, now_ms: int, params: RhythmParams) -> bool:
        """Return whether it has been silent for so long that nobody waits for it."""
        return now_ms - self.last_ms > params.forget_hours * HOUR_MS

    @property
    def weight(self) -> float:
        """The articles of the last weeks, by which names are ranked."""
        return sum(self.counts)

    def _watch(self, now_ms: int, params: RhythmParams) -> None:
        """Count the time since the last article as watched, and let the past fade."""
        for slot, part in _slots_between(self.last_ms, now_ms):
            self.hours[slot] += part
        if (gone := now_ms // HOUR_MS - self.last_ms // HOUR_MS) > 0:
            fade = 0.5 ** (gone / params.half_life_hours)
            self.counts = [count * fade for count in self.counts]
            self.hours = [hours * fade for hours in self.hours]
            self.burst *= 0.5 ** (gone / params.burst_half_life_hours)

    def _rates(self, params: RhythmParams) -> list[float]:
        """Return the usual articles an hour, by hour of the week."""
        prior = params.prior_hours
        watched = sum(self.hours)
        overall = self.weight / watched if watched else 0.0
        by_hour = [
            (sum(self.counts[hour::_HOURS]) + prior * overall) / (sum(self.hours[hour::_HOURS]) + prior)
            for hour in range(_HOURS)
        ]
        return [
            (count + prior * by_hour[slot % _HOURS]) / (hours + prior)
            for slot, (count, hours) in enumerate(zip(self.counts, self.hours, strict=True))
        ]


def _slot(at_ms: int) -> int:
    return (at_ms // HOUR_MS + _EPOCH_WEEKDAY * _HOURS) % _SLOTS


def _slots_between(start_ms: int, end_ms: int) -> list[tuple[int, float]]:
    """Return the hours of the week in a time, each with the part of it that the time covers; at most five weeks."""
    found = []
    start_ms = max(start_ms, end_ms - 5 * _SLOTS * HOUR_MS)
    while start_ms < end_ms:
        until = min(end_ms, (start_ms // HOUR_MS + 1) * HOUR_MS)
        found.append((_slot(start_ms), (until - start_ms) / HOUR_MS))
        start_ms = until
    return found
