"""The whole course of the demo."""

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from pipeline.assembly import newest_version
from pipeline.demo.alert import DemoAlert
from pipeline.demo.alert import is_installed as alert_is_installed
from pipeline.demo.clusters import ClusterStates
from pipeline.demo.feeds import events_from_feeds, has_sources
from pipeline.demo.results import RecordResults, result_topics
from pipeline.demo.samples import samples_dir
from pipeline.demo.screen import Screen, funnel_total
from pipeline.demo.search import DemoSearch, is_installed
from pipeline.demo.service import DemoService
from pipeline.demo.stories import StoryStates
from pipeline.domain.stage import STAGES
from pipeline.errors import FatalError
from pipeline.ops.broker import EmbeddedBroker
from pipeline.ops.clients import admin_client, consumer, raw_producer
from pipeline.ops.dedup_control import begin_log
from pipeline.ops.offsets import end_offsets, has_reached
from pipeline.ops.provision import apply
from pipeline.ops.raw_producer import send_raw
from pipeline.ops.topic_reader import partitions_of
from pipeline.settings import KafkaSettings
from pipeline.sources.files import read_files
from pipeline.wire.catalogue import Catalogue, load_catalogue

__all__ = ["play"]

ARTICLE_PARTITIONS = 4
RESULT_SECS = 40.0  # fail when no result arrives for this long; a loaded machine takes seconds
_POLL_MS = 200
_STORIES = ("sketch", "story")


def play(*, keep: bool, stop: threading.Event) -> int:
    """Process the samples with a broker and workers; return the exit code of the command.

    It is 0 when the results of the records add up to the number sent, and the workers ended with 0. The articles of
    stories add up to those that have one, or stories count as incomplete.

    Args:
        keep: Keep the broker and the workers running until `stop` is set.
        stop: Set to end the demo early.

    Raises:
        ConfigError: The embedded broker is not installed or not available for this platform, or there are no samples.
        FatalError: A process ended, or results did not arrive.
    """
    screen = Screen()
    began = time.monotonic()
    catalogue = load_catalogue().sized(article_partitions=ARTICLE_PARTITIONS, replication_factor=1)
    samples = samples_dir()
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker())
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        screen.line(f"broker   {broker.bootstrap_servers} (embedded, in memory)")
        with admin_client(kafka) as admin:
            apply(admin, catalogue)
        begin_log(kafka, catalogue, newest_version())
        screen.line(f"topics   {len(catalogue.topics)} created, such as {', '.join(_main_topics(catalogue))}")
        service = stack.enter_context(DemoService(broker.bootstrap_servers, ("worker", *STAGES)))
        clustering = stack.enter_context(DemoService(broker.bootstrap_servers, ("worker", "cluster")))
        stories = [stack.enter_context(DemoService(broker.bootstrap_servers, ("worker", stage))) for stage in _STORIES]
        search = stack.enter_context(DemoSearch.running(broker.bootstrap_servers)) if is_installed() else None
        alert = stack.enter_context(DemoAlert.running(broker.bootstrap_servers)) if alert_is_installed() else None
        service.wait_until_ready()
        screen.line(f"worker   {' → '.join(STAGES)}, ready")
        for worker in (clustering, *stories):
            worker.wait_until_ready()
        screen.line(f"workers  cluster, {', '.join(_STORIES)}, ready")
        screen.line(f"metrics  {service.web}/metrics")
        screen.line(_searching(search))
        screen.line(_alerting(alert))
        raw = _produce(kafka, catalogue, [str(samples)])
        screen.line(f"produced {raw} raw records from samples/\n")
        results = _watch(kafka, catalogue, service, raw, screen, stop)
        screen.funnel(raw, results.funnel())
        answered, texts = results.subjects
        screen.line(f"\n{answered} of {texts} events with a text have a subject; ? follows one that is not reliable")
        _show(kafka, ClusterStates(catalogue), [clustering], screen, stop)
        _show(kafka, StoryStates(catalogue), stories, screen, stop)
        if search is not None and not stop.is_set():
            screen.line(f"\nsearch   {search.first_hit()}")
        if alert is not None and not stop.is_set():
            screen.line(f"alert    {alert.first_alert()}")
        if has_sources() and not stop.is_set():
            screen.line(f"\n{events_from_feeds(kafka, catalogue.stage('publish').emits, stop)}")
        code = 0 if funnel_total(results.funnel()) == raw else 1
        screen.line(f"\nfinished in {time.monotonic() - began:.0f} s" if code == 0 else "\nthe funnel does not add up")
        if keep:
            _stay(kafka, service, search, alert, screen, stop)
        search_code = search.service.stop() if search is not None else 0
        alert_code = alert.service.stop() if alert is not None else 0
        codes = [worker.stop() for worker in (service, clustering, *stories)]
        worker_code = next(filter(None, codes), 0) or search_code or alert_code
        screen.line(f"worker stopped with exit code {worker_code}")
        return code or worker_code


