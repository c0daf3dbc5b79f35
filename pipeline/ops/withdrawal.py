"""Withdraw articles on an operator's behalf: retractions for the raw topic, and null values for the states."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Headers
from pipeline.domain.times import from_epoch_ms
from pipeline.ops.clients import catalogue_for
from pipeline.ops.current_states import StandingArticle
from pipeline.ops.resending import RateLimiter, Resender, ResentRecord, UnitParams, resender
from pipeline.settings import Settings
from pipeline.wire.catalogue import CURRENT, Catalogue
from pipeline.wire.cloudevents import withdrawal_headers
from pipeline.wire.partitioner import partitions
from pipeline.wire.principals import PRINCIPAL
from pipeline.wire.raw import raw_key

__all__ = ["Withdrawal", "WithdrawalProgress", "retractions", "withdrawal"]


class WithdrawalProgress(Struct, kw_only=True):
    """How far a command has come.

    `articles` were withdrawn so far. Of these, `unaddressed` have no URL in their values, so that no retraction could
    be sent.
    """

    articles: int = 0
    unaddressed: int = 0


def retractions(article: ArticleId, state: StandingArticle) -> list[bytes]:
    """Return raw records that retract an article, one for each source that its record may have declared.

    Deduplication refuses a retraction by another source than the one that published the article. None of the records
    has a time, so that they count as observed when they arrive. The list is empty if the URL is not known, or does not
    lead to the id.
    """
    found = []
    for source in state.sources if state.url is not None else ():
        fields = {"url": state.url, "action": "retract"} | ({} if source is None else {"source": source})
        value = msgspec.json.encode(fields)
        if raw_key(value, ()) == article:
            found.append(value)
    return found


class Withdrawal:
    """Sends withdrawals in units: a retraction through the raw topic, and a null value where there is none to send."""

    def __init__(
        self,
        catalogue: Catalogue,
        resender: Resender,
        article_partitions: int,
        time: str,
        *,
        lane: str,
        ends_states: bool,
        principals: Sequence[str | None] = (None,),
    ) -> None:
        """Prepare.

        Args:
            catalogue: The topics of the lane.
            resender: Sends the records.
            article_partitions: Number of partitions of article topics on the cluster.
            time: When the articles are withdrawn, RFC 3339.
            lane: The lane; empty for live traffic.
            ends_states: Write null values for all articles, instead of leaving that to the stage that publishes.
            principals: Who may have brought the articles, where withdrawals are bound to that; None for nobody named.
        """
        self._resender = resender
        self._partitions = article_partitions
        self._time = time
        self._lane = lane
        self._ends_states = ends_states
        self._headers: tuple[Headers, ...] = tuple(
            () if principal is None else ((PRINCIPAL, principal.encode()),) for principal in principals
        )
        self._raw = catalogue.stage("ingest").reads
        self._current = catalogue.full_name(CURRENT)

    def run(
        self,
        articles: Iterable[tuple[ArticleId, StandingArticle]],
        done: WithdrawalProgress,
        rate: RateLimiter,
        params: UnitParams | None = None,
    ) -> None:
        """Withdraw articles; `done` is updated after every unit."""
        params = params or UnitParams()
        unit: list[ResentRecord] = []
        counted = WithdrawalProgress()
        for article, state in articles:
            records = self._records(article, state)
            unit += records
            counted.articles += 1
            counted.unaddressed += all(record.topic == self._current for record in records)
            if params.full(unit, rate):
                self._send(unit, counted, done)
                rate.wait(counted.articles)
                unit, counted = [], WithdrawalProgress()
        if unit:
            self._send(unit, counted, done)

    def _send(self, unit: list[ResentRecord], counted: WithdrawalProgress, done: WithdrawalProgress) -> None:
        self._resender.send(unit, lambda: None)
        done.articles += counted.articles
        done.unaddressed += counted.unaddressed

    def _records(self, article: ArticleId, state: StandingArticle) -> list[ResentRecord]:
        key = article.encode()
        (partition,) = partitions([key], self._partitions)
        values = retractions(article, state)
        records = [
            ResentRecord(self._raw, partition, key, value, headers) for headers in self._headers for value in values
        ]
        if self._ends_states or not values:
            headers = withdrawal_headers(article, state.revision + 1, self._time, self._lane)
            records.append(ResentRecord(self._current, partition, key, None, headers))
        return records


@contextmanager
def withdrawal(
    settings: Settings, command: str, article_partitions: int, *, ends_states: bool, principals: Sequence[str | None]
) -> Iterator[Withdrawal]:
    """Yield a withdrawal of now; with transactions, a second one of the same command fences the first.

    Args:
        settings: The cluster and the lane.
        command: The command's name, for its transactional id.
        article_partitions: As in `Withdrawal`.
        ends_states: As in `Withdrawal`.
        principals: As in `Withdrawal`.
    """
    catalogue = catalogue_for(settings)
    with resender(settings, command, catalogue.topic(CURRENT).max_message_bytes) as sender:
        yield Withdrawal(
            catalogue,
            sender,
            article_partitions,
            from_epoch_ms(int(time.time() * 1000)),
            lane=settings.lane,
            ends_states=ends_states,
            principals=principals,
        )
