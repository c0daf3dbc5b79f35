"""The search service of the demo, if it is installed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlencode

from pipeline.demo.asking import asked
from pipeline.demo.service import DemoService
from pipeline.errors import FatalError
from pipeline.ops.ready import free_port

__all__ = ["DemoSearch", "is_installed"]

_QUERY: Final = "Selwyn Rovers"
"""A football club of the samples."""
_FOUND_SECS: Final = 40.0  # as for other results: a loaded machine takes seconds
_POLL_SECS: Final = 0.2


def is_installed() -> bool:
    """Return whether the extra `search` is installed."""
    return find_spec("tantivy") is not None


class DemoSearch:
    """The running service."""

    def __init__(self, service: DemoService, port: int) -> None:
        self.service = service
        self.page = f"http://127.0.0.1:{port}/"

    @classmethod
    @contextmanager
    def running(cls, bootstrap_servers: str) -> Iterator["DemoSearch"]:
        """Run the service for the duration of a `with` block, with an index that is deleted after it."""
        port = free_port()
        with TemporaryDirectory(prefix="news-pipeline-search-") as directory:
            settings = {"NEWS_SEARCH__PORT": str(port), "NEWS_SEARCH__INDEX_DIR": directory}
            with DemoService(bootstrap_servers, ("search",), settings) as service:
                yield cls(service, port)

    def first_hit(self) -> str:
        """Wait until a query finds an article of the samples; return a line about it.

        Raises:
            FatalError: The service ended, or nothing was found in time.
        """
        address = f"{self.page}search?{urlencode({'q': _QUERY})}"
        deadline = time.monotonic() + _FOUND_SECS
        while time.monotonic() < deadline:
            self.service.check()
            answer = asked(f"{address}&format=json")
            if answer is not None and answer["stories"]:
                return f"{address} finds {answer['total']}, first: {answer['stories'][0]['headline']}"
            time.sleep(_POLL_SECS)
        raise FatalError(f"the search found nothing within {_FOUND_SECS:.0f} s")
