"""`news-pipeline search`: the index, its queries and its process put together."""

from typing import TYPE_CHECKING

from pipeline.downstream.process import Downstream, run_downstream
from pipeline.errors import ConfigError
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.search.index import SearchIndex
from pipeline.search.routes import search_routes
from pipeline.search.searching import Search
from pipeline.search.vectors import Vectors
from pipeline.settings import Settings
from pipeline.wire.catalogue import CURRENT, load_catalogue, topic_prefix

if TYPE_CHECKING:
    from pipeline.search.meaning import MeaningOfQueries

__all__ = ["run_search"]

_HOUR_SECS = 3600


def run_search(settings: Settings) -> int:
    """Run the search service until SIGTERM or SIGINT; return its exit code.

    Raises:
        ConfigError: Settings or topics do not fit, the weights of the encoder are missing, or another process has the
            index.
    """
    own = settings.search
    catalogue = load_catalogue(topic_prefix(settings.kafka.topic_prefix, settings.lane))
    articles = catalogue.topic(CURRENT)
    clusters = catalogue.topic(catalogue.stage("cluster").emits)
    encoder = _encoder() if own.by_meaning else None
    vectors = Vectors(encoder.model, own.max_vectors) if encoder is not None else None

    if articles.null_hours is None:
        raise ConfigError(f"{articles.name} does not say how long withdrawals are kept")

    forgets_after_secs = articles.null_hours * _HOUR_SECS

    def effects(metrics: DownstreamMetrics) -> SearchIndex:
        index = SearchIndex(own.index_dir, articles.name, clusters.name, vectors, forgets_after_secs)
        metrics.of("search_articles").set_function(index.count)
        return index

    return run_downstream(
        settings,
        Downstream(
            name="search",
            topics=(articles.name, clusters.name),
            serving=own,
            effects=effects,
            routes=lambda index, metrics: search_routes(Search(index, encoder), metrics, own.query_secs),
        ),
    )


def _encoder() -> "MeaningOfQueries":
    from pipeline.search.meaning import MeaningOfQueries  # noqa: PLC0415  # seconds, and memory, for those who want it

    return MeaningOfQueries()
