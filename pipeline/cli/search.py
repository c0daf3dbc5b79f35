"""`news-pipeline search`."""

from importlib.util import find_spec

from pipeline.errors import ConfigError
from pipeline.settings import load_settings

__all__ = ["search"]


def search() -> int:
    """Run the search service until SIGTERM or Ctrl-C: an index of all standing articles, a page and JSON.

    It reads news.articles.current.v1 and news.clusters.v1, keeps its index in NEWS_SEARCH__INDEX_DIR, and answers on
    NEWS_SEARCH__HOST and NEWS_SEARCH__PORT. Each process has an index of its own, so two of them need two directories.
    It needs the extra `search` (`pip install news-pipeline[search]`).
    """
    if find_spec("tantivy") is None:
        raise ConfigError("the extra `search` is not installed: pip install 'news-pipeline[search]'")
    from pipeline.search.service import run_search  # noqa: PLC0415  # needs the extra

    return run_search(load_settings())