def _searching(search: DemoSearch | None) -> str:
    if search is None:
        return "search   not installed; it is in the extra `search`"
    search.service.wait_until_ready()
    return f"search   {search.page} (it ends with the demo; `news-pipeline demo --keep` runs on)"


def _alerting(alert: DemoAlert | None) -> str:
    if alert is None:
        return "alert    not installed; it is in the extra `alert`"
    alert.service.wait_until_ready()
    return f"alert    {alert.page} (its queries are in {alert.queries})"


def _main_topics(catalogue: Catalogue) -> list[str]:
    return [catalogue.stage("ingest").reads, *result_topics(catalogue)[:2]]


def _produce(kafka: KafkaSettings, catalogue: Catalogue, paths: Sequence[str]) -> int:
    spec = catalogue.topic(catalogue.stage("ingest").reads)
    with raw_producer(kafka, spec) as client:
        records = read_files(paths, now_ms=0)
        return send_raw(client, spec.name, records, max_message_bytes=spec.max_message_bytes).sent


def _watch(
    kafka: KafkaSettings, catalogue: Catalogue, service: DemoService, raw: int, screen: Screen, stop: threading.Event
) -> RecordResults:
    """Print results as they arrive until every raw record has one."""
    results = RecordResults()
    with consumer(kafka, auto_offset_reset="earliest", enable_auto_commit=False, group_id=None) as client:
        client.subscribe(result_topics(catalogue))
        last = time.monotonic()
        while len(results) < raw and not stop.is_set():
            new = [results.add(record) for record in _polled(client)]
            screen.rows([result for result in new if result is not None])
            service.check()
            if new:
                last = time.monotonic()
            elif time.monotonic() - last > RESULT_SECS:
                raise FatalError(f"{raw - len(results)} of {raw} records had no result after {RESULT_SECS:.0f} s")
    return results


def _show(
    kafka: KafkaSettings,
    states: ClusterStates | StoryStates,
    workers: Sequence[DemoService],
    screen: Screen,
    stop: threading.Event,
) -> None:
    """Read the output of workers until it has caught up with its input, which is all there already, and print it."""
    with consumer(kafka, auto_offset_reset="earliest", enable_auto_commit=False, group_id=None) as client:
        places = partitions_of(client, states.topics)
        client.assign(places)
        ends = end_offsets(client, places)
        deadline = time.monotonic() + RESULT_SECS
        has_input = False  # before that, the output may seem complete, as it was at some time
        while not (has_input and states.complete) and not stop.is_set():
            records = _polled(client)
            for record in records:
                states.add(record)
            if not records:
                has_input = has_reached(client, ends)
            for worker in workers:
                worker.check()
            if time.monotonic() > deadline:
                raise FatalError(f"{states.topics[-1]} was not complete within {RESULT_SECS:.0f} s")
    if states.complete:
        screen.line(f"\n{states.describe()}")


def _polled(client: Any) -> list[Any]:
    return [record for records in client.poll(timeout_ms=_POLL_MS).values() for record in records]


def _stay(
    kafka: KafkaSettings,
    service: DemoService,
    search: DemoSearch | None,
    alert: DemoAlert | None,
    screen: Screen,
    stop: threading.Event,
) -> None:
    if search is not None:
        screen.line(f"\nThe search is at {search.page}")
    if alert is not None:
        screen.line(f"The alerts are at {alert.page}; change the queries in {alert.queries}")
    screen.line(
        f"\nThe broker and the workers run until Ctrl-C. In another terminal:\n"
        f"  export NEWS_KAFKA__BOOTSTRAP_SERVERS={kafka.bootstrap_servers}\n"
        f"  news-pipeline produce samples/articles\n"
        f"  news-pipeline tail enriched\n"
        f"  curl {service.web}/metrics"
    )
    while not stop.wait(_POLL_MS / 1000):
        service.check()
