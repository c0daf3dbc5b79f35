"""The process of the monitor: one thread asks the brokers, one reads articles, one answers Prometheus."""

import signal
import threading
import time
from contextlib import closing

from prometheus_client import CollectorRegistry
from prometheus_client.process_collector import ProcessCollector

from pipeline.errors import TransientError
from pipeline.exit_codes import ExitCode
from pipeline.monitor.collector import MonitorCollector
from pipeline.monitor.flow import DIMENSIONS, Dimension, Flow
from pipeline.monitor.flow_reader import FlowReader, SavedFlow, load_state, save_state
from pipeline.monitor.rhythm import RhythmParams
from pipeline.observability.constant_labels import ConstantLabels, labels_of
from pipeline.observability.health import HealthServer
from pipeline.observability.logging import configure_logging, get_logger
from pipeline.observability.progress import Progress
from pipeline.ops.clients import catalogue_for, consumer, require_topics
from pipeline.ops.status import StatusProbe
from pipeline.settings import Settings
from pipeline.wire.catalogue import DUPLICATES, SIGNATURES, VERDICTS, Catalogue

__all__ = ["run_monitor"]

log = get_logger(__name__)

_TIDY_SECS = 10.0
_SAVE_SECS = 60.0
_RETRY_SECS = 5.0
_HOUR_SECS = 3600.0


def run_monitor(settings: Settings) -> int:
    """Export metrics until SIGTERM or SIGINT.

    Returns:
        The exit code of the process.

    Raises:
        ConfigError: Settings, topics or the state file do not fit.
        TransientError: The cluster cannot be reached at the start.
    """
    configure_logging(settings.log, stages=())
    catalogue = catalogue_for(settings)
    outputs = (catalogue.stage("publish").emits, catalogue.full_name(DUPLICATES))
    require_topics(settings.kafka, *outputs, catalogue.full_name(SIGNATURES), catalogue.full_name(VERDICTS))
    return int(_Monitor(settings, catalogue).run())


class _Monitor:
    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._path = settings.monitor.state_file
        saved = load_state(self._path) if self._path is not None else None
        self._offsets = saved.offsets if saved is not None else {}
        params = RhythmParams(known_hours=settings.monitor.known_hours)
        self._flow = Flow(params, settings.monitor.sources, saved.state if saved is not None else None)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._collector = MonitorCollector(self._flow, self._lock, self._silence_secs)
        self._silent: set[tuple[Dimension, str]] = set()

    @property
    def _silence_secs(self) -> float:
        """A monitor asks at intervals: one question that is not answered is no silence."""
        return max(self._settings.kafka.silence_secs, 2 * self._settings.monitor.interval_secs)

    def run(self) -> ExitCode:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        registry = CollectorRegistry()
        registry.register(self._collector)
        ProcessCollector(registry=registry)
        progress = Progress(needs_fold=False)
        labelled = ConstantLabels(registry, labels_of(self._settings))
        health = HealthServer(self._settings.web, self._settings.watchdog, progress, labelled, self._collector.contact)
        health.start()
        progress.state("running")
        progress.rebalance_ended(0)
        log.info("monitor_starting", port=health.port, lane=self._settings.lane)
        reading = threading.Thread(target=self._read, name="flow", daemon=True)
        reading.start()
        try:
            self._ask(progress)
        finally:
            self._stop.set()
            reading.join(self._settings.shutdown.grace_secs)
            health.stop()
        if self._failure is not None:
            log.error("monitor_failed", exc_info=self._failure)
        log.info("monitor_stopped")
        return ExitCode.CRASH if self._failure is not None else ExitCode.DRAINED

    def _ask(self, progress: Progress) -> None:
        """Ask for the state again and again, in the main thread."""
        with closing(StatusProbe(self._settings, self._catalogue)) as probe:
            while not self._stop.is_set():
                progress.tick()
                try:
                    self._collector.status = probe.measure()
                    self._collector.contact.answered()
                except TransientError as error:
                    self._collector.status = None
                    self._collector.contact.failed("timeout" if "Timeout" in str(error) else "connection")
                    log.warning("no_answer_from_brokers", **{"error.message": str(error)})
                self._stop.wait(self._settings.monitor.interval_secs)

    def _read(self) -> None:
        """Read articles until the monitor stops; begin again where the connection was lost."""
        try:
            while not self._stop.is_set():
                try:
                    self._read_once()
                except TransientError as error:
                    log.warning("articles_unread", **{"error.message": str(error)})
                    self._stop.wait(_RETRY_SECS)
        except Exception as error:  # noqa: BLE001  without this thread the process would look healthy
            self._failure = error
            self._stop.set()

    def _read_once(self) -> None:
        with consumer(self._settings.kafka, group_id=None, enable_auto_commit=False) as client:
            reader = FlowReader(client, self._catalogue)
            since = time.time() - self._settings.monitor.learn_hours * _HOUR_SECS
            began = time.monotonic()
            articles = 0
            for seen in reader.catch_up(self._offsets, int(since * 1000)):
                self._offsets = reader.offsets  # so that a lost connection repeats nothing
                with self._lock:
                    self._flow.add(seen)
                articles += 1
                if self._stop.is_set():
                    return
            self._offsets = reader.offsets
            log.info("rhythm_learned", articles=articles, seconds=round(time.monotonic() - began, 1))
            tidied = saved = time.monotonic()
            while not self._stop.is_set():
                found = list(reader.poll())
                now = time.monotonic()
                with self._lock:
                    for seen in found:
                        self._flow.add(seen)
                    if now - tidied > _TIDY_SECS:
                        tidied = now
                        self._flow.tidy()
                        self._report()
                if now - saved > _SAVE_SECS:
                    saved = now
                    self._save()
            self._save()

    def _save(self) -> None:
        if self._path is None:
            return
        try:
            with self._lock:
                save_state(self._path, SavedFlow(state=self._flow.state, offsets=self._offsets))
        except OSError as error:
            log.warning("state_not_saved", **{"error.message": str(error)})

    def _report(self) -> None:
        """Log who fell silent and who is back, those without series of their own included."""
        silent = {(dimension, name) for dimension in DIMENSIONS for name in self._flow.silent(dimension)}
        for dimension, name in sorted(silent - self._silent):
            log.warning("silent", dimension=dimension, name=name)
        for dimension, name in sorted(self._silent - silent):
            log.info("heard_again", dimension=dimension, name=name)
        self._silent = silent
