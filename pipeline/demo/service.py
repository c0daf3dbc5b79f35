"""A worker, or a service downstream, in its own process, as an orchestrator would run it."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import Self

from pipeline.errors import FatalError
from pipeline.ops.ready import free_port
from pipeline.settings import child_environment

__all__ = ["PROGRAM", "DemoService"]

PROGRAM = (sys.executable, "-P", "-m", "pipeline")
"""The command line of `news-pipeline` for child processes.

Without `-P`, Python would import a folder `pipeline/` of the user's working directory instead of this package.
"""
START_SECS = 120.0  # loading the models takes two seconds on an idle machine, where seven processes start at once
STOP_SECS = 30.0  # longer than the worker's own deadline (`shutdown.grace_secs`)
_POLL_SECS = 0.1
_LAST_LINES = 5


class DemoService:
    """Runs a command of `news-pipeline` as a child process for the duration of a `with` block."""

    def __init__(
        self, bootstrap_servers: str, command: Sequence[str], settings: Mapping[str, str] | None = None
    ) -> None:
        """Start nothing yet.

        Args:
            bootstrap_servers: The broker.
            command: The command and its arguments, such as `worker cluster`.
            settings: `NEWS_*` variables, in addition to those of every child.
        """
        self._servers = bootstrap_servers
        self._command = tuple(command)
        self._settings = dict(settings or {})
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None

    @property
    def web(self) -> str:
        """Base URL of its health checks and metrics."""
        return f"http://127.0.0.1:{self._port}"

    def wait_until_ready(self) -> None:
        """Wait until the worker is ready.

        Raises:
            FatalError: The worker ended, or was not ready in time.
        """
        deadline = time.monotonic() + START_SECS
        while time.monotonic() < deadline:
            self.check()
            try:
                with urllib.request.urlopen(f"{self.web}/readyz", timeout=1):  # noqa: S310  # http, our own worker
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(_POLL_SECS)
        raise FatalError(f"{self._command[0]} was not ready within {START_SECS:.0f} s: {self._last_lines()}")

    def wait_until_done(self) -> None:
        """Wait for a command that ends by itself.

        Raises:
            FatalError: It failed, or did not end in time.
        """
        try:
            code = self._process.wait(START_SECS) if self._process is not None else 0
        except subprocess.TimeoutExpired:
            raise FatalError(f"{self._command[0]} did not end within {START_SECS:.0f} s") from None
        if code:
            raise FatalError(f"{self._command[0]} ended with exit code {code}: {self._last_lines()}")

    def check(self) -> None:
        """Check that the worker runs.

        Raises:
            FatalError: The worker ended unexpectedly.
        """
        if self._process is None or self._process.poll() is not None:
            raise FatalError(f"{self._command[0]} ended: {self._last_lines()}")

    def stop(self) -> int:
        """Let the worker drain and end; return its exit code."""
        process = self._process
        if process is None:
            return 0
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(STOP_SECS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def __enter__(self) -> Self:
        with NamedTemporaryFile(prefix="news-pipeline-worker-", suffix=".log", delete=False) as log:
            self._log = Path(log.name)
            self._process = subprocess.Popen(  # noqa: S603  # our own command
                [*PROGRAM, *self._command],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches only this process, which then stops the worker
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()
        if self._log is not None:
            self._log.unlink(missing_ok=True)

    def _environment(self) -> dict[str, str]:
        """Return an environment without the user's NEWS_* settings, which are for another cluster.

        Those of subjects are kept: they are about no cluster, and decide what has to be installed.
        """
        return child_environment(
            {
                "NEWS_KAFKA__BOOTSTRAP_SERVERS": self._servers,
                "NEWS_GUARANTEE": "at_least_once",
                "NEWS_WEB__PORT": str(self._port),
                # The embedded broker lets the first member of a group wait for half the session timeout.
                "NEWS_KAFKA__SESSION_TIMEOUT_SECS": "4",
                "NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS": "1",
                "NEWS_LOG__LEVEL": "warning",
                **self._settings,
            },
            keep="NEWS_SUBJECTS__",
        )

    def _last_lines(self) -> str:
        text = self._log.read_text("utf-8", "replace").strip() if self._log is not None else ""
        return "\n".join(text.splitlines()[-_LAST_LINES:]) or "it printed nothing"
