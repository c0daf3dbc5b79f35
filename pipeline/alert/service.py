"""`news-pipeline alert`: queries, state, sinks, web server and process put together."""

import asyncio
from typing import Final

from aiohttp import web

from pipeline.alert.delivery import Sink
from pipeline.alert.dispatch import Dispatch
from pipeline.alert.events import EventStream
from pipeline.alert.kafka_sink import KafkaSink
from pipeline.alert.matcher import Matcher
from pipeline.alert.outbox import Outbox
from pipeline.alert.preview import Preview
from pipeline.alert.query_file import Loaded, load_queries
from pipeline.alert.query_watch import QueryWatch
from pipeline.alert.routes import alert_routes
from pipeline.alert.state import AlertState
from pipeline.alert.stdout_sink import StdoutSink
from pipeline.alert.waiting import StoryRule
from pipeline.alert.webhook import WebhookSink
from pipeline.downstream.process import Downstream, run_downstream
from pipeline.errors import ConfigError
from pipeline.fetching.addresses import AddressRules
from pipeline.fetching.client import GuardedHttp, HttpParams
from pipeline.kafka_io.client_arguments import connection_arguments, consumer_arguments, producer_arguments
from pipeline.kafka_io.producers import ProducerFactory
from pipeline.kafka_io.topic_check import required_partitions
from pipeline.kafka_io.topic_follower import TopicFollower
from pipeline.kafka_io.topic_writer import TopicWriter
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.settings import Settings
from pipeline.wire.catalogue import ALERTS, MEMBERSHIPS, REQUEST_OVERHEAD_BYTES, load_catalogue, topic_prefix

__all__ = ["run_alert"]

_HOUR_SECS: Final = 3600
_WEBHOOKS: Final = HttpParams(
    total_secs=15.0,  # as Standard Webhooks advises for the time of a receiver
    connect_secs=5.0,
    max_bytes=64 * 1024,  # of the answer, of which nothing but the status is used
    connections_per_host=8,  # several webhooks may be at one receiver
)


def run_alert(settings: Settings) -> int:
    """Run the alert service until SIGTERM or SIGINT; return its exit code.

    Raises:
        ConfigError: Settings, queries or topics do not fit, or another process has the state.
    """
    own = settings.alert
    if own.queries is None:
        raise ConfigError("NEWS_ALERT__QUERIES: the alert service needs a file of queries")
    service = _Service(settings, load_queries(own.queries))
    return run_downstream(
        settings,
        Downstream(
            name="alert",
            topics=(service.catalogue.stage("publish").emits, *((service.memberships,) if own.stories == "on" else ())),
            optional_topics=(service.memberships,) if own.stories == "auto" else (),
            serving=own,
            effects=service.state,
            routes=service.routes,
            begins_at_ms=lambda state: int(state.begins_at_ms),
            beside=service.deliver,
        ),
    )


class _Service:
    """What the parts have in common."""

    def __init__(self, settings: Settings, loaded: Loaded) -> None:
        self.catalogue = load_catalogue(topic_prefix(settings.kafka.topic_prefix, settings.lane))
        self.memberships = self.catalogue.full_name(MEMBERSHIPS)
        self._settings = settings
        self._own = settings.alert
        self._loaded = loaded

    def state(self, metrics: DownstreamMetrics) -> AlertState:
        own = self._own
        return AlertState(
            own.state_dir,
            Matcher(self._loaded.queries),
            metrics,
            remember_days=own.remember_days,
            max_documents=own.max_documents,
            stories=StoryRule(topic=self.memberships, waits=own.stories, wait_secs=own.story_wait_secs),
        )

    def routes(self, state: AlertState, metrics: DownstreamMetrics) -> list[web.RouteDef]:
        own = self._own
        outbox = Outbox(own.state_dir)
        preview = Preview(own.state_dir, own.preview_secs)
        return alert_routes(state, outbox, preview, EventStream(state, outbox, metrics))

    async def deliver(self, state: AlertState, metrics: DownstreamMetrics) -> None:
        """Deliver notifications, and use the queries as the file has them, until it is cancelled."""
        own = self._own
        if own.queries is None:
            raise ConfigError("NEWS_ALERT__QUERIES: the alert service needs a file of queries")
        rules = AddressRules(ports=frozenset(own.webhook_ports), own_networks=tuple(own.webhook_networks))
        async with GuardedHttp(rules, _WEBHOOKS) as http:
            outbox = Outbox(own.state_dir)
            sinks: list[Sink] = [StdoutSink(), self._kafka(state, outbox)]
            dispatch = Dispatch(
                state, outbox, metrics, own.retry_hours * _HOUR_SECS, sinks, lambda webhook: WebhookSink(webhook, http)
            )
            watch = QueryWatch(own.queries, own.reload_secs, dispatch.use, metrics)
            # Not a group of tasks: the exit code of the process depends on the kind of the error, which one wraps.
            await asyncio.gather(dispatch.run(self._loaded), watch.run())

    def _kafka(self, state: AlertState, outbox: Outbox) -> KafkaSink:
        settings, spec = self._settings, self.catalogue.topic(ALERTS)
        connection = connection_arguments(settings)
        arguments = producer_arguments(settings, connection, spec.max_message_bytes + REQUEST_OVERHEAD_BYTES)
        producers = ProducerFactory(arguments, settings.transaction_timeout_ms)
        # Each state has an id of its own, so that two services do not end each other's transactions.
        name = f"{settings.group('alert')}-{state.name}" if settings.guarantee == "exactly_once" else None

        async def reader() -> TopicFollower:
            counts = await required_partitions(connection, (spec.name,))
            places = [(spec.name, partition) for partition in range(counts[spec.name])]
            # The group is not used: nothing is committed in its name.
            return await TopicFollower.open(
                places, consumer_arguments(settings, connection), group=settings.group("alert")
            )

        return KafkaSink(outbox, lambda: TopicWriter.open(producers, spec.name, name), reader)
