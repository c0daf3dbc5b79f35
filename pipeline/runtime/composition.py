"""What distinguishes one service from another: its work on a unit, the log it folds, and what a commit involves."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline import __version__
from pipeline.assembly import AnyStage, build_fold, build_stages, versions
from pipeline.clusters.params import ClusterParams
from pipeline.domain.article import Versions
from pipeline.domain.stage import STAGES, StageName
from pipeline.kafka_io.client_arguments import consumer_arguments
from pipeline.kafka_io.log_identity import log_identity
from pipeline.kafka_io.raw_records import RawRecords
from pipeline.observability.metrics import Metrics
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.cluster_service import ClusterService
from pipeline.runtime.committed_log import CommittedLogConfig
from pipeline.runtime.committer import Committer
from pipeline.runtime.contained_drafting import ContainedDrafting
from pipeline.runtime.dedup_log import DedupLog
from pipeline.runtime.fold_follower import DedupLogConfig
from pipeline.runtime.observer import WorkerObserver
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.runtime.runner_protocols import Commit, UnitService, VerdictSource
from pipeline.runtime.signature_log import SignatureAppender
from pipeline.runtime.sketch_service import SketchService
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.runtime.stage_timing import StageTimer
from pipeline.runtime.story_log import StoryLog
from pipeline.runtime.story_service import StoryService
from pipeline.runtime.unit import Unit
from pipeline.runtime.verdict_log import VerdictLog
from pipeline.settings import Settings
from pipeline.sources.boilerplate import load_boilerplate
from pipeline.stages.chain import Chain
from pipeline.stories.params import StoryParams
from pipeline.wire.catalogue import SIGNATURES, SKETCHES, VERDICTS, Catalogue
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.output import Encoder

__all__ = ["Composition", "FoldedLog", "WorkerContext", "begin_building", "compose"]


class FoldedLog(Protocol):
    """A log that a service must have folded before it works."""

    async def start(self) -> None:
        """Fold the log up to its end."""
        ...

    def follow(self) -> asyncio.Task[None]:
        """Follow the log; the task ends only by an error or by `stop`."""
        ...

    async def stop(self) -> None:
        """Stop following."""
        ...


@dataclass(frozen=True, slots=True)
class Composition:
    """The parts of one service.

    Attributes:
        service: The CPU-bound work on a unit.
        commit: Commits a unit with its output.
        log: The log that the service folds; None if it folds none.
        verdicts: Decides on signatures; None without `dedupe`.
        restore: Awaited with the offset at which a lease starts; None for services without state.
        versions: Versions of models and data that the service works with.
    """

    service: UnitService
    commit: Commit
    log: FoldedLog | None = None
    verdicts: VerdictSource | None = None
    restore: Callable[[int], Awaitable[None]] | None = None
    versions: Versions | None = None


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """What all services of a process share.

    Attributes:
        settings: The settings.
        catalogue: The topics of the lane, with the partition counts found on the cluster.
        connection: Servers, client id, time-outs and security, as aiokafka's clients take them.
        group: The consumer group.
        committer: Commits units for the current leases.
        shared_producer: A producer without transactions.
        observer: Receives what the service does.
        metrics: The metrics of the process.
        built: The stages of a chain, as soon as their models are loaded.
    """

    settings: Settings
    catalogue: Catalogue
    connection: dict[str, Any]
    group: str
    committer: Committer
    shared_producer: Any
    observer: WorkerObserver
    metrics: Metrics
    built: Awaitable[list[AnyStage]]

    @property
    def log_arguments(self) -> dict[str, Any]:
        """Arguments of the consumer of a log."""
        return {**self.connection, "fetch_max_wait_ms": self.settings.fetch.max_wait_ms}

    def assembly(self, stages: tuple[StageName, ...]) -> OutputAssembly:
        """Return the output assembly of a service of these stages."""
        reporter = Reporter(app="news-pipeline", version=__version__, group=self.group)
        return OutputAssembly(self.catalogue, reporter, stages)


async def compose(stages: tuple[StageName, ...], context: WorkerContext) -> Composition:
    """Build a service: consecutive stages of the chain, or one stage that is a service of its own."""
    if stages == ("cluster",):
        return _compose_cluster(context)
    if stages == ("sketch",):
        context.metrics.set_build()
        return Composition(service=SketchService(context.assembly(stages)), commit=context.committer.commit)
    if stages == ("story",):
        return await _compose_story(context)
    return await _compose_chain(stages, context)


def begin_building(stages: tuple[StageName, ...], settings: Settings) -> "asyncio.Future[list[AnyStage]]":
    """Build the stages of a chain in a thread: their models are loaded while the worker finds its brokers.

    There is nothing to load for a stage that is in no chain.
    """
    return asyncio.ensure_future(asyncio.to_thread(_built, [name for name in stages if name in STAGES], settings))


def _built(stages: Sequence[StageName], settings: Settings) -> list[AnyStage]:
    if not stages:
        return []
    return build_stages(
        stages,
        lane=settings.lane,
        extraction=settings.extraction,
        boilerplate=load_boilerplate(settings.boilerplate_file),
        subjects=settings.subjects,
        dedup=settings.dedup,
        contained=ContainedDrafting(),
    )


async def _compose_chain(stages: tuple[StageName, ...], context: WorkerContext) -> Composition:
    settings = context.settings
    built = await context.built
    known = versions(settings.subjects)
    context.metrics.set_build(language_model=known.language or "", subject_model=known.subjects or "")
    timer = StageTimer()
    log = await _dedup_log(context) if "dedupe" in stages else None
    service = ArticleService(
        Chain([timer.wrap(stage) for stage in built]),
        context.assembly(stages),
        timer,
        newest_at=log.newest_at if log is not None else None,
        lane=settings.lane,
    )
    return Composition(service=service, commit=context.committer.commit, log=log, verdicts=log, versions=known)


async def _dedup_log(context: WorkerContext) -> DedupLog:
    settings = context.settings.dedup
    topic = context.catalogue.full_name(SIGNATURES)
    config = DedupLogConfig(
        signatures_topic=topic,
        verdicts_topic=context.catalogue.full_name(VERDICTS),
        append_timeout_secs=settings.append_timeout_secs,
        skip_offsets=frozenset(settings.skip_offsets),
        snapshot_interval_secs=settings.snapshot_interval_secs,
        consumer_arguments=context.log_arguments,
    )
    fold = build_fold(near_window_secs=settings.near_window_secs, exact_window_secs=settings.exact_window_secs)
    snapshots = None
    if settings.snapshot_dir is not None:
        identity = await asyncio.to_thread(log_identity, context.settings.kafka, topic)
        snapshots = SnapshotStore(settings.snapshot_dir, topic, identity)
    appender = SignatureAppender(context.shared_producer, Encoder(context.catalogue))
    raw = RawRecords(context.catalogue.stage("ingest").reads, consumer_arguments(context.settings, context.connection))
    return DedupLog(config, fold, appender, context.observer, snapshots, raw)


def _compose_cluster(context: WorkerContext) -> Composition:
    committer = context.committer
    log = VerdictLog(
        CommittedLogConfig(
            topic=context.catalogue.full_name(VERDICTS), group=context.group, consumer_arguments=context.log_arguments
        ),
        ClusterParams(window_secs=context.settings.dedup.exact_window_secs),
        context.observer,
        is_idle=lambda: not committer.leases,
    )
    service = ClusterService(
        lambda: log.clusters, context.assembly(("cluster",)), lane=context.settings.lane, version=__version__
    )
    context.metrics.set_build()

    async def commit(unit: Unit, output: Output) -> None:
        await committer.commit(unit, output)
        log.adopt(output.draft, unit.start, unit.end)

    return Composition(service=service, commit=commit, log=log, restore=log.restore)


async def _compose_story(context: WorkerContext) -> Composition:
    committer, settings = context.committer, context.settings
    topic = context.catalogue.full_name(SKETCHES)
    snapshots = None
    if settings.stories.snapshot_dir is not None:
        identity = await asyncio.to_thread(log_identity, settings.kafka, topic)
        snapshots = SnapshotStore(settings.stories.snapshot_dir, topic, identity)
    log = StoryLog(
        CommittedLogConfig(topic=topic, group=context.group, consumer_arguments=context.log_arguments),
        StoryParams(window_secs=settings.stories.window_secs),
        settings.lane,
        context.observer,
        lambda: not committer.leases,
        snapshots,
        settings.stories.snapshot_interval_secs,
    )
    service = StoryService(log, context.assembly(("story",)), version=__version__)
    context.metrics.set_build()

    async def commit(unit: Unit, output: Output) -> None:
        await committer.commit(unit, output)
        await log.adopt(unit.start, unit.end)

    return Composition(service=service, commit=commit, log=log, restore=log.restore)
