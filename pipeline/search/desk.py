"""Where queries wait: few are computed at a time, few may wait, and none for long."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal

from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.search.params import QUERY
from pipeline.search.query import Query
from pipeline.search.searching import Answer, Search

__all__ = ["QueryDesk", "RefusedError"]

Result = Literal["answered", "refused", "late", "busy", "failed"]
_RESULTS: Final[tuple[Result, ...]] = ("answered", "refused", "late", "busy", "failed")


class RefusedError(Exception):
    """A query that is not answered now; another time it may be."""


class QueryDesk:
    """Computes queries in threads of its own."""

    def __init__(self, search: Search, metrics: DownstreamMetrics, longest_secs: float) -> None:
        """Start no thread yet.

        Args:
            search: Answers queries.
            metrics: Gets counts and times.
            longest_secs: After this time a query is not waited for; its thread goes on until it has ended.
        """
        self._search = search
        self._longest_secs = longest_secs
        self._threads = ThreadPoolExecutor(QUERY.running, thread_name_prefix="query")
        self._open = 0
        self._metrics = metrics
        for result in _RESULTS:
            metrics.of("search_queries_total").labels(result)

    async def answer(self, query: Query) -> Answer:
        """Answer a query.

        Raises:
            RefusedError: Too many wait, or it took too long.
        """
        if self._open >= QUERY.running + QUERY.waiting:
            self.count("busy")
            raise RefusedError("too many queries are waiting; try again later")
        self._open += 1
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._search.answer, query)
        work.add_done_callback(self._ended)
        try:
            answer = await asyncio.wait_for(asyncio.shield(work), self._longest_secs)
        except TimeoutError:
            self.count("late")
            raise RefusedError("the query took too long; try fewer words") from None
        except ValueError:
            self.count("failed")
            raise
        self.count("answered")
        self._metrics.of("search_query_duration_seconds").observe(answer.took_ms / 1000)
        return answer

    def count(self, result: Result) -> None:
        """Count a query by its result."""
        self._metrics.of("search_queries_total").labels(result).inc()

    def _ended(self, work: "asyncio.Future[Answer]") -> None:
        self._open -= 1
        if not work.cancelled():
            work.exception()  # whoever waits gets it; of one that nobody waits for any more, it is of no use
