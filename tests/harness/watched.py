"""A pipeline that is watched: its services, the monitor, Prometheus with the shipped rules, and sources that send."""

import random
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import orjson

from pipeline.domain.times import to_epoch_ms
from pipeline.ops.ready import free_port
from tests.harness.cluster import TestCluster
from tests.harness.prometheus import Prometheus
from tests.harness.scenario import RAW, article
from tests.harness.workers import WorkerProcess, environment, wait_until

__all__ = ["Habit", "Sources", "Watched"]

SCALE = 1 / 60  # a minute of the rules is a second
_WORDS = """
the council market river bridge minister report company weather school harvest railway museum court doctor engine island
mountain paper village winter summer border tunnel garden festival hospital signal letter budget voters players season
captain theatre factory workers prices bakery library student teacher village coast storm harbour fishing vessel cargo
said that after before because while around against between during about nearly almost later earlier again never always
opened closed agreed refused promised delayed finished started repaired painted measured counted visited warned praised
"""
WORDS = tuple(_WORDS.split())
_GERMAN = """
der Rat Markt Fluss Brücke Minister Bericht Wetter Schule Ernte Bahnhof Museum Gericht Ärztin Insel Gebirge Zeitung Dorf
Winter Sommer Grenze Tunnel Garten Krankenhaus Brief Haushalt Wähler Spieler Theater Arbeiter Preise Bäckerei Hafen
sagte dass nach vor weil während gegen zwischen über fast später früher wieder nie immer eröffnet geschlossen abgelehnt
versprochen verschoben beendet begonnen repariert gemessen gezählt besucht gewarnt gelobt nicht eine und mit für
"""
GERMAN = tuple(_GERMAN.split())

Habit = Literal["as usual", "silent", "cut off", "copied"]
"""What a source sends: articles of its own, nothing, a sentence of each without its title, or one text for all."""

PER_ROUND = 4
"""Articles that each source sends at once."""


class Sources:
    """Sends articles of several sources at a rate until it is closed; each source has habits, which can change."""

    def __init__(
        self, cluster: TestCluster, names: Sequence[str], *, german: Sequence[str] = (), pause_secs: float = 0.5
    ) -> None:
        self._cluster = cluster
        self._habits: dict[str, Habit] = dict.fromkeys(names, "as usual")
        self._german = frozenset(german)
        self._pause_secs = pause_secs
        self._random = random.Random(19)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(30)

    def change(self, name: str, habit: Habit) -> None:
        self._habits[name] = habit

    def _run(self) -> None:
        while not self._stop.wait(self._pause_secs):
            speaking = [name for name, habit in self._habits.items() if habit != "silent"] * PER_ROUND
            records = [self._article(name, self._habits[name]) for name in speaking]
            try:
                self._cluster.produce(RAW, records)
            except Exception:  # noqa: BLE001, S112  # a broker that is stopped on purpose
                continue
            self.sent += len(records)

    def _article(self, source: str, habit: Habit) -> Any:
        number = self._random.getrandbits(48)
        rng = random.Random(source) if habit == "copied" else self._random
        words = GERMAN if source in self._german else WORDS
        sentences = [" ".join(rng.choices(words, k=12)).capitalize() + "." for _ in range(14)]
        url = f"https://{source}/{number:x}"
        if habit == "cut off":
            return article(url, "", sentences[0], source=source)
        return article(url, sentences[0][:60], " ".join(sentences), source=source)


class Watched:
    """Services by the names of the compose file, each one worker on a port that it keeps over restarts."""

    def __init__(
        self,
        bootstrap_servers: str,
        prefix: str,
        directory: Path,
        services: Mapping[str, Sequence[str]],
        **extra: str,
    ) -> None:
        self.cluster = TestCluster(bootstrap_servers, prefix)
        self.prefix = prefix
        self._stack = ExitStack()
        self._directory = directory
        env = environment(
            bootstrap_servers,
            prefix,
            NEWS_KAFKA__SILENCE_SECS="5",
            NEWS_MONITOR__INTERVAL_SECS="1",
            NEWS_MONITOR__KNOWN_HOURS="0.004",
            NEWS_ENVIRONMENT="trial",
            **extra,
        )
        ports = {name: free_port() for name in (*services, "monitor")}
        self.workers = {
            name: WorkerProcess({**env, "NEWS_WEB__PORT": str(ports[name])}, stages)
            for name, stages in services.items()
        }
        self.monitor = WorkerProcess({**env, "NEWS_WEB__PORT": str(ports["monitor"])}, (), command="monitor")
        self.prometheus = Prometheus(directory, ports, scale=SCALE)

    def __enter__(self) -> Self:
        processes = (*self.workers.values(), self.monitor)
        with ExitStack() as stack:  # ends what has started if something does not
            self.cluster.provision()
            for process in processes:
                stack.enter_context(process)
            for process in processes:
                process.wait_ready(240)
            stack.enter_context(self.prometheus)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def firing(self, alert: str, **labels: str) -> bool:
        """Return whether an alert fires, with these labels if any are given."""
        selector = "".join(f', {name}="{value}"' for name, value in labels.items())
        return bool(self.prometheus.query(f'ALERTS{{alertname="{alert}", alertstate="firing"{selector}}}'))

    def wait_for(self, alert: str, *, seconds: float = 120.0, **labels: str) -> float:
        """Wait until an alert fires; return after how many seconds."""
        began = time.monotonic()
        wait_until(lambda: self.firing(alert, **labels), seconds=seconds, what=f"{alert} fires")
        return time.monotonic() - began

    def wait_until_clear(self, alert: str, *, seconds: float = 120.0, **labels: str) -> float:
        """Wait until an alert does not fire any more; return after how many seconds."""
        began = time.monotonic()
        wait_until(lambda: not self.firing(alert, **labels), seconds=seconds, what=f"{alert} clears")
        return time.monotonic() - began

    def value(self, expression: str) -> float | None:
        """Return the value of an expression with one series; None without any."""
        found = self.prometheus.query(expression)
        assert len(found) <= 1, found
        return found[0][1] if found else None

    def true_latencies(self) -> list[float]:
        """Return the time from arrival in raw to the own append of all events and duplicates: seconds, sorted."""
        found = []
        for topic in ("news.articles.enriched.v1", "news.articles.duplicates.v1"):
            for record in self.cluster.read(topic):
                arrived_ms = to_epoch_ms(orjson.loads(record.value)["ingested_at"])
                found.append((record.timestamp - arrived_ms) / 1000)
        return sorted(found)
