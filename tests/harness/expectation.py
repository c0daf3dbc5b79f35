"""The expected verdicts on issued articles, from their URLs and texts, without the pipeline's hashes, ids and rules.

Of the signature log, only the order of origins, its `void` records and the version in force are used. The rules are
those of docs/dedup.md, implemented simply: in dicts and lists, without windows. This works only for issued articles,
whose paragraphs are either equal or have nothing in common.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import orjson

from pipeline.text.dates import instant_ms
from tests.harness.expected_rows import COPIES, NO_VERSION, Expected, Given, History, Place, Row

__all__ = ["Expectation", "Expected", "Given", "Place", "given"]

_NEAR_FROM = 0.6  # share of common paragraphs; issued articles have none, a third, or at least two thirds
_WHOLE_FROM = 0.8  # a copy with fewer paragraphs than this share of the article is only a part of it
_ARRIVED = "news.replay.arrived-ms"


def given(record: Any) -> Given | None:
    """Parse a raw record; return None unless it is an issued article."""
    try:
        value = orjson.loads(record.value or b"")
        url, text = value["url"], value.get("text", "")
        fetched_ms = instant_ms(value.get("fetched_at"))
        arrived_ms = int(dict(getattr(record, "headers", None) or ()).get(_ARRIVED, record.timestamp))
        return Given(
            url=url,
            retracts=value.get("action") == "retract",
            content=hash((value.get("title"), text)),
            text=hash(text),
            paragraphs=frozenset(map(hash, text.split("\n\n"))),
            observed_ms=arrived_ms if fetched_ms is None else fetched_ms,
        )
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return None


class Expectation:
    """Derives the expected verdict of each origin, in the order of the log."""

    def __init__(self, version: int = 1) -> None:
        """Start without any articles; `version` of the fold is in force."""
        self.activate(version)
        self._rows: dict[Place, Row] = {}
        self._articles: dict[str, list[Row]] = defaultdict(list)
        self._texts: dict[int, list[Row]] = defaultdict(list)
        self._paragraphs: dict[int, list[Row]] = defaultdict(list)
        self._copies: dict[str, list[Row]] = defaultdict(list)
        self._chosen: list[Row] = []

    def activate(self, version: int) -> None:
        """Put a version of the fold in force: from the second on, copies are promoted and names are not used again."""
        self._promotes = version > 1

    def verdicts(self) -> Iterator[tuple[Place, Expected]]:
        """Yield (origin, expected verdict), except for articles that died before they came out."""
        for place, row in self._rows.items():
            if not row.died or row.is_out:
                yield place, row.expected

    def of(self, place: Place) -> Expected:
        """Return the expected verdict of an origin."""
        return self._rows[place].expected

    def promised(self) -> list[str]:
        """Return the URLs of the copies that are to be published and have not come back."""
        return [row.given.url for row in self._chosen]

    def void(self, place: Place) -> None:
        """Record that an article died after its verdict; a copy that it promoted stays one.

        A chosen copy is voided if its raw record is gone. It has come out as a copy before.
        """
        row = self._rows[place]
        row.died, row.is_out = True, self._is_chosen(row)
        self._withdraw(row.given.url)
        self._chosen = [one for one in self._chosen if one is not row and one is not row.promoted]

    def add(self, place: Place, item: Given) -> None:
        """Add a record; an origin that is known was appended again, and changes nothing."""
        if place in self._rows:
            return
        history = History.of(self._articles[item.url])
        row = self._rows[place] = self._retraction(item, history) if item.retracts else self._published(item, history)
        has_effect = row.kind not in NO_VERSION | {"repeat"}
        ends = row.ends_text or (has_effect and row.kind != "promoted" and self._is_chosen(history.copy))
        if self._promotes and ends:
            row.promoted = self._next_copy(item.url, history)
        self._enter(row)
        if row.ends_text:
            self._withdraw(item.url)
        if has_effect:
            self._chosen = [one for one in self._chosen if one.given.url != item.url]
        if row.promoted is not None:
            self._chosen.append(row.promoted)

    def _enter(self, row: Row) -> None:
        """Add a row to the indexes."""
        item = row.given
        self._articles[item.url].append(row)
        if row.is_canonical:
            self._texts[item.text].append(row)
            for paragraph in item.paragraphs:
                self._paragraphs[paragraph].append(row)
        if row.kind in COPIES:
            for name in row.canonicals:
                self._copies[name].append(row)

    def _row(self, item: Given, kind: str, revision: int, canonicals: frozenset[str], *, reuses: bool = False) -> Row:
        return Row(len(self._rows), item, kind, revision, canonicals, reuses)

    def _retraction(self, item: Given, history: History) -> Row:
        newest, copy = history.newest, None if history.has_passed else history.copy
        known = history.has_passed or (self._promotes and (copy is not None or history.retracted))
        if newest is None or not known:
            return self._row(item, "unknown_article", history.revision, frozenset({item.url}))
        if history.retracted:
            return self._row(item, "repeat", history.revision, newest.canonicals)
        if item.observed_ms < history.observed_ms:
            return self._row(item, "stale", history.revision, newest.canonicals)
        if copy is not None:
            return self._row(item, "retracted_copy", history.revision + 1, copy.canonicals)
        return self._row(item, "retraction", history.revision + 1, frozenset({self._name(item.url, history)}))

    def _published(self, item: Given, history: History) -> Row:
        newest, copy, revision = history.newest, history.copy, history.revision
        is_old = item.observed_ms < history.observed_ms
        if copy is not None and self._is_chosen(copy) and _comes_back(item, copy, is_old=is_old):
            row = self._row(item, "promoted", revision + 1, frozenset({self._name_of_copy(copy, history)}))
            row.took = copy.canonicals
            return row
        same = newest is not None and newest.given.content == item.content and not history.retracted
        if newest is None or (not history.has_passed and not (history.retracted and is_old)):
            kind, canonicals = self._compared(item, item.url)
            again = same and kind != "unique"
            return self._row(item, "repeat" if again else kind, revision if again else revision + 1, canonicals)
        if same or is_old:
            return self._row(item, "repeat" if same else "stale", revision, newest.canonicals)
        return self._revision(item, history)

    def _revision(self, item: Given, history: History) -> Row:
        revision = history.revision + 1
        kind, canonicals = self._compared(item, item.url)
        if self._promotes and history.retracted and kind != "unique":
            return self._row(item, kind, revision, canonicals)
        if history.published is None or item.paragraphs & history.published.given.paragraphs:
            return self._row(item, "revision", revision, frozenset({self._name(item.url, history)}))
        if kind == "unique":  # the URL was given to another article
            canonicals = frozenset({f"{item.url}#{revision}" if self._promotes else item.url})
        return self._row(item, kind, revision, canonicals, reuses=True)

    def _compared(self, item: Given, *excluded: str) -> tuple[str, frozenset[str]]:
        """Return kind and canonicals: the oldest article with the same text, else those with most common paragraphs."""
        chosen = [row for row in self._chosen if row.given.url not in excluded]
        same = [row for row in self._texts[item.text] if row.is_canonical and row.given.url not in excluded]
        same += [row for row in chosen if row.given.text == item.text]
        if same:
            return "exact", frozenset({self._name_in_links(min(same, key=lambda row: row.number))})
        sharing = [row for paragraph in item.paragraphs for row in self._paragraphs[paragraph] if row.is_canonical]
        sharing += [row for paragraph in item.paragraphs for row in chosen if paragraph in row.given.paragraphs]
        rows = {row.number: row for row in sharing if row.given.url not in excluded}
        counts = Counter(row.number for row in sharing if row.number in rows)
        most = max(counts.values(), default=0)
        if most < _NEAR_FROM * len(item.paragraphs):
            return "unique", frozenset({item.url})
        nearest = [rows[number] for number, count in counts.items() if count == most]
        return "near", frozenset(map(self._name_in_links, nearest))

    def _next_copy(self, url: str, history: History) -> Row | None:
        """Return the copy to publish in place of the article of a URL.

        It is the oldest that is about as long, else the oldest, which is the newest version of its own article, and
        whose text no other article has that stands.
        """
        names = [self._name(url, history)]
        if history.copy is not None and self._is_chosen(history.copy):
            names += history.copy.canonicals
        for name in names:  # which grows: an article that was promoted has the copies of the former one, too
            promoted = [row for row in self._articles[name.partition("#")[0]] if row.took and row.name == name]
            names += [former for row in promoted if not row.died for former in row.took if former not in names]
        ended = history.published or history.copy
        whole = _WHOLE_FROM * len(ended.given.paragraphs) if ended is not None else 0
        found = {row.number: row for name in names for row in self._copies[name]}
        for row in sorted(found.values(), key=lambda row: (len(row.given.paragraphs) < whole, row.number)):
            if row.given.url == url or row.died or self._is_chosen(row):
                continue
            stands = History.of(self._articles[row.given.url]).copy is row
            if stands and self._compared(row.given, row.given.url, url)[0] == "unique":
                return row
        return None

    def _is_chosen(self, row: Row | None) -> bool:
        return any(one is row for one in self._chosen)

    def _name(self, url: str, history: History) -> str:
        """Return the name of what a URL carries."""
        return url if history.published is None or not self._promotes else history.published.name

    def _name_of_copy(self, copy: Row, history: History) -> str:
        """Return the name that a copy gets when it is published."""
        return f"{copy.given.url}#{copy.revision}" if copy.reuses else self._name(copy.given.url, history)

    def _name_in_links(self, row: Row) -> str:
        """Return the name by which copies refer to a published article, or to one that is to be published."""
        if row.kind in COPIES:
            return self._name_of_copy(row, History.of(self._articles[row.given.url]))
        return row.name if self._promotes else row.given.url

    def _withdraw(self, url: str) -> None:
        """Exclude versions from later comparisons: retracted, died, or replaced by another article at the URL."""
        gone = False
        for row in reversed(self._articles[url]):
            row.withdrawn = gone
            gone = gone or (row.ends_text and not row.died)


def _comes_back(item: Given, copy: Row, *, is_old: bool) -> bool:
    """Return whether a record is of a copy that was chosen to be published, or of a new version of it."""
    return item.content == copy.given.content or (not is_old and bool(item.paragraphs & copy.given.paragraphs))
