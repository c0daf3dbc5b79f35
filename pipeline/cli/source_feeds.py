"""`news-pipeline source feeds`."""

from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.settings import Settings, load_settings

__all__ = ["feeds"]


def feeds(feed_list: Path, /, *, once: bool = False, pages: bool = False) -> int:
    """Poll feeds and sitemaps, and write their articles to the raw topic, until SIGTERM or Ctrl-C.

    What is known of each feed and item is in NEWS_FEEDS__STATE_DIR: a restart sends nothing again, and loses nothing.
    It needs the extra `sources` (`pip install news-pipeline[sources]`).

    Parameters
    ----------
    feed_list:
        The list of feeds: YAML (`feeds:` with a list of URLs, or of `url`, `source`, `language`, `pages`), or OPML as
        feed readers export it. A URL may be a feed, a sitemap, an index of sitemaps, or a home page that names feeds.
    once:
        Poll every feed once, and exit when all is sent.
    pages:
        Fetch the page of every item, as NEWS_FEEDS__PAGES=always does.
    """
    if find_spec("feedparser") is None or find_spec("protego") is None:
        raise ConfigError("the extra `sources` is not installed: pip install 'news-pipeline[sources]'")
    from pipeline.sources.feeds.process import run_feeds  # noqa: PLC0415  # needs the extra

    settings = load_settings()
    if pages:
        settings = _with_pages(settings)
    return run_feeds(settings, feed_list, once=once)


def _with_pages(settings: Settings) -> Settings:
    return settings.model_copy(update={"feeds": settings.feeds.model_copy(update={"pages": "always"})})
