"""A downstream service as a process, under test as its users have it."""

import re
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from tests.harness.workers import WorkerProcess

__all__ = ["DownstreamProcess"]

_PORT = re.compile(r'"port":(\d+)')


class DownstreamProcess(WorkerProcess):
    """`news-pipeline NAME`, with its web server."""

    _starting = "service_starting"

    def __init__(self, env: Mapping[str, str], name: str) -> None:
        super().__init__(env, ())
        self._command = [sys.executable, "-m", "pipeline", name]

    @property
    def web_port(self) -> int | None:
        """The port of its web server, once it listens."""
        line = next((line for line in self.log_text().splitlines() if "service_listening" in line), "")
        found = _PORT.search(line)
        return int(found.group(1)) if found else None

    def ask(self, path: str, **parameters: str) -> dict[str, Any] | None:
        """Return the JSON of a path; None while nobody answers."""
        if self.web_port is None:
            return None
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.web_port}{path}?{urlencode(parameters)}", headers={"Accept": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # http, our own service
                found: dict[str, Any] = orjson.loads(answer.read())
                return found
        except (urllib.error.URLError, OSError):
            return None
