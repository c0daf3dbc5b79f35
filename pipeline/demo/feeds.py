"""The way from a feed to an event in the demo: a small site on loopback, polled by `news-pipeline source feeds`."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import orjson

from pipeline.demo.samples import samples_dir
from pipeline.demo.service import DemoService
from pipeline.errors import FatalError
from pipeline.ops.clients import consumer
from pipeline.settings import KafkaSettings

__all__ = ["events_from_feeds", "has_sources"]

_FOUND_SECS: Final = 40.0  # as for other results: a loaded machine takes seconds
_POLL_MS: Final = 200


def has_sources() -> bool:
    """Return whether the extra `sources` is installed."""
    return find_spec("feedparser") is not None and find_spec("protego") is not None


def events_from_feeds(kafka: KafkaSettings, topic: str, stop: threading.Event) -> str:
    """Serve the site, poll its feed once, and wait for the events of its articles; return lines about them.

    Args:
        kafka: The broker, with workers running.
        topic: The topic of events.
        stop: Set to end the demo early.

    Raises:
        FatalError: The source failed, or the events did not arrive in time.
    """
    with _site() as base, TemporaryDirectory(prefix="news-pipeline-feeds-") as directory:
        feed = f"{base}/feed.xml"
        path = Path(directory) / "feeds.yaml"
        path.write_text(f"- {{url: {feed}, source: kelder-quay-courier, pages: always}}\n", encoding="utf-8")
        settings = {
            "NEWS_FEEDS__STATE_DIR": directory,
            "NEWS_FEEDS__OWN_NETWORKS": "127.0.0.0/8",
            "NEWS_FEEDS__PORTS": base.rpartition(":")[2],
            "NEWS_FEEDS__PAUSE_SECS": "0",
        }
        with DemoService(kafka.bootstrap_servers, ("source", "feeds", str(path), "--once"), settings) as source:
            source.wait_until_done()
        headlines = _headlines(kafka, topic, base, 2, stop)
    return f"feeds    {feed} was polled once; its articles came out as events:\n" + "\n".join(
        f"         {headline}" for headline in headlines
    )


def _headlines(kafka: KafkaSettings, topic: str, base: str, count: int, stop: threading.Event) -> list[str]:
    found: dict[str, str] = {}
    deadline = time.monotonic() + _FOUND_SECS
    with consumer(kafka, auto_offset_reset="earliest", enable_auto_commit=False, group_id=None) as client:
        client.subscribe([topic])
        while len(found) < count and not stop.is_set():
            for records in client.poll(timeout_ms=_POLL_MS).values():
                for record in records:
                    event = orjson.loads(record.value)
                    if (url := event.get("url") or "").startswith(base):
                        found[url] = event["headline"]
            if time.monotonic() > deadline:
                raise FatalError(f"{count - len(found)} events of the feed did not arrive within {_FOUND_SECS:.0f} s")
    return sorted(found.values())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's signature
        """Log nothing: the screen is for the demo."""


@contextmanager
def _site() -> Iterator[str]:
    """Serve samples/site on loopback; yield its base URL."""
    handler = partial(_Quiet, directory=str(samples_dir().parent / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, name="site", daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
