"""Reads the states of articles from news.articles.current.v1, up to its present end."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Record
from pipeline.ops.topic_reader import BoundedTopicReader, partitions_of
from pipeline.wire.catalogue import CURRENT, Catalogue

__all__ = ["StandingArticle", "standing_of_site"]


class _Publisher(Struct, frozen=True):
    id: str
    domain: str | None = None


class StandingArticle(Struct, frozen=True):
    """What a withdrawal needs of an article that stands; other fields of the value are not read.

    `publisher.id` is the source that the raw record declared, or else the domain.
    """

    id: str
    url: str | None = None
    revision: int = 0
    publisher: _Publisher | None = None

    @property
    def sources(self) -> tuple[str | None, ...]:
        """The sources that the raw record may have declared; None stands for none.

        A publisher that is named by its domain may be so because the record said it, or because it said nothing.
        """
        if self.publisher is None:
            return (None,)
        if self.publisher.id == self.publisher.domain:
            return (None, self.publisher.id)
        return (self.publisher.id,)


def standing_of_site(client: Any, catalogue: Catalogue, site: str) -> dict[ArticleId, StandingArticle]:
    """Return the standing articles of a registrable domain or source, by id.

    Args:
        client: A consumer that nothing else uses.
        catalogue: The topics of the lane.
        site: The registrable domain, or the source that the raw records declare.
    """
    found: dict[ArticleId, StandingArticle] = {}
    quoted = msgspec.json.encode(site)
    for record in _records(client, catalogue):
        article = ArticleId((record.key or b"").decode("utf-8", "replace"))
        found.pop(article, None)
        if record.value is None or quoted not in record.value:  # most values are of other sites, and are not parsed
            continue
        state = msgspec.json.decode(record.value, type=StandingArticle)
        if state.publisher is not None and site in (state.publisher.id, state.publisher.domain):
            found[article] = state
    return found


def _records(client: Any, catalogue: Catalogue) -> Iterator[Record]:
    places = partitions_of(client, [catalogue.full_name(CURRENT)])
    return BoundedTopicReader(client, dict.fromkeys(places), lambda _: False).records()
