"""`news-pipeline alert`."""

from importlib.util import find_spec

from pipeline.errors import ConfigError
from pipeline.settings import load_settings

__all__ = ["alert"]


def alert() -> int:
    """Notify of articles that match saved queries, until SIGTERM or Ctrl-C.

    It reads news.articles.enriched.v1 and the queries in NEWS_ALERT__QUERIES, keeps what was notified in
    NEWS_ALERT__STATE_DIR, and sends notifications to webhooks, to news.alerts.v1, to readers of its event stream and to
    standard output. A page on NEWS_ALERT__HOST and NEWS_ALERT__PORT shows the queries and tries others. It needs the
    extra `alert` (`pip install news-pipeline[alert]`).
    """
    if find_spec("tantivy") is None:
        raise ConfigError("the extra `alert` is not installed: pip install 'news-pipeline[alert]'")
    from pipeline.alert.service import run_alert  # noqa: PLC0415  # needs the extra

    return run_alert(load_settings())
