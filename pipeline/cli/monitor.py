"""`news-pipeline monitor`."""

from pipeline.monitor.process import run_monitor
from pipeline.settings import load_settings

__all__ = ["monitor"]


def monitor() -> int:
    """Export the state of the pipeline as metrics, until SIGTERM or Ctrl-C: groups, lag, retention, logs, rhythm.

    Everything comes from the brokers, so it is seen although no worker is alive. One process is enough for a lane; it
    serves /metrics, /livez and /readyz on NEWS_WEB__PORT. It reads the events, from 24 hours ago on when it has no
    state file, and learns at which hours each source and language usually sends how much (NEWS_MONITOR__*).
    """
    return run_monitor(load_settings())
