"""The alert service of the demo, if it is installed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pipeline.demo.asking import asked
from pipeline.demo.service import DemoService
from pipeline.errors import FatalError
from pipeline.ops.ready import free_port

__all__ = ["DemoAlert", "is_installed"]

_QUERIES: Final = """\
# Saved queries of the demo; docs/alerts.md describes them.
queries:
  - id: rovers
    words: '"Selwyn Rovers"'
    sinks: [events, kafka]
  - id: ferries
    words: ferry OR harbour
    sinks: [events, kafka]
"""
"""A football club and places of the samples."""
_TOLD_SECS: Final = 40.0  # as for other results: a loaded machine takes seconds
_POLL_SECS: Final = 0.2


def is_installed() -> bool:
    """Return whether the extra `alert` is installed."""
    return find_spec("tantivy") is not None


class DemoAlert:
    """The running service."""

    def __init__(self, service: DemoService, port: int, queries: Path) -> None:
        self.service = service
        self.page = f"http://127.0.0.1:{port}/"
        self.queries = queries

    @classmethod
    @contextmanager
    def running(cls, bootstrap_servers: str) -> Iterator["DemoAlert"]:
        """Run the service for the duration of a `with` block, with queries and a state that are deleted after it."""
        port = free_port()
        with TemporaryDirectory(prefix="news-pipeline-alert-") as directory:
            queries = Path(directory) / "queries.yaml"
            queries.write_text(_QUERIES, "utf-8")
            settings = {
                "NEWS_ALERT__PORT": str(port),
                "NEWS_ALERT__QUERIES": str(queries),
                "NEWS_ALERT__STATE_DIR": str(Path(directory) / "state"),
                "NEWS_ALERT__STORIES": "on",
                "NEWS_ALERT__STORY_WAIT_SECS": "10",  # all processes of the demo share one machine
            }
            with DemoService(bootstrap_servers, ("alert",), settings) as service:
                yield cls(service, port, queries)

    def first_alert(self) -> str:
        """Wait until somebody would have been notified; return a line about it.

        Raises:
            FatalError: The service ended, or nobody was notified in time.
        """
        deadline = time.monotonic() + _TOLD_SECS
        while time.monotonic() < deadline:
            self.service.check()
            answer = asked(f"{self.page}?format=json")
            told = [one["latest"][-1] for one in answer["queries"] if one["latest"]] if answer is not None else []
            if told:
                return f"{self.page} notified of {told[0]['query_id']}: {told[0]['article'].get('headline', '')}"
            time.sleep(_POLL_SECS)
        raise FatalError(f"nobody was notified within {_TOLD_SECS:.0f} s")
