"""All workers at a glance: their metrics are fetched over HTTP from each, and added up."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from pipeline.errors import ConfigError
from pipeline.observability.samples import Samples, of_text
from pipeline.observability.worker_view import Reading, WorkerView, view_of

__all__ = ["Fleet", "FleetView", "Member", "read_targets"]

_TIMEOUT_SECS = 3.0
"""Longest wait for one worker: it answers from a thread of its own, also while it is busy."""
_MOST_BYTES = 16 * 1024 * 1024  # a worker's metrics are some 100 kB
_AT_ONCE = 16
_DNS = "dns:"

_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open  # workers are near; proxies are for elsewhere


class Member(Struct, frozen=True, kw_only=True):
    """One worker.

    Attributes:
        address: Host and port of its web server.
        problems: Why it is not ready, hangs or does not answer; empty if all is well.
        state: Phase of its process; empty if it does not answer.
        view: Its numbers; None if it does not answer.
    """

    address: str
    problems: tuple[str, ...]
    state: str
    view: WorkerView | None


class FleetView(Struct, frozen=True, kw_only=True):
    """All workers.

    Attributes:
        at: Unix time.
        members: The workers, in the order of their addresses.
        total: All that answer, added up.
    """

    at: float
    members: tuple[Member, ...]
    total: WorkerView


def read_targets(path: Path) -> list[str]:
    """Return the addresses in a file: one a line, or in the format of Prometheus' `file_sd_configs` (JSON or YAML).

    Raises:
        ConfigError: The file cannot be read, or has another format.
    """
    try:
        loaded = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    items = loaded.split() if isinstance(loaded, str) else loaded if isinstance(loaded, list) else []
    found = [target for item in items for target in _targets(item)]
    if not found or not all(isinstance(target, str) for target in found):
        raise ConfigError(f"{path} has no addresses: one host:port a line, or a list of {{targets: [host:port]}}")
    return found


def _targets(item: Any) -> Iterable[Any]:
    if isinstance(item, dict):
        targets = item.get("targets")
        return targets if isinstance(targets, list) else [None]
    return [item]


class Fleet:
    """Looks at the workers again and again; rates are about the time between two looks."""

    def __init__(self, targets: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        """Look at nothing yet.

        Args:
            targets: `host:port` of each worker, or `dns:host:port` for all addresses that a name has at the time.
            clock: Returns seconds since the epoch.

        Raises:
            ConfigError: A target is no address.
        """
        for target in targets:
            _split(target)
        self._targets = tuple(targets)
        self._clock = clock
        self._before: dict[str, tuple[float, Samples]] = {}

    def look(self) -> FleetView:
        """Ask every worker, and add up what they answer. A worker that does not answer is in the result as well."""
        addresses = sorted({address for target in self._targets for address in _resolved(target)})
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = list(pool.map(_ask, addresses))
        members, readings = [], []
        for address, (samples, health, problems) in zip(addresses, answers, strict=True):
            reading = None if samples is None else self._reading(address, samples)
            if reading is not None:
                readings.append(reading)
            members.append(
                Member(
                    address=address,
                    problems=problems,
                    state=health,
                    view=None if reading is None else view_of([reading]),
                )
            )
        return FleetView(at=self._clock(), members=tuple(members), total=view_of(readings))

    def _reading(self, address: str, samples: Samples) -> Reading:
        """Compare with the last look at the same process, or else with its start."""
        now = self._clock()
        then, before = self._before.get(address, (now, None))
        self._before[address] = (now, samples)
        started = samples.of_process("start_time_seconds")
        if before is not None and before.of_process("start_time_seconds") == started and now > then:
            return Reading(samples, before, now - then)
        return Reading(samples, None, max(1.0, now - started) if started else 1.0)


def _split(target: str) -> tuple[str, int]:
    host, _, port = target.removeprefix(_DNS).rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) <= 65535 or "/" in host:
        raise ConfigError(f"`{target}` is not the address of a worker, host:port, such as localhost:9464")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _resolved(target: str) -> list[str]:
    """Return the addresses of a target; the name itself if it has none, so that it is seen that nothing answers."""
    host, port = _split(target)
    if not target.startswith(_DNS):
        return [target]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return [target.removeprefix(_DNS)]
    numbers = sorted({str(entry[4][0]) for entry in found})
    return [f"[{number}]:{port}" if ":" in number else f"{number}:{port}" for number in numbers]


def _ask(address: str) -> tuple[Samples | None, str, tuple[str, ...]]:
    """Return a worker's metrics, its state, and its problems."""
    try:
        samples = of_text(_fetch(address, "/metrics"))
        health = json.loads(_fetch(address, "/readyz"))
        return samples, str(health["state"]), tuple(str(problem) for problem in health["problems"])
    except OSError as error:
        reason = getattr(error, "reason", error)
        return None, "", (f"no answer: {getattr(reason, 'strerror', None) or reason}",)
    except (ValueError, KeyError, TypeError):
        return None, "", ("no worker of this pipeline answers there",)


def _fetch(address: str, path: str) -> str:
    try:
        with _open(f"http://{address}{path}", timeout=_TIMEOUT_SECS) as answer:
            body: bytes = answer.read(_MOST_BYTES)
    except urllib.error.HTTPError as error:  # /readyz of a worker that is not ready
        with error:
            body = error.read(_MOST_BYTES)
    return body.decode("utf-8")
