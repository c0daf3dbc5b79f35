"""The demo from beginning to end."""

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from pipeline.demo.fates import Fates, result_topics
from pipeline.demo.samples import samples_dir
from pipeline.demo.screen import Screen, funnel_total
from pipeline.demo.service import DemoService
from pipeline.demo.stories import Stories
from pipeline.domain.stage import STAGES
from pipeline.errors import FatalError
from pipeline.ops.broker import EmbeddedBroker
from pipeline.ops.clients import admin_client, consumer, raw_producer
from pipeline.ops.provision import apply
from pipeline.ops.raw_producer import send_raw
from pipeline.settings import KafkaSettings
from pipeline.sources.files import read_files
from pipeline.wire.catalogue import Catalogue, load_catalogue

__all__ = ["play"]

ARTICLE_PARTITIONS = 4
RESULT_SECS = 40.0  # nothing more comes for so long: something is wrong
_POLL_MS = 200


def play(*, keep: bool, stop: threading.Event, screen: Screen | None = None) -> int:
    """Run the samples through broker and worker; return 0 when every record was seen to end in exactly one place.

    With `keep`, everything stays up until `stop` is set.

    Raises:
        ConfigError: There is no embedded broker for this platform, or no samples.
        FatalError: A process ended, or results did not come.
    """
    screen = screen or Screen()
    began = time.monotonic()
    catalogue = load_catalogue().sized(article_partitions=ARTICLE_PARTITIONS, replication_factor=1)
    samples = samples_dir()
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker())
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        screen.say(f"broker   {broker.bootstrap_servers} (embedded, in memory)")
        with admin_client(kafka) as admin:
            apply(admin, catalogue)
        screen.say(f"topics   {len(catalogue.topics)} created, such as {', '.join(_main_topics(catalogue))}")
        service = stack.enter_context(DemoService(broker.bootstrap_servers, STAGES))
        clustering = stack.enter_context(DemoService(broker.bootstrap_servers, ("cluster",)))
        service.wait_until_ready()
        screen.say("worker   ingest → dedupe → detect-language → classify → publish, ready")
        clustering.wait_until_ready()
        screen.say("worker   cluster, ready")
        screen.say(f"metrics  {service.web}/metrics")
        raw = _produce(kafka, catalogue, [str(samples)])
        screen.say(f"produced {raw} raw records from samples/\n")
        fates = _watch(kafka, catalogue, service, raw, screen, stop)
        screen.funnel(raw, fates.funnel())
        if (stories := _stories(kafka, catalogue, clustering, stop)).complete:
            screen.say(f"\n{stories.describe()}")
        code = 0 if funnel_total(fates.funnel()) == raw else 1
        screen.say(f"\nall in {time.monotonic() - began:.0f} s" if code == 0 else "\nthe funnel does not add up")
        if keep:
            _stay(kafka, service, screen, stop)
        worker_code = service.stop() or clustering.stop()
        screen.say(f"worker stopped with exit code {worker_code}")
        return code or worker_code


def _main_topics(catalogue: Catalogue) -> list[str]:
    return [catalogue.stage("ingest").reads, *result_topics(catalogue)[:2]]


def _produce(kafka: KafkaSettings, catalogue: Catalogue, paths: Sequence[str]) -> int:
    spec = catalogue.topic(catalogue.stage("ingest").reads)
    with raw_producer(kafka, spec) as client:
        records = read_files(paths, now_ms=0)
        return send_raw(client, spec.name, records, max_message_bytes=spec.max_message_bytes).sent


def _watch(
    kafka: KafkaSettings, catalogue: Catalogue, service: DemoService, raw: int, screen: Screen, stop: threading.Event
) -> Fates:
    """Show results as they come until every raw record has ended."""
    fates = Fates()
    with consumer(kafka, auto_offset_reset="earliest", enable_auto_commit=False, group_id=None) as client:
        client.subscribe(result_topics(catalogue))
        last = time.monotonic()
        while len(fates) < raw and not stop.is_set():
            new = [fates.add(record) for record in _polled(client)]
            screen.rows([fate for fate in new if fate is not None])
            service.check()
            if new:
                last = time.monotonic()
            elif time.monotonic() - last > RESULT_SECS:
                raise FatalError(f"{raw - len(fates)} of {raw} records have not come out after {RESULT_SECS:.0f} s")
    return fates


def _stories(kafka: KafkaSettings, catalogue: Catalogue, clustering: DemoService, stop: threading.Event) -> Stories:
    """Read what the cluster worker tells until it has told everything."""
    stories = Stories(catalogue)
    with consumer(kafka, auto_offset_reset="earliest", enable_auto_commit=False, group_id=None) as client:
        client.subscribe(stories.topics)
        deadline = time.monotonic() + RESULT_SECS
        while not stories.complete and not stop.is_set():
            for record in _polled(client):
                stories.add(record)
            clustering.check()
            if time.monotonic() > deadline:
                raise FatalError(f"the clusters have not come out after {RESULT_SECS:.0f} s")
    return stories


def _polled(client: Any) -> list[Any]:
    return [record for records in client.poll(timeout_ms=_POLL_MS).values() for record in records]


def _stay(kafka: KafkaSettings, service: DemoService, screen: Screen, stop: threading.Event) -> None:
    screen.say(
        f"\nEverything stays up until Ctrl-C. In another terminal:\n"
        f"  export NEWS_KAFKA__BOOTSTRAP_SERVERS={kafka.bootstrap_servers}\n"
        f"  news-pipeline produce samples/articles\n"
        f"  news-pipeline tail enriched\n"
        f"  curl {service.web}/metrics"
    )
    while not stop.wait(_POLL_MS / 1000):
        service.check()
