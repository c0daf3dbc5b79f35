"""Worker processes under test: started as users start them, observed over HTTP, stopped by signals."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness.subjects import FAST_READER

__all__ = ["WorkerProcess", "environment", "wait_until"]

_PORT = re.compile(r'"?\bport"?[:=](\d+)')  # in both log formats


def environment(bootstrap_servers: str, prefix: str, **extra: str) -> dict[str, str]:
    """Return the environment of a worker; NEWS_ variables of this process are left out."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NEWS_")}
    return {
        **clean,
        "NEWS_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
        "NEWS_KAFKA__TOPIC_PREFIX": prefix,
        "NEWS_GROUP_PREFIX": prefix,
        "NEWS_WEB__PORT": "0",
        **FAST_READER,
        # The shortest session a broker allows; the embedded one lets the first member of a group wait for half of it.
        "NEWS_KAFKA__SESSION_TIMEOUT_SECS": "6",
        "NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS": "2",
        **extra,
    }


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str, pause_secs: float = 0.2) -> None:
    """Wait until a condition is true; fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause_secs)


class WorkerProcess:
    """`news-pipeline worker STAGE…`, or another command with probes; `ensure` restarts it, as an orchestrator would."""

    _starting = ""
    """The event of its log that has the port of its health checks; from its command when empty."""

    def __init__(self, env: Mapping[str, str], stages: Sequence[str], *arguments: str, command: str = "worker") -> None:
        self._env = dict(env)
        self._name = command
        self._command = [sys.executable, "-m", "pipeline", command, *stages, *arguments]
        self._directory = tempfile.TemporaryDirectory(prefix="worker-")
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None
        self.starts = 0
        self.exit_codes: list[int] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            sys.stderr.write(f"--- worker log\n{self.log_text()[-6000:]}\n")
        self.kill()
        self._directory.cleanup()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def peak_mib(self) -> int:
        """The peak memory of the present process in MiB; 0 without one."""
        if self._process is None or self._process.poll() is not None:
            return 0
        for line in Path(f"/proc/{self._process.pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
        return 0

    def start(self) -> None:
        self.starts += 1
        self._log = Path(self._directory.name) / f"{self.starts}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, env=self._env, stdout=log, stderr=subprocess.STDOUT)

    def ensure(self) -> None:
        """Restart it if it has ended."""
        if not self.alive:
            self._note_exit()
            self.start()

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()

    def wait(self, seconds: float) -> int:
        """Wait for it to end and return its exit code."""
        assert self._process is not None
        code = self._process.wait(seconds)
        self._note_exit()
        return code

    def _note_exit(self) -> None:
        if self._process is not None and len(self.exit_codes) < self.starts:
            self.exit_codes.append(self._process.returncode)

    def log_text(self) -> str:
        return self._log.read_text(errors="replace") if self._log is not None and self._log.exists() else ""

    def all_logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(Path(self._directory.name).glob("*.log")))

    @property
    def port(self) -> int | None:
        event = self._starting or f"{self._name}_starting"
        starting = next((line for line in self.log_text().splitlines() if event in line), "")
        found = _PORT.search(starting)
        return int(found.group(1)) if found else None

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a path of the worker's web server; (0, "") if it does not answer."""
        if self.port is None:
            return 0, ""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples with these labels."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith((f"{name}{{", f"{name} ")) and all(f'{k}="{v}"' in line for k, v in labels.items()):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def wait_ready(self, seconds: float = 120.0) -> None:
        def ready() -> bool:
            if not self.alive:
                raise AssertionError(f"worker ended: {self.log_text()[-3000:]}")
            return self.get("/readyz")[0] == 200

        wait_until(ready, seconds=seconds, what="worker is ready")
