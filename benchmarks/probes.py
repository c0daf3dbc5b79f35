"""Health checks and metrics of workers, asked over HTTP while something is measured."""

import re
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_PAUSE_SECS = 0.25
_TIMEOUT_SECS = 5.0
_BUCKET = re.compile(r'_bucket\{.*?le="([^"]+)".*?\} (\S+)')


class Probes:
    """Asks the workers on some ports of this machine."""

    def __init__(self, ports: Sequence[int]) -> None:
        """Ask nothing yet."""
        self._ports = ports
        self._failed: Counter[str] = Counter()
        self._asked = 0
        self._slowest = 0.0

    def all_ready(self) -> bool:
        """Return whether every worker is ready."""
        return all(_get(port, "/readyz")[0] == 200 for port in self._ports)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Ask /livez and /readyz of every worker four times a second in a thread."""
        ended = threading.Event()
        thread = threading.Thread(target=self._watch, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def summary(self) -> dict[str, object]:
        """Return how many checks were asked, which failed how often, and the longest time for an answer."""
        return {"asked": self._asked, "failed": dict(self._failed), "slowest_ms": round(self._slowest * 1000)}

    def total(self, name: str) -> float:
        """Return the sum of a metric over all series of all workers."""
        lines = [line for port in self._ports for line in _get(port, "/metrics")[1].splitlines()]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))

    def quantiles(self, name: str, shares: Sequence[float]) -> list[str]:
        """Return upper bounds of a histogram's quantiles over all workers, as text, such as `≤ 50`."""
        counts: Counter[float] = Counter()
        for port in self._ports:
            for line in _get(port, "/metrics")[1].splitlines():
                if line.startswith(f"{name}_bucket") and (found := _BUCKET.search(line)):
                    counts[float(found[1])] += int(float(found[2]))
        total = max(counts.values(), default=0)
        bounds = sorted(counts)
        return [f"≤ {next((b for b in bounds if counts[b] >= share * total), 0):g}" for share in shares]

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(_PAUSE_SECS):
            for port in self._ports:
                for path in ("/livez", "/readyz"):
                    began = time.perf_counter()
                    status, body = _get(port, path)
                    self._slowest = max(self._slowest, time.perf_counter() - began)
                    self._asked += 1
                    if status != 200:
                        self._failed[f"{path} {status} {body[:120]}"] += 1


def _get(port: int, path: str) -> tuple[int, str]:
    """Return status and body; (0, "") without an answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=_TIMEOUT_SECS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""
