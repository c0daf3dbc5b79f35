"""What tells one service from another: its work on a batch, the log it folds, and what a commit entails."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline import __version__
from pipeline.assembly import build_fold, build_stages, versions
from pipeline.clusters.params import ClusterParams
from pipeline.domain.stage import StageName
from pipeline.kafka_io.log_identity import log_identity
from pipeline.observability.metrics import Metrics
from pipeline.runtime.article_service import Output, Service
from pipeline.runtime.cluster_service import ClusterService
from pipeline.runtime.dedup_log import DedupLog, DedupLogConfig
from pipeline.runtime.lease_manager import WorkerHost
from pipeline.runtime.observer import WorkerObserver
from pipeline.runtime.runner import Commit, Unit, VerdictSource, Worksteps
from pipeline.runtime.signature_log import SignatureAppender
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.runtime.stage_timing import time_stage
from pipeline.runtime.verdict_log import VerdictLog, VerdictLogConfig
from pipeline.settings import Settings
from pipeline.sources.boilerplate import load_boilerplate
from pipeline.stages.chain import Chain
from pipeline.wire.catalogue import SIGNATURES, VERDICTS, Catalogue
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.output import Encoder

__all__ = ["Composition", "FoldedLog", "WorkerContext", "compose"]


class FoldedLog(Protocol):
    """A log that a service has to have folded before it works."""

    async def start(self) -> None:
        """Catch up."""
        ...

    def follow(self) -> asyncio.Task[None]:
        """Keep up; the task ends only by an error or by `stop`."""
        ...

    async def stop(self) -> None:
        """Stop keeping up."""
        ...


@dataclass(frozen=True, slots=True)
class Composition:
    """One service's own; `take_seconds` says how long a stage worked since it was asked last."""

    steps: Worksteps
    commit: Commit
    take_seconds: Callable[[StageName], float]
    log: FoldedLog | None = None
    verdicts: VerdictSource | None = None


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """What all services have; `shared_producer` is the one without transactions."""

    settings: Settings
    catalogue: Catalogue
    connection: dict[str, Any]
    group: str
    host: WorkerHost
    shared_producer: Any
    observer: WorkerObserver
    metrics: Metrics

    @property
    def reporter(self) -> Reporter:
        """Who signs dead letters."""
        return Reporter(app="news-pipeline", version=__version__, group=self.group)

    @property
    def log_arguments(self) -> dict[str, Any]:
        """Arguments of the consumer of a log."""
        return {**self.connection, "fetch_max_wait_ms": self.settings.fetch.max_wait_ms}


async def compose(stages: tuple[StageName, ...], around: WorkerContext) -> Composition:
    """Build the parts of a service: consecutive stages of the chain, or `cluster`."""
    return _cluster_parts(around) if stages == ("cluster",) else await _chain_parts(stages, around)


async def _chain_parts(stages: tuple[StageName, ...], around: WorkerContext) -> Composition:
    settings = around.settings
    boilerplate = await asyncio.to_thread(load_boilerplate, settings.boilerplate_file)
    made = await asyncio.to_thread(
        build_stages, stages, lane=settings.lane, extraction=settings.extraction, boilerplate=boilerplate
    )
    timed = {stage.name: time_stage(stage) for stage in made}
    known = versions()
    around.metrics.set_build(language_model=known.language or "", subject_model=known.subjects or "")
    service = Service(Chain(list(timed.values())), around.catalogue, around.reporter)
    log = await _dedup_log(around) if service.judges else None
    return Composition(
        steps=service,
        commit=around.host.commit,
        take_seconds=lambda name: timed[name].take_seconds(),
        log=log,
        verdicts=log,
    )


async def _dedup_log(around: WorkerContext) -> DedupLog:
    settings = around.settings.dedup
    topic = around.catalogue.full_name(SIGNATURES)
    config = DedupLogConfig(
        signatures_topic=topic,
        verdicts_topic=around.catalogue.full_name(VERDICTS),
        append_timeout_secs=settings.append_timeout_secs,
        skip_offsets=frozenset(settings.skip_offsets),
        snapshot_interval_secs=settings.snapshot_interval_secs,
        consumer_arguments=around.log_arguments,
    )
    fold = build_fold(near_window_secs=settings.near_window_secs, exact_window_secs=settings.exact_window_secs)
    snapshots = None
    if settings.snapshot_dir is not None:
        identity = await asyncio.to_thread(log_identity, around.settings.kafka, topic)
        snapshots = SnapshotStore(settings.snapshot_dir, topic, identity)
    appender = SignatureAppender(around.shared_producer, Encoder(around.catalogue))
    return DedupLog(config, fold, appender, around.observer, snapshots)


def _cluster_parts(around: WorkerContext) -> Composition:
    host = around.host
    log = VerdictLog(
        VerdictLogConfig(
            topic=around.catalogue.full_name(VERDICTS), group=around.group, consumer_arguments=around.log_arguments
        ),
        ClusterParams(window_secs=around.settings.dedup.exact_window_secs),
        around.observer,
        is_idle=lambda: not host.leases,
    )
    host.restore = log.restore
    service = ClusterService(
        lambda: log.clusters, around.catalogue, around.reporter, lane=around.settings.lane, version=__version__
    )
    around.metrics.set_build()

    async def commit(unit: Unit, output: Output) -> None:
        await host.commit(unit, output)
        log.adopt(output.draft, unit.start, unit.end)

    return Composition(steps=service, commit=commit, take_seconds=lambda _: service.take_seconds(), log=log)
